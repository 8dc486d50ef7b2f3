//! DRF123: every serializer that a route uses names its fields.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::MetaFields;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF123",
    name: "explicit-serializer-fields",
    competency: Competency::C01,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("explicit_serializer_fields.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut listed = Vec::new();
    for serializer in django.serializers() {
        if serializer.class.is_none() || !serializer.is_model_serializer() {
            continue;
        }
        let mut routes = django.routes_using(serializer.id).peekable();
        if routes.peek().is_none() {
            continue;
        }
        out.looked();
        match (&serializer.meta, serializer.meta_place) {
            (MetaFields::List(_), Some(place)) => {
                let written = routes.any(|route| {
                    route.is_unsafe()
                        && route
                            .input
                            .iter()
                            .any(|used| used.serializer == serializer.id)
                });
                listed.push((serializer, place, written));
            }
            _ => return,
        }
    }
    for (serializer, place, _) in listed.iter().filter(|(_, _, written)| *written) {
        out.found(
            Evidence::new(
                serializer.fq.to_string(),
                cx.anchor(*place),
                "Every serializer that a route uses names its fields: a column that is added tomorrow stays inside.",
            )
            .root("explicit fields"),
        );
    }
}
