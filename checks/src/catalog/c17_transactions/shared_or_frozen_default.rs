//! DRF641: a default that is made once, when the module is imported.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::truth;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::ExprKind;
use crate::python::value::Place;

pub(super) static CHECK: Check = Check {
    id: "DRF641",
    name: "shared-or-frozen-default",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("shared_or_frozen_default.md"),
    yields_to: &[],
    run,
};

/// Functions whose result is wanted anew for every row.
const FRESH: [&str; 14] = [
    "now",
    "utcnow",
    "today",
    "localtime",
    "localdate",
    "time",
    "uuid1",
    "uuid4",
    "random",
    "randint",
    "token_hex",
    "token_urlsafe",
    "get_random_string",
    "choice",
];
/// Names of the time at which a row was made.
const MADE: [&str; 7] = [
    "created",
    "created_at",
    "created_on",
    "date_created",
    "date_joined",
    "creation_date",
    "registered_at",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen: Vec<Place> = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            let default = field.kwargs.get("default").map_or("", |kwarg| &*kwarg.text);
            let name = format!("`{}.{}`", model.name, field.name);
            let restamped = field
                .kwargs
                .get("auto_now")
                .is_some_and(|kwarg| truth(&kwarg.val) == Some(true))
                && MADE.contains(&&*field.name);
            let message = if restamped {
                format!(
                    "{name} is set anew on every save (`auto_now`): when the row was made is lost with its first change. `auto_now_add` keeps it."
                )
            } else if let Some(message) = message(&name, default) {
                message
            } else {
                continue;
            };
            let mut evidence = Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                message,
            );
            if restamped {
                evidence = evidence.severity(Severity::Medium);
            }
            out.found(evidence);
        }
    }
    for serializer in cx.head.django.serializers() {
        for field in &serializer.declared {
            if serializer.class.is_none() || seen.contains(&field.place) {
                continue;
            }
            seen.push(field.place);
            out.looked();
            let default = field.kwargs.get("default").map_or("", |kwarg| &*kwarg.text);
            let name = format!("`{}.{}`", serializer.name, field.name);
            let Some(message) = message(&name, default) else {
                continue;
            };
            let mut evidence = Evidence::new(
                format!("{}.{}", serializer.fq, field.name),
                cx.anchor(field.place),
                message,
            );
            if is_mutable(default) {
                evidence = evidence.severity(Severity::Low);
            }
            out.found(evidence);
        }
    }
    parameters(cx, out);
}

fn message(name: &str, default: &str) -> Option<String> {
    if is_mutable(default) {
        return Some(format!(
            "The default of {name} is one `{default}` for all rows: what is put into it for one shows in the others. `dict` or `list`, without a call, makes a new one each."
        ));
    }
    is_made_at_import(default).then(|| {
        format!(
            "The default of {name} is called once, at import: every row of this process gets the same value. Without the parentheses it is called per row."
        )
    })
}

/// `{}`, `[1]`, `dict()`.
fn is_mutable(default: &str) -> bool {
    (default.starts_with('{') && default.ends_with('}'))
        || (default.starts_with('[') && default.ends_with(']'))
        || matches!(default, "dict()" | "list()" | "set()")
}

/// `timezone.now()`, `now() + timedelta(days=1)`.
fn is_made_at_import(default: &str) -> bool {
    if default.starts_with("lambda") {
        return false;
    }
    default.split_once('(').is_some_and(|(callee, _)| {
        let callee = callee.trim();
        let last = callee.rsplit('.').next().unwrap_or(callee);
        FRESH.contains(&last)
    })
}

/// `def add(item, basket=[])`
fn parameters(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let def = cx.head.program.func_def(function.func);
        for param in &def.params {
            let Some(default) = &param.default else {
                continue;
            };
            let mutable = match &default.kind {
                ExprKind::List(_) | ExprKind::Set(_) | ExprKind::Dict(_) => true,
                ExprKind::Call { func, args } => {
                    args.is_empty() && matches!(func.as_name(), Some("list" | "dict" | "set"))
                }
                _ => false,
            };
            out.looked();
            if !mutable {
                continue;
            }
            let place = Place {
                file: function.place.file,
                span: default.span,
            };
            out.found(
                Evidence::new(
                    format!("{}({})", function.fq, param.name),
                    cx.anchor(place),
                    format!(
                        "The default of `{}` is made once and shared by all calls of `{}`: what one call puts into it, the next one finds.",
                        param.name, def.name
                    ),
                )
                .severity(Severity::Medium),
            );
        }
    }
}
