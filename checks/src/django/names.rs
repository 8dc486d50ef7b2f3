//! The vocabulary all facts share: ids, references to classes, keyword arguments, HTTP methods.
//!
//! Holds data only; nothing here reads source.

use std::sync::Arc;

use crate::python::value::{Literal, Place, Val};
use crate::python::{ClassId, Symbol};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    )*};
}

ids! {
    /// A model of the project, or one of the framework's that the project uses (`auth.User`).
    ModelId,
    SerializerId,
    ViewId,
    /// One HTTP method of one URL pattern.
    RouteId,
    /// One URL pattern: the routes of all its methods share it.
    PatternId,
    AppId,
    /// A collected test function.
    TestId,
    MigrationId,
}

/// A class somebody named in an expression: the project's, a package's, or not resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassRef {
    Project {
        id: ClassId,
        fq: Arc<str>,
    },
    /// Fully qualified name outside the tree: `rest_framework.permissions.IsAuthenticated`.
    External(Arc<str>),
    /// What was written there, and a clause for people that says why it is open.
    Unknown {
        text: Arc<str>,
        reason: Arc<str>,
    },
}

impl ClassRef {
    /// Fully qualified name; for an unknown class the expression as written.
    pub fn fq(&self) -> &str {
        match self {
            Self::Project { fq, .. } | Self::External(fq) => fq,
            Self::Unknown { text, .. } => text,
        }
    }

    /// The last part of the name: `IsAuthenticated`.
    pub fn name(&self) -> &str {
        let fq = self.fq();
        fq.rsplit('.').next().unwrap_or(fq)
    }

    /// The class, if it stands in the project.
    pub fn class(&self) -> Option<ClassId> {
        match self {
            Self::Project { id, .. } => Some(*id),
            _ => None,
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

impl std::fmt::Display for ClassRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One keyword argument (or one entry of an options dict) with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Kwarg {
    pub name: Arc<str>,
    pub val: Val,
    /// The value as written, cut after 200 bytes; empty for values of the framework catalogue.
    pub text: Arc<str>,
    /// Of the value; `None` for values of the framework catalogue.
    pub place: Option<Place>,
}

/// Keyword arguments in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kwargs {
    pub items: Vec<Kwarg>,
    /// There is a `**spread` that could not be read: an absent name proves nothing.
    pub open: bool,
}

impl Kwargs {
    /// The last argument of this name.
    pub fn get(&self, name: &str) -> Option<&Kwarg> {
        self.items.iter().rev().find(|kwarg| &*kwarg.name == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A boolean option: `default` where absent, `None` where it cannot be told.
    pub fn flag(&self, name: &str, default: bool) -> Option<bool> {
        match self.get(name) {
            Some(kwarg) => truth(&kwarg.val),
            None if self.open => None,
            None => Some(default),
        }
    }

    pub fn str(&self, name: &str) -> Option<&str> {
        as_str(&self.get(name)?.val)
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)?.val {
            Val::Known(Literal::Int(value)) => Some(value),
            _ => None,
        }
    }

    /// Sets or replaces an option.
    pub fn set(&mut self, kwarg: Kwarg) {
        self.items.retain(|old| old.name != kwarg.name);
        self.items.push(kwarg);
    }
}

/// Python's truth of a value, as far as it is known.
pub fn truth(val: &Val) -> Option<bool> {
    match val {
        Val::Known(literal) => Some(match literal {
            Literal::None => false,
            Literal::Bool(value) => *value,
            Literal::Int(value) => *value != 0,
            Literal::Float(text) => text.parse::<f64>().is_ok_and(|value| value != 0.0),
            Literal::Str(text) => !text.is_empty(),
            Literal::Bytes => true,
            Literal::Duration(seconds) => *seconds != 0,
        }),
        Val::Seq(items) => Some(!items.is_empty()),
        Val::Map(items) => Some(!items.is_empty()),
        // A name outside the tree may be anything: `settings.DEBUG`.
        Val::Symbol(Symbol::Unknown(_) | Symbol::Variable(..) | Symbol::External(_))
        | Val::Env { .. } => None,
        Val::Symbol(_) | Val::Instance { .. } => Some(true),
        Val::OneOf(values) => {
            let mut all = values.iter().map(truth);
            let first = all.next()??;
            all.all(|other| other == Some(first)).then_some(first)
        }
        Val::Unknown(_) | Val::Operation { .. } => None,
    }
}

/// The text of a known string.
pub fn as_str(val: &Val) -> Option<&str> {
    match val {
        Val::Known(Literal::Str(text)) => Some(text),
        _ => None,
    }
}

/// The strings of a known sequence of known strings.
pub fn as_strings(val: &Val) -> Option<Vec<Arc<str>>> {
    match val {
        Val::Seq(items) => items
            .iter()
            .map(|(item, _)| match item {
                Val::Known(Literal::Str(text)) => Some(Arc::clone(text)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// An HTTP method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Head,
    Options,
    Post,
    Put,
    Patch,
    Delete,
    /// A view whose methods are not known (a plain Django function).
    Any,
}

impl Method {
    /// The methods a handler can have, in the order in which routes are listed. HEAD and OPTIONS
    /// are answered by the framework and are no routes of their own.
    pub const HANDLED: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// From `get`, `GET` …
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "get" => Self::Get,
            "head" => Self::Head,
            "options" => Self::Options,
            "post" => Self::Post,
            "put" => Self::Put,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    /// `GET`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Any => "ANY",
        }
    }

    /// `get`, the name of the handler method.
    pub fn handler(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Options => "options",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Any => "dispatch",
        }
    }

    /// GET, HEAD or OPTIONS: DRF's `SAFE_METHODS`.
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }

    /// POST, PUT, PATCH or DELETE. [`Method::Any`] is neither safe nor unsafe.
    pub fn is_unsafe(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch | Self::Delete)
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
