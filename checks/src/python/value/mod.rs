//! Values worked out without executing anything.
//!
//! A bounded abstract interpretation: literals, operators, a few well-known functions, module and
//! class bodies read from top to bottom. What it does not understand is [`Val::Unknown`] with a
//! reason; it never guesses. Every evaluation has a budget of steps and of size, so that neither
//! `a = b + b` chains nor circular imports cost more than a moment.

mod body;
mod call;
mod enumeration;
mod environment;
mod eval;
mod interpret;
mod method;
mod ops;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use super::link::{ClassId, ModuleId, Program, Scope, Symbol};
use super::syntax::{Expr, Name, Span};

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    None,
    Bool(bool),
    Int(i64),
    /// As written.
    Float(Arc<str>),
    Str(Arc<str>),
    Bytes,
    /// `timedelta(...)`, in seconds.
    Duration(i64),
}

/// What an expression evaluates to, as far as the source says.
///
/// Paths (`BASE_DIR / "db.sqlite3"`, `os.path.join(…)`) are strings, as if the tree lay at `/`.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    Known(Literal),
    /// List, tuple or set in order, with the place of each element. An `Unknown` element may stand
    /// for any number of elements: `[*unknown]`.
    Seq(Vec<(Val, Place)>),
    /// Keys in order of insertion, with the place of each value. A pair with an `Unknown` key may
    /// stand for any number of pairs: `{**unknown}`.
    Map(Vec<(Val, Val, Place)>),
    /// A class, function or module, in the project or outside.
    Symbol(Symbol),
    /// `Cls(...)` of a class that is not evaluated further, or the result of a function outside
    /// the project: `models.Q(...)`, `get_user_model()`, `crontab(...)`.
    Instance {
        class: Symbol,
        /// Of the call.
        place: Place,
    },
    /// `A | B`, `A & B`, `~A` of symbols and instances: permissions, queries.
    Operation {
        op: &'static str,
        operands: Vec<Val>,
    },
    /// Read from the environment.
    Env {
        key: Arc<str>,
        default: Option<Box<Val>>,
        /// `bool`, `int`, `list`, `db` … where a helper casts or the text is compared with
        /// words for true. `truthy` is Python's own `bool(text)`: true for every text but the
        /// empty one, `"False"` too. `computed`: the value is made from the variable by other
        /// means (`timedelta(minutes=env.int("X", 5))`), and so is the default.
        cast: Option<&'static str>,
    },
    /// One of several, by a condition that is not known.
    OneOf(Vec<Val>),
    /// The source does not say; the reason is a clause for people.
    Unknown(Arc<str>),
}

/// Where a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub file: crate::source::FileId,
    pub span: Span,
}

impl Default for Place {
    /// Nowhere: the start of the first file. For values that have no place of their own, such as
    /// the parts of a split text.
    fn default() -> Self {
        Self {
            file: crate::source::FileId(0),
            span: Span::default(),
        }
    }
}

impl Val {
    pub(super) fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self::Unknown(reason.into())
    }

    pub(super) fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Known(Literal::Str(text.into()))
    }

    pub(super) fn bool(value: bool) -> Self {
        Self::Known(Literal::Bool(value))
    }

    pub(super) fn int(value: i64) -> Self {
        Self::Known(Literal::Int(value))
    }

    pub(super) fn length(value: usize) -> Self {
        Self::int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(super) const NONE: Self = Self::Known(Literal::None);

    /// The text, if this is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Known(Literal::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The truth, if this is a known boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Known(Literal::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is a known integer.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Known(Literal::Int(value)) => Some(*value),
            _ => None,
        }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// The value of a known string key, if this is a map that has it; the last one wins.
    pub fn get(&self, key: &str) -> Option<(&Self, Place)> {
        match self {
            Self::Map(items) => items
                .iter()
                .rev()
                .find(|(k, _, _)| k.as_str() == Some(key))
                .map(|(_, value, place)| (value, *place)),
            _ => None,
        }
    }

    /// Elements, if this is a sequence.
    pub fn items(&self) -> Option<&[(Self, Place)]> {
        match self {
            Self::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The alternatives of a `OneOf`, the value itself otherwise.
    pub fn alternatives(&self) -> &[Self] {
        match self {
            Self::OneOf(values) => values,
            other => std::slice::from_ref(other),
        }
    }

    /// What `bool(value)` gives, where every alternative agrees.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Known(literal) => Some(match literal {
                Literal::None => false,
                Literal::Bool(value) => *value,
                Literal::Int(value) | Literal::Duration(value) => *value != 0,
                Literal::Float(text) => text.parse::<f64>().ok()? != 0.0,
                Literal::Str(text) => !text.is_empty(),
                Literal::Bytes => return None,
            }),
            Self::Seq(items) => match items.as_slice() {
                [] => Some(false),
                items if items.iter().all(|(item, _)| item.is_unknown()) => None,
                _ => Some(true),
            },
            Self::Map(items) => match items.as_slice() {
                [] => Some(false),
                items if items.iter().all(|(key, _, _)| key.is_unknown()) => None,
                _ => Some(true),
            },
            Self::Symbol(Symbol::Unknown(_)) => None,
            // What a name outside the project holds is not known; a class or a function is true.
            Self::Symbol(Symbol::External(name)) => name
                .rsplit('.')
                .next()
                .is_some_and(|n| {
                    n.starts_with(char::is_uppercase) && n.contains(char::is_lowercase)
                })
                .then_some(true),
            Self::Symbol(_) => Some(true),
            Self::OneOf(values) => {
                let mut truths = values.iter().map(Self::truth);
                let first = truths.next()??;
                truths.all(|t| t == Some(first)).then_some(first)
            }
            Self::Instance { .. }
            | Self::Operation { .. }
            | Self::Env { .. }
            | Self::Unknown(_) => None,
        }
    }

    /// One value for several: the same ones once, alternatives of alternatives flattened.
    pub fn one_of(values: impl IntoIterator<Item = Self>) -> Self {
        let mut out: Vec<Self> = Vec::new();
        for value in values {
            let parts = match value {
                Self::OneOf(parts) => parts,
                other => vec![other],
            };
            for part in parts {
                if !out.contains(&part) {
                    out.push(part);
                }
            }
            if out.len() > MAX_ALTERNATIVES {
                return Self::unknown("has too many alternatives");
            }
        }
        match out.len() {
            0 => Self::unknown("has no value"),
            1 => out.swap_remove(0),
            _ => Self::OneOf(out),
        }
    }

    /// Nodes of the value, long strings counted by their length; stops at `limit`.
    fn size(&self, limit: usize) -> usize {
        let mut stack = vec![self];
        let mut size = 0;
        while let Some(value) = stack.pop() {
            size += 1;
            if size >= limit {
                break;
            }
            match value {
                Self::Known(Literal::Str(text)) => size += text.len() / 64,
                Self::Seq(items) => stack.extend(items.iter().map(|(item, _)| item)),
                Self::Map(items) => stack.extend(items.iter().flat_map(|(k, v, _)| [k, v])),
                Self::OneOf(values)
                | Self::Operation {
                    operands: values, ..
                } => {
                    stack.extend(values);
                }
                Self::Env {
                    default: Some(default),
                    ..
                } => stack.push(default),
                _ => {}
            }
        }
        size
    }
}

/// Alternatives beyond this say no more than "it depends".
const MAX_ALTERNATIVES: usize = 16;
/// Nodes of one value. The largest settings module of 116 projects measured has 300.
const MAX_SIZE: usize = 10_000;

/// The names of a module or class body with their values at its end.
type Table = IndexMap<Name, Arc<Val>>;

/// What has been evaluated, kept by the program.
#[derive(Debug, Default)]
pub(super) struct Memo {
    modules: Vec<OnceLock<Kept>>,
    classes: Vec<OnceLock<Kept>>,
}

/// A body that has been read.
#[derive(Clone, Debug)]
struct Kept {
    table: Arc<Table>,
    /// No circle led back to it: it is the same for whoever reads it on the way. Otherwise it is
    /// the answer to a question about this body, and others on the circle read it anew.
    is_free: bool,
}

impl Memo {
    pub(super) fn sized(modules: usize, classes: usize) -> Self {
        Self {
            modules: (0..modules).map(|_| OnceLock::new()).collect(),
            classes: (0..classes).map(|_| OnceLock::new()).collect(),
        }
    }
}

impl Program {
    /// Bounded abstract interpretation of an expression, never execution. Names hold what they
    /// hold at the end of their module or class; local variables of a function what reaches the
    /// place of the expression.
    pub fn eval(&self, scope: Scope, expr: &Expr) -> Val {
        eval::Eval::of_expression(self).at(scope, expr)
    }

    /// The value of a module-level name after the whole module has been read, with star imports,
    /// `+=`, `.update(…)`, `X["k"] = …` and branches (`OneOf`) taken into account. `None` where
    /// nothing in the tree binds it.
    pub fn module_value(&self, module: ModuleId, name: &str) -> Option<Val> {
        eval::Eval::new(self).module_name(module, name)
    }

    /// The names that a module binds by its own statements and by star imports from the tree, in
    /// the order in which they are first bound. Names that it imports one by one are left out.
    pub fn module_names(&self, module: ModuleId) -> Vec<Arc<str>> {
        eval::Eval::new(self)
            .module_table(module)
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The value of a class attribute by MRO, after the whole body has been read (`fields += …`,
    /// branches). `None` where no class of the project binds it. A member of an enumeration is its
    /// value.
    pub fn class_value(&self, class: ClassId, name: &str) -> Option<Val> {
        eval::Eval::new(self).class_name(class, name)
    }
}
