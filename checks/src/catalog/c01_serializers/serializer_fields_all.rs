//! DRF101: the API shows and takes whatever the model happens to have.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::MetaFields;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF101",
    name: "serializer-fields-all",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("serializer_fields_all.md"),
    yields_to: &["DRF170", "DRF172"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for serializer in django.serializers() {
        if serializer.class.is_none() || !serializer.is_model_serializer() {
            continue;
        }
        out.looked();
        match &serializer.meta {
            MetaFields::All => {}
            MetaFields::Unknown(reason) => {
                out.unknown(serializer.fq.to_string(), reason.to_string());
                continue;
            }
            _ => continue,
        }
        let Some(place) = serializer.meta_place.or(serializer.place) else {
            continue;
        };
        let reached = django.routes_using(serializer.id).next().is_some();
        let written = django.routes_using(serializer.id).any(|route| {
            route
                .input
                .iter()
                .any(|used| used.serializer == serializer.id)
        });
        let staff = reached
            && django
                .routes_using(serializer.id)
                .all(|route| route.permission().needs_staff() == Some(true));
        let writable = serializer.input_fields().count();
        let severity = match (reached, written, staff) {
            (_, _, true) => Severity::Low,
            (true, false, _) => Severity::Low,
            _ if writable == 0 => Severity::Info,
            _ => Severity::Medium,
        };
        let model = serializer.model.map_or("its model".to_owned(), |id| {
            format!("`{}`", django.model(id).name)
        });
        let takes = if written || !reached {
            "shows and takes"
        } else {
            "shows"
        };
        out.found(
            Evidence::new(
                serializer.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` {takes} every field of {model}, those that are added tomorrow too.",
                    serializer.name
                ),
            )
            .severity(severity),
        );
    }
}
