//! DRF131: a view that no URL leads to.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::routes::Target;
use crate::django::views::ViewKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ExprKind, Stmt, StmtKind};
use crate::python::visit;
use crate::source::{FileId, Role};
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF131",
    name: "view-unrouted",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("view_unrouted.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let rooted = django.patterns().iter().any(|pattern| pattern.mounted);
    let open = django
        .patterns()
        .iter()
        .any(|pattern| matches!(pattern.view, Target::Unknown(_)));
    if !rooted {
        out.not_applicable("no settings say where the URLs begin");
        return;
    }
    let unmounted: BTreeSet<FileId> = django
        .unmounted_urlconfs()
        .iter()
        .map(|(_, place)| place.file)
        .collect();
    let used = used_names(cx, &unmounted);
    for view in django.views() {
        let drf = matches!(
            view.kind,
            ViewKind::ViewSet | ViewKind::Generic | ViewKind::ApiView | ViewKind::ApiFunction
        );
        let Some(place) = view.place.filter(|_| drf && view.is_project()) else {
            continue;
        };
        let role = cx.head.tree.file(place.file).role;
        let helper = view.name.starts_with("Base")
            || view.name.starts_with('_')
            || ["Base", "Mixin", "Abstract"]
                .iter()
                .any(|end| view.name.ends_with(end))
            || view.name.starts_with("Abstract");
        if view.is_base || helper || view.handlers.is_empty() || !role.is_product_code() {
            continue;
        }
        out.looked();
        if django.routes_of(view.id).next().is_some() || used.contains(&*view.name) {
            continue;
        }
        if open {
            out.unknown(
                view.fq.to_string(),
                "some URL patterns lead to a view that was not understood",
            );
            continue;
        }
        out.found(Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!("No URL leads to `{}`: nobody can call it.", view.name),
        ));
    }
}

/// Names that any code uses but the URL configurations that nothing includes.
fn used_names<'a>(cx: &Context<'a>, unmounted: &BTreeSet<FileId>) -> BTreeSet<&'a str> {
    let mut used = BTreeSet::new();
    let program = &cx.head.program;
    for (id, module) in program.modules() {
        let role = cx.head.tree.file(module.file).role;
        if !unmounted.contains(&module.file) && role != Role::Test {
            names(program.body(id), &mut used);
        }
    }
    used
}

fn names<'a>(body: &'a [Stmt], used: &mut BTreeSet<&'a str>) {
    visit::exprs(body, |expr| match &expr.kind {
        ExprKind::Name(name) => {
            used.insert(&**name);
        }
        ExprKind::Attribute { attr, .. } => {
            used.insert(&**attr);
        }
        ExprKind::Str(text) => {
            used.insert(text.rsplit('.').next().unwrap_or(text));
        }
        _ => {}
    });
    visit::stmts(body, |stmt| match &stmt.kind {
        StmtKind::Function(def) => names(&def.body, used),
        StmtKind::Class(def) => names(&def.body, used),
        _ => {}
    });
}
