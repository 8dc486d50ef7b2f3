//! DRF313: a password is accepted that the project's own rules would refuse.

use super::password_flow::{field_place, hashing, holds_users, writes_password};
use crate::catalog::on_request::of_route;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Callee, FunctionIr};
use crate::django::serializers::SerializerField;
use crate::django::{Route, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Val;

pub(super) static CHECK: Check = Check {
    id: "DRF313",
    name: "password-policy-bypassed",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("password_policy_bypassed.md"),
    yields_to: &[],
    run,
};

/// Fields that carry a password to be set (not the one that proves who asks).
const NEW_PASSWORD: [&str; 5] = [
    "password",
    "password1",
    "new_password",
    "new_password1",
    "newpassword",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut calls_validators = false;
    let mut sets = false;
    for route in cx.head.django.routes() {
        if !route.mounted || !route.is_unsafe() {
            continue;
        }
        let bodies = of_route(cx, route);
        let validated = bodies.iter().any(|ir| validates(ir));
        for used in &route.input {
            let serializer = cx.head.django.serializer(used.serializer);
            let field = serializer
                .input_fields()
                .find(|field| NEW_PASSWORD.contains(&&*field.name));
            let Some(field) = field.filter(|_| serializer.class.is_some()) else {
                continue;
            };
            if !sets_it(cx, route, serializer, &bodies) {
                continue;
            }
            out.looked();
            sets = true;
            calls_validators |= validated;
            judge(cx, out, route, serializer, field, validated);
        }
    }
    if sets && calls_validators {
        empty_validators(cx, out);
    }
}

fn judge(
    cx: &Cx<'_>,
    out: &mut Answers,
    route: &Route,
    serializer: &Serializer,
    field: &SerializerField,
    validated: bool,
) {
    let own_rule = serializer
        .method(&format!("validate_{}", field.name))
        .is_some()
        || field.kwargs.has("validators")
        || field.class.class().is_some();
    if validated || own_rule {
        return;
    }
    if field.kwargs.open || field.base.is_empty() || serializer.open.is_some() {
        out.unknown(
            format!("{}.{}", serializer.fq, field.name),
            "the options of the field are not fully known",
        );
        return;
    }
    let Some(place) = field_place(serializer, field) else {
        return;
    };
    let length = field.kwargs.int("min_length");
    let message = match length {
        Some(length) => format!(
            "`{}` takes a password through `{}` and looks only at its length ({length}): `validate_password` is never called, so `AUTH_PASSWORD_VALIDATORS` do not run.",
            route.label(),
            serializer.name
        ),
        None => format!(
            "`{}` takes any password through `{}`, even `1`: DRF does not run `AUTH_PASSWORD_VALIDATORS` by itself, and `validate_password` is never called.",
            route.label(),
            serializer.name
        ),
    };
    let severity = if length.is_some() {
        Severity::Low
    } else {
        Severity::Medium
    };
    let subject = format!("{}.{}", serializer.fq, field.name);
    // One forgotten call, however many serializers take a password.
    let mut evidence = Evidence::new(subject, cx.anchor(place), message)
        .severity(severity)
        .root("validate_password");
    if let Some(other) = field.place.filter(|other| *other != place) {
        evidence = evidence.also(cx.anchor(other).note("the field"));
    }
    out.found(evidence);
}

/// The route stores a password: it hashes or writes one, or saves a serializer of the user model.
fn sets_it(cx: &Cx<'_>, route: &Route, serializer: &Serializer, bodies: &[&FunctionIr]) -> bool {
    let by_hand = bodies
        .iter()
        .any(|ir| hashing(ir).is_some() || ir.writes.iter().any(writes_password));
    let by_framework = route.func.is_none()
        && serializer
            .model
            .is_some_and(|model| holds_users(cx.head.django.model(model)));
    by_hand || by_framework
}

/// `django.contrib.auth.password_validation.validate_password`, under whatever name.
fn validates(ir: &FunctionIr) -> bool {
    ir.calls.iter().any(|call| {
        let last = call.text.rsplit('.').next().unwrap_or("");
        let named = matches!(
            last,
            "validate_password" | "full_clean" | "validate_strong_password"
        ) && !matches!(call.callee, Callee::Project(func) if func == ir.func);
        let external =
            matches!(&call.callee, Callee::External(fq) if fq.contains("password_validation"));
        named || external
    })
}

/// `validate_password` is called and no validator is configured: it accepts everything.
fn empty_validators(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx.head.django.settings().prod() else {
        return;
    };
    let Some(found) = prod.get("AUTH_PASSWORD_VALIDATORS") else {
        return;
    };
    out.looked();
    if matches!(found.val, Val::Seq(items) if items.is_empty()) {
        out.found(Evidence::new(
            "AUTH_PASSWORD_VALIDATORS",
            cx.anchor(found.place),
            "`validate_password` is called, and `AUTH_PASSWORD_VALIDATORS` is empty: it accepts every password.",
        ));
    }
}
