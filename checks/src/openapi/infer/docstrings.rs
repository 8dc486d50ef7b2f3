//! Descriptions from docstrings: that of the handler, else that of the view.
//!
//! Cleans them as Python's `inspect.cleandoc` does.

use super::endpoints::Endpoint;
use crate::facts::Facts;
use crate::python::mro::Base;
use crate::python::syntax::{ExprKind, Stmt, StmtKind};
use crate::python::{ClassId, FuncId};

/// The description of an endpoint's operation.
pub(super) fn of_endpoint(facts: &Facts, endpoint: &Endpoint<'_>) -> Option<String> {
    let route = endpoint.route;
    let view = endpoint.view;
    if view.func.is_none()
        && let Some(found) = route.func.and_then(|f| of_function(facts, f))
    {
        return Some(found);
    }
    if let Some(func) = view.func {
        return of_function(facts, func);
    }
    view.class.and_then(|class| of_class(facts, class))
}

/// The docstring of a function.
pub(super) fn of_function(facts: &Facts, func: FuncId) -> Option<String> {
    docstring(&facts.program.func_def(func).body)
}

/// The docstring of a class or of the nearest base in the project.
pub(super) fn of_class(facts: &Facts, class: ClassId) -> Option<String> {
    for entry in &facts.program.mro(class).entries {
        match entry {
            Base::Project(id) => {
                if let Some(text) = docstring(&facts.program.class_def(*id).body) {
                    return Some(text);
                }
            }
            // Documentation of the framework is not that of the view.
            Base::External(name) if name.starts_with("rest_framework.") => return None,
            Base::External(_) => {}
        }
    }
    None
}

/// The docstring of a body.
pub(super) fn docstring(body: &[Stmt]) -> Option<String> {
    let StmtKind::Expr(expr) = &body.first()?.kind else {
        return None;
    };
    let ExprKind::Str(text) = &expr.kind else {
        return None;
    };
    Some(clean(text)).filter(|text| !text.is_empty())
}

/// `inspect.cleandoc`, and no blanks at the ends of lines.
pub(super) fn clean(text: &str) -> String {
    let expanded = text.replace('\t', "        ");
    let lines: Vec<&str> = expanded.split('\n').collect();
    let margin = lines
        .iter()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut out: Vec<String> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line = if at == 0 {
            line.trim_start()
        } else {
            line.get(margin..).unwrap_or("")
        };
        out.push(line.trim_end().to_owned());
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    let start = out.iter().position(|line| !line.is_empty()).unwrap_or(0);
    out.drain(..start);
    out.join("\n")
}
