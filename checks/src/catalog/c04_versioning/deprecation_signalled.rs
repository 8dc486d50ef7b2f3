//! DRF207: the code or the committed schema tells clients what will go.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::openapi::files;
use crate::python::syntax::{DictItem, Expr, ExprKind, StmtKind, keyword};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF207",
    name: "deprecation-signalled",
    competency: Competency::C04,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("deprecation_signalled.md"),
    yields_to: &[],
    run,
};

/// Response headers for this: RFC 9745 and RFC 8594.
const HEADERS: [&str; 2] = ["deprecation", "sunset"];
/// Decorators of the schema generators that take `deprecated=True`.
const DECORATORS: [&str; 2] = ["extend_schema", "swagger_auto_schema"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    in_code(cx, out);
    in_schema_files(cx, out);
    in_changelogs(cx, out);
}

fn in_code(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, info) in program.functions() {
        let file = program.module(info.module).file;
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        out.looked();
        let def = program.func_def(id);
        let header = header_written(&def.body).map(|(name, span)| {
            (
                span,
                format!("The response carries the header `{name}`: clients learn that it will go."),
            )
        });
        let marked = def.decorators.iter().find_map(marked_deprecated);
        let marked = marked.map(|span| {
            (
                span,
                format!("`{}` is marked as deprecated in the schema.", def.name),
            )
        });
        if let Some((span, message)) = header.or(marked) {
            let anchor = cx.anchor(Place { file, span });
            out.found(Evidence::new(info.fq.to_string(), anchor, message).root("deprecation"));
        }
    }
    for view in cx.head.django.views() {
        let (Some(class), Some(place)) = (view.class, view.place) else {
            continue;
        };
        let decorators = &program.class_def(class).decorators;
        if let Some(span) = decorators.iter().find_map(marked_deprecated) {
            let anchor = cx.anchor(Place {
                file: place.file,
                span,
            });
            let message = format!("`{}` is marked as deprecated in the schema.", view.name);
            out.found(Evidence::new(view.fq.to_string(), anchor, message).root("deprecation"));
        }
    }
}

/// `response["Sunset"] = …`, or `headers={"Sunset": …}` in a call.
fn header_written(
    body: &[crate::python::syntax::Stmt],
) -> Option<(String, crate::python::syntax::Span)> {
    let mut found = None;
    visit::stmts(body, |stmt| {
        let StmtKind::Assign { targets, .. } = &stmt.kind else {
            return;
        };
        for target in targets {
            if let ExprKind::Subscript { index, .. } = &target.kind
                && let Some(name) = header_name(index)
            {
                found.get_or_insert((name, target.span));
            }
        }
    });
    visit::calls(body, |_, _, args| {
        if let Some(Expr {
            kind: ExprKind::Dict(items),
            ..
        }) = keyword(args, "headers")
        {
            for item in items {
                if let DictItem::Pair { key, .. } = item
                    && let Some(name) = header_name(key)
                {
                    found.get_or_insert((name, key.span));
                }
            }
        }
    });
    found
}

fn header_name(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Str(text) if HEADERS.contains(&text.to_ascii_lowercase().as_str()) => {
            Some(text.to_string())
        }
        _ => None,
    }
}

/// `@extend_schema(deprecated=True)`, also inside `extend_schema_view(list=…)`.
fn marked_deprecated(decorator: &Expr) -> Option<crate::python::syntax::Span> {
    let mut found = None;
    visit::within(decorator, |expr| {
        if let Some((func, args)) = expr.as_call()
            && let Some(dotted) = func.dotted()
            && DECORATORS.contains(&dotted.rsplit('.').next().unwrap_or(""))
            && let Some(value) = keyword(args, "deprecated")
            && matches!(value.kind, ExprKind::Bool(true))
        {
            found.get_or_insert(value.span);
        }
    });
    found
}

/// Operations with `deprecated: true`; a file that cannot be read is told by DRF265.
fn in_schema_files(cx: &Cx<'_>, out: &mut Answers) {
    for (id, api) in files::committed(&cx.head.tree).apis {
        out.looked();
        for (path, item) in &api.paths {
            for (method, operation) in &item.operations {
                let Some(place) = api
                    .field(operation.origin, "deprecated")
                    .filter(|_| operation.deprecated && operation.origin.file == 0)
                else {
                    continue;
                };
                let label = format!("{method} {path}");
                let message = format!("The committed schema marks `{label}` as deprecated.");
                let anchor = Anchor::line(id, place.at.line);
                out.found(Evidence::new(label, anchor, message).root("deprecation"));
            }
        }
    }
}

/// A line of a changelog that speaks of deprecation and names a route.
fn in_changelogs(cx: &Cx<'_>, out: &mut Answers) {
    let routes = cx.head.django.routes();
    for (id, file) in cx.head.tree.files() {
        let name = file.name().to_ascii_lowercase();
        if !(name.starts_with("changelog") || name.starts_with("changes")) {
            continue;
        }
        out.looked();
        for (number, line) in (1..).zip(file.text().unwrap_or("").lines()) {
            if !line.to_ascii_lowercase().contains("deprecat") {
                continue;
            }
            let named = routes
                .iter()
                .find(|r| r.template.len() > 2 && line.contains(&*r.template));
            if let Some(route) = named {
                let message = format!("The changelog announces that `{}` will go.", route.template);
                let anchor = Anchor::line(id, number);
                out.found(
                    Evidence::new(route.template.to_string(), anchor, message).root("deprecation"),
                );
            }
        }
    }
}
