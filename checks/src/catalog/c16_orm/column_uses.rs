//! By which of its columns requests look for and sort the rows of a model. Judges nothing.

use crate::catalog::Cx;
use crate::django::{Model, ModelId, QsIr};
use crate::python::value::Place;
use crate::source::Role;

/// How a column is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `status=…`, `status__in=…`
    Equal,
    /// `created__gte=…`, `name__startswith=…`
    Range,
    Order,
    /// `icontains` and the like, which a B-tree does not serve.
    Scan,
}

/// One use of one column.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) model: ModelId,
    pub(super) field: String,
    pub(super) how: How,
    /// The same query also asks for a column that has an index of its own.
    pub(super) beside_index: bool,
    pub(super) place: Place,
}

/// The uses in the project's own request code and in the lists of its routes.
pub(super) fn find(cx: &Cx<'_>) -> Vec<Use> {
    let mut found = Vec::new();
    for function in cx.head.django.functions() {
        let file = cx.head.tree.file(function.place.file);
        if !matches!(file.role, Role::App) || file.path.contains("admin") {
            continue;
        }
        for query in &function.queries {
            of_queryset(cx, &query.qs, query.place, &mut found);
        }
    }
    for route in cx.head.django.routes() {
        if let Some(qs) = &route.queryset
            && let Some(place) = qs.places.first().or(route.chain.last())
        {
            of_queryset(cx, qs, *place, &mut found);
        }
    }
    found
}

fn of_queryset(cx: &Cx<'_>, qs: &QsIr, place: Place, found: &mut Vec<Use>) {
    let Some(model) = qs.model.map(|id| cx.head.django.model(id)) else {
        return;
    };
    let related = qs.from_instance || qs.from_user;
    let beside_index = related
        || qs.conditions.iter().any(|condition| {
            !condition.negated
                && !condition.alternative
                && how(&condition.lookup) == Some(How::Equal)
                && has_index(model, &condition.path)
        });
    for condition in &qs.conditions {
        let (Some(how), Some(field)) = (how(&condition.lookup), model.field(&condition.path))
        else {
            continue;
        };
        if !condition.negated {
            found.push(Use {
                model: model.id,
                field: field.name.to_string(),
                how,
                beside_index,
                place,
            });
        }
    }
    let own = qs.ordering.as_ref();
    for name in own.or(model.meta.ordering.as_ref()).into_iter().flatten() {
        if let Some(field) = model.field(name.trim_start_matches('-')) {
            found.push(Use {
                model: model.id,
                field: field.name.to_string(),
                how: How::Order,
                beside_index,
                place,
            });
        }
    }
}

/// Whether an index leads with the column, whoever made it.
pub(super) fn has_index(model: &Model, path: &str) -> bool {
    model.field(path).is_some_and(|field| {
        field.is_pk
            || field.unique == Some(true)
            || field.db_index != Some(false)
            || model.is_index_leader(&field.name)
    })
}

fn how(lookup: &str) -> Option<How> {
    Some(match lookup {
        "exact" | "in" => How::Equal,
        "gt" | "gte" | "lt" | "lte" | "range" | "startswith" => How::Range,
        "iexact" | "contains" | "icontains" | "endswith" | "iendswith" | "regex" | "iregex"
        | "istartswith" => How::Scan,
        _ => return None,
    })
}
