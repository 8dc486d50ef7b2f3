//! The cursor over tree-sitter's tree, and what expressions and statements both need of it.

use std::collections::HashSet;
use std::sync::Arc;

use tree_sitter::{Tree, TreeCursor};

use super::super::syntax::{Expr, ExprKind, MAX_DEPTH, Name, Span};
use super::kinds::{F, K, field, kind};

/// Reads one file. Every method leaves the cursor where it found it.
pub(super) struct Walker<'t> {
    pub(super) text: &'t str,
    pub(super) cursor: TreeCursor<'t>,
    /// Something was nested too deep to be kept.
    pub(super) too_deep: bool,
    depth: usize,
    names: HashSet<Name>,
}

impl<'t> Walker<'t> {
    pub(super) fn new(text: &'t str, tree: &'t Tree) -> Self {
        Self {
            text,
            cursor: tree.walk(),
            too_deep: false,
            depth: 0,
            names: HashSet::new(),
        }
    }

    pub(super) fn kind(&self) -> K {
        kind(&self.cursor.node())
    }

    pub(super) fn span(&self) -> Span {
        let node = self.cursor.node();
        Span {
            start: node.start_byte() as u32,
            end: node.end_byte() as u32,
        }
    }

    /// The text under the cursor.
    pub(super) fn slice(&self) -> &'t str {
        self.slice_of(self.span())
    }

    pub(super) fn slice_of(&self, span: Span) -> &'t str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// The token under the cursor as the grammar names it: `+`, `not in`.
    pub(super) fn token(&self) -> &'static str {
        super::kinds::name(&self.cursor.node())
    }

    /// Visits the children: comments and errors are left out, tokens are not.
    pub(super) fn each(&mut self, mut visit: impl FnMut(&mut Self, K, F)) {
        if !self.cursor.goto_first_child() {
            return;
        }
        loop {
            let kind = self.kind();
            if !matches!(kind, K::Comment | K::Error) {
                let field = field(&self.cursor);
                visit(self, kind, field);
            }
            if !self.cursor.goto_next_sibling() {
                break;
            }
        }
        self.cursor.goto_parent();
    }

    /// As [`Self::each`], without tokens.
    pub(super) fn each_named(&mut self, mut visit: impl FnMut(&mut Self, K, F)) {
        self.each(|walker, kind, field| {
            if kind != K::Token {
                visit(walker, kind, field);
            }
        });
    }

    /// Runs `visit` one level deeper; `None` where that is too deep.
    pub(super) fn deeper<T>(&mut self, visit: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.too_deep = true;
            return None;
        }
        self.depth += 1;
        let out = visit(self);
        self.depth -= 1;
        Some(out)
    }

    /// A shared copy of a name.
    pub(super) fn name(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return Arc::clone(name);
        }
        let name: Name = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// The identifier under the cursor.
    pub(super) fn identifier(&mut self) -> Name {
        let text = self.slice();
        self.name(text)
    }

    /// A dotted name under the cursor, without the blanks that Python allows in it.
    pub(super) fn dotted(&mut self) -> Name {
        let text = self.slice();
        if text.contains(|c: char| c.is_whitespace() || c == '\\') {
            let text: String = text
                .chars()
                .filter(|c| !c.is_whitespace() && *c != '\\')
                .collect();
            return self.name(&text);
        }
        self.name(text)
    }

    pub(super) fn opaque(&self) -> Expr {
        Expr {
            span: self.span(),
            kind: ExprKind::Opaque,
        }
    }
}
