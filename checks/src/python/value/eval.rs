//! Expressions to values.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::link::{FuncId, Local, ModuleId, Program, Scope, Symbol};
use super::super::syntax::{
    Comprehension, ComprehensionKind, DictItem, Expr, ExprKind, FPart, Name, Span,
};
use super::body::Body;
use super::{Literal, MAX_SIZE, Place, Table, Val, ops};

/// Steps of one evaluation, over everything that it leads to.
const MAX_STEPS: u32 = 200_000;
/// Steps of one expression, without the bodies that it refers to.
const MAX_EXPRESSION_STEPS: u32 = 20_000;
/// Our own recursion, in expressions, statements and modules together.
const MAX_NESTING: u32 = 120;
/// Iterations of a comprehension or of a loop over known elements.
pub(super) const MAX_ITERATIONS: usize = 64;

/// Names that hold while something is evaluated.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) scope: Scope,
    pub(super) locals: Table,
    pub(super) body: Option<Body>,
}

/// One evaluation: its budget, and what it is in the middle of.
#[derive(Debug)]
pub(super) struct Eval<'p> {
    pub(super) program: &'p Program,
    steps: u32,
    nesting: u32,
    /// Functions that are being inlined.
    pub(super) inlined: u32,
    pub(super) frames: Vec<Frame>,
    /// Assigned expressions of functions that have been evaluated, or are being so.
    known: HashMap<(Scope, Span), Val>,
    /// What the function at hand returns on some of its branches.
    pub(super) pending: Vec<Val>,
    pub(super) active: Vec<Body>,
    /// The outermost body in `active` on whose unfinished names the current one depends: what
    /// depends on a circle, or on a budget that ran out, is not kept, so that no answer depends on
    /// who asked first.
    pub(super) depends_on: usize,
}

impl<'p> Eval<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        Self {
            program,
            steps: MAX_STEPS,
            nesting: 0,
            inlined: 0,
            frames: Vec::new(),
            known: HashMap::new(),
            pending: Vec::new(),
            active: Vec::new(),
            depends_on: usize::MAX,
        }
    }

    /// As [`Self::new`] with a smaller budget: for one expression among thousands.
    pub(super) fn of_expression(program: &'p Program) -> Self {
        Self {
            steps: MAX_EXPRESSION_STEPS,
            ..Self::new(program)
        }
    }

    /// The value of an expression in a scope.
    pub(super) fn at(&mut self, scope: Scope, expr: &Expr) -> Val {
        self.within(scope, Table::default(), |eval| eval.expr(expr))
    }

    /// Runs `run` with names of its own.
    pub(super) fn within<T>(
        &mut self,
        scope: Scope,
        locals: Table,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.frames.push(Frame {
            scope,
            locals,
            body: None,
        });
        let out = run(self);
        self.frames.pop();
        out
    }

    /// Takes steps from the budget; false where it is spent.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.steps = self
            .steps
            .saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.steps == 0 {
            self.depends_on = 0;
            return false;
        }
        true
    }

    /// Runs `run` one level deeper, if the budget allows.
    pub(super) fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.spend(1) || self.nesting >= MAX_NESTING {
            self.depends_on = 0;
            return None;
        }
        self.nesting += 1;
        let out = run(self);
        self.nesting -= 1;
        Some(out)
    }

    pub(super) fn scope(&self) -> Scope {
        self.frames
            .last()
            .map_or(Scope::of_module(ModuleId(0)), |frame| frame.scope)
    }

    pub(super) fn local(&self, name: &str) -> Option<&Arc<Val>> {
        self.frames.last()?.locals.get(name)
    }

    pub(super) fn set_local(&mut self, name: Name, value: Val) {
        let value = self.bounded(value);
        if let Some(frame) = self.frames.last_mut() {
            frame.locals.insert(name, Arc::new(value));
        }
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place {
            file: self.program.module(self.scope().module).file,
            span,
        }
    }

    /// The value if it is of a size that source has; its size is taken from the budget.
    pub(super) fn bounded(&mut self, value: Val) -> Val {
        let size = value.size(MAX_SIZE + 1);
        if size > MAX_SIZE {
            return Val::unknown("is too large");
        }
        if !self.spend(size / 8) {
            return out_of_budget();
        }
        value
    }

    pub(super) fn copy(&mut self, value: &Val) -> Val {
        if !self.spend(value.size(MAX_SIZE) / 8) {
            return out_of_budget();
        }
        value.clone()
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Val {
        self.deeper(|eval| eval.kind(expr))
            .unwrap_or_else(out_of_budget)
    }

    /// Dispatch only: small frames keep the recursion within the stack of a worker thread.
    pub(super) fn kind(&mut self, expr: &Expr) -> Val {
        match &expr.kind {
            ExprKind::Str(text) => Val::Known(Literal::Str(Arc::clone(text))),
            ExprKind::Int(value) => match value {
                Some(value) => Val::int(*value),
                None => Val::unknown("is a number of more than 64 bits"),
            },
            ExprKind::Float(text) => Val::Known(Literal::Float(Arc::clone(text))),
            ExprKind::Bool(value) => Val::bool(*value),
            ExprKind::None => Val::NONE,
            ExprKind::Bytes => Val::Known(Literal::Bytes),
            ExprKind::FString(parts) => self.fstring(parts),
            ExprKind::List(items) | ExprKind::Tuple(items) => self.sequence(items),
            ExprKind::Set(items) => self.set(items),
            ExprKind::Dict(items) => self.dict(items),
            ExprKind::Name(name) => self.name(name, expr),
            ExprKind::Attribute { value, attr } => self.attribute(expr, value, attr),
            ExprKind::Subscript { value, index } => self.subscript(value, index),
            ExprKind::Call { func, args } => self.call(expr, func, args),
            ExprKind::BinOp { left, op, right } => self.binary(expr, left, op, right),
            ExprKind::UnaryOp { op, operand } => self.unary(op, operand),
            ExprKind::BoolOp { op, values } => self.boolean(op, values),
            ExprKind::Compare { left, rest } => self.compare(left, rest),
            ExprKind::IfExp { test, body, orelse } => self.conditional(test, body, orelse),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Named { target, value } => {
                let value = self.expr(value);
                self.set_local(Arc::clone(target), value.clone());
                value
            }
            ExprKind::Lambda { .. } => Val::unknown("is a function"),
            ExprKind::Await(_) => Val::unknown("is awaited"),
            ExprKind::Yield(_) => Val::unknown("is sent to a generator"),
            ExprKind::Ellipsis => Val::unknown("is `...`"),
            ExprKind::Slice { .. } | ExprKind::Starred(_) => Val::unknown("is not a value"),
            ExprKind::Opaque => Val::unknown("did not parse"),
        }
    }

    fn fstring(&mut self, parts: &[FPart]) -> Val {
        let mut out = Val::str("");
        for part in parts {
            let text = match part {
                FPart::Text(text) => Val::Known(Literal::Str(Arc::clone(text))),
                FPart::Hole(expr) => {
                    let value = self.expr(expr);
                    ops::each(&value, displayed)
                }
            };
            out = ops::binary(&out, "+", &text, Place::default());
            if out.is_unknown() {
                return out;
            }
        }
        self.bounded(out)
    }

    fn sequence(&mut self, items: &[Expr]) -> Val {
        let mut out = Val::Seq(Vec::new());
        for item in items {
            let place = self.place(item.span);
            let part = if let ExprKind::Starred(inner) = &item.kind {
                match self.expr(inner) {
                    Val::Map(pairs) => Val::Seq(
                        pairs
                            .into_iter()
                            .map(|(key, _, place)| (key, place))
                            .collect(),
                    ),
                    other => other,
                }
            } else {
                let value = self.expr(item);
                if let Val::Seq(items) = &mut out {
                    items.push((value, place));
                    if items.len() > MAX_SIZE {
                        return Val::unknown("is too large");
                    }
                    continue;
                }
                Val::Seq(vec![(value, place)])
            };
            out = ops::binary(&out, "+", &part, place);
        }
        self.bounded(out)
    }

    pub(super) fn set(&mut self, items: &[Expr]) -> Val {
        match self.sequence(items) {
            Val::Seq(items) => Val::Seq(distinct(items)),
            other => other,
        }
    }

    pub(super) fn dict(&mut self, items: &[DictItem]) -> Val {
        /// Beyond this, finding equal keys would be slow; no settings come near it.
        const MAX_PAIRS: usize = 2_000;
        let mut out = Val::Map(Vec::new());
        for item in items {
            let (part, place) = match item {
                DictItem::Pair { key, value } => {
                    let place = self.place(value.span);
                    let (key, value) = (self.expr(key), self.expr(value));
                    if let Val::Map(pairs) = &mut out {
                        if pairs.len() >= MAX_PAIRS {
                            return Val::unknown("is too large");
                        }
                        ops::insert(pairs, key, value, place);
                        continue;
                    }
                    (Val::Map(vec![(key, value, place)]), place)
                }
                DictItem::Spread(value) => {
                    let place = self.place(value.span);
                    (self.expr(value), place)
                }
            };
            out = updated(&out, &part, place);
        }
        self.bounded(out)
    }

    pub(super) fn name(&mut self, name: &Name, expr: &Expr) -> Val {
        if let Some(value) = self.local(name) {
            let value = Arc::clone(value);
            return self.copy(&value);
        }
        match &**name {
            "__file__" => return Val::str(self.file_path()),
            "__name__" => {
                let module = self.program.module(self.scope().module);
                return Val::Known(Literal::Str(Arc::clone(&module.name)));
            }
            _ => {}
        }
        let scope = self.scope();
        match self.program.resolve(scope, expr) {
            Symbol::Unknown(reason) => {
                if let Some(value) = self.function_local(scope, name, expr.span.start) {
                    return value;
                }
                let alternatives = self.program.alternatives(scope, expr);
                if alternatives.len() > 1 {
                    let values: Vec<Val> = alternatives
                        .iter()
                        .map(|symbol| self.symbol(symbol))
                        .collect();
                    return Val::one_of(values);
                }
                Val::Unknown(reason)
            }
            symbol => self.symbol(&symbol),
        }
    }

    /// The file under evaluation, as a path from `/`.
    fn file_path(&self) -> String {
        let module = self.program.module(self.scope().module);
        format!("/{}", module.file_path())
    }

    fn function_local(&mut self, scope: Scope, name: &str, at: u32) -> Option<Val> {
        let found = self.program.local(scope, name, at);
        if found.is_empty() {
            return None;
        }
        let values: Vec<Val> = found
            .iter()
            .map(|local| match local {
                Local::Value(within, value) => self.local_value(*within, name, value),
                Local::Param(_, param) => Val::unknown(format!("`{}` is a parameter", param.name)),
                Local::Symbol(symbol) => self.symbol(symbol),
                Local::Unknown(reason) => Val::unknown(format!("`{name}` {reason}")),
            })
            .collect();
        Some(Val::one_of(values))
    }

    /// The value of an assigned expression, worked out once: `p` and `q` of a loop may each be
    /// made from the other.
    fn local_value(&mut self, within: Scope, name: &str, value: &Expr) -> Val {
        let key = (within, value.span);
        if let Some(known) = self.known.get(&key) {
            let known = known.clone();
            return self.copy(&known);
        }
        let circle = Val::unknown(format!("`{name}` is made from itself"));
        self.known.insert(key, circle);
        let found = self
            .deeper(|eval| eval.at(within, value))
            .unwrap_or_else(out_of_budget);
        self.known.insert(key, found.clone());
        found
    }

    pub(super) fn binary(
        &mut self,
        expr: &Expr,
        left: &Expr,
        op: &'static str,
        right: &Expr,
    ) -> Val {
        let place = self.place(expr.span);
        let (left, right) = (self.expr(left), self.expr(right));
        let value = ops::binary(&left, op, &right, place);
        self.bounded(value)
    }

    fn unary(&mut self, op: &'static str, operand: &Expr) -> Val {
        let value = self.expr(operand);
        ops::each(&value, |value| match (op, value) {
            ("not", value) => match value.truth() {
                Some(truth) => Val::bool(!truth),
                None => Val::one_of([Val::bool(true), Val::bool(false)]),
            },
            ("-", Val::Known(Literal::Int(value))) => match value.checked_neg() {
                Some(value) => Val::int(value),
                None => Val::unknown("is a number of more than 64 bits"),
            },
            ("-", Val::Known(Literal::Float(text))) => {
                Val::Known(Literal::Float(format!("-{text}").into()))
            }
            ("-", Val::Known(Literal::Duration(value))) => {
                Val::Known(Literal::Duration(value.saturating_neg()))
            }
            ("+", value @ Val::Known(_)) => value.clone(),
            ("~", Val::Symbol(_) | Val::Instance { .. } | Val::Operation { .. }) => {
                Val::Operation {
                    op,
                    operands: vec![value.clone()],
                }
            }
            (_, value) => value.clone().into_unknown(),
        })
    }

    fn boolean(&mut self, op: &str, values: &[Expr]) -> Val {
        // What the expression may be if it ends before the operand at hand.
        let mut possible: Vec<Val> = Vec::new();
        for (at, operand) in values.iter().enumerate() {
            let value = self.expr(operand);
            let last = at + 1 == values.len();
            if last {
                possible.push(value);
                break;
            }
            match (value.truth(), op) {
                (Some(true), "or") | (Some(false), "and") => {
                    possible.push(value);
                    break;
                }
                (Some(_), _) => {}
                (None, "or") => {
                    // `os.getenv("X") or "default"`
                    if let Val::Env { key, default, cast } = &value {
                        let falsy = default.as_ref().is_none_or(|d| d.truth() != Some(true));
                        if falsy && at + 2 == values.len() {
                            let key = Arc::clone(key);
                            let cast = *cast;
                            let default = values.last().map(|last| Box::new(self.expr(last)));
                            possible.push(Val::Env { key, default, cast });
                            break;
                        }
                    }
                    possible.push(value);
                }
                (None, _) => possible.push(value),
            }
        }
        Val::one_of(possible)
    }

    pub(super) fn compare(&mut self, left: &Expr, rest: &[(&'static str, Expr)]) -> Val {
        let mut left = self.expr(left);
        let mut result = Some(true);
        for (at, (op, right)) in rest.iter().enumerate() {
            let right = self.expr(right);
            if let (0, 1, Some(found)) = (
                at,
                rest.len(),
                super::environment::presence(&left, op, &right),
            ) {
                return found;
            }
            if let (0, 1, Val::Env { key, default, .. }) = (at, rest.len(), &left) {
                return super::environment::compared(key, default.as_deref(), op, &right);
            }
            let outcomes: Vec<Option<bool>> = left
                .alternatives()
                .iter()
                .flat_map(|a| right.alternatives().iter().map(|b| ops::compare(a, op, b)))
                .collect();
            let first = outcomes.first().copied().flatten();
            let agreed = first.filter(|_| outcomes.iter().all(|o| *o == first));
            result = match (result, agreed) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            left = right;
        }
        result.map_or_else(
            || Val::unknown("is a comparison of values that are not known"),
            Val::bool,
        )
    }

    fn conditional(&mut self, test: &Expr, body: &Expr, orelse: &Expr) -> Val {
        match self.expr(test).truth() {
            Some(true) => self.expr(body),
            Some(false) => self.expr(orelse),
            None => {
                let (body, orelse) = (self.expr(body), self.expr(orelse));
                Val::one_of([body, orelse])
            }
        }
    }

    fn subscript(&mut self, value: &Expr, index: &Expr) -> Val {
        if let Some(found) = self.environment_item(value, index) {
            return found;
        }
        let base = self.expr(value);
        if let ExprKind::Slice { lower, upper, step } = &index.kind {
            let mut bound = |e: &Option<Box<Expr>>| match e {
                None => Some(None),
                Some(e) => self.expr(e).as_int().map(Some),
            };
            let (Some(lower), Some(upper), None) = (bound(lower), bound(upper), step) else {
                return Val::unknown("is a slice whose bounds are not known");
            };
            return ops::each(&base, |base| slice(base, lower, upper));
        }
        let index = self.expr(index);
        ops::distribute(&base, &index, item)
    }

    fn comprehension(&mut self, comprehension: &Comprehension) -> Val {
        let names = self.frames.last().map(|f| f.locals.clone());
        let mut found = Vec::new();
        let complete = self.clauses(comprehension, 0, &mut found);
        if let (Some(frame), Some(names)) = (self.frames.last_mut(), names) {
            frame.locals = names;
        }
        if let Err(reason) = complete {
            return Val::Unknown(reason);
        }
        let value = match comprehension.kind {
            ComprehensionKind::Dict => {
                let mut pairs = Vec::new();
                for (key, value, place) in found {
                    ops::insert(&mut pairs, key, value, place);
                }
                Val::Map(pairs)
            }
            kind => {
                let items = found
                    .into_iter()
                    .map(|(item, _, place)| (item, place))
                    .collect();
                Val::Seq(if kind == ComprehensionKind::Set {
                    distinct(items)
                } else {
                    items
                })
            }
        };
        self.bounded(value)
    }

    /// Iterates the clause at `at` and those within it.
    fn clauses(
        &mut self,
        comprehension: &Comprehension,
        at: usize,
        found: &mut Vec<(Val, Val, Place)>,
    ) -> Result<(), Arc<str>> {
        let Some(clause) = comprehension.clauses.get(at) else {
            if found.len() >= MAX_ITERATIONS {
                return Err("is a comprehension of more than 64 elements".into());
            }
            let place = self.place(comprehension.element.span);
            let element = self.expr(&comprehension.element);
            let value = comprehension
                .value
                .as_ref()
                .map_or(Val::NONE, |value| self.expr(value));
            found.push((element, value, place));
            return Ok(());
        };
        let items = self.iterable(&clause.iter)?;
        for item in items {
            self.assign(&clause.target, item);
            let mut wanted = true;
            for condition in &clause.conditions {
                match self.expr(condition).truth() {
                    Some(true) => {}
                    Some(false) => wanted = false,
                    None => {
                        return Err("is a comprehension with a condition that is not known".into());
                    }
                }
            }
            if wanted {
                self.deeper(|eval| eval.clauses(comprehension, at + 1, found))
                    .unwrap_or_else(|| Err("takes too long to evaluate".into()))?;
            }
        }
        Ok(())
    }

    /// The known elements that a loop runs over.
    pub(super) fn iterable(&mut self, iter: &Expr) -> Result<Vec<Val>, Arc<str>> {
        let items = match self.expr(iter) {
            Val::Seq(items) => items.into_iter().map(|(item, _)| item).collect(),
            Val::Map(pairs) => pairs.into_iter().map(|(key, _, _)| key).collect(),
            Val::Symbol(Symbol::Class(class)) => self.members(class).unwrap_or_default(),
            _ => Vec::new(),
        };
        if items.is_empty() {
            return match self.expr(iter) {
                Val::Seq(_) | Val::Map(_) => Ok(items),
                _ => Err("is made in a loop over a value that is not known".into()),
            };
        }
        if items.len() > MAX_ITERATIONS {
            return Err("is made in a loop over more than 64 elements".into());
        }
        if items.iter().any(Val::is_unknown) {
            return Err("is made in a loop over values that are not known".into());
        }
        Ok(items)
    }

    pub(super) fn func_scope(&self, func: FuncId) -> Scope {
        self.program.scope_of_func(func)
    }
}

/// What stands for a value in a formatted string.
fn displayed(value: &Val) -> Val {
    match (ops::display(value), value) {
        (Some(text), _) => Val::str(text),
        (None, Val::Env { .. }) => super::environment::computed(value, displayed)
            .unwrap_or_else(|| value.clone().into_unknown()),
        _ => value.clone().into_unknown(),
    }
}

pub(super) fn out_of_budget() -> Val {
    Val::unknown("takes too long to evaluate")
}

fn distinct(items: Vec<(Val, Place)>) -> Vec<(Val, Place)> {
    let mut out: Vec<(Val, Place)> = Vec::new();
    for (item, place) in items.into_iter().take(2_000) {
        if item.is_unknown() || !out.iter().any(|(known, _)| *known == item) {
            out.push((item, place));
        }
    }
    out
}

/// `{**base, **update}`
pub(super) fn updated(base: &Val, update: &Val, place: Place) -> Val {
    ops::distribute(base, update, |base, update| match (base, update) {
        (Val::Map(_), Val::Map(_)) => ops::binary(base, "|", update, place),
        (Val::Map(pairs), other) => {
            let mut pairs = pairs.clone();
            let unknown = other.clone().into_unknown();
            pairs.push((unknown.clone(), unknown, place));
            Val::Map(pairs)
        }
        (other, _) => other.clone().into_unknown(),
    })
}

fn item(base: &Val, index: &Val) -> Val {
    let missing = || Val::unknown("is an item that is not there");
    match (base, index) {
        (Val::Map(pairs), Val::Known(_)) => {
            for (key, value, _) in pairs.iter().rev() {
                if key == index {
                    return value.clone();
                }
                if key.is_unknown() {
                    return Val::unknown("is an item of a mapping that is not known");
                }
            }
            missing()
        }
        (Val::Seq(items), Val::Known(Literal::Int(at))) => {
            if items.iter().any(|(item, _)| item.is_unknown()) {
                return Val::unknown("is an item of a sequence that is not known");
            }
            index_of(*at, items.len())
                .and_then(|at| items.get(at))
                .map_or_else(missing, |(item, _)| item.clone())
        }
        (Val::Known(Literal::Str(text)), Val::Known(Literal::Int(at))) => {
            index_of(*at, text.chars().count())
                .and_then(|at| text.chars().nth(at))
                .map_or_else(missing, |c| Val::str(c.to_string()))
        }
        (Val::Unknown(reason), _) => Val::Unknown(Arc::clone(reason)),
        _ => Val::unknown("is an item of a value that is not known"),
    }
}

fn index_of(at: i64, len: usize) -> Option<usize> {
    if at < 0 {
        len.checked_sub(usize::try_from(at.unsigned_abs()).ok()?)
    } else {
        usize::try_from(at).ok()
    }
}

fn slice(base: &Val, lower: Option<i64>, upper: Option<i64>) -> Val {
    let range = |len: usize| {
        let clamp = |at: i64| match index_of(at, len) {
            Some(at) => at.min(len),
            None => 0,
        };
        let from = lower.map_or(0, clamp);
        from..upper.map_or(len, clamp).max(from)
    };
    match base {
        Val::Seq(items) if items.iter().all(|(item, _)| !item.is_unknown()) => {
            Val::Seq(items.get(range(items.len())).unwrap_or_default().to_vec())
        }
        Val::Known(Literal::Str(text)) => {
            let range = range(text.chars().count());
            let text: String = text
                .chars()
                .skip(range.start)
                .take(range.end - range.start)
                .collect();
            Val::str(text)
        }
        other => other.clone().into_unknown(),
    }
}
