//! Which serializers a route reads its body with and writes its answer with.

use std::sync::Arc;

use super::build::all_statements;
use super::{SerializerUse, UseFrom};
use crate::django::models::Model;
use crate::django::names::{ClassRef, Method, truth};
use crate::django::policy::resolve::RouteCx;
use crate::django::read::{
    Attr, is_super_call, method_call, self_attr, statement_exprs, walk_expr,
};
use crate::django::serializers::find::Serializers;
use crate::django::symbolic::{Env, Eval, Out};
use crate::python::syntax::{Arg, Expr, ExprKind, Span, Stmt, StmtKind, keyword, positional};
use crate::python::value::Place;
use crate::python::{FuncId, Scope, Symbol};

/// Calls of own helper methods are entered this deep.
const MAX_DEPTH: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Uses {
    pub(super) input: Vec<SerializerUse>,
    pub(super) output: Vec<SerializerUse>,
    pub(super) open: Option<Arc<str>>,
}

impl Uses {
    fn add(&mut self, used: SerializerUse, input: bool, output: bool) {
        if input && !self.input.contains(&used) {
            self.input.push(used.clone());
        }
        if output && !self.output.contains(&used) {
            self.output.push(used);
        }
    }
}

pub(super) fn serializers(
    cx: &RouteCx<'_, '_>,
    models: &[Model],
    all: &mut Serializers,
    func: Option<FuncId>,
    action: Option<&str>,
) -> Uses {
    let mut out = Uses::default();
    if !cx.view.kind.is_drf() && func.is_none() {
        return out;
    }
    let method = cx.bind.method;
    let takes_body = matches!(
        method,
        Method::Post | Method::Put | Method::Patch | Method::Any
    );
    let gives_body = method != Method::Delete;
    let many = action == Some("list");
    // A generic view's framework handler may call an overridden action method.
    let body = func.or_else(|| action.and_then(|a| cx.view.method(a)));
    match body {
        None => declared(cx, models, all, &mut out, takes_body, gives_body, many),
        Some(func) => {
            let mut scan = Scan {
                cx,
                models,
                all,
                out: Uses::default(),
                uses_own: Vec::new(),
                depth: 0,
                entered: Vec::new(),
            };
            scan.function(func);
            let own = std::mem::take(&mut scan.uses_own);
            let found = std::mem::take(&mut scan.out);
            for used in found.input {
                out.add(used, true, false);
            }
            for used in found.output {
                out.add(used, false, true);
            }
            out.open = found.open;
            if own.is_empty() {
                if out.input.is_empty() && out.output.is_empty() && out.open.is_none() {
                    // Nothing in the body: what the view declares is all there is to know. For a
                    // plain APIView the attribute serves documentation.
                    let is_extra = cx.handler.is_some_and(|h| h.extra.is_some());
                    let has_option = cx
                        .handler
                        .and_then(|h| h.extra.as_ref())
                        .is_some_and(|e| e.kwargs.has("serializer_class"));
                    if !is_extra || has_option {
                        declared(cx, models, all, &mut out, takes_body, gives_body, many);
                    }
                }
            } else {
                for own in own {
                    declared(
                        cx,
                        models,
                        all,
                        &mut out,
                        own.input && takes_body,
                        own.output && gives_body,
                        own.many || (own.base && many),
                    );
                }
            }
        }
    }
    out
}

/// The serializer that `get_serializer_class()` gives for this action.
pub(super) fn declared(
    cx: &RouteCx<'_, '_>,
    models: &[Model],
    all: &mut Serializers,
    out: &mut Uses,
    input: bool,
    output: bool,
    many: bool,
) {
    let read = cx.read;
    let add =
        |out: &mut Uses, all: &mut Serializers, class: &ClassRef, from, place: Option<Place>| {
            match all.of_ref(read, models, class) {
                Some(serializer) => {
                    let used = SerializerUse {
                        serializer,
                        many: false,
                        from,
                        place,
                    };
                    out.add(used.clone(), input, false);
                    out.add(SerializerUse { many, ..used }, false, output);
                }
                None => {
                    out.open.get_or_insert_with(|| {
                        format!("serializer `{}` could not be resolved", class.fq()).into()
                    });
                }
            }
        };
    if let Some(kwarg) = cx.initkwargs.get("serializer_class")
        && let Some(class) = crate::django::settings::find::value_class(read, &kwarg.val)
    {
        add(out, all, &class, UseFrom::Initkwargs, kwarg.place);
        return;
    }
    let Some(class) = cx.view.class else {
        // A package's view.
        if let Some(stub) = read.stubs.class(&cx.view.fq) {
            let value = stub.attrs.get("serializer_class").filter(|v| !v.is_null());
            let named = value
                .and_then(|v| v.get("class"))
                .or_else(|| stub.attrs.get("_serializer_class"))
                .and_then(|v| v.as_str());
            if let Some(fq) = named {
                add(
                    out,
                    all,
                    &ClassRef::External(read.canonical(fq)),
                    UseFrom::Catalogue,
                    None,
                );
            }
        }
        return;
    };
    let eval = Eval::new(read, cx.bind.clone());
    let mut env = Env::new();
    let mut from_action = false;
    if let Some((scope, expr)) = action_option(cx, "serializer_class") {
        env.insert(
            "self.serializer_class".into(),
            eval.reduce(scope, expr, &Env::new(), 0),
        );
        from_action = true;
    }
    let mut outs: Vec<(Out<'_>, UseFrom, Option<Place>)> = Vec::new();
    if let Some(Attr::Method { func, .. }) = read.attr(class, "get_serializer_class") {
        class_paths(cx, &eval, func, &env, &mut outs, 0);
    } else if let Some(value) = env.get("self.serializer_class") {
        outs.push((value.clone(), UseFrom::ActionDecorator, None));
    } else {
        attribute(cx, &eval, &mut outs);
    }
    let _ = from_action;
    let mut flat = Vec::new();
    for (value, from, place) in outs {
        match value {
            Out::Alt(several) => flat.extend(several.into_iter().map(|o| (o, from, place))),
            one => flat.push((one, from, place)),
        }
    }
    for (value, from, place) in flat {
        match value {
            Out::Expr(scope, expr) => {
                let class = read.class_ref(scope, expr);
                let place = place.or(Some(read.place(scope.module, expr.span)));
                add(out, all, &class, from, place);
            }
            Out::Stub(value) => {
                let named = value
                    .get("class")
                    .and_then(|v| v.as_str())
                    .or_else(|| value.as_str());
                if let Some(fq) = named {
                    add(
                        out,
                        all,
                        &ClassRef::External(read.canonical(fq)),
                        UseFrom::Catalogue,
                        None,
                    );
                }
            }
            Out::None | Out::Raise => {}
            Out::Unknown(reason) => {
                out.open.get_or_insert(reason);
            }
            _ => {
                out.open
                    .get_or_insert_with(|| "the serializer class could not be followed".into());
            }
        }
    }
}

fn attribute<'p>(
    cx: &RouteCx<'_, 'p>,
    eval: &Eval<'_, 'p>,
    outs: &mut Vec<(Out<'p>, UseFrom, Option<Place>)>,
) {
    let read = cx.read;
    let Some(class) = cx.view.class else { return };
    match read.attr(class, "serializer_class") {
        Some(Attr::Value { expr, owner, .. }) => {
            let scope = read.class_scope(owner);
            outs.push((
                eval.reduce(scope, expr, &Env::new(), 0),
                UseFrom::ClassAttribute,
                Some(read.place(scope.module, expr.span)),
            ));
        }
        Some(Attr::Stub { value, .. }) if !value.is_null() => {
            outs.push((Out::Stub(value), UseFrom::Catalogue, None));
        }
        _ => {
            if let Some(Attr::Stub { value, .. }) = read.attr(class, "_serializer_class") {
                outs.push((Out::Stub(value), UseFrom::Catalogue, None));
            }
        }
    }
}

fn class_paths<'p>(
    cx: &RouteCx<'_, 'p>,
    eval: &Eval<'_, 'p>,
    func: FuncId,
    env: &Env<'p>,
    outs: &mut Vec<(Out<'p>, UseFrom, Option<Place>)>,
    depth: usize,
) {
    let read = cx.read;
    for path in eval.paths(func, env.clone(), 0) {
        match path.value {
            Out::Super(owner) => {
                if let Some(set) = path.env.get("self.serializer_class") {
                    outs.push((set.clone(), UseFrom::GetSerializerClass, None));
                    continue;
                }
                let next = match (cx.view.class, owner) {
                    (Some(class), Some(owner)) => {
                        read.attr_after(class, "get_serializer_class", Some(owner))
                    }
                    _ => None,
                };
                match next {
                    Some(Attr::Method { func, .. }) if depth < 6 => {
                        class_paths(cx, eval, func, &path.env, outs, depth + 1);
                    }
                    _ => attribute(cx, eval, outs),
                }
            }
            Out::Raise => {}
            Out::Expr(scope, expr) if self_attr(expr) == Some("serializer_class") => {
                let _ = scope;
                attribute(cx, eval, outs);
            }
            value => outs.push((value, UseFrom::GetSerializerClass, None)),
        }
    }
}

fn action_option<'p>(cx: &RouteCx<'_, 'p>, name: &str) -> Option<(Scope, &'p Expr)> {
    let handler = cx.handler?;
    handler.extra.as_ref()?;
    let func = handler.func?;
    let program: &'p crate::python::Program = cx.read.program;
    let scope = Scope {
        func: None,
        ..cx.read.func_scope(func)
    };
    program.func_def(func).decorators.iter().find_map(|d| {
        let (_, args) = d.as_call()?;
        keyword(args, name).map(|e| (scope, e))
    })
}

/// A use of the view's own serializer in a handler's body.
struct Own {
    input: bool,
    output: bool,
    many: bool,
    /// Through the framework's handler (`super().create(…)`).
    base: bool,
}

/// Reads a handler's body for serializers.
struct Scan<'a, 'b, 'p> {
    cx: &'a RouteCx<'a, 'p>,
    models: &'a [Model],
    all: &'b mut Serializers,
    out: Uses,
    uses_own: Vec<Own>,
    depth: usize,
    entered: Vec<FuncId>,
}

impl Scan<'_, '_, '_> {
    fn function(&mut self, func: FuncId) {
        if self.entered.contains(&func) || self.depth > MAX_DEPTH {
            return;
        }
        self.entered.push(func);
        let read = self.cx.read;
        let scope = read.func_scope(func);
        let body = &read.program.func_def(func).body;
        let statements = all_statements(body);
        // Variables a serializer is bound to, with whether `.data` of them is read anywhere.
        let mut data_of: Vec<String> = Vec::new();
        for stmt in &statements {
            for expr in statement_exprs(stmt) {
                walk_expr(expr, &mut |e| {
                    if let ExprKind::Attribute { value, attr } = &e.kind
                        && &**attr == "data"
                    {
                        data_of.extend(value.as_name().map(str::to_owned));
                    }
                });
            }
        }
        let each = loop_variables(&statements);
        let mut found: Vec<(&Expr, Option<String>)> = Vec::new();
        for stmt in &statements {
            let bound = match &stmt.kind {
                StmtKind::Assign { targets, value } => targets
                    .first()
                    .and_then(|t| t.as_name())
                    .map(|n| (n.to_owned(), std::ptr::from_ref(&**value))),
                _ => None,
            };
            for expr in statement_exprs(stmt) {
                walk_expr(expr, &mut |e| {
                    if e.as_call().is_some() {
                        let name = bound
                            .as_ref()
                            .filter(|(_, v)| std::ptr::eq(*v, std::ptr::from_ref(e)))
                            .map(|(n, _)| n.clone());
                        found.push((e, name));
                    }
                });
            }
        }
        // `Serializer(x).data` at once.
        let mut direct: Vec<*const Expr> = Vec::new();
        for stmt in &statements {
            for expr in statement_exprs(stmt) {
                walk_expr(expr, &mut |e| {
                    if let ExprKind::Attribute { value, attr } = &e.kind
                        && &**attr == "data"
                    {
                        direct.push(std::ptr::from_ref(&**value));
                    }
                });
            }
        }
        for (call, name) in found {
            let reads = name.as_ref().is_some_and(|n| data_of.contains(n))
                || direct.contains(&std::ptr::from_ref(call));
            self.call(scope, call, reads, &each);
        }
    }

    fn call(&mut self, scope: Scope, expr: &Expr, reads_data: bool, each: &[(&str, Span)]) {
        let read = self.cx.read;
        let Some((func, args)) = expr.as_call() else {
            return;
        };
        let has_data = keyword(args, "data").is_some() || positional(args, 1).is_some();
        let many = keyword(args, "many")
            .is_some_and(|e| truth(&read.program.eval(scope, e)) != Some(false))
            || (!has_data && is_each_row(expr, args, each));
        if let Some((on, name)) = method_call(func) {
            let on_self = on.as_name() == Some("self");
            if on_self && matches!(name, "get_serializer") {
                self.uses_own.push(Own {
                    input: has_data,
                    output: reads_data || !has_data,
                    many,
                    base: false,
                });
                return;
            }
            let standard = matches!(
                name,
                "list" | "create" | "retrieve" | "update" | "partial_update" | "destroy"
            );
            if (is_super_call(on) || on_self) && standard {
                let own = on_self
                    .then(|| self.cx.view.method(name))
                    .flatten()
                    .filter(|f| !self.entered.contains(f));
                match own {
                    Some(func) => self.enter(func),
                    None => self.uses_own.push(Own {
                        input: matches!(name, "create" | "update" | "partial_update"),
                        output: name != "destroy",
                        many: name == "list",
                        base: true,
                    }),
                }
                return;
            }
            if is_super_call(on) && matches!(name, "get" | "post" | "put" | "patch") {
                self.uses_own.push(Own {
                    input: name != "get",
                    output: true,
                    many: false,
                    base: true,
                });
                return;
            }
            if on_self && let Some(func) = self.cx.view.method(name) {
                if !matches!(
                    name,
                    "get_object" | "get_queryset" | "get_permissions" | "filter_queryset"
                ) {
                    self.enter(func);
                }
                return;
            }
        }
        // `serializer_class = self.get_serializer_class()` … `serializer_class(…)`
        if let Some(name) = func.as_name()
            && (name == "serializer_class" || name.ends_with("serializer_cls"))
            && !matches!(read.program.resolve(scope, func), Symbol::Class(_))
        {
            self.uses_own.push(Own {
                input: has_data,
                output: reads_data || !has_data,
                many,
                base: false,
            });
            return;
        }
        if self_attr(func) == Some("serializer_class") || is_own_class_call(func) {
            self.uses_own.push(Own {
                input: has_data,
                output: reads_data || !has_data,
                many,
                base: false,
            });
            return;
        }
        let class = match read.program.resolve(scope, func) {
            Symbol::Class(id) => read.project_ref(id),
            Symbol::External(fq) => ClassRef::External(read.canonical(&fq)),
            Symbol::Func(id) if self.depth < MAX_DEPTH => {
                let is_helper = read.program.func(id).class.is_none()
                    && read.program.func(id).module == scope.module;
                if is_helper {
                    self.enter(id);
                }
                return;
            }
            _ => return,
        };
        if let ClassRef::External(fq) = &class
            && read.stubs.class(fq).is_none_or(|c| c.kind != "serializer")
        {
            return;
        }
        let Some(serializer) = self.all.of_ref(read, self.models, &class) else {
            return;
        };
        let used = SerializerUse {
            serializer,
            many,
            from: UseFrom::HandlerBody,
            place: Some(read.place(scope.module, expr.span)),
        };
        self.out.add(used, has_data, reads_data || !has_data);
    }

    fn enter(&mut self, func: FuncId) {
        self.depth += 1;
        self.function(func);
        self.depth -= 1;
    }
}

/// Names of `for` and comprehension variables, with the text in which each stands for a row.
fn loop_variables<'s>(statements: &[&'s Stmt]) -> Vec<(&'s str, Span)> {
    let mut found = Vec::new();
    for stmt in statements {
        if let StmtKind::For { target, .. } = &stmt.kind {
            found.extend(target.as_name().map(|name| (name, stmt.span)));
        }
        for expr in statement_exprs(stmt) {
            walk_expr(expr, &mut |e| {
                if let ExprKind::Comprehension(c) = &e.kind {
                    let names = c
                        .clauses
                        .iter()
                        .filter_map(|clause| clause.target.as_name());
                    found.extend(names.map(|name| (name, e.span)));
                }
            });
        }
    }
    found
}

/// `for row in rows: data.append(Serializer(row).data)` answers with many rows, one by one.
fn is_each_row(call: &Expr, args: &[Arg], each: &[(&str, Span)]) -> bool {
    let instance = positional(args, 0).or_else(|| keyword(args, "instance"));
    instance.and_then(Expr::as_name).is_some_and(|name| {
        each.iter()
            .any(|(variable, within)| *variable == name && within.contains(call.span))
    })
}

/// `self.get_serializer_class()(…)`
fn is_own_class_call(func: &Expr) -> bool {
    func.as_call()
        .and_then(|(inner, _)| method_call(inner))
        .is_some_and(|(on, name)| on.as_name() == Some("self") && name == "get_serializer_class")
}
