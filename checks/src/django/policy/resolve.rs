//! Works out the effective policy of one route, part by part: `@action` and `as_view` options,
//! `get_…` methods evaluated for the action, class attributes by MRO, settings, DRF's defaults.

use std::sync::Arc;

use super::{
    Alternative, Pagination, Part, PermissionExpr, PermissionFact, Policy, PolicyClass, Source,
};
use crate::django::names::{ClassRef, Kwarg, Kwargs, Method, as_str, truth};
use crate::django::permissions::{of_expr, of_out};
use crate::django::policy::Anonymous;
use crate::django::read::{Ancestor, Attr, Read};
use crate::django::settings::Settings;
use crate::django::settings::find::value_class;
use crate::django::symbolic::{Bind, Env, Eval, Out};
use crate::django::views::{Handler, View, ViewKind};
use crate::python::syntax::{Expr, keyword};
use crate::python::value::{Literal, Place, Val};
use crate::python::{ClassId, Scope};

/// What one part of the policy is called in DRF.
struct Names {
    attr: &'static str,
    getter: &'static str,
    setting: &'static str,
    /// One class (or none) in place of a list.
    single: bool,
    /// DRF's own default (source: rest_framework.settings.DEFAULTS).
    default: &'static [&'static str],
    /// Attributes that decide what a class does.
    options: &'static [&'static str],
}

const PERMISSION: Names = Names {
    attr: "permission_classes",
    getter: "get_permissions",
    setting: "DEFAULT_PERMISSION_CLASSES",
    single: false,
    default: &["rest_framework.permissions.AllowAny"],
    options: &[],
};
const AUTHENTICATION: Names = Names {
    attr: "authentication_classes",
    getter: "get_authenticators",
    setting: "DEFAULT_AUTHENTICATION_CLASSES",
    single: false,
    default: &[
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
    options: &["keyword", "model"],
};
const THROTTLE: Names = Names {
    attr: "throttle_classes",
    getter: "get_throttles",
    setting: "DEFAULT_THROTTLE_CLASSES",
    single: false,
    default: &[],
    options: &["scope", "rate", "scope_attr", "THROTTLE_RATES"],
};
const PARSER: Names = Names {
    attr: "parser_classes",
    getter: "get_parsers",
    setting: "DEFAULT_PARSER_CLASSES",
    single: false,
    default: &[
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    options: &["media_type"],
};
const RENDERER: Names = Names {
    attr: "renderer_classes",
    getter: "get_renderers",
    setting: "DEFAULT_RENDERER_CLASSES",
    single: false,
    default: &[
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    options: &["media_type", "format"],
};
const VERSIONING: Names = Names {
    attr: "versioning_class",
    getter: "determine_version",
    setting: "DEFAULT_VERSIONING_CLASS",
    single: true,
    default: &[],
    options: &["default_version", "allowed_versions", "version_param"],
};
const PAGINATION: Names = Names {
    attr: "pagination_class",
    getter: "paginator",
    setting: "DEFAULT_PAGINATION_CLASS",
    single: true,
    default: &[],
    options: &[
        "page_size",
        "page_size_query_param",
        "max_page_size",
        "page_query_param",
        "default_limit",
        "max_limit",
        "limit_query_param",
        "ordering",
        "cursor_query_param",
        "offset_query_param",
    ],
};
const FILTERS: Names = Names {
    attr: "filter_backends",
    getter: "filter_queryset",
    setting: "DEFAULT_FILTER_BACKENDS",
    single: false,
    default: &[],
    options: &["search_param", "ordering_param"],
};

/// Everything a route's policy is worked out from.
pub(in crate::django) struct RouteCx<'a, 'p> {
    pub(in crate::django) read: &'a Read<'p>,
    pub(in crate::django) settings: &'a Settings,
    pub(in crate::django) view: &'a View,
    pub(in crate::django) handler: Option<&'a Handler>,
    pub(in crate::django) bind: Bind,
    pub(in crate::django) initkwargs: &'a Kwargs,
    /// Decorators of the URL configuration.
    pub(in crate::django) decorators: &'a [Arc<str>],
}

pub(in crate::django) fn resolve(cx: &RouteCx<'_, '_>) -> Policy {
    let mut policy = Policy {
        atomic: atomic(cx),
        csrf_exempt: cx.view.is_decorated("csrf_exempt")
            || cx.decorators.iter().any(|d| d.ends_with("csrf_exempt")),
        ..Policy::default()
    };
    if !cx.view.kind.is_drf() {
        policy.permission = django_permission(cx);
        policy.authentication = Part::known(Vec::new(), Source::NotDrf, None);
        policy.throttle = Part::known(Vec::new(), Source::NotDrf, None);
        policy.pagination.part = Part::known(Vec::new(), Source::NotDrf, None);
        policy.filters = Part::known(Vec::new(), Source::NotDrf, None);
        return policy;
    }
    policy.permission = permission(cx);
    policy.authentication = classes(cx, &AUTHENTICATION);
    policy.throttle = classes(cx, &THROTTLE);
    policy.throttle_scope = cx
        .option("throttle_scope")
        .and_then(|v| as_str(&v).map(Into::into));
    policy.parsers = classes(cx, &PARSER);
    policy.renderers = classes(cx, &RENDERER);
    policy.versioning = classes(cx, &VERSIONING);
    let is_generic = matches!(cx.view.kind, ViewKind::Generic | ViewKind::ViewSet);
    if is_generic {
        policy.pagination = pagination(cx);
        policy.filters = classes(cx, &FILTERS);
    } else {
        policy.pagination.part = Part::known(Vec::new(), Source::FrameworkDefault, None);
        policy.filters = Part::known(Vec::new(), Source::FrameworkDefault, None);
    }
    policy
}

impl<'p> RouteCx<'_, 'p> {
    /// A plain attribute as this route sees it: `@action`, `as_view`, class.
    fn option(&self, name: &str) -> Option<Val> {
        let extra = self.handler.and_then(|h| h.extra.as_ref());
        extra
            .and_then(|e| e.kwargs.get(name))
            .or_else(|| self.initkwargs.get(name))
            .map(|k| k.val.clone())
            .or_else(|| self.view.attr(name).map(|a| a.val.clone()))
    }

    /// The expression of an `@action` option, and where it stands.
    fn action_option(&self, name: &str) -> Option<(Scope, &'p Expr)> {
        let handler = self.handler?;
        handler.extra.as_ref()?;
        let func = handler.func?;
        let program: &'p crate::python::Program = self.read.program;
        let scope = Scope {
            func: None,
            ..self.read.func_scope(func)
        };
        program.func_def(func).decorators.iter().find_map(|d| {
            let (_, args) = d.as_call()?;
            keyword(args, name).map(|e| (scope, e))
        })
    }
}

/// Reduced alternatives of a part: value, condition, source, place.
type Raw<'p> = Vec<(Out<'p>, Option<Arc<str>>, Source, Option<Place>)>;

/// Steps one to three: options, `get_…`, class attribute; `None`: nothing says anything.
fn raw<'p>(cx: &RouteCx<'_, 'p>, names: &Names) -> Option<Raw<'p>> {
    let read = cx.read;
    let eval = Eval::new(read, cx.bind.clone());
    let key = format!("self.{}", names.attr);
    let mut env = Env::new();
    let mut given: Option<(Out<'p>, Source, Option<Place>)> = None;
    if let Some((scope, expr)) = cx.action_option(names.attr) {
        let out = eval.reduce(scope, expr, &Env::new(), 0);
        env.insert(key.clone(), out.clone());
        given = Some((
            out,
            Source::ActionDecorator,
            Some(read.place(scope.module, expr.span)),
        ));
    }
    let class = cx.view.class?;
    if names.getter.starts_with("get_")
        && let Some(Attr::Method { func, owner, .. }) = read.attr(class, names.getter)
    {
        let mut out: Raw<'p> = Vec::new();
        collect_paths(
            cx,
            &eval,
            names,
            class,
            func,
            owner,
            env,
            given.as_ref(),
            &mut out,
            0,
        );
        return Some(out);
    }
    if let Some((out, source, place)) = given {
        return Some(vec![(out, None, source, place)]);
    }
    attribute(cx, &eval, names, class).map(|one| vec![one])
}

fn attribute<'p>(
    cx: &RouteCx<'_, 'p>,
    eval: &Eval<'_, 'p>,
    names: &Names,
    class: ClassId,
) -> Option<(Out<'p>, Option<Arc<str>>, Source, Option<Place>)> {
    let read = cx.read;
    match read.attr(class, names.attr)? {
        Attr::Value { expr, owner, .. } => {
            let scope = read.class_scope(owner);
            Some((
                eval.reduce(scope, expr, &Env::new(), 0),
                None,
                Source::ClassAttribute(read.project_ref(owner)),
                Some(read.place(scope.module, expr.span)),
            ))
        }
        Attr::Stub { value, .. } if is_default(names.attr, value) => None,
        Attr::Stub { value, owner } => Some((
            stub_out(value),
            None,
            Source::ClassAttribute(ClassRef::External(owner.into())),
            None,
        )),
        Attr::Method { func, .. } => {
            let mut outs: Vec<Out<'p>> = eval
                .paths(func, Env::new(), 0)
                .into_iter()
                .map(|p| p.value)
                .collect();
            let out = if outs.len() == 1 {
                outs.remove(0)
            } else {
                Out::Alt(outs)
            };
            Some((out, None, Source::Method(func), Some(read.func_place(func))))
        }
        Attr::Class { .. } => None,
    }
}

/// A list of the catalogue as a reduced value.
fn stub_out<'p>(value: &'static serde_json::Value) -> Out<'p> {
    match value {
        serde_json::Value::Array(items) => Out::List(items.iter().map(Out::Stub).collect()),
        serde_json::Value::Null => Out::None,
        other => Out::Stub(other),
    }
}

#[expect(clippy::too_many_arguments, reason = "the state of one walk")]
fn collect_paths<'p>(
    cx: &RouteCx<'_, 'p>,
    eval: &Eval<'_, 'p>,
    names: &Names,
    class: ClassId,
    func: crate::python::FuncId,
    owner: ClassId,
    env: Env<'p>,
    given: Option<&(Out<'p>, Source, Option<Place>)>,
    out: &mut Raw<'p>,
    depth: usize,
) {
    let read = cx.read;
    let key = format!("self.{}", names.attr);
    for path in eval.paths(func, env.clone(), 0) {
        let condition: Option<Arc<str>> = (!path.conditions.is_empty()).then(|| {
            path.conditions
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" and ")
                .into()
        });
        let place = Some(read.func_place(func));
        match path.value {
            Out::Raise => {}
            Out::Super(_) => {
                // What the base returns, with attributes set on the way.
                let set = path.env.get(&key).cloned();
                let initial = env.get(&key).cloned();
                match (set, read.attr_after(class, names.getter, Some(owner))) {
                    (_, Some(Attr::Method { func, owner, .. })) if depth < 6 => {
                        collect_paths(
                            cx,
                            eval,
                            names,
                            class,
                            func,
                            owner,
                            path.env,
                            given,
                            out,
                            depth + 1,
                        );
                    }
                    (Some(value), _) => {
                        let unchanged = initial.is_some()
                            && given.is_some()
                            && path.conditions.is_empty()
                            && matches!((&value, given), (Out::List(a), Some((Out::List(b), _, _))) if a.len() == b.len());
                        let (source, place) = match given {
                            Some((_, source, place)) if unchanged => (source.clone(), *place),
                            _ => (Source::Method(func), place),
                        };
                        out.push((value, condition, source, place));
                    }
                    (None, _) => match attribute(cx, eval, names, class) {
                        Some((value, _, source, place)) => {
                            out.push((value, condition, source, place));
                        }
                        None => out.push((
                            Out::Unknown(Arc::from(DEFAULTS)),
                            condition,
                            Source::FrameworkDefault,
                            None,
                        )),
                    },
                }
            }
            value => out.push((value, condition, Source::Method(func), place)),
        }
    }
}

/// Marks an outcome that is the settings' default.
const DEFAULTS: &str = "\u{0}defaults";

fn permission(cx: &RouteCx<'_, '_>) -> Part<PermissionExpr> {
    let mut part = match cx.view.kind {
        ViewKind::ApiFunction => decorated(cx, "permission_classes", |scope, expr| {
            of_expr(cx.read, scope, expr, &cx.bind, 0)
        }),
        _ => None,
    }
    .or_else(|| catalogue_permission(cx))
    .or_else(|| {
        initkwargs(cx, "permission_classes", |class| {
            PermissionExpr::Class(crate::django::permissions::fact(cx.read, class, &cx.bind))
        })
    })
    .or_else(|| {
        raw(cx, &PERMISSION).map(|raw| {
            assemble(
                raw,
                false,
                |out| of_out(cx.read, out, &cx.bind),
                || settings_permission(cx),
            )
        })
    })
    .unwrap_or_else(|| settings_permission(cx));
    // Django's own mixins answer before DRF does.
    if let Some(class) = cx.view.class {
        for name in [
            "LoginRequiredMixin",
            "PermissionRequiredMixin",
            "UserPassesTestMixin",
        ] {
            let has = cx.read.lineage(class).iter().any(|a| {
                matches!(a, Ancestor::External(fq) if **fq == format!("django.contrib.auth.mixins.{name}"))
            });
            if has {
                for alternative in &mut part.alternatives {
                    alternative.items.push(login_required(name));
                }
            }
        }
    }
    part
}

fn login_required(name: &str) -> PermissionExpr {
    let effect = if name.contains("user_passes_test") || name.contains("UserPassesTest") {
        Anonymous::Unknown
    } else {
        Anonymous::Deny
    };
    let staff = name.contains("staff") || name.contains("superuser");
    PermissionExpr::Class(PermissionFact {
        class: ClassRef::External(format!("django.contrib.auth.{name}").into()),
        anonymous: effect,
        needs_staff: Some(staff),
        object_level: Some(false),
        request_level: Some(true),
        object_compares_user: Some(false),
        user_attrs: Vec::new(),
        object_attrs: Vec::new(),
    })
}

fn django_permission(cx: &RouteCx<'_, '_>) -> Part<PermissionExpr> {
    let mut items = Vec::new();
    let mut place = None;
    for decorator in &cx.view.decorators {
        let last = decorator.name.rsplit('.').next().unwrap_or("");
        if matches!(
            last,
            "login_required" | "permission_required" | "user_passes_test" | "staff_member_required"
        ) {
            items.push(login_required(last));
            place = Some(decorator.place);
        }
    }
    for decorator in cx.decorators {
        let last = decorator.rsplit('.').next().unwrap_or("");
        if matches!(
            last,
            "login_required" | "permission_required" | "staff_member_required"
        ) {
            items.push(login_required(last));
        }
    }
    if let Some(class) = cx.view.class {
        for name in [
            "LoginRequiredMixin",
            "PermissionRequiredMixin",
            "UserPassesTestMixin",
        ] {
            let has = cx.read.lineage(class).iter().any(|a| {
                matches!(a, Ancestor::External(fq) if **fq == format!("django.contrib.auth.mixins.{name}"))
            });
            if has {
                items.push(login_required(name));
            }
        }
    }
    Part::known(items, Source::NotDrf, place)
}

/// `@permission_classes([…])` under `@api_view`; above it DRF before 3.17 ignores it.
fn decorated<T>(
    cx: &RouteCx<'_, '_>,
    name: &str,
    make: impl Fn(Scope, &Expr) -> T,
) -> Option<Part<T>> {
    let func = cx.view.func?;
    let scope = Read::module_scope(cx.read.program.func(func).module);
    let def = cx.read.program.func_def(func);
    let mut below = false;
    for decorator in &def.decorators {
        let (called, args) = decorator.as_call().unwrap_or((decorator, &[]));
        let fq = cx.read.callee(scope, called).unwrap_or_else(|| "".into());
        let last = fq.rsplit('.').next().unwrap_or("");
        if last == "api_view" {
            below = true;
            continue;
        }
        if last != name || !below {
            continue;
        }
        let list = args.first().map(|a| &a.value)?;
        let (scope, list) = cx.read.follow(scope, list);
        let place = Some(cx.read.place(scope.module, list.span));
        return Some(match list.elements() {
            Some(items) => Part::known(
                items.iter().map(|e| make(scope, e)).collect(),
                Source::Decorator,
                place,
            ),
            None => Part {
                alternatives: Vec::new(),
                open: Some(
                    format!(
                        "`@{name}({})` could not be read",
                        cx.read.expr_text(scope.module, list)
                    )
                    .into(),
                ),
            },
        });
    }
    None
}

fn catalogue_permission(cx: &RouteCx<'_, '_>) -> Option<Part<PermissionExpr>> {
    let refs = catalogue_refs(cx, "permission_classes")?;
    Some(Part::known(
        refs.iter()
            .map(|c| PermissionExpr::Class(crate::django::permissions::fact(cx.read, c, &cx.bind)))
            .collect(),
        Source::Catalogue,
        None,
    ))
}

/// Classes that a package's view declares.
fn catalogue_refs(cx: &RouteCx<'_, '_>, attr: &str) -> Option<Vec<ClassRef>> {
    if cx.view.is_project() {
        return None;
    }
    let stub = cx.read.stubs.class(&cx.view.fq)?;
    let value = stub.attrs.get(attr)?;
    if is_default(attr, value) {
        return None;
    }
    let of = |v: &serde_json::Value| {
        v.get("class")
            .and_then(|c| c.as_str())
            .map(|fq| ClassRef::External(cx.read.canonical(fq)))
    };
    match value {
        serde_json::Value::Array(items) => Some(items.iter().filter_map(of).collect()),
        serde_json::Value::Null => Some(Vec::new()),
        other => of(other).map(|c| vec![c]),
    }
}

/// The catalogue was read off packages under DRF's defaults: a view that says
/// `DEFAULT_AUTHENTICATION_CLASSES` looks as if it named them, and takes the project's.
fn is_default(attr: &str, value: &serde_json::Value) -> bool {
    attr == AUTHENTICATION.attr
        && value.as_array().is_some_and(|items| {
            items.len() == AUTHENTICATION.default.len()
                && items
                    .iter()
                    .zip(AUTHENTICATION.default)
                    .all(|(item, name)| item.get("class").and_then(|c| c.as_str()) == Some(name))
        })
}

/// `as_view(permission_classes=[…])`
fn initkwargs<T>(
    cx: &RouteCx<'_, '_>,
    attr: &str,
    make: impl Fn(&ClassRef) -> T,
) -> Option<Part<T>> {
    let kwarg = cx.initkwargs.get(attr)?;
    Some(values(
        cx,
        &kwarg.val,
        Source::Initkwargs,
        kwarg.place,
        &make,
    ))
}

/// A settings (or option) value as classes.
fn values<T>(
    cx: &RouteCx<'_, '_>,
    val: &Val,
    source: Source,
    place: Option<Place>,
    make: &dyn Fn(&ClassRef) -> T,
) -> Part<T> {
    match val {
        Val::Seq(items) => {
            let mut classes = Vec::new();
            for (item, _) in items {
                match value_class(cx.read, item) {
                    Some(class) => classes.push(make(&class)),
                    None => {
                        return Part {
                            alternatives: vec![Alternative {
                                condition: None,
                                items: classes,
                                source,
                                place,
                            }],
                            open: Some("an entry of the list could not be read".into()),
                        };
                    }
                }
            }
            Part::known(classes, source, place)
        }
        Val::Known(Literal::None) => Part::known(Vec::new(), source, place),
        Val::Known(Literal::Str(_)) | Val::Symbol(_) => match value_class(cx.read, val) {
            Some(class) => Part::known(vec![make(&class)], source, place),
            None => Part::unknown("it is no class that was found"),
        },
        Val::OneOf(several) => {
            let mut part = Part {
                alternatives: Vec::new(),
                open: None,
            };
            for one in several {
                let inner = values(cx, one, source.clone(), place, make);
                part.open = part.open.or(inner.open);
                part.alternatives
                    .extend(inner.alternatives.into_iter().map(|mut a| {
                        a.condition = Some("a condition in the settings".into());
                        a
                    }));
            }
            part
        }
        Val::Unknown(reason) => Part::unknown(Arc::clone(reason)),
        _ => Part::unknown("the value could not be read"),
    }
}

fn settings_permission(cx: &RouteCx<'_, '_>) -> Part<PermissionExpr> {
    let fact = |class: &ClassRef| {
        PermissionExpr::Class(crate::django::permissions::fact(cx.read, class, &cx.bind))
    };
    from_settings(cx, &PERMISSION, &fact)
}

/// Step four and five: settings, else DRF's default.
fn from_settings<T>(cx: &RouteCx<'_, '_>, names: &Names, make: &dyn Fn(&ClassRef) -> T) -> Part<T> {
    let path = format!("REST_FRAMEWORK.{}", names.setting);
    if let Some(found) = cx.settings.get(&path) {
        return values(
            cx,
            found.val,
            Source::Settings(path.into()),
            Some(found.place),
            make,
        );
    }
    if let Some(prod) = cx.settings.prod()
        && prod.is_open(&path)
    {
        return Part::unknown(
            prod.open
                .clone()
                .unwrap_or_else(|| "`REST_FRAMEWORK` is not fully known".into()),
        );
    }
    Part::known(
        names
            .default
            .iter()
            .map(|fq| make(&ClassRef::External((*fq).into())))
            .collect(),
        Source::FrameworkDefault,
        None,
    )
}

/// From reduced alternatives to a part.
fn assemble<T>(
    raw: Raw<'_>,
    single: bool,
    make: impl Fn(&Out<'_>) -> T,
    defaults: impl Fn() -> Part<T>,
) -> Part<T> {
    let mut part = Part {
        alternatives: Vec::new(),
        open: None,
    };
    let several = raw.len() > 1;
    if raw.is_empty() {
        return Part::unknown("no way through the method returns anything");
    }
    for (out, condition, source, place) in raw {
        let outs = match out {
            Out::Alt(outs) => outs,
            one => vec![one],
        };
        for out in outs {
            match out {
                Out::Unknown(reason) if &*reason == DEFAULTS => {
                    let inner = defaults();
                    part.open = part.open.take().or(inner.open);
                    part.alternatives
                        .extend(inner.alternatives.into_iter().map(|mut a| {
                            a.condition = condition.clone().or(a.condition);
                            a
                        }));
                }
                Out::List(items) => part.alternatives.push(Alternative {
                    condition: condition.clone(),
                    items: items.iter().map(&make).collect(),
                    source: source.clone(),
                    place,
                }),
                Out::None if single => part.alternatives.push(Alternative {
                    condition: condition.clone(),
                    items: Vec::new(),
                    source: source.clone(),
                    place,
                }),
                Out::None => {
                    part.open = Some("some way through the method returns nothing".into());
                }
                Out::Expr(..) | Out::Stub(_) if single => part.alternatives.push(Alternative {
                    condition: condition.clone(),
                    items: vec![make(&out)],
                    source: source.clone(),
                    place,
                }),
                Out::Unknown(reason) => part.open = Some(reason),
                _ => part.open = Some("the list could not be followed".into()),
            }
        }
    }
    if !several {
        for alternative in &mut part.alternatives {
            if part.open.is_none() {
                alternative.condition = alternative.condition.take();
            }
        }
    }
    part
}

fn classes(cx: &RouteCx<'_, '_>, names: &Names) -> Part<PolicyClass> {
    let make = |class: &ClassRef| policy_class(cx.read, class, names.options);
    if cx.view.kind == ViewKind::ApiFunction {
        let of = |scope: Scope, expr: &Expr| {
            let named = expr.as_call().map_or(expr, |(func, _)| func);
            make(&cx.read.class_ref(scope, named))
        };
        if let Some(part) = decorated(cx, names.attr, of) {
            return part;
        }
    }
    if let Some(refs) = catalogue_refs(cx, names.attr) {
        return Part::known(refs.iter().map(make).collect(), Source::Catalogue, None);
    }
    if let Some(part) = initkwargs(cx, names.attr, make) {
        return part;
    }
    match raw(cx, names) {
        Some(raw) => assemble(
            raw,
            names.single,
            |out| match out {
                Out::Expr(scope, expr) => {
                    let named = expr.as_call().map_or(*expr, |(func, _)| func);
                    make(&cx.read.class_ref(*scope, named))
                }
                Out::Stub(value) => match value.get("class").and_then(|c| c.as_str()) {
                    Some(fq) => make(&ClassRef::External(cx.read.canonical(fq))),
                    None => make(&unknown_class()),
                },
                _ => make(&unknown_class()),
            },
            || from_settings(cx, names, &make),
        ),
        None => from_settings(cx, names, &make),
    }
}

fn unknown_class() -> ClassRef {
    ClassRef::Unknown {
        text: "?".into(),
        reason: "it could not be followed".into(),
    }
}

/// A class with the options that decide what it does.
fn policy_class(read: &Read<'_>, class: &ClassRef, options: &[&str]) -> PolicyClass {
    let mut attrs = Kwargs::default();
    let base = match class {
        ClassRef::Project { id, .. } => {
            for name in options {
                match read.attr(*id, name) {
                    Some(Attr::Value { expr, owner, .. }) => {
                        attrs
                            .items
                            .push(read.kwarg(read.class_scope(owner), (*name).into(), expr));
                    }
                    Some(Attr::Stub { value, .. }) => attrs.items.push(stub_kwarg(name, value)),
                    _ => {}
                }
            }
            attrs.open = read.open(*id).is_some();
            read.lineage(*id).iter().find_map(|a| match a {
                Ancestor::External(fq) if read.stubs.class(fq).is_some() => {
                    fq.rsplit('.').next().map(Arc::from)
                }
                _ => None,
            })
        }
        ClassRef::External(fq) => {
            if let Some(stub) = read.stubs.class(fq) {
                for name in options {
                    if let Some(value) = stub.attrs.get(*name) {
                        attrs.items.push(stub_kwarg(name, value));
                    }
                }
                Some(class.name().into())
            } else {
                None
            }
        }
        ClassRef::Unknown { .. } => None,
    };
    PolicyClass {
        class: class.clone(),
        attrs,
        base: base.unwrap_or_else(|| "".into()),
    }
}

fn stub_kwarg(name: &str, value: &serde_json::Value) -> Kwarg {
    Kwarg {
        name: name.into(),
        val: crate::django::fields::find::json_val(value),
        text: "".into(),
        place: None,
    }
}

fn pagination(cx: &RouteCx<'_, '_>) -> Pagination {
    let mut out = Pagination {
        part: classes(cx, &PAGINATION),
        ..Pagination::default()
    };
    // `DEFAULT_PAGINATION_CLASS` without a class is no pagination; `PAGE_SIZE` alone is inert.
    let Some(class) = out.part.items().next().cloned() else {
        out.size_open = out.part.open.is_some();
        return out;
    };
    let limit = class.is("LimitOffsetPagination");
    let (own, cap, param) = if limit {
        ("default_limit", "max_limit", "limit_query_param")
    } else {
        ("page_size", "max_page_size", "page_size_query_param")
    };
    let known_int = |val: &Val| match val {
        Val::Known(Literal::Int(value)) => Some(Some(*value)),
        Val::Known(Literal::None) => Some(None),
        _ => None,
    };
    match class.attrs.get(own).map(|k| known_int(&k.val)) {
        Some(Some(Some(size))) => out.page_size = Some(size),
        Some(None) => out.size_open = true,
        Some(Some(None)) | None if class.attrs.get(own).is_some_and(|k| k.place.is_some()) => {}
        Some(Some(None)) | None => match cx.settings.get("REST_FRAMEWORK.PAGE_SIZE") {
            Some(found) => match known_int(found.val) {
                Some(size) => out.page_size = size,
                None => out.size_open = true,
            },
            None => {
                out.size_open = class.base.is_empty()
                    || class.attrs.open
                    || cx
                        .settings
                        .prod()
                        .is_some_and(|p| p.is_open("REST_FRAMEWORK.PAGE_SIZE"));
            }
        },
    }
    out.size_param = class.attrs.str(param).map(Into::into);
    out.max_size = class.attrs.int(cap);
    out
}

/// `ATOMIC_REQUESTS` of the default database, less `non_atomic_requests`; or `atomic` on the
/// handler.
fn atomic(cx: &RouteCx<'_, '_>) -> Option<bool> {
    let decorated = |names: &[Arc<str>]| {
        names
            .iter()
            .any(|n| n.rsplit('.').next().is_some_and(|n| n == "atomic"))
    };
    let names: Vec<Arc<str>> = cx
        .view
        .decorators
        .iter()
        .map(|d| Arc::clone(&d.name))
        .chain(cx.decorators.iter().cloned())
        .collect();
    if names.iter().any(|n| n.ends_with("non_atomic_requests")) {
        return Some(false);
    }
    if decorated(&names) {
        return Some(true);
    }
    match cx.settings.get("DATABASES.default.ATOMIC_REQUESTS") {
        Some(found) => truth(found.val),
        None => {
            let open = cx
                .settings
                .prod()
                .is_some_and(|p| p.is_open("DATABASES.default.ATOMIC_REQUESTS"));
            // Database settings made by a helper (dj_database_url) do not set it.
            let _ = open;
            Some(
                cx.settings
                    .get("ATOMIC_REQUESTS")
                    .is_some_and(|f| f.truth() == Some(true)),
            )
        }
    }
}

/// The usual action that a generic view's handler amounts to.
pub(in crate::django) fn generic_action(
    read: &Read<'_>,
    view: &View,
    method: Method,
) -> Option<Arc<str>> {
    let has = |mixin: &str| {
        let fq = format!("rest_framework.mixins.{mixin}");
        match view.class {
            Some(class) => read
                .lineage(class)
                .iter()
                .any(|a| matches!(a, Ancestor::External(name) if **name == *fq)),
            None => read.stubs.is_a(&view.fq, &fq) == Some(true),
        }
    };
    let name = match method {
        Method::Get => match (has("ListModelMixin"), has("RetrieveModelMixin")) {
            (true, false) => "list",
            (false, true) => "retrieve",
            (true, true) => return None,
            (false, false) => return None,
        },
        Method::Post if has("CreateModelMixin") => "create",
        Method::Put if has("UpdateModelMixin") => "update",
        Method::Patch if has("UpdateModelMixin") => "partial_update",
        Method::Delete if has("DestroyModelMixin") => "destroy",
        _ => return None,
    };
    Some(name.into())
}
