//! Expressions.

use super::super::syntax::{
    Arg, ArgKind, Clause, Comprehension, ComprehensionKind, DictItem, Expr, ExprKind, Span,
};
use super::kinds::{F, K};
use super::string::integer;
use super::walker::Walker;

impl Walker<'_> {
    /// The expression under the cursor, without parentheses around it.
    pub(super) fn expr(&mut self) -> Expr {
        // Parentheses and wrappers cost no depth: they leave nothing in our tree.
        let mut levels = 0;
        while matches!(
            self.kind(),
            K::ParenthesizedExpression | K::Type | K::AsPatternTarget | K::AsPattern
        ) {
            if !self.goto_first_named_child() {
                break;
            }
            levels += 1;
        }
        let expr = match self.kind() {
            K::Identifier | K::DottedName => self.simple(),
            _ => self.deeper(Self::compound).unwrap_or_else(|| self.opaque()),
        };
        for _ in 0..levels {
            self.cursor.goto_parent();
        }
        expr
    }

    fn goto_first_named_child(&mut self) -> bool {
        if !self.cursor.goto_first_child() {
            return false;
        }
        loop {
            if !matches!(self.kind(), K::Token | K::Comment | K::Error) {
                return true;
            }
            if !self.cursor.goto_next_sibling() {
                self.cursor.goto_parent();
                return false;
            }
        }
    }

    fn boxed(&mut self) -> Box<Expr> {
        Box::new(self.expr())
    }

    fn simple(&mut self) -> Expr {
        let span = self.span();
        if span.start == span.end {
            return self.opaque();
        }
        let text = self.slice();
        if self.kind() == K::DottedName && text.contains('.') {
            return dotted_expr(self, span, text);
        }
        let name = self.name(text);
        Expr {
            span,
            kind: ExprKind::Name(name),
        }
    }

    /// Dispatch only: small frames keep the recursion within the stack of a worker thread.
    fn compound(&mut self) -> Expr {
        let span = self.span();
        let kind = match self.kind() {
            K::Attribute => self.attribute(),
            K::Call => self.call(),
            K::Subscript | K::GenericType => self.subscript(),
            K::String => self.string(),
            K::ConcatenatedString => self.concatenated(),
            K::Integer | K::Float => self.number(),
            K::True => ExprKind::Bool(true),
            K::False => ExprKind::Bool(false),
            K::None => ExprKind::None,
            K::Ellipsis => ExprKind::Ellipsis,
            K::List | K::ListPattern => ExprKind::List(self.elements()),
            K::Tuple | K::TuplePattern | K::PatternList | K::ExpressionList => {
                ExprKind::Tuple(self.elements())
            }
            K::Set => ExprKind::Set(self.elements()),
            K::Dictionary => self.dictionary(),
            K::BinaryOperator | K::UnionType => self.binary(),
            K::UnaryOperator | K::NotOperator => self.unary(),
            K::BooleanOperator => self.boolean(),
            K::ComparisonOperator => self.comparison(),
            K::ConditionalExpression => self.conditional(),
            K::Lambda => self.lambda(),
            K::ListComprehension => self.comprehension(ComprehensionKind::List),
            K::SetComprehension => self.comprehension(ComprehensionKind::Set),
            K::DictionaryComprehension => self.comprehension(ComprehensionKind::Dict),
            K::GeneratorExpression => self.comprehension(ComprehensionKind::Generator),
            K::ListSplat
            | K::ListSplatPattern
            | K::SplatType
            | K::DictionarySplat
            | K::DictionarySplatPattern => self
                .only_child()
                .map_or(ExprKind::Opaque, |e| ExprKind::Starred(Box::new(e))),
            K::Await => self
                .only_child()
                .map_or(ExprKind::Opaque, |e| ExprKind::Await(Box::new(e))),
            K::Yield => ExprKind::Yield(self.only_child().map(Box::new)),
            K::NamedExpression => self.named(),
            K::Slice => self.slice_expr(),
            K::MemberType => self.member_type(),
            K::ConstrainedType => return self.only_child().unwrap_or_else(|| self.opaque()),
            _ => ExprKind::Opaque,
        };
        Expr { span, kind }
    }

    /// The first expression among the children.
    fn only_child(&mut self) -> Option<Expr> {
        let mut out = None;
        self.each_named(|w, _, _| {
            if out.is_none() {
                out = Some(w.expr());
            }
        });
        out
    }

    fn elements(&mut self) -> Vec<Expr> {
        let mut items = Vec::new();
        self.each_named(|w, _, _| items.push(w.expr()));
        items
    }

    fn attribute(&mut self) -> ExprKind {
        let (mut value, mut attr) = (None, None);
        self.each(|w, _, field| match field {
            F::Object => value = Some(w.boxed()),
            F::Attribute => attr = Some(w.identifier()),
            _ => {}
        });
        match (value, attr) {
            (Some(value), Some(attr)) => ExprKind::Attribute { value, attr },
            _ => ExprKind::Opaque,
        }
    }

    fn call(&mut self) -> ExprKind {
        let (mut func, mut args) = (None, Vec::new());
        self.each(|w, kind, field| match field {
            F::Function => func = Some(w.boxed()),
            F::Arguments if kind == K::GeneratorExpression => args.push(Arg {
                span: w.span(),
                kind: ArgKind::Positional,
                value: w.expr(),
            }),
            F::Arguments => args = w.arguments(),
            _ => {}
        });
        match func {
            Some(func) => ExprKind::Call { func, args },
            None => ExprKind::Opaque,
        }
    }

    /// The arguments in the list under the cursor.
    pub(super) fn arguments(&mut self) -> Vec<Arg> {
        let mut args = Vec::new();
        self.each_named(|w, kind, _| {
            let span = w.span();
            let (kind, value) = match kind {
                K::KeywordArgument => w.keyword_argument(),
                K::ListSplat | K::ListSplatPattern => (ArgKind::Star, w.only_child()),
                K::DictionarySplat | K::DictionarySplatPattern => {
                    (ArgKind::DoubleStar, w.only_child())
                }
                _ => (ArgKind::Positional, Some(w.expr())),
            };
            let value = value.unwrap_or_else(|| w.opaque());
            args.push(Arg { span, kind, value });
        });
        args
    }

    fn keyword_argument(&mut self) -> (ArgKind, Option<Expr>) {
        let (mut name, mut value) = (None, None);
        self.each(|w, _, field| match field {
            F::Name => name = Some(w.identifier()),
            F::Value => value = Some(w.expr()),
            _ => {}
        });
        match name {
            Some(name) => (ArgKind::Keyword(name), value),
            None => (ArgKind::Positional, value),
        }
    }

    /// `value[index]`, and `name[types]` in an annotation.
    fn subscript(&mut self) -> ExprKind {
        let (mut value, mut indices) = (None, Vec::new());
        let mut comma = false;
        self.each(|w, kind, field| match (kind, field) {
            (K::TypeParameter, _) => w.each_named(|w, _, _| indices.push(w.expr())),
            (_, F::Value) => value = Some(w.boxed()),
            (_, F::Subscript) if kind != K::Token => indices.push(w.expr()),
            (K::Token, _) => {
                comma |= w.token() == ",";
                if value.is_none() && w.token() == "type" {
                    value = Some(Box::new(w.simple()));
                }
            }
            (K::Identifier, _) => value = Some(w.boxed()),
            _ => {}
        });
        let Some(value) = value else {
            return ExprKind::Opaque;
        };
        let index = match (indices.len(), comma) {
            (1, false) => indices.pop(),
            _ => None,
        }
        .unwrap_or_else(|| Expr {
            span: Span {
                start: indices.first().map_or(value.span.end, |e| e.span.start),
                end: indices.last().map_or(value.span.end, |e| e.span.end),
            },
            kind: ExprKind::Tuple(indices),
        });
        ExprKind::Subscript {
            value,
            index: Box::new(index),
        }
    }

    fn slice_expr(&mut self) -> ExprKind {
        let mut parts = [None, None, None];
        let mut at = 0;
        self.each(|w, kind, _| {
            if kind == K::Token {
                at += 1;
            } else if let Some(part) = parts.get_mut(at) {
                *part = Some(w.boxed());
            }
        });
        let [lower, upper, step] = parts;
        ExprKind::Slice { lower, upper, step }
    }

    fn member_type(&mut self) -> ExprKind {
        let (mut value, mut attr) = (None, None);
        self.each_named(|w, kind, _| {
            if value.is_none() {
                value = Some(w.boxed());
            } else if kind == K::Identifier {
                attr = Some(w.identifier());
            }
        });
        match (value, attr) {
            (Some(value), Some(attr)) => ExprKind::Attribute { value, attr },
            _ => ExprKind::Opaque,
        }
    }

    fn number(&mut self) -> ExprKind {
        let text = self.slice();
        let complex = !text.starts_with("0x") && text.ends_with(['j', 'J']);
        if self.kind() == K::Float || complex {
            ExprKind::Float(text.into())
        } else {
            ExprKind::Int(integer(text))
        }
    }

    fn dictionary(&mut self) -> ExprKind {
        let mut items = Vec::new();
        self.each_named(|w, kind, _| match kind {
            K::Pair => {
                if let Some((key, value)) = w.pair() {
                    items.push(DictItem::Pair { key, value });
                }
            }
            K::DictionarySplat => {
                if let Some(value) = w.only_child() {
                    items.push(DictItem::Spread(value));
                }
            }
            _ => {}
        });
        ExprKind::Dict(items)
    }

    fn pair(&mut self) -> Option<(Expr, Expr)> {
        let (mut key, mut value) = (None, None);
        self.each(|w, _, field| match field {
            F::Key => key = Some(w.expr()),
            F::Value => value = Some(w.expr()),
            _ => {}
        });
        Some((key?, value.unwrap_or_else(|| self.opaque())))
    }

    fn binary(&mut self) -> ExprKind {
        let (mut left, mut op, mut right) = (None, None, None);
        self.each(|w, kind, _| {
            if kind == K::Token {
                op = Some(w.token());
            } else if left.is_none() {
                left = Some(w.boxed());
            } else {
                right = Some(w.boxed());
            }
        });
        match (left, op, right) {
            (Some(left), Some(op), Some(right)) => ExprKind::BinOp { left, op, right },
            _ => ExprKind::Opaque,
        }
    }

    fn unary(&mut self) -> ExprKind {
        let (mut op, mut operand) = (None, None);
        self.each(|w, kind, _| {
            if kind == K::Token {
                op = Some(w.token());
            } else {
                operand = Some(w.boxed());
            }
        });
        match (op, operand) {
            (Some(op), Some(operand)) => ExprKind::UnaryOp { op, operand },
            _ => ExprKind::Opaque,
        }
    }

    /// `a or b or c` nests to the left in the grammar: the left edge is walked down by a loop and
    /// flattened, so that a long chain costs no depth.
    fn boolean(&mut self) -> ExprKind {
        let mut levels = 0;
        while self.kind() == K::BooleanOperator && self.goto_first_named_child() {
            levels += 1;
        }
        let mut left = self.expr();
        for _ in 0..levels {
            let (mut op, mut right) = (None, None);
            while self.cursor.goto_next_sibling() {
                match self.kind() {
                    K::Token => op = Some(self.token()),
                    K::Comment | K::Error => {}
                    _ => right = Some(self.expr()),
                }
            }
            self.cursor.goto_parent();
            let span = self.span();
            let (Some(op), Some(right)) = (op, right) else {
                continue;
            };
            left = match left.kind {
                // Parentheses on the left edge end the loop above, so this is the same chain.
                ExprKind::BoolOp {
                    op: inner,
                    mut values,
                } if inner == op => {
                    values.push(right);
                    Expr {
                        span,
                        kind: ExprKind::BoolOp { op, values },
                    }
                }
                kind => Expr {
                    span,
                    kind: ExprKind::BoolOp {
                        op,
                        values: vec![
                            Expr {
                                span: left.span,
                                kind,
                            },
                            right,
                        ],
                    },
                },
            };
        }
        left.kind
    }

    fn comparison(&mut self) -> ExprKind {
        let (mut left, mut op, mut rest) = (None, None, Vec::new());
        self.each(|w, kind, field| {
            if field == F::Operators || kind == K::Token {
                op = Some(w.token());
            } else if left.is_none() {
                left = Some(w.boxed());
            } else if let Some(op) = op.take() {
                rest.push((op, w.expr()));
            }
        });
        match left {
            Some(left) => ExprKind::Compare { left, rest },
            None => ExprKind::Opaque,
        }
    }

    fn conditional(&mut self) -> ExprKind {
        let mut parts = Vec::new();
        self.each_named(|w, _, _| parts.push(w.boxed()));
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(body), Some(test), Some(orelse)) => ExprKind::IfExp { test, body, orelse },
            _ => ExprKind::Opaque,
        }
    }

    fn lambda(&mut self) -> ExprKind {
        let (mut params, mut body) = (Vec::new(), None);
        self.each(|w, _, field| match field {
            F::Parameters => params = w.params(),
            F::Body => body = Some(w.boxed()),
            _ => {}
        });
        match body {
            Some(body) => ExprKind::Lambda { params, body },
            None => ExprKind::Opaque,
        }
    }

    fn named(&mut self) -> ExprKind {
        let (mut target, mut value) = (None, None);
        self.each(|w, _, field| match field {
            F::Name => target = Some(w.identifier()),
            F::Value => value = Some(w.boxed()),
            _ => {}
        });
        match (target, value) {
            (Some(target), Some(value)) => ExprKind::Named { target, value },
            _ => ExprKind::Opaque,
        }
    }

    fn comprehension(&mut self, kind: ComprehensionKind) -> ExprKind {
        let (mut element, mut value, mut clauses) = (None, None, Vec::<Clause>::new());
        self.each_named(|w, node, _| match node {
            K::ForInClause => clauses.extend(w.for_in()),
            K::IfClause => {
                let condition = w.only_child();
                if let (Some(clause), Some(condition)) = (clauses.last_mut(), condition) {
                    clause.conditions.push(condition);
                }
            }
            K::Pair => {
                if let Some((key, item)) = w.pair() {
                    element = Some(key);
                    value = Some(item);
                }
            }
            _ => element = Some(w.expr()),
        });
        match element {
            Some(element) => ExprKind::Comprehension(Box::new(Comprehension {
                kind,
                element,
                value,
                clauses,
            })),
            None => ExprKind::Opaque,
        }
    }

    fn for_in(&mut self) -> Option<Clause> {
        let (mut target, mut iters) = (None, Vec::new());
        self.each_named(|w, _, field| match field {
            F::Left => target = Some(w.expr()),
            F::Right => iters.push(w.expr()),
            _ => {}
        });
        let iter = if iters.len() > 1 {
            Expr {
                span: Span {
                    start: iters.first()?.span.start,
                    end: iters.last()?.span.end,
                },
                kind: ExprKind::Tuple(iters),
            }
        } else {
            iters.pop()?
        };
        Some(Clause {
            target: target?,
            iter,
            conditions: Vec::new(),
        })
    }
}

/// `a.b.c` of a decorator or a pattern as attributes of a name.
fn dotted_expr(walker: &mut Walker<'_>, span: Span, text: &str) -> Expr {
    let mut out: Option<Expr> = None;
    let mut end = span.start;
    for part in text.split('.').take(super::super::syntax::MAX_DEPTH / 2) {
        end += part.len() as u32;
        let name = walker.name(part.trim());
        let span = Span {
            start: span.start,
            end,
        };
        out = Some(match out {
            None => Expr {
                span,
                kind: ExprKind::Name(name),
            },
            Some(value) => Expr {
                span,
                kind: ExprKind::Attribute {
                    value: Box::new(value),
                    attr: name,
                },
            },
        });
        end += 1;
    }
    out.unwrap_or(Expr {
        span,
        kind: ExprKind::Opaque,
    })
}
