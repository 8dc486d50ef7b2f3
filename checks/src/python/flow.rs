//! What happens in a body, in the order in which it runs, and under which conditions.
//!
//! [`events`] tells reads, calls, assignments, returns and raises one by one, each with the
//! [`Context`] around it: open `with` blocks, loops, `try` bodies, and the conditions that hold
//! there, those of early returns included. Definitions within the body are not entered. What a
//! local variable holds at a place is [`Program::local`](super::Program::local).

use super::syntax::{Expr, ExprKind, Handler, Name, Stmt, StmtKind, WithItem};
use super::visit;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'t> {
    /// Any expression that is evaluated, operands first: calls, attribute reads, names.
    Expr(&'t Expr),
    /// `target = value`, once for each target; tuples are not taken apart.
    Assign {
        target: &'t Expr,
        value: &'t Expr,
    },
    /// `target op= value`
    AugAssign {
        target: &'t Expr,
        op: &'static str,
        value: &'t Expr,
    },
    /// `for target in iter`
    Iterate {
        target: &'t Expr,
        iter: &'t Expr,
    },
    Delete(&'t Expr),
    Return(Option<&'t Expr>),
    Raise(Option<&'t Expr>),
    /// The end of the body is reached without `return` or `raise`. Told once, last.
    End,
}

/// A condition that holds at a place.
#[derive(Clone, Copy, Debug)]
pub enum Guard<'t> {
    /// The test was true, or false.
    Test { test: &'t Expr, holds: bool },
    /// `match subject: case …` took this case: one of its values, or none of the others'.
    Case {
        subject: &'t Expr,
        values: &'t [Expr],
    },
}

/// Where something happens.
#[derive(Clone, Debug, Default)]
pub struct Context<'t> {
    /// The statement that it is part of.
    pub stmt: Option<&'t Stmt>,
    /// Open `with` blocks, the outermost first.
    pub withs: Vec<&'t WithItem>,
    /// Loops around (`for`, `while`), the outermost first. Comprehensions are not counted.
    pub loops: Vec<&'t Stmt>,
    /// `try` statements whose body this is in, the outermost first.
    pub tries: Vec<&'t Stmt>,
    /// `except` handlers around, the outermost first.
    pub handlers: Vec<&'t Handler>,
    /// Conditions that hold here, in the order in which they were met: of `if`s around, and of
    /// `if`s before whose body left (`if not x: return`).
    pub guards: Vec<Guard<'t>>,
}

/// Tells everything that happens in a body.
pub fn events<'t>(body: &'t [Stmt], mut tell: impl FnMut(Event<'t>, &Context<'t>)) {
    let mut context = Context::default();
    let falls_through = block(body, &mut context, &mut tell);
    if falls_through {
        context.stmt = None;
        tell(Event::End, &context);
    }
}

/// Whether every path through the body ends in `return`, `raise`, `continue` or `break`.
pub fn leaves(body: &[Stmt]) -> bool {
    !block(body, &mut Context::default(), &mut |_, _| {})
}

type Tell<'a, 't> = &'a mut dyn FnMut(Event<'t>, &Context<'t>);

/// Tells a block; true where control may go on after it. Conditions met in it end with it.
fn block<'t>(body: &'t [Stmt], context: &mut Context<'t>, tell: Tell<'_, 't>) -> bool {
    let guards = context.guards.len();
    let mut goes_on = true;
    for stmt in body {
        // Statements after a `return` are told too: they are there, and rarely.
        goes_on = statement(stmt, context, tell) && goes_on;
    }
    context.guards.truncate(guards);
    goes_on
}

fn expression<'t>(expr: &'t Expr, context: &Context<'t>, tell: Tell<'_, 't>) {
    visit::within(expr, |expr| tell(Event::Expr(expr), context));
}

fn statement<'t>(stmt: &'t Stmt, context: &mut Context<'t>, tell: Tell<'_, 't>) -> bool {
    context.stmt = Some(stmt);
    match &stmt.kind {
        StmtKind::Assign { targets, value } => {
            expression(value, context, tell);
            for target in targets {
                written(target, context, tell);
                tell(Event::Assign { target, value }, context);
            }
        }
        StmtKind::AnnAssign { target, value, .. } => {
            if let Some(value) = value {
                expression(value, context, tell);
                written(target, context, tell);
                tell(Event::Assign { target, value }, context);
            }
        }
        StmtKind::AugAssign { target, op, value } => {
            expression(target, context, tell);
            expression(value, context, tell);
            tell(Event::AugAssign { target, op, value }, context);
        }
        StmtKind::Return(value) => {
            if let Some(value) = value {
                expression(value, context, tell);
            }
            tell(Event::Return(value.as_ref()), context);
            return false;
        }
        StmtKind::Raise { exc, cause } => {
            for expr in exc.iter().chain(cause) {
                expression(expr, context, tell);
            }
            tell(Event::Raise(exc.as_ref()), context);
            return false;
        }
        StmtKind::Continue | StmtKind::Break => return false,
        StmtKind::Delete(targets) => {
            for target in targets {
                written(target, context, tell);
                tell(Event::Delete(target), context);
            }
        }
        StmtKind::Assert { test, message } => {
            expression(test, context, tell);
            if let Some(message) = message {
                expression(message, context, tell);
            }
            context.guards.push(Guard::Test { test, holds: true });
        }
        StmtKind::If { test, body, orelse } => {
            return conditional(test, body, orelse, context, tell);
        }
        StmtKind::For {
            target,
            iter,
            body,
            orelse,
            ..
        } => {
            expression(iter, context, tell);
            written(target, context, tell);
            tell(Event::Iterate { target, iter }, context);
            context.loops.push(stmt);
            block(body, context, tell);
            context.loops.pop();
            return block(orelse, context, tell);
        }
        StmtKind::While { test, body, orelse } => {
            expression(test, context, tell);
            context.loops.push(stmt);
            context.guards.push(Guard::Test { test, holds: true });
            block(body, context, tell);
            context.guards.pop();
            context.loops.pop();
            let forever =
                matches!(test.kind, ExprKind::Bool(true) | ExprKind::Int(Some(1))) && !breaks(body);
            return block(orelse, context, tell) && !forever;
        }
        StmtKind::With { items, body, .. } => {
            for item in items {
                expression(&item.context, context, tell);
                if let Some(target) = &item.target {
                    written(target, context, tell);
                    tell(
                        Event::Assign {
                            target,
                            value: &item.context,
                        },
                        context,
                    );
                }
                context.withs.push(item);
            }
            let goes_on = block(body, context, tell);
            context.withs.truncate(context.withs.len() - items.len());
            return goes_on;
        }
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        } => return attempt(stmt, body, handlers, orelse, finally, context, tell),
        StmtKind::Match { subject, cases } => {
            expression(subject, context, tell);
            let mut goes_on = !cases.iter().any(|case| case.is_wildcard);
            for case in cases {
                for value in &case.values {
                    expression(value, context, tell);
                }
                context.guards.push(Guard::Case {
                    subject,
                    values: &case.values,
                });
                if let Some(guard) = &case.guard {
                    expression(guard, context, tell);
                    context.guards.push(Guard::Test {
                        test: guard,
                        holds: true,
                    });
                }
                goes_on |= block(&case.body, context, tell);
                let added = 1 + usize::from(case.guard.is_some());
                context.guards.truncate(context.guards.len() - added);
            }
            return goes_on;
        }
        _ => visit::own_exprs(stmt, &mut |expr| expression(expr, context, tell)),
    }
    true
}

/// The parts of a target that are read: `a.b` of `a.b.c = …`, the index of `a[i] = …`.
fn written<'t>(target: &'t Expr, context: &Context<'t>, tell: Tell<'_, 't>) {
    match &target.kind {
        ExprKind::Name(_) => {}
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            for item in items {
                written(item, context, tell);
            }
        }
        ExprKind::Starred(inner) => written(inner, context, tell),
        _ => visit::children(target, &mut |child| expression(child, context, tell)),
    }
}

fn conditional<'t>(
    test: &'t Expr,
    body: &'t [Stmt],
    orelse: &'t [Stmt],
    context: &mut Context<'t>,
    tell: Tell<'_, 't>,
) -> bool {
    expression(test, context, tell);
    let mut arm = |body: &'t [Stmt], holds: bool, context: &mut Context<'t>| {
        context.guards.push(Guard::Test { test, holds });
        let goes_on = block(body, context, tell);
        context.guards.pop();
        goes_on
    };
    let after_body = arm(body, true, context);
    let after_orelse = arm(orelse, false, context);
    // Where one arm leaves, the other's condition holds from here on.
    match (after_body, after_orelse) {
        (false, true) => context.guards.push(Guard::Test { test, holds: false }),
        (true, false) => context.guards.push(Guard::Test { test, holds: true }),
        _ => {}
    }
    after_body || after_orelse
}

fn attempt<'t>(
    stmt: &'t Stmt,
    body: &'t [Stmt],
    handlers: &'t [Handler],
    orelse: &'t [Stmt],
    finally: &'t [Stmt],
    context: &mut Context<'t>,
    tell: Tell<'_, 't>,
) -> bool {
    context.tries.push(stmt);
    let mut goes_on = block(body, context, tell);
    context.tries.pop();
    for handler in handlers {
        if let Some(types) = &handler.types {
            expression(types, context, tell);
        }
        context.handlers.push(handler);
        // A handler goes on even where the body returns: it is another path.
        let after = block(&handler.body, context, tell);
        context.handlers.pop();
        goes_on |= after;
    }
    if !orelse.is_empty() {
        let after = block(orelse, context, tell);
        goes_on = goes_on && (after || !handlers.is_empty());
    }
    block(finally, context, tell) && goes_on
}

/// Whether a `break` of this loop stands in the body.
fn breaks(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => true,
        StmtKind::For { orelse, .. } | StmtKind::While { orelse, .. } => breaks(orelse),
        _ => {
            let mut found = false;
            visit::blocks(stmt, &mut |block| found = found || breaks(block));
            found
        }
    })
}

/// The attribute path of an expression: `request.user.id` is `["request", "user", "id"]`. Calls and
/// subscripts end it: nothing for `f().x`.
pub fn path(expr: &Expr) -> Option<Vec<&Name>> {
    let mut parts = Vec::new();
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Attribute { value, attr } => {
                parts.push(attr);
                at = value;
            }
            ExprKind::Name(name) => {
                parts.push(name);
                parts.reverse();
                return Some(parts);
            }
            _ => return None,
        }
    }
}

/// A chain of calls and attributes, from its root on: `Order.objects.filter(a=1).first()` is the
/// root `Order` and the links `objects`, `filter(…)`, `first()`.
#[derive(Debug)]
pub struct Chain<'t> {
    pub root: &'t Expr,
    pub links: Vec<Link<'t>>,
}

/// One link of a chain.
#[derive(Clone, Copy, Debug)]
pub enum Link<'t> {
    Attribute {
        name: &'t Name,
        /// The whole expression up to here.
        expr: &'t Expr,
    },
    /// `.name(args)`
    Call {
        name: &'t Name,
        args: &'t [super::syntax::Arg],
        expr: &'t Expr,
    },
    /// `(args)` of the root or of something that is no attribute.
    DirectCall {
        args: &'t [super::syntax::Arg],
        expr: &'t Expr,
    },
    /// `[index]`
    Item { index: &'t Expr, expr: &'t Expr },
}

impl<'t> Chain<'t> {
    pub fn of(expr: &'t Expr) -> Self {
        let mut links = Vec::new();
        let mut at = expr;
        loop {
            match &at.kind {
                ExprKind::Attribute { value, attr } => {
                    links.push(Link::Attribute {
                        name: attr,
                        expr: at,
                    });
                    at = value;
                }
                ExprKind::Call { func, args } => match &func.kind {
                    ExprKind::Attribute { value, attr } => {
                        links.push(Link::Call {
                            name: attr,
                            args,
                            expr: at,
                        });
                        at = value;
                    }
                    _ => {
                        links.push(Link::DirectCall { args, expr: at });
                        at = func;
                    }
                },
                ExprKind::Subscript { value, index } => {
                    links.push(Link::Item { index, expr: at });
                    at = value;
                }
                ExprKind::Await(inner) => at = inner,
                _ => break,
            }
        }
        links.reverse();
        Self { root: at, links }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let file = parse(text);
        let at = |expr: &Expr| {
            text.get(expr.span.start as usize..expr.span.end as usize)
                .unwrap()
        };
        let mut out = Vec::new();
        events(&file.body, |event, context| {
            let what = match event {
                Event::Expr(expr) if matches!(expr.kind, ExprKind::Call { .. }) => {
                    format!("call {}", at(expr))
                }
                Event::Expr(_) => return,
                Event::Assign { target, value } => format!("{} = {}", at(target), at(value)),
                Event::AugAssign { target, op, value } => {
                    format!("{} {op}= {}", at(target), at(value))
                }
                Event::Iterate { target, iter } => format!("for {} in {}", at(target), at(iter)),
                Event::Delete(target) => format!("del {}", at(target)),
                Event::Return(value) => format!("return {}", value.map_or("", at)),
                Event::Raise(value) => format!("raise {}", value.map_or("", at)),
                Event::End => "end".into(),
            };
            let guards: Vec<String> = context
                .guards
                .iter()
                .map(|guard| match guard {
                    Guard::Test { test, holds: true } => at(test).to_owned(),
                    Guard::Test { test, .. } => format!("not {}", at(test)),
                    Guard::Case { subject, values } => {
                        format!("{} of {}", at(subject), values.len())
                    }
                })
                .collect();
            out.push(format!(
                "{what} | {} | with {} loops {} tries {} handlers {}",
                guards.join(", "),
                context.withs.len(),
                context.loops.len(),
                context.tries.len(),
                context.handlers.len()
            ));
        });
        out
    }

    #[test]
    fn what_happens_in_order_with_its_conditions() {
        let text = "\
if not user:
    return a()
with atomic() as t, lock:
    for x in f(y):
        if x:
            continue
        x.z = g(x)
try:
    h()
except E as e:
    raise
n += 1
match m:
    case 1:
        return
    case _:
        del n
";
        insta::assert_snapshot!(told(text).join("\n"), @r###"
call a() | not user | with 0 loops 0 tries 0 handlers 0
return a() | not user | with 0 loops 0 tries 0 handlers 0
call atomic() | not not user | with 0 loops 0 tries 0 handlers 0
t = atomic() | not not user | with 0 loops 0 tries 0 handlers 0
call f(y) | not not user | with 2 loops 0 tries 0 handlers 0
for x in f(y) | not not user | with 2 loops 0 tries 0 handlers 0
call g(x) | not not user, not x | with 2 loops 1 tries 0 handlers 0
x.z = g(x) | not not user, not x | with 2 loops 1 tries 0 handlers 0
call h() | not not user | with 0 loops 0 tries 1 handlers 0
raise  | not not user | with 0 loops 0 tries 0 handlers 1
n += 1 | not not user | with 0 loops 0 tries 0 handlers 0
return  | not not user, m of 1 | with 0 loops 0 tries 0 handlers 0
del n | not not user, m of 0 | with 0 loops 0 tries 0 handlers 0
end |  | with 0 loops 0 tries 0 handlers 0
"###);
    }

    #[test]
    fn knows_what_leaves() {
        for (text, expected) in [
            ("return", true),
            ("if a:\n    return\nelse:\n    raise", true),
            ("if a:\n    return", false),
            ("while True:\n    pass", true),
            ("while True:\n    if a:\n        break", false),
            ("try:\n    return\nexcept E:\n    pass", false),
            ("try:\n    return\nexcept E:\n    raise", true),
            ("with a:\n    return", true),
            (
                "match a:\n    case 1:\n        return\n    case _:\n        return",
                true,
            ),
            ("match a:\n    case 1:\n        return", false),
            ("for a in b:\n    return", false),
        ] {
            assert_eq!(leaves(&parse(text).body), expected, "{text}");
        }
    }

    #[test]
    fn chains_from_their_root() {
        let file = parse("Order.objects.filter(a=1)[0].user().x");
        let StmtKind::Expr(expr) = &file.body[0].kind else {
            panic!()
        };
        let chain = Chain::of(expr);
        assert_eq!(chain.root.as_name(), Some("Order"));
        let links: Vec<String> = chain
            .links
            .iter()
            .map(|link| match link {
                Link::Attribute { name, .. } => name.to_string(),
                Link::Call { name, args, .. } => format!("{name}({})", args.len()),
                Link::DirectCall { .. } => "()".into(),
                Link::Item { .. } => "[]".into(),
            })
            .collect();
        assert_eq!(links, ["objects", "filter(1)", "[]", "user(0)", "x"]);
        assert_eq!(path(chain.root).map(|p| p.len()), Some(1));
    }
}
