//! DRF173: a caller can attach something to a row it does not own.

use crate::catalog::on_request::{effects, names_caller, serializer_functions, view_functions};
use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{Anonymous, Method, Route, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF173",
    name: "related-object-not-authorised",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("related_object_not_authorised.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        if !route.mounted
            || !matches!(route.method, Method::Post | Method::Put | Method::Patch)
            || !is_own(cx, route)
            || !is_drf(cx, route)
            || route.permission().anonymous() != Anonymous::Deny
            || route.permission().needs_staff() != Some(false)
        {
            continue;
        }
        for used in &route.input {
            let serializer = django.serializer(used.serializer);
            if serializer.class.is_some() {
                judge(cx, out, route, serializer);
            }
        }
    }
}

fn judge(cx: &Cx<'_>, out: &mut Answers, route: &Route, serializer: &Serializer) {
    let django = &cx.head.django;
    for field in serializer.input_fields() {
        if !field.is_relational() || field.class.class().is_some() {
            continue;
        }
        let Some(target) = field.related_model.map(|id| django.model(id)) else {
            continue;
        };
        let Some(owner) = target.owner() else {
            continue;
        };
        if target.is_user || !target.is_private_like || !owner.is_named {
            continue;
        }
        out.looked();
        let functions: Vec<_> = view_functions(cx, route)
            .into_iter()
            .chain(serializer_functions(serializer, route.method))
            .collect();
        let bodies = effects(cx, &functions);
        let restricted = bodies.iter().any(|ir| {
            !ir.guards.is_empty()
                || ir.raises.iter().any(|raise| {
                    raise
                        .class
                        .as_deref()
                        .is_some_and(|class| class.ends_with("PermissionDenied"))
                })
        });
        let in_serializer = serializer_functions(serializer, route.method)
            .into_iter()
            .any(|func| names_caller(cx, func));
        if restricted || in_serializer {
            continue;
        }
        let Some(place) = field.place.or(serializer.place) else {
            continue;
        };
        let subject = format!("{}.{}", serializer.fq, field.name);
        let mut evidence = Evidence::new(
            subject.clone(),
            cx.anchor(place),
            format!(
                "`{}` accepts any `{}` as `{}`, whoever owns it: nothing compares `{}` with the caller.",
                route.label(),
                target.name,
                field.name,
                owner.path.replace("__", ".")
            ),
        )
        .root(subject);
        if let Some(view) = view_place(cx, route) {
            evidence = evidence.also(cx.anchor(view).note(format!("`{}`", route.label())));
        }
        out.found(evidence);
    }
}
