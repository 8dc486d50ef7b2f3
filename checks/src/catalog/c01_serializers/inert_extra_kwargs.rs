//! DRF107: options of `Meta` that DRF passes over in silence.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Serializer;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF107",
    name: "inert-extra-kwargs",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("inert_extra_kwargs.md"),
    yields_to: &[],
    run,
};

/// Options that protect something.
const PROTECTIONS: [&str; 2] = ["read_only", "write_only"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        if serializer.class.is_none() || !serializer.is_model_serializer() {
            continue;
        }
        // Where no route takes input through it, a lost `read_only` loses nothing.
        let routes = || cx.head.django.routes_using(serializer.id);
        let reads_only = routes().next().is_some()
            && !routes().any(|route| {
                route
                    .input
                    .iter()
                    .any(|used| used.serializer == serializer.id)
            });
        for (name, options, place) in &serializer.extra_kwargs {
            out.looked();
            let Some(why) = why_inert(serializer, name) else {
                continue;
            };
            let on_declared = serializer.declared(name);
            // The same option on the declared field itself: nothing is lost.
            let lost: Vec<&str> = options
                .items
                .iter()
                .filter(|option| {
                    on_declared.is_none_or(|field| {
                        field
                            .kwargs
                            .get(&option.name)
                            .is_none_or(|own| own.val != option.val)
                    })
                })
                .map(|option| &*option.name)
                .collect();
            if lost.is_empty() {
                continue;
            }
            let protects =
                lost.iter().any(|option| PROTECTIONS.contains(option)) && on_declared.is_some();
            out.found(
                Evidence::new(
                    format!("{}.{name}", serializer.fq),
                    cx.anchor(*place),
                    format!(
                        "`extra_kwargs` for `{name}` ({}) has no effect: {why}.",
                        lost.join(", ")
                    ),
                )
                .severity(if protects {
                    Severity::High
                } else {
                    Severity::Low
                }),
            );
        }
        for (name, place) in &serializer.read_only_fields {
            out.looked();
            let Some(why) = why_inert(serializer, name) else {
                continue;
            };
            let declared = serializer.declared(name);
            if declared.is_some_and(|field| {
                field.kwargs.flag("read_only", false) != Some(false)
                    || is_always_read_only(&field.base)
            }) {
                continue;
            }
            out.found(
                Evidence::new(
                    format!("{}.{name}", serializer.fq),
                    cx.anchor(*place),
                    format!("`{name}` in `read_only_fields` has no effect: {why}."),
                )
                .severity(if declared.is_some() && !reads_only {
                    Severity::High
                } else {
                    Severity::Low
                }),
            );
        }
    }
}

/// DRF reads both options only while it builds a field from the model.
fn why_inert(serializer: &Serializer, name: &str) -> Option<&'static str> {
    if serializer.declared(name).is_some() {
        return Some(
            "the field is declared on the serializer, and DRF reads this only for fields it builds itself",
        );
    }
    let known =
        serializer.is_closed() && !serializer.extra_kwargs_open && !serializer.fields.is_empty();
    (known && serializer.field(name).is_none()).then_some("the serializer has no such field")
}

fn is_always_read_only(base: &str) -> bool {
    matches!(
        base,
        "SerializerMethodField"
            | "ReadOnlyField"
            | "StringRelatedField"
            | "HyperlinkedIdentityField"
    )
}
