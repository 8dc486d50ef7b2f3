//! Routes: one HTTP method of one URL pattern with everything a request meets on its way.
//!
//! The central fact. A viewset's list URL gives two routes (`GET` → `list`, `POST` → `create`) that
//! share one [`UrlPattern`].

pub(super) mod build;
mod introspected;
pub(super) mod rows;
mod serializers;

use std::sync::Arc;

use super::names::{ClassRef, Method, ModelId, PatternId, RouteId, SerializerId, TestId, ViewId};
use super::policy::Policy;
use super::queryset::QsIr;
use crate::python::FuncId;
use crate::python::value::Place;

/// One pattern of the URL configuration, in order of resolution.
#[derive(Clone, Debug)]
pub struct UrlPattern {
    pub id: PatternId,
    /// `/api/orders/{pk}/`; a regex that has no template form is kept as written after `^`.
    pub template: Arc<str>,
    pub params: Vec<PathParam>,
    pub name: Option<Arc<str>>,
    /// Namespaces joined by `:`.
    pub namespace: Arc<str>,
    pub view: Target,
    /// Of a router.
    pub router: Option<RouterEntry>,
    /// From the root URL configuration to the place that names the view.
    pub chain: Vec<Place>,
    /// Stands under a condition that is not known (`if settings.DEBUG:`).
    pub conditional: bool,
    /// `as_view(**initkwargs)`
    pub initkwargs: super::names::Kwargs,
    /// Decorators applied in the URL configuration: `csrf_exempt(View.as_view())`.
    pub decorators: Vec<Arc<str>>,
    /// Reached from a settings profile's ROOT_URLCONF (else from a urls module nobody includes).
    pub mounted: bool,
}

/// Where a pattern leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    View(ViewId),
    /// A view of the project or a package that was not understood; a clause for people.
    Unknown(Arc<str>),
    /// A package's own URLs included as a whole that the catalogue does not list: `admin.site.urls`.
    Opaque(Arc<str>),
}

/// The registration that a pattern comes from.
#[derive(Clone, Debug)]
pub struct RouterEntry {
    /// `SimpleRouter`, `DefaultRouter`, `NestedSimpleRouter` …
    pub class: ClassRef,
    /// Name of the variable and the module it stands in, to tell routers apart.
    pub router: Arc<str>,
    pub prefix: Arc<str>,
    /// As given, or the model's name as DRF derives it. `None`: cannot be derived (DRF refuses).
    pub basename: Option<Arc<str>>,
    pub basename_given: bool,
    /// Of the `register` call.
    pub place: Place,
}

/// A captured part of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathParam {
    pub name: Arc<str>,
    /// `int`, `str`, `uuid`, `slug`, `path`, or a project converter's name; `None` in a regex.
    pub converter: Option<Arc<str>>,
    /// The converter is written: `<int:pk>`, not `<pk>`.
    pub is_typed: bool,
    /// The regex of the group; `[^/.]+` for routers.
    pub regex: Arc<str>,
}

/// A serializer that a route uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerializerUse {
    pub serializer: SerializerId,
    pub many: bool,
    /// `get_serializer_class`, `serializer_class`, `@action(serializer_class=…)`, or a call in the
    /// handler's body.
    pub from: UseFrom,
    pub place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UseFrom {
    ClassAttribute,
    GetSerializerClass,
    ActionDecorator,
    Initkwargs,
    HandlerBody,
    Catalogue,
}

/// What a schema generator finds that makes an instance of the view and asks it, as an anonymous
/// caller and without arguments of the URL.
#[derive(Clone, Debug, Default)]
pub struct Introspected {
    /// What `get_serializer_class()` gives, whatever the handler's body uses; several where a
    /// condition is not known.
    pub serializers: Vec<SerializerUse>,
    /// The serializer is there and could not be told.
    pub open: Option<Arc<str>>,
    /// Asking raises, or gives nothing.
    pub fails: bool,
    /// The model of the class attribute `queryset`.
    pub queryset: Option<ModelId>,
    /// The model of `queryset`, else of what `get_queryset()` returns where it does not raise.
    pub model: Option<ModelId>,
    /// `ListModelMixin` among its bases.
    pub is_list_mixin: bool,
    /// `CreateAPIView` or `ListCreateAPIView` among its bases.
    pub is_create_view: bool,
    /// Module and qualified name of the class, to tell views apart.
    pub identity: Arc<str>,
}

/// One HTTP method of one URL pattern.
#[derive(Clone, Debug)]
pub struct Route {
    pub id: RouteId,
    pub pattern: PatternId,
    /// `/api/orders/{pk}/`
    pub template: Arc<str>,
    pub params: Vec<PathParam>,
    pub method: Method,
    /// The view; `None` where the pattern's target was not understood (see [`Self::open`]).
    pub view: Option<ViewId>,
    /// `list`, `retrieve`, `publish` for viewsets; for generic views the action they amount to
    /// (`ListAPIView.get` → `list`); else `None`.
    pub action: Option<Arc<str>>,
    /// Name of the handler method or function: `list`, `get`, `my_view`.
    pub handler: Option<Arc<str>>,
    /// The project's handler function; `None`: the framework's own.
    pub func: Option<FuncId>,
    /// Works on one object named by the URL.
    pub detail: Option<bool>,
    /// Full reverse name, with namespaces: `api:order-detail`.
    pub name: Option<Arc<str>>,
    /// Serializers that read the request body.
    pub input: Vec<SerializerUse>,
    /// Serializers that write the response body.
    pub output: Vec<SerializerUse>,
    /// The serializer could not be told.
    pub serializer_open: Option<Arc<str>>,
    /// What a schema generator finds by asking the view.
    pub introspected: Introspected,
    /// The rows it works on.
    pub model: Option<ModelId>,
    /// The queryset of the view for this action; `None` where the view has none.
    pub queryset: Option<QsIr>,
    pub policy: Policy,
    /// Tests that request it, surest first.
    pub tests: Vec<TestId>,
    /// From the root URL configuration to the handler or view class.
    pub chain: Vec<Place>,
    pub conditional: bool,
    /// Reached from ROOT_URLCONF.
    pub mounted: bool,
    /// The route exists and something essential (view, methods) is not known.
    pub open: Option<Arc<str>>,
}

impl Route {
    /// `GET /api/orders/{pk}/`
    pub fn label(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// The effective permission; `route.permission().anonymous()` says what an anonymous caller
    /// meets.
    pub fn permission(&self) -> &super::policy::Permissions {
        &self.policy.permission
    }

    pub fn is_unsafe(&self) -> bool {
        self.method.is_unsafe()
    }

    /// The rows of a list: `GET` on `list`, or a handler that answers with `many=True`.
    pub fn is_list(&self) -> bool {
        self.method == Method::Get
            && (self.action.as_deref() == Some("list") || self.output.iter().any(|u| u.many))
    }

    /// The usual action: list, create, retrieve, update, partial_update, destroy.
    pub fn is_standard(&self) -> bool {
        matches!(
            self.action.as_deref(),
            Some("list" | "create" | "retrieve" | "update" | "partial_update" | "destroy")
        )
    }

    /// Whether this route uses a serializer, either way.
    pub fn uses(&self, serializer: SerializerId) -> bool {
        self.input
            .iter()
            .chain(&self.output)
            .any(|u| u.serializer == serializer)
    }
}
