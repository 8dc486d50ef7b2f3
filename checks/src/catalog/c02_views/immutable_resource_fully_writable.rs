//! DRF143: a record of what happened can be changed and deleted through the API.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::django::views::ViewKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF143",
    name: "immutable-resource-fully-writable",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("immutable_resource_fully_writable.md"),
    yields_to: &[],
    run,
};

/// Ends of the names of models that record what happened. (An `Event` is as often an appointment.)
const RECORDS: [&str; 7] = [
    "Transaction",
    "Ledger",
    "LedgerEntry",
    "Payment",
    "AuditLog",
    "LogEntry",
    "History",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for view in django.views() {
        if view.kind != ViewKind::ViewSet || !view.is_project() {
            continue;
        }
        let routes = || django.routes_of(view.id).filter(|route| route.mounted);
        let Some(model) = routes().find_map(|route| route.model) else {
            continue;
        };
        let model = django.model(model);
        if !RECORDS.iter().any(|end| model.name.ends_with(end)) {
            continue;
        }
        out.looked();
        // Only the framework's own handlers: a project's says what may change, and how.
        let plain = |method: Method| {
            routes().any(|route| {
                route.method == method
                    && route.func.is_none()
                    && route.permission().needs_staff() == Some(false)
            })
        };
        let hooked =
            view.method("perform_update").is_some() || view.method("perform_destroy").is_some();
        if !plain(Method::Put) || !plain(Method::Delete) || hooked {
            continue;
        }
        let Some(place) = view.class_place() else {
            continue;
        };
        out.found(Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` lets clients change and delete every `{}`, a record of what happened.",
                view.name, model.name
            ),
        ));
    }
}
