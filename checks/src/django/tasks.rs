//! Background tasks and signal receivers.

pub(super) mod find;

use std::sync::Arc;

use super::names::{ClassRef, Kwargs, ModelId};
use crate::python::FuncId;
use crate::python::value::Place;

/// A function that a queue runs.
#[derive(Clone, Debug)]
pub struct Task {
    pub func: FuncId,
    pub fq: Arc<str>,
    /// `celery.shared_task`, `app.task` …
    pub decorator: Arc<str>,
    /// Options of the decorator: `bind`, `max_retries`, `autoretry_for` …
    pub options: Kwargs,
    pub place: Place,
}

/// A function connected to a signal.
#[derive(Clone, Debug)]
pub struct Receiver {
    pub func: FuncId,
    pub fq: Arc<str>,
    /// `django.db.models.signals.post_save`
    pub signal: Arc<str>,
    pub sender: Option<ClassRef>,
    pub sender_model: Option<ModelId>,
    /// The module is imported somewhere (else it never connects).
    pub place: Place,
}
