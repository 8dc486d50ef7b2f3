//! DRF110: a nested serializer takes input, and nothing writes it.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::catalog::{Cx as Context, on_request};
use crate::django::serializers::SerializerField;
use crate::django::{Method, Route, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Base;
use crate::python::syntax::ExprKind;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF110",
    name: "nested-write-unsupported",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("nested_write_unsupported.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        let hook = match route.method {
            Method::Post => "create",
            Method::Put | Method::Patch => "update",
            _ => continue,
        };
        for used in &route.input {
            let serializer = django.serializer(used.serializer);
            if serializer.class.is_none() || !serializer.is_model_serializer() {
                continue;
            }
            out.looked();
            let own = serializer.method(hook).is_some() || serializer.method("save").is_some();
            if own || !plain(cx, serializer) || !saves(cx, route) {
                continue;
            }
            for field in &serializer.fields {
                let writes =
                    field.nested.is_some() && field.is_input() == Some(true) && !field.hidden;
                let (true, Some(place)) = (writes && &*field.source != "*", field.place) else {
                    continue;
                };
                if taken_out(cx, route, serializer, field) {
                    continue;
                }
                out.found(
                    Evidence::new(
                        format!("{}.{}", serializer.fq, field.name),
                        cx.anchor(place),
                        format!(
                            "`{}` takes nested input, and `{}` has no `{hook}` that writes it: `{}` fails with an `AssertionError`.",
                            field.name,
                            serializer.name,
                            route.label()
                        ),
                    )
                    .root(format!("{}.{}", serializer.fq, field.name)),
                );
            }
        }
    }
}

/// Only DRF's own serializers above it: no package that writes nested input.
fn plain(cx: &Context<'_>, serializer: &Serializer) -> bool {
    serializer.is_closed()
        && serializer.class.is_some_and(|class| {
            let mro = cx.head.program.mro(class);
            mro.open.is_none()
                && mro.entries.iter().all(|base| match base {
                    Base::External(fq) => fq.starts_with("rest_framework."),
                    Base::Project(_) => true,
                })
        })
}

/// The route really saves through the serializer.
fn saves(cx: &Context<'_>, route: &Route) -> bool {
    let Some(function) = route.func.and_then(|func| cx.head.django.function(func)) else {
        return route.is_standard();
    };
    function.calls_super || function.serializers.iter().any(|call| call.saved.is_some())
}

/// `validate` takes it out, or the view gives it to `save()` itself.
fn taken_out(
    cx: &Context<'_>,
    route: &Route,
    serializer: &Serializer,
    field: &SerializerField,
) -> bool {
    let by_hook = ["validate", "to_internal_value", "run_validation"]
        .iter()
        .filter_map(|name| serializer.method(name))
        .any(|func| {
            visit::any_expr(&cx.head.program.func_def(func).body, |expr| {
                matches!(&expr.kind, ExprKind::Str(text) if *text == field.source || *text == field.name)
            })
        });
    let by_view = on_request::of_route(cx, route).iter().any(|function| {
        function
            .serializers
            .iter()
            .any(|call| call.save_kwargs.has(&field.source) || call.save_kwargs.open)
    });
    by_hook || by_view
}
