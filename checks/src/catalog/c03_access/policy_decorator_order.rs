//! DRF169: a policy decorator above `@api_view`, where it comes too late.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::views::ViewKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF169",
    name: "policy-decorator-order",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("policy_decorator_order.md"),
    yields_to: &[],
    run,
};

const POLICY: [&str; 5] = [
    "rest_framework.decorators.permission_classes",
    "rest_framework.decorators.authentication_classes",
    "rest_framework.decorators.throttle_classes",
    "rest_framework.decorators.parser_classes",
    "rest_framework.decorators.renderer_classes",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    // 3.17 refuses at import, earlier versions ignore it (`APIView` attributes set on a function).
    let refused = cx
        .head
        .infra
        .dependencies
        .major_minor("djangorestframework")
        .map(|version| version >= (3, 17));
    for view in cx.head.django.views() {
        if view.kind != ViewKind::ApiFunction {
            continue;
        }
        out.looked();
        let Some(api_view) = view
            .decorators
            .iter()
            .position(|decorator| &*decorator.name == "rest_framework.decorators.api_view")
        else {
            continue;
        };
        for decorator in view.decorators.iter().take(api_view) {
            if !POLICY.contains(&&*decorator.name) {
                continue;
            }
            let name = decorator.name.rsplit('.').next().unwrap_or("");
            let follows = match refused {
                Some(true) => "DRF 3.17 and later refuse this with `TypeError` at import",
                Some(false) => "the installed DRF ignores it in silence, and the default applies",
                None => "DRF before 3.17 ignores it in silence, later ones fail at import",
            };
            out.found(Evidence::new(
                view.fq.to_string(),
                cx.anchor(decorator.place),
                format!(
                    "`@{name}` stands above `@api_view` on `{}`: {follows}. It belongs below.",
                    view.name
                ),
            ));
        }
    }
}
