//! Deprecation, sunset dates (`x-sunset`) and stability levels (`x-stability-level`).
//!
//! Both extensions are oasdiff's; its documentation of deprecation and stability describes them.

use std::sync::Arc;

use serde_json::Value;

use super::date::Date;
use super::model::{Operation, Parameter, Schema, extension};
use super::rules::{self, Rule};
use super::schema_rules::from_to;

pub(crate) const SUNSET: &str = "x-sunset";
pub(crate) const STABILITY: &str = "x-stability-level";

/// How settled an operation or property says it is. Ordered: `Draft < Alpha < Beta < Stable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stability {
    Draft,
    Alpha,
    Beta,
    Stable,
}

impl Stability {
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Stable => "stable",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "draft" => Self::Draft,
            "alpha" => Self::Alpha,
            "beta" => Self::Beta,
            "stable" => Self::Stable,
            _ => return None,
        })
    }
}

/// The stability level among extensions: `Ok(None)` where there is none.
pub(crate) fn stability_of(extensions: &[(Arc<str>, Value)]) -> Result<Option<Stability>, String> {
    match extension(extensions, STABILITY) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Stability::from_name(text)
            .map(Some)
            .ok_or_else(|| format!("expected draft, alpha, beta or stable, found `{text}`")),
        Some(other) => Err(format!(
            "expected draft, alpha, beta or stable, found `{other}`"
        )),
    }
}

/// The sunset date among extensions: `None` where there is none, an error where it is no date.
pub(crate) fn sunset_of(extensions: &[(Arc<str>, Value)]) -> Option<Result<Date, String>> {
    let value = extension(extensions, SUNSET)?;
    Some(match value {
        Value::String(text) => Date::parse(text)
            .ok_or_else(|| format!("expected a date like 2026-08-10, found `{text}`")),
        other => Err(format!("expected a date like 2026-08-10, found `{other}`")),
    })
}

/// The rules of time that hold for one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifecycle {
    /// Least days between today and a sunset date.
    pub(crate) days: i64,
    pub(crate) today: Option<Date>,
    /// Below this level changes of stability are not looked at.
    pub(crate) least: Stability,
    /// The operation's own level cannot be read, so its deprecations are not judged.
    pub(crate) unreadable: bool,
}

type Found = (&'static Rule, Vec<(&'static str, String)>);

impl Lifecycle {
    /// Days from today until the date; a date far ahead where nobody said what day it is.
    pub(crate) fn days_until(&self, date: Date) -> i64 {
        self.today.map_or(i64::MAX, |today| date.days_since(today))
    }

    pub(crate) fn is_ahead(&self, date: Date) -> bool {
        self.today.is_none_or(|today| today < date)
    }

    fn one(id: &str, args: Vec<(&'static str, String)>) -> Vec<Found> {
        rules::find(id)
            .map(|rule| (rule, args))
            .into_iter()
            .collect()
    }

    /// An endpoint or a parameter that is gone; empty where its sunset date has passed.
    pub(crate) fn of_removed_operation(
        &self,
        operation: &Operation,
        whole_path: bool,
    ) -> Vec<Found> {
        let prefix = if whole_path { "api-path" } else { "api" };
        if !operation.deprecated {
            return Self::one(&format!("{prefix}-removed-without-deprecation"), Vec::new());
        }
        match sunset_of(&operation.extensions) {
            None => Self::one(&format!("{prefix}-removed-with-deprecation"), Vec::new()),
            Some(Err(why)) => Self::one("api-path-sunset-parse", vec![("why", why)]),
            Some(Ok(date)) if self.is_ahead(date) => Self::one(
                &format!("{prefix}-removed-before-sunset"),
                vec![("date", date.to_string())],
            ),
            Some(Ok(_)) => Vec::new(),
        }
    }

    pub(crate) fn of_removed_parameter(&self, parameter: &Parameter) -> Vec<Found> {
        if !parameter.deprecated {
            return Self::one("request-parameter-removed", Vec::new());
        }
        match sunset_of(&parameter.extensions) {
            None => Self::one("request-parameter-removed-with-deprecation", Vec::new()),
            Some(Err(why)) => Self::one("request-parameter-sunset-parse", vec![("why", why)]),
            Some(Ok(date)) if self.is_ahead(date) => Self::one(
                "request-parameter-removed-before-sunset",
                vec![("date", date.to_string())],
            ),
            Some(Ok(_)) => Vec::new(),
        }
    }

    /// An endpoint that became deprecated, or is so no longer.
    pub(crate) fn of_operation(&self, revision: &Operation) -> Vec<Found> {
        if !revision.deprecated {
            return Self::one("endpoint-reactivated", Vec::new());
        }
        if self.unreadable {
            return Vec::new();
        }
        match sunset_of(&revision.extensions) {
            None if self.days > 0 => Self::one("api-deprecated-sunset-missing", Vec::new()),
            None => Self::one("endpoint-deprecated", Vec::new()),
            Some(Err(why)) => Self::one("api-deprecated-sunset-parse", vec![("why", why)]),
            Some(Ok(date)) if self.days_until(date) < self.days => Self::one(
                "api-sunset-date-too-small",
                vec![("date", date.to_string()), ("days", self.days.to_string())],
            ),
            Some(Ok(date)) => Self::one(
                "endpoint-deprecated-with-sunset",
                vec![("date", date.to_string())],
            ),
        }
    }

    pub(crate) fn of_parameter(&self, revision: &Parameter) -> Vec<Found> {
        if !revision.deprecated {
            return Self::one("request-parameter-reactivated", Vec::new());
        }
        if self.unreadable {
            return Vec::new();
        }
        match sunset_of(&revision.extensions) {
            None if self.days > 0 => {
                Self::one("request-parameter-deprecated-sunset-missing", Vec::new())
            }
            None => Self::one("request-parameter-deprecated", Vec::new()),
            Some(Err(why)) => Self::one("request-parameter-sunset-parse", vec![("why", why)]),
            Some(Ok(date)) if self.days_until(date) < self.days => Self::one(
                "request-parameter-sunset-date-too-small",
                vec![("date", date.to_string()), ("days", self.days.to_string())],
            ),
            Some(Ok(date)) => Self::one(
                "request-parameter-deprecated",
                vec![("date", format!(" (sunset date {date})"))],
            ),
        }
    }

    /// The sunset date of something that stays deprecated.
    pub(crate) fn of_sunset_change(
        &self,
        parameter: bool,
        base: &[(Arc<str>, Value)],
        revision: &[(Arc<str>, Value)],
    ) -> Vec<Found> {
        let (deleted, unreadable, earlier) = if parameter {
            (
                "request-parameter-sunset-deleted",
                "request-parameter-sunset-parse",
                "request-parameter-sunset-date-changed-too-small",
            )
        } else {
            (
                "sunset-deleted",
                "api-path-sunset-parse",
                "api-sunset-date-changed-too-small",
            )
        };
        let Some(from) = sunset_of(base) else {
            return Vec::new();
        };
        let Some(to) = sunset_of(revision) else {
            return Self::one(deleted, Vec::new());
        };
        if extension(base, SUNSET) == extension(revision, SUNSET) {
            return Vec::new();
        }
        let (from, to) = match (from, to) {
            (_, Err(why)) | (Err(why), _) => return Self::one(unreadable, vec![("why", why)]),
            (Ok(from), Ok(to)) => (from, to),
        };
        if from > to && self.days_until(to) < self.days && !self.unreadable {
            let mut args = from_to(Some(from.to_string()), Some(to.to_string()));
            args.push(("days", self.days.to_string()));
            return Self::one(earlier, args);
        }
        Vec::new()
    }

    /// Deprecation and stability of a property; `place` is `request-property` or its like.
    pub(crate) fn of_property(&self, place: &str, base: &Schema, revision: &Schema) -> Vec<Found> {
        let mut found = self.of_property_stability(place, base, revision);
        if base.deprecated == revision.deprecated || self.unreadable {
            return found;
        }
        let id = |what: &str| format!("{place}-{what}");
        found.extend(if !revision.deprecated {
            Self::one(&id("reactivated"), Vec::new())
        } else {
            match sunset_of(&revision.extensions) {
                None if self.days > 0 => Self::one(&id("deprecated-sunset-missing"), Vec::new()),
                None => Self::one(&id("deprecated"), Vec::new()),
                Some(Err(why)) => Self::one(&id("deprecated-sunset-invalid"), vec![("why", why)]),
                Some(Ok(date)) if self.days_until(date) < self.days => Self::one(
                    &id("sunset-date-too-small"),
                    vec![("date", date.to_string()), ("days", self.days.to_string())],
                ),
                Some(Ok(date)) => Self::one(
                    &id("deprecated-with-sunset"),
                    vec![("date", date.to_string())],
                ),
            }
        });
        found
    }

    fn of_property_stability(&self, place: &str, base: &Schema, revision: &Schema) -> Vec<Found> {
        if base.extensions == revision.extensions {
            return Vec::new();
        }
        let (from, to) = match (
            stability_of(&base.extensions),
            stability_of(&revision.extensions),
        ) {
            (Err(why), _) | (_, Err(why)) => {
                return Self::one("api-invalid-stability-level", vec![("why", why)]);
            }
            (Ok(from), Ok(to)) => (
                from.unwrap_or(Stability::Stable),
                to.unwrap_or(Stability::Stable),
            ),
        };
        if from == to || from < self.least {
            return Vec::new();
        }
        let what = if to < from { "decreased" } else { "increased" };
        Self::one(
            &format!("{place}-stability-{what}"),
            from_to(Some(from.name().to_owned()), Some(to.name().to_owned())),
        )
    }
}
