//! DRF240: parameters are turned into filters by hand.

use std::collections::BTreeSet;

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::{FuncId, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF240",
    name: "ad-hoc-query-filtering",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("ad_hoc_query_filtering.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut seen: BTreeSet<FuncId> = BTreeSet::new();
    for route in django.routes() {
        let Some(view) = django.view_of(route).filter(|view| view.kind.is_drf()) else {
            continue;
        };
        let functions = [
            view.method("get_queryset"),
            view.method("filter_queryset"),
            route.func,
        ];
        for func in functions.into_iter().flatten() {
            if !seen.insert(func) {
                continue;
            }
            let Some(ir) = django.function(func) else {
                continue;
            };
            out.looked();
            // Parameters that went through a serializer are typed.
            let validated = ir.serializers.iter().any(|call| call.data == Taint::Query);
            let def = cx.head.program.func_def(func);
            let reads = ir
                .request_reads
                .iter()
                .any(|read| matches!(read.from, Taint::Query | Taint::Url));
            let filters = filters_under_if(&def.body);
            if validated || !reads || filters.len() < 2 {
                continue;
            }
            let Some(first) = filters.first() else {
                continue;
            };
            let at = |expr: &Expr| Place {
                file: ir.place.file,
                span: expr.span,
            };
            let read = ir.request_reads.first().map(|read| read.place);
            let mut evidence = Evidence::new(
                ir.fq.to_string(),
                cx.anchor(read.unwrap_or_else(|| at(first))),
                format!(
                    "{} filters are made from parameters by hand: none is typed, and a value that does not convert is a 500 or no rows. A `FilterSet` says what may be asked and answers 400.",
                    filters.len()
                ),
            );
            for filter in filters.iter().take(4) {
                evidence = evidence.also(cx.anchor(at(filter)).note("a filter"));
            }
            out.found(evidence.root(ir.fq.to_string()));
        }
    }
}

/// `rows = rows.filter(…)` under an `if`, once for each.
fn filters_under_if(body: &[Stmt]) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = Vec::new();
    visit::stmts(body, |stmt| {
        let StmtKind::If { .. } = &stmt.kind else {
            return;
        };
        visit::blocks(stmt, &mut |block| {
            for inner in block {
                let StmtKind::Assign { targets, value } = &inner.kind else {
                    continue;
                };
                let (Some(target), Some((func, args))) =
                    (targets.first().and_then(Expr::as_name), value.as_call())
                else {
                    continue;
                };
                let refines = matches!(
                    &func.kind,
                    ExprKind::Attribute { value, attr }
                        if matches!(&**attr, "filter" | "exclude") && value.as_name() == Some(target)
                );
                let constant = args.iter().all(|arg| arg.value.as_str().is_some());
                if refines && !constant {
                    found.push(value);
                }
            }
        });
    });
    found
}
