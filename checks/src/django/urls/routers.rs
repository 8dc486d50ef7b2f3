//! Routers: what is registered on which, and the patterns a registration gives.
//!
//! Source: `SimpleRouter.routes` and `get_urls` of rest_framework.routers, `NestedMixin` of
//! drf-nested-routers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::django::names::{ClassRef, truth};
use crate::django::read::{Attr, Read, inner_bodies, method_call};
use crate::python::syntax::{Arg, Expr, ExprKind, Stmt, StmtKind, keyword, positional};
use crate::python::value::{Literal, Place, Val};
use crate::python::{ClassId, ModuleId, Scope, Symbol};
use crate::source::Role;

const BASE: &str = "rest_framework.routers.BaseRouter";
/// Rows of a literal that a loop registers.
const MAX_ROWS: usize = 200;

/// A router variable: module and name.
pub(super) type RouterKey = (ModuleId, Arc<str>);

/// A `register` call.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) prefix: Option<Arc<str>>,
    pub(super) viewset: ClassRef,
    pub(super) basename: Option<Arc<str>>,
    pub(super) basename_given: bool,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) struct Router {
    pub(super) class: ClassRef,
    pub(super) trailing_slash: &'static str,
    /// `NestedSimpleRouter(parent, "orders", lookup="order")`
    pub(super) parent: Option<(RouterKey, Arc<str>, Option<Arc<str>>)>,
    pub(super) registrations: Vec<Registration>,
    /// `router.registry.extend(other.registry)`
    pub(super) extends: Vec<RouterKey>,
}

/// Every router of the tree with its registrations, in file and line order.
pub(super) fn find(read: &Read<'_>) -> BTreeMap<RouterKey, Router> {
    let mut out = BTreeMap::new();
    let modules: Vec<ModuleId> = read
        .program
        .modules()
        .map(|(id, _)| id)
        .filter(|id| {
            !matches!(
                read.role(*id),
                Role::Vendored | Role::Template | Role::Generated | Role::Migration | Role::Test
            )
        })
        .collect();
    for module in &modules {
        definitions(read, *module, read.program.body(*module), &mut out);
    }
    if out.is_empty() {
        return out;
    }
    for module in &modules {
        registrations(
            read,
            *module,
            read.program.body(*module),
            &mut out,
            &Row::default(),
        );
    }
    out
}

fn definitions(
    read: &Read<'_>,
    module: ModuleId,
    body: &[Stmt],
    out: &mut BTreeMap<RouterKey, Router>,
) {
    let scope = Read::module_scope(module);
    for stmt in body {
        if let StmtKind::Assign { targets, value } = &stmt.kind {
            for target in targets {
                let Some(name) = target.as_name() else {
                    continue;
                };
                if let Some(router) = definition(read, scope, value) {
                    out.insert((module, name.into()), router);
                }
            }
        }
        if let StmtKind::AnnAssign {
            target,
            value: Some(value),
            ..
        } = &stmt.kind
            && let (Some(name), Some(router)) = (target.as_name(), definition(read, scope, value))
        {
            out.insert((module, name.into()), router);
        }
        for inner in inner_bodies(stmt) {
            definitions(read, module, inner, out);
        }
    }
}

fn definition(read: &Read<'_>, scope: Scope, value: &Expr) -> Option<Router> {
    // `router = DefaultRouter() if settings.DEBUG else SimpleRouter()`
    if let ExprKind::IfExp { body, .. } = &value.kind {
        return definition(read, scope, body);
    }
    let (func, args) = value.as_call()?;
    let class = read.class_ref(scope, func);
    let is_router = match &class {
        ClassRef::Unknown { .. } => false,
        ClassRef::External(fq) => read
            .stubs
            .is_a(fq, BASE)
            .unwrap_or_else(|| class.name().ends_with("Router")),
        ClassRef::Project { id, .. } => read
            .is_a(*id, BASE)
            .unwrap_or_else(|| class.name().ends_with("Router")),
    };
    if !is_router {
        return None;
    }
    let slash = keyword(args, "trailing_slash")
        .map(|e| truth(&read.program.eval(scope, e)))
        .or_else(|| class.class().map(|c| class_slash(read, c)))
        .unwrap_or(Some(true));
    let parent = (class.name().contains("Nested")
        || matches!(&class, ClassRef::Project { id, .. } if read.is_a(*id, "rest_framework_nested.routers.NestedMixin") == Some(true)))
    .then(|| {
        let parent = positional(args, 0).or_else(|| keyword(args, "parent_router"))?;
        let prefix = positional(args, 1).or_else(|| keyword(args, "parent_prefix"))?;
        let Symbol::Variable(module, name) = read.program.resolve(scope, parent) else {
            return None;
        };
        let Val::Known(Literal::Str(prefix)) = read.program.eval(scope, prefix) else {
            return None;
        };
        let lookup = keyword(args, "lookup").and_then(|e| e.as_str().map(Arc::from));
        Some(((module, name), prefix, lookup))
    })
    .flatten();
    Some(Router {
        class,
        trailing_slash: if slash == Some(false) { "" } else { "/" },
        parent,
        registrations: Vec::new(),
        extends: Vec::new(),
    })
}

/// `self.trailing_slash = "/?"` in a project router's `__init__`, or a class attribute.
fn class_slash(read: &Read<'_>, class: ClassId) -> Option<bool> {
    match read.attr(class, "trailing_slash") {
        Some(Attr::Value { expr, owner, .. }) => {
            truth(&read.program.eval(read.class_scope(owner), expr))
        }
        _ => Some(true),
    }
}

/// Values that a loop's targets have in one row.
#[derive(Clone, Debug, Default)]
struct Row<'e> {
    names: BTreeMap<Arc<str>, (Scope, &'e Expr)>,
}

trait RowScope {
    fn scope(&self) -> Scope;
}

impl RowScope for ModuleId {
    fn scope(&self) -> Scope {
        Read::module_scope(*self)
    }
}

fn registrations<'e>(
    read: &Read<'e>,
    module: ModuleId,
    body: &'e [Stmt],
    out: &mut BTreeMap<RouterKey, Router>,
    row: &Row<'e>,
) {
    let scope = module.scope();
    for stmt in body {
        match &stmt.kind {
            StmtKind::Expr(expr) => statement(read, scope, expr, out, row),
            StmtKind::For {
                target, iter, body, ..
            } => {
                let rows = rows(read, scope, target, iter);
                match rows {
                    Some(rows) => {
                        for mut one in rows {
                            one.names
                                .extend(row.names.iter().map(|(k, v)| (Arc::clone(k), *v)));
                            registrations(read, module, body, out, &one);
                        }
                    }
                    None => registrations(read, module, body, out, row),
                }
            }
            StmtKind::Function(def) => {
                // `def register(router): …` is not followed; `ready()` and the like register on
                // module routers all the same.
                registrations(read, module, &def.body, out, row);
            }
            _ => {
                for inner in inner_bodies(stmt) {
                    registrations(read, module, inner, out, row);
                }
            }
        }
    }
}

/// Rows of `for prefix, viewset in [("orders", OrderViewSet), …]` and of `d.items()`.
fn rows<'e>(read: &Read<'e>, scope: Scope, target: &Expr, iter: &'e Expr) -> Option<Vec<Row<'e>>> {
    let (scope, iter) = match iter.as_call() {
        Some((func, _)) => match method_call(func) {
            Some((on, "items")) => read.follow(scope, on),
            _ => return None,
        },
        None => read.follow(scope, iter),
    };
    let names: Vec<Arc<str>> = match &target.kind {
        ExprKind::Name(name) => vec![Arc::clone(name)],
        ExprKind::Tuple(items) | ExprKind::List(items) => items
            .iter()
            .map(|i| i.as_name().map(Arc::from))
            .collect::<Option<_>>()?,
        _ => return None,
    };
    let mut out = Vec::new();
    match &iter.kind {
        ExprKind::List(items) | ExprKind::Tuple(items) => {
            for item in items.iter().take(MAX_ROWS) {
                let mut row = Row::default();
                match (names.as_slice(), item.elements()) {
                    ([one], _) => {
                        row.names.insert(Arc::clone(one), (scope, item));
                    }
                    (_, Some(parts)) => {
                        for (name, part) in names.iter().zip(parts) {
                            row.names.insert(Arc::clone(name), (scope, part));
                        }
                    }
                    _ => return None,
                }
                out.push(row);
            }
        }
        ExprKind::Dict(items) => {
            for item in items.iter().take(MAX_ROWS) {
                let crate::python::syntax::DictItem::Pair { key, value } = item else {
                    return None;
                };
                let mut row = Row::default();
                for (name, part) in names.iter().zip([key, value]) {
                    row.names.insert(Arc::clone(name), (scope, part));
                }
                out.push(row);
            }
        }
        _ => return None,
    }
    Some(out)
}

/// A name that the row gives, else the expression itself.
fn bound<'e>(row: &Row<'e>, scope: Scope, expr: &'e Expr) -> (Scope, &'e Expr) {
    match expr.as_name().and_then(|n| row.names.get(n)) {
        Some(found) => *found,
        None => (scope, expr),
    }
}

fn statement<'e>(
    read: &Read<'e>,
    scope: Scope,
    expr: &'e Expr,
    out: &mut BTreeMap<RouterKey, Router>,
    row: &Row<'e>,
) {
    let Some((func, args)) = expr.as_call() else {
        return;
    };
    let Some((on, name)) = method_call(func) else {
        return;
    };
    match name {
        "register" => {
            let Some(key) = router_key(read, scope, on, out) else {
                return;
            };
            let registration =
                registration(read, scope, args, row, read.place(scope.module, expr.span));
            if let Some(router) = out.get_mut(&key) {
                router.registrations.push(registration);
            }
        }
        "extend" => {
            // router.registry.extend(other.registry)
            let (
                ExprKind::Attribute {
                    value: mine,
                    attr: a,
                },
                Some(other),
            ) = (&on.kind, positional(args, 0))
            else {
                return;
            };
            let ExprKind::Attribute {
                value: theirs,
                attr: b,
            } = &other.kind
            else {
                return;
            };
            if &**a != "registry" || &**b != "registry" {
                return;
            }
            if let (Some(mine), Some(theirs)) = (
                router_key(read, scope, mine, out),
                router_key(read, scope, theirs, out),
            ) && let Some(router) = out.get_mut(&mine)
            {
                router.extends.push(theirs);
            }
        }
        _ => {}
    }
}

/// The router an expression names.
pub(super) fn router_key(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
    routers: &BTreeMap<RouterKey, Router>,
) -> Option<RouterKey> {
    if let Symbol::Variable(module, name) = read.program.resolve(scope, expr) {
        let key = (module, name);
        if routers.contains_key(&key) {
            return Some(key);
        }
        // `router = other.router`
        let (followed, next) = read.follow(scope, expr);
        if let ExprKind::Name(name) = &next.kind {
            let key = (followed.module, Arc::clone(name));
            return routers.contains_key(&key).then_some(key);
        }
        return None;
    }
    let name = expr.as_name()?;
    let key = (scope.module, name.into());
    routers.contains_key(&key).then_some(key)
}

fn registration<'e>(
    read: &Read<'e>,
    scope: Scope,
    args: &'e [Arg],
    row: &Row<'e>,
    place: Place,
) -> Registration {
    let text = |expr: &'e Expr| {
        let (scope, expr) = bound(row, scope, expr);
        match read.program.eval(scope, expr) {
            Val::Known(Literal::Str(text)) => Some(text),
            _ => None,
        }
    };
    let prefix = positional(args, 0)
        .or_else(|| keyword(args, "prefix"))
        .and_then(text);
    let viewset = positional(args, 1)
        .or_else(|| keyword(args, "viewset"))
        .map_or_else(
            || ClassRef::Unknown {
                text: "".into(),
                reason: "no viewset is given".into(),
            },
            |expr| {
                let (scope, expr) = bound(row, scope, expr);
                read.class_ref(scope, expr)
            },
        );
    let named = positional(args, 2)
        .or_else(|| keyword(args, "basename"))
        .or_else(|| keyword(args, "base_name"));
    Registration {
        prefix,
        viewset,
        basename: named.and_then(text),
        basename_given: named.is_some_and(|n| !matches!(n.kind, ExprKind::None)),
        place,
    }
}
