//! DRF704: code that is kept in comments.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::parse;
use crate::python::syntax::{ExprKind, Stmt, StmtKind};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF704",
    name: "commented-out-code",
    competency: Competency::C19,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("commented_out_code.md"),
    yields_to: &[],
    run,
};

/// Fewer lines are an aside.
const ENOUGH: usize = 3;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for (_, module) in cx.head.program.modules() {
        let file = cx.head.tree.file(module.file);
        // `startproject` and `startapp` leave explanations that look like code.
        let judged = file.role.is_product_code() || file.role == Role::Test;
        if !judged || file.role == Role::Settings {
            continue;
        }
        let Some(text) = file.text() else { continue };
        let mut block: Vec<(u32, &str)> = Vec::new();
        let mut blocks: Vec<Vec<(u32, &str)>> = Vec::new();
        for comment in module.comments() {
            let line = file.lines.line(comment.span.start);
            let whole = file
                .lines
                .text(text, line)
                .is_some_and(|text| text.trim_start().starts_with('#'));
            if block.last().is_some_and(|(last, _)| last + 1 != line) || !whole {
                blocks.push(std::mem::take(&mut block));
            }
            if whole {
                block.push((line, comment.text.trim_start_matches('#')));
            }
        }
        blocks.push(block);
        for block in blocks {
            let (Some((first, _)), Some((last, _))) = (block.first(), block.last()) else {
                continue;
            };
            if block.len() < ENOUGH || !cx.changes.touches(&file.path, *first, *last) {
                continue;
            }
            out.looked();
            if !is_code(&block) {
                continue;
            }
            let mut anchor = crate::catalog::Anchor::line(module.file, *first);
            anchor.end_line = *last;
            out.found(
                Evidence::new(
                    format!("{}:{first}", file.path),
                    anchor,
                    format!(
                        "{} lines of code are kept in comments: git keeps them as well.",
                        block.len()
                    ),
                )
                .root(file.path.to_string()),
            );
        }
    }
}

fn is_code(block: &[(u32, &str)]) -> bool {
    let indent = block
        .iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(_, text)| text.len() - text.trim_start().len())
        .min()
        .unwrap_or(0);
    let source: String = block
        .iter()
        .flat_map(|(_, text)| [text.get(indent..).unwrap_or(""), "\n"])
        .collect();
    let parsed = parse(&source);
    parsed.errors.is_empty()
        && parsed.body.iter().filter(|stmt| is_strong(stmt)).count() > 0
        && strong_lines(&parsed.body) >= 2
}

/// Statements that prose does not happen to be.
fn strong_lines(body: &[Stmt]) -> usize {
    let mut count = 0;
    crate::python::visit::stmts(body, |stmt| count += usize::from(is_strong(stmt)));
    for stmt in body {
        match &stmt.kind {
            StmtKind::Function(def) => count += def.body.len(),
            StmtKind::Class(def) => count += def.body.len(),
            _ => {}
        }
    }
    count
}

fn is_strong(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Expr(expr) => matches!(expr.kind, ExprKind::Call { .. }),
        StmtKind::Assign { .. }
        | StmtKind::AugAssign { .. }
        | StmtKind::Return(_)
        | StmtKind::Raise { .. }
        | StmtKind::If { .. }
        | StmtKind::For { .. }
        | StmtKind::With { .. }
        | StmtKind::Try { .. }
        | StmtKind::Function(_)
        | StmtKind::Class(_)
        | StmtKind::Import(_)
        | StmtKind::ImportFrom(_) => true,
        _ => false,
    }
}
