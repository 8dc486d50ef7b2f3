//! Values that come from the environment: `os.environ`, django-environ, environs, python-decouple,
//! dj-database-url.

use std::sync::Arc;

use super::super::link::{Scope, Symbol};
use super::super::syntax::{Arg, Expr, ExprKind, keyword, positional};
use super::eval::Eval;
use super::{Literal, Val, ops};

/// Words that settings compare with to read a boolean from text.
const TRUE_WORDS: [&str; 6] = ["true", "1", "yes", "on", "y", "t"];

/// What reads the environment, and how its arguments stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// `os.getenv(key, default)`, `os.environ.get(key, default)`
    Os,
    /// django-environ: `env(key, cast, default)`, `env.bool(key, default)`
    Environ,
    /// environs: `env(key, default)`, `env.bool(key, default)`
    Environs,
    /// python-decouple: `config(key, default, cast)`
    Decouple,
    /// `dj_database_url.config(env, default)`
    DatabaseUrl,
}

impl Eval<'_> {
    /// A call that reads the environment; `None` for any other call.
    pub(super) fn environment_call(&mut self, func: &Expr, args: &[Arg]) -> Option<Val> {
        let scope = self.scope();
        // `env.bool(…)` or `env(…)`
        let (reader_expr, method) = match &func.kind {
            ExprKind::Attribute { value, attr } => (&**value, Some(&**attr)),
            ExprKind::Name(_) => (func, None),
            _ => return None,
        };
        if let Symbol::External(name) = self.program.resolve(scope, func) {
            let reader = match &*name {
                "os.getenv" | "os.environ.get" | "os.environ.setdefault" => Reader::Os,
                "decouple.config" => Reader::Decouple,
                "dj_database_url.config" => Reader::DatabaseUrl,
                "dj_database_url.parse" => {
                    let url = self.expr(positional(args, 0)?);
                    return Some(ops::each(&url, |url| cast(url, "db")));
                }
                "distutils.util.strtobool" | "setuptools.distutils.strtobool" => {
                    let value = self.expr(positional(args, 0)?);
                    return Some(ops::each(&value, |value| cast(value, "bool")));
                }
                "environs.env" => Reader::Environs,
                name if name.starts_with("environs.env.") => Reader::Environs,
                _ => return None,
            };
            let method = method.filter(|_| reader == Reader::Environs && &*name != "environs.env");
            return self.read(reader, method, None, args);
        }
        let symbol = self.program.resolve(scope, reader_expr);
        let (reader, scheme) = self.reader_of(&symbol)?;
        self.read(reader, method, scheme, args)
    }

    /// `os.environ["KEY"]`, `env["KEY"]`.
    pub(super) fn environment_item(&mut self, value: &Expr, index: &Expr) -> Option<Val> {
        let symbol = self.program.resolve(self.scope(), value);
        let reads = match &symbol {
            Symbol::External(name) => &**name == "os.environ",
            Symbol::Variable(..) => self.reader_of(&symbol).is_some(),
            _ => false,
        };
        if !reads {
            return None;
        }
        let key = self.expr(index);
        Some(Val::Env {
            key: key.as_str()?.into(),
            default: None,
            cast: None,
        })
    }

    /// What an instance such as `env = environ.Env(DEBUG=(bool, False))` reads, with the scheme.
    fn reader_of(&self, symbol: &Symbol) -> Option<(Reader, Option<(Scope, Vec<Arg>)>)> {
        if !matches!(symbol, Symbol::Variable(..)) {
            return None;
        }
        let (scope, made_by) = self.program.variable_expr(symbol)?;
        let (class, args) = made_by.as_call()?;
        let Symbol::External(name) = self.program.resolve(scope, class) else {
            return None;
        };
        match &*name {
            "environ.Env" | "environ.FileAwareEnv" | "environ.environ.Env" => {
                Some((Reader::Environ, Some((scope, args.to_vec()))))
            }
            "environs.Env" | "environs.FileAwareEnv" => Some((Reader::Environs, None)),
            "decouple.Config" | "decouple.AutoConfig" => Some((Reader::Decouple, None)),
            _ => None,
        }
    }

    fn read(
        &mut self,
        reader: Reader,
        method: Option<&str>,
        scheme: Option<(Scope, Vec<Arg>)>,
        args: &[Arg],
    ) -> Option<Val> {
        let method = method.filter(|m| !matches!(*m, "get" | "get_value"));
        if let Some(method) = method
            && matches!(
                method,
                "read_env" | "read_envfile" | "seal" | "prefixed" | "dump" | "read" | "append"
            )
        {
            return None;
        }
        let key_name = match reader {
            Reader::DatabaseUrl => "env",
            Reader::Decouple => "option",
            _ => "var",
        };
        let key_expr = keyword(args, key_name).or_else(|| positional(args, 0));
        let key: Arc<str> = match (key_expr, reader, method) {
            (None, Reader::DatabaseUrl, _) => "DATABASE_URL".into(),
            (None, _, Some("db" | "db_url")) => "DATABASE_URL".into(),
            (None, _, Some("cache" | "cache_url")) => "CACHE_URL".into(),
            (None, _, Some("email" | "email_url")) => "EMAIL_URL".into(),
            (None, _, _) => return None,
            (Some(expr), _, _) => match self.expr(expr).as_str() {
                Some(key) => key.into(),
                // `dj_database_url.config(default)` of old versions.
                None => return Some(Val::unknown("is read from a computed environment variable")),
            },
        };
        let (default_at, cast_at) = match (reader, method) {
            (Reader::Environ, None) => (2, Some(1)),
            (Reader::Decouple, _) => (1, Some(2)),
            _ => (1, None),
        };
        let mut default = keyword(args, "default")
            .or_else(|| positional(args, default_at))
            .map(|expr| self.expr(expr));
        let mut how = match (reader, method) {
            (Reader::DatabaseUrl, _) => Some("db"),
            (_, Some(method)) => Some(cast_name(method)),
            _ => None,
        };
        let cast_expr = keyword(args, "cast")
            .or_else(|| keyword(args, "parser"))
            .or_else(|| cast_at.and_then(|at| positional(args, at)));
        if let Some(expr) = cast_expr {
            how = Some(self.cast_of(expr));
        }
        if let Some((scope, scheme)) = scheme
            && let Some(entry) = keyword(&scheme, &key)
        {
            let (scheme_cast, scheme_default) = match entry.elements() {
                Some([cast, default]) => (cast, Some(default)),
                _ => (entry, None),
            };
            how = how.or_else(|| Some(self.cast_of(scheme_cast)));
            if let (None, Some(expr)) = (&default, scheme_default) {
                default = Some(self.at(scope, expr));
            }
        }
        // `os.getenv` gives `None` where `env(...)` raises.
        if reader == Reader::Os && default.is_none() {
            default = Some(Val::NONE);
        }
        if let Some(how) = how {
            default = default.map(|default| cast(&default, how));
        }
        Some(Val::Env {
            key,
            default: default.map(Box::new),
            cast: how,
        })
    }

    /// The name of a cast from the function that does it.
    fn cast_of(&mut self, expr: &Expr) -> &'static str {
        if Self::makes_list(expr) {
            return "list";
        }
        let named = match &expr.kind {
            ExprKind::Call { func, .. } => func,
            _ => expr,
        };
        match self.program.resolve(self.scope(), named) {
            Symbol::External(name) => cast_name(name.rsplit('.').next().unwrap_or_default()),
            Symbol::Func(id) => cast_name(&self.program.func_def(id).name),
            _ => "custom",
        }
    }
}

/// Casts by the names that helpers give them.
fn cast_name(name: &str) -> &'static str {
    match name {
        "bool" | "strtobool" | "str2bool" | "str_to_bool" | "to_bool" => "bool",
        "int" => "int",
        "float" | "Decimal" | "decimal" => "float",
        "str" | "unicode" => "str",
        "list" | "tuple" | "Csv" | "set" => "list",
        "dict" => "dict",
        "json" | "loads" => "json",
        "db" | "db_url" | "dj_db_url" => "db",
        "cache" | "cache_url" | "dj_cache_url" => "cache",
        "email" | "email_url" | "dj_email_url" => "email",
        "url" => "url",
        "path" | "Path" => "path",
        "timedelta" => "timedelta",
        _ => "custom",
    }
}

/// A value as a cast makes it. What is read from the environment remembers the cast.
pub(super) fn cast(value: &Val, how: &'static str) -> Val {
    match value {
        Val::Env { key, default, .. } => Val::Env {
            key: Arc::clone(key),
            default: default.as_ref().map(|default| Box::new(cast(default, how))),
            cast: Some(how),
        },
        Val::OneOf(values) => Val::one_of(values.iter().map(|value| cast(value, how))),
        Val::Known(Literal::Str(text)) => match how {
            "bool" => Val::bool(TRUE_WORDS.contains(&text.trim().to_lowercase().as_str())),
            "truthy" => Val::bool(!text.is_empty()),
            "int" => text
                .trim()
                .replace('_', "")
                .parse()
                .map_or_else(|_| Val::unknown("is not a number"), Val::int),
            "float" => Val::Known(Literal::Float(Arc::clone(text))),
            "list" => Val::Seq(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .take(super::MAX_SIZE)
                    .map(|part| (Val::str(part), super::Place::default()))
                    .collect(),
            ),
            _ => value.clone(),
        },
        Val::Known(Literal::None) if how == "truthy" => Val::bool(false),
        Val::Known(Literal::Int(number)) => match how {
            "bool" | "truthy" => Val::bool(*number != 0),
            _ => value.clone(),
        },
        Val::Known(Literal::Bool(truth)) if how == "int" => Val::int(i64::from(*truth)),
        Val::Known(Literal::Float(_)) if how == "int" => match ops::number(value) {
            Some(number) => Val::int(number as i64),
            None => Val::unknown("is not a number"),
        },
        Val::Known(_) | Val::Seq(_) | Val::Map(_) => value.clone(),
        other => other.clone().into_unknown(),
    }
}

/// `"KEY" in os.environ`: a boolean that is false where the variable is not set.
pub(super) fn presence(left: &Val, op: &str, right: &Val) -> Option<Val> {
    let Val::Symbol(Symbol::External(name)) = right else {
        return None;
    };
    if &**name != "os.environ" || !matches!(op, "in" | "not in") {
        return None;
    }
    Some(Val::Env {
        key: left.as_str()?.into(),
        default: Some(Box::new(Val::bool(op == "not in"))),
        cast: Some("bool"),
    })
}

/// A value computed from one that comes from the environment: what it is where the variable is
/// not set is computed too.
pub(super) fn computed(value: &Val, compute: impl FnOnce(&Val) -> Val) -> Option<Val> {
    let Val::Env { key, default, .. } = value else {
        return None;
    };
    Some(Val::Env {
        key: Arc::clone(key),
        default: default.as_ref().map(|default| Box::new(compute(default))),
        cast: Some("computed"),
    })
}

/// `os.getenv("DEBUG") == "True"`, `os.getenv("DEBUG", "0") in ("1", "true")`: a boolean from text.
pub(super) fn compared(key: &Arc<str>, default: Option<&Val>, op: &str, right: &Val) -> Val {
    let default = default.map(|default| {
        let truth = ops::compare(default, op, right);
        Box::new(truth.map_or_else(
            || Val::unknown("is a comparison of values that are not known"),
            Val::bool,
        ))
    });
    Val::Env {
        key: Arc::clone(key),
        default,
        cast: Some("bool"),
    }
}
