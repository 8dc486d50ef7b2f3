//! DRF163: one caller can reach another caller's row.

use super::object_scope::{
    Scoped, changes, explicit_permission, row_model, scope, works_on_one_object,
};
use crate::catalog::route_words::{handler_place, is_drf, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::queryset::Taint;
use crate::django::{Anonymous, Model, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Place;

pub(super) static CHECK: Check = Check {
    id: "DRF163",
    name: "object-scope-missing",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("object_scope_missing.md"),
    yields_to: &["DRF164"],
    run,
};

/// Relations that say who entered a row; among colleagues that is a note, not a claim.
const ENTERED_BY: [&str; 5] = ["created_by", "creator", "added_by", "updated_by", "author"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        if !route.mounted || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        let Some(model) = row_model(cx, route) else {
            continue;
        };
        let by_url = works_on_one_object(route) && !route.params.is_empty();
        if !by_url && !is_named_in_body(cx, route, model) {
            continue;
        }
        let Some(owner) = whose(model) else { continue };
        out.looked();
        // Open to everybody is the other check's finding (DRF161), and says more.
        if route.permission().anonymous() == Anonymous::Allow {
            continue;
        }
        if route.is_unsafe() && !changes(cx, route, model) {
            continue;
        }
        if claims(cx, route, model, owner) {
            continue;
        }
        match scope(cx, route) {
            Scoped::No => {}
            Scoped::Unknown => {
                out.unknown(
                    route.label(),
                    "whether callers are held to their own rows could not be told",
                );
                continue;
            }
            _ => continue,
        }
        let entered = owner
            .rsplit("__")
            .next()
            .is_some_and(|last| ENTERED_BY.contains(&last));
        let severity = match (route.is_unsafe(), model.is_private_like) {
            (true, true) => Severity::Critical,
            (true, false) if owner.contains("created_by") => Severity::High,
            (true, false) => Severity::Critical,
            (false, true) if !entered && !model.is_user => Severity::High,
            // Content that anybody may read, written by somebody: only writes matter.
            (false, _) => continue,
        };
        let place = route
            .queryset
            .as_ref()
            .and_then(|queryset| queryset.places.first().copied());
        let Some(handler) = handler_place(cx, route) else {
            continue;
        };
        let view = cx.head.django.view_of(route).map_or("", |view| &*view.fq);
        let key = format!("{} {view}", model.fq);
        let fetch = fetch_place(cx, route);
        let anchor = cx.anchor(place.or(fetch).unwrap_or(handler));
        let compared = if model.is_user {
            "the row".to_owned()
        } else {
            format!("`{}`", owner.replace("__", "."))
        };
        let mut evidence = Evidence::new(
            key.clone(),
            anchor,
            format!(
                "`{}` reaches every `{}`, whoever {}: neither the queryset nor a permission compares {compared} with the caller.",
                route.label(),
                model.name,
                if model.is_user { "asks" } else { "owns it" },
            ),
        )
        .severity(severity)
        .root(key);
        if place.or(fetch).is_some_and(|place| place != handler) {
            evidence = evidence.also(cx.anchor(handler).note(format!("`{}`", route.label())));
        }
        if let Some(field) = model
            .field(owner.split("__").next().unwrap_or(""))
            .and_then(|field| field.place)
            .filter(|_| !model.is_user)
        {
            evidence = evidence.also(
                cx.anchor(field)
                    .note(format!("who owns a `{}`", model.name)),
            );
        }
        if let Some(place) = explicit_permission(route) {
            evidence = evidence.also(cx.anchor(place).note("this lets in whoever has logged in"));
        }
        out.found(evidence);
    }
}

/// The path to the user a row belongs to; a row of the user model is its own.
fn whose(model: &Model) -> Option<&str> {
    if model.is_user {
        return Some("id");
    }
    model.owner().map(|owner| &*owner.path)
}

/// Where the handler fetches the row.
fn fetch_place(cx: &Cx<'_>, route: &Route) -> Option<Place> {
    let ir = cx.head.django.function(route.func?)?;
    let query = ir.queries.iter().find(|query| {
        let ends = query.qs.ended_by.as_ref();
        query.or_404 || ends.is_some_and(|(name, _)| matches!(&**name, "get" | "first"))
    })?;
    Some(query.place)
}

/// The key of the row comes in the body: `Order.objects.get(pk=request.data["order"])`.
fn is_named_in_body(cx: &Cx<'_>, route: &Route, model: &Model) -> bool {
    let Some(ir) = route.func.and_then(|func| cx.head.django.function(func)) else {
        return false;
    };
    route.is_unsafe()
        && ir.queries.iter().any(|query| {
            query.qs.model == Some(model.id)
                && query.qs.conditions.iter().any(|condition| {
                    matches!(&*condition.path, "id" | "pk")
                        && &*condition.lookup == "exact"
                        && matches!(condition.value, Taint::Body | Taint::Query)
                })
        })
}

/// The handler makes the caller the owner of a row that may have none: whoever borrows a book comes
/// to have it.
fn claims(cx: &Cx<'_>, route: &Route, model: &Model, owner: &str) -> bool {
    let may_be_free = model
        .field(owner)
        .is_some_and(|field| field.null == Some(true));
    let effects = route
        .func
        .filter(|_| may_be_free)
        .map(|func| cx.head.django.effects(func))
        .unwrap_or_default();
    effects.iter().any(|function| {
        function.writes.iter().any(|write| {
            write.model == Some(model.id)
                && write
                    .fields
                    .iter()
                    .any(|(field, value)| **field == *owner && *value == Taint::User)
        })
    })
}
