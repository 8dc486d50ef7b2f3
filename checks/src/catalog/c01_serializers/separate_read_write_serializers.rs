//! DRF118: one serializer reads, another one writes.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::MetaFields;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF118",
    name: "separate-read-write-serializers",
    competency: Competency::C01,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("separate_read_write_serializers.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for view in django.views().iter().filter(|view| view.class.is_some()) {
        let Some(place) = view.place else { continue };
        out.looked();
        let mut inputs = BTreeSet::new();
        let mut outputs = BTreeSet::new();
        for route in django.routes_of(view.id) {
            inputs.extend(route.input.iter().map(|used| used.serializer));
            outputs.extend(route.output.iter().map(|used| used.serializer));
        }
        let known = |id: &crate::django::SerializerId| {
            let serializer = django.serializer(*id);
            serializer.class.is_some()
                && serializer.model.is_some()
                && !matches!(serializer.meta, MetaFields::Unknown(_))
        };
        let writable = |id: crate::django::SerializerId| -> BTreeSet<&str> {
            django
                .serializer(id)
                .input_fields()
                .map(|field| &*field.name)
                .collect()
        };
        let pair = inputs.iter().filter(|id| known(id)).find_map(|write| {
            outputs
                .iter()
                .filter(|id| known(id) && !inputs.contains(id))
                .find(|read| {
                    django.serializer(**read).model == django.serializer(*write).model
                        && writable(**read) != writable(*write)
                })
                .map(|read| (*write, *read))
        });
        let Some((write, read)) = pair else { continue };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` writes through `{}` and shows through `{}`: what clients send and what they see are decided apart.",
                    view.name,
                    django.serializer(write).name,
                    django.serializer(read).name
                ),
            )
            .root("read and write"),
        );
    }
}
