//! DRF602: one row is asked for by columns of which the database allows many.

use crate::catalog::lookup_columns::{Columns, columns, of_queryset};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Place;
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF602",
    name: "lookup-on-non-unique-field",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("lookup_on_non_unique_field.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    in_functions(cx, out, &mut seen);
    by_lookup_field(cx, out, &mut seen);
    by_slug_field(cx, out, &mut seen);
}

fn in_functions(cx: &Cx<'_>, out: &mut Answers, seen: &mut Vec<Place>) {
    for function in cx.head.django.functions() {
        let role = cx.head.tree.file(function.place.file).role;
        if !matches!(role, Role::App) {
            continue;
        }
        for query in &function.queries {
            let ends = query.qs.ended_by.as_ref().map_or("", |(name, _)| &**name);
            if !matches!(ends, "get" | "aget") && !query.or_404 {
                continue;
            }
            let Some(model) = query.qs.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            out.looked();
            let Columns::Free(fields) = of_queryset(cx, &query.qs) else {
                continue;
            };
            // Where the error is caught the author has thought of it.
            let is_caught = function.excepts.iter().any(|except| {
                except.tried.span.contains(query.place.span)
                    && except
                        .types
                        .iter()
                        .any(|name| name.ends_with("MultipleObjectsReturned"))
            });
            if fields.is_empty() || is_caught || seen.contains(&query.place) {
                continue;
            }
            seen.push(query.place);
            // A row of a lookup table, named in the code: nobody adds a second one by a request.
            let by_constant = query
                .qs
                .conditions
                .iter()
                .all(|condition| condition.value == Taint::Constant);
            let severity = by_constant.then_some(Severity::Low);
            say(cx, out, &function.fq, query.place, model, &fields, severity);
        }
    }
}

/// `lookup_field` of views with a route to one object.
fn by_lookup_field(cx: &Cx<'_>, out: &mut Answers, seen: &mut Vec<Place>) {
    for route in cx.head.django.routes() {
        let (Some(view), Some(model)) = (cx.head.django.view_of(route), route.model) else {
            continue;
        };
        let Some(attr) = view.attr("lookup_field") else {
            continue;
        };
        let (Some(field), Some(place)) = (as_str(&attr.val), attr.place) else {
            continue;
        };
        if route.detail != Some(true) || seen.contains(&place) {
            continue;
        }
        out.looked();
        let model = cx.head.django.model(model);
        let scope = route.queryset.iter().flat_map(|qs| &qs.conditions);
        let scope = scope
            .filter(|condition| !condition.negated && !condition.alternative)
            .map(|condition| &*condition.path);
        if let Columns::Free(fields) = columns(model, scope.chain([field])) {
            seen.push(place);
            say(cx, out, &view.fq, place, model, &fields, None);
        }
    }
}

/// `SlugRelatedField(slug_field=…)` that reads input.
fn by_slug_field(cx: &Cx<'_>, out: &mut Answers, seen: &mut Vec<Place>) {
    for serializer in cx.head.django.serializers() {
        for declared in &serializer.declared {
            let Some(slug) = declared.kwargs.str("slug_field") else {
                continue;
            };
            let field = serializer.field(&declared.name);
            let is_input = field.is_some_and(|field| field.is_input() == Some(true));
            let model = field
                .and_then(|field| field.related_model)
                .map(|id| cx.head.django.model(id));
            let Some(model) = model.filter(|_| is_input && &*declared.base == "SlugRelatedField")
            else {
                continue;
            };
            out.looked();
            if seen.contains(&declared.place) {
                continue;
            }
            if let Columns::Free(fields) = columns(model, std::iter::once(slug)) {
                seen.push(declared.place);
                say(
                    cx,
                    out,
                    &serializer.fq,
                    declared.place,
                    model,
                    &fields,
                    None,
                );
            }
        }
    }
}

fn say(
    cx: &Cx<'_>,
    out: &mut Answers,
    subject: &str,
    place: Place,
    model: &crate::django::Model,
    fields: &[String],
    severity: Option<Severity>,
) {
    let mut evidence = Evidence::new(
        format!("{subject} {}.{}", model.name, fields.join("+")),
        cx.anchor(place),
        format!(
            "One `{}` is looked up by `{}`, which the database does not keep unique: with two such rows this is `MultipleObjectsReturned`, a 500.",
            model.name,
            fields.join("`, `")
        ),
    )
    .root(format!("{}.{}", model.fq, fields.join("+")));
    let first = fields
        .first()
        .and_then(|name| model.field(name))
        .and_then(|field| field.place)
        .or(model.place);
    if let Some(first) = first {
        evidence = evidence.also(cx.anchor(first).note("nothing makes it unique"));
    }
    // Nobody chooses such a value twice.
    let is_random = fields
        .iter()
        .filter_map(|name| model.field(name))
        .any(|field| &*field.base == "UUIDField");
    evidence.severity = severity.or(is_random.then_some(Severity::Medium));
    out.found(evidence);
}
