//! String literals and f-strings, adjacent ones joined.

use std::sync::Arc;

use super::super::syntax::{Arg, ArgKind, Expr, ExprKind, FPart, Span};
use super::kinds::{F, K};
use super::string::{Prefix, unescape};
use super::walker::Walker;

impl Walker<'_> {
    pub(super) fn string(&mut self) -> ExprKind {
        let mut parts = Parts::default();
        self.string_into(&mut parts);
        parts.finish()
    }

    pub(super) fn concatenated(&mut self) -> ExprKind {
        let mut parts = Parts::default();
        self.each_named(|w, kind, _| {
            if kind == K::String {
                w.string_into(&mut parts);
            }
        });
        parts.finish()
    }

    fn string_into(&mut self, parts: &mut Parts) {
        let mut prefix = Prefix::default();
        let (mut formatted, mut text_from, mut has_hole) = (false, None, false);
        self.each_named(|w, kind, _| match kind {
            K::StringStart => {
                let start = w.slice();
                prefix = Prefix::of(start);
                formatted = start
                    .bytes()
                    .any(|b| matches!(b, b'f' | b'F' | b't' | b'T'));
                text_from = Some(w.span().end);
            }
            // Without holes the text is one piece, whatever the grammar makes of it.
            K::StringContent if formatted => {
                unescape(w.slice(), prefix, true, &mut parts.text);
                has_hole = true;
            }
            K::Interpolation => {
                has_hole = true;
                w.hole(parts);
            }
            K::StringEnd => {
                if let (false, Some(start)) = (has_hole || formatted, text_from) {
                    let end = w.span().start;
                    let raw = w.slice_of(Span { start, end });
                    unescape(raw, prefix, false, &mut parts.text);
                }
            }
            _ => {}
        });
        parts.bytes |= prefix.bytes;
    }

    /// `{expr}`, `{expr!r}`, `{expr:spec}`, `{expr=}`.
    fn hole(&mut self, parts: &mut Parts) {
        let span = self.span();
        let (mut value, mut conversion, mut spec) = (None, None, None);
        let mut echo = None;
        self.each(|w, kind, field| match (kind, field) {
            (_, F::Expression) if kind != K::Token && value.is_none() => value = Some(w.expr()),
            (K::TypeConversion, _) => conversion = Some(w.slice()),
            (K::FormatSpecifier, _) => spec = Some(w.format_spec()),
            (K::Token, _) if w.token() == "=" => echo = Some(w.span().end),
            _ => {}
        });
        let Some(mut value) = value else {
            parts.push_hole(Expr {
                span,
                kind: ExprKind::Opaque,
            });
            return;
        };
        if let Some(end) = echo {
            let start = span.start + 1;
            parts.text.push_str(self.slice_of(Span { start, end }));
            if spec.is_none() && conversion.is_none() {
                conversion = Some("!r");
            }
        }
        if let Some(function) = match conversion {
            Some("!r") => Some("repr"),
            Some("!a") => Some("ascii"),
            Some("!s") => Some("str"),
            _ => None,
        } {
            value = self.call_of(span, function, vec![value]);
        }
        if let Some(spec) = spec {
            value = self.call_of(span, "format", vec![value, spec]);
        }
        parts.push_hole(value);
    }

    fn call_of(&mut self, span: Span, function: &str, args: Vec<Expr>) -> Expr {
        let func = Box::new(Expr {
            span,
            kind: ExprKind::Name(self.name(function)),
        });
        let args = args
            .into_iter()
            .map(|value| Arg {
                span: value.span,
                kind: ArgKind::Positional,
                value,
            })
            .collect();
        Expr {
            span,
            kind: ExprKind::Call { func, args },
        }
    }

    fn format_spec(&mut self) -> Expr {
        let span = self.span();
        let mut parts = Parts::default();
        let mut at = span.start + 1;
        self.each_named(|w, kind, _| {
            if kind == K::FormatExpression || kind == K::Interpolation {
                let hole = w.span();
                let before = Span {
                    start: at,
                    end: hole.start,
                };
                parts.text.push_str(w.slice_of(before));
                at = hole.end;
                w.deeper(|w| w.hole(&mut parts));
            }
        });
        let rest = Span {
            start: at,
            end: span.end,
        };
        parts.text.push_str(self.slice_of(rest));
        Expr {
            span,
            kind: parts.finish(),
        }
    }
}

/// A string in the making.
#[derive(Default)]
struct Parts {
    done: Vec<FPart>,
    text: String,
    bytes: bool,
}

impl Parts {
    fn push_hole(&mut self, value: Expr) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.done.push(FPart::Text(text.into()));
        }
        self.done.push(FPart::Hole(value));
    }

    fn finish(mut self) -> ExprKind {
        if self.bytes {
            return ExprKind::Bytes;
        }
        if self.done.is_empty() {
            return ExprKind::Str(self.text.into());
        }
        if !self.text.is_empty() {
            self.done.push(FPart::Text(Arc::from(self.text)));
        }
        ExprKind::FString(self.done)
    }
}
