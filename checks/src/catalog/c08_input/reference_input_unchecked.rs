//! DRF346: a reference that the client sends is stored without proof that it exists or fits.

use std::collections::BTreeSet;

use super::client_fields::{Sent, inputs, is_named, mentions, sent};
use super::from_request::functions;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope, on_request};
use crate::django::fields::{FieldKind, Target};
use crate::django::serializers::{SerializerField, SerializerKind};
use crate::django::{Model, ModelId, Route, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, Stmt};
use crate::python::{Base, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF346",
    name: "reference-input-unchecked",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("reference_input_unchecked.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for sent in sent(cx) {
        bare_key(cx, out, &sent);
    }
    let mut said = BTreeSet::new();
    for (route, serializer) in inputs(cx) {
        mismatched_pair(cx, out, route, serializer, &mut said);
    }
    custom_field(cx, out);
}

/// `hotel_id = IntegerField()` of a plain serializer, stored as the foreign key it names.
fn bare_key(cx: &Cx<'_>, out: &mut Answers, sent: &Sent<'_>) {
    let name = &*sent.field.name;
    let is_key = name.ends_with("_id")
        && matches!(
            &*sent.field.base,
            "IntegerField" | "UUIDField" | "CharField"
        );
    if !is_key || sent.serializer.kind != SerializerKind::Plain {
        return;
    }
    out.looked();
    if sent.is_validated(cx) {
        return;
    }
    let on_request = sent.on_request(cx);
    let mut target = None;
    for write in on_request.iter().flat_map(|function| &function.writes) {
        let named = write.fields.iter().any(|(field, _)| &**field == name);
        let Some(model) = write.model.filter(|_| named || write.kwargs.open) else {
            continue;
        };
        let field = cx.head.django.model(model).field(name);
        if let Some(field) = field.filter(|field| field.is_forward_single()) {
            target = target.or(field.to.as_ref().and_then(Target::model));
        }
    }
    let Some(target) = target else { return };
    let looked_up = on_request.iter().any(|function| {
        function
            .queries
            .iter()
            .any(|query| query.qs.model == Some(target))
            || function.excepts.iter().any(|except| {
                except.broad || except.types.iter().any(|t| t.contains("IntegrityError"))
            })
    });
    let Some(place) = sent.place(cx).filter(|_| !looked_up) else {
        return;
    };
    out.found(Evidence::new(
        sent.subject(),
        cx.anchor(place),
        format!(
            "`{name}` is stored as the key of a `{}` that nobody looked up: an unknown one is an `IntegrityError`, a 500. `PrimaryKeyRelatedField` answers 400.",
            cx.head.django.model(target).name
        ),
    ));
}

/// Two references of one serializer, where the target of one belongs to the target of the other.
fn mismatched_pair(
    cx: &Cx<'_>,
    out: &mut Answers,
    route: &Route,
    serializer: &Serializer,
    said: &mut BTreeSet<(u32, u32)>,
) {
    if serializer.class.is_none() || serializer.dynamic.is_some() {
        return;
    }
    let references: Vec<(&SerializerField, ModelId)> = serializer
        .input_fields()
        .filter(|field| field.is_relational() && !field.many && field.nested.is_none())
        .filter_map(|field| Some((field, field.related_model?)))
        .collect();
    for (part, part_model) in &references {
        for (whole, whole_model) in &references {
            let Some(link) = link(cx, *part_model, *whole_model) else {
                continue;
            };
            out.looked();
            // Either of the two may be meant: a like of a post, or of a comment.
            if part.required == Some(false) && whole.required == Some(false) {
                continue;
            }
            if part.class.class().is_some() || whole.class.class().is_some() {
                continue;
            }
            // A queryset of its own may hold only rows that fit.
            let narrowed =
                on_request::of_route(cx, route).iter().any(|function| {
                    mentions_as_link(&cx.head.program.func_def(function.func).body, &link)
                        || function.queries.iter().any(|query| {
                            query.qs.conditions.iter().any(|condition| {
                                condition.path.split("__").any(|step| *step == *link)
                            })
                        })
                });
            let model = serializer.model.map(|id| cx.head.django.model(id));
            let on_model = model.is_some_and(|model| {
                ["clean", "save"]
                    .iter()
                    .filter_map(|name| model.method(name))
                    .any(|func| mentions(cx, func, &part.name) && mentions(cx, func, &whole.name))
            });
            if narrowed || on_model {
                continue;
            }
            let place = part.place.or(serializer.place);
            let Some(place) = place.filter(|place| said.insert((place.file.0, place.span.start)))
            else {
                continue;
            };
            out.found(Evidence::new(
                format!("{}.{}", serializer.fq, part.name),
                cx.anchor(place),
                format!(
                    "`{}` takes `{}` and `{}` from the client, and nothing checks that the one belongs to the other (by `{link}`).",
                    route.label(),
                    part.name,
                    whole.name
                ),
            ));
        }
    }
}

/// The field by which a row of `part` belongs to a row of `whole`: a foreign key to it, or one to
/// rows that `whole` lists.
fn link(cx: &Cx<'_>, part: ModelId, whole: ModelId) -> Option<String> {
    let django = &cx.head.django;
    let (from, to) = (django.model(part), django.model(whole));
    if part == whole || from.is_user || to.is_user {
        return None;
    }
    let keys = || {
        from.fields
            .iter()
            .filter(|field| field.is_forward_single() && field.declared_in.class().is_some())
    };
    let direct = keys().find(|field| target(field) == Some(whole));
    let through = || {
        keys().find(|field| {
            target(field).is_some_and(|shared| !django.model(shared).is_user && lists(to, shared))
        })
    };
    direct.or_else(through).map(|field| field.name.to_string())
}

fn target(field: &crate::django::Field) -> Option<ModelId> {
    field.to.as_ref().and_then(Target::model)
}

/// A many-to-many field to these rows.
fn lists(model: &Model, rows: ModelId) -> bool {
    model
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::ManyToMany && target(field) == Some(rows))
}

/// The link is read off a row, or compared: `option.product`, `product_id`.
fn mentions_as_link(body: &[Stmt], link: &str) -> bool {
    let id = format!("{link}_id");
    visit::any_expr(body, |expr| match &expr.kind {
        ExprKind::Attribute { attr, .. } => **attr == *link || **attr == *id,
        ExprKind::Compare { .. } => {
            visit::any_within(expr, |inner| is_named(inner, link) || is_named(inner, &id))
        }
        _ => false,
    })
}

/// `to_internal_value` of a field class that takes its input for text, or for a mapping.
fn custom_field(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        let def = function.program.func_def(function.id);
        let Some(class) = function.program.func(function.id).class else {
            continue;
        };
        if &*def.name != "to_internal_value" || !is_field(cx, class) {
            continue;
        }
        out.looked();
        let Some(data) = def.params.get(1) else {
            continue;
        };
        // A name that was bound again holds something else.
        let checked =
            function.calls_any(&["isinstance", "str", "to_internal_value", "fail", "dict"])
                || def
                    .body
                    .iter()
                    .any(|stmt| matches!(stmt.kind, crate::python::syntax::StmtKind::Try { .. }));
        if checked {
            continue;
        }
        let mut used: Option<&Expr> = None;
        visit::exprs(&def.body, |expr| {
            let on = match &expr.kind {
                ExprKind::Subscript { value, .. } => Some(value),
                ExprKind::Call { func, .. } => match &func.kind {
                    ExprKind::Attribute { value, attr }
                        if matches!(
                            &**attr,
                            "lower"
                                | "upper"
                                | "strip"
                                | "split"
                                | "replace"
                                | "get"
                                | "startswith"
                                | "title"
                        ) =>
                    {
                        Some(value)
                    }
                    _ => None,
                },
                _ => None,
            };
            if used.is_none() && on.and_then(|on| on.as_name()) == Some(&*data.name) {
                used = Some(expr);
            }
        });
        if let Some(expr) = used {
            out.found(
                Evidence::new(
                    function.fq,
                    cx.anchor(function.place(expr)),
                    format!(
                        "`{}` comes from the client as it is, a number or a list as well as text: this call then fails with a 500 where a 400 belongs.",
                        data.name
                    ),
                )
                .severity(Severity::Low),
            );
        }
    }
}

/// A field class of REST framework, not a serializer.
fn is_field(cx: &Cx<'_>, class: crate::python::ClassId) -> bool {
    let externals: Vec<&str> = cx
        .head
        .program
        .mro(class)
        .entries
        .iter()
        .filter_map(|base| match base {
            Base::External(fq) => Some(&**fq),
            Base::Project(_) => None,
        })
        .collect();
    externals
        .iter()
        .any(|fq| fq.starts_with("rest_framework.") && fq.ends_with("Field"))
        && !externals.iter().any(|fq| fq.ends_with("Serializer"))
}
