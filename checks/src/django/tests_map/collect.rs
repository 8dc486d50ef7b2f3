//! Which functions are tests, and whether a runner would find them.
//!
//! Django's runner takes `TestCase` methods in files named `test*.py` (DiscoverRunner's default
//! pattern); pytest takes functions and classes in files that match `python_files`. Where the
//! project says nothing of pytest, only the first counts.

use std::sync::Arc;

use globset::Glob;

use super::TestFramework;
use crate::infra::Infra;
use crate::python::syntax::{Expr, FunctionDef};
use crate::python::{Base, ClassId, FuncId, Program, Scope};
use crate::source::{Role, Tree};

/// How the project's tests are run.
pub(super) struct Runner {
    /// pytest is declared or configured.
    pytest: bool,
    python_files: Vec<String>,
}

/// A test function before anything is known about what it does.
pub(super) struct Candidate {
    pub(super) func: FuncId,
    pub(super) class: Option<ClassId>,
    pub(super) framework: TestFramework,
    pub(super) collected: Result<(), Arc<str>>,
    pub(super) database: bool,
    pub(super) marks: Vec<Arc<str>>,
    pub(super) skipped: Option<Arc<str>>,
}

impl Runner {
    pub(super) fn of(tree: &Tree, infra: &Infra) -> Self {
        let declared = ["pytest", "pytest-django"]
            .iter()
            .any(|name| infra.dependencies.has(name));
        let mut pytest = declared;
        let mut python_files = Vec::new();
        for (_, file) in tree.files() {
            let Some(text) = file.text() else { continue };
            let section = match file.name() {
                "pytest.ini" | ".pytest.ini" => "[pytest]",
                "setup.cfg" => "[tool:pytest]",
                "tox.ini" => "[pytest]",
                "pyproject.toml" => "[tool.pytest.ini_options]",
                "conftest.py" => {
                    pytest = true;
                    continue;
                }
                _ => continue,
            };
            let Some((_, rest)) = text.split_once(section) else {
                continue;
            };
            pytest = true;
            let body = rest.split("\n[").next().unwrap_or("");
            let mut within = false;
            for line in body.lines() {
                let value = match line.split_once('=') {
                    Some((key, value)) if key.trim() == "python_files" => {
                        within = true;
                        value
                    }
                    Some(_) => {
                        within = false;
                        continue;
                    }
                    None if within => line,
                    None => continue,
                };
                let words = value.split(|c: char| {
                    c.is_whitespace() || matches!(c, ',' | '[' | ']' | '"' | '\'')
                });
                python_files.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
            }
        }
        if python_files.is_empty() {
            python_files = vec!["test_*.py".to_owned(), "*_test.py".to_owned()];
        }
        Self {
            pytest,
            python_files,
        }
    }

    fn collects(&self, framework: TestFramework, name: &str) -> Result<(), Arc<str>> {
        let by_pytest = self.pytest
            && self.python_files.iter().any(|pattern| {
                Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(name))
            });
        let by_django = framework == TestFramework::Unittest && name.starts_with("test");
        if by_pytest || by_django {
            return Ok(());
        }
        Err(match (framework, self.pytest) {
            (TestFramework::Pytest, false) => {
                "it is written for pytest, and the project does not declare pytest".into()
            }
            (TestFramework::Pytest, true) => format!(
                "`{name}` does not match pytest's `python_files` ({})",
                self.python_files.join(", ")
            )
            .into(),
            (TestFramework::Unittest, _) => {
                format!("`{name}` does not match `test*.py`, the pattern of Django's runner").into()
            }
        })
    }
}

/// All test functions of the tree in file and line order.
pub(super) fn candidates(tree: &Tree, program: &Program, runner: &Runner) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (id, info) in program.functions() {
        let def = program.func_def(id);
        let file = tree.file(program.module(info.module).file);
        if file.role != Role::Test || !def.name.starts_with("test") {
            continue;
        }
        let (framework, database) = match info.class {
            Some(class) => match unittest_base(program, class) {
                Some(base) => (
                    TestFramework::Unittest,
                    !base.ends_with("SimpleTestCase") && !base.starts_with("unittest."),
                ),
                None if program.class_def(class).name.starts_with("Test") => {
                    (TestFramework::Pytest, false)
                }
                // A mixin's tests are collected through the classes that inherit it.
                None => continue,
            },
            None if is_module_level(program, id) => (TestFramework::Pytest, false),
            None => continue,
        };
        let scope = program.scope_around_func(id);
        let mut marks = marks(program, scope, def);
        if let Some(class) = info.class {
            let around = program.scope_around_class(class);
            marks.extend(
                program
                    .class_def(class)
                    .decorators
                    .iter()
                    .filter_map(|d| mark(program, around, d)),
            );
        }
        let skipped = marks
            .iter()
            .find(|mark| matches!(&***mark, "skip" | "unittest.skip"))
            .cloned();
        let fixture = def
            .params
            .iter()
            .any(|param| matches!(&*param.name, "db" | "transactional_db" | "django_db_setup"));
        let database = database || fixture || marks.iter().any(|mark| &**mark == "django_db");
        let collected = runner.collects(framework, file.name());
        found.push(Candidate {
            func: id,
            class: info.class,
            framework,
            collected,
            database,
            marks,
            skipped,
        });
    }
    found
}

/// The external test case class in the MRO.
fn unittest_base(program: &Program, class: ClassId) -> Option<Arc<str>> {
    program
        .mro(class)
        .entries
        .iter()
        .find_map(|base| match base {
            Base::External(fq)
                if fq.ends_with("TestCase") || fq.ends_with("LiveServerTestCase") =>
            {
                Some(Arc::clone(fq))
            }
            _ => None,
        })
}

/// Defined in no other function.
fn is_module_level(program: &Program, id: FuncId) -> bool {
    let info = program.func(id);
    let module = &program.module(info.module).name;
    let def = program.func_def(id);
    *info.fq == *format!("{module}.{}", def.name)
}

fn marks(program: &Program, scope: Scope, def: &FunctionDef) -> Vec<Arc<str>> {
    def.decorators
        .iter()
        .filter_map(|decorator| mark(program, scope, decorator))
        .collect()
}

/// `pytest.mark.django_db(…)` → `django_db`; any other decorator by its full name.
fn mark(program: &Program, scope: Scope, decorator: &Expr) -> Option<Arc<str>> {
    let callee = decorator.as_call().map_or(decorator, |(callee, _)| callee);
    let symbol = program.resolve(scope, callee);
    let name = program
        .fq(&symbol)
        .map_or_else(|| callee.dotted(), |fq| Some(fq.to_string()))?;
    Some(name.strip_prefix("pytest.mark.").unwrap_or(&name).into())
}
