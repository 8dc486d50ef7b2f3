//! DRF647: a column of words knows its words, and the code uses their names.

use crate::catalog::words::says;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::django::{Field, Model};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::FuncId;
use crate::python::syntax::{Expr, ExprKind, StmtKind};
use crate::python::value::Val;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF647",
    name: "constrained-vocabulary",
    competency: Competency::C17,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("constrained_vocabulary.md"),
    yields_to: &[],
    run,
};

/// Names of columns that hold one of a few words.
const VOCABULARY: [&str; 14] = [
    "status", "state", "type", "kind", "role", "level", "priority", "category", "method", "gender",
    "location", "mode", "stage", "currency",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            if !says(&field.name, &VOCABULARY) || seen.contains(&place) {
                continue;
            }
            let (Some(choices), Some(choices_arg)) = (&field.choices, field.kwargs.get("choices"))
            else {
                continue;
            };
            seen.push(place);
            out.looked();
            let named = choices_arg.text.contains('.') || !choices_arg.text.starts_with(['[', '(']);
            let default_fits = match &field.default {
                Some(default @ Val::Known(_)) => {
                    let text = field.kwargs.get("default").map_or("", |kwarg| &*kwarg.text);
                    let spelt_out = text.len() > 2 && text.starts_with(['"', '\'']);
                    !spelt_out && (choices.contains(default) || as_str(default) == Some(""))
                }
                _ => true,
            };
            if choices.len() < 2
                || !named
                || !default_fits
                || compares_raw(cx, model, field, choices)
            {
                continue;
            }
            let checked = model.meta.constraints.iter().find(|constraint| {
                constraint.class.name() == "CheckConstraint"
                    && constraint.fields.contains(&field.name)
            });
            let mut evidence = Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                format!(
                    "`{}.{}` takes one of {} named values{}.",
                    model.name,
                    field.name,
                    choices.len(),
                    if checked.is_some() {
                        ", and the database checks it"
                    } else {
                        ""
                    }
                ),
            )
            .root("constrained vocabulary");
            if let Some(checked) = checked {
                evidence = evidence.also(cx.anchor(checked.place).note("the constraint"));
            }
            out.found(evidence);
        }
    }
}

/// Queries and writes name a value by its text.
fn compares_raw(cx: &Cx<'_>, model: &Model, field: &Field, choices: &[Val]) -> bool {
    let is_value = |text: &str| choices.iter().any(|choice| as_str(choice) == Some(text));
    let is_raw = |text: &str| {
        let text = text.trim();
        let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
        quoted('\'').or_else(|| quoted('"')).is_some_and(is_value)
    };
    let is_raw_expr = |expr: &Expr| expr.as_str().is_some_and(is_value);
    cx.head.django.functions().any(|function| {
        let queried = function
            .queries
            .iter()
            .filter(|query| query.qs.model == Some(model.id))
            .flat_map(|query| &query.qs.conditions)
            .any(|condition| condition.path == field.name && is_raw(cx.text(condition.place)));
        let written = function
            .writes
            .iter()
            .filter(|write| write.model == Some(model.id))
            .filter_map(|write| write.kwargs.get(&field.name))
            .any(|kwarg| is_raw(&kwarg.text));
        queried || written || attribute_meets_raw(cx, function.func, field, &is_raw_expr)
    })
}

/// `order.status == "paid"`, `order.status = "paid"`.
fn attribute_meets_raw(
    cx: &Cx<'_>,
    func: FuncId,
    field: &Field,
    is_raw: &dyn Fn(&Expr) -> bool,
) -> bool {
    let is_it =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Attribute { attr, .. } if *attr == field.name);
    let body = &cx.head.program.func_def(func).body;
    let compared = visit::any_expr(body, |expr| {
        let ExprKind::Compare { left, rest } = &expr.kind else {
            return false;
        };
        let sides = || std::iter::once(&**left).chain(rest.iter().map(|(_, side)| side));
        sides().any(is_it) && sides().any(is_raw)
    });
    let mut assigned = false;
    visit::stmts(body, |stmt| {
        if let StmtKind::Assign { targets, value } = &stmt.kind {
            assigned |= is_raw(value) && targets.iter().any(is_it);
        }
    });
    compared || assigned
}
