//! Calls and attributes: the few functions and methods whose result the source tells.

use std::sync::Arc;

use super::super::link::{FuncId, Symbol};
use super::super::syntax::{
    Arg, ArgKind, ComprehensionKind, Expr, ExprKind, ParamKind, keyword, positional,
};
use super::eval::{Eval, MAX_ITERATIONS, out_of_budget, updated};
use super::interpret::Next;
use super::method::method_of;
use super::{Literal, Place, Table, Val, ops};

/// Functions within functions that are read for their result.
const MAX_INLINED: u32 = 3;
/// Statements of a function that is read for its result.
const MAX_INLINED_STATEMENTS: usize = 20;

/// What a call calls.
enum Callee {
    Symbol(Symbol),
    /// `value.method`
    Method,
    Unknown,
}

impl Eval<'_> {
    pub(super) fn call(&mut self, call: &Expr, func: &Expr, args: &[Arg]) -> Val {
        if let Some(found) = self.environment_call(func, args) {
            return found;
        }
        let place = self.place(call.span);
        match self.callee(func) {
            Callee::Symbol(symbol @ Symbol::Class(_)) => Val::Instance {
                class: symbol,
                place,
            },
            Callee::Symbol(Symbol::Func(id)) => self.inline(id, args),
            Callee::Symbol(Symbol::External(name)) => self.external(&name, call, args),
            Callee::Method => match &func.kind {
                ExprKind::Attribute { value, attr } => {
                    let receiver = self.expr(value);
                    self.method(&receiver, attr, args)
                }
                _ => Val::unknown("is the result of a call"),
            },
            _ => Val::unknown("is the result of a call"),
        }
    }

    fn callee(&mut self, func: &Expr) -> Callee {
        match &func.kind {
            ExprKind::Name(name) => {
                if let Some(value) = self.local(name) {
                    return match &**value {
                        Val::Symbol(symbol) => Callee::Symbol(symbol.clone()),
                        _ => Callee::Unknown,
                    };
                }
            }
            ExprKind::Attribute { value, .. } => {
                // `x.method()` of a value that is being worked out here.
                if value.as_name().is_some_and(|n| {
                    self.local(n)
                        .is_some_and(|v| !matches!(**v, Val::Symbol(_)))
                }) {
                    return Callee::Method;
                }
            }
            _ => return Callee::Unknown,
        }
        match self.program.resolve(self.scope(), func) {
            Symbol::Unknown(_) | Symbol::Variable(..) => Callee::Method,
            symbol => Callee::Symbol(symbol),
        }
    }

    fn arg(&mut self, args: &[Arg], at: usize, name: &str) -> Option<Val> {
        let expr = positional(args, at).or_else(|| keyword(args, name))?;
        Some(self.expr(expr))
    }

    /// `dict(a=1)`, `update(b=2)`: keyword arguments as a mapping, `**x` included.
    fn keywords(&mut self, args: &[Arg]) -> Val {
        let mut out = Val::Map(Vec::new());
        for arg in args {
            let place = self.place(arg.value.span);
            let part = match &arg.kind {
                ArgKind::Keyword(name) => {
                    let key = Val::Known(Literal::Str(Arc::clone(name)));
                    Val::Map(vec![(key, self.expr(&arg.value), place)])
                }
                ArgKind::DoubleStar => self.expr(&arg.value),
                _ => continue,
            };
            out = updated(&out, &part, place);
        }
        out
    }

    fn external(&mut self, name: &str, call: &Expr, args: &[Arg]) -> Val {
        let place = self.place(call.span);
        let first = |eval: &mut Self| eval.arg(args, 0, "");
        match name {
            "builtins.dict" | "collections.OrderedDict" => {
                let base = first(self).unwrap_or(Val::Map(Vec::new()));
                let base = ops::each(&base, pairs_of);
                let keywords = self.keywords(args);
                updated(&base, &keywords, place)
            }
            "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.frozenset"
            | "builtins.sorted" | "builtins.reversed" => self.sequence_of(name, args, place),
            "builtins.str" | "builtins.format" | "builtins.repr" => self.text_of(name, args),
            "builtins.int" => {
                let value = first(self).unwrap_or(Val::int(0));
                ops::each(&value, |value| super::environment::cast(value, "int"))
            }
            "builtins.float" => {
                let value = first(self).unwrap_or(Val::int(0));
                ops::each(&value, |value| super::environment::cast(value, "float"))
            }
            "builtins.bool" => {
                let value = first(self).unwrap_or(Val::bool(false));
                ops::each(&value, |value| match value {
                    Val::Env { .. } => super::environment::cast(value, "truthy"),
                    value => value
                        .truth()
                        .map_or_else(|| value.clone().into_unknown(), Val::bool),
                })
            }
            "builtins.len" => match first(self) {
                Some(Val::Seq(items)) if items.iter().all(|(item, _)| !item.is_unknown()) => {
                    Val::length(items.len())
                }
                Some(Val::Known(Literal::Str(text))) => Val::length(text.chars().count()),
                _ => Val::unknown("is a length that is not known"),
            },
            "builtins.range" => self.range(args, place),
            "builtins.getattr" => Val::unknown("is an attribute by a computed name"),
            "datetime.timedelta" => self.timedelta(args),
            "copy.copy" | "copy.deepcopy" | "typing.cast" => {
                let at = usize::from(name == "typing.cast");
                self.arg(args, at, "x")
                    .unwrap_or_else(|| Val::unknown("is the result of a call"))
            }
            "django.utils.translation.gettext_lazy"
            | "django.utils.translation.gettext"
            | "django.utils.translation.ugettext_lazy"
            | "django.utils.translation.ugettext"
            | "django.utils.translation.gettext_noop"
            | "django.utils.safestring.mark_safe" => {
                first(self).unwrap_or_else(|| Val::unknown("is the result of a call"))
            }
            "django.utils.translation.pgettext" | "django.utils.translation.pgettext_lazy" => self
                .arg(args, 1, "message")
                .unwrap_or_else(|| Val::unknown("is the result of a call")),
            _ if name.starts_with("os.path.") || name.starts_with("pathlib.") => self
                .path_call(name, args)
                .unwrap_or_else(|| Val::unknown(format!("is the result of `{name}`"))),
            _ if name.starts_with("builtins.") => Val::unknown(format!(
                "is the result of `{}`",
                &name.replace("builtins.", "")
            )),
            _ => Val::Instance {
                class: Symbol::External(name.into()),
                place,
            },
        }
    }

    fn sequence_of(&mut self, name: &str, args: &[Arg], place: Place) -> Val {
        let Some(value) = self.arg(args, 0, "") else {
            return Val::Seq(Vec::new());
        };
        let members = match &value {
            Val::Symbol(Symbol::Class(class)) => self.members(*class),
            _ => None,
        };
        ops::each(&value, |value| {
            let mut items = match value {
                Val::Seq(items) => items.clone(),
                Val::Map(pairs) => pairs
                    .iter()
                    .map(|(key, _, place)| (key.clone(), *place))
                    .collect(),
                Val::Symbol(_) if members.is_some() => members
                    .iter()
                    .flatten()
                    .map(|value| (value.clone(), place))
                    .collect(),
                Val::Known(Literal::Str(text)) if text.len() <= MAX_ITERATIONS => text
                    .chars()
                    .map(|c| (Val::str(c.to_string()), place))
                    .collect(),
                Val::Env { .. } => return super::environment::cast(value, "list"),
                other => return other.clone().into_unknown(),
            };
            match name {
                "builtins.sorted" => {
                    let all_text = items.iter().all(|(item, _)| item.as_str().is_some());
                    if !all_text || args.len() > 1 {
                        return Val::unknown("is sorted");
                    }
                    items.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
                }
                "builtins.reversed" => items.reverse(),
                "builtins.set" | "builtins.frozenset" => {
                    let mut seen: Vec<(Val, Place)> = Vec::new();
                    for item in items.into_iter().take(2_000) {
                        if item.0.is_unknown() || !seen.iter().any(|(known, _)| *known == item.0) {
                            seen.push(item);
                        }
                    }
                    items = seen;
                }
                _ => {}
            }
            Val::Seq(items)
        })
    }

    fn text_of(&mut self, name: &str, args: &[Arg]) -> Val {
        let value = self.arg(args, 0, "").unwrap_or(Val::str(""));
        let spec = self.arg(args, 1, "");
        ops::each(&value, |value| match (name, value, &spec) {
            ("builtins.str", Val::Env { .. }, _) => value.clone(),
            ("builtins.repr", Val::Known(Literal::Str(_)), _) => Val::unknown("is a `repr`"),
            ("builtins.format", _, Some(spec)) if spec.as_str() != Some("") => {
                // `{number:02d}`
                let width = spec.as_str().and_then(|s| {
                    let digits = s.strip_prefix('0')?.trim_end_matches('d');
                    digits.parse::<usize>().ok().filter(|width| *width < 64)
                });
                match (value.as_int(), width) {
                    (Some(number), Some(width)) if number >= 0 => {
                        Val::str(format!("{number:0width$}"))
                    }
                    _ => Val::unknown("is formatted"),
                }
            }
            _ => ops::display(value).map_or_else(|| value.clone().into_unknown(), Val::str),
        })
    }

    fn range(&mut self, args: &[Arg], place: Place) -> Val {
        let bounds: Option<Vec<i64>> = args
            .iter()
            .map(|arg| self.expr(&arg.value).as_int())
            .collect();
        let (from, to, step) = match bounds.as_deref() {
            Some([to]) => (0, *to, 1),
            Some([from, to]) => (*from, *to, 1),
            Some([from, to, step]) if *step > 0 => (*from, *to, *step),
            _ => return Val::unknown("is a range whose bounds are not known"),
        };
        let mut items = Vec::new();
        let mut at = from;
        while at < to {
            if items.len() > MAX_ITERATIONS {
                return Val::unknown("is a range of more than 64 numbers");
            }
            items.push((Val::int(at), place));
            at = at.saturating_add(step);
        }
        Val::Seq(items)
    }

    /// `timedelta(days=1, hours=2)` in seconds.
    pub(super) fn timedelta(&mut self, args: &[Arg]) -> Val {
        const UNITS: [(&str, f64); 7] = [
            ("days", 86_400.0),
            ("seconds", 1.0),
            ("microseconds", 1e-6),
            ("milliseconds", 1e-3),
            ("minutes", 60.0),
            ("hours", 3_600.0),
            ("weeks", 604_800.0),
        ];
        let mut total = Val::int(0);
        for (at, (name, unit)) in UNITS.iter().enumerate() {
            let Some(value) = self.arg(args, at, name) else {
                continue;
            };
            let unit = Val::Known(Literal::Float(format!("{unit:?}").into()));
            let seconds = ops::binary(&value, "*", &unit, Place::default());
            total = ops::binary(&total, "+", &seconds, Place::default());
        }
        in_seconds(&total)
    }

    fn path_call(&mut self, name: &str, args: &[Arg]) -> Option<Val> {
        let mut parts = Vec::new();
        for arg in args {
            if arg.kind == ArgKind::Positional {
                parts.push(self.expr(&arg.value));
            }
        }
        let first = parts.first();
        Some(match name {
            "os.path.join" | "pathlib.Path" | "pathlib.PurePath" => {
                let mut out = Val::str("");
                for part in &parts {
                    out = ops::distribute(&out, part, |a, b| match (a.as_str(), b.as_str()) {
                        (Some(a), Some(b)) => Val::str(ops::join_paths(a, b)),
                        (Some(_), None) => b.clone().into_unknown(),
                        _ => a.clone().into_unknown(),
                    });
                }
                out
            }
            "os.path.dirname" => ops::each(first?, |v| path_text(v, ops::parent_path)),
            "os.path.abspath" | "os.path.realpath" | "os.path.normpath" => {
                ops::each(first?, |v| path_text(v, ops::normal))
            }
            "os.path.basename" => ops::each(first?, |v| {
                path_text(v, |text| text.rsplit('/').next().unwrap_or("").to_owned())
            }),
            _ => return None,
        })
    }

    fn method(&mut self, receiver: &Val, method: &str, args: &[Arg]) -> Val {
        let values: Vec<Val> = args
            .iter()
            .filter(|arg| arg.kind == ArgKind::Positional)
            .map(|arg| self.expr(&arg.value))
            .collect();
        let keywords = if method == "format" {
            self.keywords(args)
        } else {
            Val::Map(Vec::new())
        };
        if let (Val::Symbol(Symbol::Class(_)), _) = (receiver, method) {
            return Val::unknown("is the result of a method");
        }
        let value = ops::each(receiver, |receiver| {
            method_of(receiver, method, &values, &keywords)
        });
        self.bounded(value)
    }

    /// The result of a small function of the project.
    fn inline(&mut self, func: FuncId, args: &[Arg]) -> Val {
        let def = self.program.func_def(func);
        let plain = def.decorators.iter().all(|decorator| {
            let name = decorator
                .dotted()
                .or_else(|| decorator.as_call()?.0.dotted());
            matches!(
                name.as_deref(),
                Some(
                    "cache"
                        | "lru_cache"
                        | "functools.cache"
                        | "functools.lru_cache"
                        | "staticmethod"
                )
            )
        });
        if self.inlined >= MAX_INLINED
            || !plain
            || def.is_async
            || def.body.len() > MAX_INLINED_STATEMENTS
            || self.program.func(func).class.is_some()
        {
            return Val::unknown(format!("is the result of `{}`", def.name));
        }
        let mut locals = Table::default();
        for (at, param) in def.params.iter().enumerate() {
            let given = match param.kind {
                ParamKind::Normal => positional(args, at).or_else(|| keyword(args, &param.name)),
                ParamKind::KeywordOnly => keyword(args, &param.name),
                ParamKind::Star | ParamKind::DoubleStar => None,
            };
            let spread = args
                .iter()
                .any(|arg| matches!(arg.kind, ArgKind::Star | ArgKind::DoubleStar));
            let value = match (given, &param.default) {
                (Some(given), _) => self.expr(given),
                (None, Some(default)) if !spread => {
                    let scope = self.program.scope_around_func(func);
                    self.at(scope, default)
                }
                _ => Val::unknown(format!("`{}` is a parameter", param.name)),
            };
            locals.insert(Arc::clone(&param.name), Arc::new(value));
        }
        self.inlined += 1;
        let pending = std::mem::take(&mut self.pending);
        let scope = self.func_scope(func);
        let body = &def.body;
        let next = self
            .deeper(|eval| eval.within(scope, locals, |eval| eval.run(body)))
            .unwrap_or(Next::Stop);
        self.inlined -= 1;
        let mut returned = std::mem::replace(&mut self.pending, pending);
        match next {
            Next::Return(value) => returned.push(value),
            Next::Go => returned.push(Val::NONE),
            Next::Stop => {}
        }
        if returned.is_empty() {
            return out_of_budget();
        }
        Val::one_of(returned)
    }

    pub(super) fn attribute(&mut self, expr: &Expr, value: &Expr, attr: &str) -> Val {
        if let Some(found) = self.member_part(value, attr) {
            return found;
        }
        // A value that is being worked out here comes before what the linker knows.
        let local = value.as_name().is_some_and(|name| {
            self.local(name)
                .is_some_and(|v| !matches!(**v, Val::Symbol(_)))
        });
        if !local {
            match self.program.resolve(self.scope(), expr) {
                Symbol::Unknown(_) => {}
                symbol => return self.symbol(&symbol),
            }
        }
        let base = self.expr(value);
        let enumeration = match &base {
            Val::Symbol(Symbol::Class(class)) => self.enumeration_part(*class, attr, value),
            _ => None,
        };
        if let Some(found) = enumeration {
            return found;
        }
        ops::each(&base, |base| match (base, attr) {
            (Val::Known(Literal::Str(path)), "parent") => Val::str(ops::parent_path(path)),
            (Val::Known(Literal::Str(path)), "parents") => {
                let mut above = Vec::new();
                let mut at = path.to_string();
                while at != "/" && !at.is_empty() && above.len() < MAX_ITERATIONS {
                    at = ops::parent_path(&at);
                    above.push((Val::str(at.clone()), Place::default()));
                }
                Val::Seq(above)
            }
            (Val::Known(Literal::Str(path)), "name") => {
                Val::str(path.rsplit('/').next().unwrap_or_default())
            }
            (Val::Unknown(reason), _) => Val::Unknown(Arc::clone(reason)),
            _ => Val::unknown(format!(
                "`{attr}` is an attribute of a value that is not known"
            )),
        })
    }

    /// Whether a lambda or a name splits text into a list: casts of environment helpers.
    pub(super) fn makes_list(expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Lambda { body, .. } => match &body.kind {
                ExprKind::Comprehension(c) => c.kind == ComprehensionKind::List,
                ExprKind::Call { func, .. } => matches!(
                    &func.kind,
                    ExprKind::Attribute { attr, .. } if &**attr == "split"
                ),
                _ => false,
            },
            _ => false,
        }
    }
}

/// A number of seconds as a duration.
fn in_seconds(value: &Val) -> Val {
    ops::each(value, |value| match (ops::number(value), value) {
        (Some(number), _) => Val::Known(Literal::Duration(number as i64)),
        (None, Val::Env { .. }) => super::environment::computed(value, in_seconds)
            .unwrap_or_else(|| value.clone().into_unknown()),
        _ => value.clone().into_unknown(),
    })
}

/// What `dict(value)` makes of a mapping or of pairs.
fn pairs_of(value: &Val) -> Val {
    let Val::Seq(items) = value else {
        return match value {
            Val::Map(_) => value.clone(),
            other => other.clone().into_unknown(),
        };
    };
    let mut pairs = Vec::new();
    for (item, place) in items {
        match item.items() {
            Some([(key, _), (value, _)]) => {
                ops::insert(&mut pairs, key.clone(), value.clone(), *place);
            }
            _ => {
                let unknown = Val::unknown("is a pair that is not known");
                pairs.push((unknown.clone(), unknown, *place));
            }
        }
    }
    Val::Map(pairs)
}

fn path_text(value: &Val, change: impl Fn(&str) -> String) -> Val {
    match value.as_str() {
        Some(text) => Val::str(change(text)),
        None => value.clone().into_unknown(),
    }
}
