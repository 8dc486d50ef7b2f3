//! DRF417: tests that get their objects from one place.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF417",
    name: "factories-and-fixtures",
    competency: Competency::C10,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("factories_and_fixtures.md"),
    yields_to: &[],
    run,
};

use crate::python::value::Place;
use crate::python::{Base, visit};
use crate::python::{ClassId, FuncId};
use crate::source::Role;

/// Tests that use it before it is shared.
const WANTED: usize = 2;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let tests: Vec<_> = django
        .tests()
        .iter()
        .filter(|test| test.is_collected())
        .collect();
    if tests.is_empty() {
        return;
    }
    out.looked();
    let mut found: Vec<(Place, String)> = Vec::new();
    for (name, id) in fixtures(cx) {
        let users = tests
            .iter()
            .filter(|test| test.fixtures.iter().any(|used| **used == *name))
            .count();
        if users >= WANTED {
            found.push((
                place_of(cx, id),
                format!("{users} tests use the fixture `{name}`"),
            ));
        }
    }
    for (class, place, name) in factories(cx) {
        let users = tests
            .iter()
            .filter(|test| {
                test.class.into_iter().any(|own| own == class)
                    || visit::any_expr(&cx.head.program.func_def(test.func).body, |expr| {
                        expr.as_name() == Some(&name)
                    })
            })
            .count();
        if users >= WANTED {
            found.push((place, format!("{users} tests make objects with `{name}`")));
        }
    }
    for (place, message) in found {
        out.found(
            Evidence::new("factories", cx.anchor(place), format!("{message}."))
                .root("factories and fixtures"),
        );
    }
}

fn place_of(cx: &Cx<'_>, id: FuncId) -> Place {
    let info = cx.head.program.func(id);
    Place {
        file: cx.head.program.module(info.module).file,
        span: cx.head.program.func_def(id).name_span,
    }
}

/// Functions with `@pytest.fixture`, by name, the first of each.
fn fixtures(cx: &Cx<'_>) -> BTreeMap<String, FuncId> {
    let mut found = BTreeMap::new();
    for (id, info) in cx.head.program.functions() {
        let file = cx.head.tree.file(cx.head.program.module(info.module).file);
        let def = cx.head.program.func_def(id);
        let is_fixture = def.decorators.iter().any(|decorator| {
            decorator
                .as_call()
                .map_or(decorator, |(callee, _)| callee)
                .dotted()
                .is_some_and(|name| name == "fixture" || name.ends_with(".fixture"))
        });
        if is_fixture && (file.role == Role::Test || file.name() == "conftest.py") {
            found.entry(def.name.to_string()).or_insert(id);
        }
    }
    found
}

/// Classes that derive from a factory of factory_boy.
fn factories(cx: &Cx<'_>) -> Vec<(ClassId, Place, String)> {
    let mut found = Vec::new();
    for (id, info) in cx.head.program.classes() {
        let is_factory = cx
            .head
            .program
            .mro(id)
            .entries
            .iter()
            .any(|base| match base {
                Base::External(fq) => fq.starts_with("factory.") && fq.ends_with("Factory"),
                Base::Project(_) => false,
            });
        if is_factory {
            let def = cx.head.program.class_def(id);
            let place = Place {
                file: cx.head.program.module(info.module).file,
                span: def.name_span,
            };
            found.push((id, place, def.name.to_string()));
        }
    }
    found
}
