//! Fields that a client can send to a route, and whether the project's code looks at them before it
//! stores them. Shared by the checks on input; judges nothing.

use std::collections::BTreeSet;

use crate::catalog::{Cx, on_request};
use crate::django::serializers::SerializerField;
use crate::django::{Field, FunctionIr, Model, Route, Serializer, SerializerId};
use crate::python::FuncId;
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::visit;

/// Nested serializers are followed this far.
const MAX_DEPTH: usize = 3;

/// A field of a serializer that a route reads its body with.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) route: &'a Route,
    pub(super) serializer: &'a Serializer,
    pub(super) field: &'a SerializerField,
}

/// Serializers that mounted routes read bodies with, each once with its first route.
pub(super) fn inputs<'a>(cx: &Cx<'a>) -> Vec<(&'a Route, &'a Serializer)> {
    let mut seen: BTreeSet<SerializerId> = BTreeSet::new();
    let mut found = Vec::new();
    for route in cx.head.django.routes() {
        if !route.is_unsafe() || !route.mounted {
            continue;
        }
        for used in &route.input {
            let mut layer = vec![used.serializer];
            for _ in 0..MAX_DEPTH {
                let mut next = Vec::new();
                for id in layer {
                    if seen.insert(id) {
                        let serializer = cx.head.django.serializer(id);
                        next.extend(serializer.input_fields().filter_map(|field| field.nested));
                        found.push((route, serializer));
                    }
                }
                layer = next;
            }
        }
    }
    found
}

/// Every field of these serializers that a client can send.
pub(super) fn sent<'a>(cx: &Cx<'a>) -> Vec<Sent<'a>> {
    let mut found = Vec::new();
    for (route, serializer) in inputs(cx) {
        if serializer.class.is_none() || serializer.dynamic.is_some() {
            continue;
        }
        found.extend(serializer.input_fields().map(|field| Sent {
            route,
            serializer,
            field,
        }));
    }
    found
}

impl<'a> Sent<'a> {
    /// The model's field that it is stored in.
    pub(super) fn model_field(&self, cx: &Cx<'a>) -> Option<(&'a Model, &'a Field)> {
        let (model, name) = self.field.model_field.as_ref()?;
        let model = cx.head.django.model(*model);
        Some((model, model.field(name)?))
    }

    /// Where one would change it: its declaration, else the model's field.
    pub(super) fn place(&self, cx: &Cx<'a>) -> Option<Place> {
        let declared = self.serializer.declared(&self.field.name);
        let on_model = || self.model_field(cx).and_then(|(_, field)| field.place);
        declared
            .map(|field| field.place)
            .or_else(on_model)
            .or(self.field.place)
            .or(self.serializer.place)
    }

    /// `validators=…` on the field or its column, `validate_<field>`, or a `validate` that names it.
    pub(super) fn is_validated(&self, cx: &Cx<'a>) -> bool {
        let name = &*self.field.name;
        let with_validators =
            |kwargs: &crate::django::Kwargs| kwargs.has("validators") || kwargs.open;
        with_validators(&self.field.kwargs)
            || self
                .model_field(cx)
                .is_some_and(|(_, field)| with_validators(&field.kwargs))
            || self
                .serializer
                .method(&format!("validate_{name}"))
                .is_some()
            || ["validate", "to_internal_value", "run_validation"]
                .iter()
                .filter_map(|method| self.serializer.method(method))
                .any(|func| mentions(cx, func, name))
    }

    /// `serializers.py` name of it for messages: `OrderSerializer.quantity`.
    pub(super) fn words(&self) -> String {
        format!("{}.{}", self.serializer.name, self.field.name)
    }

    pub(super) fn subject(&self) -> String {
        format!("{}.{}", self.serializer.fq, self.field.name)
    }

    /// All that a request of the route runs.
    pub(super) fn on_request(&self, cx: &Cx<'a>) -> Vec<&'a FunctionIr> {
        on_request::of_route(cx, self.route)
    }
}

/// The name as a key, an attribute, or a variable.
pub(super) fn is_named(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        ExprKind::Attribute { attr, .. } => &**attr == name,
        ExprKind::Name(variable) => &**variable == name,
        _ => expr.as_str() == Some(name),
    }
}

/// The function's body names it as a key, an attribute, or a variable.
pub(super) fn mentions(cx: &Cx<'_>, func: FuncId, name: &str) -> bool {
    visit::any_expr(&cx.head.program.func_def(func).body, |expr| {
        is_named(expr, name)
    })
}

/// Some comparison in the function holds the name against something.
pub(super) fn compares(cx: &Cx<'_>, func: FuncId, name: &str) -> bool {
    visit::any_expr(&cx.head.program.func_def(func).body, |expr| {
        matches!(expr.kind, ExprKind::Compare { .. })
            && visit::any_within(expr, |inner| is_named(inner, name))
    })
}

/// Tokens of a name: `unit_price` is `unit` and `price`.
pub(super) fn tokens(name: &str) -> impl Iterator<Item = &str> {
    name.split('_')
}
