//! DRF321: a password goes in, is hashed, and never comes out.

use std::collections::BTreeMap;

use super::password_flow::{Fate, PasswordPath, field_place, hashing, paths};
use crate::catalog::on_request::of_route;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::SerializerId;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Place;

pub(super) static CHECK: Check = Check {
    id: "DRF321",
    name: "password-handled-safely",
    competency: Competency::C07,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("password_handled_safely.md"),
    yields_to: &["DRF312"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut by_serializer: BTreeMap<SerializerId, Vec<PasswordPath<'_>>> = BTreeMap::new();
    for path in paths(cx) {
        by_serializer
            .entry(path.serializer.id)
            .or_default()
            .push(path);
    }
    for paths in by_serializer.values() {
        out.looked();
        let Some(first) = paths.first() else { continue };
        let (serializer, field) = (first.serializer, first.field);
        let safe = paths
            .iter()
            .all(|path| matches!(path.fate, Fate::Hashed(_) | Fate::NotStored));
        let hashed = paths.iter().find_map(|path| match path.fate {
            Fate::Hashed(place) => Some(place),
            _ => None,
        });
        let Some(hashed) = hashed.filter(|_| safe && field.write_only == Some(true)) else {
            continue;
        };
        let place = field_place(serializer, field);
        let validated = paths.iter().find_map(|path| validation(cx, path));
        tell(
            cx,
            out,
            &serializer.fq,
            &serializer.name,
            place,
            hashed,
            validated,
        );
    }
    let known: Vec<_> = by_serializer.keys().copied().collect();
    plain_serializers(cx, out, &known);
}

/// Serializers without a model, used by a handler that hashes: registration by hand, resets.
fn plain_serializers(cx: &Cx<'_>, out: &mut Answers, known: &[SerializerId]) {
    let mut told = Vec::new();
    for route in cx.head.django.routes() {
        if !route.mounted || !route.is_unsafe() {
            continue;
        }
        for used in &route.input {
            let serializer = cx.head.django.serializer(used.serializer);
            if known.contains(&serializer.id)
                || told.contains(&serializer.id)
                || serializer.class.is_none()
            {
                continue;
            }
            let field = serializer
                .input_fields()
                .find(|field| matches!(&*field.name, "password" | "new_password" | "password1"));
            let Some(field) = field.filter(|field| field.write_only == Some(true)) else {
                continue;
            };
            out.looked();
            let bodies = of_route(cx, route);
            let Some(hashed) = bodies.iter().find_map(|ir| hashing(ir)) else {
                continue;
            };
            told.push(serializer.id);
            let validated = bodies.iter().find_map(|ir| validation_in(ir));
            let place = field_place(serializer, field);
            tell(
                cx,
                out,
                &serializer.fq,
                &serializer.name,
                place,
                hashed,
                validated,
            );
        }
    }
}

fn tell(
    cx: &Cx<'_>,
    out: &mut Answers,
    subject: &str,
    name: &str,
    place: Option<Place>,
    hashed: Place,
    validated: Option<Place>,
) {
    let checked = if validated.is_some() {
        ", and is held against the password validators"
    } else {
        ""
    };
    let mut evidence = Evidence::new(
        subject.to_owned(),
        cx.anchor(place.unwrap_or(hashed)),
        format!(
            "`{name}` takes a password that is write-only and hashed on every way it is saved{checked}."
        ),
    );
    if place.is_some() {
        evidence = evidence.also(cx.anchor(hashed).note("hashed here"));
    }
    if let Some(validated) = validated {
        evidence = evidence.also(cx.anchor(validated).note("validated here"));
    }
    out.found(evidence);
}

fn validation(cx: &Cx<'_>, path: &PasswordPath<'_>) -> Option<Place> {
    let by_field = path
        .field
        .kwargs
        .get("validators")
        .filter(|kwarg| kwarg.text.contains("validate_password"))
        .and_then(|kwarg| kwarg.place);
    by_field.or_else(|| {
        of_route(cx, path.route)
            .iter()
            .find_map(|ir| validation_in(ir))
    })
}

fn validation_in(ir: &crate::django::FunctionIr) -> Option<Place> {
    ir.calls
        .iter()
        .find(|call| {
            matches!(&call.callee, crate::django::function::Callee::External(fq) if fq.ends_with("validate_password"))
        })
        .map(|call| call.place)
}
