//! Query parameters of django-filter: the filters of a view's filter set and what each takes.
//!
//! Follows django-filter's own mapping of model fields to filters (source: its `filterset.py`).

use std::sync::Arc;

use super::basic;
use super::components::Components;
use super::endpoints::Endpoint;
use super::json;
use super::node::{Kind, Node};
use super::operation::World;
use super::parameters::Parameter;
use crate::django::names::{as_str, as_strings};
use crate::django::{Field, ModelId, PathEnd};
use crate::python::mro::Base;
use crate::python::syntax::{Arg, Expr, ExprKind, keyword, positional};
use crate::python::value::{Literal, Place, Val};
use crate::python::{AttributeKind, ClassId, FuncId, Program, Scope, Symbol};

/// A filter of a set.
struct Filter<'f> {
    name: String,
    /// Path of the model's field.
    field: String,
    lookup: String,
    /// Names of its class and of the classes it derives from; empty: made for the model's field.
    kinds: Vec<Arc<str>>,
    call: Option<(Scope, &'f [Arg])>,
    /// The set that declares it, for its methods.
    class: Option<ClassId>,
    place: Option<Place>,
}

pub(super) fn parameters(
    world: &World<'_, '_>,
    components: &mut Components<'_>,
    endpoint: &Endpoint<'_>,
) -> Vec<Parameter> {
    let Some(model) = endpoint.route.introspected.model else {
        return Vec::new();
    };
    let program = &world.facts.program;
    let mut filters: Vec<Filter<'_>> = Vec::new();
    let option = |name: &str| {
        let extra = endpoint
            .route
            .handler
            .as_ref()
            .and_then(|h| endpoint.view.handler(h))
            .and_then(|h| h.extra.as_ref());
        extra
            .and_then(|e| e.kwargs.get(name))
            .map(|k| (k.val.clone(), k.place))
            .or_else(|| endpoint.view.attr(name).map(|a| (a.val.clone(), a.place)))
            .or_else(|| {
                let class = endpoint.view.class?;
                Some((program.class_value(class, name)?, None))
            })
    };
    let is_set = |val: &Val| !matches!(val, Val::Known(Literal::None));
    if let Some((Val::Symbol(Symbol::Class(class)), _)) =
        option("filterset_class").filter(|(val, _)| is_set(val))
    {
        of_class(world, class, model, &mut filters);
    } else if let Some((fields, place)) = option("filterset_fields").filter(|(val, _)| is_set(val))
    {
        of_fields(world, model, &fields, place, &mut filters);
    }
    filters
        .iter()
        .flat_map(|filter| parameter(world, components, model, filter))
        .collect()
}

/// Filters that a set declares or that its `Meta.fields` ask for.
fn of_class<'f>(world: &World<'_, 'f>, class: ClassId, model: ModelId, out: &mut Vec<Filter<'f>>) {
    let program: &'f Program = &world.facts.program;
    if let Some(AttributeKind::Class(meta)) = program.attribute(class, "Meta").map(|a| a.kind) {
        let model = match program.class_value(meta, "model") {
            Some(Val::Symbol(Symbol::Class(found))) => {
                world.facts.django.model_of(found).map_or(model, |m| m.id)
            }
            _ => model,
        };
        if let Some(fields) = program.class_value(meta, "fields") {
            let place = program.attribute(meta, "fields").map(|a| Place {
                file: program.module(program.class(meta).module).file,
                span: a.span,
            });
            of_fields(world, model, &fields, place, out);
        }
        if let Some(excluded) = program.class_value(meta, "exclude") {
            if program.class_value(meta, "fields").is_none() {
                of_fields(
                    world,
                    model,
                    &Val::Known(Literal::Str("__all__".into())),
                    None,
                    out,
                );
            }
            let names = as_strings(&excluded).unwrap_or_default();
            out.retain(|f| !names.iter().any(|n| **n == *f.field));
        }
    }
    // Bases first: a class's own filter replaces that of a base.
    for entry in program.mro(class).entries.iter().rev() {
        let Base::Project(owner) = entry else {
            continue;
        };
        let scope = program.scope_of_class(*owner);
        for (name, attribute) in program.own_attribute_names(*owner) {
            let AttributeKind::Value(expr) = attribute.kind else {
                continue;
            };
            let Some((call_scope, func, args)) = filter_call(scope, expr) else {
                if matches!(expr.kind, ExprKind::None) {
                    out.retain(|f| f.name != *name);
                }
                continue;
            };
            let kinds = kinds(program, call_scope, func);
            if !kinds.iter().any(|k| k.ends_with("Filter")) {
                continue;
            }
            let text = |key: &str, at: usize| {
                keyword(args, key)
                    .or_else(|| positional(args, at))
                    .and_then(|e| match program.eval(call_scope, e) {
                        Val::Known(Literal::Str(text)) => Some(text.to_string()),
                        _ => None,
                    })
            };
            out.retain(|f| f.name != *name);
            out.push(Filter {
                field: text("field_name", 0).unwrap_or_else(|| name.to_string()),
                lookup: text("lookup_expr", 1).unwrap_or_else(|| "exact".to_owned()),
                name: name.to_string(),
                kinds,
                call: Some((call_scope, args)),
                class: Some(class),
                place: Some(Place {
                    file: program.module(program.class(*owner).module).file,
                    span: expr.span,
                }),
            });
        }
    }
}

/// The call that makes a filter; what `extend_schema_field(…)(…)` wraps around it goes.
fn filter_call(scope: Scope, expr: &Expr) -> Option<(Scope, &Expr, &[Arg])> {
    let (func, args) = expr.as_call()?;
    if func.as_call().is_some()
        && let Some(inner) = positional(args, 0)
    {
        return filter_call(scope, inner);
    }
    Some((scope, func, args))
}

/// Names of a class and of all it derives from.
fn kinds(program: &Program, scope: Scope, func: &Expr) -> Vec<Arc<str>> {
    let last = |fq: &str| -> Arc<str> { fq.rsplit('.').next().unwrap_or(fq).into() };
    let mut out = Vec::new();
    match program.resolve(scope, func) {
        Symbol::Class(class) => {
            for entry in &program.mro(class).entries {
                match entry {
                    Base::Project(id) => out.push(last(&program.class(*id).fq)),
                    Base::External(fq) => out.push(last(fq)),
                }
            }
        }
        Symbol::External(fq) if fq.starts_with("django_filters") || fq.contains("filters") => {
            out.push(last(&fq));
        }
        _ => {}
    }
    out
}

/// Filters for names of fields: a list of names, or lookups by name.
fn of_fields<'f>(
    world: &World<'_, 'f>,
    model: ModelId,
    fields: &Val,
    place: Option<Place>,
    out: &mut Vec<Filter<'f>>,
) {
    let mut asked: Vec<(String, Vec<String>, Option<Place>)> = Vec::new();
    let exact = || vec!["exact".to_owned()];
    match fields {
        Val::Seq(items) => {
            for (item, at) in items {
                if let Some(name) = as_str(item) {
                    asked.push((name.to_owned(), exact(), Some(*at)));
                }
            }
        }
        Val::Map(items) => {
            for (key, lookups, at) in items {
                if let Some(name) = as_str(key) {
                    let lookups = as_strings(lookups).unwrap_or_default();
                    let lookups = lookups.iter().map(ToString::to_string).collect();
                    asked.push((name.to_owned(), lookups, Some(*at)));
                }
            }
        }
        Val::Known(Literal::Str(all)) if **all == *"__all__" => {
            for field in &world.facts.django.model(model).fields {
                if !field.is_auto() && !field.name.ends_with("_ptr") {
                    asked.push((field.name.to_string(), exact(), place));
                }
            }
        }
        _ => {}
    }
    for (name, lookups, at) in asked {
        for lookup in lookups {
            let full = if lookup == "exact" {
                name.clone()
            } else {
                format!("{name}__{lookup}")
            };
            out.retain(|f| f.name != full);
            out.push(Filter {
                name: full,
                field: name.clone(),
                lookup,
                kinds: Vec::new(),
                call: None,
                class: None,
                place: at.or(place),
            });
        }
    }
}

/// What django-filter makes of a model's field and a lookup: kinds of filters, outermost first.
fn generated(field: Option<&Field>, is_reverse: bool, lookup: &str) -> Option<Vec<Arc<str>>> {
    let mut base: &str = if is_reverse {
        "ManyToManyField"
    } else {
        &field?.base
    };
    let mut parts: Vec<&str> = lookup.split("__").collect();
    let last = parts.pop().unwrap_or("exact");
    for part in parts.iter().copied().chain([last]) {
        base = match part {
            "date" => "DateField",
            "time" => "TimeField",
            "year" | "month" | "day" | "hour" | "minute" | "second" | "week" | "week_day"
            | "quarter" | "iso_year" | "iso_week_day" => "IntegerField",
            _ => base,
        };
    }
    let has_choices = field.is_some_and(|f| f.kwargs.has("choices") && f.choices.is_some());
    let plain: &str = match base {
        _ if last == "isnull" => "BooleanFilter",
        _ if has_choices && last == "exact" => "ChoiceFilter",
        "BooleanField" | "NullBooleanField" => "BooleanFilter",
        "DateField" => "DateFilter",
        "DateTimeField" => "IsoDateTimeFilter",
        "TimeField" => "TimeFilter",
        "DurationField" => "DurationFilter",
        "UUIDField" => "UUIDFilter",
        "ForeignKey" | "OneToOneField" => "ModelChoiceFilter",
        "ManyToManyField" => "ModelMultipleChoiceFilter",
        "DecimalField" | "FloatField" => "NumberFilter",
        "CharField"
        | "TextField"
        | "SlugField"
        | "EmailField"
        | "URLField"
        | "FilePathField"
        | "GenericIPAddressField"
        | "CommaSeparatedIntegerField" => "CharFilter",
        _ if field.is_some_and(Field::is_integer) || base == "IntegerField" => "NumberFilter",
        _ => return None,
    };
    let mut out: Vec<Arc<str>> = Vec::new();
    if matches!(last, "in" | "range") {
        out.push("BaseCSVFilter".into());
    }
    out.push(plain.into());
    Some(out)
}

fn parameter(
    world: &World<'_, '_>,
    components: &mut Components<'_>,
    model: ModelId,
    filter: &Filter<'_>,
) -> Vec<Parameter> {
    let django = &world.facts.django;
    let (owner, field, is_reverse) = match django.resolve_path(model, &filter.field) {
        PathEnd::Field(owner, field) => (Some(owner.id), Some(field), false),
        PathEnd::Reverse(..) => (None, None, true),
        _ => (None, None, false),
    };
    let kinds = if filter.kinds.is_empty() {
        match generated(field, is_reverse, &filter.lookup) {
            Some(kinds) => kinds,
            None => return Vec::new(),
        }
    } else {
        filter.kinds.clone()
    };
    let is = |names: &[&str]| kinds.iter().any(|k| names.contains(&&**k));
    let mapped = |components: &mut Components<'_>| {
        let schema = components.model_field(owner?, &field?.name)?;
        // Many rows of one kind: the filter takes keys one by one.
        match schema.get("type").and_then(Node::as_str) {
            Some("array") => schema.get("items").cloned(),
            _ => Some(schema),
        }
    };
    let hint = method_hint(world, filter);
    let mut schema = if let Some(schema) = hint {
        schema
    } else if is(&["CharFilter", "OrderingFilter"]) {
        basic::of("string")
    } else if is(&["BooleanFilter"]) {
        basic::of("boolean")
    } else if is(&["DateFilter", "DateFromToRangeFilter"]) {
        basic::formatted("string", "date")
    } else if is(&[
        "DateTimeFilter",
        "IsoDateTimeFilter",
        "DateTimeFromToRangeFilter",
        "IsoDateTimeFromToRangeFilter",
    ]) {
        basic::formatted("string", "date-time")
    } else if is(&["TimeFilter", "TimeRangeFilter"]) {
        basic::formatted("string", "time")
    } else if is(&["UUIDFilter"]) {
        basic::formatted("string", "uuid")
    } else if is(&["DurationFilter"]) {
        basic::formatted("string", "duration")
    } else if is(&["NumberFilter", "NumericRangeFilter"]) {
        match field {
            Some(field) if field.is_integer() => basic::of("integer"),
            Some(field) if &*field.base == "FloatField" => basic::formatted("number", "float"),
            _ => basic::of("number"),
        }
    } else {
        mapped(components).unwrap_or_else(|| basic::of("string"))
    };
    let mut choices = None;
    let mut description = None;
    if let Kind::Map(entries) = &mut schema.kind {
        entries.shift_remove("readOnly");
        if is(&["ModelChoiceFilter", "ModelMultipleChoiceFilter"]) {
            entries.shift_remove("nullable");
        }
        choices = entries.shift_remove("enum").and_then(|e| match e.kind {
            Kind::List(items) => Some(items),
            _ => None,
        });
        description = entries
            .shift_remove("description")
            .and_then(|d| d.as_str().map(str::to_owned));
    }
    if let Some(explicit) = explicit_choices(world, filter) {
        choices = Some(explicit);
    }
    let program = &world.facts.program;
    let option = |name: &str| {
        filter
            .call
            .and_then(|(scope, args)| Some(program.eval(scope, keyword(args, name)?)))
    };
    if let Some(Val::Known(Literal::Str(text))) = option("help_text").or_else(|| option("label")) {
        description = Some(text.to_string());
    }
    let is_csv = is(&[
        "BaseCSVFilter",
        "BaseInFilter",
        "BaseRangeFilter",
        "OrderingFilter",
    ]);
    if is_csv && option("help_text").is_none() {
        description = Some("Multiple values may be separated by commas.".to_owned());
    }
    let required = matches!(option("required"), Some(Val::Known(Literal::Bool(true))));
    let mut names = vec![filter.name.clone()];
    let (mut explode, mut style) = (None, None);
    if is(&[
        "BaseCSVFilter",
        "BaseInFilter",
        "BaseRangeFilter",
        "OrderingFilter",
    ]) {
        schema = basic::array(schema);
        explode = Some(false);
        style = Some("form".to_owned());
    } else if is(&[
        "MultipleChoiceFilter",
        "ModelMultipleChoiceFilter",
        "TypedMultipleChoiceFilter",
        "AllValuesMultipleFilter",
    ]) {
        schema = basic::array(schema);
        explode = Some(true);
        style = Some("form".to_owned());
    } else if is(&[
        "DateFromToRangeFilter",
        "DateTimeFromToRangeFilter",
        "IsoDateTimeFromToRangeFilter",
        "TimeRangeFilter",
    ]) {
        names = ["after", "before"]
            .map(|s| format!("{}_{s}", filter.name))
            .into();
    } else if is(&["RangeFilter", "NumericRangeFilter"]) {
        names = ["min", "max"]
            .map(|s| format!("{}_{s}", filter.name))
            .into();
    }
    names
        .into_iter()
        .map(|name| Parameter {
            description: description.clone(),
            required,
            choices: choices.clone(),
            explode,
            style: style.clone(),
            place: filter.place,
            ..Parameter::query(&name, schema.clone())
        })
        .collect()
}

/// Choices that the filter itself is given.
fn explicit_choices(world: &World<'_, '_>, filter: &Filter<'_>) -> Option<Vec<Node>> {
    let (scope, args) = filter.call?;
    let given = keyword(args, "choices")?;
    match world.facts.program.eval(scope, given) {
        Val::Seq(items) => items
            .iter()
            .map(|(item, _)| match item {
                Val::Seq(pair) => json::node(&pair.first()?.0),
                single => json::node(single),
            })
            .collect(),
        _ => None,
    }
}

/// The type that the filter's method says for its value.
fn method_hint(world: &World<'_, '_>, filter: &Filter<'_>) -> Option<Node> {
    let program = &world.facts.program;
    let (scope, args) = filter.call?;
    let method = keyword(args, "method")?;
    let func: FuncId = match program.eval(scope, method) {
        Val::Known(Literal::Str(name)) => {
            match program.attribute(filter.class?, &name).map(|a| a.kind) {
                Some(AttributeKind::Method(func)) => func,
                _ => return None,
            }
        }
        Val::Symbol(Symbol::Func(func)) => func,
        _ => return None,
    };
    let def = program.func_def(func);
    let annotation = def
        .params
        .iter()
        .find(|p| *p.name == *"value")?
        .annotation
        .as_ref()?;
    let found = match program.resolve(program.scope_around_func(func), annotation) {
        Symbol::External(fq) => basic::python_type(&fq, world.shape),
        _ => None,
    };
    Some(match found {
        Some(basic::Basic::Schema(schema)) => schema,
        _ => basic::of("string"),
    })
}
