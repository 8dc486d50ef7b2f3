//! DRF145: a viewset offers only what the resource needs.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::stubs::stubs;
use crate::django::views::ViewKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Base;

pub(super) static CHECK: Check = Check {
    id: "DRF145",
    name: "least-surface-viewset",
    competency: Competency::C02,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("least_surface_viewset.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for view in django.views() {
        let (Some(class), Some(place)) = (view.class, view.place) else {
            continue;
        };
        if view.kind != ViewKind::ViewSet || django.routes_of(view.id).next().is_none() {
            continue;
        }
        out.looked();
        let derives = |fq: &str| {
            cx.head
                .program
                .mro(class)
                .entries
                .iter()
                .any(|base| match base {
                    Base::External(name) => stubs().is_a(name, fq) == Some(true),
                    Base::Project(_) => false,
                })
        };
        let full = derives("rest_framework.viewsets.ModelViewSet");
        let what = if view.http_method_names.is_some() {
            "narrows `http_method_names`"
        } else if full {
            continue;
        } else if derives("rest_framework.viewsets.ReadOnlyModelViewSet") {
            "only reads"
        } else if derives("rest_framework.viewsets.GenericViewSet")
            && derives("rest_framework.mixins.ListModelMixin")
                | derives("rest_framework.mixins.CreateModelMixin")
                | derives("rest_framework.mixins.RetrieveModelMixin")
                | derives("rest_framework.mixins.UpdateModelMixin")
                | derives("rest_framework.mixins.DestroyModelMixin")
        {
            "takes the mixins it needs and no more"
        } else {
            continue;
        };
        let registered = django
            .patterns()
            .iter()
            .find(|pattern| pattern.view == crate::django::routes::Target::View(view.id))
            .and_then(|pattern| pattern.router.as_ref());
        let mut evidence = Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` {what}: methods that nobody asked for do not exist.",
                view.name
            ),
        )
        .root("least surface");
        if let Some(entry) = registered {
            evidence = evidence.also(cx.anchor(entry.place).note("its registration"));
        }
        out.found(evidence);
    }
}
