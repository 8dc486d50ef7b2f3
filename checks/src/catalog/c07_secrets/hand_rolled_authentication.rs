//! DRF315: who is calling is found out by code of the project's own.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::{AttributeKind, ClassId, FuncId, Symbol, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF315",
    name: "hand-rolled-authentication",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("hand_rolled_authentication.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, info) in program.classes() {
        let file = program.module(info.module).file;
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        // Direct children only: a thin layer over SimpleJWT or `TokenAuthentication` is no such thing.
        let direct = program.bases(id).iter().any(|base| {
            matches!(base, Ok(crate::python::Base::External(fq)) if &**fq == "rest_framework.authentication.BaseAuthentication")
        });
        if !direct {
            continue;
        }
        out.looked();
        let in_use = cx.head.django.routes().iter().any(|route| {
            route
                .policy
                .authentication
                .items()
                .any(|class| class.class.class() == Some(id))
        });
        let Some(way) = way(cx, id) else { continue };
        let name = &program.class_def(id).name;
        let mut evidence = Evidence::new(
            info.fq.to_string(),
            cx.anchor(Place {
                file,
                span: program.class_def(id).name_span,
            }),
            format!(
                "`{name}` {way}; expiry, revocation and the right status codes are then the project's own work, which SimpleJWT or knox have done."
            ),
        );
        if !in_use {
            evidence = evidence.unreachable();
        }
        out.found(evidence);
    }
    weak_tokens(cx, out);
}

/// What the class does by hand; `None` where it only passes on, or compares a signature.
fn way(cx: &Cx<'_>, class: ClassId) -> Option<&'static str> {
    let program = &cx.head.program;
    let AttributeKind::Method(authenticate) = program.attribute(class, "authenticate")?.kind else {
        return None;
    };
    // `authenticate` and the methods of the class that it may call.
    let mut functions = vec![authenticate];
    functions.extend(program.methods(class).filter(|func| *func != authenticate));
    let any = |test: &dyn Fn(FuncId, &Expr) -> bool| {
        functions
            .iter()
            .any(|func| visit::any_expr(&program.func_def(*func).body, |expr| test(*func, expr)))
    };
    let named = |expr: &Expr, name: &str| {
        matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == name)
            || expr.as_name() == Some(name)
    };
    if any(&|_, expr| named(expr, "compare_digest")) {
        return None;
    }
    let reads_header = any(&|_, expr| {
        named(expr, "headers")
            || named(expr, "META")
            || named(expr, "get_authorization_header")
            || named(expr, "COOKIES")
    });
    if !reads_header {
        return None;
    }
    let decodes = any(&|func, expr| {
        expr.as_call().is_some_and(|(callee, _)| {
            let scope = program.scope_of_func(func);
            matches!(program.resolve(scope, callee), Symbol::External(fq) if fq.starts_with("jwt.") || fq.starts_with("jose."))
        })
    });
    if decodes {
        return Some("reads the header and decodes the token by hand");
    }
    let looks_up = any(&|_, expr| {
        expr.as_call().is_some_and(|(callee, args)| {
            let fetches = callee.dotted().is_some_and(|name| {
                name.ends_with(".objects.get") || name.ends_with(".objects.filter")
            });
            fetches && !args.is_empty()
        })
    });
    looks_up.then_some(
        "looks the user up by what a header says, compared in the database as plain text",
    )
}

/// Tokens and codes made with `random`, which can be predicted.
fn weak_tokens(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, info) in program.functions() {
        let file = program.module(info.module).file;
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        let def = program.func_def(id);
        let name = def.name.to_ascii_lowercase();
        let makes_secret = [
            "token",
            "otp",
            "reset_code",
            "verification_code",
            "api_key",
            "secret",
        ]
        .iter()
        .any(|word| name.contains(word));
        if !makes_secret {
            continue;
        }
        out.looked();
        let scope = program.scope_of_func(id);
        let mut weak = None;
        visit::calls(&def.body, |whole, callee, _| {
            let Symbol::External(fq) = program.resolve(scope, callee) else {
                return;
            };
            let predictable = matches!(
                &*fq,
                "random.choice"
                    | "random.choices"
                    | "random.randint"
                    | "random.random"
                    | "random.sample"
                    | "random.randrange"
                    | "uuid.uuid1"
                    | "hashlib.md5"
            );
            if predictable && weak.is_none() {
                weak = Some((whole.span, fq));
            }
        });
        let Some((span, fq)) = weak else { continue };
        out.found(Evidence::new(
            info.fq.to_string(),
            cx.anchor(Place { file, span }),
            format!("`{}` makes a secret with `{fq}`, whose values can be predicted; `secrets` is made for this.", def.name),
        ));
    }
}
