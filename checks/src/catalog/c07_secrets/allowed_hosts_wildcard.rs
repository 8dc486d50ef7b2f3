//! DRF303: every Host header is accepted.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::settings::ProfileKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF303",
    name: "allowed-hosts-wildcard",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("allowed_hosts_wildcard.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Val};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx.head.django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let Some(found) = prod.get("ALLOWED_HOSTS") else {
        return;
    };
    out.looked();
    if matches!(prod.kind, ProfileKind::Dev | ProfileKind::Test) || !is_wildcard(found.val) {
        return;
    }
    let by_default = matches!(found.val, Val::Env { .. });
    let message = if by_default {
        "`ALLOWED_HOSTS` accepts every Host header unless the environment says otherwise."
    } else {
        "`ALLOWED_HOSTS` accepts every Host header, so links that are built from it (password reset, pagination) can be made to point anywhere."
    };
    out.found(Evidence::new(
        format!("{}.ALLOWED_HOSTS", prod.name),
        cx.anchor(found.place),
        message,
    ));
}

fn is_wildcard(val: &Val) -> bool {
    match val {
        Val::Known(Literal::Str(text)) => text.split(',').any(|host| host.trim() == "*"),
        Val::Seq(items) => items.iter().any(|(item, _)| is_wildcard(item)),
        Val::Env {
            default: Some(default),
            ..
        } => is_wildcard(default),
        Val::OneOf(values) => !values.is_empty() && values.iter().all(is_wildcard),
        _ => false,
    }
}
