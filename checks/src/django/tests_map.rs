//! Tests: which are collected, which routes each requests, as whom, and what it asserts.

mod collect;
mod urls;
mod walk;

use std::sync::Arc;

use rayon::prelude::*;

use super::names::{Method, RouteId, TestId};
use crate::python::value::Place;
use crate::python::{ClassId, FuncId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestFramework {
    /// `unittest.TestCase` and Django's and DRF's children.
    Unittest,
    /// Functions and plain classes that pytest collects.
    Pytest,
}

/// As whom requests are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthState {
    Anonymous,
    Authenticated,
    Unknown,
}

/// A request in a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRequest {
    pub method: Method,
    /// `reverse("orders-list")` or the path with `*` for each hole.
    pub url: Arc<str>,
    /// Name given to `reverse`.
    pub reverse_name: Option<Arc<str>>,
    /// Routes it reaches; several where the path is ambiguous.
    pub routes: Vec<RouteId>,
    pub auth: AuthState,
    /// `format=` or `content_type=` is given.
    pub format: Option<Arc<str>>,
    /// Data holds a dict, list or `None` inside.
    pub nested_data: bool,
    pub bound_to: Option<Arc<str>>,
    /// In a helper that the test calls.
    pub indirect: bool,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertKind {
    /// Compares `status_code`.
    Status,
    /// Looks at the response's body.
    Body,
    /// Looks at the database: `count()`, `exists()`, `refresh_from_db`.
    Database,
    /// Counts queries.
    Queries,
    /// `pytest.raises`, `assertRaises`.
    Raises,
    /// A mock's `assert_called…`.
    Mock,
    Other,
}

/// An assertion of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestAssert {
    pub kind: AssertKind,
    /// Status codes it accepts.
    pub statuses: Vec<u16>,
    /// Index into [`Test::requests`] of the request whose response it looks at.
    pub request: Option<usize>,
    /// As written, cut after 200 bytes.
    pub text: Arc<str>,
    pub indirect: bool,
    pub place: Place,
}

/// A test function.
#[derive(Clone, Debug)]
pub struct Test {
    pub id: TestId,
    pub func: FuncId,
    pub class: Option<ClassId>,
    /// `orders/tests.py::TestOrders::test_list`
    pub label: Arc<str>,
    pub framework: TestFramework,
    /// The runner finds it; else why not.
    pub collected: Result<(), Arc<str>>,
    pub requests: Vec<TestRequest>,
    pub asserts: Vec<TestAssert>,
    /// Fixtures and `setUp` attributes it uses, by name.
    pub fixtures: Vec<Arc<str>>,
    /// `pytest.mark.<name>` and decorators.
    pub marks: Vec<Arc<str>>,
    /// Users it creates or has from fixtures and `setUp`.
    pub users: u32,
    /// May touch the database: a Django `TestCase`, a `django_db` mark or a database fixture.
    pub database: bool,
    pub skipped: Option<Arc<str>>,
    pub place: Place,
}

impl Test {
    /// Status codes asserted for a request.
    pub fn statuses(&self, request: usize) -> impl Iterator<Item = u16> {
        self.asserts
            .iter()
            .filter(move |a| a.request == Some(request))
            .flat_map(|a| a.statuses.iter().copied())
    }

    pub fn is_collected(&self) -> bool {
        self.collected.is_ok()
    }
}

/// Every test function of the tree, in file and line order, and for each route the tests that
/// request it.
pub(super) fn find(
    tree: &crate::source::Tree,
    program: &crate::python::Program,
    infra: &crate::infra::Infra,
    routes: &mut [super::routes::Route],
) -> Vec<Test> {
    let runner = collect::Runner::of(tree, infra);
    let candidates = collect::candidates(tree, program, &runner);
    let known: &[super::routes::Route] = routes;
    let read = |(at, candidate): (usize, collect::Candidate)| {
        let mut walk = walk::Walk::new(tree, program, known);
        walk.test(candidate.func);
        let def = program.func_def(candidate.func);
        let file = program.module(program.func(candidate.func).module).file;
        let path = &tree.file(file).path;
        let label = match candidate.class {
            Some(class) => format!("{path}::{}::{}", program.class_def(class).name, def.name),
            None => format!("{path}::{}", def.name),
        };
        Test {
            id: TestId(at as u32),
            func: candidate.func,
            class: candidate.class,
            label: label.into(),
            framework: candidate.framework,
            collected: candidate.collected,
            requests: walk.requests,
            asserts: walk.asserts,
            fixtures: walk.fixtures,
            marks: candidate.marks,
            users: walk.users,
            database: candidate.database,
            skipped: candidate.skipped,
            place: Place {
                file,
                span: def.name_span,
            },
        }
    };
    let tests: Vec<Test> = candidates.into_par_iter().enumerate().map(read).collect();
    for test in &tests {
        let mut reached: Vec<(usize, RouteId)> = test
            .requests
            .iter()
            .flat_map(|request| {
                request
                    .routes
                    .iter()
                    .map(|route| (request.routes.len(), *route))
            })
            .collect();
        reached.sort_unstable();
        for (_, id) in reached {
            if let Some(route) = routes.get_mut(id.0 as usize)
                && !route.tests.contains(&test.id)
                && test.is_collected()
            {
                route.tests.push(test.id);
            }
        }
    }
    tests
}

#[cfg(test)]
mod tests;
