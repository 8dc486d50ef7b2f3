//! DRF172: an answer holds a password, a key or a code.

use std::collections::BTreeSet;

use crate::catalog::route_words::is_entrance;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::{FieldOrigin, SerializerField};
use crate::django::{Method, Route, Serializer, SerializerId};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF172",
    name: "secret-field-readable",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("secret_field_readable.md"),
    yields_to: &[],
    run,
};

/// Names of columns that hold secrets, whole names only.
const SECRETS: [&str; 22] = [
    "password",
    "password_hash",
    "passwd",
    "hashed_password",
    "secret",
    "secret_key",
    "client_secret",
    "api_key",
    "api_secret",
    "private_key",
    "otp",
    "otp_code",
    "otp_secret",
    "pin",
    "pin_code",
    "ssn",
    "card_number",
    "cvv",
    "cvc",
    "reset_code",
    "reset_token",
    "verification_code",
];
/// Nested serializers are followed this far.
const MAX_DEPTH: usize = 4;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        if !route.mounted {
            continue;
        }
        for used in &route.output {
            let mut seen = BTreeSet::new();
            look(cx, out, route, used.serializer, &mut seen, 0);
        }
    }
}

fn look(
    cx: &Cx<'_>,
    out: &mut Answers,
    route: &Route,
    id: SerializerId,
    seen: &mut BTreeSet<SerializerId>,
    depth: usize,
) {
    let serializer = cx.head.django.serializer(id);
    if depth > MAX_DEPTH || !seen.insert(id) {
        return;
    }
    out.looked();
    for field in serializer.output_fields() {
        if let Some(nested) = field.nested {
            look(cx, out, route, nested, seen, depth + 1);
        }
        if serializer.class.is_none() {
            continue;
        }
        if field.origin == FieldOrigin::Depth {
            expanded(cx, out, route, serializer, field);
        } else if is_secret(cx, route, serializer, field) {
            tell(cx, out, route, serializer, field);
        }
    }
}

fn is_secret(cx: &Cx<'_>, route: &Route, serializer: &Serializer, field: &SerializerField) -> bool {
    let Some((model, name)) = &field.model_field else {
        return false;
    };
    // `to_representation` of its own may take it out.
    if serializer.method("to_representation").is_some() {
        return false;
    }
    let column = cx.head.django.model(*model).field(name);
    let holds_text = column.is_some_and(|column| column.is_text() || column.is_integer());
    if !holds_text {
        return false;
    }
    // A code or key just made is told once, by the route that makes it.
    let told_once = is_entrance(cx, route) || route.method == Method::Post;
    let is_password = name.contains("passw");
    SECRETS.contains(&&**name) && (is_password || !told_once)
}

fn tell(
    cx: &Cx<'_>,
    out: &mut Answers,
    route: &Route,
    serializer: &Serializer,
    field: &SerializerField,
) {
    let Some(place) = field.place.or(serializer.place) else {
        return;
    };
    let what = if &*field.name == "password" {
        "the password hash"
    } else {
        "it"
    };
    let subject = format!("{}.{}", serializer.fq, field.name);
    out.found(
        Evidence::new(
            subject.clone(),
            cx.anchor(place),
            format!(
                "`{}` answers with `{}` of `{}`: the field is not `write_only`, so {what} is sent to the client.",
                route.label(),
                field.name,
                serializer.name
            ),
        )
        .root(subject),
    );
}

/// `depth` expands a relation into all fields of the other model.
fn expanded(
    cx: &Cx<'_>,
    out: &mut Answers,
    route: &Route,
    serializer: &Serializer,
    field: &SerializerField,
) {
    let Some(model) = field.related_model.map(|id| cx.head.django.model(id)) else {
        return;
    };
    let secret = model
        .fields
        .iter()
        .find(|column| SECRETS.contains(&&*column.name) && column.is_text());
    let depth_place = serializer
        .meta_options
        .get("depth")
        .and_then(|kwarg| kwarg.place);
    let (Some(secret), Some(place)) = (secret, depth_place.or(field.place)) else {
        return;
    };
    let subject = format!("{}.{}", serializer.fq, field.name);
    out.found(
        Evidence::new(
            subject,
            cx.anchor(place),
            format!(
                "`{}` answers with `{}.{}`: `depth` of `{}` expands `{}` into all fields of `{}`.",
                route.label(),
                field.name,
                secret.name,
                serializer.name,
                field.name,
                model.name
            ),
        )
        .root(format!("{} depth", serializer.fq)),
    );
}
