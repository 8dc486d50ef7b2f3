//! DRF137: a row is fetched by what the client sent, and a missing one is an error of the server.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{FunctionIr, Query};
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF137",
    name: "unguarded-orm-get",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("unguarded_orm_get.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let handler = django.settings().get("REST_FRAMEWORK.EXCEPTION_HANDLER");
    let custom =
        handler.is_some_and(|found| found.str() != Some("rest_framework.views.exception_handler"));
    for function in django.functions() {
        for query in &function.queries {
            let ends = query.qs.ended_by.as_ref().map_or("", |(name, _)| &**name);
            let from_client = query.qs.conditions.iter().any(|condition| {
                matches!(condition.value, Taint::Url | Taint::Query | Taint::Body)
            });
            if !matches!(ends, "get" | "aget") || query.or_404 || !from_client {
                continue;
            }
            out.looked();
            if query.guarded || known_to_exist(function, query) {
                continue;
            }
            let subject = format!("{}.get.{}", function.fq, query.place.span.start);
            if custom {
                out.unknown(subject, "the project's exception handler may answer for it");
                continue;
            }
            let model = query
                .qs
                .model
                .map_or("its model", |id| &*django.model(id).name);
            out.found(Evidence::new(
                subject,
                cx.anchor(query.place),
                format!(
                    "`{}` raises `{model}.DoesNotExist` for a value that the client chose, and nothing catches it: the answer is 500. `get_object_or_404` answers 404.",
                    query.text
                ),
            ));
        }
    }
}

/// The function has asked before, or a serializer has validated what is looked up, or the value
/// belongs to a row that was read.
fn known_to_exist(function: &FunctionIr, query: &Query) -> bool {
    let before = |start: u32| start < query.place.span.start;
    let asked = function.queries.iter().any(|other| {
        let ends = other.qs.ended_by.as_ref().map_or("", |(name, _)| &**name);
        before(other.place.span.start)
            && matches!(ends, "exists" | "aexists" | "get" | "first")
            && (ends == "exists" || ends == "aexists" || other.or_404 || other.guarded)
            && other.qs.model.is_some()
            && other.qs.model == query.qs.model
    });
    let body_only = query
        .qs
        .conditions
        .iter()
        .all(|condition| !matches!(condition.value, Taint::Url | Taint::Query));
    let validated = body_only
        && function.serializers.iter().any(|serializer| {
            serializer
                .is_valid
                .is_some_and(|is_valid| before(is_valid.place.span.start))
        });
    let of_a_row = query.text.contains(".id)") || query.text.contains(".pk)");
    let by_serializer = query.text.contains("validated_data") || query.text.contains("attrs[");
    asked || validated || of_a_row || by_serializer
}
