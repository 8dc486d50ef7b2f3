//! What a caller must present: security schemes and the requirements of one operation.
//!
//! Reads the effective policy; who may do what beyond "anonymous or not" is no matter of OpenAPI.

use std::collections::BTreeMap;

use super::json;
use super::node::Node;
use crate::django::names::{Method, as_str};
use crate::django::policy::{PermissionExpr, PolicyClass};
use crate::django::{Django, Route};
use crate::facts::Facts;
use crate::python::mro::Base;
use crate::python::syntax::{StmtKind, keyword, positional};
use crate::python::value::{Literal, Val};

/// Security schemes met so far.
#[derive(Default)]
pub(super) struct Schemes {
    all: BTreeMap<String, Node>,
    pub(super) notes: Vec<String>,
}

/// The requirements of an operation; `None`: it says nothing.
pub(super) fn requirements(facts: &Facts, route: &Route, schemes: &mut Schemes) -> Option<Node> {
    let django = &facts.django;
    let policy = &route.policy;
    let mut out: Vec<Node> = Vec::new();
    let first = policy.authentication.alternatives.first();
    for class in first.into_iter().flat_map(|a| &a.items) {
        match scheme(facts, class) {
            Some(named) => {
                for (name, definition) in named {
                    let requirement = Node::map().with(&name, Vec::<Node>::new());
                    out.push(requirement);
                    let definition = match policy.authentication.place() {
                        Some(place) => definition.at(place),
                        None => definition,
                    };
                    schemes.all.entry(name).or_insert(definition);
                }
            }
            None => {
                let note = format!(
                    "{} is no authentication that drf-spectacular knows; it is left out",
                    class.class
                );
                if !schemes.notes.contains(&note) {
                    schemes.notes.push(note);
                }
            }
        }
    }
    if let Some(found) = django.settings().get("SPECTACULAR_SETTINGS.SECURITY") {
        out.extend(items(found.val));
    }
    let is_public = policy
        .permission
        .alternatives
        .first()
        .is_some_and(|a| allows(&a.items, route.method));
    if is_public {
        out.push(Node::map());
    }
    if out.is_empty() {
        return None;
    }
    let mut node = Node::from(out);
    let open = policy
        .authentication
        .open
        .as_ref()
        .or(policy.permission.open.as_ref());
    if let Some(reason) = open {
        node = node.unknown(reason);
    } else if policy.authentication.alternatives.len() > 1
        || policy.permission.alternatives.len() > 1
    {
        node = node.assumed("the policy depends on a condition; the first way was taken");
    }
    if let Some(place) = policy
        .permission
        .place()
        .or_else(|| policy.authentication.place())
    {
        node = node.at(place);
    }
    Some(node)
}

fn items(val: &Val) -> Vec<Node> {
    match val {
        Val::Seq(items) => items
            .iter()
            .filter_map(|(item, _)| super::json::node(item))
            .collect(),
        _ => Vec::new(),
    }
}

fn allows(permissions: &[PermissionExpr], method: Method) -> bool {
    let named = |name: &str| {
        permissions.iter().any(|p| {
            matches!(p, PermissionExpr::Class(fact)
                if fact.class.fq() == format!("rest_framework.permissions.{name}"))
        })
    };
    named("AllowAny") || (method.is_safe() && named("IsAuthenticatedOrReadOnly"))
}

/// Names and definitions of an authentication class.
fn scheme(facts: &Facts, class: &PolicyClass) -> Option<Vec<(String, Node)>> {
    let django = &facts.django;
    let one = |name: &str, definition: Node| Some(vec![(name.to_owned(), definition)]);
    let fq = class.class.fq();
    match fq {
        "rest_framework.authentication.SessionAuthentication" => {
            return one("cookieAuth", api_key("cookie", session_cookie(django)));
        }
        "rest_framework.authentication.BasicAuthentication" => {
            return one(
                "basicAuth",
                Node::map().with("type", "http").with("scheme", "basic"),
            );
        }
        "rest_framework_simplejwt.authentication.JWTAuthentication"
        | "rest_framework_simplejwt.authentication.JWTTokenUserAuthentication"
        | "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication" => {
            return one("jwtAuth", simple_jwt(django));
        }
        "dj_rest_auth.jwt_auth.JWTCookieAuthentication" => {
            let cookie = text(django, "REST_AUTH.JWT_AUTH_COOKIE").unwrap_or("jwt-auth");
            return Some(vec![
                ("jwtHeaderAuth".to_owned(), simple_jwt(django)),
                ("jwtCookieAuth".to_owned(), api_key("cookie", cookie)),
            ]);
        }
        "knox.auth.TokenAuthentication" => {
            let prefix = text(django, "REST_KNOX.AUTH_HEADER_PREFIX").unwrap_or("Token");
            return one("knoxApiToken", bearer("HTTP_AUTHORIZATION", prefix, None));
        }
        _ => {}
    }
    if let Some(found) = own_scheme(facts, fq) {
        return Some(found);
    }
    if class.is("TokenAuthentication") {
        let keyword = class.attrs.str("keyword").unwrap_or("Token");
        return one("tokenAuth", bearer("Authorization", keyword, None));
    }
    None
}

/// An `OpenApiAuthenticationExtension` of the project: its name and what its
/// `get_security_definition` returns.
fn own_scheme(facts: &Facts, fq: &str) -> Option<Vec<(String, Node)>> {
    let program = &facts.program;
    let (class, info) = program.classes().find(|(id, _)| {
        let is_extension = program.mro(*id).entries.iter().any(|b| {
            matches!(b, Base::External(name) if name.ends_with("OpenApiAuthenticationExtension")
                || name.ends_with("SimpleJWTScheme") || name.ends_with("TokenScheme"))
        });
        is_extension
            && match program.class_value(*id, "target_class") {
                Some(Val::Known(Literal::Str(target))) => *target == *fq,
                Some(Val::Symbol(symbol)) => program.fq(&symbol).as_deref() == Some(fq),
                _ => false,
            }
    })?;
    let Some(Val::Known(Literal::Str(name))) = program.class_value(class, "name") else {
        return None;
    };
    let _ = info;
    let Some(crate::python::AttributeKind::Method(func)) = program
        .attribute(class, "get_security_definition")
        .map(|a| a.kind)
    else {
        return Some(vec![(name.to_string(), simple_jwt(&facts.django))]);
    };
    let returned = program
        .func_def(func)
        .body
        .iter()
        .find_map(|s| match &s.kind {
            StmtKind::Return(Some(expr)) => Some(expr),
            _ => None,
        })?;
    let scope = program.scope_of_func(func);
    let definition = json::node(&program.eval(scope, returned)).or_else(|| {
        let (callee, args) = returned.as_call()?;
        callee
            .dotted()?
            .ends_with("build_bearer_security_scheme_object")
            .then_some(())?;
        let text = |name: &str, at: usize| {
            keyword(args, name)
                .or_else(|| positional(args, at))
                .and_then(|e| match program.eval(scope, e) {
                    Val::Known(Literal::Str(text)) => Some(text.to_string()),
                    _ => None,
                })
        };
        Some(bearer(
            &text("header_name", 0)?,
            &text("token_prefix", 1)?,
            text("bearer_format", 2).as_deref(),
        ))
    });
    let definition = definition
        .unwrap_or_else(|| Node::map().unknown("what its extension returns is not a literal"));
    Some(vec![(name.to_string(), definition)])
}

fn text<'f>(django: &'f Django, path: &str) -> Option<&'f str> {
    django.settings().get(path).and_then(|f| as_str(f.val))
}

fn session_cookie(django: &Django) -> &str {
    text(django, "SESSION_COOKIE_NAME").unwrap_or("sessionid")
}

fn simple_jwt(django: &Django) -> Node {
    let header = text(django, "SIMPLE_JWT.AUTH_HEADER_NAME").unwrap_or("HTTP_AUTHORIZATION");
    let word = match django
        .settings()
        .get("SIMPLE_JWT.AUTH_HEADER_TYPES")
        .map(|f| f.val)
    {
        Some(Val::Seq(items)) => items.first().and_then(|(v, _)| as_str(v)),
        Some(val) => as_str(val),
        None => None,
    };
    bearer(header, word.unwrap_or("Bearer"), Some("JWT"))
}

fn api_key(place: &str, name: &str) -> Node {
    Node::map()
        .with("type", "apiKey")
        .with("in", place)
        .with("name", name)
}

/// A bearer scheme where OpenAPI has one for it, else a key in a header.
fn bearer(header: &str, prefix: &str, format: Option<&str>) -> Node {
    let header = header
        .strip_prefix("HTTP_")
        .unwrap_or(header)
        .replace('_', "-");
    let mut chars = header.chars();
    let header: String = chars
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(chars.map(|c| c.to_ascii_lowercase()))
        .collect();
    if prefix == "Bearer" && header == "Authorization" {
        let out = Node::map().with("type", "http").with("scheme", "bearer");
        return match format {
            Some(format) => out.with("bearerFormat", format),
            None => out,
        };
    }
    api_key("header", &header).with(
        "description",
        format!("Token-based authentication with required prefix \"{prefix}\""),
    )
}

impl Schemes {
    /// `components.securitySchemes`; `None`: there are none.
    pub(super) fn into_node(self) -> Option<Node> {
        if self.all.is_empty() {
            return None;
        }
        let mut out = Node::map();
        for (name, definition) in self.all {
            out.insert(&name, definition);
        }
        Some(out)
    }
}
