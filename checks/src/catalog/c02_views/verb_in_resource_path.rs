//! DRF142: the path repeats the verb that the method has said.

use super::handlers::url_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::routes::Target;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF142",
    name: "verb-in-resource-path",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("verb_in_resource_path.md"),
    yields_to: &[],
    run,
};

const VERBS: [&str; 10] = [
    "create", "add", "get", "list", "update", "edit", "delete", "remove", "fetch", "destroy",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for pattern in cx.head.django.patterns() {
        let Target::View(id) = pattern.view else {
            continue;
        };
        let view = cx.head.django.view(id);
        if !view.is_project() || !view.kind.is_drf() || pattern.router.is_some() {
            continue;
        }
        out.looked();
        let found = pattern.template.split('/').find_map(|segment| {
            let lower = segment.to_ascii_lowercase();
            let verb = lower.split(['-', '_']).next()?;
            VERBS.contains(&verb).then_some(segment)
        });
        let (Some(segment), Some(place)) = (found, url_place(&pattern.chain, Some(view))) else {
            continue;
        };
        let file = &cx.head.tree.file(place.file).path;
        out.found(
            Evidence::new(
                pattern.template.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` names a verb (`{segment}`) that the HTTP method says already: one path for the resource, and the method tells what is done.",
                    pattern.template
                ),
            )
            // One habit per URL configuration.
            .root(file.to_string()),
        );
    }
}
