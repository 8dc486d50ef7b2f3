//! Views: classes and functions that answer requests, what they declare and which handlers they
//! have. What a request really meets is on the [`super::Route`].

pub(super) mod find;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::{ClassRef, Kwargs, Method, ModelId, ViewId};
use crate::python::value::{Place, Val};
use crate::python::{ClassId, FuncId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// `ViewSetMixin` in the MRO: actions, registered on routers or `as_view({…})`.
    ViewSet,
    /// `GenericAPIView` without `ViewSetMixin`.
    Generic,
    /// `APIView` alone.
    ApiView,
    /// A function with `@api_view`.
    ApiFunction,
    /// A Django class-based view.
    DjangoClass,
    /// A plain function.
    DjangoFunction,
}

impl ViewKind {
    /// Goes through DRF's `APIView.dispatch`: authentication, permissions, throttles apply.
    pub fn is_drf(self) -> bool {
        !matches!(self, Self::DjangoClass | Self::DjangoFunction)
    }
}

/// A class attribute by MRO.
#[derive(Clone, Debug)]
pub struct ViewAttr {
    pub val: Val,
    /// As written, cut after 200 bytes.
    pub text: Arc<str>,
    pub owner: ClassRef,
    pub place: Option<Place>,
}

/// One action of a viewset, or one HTTP handler of another view.
#[derive(Clone, Debug)]
pub struct Handler {
    /// `list`, `publish`; `get`, `post` for views that are no viewsets; the function's own name.
    pub name: Arc<str>,
    /// `None`: the framework's own (`ListModelMixin.list`).
    pub func: Option<FuncId>,
    /// The class that defines it.
    pub owner: ClassRef,
    /// Methods of an extra action or `@api_view`; for the usual actions their one method.
    pub methods: Vec<Method>,
    /// `@action` only.
    pub extra: Option<ExtraAction>,
    pub place: Option<Place>,
}

/// What `@action(…)` says.
#[derive(Clone, Debug)]
pub struct ExtraAction {
    /// `None`: not known.
    pub detail: Option<bool>,
    pub url_path: Arc<str>,
    pub url_name: Arc<str>,
    /// Everything that overrides the view's attributes for this action.
    pub kwargs: Kwargs,
    /// Of the decorator; `None` for a package's action.
    pub place: Option<Place>,
    /// `.mapping.<verb>` functions: method, function.
    pub mapping: Vec<(Method, FuncId)>,
}

/// A view of the project, or one of a package that a route leads to.
#[derive(Clone, Debug)]
pub struct View {
    pub id: ViewId,
    pub kind: ViewKind,
    pub class: Option<ClassId>,
    pub func: Option<FuncId>,
    /// `orders.views.OrderViewSet`, `rest_framework_simplejwt.views.TokenObtainPairView`
    pub fq: Arc<str>,
    pub name: Arc<str>,
    /// Attributes the framework reads, by MRO in project classes (`queryset`, `serializer_class`,
    /// `permission_classes`, `lookup_field` …), and every other plain attribute of the own body.
    pub attrs: BTreeMap<Arc<str>, ViewAttr>,
    /// Handlers and actions in the order: the framework's usual ones, then own ones as written.
    pub handlers: Vec<Handler>,
    /// `get_queryset`, `get_permissions`, `perform_create` … by MRO in project classes.
    pub methods: Vec<(Arc<str>, FuncId)>,
    /// Decorators of the function or class, outermost first.
    pub decorators: Vec<Decorator>,
    /// `http_method_names` narrowed to these; `None`: not narrowed.
    pub http_method_names: Option<Vec<Method>>,
    /// Model of `queryset`, `get_queryset` or `model`, for one place to ask; routes say it per
    /// action.
    pub model: Option<ModelId>,
    /// Some other class of the project derives from it.
    pub is_base: bool,
    /// A base is not known.
    pub open: Option<Arc<str>>,
    /// Of the class's or function's name; `None` for a package's.
    pub place: Option<Place>,
}

/// A decorator of a view or handler.
#[derive(Clone, Debug)]
pub struct Decorator {
    /// Fully qualified name, inside `method_decorator(…)` that of the inner one.
    pub name: Arc<str>,
    /// `method_decorator(…)`, and the method it names.
    pub on_method: Option<Arc<str>>,
    pub args: Vec<Val>,
    pub kwargs: Kwargs,
    pub place: Place,
}

impl View {
    pub fn handler(&self, name: &str) -> Option<&Handler> {
        self.handlers.iter().find(|h| &*h.name == name)
    }

    /// A method by MRO in project classes.
    pub fn method(&self, name: &str) -> Option<FuncId> {
        self.methods
            .iter()
            .find(|(n, _)| &**n == name)
            .map(|(_, id)| *id)
    }

    pub fn attr(&self, name: &str) -> Option<&ViewAttr> {
        self.attrs.get(name)
    }

    /// Where the class (or function) is named in its definition.
    pub fn class_place(&self) -> Option<Place> {
        self.place
    }

    pub fn is_project(&self) -> bool {
        self.class.is_some() || self.func.is_some()
    }

    /// Whether a decorator with this fully qualified name, or last part of it, stands on the view.
    pub fn is_decorated(&self, name: &str) -> bool {
        self.decorators
            .iter()
            .any(|d| &*d.name == name || d.name.rsplit('.').next() == Some(name))
    }
}
