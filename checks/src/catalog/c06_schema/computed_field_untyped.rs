//! DRF264: a computed field has no type, and the schema says string.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF264",
    name: "computed-field-untyped",
    competency: Competency::C06,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("computed_field_untyped.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let (django, program) = (&cx.head.django, &cx.head.program);
    if django.settings().installs("drf_spectacular") != Some(true) {
        out.not_applicable("drf-spectacular is not installed");
        return;
    }
    for serializer in django.serializers() {
        for field in &serializer.fields {
            let Some(func) = field
                .method
                .filter(|_| &*field.base == "SerializerMethodField")
            else {
                continue;
            };
            // A method that another class gives is told there.
            let info = program.func(func);
            if info.class.is_none() || info.class != serializer.class {
                continue;
            }
            out.looked();
            let def = program.func_def(func);
            let decorated = def.decorators.iter().any(|decorator| {
                let named = decorator.as_call().map_or(decorator, |(func, _)| func);
                named.dotted().is_some_and(|dotted| {
                    let last = dotted.rsplit('.').next().unwrap_or("");
                    last.starts_with("extend_schema") || last.starts_with("swagger_")
                })
            });
            if def.returns.is_some() || decorated || returns_text(&def.body) {
                continue;
            }
            let place = Place {
                file: program.module(info.module).file,
                span: def.name_span,
            };
            let evidence = Evidence::new(
                info.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` has no return type: drf-spectacular describes `{}` as a string.",
                    def.name, field.name
                ),
            )
            .root(serializer.fq.to_string());
            let used = django.routes_using(serializer.id).next().is_some();
            out.found(if used {
                evidence
            } else {
                evidence.unreachable()
            });
        }
    }
}

/// Whether every `return` gives text: then "string" is right.
fn returns_text(body: &[Stmt]) -> bool {
    let (mut all, mut some) = (true, false);
    visit::stmts(body, |stmt| {
        if let StmtKind::Return(value) = &stmt.kind {
            some = true;
            all &= value.as_ref().is_some_and(is_text);
        }
    });
    all && some
}

fn is_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Str(_) | ExprKind::FString(_) => true,
        ExprKind::Call { func, .. } => match &func.kind {
            ExprKind::Name(name) => &**name == "str",
            ExprKind::Attribute { attr, .. } => {
                attr.starts_with("get_") && attr.ends_with("_display")
                    || matches!(
                        &**attr,
                        "format"
                            | "join"
                            | "strftime"
                            | "isoformat"
                            | "get_full_name"
                            | "strip"
                            | "lower"
                            | "upper"
                            | "title"
                            | "build_absolute_uri"
                    )
            }
            _ => false,
        },
        ExprKind::BinOp { left, right, .. } => is_text(left) || is_text(right),
        ExprKind::IfExp { body, orelse, .. } => {
            let text_or_none = |e: &Expr| is_text(e) || matches!(e.kind, ExprKind::None);
            text_or_none(body) && text_or_none(orelse)
        }
        // `user.email`, a variable: not known to be text.
        _ => false,
    }
}
