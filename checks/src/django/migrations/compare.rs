//! What `makemigrations` would write: the models against the state of the migrations.
//!
//! Compared as `Field.deconstruct()` compares: options at their default are absent, options that
//! never reach the table (`Field.non_db_attrs`, read from Django 5.2) are state only, and values are
//! compared only where both sides are known.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::replay::{State, StateModel, has};
use super::{Drift, DriftKind, MigrationField};
use crate::django::apps::App;
use crate::django::fields::{Field, FieldKind, Target};
use crate::django::models::Model;
use crate::django::names::Kwargs;
use crate::evidence::Confidence;
use crate::python::value::{Literal, Val};

/// All differences, in the order of apps, models and fields.
pub(super) fn compare(models: &[Model], apps: &[App], state: &State) -> Vec<Drift> {
    let mut drift = Vec::new();
    for app in apps {
        let stated = app
            .migrations
            .as_ref()
            .is_some_and(|files| !files.is_empty());
        if !stated || state.unknown.contains_key(&app.id) {
            continue;
        }
        let own: Vec<&Model> = models
            .iter()
            .filter(|m| {
                m.class.is_some()
                    && m.app == Some(app.id)
                    && !m.is_abstract
                    && !m.is_proxy
                    && m.is_managed
            })
            .collect();
        for model in &own {
            let key = (Arc::clone(&model.app_label), model.name.to_lowercase());
            match state.models.get(&key) {
                None => drift.push(Drift {
                    app: app.id,
                    app_label: Arc::clone(&app.label),
                    operation: "CreateModel".into(),
                    model: Arc::clone(&model.name),
                    field: None,
                    kind: DriftKind::Schema,
                    text: format!("No migration creates a table for `{}`", model.name).into(),
                    confidence: Confidence::High,
                    place: model.place,
                    stated_at: None,
                }),
                Some(stated) => Comparison {
                    app,
                    model,
                    stated,
                    models,
                    drift: &mut drift,
                }
                .run(),
            }
        }
        let names: BTreeSet<String> = models
            .iter()
            .filter(|m| m.app_label == app.label)
            .map(|m| m.name.to_lowercase())
            .collect();
        let any_open = models
            .iter()
            .any(|m| m.app == Some(app.id) && m.open.is_some());
        for ((label, name), stated) in &state.models {
            let gone = *label == app.label
                && !names.contains(name)
                && !stated.is_proxy
                && stated.is_managed;
            if gone && !any_open && !own.is_empty() {
                drift.push(Drift {
                    app: app.id,
                    app_label: Arc::clone(&app.label),
                    operation: "DeleteModel".into(),
                    model: Arc::clone(&stated.name),
                    field: None,
                    kind: DriftKind::Schema,
                    text: format!(
                        "The migrations have a table for `{}`, and there is no such model",
                        stated.name
                    )
                    .into(),
                    confidence: Confidence::Medium,
                    place: None,
                    stated_at: stated.place,
                });
            }
        }
    }
    drift
}

struct Comparison<'a> {
    app: &'a App,
    model: &'a Model,
    stated: &'a StateModel,
    models: &'a [Model],
    drift: &'a mut Vec<Drift>,
}

impl Comparison<'_> {
    fn run(mut self) {
        let inherited: BTreeSet<&str> = self
            .model
            .parents
            .iter()
            .filter_map(|id| self.models.get(id.0 as usize))
            .flat_map(|parent| parent.fields.iter().map(|field| &*field.name))
            .collect();
        let local: Vec<&Field> = self
            .model
            .fields
            .iter()
            .filter(|field| !inherited.contains(&*field.name))
            .filter(|field| {
                !matches!(
                    field.kind,
                    FieldKind::GenericForeignKey | FieldKind::GenericRelation
                )
            })
            .collect();
        for field in &local {
            match self.stated.fields.get(&field.name) {
                Some(stated) => self.field(field, stated),
                None if field.is_implicit || field.name.ends_with("_ptr") => {}
                None => {
                    let confidence = if field.base.is_empty() {
                        Confidence::Medium
                    } else {
                        Confidence::High
                    };
                    let text = format!("`{}.{}` is in no migration", self.model.name, field.name);
                    self.push(
                        "AddField",
                        Some(field),
                        DriftKind::Schema,
                        text,
                        confidence,
                        self.stated.place,
                    );
                }
            }
        }
        if self.model.open.is_none() {
            for stated in self.stated.fields.values() {
                let known = local.iter().any(|field| field.name == stated.name)
                    || inherited.contains(&*stated.name);
                let automatic = matches!(
                    &*stated.base,
                    "AutoField" | "BigAutoField" | "SmallAutoField"
                ) || stated.name.ends_with("_ptr")
                    || &*stated.name == "_order";
                if !known && !automatic {
                    let text = format!(
                        "The migrations have a column for `{}.{}`, and the model has no such field",
                        self.model.name, stated.name
                    );
                    self.drift.push(Drift {
                        app: self.app.id,
                        app_label: Arc::clone(&self.app.label),
                        operation: "RemoveField".into(),
                        model: Arc::clone(&self.model.name),
                        field: Some(Arc::clone(&stated.name)),
                        kind: DriftKind::Schema,
                        text: text.into(),
                        confidence: Confidence::High,
                        place: self.model.place,
                        stated_at: Some(stated.place),
                    });
                }
            }
        }
        self.meta();
    }

    fn push(
        &mut self,
        operation: &str,
        field: Option<&Field>,
        kind: DriftKind,
        text: String,
        confidence: Confidence,
        stated_at: Option<crate::python::value::Place>,
    ) {
        self.drift.push(Drift {
            app: self.app.id,
            app_label: Arc::clone(&self.app.label),
            operation: operation.into(),
            model: Arc::clone(&self.model.name),
            field: field.map(|field| Arc::clone(&field.name)),
            kind,
            text: text.into(),
            confidence,
            place: field.and_then(|field| field.place).or(self.model.place),
            stated_at,
        });
    }

    fn field(&mut self, field: &Field, stated: &MigrationField) {
        // A class of the project or of a package is compared by being there.
        if field.base.is_empty() || stated.base.is_empty() || field.is_implicit {
            return;
        }
        let is_framework = matches!(&field.class, crate::django::names::ClassRef::External(fq) if fq.starts_with("django."));
        if !is_framework {
            return;
        }
        let label = format!("{}.{}", self.model.name, field.name);
        if field.base != stated.base {
            let text = format!(
                "`{label}` is a `{}`, the migrations say `{}`",
                field.base, stated.base
            );
            self.push(
                "AlterField",
                Some(field),
                DriftKind::Schema,
                text,
                Confidence::High,
                Some(stated.place),
            );
            return;
        }
        if field.is_relation()
            && let (Some(now), Some(then)) = (self.target(field), &stated.to)
            && now != **then
            && then.contains('.')
        {
            let text = format!("`{label}` points at `{now}`, the migrations say `{then}`");
            self.push(
                "AlterField",
                Some(field),
                DriftKind::Schema,
                text,
                Confidence::High,
                Some(stated.place),
            );
            return;
        }
        if field.kwargs.open || stated.kwargs.open {
            return;
        }
        for (option, kind) in OPTIONS {
            if let Some((now, then)) = differs(&field.base, option, &field.kwargs, &stated.kwargs) {
                let text =
                    format!("`{label}` has `{option}={now}`, the migrations say `{option}={then}`");
                self.push(
                    "AlterField",
                    Some(field),
                    *kind,
                    text,
                    Confidence::High,
                    Some(stated.place),
                );
                return;
            }
        }
        self.choices(field, stated, &label);
    }

    fn choices(&mut self, field: &Field, stated: &MigrationField, label: &str) {
        let Some(now) = &field.choices else { return };
        let then: Option<Vec<&Val>> = match stated.kwargs.get("choices").map(|kwarg| &kwarg.val) {
            Some(Val::Seq(rows)) => rows
                .iter()
                .map(|(row, _)| match row {
                    Val::Seq(pair) => pair.first().map(|(value, _)| value),
                    _ => None,
                })
                .collect(),
            None => Some(Vec::new()),
            Some(_) => None,
        };
        let known = |values: &[&Val]| values.iter().all(|value| matches!(value, Val::Known(_)));
        let now: Vec<&Val> = now.iter().collect();
        if let Some(then) = then.filter(|then| known(then) && known(&now) && *then != now) {
            let text = format!(
                "`{label}` has {} choices, the migrations state {}",
                now.len(),
                then.len()
            );
            self.push(
                "AlterField",
                Some(field),
                DriftKind::StateOnly,
                text,
                Confidence::High,
                Some(stated.place),
            );
        }
    }

    fn target(&self, field: &Field) -> Option<String> {
        match field.to.as_ref()? {
            Target::Model(id) => {
                let model = self.models.get(id.0 as usize)?;
                Some(format!("{}.{}", model.app_label, model.name).to_lowercase())
            }
            Target::Unknown(_) => None,
        }
    }

    fn meta(&mut self) {
        if self.stated.meta_open {
            return;
        }
        let now: BTreeSet<BTreeSet<Arc<str>>> = self
            .model
            .meta
            .unique_together
            .iter()
            .map(|set| set.iter().cloned().collect())
            .collect();
        if now != self.stated.unique_together {
            let text = format!(
                "`{}.Meta.unique_together` is not what the migrations state",
                self.model.name
            );
            self.push(
                "AlterUniqueTogether",
                None,
                DriftKind::Schema,
                text,
                Confidence::High,
                self.stated.place,
            );
        }
        for constraint in &self.model.meta.constraints {
            let Some(name) = constraint
                .kwargs
                .str("name")
                .filter(|name| !name.contains('%'))
            else {
                continue;
            };
            if !self.stated.constraints.contains(name) {
                let text = format!(
                    "The constraint `{name}` of `{}` is in no migration",
                    self.model.name
                );
                self.push(
                    "AddConstraint",
                    None,
                    DriftKind::Schema,
                    text,
                    Confidence::High,
                    self.stated.place,
                );
                if let Some(last) = self.drift.last_mut() {
                    last.place = Some(constraint.place);
                }
            }
        }
        for index in &self.model.meta.indexes {
            let name = index.kwargs.str("name");
            if index.fields.is_empty() || name.is_some_and(|name| name.contains('%')) {
                continue;
            }
            let there = self.stated.indexes.iter().any(|(stated, fields)| {
                match (name, stated.as_deref()) {
                    (Some(name), Some(stated)) => name == stated,
                    _ => *fields == index.fields,
                }
            });
            if !there {
                let text = format!(
                    "The index on `{}` of `{}` is in no migration",
                    index.fields.join(", "),
                    self.model.name
                );
                self.push(
                    "AddIndex",
                    None,
                    DriftKind::Schema,
                    text,
                    Confidence::High,
                    self.stated.place,
                );
                if let Some(last) = self.drift.last_mut() {
                    last.place = Some(index.place);
                }
            }
        }
    }
}

/// Options that are compared, and whether they reach the table.
const OPTIONS: &[(&str, DriftKind)] = &[
    ("null", DriftKind::Schema),
    ("unique", DriftKind::Schema),
    ("max_length", DriftKind::Schema),
    ("max_digits", DriftKind::Schema),
    ("decimal_places", DriftKind::Schema),
    ("db_index", DriftKind::Schema),
    ("primary_key", DriftKind::Schema),
    ("blank", DriftKind::StateOnly),
    ("default", DriftKind::StateOnly),
    ("auto_now", DriftKind::StateOnly),
    ("auto_now_add", DriftKind::StateOnly),
    ("related_name", DriftKind::StateOnly),
    ("editable", DriftKind::StateOnly),
];

/// The two values of an option in words, where both are known and differ.
fn differs(base: &str, option: &str, now: &Kwargs, then: &Kwargs) -> Option<(String, String)> {
    // `auto_now` and `auto_now_add` imply these; deconstruct() leaves them out.
    let automatic = ["auto_now", "auto_now_add"]
        .iter()
        .any(|name| has(now, name) || has(then, name));
    if automatic && matches!(option, "blank" | "editable") {
        return None;
    }
    let value = |kwargs: &Kwargs| match kwargs.get(option) {
        Some(kwarg) => known(&kwarg.val),
        None => Some(default(base, option)),
    };
    let (now, then) = (value(now)?, value(then)?);
    (now != then).then(|| (words(&now), words(&then)))
}

fn known(val: &Val) -> Option<Literal> {
    match val {
        Val::Known(literal) => Some(literal.clone()),
        _ => None,
    }
}

/// What an absent option means (Django 5.2, `Field.__init__` and its children).
fn default(base: &str, option: &str) -> Literal {
    match (base, option) {
        ("EmailField", "max_length") => Literal::Int(254),
        ("URLField", "max_length") => Literal::Int(200),
        ("SlugField", "max_length") => Literal::Int(50),
        ("FileField" | "ImageField" | "FilePathField", "max_length") => Literal::Int(100),
        ("SlugField" | "ForeignKey", "db_index") => Literal::Bool(true),
        ("OneToOneField", "unique") => Literal::Bool(true),
        ("AutoField" | "BigAutoField" | "SmallAutoField", "blank") => Literal::Bool(true),
        (
            _,
            "null" | "unique" | "db_index" | "primary_key" | "blank" | "auto_now" | "auto_now_add",
        ) => Literal::Bool(false),
        (_, "editable") => Literal::Bool(true),
        _ => Literal::None,
    }
}

fn words(literal: &Literal) -> String {
    match literal {
        Literal::None => "None".to_owned(),
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(text) => text.to_string(),
        Literal::Str(text) => format!("\"{}\"", text.chars().take(40).collect::<String>()),
        Literal::Bytes => "bytes".to_owned(),
        Literal::Duration(seconds) => format!("{seconds} s"),
    }
}
