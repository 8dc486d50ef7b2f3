//! DRF306: a stolen token stays good for too long.

use super::named_calls::calls;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::settings::ProfileKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF306",
    name: "jwt-lifetime-excessive",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("jwt_lifetime_excessive.md"),
    yields_to: &[],
    run,
};
use crate::python::syntax::{DictItem, Expr, ExprKind, Span, positional};
use crate::python::value::{Literal, Place, Val};
use crate::python::{Symbol, visit};

/// Seconds. SimpleJWT's own default for access tokens is five minutes.
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx.head.django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    if matches!(prod.kind, ProfileKind::Dev | ProfileKind::Test) {
        return;
    }
    by_hand(cx, out);
    for (key, kind) in [
        ("ACCESS_TOKEN_LIFETIME", "access"),
        ("REFRESH_TOKEN_LIFETIME", "refresh"),
    ] {
        let path = format!("SIMPLE_JWT.{key}");
        let Some(found) = prod.get(&path) else {
            continue;
        };
        out.looked();
        let Val::Known(Literal::Duration(seconds)) = found.val else {
            out.unknown(path, "the duration is not a constant");
            continue;
        };
        let severity = match (kind, *seconds) {
            ("access", s) if s > DAY => Severity::High,
            ("access", s) if s > HOUR => Severity::Medium,
            ("refresh", s) if s > 30 * DAY => Severity::Low,
            _ => continue,
        };
        let follows = if kind == "access" {
            "nothing can take it back before then"
        } else {
            "a stolen one keeps making new access tokens that long"
        };
        out.found(
            Evidence::new(
                path,
                cx.anchor(found.place),
                format!(
                    "The {kind} token is good for {}: {follows}.",
                    words(*seconds)
                ),
            )
            .severity(severity),
        );
    }
}

/// `jwt.encode` with an expiry far away, or with none.
fn by_hand(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    let is = |scope, callee: &Expr, names: &[&str]| matches!(program.resolve(scope, callee), Symbol::External(fq) if names.contains(&&*fq));
    for encode in calls(cx, |scope, callee| {
        is(scope, callee, &["jwt.encode", "jose.jwt.encode"])
    }) {
        out.looked();
        let subject = program.func(encode.func).fq.to_string();
        let body = &program.func_def(encode.func).body;
        let mut longest: Option<(i64, Span)> = None;
        visit::calls(body, |whole, callee, _| {
            if is(encode.scope, callee, &["datetime.timedelta"])
                && let Val::Known(Literal::Duration(seconds)) = program.eval(encode.scope, whole)
                && longest.is_none_or(|(most, _)| seconds > most)
            {
                longest = Some((seconds, whole.span));
            }
        });
        if let Some((seconds, span)) = longest.filter(|(seconds, _)| *seconds > DAY) {
            let place = Place {
                file: encode.place.file,
                span,
            };
            out.found(
                Evidence::new(
                    subject,
                    cx.anchor(place),
                    format!(
                        "The token that is made here is good for {}: nothing can take it back before then.",
                        words(seconds)
                    ),
                )
                .severity(Severity::Medium),
            );
            continue;
        }
        // A payload in plain sight without `exp`.
        let Some(ExprKind::Dict(items)) = positional(encode.args, 0).map(|payload| &payload.kind)
        else {
            continue;
        };
        let keys: Option<Vec<&str>> = items
            .iter()
            .map(|item| match item {
                DictItem::Pair { key, .. } => key.as_str(),
                DictItem::Spread(_) => None,
            })
            .collect();
        if keys.is_some_and(|keys| !keys.contains(&"exp")) {
            out.found(
                Evidence::new(
                    subject,
                    cx.anchor(encode.place),
                    "The token that is made here has no `exp`: it is good for ever.",
                )
                .severity(Severity::High),
            );
        }
    }
}

/// `30 days`, `36 hours`, `90 minutes`.
fn words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        s if s % DAY == 0 => (s / DAY, "day"),
        s if s % HOUR == 0 => (s / HOUR, "hour"),
        s => (s / 60, "minute"),
    };
    if count == 1 {
        format!("1 {unit}")
    } else {
        format!("{count} {unit}s")
    }
}
