//! DRF140: rows are chosen once, when the server starts.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::flow::{Chain, Event, Link, events};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::{AttributeKind, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF140",
    name: "queryset-frozen-at-import",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("queryset_frozen_at_import.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for view in cx.head.django.views() {
        let Some(class) = view.class else { continue };
        out.looked();
        let program = &cx.head.program;
        let file = program.module(program.class(class).module).file;
        if let Some(attribute) = program.own_attribute(class, "queryset")
            && let AttributeKind::Value(value) = attribute.kind
            && let Some(why) = frozen(value)
        {
            let place = Place {
                file,
                span: value.span,
            };
            out.found(Evidence::new(
                format!("{}.queryset", view.fq),
                cx.anchor(place),
                format!(
                    "{why} when `{}` is imported, and stays so until the server restarts.",
                    view.name
                ),
            ));
        }
        let get_queryset = view
            .method("get_queryset")
            .filter(|func| program.func(*func).class == Some(class));
        if let Some(place) = get_queryset.and_then(|func| returns_shared(cx, func)) {
            out.found(Evidence::new(
                format!("{}.get_queryset", view.fq),
                cx.anchor(place),
                "`self.queryset` is given as it is: once its rows are read, later requests see the same ones. `.all()` makes a copy.",
            ));
        }
    }
}

/// What an assignment in the class body fixes.
fn frozen(value: &Expr) -> Option<&'static str> {
    if let ExprKind::Call { func, .. } = &value.kind
        && matches!(
            func.as_name(),
            Some("list" | "len" | "sorted" | "tuple" | "set")
        )
    {
        return Some("The rows are read");
    }
    let chain = Chain::of(value);
    let manager = chain
        .links
        .iter()
        .any(|link| matches!(link, Link::Attribute { name, .. } if name.ends_with("objects")));
    let read = chain.links.iter().any(|link| {
        matches!(link, Link::Call { name, .. }
            if matches!(&***name, "get" | "first" | "last" | "count" | "exists" | "aggregate" | "latest" | "earliest"))
    });
    if manager && read {
        return Some("The rows are read");
    }
    let mut now = false;
    visit::within(value, |expr| {
        if let ExprKind::Call { func, .. } = &expr.kind
            && let Some(name) = func.dotted()
        {
            now |= [
                "timezone.now",
                "date.today",
                "datetime.now",
                "datetime.today",
                "datetime.utcnow",
                "localdate",
                "localtime",
            ]
            .iter()
            .any(|call| name.ends_with(call));
        }
    });
    now.then_some("The time is asked for")
}

/// `return self.queryset`
fn returns_shared(cx: &Context<'_>, func: crate::python::FuncId) -> Option<Place> {
    let mut found = None;
    let mut own = false;
    events(&cx.head.program.func_def(func).body, |event, _| {
        // Assigned before: the instance's own, not the class's.
        if let Event::Assign { target, .. } = event {
            own |= target.dotted().as_deref() == Some("self.queryset");
        }
        if own {
            return;
        }
        if let Event::Return(Some(value)) = event
            && value.dotted().as_deref() == Some("self.queryset")
        {
            found = found.or(Some(value.span));
        }
    });
    let file = cx.head.django.function(func)?.place.file;
    found.map(|span| Place { file, span })
}
