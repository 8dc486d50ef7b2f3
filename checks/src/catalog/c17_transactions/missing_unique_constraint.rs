//! DRF637: rows that may exist once by their meaning, and as often as one likes by the table.

use crate::catalog::lookup_columns::{Columns, columns, of_queryset};
use crate::catalog::words::{says, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::fields::Target;
use crate::django::function::WriteKind;
use crate::django::{FieldKind, Model};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::Span;
use crate::python::value::Place;
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF637",
    name: "missing-unique-constraint",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("missing_unique_constraint.md"),
    yields_to: &[],
    run,
};

/// Models that say "this one and that one, once".
const ONCE: [&str; 17] = [
    "like",
    "favourite",
    "favorite",
    "bookmark",
    "vote",
    "upvote",
    "follow",
    "follower",
    "membership",
    "enrolment",
    "enrollment",
    "friendship",
    "wishlist",
    "attendance",
    "clap",
    "reaction",
    "assignment",
];
/// Words of a model whose rows tell what happened, as often as it happened.
const HAPPENED: [&str; 8] = [
    "log", "history", "event", "audit", "record", "entry", "request", "visit",
];
/// Columns by which people know a row.
const NATURAL_KEYS: [&str; 12] = [
    "slug",
    "sku",
    "code",
    "email",
    "username",
    "reference",
    "phone",
    "number",
    "name",
    "title",
    "label",
    "isbn",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for model in cx.head.django.models() {
        join(cx, out, model);
    }
    asked_first(cx, out);
    validators(cx, out);
}

/// A model that joins two others.
fn join(cx: &Cx<'_>, out: &mut Answers, model: &Model) {
    let Some(place) = model.place else { return };
    let role = cx.head.tree.file(place.file).role;
    if model.is_abstract || model.is_proxy || !model.is_managed || role == Role::Test {
        return;
    }
    let ends: Vec<_> = model
        .fields
        .iter()
        .filter(|field| field.kind == FieldKind::ForeignKey)
        .collect();
    let [first, second] = ends.as_slice() else {
        return;
    };
    let is_through = cx.head.django.models().iter().any(|other| {
        other
            .fields
            .iter()
            .any(|field| field.through.as_ref().and_then(Target::model) == Some(model.id))
    });
    // Columns of its own make a line of an order, a rating, a period: several may be meant.
    let own = model.fields.iter().any(|field| {
        field.kind == FieldKind::Scalar
            && !field.is_pk
            && !field.auto_now
            && &*field.base != "BooleanField"
    });
    let named = says(&model.name, &ONCE);
    if !(named || (is_through && !own)) || says(&model.name, &HAPPENED) {
        return;
    }
    out.looked();
    if model.open.is_some() || model.meta.options.open {
        out.unknown(model.fq.to_string(), "its base classes are not all known");
        return;
    }
    let dated = model
        .fields
        .iter()
        .any(|field| field.is_temporal() && !field.auto_now);
    let has_constraint = model
        .meta
        .constraints
        .iter()
        .any(|constraint| constraint.is_unique)
        || !model.meta.unique_together.is_empty();
    // Another check speaks of the call that makes or finds the second row.
    let told = cx.head.django.functions().any(|function| {
        let made = function.writes.iter().any(|write| {
            write.model == Some(model.id)
                && matches!(
                    write.kind,
                    WriteKind::GetOrCreate | WriteKind::UpdateOrCreate
                )
        });
        let found = function.queries.iter().any(|query| {
            query.qs.model == Some(model.id)
                && matches!(
                    query.qs.ended_by.as_ref().map(|(name, _)| &**name),
                    Some("get" | "aget")
                )
                && matches!(of_queryset(cx, &query.qs), Columns::Free(_))
        });
        let checked = function
            .check_then_create
            .iter()
            .any(|race| race.model == Some(model.id));
        made || found || checked
    });
    if dated || has_constraint || told || model.is_unique_for(&[&first.name, &second.name]) {
        return;
    }
    out.found(Evidence::new(
        model.fq.to_string(),
        cx.anchor(place),
        format!(
            "Nothing keeps `{}` unique for `{}` and `{}`: the same pair can be stored twice. `UniqueConstraint(fields=[\"{}\", \"{}\"])` says it once.",
            model.name, first.name, second.name, first.name, second.name
        ),
    ));
}

/// `if X.objects.filter(code=…).exists(): raise` in a validation.
fn asked_first(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let name = function.fq.rsplit('.').next().unwrap_or("");
        if !(name.starts_with("validate") || name.starts_with("clean")) {
            continue;
        }
        for query in &function.queries {
            let ends = query.qs.ended_by.as_ref().map_or("", |(name, _)| &**name);
            if !matches!(ends, "exists" | "aexists") || query.qs.open.is_some() {
                continue;
            }
            let Some(model) = query.qs.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            out.looked();
            let asked: Vec<&str> = query
                .qs
                .conditions
                .iter()
                .filter(|condition| !condition.negated)
                .map(|condition| &*condition.path)
                .collect();
            let plain = query.qs.conditions.iter().all(|condition| {
                condition.negated || matches!(&*condition.lookup, "exact" | "iexact")
            });
            let Columns::Free(fields) = columns(model, asked.into_iter()) else {
                continue;
            };
            let natural = fields.len() == 1
                && fields.iter().all(|field| {
                    words(field)
                        .last()
                        .is_some_and(|word| NATURAL_KEYS.contains(&&**word))
                });
            let told = function
                .check_then_create
                .iter()
                .any(|race| race.check == query.place);
            if !plain || !natural || told || is_negated(cx, query.place) {
                continue;
            }
            let field = fields.join("`, `");
            say(
                cx,
                out,
                model,
                &field,
                query.place,
                "is asked for before a row is made",
            );
        }
    }
}

/// `UniqueValidator` on a field whose column is not unique.
fn validators(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        for declared in &serializer.declared {
            let asked = declared
                .kwargs
                .get("validators")
                .is_some_and(|kwarg| kwarg.text.contains("UniqueValidator("));
            if !asked {
                continue;
            }
            out.looked();
            let Some((model, name)) = serializer
                .field(&declared.name)
                .and_then(|field| field.model_field.as_ref())
            else {
                continue;
            };
            let model = cx.head.django.model(*model);
            if let Columns::Free(_) = columns(model, std::iter::once(&**name)) {
                say(
                    cx,
                    out,
                    model,
                    name,
                    declared.place,
                    "is validated as unique",
                );
            }
        }
    }
}

fn say(cx: &Cx<'_>, out: &mut Answers, model: &Model, field: &str, place: Place, how: &str) {
    let mut evidence = Evidence::new(
        format!("{}.{field}", model.fq),
        cx.anchor(place),
        format!(
            "`{}.{field}` {how}, and the column is not unique: of two requests at once both pass.",
            model.name
        ),
    )
    .root(format!("{}.{field}", model.fq));
    if let Some(column) = model.field(field).and_then(|field| field.place) {
        evidence = evidence.also(cx.anchor(column).note("the column"));
    }
    out.found(evidence);
}

/// `not X.objects.filter(…).exists()`: the row has to be there.
fn is_negated(cx: &Cx<'_>, place: Place) -> bool {
    let before = Place {
        file: place.file,
        span: Span {
            start: place.span.start.saturating_sub(4),
            end: place.span.start,
        },
    };
    cx.text(before) == "not "
}
