//! DRF308: tokens that others can forge.

use super::named_calls::calls;
use crate::catalog::secret_words::is_placeholder;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Symbol;
use crate::python::syntax::{Arg, ArgKind, DictItem, Expr, ExprKind, keyword, positional};
use crate::python::value::{Literal, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF308",
    name: "jwt-crypto-misuse",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("jwt_crypto_misuse.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    let wanted = |scope, callee: &Expr| matches!(program.resolve(scope, callee), Symbol::External(fq) if matches!(&*fq, "jwt.decode" | "jwt.encode" | "jose.jwt.decode" | "jose.jwt.encode"));
    // Before 2.0 `algorithms` may be left out, and then the token chooses; later it is an error.
    let old = cx
        .head
        .infra
        .dependencies
        .major_minor("pyjwt")
        .is_none_or(|version| version < (2, 0));
    for call in calls(cx, wanted) {
        out.looked();
        let decodes = matches!(&call.callee.kind, ExprKind::Attribute { attr, .. } if &**attr == "decode")
            || call.callee.as_name() == Some("decode");
        let subject = program.func(call.func).fq.to_string();
        let anchor = cx.anchor(call.place);
        let spread = call.args.iter().any(|arg| arg.kind == ArgKind::DoubleStar);
        if decodes && unverified(call.args) {
            out.found(Evidence::new(
                subject,
                anchor,
                "The signature of the token is not verified: anybody can write a token that says what they like.",
            ));
        } else if decodes
            && !spread
            && keyword(call.args, "algorithms").is_none()
            && positional(call.args, 2).is_none()
        {
            let (message, severity) = if old {
                (
                    "`jwt.decode` names no `algorithms`: the token itself says how it is to be checked, and PyJWT 2 refuses the call.",
                    Severity::High,
                )
            } else {
                (
                    "`jwt.decode` names no `algorithms`: PyJWT 2 refuses every token with `DecodeError`.",
                    Severity::Medium,
                )
            };
            out.found(Evidence::new(subject, anchor, message).severity(severity));
        } else if names_none(call.args) {
            out.found(Evidence::new(
                subject,
                anchor,
                "The algorithm `none` is accepted: a token without any signature passes.",
            ));
        } else if let Some(key) = positional(call.args, 1).or_else(|| keyword(call.args, "key")) {
            let val = program.eval(call.scope, key);
            if matches!(&val, Val::Known(Literal::Str(text)) if !text.is_empty())
                && !is_setting(key)
            {
                let weak = matches!(&val, Val::Known(Literal::Str(text)) if is_placeholder(text));
                out.found(
                    Evidence::new(
                        subject,
                        anchor,
                        "The key that signs tokens stands in the source: whoever reads the repository can make a token for any user.",
                    )
                    .severity(if weak { Severity::High } else { Severity::Critical }),
                );
            }
        }
    }
    signing_key(cx, out);
}

/// `SIMPLE_JWT["SIGNING_KEY"]` as a literal of its own.
fn signing_key(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    let Some(found) = settings.get("SIMPLE_JWT.SIGNING_KEY") else {
        return;
    };
    out.looked();
    // The value of `SECRET_KEY` under another name is that check's finding.
    let same = settings
        .get("SECRET_KEY")
        .is_some_and(|key| key.val == found.val);
    if !same && matches!(found.val, Val::Known(Literal::Str(text)) if !text.is_empty()) {
        out.found(Evidence::new(
            "SIMPLE_JWT.SIGNING_KEY",
            cx.anchor(found.place),
            "The key that signs tokens stands in the source: whoever reads the repository can make a token for any user.",
        ));
    }
}

/// `settings.SECRET_KEY`: where that comes from is another check's question.
fn is_setting(key: &Expr) -> bool {
    key.dotted()
        .is_some_and(|name| name.starts_with("settings."))
}

fn unverified(args: &[Arg]) -> bool {
    let flag = |expr: Option<&Expr>| matches!(expr.map(|e| &e.kind), Some(ExprKind::Bool(false)));
    if flag(keyword(args, "verify")) {
        return true;
    }
    let Some(options) = keyword(args, "options") else {
        return false;
    };
    let ExprKind::Dict(items) = &options.kind else {
        return false;
    };
    items.iter().any(|item| match item {
        DictItem::Pair { key, value } => {
            key.as_str() == Some("verify_signature") && flag(Some(value))
        }
        DictItem::Spread(_) => false,
    })
}

fn names_none(args: &[Arg]) -> bool {
    let is_none = |expr: &Expr| {
        expr.as_str()
            .is_some_and(|text| text.eq_ignore_ascii_case("none"))
    };
    let algorithms = keyword(args, "algorithms").or_else(|| keyword(args, "algorithm"));
    algorithms.is_some_and(|expr| {
        is_none(expr)
            || expr
                .elements()
                .is_some_and(|items| items.iter().any(is_none))
    })
}
