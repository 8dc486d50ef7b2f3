//! DRF607: a list kept in one text, where a relation belongs.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF607",
    name: "list-in-column",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("list_in_column.md"),
    yields_to: &[],
    run,
};

use crate::django::{Field, Model};
use crate::python::syntax::{Expr, ExprKind, StmtKind};
use crate::python::visit;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let taken_apart = taken_apart(cx);
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            if !names_a_list(&field.name) {
                continue;
            }
            out.looked();
            let in_text = matches!(&*field.base, "CharField" | "TextField")
                && taken_apart.contains(&*field.name);
            let ids_in_json = &*field.base == "JSONField"
                && (field.name.ends_with("_ids") || field.name.ends_with("_id_list"));
            if !(in_text || ids_in_json) || is_cache(cx, field) {
                continue;
            }
            out.found(say(cx, model, field, place));
        }
    }
}

fn say(cx: &Cx<'_>, model: &Model, field: &Field, place: crate::python::value::Place) -> Evidence {
    Evidence::new(
        format!("{}.{}", model.fq, field.name),
        cx.anchor(place),
        format!(
            "`{}.{}` keeps a list in one column: the database can neither search it by one entry nor see that an entry is gone. A relation of its own can.",
            model.name, field.name
        ),
    )
}

fn names_a_list(name: &str) -> bool {
    name.ends_with("_ids")
        || name.ends_with("_list")
        || ["tags", "items", "roles"]
            .iter()
            .any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

/// A comment on the line or above it says that it is a copy.
fn is_cache(cx: &Cx<'_>, field: &Field) -> bool {
    let Some(place) = field.place else {
        return false;
    };
    let file = cx.head.tree.file(place.file);
    let line = cx.anchor(place).line;
    [line.saturating_sub(1), line].iter().any(|line| {
        file.text()
            .and_then(|text| file.lines.text(text, *line))
            .is_some_and(|text| {
                let text = text.to_lowercase();
                text.contains('#') && (text.contains("denormal") || text.contains("cache"))
            })
    })
}

/// Attributes that are split, or set to something joined.
fn taken_apart(cx: &Cx<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_join = |expr: &Expr| {
        expr.as_call().is_some_and(|(callee, _)| {
            matches!(&callee.kind, ExprKind::Attribute { value, attr }
                if &**attr == "join" && value.as_str().is_some_and(|text| text.contains(',')))
        })
    };
    for function in cx.head.django.functions() {
        let body = &cx.head.program.func_def(function.func).body;
        visit::calls(body, |_, callee, args| {
            if let ExprKind::Attribute { value, attr } = &callee.kind
                && &**attr == "split"
                && let ExprKind::Attribute { attr, .. } = &value.kind
            {
                found.insert(attr.to_string());
            }
            for arg in args {
                if let crate::python::syntax::ArgKind::Keyword(name) = &arg.kind
                    && is_join(&arg.value)
                {
                    found.insert(name.to_string());
                }
            }
        });
        visit::stmts(body, |stmt| {
            if let StmtKind::Assign { targets, value } = &stmt.kind
                && is_join(value)
            {
                for target in targets {
                    if let ExprKind::Attribute { attr, .. } = &target.kind {
                        found.insert(attr.to_string());
                    }
                }
            }
        });
    }
    found
}
