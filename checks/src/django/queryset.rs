//! Querysets as far as source tells: root model, filters and where their values come from, eager
//! loading, ordering, slices, locks.
//!
//! One form for class attributes, `get_queryset`, handler bodies, managers and selectors.

pub(super) mod build;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::names::ModelId;
use crate::python::value::Place;

/// Where the value of a filter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taint {
    /// `request.user` or something reached from it.
    User,
    /// `request.auth`, `request.tenant`.
    Tenant,
    /// URL keyword argument.
    Url,
    /// `request.query_params`, `request.GET`.
    Query,
    /// `request.data`, `request.POST`, `validated_data`.
    Body,
    Constant,
    Unknown,
}

/// One condition of `filter`, `exclude` or `get`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Relation path without the lookup: `author__profile`.
    pub path: Arc<str>,
    /// `exact`, `icontains`, `in` …
    pub lookup: Arc<str>,
    pub value: Taint,
    /// Inside `exclude(…)` or `~Q(…)`.
    pub negated: bool,
    /// One branch of `Q(…) | Q(…)`: alone it restricts nothing.
    pub alternative: bool,
    pub place: Place,
}

/// What `select_related` covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// `select_related()` without arguments: every forward relation that is not null.
    pub all_non_null: bool,
    pub paths: BTreeSet<Arc<str>>,
}

/// One `prefetch_related` entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefetch {
    pub path: Arc<str>,
    /// `Prefetch(…, to_attr=…)`: covers this attribute only.
    pub to_attr: Option<Arc<str>>,
    pub queryset: Option<Box<QsIr>>,
    pub place: Place,
}

/// A queryset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QsIr {
    /// `None`: not known.
    pub model: Option<ModelId>,
    /// Manager it starts from: `objects`, `published`, or the accessor of a related manager.
    pub manager: Option<Arc<str>>,
    /// Starts from a related manager of the user: `request.user.orders`.
    pub from_user: bool,
    /// Starts from a related manager of another instance: `order.items`.
    pub from_instance: bool,
    pub conditions: Vec<Condition>,
    pub select_related: Select,
    pub prefetch: Vec<Prefetch>,
    pub only: Option<BTreeSet<Arc<str>>>,
    pub defer: BTreeSet<Arc<str>>,
    pub annotations: Vec<Arc<str>>,
    /// `order_by(…)`; `None`: none was called (`Meta.ordering` applies). Empty: order was cleared.
    pub ordering: Option<Vec<Arc<str>>>,
    pub distinct: bool,
    /// `values`, `values_list`, `dates`: rows are no instances.
    pub values: bool,
    /// Sliced to at most this many rows (`i64::MAX` where the bound is not known).
    pub slice: Option<i64>,
    pub raw: bool,
    /// `union`, `intersection`, `difference`.
    pub combined: bool,
    /// `none()`
    pub empty: bool,
    /// `select_for_update`
    pub lock: Option<Place>,
    /// Custom queryset or manager methods that were called and read, in order.
    pub custom: Vec<Arc<str>>,
    /// Method that ends it: `get`, `first`, `count`, `exists`, `update`, `delete` … and its place.
    pub ended_by: Option<(Arc<str>, Place)>,
    /// Where it is built: the class attribute, each return of `get_queryset`.
    pub places: Vec<Place>,
    /// Something on the way was not understood: more conditions or paths may apply.
    pub open: Option<Arc<str>>,
    /// Every way through the code that builds it scopes it to the caller (staff branches allowed);
    /// see [`super::ownership`].
    pub user_scoped: Option<bool>,
}

impl QsIr {
    /// Whether a relation path (`author`, `items__product`) is loaded with the rows.
    pub fn covers(&self, path: &str) -> bool {
        let select = self.select_related.paths.iter().any(|p| is_prefix(path, p));
        select || self.prefetch_covers(path)
    }

    /// Whether `prefetch_related` loads this path, through `Prefetch` querysets too.
    pub fn prefetch_covers(&self, path: &str) -> bool {
        self.prefetch.iter().any(|p| {
            if p.to_attr.is_some() {
                return false;
            }
            if is_prefix(path, &p.path) {
                return true;
            }
            let Some(rest) = path
                .strip_prefix(&*p.path)
                .and_then(|r| r.strip_prefix("__"))
            else {
                return false;
            };
            p.queryset.as_ref().is_some_and(|q| q.covers(rest))
        })
    }

    /// Whether the caller's own rows are all it can give.
    pub fn is_user_scoped(&self) -> Option<bool> {
        self.user_scoped
    }

    /// Conditions whose value is the caller.
    pub fn user_conditions(&self) -> impl Iterator<Item = &Condition> {
        self.conditions
            .iter()
            .filter(|c| matches!(c.value, Taint::User | Taint::Tenant) && !c.negated)
    }
}

/// `a__b` covers `a` and `a__b`.
fn is_prefix(path: &str, of: &str) -> bool {
    of == path
        || of
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with("__"))
}

/// A queryset in one line, for people.
pub fn words(qs: &QsIr) -> String {
    let mut out: Vec<String> = Vec::new();
    if qs.from_user {
        out.push("of the caller".to_owned());
    }
    for condition in &qs.conditions {
        let value = match condition.value {
            Taint::User => "caller",
            Taint::Tenant => "tenant",
            Taint::Url => "url",
            Taint::Query => "query",
            Taint::Body => "body",
            Taint::Constant => "constant",
            Taint::Unknown => "?",
        };
        let not = if condition.negated { "not " } else { "" };
        out.push(format!(
            "{not}{} {} {value}",
            condition.path, condition.lookup
        ));
    }
    if !qs.select_related.paths.is_empty() {
        let paths: Vec<&str> = qs.select_related.paths.iter().map(|p| &**p).collect();
        out.push(format!("select_related {}", paths.join(", ")));
    }
    if !qs.prefetch.is_empty() {
        let paths: Vec<&str> = qs.prefetch.iter().map(|p| &*p.path).collect();
        out.push(format!("prefetch_related {}", paths.join(", ")));
    }
    if let Some(ordering) = &qs.ordering {
        let names: Vec<&str> = ordering.iter().map(|p| &**p).collect();
        out.push(format!("order_by {}", names.join(", ")));
    }
    match qs.user_scoped {
        Some(true) => out.push("scoped to the caller".to_owned()),
        Some(false) => out.push("not scoped to the caller".to_owned()),
        None => {}
    }
    if let Some(reason) = &qs.open {
        out.push(format!("open: {reason}"));
    }
    if out.is_empty() {
        out.push("all rows".to_owned());
    }
    out.join("; ")
}
