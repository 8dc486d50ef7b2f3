//! DRF147: a value that may be `None` is used as if it never were.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Callee, FunctionIr};
use crate::django::{Model, queryset::Taint};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::flow::{self, Event, Guard, events};
use crate::python::syntax::{Expr, ExprKind, Handler, Span, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::visit;
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF147",
    name: "nullable-value-dereferenced",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("nullable_value_dereferenced.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        out.looked();
        for (place, message) in optional_results(cx, function) {
            out.found(
                Evidence::new(
                    format!("{}.{}", function.fq, place.span.start),
                    cx.anchor(place),
                    message,
                )
                .root(format!("{} result", function.fq)),
            );
        }
    }
    for (model, receiver, function) in row_methods(cx) {
        for (place, field) in null_relations(cx, model, &receiver, function) {
            out.found(
                Evidence::new(
                    format!("{}.{field}", function.fq),
                    cx.anchor(place),
                    format!(
                        "`{}.{field}` may be NULL, and its attribute is read without a test: `AttributeError` for such a row.",
                        model.name
                    ),
                )
                .root(format!("{} {field}", model.fq)),
            );
        }
    }
}

/// Attribute reads on a result that may be `None`, each name once.
fn optional_results(cx: &Context<'_>, function: &FunctionIr) -> Vec<(Place, String)> {
    let body = &cx.head.program.func_def(function.func).body;
    let mut bound: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = Vec::new();
    let file = function.place.file;
    events(body, |event, context| match event {
        Event::Assign { target, value } => {
            // `item.note = …` fails on `None` as well.
            if let ExprKind::Attribute { value: on, .. } = &target.kind
                && let Some(name) = on.as_name()
                && let Some(why) = bound.get(name)
                && !caught(&context.tries)
                && !guarded(Some(name), &context.guards)
            {
                let place = Place {
                    file,
                    span: target.span,
                };
                found.push((place, said(why)));
                bound.remove(name);
            }
            if let Some(name) = target.as_name() {
                match may_be_none(cx, function, value) {
                    Some(why) => bound.insert(name, why),
                    None => bound.remove(name),
                };
            }
        }
        Event::Iterate { target, .. } => {
            if let Some(name) = target.as_name() {
                bound.remove(name);
            }
        }
        Event::Expr(expr) => {
            let asserted = context
                .stmt
                .is_some_and(|stmt| matches!(stmt.kind, StmtKind::Assert { .. }));
            if asserted && let Some(name) = expr.as_name() {
                bound.remove(name);
            }
            let (ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. }) =
                &expr.kind
            else {
                return;
            };
            let why = match value.as_name() {
                Some(name) => bound.get(name).cloned(),
                None => may_be_none(cx, function, value),
            };
            let Some(why) = why else { return };
            let subject = value.as_name();
            if caught(&context.tries)
                || guarded(subject, &context.guards)
                || context
                    .stmt
                    .is_some_and(|stmt| tested_within(stmt, subject, expr.span))
            {
                return;
            }
            if let Some(name) = subject {
                bound.remove(name);
            }
            let place = Place {
                file,
                span: expr.span,
            };
            found.push((place, said(&why)));
        }
        _ => {}
    });
    found
}

fn said(why: &str) -> String {
    format!("{why}, and its attribute is used without a test: the answer is 500 then.")
}

/// Why this expression may be `None`, as a clause.
fn may_be_none(cx: &Context<'_>, function: &FunctionIr, value: &Expr) -> Option<String> {
    let ExprKind::Call { func, args } = &value.kind else {
        return None;
    };
    if let ExprKind::Attribute { attr, .. } = &func.kind
        && matches!(&**attr, "first" | "last")
        && args.is_empty()
    {
        let query = function.queries.iter().find(|query| {
            query.place.span == value.span
                && query
                    .qs
                    .ended_by
                    .as_ref()
                    .is_some_and(|(name, _)| name == attr)
        })?;
        let narrowed = query
            .qs
            .conditions
            .iter()
            .any(|condition| condition.value != Taint::Constant || query.qs.model.is_some());
        return (narrowed && query.qs.model.is_some())
            .then(|| format!("`.{attr}()` of a filtered queryset is `None` where no row matches"));
    }
    let call = function
        .calls
        .iter()
        .find(|call| call.place.span == value.span)?;
    match &call.callee {
        Callee::External(fq) if &**fq == "django.contrib.auth.authenticate" => {
            Some("`authenticate()` is `None` for wrong credentials".into())
        }
        Callee::Project(func) => {
            let callee = cx.head.django.function(*func)?;
            let def = cx.head.program.func_def(*func);
            let mut none = false;
            let mut other = false;
            visit::stmts(&def.body, |stmt| {
                if let StmtKind::Return(Some(value)) = &stmt.kind {
                    if matches!(value.kind, ExprKind::None) {
                        none = true;
                    } else {
                        other = true;
                    }
                }
            });
            let generator =
                visit::any_expr(&def.body, |expr| matches!(expr.kind, ExprKind::Yield(_)));
            (none && other && !generator && def.decorators.is_empty() && !callee.is_async)
                .then(|| format!("`{}()` returns `None` on one of its ways", def.name))
        }
        _ => None,
    }
}

/// An enclosing `try` catches what reading an attribute of `None` raises.
fn caught(tries: &[&Stmt]) -> bool {
    tries.iter().any(|stmt| {
        let StmtKind::Try { handlers, .. } = &stmt.kind else {
            return false;
        };
        handlers.iter().any(|handler| {
            handler.types.as_ref().is_none_or(|types| {
                visit::any_within(types, |expr| {
                    let name = match &expr.kind {
                        ExprKind::Name(name) => &**name,
                        ExprKind::Attribute { attr, .. } => &**attr,
                        _ => "",
                    };
                    matches!(
                        name,
                        "Exception" | "BaseException" | "AttributeError" | "TypeError"
                    )
                })
            })
        })
    })
}

/// A condition around names the value, or asks whether there are rows at all.
fn guarded(subject: Option<&str>, guards: &[Guard<'_>]) -> bool {
    guards.iter().any(|guard| match guard {
        // Under `not rows.exists()` there are none.
        Guard::Test { test, holds } => {
            let negated = matches!(&test.kind, ExprKind::UnaryOp { op, .. } if *op == "not");
            asks(test, subject, negated != *holds)
        }
        Guard::Case { subject: value, .. } => asks(value, subject, true),
    })
}

/// The test names the value, or (where it holds) says that there are rows.
fn asks(test: &Expr, subject: Option<&str>, holds: bool) -> bool {
    visit::any_within(test, |expr| match &expr.kind {
        ExprKind::Name(name) => subject == Some(&**name) || &**name == "len",
        ExprKind::Call { func, .. } => {
            holds
                && matches!(&func.kind, ExprKind::Attribute { attr, .. }
            if matches!(&**attr, "exists" | "count" | "is_valid" | "first" | "last"))
        }
        _ => false,
    })
}

/// `x and x.y`, `x.y if x else …` within the statement.
fn tested_within(stmt: &Stmt, subject: Option<&str>, at: Span) -> bool {
    let mut found = false;
    visit::own_exprs(stmt, &mut |own| {
        visit::within(own, |expr| {
            found |= match &expr.kind {
                ExprKind::BoolOp { values, .. } => {
                    let own = values.iter().position(|value| value.span.contains(at));
                    own.is_some_and(|own| values.iter().take(own).any(|v| asks(v, subject, true)))
                }
                ExprKind::IfExp { test, body, orelse } => {
                    (body.span.contains(at) || orelse.span.contains(at))
                        && asks(test, subject, true)
                }
                ExprKind::Comprehension(_) => expr.span.contains(at),
                _ => false,
            };
        });
    });
    found
}

/// Methods that get a row: of the model itself, and of serializers that compute a field from it.
/// With the name of the row there.
fn row_methods<'a>(cx: &Context<'a>) -> Vec<(&'a Model, String, &'a FunctionIr)> {
    let django = &cx.head.django;
    let mut found = Vec::new();
    for model in django.models() {
        for (_, func) in model.properties.iter().chain(&model.methods) {
            // An inherited method belongs to its own class.
            if cx.head.program.func(*func).class == model.class
                && let Some(function) = django.function(*func)
            {
                found.push((model, "self".to_owned(), function));
            }
        }
    }
    for serializer in django.serializers() {
        let Some(model) = serializer.model else {
            continue;
        };
        for field in &serializer.fields {
            let Some(func) = field.method else { continue };
            let def = cx.head.program.func_def(func);
            if let (Some(row), Some(function)) = (def.params.get(1), django.function(func))
                && !found.iter().any(|(_, _, known)| known.func == func)
            {
                found.push((django.model(model), row.name.to_string(), function));
            }
        }
    }
    found
}

/// `row.relation.attribute` where the relation may be NULL and nothing in the method asks.
fn null_relations(
    cx: &Context<'_>,
    model: &Model,
    row: &str,
    function: &FunctionIr,
) -> Vec<(Place, String)> {
    let body = &cx.head.program.func_def(function.func).body;
    let mut found: Vec<(Place, String)> = Vec::new();
    events(body, |event, context| {
        let Event::Expr(expr) = event else { return };
        let ExprKind::Attribute { value, .. } = &expr.kind else {
            return;
        };
        let Some(path) = flow::path(value) else {
            return;
        };
        let [on, name] = path.as_slice() else { return };
        if &***on != row || found.iter().any(|(_, known)| **known == ***name) {
            return;
        }
        let nullable = model.field(name).is_some_and(|field| {
            field.is_forward_single() && field.null == Some(true) && field.name == **name
        });
        if nullable && !caught(&context.tries) && !mentions_in_tests(body, name) {
            found.push((
                Place {
                    file: function.place.file,
                    span: expr.span,
                },
                name.to_string(),
            ));
        }
    });
    found
}

/// Whether any condition of the method, or an assignment, speaks of the relation.
fn mentions_in_tests(body: &[Stmt], name: &str) -> bool {
    let speaks = |expr: &Expr| {
        visit::any_within(expr, |expr| match &expr.kind {
            ExprKind::Attribute { attr, .. } => {
                &**attr == name || attr.strip_suffix("_id") == Some(name)
            }
            ExprKind::Str(text) => &**text == name,
            ExprKind::Name(found) => &**found == name,
            _ => false,
        })
    };
    let mut found = false;
    visit::stmts(body, |stmt| match &stmt.kind {
        StmtKind::If { test, .. }
        | StmtKind::While { test, .. }
        | StmtKind::Assert { test, .. } => {
            found |= speaks(test);
        }
        StmtKind::Assign { targets, .. } => found |= targets.iter().any(speaks),
        StmtKind::Try { handlers, .. } => {
            found |= handlers.iter().any(|h: &Handler| h.types.is_none());
        }
        _ => {}
    });
    found
        || visit::any_expr(body, |expr| match &expr.kind {
            ExprKind::IfExp { test, .. } => speaks(test),
            ExprKind::BoolOp { values, .. } => values.first().is_some_and(speaks),
            ExprKind::Comprehension(of) => {
                of.clauses.iter().any(|c| c.conditions.iter().any(speaks))
            }
            ExprKind::Call { func, args } => {
                matches!(func.as_name(), Some("hasattr" | "getattr"))
                    && args.iter().any(|arg| speaks(&arg.value))
            }
            _ => false,
        })
}
