//! The URL that a test asks for, and the routes it leads to.
//!
//! A URL is worked out from literals, f-strings, `reverse(…)`, constants and helpers; what is not
//! known is a hole, `*`. Routes are matched by name or by unifying the path with their templates.

use std::sync::Arc;

use crate::django::names::{Method, RouteId, as_str};
use crate::django::routes::Route;
use crate::python::Local;
use crate::python::syntax::{ArgKind, Expr, ExprKind, FPart, StmtKind, keyword, positional};
use crate::python::{FuncId, Program, Scope, Symbol, visit};

/// Constants and helpers are followed this far.
const MAX_DEPTH: u32 = 6;

/// A URL as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// With `*` for each hole, without a query string.
    pub(super) path: Arc<str>,
    pub(super) reverse_name: Option<Arc<str>>,
}

impl Url {
    fn path(text: &str) -> Self {
        let path = text.split(['?', '#']).next().unwrap_or("");
        // `http://testserver/api/…`
        let path = match path.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => path,
        };
        Self {
            path: path.into(),
            reverse_name: None,
        }
    }

    /// Nothing but holes.
    fn is_known(&self) -> bool {
        self.reverse_name.is_some() || self.path.chars().any(char::is_alphanumeric)
    }
}

/// Works out the URL of an argument. `lookup` knows what local names hold.
pub(super) fn url(
    program: &Program,
    scope: Scope,
    expr: &Expr,
    lookup: &dyn Fn(&str) -> Option<Url>,
) -> Option<Url> {
    let found = url_within(program, scope, expr, lookup, MAX_DEPTH)?;
    found.is_known().then_some(found)
}

fn url_within(
    program: &Program,
    scope: Scope,
    expr: &Expr,
    lookup: &dyn Fn(&str) -> Option<Url>,
    depth: u32,
) -> Option<Url> {
    let depth = depth.checked_sub(1)?;
    let part = |part: &Expr| -> String {
        url_within(program, scope, part, lookup, depth)
            .map_or_else(|| "*".to_owned(), |url| url.path.to_string())
    };
    match &expr.kind {
        ExprKind::Str(text) => Some(Url::path(text)),
        ExprKind::FString(parts) => {
            let text: String = parts
                .iter()
                .map(|piece| match piece {
                    FPart::Text(text) => text.to_string(),
                    FPart::Hole(hole) => part(hole),
                })
                .collect();
            Some(Url::path(&text))
        }
        ExprKind::BinOp {
            left,
            op: "+",
            right,
        } => {
            let known = url_within(program, scope, left, lookup, depth);
            if let Some(Url {
                reverse_name: Some(name),
                ..
            }) = &known
            {
                // `reverse("x") + "?page=2"`
                return Some(Url {
                    path: "*".into(),
                    reverse_name: Some(Arc::clone(name)),
                });
            }
            Some(Url::path(&format!("{}{}", part(left), part(right))))
        }
        ExprKind::BinOp { left, op: "%", .. } => {
            let text = left.as_str()?;
            let holes = ["%s", "%d", "%i", "%r"]
                .iter()
                .fold(text.to_owned(), |text, hole| text.replace(hole, "*"));
            Some(Url::path(&holes))
        }
        ExprKind::IfExp { body, .. } => url_within(program, scope, body, lookup, depth),
        ExprKind::Call { func, args } => {
            if let ExprKind::Attribute { value, attr } = &func.kind
                && &**attr == "format"
            {
                return Some(Url::path(&braces_to_holes(&part(value))));
            }
            let callee = program.resolve(scope, func);
            let name = program.fq(&callee);
            let is_reverse = name
                .as_deref()
                .is_some_and(|name| name.ends_with(".reverse") || name.ends_with("reverse_lazy"));
            if is_reverse {
                let view = positional(args, 0).or_else(|| keyword(args, "viewname"))?;
                let name = text_of(program, scope, view, lookup, depth)?;
                return Some(Url {
                    path: "*".into(),
                    reverse_name: Some(name),
                });
            }
            match callee {
                Symbol::Func(id) => returned_url(program, id, args, depth),
                _ => {
                    // `self.url_for(…)`
                    let ExprKind::Attribute { value, attr } = &func.kind else {
                        return None;
                    };
                    if value.as_name() != Some("self") {
                        return None;
                    }
                    match program.attribute(scope.class?, attr)?.kind {
                        crate::python::link::AttributeKind::Method(id) => {
                            returned_url(program, id, args, depth)
                        }
                        _ => None,
                    }
                }
            }
        }
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let dotted = expr.dotted()?;
            if let Some(url) = lookup(&dotted) {
                return Some(url);
            }
            if let (Some(attr), Some(class)) = (
                dotted
                    .strip_prefix("self.")
                    .or_else(|| dotted.strip_prefix("cls.")),
                scope.class,
            ) && let Some(found) = program.attribute(class, attr)
                && let crate::python::link::AttributeKind::Value(value) = found.kind
            {
                return url_within(program, program.scope_of_class(class), value, lookup, depth);
            }
            if let Some(text) = as_str(&program.eval(scope, expr)) {
                return Some(Url::path(text));
            }
            let (within, value) = program.variable_expr(&program.resolve(scope, expr))?;
            url_within(program, within, value, lookup, depth)
        }
        _ => None,
    }
}

/// The name given to `reverse`, with `*` for holes.
fn text_of(
    program: &Program,
    scope: Scope,
    expr: &Expr,
    lookup: &dyn Fn(&str) -> Option<Url>,
    depth: u32,
) -> Option<Arc<str>> {
    if let Some(text) = as_str(&program.eval(scope, expr)) {
        return Some(text.into());
    }
    Some(url_within(program, scope, expr, lookup, depth)?.path)
}

/// The URL that a helper returns; its parameters are holes.
fn returned_url(
    program: &Program,
    id: FuncId,
    args: &[crate::python::syntax::Arg],
    depth: u32,
) -> Option<Url> {
    let _ = args
        .iter()
        .filter(|arg| matches!(arg.kind, ArgKind::Positional));
    let scope = program.scope_of_func(id);
    let mut found = None;
    visit::stmts(&program.func_def(id).body, |statement| {
        if let (StmtKind::Return(Some(value)), None) = (&statement.kind, &found) {
            let lookup = |name: &str| {
                let locals = program.local(scope, name, value.span.start);
                locals.into_iter().find_map(|local| match local {
                    Local::Value(within, value) => {
                        url_within(program, within, value, &|_| None, depth)
                    }
                    _ => None,
                })
            };
            found = url_within(program, scope, value, &lookup, depth);
        }
    });
    found
}

/// `/orders/{}/` → `/orders/*/`
fn braces_to_holes(text: &str) -> String {
    let mut out = String::new();
    let mut within = false;
    for c in text.chars() {
        match c {
            '{' => within = true,
            '}' if within => {
                within = false;
                out.push('*');
            }
            _ if within => {}
            c => out.push(c),
        }
    }
    out
}

/// Routes that a request reaches: by name, else by path; of several the most literal ones.
pub(super) fn matching(routes: &[Route], method: Method, url: &Url) -> Vec<RouteId> {
    let of_method = || {
        routes
            .iter()
            .filter(|route| route.method == method || route.method == Method::Any)
    };
    if let Some(name) = &url.reverse_name {
        let exact: Vec<RouteId> = of_method()
            .filter(|route| route.name.as_ref() == Some(name))
            .map(|route| route.id)
            .collect();
        if !exact.is_empty() || !name.contains('*') {
            return exact;
        }
        return of_method()
            .filter(|route| route.name.as_deref().is_some_and(|full| glob(name, full)))
            .map(|route| route.id)
            .collect();
    }
    let mut best: Vec<(usize, RouteId)> = of_method()
        .filter_map(|route| Some((unify(&url.path, route)?, route.id)))
        .collect();
    let most = best.iter().map(|(literal, _)| *literal).max();
    best.retain(|(literal, _)| Some(*literal) == most);
    best.into_iter().map(|(_, id)| id).collect()
}

/// How many literal segments agree; `None`: the path does not lead to the route.
fn unify(path: &str, route: &Route) -> Option<usize> {
    let segments = |text: &str| -> Vec<String> {
        text.trim_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect()
    };
    let mut asked = segments(path);
    let template = segments(&route.template);
    // A hole in front stands for a prefix of unknown length: `f"{BASE}/orders/"`.
    if asked.first().is_some_and(|first| first == "*") && asked.len() < template.len() {
        let missing = template.len() - asked.len();
        asked.splice(0..1, std::iter::repeat_n("*".to_owned(), missing + 1));
    }
    if asked.len() != template.len() {
        return None;
    }
    let mut literal = 0;
    for (asked, wanted) in asked.iter().zip(&template) {
        if let Some(param) = wanted.strip_prefix('{') {
            let name = param.trim_end_matches('}');
            let is_int = route
                .params
                .iter()
                .any(|p| &*p.name == name && p.converter.as_deref() == Some("int"));
            let fits = asked.contains('*') || !is_int || asked.chars().all(|c| c.is_ascii_digit());
            if !fits || asked.is_empty() {
                return None;
            }
        } else if wanted.contains('{') {
            // `{id}.json`: a part of a segment.
        } else if asked == wanted {
            literal += 1;
        } else if !asked.contains('*') || !glob(asked, wanted) {
            return None;
        }
    }
    Some(literal)
}

/// `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    let parts: Vec<&str> = pattern.split('*').collect();
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.iter().enumerate() {
        if at == 0 {
            match rest.strip_prefix(part) {
                Some(after) => rest = after,
                None => return false,
            }
            if last == 0 {
                return rest.is_empty();
            }
        } else if at == last {
            return rest.ends_with(part);
        } else {
            match rest.find(part) {
                Some(found) => rest = rest.get(found + part.len()..).unwrap_or(""),
                None => return false,
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_match_any_text() {
        assert!(glob("order-*", "order-list"));
        assert!(glob("*", "anything"));
        assert!(!glob("a*b", "ac"));
        assert_eq!(braces_to_holes("/orders/{}/x/{id}/"), "/orders/*/x/*/");
        assert_eq!(
            &*Url::path("http://testserver/api/x/?page=2").path,
            "/api/x/"
        );
    }
}
