//! DRF320: a password or key of another service stands in the source.

use crate::catalog::secret_words::{
    is_local_host, is_placeholder, is_secret_name, url_credentials,
};
use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::django::settings::ProfileKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF320",
    name: "credential-literal",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("credential_literal.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Place, Val};

/// Keys that other checks speak of.
const OTHERS: [&str; 3] = ["SECRET_KEY", "SIGNING_KEY", "VERIFYING_KEY"];
/// Parts of keys that belong to a hosted service: whoever has the value can use the account.
const HOSTED: [&str; 10] = [
    "EMAIL",
    "AWS",
    "STRIPE",
    "TWILIO",
    "SENDGRID",
    "MAILGUN",
    "CLOUDINARY",
    "PAYPAL",
    "FIREBASE",
    "GOOGLE",
];
const MAX_DEPTH: u32 = 5;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for profile in cx.head.django.settings().profiles() {
        if profile.kind == ProfileKind::Test {
            continue;
        }
        for (key, setting) in profile.values() {
            out.looked();
            let mut path = vec![key.to_owned()];
            settings_value(cx, &mut path, &setting.val, setting.place, None, out);
        }
    }
    for compose in &cx.head.infra.compose {
        let path = &cx.head.tree.file(compose.file).path;
        for service in &compose.services {
            for (key, value) in &service.environment {
                let Some(value) = value.as_deref() else {
                    continue;
                };
                out.looked();
                if is_secret_name(key)
                    && !OTHERS.contains(&key.as_str())
                    && !is_placeholder(value)
                    && !value.starts_with('$')
                {
                    let line = line_of(cx, compose.file, service.line, key);
                    out.found(
                        Evidence::new(
                            format!("{path}:{}.{key}", service.name),
                            Anchor::line(compose.file, line),
                            format!(
                                "`{key}` of the service `{}` stands in the compose file.",
                                service.name
                            ),
                        )
                        .severity(Severity::Low),
                    );
                }
            }
        }
    }
}

fn settings_value(
    cx: &Cx<'_>,
    path: &mut Vec<String>,
    val: &Val,
    place: Place,
    host: Option<&str>,
    out: &mut Answers,
) {
    let key = path.last().cloned().unwrap_or_default();
    match val {
        Val::Map(items) if path.len() < MAX_DEPTH as usize => {
            let host = items.iter().find_map(|(k, v, _)| match (k, v) {
                (Val::Known(Literal::Str(k)), Val::Known(Literal::Str(v)))
                    if k.eq_ignore_ascii_case("host") =>
                {
                    Some(v.to_string())
                }
                _ => None,
            });
            for (k, v, place) in items {
                if let Val::Known(Literal::Str(k)) = k {
                    path.push(k.to_string());
                    settings_value(cx, path, v, *place, host.as_deref(), out);
                    path.pop();
                }
            }
        }
        Val::Known(Literal::Str(text)) => literal(cx, path, &key, text, place, host, false, out),
        Val::Env {
            default: Some(default),
            ..
        } => {
            if let Val::Known(Literal::Str(text)) = &**default {
                literal(cx, path, &key, text, place, host, true, out);
            }
        }
        Val::OneOf(values) => {
            for value in values.iter().take(4) {
                settings_value(cx, path, value, place, host, out);
            }
        }
        _ => {}
    }
}

fn literal(
    cx: &Cx<'_>,
    path: &[String],
    key: &str,
    text: &str,
    place: Place,
    host: Option<&str>,
    is_default: bool,
    out: &mut Answers,
) {
    let full = path.join(".");
    // Names of claims and headers, not secrets; the signing key is another check's.
    let names_only = ["SIMPLE_JWT.", "REST_FRAMEWORK.", "DJOSER.", "REST_AUTH."]
        .iter()
        .any(|prefix| full.starts_with(prefix));
    if OTHERS.contains(&key) || full.contains("VALIDATORS") || names_only {
        return;
    }
    let (value, host) = match url_credentials(text) {
        Some((password, host)) => (password, Some(host)),
        None if is_secret_name(key) && looks_secret(text) => (text, host),
        None => return,
    };
    let is_database = path.first().is_some_and(|first| first == "DATABASES");
    let local = host.is_none_or(is_local_host);
    let placeholder = is_placeholder(value);
    if placeholder && (local || is_default || !is_database) {
        return;
    }
    let hosted = HOSTED.iter().any(|part| full.contains(part))
        || text.starts_with("sk_live")
        || text.starts_with("AKIA");
    let severity = match (hosted, local && is_database, is_default) {
        (true, _, false) => Severity::Critical,
        (true, _, true) => Severity::High,
        (false, true, true) => Severity::Low,
        (false, true, false) => Severity::Medium,
        (false, false, _) => Severity::High,
    };
    let how = if is_default {
        "has a fallback in the source"
    } else {
        "stands in the source"
    };
    out.found(
        Evidence::new(full.clone(), cx.anchor(place), format!("The secret `{full}` {how}: whoever reads the repository has it, and it has to be replaced."))
            .severity(severity)
            .root(format!("{}:{}", place.file.0, place.span.start)),
    );
}

/// Long enough and without blanks: a sentence or a class path is no secret.
fn looks_secret(text: &str) -> bool {
    text.len() >= 3
        && !text.contains(char::is_whitespace)
        && !(text.contains('.')
            && text
                .split('.')
                .all(|part| part.chars().all(|c| c.is_ascii_alphabetic() || c == '_')))
}

/// The line on which a key stands at or below a line.
fn line_of(cx: &Cx<'_>, file: crate::source::FileId, from: u32, key: &str) -> u32 {
    let source = cx.head.tree.file(file);
    let text = source.text().unwrap_or("");
    (from..=source.lines.count())
        .find(|line| {
            source
                .lines
                .text(text, *line)
                .is_some_and(|l| l.contains(key))
        })
        .unwrap_or(from)
}
