//! The facts in words and as JSON: what `takehome facts PATH` prints.
//!
//! Rendering only. The JSON is for people with `jq`; its field names may grow.

use std::fmt::Write as _;

use serde::Serialize;

use super::Facts;
use crate::django::names::truth;
use crate::django::policy::{Part, PolicyClass};
use crate::django::{Model, Route, Serializer};
use crate::python::Symbol;
use crate::python::value::{Literal, Place, Val};
use crate::source::Tree;

/// Everything `takehome facts` shows, ready to be serialised.
#[derive(Clone, Debug, Serialize)]
pub struct FactsView {
    pub settings: Vec<ProfileView>,
    pub apps: Vec<AppView>,
    pub models: Vec<ModelView>,
    pub serializers: Vec<SerializerView>,
    pub routes: Vec<RouteView>,
    pub tests: Vec<TestView>,
    pub drift: Vec<String>,
    pub notes: Vec<String>,
    pub coverage: crate::evidence::Coverage,
}

#[derive(Clone, Debug, Serialize)]
pub struct ProfileView {
    pub module: String,
    pub kind: crate::django::settings::ProfileKind,
    /// It stands for production.
    pub prod: bool,
    pub named_at: Vec<String>,
    pub open: Option<String>,
    /// Key, value in words, `file:line`.
    pub values: Vec<(String, String, String)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct AppView {
    pub package: String,
    pub label: String,
    pub installed_in: Vec<String>,
    pub migrations: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ModelView {
    pub model: String,
    pub label: String,
    pub place: Option<String>,
    #[serde(rename = "abstract")]
    pub is_abstract: bool,
    pub fields: Vec<String>,
    pub reverse: Vec<String>,
    pub owner: Vec<String>,
    pub open: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SerializerView {
    pub serializer: String,
    pub model: Option<String>,
    pub place: Option<String>,
    pub fields: Vec<String>,
    pub needs: Vec<String>,
    pub open: Option<String>,
}

/// A part of the policy in words, with where it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct PartView {
    pub is: String,
    pub from: String,
    pub place: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RouteView {
    pub method: String,
    pub path: String,
    pub name: Option<String>,
    pub view: Option<String>,
    pub action: Option<String>,
    pub place: Option<String>,
    pub anonymous: crate::django::Anonymous,
    pub permission: PartView,
    pub authentication: PartView,
    pub throttle: PartView,
    pub pagination: PartView,
    pub page_size: Option<i64>,
    pub filters: PartView,
    pub input: Vec<String>,
    pub output: Vec<String>,
    pub model: Option<String>,
    pub queryset: Option<String>,
    pub tests: Vec<String>,
    pub open: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TestView {
    pub test: String,
    pub collected: bool,
    pub requests: Vec<String>,
    pub asserts: usize,
}

/// `file:line`
pub(crate) fn at(tree: &Tree, place: Place) -> String {
    let file = tree.file(place.file);
    format!("{}:{}", file.path, file.lines.line(place.span.start))
}

/// A value as a person would write it; secrets are for the caller to leave out.
pub fn value_words(facts: &Facts, val: &Val) -> String {
    let mut out = String::new();
    words_into(facts, val, &mut out, 0);
    out
}

fn words_into(facts: &Facts, val: &Val, out: &mut String, depth: usize) {
    if depth > 6 || out.len() > 2_000 {
        out.push('…');
        return;
    }
    match val {
        Val::Known(literal) => match literal {
            Literal::None => out.push_str("None"),
            Literal::Bool(true) => out.push_str("True"),
            Literal::Bool(false) => out.push_str("False"),
            Literal::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Literal::Float(text) => out.push_str(text),
            Literal::Str(text) => {
                let _ = write!(out, "{text:?}");
            }
            Literal::Bytes => out.push_str("b'…'"),
            Literal::Duration(seconds) => {
                let _ = write!(out, "{seconds} s");
            }
        },
        Val::Seq(items) => {
            out.push('[');
            for (at, (item, _)) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                words_into(facts, item, out, depth + 1);
            }
            out.push(']');
        }
        Val::Map(items) => {
            out.push('{');
            for (at, (key, value, _)) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                words_into(facts, key, out, depth + 1);
                out.push_str(": ");
                words_into(facts, value, out, depth + 1);
            }
            out.push('}');
        }
        Val::Symbol(symbol) => out.push_str(&symbol_words(facts, symbol)),
        Val::Instance { class, .. } => {
            let _ = write!(out, "{}(…)", symbol_words(facts, class));
        }
        Val::Env { key, default, cast } => {
            let _ = write!(out, "environment {key}");
            if let Some(cast) = cast {
                let _ = write!(out, " as {cast}");
            }
            if let Some(default) = default {
                out.push_str(", else ");
                words_into(facts, default, out, depth + 1);
            }
        }
        Val::OneOf(values) => {
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push_str(" or ");
                }
                words_into(facts, value, out, depth + 1);
            }
        }
        Val::Unknown(reason) => {
            let _ = write!(out, "unknown ({reason})");
        }
        Val::Operation { op, operands } => {
            for (at, operand) in operands.iter().enumerate() {
                if at > 0 || operands.len() == 1 {
                    let _ = write!(out, "{}{op} ", if at > 0 { " " } else { "" });
                }
                words_into(facts, operand, out, depth + 1);
            }
        }
    }
}

fn symbol_words(facts: &Facts, symbol: &Symbol) -> String {
    facts
        .program
        .fq(symbol)
        .map_or_else(|| "…".to_owned(), |fq| fq.to_string())
}

/// Names of settings whose values are not shown.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    [
        "SECRET",
        "PASSWORD",
        "TOKEN",
        "PRIVATE",
        "API_KEY",
        "ACCESS_KEY",
        "DSN",
        "CREDENTIAL",
        "DATABASE",
        "BROKER",
        "URL",
    ]
    .iter()
    .any(|word| key.contains(word))
        && key != "ROOT_URLCONF"
}

/// The facts as a value that can be serialised.
pub fn view(facts: &Facts) -> FactsView {
    let django = &facts.django;
    let tree = &facts.tree;
    let prod = django.settings().prod().map(|p| p.module);
    FactsView {
        settings: django
            .settings()
            .profiles()
            .iter()
            .map(|p| ProfileView {
                module: p.name.to_string(),
                kind: p.kind,
                prod: Some(p.module) == prod,
                named_at: p
                    .named_at
                    .iter()
                    .map(|(place, _)| at(tree, *place))
                    .collect(),
                open: p.open.as_ref().map(ToString::to_string),
                values: p
                    .values()
                    .map(|(key, setting)| {
                        let words = if is_secret(key) && truth(&setting.val) != Some(false) {
                            match &setting.val {
                                Val::Env { .. } => value_words_without_default(&setting.val),
                                _ => "(not shown)".to_owned(),
                            }
                        } else {
                            value_words(facts, &setting.val)
                        };
                        (key.to_owned(), words, at(tree, setting.place))
                    })
                    .collect(),
            })
            .collect(),
        apps: django
            .apps()
            .iter()
            .map(|a| AppView {
                package: a.package.to_string(),
                label: a.label.to_string(),
                installed_in: a.installed_in.iter().map(|(p, _)| p.to_string()).collect(),
                migrations: a.migrations.as_ref().map(Vec::len),
            })
            .collect(),
        models: django
            .models()
            .iter()
            .map(|m| model_view(facts, m))
            .collect(),
        serializers: django
            .serializers()
            .iter()
            .map(|s| serializer_view(facts, s))
            .collect(),
        routes: django
            .routes()
            .iter()
            .map(|r| route_view(facts, r))
            .collect(),
        tests: django
            .tests()
            .iter()
            .map(|t| TestView {
                test: t.label.to_string(),
                collected: t.is_collected(),
                requests: t
                    .requests
                    .iter()
                    .map(|r| {
                        let routes: Vec<String> = r
                            .routes
                            .iter()
                            .map(|id| django.route(*id).label())
                            .collect();
                        format!("{} {} → {}", r.method, r.url, routes.join(", "))
                    })
                    .collect(),
                asserts: t.asserts.len(),
            })
            .collect(),
        drift: django
            .migrations()
            .drift
            .iter()
            .map(|d| d.text.to_string())
            .collect(),
        notes: django.notes().to_vec(),
        coverage: super::coverage(facts),
    }
}

fn value_words_without_default(val: &Val) -> String {
    match val {
        Val::Env { key, default, .. } => format!(
            "environment {key}{}",
            if default.is_some() {
                ", with a default"
            } else {
                ""
            }
        ),
        _ => "(not shown)".to_owned(),
    }
}

fn model_view(facts: &Facts, model: &Model) -> ModelView {
    let django = &facts.django;
    ModelView {
        model: model.fq.to_string(),
        label: model.label(),
        place: model.place.map(|p| at(&facts.tree, p)),
        is_abstract: model.is_abstract,
        fields: model
            .fields
            .iter()
            .map(|f| {
                let mut out = format!("{}: {}", f.name, f.class);
                if let Some(target) = &f.to {
                    let name = match target {
                        crate::django::fields::Target::Model(id) => django.model(*id).label(),
                        crate::django::fields::Target::Unknown(text) => format!("{text}?"),
                    };
                    let _ = write!(out, " → {name}");
                }
                for (flag, word) in [(f.null, "null"), (f.unique, "unique")] {
                    if flag == Some(true) && !f.is_pk {
                        let _ = write!(out, " {word}");
                    }
                }
                if f.is_pk {
                    out.push_str(" pk");
                }
                out
            })
            .collect(),
        reverse: model
            .reverse
            .iter()
            .map(|r| {
                format!(
                    "{} ← {}.{}",
                    r.accessor,
                    django.model(r.model).label(),
                    r.field
                )
            })
            .collect(),
        owner: model.owner.iter().map(|o| o.path.to_string()).collect(),
        open: model.open.as_ref().map(ToString::to_string),
    }
}

fn serializer_view(facts: &Facts, serializer: &Serializer) -> SerializerView {
    let django = &facts.django;
    SerializerView {
        serializer: serializer.fq.to_string(),
        model: serializer.model.map(|m| django.model(m).label()),
        place: serializer.place.map(|p| at(&facts.tree, p)),
        fields: serializer
            .fields
            .iter()
            .map(|f| {
                let way = match (f.is_input(), f.is_output()) {
                    (Some(true), Some(true)) => "in/out",
                    (Some(true), Some(false)) => "in",
                    (Some(false), Some(true)) => "out",
                    (Some(false), Some(false)) => "hidden",
                    _ => "?",
                };
                let required = if f.required == Some(true) { "*" } else { "" };
                let base = if f.base.is_empty() { "?" } else { &*f.base };
                format!("{}{required}: {base} {way}", f.name)
            })
            .collect(),
        needs: django
            .needs(serializer.id)
            .map(|n| {
                n.needs
                    .iter()
                    .map(|n| format!("{} ({})", n.path, n.field))
                    .collect()
            })
            .unwrap_or_default(),
        open: serializer
            .dynamic
            .as_ref()
            .or(serializer.open.as_ref())
            .or(serializer.model_open.as_ref())
            .map(ToString::to_string),
    }
}

fn part_view<T>(facts: &Facts, part: &Part<T>, is: String) -> PartView {
    PartView {
        is,
        from: part
            .source()
            .map_or_else(|| "unknown".to_owned(), ToString::to_string),
        place: part.place().map(|p| at(&facts.tree, p)),
    }
}

fn class_part(facts: &Facts, part: &Part<PolicyClass>) -> PartView {
    part_view(facts, part, part.words())
}

fn route_view(facts: &Facts, route: &Route) -> RouteView {
    let django = &facts.django;
    let policy = &route.policy;
    let uses = |list: &[crate::django::routes::SerializerUse]| {
        list.iter()
            .map(|u| {
                let name = &django.serializer(u.serializer).name;
                if u.many {
                    format!("{name}[]")
                } else {
                    name.to_string()
                }
            })
            .collect()
    };
    RouteView {
        method: route.method.as_str().to_owned(),
        path: route.template.to_string(),
        name: route.name.as_ref().map(ToString::to_string),
        view: django.view_of(route).map(|v| v.fq.to_string()),
        action: route.action.as_ref().map(ToString::to_string),
        place: route.chain.last().map(|p| at(&facts.tree, *p)),
        anonymous: route.permission().anonymous(),
        permission: part_view(facts, &policy.permission, policy.permission.words()),
        authentication: class_part(facts, &policy.authentication),
        throttle: class_part(facts, &policy.throttle),
        pagination: class_part(facts, &policy.pagination.part),
        page_size: policy.pagination.page_size,
        filters: class_part(facts, &policy.filters),
        input: uses(&route.input),
        output: uses(&route.output),
        model: route.model.map(|m| django.model(m).label()),
        queryset: route.queryset.as_ref().map(crate::django::queryset::words),
        tests: django
            .tests_of(route)
            .map(|t| t.label.to_string())
            .collect(),
        open: route
            .open
            .as_ref()
            .or(route.serializer_open.as_ref())
            .map(ToString::to_string),
    }
}

/// The facts for a terminal: plain text, nothing of a candidate's control characters.
pub fn render_text(facts: &Facts) -> String {
    let view = view(facts);
    let mut out = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(out, "{title}");
        for line in lines {
            let clean: String = line
                .chars()
                .map(|c| {
                    if c.is_control() && c != '\n' {
                        '\u{fffd}'
                    } else {
                        c
                    }
                })
                .collect();
            let _ = writeln!(out, "  {clean}");
        }
        out.push('\n');
    };
    for profile in &view.settings {
        let mut lines: Vec<String> = Vec::new();
        for named in &profile.named_at {
            lines.push(format!("named at {named}"));
        }
        lines.extend(
            profile
                .open
                .iter()
                .map(|reason| format!("keys may be missing: {reason}")),
        );
        lines.extend(
            profile
                .values
                .iter()
                .map(|(key, value, place)| format!("{key} = {value}  ({place})")),
        );
        let prod = if profile.prod {
            ", read as production"
        } else {
            ""
        };
        let kind = format!("{:?}", profile.kind).to_lowercase();
        section(
            &format!("Settings {} ({kind}{prod})", profile.module),
            lines,
        );
    }
    section(
        "Apps",
        view.apps
            .iter()
            .map(|a| {
                let installed = if a.installed_in.is_empty() {
                    "not installed".to_owned()
                } else {
                    format!("installed in {}", a.installed_in.join(", "))
                };
                let migrations = match a.migrations {
                    Some(n) => format!("{n} migrations"),
                    None => "no migrations package".to_owned(),
                };
                format!("{} ({}): {installed}, {migrations}", a.package, a.label)
            })
            .collect(),
    );
    for model in &view.models {
        let mut lines = model.fields.clone();
        lines.extend(model.reverse.iter().cloned());
        if !model.owner.is_empty() {
            lines.push(format!("owner: {}", model.owner.join(", ")));
        }
        lines.extend(model.open.iter().map(|r| format!("open: {r}")));
        let place = model.place.as_deref().unwrap_or("of a package");
        let kind = if model.is_abstract {
            "Abstract model"
        } else {
            "Model"
        };
        section(&format!("{kind} {} ({place})", model.label), lines);
    }
    for serializer in &view.serializers {
        let mut lines = serializer.fields.clone();
        if !serializer.needs.is_empty() {
            lines.push(format!("reads per row: {}", serializer.needs.join(", ")));
        }
        lines.extend(serializer.open.iter().map(|r| format!("open: {r}")));
        let place = serializer.place.as_deref().unwrap_or("of a package");
        let model = serializer
            .model
            .as_ref()
            .map(|m| format!(" of {m}"))
            .unwrap_or_default();
        section(
            &format!("Serializer {}{model} ({place})", serializer.serializer),
            lines,
        );
    }
    for route in &view.routes {
        section(
            &format!("{} {}", route.method, route.path),
            route_lines(route),
        );
    }
    section(
        "Tests",
        view.tests
            .iter()
            .map(|t| {
                let collected = if t.collected { "" } else { " (not collected)" };
                format!(
                    "{}{collected}: {} assertions; {}",
                    t.test,
                    t.asserts,
                    t.requests.join("; ")
                )
            })
            .collect(),
    );
    section("What makemigrations would write", view.drift.clone());
    section("Not resolved", view.notes.clone());
    out
}

fn route_lines(route: &RouteView) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(view) = &route.view {
        let action = route
            .action
            .as_ref()
            .map(|a| format!(" → {a}"))
            .unwrap_or_default();
        let place = route
            .place
            .as_ref()
            .map(|p| format!("  ({p})"))
            .unwrap_or_default();
        lines.push(format!("view: {view}{action}{place}"));
    }
    for (name, part) in [
        ("permission", &route.permission),
        ("authentication", &route.authentication),
        ("throttle", &route.throttle),
        ("pagination", &route.pagination),
        ("filters", &route.filters),
    ] {
        let place = part
            .place
            .as_ref()
            .map(|p| format!(" {p}"))
            .unwrap_or_default();
        let extra = match (name, route.page_size) {
            ("permission", _) => format!(
                "; anonymous: {}",
                format!("{:?}", route.anonymous).to_lowercase()
            ),
            ("pagination", Some(size)) => format!("; {size} a page"),
            _ => String::new(),
        };
        lines.push(format!("{name}: {} [{}{place}]{extra}", part.is, part.from));
    }
    if !route.input.is_empty() {
        lines.push(format!("reads: {}", route.input.join(", ")));
    }
    if !route.output.is_empty() {
        lines.push(format!("answers: {}", route.output.join(", ")));
    }
    if let Some(model) = &route.model {
        lines.push(format!("model: {model}"));
    }
    if let Some(queryset) = &route.queryset {
        lines.push(format!("queryset: {queryset}"));
    }
    if let Some(name) = &route.name {
        lines.push(format!("name: {name}"));
    }
    for test in &route.tests {
        lines.push(format!("test: {test}"));
    }
    if let Some(open) = &route.open {
        lines.push(format!("open: {open}"));
    }
    lines
}
