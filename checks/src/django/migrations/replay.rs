//! The state that the migrations add up to, app by app.
//!
//! Operations are applied in the order of the graph, as Django's `ProjectState` does. An operation
//! of an unknown class makes its app's state unknown; nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Migration, MigrationField, Operation};
use crate::django::names::{AppId, Kwargs, as_str, truth};
use crate::python::value::{Place, Val};

/// `(app label, model name in lower case)`
pub(super) type Key = (Arc<str>, String);

/// A model as the migrations state it.
#[derive(Clone, Debug, Default)]
pub(super) struct StateModel {
    pub(super) name: Arc<str>,
    /// In order of statement.
    pub(super) fields: BTreeMap<Arc<str>, MigrationField>,
    pub(super) unique_together: BTreeSet<BTreeSet<Arc<str>>>,
    /// Name and fields of each.
    pub(super) indexes: Vec<(Option<Arc<str>>, Vec<Arc<str>>)>,
    pub(super) constraints: BTreeSet<Arc<str>>,
    /// Some index or constraint could not be read.
    pub(super) meta_open: bool,
    pub(super) is_proxy: bool,
    pub(super) is_managed: bool,
    pub(super) place: Option<Place>,
}

/// Everything the migrations state.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) models: BTreeMap<Key, StateModel>,
    /// Apps whose state is not known, with the reason.
    pub(super) unknown: BTreeMap<AppId, Arc<str>>,
}

impl State {
    /// Replays all migrations in the order of the graph.
    pub(super) fn replay(migrations: &[Migration]) -> Self {
        let mut state = Self::default();
        for migration in order(migrations) {
            if let Some(reason) = &migration.open {
                state
                    .unknown
                    .entry(migration.app)
                    .or_insert_with(|| format!("`{}`: {reason}", migration.name).into());
            }
            for operation in &migration.operations {
                state.apply(migration, operation);
            }
        }
        state
    }

    fn apply(&mut self, migration: &Migration, op: &Operation) {
        let label = &migration.app_label;
        let key = |name: Option<&Arc<str>>| -> Key {
            (
                Arc::clone(label),
                name.map_or_else(String::new, |n| n.to_lowercase()),
            )
        };
        match &*op.kind {
            "CreateModel" => {
                let Some(name) = &op.name else {
                    return self.give_up(migration, "a model without a literal name");
                };
                let mut model = StateModel {
                    name: Arc::clone(name),
                    is_managed: true,
                    place: Some(op.place),
                    ..StateModel::default()
                };
                for field in &op.fields {
                    model.fields.insert(Arc::clone(&field.name), field.clone());
                }
                if let Some(options) = op.kwargs.get("options") {
                    set_options(&mut model, &options.val);
                }
                self.models.insert(key(Some(name)), model);
            }
            "DeleteModel" => {
                self.models.remove(&key(op.name.as_ref()));
            }
            "RenameModel" => {
                let (old, new) = (op.kwargs.str("old_name"), op.kwargs.str("new_name"));
                let (Some(old), Some(new)) = (old, new) else {
                    return self.give_up(migration, "a renamed model whose names are not literal");
                };
                let from: Key = (Arc::clone(label), old.to_lowercase());
                if let Some(mut model) = self.models.remove(&from) {
                    model.name = new.into();
                    self.models
                        .insert((Arc::clone(label), new.to_lowercase()), model);
                }
                let (was, is) = (
                    format!("{label}.{}", old.to_lowercase()),
                    format!("{label}.{}", new.to_lowercase()),
                );
                for field in self
                    .models
                    .values_mut()
                    .flat_map(|model| model.fields.values_mut())
                {
                    if field.to.as_deref() == Some(was.as_str()) {
                        field.to = Some(is.as_str().into());
                    }
                }
            }
            "AddField" | "AlterField" => {
                let (Some(name), Some(field)) = (&op.name, &op.field) else {
                    return self.give_up(migration, "a field that could not be read");
                };
                if let Some(model) = self.models.get_mut(&key(op.model.as_ref())) {
                    let field = MigrationField {
                        name: Arc::clone(name),
                        ..field.clone()
                    };
                    model.fields.insert(Arc::clone(name), field);
                }
            }
            "RemoveField" => {
                if let (Some(model), Some(name)) =
                    (self.models.get_mut(&key(op.model.as_ref())), &op.name)
                {
                    model.fields.remove(name);
                }
            }
            "RenameField" => {
                let (old, new) = (op.kwargs.str("old_name"), op.kwargs.str("new_name"));
                let (Some(old), Some(new)) = (old, new) else {
                    return self.give_up(migration, "a renamed field whose names are not literal");
                };
                if let Some(model) = self.models.get_mut(&key(op.model.as_ref())) {
                    if let Some(mut field) = model.fields.remove(old) {
                        field.name = new.into();
                        model.fields.insert(new.into(), field);
                    }
                    let renamed = |set: &BTreeSet<Arc<str>>| {
                        set.iter()
                            .map(|n| {
                                if &**n == old {
                                    new.into()
                                } else {
                                    Arc::clone(n)
                                }
                            })
                            .collect()
                    };
                    model.unique_together = model.unique_together.iter().map(renamed).collect();
                }
            }
            "AlterUniqueTogether" => {
                if let Some(model) = self.models.get_mut(&key(op.name.as_ref())) {
                    match op
                        .kwargs
                        .get("unique_together")
                        .and_then(|kwarg| sets(&kwarg.val))
                    {
                        Some(sets) => model.unique_together = sets,
                        None => model.meta_open = true,
                    }
                }
            }
            "AddIndex" | "AddIndexConcurrently" => {
                if let Some(model) = self
                    .models
                    .get_mut(&key(op.model.as_ref().or(op.name.as_ref())))
                {
                    match op.kwargs.get("index") {
                        Some(index) => model.indexes.push(index_of(&index.val)),
                        None => model.meta_open = true,
                    }
                }
            }
            "RemoveIndex" | "RemoveIndexConcurrently" => {
                if let Some(model) = self.models.get_mut(&key(op.model.as_ref())) {
                    model.indexes.retain(|(name, _)| name != &op.name);
                }
            }
            "RenameIndex" => {
                if let Some(model) = self.models.get_mut(&key(op.model.as_ref())) {
                    let (old, new) = (op.kwargs.str("old_name"), op.kwargs.str("new_name"));
                    for (name, _) in &mut model.indexes {
                        if name.as_deref() == old && old.is_some() {
                            *name = new.map(Into::into);
                        }
                    }
                }
            }
            "AddConstraint" | "AddConstraintNotValid" => {
                if let Some(model) = self
                    .models
                    .get_mut(&key(op.model.as_ref().or(op.name.as_ref())))
                {
                    match op
                        .kwargs
                        .get("constraint")
                        .and_then(|c| as_str(c.val.get("name")?.0))
                    {
                        Some(name) => {
                            model.constraints.insert(name.into());
                        }
                        None => model.meta_open = true,
                    }
                }
            }
            "RemoveConstraint" => {
                if let (Some(model), Some(name)) =
                    (self.models.get_mut(&key(op.model.as_ref())), &op.name)
                {
                    model.constraints.remove(name);
                }
            }
            "AlterModelOptions" => {
                if let (Some(model), Some(options)) = (
                    self.models.get_mut(&key(op.name.as_ref())),
                    op.kwargs.get("options"),
                ) && let Some((managed, _)) = options.val.get("managed")
                {
                    model.is_managed = truth(managed) != Some(false);
                }
            }
            "SeparateDatabaseAndState" | "RunSQL" => {
                for inner in &op.state_operations {
                    self.apply(migration, inner);
                }
            }
            "RunPython"
            | "AlterModelManagers"
            | "AlterModelTable"
            | "AlterModelTableComment"
            | "AlterIndexTogether"
            | "AlterOrderWithRespectTo"
            | "AlterConstraint"
            | "ValidateConstraint"
            | "CreateCollation"
            | "RemoveCollation" => {}
            kind if kind.ends_with("Extension") => {}
            kind => self.give_up(migration, &format!("the operation `{kind}` is not known")),
        }
    }

    fn give_up(&mut self, migration: &Migration, reason: &str) {
        self.unknown
            .entry(migration.app)
            .or_insert_with(|| format!("`{}`: {reason}", migration.name).into());
    }
}

fn set_options(model: &mut StateModel, options: &Val) {
    let flag = |name: &str| options.get(name).and_then(|(val, _)| truth(val));
    model.is_proxy = flag("proxy") == Some(true);
    model.is_managed = flag("managed") != Some(false);
    if let Some((val, _)) = options.get("unique_together") {
        match sets(val) {
            Some(sets) => model.unique_together = sets,
            None => model.meta_open = true,
        }
    }
    // Calls inside these lists are not evaluated to their names.
    model.meta_open |= ["indexes", "constraints"].iter().any(|key| {
        options
            .get(key)
            .is_some_and(|(val, _)| !matches!(val, Val::Seq(items) if items.is_empty()))
    });
}

/// `{("a", "b")}` or `("a", "b")`.
fn sets(val: &Val) -> Option<BTreeSet<BTreeSet<Arc<str>>>> {
    let Val::Seq(items) = val else { return None };
    if items.iter().all(|(item, _)| as_str(item).is_some()) && !items.is_empty() {
        return Some(BTreeSet::from([items
            .iter()
            .filter_map(|(item, _)| as_str(item).map(Into::into))
            .collect()]));
    }
    items
        .iter()
        .map(|(item, _)| {
            Some(
                crate::django::names::as_strings(item)?
                    .into_iter()
                    .collect(),
            )
        })
        .collect()
}

fn index_of(val: &Val) -> (Option<Arc<str>>, Vec<Arc<str>>) {
    let name = val
        .get("name")
        .and_then(|(name, _)| as_str(name))
        .map(Into::into);
    let fields = val
        .get("fields")
        .and_then(|(fields, _)| crate::django::names::as_strings(fields));
    (name, fields.unwrap_or_default())
}

/// Migrations in the order of the graph: dependencies first, else by app label and name. What a
/// present squash replaces is left out. A cycle is cut where it closes.
fn order(migrations: &[Migration]) -> Vec<&Migration> {
    let replaced: BTreeSet<(&str, &str)> = migrations
        .iter()
        .flat_map(|migration| &migration.replaces)
        .map(|(app, name)| (&**app, &**name))
        .collect();
    let kept: Vec<&Migration> = migrations
        .iter()
        .filter(|m| !replaced.contains(&(&*m.app_label, &*m.name)))
        .collect();
    let by_name: BTreeMap<(&str, &str), usize> = kept
        .iter()
        .enumerate()
        .map(|(at, m)| ((&*m.app_label, &*m.name), at))
        .collect();
    let find = |app: &str, name: &str| -> Option<usize> {
        match name {
            "__first__" => kept.iter().position(|m| &*m.app_label == app),
            "__latest__" => kept.iter().rposition(|m| &*m.app_label == app),
            name => by_name.get(&(app, name)).copied().or_else(|| {
                // Replaced: its squash stands for it.
                kept.iter()
                    .position(|m| m.replaces.iter().any(|(a, n)| &**a == app && &**n == name))
            }),
        }
    };
    let mut before: Vec<Vec<usize>> = kept
        .iter()
        .map(|m| {
            m.dependencies
                .iter()
                .filter_map(|(app, name)| find(app, name))
                .collect()
        })
        .collect();
    for (at, migration) in kept.iter().enumerate() {
        for (app, name) in &migration.run_before {
            if let Some(list) = find(app, name).and_then(|after| before.get_mut(after)) {
                list.push(at);
            }
        }
    }
    let mut done = vec![false; kept.len()];
    let mut out = Vec::with_capacity(kept.len());
    for start in 0..kept.len() {
        // Depth first with a stack of our own: chains can be long.
        let mut stack = vec![(start, 0)];
        let mut open = BTreeSet::from([start]);
        while let Some((at, next)) = stack.pop() {
            if done.get(at).copied().unwrap_or(true) {
                continue;
            }
            match before.get(at).and_then(|list| list.get(next)).copied() {
                Some(dependency) => {
                    stack.push((at, next + 1));
                    if open.insert(dependency) {
                        stack.push((dependency, 0));
                    }
                }
                None => {
                    if let Some(flag) = done.get_mut(at) {
                        *flag = true;
                    }
                    out.extend(kept.get(at));
                }
            }
        }
    }
    out
}

/// Whether options hold this name at all.
pub(super) fn has(kwargs: &Kwargs, name: &str) -> bool {
    kwargs.get(name).is_some()
}
