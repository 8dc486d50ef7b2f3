//! DRF150: a view names a base that another of its bases brings.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::stubs::stubs;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::{Base, ClassId};

pub(super) static CHECK: Check = Check {
    id: "DRF150",
    name: "redundant-view-base",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("redundant_view_base.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for view in cx.head.django.views() {
        let Some(class) = view.class else { continue };
        let Some(place) = view.place else { continue };
        out.looked();
        let bases: Vec<&Base> = cx.head.program.bases(class).iter().flatten().collect();
        let Some((redundant, first, by, second)) = redundant(cx, &bases) else {
            continue;
        };
        // A project's class between the two may want this order.
        let (from, to) = (first.min(second), first.max(second));
        let between = bases
            .iter()
            .take(to)
            .skip(from + 1)
            .any(|base| matches!(base, Base::Project(_)));
        if between {
            continue;
        }
        let breaks = first < second;
        let (redundant, by) = (short(cx, redundant), short(cx, by));
        let message = if breaks {
            format!(
                "`{}` names `{redundant}` before `{by}`, which derives from it: Python finds no order of methods and raises `TypeError` at import.",
                view.name
            )
        } else {
            format!(
                "`{}` names `{redundant}`, which `{by}` already brings.",
                view.name
            )
        };
        out.found(
            Evidence::new(view.fq.to_string(), cx.anchor(place), message).severity(if breaks {
                Severity::High
            } else {
                Severity::Info
            }),
        );
    }
}

type Found<'a> = (&'a Base, usize, &'a Base, usize);

/// A base that another one derives from, and where both stand.
fn redundant<'a>(cx: &Context<'_>, bases: &[&'a Base]) -> Option<Found<'a>> {
    for (at, base) in bases.iter().enumerate() {
        for (other_at, other) in bases.iter().enumerate() {
            if at != other_at && derives(cx, other, base) {
                return Some((base, at, other, other_at));
            }
        }
    }
    None
}

fn derives(cx: &Context<'_>, from: &Base, ancestor: &Base) -> bool {
    let external = |fq: &str| match ancestor {
        Base::External(wanted) => {
            stubs().canonical(fq) != stubs().canonical(wanted)
                && stubs().is_a(fq, wanted) == Some(true)
        }
        Base::Project(_) => false,
    };
    match from {
        Base::External(fq) => external(fq),
        Base::Project(class) => brings(cx, *class, ancestor),
    }
}

fn brings(cx: &Context<'_>, class: ClassId, ancestor: &Base) -> bool {
    cx.head
        .program
        .mro(class)
        .entries
        .iter()
        .skip(1)
        .any(|entry| match (entry, ancestor) {
            (Base::Project(one), Base::Project(other)) => one == other,
            (Base::External(fq), Base::External(wanted)) => stubs().is_a(fq, wanted) == Some(true),
            _ => false,
        })
}

fn short(cx: &Context<'_>, base: &Base) -> String {
    let fq = match base {
        Base::Project(class) => cx.head.program.class(*class).fq.to_string(),
        Base::External(fq) => fq.to_string(),
    };
    fq.rsplit('.').next().unwrap_or(&fq).to_owned()
}
