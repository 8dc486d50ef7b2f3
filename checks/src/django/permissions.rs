//! What a permission class says: to an anonymous caller, to one without a role, about objects.
//!
//! Project classes are evaluated symbolically for the route's method and action; classes of
//! packages come from the catalogue.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::names::{ClassRef, Method};
use super::policy::{Anonymous, PermissionExpr, PermissionFact};
use super::read::{Read, statement_exprs, walk_expr, walk_statements};
use super::stubs::StubAnonymous;
use super::symbolic::{Bind, Caller, Env, Eval, Out, Truth};
use crate::python::link::AttributeKind;
use crate::python::syntax::{Expr, ExprKind};
use crate::python::{Base, ClassId, FuncId, Scope, Symbol};

/// Operators nest this deep, and `super()` is followed this far.
const MAX_DEPTH: usize = 12;

/// The permission that a reduced value stands for.
pub(super) fn of_out(read: &Read<'_>, out: &Out<'_>, bind: &Bind) -> PermissionExpr {
    match out {
        Out::Expr(scope, expr) => of_expr(read, *scope, expr, bind, 0),
        Out::Stub(value) => match value.get("class").and_then(|c| c.as_str()) {
            Some(fq) => {
                PermissionExpr::Class(fact(read, &ClassRef::External(read.canonical(fq)), bind))
            }
            None => unknown("a package's value", "it could not be read"),
        },
        Out::Unknown(reason) => unknown("?", reason),
        Out::Alt(_) => unknown(
            "one of several",
            "it depends on a condition that is not known",
        ),
        Out::List(items) if items.len() == 1 => match items.first() {
            Some(one) => of_out(read, one, bind),
            None => unknown("?", "it is empty"),
        },
        _ => unknown("?", "it could not be followed"),
    }
}

fn unknown(text: &str, reason: &str) -> PermissionExpr {
    PermissionExpr::Unknown {
        text: text.into(),
        reason: reason.into(),
    }
}

pub(super) fn of_expr(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
    bind: &Bind,
    depth: usize,
) -> PermissionExpr {
    if depth > MAX_DEPTH {
        return unknown("…", "it is nested too deep");
    }
    let (scope, expr) = read.follow(scope, expr);
    let of = |e: &Expr| of_expr(read, scope, e, bind, depth + 1);
    match &expr.kind {
        ExprKind::BinOp {
            left,
            op: "&",
            right,
        } => PermissionExpr::And(vec![of(left), of(right)]),
        ExprKind::BinOp {
            left,
            op: "|",
            right,
        } => PermissionExpr::Or(vec![of(left), of(right)]),
        ExprKind::UnaryOp { op: "~", operand } => PermissionExpr::Not(Box::new(of(operand))),
        ExprKind::Str(text) => PermissionExpr::Class(fact(read, &read.dotted_ref(text), bind)),
        ExprKind::Call { func, args } => {
            // rest_condition: Or(A, B)
            if let Symbol::External(fq) = read.program.resolve(scope, func)
                && fq.starts_with("rest_condition")
            {
                let parts: Vec<PermissionExpr> = args.iter().map(|a| of(&a.value)).collect();
                return match fq.rsplit('.').next() {
                    Some("Or") => PermissionExpr::Or(parts),
                    Some("And") => PermissionExpr::And(parts),
                    _ => unknown(&fq, "it is not known"),
                };
            }
            if let Symbol::Func(_) = read.program.resolve(scope, func) {
                let text = read.expr_text(scope.module, expr);
                return unknown(&text, "a function makes the class");
            }
            of(func)
        }
        _ => PermissionExpr::Class(fact(read, &read.class_ref(scope, expr), bind)),
    }
}

/// What one class does for the route.
pub(super) fn fact(read: &Read<'_>, class: &ClassRef, bind: &Bind) -> PermissionFact {
    let mut out = PermissionFact {
        class: class.clone(),
        anonymous: Anonymous::Unknown,
        needs_staff: None,
        object_level: None,
        request_level: None,
        object_compares_user: None,
        user_attrs: Vec::new(),
        object_attrs: Vec::new(),
    };
    match class {
        ClassRef::External(fq) => {
            if let Some(known) = read.stubs.permission(fq) {
                out.anonymous = stub_effect(known.anonymous, bind.method);
                out.needs_staff = Some(known.needs_staff);
                out.object_compares_user = Some(known.object_compares_user);
            }
            if let Some(stub) = read.stubs.class(fq) {
                out.object_level = Some(stub.object_level);
                out.request_level = Some(stub.request_level);
            }
        }
        ClassRef::Project { id, .. } => project(read, *id, bind, &mut out),
        ClassRef::Unknown { .. } => {}
    }
    out
}

fn stub_effect(effect: StubAnonymous, method: Method) -> Anonymous {
    match effect {
        StubAnonymous::Deny => Anonymous::Deny,
        StubAnonymous::Allow => Anonymous::Allow,
        StubAnonymous::DenyUnsafe if method.is_safe() => Anonymous::Allow,
        StubAnonymous::DenyUnsafe if method.is_unsafe() => Anonymous::Deny,
        StubAnonymous::DenyUnsafe => Anonymous::Unknown,
    }
}

fn project(read: &Read<'_>, class: ClassId, bind: &Bind, out: &mut PermissionFact) {
    let open = read.open(class).is_some();
    let bind_as = |caller| Bind {
        class: Some(class),
        caller,
        ..bind.clone()
    };
    out.anonymous = match verdict(read, class, None, &bind_as(Caller::Anonymous), 0) {
        Truth::True => Anonymous::Allow,
        Truth::False | Truth::Raise => Anonymous::Deny,
        Truth::Unknown => Anonymous::Unknown,
    };
    out.needs_staff = match verdict(read, class, None, &bind_as(Caller::Plain), 0) {
        Truth::True => Some(false),
        Truth::False | Truth::Raise => Some(true),
        Truth::Unknown => None,
    };
    let request = provider(read, class, None, "has_permission");
    let object = provider(read, class, None, "has_object_permission");
    out.request_level = level(request.as_ref(), open);
    out.object_level = level(object.as_ref(), open);
    let mut user_attrs = BTreeSet::new();
    let mut object_attrs = BTreeSet::new();
    let mut compares = false;
    for provider in [&request, &object].into_iter().flatten() {
        if let Provider::Project(func, _) = provider {
            let def = read.program.func_def(*func);
            let object_name = def.params.get(3).map(|p| Arc::clone(&p.name));
            let mut reads_user = false;
            let mut reads_object = false;
            walk_statements(&def.body, &mut |stmt| {
                for expr in statement_exprs(stmt) {
                    walk_expr(expr, &mut |e| {
                        if let Some(dotted) = e.dotted() {
                            if dotted == "request.user" || dotted.starts_with("request.user.") {
                                reads_user = true;
                            }
                            if let Some(attr) = dotted.strip_prefix("request.user.") {
                                user_attrs.insert(Arc::from(attr));
                            }
                            if let Some(name) = &object_name {
                                if dotted == **name || dotted.starts_with(&format!("{name}.")) {
                                    reads_object = true;
                                }
                                if let Some(attr) = dotted.strip_prefix(&format!("{name}.")) {
                                    object_attrs.insert(Arc::from(attr));
                                }
                            }
                        }
                        if let Some((func, args)) = e.as_call() {
                            let attr = args.get(1).and_then(|a| a.value.as_str());
                            if let (Some("getattr" | "hasattr"), Some(attr)) =
                                (func.as_name(), attr)
                            {
                                let on = args.first().and_then(|a| a.value.dotted());
                                match on.as_deref() {
                                    Some("request.user") => {
                                        user_attrs.insert(Arc::from(attr));
                                    }
                                    Some(on) if object_name.as_deref() == Some(on) => {
                                        object_attrs.insert(Arc::from(attr));
                                    }
                                    _ => {}
                                }
                            }
                        }
                    });
                }
            });
            compares |= reads_user && reads_object && def.params.len() >= 4;
        }
        if let Provider::Stub(fq) = provider {
            compares |= read
                .stubs
                .permission(fq)
                .is_some_and(|p| p.object_compares_user);
        }
    }
    // Longer chains hold the shorter ones: keep `profile.role`, drop `profile`.
    let all: Vec<Arc<str>> = user_attrs.iter().cloned().collect();
    user_attrs.retain(|a| !all.iter().any(|b| b.starts_with(&format!("{a}."))));
    out.user_attrs = user_attrs
        .into_iter()
        .filter(|a: &Arc<str>| !matches!(&**a, "is_authenticated" | "is_anonymous" | "id" | "pk"))
        .collect();
    out.object_attrs = object_attrs.into_iter().collect();
    out.object_compares_user = if open && !compares {
        None
    } else {
        Some(compares)
    };
}

fn level(provider: Option<&Provider>, open: bool) -> Option<bool> {
    match provider {
        Some(_) => Some(true),
        None if open => None,
        None => Some(false),
    }
}

/// Who gives a permission method.
enum Provider {
    Project(FuncId, ClassId),
    Stub(Arc<str>),
}

/// The nearest override by MRO, behind `after`; `None`: `BasePermission`'s own.
fn provider(
    read: &Read<'_>,
    class: ClassId,
    after: Option<ClassId>,
    method: &str,
) -> Option<Provider> {
    let mut skipping = after.is_some();
    for entry in &read.program.mro(class).entries {
        if skipping {
            skipping = !matches!(entry, Base::Project(id) if Some(*id) == after);
            continue;
        }
        match entry {
            Base::Project(id) => {
                if let Some(attr) = read.program.own_attribute(*id, method)
                    && let AttributeKind::Method(func) = attr.kind
                {
                    return Some(Provider::Project(func, *id));
                }
            }
            Base::External(fq) => {
                let stub = read.stubs.class(fq)?;
                let has = match method {
                    "has_permission" => stub.request_level,
                    _ => stub.object_level,
                };
                if has {
                    return Some(Provider::Stub(read.canonical(fq)));
                }
            }
        }
    }
    None
}

/// What `has_permission` comes to for the caller.
fn verdict(
    read: &Read<'_>,
    class: ClassId,
    after: Option<ClassId>,
    bind: &Bind,
    depth: usize,
) -> Truth {
    if depth > MAX_DEPTH {
        return Truth::Unknown;
    }
    match provider(read, class, after, "has_permission") {
        None if read.open(class).is_some() => Truth::Unknown,
        None => Truth::True,
        Some(Provider::Stub(fq)) => match (read.stubs.permission(&fq), bind.caller) {
            (Some(known), Caller::Anonymous) => match stub_effect(known.anonymous, bind.method) {
                Anonymous::Deny => Truth::False,
                Anonymous::Allow => Truth::True,
                Anonymous::Unknown => Truth::Unknown,
            },
            (Some(known), Caller::Plain) if known.needs_staff => Truth::False,
            (Some(_), Caller::Plain) => Truth::True,
            _ => Truth::Unknown,
        },
        Some(Provider::Project(func, owner)) => {
            let eval = Eval::new(read, bind.clone());
            let mut result: Option<Truth> = None;
            for path in eval.paths(func, Env::new(), 0) {
                let truth = match &path.value {
                    Out::Super(_) => verdict(read, class, Some(owner), bind, depth + 1),
                    Out::Expr(scope, expr) => with_super(&eval, *scope, expr, &path.env, &|| {
                        verdict(read, class, Some(owner), bind, depth + 1)
                    }),
                    value => eval.out_truth(value, &path.env, 0),
                };
                let truth = if truth == Truth::Raise {
                    Truth::False
                } else {
                    truth
                };
                result = match result {
                    None => Some(truth),
                    Some(before) if before == truth => Some(before),
                    Some(_) => Some(Truth::Unknown),
                };
            }
            result.unwrap_or(Truth::Unknown)
        }
    }
}

/// Truth of `super().has_permission(request, view) and …` and of plain conditions.
fn with_super<'p>(
    eval: &Eval<'_, 'p>,
    scope: Scope,
    expr: &'p Expr,
    env: &Env<'p>,
    base: &dyn Fn() -> Truth,
) -> Truth {
    match &expr.kind {
        ExprKind::BoolOp { op, values } => {
            let is_and = *op == "and";
            let mut unknown = false;
            for value in values {
                match with_super(eval, scope, value, env, base) {
                    Truth::False | Truth::Raise if is_and => return Truth::False,
                    Truth::True if !is_and => return Truth::True,
                    Truth::Unknown => unknown = true,
                    _ => {}
                }
            }
            if unknown {
                Truth::Unknown
            } else if is_and {
                Truth::True
            } else {
                Truth::False
            }
        }
        ExprKind::Call { func, .. }
            if super::read::method_call(func)
                .is_some_and(|(on, _)| super::read::is_super_call(on)) =>
        {
            base()
        }
        ExprKind::Name(name) => match env.get(&**name) {
            Some(Out::Super(_)) => base(),
            _ => eval.test(scope, expr, env, 0),
        },
        _ => eval.test(scope, expr, env, 0),
    }
}
