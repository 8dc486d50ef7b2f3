//! The effective policy of a route: permission, authentication, throttle, parsers, renderers,
//! versioning, pagination, filters, each with where it comes from.

pub(super) mod resolve;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::names::{ClassRef, Kwargs};
use crate::python::FuncId;
use crate::python::value::Place;

/// Where a part of the policy comes from, nearest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `@action(permission_classes=…)`
    ActionDecorator,
    /// `@permission_classes([…])` under `@api_view`.
    Decorator,
    /// `as_view(permission_classes=…)`
    Initkwargs,
    /// `get_permissions` and its kin, evaluated for this action and method.
    Method(FuncId),
    /// Class attribute, and the class that gives it.
    ClassAttribute(ClassRef),
    /// Settings key: `REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES`.
    Settings(Arc<str>),
    /// Nothing says anything: DRF's own default.
    FrameworkDefault,
    /// Of a package's view, from the framework catalogue.
    Catalogue,
    /// The view is plain Django: DRF's policy does not apply.
    NotDrf,
}

impl Source {
    /// Written on the view, its bases, its action or in the URL configuration.
    pub fn is_explicit(&self) -> bool {
        matches!(
            self,
            Self::ActionDecorator
                | Self::Decorator
                | Self::Initkwargs
                | Self::Method(_)
                | Self::ClassAttribute(_)
        )
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ActionDecorator => f.write_str("@action"),
            Self::Decorator => f.write_str("decorator"),
            Self::Initkwargs => f.write_str("as_view(…)"),
            Self::Method(_) => f.write_str("get_… method"),
            Self::ClassAttribute(class) => write!(f, "attribute of {class}"),
            Self::Settings(key) => write!(f, "settings {key}"),
            Self::FrameworkDefault => f.write_str("DRF default"),
            Self::Catalogue => f.write_str("package"),
            Self::NotDrf => f.write_str("not a DRF view"),
        }
    }
}

/// What an anonymous caller meets: `Deny < Unknown < Allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Anonymous {
    Deny,
    Unknown,
    Allow,
}

/// One permission class as facts see it.
#[derive(Clone, Debug)]
pub struct PermissionFact {
    pub class: ClassRef,
    /// What `has_permission` says to an anonymous caller for the route's method and action.
    pub anonymous: Anonymous,
    /// Only staff, superusers or a role passes.
    pub needs_staff: Option<bool>,
    /// Overrides `has_object_permission` (project code or a package's).
    pub object_level: Option<bool>,
    /// Overrides `has_permission`.
    pub request_level: Option<bool>,
    /// `has_object_permission` reads both the object and `request.user`.
    pub object_compares_user: Option<bool>,
    /// Attributes read on `request.user`: `role`, `is_staff`, `profile.kind`.
    pub user_attrs: Vec<Arc<str>>,
    /// Attributes read on the object.
    pub object_attrs: Vec<Arc<str>>,
}

/// A permission with its operators.
#[derive(Clone, Debug)]
pub enum PermissionExpr {
    Class(PermissionFact),
    And(Vec<PermissionExpr>),
    Or(Vec<PermissionExpr>),
    Not(Box<PermissionExpr>),
    /// What was written there, and why it is open.
    Unknown {
        text: Arc<str>,
        reason: Arc<str>,
    },
}

/// One possible outcome of a part of the policy.
#[derive(Clone, Debug)]
pub struct Alternative<T> {
    /// The condition that chooses it, as written; `None` where there is no choice.
    pub condition: Option<Arc<str>>,
    pub items: Vec<T>,
    pub source: Source,
    /// Of the list, decorator or settings value; `None` for framework defaults.
    pub place: Option<Place>,
}

/// A part of the policy: at least one alternative, several where a condition is not known.
#[derive(Clone, Debug)]
pub struct Part<T> {
    pub alternatives: Vec<Alternative<T>>,
    /// It could not be told; the alternatives are what is known.
    pub open: Option<Arc<str>>,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self {
            alternatives: Vec::new(),
            open: None,
        }
    }
}

impl<T> Part<T> {
    pub(super) fn known(items: Vec<T>, source: Source, place: Option<Place>) -> Self {
        Self {
            alternatives: vec![Alternative {
                condition: None,
                items,
                source,
                place,
            }],
            open: None,
        }
    }

    pub(super) fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self {
            alternatives: Vec::new(),
            open: Some(reason.into()),
        }
    }

    /// The one outcome, where there is exactly one and nothing is open.
    pub fn certain(&self) -> Option<&Alternative<T>> {
        match (&self.alternatives[..], &self.open) {
            ([one], None) => Some(one),
            _ => None,
        }
    }

    /// Items of all alternatives.
    pub fn items(&self) -> impl Iterator<Item = &T> {
        self.alternatives.iter().flat_map(|a| &a.items)
    }

    /// Source of the first alternative.
    pub fn source(&self) -> Option<&Source> {
        self.alternatives.first().map(|a| &a.source)
    }

    pub fn place(&self) -> Option<Place> {
        self.alternatives.first().and_then(|a| a.place)
    }

    /// Known to be nothing at all in every alternative.
    pub fn is_empty(&self) -> bool {
        self.open.is_none()
            && !self.alternatives.is_empty()
            && self.alternatives.iter().all(|a| a.items.is_empty())
    }
}

/// The effective permission of a route.
pub type Permissions = Part<PermissionExpr>;

impl PermissionExpr {
    /// What an anonymous caller meets: `A & B` denies if any denies, `A | B` allows if any allows.
    pub fn anonymous(&self) -> Anonymous {
        match self {
            Self::Class(fact) => fact.anonymous,
            Self::And(parts) => parts
                .iter()
                .map(Self::anonymous)
                .min()
                .unwrap_or(Anonymous::Allow),
            Self::Or(parts) => parts
                .iter()
                .map(Self::anonymous)
                .max()
                .unwrap_or(Anonymous::Unknown),
            Self::Not(inner) => match inner.anonymous() {
                Anonymous::Deny => Anonymous::Allow,
                Anonymous::Unknown => Anonymous::Unknown,
                Anonymous::Allow => Anonymous::Deny,
            },
            Self::Unknown { .. } => Anonymous::Unknown,
        }
    }

    /// Only staff or a role passes. `A & B` if any does, `A | B` if all do.
    pub fn needs_staff(&self) -> Option<bool> {
        match self {
            Self::Class(fact) => fact.needs_staff,
            Self::And(parts) => any_true(parts.iter().map(Self::needs_staff)),
            Self::Or(parts) => {
                any_true(parts.iter().map(|p| p.needs_staff().map(|n| !n))).map(|n| !n)
            }
            Self::Not(_) | Self::Unknown { .. } => None,
        }
    }

    /// All classes named in it.
    pub fn classes(&self) -> Vec<&PermissionFact> {
        match self {
            Self::Class(fact) => vec![fact],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::classes).collect(),
            Self::Not(inner) => inner.classes(),
            Self::Unknown { .. } => Vec::new(),
        }
    }
}

impl std::fmt::Display for PermissionExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let join = |parts: &[Self], op: &str| {
            let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            format!("({})", texts.join(op))
        };
        match self {
            Self::Class(fact) => write!(f, "{}", fact.class),
            Self::And(parts) => f.write_str(&join(parts, " & ")),
            Self::Or(parts) => f.write_str(&join(parts, " | ")),
            Self::Not(inner) => write!(f, "~{inner}"),
            Self::Unknown { text, .. } => write!(f, "{text}?"),
        }
    }
}

/// `Some(true)` if any is, `Some(false)` if all are known not to be.
fn any_true(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut unknown = false;
    for value in values {
        match value {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

impl Part<PermissionExpr> {
    /// What an anonymous caller meets, over all alternatives: known only where all agree.
    pub fn anonymous(&self) -> Anonymous {
        if self.open.is_some() {
            return Anonymous::Unknown;
        }
        let mut effects = self.alternatives.iter().map(|a| {
            a.items
                .iter()
                .map(PermissionExpr::anonymous)
                .min()
                .unwrap_or(Anonymous::Allow)
        });
        let Some(first) = effects.next() else {
            return Anonymous::Unknown;
        };
        if effects.all(|e| e == first) {
            first
        } else {
            Anonymous::Unknown
        }
    }

    /// The most open alternative: what an anonymous caller meets at best.
    pub fn anonymous_at_best(&self) -> Anonymous {
        let best = self
            .alternatives
            .iter()
            .map(|a| {
                a.items
                    .iter()
                    .map(PermissionExpr::anonymous)
                    .min()
                    .unwrap_or(Anonymous::Allow)
            })
            .max()
            .unwrap_or(Anonymous::Unknown);
        if self.open.is_some() {
            best.max(Anonymous::Unknown)
        } else {
            best
        }
    }

    /// Only staff or a role passes, in every alternative.
    pub fn needs_staff(&self) -> Option<bool> {
        if self.open.is_some() || self.alternatives.is_empty() {
            return None;
        }
        let each = self
            .alternatives
            .iter()
            .map(|a| any_true(a.items.iter().map(PermissionExpr::needs_staff)));
        any_true(each.map(|n| n.map(|n| !n))).map(|n| !n)
    }

    /// All permission classes named in any alternative.
    pub fn classes(&self) -> Vec<&PermissionFact> {
        self.items().flat_map(PermissionExpr::classes).collect()
    }

    /// `IsAuthenticated, IsOwner`; alternatives separated by ` / `; `none` for an empty list.
    pub fn words(&self) -> String {
        words(self)
    }
}

/// A class of a policy list with the options that decide what it does.
#[derive(Clone, Debug)]
pub struct PolicyClass {
    pub class: ClassRef,
    /// Attributes by MRO that the framework reads (`page_size`, `scope`, `rate` …), the catalogue's
    /// values included.
    pub attrs: Kwargs,
    /// The framework class it is or derives from: `PageNumberPagination`; empty if unknown.
    pub base: Arc<str>,
}

impl PolicyClass {
    /// Is, or derives from, a class whose last name part is this.
    pub fn is(&self, name: &str) -> bool {
        self.class.name() == name || &*self.base == name
    }
}

impl std::fmt::Display for PolicyClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.class)
    }
}

impl Part<PolicyClass> {
    /// Whether one of the classes is or derives from this one; `None`: open or only in some cases.
    pub fn includes(&self, name: &str) -> Option<bool> {
        let each: Vec<bool> = self
            .alternatives
            .iter()
            .map(|a| a.items.iter().any(|c| c.is(name)))
            .collect();
        if !each.is_empty() && each.iter().all(|x| *x) {
            return Some(true);
        }
        if self.open.is_some() || each.iter().any(|x| *x) || each.is_empty() {
            return None;
        }
        let unknown = self.items().any(|c| c.base.is_empty());
        (!unknown).then_some(false)
    }

    pub fn words(&self) -> String {
        words(self)
    }
}

fn words<T: std::fmt::Display>(part: &Part<T>) -> String {
    let mut texts: Vec<String> = part
        .alternatives
        .iter()
        .map(|a| {
            let items: Vec<String> = a.items.iter().map(ToString::to_string).collect();
            let list = if items.is_empty() {
                "none".to_owned()
            } else {
                items.join(", ")
            };
            match &a.condition {
                Some(condition) => format!("{list} if {condition}"),
                None => list,
            }
        })
        .collect();
    if let Some(reason) = &part.open {
        texts.push(format!("unknown: {reason}"));
    }
    texts.join(" / ")
}

/// Pagination that a list route really gets.
#[derive(Clone, Debug, Default)]
pub struct Pagination {
    /// One class or none.
    pub part: Part<PolicyClass>,
    /// Page size after class attribute and `PAGE_SIZE`; `None`: none (DRF then does not paginate).
    pub page_size: Option<i64>,
    /// `page_size`, `limit` … query parameter by which a client chooses the size.
    pub size_param: Option<Arc<str>>,
    /// `max_page_size` or `max_limit`.
    pub max_size: Option<i64>,
    /// The size could not be told.
    pub size_open: bool,
    /// The handler calls the paginator: the framework's `list` does; a plain `APIView` only by hand.
    pub applied: Option<bool>,
}

/// Everything a request passes.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub permission: Permissions,
    pub authentication: Part<PolicyClass>,
    pub throttle: Part<PolicyClass>,
    /// `throttle_scope` of the view.
    pub throttle_scope: Option<Arc<str>>,
    pub parsers: Part<PolicyClass>,
    pub renderers: Part<PolicyClass>,
    pub versioning: Part<PolicyClass>,
    pub pagination: Pagination,
    /// Filter backends; they run only where the handler calls `filter_queryset`.
    pub filters: Part<PolicyClass>,
    /// `ATOMIC_REQUESTS` and not `non_atomic_requests`, or `atomic` on the handler.
    pub atomic: Option<bool>,
    /// `csrf_exempt` on a plain Django view (DRF views always are).
    pub csrf_exempt: bool,
}
