//! DRF116: a column holds one of a few words, and nothing says which.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::django::{Field, Model};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ArgKind, Expr, ExprKind, StmtKind};
use crate::python::visit;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: Check = Check {
    id: "DRF116",
    name: "implicit-enum",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("implicit_enum.md"),
    yields_to: &[],
    run,
};

/// Columns of free text, whatever they are compared with.
const FREE: [&str; 16] = [
    "name",
    "title",
    "email",
    "username",
    "password",
    "first_name",
    "last_name",
    "slug",
    "phone",
    "address",
    "url",
    "description",
    "token",
    "key",
    "code",
    "label",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let models: Vec<&Model> = cx
        .head
        .django
        .models()
        .iter()
        .filter(|model| model.class.is_some())
        .collect();
    let words = words_of_columns(cx, &models);
    for model in &models {
        for field in &model.fields {
            let Some(place) = field.place.filter(|_| is_open_text(field)) else {
                continue;
            };
            // Another model's column of the same name may be the one that is meant.
            let declared = field.declared_in.class() == model.class;
            let alone = models
                .iter()
                .filter_map(|other| other.field(&field.name))
                .all(is_open_text);
            let constrained = model
                .meta
                .constraints
                .iter()
                .any(|found| !found.is_unique && found.fields.contains(&field.name));
            out.looked();
            let mut used: BTreeSet<&str> = words.get(&*field.name).cloned().unwrap_or_default();
            if used.is_empty()
                || !declared
                || !alone
                || constrained
                || field.kwargs.has("validators")
            {
                continue;
            }
            used.extend(field.default.as_ref().and_then(as_str));
            if used.len() < 2 {
                continue;
            }
            let shown: Vec<&str> = used.into_iter().take(4).collect();
            out.found(Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                format!(
                    "The code expects `{}` in `{}.{}`, and the column takes any text: `TextChoices` would say which there are.",
                    shown.join("`, `"), model.name, field.name
                ),
            ));
        }
    }
}

fn is_open_text(field: &Field) -> bool {
    &*field.base == "CharField"
        && !field.kwargs.has("choices")
        && !field.kwargs.open
        && !FREE.contains(&&*field.name)
}

/// The literal words that each column name is compared with, filtered by or given.
fn words_of_columns<'a>(
    cx: &Context<'a>,
    models: &[&Model],
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut add = |name: &'a str, value: &'a Expr| {
        if let Some(text) = value.as_str()
            && !text.is_empty()
            && !text.contains(' ')
            && text.len() < 30
        {
            found.entry(name).or_default().insert(text);
        }
    };
    for function in cx.head.django.functions() {
        let body = &cx.head.program.func_def(function.func).body;
        visit::exprs(body, |expr| match &expr.kind {
            ExprKind::Compare { left, rest } => {
                if let (ExprKind::Attribute { attr, .. }, [(op, right)]) =
                    (&left.kind, rest.as_slice())
                    && matches!(*op, "==" | "!=" | "in" | "not in")
                {
                    add(attr, right);
                    for item in right.elements().unwrap_or(&[]) {
                        add(attr, item);
                    }
                }
            }
            ExprKind::Call { func, args } => {
                let last = match &func.kind {
                    ExprKind::Name(name) => &**name,
                    ExprKind::Attribute { attr, .. } => &**attr,
                    _ => "",
                };
                let on_rows = matches!(
                    last,
                    "filter"
                        | "exclude"
                        | "get"
                        | "create"
                        | "get_or_create"
                        | "update"
                        | "update_or_create"
                        | "Q"
                ) || models.iter().any(|model| &*model.name == last);
                for arg in args.iter().filter(|_| on_rows) {
                    if let ArgKind::Keyword(name) = &arg.kind {
                        match name.strip_suffix("__in") {
                            Some(name) => {
                                for item in arg.value.elements().unwrap_or(&[]) {
                                    add(name, item);
                                }
                            }
                            None => add(name, &arg.value),
                        }
                    }
                }
            }
            _ => {}
        });
        visit::stmts(body, |stmt| {
            if let StmtKind::Assign { targets, value } = &stmt.kind {
                for target in targets {
                    if let ExprKind::Attribute { attr, .. } = &target.kind {
                        add(attr, value);
                    }
                }
            }
        });
    }
    found
}
