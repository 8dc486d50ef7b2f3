//! What a function does: reads of the request, queries, writes, transactions, locks, responses.
//!
//! One [`FunctionIr`] per function of the project's product code. Effects of functions it calls are
//! under [`FunctionIr::calls`]; [`super::Django::effects`] follows them to depth three.

pub(super) mod build;
mod races;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::names::{ClassRef, Kwargs, ModelId, SerializerId};
use super::ownership::Guard;
use super::queryset::{QsIr, Taint};
use crate::python::value::Place;
use crate::python::{FuncId, Symbol};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// `instance.save()`
    Save,
    /// `Model.objects.create(…)`, `Model(…).save()`
    Create,
    GetOrCreate,
    UpdateOrCreate,
    BulkCreate,
    BulkUpdate,
    /// `queryset.update(…)`
    Update,
    /// `instance.delete()` or `queryset.delete()`
    Delete,
    /// `serializer.save()`
    SerializerSave,
    /// `instance.tags.set/add/remove/clear(…)`
    Relation,
    /// `cursor.execute("UPDATE …")`
    RawSql,
}

/// A persistent write.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub kind: WriteKind,
    pub model: Option<ModelId>,
    /// Name of the variable, or the expression, that is written.
    pub target: Arc<str>,
    /// Field names given (`create(a=…)`, `update(a=…)`, `update_fields`, attributes assigned before
    /// `save()`), with the source of each value.
    pub fields: Vec<(Arc<str>, Taint)>,
    /// Fields whose new value is an `F(…)` expression: computed by the database.
    pub f_expressions: Vec<Arc<str>>,
    /// Keyword arguments as written, `**spread` marked open.
    pub kwargs: Kwargs,
    /// `**request.data` or the like.
    pub spreads_request: bool,
    /// In a loop or comprehension; the place of the loop.
    pub in_loop: Option<Place>,
    pub in_atomic: bool,
    /// The conditions it is under name a filter on current values (`filter(pk=…, stock__gte=n)`).
    pub conditions: Vec<super::queryset::Condition>,
    pub place: Place,
}

/// A queryset used in the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub qs: QsIr,
    /// The variable it is bound to.
    pub bound_to: Option<Arc<str>>,
    pub in_loop: Option<Place>,
    pub in_atomic: bool,
    /// Inside a `try` that catches its `DoesNotExist` (or everything).
    pub guarded: bool,
    /// `get_object_or_404` and kin.
    pub or_404: bool,
    /// As written, cut after 200 bytes.
    pub text: Arc<str>,
    pub place: Place,
}

/// A region inside `transaction.atomic`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtomicRegion {
    /// The whole function, or the `with` statement.
    pub place: Place,
    pub is_decorator: bool,
    /// Nested in another region: a savepoint.
    pub nested: bool,
}

/// A row is read, a new value computed from what was read, and saved.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadModifyWrite {
    pub variable: Arc<str>,
    pub model: Option<ModelId>,
    pub field: Arc<str>,
    /// Where the row was fetched; `None`: it came as an argument.
    pub fetch: Option<Place>,
    /// Where the new value is computed or the old one tested.
    pub modify: Place,
    pub save: Place,
    /// Fetched with `select_for_update` inside an atomic region.
    pub locked: bool,
    pub in_atomic: bool,
    /// The value is an `F(…)` expression.
    pub by_database: bool,
    /// The new value does not come from the old one, which was only tested before.
    pub only_tested: bool,
}

/// `if X.objects.filter(k).exists(): refuse` … then a create.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckThenCreate {
    pub model: Option<ModelId>,
    /// Paths of the check's filter.
    pub fields: Vec<Arc<str>>,
    pub check: Place,
    pub create: Place,
    pub in_atomic: bool,
    pub locked: bool,
}

/// Something outside the process: HTTP, mail, sleep, files, sub-processes.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalCall {
    /// `requests.post`, `django.core.mail.send_mail`, `time.sleep`
    pub callee: Arc<str>,
    /// Of the first argument (the URL of an HTTP call).
    pub argument: Taint,
    pub in_atomic: bool,
    pub kwargs: Kwargs,
    pub place: Place,
}

/// A Celery (or similar) task put on its queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    pub task: Symbol,
    pub text: Arc<str>,
    /// Inside `transaction.on_commit`.
    pub on_commit: bool,
    pub in_atomic: bool,
    pub place: Place,
}

/// A use of the cache.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheUse {
    /// `get`, `set`, `delete`, `get_or_set`, `cache_page`
    pub op: Arc<str>,
    /// Key as written.
    pub key: Arc<str>,
    /// The key holds the caller's identity.
    pub names_user: bool,
    pub kwargs: Kwargs,
    pub place: Place,
}

/// A `try … except`.
#[derive(Clone, Debug, PartialEq)]
pub struct Except {
    /// Fully qualified or plain names of the caught types; empty for a bare `except:`.
    pub types: Vec<Arc<str>>,
    /// `Exception`, `BaseException` or bare.
    pub broad: bool,
    /// It raises, the same or another.
    pub reraises: bool,
    /// It raises, and each time something else than what it caught.
    pub replaces: bool,
    /// Logs with a traceback (`logger.exception`, `exc_info=True`).
    pub logs_trace: bool,
    /// Any logger call.
    pub logs: bool,
    /// Nothing but `pass`, `continue`, a constant that is returned, or None that is assigned.
    pub swallows: bool,
    /// It ends in a `return` or `raise`: what stands behind the `try` does not run after it.
    pub leaves: bool,
    /// A response with an error status leaves it.
    pub error_status: bool,
    /// The exception's text goes into a response.
    pub leaks_text: Option<Place>,
    /// Writes stand in the `try` body.
    pub guards_write: bool,
    pub in_atomic: bool,
    /// Of the `except` line.
    pub place: Place,
    /// What the handler does.
    pub body: Place,
    /// What is tried.
    pub tried: Place,
}

/// How the request's input is read.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRead {
    pub from: Taint,
    /// The key, if it is a literal.
    pub key: Option<Arc<str>>,
    /// `request.data["k"]`: raises if absent.
    pub subscript: bool,
    /// Function that converts it at once: `int`, `float`, `UUID` …
    pub converted_by: Option<Arc<str>>,
    /// Inside a `try` that catches what it may raise.
    pub guarded: bool,
    pub place: Place,
}

/// A response the function returns.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseReturn {
    /// `Response`, `JsonResponse`, `HttpResponse` …
    pub class: Arc<str>,
    /// `None`: not a literal. Absent `status=` counts as 200.
    pub status: Option<u16>,
    pub status_given: bool,
    /// Keys of a literal dict body.
    pub keys: Vec<Arc<str>>,
    /// No body, `None`, or an empty literal.
    pub empty: bool,
    /// The body is a string literal.
    pub is_text: bool,
    /// Literal text in the body, for wording.
    pub texts: Vec<Arc<str>>,
    /// `serializer.data`, `.errors`, `.validated_data`, or the serializer itself.
    pub serializer_part: Option<Arc<str>>,
    pub in_except: bool,
    /// Under an `if` (negated or not).
    pub in_branch: bool,
    pub place: Place,
}

/// A serializer put to work.
#[derive(Clone, Debug, PartialEq)]
pub struct SerializerCall {
    /// `None`: `self.get_serializer(…)`.
    pub class: Option<ClassRef>,
    pub serializer: Option<SerializerId>,
    pub bound_to: Option<Arc<str>>,
    /// `data=` is given: it reads input.
    pub has_data: bool,
    /// `data=request.data` or derived from the request.
    pub data: Taint,
    /// An instance (or queryset) is given.
    pub has_instance: bool,
    pub instance: Option<QsIr>,
    pub many: bool,
    pub partial: Option<bool>,
    /// `.data` of it is used.
    pub reads_data: bool,
    /// `is_valid` was called: its place, `raise_exception=True`, and whether its result is used.
    pub is_valid: Option<IsValid>,
    pub saved: Option<Place>,
    /// Keyword arguments of `.save(…)`.
    pub save_kwargs: Kwargs,
    pub in_loop: Option<Place>,
    pub kwargs: Kwargs,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsValid {
    pub place: Place,
    pub raises: bool,
    pub result_used: bool,
}

/// A call of something, resolved as far as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub callee: Callee,
    /// As written, without arguments: `self.service.pay`.
    pub text: Arc<str>,
    pub args: Vec<Taint>,
    pub kwargs: Kwargs,
    pub in_atomic: bool,
    pub in_loop: Option<Place>,
    /// Stands alone as a statement: its result is thrown away.
    pub discarded: bool,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    Project(FuncId),
    /// A class of the project is instantiated.
    Class(crate::python::ClassId),
    External(Arc<str>),
    Unknown,
}

/// A logger call or `print`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogCall {
    /// `info`, `error`, `exception`, `print` …
    pub level: Arc<str>,
    pub exc_info: bool,
    /// Names and attributes in its arguments.
    pub mentions: Vec<Arc<str>>,
    pub in_except: bool,
    pub place: Place,
}

/// A `raise`.
#[derive(Clone, Debug, PartialEq)]
pub struct Raise {
    /// `rest_framework.exceptions.PermissionDenied`; `None`: re-raise or not resolved.
    pub class: Option<Arc<str>>,
    pub in_except: bool,
    pub place: Place,
}

/// Everything one function does.
#[derive(Clone, Debug)]
pub struct FunctionIr {
    pub func: FuncId,
    pub fq: Arc<str>,
    pub is_async: bool,
    pub writes: Vec<Write>,
    pub queries: Vec<Query>,
    pub atomic: Vec<AtomicRegion>,
    pub races: Vec<ReadModifyWrite>,
    pub check_then_create: Vec<CheckThenCreate>,
    pub external: Vec<ExternalCall>,
    pub dispatches: Vec<Dispatch>,
    pub cache: Vec<CacheUse>,
    pub excepts: Vec<Except>,
    pub request_reads: Vec<RequestRead>,
    pub responses: Vec<ResponseReturn>,
    pub raises: Vec<Raise>,
    pub serializers: Vec<SerializerCall>,
    pub calls: Vec<Call>,
    pub logs: Vec<LogCall>,
    pub guards: Vec<Guard>,
    /// `get_object()` or `check_object_permissions(…)` is called.
    pub checks_object_permissions: bool,
    /// `paginate_queryset`, or a paginator used by hand.
    pub paginates: bool,
    /// `filter_queryset` is called.
    pub filters: bool,
    /// `super().<same method>(…)` is called.
    pub calls_super: bool,
    /// Some way through it ends without `return <value>`; the place of the function's name or of
    /// the bare `return`.
    pub exits_without_value: Option<Place>,
    /// Some way returns a value.
    pub returns_value: bool,
    /// Lines of code of the body.
    pub lines: u32,
    /// 1 + branches, loops, boolean operators, handlers.
    pub complexity: u32,
    /// Of the name in the definition.
    pub place: Place,
    /// Of the whole definition with its decorators.
    pub span: Place,
}

/// Whether a function compares an owner with the caller and refuses.
pub(super) fn guards_of(world: &super::data::World<'_, '_>, func: FuncId) -> bool {
    let data = super::data::Data::of_func(world, func, None, None);
    let program: &crate::python::Program = world.read.program;
    !shape::guards(&data, &program.func_def(func).body).is_empty()
}
