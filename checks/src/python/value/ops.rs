//! Operators and conversions on values.

use std::sync::Arc;

use super::{Literal, MAX_ALTERNATIVES, Place, Val};

/// Applies `f` to every combination of alternatives.
pub(super) fn distribute(a: &Val, b: &Val, f: impl Fn(&Val, &Val) -> Val) -> Val {
    let (left, right) = (a.alternatives(), b.alternatives());
    if left.len() * right.len() > MAX_ALTERNATIVES {
        return Val::unknown("has too many alternatives");
    }
    Val::one_of(
        left.iter()
            .flat_map(|a| right.iter().map(|b| f(a, b)).collect::<Vec<_>>()),
    )
}

/// Applies `f` to every alternative.
pub(super) fn each(value: &Val, f: impl FnMut(&Val) -> Val) -> Val {
    Val::one_of(value.alternatives().iter().map(f))
}

/// `left op right`; `place` is that of the operator.
pub(super) fn binary(left: &Val, op: &'static str, right: &Val, place: Place) -> Val {
    distribute(left, right, |a, b| binary_one(a, op, b, place))
}

fn binary_one(left: &Val, op: &'static str, right: &Val, place: Place) -> Val {
    use Literal::{Duration, Float, Int, Str};
    use Val::{Known, Map, Seq};
    let known = |value: Option<Literal>| value.map_or_else(|| no_value(op), Known);
    match (left, op, right) {
        (Known(Int(a)), _, Known(Int(b))) => known(integers(*a, op, *b)),
        (Known(Duration(a)), "+" | "-", Known(Duration(b))) => {
            known(integers(*a, op, *b).and_then(seconds))
        }
        (Known(Duration(a)), "*" | "//", Known(Int(b))) => {
            known(integers(*a, op, *b).and_then(seconds))
        }
        (Known(Int(a)), "*", Known(Duration(b))) => known(integers(*a, op, *b).and_then(seconds)),
        (Known(Str(a)), "+", Known(Str(b))) => text(&[a, b]),
        (Known(Str(a)), "*", Known(Int(n))) | (Known(Int(n)), "*", Known(Str(a))) => {
            let times = usize::try_from(*n).unwrap_or(0);
            if a.len().saturating_mul(times) > MAX_TEXT {
                return too_large();
            }
            Val::str(a.repeat(times))
        }
        (Known(Str(a)), "/", Known(Str(b))) => Val::str(join_paths(a, b)),
        (Known(Str(a)), "%", b) => percent(a, b),
        (Known(Int(_) | Float(_)), _, Known(Int(_) | Float(_))) => known(floats(left, op, right)),
        (Seq(a), "+" | "|", Seq(b)) => {
            let mut items = a.clone();
            for item in b {
                if op == "+" || !items.iter().any(|(known, _)| *known == item.0) {
                    items.push(item.clone());
                }
            }
            Seq(items)
        }
        // Half a list is better than none: the other half is an unknown element.
        (Seq(a), "+", Val::Unknown(_) | Val::Env { .. } | Val::Instance { .. }) => {
            let mut items = a.clone();
            items.push((right.clone().into_unknown(), place));
            Seq(items)
        }
        (Val::Unknown(_) | Val::Env { .. } | Val::Instance { .. }, "+", Seq(b)) => {
            let mut items = vec![(left.clone().into_unknown(), place)];
            items.extend(b.iter().cloned());
            Seq(items)
        }
        (Seq(a), "-", Seq(b)) => Seq(a
            .iter()
            .filter(|(item, _)| !b.iter().any(|(other, _)| other == item))
            .cloned()
            .collect()),
        (Seq(a), "*", Known(Int(n))) | (Known(Int(n)), "*", Seq(a)) => {
            let times = usize::try_from(*n).unwrap_or(0);
            if a.len().saturating_mul(times) > super::MAX_SIZE {
                return too_large();
            }
            Seq(a.iter().cloned().cycle().take(a.len() * times).collect())
        }
        (Map(a), "|", Map(b)) => {
            let mut items = a.clone();
            for (key, value, place) in b {
                insert(&mut items, key.clone(), value.clone(), *place);
            }
            Map(items)
        }
        (
            Val::Symbol(_) | Val::Instance { .. } | Val::Operation { .. },
            "|" | "&",
            Val::Symbol(_) | Val::Instance { .. } | Val::Operation { .. },
        ) => Val::Operation {
            op,
            operands: vec![left.clone(), right.clone()],
        },
        (env @ Val::Env { .. }, _, Known(_)) => {
            super::environment::computed(env, |default| binary_one(default, op, right, place))
                .unwrap_or_else(|| no_value(op))
        }
        (Known(_), _, env @ Val::Env { .. }) => {
            super::environment::computed(env, |default| binary_one(left, op, default, place))
                .unwrap_or_else(|| no_value(op))
        }
        (Val::Unknown(reason), _, _) | (_, _, Val::Unknown(reason)) => {
            Val::Unknown(Arc::clone(reason))
        }
        _ => no_value(op),
    }
}

fn no_value(op: &str) -> Val {
    Val::unknown(format!("is a `{op}` of values that are not known"))
}

fn too_large() -> Val {
    Val::unknown("is too large")
}

/// Longest string that is built, in bytes.
const MAX_TEXT: usize = 20_000;

fn text(parts: &[&str]) -> Val {
    if parts.iter().map(|part| part.len()).sum::<usize>() > MAX_TEXT {
        return too_large();
    }
    Val::str(parts.concat())
}

fn seconds(value: Literal) -> Option<Literal> {
    match value {
        Literal::Int(value) => Some(Literal::Duration(value)),
        _ => None,
    }
}

fn integers(a: i64, op: &str, b: i64) -> Option<Literal> {
    let value = match op {
        "+" => a.checked_add(b)?,
        "-" => a.checked_sub(b)?,
        "*" => a.checked_mul(b)?,
        "//" => {
            let quotient = a.checked_div(b)?;
            // Python rounds down.
            if a % b != 0 && (a < 0) != (b < 0) {
                quotient - 1
            } else {
                quotient
            }
        }
        "%" => {
            let rest = a.checked_rem(b)?;
            if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            }
        }
        "**" => a.checked_pow(u32::try_from(b).ok()?)?,
        "<<" => a.checked_mul(2_i64.checked_pow(u32::try_from(b).ok()?)?)?,
        ">>" => a.checked_shr(u32::try_from(b).ok()?)?,
        "&" => a & b,
        "|" => a | b,
        "^" => a ^ b,
        "/" => return floats(&Val::int(a), "/", &Val::int(b)),
        _ => return None,
    };
    Some(Literal::Int(value))
}

fn floats(a: &Val, op: &str, b: &Val) -> Option<Literal> {
    let (a, b) = (number(a)?, number(b)?);
    let value = match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" if b != 0.0 => a / b,
        _ => return None,
    };
    value
        .is_finite()
        .then(|| Literal::Float(format!("{value:?}").into()))
}

/// A known integer or float as a number.
pub(super) fn number(value: &Val) -> Option<f64> {
    match value {
        Val::Known(Literal::Int(value)) => Some(*value as f64),
        Val::Known(Literal::Float(text)) => text.replace('_', "").parse().ok(),
        Val::Known(Literal::Bool(value)) => Some(f64::from(u8::from(*value))),
        _ => None,
    }
}

/// `"…%s…" % value`, for `%s`, `%d` and `%%`.
fn percent(template: &str, value: &Val) -> Val {
    let mut values: Vec<&Val> = match value {
        Val::Seq(items) => items.iter().map(|(item, _)| item).rev().collect(),
        other => vec![other],
    };
    let mut out = String::new();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some('s' | 'd') => match values.pop().and_then(display) {
                Some(text) => out.push_str(&text),
                None => return Val::unknown("is formatted from values that are not known"),
            },
            _ => return Val::unknown("is formatted"),
        }
        if out.len() > MAX_TEXT {
            return too_large();
        }
    }
    Val::str(out)
}

/// What `str(value)` gives.
pub(super) fn display(value: &Val) -> Option<String> {
    match value {
        Val::Known(literal) => Some(match literal {
            Literal::None => "None".into(),
            Literal::Bool(true) => "True".into(),
            Literal::Bool(false) => "False".into(),
            Literal::Int(value) => value.to_string(),
            Literal::Str(text) => text.to_string(),
            Literal::Float(text) => format!("{:?}", text.replace('_', "").parse::<f64>().ok()?),
            Literal::Bytes | Literal::Duration(_) => return None,
        }),
        _ => None,
    }
}

/// `base / part` of paths, and `os.path.join`: an absolute part begins anew.
pub(super) fn join_paths(base: &str, part: &str) -> String {
    let joined = if part.starts_with('/') || base.is_empty() {
        part.to_owned()
    } else {
        format!("{}/{part}", base.trim_end_matches('/'))
    };
    normal(&joined)
}

/// A path without `.` and `..` where they can be resolved.
pub(super) fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

/// `path.parent`
pub(super) fn parent_path(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) | None if path.starts_with('/') => "/".into(),
        Some((above, _)) => above.into(),
        None => String::new(),
    }
}

/// Puts a pair into a map: an equal key keeps its place in the order, as in Python.
pub(super) fn insert(items: &mut Vec<(Val, Val, Place)>, key: Val, value: Val, place: Place) {
    if !key.is_unknown()
        && let Some(found) = items.iter_mut().find(|(known, _, _)| *known == key)
    {
        found.1 = value;
        found.2 = place;
        return;
    }
    items.push((key, value, place));
}

/// One comparison of known values; `None` where the source does not say.
pub(super) fn compare(left: &Val, op: &str, right: &Val) -> Option<bool> {
    match (left, op, right) {
        (_, "in" | "not in", Val::Seq(items)) => {
            let found = items.iter().any(|(item, _)| same(left, item) == Some(true));
            let sure = found
                || items
                    .iter()
                    .all(|(item, _)| same(left, item) == Some(false));
            sure.then_some(found == (op == "in"))
        }
        (_, "in" | "not in", Val::Map(items)) => {
            let found = items
                .iter()
                .any(|(key, _, _)| same(left, key) == Some(true));
            let sure = found
                || items
                    .iter()
                    .all(|(key, _, _)| same(left, key) == Some(false));
            sure.then_some(found == (op == "in"))
        }
        (Val::Known(Literal::Str(a)), "in" | "not in", Val::Known(Literal::Str(b))) => {
            Some(b.contains(&**a) == (op == "in"))
        }
        (_, "==" | "is", _) => same(left, right),
        (_, "!=" | "is not" | "<>", _) => same(left, right).map(|equal| !equal),
        (_, "<" | "<=" | ">" | ">=", _) => {
            let (a, b) = (number(left)?, number(right)?);
            Some(match op {
                "<" => a < b,
                "<=" => a <= b,
                ">" => a > b,
                _ => a >= b,
            })
        }
        _ => None,
    }
}

fn same(a: &Val, b: &Val) -> Option<bool> {
    match (a, b) {
        (Val::Known(Literal::Bytes), _) | (_, Val::Known(Literal::Bytes)) => None,
        (Val::Known(a_literal), Val::Known(b_literal)) => match (number(a), number(b)) {
            (Some(a), Some(b)) => Some(a.total_cmp(&b).is_eq()),
            _ => Some(a_literal == b_literal),
        },
        _ => None,
    }
}

impl Val {
    /// Itself if unknown, otherwise unknown with a reason that says what it was.
    pub(super) fn into_unknown(self) -> Self {
        match self {
            Self::Unknown(_) => self,
            Self::Env { key, .. } => {
                Self::unknown(format!("comes from the environment variable `{key}`"))
            }
            Self::Instance {
                class: super::Symbol::External(name),
                ..
            } => Self::unknown(format!("is the result of `{name}`")),
            _ => Self::unknown("is not evaluated"),
        }
    }
}
