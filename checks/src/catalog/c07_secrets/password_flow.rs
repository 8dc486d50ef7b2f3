//! The way of a password from a request to its column: which routes take one, and whether it is
//! hashed on the way. Shared by the checks on passwords; judges nothing.

use crate::catalog::Cx;
use crate::catalog::on_request::{effects, serializer_functions, view_functions};
use crate::django::function::{FunctionIr, WriteKind};
use crate::django::serializers::SerializerField;
use crate::django::{Method, Model, Route, Serializer};
use crate::python::syntax::{ExprKind, StmtKind};
use crate::python::value::Place;
use crate::python::{FuncId, visit};

/// What becomes of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Hashed; where.
    Hashed(Place),
    /// Written as it came.
    Raw,
    /// Taken out before anything is saved.
    NotStored,
    /// It could not be told; a clause for people.
    Unknown(&'static str),
}

/// A route that reads a password of the user model through a serializer and saves.
#[derive(Debug)]
pub(super) struct PasswordPath<'a> {
    pub(super) route: &'a Route,
    pub(super) serializer: &'a Serializer,
    pub(super) field: &'a SerializerField,
    pub(super) fate: Fate,
}

/// Every way by which a serializer of the project takes and saves a password of the user model.
pub(super) fn paths<'a>(cx: &Cx<'a>) -> Vec<PasswordPath<'a>> {
    let django = &cx.head.django;
    let mut found = Vec::new();
    for route in django.routes() {
        if !route.mounted || !matches!(route.method, Method::Post | Method::Put | Method::Patch) {
            continue;
        }
        for used in &route.input {
            let serializer = django.serializer(used.serializer);
            let Some(model) = serializer.model.map(|id| django.model(id)) else {
                continue;
            };
            if serializer.class.is_none() || !holds_users(model) {
                continue;
            }
            let field = serializer
                .input_fields()
                .find(|field| &*field.source == "password");
            let Some(field) = field else { continue };
            if !saves(cx, route, serializer) {
                continue;
            }
            found.push(PasswordPath {
                route,
                serializer,
                field,
                fate: fate(cx, route, serializer, model, &field.name),
            });
        }
    }
    found
}

/// The user model, or another one with a password of `AbstractBaseUser`.
pub(super) fn holds_users(model: &Model) -> bool {
    model.is_user
        || model
            .field("password")
            .is_some_and(|field| field.declared_in.fq().contains("AbstractBaseUser"))
}

/// Whether the route saves this serializer: the framework's own handler, or one that calls `save`.
fn saves(cx: &Cx<'_>, route: &Route, serializer: &Serializer) -> bool {
    let django = &cx.head.django;
    let functions = view_functions(cx, route);
    let own_handler = functions
        .iter()
        .filter_map(|func| django.function(*func))
        .filter(|ir| {
            let name = ir.fq.rsplit('.').next().unwrap_or("");
            route.func == Some(ir.func)
                || name.starts_with("perform_")
                || matches!(name, "create" | "update" | "partial_update")
        });
    let mut any = false;
    for ir in own_handler {
        any = true;
        let by_serializer = ir.serializers.iter().any(|call| {
            call.saved.is_some() && call.serializer.is_none_or(|id| id == serializer.id)
        });
        let by_call = ir.calls_super
            || ir.calls.iter().any(|call| {
                ["serializer.save", ".perform_create", ".perform_update"]
                    .iter()
                    .any(|end| call.text.ends_with(end))
            });
        if by_serializer || by_call {
            return true;
        }
    }
    !any && route.func.is_none()
}

fn fate(cx: &Cx<'_>, route: &Route, serializer: &Serializer, model: &Model, field: &str) -> Fate {
    let django = &cx.head.django;
    let mut functions = view_functions(cx, route);
    functions.extend(serializer_functions(serializer, route.method));
    functions.extend(model.method("save"));
    functions.extend(model.method("set_password"));
    functions.extend(model.managers.iter().filter_map(|manager| {
        let class = manager.class.class()?;
        match cx.head.program.attribute(class, "create")?.kind {
            crate::python::AttributeKind::Method(func) => Some(func),
            _ => None,
        }
    }));
    let save_signals = django.receivers().iter().filter(|receiver| {
        receiver.signal.ends_with("_save")
            && receiver
                .sender_model
                .is_none_or(|sender| sender == model.id)
    });
    functions.extend(save_signals.map(|receiver| receiver.func));
    let bodies = effects(cx, &functions);
    if let Some(place) = bodies.iter().find_map(|ir| hashing(ir)) {
        return Fate::Hashed(place);
    }
    if serializer.open.is_some() {
        return Fate::Unknown("a base of the serializer is not known");
    }
    if model.open.is_some() {
        return Fate::Unknown("a base of the user model is not known");
    }
    let method = if route.method == Method::Post {
        "create"
    } else {
        "update"
    };
    let own = serializer
        .method(method)
        .or_else(|| serializer.method("save"));
    let Some(own) = own else {
        return Fate::Raw;
    };
    let taken_out = functions.iter().any(|func| takes_out(cx, *func, field));
    let Some(ir) = django.function(own) else {
        return Fate::Unknown("the serializer's own method was not read");
    };
    let writes_it = effects(cx, &[own])
        .iter()
        .any(|ir| ir.writes.iter().any(writes_password));
    if writes_it || names_password_argument(ir) {
        return Fate::Raw;
    }
    if taken_out {
        return Fate::NotStored;
    }
    let whole = ir.calls_super
        || ir.calls.iter().any(|call| &*call.text == "setattr")
        || ir.writes.iter().any(|write| {
            matches!(write.kind, WriteKind::Create)
                && write.kwargs.open
                && write.model == Some(model.id)
        });
    if whole {
        Fate::Raw
    } else if method == "update" {
        Fate::NotStored
    } else {
        Fate::Unknown("how the serializer's own `create` stores it was not read")
    }
}

/// A write that names the column itself.
pub(super) fn writes_password(write: &crate::django::function::Write) -> bool {
    write.fields.iter().any(|(name, _)| &**name == "password")
}

fn names_password_argument(ir: &FunctionIr) -> bool {
    ir.calls
        .iter()
        .any(|call| call.text.ends_with("objects.create") && call.kwargs.has("password"))
}

/// The first call that hashes: Django's own names, or a function of the project that says so.
pub(super) fn hashing(ir: &FunctionIr) -> Option<Place> {
    ir.calls.iter().find_map(|call| {
        let name = call.text.rsplit('.').next()?.to_ascii_lowercase();
        let hashes = [
            "set_password",
            "make_password",
            "create_user",
            "create_superuser",
            "hash",
            "bcrypt",
            "pbkdf2",
            "encrypt",
        ]
        .iter()
        .any(|part| name.contains(part));
        hashes.then_some(call.place)
    })
}

/// `validated_data.pop("password")` or `del validated_data["password"]`.
fn takes_out(cx: &Cx<'_>, func: FuncId, field: &str) -> bool {
    let body = &cx.head.program.func_def(func).body;
    let mut found = false;
    visit::calls(body, |_, func, args| {
        if let ExprKind::Attribute { attr, .. } = &func.kind {
            let names_it = args
                .first()
                .is_some_and(|arg| arg.value.as_str() == Some(field));
            found |= &**attr == "pop" && names_it;
        }
    });
    visit::stmts(body, |stmt| {
        if let StmtKind::Delete(targets) = &stmt.kind {
            found |= targets.iter().any(|target| {
                matches!(&target.kind, ExprKind::Subscript { index, .. } if index.as_str() == Some(field))
            });
        }
    });
    found
}

/// Where the options of the field are written: its declaration, its `extra_kwargs`, its name.
pub(super) fn field_place(serializer: &Serializer, field: &SerializerField) -> Option<Place> {
    let options = serializer
        .extra_kwargs
        .iter()
        .find(|(name, ..)| *name == field.name)
        .map(|(_, _, place)| *place);
    serializer
        .declared(&field.name)
        .map(|declared| declared.place)
        .or(options)
        .or(field.place)
        .or(serializer.place)
}
