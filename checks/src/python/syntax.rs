//! The typed syntax tree of one Python file.
//!
//! It keeps what facts ask about and leaves out what they do not (type parameters, decorators'
//! `@`, parentheses). Every node has a [`Span`] of byte offsets into the file's text. What did not
//! parse, or is nested deeper than [`MAX_DEPTH`], is [`ExprKind::Opaque`] or [`StmtKind::Opaque`].
//!
//! Definitions and assigned values are behind an [`Arc`]: the linker's tables share them.

use std::sync::Arc;

/// Nesting beyond this is opaque: our own walks are recursive, and hostile files nest 100,000 deep.
pub const MAX_DEPTH: usize = 200;

/// A name, shared within its file.
pub type Name = Arc<str>;

/// Bytes `start..end` of the file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Name(Name),
    Attribute {
        value: Box<Expr>,
        attr: Name,
    },
    Call {
        func: Box<Expr>,
        args: Vec<Arg>,
    },
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    /// Adjacent literals are joined; escapes are resolved.
    Str(Arc<str>),
    Bytes,
    /// Text and holes in order. A hole with a format is the call it stands for:
    /// `{x:02d}` is `format(x, "02d")`, `{x!r}` is `repr(x)`.
    FString(Vec<FPart>),
    /// `None` where it does not fit 64 bits.
    Int(Option<i64>),
    /// The text as written.
    Float(Arc<str>),
    Bool(bool),
    None,
    Ellipsis,
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Set(Vec<Expr>),
    Dict(Vec<DictItem>),
    /// `+`, `|`, `%`, `//` … as written.
    BinOp {
        left: Box<Expr>,
        op: &'static str,
        right: Box<Expr>,
    },
    /// `not`, `-`, `+`, `~`.
    UnaryOp {
        op: &'static str,
        operand: Box<Expr>,
    },
    /// `and` / `or`, flattened.
    BoolOp {
        op: &'static str,
        values: Vec<Expr>,
    },
    /// `==`, `!=`, `<`, `in`, `not in`, `is`, `is not` …
    Compare {
        left: Box<Expr>,
        rest: Vec<(&'static str, Expr)>,
    },
    IfExp {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Lambda {
        params: Vec<Param>,
        body: Box<Expr>,
    },
    Comprehension(Box<Comprehension>),
    Starred(Box<Expr>),
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    /// `name := value`
    Named {
        target: Name,
        value: Box<Expr>,
    },
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Opaque,
}

#[derive(Clone, Debug)]
pub enum FPart {
    Text(Arc<str>),
    Hole(Expr),
}

/// One argument of a call: `x`, `name=x`, `*x` or `**x`.
#[derive(Clone, Debug)]
pub struct Arg {
    pub span: Span,
    pub kind: ArgKind,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgKind {
    Positional,
    Keyword(Name),
    Star,
    DoubleStar,
}

#[derive(Clone, Debug)]
pub enum DictItem {
    Pair {
        key: Expr,
        value: Expr,
    },
    /// `**value`
    Spread(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Clone, Debug)]
pub struct Comprehension {
    pub kind: ComprehensionKind,
    /// The element; for a dict its key.
    pub element: Expr,
    /// The value of a dict comprehension.
    pub value: Option<Expr>,
    pub clauses: Vec<Clause>,
}

#[derive(Clone, Debug)]
pub struct Clause {
    pub target: Expr,
    pub iter: Expr,
    pub conditions: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    Expr(Expr),
    /// `a = b = value` has two targets.
    Assign {
        targets: Vec<Expr>,
        value: Arc<Expr>,
    },
    /// `op` without the `=`.
    AugAssign {
        target: Expr,
        op: &'static str,
        value: Expr,
    },
    AnnAssign {
        target: Expr,
        annotation: Expr,
        value: Option<Arc<Expr>>,
    },
    Return(Option<Expr>),
    Raise {
        exc: Option<Expr>,
        cause: Option<Expr>,
    },
    /// `elif` is an `If` alone in `orelse`.
    If {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    For {
        target: Expr,
        iter: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
        is_async: bool,
    },
    While {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    With {
        items: Vec<WithItem>,
        body: Vec<Stmt>,
        is_async: bool,
    },
    Try {
        body: Vec<Stmt>,
        handlers: Vec<Handler>,
        orelse: Vec<Stmt>,
        finally: Vec<Stmt>,
    },
    Match {
        subject: Expr,
        cases: Vec<MatchCase>,
    },
    Function(Arc<FunctionDef>),
    Class(Arc<ClassDef>),
    /// `import a.b as c`
    Import(Vec<ImportName>),
    ImportFrom(ImportFrom),
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    Delete(Vec<Expr>),
    Assert {
        test: Expr,
        message: Option<Expr>,
    },
    Pass,
    Break,
    Continue,
    /// `type X = …`
    TypeAlias {
        name: Expr,
        value: Expr,
    },
    /// Did not parse, or nested too deep.
    Opaque,
}

#[derive(Clone, Debug)]
pub struct WithItem {
    pub context: Expr,
    pub target: Option<Expr>,
}

/// `except types as name:`; no types is a bare `except:`.
#[derive(Clone, Debug)]
pub struct Handler {
    pub span: Span,
    pub types: Option<Expr>,
    pub name: Option<Name>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct MatchCase {
    /// Values of the pattern where it is a literal, a dotted name or an alternative of those;
    /// empty for `_` and for patterns that bind.
    pub values: Vec<Expr>,
    /// `case _:` or a bare capture without guard.
    pub is_wildcard: bool,
    pub guard: Option<Expr>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct FunctionDef {
    pub name: Name,
    pub name_span: Span,
    pub params: Vec<Param>,
    pub returns: Option<Expr>,
    pub decorators: Vec<Expr>,
    pub body: Vec<Stmt>,
    pub is_async: bool,
    /// From the first decorator to the end of the body.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    Normal,
    /// After `*` or `*args`.
    KeywordOnly,
    /// `*args`
    Star,
    /// `**kwargs`
    DoubleStar,
}

#[derive(Clone, Debug)]
pub struct Param {
    pub name: Name,
    pub kind: ParamKind,
    pub annotation: Option<Expr>,
    pub default: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct ClassDef {
    pub name: Name,
    pub name_span: Span,
    /// Bases and keywords (`metaclass=…`).
    pub args: Vec<Arg>,
    pub decorators: Vec<Expr>,
    pub body: Vec<Stmt>,
    /// From the first decorator to the end of the body.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct ImportName {
    /// `a.b`
    pub path: Name,
    pub alias: Option<Name>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct ImportFrom {
    /// Number of leading dots.
    pub level: u32,
    /// `a.b`; empty in `from . import x`.
    pub module: Name,
    pub names: Vec<ImportName>,
    /// `from a import *`
    pub star: bool,
    pub span: Span,
}

/// A comment with its `#`.
#[derive(Clone, Debug)]
pub struct Comment {
    pub span: Span,
    pub text: Arc<str>,
}

impl Span {
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl Expr {
    /// The name, if this is a bare name.
    pub fn as_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The text, if this is a string literal.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// `a.b.c` for names and attributes of names.
    pub fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Name(name) => Some(name.to_string()),
            ExprKind::Attribute { value, attr } => Some(format!("{}.{attr}", value.dotted()?)),
            _ => None,
        }
    }

    /// Function and arguments, if this is a call.
    pub fn as_call(&self) -> Option<(&Expr, &[Arg])> {
        match &self.kind {
            ExprKind::Call { func, args } => Some((func, args)),
            _ => None,
        }
    }

    /// Elements of a list, tuple or set display.
    pub fn elements(&self) -> Option<&[Expr]> {
        match &self.kind {
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => Some(items),
            _ => None,
        }
    }
}

/// The value of the keyword argument `name`.
pub fn keyword<'a>(args: &'a [Arg], name: &str) -> Option<&'a Expr> {
    args.iter()
        .find(|arg| matches!(&arg.kind, ArgKind::Keyword(k) if &**k == name))
        .map(|arg| &arg.value)
}

/// The positional argument at `index` (from 0), if no `*args` stands before it.
pub fn positional(args: &[Arg], index: usize) -> Option<&Expr> {
    let mut seen = 0;
    for arg in args {
        match arg.kind {
            ArgKind::Positional if seen == index => return Some(&arg.value),
            ArgKind::Positional => seen += 1,
            ArgKind::Star => return None,
            ArgKind::Keyword(_) | ArgKind::DoubleStar => {}
        }
    }
    None
}
