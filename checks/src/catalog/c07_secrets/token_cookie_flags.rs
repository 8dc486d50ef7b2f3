//! DRF311: a cookie holds a token, and scripts or plain HTTP can carry it off.

use super::named_calls::calls;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, keyword, positional};
use crate::python::value::{Literal, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF311",
    name: "token-cookie-flags",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("token_cookie_flags.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    let wanted = |_, callee: &Expr| matches!(&callee.kind, ExprKind::Attribute { attr, .. } if &**attr == "set_cookie");
    for call in calls(cx, wanted) {
        let Some(key) = positional(call.args, 0).or_else(|| keyword(call.args, "key")) else {
            continue;
        };
        out.looked();
        let subject = program.func(call.func).fq.to_string();
        let Val::Known(Literal::Str(name)) = program.eval(call.scope, key) else {
            out.unknown(subject, "the name of the cookie is not a constant");
            continue;
        };
        let lower = name.to_ascii_lowercase();
        let holds_token = ["token", "jwt", "session", "refresh", "access"]
            .iter()
            .any(|word| lower.contains(word));
        let spread = call.args.iter().any(|arg| arg.kind == ArgKind::DoubleStar);
        if !holds_token || lower.contains("csrf") || spread {
            continue;
        }
        let missing: Vec<&str> = ["httponly", "secure", "samesite"]
            .into_iter()
            .filter(|flag| is_off(call.args, flag))
            .collect();
        let unreadable = missing.contains(&"httponly");
        // One of the other two is a choice; both, or a readable cookie, are an omission.
        if !unreadable && missing.len() < 2 {
            continue;
        }
        let follows = if unreadable {
            "a script on the page can read it"
        } else {
            "it travels over plain HTTP and with requests of other sites"
        };
        out.found(Evidence::new(
            subject,
            cx.anchor(call.place),
            format!(
                "The cookie `{name}` holds a token and is set without `{}`: {follows}.",
                missing.join("`, `")
            ),
        ));
    }
}

/// Absent, or `False` or `None` in plain sight.
fn is_off(args: &[Arg], flag: &str) -> bool {
    match keyword(args, flag) {
        None => true,
        Some(expr) => matches!(expr.kind, ExprKind::Bool(false) | ExprKind::None),
    }
}
