//! DRF341: an end may lie before its start.

use std::collections::BTreeSet;

use super::client_fields::{Sent, inputs, mentions};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::SerializerField;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF341",
    name: "date-range-unvalidated",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("date_range_unvalidated.md"),
    yields_to: &[],
    run,
};

/// Words for the two ends of a span of time.
const PAIRS: [(&str, &str); 10] = [
    ("start", "end"),
    ("starts", "ends"),
    ("begin", "end"),
    ("from", "to"),
    ("from", "until"),
    ("in", "out"),
    ("checkin", "checkout"),
    ("departure", "arrival"),
    ("opens", "closes"),
    ("opening", "closing"),
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut said = BTreeSet::new();
    for (route, serializer) in inputs(cx) {
        if serializer.class.is_none() || serializer.dynamic.is_some() {
            continue;
        }
        let times: Vec<&SerializerField> = serializer
            .input_fields()
            .filter(|field| matches!(&*field.base, "DateField" | "DateTimeField" | "TimeField"))
            .collect();
        for start in &times {
            let Some(end) = times.iter().find(|end| is_pair(&start.name, &end.name)) else {
                continue;
            };
            out.looked();
            // A time of day may run past midnight, an open end is none.
            if &*start.base == "TimeField"
                || end.allow_null != Some(false) && end.required == Some(false)
            {
                continue;
            }
            let sent = Sent {
                route,
                serializer,
                field: end,
            };
            let names_both =
                |func| mentions(cx, func, &start.name) && mentions(cx, func, &end.name);
            let in_code = sent.on_request(cx).iter().any(|f| names_both(f.func));
            let model = sent.model_field(cx).map(|(model, _)| model);
            let on_model = model.is_some_and(|model| {
                let constrained = model.meta.constraints.iter().any(|constraint| {
                    !constraint.is_unique
                        && (constraint.fields.contains(&start.name) || constraint.fields.is_empty())
                });
                constrained
                    || ["clean", "save", "full_clean"]
                        .iter()
                        .filter_map(|name| model.method(name))
                        .any(names_both)
            });
            let with_validators = start.kwargs.has("validators") || end.kwargs.has("validators");
            if in_code || on_model || with_validators {
                continue;
            }
            let Some(place) = sent.place(cx) else {
                continue;
            };
            if !said.insert((place.file, place.span.start)) {
                continue;
            }
            out.found(
                Evidence::new(
                    sent.subject(),
                    cx.anchor(place),
                    format!(
                        "`{}` takes `{}` and `{}` and nothing compares them: a span may end before it starts.",
                        route.label(),
                        start.name,
                        end.name
                    ),
                )
                .root(format!("{}.{}", serializer.fq, end.name)),
            );
        }
    }
}

/// `start_date` and `end_date`: the same name but for the word.
fn is_pair(start: &str, end: &str) -> bool {
    PAIRS.iter().any(|(first, last)| {
        let swapped: Vec<&str> = start
            .split('_')
            .map(|part| if part == *first { last } else { part })
            .collect();
        start != end && start.split('_').any(|part| part == *first) && swapped.join("_") == end
    }) || (start == "valid_from" && end == "valid_until")
}
