//! Filter sets as far as the checks on filters need them: the model, the names in `Meta.fields`, the
//! declared filters. Judges nothing.

use crate::catalog::Cx;
use crate::django::names::as_str;
use crate::django::{PathEnd, Route, View};
use crate::python::syntax::{ArgKind, Expr, ExprKind, keyword};
use crate::python::value::{Place, Val};
use crate::python::{AttributeKind, ClassId, Symbol, visit};

/// A name that a filter, a search or an ordering goes by.
pub(super) struct Named {
    /// Path as written, without marks of search.
    pub(super) path: String,
    pub(super) place: Place,
    /// `filterset_fields`, `search_fields` …
    pub(super) option: &'static str,
}

/// A declared filter: its name, the name of its class, the path it filters by.
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) path: String,
    /// `method=…`: what it filters by is in code.
    pub(super) by_method: bool,
    pub(super) place: Place,
}

/// The project's filter set of a view.
pub(super) fn filterset(view: &View) -> Option<ClassId> {
    let attr = view.attr("filterset_class")?;
    match &attr.val {
        Val::Symbol(Symbol::Class(class)) => Some(*class),
        _ => None,
    }
}

/// Filters that the class and its bases in the project declare.
pub(super) fn declared(cx: &Cx<'_>, class: ClassId) -> Vec<Declared> {
    let program = &cx.head.program;
    let mut found: Vec<Declared> = Vec::new();
    for owner in program.project_mro(class) {
        let file = program.module(program.class(owner).module).file;
        for (name, attribute) in program.own_attribute_names(owner) {
            let AttributeKind::Value(value) = attribute.kind else {
                continue;
            };
            let Some((func, args)) = value.as_call() else {
                continue;
            };
            if found.iter().any(|known| *known.name == *name) {
                continue;
            }
            let symbol = program.resolve(program.scope_of_class(owner), func);
            // What a helper makes is a filter that is not read.
            let class = match &symbol {
                Symbol::External(fq) => fq.rsplit('.').next().unwrap_or("").to_owned(),
                Symbol::Class(id) => program.class_def(*id).name.to_string(),
                _ => String::new(),
            };
            let known = class.ends_with("Filter");
            let first = args
                .first()
                .filter(|arg| matches!(arg.kind, ArgKind::Positional))
                .map(|arg| &arg.value);
            let path = keyword(args, "field_name")
                .or(first)
                .and_then(Expr::as_str)
                .unwrap_or(&name);
            found.push(Declared {
                path: path.to_owned(),
                name: name.to_string(),
                class,
                by_method: !known || keyword(args, "method").is_some(),
                place: Place {
                    file,
                    span: value.span,
                },
            });
        }
    }
    found
}

/// `Meta.fields` of a filter set: names or the keys of a dict, with their places; the value itself
/// where it is no list (`"__all__"`).
pub(super) fn meta_fields(cx: &Cx<'_>, class: ClassId) -> Option<(Val, Vec<(String, Place)>)> {
    let program = &cx.head.program;
    let AttributeKind::Class(meta) = program.attribute(class, "Meta")?.kind else {
        return None;
    };
    let val = program.class_value(meta, "fields")?;
    let names = names_of(&val);
    Some((val, names))
}

/// Known strings of a list, or keys of a dict.
pub(super) fn names_of(val: &Val) -> Vec<(String, Place)> {
    match val {
        Val::Map(items) => items
            .iter()
            .filter_map(|(key, _, place)| Some((as_str(key)?.to_owned(), *place)))
            .collect(),
        _ => val
            .items()
            .into_iter()
            .flatten()
            .filter_map(|(item, place)| Some((as_str(item)?.to_owned(), *place)))
            .collect(),
    }
}

/// Names that a view's options and filter set go by. An option that could not be read gives none.
pub(super) fn named(cx: &Cx<'_>, view: &View) -> Vec<Named> {
    let mut found = Vec::new();
    for option in [
        "filterset_fields",
        "search_fields",
        "ordering_fields",
        "ordering",
    ] {
        let Some(attr) = view.attr(option) else {
            continue;
        };
        let Some(place) = attr.place else { continue };
        let names = match as_str(&attr.val) {
            Some("__all__") => Vec::new(),
            Some(one) if option == "ordering" => vec![(one.to_owned(), place)],
            _ => names_of(&attr.val),
        };
        found.extend(names.into_iter().map(|(name, at)| {
            Named {
                path: name
                    .trim_start_matches(['^', '=', '@', '$', '-'])
                    .to_owned(),
                place: at,
                option,
            }
        }));
    }
    if let Some(class) = filterset(view) {
        let own = declared(cx, class);
        let listed = meta_fields(cx, class).map(|(_, names)| names);
        for (path, place) in listed.into_iter().flatten() {
            if !own.iter().any(|filter| filter.name == path) {
                found.push(Named {
                    path,
                    place,
                    option: "Meta.fields",
                });
            }
        }
        for filter in own.into_iter().filter(|filter| !filter.by_method) {
            found.push(Named {
                path: filter.path,
                place: filter.place,
                option: "field_name",
            });
        }
    }
    found
}

/// Whether a path leads nowhere on the model: no field, no relation, no annotation, no key of JSON.
/// Lookups at its end are cut off.
pub(super) fn is_missing(cx: &Cx<'_>, route: &Route, path: &str) -> bool {
    let (Some(model), Some(queryset)) = (route.model, &route.queryset) else {
        return false;
    };
    let first = path.split("__").next().unwrap_or(path);
    if queryset.open.is_some()
        || !queryset.custom.is_empty()
        || queryset.annotations.iter().any(|known| &**known == first)
        || path == "pk"
        || path == "?"
        || is_annotated(cx, route, first)
    {
        return false;
    }
    let django = &cx.head.django;
    // From the shortest prefix on: a field of JSON or a scalar with lookups behind it is enough.
    let mut end = 0;
    for part in path.split("__") {
        end += part.len() + if end == 0 { 0 } else { 2 };
        let Some(prefix) = path.get(..end) else {
            return false;
        };
        match django.resolve_path(model, prefix) {
            PathEnd::Field(_, field) if !field.is_relation() => {
                // What follows is a lookup or a key; those of scalars are not judged.
                return false;
            }
            PathEnd::Field(..) | PathEnd::Reverse(..) => {}
            PathEnd::Missing(_) => {
                let is_lookup = matches!(
                    part,
                    "in" | "isnull" | "exact" | "id" | "pk" | "gt" | "gte" | "lt" | "lte"
                );
                return !is_lookup;
            }
            PathEnd::Unknown => return false,
        }
    }
    false
}

/// Some branch of the view's code gives rows this name: `annotate(distance=…)`.
fn is_annotated(cx: &Cx<'_>, route: &Route, name: &str) -> bool {
    let Some(view) = cx.head.django.view_of(route) else {
        return false;
    };
    let is_keyword = |expr: &Expr| match &expr.kind {
        ExprKind::Call { args, .. } => args
            .iter()
            .any(|arg| matches!(&arg.kind, ArgKind::Keyword(given) if **given == *name)),
        _ => expr.as_str() == Some(name),
    };
    view.methods
        .iter()
        .any(|(_, func)| visit::any_expr(&cx.head.program.func_def(*func).body, is_keyword))
}
