//! DRF640: a time without a zone where Django keeps zones.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Call, Callee, FunctionIr};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Symbol;
use crate::python::syntax::Span;
use crate::python::value::{Place, Val};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF640",
    name: "naive-datetime",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("naive_datetime.md"),
    yields_to: &[],
    run,
};

/// Since this version `USE_TZ` is on unless the settings turn it off.
const ZONES_BY_DEFAULT: (u32, u32) = (5, 0);
/// Calls that give a time without a zone.
const NAIVE: [&str; 4] = [
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.datetime.fromtimestamp",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    match keeps_zones(cx) {
        Some(true) => {}
        Some(false) => {
            out.not_applicable("`USE_TZ` is off");
            return;
        }
        None => {
            out.unknown("USE_TZ", "its value is not known");
            return;
        }
    }
    for function in cx.head.django.functions() {
        if cx.head.tree.file(function.place.file).role != Role::App {
            continue;
        }
        for call in &function.calls {
            let Callee::External(fq) = &call.callee else {
                continue;
            };
            if !NAIVE.contains(&&**fq) {
                continue;
            }
            out.looked();
            let last = fq.rsplit('.').next().unwrap_or(fq);
            if has_zone(cx, call, last) || harmless(cx, function, call, last) {
                continue;
            }
            out.found(
                Evidence::new(
                    format!("{} {last}", function.fq),
                    cx.anchor(call.place),
                    format!(
                        "`datetime.{last}()` has no time zone, and `USE_TZ` is on: compared with a column it raises or is hours off, stored it is taken for local time. `timezone.now()` has one."
                    ),
                )
                .root(function.fq.to_string()),
            );
        }
    }
    defaults(cx, out);
}

/// `DateTimeField(default=datetime.now)`
fn defaults(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        for field in &model.fields {
            let (Some(place), Some(Val::Symbol(Symbol::External(fq)))) =
                (field.place, &field.default)
            else {
                continue;
            };
            if &*field.base != "DateTimeField" || seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            if NAIVE.contains(&&**fq) {
                out.found(Evidence::new(
                    format!("{}.{}", model.fq, field.name),
                    cx.anchor(place),
                    format!(
                        "The default of `{}.{}` has no time zone, and `USE_TZ` is on: Django warns and takes it for local time. `timezone.now` has one.",
                        model.name, field.name
                    ),
                ));
            }
        }
    }
}

fn keeps_zones(cx: &Cx<'_>) -> Option<bool> {
    let settings = cx.head.django.settings();
    if let Some(found) = settings.get("USE_TZ") {
        return found.truth();
    }
    let profile = settings.prod()?;
    if profile.is_open("USE_TZ") {
        return None;
    }
    let version = cx.head.infra.dependencies.major_minor("django")?;
    Some(version >= ZONES_BY_DEFAULT)
}

/// A zone is given: `now(timezone.utc)`, `fromtimestamp(x, tz=…)`, or put on at once.
fn has_zone(cx: &Cx<'_>, call: &Call, last: &str) -> bool {
    let text = cx.text(call.place);
    let args = text
        .split_once('(')
        .map_or("", |(_, rest)| rest.trim_end_matches(')').trim());
    match last {
        "now" => !args.is_empty(),
        "fromtimestamp" => args.contains(',') || args.contains("tz"),
        _ => false,
    }
}

/// The zone does not matter: a log line, text for people or a file's name, a duration, a token whose
/// library takes UTC.
fn harmless(cx: &Cx<'_>, function: &FunctionIr, call: &Call, last: &str) -> bool {
    let around = |start: u32, end: u32| {
        cx.text(Place {
            file: call.place.file,
            span: Span { start, end },
        })
    };
    let end = call.place.span.end;
    let logged = function
        .logs
        .iter()
        .any(|log| log.place.span.contains(call.place.span));
    let shown = around(end, end + 12);
    let shown = [
        ".strftime",
        ".isoformat",
        ".year",
        ".month",
        ".timestamp",
        ".date",
    ]
    .iter()
    .any(|name| shown.starts_with(name));
    let subtracted = around(end, end + 3).starts_with(" - ");
    let line = {
        let file = cx.head.tree.file(call.place.file);
        let number = cx.anchor(call.place).line;
        file.text()
            .and_then(|text| file.lines.text(text, number))
            .unwrap_or("")
            .to_lowercase()
    };
    let measured = [
        "start",
        "elapsed",
        "duration",
        "took",
        "filename",
        "file_name",
    ]
    .iter()
    .any(|word| line.contains(word));
    // Tokens' libraries read naive times as UTC, as their manuals show.
    let for_token = last == "utcnow"
        && function
            .calls
            .iter()
            .any(|other| other.text.ends_with("jwt.encode"));
    let given_zone = function.calls.iter().any(|other| {
        (other.text.ends_with("make_aware") || other.text.ends_with("localize"))
            && other.place.span.contains(call.place.span)
    });
    given_zone || logged || shown || subtracted || measured || for_token
}
