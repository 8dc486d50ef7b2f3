//! Definitions of functions and classes, their parameters and decorators; imports.

use std::sync::Arc;

use super::super::syntax::{
    ClassDef, Expr, FunctionDef, ImportFrom, ImportName, Param, ParamKind, Span, StmtKind,
};
use super::kinds::{F, K};
use super::stmt::ending;
use super::walker::Walker;

impl Walker<'_> {
    pub(super) fn decorated(&mut self, span: Span) -> StmtKind {
        let mut decorators = Vec::new();
        let mut kind = StmtKind::Opaque;
        self.each_named(|w, node, _| match node {
            K::Decorator => decorators.extend(w.first_expr()),
            K::FunctionDefinition | K::ClassDefinition => {
                kind = w.definition(span, std::mem::take(&mut decorators));
            }
            _ => {}
        });
        kind
    }

    pub(super) fn definition(&mut self, span: Span, decorators: Vec<Expr>) -> StmtKind {
        let is_class = self.kind() == K::ClassDefinition;
        let (mut name, mut name_span) = (None, Span::default());
        let (mut params, mut args, mut body) = (Vec::new(), Vec::new(), Vec::new());
        let (mut returns, mut is_async) = (None, false);
        self.each(|w, kind, field| match (kind, field) {
            (K::Token, _) => is_async |= w.token() == "async",
            (_, F::Name) => {
                name = Some(w.identifier());
                name_span = w.span();
            }
            (K::Parameters, _) => params = w.params(),
            (_, F::Superclasses) => args = w.arguments(),
            (_, F::ReturnType) => returns = Some(w.expr()),
            (K::Block, _) => body = w.block(),
            _ => {}
        });
        let Some(name) = name else {
            return StmtKind::Opaque;
        };
        let span = ending(span, &body);
        if is_class {
            StmtKind::Class(Arc::new(ClassDef {
                name,
                name_span,
                args,
                decorators,
                body,
                span,
            }))
        } else {
            StmtKind::Function(Arc::new(FunctionDef {
                name,
                name_span,
                params,
                returns,
                decorators,
                body,
                is_async,
                span,
            }))
        }
    }

    /// The parameters in the list under the cursor.
    pub(super) fn params(&mut self) -> Vec<Param> {
        let mut params = Vec::new();
        let mut plain = ParamKind::Normal;
        self.each_named(|w, kind, _| {
            if kind == K::KeywordSeparator {
                plain = ParamKind::KeywordOnly;
                return;
            }
            if let Some(param) = w.param(kind, plain) {
                if param.kind == ParamKind::Star {
                    plain = ParamKind::KeywordOnly;
                }
                params.push(param);
            }
        });
        params
    }

    fn param(&mut self, kind: K, plain: ParamKind) -> Option<Param> {
        let mut param = Param {
            name: self.name(""),
            kind: plain,
            annotation: None,
            default: None,
        };
        match kind {
            K::Identifier => param.name = self.identifier(),
            K::ListSplatPattern | K::DictionarySplatPattern => self.splat_param(kind, &mut param),
            K::TypedParameter | K::DefaultParameter | K::TypedDefaultParameter => {
                self.each_named(|w, kind, field| match (kind, field) {
                    (_, F::Type) => param.annotation = Some(w.expr()),
                    (_, F::Value) => param.default = Some(w.expr()),
                    (K::ListSplatPattern | K::DictionarySplatPattern, _) => {
                        w.splat_param(kind, &mut param);
                    }
                    (K::Identifier, _) => param.name = w.identifier(),
                    _ => {}
                });
            }
            // Python 2's `def f((a, b)):`
            K::TuplePattern => {}
            _ => return None,
        }
        Some(param)
    }

    fn splat_param(&mut self, kind: K, param: &mut Param) {
        param.kind = if kind == K::ListSplatPattern {
            ParamKind::Star
        } else {
            ParamKind::DoubleStar
        };
        self.each_named(|w, kind, _| {
            if kind == K::Identifier {
                param.name = w.identifier();
            }
        });
    }

    pub(super) fn import_names(&mut self) -> Vec<ImportName> {
        let mut names = Vec::new();
        self.each_named(|w, kind, field| {
            if field == F::Name {
                names.extend(w.import_name(kind));
            }
        });
        names
    }

    fn import_name(&mut self, kind: K) -> Option<ImportName> {
        let span = self.span();
        if kind == K::DottedName {
            let path = self.dotted();
            return Some(ImportName {
                path,
                alias: None,
                span,
            });
        }
        let (mut path, mut alias) = (None, None);
        self.each(|w, _, field| match field {
            F::Name => path = Some(w.dotted()),
            F::Alias => alias = Some(w.identifier()),
            _ => {}
        });
        Some(ImportName {
            path: path?,
            alias,
            span,
        })
    }

    pub(super) fn import_from(&mut self, span: Span) -> StmtKind {
        let future = self.kind() == K::FutureImportStatement;
        let mut import = ImportFrom {
            level: 0,
            module: self.name(if future { "__future__" } else { "" }),
            names: Vec::new(),
            star: false,
            span,
        };
        self.each_named(|w, kind, field| match (kind, field) {
            (K::RelativeImport, _) => w.each_named(|w, kind, _| match kind {
                K::ImportPrefix => {
                    import.level = w.slice().bytes().filter(|b| *b == b'.').count() as u32;
                }
                K::DottedName => import.module = w.dotted(),
                _ => {}
            }),
            (_, F::ModuleName) => import.module = w.dotted(),
            (K::WildcardImport, _) => import.star = true,
            (_, F::Name) => import.names.extend(w.import_name(kind)),
            _ => {}
        });
        StmtKind::ImportFrom(import)
    }
}
