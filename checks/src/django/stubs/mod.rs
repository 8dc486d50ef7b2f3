//! What Django, DRF and the usual packages provide, as data.
//!
//! `catalogue.json` is read off the packages themselves by `regenerate.py` (the versions are in
//! it); `policy.json` holds what needs judgement and is written by hand. Nothing here reads a
//! candidate's source.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// Everything the catalogue knows. Look-ups only: the maps' order is never used.
#[derive(Debug, Deserialize)]
pub struct Stubs {
    /// Versions of the packages the catalogue was read from.
    pub versions: HashMap<String, String>,
    aliases: HashMap<String, String>,
    classes: HashMap<String, StubClass>,
    urls: HashMap<String, Vec<StubUrl>>,
    #[serde(skip)]
    stand_ins: HashMap<String, String>,
    #[serde(skip)]
    permissions: HashMap<String, StubPermission>,
    /// Names that packages give to `View.as_view()`: name → class.
    #[serde(skip)]
    view_names: HashMap<String, String>,
    /// `auth.User` → the class, for models that can be named by label.
    #[serde(skip)]
    models_by_label: HashMap<String, String>,
    /// Canonical names by last part, for names that a package re-exports elsewhere.
    #[serde(skip)]
    by_tail: HashMap<String, Vec<String>>,
}

/// A class of a package.
#[derive(Debug, Deserialize)]
pub struct StubClass {
    /// `view`, `mixin`, `serializer`, `serializer_field`, `model`, `model_field`, `permission` …
    pub kind: String,
    /// Its MRO without itself and `object`, canonical names.
    #[serde(default)]
    pub bases: Vec<String>,
    /// Attributes that differ from the framework's defaults: plain values, `{"class": fq}`,
    /// `{"model": label}`, or `{"other": type}`.
    #[serde(default)]
    pub attrs: HashMap<String, Value>,
    /// HTTP handlers and actions of a view or mixin; method names of a model.
    #[serde(default)]
    pub methods: Vec<String>,
    #[serde(default)]
    pub actions: Vec<StubAction>,
    /// Fields of a model or serializer, in order.
    #[serde(default)]
    pub fields: Vec<StubField>,
    #[serde(default, rename = "abstract")]
    pub is_abstract: bool,
    #[serde(default)]
    pub proxy: bool,
    #[serde(default)]
    pub app_label: String,
    #[serde(default)]
    pub ordering: Vec<String>,
    /// Defines `__str__`.
    #[serde(default, rename = "str")]
    pub has_str: bool,
    #[serde(default)]
    pub managers: Vec<StubManager>,
    /// Label of a serializer's model.
    pub model: Option<String>,
    #[serde(default)]
    pub request_level: bool,
    #[serde(default)]
    pub object_level: bool,
}

#[derive(Debug, Deserialize)]
pub struct StubManager {
    pub name: String,
    pub class: String,
}

/// An `@action` of a package's viewset.
#[derive(Debug, Deserialize)]
pub struct StubAction {
    pub name: String,
    pub detail: bool,
    pub methods: Vec<String>,
    pub url_path: String,
    pub url_name: String,
    #[serde(default)]
    pub kwargs: HashMap<String, Value>,
}

/// A field of a package's model or serializer.
#[derive(Debug, Deserialize)]
pub struct StubField {
    pub name: String,
    pub class: String,
    /// Keyword arguments of a model field.
    #[serde(default)]
    pub kwargs: serde_json::Map<String, Value>,
    /// Label of a relation's target, or `settings.AUTH_USER_MODEL`.
    pub to: Option<String>,
    #[serde(default)]
    pub auto_created: bool,
    #[serde(default)]
    pub read_only: bool,
    #[serde(default)]
    pub write_only: bool,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub allow_null: bool,
    #[serde(default)]
    pub many: bool,
    pub source: Option<String>,
    pub max_length: Option<i64>,
    pub min_length: Option<i64>,
    pub max_digits: Option<i64>,
    pub decimal_places: Option<i64>,
}

/// One URL of a package's URL configuration.
#[derive(Debug, Deserialize)]
pub struct StubUrl {
    pub parts: Vec<StubUrlPart>,
    pub name: Option<String>,
    #[serde(default)]
    pub namespace: String,
    pub view: String,
    /// Method (lower case) to action.
    #[serde(default)]
    pub actions: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    pub methods: Vec<String>,
    #[serde(default)]
    pub initkwargs: HashMap<String, Value>,
}

#[derive(Debug, Deserialize)]
pub struct StubUrlPart {
    pub route: String,
    pub regex: bool,
}

/// What a package's permission says to an anonymous caller.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct StubPermission {
    pub anonymous: StubAnonymous,
    #[serde(default)]
    pub needs_staff: bool,
    #[serde(default)]
    pub object_compares_user: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StubAnonymous {
    Deny,
    /// Denies methods that are not safe.
    DenyUnsafe,
    Allow,
}

#[derive(Deserialize)]
struct PolicyFile {
    /// Classes of packages that are to their users what a class of the framework is; a key that
    /// ends with a point stands for all names of a module.
    stand_ins: HashMap<String, String>,
    permissions: HashMap<String, StubPermission>,
    view_names: HashMap<String, String>,
}

static STUBS: LazyLock<Stubs> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "our own file, parsed by a test")]
    let mut stubs: Stubs = serde_json::from_str(include_str!("catalogue.json"))
        .expect("catalogue.json is the catalogue's JSON");
    #[expect(clippy::expect_used, reason = "our own file, parsed by a test")]
    let policy: PolicyFile = serde_json::from_str(include_str!("policy.json"))
        .expect("policy.json is the catalogue's JSON");
    stubs.permissions = policy.permissions;
    stubs.view_names = policy.view_names;
    stubs.stand_ins = policy.stand_ins;
    for (fq, class) in &stubs.classes {
        let name = fq.rsplit('.').next().unwrap_or(fq);
        if class.kind == "model" && !class.is_abstract && !class.app_label.is_empty() {
            stubs.models_by_label.insert(
                format!("{}.{}", class.app_label, name.to_ascii_lowercase()),
                fq.clone(),
            );
        }
        stubs
            .by_tail
            .entry(name.to_owned())
            .or_default()
            .push(fq.clone());
    }
    stubs
});

/// The catalogue, parsed on first use.
pub fn stubs() -> &'static Stubs {
    &STUBS
}

impl Stubs {
    /// The name under which a class is defined, for any name it is imported by.
    pub fn canonical<'a>(&'a self, fq: &'a str) -> &'a str {
        if self.classes.contains_key(fq) {
            return fq;
        }
        if let Some(canonical) = self.aliases.get(fq) {
            return canonical;
        }
        if let Some(known) = self.stand_in(fq) {
            return known;
        }
        // A re-export that the catalogue has not seen: same package, same last part, one class.
        let (Some((root, _)), Some((_, tail))) = (fq.split_once('.'), fq.rsplit_once('.')) else {
            return fq;
        };
        let mut same = self
            .by_tail
            .get(tail)
            .into_iter()
            .flatten()
            .filter(|c| c.split('.').next() == Some(root));
        match (same.next(), same.next()) {
            (Some(only), None) => only,
            _ => fq,
        }
    }

    /// The framework's class that a package's class stands for.
    fn stand_in(&self, fq: &str) -> Option<&str> {
        let named = match self.stand_ins.get(fq) {
            Some(named) => named.clone(),
            None => {
                let at = fq.rfind('.')?;
                let (module, tail) = (fq.get(..=at)?, fq.get(at + 1..)?);
                format!("{}{tail}", self.stand_ins.get(module)?)
            }
        };
        self.classes
            .get_key_value(&named)
            .map(|(known, _)| known.as_str())
            .or_else(|| self.aliases.get(&named).map(String::as_str))
    }

    /// As [`Self::canonical`], in the catalogue's own text; `None` for a class it does not have.
    pub fn canonical_static(&self, fq: &str) -> Option<&str> {
        let canonical = self.canonical(fq);
        self.classes
            .get_key_value(canonical)
            .map(|(key, _)| key.as_str())
    }

    pub fn class(&self, fq: &str) -> Option<&StubClass> {
        self.classes.get(self.canonical(fq))
    }

    /// The class itself and its bases, canonical names in MRO order; empty if unknown.
    pub fn lineage<'a>(&'a self, fq: &'a str) -> impl Iterator<Item = &'a str> {
        let canonical = self.canonical(fq);
        let class = self.classes.get(canonical);
        class.map(|_| canonical).into_iter().chain(
            class
                .into_iter()
                .flat_map(|c| c.bases.iter().map(String::as_str)),
        )
    }

    /// Whether a class is or derives from another; `None`: not in the catalogue.
    pub fn is_a(&self, fq: &str, ancestor: &str) -> Option<bool> {
        let ancestor = self.canonical(ancestor);
        let canonical = self.canonical(fq);
        if canonical == ancestor {
            return Some(true);
        }
        let class = self.classes.get(canonical)?;
        Some(class.bases.iter().any(|b| b == ancestor))
    }

    /// The model with this label (`auth.User`, any case).
    pub fn model_by_label(&self, label: &str) -> Option<&str> {
        self.models_by_label
            .get(&label.to_ascii_lowercase())
            .map(String::as_str)
    }

    /// URLs of a package's URL configuration, by its dotted name.
    pub fn urls(&self, module: &str) -> Option<&[StubUrl]> {
        self.urls.get(module).map(Vec::as_slice)
    }

    /// The view class behind a ready-made view: `obtain_auth_token`.
    pub fn view_name(&self, fq: &str) -> Option<&str> {
        self.view_names.get(fq).map(String::as_str)
    }

    pub fn permission(&self, fq: &str) -> Option<StubPermission> {
        self.permissions
            .get(self.canonical(fq))
            .copied()
            .or_else(|| self.permissions.get(fq).copied())
    }

    /// The framework's field class that a class is or derives from, by its last part: DRF's or
    /// Django's own where there is one, so that checks need not know packages.
    pub fn field_base<'a>(&'a self, fq: &'a str) -> Option<&'a str> {
        let own = self.lineage(fq).find(|c| {
            c.starts_with("rest_framework.")
                || c.starts_with("django.db.models.")
                || c.starts_with("django.contrib.")
        })?;
        own.rsplit('.').next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_classes_by_the_names_they_are_imported_by() {
        let stubs = stubs();
        assert_eq!(
            stubs.canonical("rest_framework.serializers.CharField"),
            "rest_framework.fields.CharField"
        );
        assert_eq!(
            stubs.is_a(
                "rest_framework.viewsets.ModelViewSet",
                "rest_framework.mixins.ListModelMixin"
            ),
            Some(true)
        );
        assert_eq!(
            stubs.field_base("django.db.models.EmailField"),
            Some("EmailField")
        );
        let user = stubs.class("django.contrib.auth.models.AbstractUser");
        assert!(user.is_some_and(|u| u.is_abstract && u.fields.iter().any(|f| f.name == "email")));
        assert_eq!(
            stubs.model_by_label("auth.User"),
            Some("django.contrib.auth.models.User")
        );
        assert_eq!(
            stubs.canonical("rest_framework_json_api.serializers.ModelSerializer"),
            "rest_framework.serializers.ModelSerializer"
        );
        assert_eq!(
            stubs.field_base("drf_extra_fields.fields.Base64ImageField"),
            Some("ImageField")
        );
        assert!(stubs.urls("djoser.urls").is_some_and(|u| u.len() > 10));
    }
}
