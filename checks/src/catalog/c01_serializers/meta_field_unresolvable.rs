//! DRF104: `Meta.fields` names something that is nowhere.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::FieldOrigin;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF104",
    name: "meta-field-unresolvable",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("meta_field_unresolvable.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        if serializer.class.is_none() || !serializer.is_model_serializer() {
            continue;
        }
        out.looked();
        let Some(model) = serializer.model.map(|id| cx.head.django.model(id)) else {
            continue;
        };
        for field in &serializer.fields {
            // `url` is DRF's own name, and packages add accessors to the user model.
            if field.origin != FieldOrigin::Unresolved || &*field.name == "url" || model.is_user {
                continue;
            }
            if translated(cx, &field.name) {
                continue;
            }
            let subject = format!("{}.{}", serializer.fq, field.name);
            if !serializer.is_closed() || model.open.is_some() {
                out.unknown(
                    subject,
                    "a base of the serializer or its model is not known",
                );
                continue;
            }
            // DRF takes any attribute of the model's class.
            let attribute = model
                .class
                .is_none_or(|class| cx.head.program.attribute(class, &field.name).is_some());
            let place = field.place.or(serializer.meta_place).or(serializer.place);
            let (false, Some(place)) = (attribute, place) else {
                continue;
            };
            out.found(Evidence::new(
                subject,
                cx.anchor(place),
                format!(
                    "`{}` is neither declared on `{}` nor an attribute of `{}`: DRF raises `ImproperlyConfigured` on the first use of the serializer.",
                    field.name, serializer.name, model.name
                ),
            ));
        }
    }
}

/// `title_ar` where a package makes a field for each language.
fn translated(cx: &Cx<'_>, name: &str) -> bool {
    let apps = cx.head.django.settings().get("INSTALLED_APPS");
    let by_package = apps.and_then(|apps| apps.strings()).is_none_or(|apps| {
        apps.iter()
            .any(|app| matches!(&**app, "modeltranslation" | "parler" | "translated_fields"))
    });
    let suffix = name.rsplit('_').next().unwrap_or("");
    by_package && apps.is_some() && suffix.len() == 2 && name.len() > 3
}
