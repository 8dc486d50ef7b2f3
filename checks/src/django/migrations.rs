//! Migrations: the files, the state they add up to, and how it differs from the models.

mod compare;
mod read;
mod replay;

use std::sync::Arc;

use super::fields::FieldKind;
use super::names::{AppId, ClassRef, Kwargs, MigrationId};
use crate::python::value::Place;
use crate::source::FileId;

/// One migration file.
#[derive(Clone, Debug)]
pub struct Migration {
    pub id: MigrationId,
    pub app: AppId,
    pub app_label: Arc<str>,
    /// `0002_order_total`
    pub name: Arc<str>,
    pub file: FileId,
    pub initial: Option<bool>,
    /// `(app label, migration name)`
    pub dependencies: Vec<(Arc<str>, Arc<str>)>,
    pub run_before: Vec<(Arc<str>, Arc<str>)>,
    pub replaces: Vec<(Arc<str>, Arc<str>)>,
    pub atomic: bool,
    pub operations: Vec<Operation>,
    /// Modules of the project that it imports.
    pub imports: Vec<(Arc<str>, Place)>,
    /// Something in it could not be read.
    pub open: Option<Arc<str>>,
    /// Of the `Migration` class's name.
    pub place: Place,
}

/// One operation, as written.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `CreateModel`, `AddField`, `RunPython` …
    pub kind: Arc<str>,
    pub class: ClassRef,
    /// `model_name` or `name` of the model, as written.
    pub model: Option<Arc<str>>,
    /// Name of the field, index or constraint.
    pub name: Option<Arc<str>>,
    pub field: Option<MigrationField>,
    /// Fields of a `CreateModel`.
    pub fields: Vec<MigrationField>,
    pub kwargs: Kwargs,
    /// `RunPython`: the function; `reverse_code` is in `kwargs`.
    pub code: Option<crate::python::Symbol>,
    pub reversible: Option<bool>,
    /// `state_operations` of `SeparateDatabaseAndState` and `RunSQL`.
    pub state_operations: Vec<Operation>,
    pub place: Place,
}

/// A field as a migration states it.
#[derive(Clone, Debug)]
pub struct MigrationField {
    pub name: Arc<str>,
    pub class: ClassRef,
    /// Last part of the framework's class name: `CharField`.
    pub base: Arc<str>,
    pub kind: FieldKind,
    /// `app.Model` in lower case, or the swappable user's setting resolved.
    pub to: Option<Arc<str>>,
    pub kwargs: Kwargs,
    pub place: Place,
}

/// Whether a difference reaches the database's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// Table, column, type, null, unique, index, constraint, target.
    Schema,
    /// `choices`, `help_text`, `verbose_name`, `on_delete`, options: state only.
    StateOnly,
}

/// One thing that `makemigrations` would write.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    pub app: AppId,
    pub app_label: Arc<str>,
    /// `AddField`, `AlterField`, `CreateModel` …
    pub operation: Arc<str>,
    pub model: Arc<str>,
    pub field: Option<Arc<str>>,
    pub kind: DriftKind,
    /// For people: "`Order.total` has `max_digits=10`, the migrations say `max_digits=8`".
    pub text: Arc<str>,
    pub confidence: crate::evidence::Confidence,
    /// The model's or field's line; `None` for something the models no longer have.
    pub place: Option<Place>,
    /// The migration that last stated it.
    pub stated_at: Option<Place>,
}

/// A fault of the migration graph.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphFault {
    pub app_label: Arc<str>,
    pub kind: GraphFaultKind,
    pub migrations: Vec<MigrationId>,
    pub text: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphFaultKind {
    SeveralLeaves,
    MissingDependency,
    Cycle,
}

/// All migrations of the project and what they add up to.
#[derive(Clone, Debug, Default)]
pub struct Migrations {
    /// In order of app label and name.
    pub all: Vec<Migration>,
    /// In order of app, model and field.
    pub drift: Vec<Drift>,
    pub faults: Vec<GraphFault>,
    /// Apps whose state could not be replayed, with the reason.
    pub unknown: Vec<(AppId, Arc<str>)>,
}

impl Migrations {
    /// Migrations of one app.
    pub fn of(&self, app: AppId) -> impl Iterator<Item = &Migration> {
        self.all.iter().filter(move |m| m.app == app)
    }
}

/// All migrations, the state they add up to, and how the models differ from it.
pub(super) fn find(
    read: &super::read::Read<'_>,
    apps: &[super::App],
    models: &[super::Model],
) -> Migrations {
    let user = models.iter().find(|model| model.is_user);
    let user = user.map_or_else(
        || "auth.user".to_owned(),
        |model| model.label().to_lowercase(),
    );
    let all = read::read_all(read, apps, &user);
    let state = replay::State::replay(&all);
    let drift = compare::compare(models, apps, &state);
    let faults = graph_faults(&all);
    Migrations {
        all,
        drift,
        faults,
        unknown: state.unknown.into_iter().collect(),
    }
}

/// Leaves, dependencies and cycles as `MigrationLoader` would complain about them.
fn graph_faults(all: &[Migration]) -> Vec<GraphFault> {
    let mut faults = Vec::new();
    let exists = |app: &str, name: &str| {
        name.starts_with("__")
            || all.iter().any(|m| {
                &*m.app_label == app
                    && (&*m.name == name
                        || m.replaces.iter().any(|(a, n)| &**a == app && &**n == name))
            })
    };
    for migration in all {
        for (app, name) in &migration.dependencies {
            let is_own = all.iter().any(|m| m.app_label == *app);
            if is_own && !exists(app, name) {
                faults.push(GraphFault {
                    app_label: Arc::clone(&migration.app_label),
                    kind: GraphFaultKind::MissingDependency,
                    migrations: vec![migration.id],
                    text: format!(
                        "`{}` depends on `{app}.{name}`, which does not exist",
                        migration.name
                    )
                    .into(),
                });
            }
        }
    }
    let mut labels: Vec<&Arc<str>> = all.iter().map(|m| &m.app_label).collect();
    labels.dedup();
    for label in labels {
        let own = || all.iter().filter(|m| m.app_label == *label);
        let replaced = |m: &Migration| {
            own().any(|other| {
                other
                    .replaces
                    .iter()
                    .any(|(a, n)| a == label && *n == m.name)
            })
        };
        let leaves: Vec<&Migration> = own()
            .filter(|m| {
                !replaced(m)
                    && !own().any(|other| {
                        other
                            .dependencies
                            .iter()
                            .any(|(a, n)| a == label && *n == m.name)
                    })
            })
            .collect();
        if leaves.len() > 1 {
            let names: Vec<&str> = leaves.iter().map(|m| &*m.name).collect();
            faults.push(GraphFault {
                app_label: Arc::clone(label),
                kind: GraphFaultKind::SeveralLeaves,
                migrations: leaves.iter().map(|m| m.id).collect(),
                text: format!(
                    "The migrations of `{label}` have several ends: {}",
                    names.join(", ")
                )
                .into(),
            });
        }
    }
    faults
}
