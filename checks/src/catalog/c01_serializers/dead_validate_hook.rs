//! DRF108: a validation method that is never called.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Serializer;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::FuncId;
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF108",
    name: "dead-validate-hook",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("dead_validate_hook.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut hooks: BTreeMap<(FuncId, &str), Vec<&Serializer>> = BTreeMap::new();
    for serializer in cx.head.django.serializers() {
        for (name, func) in &serializer.methods {
            if let Some(field) = name.strip_prefix("validate_")
                && serializer.class.is_some()
            {
                hooks.entry((*func, field)).or_default().push(serializer);
            }
        }
    }
    for ((func, field), serializers) in hooks {
        let Some(function) = cx.head.django.function(func) else {
            continue;
        };
        out.looked();
        // DRF calls the hooks of fields that a client may send.
        let dead: Vec<Option<&str>> = serializers
            .iter()
            .map(|serializer| match serializer.field(field) {
                Some(found) if found.read_only == Some(true) => Some("is read-only"),
                Some(_) => None,
                None if !serializer.is_closed() || serializer.fields.is_empty() => None,
                None => Some("does not exist"),
            })
            .collect();
        let [Some(why), ..] = dead.as_slice() else {
            continue;
        };
        let file = cx.head.tree.file(function.place.file);
        let name = format!("validate_{field}");
        // Called by hand, or listed among validators.
        let named = file.text().unwrap_or("").matches(&name).count();
        let own = serializers
            .iter()
            .any(|serializer| serializer.class == cx.head.program.func(func).class);
        if dead.contains(&None) || named > 1 || !own {
            continue;
        }
        out.found(Evidence::new(
            function.fq.to_string(),
            cx.anchor(function.place),
            format!("`{name}` is never called: the field `{field}` {why} on this serializer."),
        ));
    }
}
