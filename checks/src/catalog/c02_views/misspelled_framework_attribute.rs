//! DRF153: a name that nobody reads, one letter away from one that the framework reads.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::django::stubs::stubs;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::{Base, ClassId, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF153",
    name: "misspelled-framework-attribute",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("misspelled_framework_attribute.md"),
    yields_to: &[],
    run,
};

const VIEW: [&str; 21] = [
    "permission_classes",
    "authentication_classes",
    "throttle_classes",
    "throttle_scope",
    "serializer_class",
    "pagination_class",
    "filter_backends",
    "filterset_class",
    "filterset_fields",
    "search_fields",
    "ordering_fields",
    "ordering",
    "lookup_field",
    "lookup_url_kwarg",
    "renderer_classes",
    "parser_classes",
    "http_method_names",
    "queryset",
    "versioning_class",
    "metadata_class",
    "schema",
];
const SERIALIZER_META: [&str; 8] = [
    "model",
    "fields",
    "exclude",
    "read_only_fields",
    "extra_kwargs",
    "depth",
    "validators",
    "list_serializer_class",
];
const REST_FRAMEWORK: [&str; 26] = [
    "DEFAULT_RENDERER_CLASSES",
    "DEFAULT_PARSER_CLASSES",
    "DEFAULT_AUTHENTICATION_CLASSES",
    "DEFAULT_PERMISSION_CLASSES",
    "DEFAULT_THROTTLE_CLASSES",
    "DEFAULT_THROTTLE_RATES",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS",
    "DEFAULT_METADATA_CLASS",
    "DEFAULT_VERSIONING_CLASS",
    "DEFAULT_VERSION",
    "DEFAULT_PAGINATION_CLASS",
    "DEFAULT_FILTER_BACKENDS",
    "DEFAULT_SCHEMA_CLASS",
    "PAGE_SIZE",
    "SEARCH_PARAM",
    "ORDERING_PARAM",
    "NUM_PROXIES",
    "ALLOWED_VERSIONS",
    "VERSION_PARAM",
    "UNAUTHENTICATED_USER",
    "UNAUTHENTICATED_TOKEN",
    "EXCEPTION_HANDLER",
    "NON_FIELD_ERRORS_KEY",
    "TEST_REQUEST_DEFAULT_FORMAT",
    "DATETIME_FORMAT",
    "COERCE_DECIMAL_TO_STRING",
];
const SIMPLE_JWT: [&str; 12] = [
    "ACCESS_TOKEN_LIFETIME",
    "REFRESH_TOKEN_LIFETIME",
    "ROTATE_REFRESH_TOKENS",
    "BLACKLIST_AFTER_ROTATION",
    "UPDATE_LAST_LOGIN",
    "ALGORITHM",
    "SIGNING_KEY",
    "VERIFYING_KEY",
    "AUTH_HEADER_TYPES",
    "USER_ID_FIELD",
    "USER_ID_CLAIM",
    "AUTH_TOKEN_CLASSES",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for view in django.views() {
        let Some(class) = view.class.filter(|_| view.kind.is_drf()) else {
            continue;
        };
        out.looked();
        for (name, attr) in &view.attrs {
            let Some(meant) = meant(name, &VIEW) else {
                continue;
            };
            let own = attr.owner.class().is_some();
            if let Some(place) = attr.place.filter(|_| own)
                && view.open.is_none()
                && !view.attrs.contains_key(meant)
                && from_framework(cx, class)
                && !is_read(cx, name)
            {
                out.found(evidence(
                    format!("{}.{name}", view.fq),
                    cx.anchor(place),
                    name,
                    meant,
                ));
            }
        }
    }
    for serializer in django.serializers() {
        if serializer.class.is_none() {
            continue;
        }
        out.looked();
        for option in &serializer.meta_options.items {
            if let Some(meant) = meant(&option.name, &SERIALIZER_META)
                && let Some(place) = option.place
                && !serializer.meta_options.has(meant)
                && serializer.open.is_none()
                && !is_read(cx, &option.name)
            {
                out.found(evidence(
                    format!("{}.Meta.{}", serializer.fq, option.name),
                    cx.anchor(place),
                    &option.name,
                    meant,
                ));
            }
        }
    }
    for (dict, known) in [
        ("REST_FRAMEWORK", &REST_FRAMEWORK[..]),
        ("SIMPLE_JWT", &SIMPLE_JWT[..]),
    ] {
        let Some(found) = django.settings().get(dict) else {
            continue;
        };
        let Val::Map(items) = found.val else { continue };
        for (key, _, place) in items {
            out.looked();
            let Some(name) = as_str(key) else { continue };
            let both = |meant: &str| items.iter().any(|(key, _, _)| as_str(key) == Some(meant));
            if let Some(meant) = meant(name, known).filter(|meant| !both(meant)) {
                out.found(evidence(
                    format!("{dict}.{name}"),
                    cx.anchor(*place),
                    name,
                    meant,
                ));
            }
        }
    }
}

fn evidence(subject: String, anchor: crate::catalog::Anchor, name: &str, meant: &str) -> Evidence {
    let protects = ["permission", "authentication", "throttle", "read_only"]
        .iter()
        .any(|word| meant.to_ascii_lowercase().contains(word));
    Evidence::new(
        subject,
        anchor,
        format!("Nothing reads `{name}`; the framework reads `{meant}`, and passes this over in silence."),
    )
    .severity(if protects { Severity::High } else { Severity::Medium })
}

/// The known name that is one or two letters away from this one.
fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if known.contains(&name) || name.starts_with('_') {
        return None;
    }
    // django-filter before 2.0 read this.
    if name == "filter_fields" {
        return known
            .iter()
            .copied()
            .find(|known| *known == "filterset_fields");
    }
    known.iter().copied().find(|known| {
        let far = if known.len() > 11 { 2 } else { 1 };
        known.len() > 6 && distance(name, known) <= far
    })
}

/// Levenshtein's.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, a) in one.chars().take(80).enumerate() {
        let mut next = vec![at + 1];
        for (column, b) in other.iter().enumerate() {
            let keep = row.get(column).copied().unwrap_or(0) + usize::from(a != *b);
            let take = row.get(column + 1).copied().unwrap_or(0) + 1;
            let give = next.last().copied().unwrap_or(0) + 1;
            next.push(keep.min(take).min(give));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// All bases are known, so that no package reads the name.
fn from_framework(cx: &Context<'_>, class: ClassId) -> bool {
    let mro = cx.head.program.mro(class);
    mro.open.is_none()
        && mro.entries.iter().all(|base| match base {
            Base::External(fq) => stubs().class(fq).is_some() && fq.starts_with("rest_framework."),
            Base::Project(_) => true,
        })
}

/// The project reads it: `self.name`, `getattr(…, "name")`.
fn is_read(cx: &Context<'_>, name: &str) -> bool {
    let read = [
        format!(".{name}"),
        format!("\"{name}\""),
        format!("'{name}'"),
    ];
    cx.head.program.modules().any(|(_, module)| {
        let text = cx.head.tree.file(module.file).text().unwrap_or("");
        read.iter().any(|read| text.contains(read))
    })
}
