//! DRF302: debug pages are on in what runs in production.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::truth;
use crate::django::settings::ProfileKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF302",
    name: "debug-enabled-in-prod",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("debug_enabled_in_prod.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Val};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx.head.django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let Some(found) = prod.get("DEBUG") else {
        return;
    };
    out.looked();
    if matches!(prod.kind, ProfileKind::Dev | ProfileKind::Test) {
        out.unknown(
            prod.name.to_string(),
            "only settings for development are known",
        );
        return;
    }
    let subject = format!("{}.DEBUG", prod.name);
    let message = match judge(found.val) {
        Debug::On => {
            "`DEBUG` is on in the settings that production uses: an error page shows settings, queries and local variables to anybody."
        }
        Debug::OnByDefault => {
            "`DEBUG` is on unless the environment turns it off, so a forgotten variable shows error pages with settings and local variables to anybody."
        }
        Debug::TruthyText => {
            "`DEBUG` is the text of an environment variable, and every text but the empty one is true in Python: `DEBUG=False` turns it on."
        }
        Debug::Off => return,
        Debug::Unknown => {
            out.unknown(subject, "the value of `DEBUG` could not be told");
            return;
        }
    };
    out.found(Evidence::new(subject, cx.anchor(found.place), message));
}

enum Debug {
    On,
    OnByDefault,
    /// A string from the environment that is used as a truth value.
    TruthyText,
    Off,
    Unknown,
}

fn judge(val: &Val) -> Debug {
    match val {
        Val::Known(_) => match truth(val) {
            Some(true) => Debug::On,
            Some(false) => Debug::Off,
            None => Debug::Unknown,
        },
        // `os.getenv("DEBUG", False)` and `bool(os.environ.get("DEBUG"))` give the text as it is.
        Val::Env {
            cast: None,
            default,
            ..
        } => match default.as_deref() {
            Some(Val::Known(Literal::Str(text))) if !text.is_empty() => Debug::TruthyText,
            Some(value) if truth(value) == Some(true) => Debug::OnByDefault,
            _ => Debug::TruthyText,
        },
        Val::Env {
            cast: Some("bool" | "compare"),
            default,
            ..
        } => match default.as_deref().map(truth_of_text) {
            Some(Some(true)) => Debug::OnByDefault,
            Some(None) => Debug::Unknown,
            _ => Debug::Off,
        },
        Val::Env { .. } => Debug::Unknown,
        Val::OneOf(values) => {
            let all: Vec<Debug> = values.iter().map(judge).collect();
            if all.iter().all(|one| matches!(one, Debug::Off)) {
                Debug::Off
            } else if all.iter().all(|one| matches!(one, Debug::On)) {
                Debug::On
            } else {
                Debug::Unknown
            }
        }
        _ => Debug::Unknown,
    }
}

/// How a casting helper reads a default: texts such as `"True"` and `"1"` are true.
fn truth_of_text(val: &Val) -> Option<bool> {
    match val {
        Val::Known(Literal::Str(text)) => Some(matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "1" | "yes" | "on" | "t" | "y"
        )),
        other => truth(other),
    }
}
