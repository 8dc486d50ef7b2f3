//! DRF314: the answer tells whether an account exists.

use std::collections::BTreeSet;

use crate::catalog::on_request::of_route;
use crate::catalog::route_words::is_own;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, FPart, StmtKind};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF314",
    name: "account-enumeration",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("account_enumeration.md"),
    yields_to: &[],
    run,
};

/// Paths and views through which one proves or regains an identity.
const WORDS: [&str; 6] = ["login", "signin", "sign-in", "token", "forgot", "reset"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    let mut seen = BTreeSet::new();
    for route in cx.head.django.routes() {
        let view = cx.head.django.view_of(route).map_or("", |view| &*view.name);
        let name = format!(
            "{} {view} {}",
            route.template,
            route.action.as_deref().unwrap_or("")
        )
        .to_ascii_lowercase();
        let signs_in = WORDS.iter().any(|word| name.contains(word));
        if !route.mounted || !signs_in || !is_own(cx, route) {
            continue;
        }
        if !matches!(
            route.method,
            Method::Post | Method::Any | Method::Put | Method::Patch
        ) {
            continue;
        }
        for ir in of_route(cx, route) {
            if !seen.insert(ir.func) {
                continue;
            }
            out.looked();
            let def = program.func_def(ir.func);
            let mut told = None;
            visit::stmts(&def.body, |stmt| {
                let (StmtKind::Raise {
                    exc: Some(said), ..
                }
                | StmtKind::Return(Some(said))) = &stmt.kind
                else {
                    return;
                };
                if told.is_none() && tells(said) {
                    told = Some(said.span);
                }
            });
            let Some(span) = told else { continue };
            let file = program.module(program.func(ir.func).module).file;
            out.found(
                Evidence::new(
                    ir.fq.to_string(),
                    cx.anchor(Place { file, span }),
                    format!(
                        "`{}` answers differently for an account that does not exist, so addresses can be tried out one by one.",
                        route.label()
                    ),
                )
                .root(ir.fq.to_string()),
            );
        }
    }
}

/// The text says that there is no such user.
fn tells(said: &Expr) -> bool {
    visit::any_within(said, |expr| {
        let text = words(expr).to_ascii_lowercase();
        let who = ["user", "account", "email", "e-mail"]
            .iter()
            .any(|word| text.contains(word));
        let absent = [
            "not exist",
            "n't exist",
            "not found",
            "not registered",
            "n't registered",
            "no user",
            "no account",
            "no such",
            "not active",
            "inactive",
            "unknown user",
            "invalid username",
            "invalid email",
            "wrong email",
            "wrong username",
            "incorrect email",
            "incorrect username",
            "n't in our",
            "not in our",
        ]
        .iter()
        .any(|word| text.contains(word));
        // "Invalid username or password" keeps the secret.
        who && absent && !text.contains("password") && !text.contains("credential")
    })
}

/// A literal's text; of a formatted one with the names in its holes.
fn words(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Str(text) => text.to_string(),
        ExprKind::FString(parts) => parts
            .iter()
            .map(|part| match part {
                FPart::Text(text) => text.to_string(),
                FPart::Hole(hole) => hole.dotted().unwrap_or_default(),
            })
            .collect(),
        _ => String::new(),
    }
}
