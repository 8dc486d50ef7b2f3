//! `@extend_schema` and its family: what the author says by hand, which goes before what is worked
//! out.
//!
//! Reads decorators of handlers and views in the order in which drf-spectacular lets them win:
//! `@extend_schema_view`, then the method's own, then the class's.

use std::sync::Arc;

use super::bodies::{Answer, Answers, Body};
use super::endpoints::Endpoint;
use super::node::Node;
use super::parameters::Parameter;
use super::spelled::Spelled;
use crate::django::names::Method;
use crate::python::mro::Base;
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, keyword};
use crate::python::value::Place;
use crate::python::{ClassId, FuncId, Scope};

/// What one operation is told, the strongest word of each kind.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    pub(super) operation_id: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) deprecated: bool,
    pub(super) exclude: Option<bool>,
    pub(super) request: Option<Vec<(Option<String>, Body)>>,
    pub(super) answers: Option<Answers>,
    /// `None`: this parameter is taken out.
    pub(super) parameters: Vec<(String, String, Option<Parameter>)>,
    pub(super) auth: Option<Node>,
    pub(super) filters: Option<bool>,
    pub(super) operation: Option<Node>,
    pub(super) external_docs: Option<Node>,
    pub(super) extensions: Option<Node>,
    /// The nearest decorator that says something.
    pub(super) place: Option<Place>,
}

/// One `extend_schema(…)`.
#[derive(Clone, Copy)]
struct Said<'f> {
    scope: Scope,
    args: &'f [Arg],
    place: Place,
}

/// What the decorators of an endpoint say.
pub(super) fn overrides(spelled: &Spelled<'_>, endpoint: &Endpoint<'_>) -> Overrides {
    let mut out = Overrides::default();
    for said in all(spelled, endpoint) {
        apply(spelled, endpoint, &mut out, said);
    }
    out
}

/// Strongest first.
fn all<'f>(spelled: &Spelled<'f>, endpoint: &Endpoint<'f>) -> Vec<Said<'f>> {
    let mut out = Vec::new();
    if let Some(func) = endpoint.view.func {
        decorators(spelled, func, "api_view", &mut out);
        return out;
    }
    let Some(class) = endpoint.view.class else {
        return out;
    };
    let program = &spelled.facts.program;
    let name: Arc<str> = match &endpoint.route.action {
        Some(action) if endpoint.view.kind == crate::django::views::ViewKind::ViewSet => {
            Arc::clone(action)
        }
        _ => endpoint.route.method.handler().into(),
    };
    for entry in &program.mro(class).entries {
        let Base::Project(id) = entry else { continue };
        views(spelled, *id, &name, &mut out);
        let own = program
            .methods(*id)
            .find(|f| program.func_def(*f).name == name);
        if let Some(func) = own {
            decorators(spelled, func, "action", &mut out);
            break;
        }
    }
    for entry in &program.mro(class).entries {
        let Base::Project(id) = entry else { continue };
        let scope = program.scope_around_class(*id);
        for decorator in &program.class_def(*id).decorators {
            out.extend(said(spelled, scope, decorator));
        }
    }
    out
}

/// Entries of `@extend_schema_view` on a class.
fn views<'f>(spelled: &Spelled<'f>, class: ClassId, name: &str, out: &mut Vec<Said<'f>>) {
    let program = &spelled.facts.program;
    let scope = program.scope_around_class(class);
    for decorator in &program.class_def(class).decorators {
        let (scope, expr) = spelled.follow(scope, decorator);
        let Some((func, args)) = expr.as_call() else {
            continue;
        };
        if spelled.is_ours(scope, func, "extend_schema_view")
            && let Some(given) = keyword(args, name)
        {
            out.extend(said(spelled, scope, given));
        }
    }
}

/// `@extend_schema` above the decorator that would forget it, outermost first.
fn decorators<'f>(spelled: &Spelled<'f>, func: FuncId, above: &str, out: &mut Vec<Said<'f>>) {
    let program = &spelled.facts.program;
    let scope = program.scope_around_func(func);
    let all = &program.func_def(func).decorators;
    let end = all
        .iter()
        .position(|d| {
            let named = d.as_call().map_or(d, |(func, _)| func);
            named
                .dotted()
                .is_some_and(|dotted| dotted.rsplit('.').next() == Some(above))
        })
        .unwrap_or(all.len());
    for decorator in all.iter().take(end) {
        out.extend(said(spelled, scope, decorator));
    }
}

fn said<'f>(spelled: &Spelled<'f>, scope: Scope, expr: &'f Expr) -> Option<Said<'f>> {
    let (scope, expr) = spelled.follow(scope, expr);
    let (func, args) = expr.as_call()?;
    spelled.is_ours(scope, func, "extend_schema").then(|| Said {
        scope,
        args,
        place: spelled.place(scope, expr),
    })
}

fn apply(spelled: &Spelled<'_>, endpoint: &Endpoint<'_>, out: &mut Overrides, said: Said<'_>) {
    let given = |name: &str| {
        keyword(said.args, name)
            .map(|expr| spelled.follow(said.scope, expr))
            .filter(|(_, expr)| !matches!(expr.kind, ExprKind::None))
    };
    if let Some((scope, methods)) = given("methods") {
        let named = spelled.strings(scope, methods);
        let method = endpoint.route.method;
        if !named.is_some_and(|all| all.iter().any(|m| Method::parse(m) == Some(method))) {
            return;
        }
    }
    out.place = out.place.or(Some(said.place));
    let text = |name: &str| {
        given(name)
            .and_then(|(scope, expr)| spelled.text(scope, expr))
            .filter(|text| !text.is_empty())
    };
    // `@extend_schema("name")`: the first position is the id.
    let first = said
        .args
        .iter()
        .find(|a| a.kind == ArgKind::Positional)
        .and_then(|a| spelled.text(said.scope, &a.value));
    out.operation_id = out
        .operation_id
        .take()
        .or_else(|| text("operation_id").or(first));
    out.summary = out.summary.take().or_else(|| text("summary"));
    out.description = out.description.take().or_else(|| text("description"));
    let flag = |name: &str| given(name).and_then(|(scope, expr)| spelled.flag(scope, expr));
    out.deprecated |= flag("deprecated") == Some(true);
    out.exclude = out.exclude.or_else(|| flag("exclude"));
    out.filters = out.filters.or_else(|| flag("filters"));
    if out.tags.is_none()
        && let Some((scope, expr)) = given("tags")
    {
        out.tags = spelled.strings(scope, expr);
    }
    if out.request.is_none()
        && let Some(expr) = keyword(said.args, "request")
    {
        out.request = Some(requests(spelled, said.scope, expr));
    }
    if out.answers.is_none()
        && let Some(expr) = keyword(said.args, "responses")
    {
        out.answers = Some(answers(spelled, said.scope, expr));
    }
    if let Some((scope, expr)) = given("parameters") {
        for (scope, one) in spelled.elements(scope, expr) {
            for parameter in spelled.parameter(scope, one) {
                let known = out
                    .parameters
                    .iter()
                    .any(|(name, place, _)| (name, place) == (&parameter.0, &parameter.1));
                if !known {
                    out.parameters.push(parameter);
                }
            }
        }
    }
    let json = |name: &str| given(name).and_then(|(scope, expr)| spelled.json(scope, expr));
    out.auth = out.auth.take().or_else(|| json("auth"));
    out.operation = out.operation.take().or_else(|| json("operation"));
    out.external_docs = out.external_docs.take().or_else(|| json("external_docs"));
    out.extensions = out.extensions.take().or_else(|| json("extensions"));
}

/// `request=`: one body, or one per media type.
fn requests(spelled: &Spelled<'_>, scope: Scope, expr: &Expr) -> Vec<(Option<String>, Body)> {
    let (at, followed) = spelled.follow(scope, expr);
    if let ExprKind::Dict(_) = &followed.kind {
        return spelled
            .pairs(at, followed)
            .into_iter()
            .filter_map(|(key_scope, key, scope, value)| {
                let media_type = spelled.text(key_scope, key)?;
                Some((Some(media_type), spelled.body(scope, value).0))
            })
            .collect();
    }
    vec![(None, spelled.body(scope, expr).0)]
}

/// `responses=`: one body, or one per status.
fn answers(spelled: &Spelled<'_>, scope: Scope, expr: &Expr) -> Answers {
    let (at, followed) = spelled.follow(scope, expr);
    if !matches!(followed.kind, ExprKind::Dict(_)) && !spelled.is_dict(at, followed) {
        let (body, description, wrapped) = spelled.body_words(scope, expr);
        return Answers::One(Answer {
            status: String::new(),
            media_types: Vec::new(),
            body,
            description,
            wrapped,
        });
    }
    let mut out: Vec<Answer> = Vec::new();
    for (key_scope, key, scope, value) in spelled.pairs(at, followed) {
        let (status, media_types) = match &key.kind {
            ExprKind::Tuple(parts) => {
                let mut parts = parts.iter();
                let status = parts.next().and_then(|p| spelled.status(key_scope, p));
                let rest = parts.filter_map(|p| spelled.text(key_scope, p)).collect();
                (status, rest)
            }
            _ => (spelled.status(key_scope, key), Vec::new()),
        };
        let Some(status) = status else { continue };
        let (body, description, wrapped) = spelled.body_words(scope, value);
        let answer = Answer {
            status,
            media_types,
            body,
            description,
            wrapped,
        };
        // A key that is given twice in a dict holds what was written last, in the first place.
        let same = out
            .iter_mut()
            .find(|a| a.status == answer.status && a.media_types == answer.media_types);
        match same {
            Some(before) => *before = answer,
            None => out.push(answer),
        }
    }
    Answers::PerStatus(out)
}
