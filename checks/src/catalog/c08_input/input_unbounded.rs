//! DRF338: text and lists of any length are taken.

use std::collections::BTreeMap;

use super::client_fields::{Sent, sent};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::FieldOrigin;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF338",
    name: "input-unbounded",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("input_unbounded.md"),
    yields_to: &[],
    run,
};

/// Parts of names of free text, which has no length of its own.
const FREE_TEXT: [&str; 18] = [
    "body",
    "text",
    "content",
    "description",
    "message",
    "comment",
    "bio",
    "note",
    "notes",
    "detail",
    "details",
    "summary",
    "answer",
    "query",
    "feedback",
    "refresh",
    "token",
    "html",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut by_serializer: BTreeMap<u32, Vec<Sent<'_>>> = BTreeMap::new();
    for sent in sent(cx) {
        if sent.field.origin != FieldOrigin::Declared {
            continue;
        }
        out.looked();
        if is_unbounded(cx, &sent) {
            by_serializer
                .entry(sent.serializer.id.0)
                .or_default()
                .push(sent);
        }
    }
    for fields in by_serializer.into_values() {
        let places: Vec<_> = fields.iter().filter_map(|sent| sent.place(cx)).collect();
        let (Some(first), Some(place)) = (fields.first(), places.first()) else {
            continue;
        };
        let names: Vec<&str> = fields.iter().map(|sent| &*sent.field.name).collect();
        let mut evidence = Evidence::new(
            first.serializer.fq.to_string(),
            cx.anchor(*place),
            format!(
                "`{}` sets no `max_length` for `{}`: `{}` takes input of any size, and what is longer than its column fails in the database.",
                first.serializer.name,
                names.join("`, `"),
                first.route.label()
            ),
        );
        for place in places.iter().skip(1).take(5) {
            evidence = evidence.also(cx.anchor(*place).note("no `max_length` here either"));
        }
        out.found(evidence);
    }
}

fn is_unbounded(cx: &Cx<'_>, sent: &Sent<'_>) -> bool {
    let field = sent.field;
    let name = field.name.to_lowercase();
    let kwargs = &field.kwargs;
    if kwargs.has("max_length") || kwargs.open || kwargs.has("validators") {
        return false;
    }
    match &*field.base {
        "CharField" => {
            let free = name.split('_').any(|part| FREE_TEXT.contains(&part));
            let measured = sent
                .serializer
                .method(&format!("validate_{name}"))
                .is_some_and(|func| super::client_fields::mentions(cx, func, "len"));
            !free && !measured && field.class.class().is_none() && overflows(cx, sent)
        }
        "ListField" => !sent.is_validated(cx),
        _ => false,
    }
}

/// The text goes to a column that has a length: the field's own, or one of this name on a model that
/// the request writes. Passwords are hashed first.
fn overflows(cx: &Cx<'_>, sent: &Sent<'_>) -> bool {
    let name = &*sent.field.name;
    let direct = sent
        .route
        .input
        .iter()
        .any(|used| used.serializer == sent.serializer.id);
    if !direct || name.contains("password") || is_entrance_without_row(cx, sent) {
        return false;
    }
    let measured = |field: &crate::django::Field| {
        field.is_text() && &*field.base != "TextField" && field.kwargs.has("max_length")
    };
    if let Some((_, field)) = sent.model_field(cx) {
        return measured(field);
    }
    sent.on_request(cx)
        .iter()
        .flat_map(|function| &function.writes)
        .filter_map(|write| write.model)
        .chain(sent.route.model)
        .filter_map(|model| cx.head.django.model(model).field(name))
        .any(measured)
}

/// A login compares and stores nothing.
fn is_entrance_without_row(cx: &Cx<'_>, sent: &Sent<'_>) -> bool {
    sent.serializer.kind == crate::django::serializers::SerializerKind::Plain
        && sent
            .on_request(cx)
            .iter()
            .all(|function| function.writes.is_empty())
}
