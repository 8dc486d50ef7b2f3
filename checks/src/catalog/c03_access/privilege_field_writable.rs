//! DRF170: a client can send a field that decides what it may do.

use std::collections::BTreeSet;

use super::overwritten::{is_left_out, is_overwritten};
use crate::catalog::route_words::is_own;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::SerializerField;
use crate::django::{Anonymous, Method, Model, Route, Serializer, View};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF170",
    name: "privilege-field-writable",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("privilege_field_writable.md"),
    yields_to: &[],
    run,
};

/// Fields of a user that decide rights, whatever the project.
const USER_FIELDS: [&str; 14] = [
    "is_staff",
    "is_superuser",
    "is_admin",
    "is_active",
    "groups",
    "user_permissions",
    "role",
    "roles",
    "user_type",
    "is_verified",
    "email_verified",
    "is_moderator",
    "permissions",
    "is_approved",
];
/// Fields that are money or its like, on any model that belongs to a user.
const VALUE_FIELDS: [&str; 6] = [
    "balance",
    "credit",
    "credits",
    "wallet_balance",
    "points",
    "coins",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let read_by_permissions = read_by_permissions(cx);
    for route in cx.head.django.routes() {
        if !route.is_unsafe()
            || !route.mounted
            || !is_own(cx, route)
            || route.permission().needs_staff() == Some(true)
        {
            continue;
        }
        for used in &route.input {
            let serializer = cx.head.django.serializer(used.serializer);
            let Some(model) = serializer.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            out.looked();
            judge(cx, out, route, serializer, model, &read_by_permissions);
        }
    }
}

/// A field that a client should not set.
struct Risky<'a> {
    field: &'a SerializerField,
    is_value: bool,
    is_low: bool,
}

fn judge(
    cx: &Cx<'_>,
    out: &mut Answers,
    route: &Route,
    serializer: &Serializer,
    model: &Model,
    read_by_permissions: &BTreeSet<&str>,
) {
    let mut risky = Vec::new();
    for field in serializer.input_fields() {
        let Some((owner, name)) = &field.model_field else {
            continue;
        };
        if *owner != model.id {
            continue;
        }
        let on_user = model.is_user
            && (USER_FIELDS.contains(&&**name) || read_by_permissions.contains(&**name));
        // An opening value may be given on creating; later it must follow from what happens.
        let belongs = model.is_user || model.owner().is_some();
        let is_value = VALUE_FIELDS.contains(&&**name) && (belongs || route.method != Method::Post);
        if !on_user && !is_value
            || is_overwritten(cx, route, serializer, name)
            || is_left_out(cx, route, serializer, &field.name)
        {
            continue;
        }
        let restricted = serializer
            .method(&format!("validate_{}", field.name))
            .is_some()
            || has_limited_choices(model, name, field);
        risky.push(Risky {
            field,
            is_value,
            // It decides rights only where nothing else does; sign-up often sets it by hand.
            is_low: restricted || &**name == "is_active",
        });
    }
    risky.sort_by_key(|risk| risk.is_low);
    let Some(first) = risky.first() else { return };
    let anonymous = route.permission().anonymous() == Anonymous::Allow;
    let names: Vec<&str> = risky.iter().map(|risk| &*risk.field.name).collect();
    let mut places = risky
        .iter()
        .filter_map(|risk| risk.field.place.or(serializer.place));
    let Some(place) = places.next() else { return };
    let mut evidence = Evidence::new(
        serializer.fq.to_string(),
        cx.anchor(place),
        format!(
            "`{}` lets {} set `{}` of `{}` through `{}`, and that decides {}.",
            route.label(),
            if anonymous { "anybody" } else { "any caller" },
            names.join("`, `"),
            model.name,
            serializer.name,
            if first.is_value {
                "what an account is worth"
            } else {
                "what a user may do"
            }
        ),
    )
    .root(serializer.fq.to_string());
    if first.is_low {
        evidence = evidence.severity(Severity::Low);
    }
    for other in places.filter(|other| *other != place) {
        evidence = evidence.also(cx.anchor(other));
    }
    let view = cx.head.django.view_of(route).and_then(View::class_place);
    if let Some(view) = view {
        evidence = evidence.also(cx.anchor(view).note(format!("`{}`", route.label())));
    }
    out.found(evidence);
}

/// Attributes of the caller that the project's own permission classes read.
fn read_by_permissions<'a>(cx: &Cx<'a>) -> BTreeSet<&'a str> {
    const HARMLESS: [&str; 8] = [
        "id",
        "pk",
        "is_authenticated",
        "is_anonymous",
        "username",
        "email",
        "user",
        "has_perm",
    ];
    let classes = cx
        .head
        .django
        .routes()
        .iter()
        .flat_map(|route| route.permission().classes());
    let attrs = classes
        .filter(|fact| fact.class.class().is_some())
        .flat_map(|fact| &fact.user_attrs);
    attrs
        .filter_map(|attr| attr.split('.').next())
        .filter(|attr| !HARMLESS.contains(attr))
        .collect()
}

/// The serializer's field offers fewer choices than the model's.
fn has_limited_choices(model: &Model, name: &str, field: &SerializerField) -> bool {
    let Some(all) = model.choices(name) else {
        return false;
    };
    let offered = field.kwargs.get("choices").map(|kwarg| &kwarg.val);
    matches!(offered, Some(crate::python::Val::Seq(items)) if items.len() < all.len())
}
