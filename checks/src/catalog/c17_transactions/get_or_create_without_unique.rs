//! DRF634: `get_or_create` on columns that nothing keeps unique.

use crate::catalog::lookup_columns::{Columns, of_queryset};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{FunctionIr, WriteKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF634",
    name: "get-or-create-without-unique",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("get_or_create_without_unique.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for write in &function.writes {
            let name = match write.kind {
                WriteKind::GetOrCreate => "get_or_create",
                WriteKind::UpdateOrCreate => "update_or_create",
                _ => continue,
            };
            let Some(model) = write.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            out.looked();
            let subject = format!("{}.{}", function.fq, model.name);
            let query = function
                .queries
                .iter()
                .find(|query| query.place == write.place);
            let fields = match query.map(|query| of_queryset(cx, &query.qs)) {
                Some(Columns::Free(fields)) if !fields.is_empty() => fields,
                Some(Columns::Unique) => continue,
                _ => {
                    out.unknown(subject, "whether its columns are unique could not be told");
                    continue;
                }
            };
            let mut evidence = Evidence::new(
                subject,
                cx.anchor(write.place),
                format!(
                    "`{name}` looks for a `{}` by `{}`, and no constraint keeps that unique: two requests at once make two rows, and every later call raises `MultipleObjectsReturned`.",
                    model.name,
                    fields.join("`, `")
                ),
            );
            // A constraint belongs to the model.
            if let Some(place) = model.place {
                evidence = evidence.also(cx.anchor(place).note("the constraint is missing here"));
            }
            let role = cx.head.tree.file(function.place.file).role;
            if matches!(role, Role::Command | Role::Script | Role::Migration)
                || is_seeding(cx, function)
            {
                evidence = evidence.severity(Severity::Low);
            }
            out.found(evidence);
        }
    }
}

/// Code that fills tables, by its name or its file's.
fn is_seeding(cx: &Cx<'_>, function: &FunctionIr) -> bool {
    let path = cx.head.tree.file(function.place.file).path.to_lowercase();
    let name = function.fq.to_lowercase();
    ["seed", "populat", "fixture", "import", "sync", "load_"]
        .iter()
        .any(|word| path.contains(word) || name.contains(word))
}
