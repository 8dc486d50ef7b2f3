//! Applies the links of a call chain to a queryset, and takes the weakest of several.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Condition, Prefetch, QsIr, Taint};
use crate::django::data::Data;
use crate::django::models::Model;
use crate::django::names::ClassRef;
use crate::python::flow::Link;
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, keyword, positional};
use crate::python::value::{Literal, Val};

/// Lookups of the framework (source: django.db.models.lookups, and dates).
const LOOKUPS: &[&str] = &[
    "exact",
    "iexact",
    "contains",
    "icontains",
    "in",
    "gt",
    "gte",
    "lt",
    "lte",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "range",
    "date",
    "year",
    "iso_year",
    "month",
    "day",
    "week",
    "week_day",
    "iso_week_day",
    "quarter",
    "time",
    "hour",
    "minute",
    "second",
    "isnull",
    "regex",
    "iregex",
    "search",
    "trigram_similar",
    "unaccent",
    "overlap",
    "contained_by",
    "has_key",
    "has_keys",
    "has_any_keys",
    "len",
];

/// Places kept for one queryset: it may be built in many branches.
const MAX_PLACES: usize = 16;

/// Words in a condition that say a branch is for people with a role.
const STAFF_WORDS: &[&str] = &[
    "is_staff",
    "is_superuser",
    "is_admin",
    "admin",
    "staff",
    "superuser",
    "role",
    "has_perm",
    "has_perms",
    "groups",
    "moderator",
    "manager",
    "is_owner",
    "user_type",
    "permission",
];

/// Applies one link; `false`: the chain is no queryset after it.
pub(in crate::django) fn apply<'p>(
    data: &Data<'_, '_, 'p>,
    qs: &mut QsIr,
    link: &Link<'p>,
    is_last: bool,
) -> bool {
    match link {
        Link::Attribute { name, .. } => {
            // `Order.objects.model` and unbound methods are none.
            matches!(&***name, "objects" | "_default_manager")
        }
        Link::DirectCall { .. } => {
            // A manager called as related manager: comments(manager="objects")
            true
        }
        Link::Item { index, .. } => match &index.kind {
            ExprKind::Slice { upper, .. } => {
                let bound = upper
                    .as_deref()
                    .map(|u| data.world.read.program.eval(data.scope, u));
                qs.slice = Some(match bound {
                    Some(Val::Known(Literal::Int(n))) if n >= 0 => n,
                    _ => i64::MAX,
                });
                true
            }
            _ => {
                qs.slice = Some(1);
                is_last
            }
        },
        Link::Call { name, args, expr } => call(data, qs, name, args, expr),
    }
}

fn call<'p>(
    data: &Data<'_, '_, 'p>,
    qs: &mut QsIr,
    name: &Arc<str>,
    args: &'p [Arg],
    expr: &'p Expr,
) -> bool {
    match &**name {
        "all" | "using" | "iterator" | "alias" | "get_queryset" | "reverse" | "aiterator" => {}
        "filter" | "complex_filter" => conditions(data, qs, args, false),
        "exclude" => conditions(data, qs, args, true),
        "get" | "aget" => {
            conditions(data, qs, args, false);
            qs.ended_by = Some((Arc::clone(name), data.place(expr)));
        }
        "select_related" => {
            if args.is_empty() {
                qs.select_related.all_non_null = true;
            } else if is_none(args) {
                qs.select_related = super::Select::default();
            } else {
                qs.select_related.paths.extend(texts(data, args));
            }
        }
        "prefetch_related" => {
            if is_none(args) {
                qs.prefetch.clear();
            } else {
                for arg in args {
                    prefetch(data, qs, &arg.value);
                }
            }
        }
        "only" => {
            qs.only = Some(texts(data, args).into_iter().collect::<BTreeSet<_>>());
        }
        "defer" => qs.defer.extend(texts(data, args)),
        "annotate" => {
            for arg in args {
                if let ArgKind::Keyword(name) = &arg.kind {
                    qs.annotations.push(Arc::clone(name));
                }
            }
        }
        "order_by" => {
            qs.ordering = Some(
                args.iter()
                    .map(
                        |a| match data.world.read.program.eval(data.scope, &a.value) {
                            Val::Known(Literal::Str(text)) => text,
                            _ => "?".into(),
                        },
                    )
                    .collect(),
            );
        }
        "distinct" => qs.distinct = true,
        "values" | "values_list" | "dates" | "datetimes" | "in_bulk" => qs.values = true,
        "raw" => {
            qs.raw = true;
            qs.open.get_or_insert_with(|| "it is raw SQL".into());
        }
        "extra" => {
            qs.open.get_or_insert_with(|| "it uses `extra`".into());
        }
        "union" | "intersection" | "difference" => {
            qs.combined = true;
            for arg in args {
                if let Some(other) = data.qs(&arg.value) {
                    let mut both = weakest(qs, &other);
                    both.combined = true;
                    *qs = both;
                }
            }
        }
        "none" => {
            qs.empty = true;
            qs.user_scoped = Some(true);
        }
        "select_for_update" => qs.lock = Some(data.place(expr)),
        "first" | "last" | "latest" | "earliest" | "count" | "exists" | "aggregate" | "update"
        | "delete" | "create" | "bulk_create" | "bulk_update" | "get_or_create"
        | "update_or_create" | "contains" | "explain" | "add" | "remove" | "set" | "clear"
        | "acount" | "aexists" | "afirst" | "acreate" | "adelete" | "aupdate" | "create_user"
        | "create_superuser" => {
            if matches!(&**name, "get_or_create" | "update_or_create") {
                conditions(data, qs, args, false);
            }
            qs.ended_by = Some((Arc::clone(name), data.place(expr)));
        }
        _ => match data.custom_method(qs, name, args) {
            Some(next) => {
                let scoped = next.user_scoped;
                *qs = next;
                qs.user_scoped = scoped;
            }
            None => {
                qs.custom.push(Arc::clone(name));
                qs.open
                    .get_or_insert_with(|| format!("`{name}(…)` is not known").into());
                let takes_user = args
                    .iter()
                    .any(|a| matches!(data.taint(&a.value), Taint::User | Taint::Tenant));
                if takes_user {
                    qs.user_scoped = Some(true);
                }
            }
        },
    }
    true
}

fn is_none(args: &[Arg]) -> bool {
    matches!(
        args,
        [Arg {
            value: Expr {
                kind: ExprKind::None,
                ..
            },
            ..
        }]
    )
}

fn texts(data: &Data<'_, '_, '_>, args: &[Arg]) -> Vec<Arc<str>> {
    let mut out = Vec::new();
    for arg in args {
        match data.world.read.program.eval(data.scope, &arg.value) {
            Val::Known(Literal::Str(text)) => out.push(text),
            Val::Seq(items) => out.extend(items.into_iter().filter_map(|(v, _)| match v {
                Val::Known(Literal::Str(text)) => Some(text),
                _ => None,
            })),
            _ => {}
        }
    }
    out
}

fn prefetch<'p>(data: &Data<'_, '_, 'p>, qs: &mut QsIr, expr: &'p Expr) {
    let place = data.place(expr);
    if let Some((func, args)) = expr.as_call()
        && func.dotted().is_some_and(|d| d.ends_with("Prefetch"))
    {
        let path = positional(args, 0)
            .or_else(|| keyword(args, "lookup"))
            .and_then(Expr::as_str);
        let queryset = positional(args, 1)
            .or_else(|| keyword(args, "queryset"))
            .and_then(|q| data.qs(q));
        let to_attr = positional(args, 2)
            .or_else(|| keyword(args, "to_attr"))
            .and_then(Expr::as_str);
        match path {
            Some(path) => qs.prefetch.push(Prefetch {
                path: path.into(),
                to_attr: to_attr.map(Into::into),
                queryset: queryset.map(Box::new),
                place,
            }),
            None => {
                qs.open
                    .get_or_insert_with(|| "a prefetch could not be read".into());
            }
        }
        return;
    }
    let eval = data.world.read.program.eval(data.scope, expr);
    let mut push = |path: Arc<str>| {
        qs.prefetch.push(Prefetch {
            path,
            to_attr: None,
            queryset: None,
            place,
        });
    };
    match eval {
        Val::Known(Literal::Str(path)) => push(path),
        Val::Seq(items) => {
            for (item, _) in items {
                if let Val::Known(Literal::Str(path)) = item {
                    push(path);
                }
            }
        }
        _ => match &expr.kind {
            ExprKind::Starred(inner) => prefetch(data, qs, inner),
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                for item in items {
                    prefetch(data, qs, item);
                }
            }
            _ => {
                qs.open
                    .get_or_insert_with(|| "a prefetch could not be read".into());
            }
        },
    }
}

/// Adds the conditions of `filter`, `exclude` or `get`.
pub(in crate::django) fn conditions<'p>(
    data: &Data<'_, '_, 'p>,
    qs: &mut QsIr,
    args: &'p [Arg],
    negated: bool,
) {
    for arg in args {
        match &arg.kind {
            ArgKind::Keyword(name) if &**name == "defaults" => {}
            ArgKind::Keyword(name) => {
                let value = data.taint(&arg.value);
                push(data, qs, name, value, negated, false, &arg.value);
                if is_user(value) && !negated {
                    qs.user_scoped = Some(true);
                }
            }
            ArgKind::Positional => {
                let scoped = q_expr(data, qs, &arg.value, negated, false);
                if scoped && !negated {
                    qs.user_scoped = Some(true);
                }
            }
            ArgKind::DoubleStar => spread(data, qs, &arg.value, negated),
            ArgKind::Star => {
                qs.open
                    .get_or_insert_with(|| "conditions are spread from a list".into());
            }
        }
    }
}

/// `filter(**filters)`: a dict display or a local dict with known keys.
fn spread<'p>(data: &Data<'_, '_, 'p>, qs: &mut QsIr, value: &'p Expr, negated: bool) {
    use crate::python::syntax::DictItem;
    if let ExprKind::Dict(items) = &value.kind {
        for item in items {
            if let DictItem::Pair { key, value } = item
                && let Some(name) = key.as_str()
            {
                let taint = data.taint(value);
                push(data, qs, name, taint, negated, false, value);
                if is_user(taint) && !negated {
                    qs.user_scoped = Some(true);
                }
            }
        }
        return;
    }
    let taint = data.taint(value);
    qs.open
        .get_or_insert_with(|| "conditions are spread from a dict".into());
    if is_user(taint) && !negated {
        qs.user_scoped = Some(true);
    }
}

fn is_user(taint: Taint) -> bool {
    matches!(taint, Taint::User | Taint::Tenant)
}

/// Conditions of `Q(…)` with its operators; whether it scopes to the caller.
fn q_expr<'p>(
    data: &Data<'_, '_, 'p>,
    qs: &mut QsIr,
    expr: &'p Expr,
    negated: bool,
    alternative: bool,
) -> bool {
    match &expr.kind {
        ExprKind::BinOp {
            left,
            op: "|",
            right,
        } => {
            let a = q_expr(data, qs, left, negated, true);
            let b = q_expr(data, qs, right, negated, true);
            a && b
        }
        ExprKind::BinOp {
            left,
            op: "&",
            right,
        } => {
            let a = q_expr(data, qs, left, negated, alternative);
            let b = q_expr(data, qs, right, negated, alternative);
            a || b
        }
        ExprKind::UnaryOp { op: "~", operand } => {
            q_expr(data, qs, operand, !negated, alternative);
            false
        }
        ExprKind::Call { func, args }
            if func.dotted().is_some_and(|d| d == "Q" || d.ends_with(".Q")) =>
        {
            let mut scoped = false;
            for arg in args {
                match &arg.kind {
                    ArgKind::Keyword(name) => {
                        let value = data.taint(&arg.value);
                        push(data, qs, name, value, negated, alternative, &arg.value);
                        scoped |= is_user(value);
                    }
                    ArgKind::Positional => {
                        scoped |= q_expr(data, qs, &arg.value, negated, alternative);
                    }
                    _ => {
                        qs.open
                            .get_or_insert_with(|| "conditions are spread from a dict".into());
                    }
                }
            }
            scoped
        }
        _ => {
            let taint = data.taint(expr);
            if !matches!(expr.kind, ExprKind::Call { .. }) || taint != Taint::Constant {
                qs.open
                    .get_or_insert_with(|| "a condition could not be read".into());
            }
            is_user(taint)
        }
    }
}

fn push<'p>(
    data: &Data<'_, '_, 'p>,
    qs: &mut QsIr,
    name: &str,
    value: Taint,
    negated: bool,
    alternative: bool,
    expr: &'p Expr,
) {
    let (path, lookup) = split(name);
    qs.conditions.push(Condition {
        path: path.into(),
        lookup: lookup.into(),
        value,
        negated,
        alternative,
        place: data.place(expr),
    });
}

/// `created__date__gte` → `created`, `date__gte`.
pub(in crate::django) fn split(name: &str) -> (&str, &str) {
    let mut at = name.len();
    loop {
        let head = name.get(..at).unwrap_or(name);
        match head.rsplit_once("__") {
            Some((before, last)) if LOOKUPS.contains(&last) && !before.is_empty() => {
                at = before.len();
            }
            _ => break,
        }
    }
    match name.get(at + 2..) {
        Some(lookup) if at < name.len() => (name.get(..at).unwrap_or(name), lookup),
        _ => (name, "exact"),
    }
}

/// What the manager's own `get_queryset` puts on every queryset.
pub(in crate::django) fn manager_defaults(
    data: &Data<'_, '_, '_>,
    qs: &mut QsIr,
    model: &Model,
    name: &str,
) {
    let class = model
        .managers
        .iter()
        .find(|m| &*m.name == name)
        .map(|m| &m.class);
    if let Some(ClassRef::Project { id, .. }) = class
        && let Some(found) = data.manager_queryset(*id, qs)
    {
        let manager = qs.manager.take();
        *qs = found;
        qs.manager = manager;
        qs.places.clear();
    }
}

/// What holds whichever of two querysets it is.
pub(in crate::django) fn weakest(a: &QsIr, b: &QsIr) -> QsIr {
    if a.empty {
        return b.clone();
    }
    if b.empty {
        return a.clone();
    }
    let same = |x: &Condition, y: &Condition| {
        x.path == y.path && x.lookup == y.lookup && x.value == y.value && x.negated == y.negated
    };
    let mut out = a.clone();
    if a.model != b.model {
        out.model = a.model.or(b.model);
        if a.model.is_some() && b.model.is_some() {
            out.open
                .get_or_insert_with(|| "it is one of several models".into());
        }
    }
    out.from_user = a.from_user && b.from_user;
    out.from_instance = a.from_instance || b.from_instance;
    out.conditions
        .retain(|c| b.conditions.iter().any(|d| same(c, d)));
    out.select_related
        .paths
        .retain(|p| b.select_related.paths.contains(p));
    out.select_related.all_non_null &= b.select_related.all_non_null;
    out.prefetch.retain(|p| {
        b.prefetch
            .iter()
            .any(|q| q.path == p.path && q.to_attr == p.to_attr)
    });
    out.annotations.retain(|n| b.annotations.contains(n));
    if a.ordering != b.ordering {
        out.ordering = match (&a.ordering, &b.ordering) {
            (Some(x), Some(y)) if !x.is_empty() && !y.is_empty() => Some(x.clone()),
            _ => None,
        };
    }
    out.slice = match (a.slice, b.slice) {
        (Some(x), Some(y)) => Some(x.max(y)),
        _ => None,
    };
    out.values = a.values && b.values;
    out.lock = a.lock.filter(|_| b.lock.is_some());
    out.open = a.open.clone().or_else(|| b.open.clone());
    for place in &b.places {
        if out.places.len() < MAX_PLACES && !out.places.contains(place) {
            out.places.push(*place);
        }
    }
    out.user_scoped = match (a.user_scoped, b.user_scoped) {
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    out
}

/// The weakest over all ways through `get_queryset`. A way that is open to people with a role only
/// does not count for scoping.
pub(in crate::django) fn combine(found: Vec<(QsIr, Vec<Arc<str>>)>) -> Option<QsIr> {
    let mut out: Option<QsIr> = None;
    let mut all_scoped = true;
    let mut any = false;
    for (qs, conditions) in &found {
        let scoped = qs.user_scoped == Some(true) || qs.from_user || qs.empty;
        let is_bypass = !scoped
            && conditions.iter().any(|c| {
                let c = c.to_lowercase();
                STAFF_WORDS.iter().any(|w| c.contains(w)) || c.contains("swagger_fake_view")
            });
        if !is_bypass && !qs.empty {
            any = true;
            all_scoped &= scoped;
        }
    }
    for (qs, _) in found {
        out = Some(match out {
            None => qs,
            Some(before) => weakest(&before, &qs),
        });
    }
    let mut out = out?;
    out.user_scoped = if any {
        Some(all_scoped)
    } else {
        // Every way is empty or for people with a role.
        Some(true)
    };
    Some(out)
}

/// Says what is known about scoping once a queryset is complete.
pub(in crate::django) fn settle(qs: &mut QsIr) {
    if qs.user_scoped.is_none() {
        qs.user_scoped = if qs.from_user || qs.empty {
            Some(true)
        } else if qs.open.is_some() {
            None
        } else {
            Some(false)
        };
    }
}
