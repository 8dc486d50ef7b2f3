//! DRF111: a field is written down and does not become one.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, StmtKind};
use crate::python::value::Place;
use crate::python::{ClassId, Symbol};

pub(super) static CHECK: Check = Check {
    id: "DRF111",
    name: "field-declaration-discarded",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("field_declaration_discarded.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let serializers = django
        .serializers()
        .iter()
        .map(|found| (found.class, &found.fq, true));
    let models = django
        .models()
        .iter()
        .map(|found| (found.class, &found.fq, false));
    for (class, fq, is_serializer) in serializers.chain(models) {
        let Some(class) = class else { continue };
        out.looked();
        let file = cx
            .head
            .program
            .module(cx.head.program.class(class).module)
            .file;
        let mut assigned: Vec<&str> = Vec::new();
        for stmt in &cx.head.program.class_def(class).body {
            let message = match &stmt.kind {
                StmtKind::Expr(expr) if is_field(cx, class, expr) => Some(
                    "A field is made and not assigned to a name: the class does not have it."
                        .to_owned(),
                ),
                StmtKind::Assign { targets, value } => {
                    let name = targets.first().and_then(|target| target.as_name());
                    match (&value.kind, name) {
                        (ExprKind::Tuple(items), Some(name))
                            if items.len() == 1
                                && items.iter().all(|item| is_field(cx, class, item)) =>
                        {
                            Some(format!(
                                "The comma at the end makes `{name}` a tuple, which is no field."
                            ))
                        }
                        (_, Some(name)) if is_field(cx, class, value) => {
                            let again = assigned.contains(&name);
                            assigned.push(name);
                            again.then(|| {
                                format!("`{name}` is declared twice: only this declaration counts.")
                            })
                        }
                        _ => None,
                    }
                }
                StmtKind::AnnAssign {
                    target,
                    annotation,
                    value: None,
                } if is_serializer && is_field_class(cx, class, annotation) => Some(format!(
                    "`{}` is only annotated: without `=` there is no field.",
                    target.as_name().unwrap_or("this")
                )),
                _ => None,
            };
            if let Some(message) = message {
                let place = Place {
                    file,
                    span: stmt.span,
                };
                out.found(Evidence::new(
                    format!("{fq}.{}", stmt.span.start),
                    cx.anchor(place),
                    message,
                ));
            }
        }
    }
}

fn is_field(cx: &Context<'_>, class: ClassId, expr: &Expr) -> bool {
    expr.as_call()
        .is_some_and(|(func, _)| is_field_class(cx, class, func))
}

/// A class of fields of Django or DRF, by its name.
fn is_field_class(cx: &Context<'_>, class: ClassId, expr: &Expr) -> bool {
    let scope = cx.head.program.scope_of_class(class);
    match cx.head.program.resolve(scope, expr) {
        Symbol::External(fq) => {
            let last = fq.rsplit('.').next().unwrap_or("");
            (fq.starts_with("rest_framework.") || fq.starts_with("django.db.models"))
                && (last.ends_with("Field") || last == "ForeignKey")
        }
        _ => false,
    }
}
