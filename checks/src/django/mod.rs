//! Facts about a Django project: settings profiles, models, serializers, views, routes with their
//! effective policy, querysets, migrations, tests.
//!
//! Facts have no opinion: nothing here judges. Every fact carries where it was written and how
//! sure it is; what is open says why.
//!
//! # A tour
//!
//! A check gets [`crate::facts::Facts`]; `facts.django` is this. Everything is reached by ids, and
//! every id has its accessor.
//!
//! ```ignore
//! // Routes are the centre: one HTTP method of one URL pattern.
//! for route in django.routes() {
//!     route.label();                          // "POST /api/orders/{pk}/pay/"
//!     route.permission().anonymous();         // Deny, Unknown or Allow
//!     route.permission().source();            // settings, class attribute, @action …
//!     route.permission().words();             // "IsAuthenticated, IsOwner"
//!     route.policy.pagination.page_size;      // after class attribute and settings
//!     route.policy.throttle.is_empty();       // known to be none
//!     let view = django.view_of(route);       // Option<&View>
//!     for used in &route.input {              // serializers that read the body
//!         for field in django.serializer(used.serializer).input_fields() { /* … */ }
//!     }
//!     route.queryset.as_ref().and_then(|qs| qs.is_user_scoped());
//!     route.model.map(|m| django.model(m).owner());
//!     django.tests_of(route);                 // tests that request it
//! }
//!
//! // From the other side.
//! django.routes_using(serializer.id);         // routes that read or write with it
//! django.routes_of(view.id);                  // routes that lead to it
//! django.needs(serializer.id);                // relations it reads from each row
//! django.resolve_path(model.id, "author__profile"); // follows relations
//!
//! // Settings: the production profile, by dotted path; open values say so.
//! django.settings().get("REST_FRAMEWORK.DEFAULT_PAGINATION_CLASS");
//! django.settings().prod().map(|p| p.is_open("SIMPLE_JWT.ACCESS_TOKEN_LIFETIME"));
//!
//! // What a function does.
//! django.function(func).map(|f| &f.writes);
//! django.effects(func);                       // it and what it calls, to depth three
//! ```
//!
//! `None` in an `Option<bool>` always means "not known"; a field called `open` holds the reason as
//! a clause for people. Absence proves something only where nothing is open.

pub mod apps;
mod data;
pub mod fields;
pub mod function;
#[cfg(test)]
mod hostile;
pub mod migrations;
pub mod models;
pub mod names;
pub mod ownership;
mod permissions;
pub mod policy;
pub mod queryset;
mod read;
pub mod relations;
pub mod routes;
pub mod serializers;
pub mod settings;
pub mod stubs;
mod symbolic;
pub mod tasks;
#[cfg(test)]
mod testing;
pub mod tests_map;
mod urls;
pub mod views;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use apps::App;
pub use fields::{Field, FieldKind};
pub use function::FunctionIr;
pub use migrations::Migrations;
pub use models::Model;
pub use names::{
    AppId, ClassRef, Kwarg, Kwargs, Method, MigrationId, ModelId, PatternId, RouteId, SerializerId,
    TestId, ViewId,
};
pub use policy::{Anonymous, Policy};
pub use queryset::QsIr;
pub use relations::RelationNeeds;
pub use routes::{Route, UrlPattern};
pub use serializers::Serializer;
pub use settings::Settings;
pub use tasks::{Receiver, Task};
pub use tests_map::Test;
pub use views::View;

use crate::infra::Infra;
use crate::python::value::Place;
use crate::python::{ClassId, FuncId, ModuleId, Program};
use crate::source::Tree;

/// The Django facts of one tree.
#[derive(Debug, Default)]
pub struct Django {
    settings: Settings,
    apps: Vec<App>,
    models: Vec<Model>,
    serializers: Vec<Serializer>,
    views: Vec<View>,
    patterns: Vec<UrlPattern>,
    unmounted: Vec<(ModuleId, Place)>,
    routes: Vec<Route>,
    functions: BTreeMap<FuncId, FunctionIr>,
    needs: BTreeMap<SerializerId, RelationNeeds>,
    migrations: Migrations,
    tests: Vec<Test>,
    tasks: Vec<Task>,
    receivers: Vec<Receiver>,
    notes: Vec<String>,
}

impl Django {
    /// Works out the facts; never fails.
    pub fn of(tree: &Tree, program: &Program, infra: &Infra) -> Self {
        Self::with_settings(tree, program, infra, None)
    }

    /// As [`Self::of`], with the settings module that stands for the project given by name.
    pub fn with_settings(
        tree: &Tree,
        program: &Program,
        infra: &Infra,
        module: Option<&str>,
    ) -> Self {
        let read = read::Read::new(tree, program);
        let mut settings = settings::find::find(&read);
        if let Some(module) = module {
            settings.choose(tree, module);
        }
        let apps = apps::find::find(&read, &settings);
        let mut models = models::find::find(&read, &settings, &apps);
        let mut serializers = serializers::find::find(&read, &models);
        let mut views = views::find::find(&read);
        let urls = urls::find(&read, &settings, &mut views);
        let parts = routes::build::Parts {
            read: &read,
            settings: &settings,
            models: &models,
        };
        let mut routes = routes::build::build(&parts, &urls.patterns, &mut views, &mut serializers);
        let by_class: BTreeMap<ClassId, SerializerId> = serializers
            .all
            .iter()
            .filter_map(|s| Some((s.class?, s.id)))
            .collect();
        let world = data::World::new(
            &read,
            &models,
            serializers
                .all
                .iter()
                .filter_map(|s| Some((s.class?, s.model?)))
                .collect(),
            views
                .all
                .iter()
                .filter_map(|v| Some((v.class?, v.model?)))
                .collect(),
        );
        let wanted: Vec<FuncId> = program
            .functions()
            .filter(|(_, info)| read.role(info.module).is_product_code())
            .map(|(id, _)| id)
            .collect();
        let functions: BTreeMap<FuncId, FunctionIr> = wanted
            .into_par_iter()
            .map(|id| (id, function::build::build(&world, &by_class, id)))
            .collect();
        routes
            .par_iter_mut()
            .for_each(|route| routes::rows::fill(&world, &functions, &views.all, route));
        let needs: BTreeMap<SerializerId, RelationNeeds> = serializers
            .all
            .par_iter()
            .map(|s| {
                let needs = relations::find::needs(&world, &serializers.all, s);
                (s.id, needs)
            })
            .collect();
        let (tasks, receivers) = tasks::find::find(&world);
        for model in routes
            .iter()
            .filter(|r| r.method == Method::Post)
            .filter_map(|r| r.model)
        {
            if let Some(model) = models.get_mut(model.0 as usize) {
                model.is_growth_like |= !model.is_user;
            }
        }
        let migrations = migrations::find(&read, &apps, &models);
        let tests = tests_map::find(tree, program, infra, &mut routes);
        Self {
            settings,
            apps,
            models,
            serializers: serializers.all,
            views: views.all,
            patterns: urls.patterns.into_iter().map(|m| m.pattern).collect(),
            routes,
            functions,
            needs,
            tasks,
            receivers,
            migrations,
            tests,
            unmounted: urls.unmounted,
            notes: urls.notes,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Apps of the project in the order of their packages.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    pub fn app(&self, id: AppId) -> &App {
        by_id(&self.apps, id.0)
    }

    /// Models of the project in file and line order, then those of packages that it refers to.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    pub fn model(&self, id: ModelId) -> &Model {
        by_id(&self.models, id.0)
    }

    /// The model a class defines.
    pub fn model_of(&self, class: ClassId) -> Option<&Model> {
        self.models.iter().find(|m| m.class == Some(class))
    }

    /// The user model: `AUTH_USER_MODEL`, or Django's own.
    pub fn user_model(&self) -> Option<&Model> {
        self.models.iter().find(|m| m.is_user)
    }

    /// Serializers in file and line order, then those of packages that routes use.
    pub fn serializers(&self) -> &[Serializer] {
        &self.serializers
    }

    pub fn serializer(&self, id: SerializerId) -> &Serializer {
        by_id(&self.serializers, id.0)
    }

    pub fn serializer_of(&self, class: ClassId) -> Option<&Serializer> {
        self.serializers.iter().find(|s| s.class == Some(class))
    }

    /// Views in file and line order, then those of packages that routes lead to.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    pub fn view(&self, id: ViewId) -> &View {
        by_id(&self.views, id.0)
    }

    /// The view a class defines.
    pub fn view_of_class(&self, class: ClassId) -> Option<&View> {
        self.views.iter().find(|v| v.class == Some(class))
    }

    /// The view a route leads to.
    pub fn view_of(&self, route: &Route) -> Option<&View> {
        route.view.map(|id| self.view(id))
    }

    /// URL patterns in order of resolution.
    pub fn patterns(&self) -> &[UrlPattern] {
        &self.patterns
    }

    pub fn pattern(&self, id: PatternId) -> &UrlPattern {
        by_id(&self.patterns, id.0)
    }

    /// Modules that define `urlpatterns` which nothing includes, with the place of the list.
    pub fn unmounted_urlconfs(&self) -> &[(ModuleId, Place)] {
        &self.unmounted
    }

    /// Routes in order of resolution, methods in the order GET, POST, PUT, PATCH, DELETE.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub fn route(&self, id: RouteId) -> &Route {
        by_id(&self.routes, id.0)
    }

    /// Routes that read or write with this serializer, not counting nested use.
    pub fn routes_using(&self, serializer: SerializerId) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |r| r.uses(serializer))
    }

    /// Routes that lead to this view.
    pub fn routes_of(&self, view: ViewId) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |r| r.view == Some(view))
    }

    /// Routes that work on rows of this model.
    pub fn routes_on(&self, model: ModelId) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |r| r.model == Some(model))
    }

    /// What a function of the product code does.
    pub fn function(&self, func: FuncId) -> Option<&FunctionIr> {
        self.functions.get(&func)
    }

    /// All functions of the product code, in the order of their ids.
    pub fn functions(&self) -> impl Iterator<Item = &FunctionIr> {
        self.functions.values()
    }

    /// A function and the project functions it calls, to depth three, each once, nearest first.
    pub fn effects(&self, func: FuncId) -> Vec<&FunctionIr> {
        let mut found: Vec<&FunctionIr> = Vec::new();
        let mut layer = vec![func];
        for _ in 0..=MAX_CALL_DEPTH {
            let mut next = Vec::new();
            for id in layer {
                let Some(ir) = self.functions.get(&id) else {
                    continue;
                };
                if found.iter().any(|f| f.func == id) {
                    continue;
                }
                next.extend(ir.calls.iter().filter_map(|call| match call.callee {
                    function::Callee::Project(callee) => Some(callee),
                    _ => None,
                }));
                found.push(ir);
            }
            layer = next;
        }
        found
    }

    /// Relations that a serializer reads from each row.
    pub fn needs(&self, serializer: SerializerId) -> Option<&RelationNeeds> {
        self.needs.get(&serializer)
    }

    pub fn migrations(&self) -> &Migrations {
        &self.migrations
    }

    /// Test functions in file and line order, collected or not.
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    pub fn test(&self, id: TestId) -> &Test {
        by_id(&self.tests, id.0)
    }

    /// Tests that request a route, surest first.
    pub fn tests_of(&self, route: &Route) -> impl Iterator<Item = &Test> {
        route.tests.iter().map(|id| self.test(*id))
    }

    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Signal receivers.
    pub fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }

    /// Sentences for people: what could not be resolved, with file and reason.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Follows a `__`-joined path of relations and fields from a model; a lookup at its end
    /// (`__icontains`) must be cut off before.
    pub fn resolve_path(&self, model: ModelId, path: &str) -> PathEnd<'_> {
        models::resolve_path(&self.models, model, path)
    }
}

/// Calls are followed this far: deeper ones say little about one request and cost much.
pub const MAX_CALL_DEPTH: usize = 3;

/// Where a path of relations ends.
#[derive(Clone, Copy, Debug)]
pub enum PathEnd<'a> {
    /// A field of a model.
    Field(&'a Model, &'a Field),
    /// A reverse accessor: the model it leads to.
    Reverse(&'a Model, &'a models::Reverse),
    /// No such name, and the model is fully known.
    Missing(&'a Model),
    /// The model on the way is open, or a relation leads to an unknown model.
    Unknown,
}

#[expect(clippy::indexing_slicing, reason = "ids are made by this value")]
fn by_id<T>(items: &[T], id: u32) -> &T {
    &items[id as usize]
}
