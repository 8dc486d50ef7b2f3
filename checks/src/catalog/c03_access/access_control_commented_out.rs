//! DRF182: an access control stands in a comment, and what is active is weaker.

use crate::catalog::route_words::is_drf;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{Anonymous, View};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::ModuleId;
use crate::python::syntax::{Comment, Span, StmtKind};
use crate::python::value::{Place, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF182",
    name: "access-control-commented-out",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("access_control_commented_out.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, module) in program.modules() {
        if !cx.head.tree.file(module.file).role.is_product_code() {
            continue;
        }
        for comment in module.comments() {
            let Some(control) = control_in(&comment.text) else {
                continue;
            };
            out.looked();
            let place = Place {
                file: module.file,
                span: comment.span,
            };
            on_view(cx, out, id, comment, &control, place);
            in_settings(cx, out, comment, &control, place);
        }
    }
}

/// An access control read from a comment.
struct Control {
    /// `IsAuthenticated`, `IsAdminRole` …
    classes: Vec<String>,
    /// As written, for people.
    text: String,
    /// `permission_classes = …` or a decorator, not a bare name of a settings list.
    is_statement: bool,
}

fn control_in(comment: &str) -> Option<Control> {
    let text = comment.trim_start_matches('#').trim();
    let is_statement = ["permission_classes", "@permission_classes"]
        .iter()
        .any(|start| text.starts_with(start))
        && text.contains(['=', '(']);
    let is_entry = text.starts_with(['"', '\''])
        && (text.contains("permissions.") || text.contains("\"DEFAULT_PERMISSION_CLASSES"));
    if !is_statement && !is_entry {
        return None;
    }
    let classes: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| {
            word.starts_with(|c: char| c.is_ascii_uppercase())
                && !word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                && !matches!(*word, "AllowAny")
        })
        .map(str::to_owned)
        .collect();
    (!classes.is_empty()).then(|| Control {
        classes,
        text: text.chars().take(80).collect(),
        is_statement,
    })
}

/// The view whose class holds the comment, or whose decorators it stands among.
fn view_at<'a>(cx: &Cx<'a>, module: ModuleId, comment: &Comment) -> Option<&'a View> {
    let program = &cx.head.program;
    let file = program.module(module).file;
    let source = cx.head.tree.file(file);
    cx.head.django.views().iter().find(|view| {
        let Some(place) = view.place.filter(|place| place.file == file) else {
            return false;
        };
        let span = match (view.class, view.func) {
            (Some(class), _) => program.class_def(class).span,
            (None, Some(func)) => program.func_def(func).span,
            (None, None) => return false,
        };
        // A commented decorator right above the first line belongs to what follows.
        let above = source.lines.line(comment.span.start) + 1 == source.lines.line(span.start);
        let within = span.contains(comment.span);
        within || above && place.span.start >= span.start
    })
}

fn on_view(
    cx: &Cx<'_>,
    out: &mut Answers,
    module: ModuleId,
    comment: &Comment,
    control: &Control,
    place: Place,
) {
    if !control.is_statement {
        return;
    }
    let Some(view) = view_at(cx, module, comment) else {
        return;
    };
    let routes: Vec<_> = cx
        .head
        .django
        .routes_of(view.id)
        .filter(|route| route.mounted && is_drf(cx, route))
        .collect();
    let is_named = |route: &&crate::django::Route| {
        let words = route.permission().words();
        control
            .classes
            .iter()
            .all(|class| words.contains(class.as_str()))
    };
    let weaker = routes.iter().find(|route| {
        let permission = route.permission();
        !is_named(route)
            && (permission.anonymous() == Anonymous::Allow
                || control
                    .classes
                    .iter()
                    .any(|class| class != "IsAuthenticated")
                    && permission.needs_staff() == Some(false)
                    && permission
                        .classes()
                        .iter()
                        .all(|fact| fact.class.class().is_none()))
    });
    let Some(route) = weaker else { return };
    let open = route.permission().anonymous() == Anonymous::Allow;
    out.found(
        Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` is commented out, and `{}` is {}.",
                control.text,
                route.label(),
                if open {
                    "open to anonymous callers".to_owned()
                } else {
                    format!("left with `{}`", route.permission().words())
                }
            ),
        )
        .severity(if open {
            Severity::High
        } else {
            Severity::Medium
        })
        .root(format!("{} {}", view.fq, control.classes.join(","))),
    );
}

/// An entry of `REST_FRAMEWORK` that is a comment, while nothing else asks who is calling.
fn in_settings(cx: &Cx<'_>, out: &mut Answers, comment: &Comment, control: &Control, place: Place) {
    let Some(prod) = cx.head.django.settings().prod() else {
        return;
    };
    let Some(whole) = prod.get("REST_FRAMEWORK") else {
        return;
    };
    if whole.place.file != place.file || !covers(cx, whole.place, comment.span) {
        return;
    }
    let key = "REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES";
    let open = match prod.get(key).map(|found| found.val) {
        None => !prod.is_open(key),
        Some(Val::Seq(items)) => items
            .iter()
            .all(|(item, _)| item.as_str().is_some_and(|text| text.ends_with("AllowAny"))),
        Some(_) => false,
    };
    if !open {
        return;
    }
    out.found(
        Evidence::new(
            key,
            cx.anchor(place),
            format!(
                "`{}` is commented out in `REST_FRAMEWORK`, and what is left lets everybody in.",
                control.text
            ),
        )
        .root("settings"),
    );
}

/// Whether the statement that gives the setting holds this place.
fn covers(cx: &Cx<'_>, setting: Place, inner: Span) -> bool {
    let Some(module) = cx.head.program.module_of_file(setting.file) else {
        return false;
    };
    cx.head.program.body(module).iter().any(|stmt| {
        matches!(
            stmt.kind,
            StmtKind::Assign { .. } | StmtKind::AnnAssign { .. }
        ) && stmt.span.contains(setting.span)
            && stmt.span.contains(inner)
    })
}
