//! DRF102: what must not be shown is named, and everything else is shown.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::MetaFields;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF102",
    name: "serializer-exclude",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("serializer_exclude.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for serializer in django.serializers() {
        let Some(class) = serializer
            .class
            .filter(|_| serializer.is_model_serializer())
        else {
            continue;
        };
        out.looked();
        let MetaFields::Exclude(names) = &serializer.meta else {
            continue;
        };
        let Some(place) = serializer.meta_place.filter(|_| !names.is_empty()) else {
            continue;
        };
        let is_base = django.serializers().iter().any(|other| {
            other.class.is_some_and(|other| {
                other != class && cx.head.program.project_mro(other).any(|base| base == class)
            })
        });
        let mut routes = django.routes_using(serializer.id).peekable();
        if is_base && routes.peek().is_none() {
            continue;
        }
        let written = routes.any(|route| {
            route.is_unsafe()
                && route
                    .input
                    .iter()
                    .any(|used| used.serializer == serializer.id)
        });
        let secrets = names.iter().all(|name| {
            ["password", "secret", "token", "key", "hash", "otp"]
                .iter()
                .any(|word| name.contains(word))
        });
        // A small table that is only read has little to hide.
        let small = !written
            && serializer
                .model
                .is_none_or(|id| django.model(id).fields.len() <= 3);
        if small {
            continue;
        }
        out.found(
            Evidence::new(
                serializer.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` shows everything but `{}`: a column that is added tomorrow is shown too.",
                    serializer.name,
                    names.join("`, `")
                ),
            )
            .severity(if secrets && written {
                Severity::Medium
            } else {
                Severity::Low
            }),
        );
    }
}
