//! Statements.

use std::sync::Arc;

use super::super::syntax::{
    Arg, ArgKind, Expr, ExprKind, Handler, MAX_DEPTH, MatchCase, Name, Span, Stmt, StmtKind,
    WithItem,
};
use super::kinds::{F, K, field};
use super::walker::Walker;

/// `(condition, body)` of an `if` or `elif`, with the span of the clause.
struct Branch {
    span: Span,
    test: Expr,
    body: Vec<Stmt>,
}

impl Walker<'_> {
    /// All statements of the file.
    pub(super) fn module(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        self.statements(&mut body);
        body
    }

    /// The statements of the block under the cursor.
    pub(super) fn block(&mut self) -> Vec<Stmt> {
        self.deeper(|w| {
            let mut body = Vec::new();
            w.statements(&mut body);
            body
        })
        .unwrap_or_else(|| {
            vec![Stmt {
                span: self.span(),
                kind: StmtKind::Opaque,
            }]
        })
    }

    /// The statements among the children. What did not parse is opaque, and the whole statements
    /// that tree-sitter found within it follow it.
    fn statements(&mut self, body: &mut Vec<Stmt>) {
        if !self.cursor.goto_first_child() {
            return;
        }
        loop {
            match self.kind() {
                K::Comment | K::Token => {}
                K::Error => {
                    body.push(Stmt {
                        span: self.span(),
                        kind: StmtKind::Opaque,
                    });
                    self.rescue(body);
                }
                kind => body.extend(self.statement(kind)),
            }
            if !self.cursor.goto_next_sibling() {
                break;
            }
        }
        self.cursor.goto_parent();
    }

    /// Whole statements within an error node.
    fn rescue(&mut self, body: &mut Vec<Stmt>) {
        if !self.cursor.goto_first_child() {
            return;
        }
        loop {
            match self.kind() {
                K::Block => {
                    self.deeper(|w| w.statements(body));
                }
                K::Error => {
                    self.deeper(|w| w.rescue(body));
                }
                kind if is_statement(kind) => body.extend(self.statement(kind)),
                _ => {}
            }
            if !self.cursor.goto_next_sibling() {
                break;
            }
        }
        self.cursor.goto_parent();
    }

    /// Dispatch only, as for expressions.
    fn statement(&mut self, kind: K) -> Option<Stmt> {
        let span = self.span();
        let kind = match kind {
            K::ExpressionStatement => self.expression_statement(),
            K::ReturnStatement => StmtKind::Return(self.first_expr()),
            K::RaiseStatement => self.raise(),
            K::IfStatement => return self.if_statement(),
            K::ForStatement => self.for_statement(),
            K::WhileStatement => self.while_statement(),
            K::WithStatement => self.with_statement(),
            K::TryStatement => self.try_statement(),
            K::MatchStatement => self.match_statement(),
            K::FunctionDefinition | K::ClassDefinition => self.definition(span, Vec::new()),
            K::DecoratedDefinition => self.decorated(span),
            K::ImportStatement => StmtKind::Import(self.import_names()),
            K::ImportFromStatement | K::FutureImportStatement => self.import_from(span),
            K::GlobalStatement => StmtKind::Global(self.names()),
            K::NonlocalStatement => StmtKind::Nonlocal(self.names()),
            K::DeleteStatement => StmtKind::Delete(match self.first_expr() {
                Some(Expr {
                    kind: ExprKind::Tuple(items),
                    ..
                }) => items,
                other => other.into_iter().collect(),
            }),
            K::AssertStatement => self.assert(),
            K::PassStatement => StmtKind::Pass,
            K::BreakStatement => StmtKind::Break,
            K::ContinueStatement => StmtKind::Continue,
            K::PrintStatement => self.python2_call(span, "print"),
            K::ExecStatement => self.python2_call(span, "exec"),
            K::TypeAliasStatement => self.type_alias(),
            // A block where no block should be: error recovery.
            K::Block => return None,
            _ => StmtKind::Opaque,
        };
        Some(Stmt {
            span: trimmed(span, &kind),
            kind,
        })
    }

    pub(super) fn first_expr(&mut self) -> Option<Expr> {
        let mut out = None;
        self.each_named(|w, _, _| {
            if out.is_none() {
                out = Some(w.expr());
            }
        });
        out
    }

    pub(super) fn names(&mut self) -> Vec<Name> {
        let mut names = Vec::new();
        self.each_named(|w, kind, _| {
            if kind == K::Identifier {
                names.push(w.identifier());
            }
        });
        names
    }

    fn expression_statement(&mut self) -> StmtKind {
        let (mut exprs, mut comma) = (Vec::new(), false);
        let mut whole = None;
        self.each(|w, kind, _| match kind {
            K::Assignment => whole = Some(w.assignment()),
            K::AugmentedAssignment => whole = Some(w.augmented()),
            K::Token => comma |= w.token() == ",",
            _ => exprs.push(w.expr()),
        });
        if let Some(kind) = whole {
            return kind;
        }
        if comma || exprs.len() > 1 {
            let span = self.span();
            return StmtKind::Expr(Expr {
                span,
                kind: ExprKind::Tuple(exprs),
            });
        }
        exprs.pop().map_or(StmtKind::Opaque, StmtKind::Expr)
    }

    /// `a = b = value` nests to the right in the grammar: walked down by a loop.
    fn assignment(&mut self) -> StmtKind {
        let (mut targets, mut value, mut annotation) = (Vec::new(), None, None);
        let mut levels = 0;
        while self.cursor.goto_first_child() {
            levels += 1;
            let mut chained = false;
            loop {
                let kind = self.kind();
                match field(&self.cursor) {
                    _ if matches!(kind, K::Comment | K::Error | K::Token) => {}
                    F::Left => targets.push(self.expr()),
                    F::Type => annotation = Some(self.expr()),
                    F::Right if kind == K::Assignment => {
                        chained = true;
                        break;
                    }
                    F::Right => value = Some(self.expr()),
                    _ => {}
                }
                if !self.cursor.goto_next_sibling() {
                    break;
                }
            }
            if !chained {
                break;
            }
        }
        for _ in 0..levels {
            self.cursor.goto_parent();
        }
        match (annotation, value) {
            (Some(annotation), value) => match targets.into_iter().next() {
                Some(target) => StmtKind::AnnAssign {
                    target,
                    annotation,
                    value: value.map(Arc::new),
                },
                None => StmtKind::Opaque,
            },
            (None, Some(value)) => StmtKind::Assign {
                targets,
                value: Arc::new(value),
            },
            (None, None) => StmtKind::Opaque,
        }
    }

    fn augmented(&mut self) -> StmtKind {
        let (mut target, mut op, mut value) = (None, None, None);
        self.each(|w, kind, field| match field {
            F::Left => target = Some(w.expr()),
            F::Operator => op = Some(w.token().trim_end_matches('=')),
            F::Right if kind != K::Token => value = Some(w.expr()),
            _ => {}
        });
        match (target, op, value) {
            (Some(target), Some(op), Some(value)) => StmtKind::AugAssign { target, op, value },
            _ => StmtKind::Opaque,
        }
    }

    fn raise(&mut self) -> StmtKind {
        let (mut exc, mut cause) = (None, None);
        self.each_named(|w, _, field| {
            if field == F::Cause {
                cause = Some(w.expr());
            } else if exc.is_none() {
                exc = Some(w.expr());
            }
        });
        StmtKind::Raise { exc, cause }
    }

    fn if_statement(&mut self) -> Option<Stmt> {
        let span = self.span();
        let mut branches: Vec<Branch> = Vec::new();
        let (mut test, mut body, mut orelse) = (None, Vec::new(), Vec::new());
        self.each_named(|w, kind, field| match (kind, field) {
            (_, F::Condition) => test = Some(w.expr()),
            (_, F::Consequence) => body = w.block(),
            (K::ElifClause, _) if branches.len() < MAX_DEPTH / 2 => branches.extend(w.elif()),
            (K::ElifClause, _) => w.too_deep = true,
            (K::ElseClause, _) => orelse = w.clause_body(),
            _ => {}
        });
        // `elif` chains become nested `if`s, from the last one on.
        for branch in branches.into_iter().rev() {
            let kind = StmtKind::If {
                test: branch.test,
                body: branch.body,
                orelse,
            };
            orelse = vec![Stmt {
                span: trimmed(branch.span, &kind),
                kind,
            }];
        }
        let kind = StmtKind::If {
            test: test?,
            body,
            orelse,
        };
        Some(Stmt {
            span: trimmed(span, &kind),
            kind,
        })
    }

    fn elif(&mut self) -> Option<Branch> {
        let span = self.span();
        let (mut test, mut body) = (None, Vec::new());
        self.each_named(|w, _, field| match field {
            F::Condition => test = Some(w.expr()),
            F::Consequence => body = w.block(),
            _ => {}
        });
        Some(Branch {
            span,
            test: test?,
            body,
        })
    }

    /// The block of `else:`, `finally:`.
    fn clause_body(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        self.each_named(|w, kind, _| {
            if kind == K::Block {
                body = w.block();
            }
        });
        body
    }

    fn for_statement(&mut self) -> StmtKind {
        let (mut target, mut iter, mut body, mut orelse) = (None, None, Vec::new(), Vec::new());
        let mut is_async = false;
        self.each(|w, kind, field| match (kind, field) {
            (K::Token, _) => is_async |= w.token() == "async",
            (_, F::Left) => target = Some(w.expr()),
            (_, F::Right) => iter = Some(w.expr()),
            (K::ElseClause, _) => orelse = w.clause_body(),
            (K::Block, _) => body = w.block(),
            _ => {}
        });
        match (target, iter) {
            (Some(target), Some(iter)) => StmtKind::For {
                target,
                iter,
                body,
                orelse,
                is_async,
            },
            _ => StmtKind::Opaque,
        }
    }

    fn while_statement(&mut self) -> StmtKind {
        let (mut test, mut body, mut orelse) = (None, Vec::new(), Vec::new());
        self.each_named(|w, kind, field| match (kind, field) {
            (_, F::Condition) => test = Some(w.expr()),
            (K::ElseClause, _) => orelse = w.clause_body(),
            (K::Block, _) => body = w.block(),
            _ => {}
        });
        match test {
            Some(test) => StmtKind::While { test, body, orelse },
            None => StmtKind::Opaque,
        }
    }

    fn with_statement(&mut self) -> StmtKind {
        let (mut items, mut body, mut is_async) = (Vec::new(), Vec::new(), false);
        self.each(|w, kind, _| match kind {
            K::Token => is_async |= w.token() == "async",
            K::WithClause => w.each_named(|w, kind, _| {
                if kind == K::WithItem {
                    w.with_item(&mut items);
                }
            }),
            K::Block => body = w.block(),
            _ => {}
        });
        StmtKind::With {
            items,
            body,
            is_async,
        }
    }

    /// The grammar may read `with (open(a) as x, open(b) as y):` as one tuple.
    fn with_item(&mut self, items: &mut Vec<WithItem>) {
        self.each_named(|w, kind, _| match kind {
            K::AsPattern => items.extend(w.as_pattern()),
            K::Tuple | K::ParenthesizedExpression => {
                let mut inner = Vec::new();
                w.each_named(|w, kind, _| {
                    if kind == K::AsPattern {
                        inner.extend(w.as_pattern());
                    }
                });
                if inner.is_empty() {
                    let context = w.expr();
                    inner.push(WithItem {
                        context,
                        target: None,
                    });
                }
                items.append(&mut inner);
            }
            _ => {
                let context = w.expr();
                items.push(WithItem {
                    context,
                    target: None,
                });
            }
        });
    }

    /// `context as target`
    fn as_pattern(&mut self) -> Option<WithItem> {
        let (mut context, mut target) = (None, None);
        self.each_named(|w, kind, field| {
            if field == F::Alias || kind == K::AsPatternTarget {
                target = Some(w.expr());
            } else if context.is_none() {
                context = Some(w.expr());
            }
        });
        Some(WithItem {
            context: context?,
            target,
        })
    }

    fn try_statement(&mut self) -> StmtKind {
        let (mut body, mut handlers) = (Vec::new(), Vec::new());
        let (mut orelse, mut finally) = (Vec::new(), Vec::new());
        self.each_named(|w, kind, _| match kind {
            K::Block => body = w.block(),
            K::ExceptClause => handlers.push(w.handler()),
            K::ElseClause => orelse = w.clause_body(),
            K::FinallyClause => finally = w.clause_body(),
            _ => {}
        });
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        }
    }

    fn handler(&mut self) -> Handler {
        let span = self.span();
        let (mut types, mut name, mut body) = (Vec::new(), None, Vec::new());
        self.each_named(|w, kind, field| match (kind, field) {
            (K::Block, _) => body = w.block(),
            (K::AsPattern, _) => {
                if let Some(item) = w.as_pattern() {
                    types.push(item.context);
                    name = item.target.as_ref().and_then(name_of);
                }
            }
            (_, F::Alias) => name = name_of(&w.expr()),
            (_, F::Value) => types.push(w.expr()),
            _ => {}
        });
        // Python 2's `except Error, name:`; Python 3.14's `except A, B:` names classes.
        if let ([_, second], None) = (types.as_slice(), &name) {
            let lower = second
                .as_name()
                .is_some_and(|n| n.starts_with(|c: char| c.is_lowercase() || c == '_'));
            if lower {
                name = types.pop().as_ref().and_then(name_of);
            }
        }
        let types = match (types.first(), types.last()) {
            (Some(first), Some(last)) if types.len() > 1 => Some(Expr {
                span: Span {
                    start: first.span.start,
                    end: last.span.end,
                },
                kind: ExprKind::Tuple(types),
            }),
            _ => types.pop(),
        };
        Handler {
            span: ending(span, &body),
            types,
            name,
            body,
        }
    }

    fn match_statement(&mut self) -> StmtKind {
        let (mut subjects, mut cases) = (Vec::new(), Vec::new());
        self.each_named(|w, _, field| match field {
            F::Subject => subjects.push(w.expr()),
            F::Body => w.each_named(|w, kind, _| {
                if kind == K::CaseClause {
                    cases.push(w.case());
                }
            }),
            _ => {}
        });
        let subject = match (subjects.first(), subjects.last()) {
            (Some(first), Some(last)) if subjects.len() > 1 => Expr {
                span: Span {
                    start: first.span.start,
                    end: last.span.end,
                },
                kind: ExprKind::Tuple(subjects),
            },
            _ => match subjects.pop() {
                Some(subject) => subject,
                None => return StmtKind::Opaque,
            },
        };
        StmtKind::Match { subject, cases }
    }

    fn case(&mut self) -> MatchCase {
        let (mut values, mut guard, mut body) = (Vec::new(), None, Vec::new());
        let (mut patterns, mut binds_all) = (0, false);
        self.each_named(|w, kind, field| match (kind, field) {
            (K::CasePattern, _) => {
                patterns += 1;
                binds_all = w.pattern(&mut values);
            }
            (_, F::Guard) => guard = w.first_expr(),
            (K::Block, _) => body = w.block(),
            _ => {}
        });
        if patterns > 1 {
            values.clear();
        }
        MatchCase {
            is_wildcard: patterns == 1 && binds_all && guard.is_none(),
            values,
            guard,
            body,
        }
    }

    /// Collects the values of the pattern under the cursor. True where it matches everything.
    fn pattern(&mut self, values: &mut Vec<Expr>) -> bool {
        match self.kind() {
            K::CasePattern | K::UnionPattern | K::AsPattern => {
                let aliased = self.kind() == K::AsPattern;
                let (mut binds_all, mut seen, mut any_value) = (false, false, false);
                self.deeper(|w| {
                    let before = values.len();
                    let mut sign = false;
                    w.each(|w, kind, _| match kind {
                        K::Token if w.token() == "-" => sign = true,
                        K::Token if w.token() == "_" => {
                            binds_all = true;
                            seen = true;
                        }
                        // `case X as name`: the name is not a pattern of its own.
                        K::Identifier if aliased && seen => {}
                        K::Integer | K::Float if sign => {
                            let operand = Box::new(w.expr());
                            values.push(Expr {
                                span: w.span(),
                                kind: ExprKind::UnaryOp { op: "-", operand },
                            });
                            sign = false;
                        }
                        K::Token => {}
                        _ => {
                            seen = true;
                            binds_all |= w.pattern(values);
                        }
                    });
                    any_value = values.len() > before;
                });
                binds_all && !any_value
            }
            K::String
            | K::ConcatenatedString
            | K::True
            | K::False
            | K::None
            | K::Integer
            | K::Float => {
                let value = self.expr();
                values.push(value);
                false
            }
            K::DottedName | K::Identifier => {
                let value = self.expr();
                // A bare name captures whatever comes.
                if matches!(value.kind, ExprKind::Attribute { .. }) {
                    values.push(value);
                    return false;
                }
                true
            }
            _ => false,
        }
    }

    fn assert(&mut self) -> StmtKind {
        let mut exprs = Vec::new();
        self.each_named(|w, _, _| exprs.push(w.expr()));
        let mut exprs = exprs.into_iter();
        match exprs.next() {
            Some(test) => StmtKind::Assert {
                test,
                message: exprs.next(),
            },
            None => StmtKind::Opaque,
        }
    }

    /// `print a, b` and `exec code`: the calls that they became.
    fn python2_call(&mut self, span: Span, name: &str) -> StmtKind {
        let mut args = Vec::new();
        self.each_named(|w, kind, _| {
            let span = w.span();
            let (kind, value) = match kind {
                K::Chevron => (ArgKind::Keyword(w.name("file")), w.first_expr()),
                _ => (ArgKind::Positional, Some(w.expr())),
            };
            args.extend(value.map(|value| Arg { span, kind, value }));
        });
        let name_span = Span {
            start: span.start,
            end: span.start + name.len() as u32,
        };
        StmtKind::Expr(Expr {
            span,
            kind: ExprKind::Call {
                func: Box::new(Expr {
                    span: name_span,
                    kind: ExprKind::Name(self.name(name)),
                }),
                args,
            },
        })
    }

    fn type_alias(&mut self) -> StmtKind {
        let (mut name, mut value) = (None, None);
        self.each_named(|w, _, field| match field {
            F::Left => name = Some(w.expr()),
            F::Right => value = Some(w.expr()),
            _ => {}
        });
        match (name, value) {
            (Some(name), Some(value)) => StmtKind::TypeAlias { name, value },
            _ => StmtKind::Opaque,
        }
    }
}

/// The grammar's blocks take in the comments that follow them: a compound statement ends where its
/// last statement does.
fn trimmed(span: Span, kind: &StmtKind) -> Span {
    let last: &[Stmt] = match kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::For { body, orelse, .. }
        | StmtKind::While { body, orelse, .. } => {
            if orelse.is_empty() {
                body
            } else {
                orelse
            }
        }
        StmtKind::With { body, .. } => body,
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        } => [
            finally,
            orelse,
            handlers.last().map_or(body, |handler| &handler.body),
        ]
        .into_iter()
        .find(|block| !block.is_empty())
        .map_or(&[], Vec::as_slice),
        StmtKind::Match { cases, .. } => cases.last().map_or(&[], |case| &case.body),
        StmtKind::Function(def) => &def.body,
        StmtKind::Class(def) => &def.body,
        _ => &[],
    };
    ending(span, last)
}

pub(super) fn ending(span: Span, body: &[Stmt]) -> Span {
    Span {
        start: span.start,
        end: body.last().map_or(span.end, |last| last.span.end),
    }
}

fn name_of(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Arc::clone(name)),
        _ => None,
    }
}

fn is_statement(kind: K) -> bool {
    matches!(
        kind,
        K::AssertStatement
            | K::BreakStatement
            | K::ClassDefinition
            | K::ContinueStatement
            | K::DecoratedDefinition
            | K::DeleteStatement
            | K::ExpressionStatement
            | K::ForStatement
            | K::FunctionDefinition
            | K::FutureImportStatement
            | K::GlobalStatement
            | K::IfStatement
            | K::ImportFromStatement
            | K::ImportStatement
            | K::MatchStatement
            | K::PassStatement
            | K::RaiseStatement
            | K::ReturnStatement
            | K::TryStatement
            | K::WhileStatement
            | K::WithStatement
    )
}
