//! Who owns a row, and whether a queryset or a handler holds callers to their own.

use std::sync::Arc;

use super::names::ModelId;
use crate::python::value::Place;

/// A comparison of an object's owner with the caller that ends in a refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// `author`, `order.customer`
    pub attribute: Arc<str>,
    pub model: Option<ModelId>,
    /// `raise PermissionDenied`, `return Response(status=403)` …
    pub refuses_by: Arc<str>,
    pub place: Place,
}

use super::fields::{FieldKind, Target};
use super::models::{Model, OwnerPath};

/// Names of relations to a user that say ownership.
const OWNER_NAMES: &[&str] = &[
    "owner",
    "user",
    "author",
    "created_by",
    "creator",
    "customer",
    "account",
    "buyer",
    "client",
    "member",
    "patient",
    "student",
    "employee",
    "sender",
    "seller",
    "vendor",
    "uploaded_by",
    "added_by",
    "posted_by",
    "host",
    "applicant",
    "borrower",
    "reviewer",
    "organizer",
    "poster",
];

/// Names of models that stand for a person or group, behind which the user stands.
const GROUP_NAMES: &[&str] = &[
    "profile",
    "account",
    "organisation",
    "organization",
    "team",
    "tenant",
    "membership",
    "member",
    "customer",
    "company",
    "workspace",
    "employee",
    "client",
    "student",
    "teacher",
    "patient",
    "doctor",
    "seller",
    "vendor",
    "author",
    "wallet",
    "cart",
    "order",
    "project",
    "household",
];

/// Fills [`Model::owner`]: forward chains of at most two relations to the user model.
pub(super) fn find_owners(models: &mut [Model]) {
    let Some(user) = models.iter().find(|m| m.is_user).map(|m| m.id) else {
        return;
    };
    let users: Vec<ModelId> = std::iter::once(user)
        .chain(
            models
                .iter()
                .filter(|m| m.parents.contains(&user))
                .map(|m| m.id),
        )
        .collect();
    let to_user = |model: &Model| -> Vec<(Arc<str>, bool)> {
        model
            .fields
            .iter()
            .filter(|f| {
                matches!(f.kind, FieldKind::ForeignKey | FieldKind::OneToOne)
                    && !f.is_implicit
                    && f.to
                        .as_ref()
                        .and_then(Target::model)
                        .is_some_and(|t| users.contains(&t))
            })
            .map(|f| (Arc::clone(&f.name), OWNER_NAMES.contains(&&*f.name)))
            .collect()
    };
    let direct: Vec<Vec<(Arc<str>, bool)>> = models.iter().map(to_user).collect();
    let mut all: Vec<Vec<OwnerPath>> = Vec::with_capacity(models.len());
    for model in models.iter() {
        let mut paths: Vec<OwnerPath> = Vec::new();
        if users.contains(&model.id) {
            all.push(paths);
            continue;
        }
        if let Some(own) = direct.get(model.id.0 as usize) {
            paths.extend(own.iter().map(|(name, named)| OwnerPath {
                path: Arc::clone(name),
                via_group: false,
                is_named: *named,
            }));
        }
        for field in &model.fields {
            if !field.is_forward_single() || field.is_implicit {
                continue;
            }
            let Some(target) = field.to.as_ref().and_then(Target::model) else {
                continue;
            };
            if target == model.id || users.contains(&target) {
                continue;
            }
            let Some(next) = models.get(target.0 as usize) else {
                continue;
            };
            let lower = next.name.to_lowercase();
            let is_group = GROUP_NAMES.iter().any(|g| lower.contains(g));
            for (name, named) in direct.get(target.0 as usize).into_iter().flatten() {
                paths.push(OwnerPath {
                    path: format!("{}__{name}", field.name).into(),
                    via_group: is_group,
                    is_named: *named,
                });
            }
        }
        paths.sort_by(|a, b| {
            let key = |p: &OwnerPath| (p.path.matches("__").count(), !p.is_named, !p.via_group);
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        });
        all.push(paths);
    }
    for (model, paths) in models.iter_mut().zip(all) {
        model.owner = paths;
    }
}
