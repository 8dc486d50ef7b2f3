//! DRF301: the key that signs sessions and tokens stands in the source.

use crate::catalog::secret_words::is_placeholder;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::settings::{Profile, ProfileKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF301",
    name: "secret-key-literal",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("secret_key_literal.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Val};
use crate::source::Role;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    let Some(prod) = settings.prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    for profile in settings.profiles() {
        let is_prod = profile.module == prod.module;
        let Some(found) = profile.get("SECRET_KEY") else {
            continue;
        };
        out.looked();
        let Some(how) = literal(found.val) else {
            continue;
        };
        // Profiles that share a module by star import show the same line once.
        if !is_prod
            && prod
                .get("SECRET_KEY")
                .is_some_and(|other| other.place == found.place)
        {
            continue;
        }
        // Settings that live among the tests run tests only.
        let among_tests = cx.head.tree.file(profile.file).role == Role::Test
            || cx
                .head
                .tree
                .file(profile.file)
                .path
                .split('/')
                .any(|part| part == "tests");
        if !is_prod
            && (among_tests || matches!(profile.kind, ProfileKind::Test | ProfileKind::Base))
        {
            continue;
        }
        let message = match how {
            How::Literal => {
                "`SECRET_KEY` stands in the source: whoever reads the repository can sign sessions and tokens."
            }
            How::Default => {
                "`SECRET_KEY` falls back to a value in the source when the environment does not set it, so a forgotten variable goes unnoticed and the key is public."
            }
        };
        let severity = if is_prod && !is_development(profile) {
            Severity::High
        } else {
            Severity::Info
        };
        out.found(
            Evidence::new(
                format!("{}.SECRET_KEY", profile.name),
                cx.anchor(found.place),
                message,
            )
            .severity(severity),
        );
    }
}

fn is_development(profile: &Profile) -> bool {
    matches!(profile.kind, ProfileKind::Dev | ProfileKind::Test)
}

enum How {
    Literal,
    Default,
}

/// Whether the value is a literal, or an environment look-up with a literal to fall back to.
fn literal(val: &Val) -> Option<How> {
    match val {
        Val::Known(Literal::Str(text)) if !text.is_empty() => Some(How::Literal),
        Val::Env {
            default: Some(default),
            ..
        } => match &**default {
            Val::Known(Literal::Str(text)) if !is_placeholder(text) => Some(How::Default),
            _ => None,
        },
        Val::OneOf(values) => values.iter().find_map(literal).map(|_| How::Default),
        _ => None,
    }
}
