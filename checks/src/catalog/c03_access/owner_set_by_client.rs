//! DRF171: the client says whose row it is.

use super::overwritten::{is_left_out, is_overwritten};
use crate::catalog::on_request::{names_caller, serializer_functions, view_functions};
use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{Anonymous, Method, Model, Route, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF171",
    name: "owner-set-by-client",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("owner_set_by_client.md"),
    yields_to: &[],
    run,
};

/// Relations to a user that say whose row it is; `assignee` or `recipient` are chosen on purpose.
const OWNERS: [&str; 7] = [
    "owner",
    "user",
    "author",
    "created_by",
    "creator",
    "customer",
    "posted_by",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        if !route.mounted
            || !matches!(route.method, Method::Post | Method::Put | Method::Patch)
            || !is_own(cx, route)
            || !is_drf(cx, route)
            || route.permission().needs_staff() == Some(true)
        {
            continue;
        }
        for used in &route.input {
            let serializer = django.serializer(used.serializer);
            if let Some(model) = serializer.model.map(|id| django.model(id)) {
                judge(cx, out, route, serializer, model);
            }
        }
    }
}

fn judge(cx: &Cx<'_>, out: &mut Answers, route: &Route, serializer: &Serializer, model: &Model) {
    for field in serializer.input_fields() {
        let Some((owner, name)) = &field.model_field else {
            continue;
        };
        let leads_to_user = field
            .related_model
            .is_some_and(|related| cx.head.django.model(related).is_user);
        if *owner != model.id || !OWNERS.contains(&&**name) || !leads_to_user || model.is_user {
            continue;
        }
        out.looked();
        let subject = format!("{}.{}", serializer.fq, field.name);
        // Without a login there is no caller to take the owner from: DRF161 and DRF162 say so.
        match route.permission().anonymous() {
            Anonymous::Deny => {}
            Anonymous::Allow => continue,
            Anonymous::Unknown => {
                out.unknown(subject, "whether callers log in is not known");
                continue;
            }
        }
        if route.permission().needs_staff().is_none() {
            out.unknown(subject, "whether only staff gets here is not known");
            continue;
        }
        let Some(place) = field.place.or(serializer.place) else {
            continue;
        };
        let overwritten = is_overwritten(cx, route, serializer, name)
            || is_left_out(cx, route, serializer, &field.name);
        if overwritten {
            if field.required == Some(true) && route.method == Method::Post {
                out.found(
                    Evidence::new(
                        subject.clone(),
                        cx.anchor(place),
                        format!(
                            "`{}` still demands `{}` from the client, and the view overwrites it: make the field read-only.",
                            serializer.name, field.name
                        ),
                    )
                    .severity(Severity::Info)
                    .root(subject),
                );
            }
            continue;
        }
        // Code that looks at the caller may compare or replace; it is not followed further.
        let looks = view_functions(cx, route)
            .into_iter()
            .chain(serializer_functions(serializer, route.method))
            .any(|func| names_caller(cx, func));
        if looks {
            out.unknown(subject, "the code on the way looks at the caller");
            continue;
        }
        let mut evidence = Evidence::new(
            subject.clone(),
            cx.anchor(place),
            format!(
                "`{}` takes `{}` from the client, so a caller can write a `{}` in somebody else's name.",
                route.label(),
                field.name,
                model.name
            ),
        )
        .root(subject);
        if let Some(view) = view_place(cx, route) {
            evidence = evidence.also(cx.anchor(view).note(format!("`{}`", route.label())));
        }
        out.found(evidence);
    }
}
