//! Reads one function into its [`FunctionIr`], in the order in which things happen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::shape;
use super::{
    AtomicRegion, CacheUse, Call, Callee, Dispatch, ExternalCall, FunctionIr, IsValid, LogCall,
    Query, Raise, RequestRead, SerializerCall, Write, WriteKind,
};
use crate::django::data::{Data, World, is_request};
use crate::django::names::{ClassRef, Kwargs, SerializerId};
use crate::django::queryset::{QsIr, Taint};
use crate::django::read::{call_name, is_super_call, method_call, walk_expr};
use crate::python::flow::{Chain, Context, Event, Link, events};
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, Stmt, StmtKind, keyword, positional};
use crate::python::value::Place;
use crate::python::{ClassId, FuncId, Symbol};

/// Things of one kind that are kept for one function; a generated function has no more to say.
const MAX_KEPT: usize = 2_000;

/// Packages whose calls leave the process.
const EXTERNAL: &[&str] = &[
    "requests.",
    "httpx.",
    "urllib.request.",
    "urllib3.",
    "aiohttp.",
    "smtplib.",
    "boto3.",
    "stripe.",
    "twilio.",
    "paramiko.",
    "ftplib.",
    "socket.",
    "subprocess.",
    "os.system",
    "time.sleep",
    "asyncio.sleep",
    "django.core.mail.",
    "sendgrid.",
    "paypalrestsdk.",
    "openai.",
    "razorpay.",
    "pyodbc.",
    "shutil.",
    "redis.",
];

/// An attribute assigned on a variable: `order.status = x`, `order.total += y`.
#[derive(Clone, Debug)]
pub(super) struct Assigned<'p> {
    pub(super) variable: Arc<str>,
    pub(super) attr: Arc<str>,
    pub(super) value: &'p Expr,
    pub(super) aug: bool,
    pub(super) place: Place,
    pub(super) stmt: Place,
}

pub(super) struct Build<'x, 'w, 'a, 'p> {
    pub(super) data: &'x Data<'w, 'a, 'p>,
    serializers: &'x BTreeMap<ClassId, SerializerId>,
    pub(super) out: FunctionIr,
    whole_atomic: bool,
    /// Recorded queries by the address of their expression.
    queries: BTreeMap<usize, Query>,
    calls: BTreeMap<usize, Call>,
    serializer_calls: Vec<(usize, SerializerCall)>,
    pub(super) assigned: Vec<Assigned<'p>>,
    reads: BTreeMap<usize, RequestRead>,
    /// Local names by what they are bound to.
    bound: BTreeMap<usize, Arc<str>>,
}

fn address(expr: &Expr) -> usize {
    std::ptr::from_ref(expr) as usize
}

/// Reads a function as its own class sees it.
pub(in crate::django) fn build<'a, 'p>(
    world: &World<'a, 'p>,
    serializers: &BTreeMap<ClassId, SerializerId>,
    func: FuncId,
) -> FunctionIr {
    let read = world.read;
    let program: &'p crate::python::Program = read.program;
    let def = program.func_def(func);
    let info = program.func(func);
    let data = Data::of_func(world, func, None, None);
    let whole_atomic = def.decorators.iter().any(|d| is_atomic(&data, d));
    let out = FunctionIr {
        func,
        fq: Arc::clone(&info.fq),
        is_async: def.is_async,
        writes: Vec::new(),
        queries: Vec::new(),
        atomic: Vec::new(),
        races: Vec::new(),
        check_then_create: Vec::new(),
        external: Vec::new(),
        dispatches: Vec::new(),
        cache: Vec::new(),
        excepts: Vec::new(),
        request_reads: Vec::new(),
        responses: Vec::new(),
        raises: Vec::new(),
        serializers: Vec::new(),
        calls: Vec::new(),
        logs: Vec::new(),
        guards: Vec::new(),
        checks_object_permissions: false,
        paginates: false,
        filters: false,
        calls_super: false,
        exits_without_value: None,
        returns_value: false,
        lines: shape::lines(read, def, info.module),
        complexity: shape::complexity(&def.body),
        place: read.func_place(func),
        span: read.place(info.module, def.span),
    };
    let mut build = Build {
        data: &data,
        serializers,
        out,
        whole_atomic,
        queries: BTreeMap::new(),
        calls: BTreeMap::new(),
        serializer_calls: Vec::new(),
        assigned: Vec::new(),
        reads: BTreeMap::new(),
        bound: BTreeMap::new(),
    };
    if whole_atomic {
        build.out.atomic.push(AtomicRegion {
            place: build.out.span,
            is_decorator: true,
            nested: false,
        });
    }
    let mut generator = false;
    events(&def.body, |event, context| {
        if let Event::Expr(e) = event {
            generator |= matches!(e.kind, ExprKind::Yield(_));
        }
        build.event(event, context);
    });
    let name = Arc::clone(&def.name);
    build.finish(&def.body, &name, generator)
}

pub(super) fn is_atomic(data: &Data<'_, '_, '_>, expr: &Expr) -> bool {
    let func = expr.as_call().map_or(expr, |(f, _)| f);
    match data.world.read.callee(data.scope, func) {
        Some(fq) => fq.ends_with("transaction.atomic") || &*fq == "atomic",
        None => func
            .dotted()
            .is_some_and(|d| d == "atomic" || d.ends_with("transaction.atomic")),
    }
}

impl<'p> Build<'_, '_, '_, 'p> {
    pub(super) fn place(&self, expr: &Expr) -> Place {
        self.data.place(expr)
    }

    fn in_atomic(&self, context: &Context<'p>) -> bool {
        self.whole_atomic
            || context
                .withs
                .iter()
                .any(|item| is_atomic(self.data, &item.context))
    }

    fn in_loop(&self, context: &Context<'p>) -> Option<Place> {
        context
            .loops
            .last()
            .map(|s| self.data.world.read.place(self.data.scope.module, s.span))
    }

    /// Inside a `try` that catches one of these names (or everything).
    fn caught(context: &Context<'p>, names: &[&str]) -> bool {
        context.tries.iter().any(|stmt| {
            let StmtKind::Try { handlers, .. } = &stmt.kind else {
                return false;
            };
            handlers.iter().any(|h| match &h.types {
                None => true,
                Some(types) => {
                    let mut hit = false;
                    walk_expr(types, &mut |e| {
                        if let Some(dotted) = e.dotted() {
                            let last = dotted.rsplit('.').next().unwrap_or("");
                            hit |= names.contains(&last)
                                || matches!(last, "Exception" | "BaseException");
                        }
                    });
                    hit
                }
            })
        })
    }

    fn event(&mut self, event: Event<'p>, context: &Context<'p>) {
        match event {
            Event::Expr(expr) => match &expr.kind {
                ExprKind::Call { func, args } => self.call(expr, func, args, context),
                ExprKind::Subscript { value, index } => {
                    self.request_item(expr, value, index.as_str(), true, context);
                    if !self.reads.contains_key(&address(expr)) {
                        self.query(expr, context);
                    }
                }
                ExprKind::Attribute { value, attr } => {
                    if &**attr == "data" {
                        let name = value.as_name().map(str::to_owned);
                        for (at, call) in &mut self.serializer_calls {
                            if *at == address(value)
                                || (name.is_some() && call.bound_to.as_deref() == name.as_deref())
                            {
                                call.reads_data = true;
                            }
                        }
                    }
                    // A related manager handed on: `order.items`.
                    if self.out.queries.len() < MAX_KEPT {
                        self.query(expr, context);
                    }
                }
                _ => {}
            },
            Event::Assign { target, value } => self.assign(target, value, false),
            Event::AugAssign { target, value, .. } => self.assign(target, value, true),
            Event::Return(value) => match value {
                Some(value) => {
                    self.out.returns_value = true;
                    let in_except = !context.handlers.is_empty();
                    let in_branch = !context.guards.is_empty();
                    shape::responses(
                        self.data,
                        value,
                        in_except,
                        in_branch,
                        &mut self.out.responses,
                        0,
                    );
                }
                None => {
                    if let Some(stmt) = context.stmt {
                        let place = self
                            .data
                            .world
                            .read
                            .place(self.data.scope.module, stmt.span);
                        self.out.exits_without_value.get_or_insert(place);
                    }
                }
            },
            Event::Raise(exc) => {
                let class = exc.and_then(|e| {
                    let named = e.as_call().map_or(e, |(f, _)| f);
                    self.data
                        .world
                        .read
                        .callee(self.data.scope, named)
                        .or_else(|| named.dotted().map(Into::into))
                });
                let place = context.stmt.map_or(self.out.place, |s| {
                    self.data.world.read.place(self.data.scope.module, s.span)
                });
                self.out.raises.push(Raise {
                    class,
                    in_except: !context.handlers.is_empty(),
                    place,
                });
            }
            Event::End => {
                let place = self.out.place;
                self.out.exits_without_value.get_or_insert(place);
            }
            Event::Iterate { .. } | Event::Delete(_) => {}
        }
    }

    fn assign(&mut self, target: &'p Expr, value: &'p Expr, aug: bool) {
        match &target.kind {
            ExprKind::Name(name) => {
                let value = match &value.kind {
                    ExprKind::Await(inner) => inner,
                    _ => value,
                };
                self.bound.insert(address(value), Arc::clone(name));
                if let Some(query) = self.queries.get_mut(&address(value)) {
                    query.bound_to = Some(Arc::clone(name));
                }
                for (at, call) in &mut self.serializer_calls {
                    if *at == address(value) {
                        call.bound_to = Some(Arc::clone(name));
                    }
                }
            }
            ExprKind::Attribute { value: on, attr } => {
                if let Some(name) = on.dotted() {
                    self.assigned.push(Assigned {
                        variable: name.into(),
                        attr: Arc::clone(attr),
                        value,
                        aug,
                        place: self.place(target),
                        stmt: Place {
                            file: self.place(target).file,
                            span: crate::python::syntax::Span {
                                start: target.span.start,
                                end: value.span.end,
                            },
                        },
                    });
                }
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                // order, created = Order.objects.get_or_create(…)
                if let (Some(query), Some(name)) = (
                    self.queries.get_mut(&address(value)),
                    items.first().and_then(Expr::as_name),
                ) {
                    query.bound_to = Some(name.into());
                }
            }
            _ => {}
        }
    }

    /// Records a queryset expression; what it is made of is no query of its own.
    fn query(&mut self, expr: &'p Expr, context: &Context<'p>) -> Option<QsIr> {
        if self.queries.len() > MAX_KEPT {
            return None;
        }
        let mut qs = self.data.qs(expr)?;
        crate::django::queryset::build::settle(&mut qs);
        let chain = Chain::of(expr);
        for link in &chain.links {
            let inner = match link {
                Link::Attribute { expr, .. }
                | Link::Call { expr, .. }
                | Link::DirectCall { expr, .. }
                | Link::Item { expr, .. } => *expr,
            };
            if address(inner) != address(expr) {
                self.queries.remove(&address(inner));
            }
        }
        let or_404 = qs
            .ended_by
            .as_ref()
            .is_some_and(|(name, _)| name.ends_with("or_404"));
        let model = qs.model.and_then(|m| self.data.world.model(m));
        let own = model.map(|m| m.name.to_string()).unwrap_or_default();
        let mut names = vec![
            "DoesNotExist",
            "ObjectDoesNotExist",
            "MultipleObjectsReturned",
        ];
        names.push(&own);
        let text = self.data.world.read.text(self.place(expr));
        self.queries.insert(
            address(expr),
            Query {
                qs: qs.clone(),
                bound_to: self.bound.get(&address(expr)).cloned(),
                in_loop: self.in_loop(context),
                in_atomic: self.in_atomic(context),
                guarded: Self::caught(context, &names),
                or_404,
                text,
                place: self.place(expr),
            },
        );
        Some(qs)
    }

    #[expect(clippy::too_many_lines, reason = "one test per kind of call")]
    fn call(&mut self, expr: &'p Expr, func: &'p Expr, args: &'p [Arg], context: &Context<'p>) {
        let read = self.data.world.read;
        let scope = self.data.scope;
        let last: Arc<str> = call_name(func).map_or_else(|| "".into(), Arc::clone);
        let on = method_call(func).map(|(on, _)| on);
        let in_atomic = self.in_atomic(context);
        let in_loop = self.in_loop(context);
        let place = self.place(expr);

        // Names of the framework's own methods.
        if on.is_some_and(|o| o.as_name() == Some("self")) {
            match &*last {
                "get_object" | "check_object_permissions" => {
                    self.out.checks_object_permissions = true;
                }
                "filter_queryset" => self.out.filters = true,
                "paginate_queryset" | "get_paginated_response" => self.out.paginates = true,
                _ => {}
            }
        }
        if on.is_some_and(is_super_call) {
            let own = self
                .data
                .func
                .map(|f| Arc::clone(&read.program.func_def(f).name));
            self.out.calls_super |= own.as_deref() == Some(&*last);
        }
        self.out.paginates |= matches!(
            &*last,
            "paginate_queryset" | "get_paginated_response" | "Paginator" | "get_page"
        );

        // Reads of the request.
        if let (Some(on), "get" | "pop" | "getlist") = (on, &*last) {
            let key = positional(args, 0).and_then(Expr::as_str);
            self.request_item(expr, on, key, &*last == "pop" && args.len() < 2, context);
        }
        if matches!(
            &*last,
            "int" | "float" | "Decimal" | "UUID" | "fromisoformat" | "strptime" | "bool" | "loads"
        ) && let Some(first) = positional(args, 0)
        {
            let guarded = Self::caught(
                context,
                &[
                    "ValueError",
                    "TypeError",
                    "InvalidOperation",
                    "ValidationError",
                    "JSONDecodeError",
                ],
            );
            let mut found = Vec::new();
            walk_expr(first, &mut |e| found.push(address(e)));
            for at in found {
                if let Some(one) = self.reads.get_mut(&at) {
                    one.converted_by = Some(Arc::clone(&last));
                    one.guarded |= guarded;
                }
            }
        }

        // Logging.
        self.log(&last, on, args, context, place);

        let callee = self.callee(func);
        let fq: Option<Arc<str>> = match &callee {
            Callee::External(fq) => Some(Arc::clone(fq)),
            _ => None,
        };

        // Serializers.
        self.serializer(expr, func, args, &callee, context);
        self.serializer_use(on, &last, args, context, expr);

        // Queries and writes.
        let qs = self.query(expr, context);
        self.write(
            expr,
            func,
            on,
            &last,
            args,
            qs.as_ref(),
            in_atomic,
            in_loop,
            &callee,
        );

        // Effects outside the database.
        if let Some(fq) = &fq {
            let is_external = EXTERNAL
                .iter()
                .any(|p| fq.starts_with(p) || p.strip_suffix('.').is_some_and(|p| &**fq == p))
                && !fq.contains("exceptions");
            if is_external {
                self.out.external.push(ExternalCall {
                    callee: Arc::clone(fq),
                    argument: args
                        .first()
                        .map_or(Taint::Constant, |a| self.data.taint(&a.value)),
                    in_atomic,
                    kwargs: read.kwargs(scope, args, &["url"]),
                    place,
                });
            }
        }
        if matches!(
            &*last,
            "delay" | "apply_async" | "send_task" | "enqueue" | "delay_on_commit"
        ) {
            let named = on.unwrap_or(func);
            let task = read.program.resolve(scope, named);
            let on_commit = &*last == "delay_on_commit";
            if on_commit || !matches!(task, Symbol::Unknown(_)) || &*last != "enqueue" {
                self.out.dispatches.push(Dispatch {
                    task,
                    text: read.expr_text(scope.module, func),
                    on_commit,
                    in_atomic,
                    place,
                });
            }
        }
        if &*last == "on_commit" {
            self.on_commit(args, place);
        }
        self.cache(&last, on, args, place);

        if self.calls.len() < MAX_KEPT {
            let discarded = context
                .stmt
                .is_some_and(|s| matches!(&s.kind, StmtKind::Expr(e) if std::ptr::eq(e, expr)));
            self.calls.insert(
                address(expr),
                Call {
                    callee,
                    text: read.expr_text(scope.module, func),
                    args: args
                        .iter()
                        .filter(|a| a.kind == ArgKind::Positional)
                        .map(|a| self.data.taint(&a.value))
                        .collect(),
                    kwargs: Kwargs::default(),
                    in_atomic,
                    in_loop,
                    discarded,
                    place,
                },
            );
        }
    }

    fn callee(&self, func: &'p Expr) -> Callee {
        if let Some((id, _)) = self.data.callee(func) {
            return Callee::Project(id);
        }
        match self.data.world.read.program.resolve(self.data.scope, func) {
            Symbol::Class(class) => Callee::Class(class),
            Symbol::Func(id) => Callee::Project(id),
            Symbol::External(fq) => Callee::External(self.data.world.read.canonical(&fq)),
            _ => Callee::Unknown,
        }
    }

    /// `request.data["k"]`, `request.query_params.get("k")`.
    fn request_item(
        &mut self,
        expr: &'p Expr,
        on: &'p Expr,
        key: Option<&str>,
        subscript: bool,
        context: &Context<'p>,
    ) {
        let from = match &on.kind {
            ExprKind::Attribute { value, attr } if is_request(value) => match &**attr {
                "data" | "POST" | "FILES" => Taint::Body,
                "query_params" | "GET" | "META" | "headers" | "COOKIES" => Taint::Query,
                _ => return,
            },
            ExprKind::Attribute { value, attr }
                if &**attr == "kwargs" && value.as_name() == Some("self") =>
            {
                Taint::Url
            }
            // data = request.data; data["k"]
            ExprKind::Name(name) if &**name == "kwargs" => Taint::Url,
            ExprKind::Name(_) => {
                let text = self.local_request(on);
                match text {
                    Some(taint) => taint,
                    None => return,
                }
            }
            _ => return,
        };
        let guarded = Self::caught(
            context,
            &[
                "KeyError",
                "MultiValueDictKeyError",
                "LookupError",
                "ValueError",
                "TypeError",
            ],
        ) || context.guards.iter().any(|g| mentions_key(g, key));
        let place = self.place(expr);
        self.reads.insert(
            address(expr),
            RequestRead {
                from,
                key: key.map(Into::into),
                subscript,
                converted_by: None,
                guarded,
                place,
            },
        );
    }

    /// A local that is `request.data` or the like itself.
    fn local_request(&self, expr: &'p Expr) -> Option<Taint> {
        use crate::python::link::Local;
        let ExprKind::Name(name) = &expr.kind else {
            return None;
        };
        let program: &'p crate::python::Program = self.data.world.read.program;
        let locals = program.local(self.data.scope, name, expr.span.start);
        let [Local::Value(_, value)] = locals.as_slice() else {
            return None;
        };
        match &value.kind {
            ExprKind::Attribute { value, attr } if is_request(value) => match &**attr {
                "data" | "POST" => Some(Taint::Body),
                "query_params" | "GET" => Some(Taint::Query),
                _ => None,
            },
            ExprKind::Call { func, args } => {
                // json.loads(request.body), request.data.copy()
                let on_request = method_call(func).is_some_and(|(on, name)| {
                    name == "copy"
                        && matches!(&on.kind, ExprKind::Attribute { value, .. } if is_request(value))
                });
                let loads = call_name(func).is_some_and(|n| &**n == "loads")
                    && args.first().is_some_and(|a| {
                        matches!(&a.value.kind, ExprKind::Attribute { value, attr } if &**attr == "body" && is_request(value))
                    });
                (on_request || loads).then_some(Taint::Body)
            }
            _ => None,
        }
    }

    fn log(
        &mut self,
        last: &str,
        on: Option<&'p Expr>,
        args: &'p [Arg],
        context: &Context<'p>,
        place: Place,
    ) {
        let is_print = on.is_none() && matches!(last, "print" | "pprint");
        let is_level = matches!(
            last,
            "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log"
        );
        let is_logger = on.and_then(Expr::dotted).is_some_and(|d| {
            let d = d.to_lowercase();
            d.ends_with("logger") || d.ends_with("log") || d.ends_with("logging")
        });
        let is_log = is_print || is_level && is_logger;
        if !is_log {
            return;
        }
        let mut mentions = Vec::new();
        for arg in args {
            walk_expr(&arg.value, &mut |e| {
                if let Some(dotted) = e.dotted() {
                    mentions.push(Arc::from(dotted));
                }
            });
        }
        self.out.logs.push(LogCall {
            level: last.into(),
            exc_info: last == "exception" || keyword(args, "exc_info").is_some(),
            mentions,
            in_except: !context.handlers.is_empty(),
            place,
        });
    }

    fn cache(&mut self, last: &str, on: Option<&'p Expr>, args: &'p [Arg], place: Place) {
        let read = self.data.world.read;
        let scope = self.data.scope;
        let on_cache = on.is_some_and(|o| {
            read.callee(scope, o)
                .is_some_and(|fq| fq.starts_with("django.core.cache"))
                || matches!(&o.kind, ExprKind::Subscript { value, .. } if read.callee(scope, value).is_some_and(|fq| fq.starts_with("django.core.cache")))
        });
        if !on_cache {
            return;
        }
        let key = positional(args, 0).or_else(|| keyword(args, "key"));
        self.out.cache.push(CacheUse {
            op: last.into(),
            key: key.map_or_else(|| "".into(), |k| read.expr_text(scope.module, k)),
            names_user: key.is_some_and(|k| {
                let mut hit = false;
                walk_expr(k, &mut |e| {
                    hit |= matches!(e.kind, ExprKind::Attribute { .. } | ExprKind::Name(_))
                        && matches!(self.data.taint(e), Taint::User | Taint::Tenant);
                });
                hit
            }),
            kwargs: read.kwargs(scope, args, &["key", "value", "timeout"]),
            place,
        });
    }

    /// `transaction.on_commit(lambda: task.delay(…))`
    fn on_commit(&mut self, args: &'p [Arg], place: Place) {
        for arg in args {
            let mut found = false;
            walk_expr(&arg.value, &mut |e| {
                if let Some((f, _)) = e.as_call()
                    && let Some((on, "delay" | "apply_async")) = method_call(f)
                {
                    found = true;
                    let task = self.data.world.read.program.resolve(self.data.scope, on);
                    self.out.dispatches.push(Dispatch {
                        task,
                        text: self.data.world.read.expr_text(self.data.scope.module, f),
                        on_commit: true,
                        in_atomic: false,
                        place: self.data.place(e),
                    });
                }
            });
            if !found {
                // functools.partial(task.delay, …) and plain names.
                walk_expr(&arg.value, &mut |e| {
                    if let ExprKind::Attribute { value, attr } = &e.kind
                        && &**attr == "delay"
                    {
                        self.out.dispatches.push(Dispatch {
                            task: self.data.world.read.program.resolve(self.data.scope, value),
                            text: self.data.world.read.expr_text(self.data.scope.module, e),
                            on_commit: true,
                            in_atomic: false,
                            place,
                        });
                    }
                });
            }
        }
    }

    fn serializer(
        &mut self,
        expr: &'p Expr,
        func: &'p Expr,
        args: &'p [Arg],
        callee: &Callee,
        context: &Context<'p>,
    ) {
        let read = self.data.world.read;
        let scope = self.data.scope;
        let own = method_call(func)
            .is_some_and(|(on, name)| on.as_name() == Some("self") && name == "get_serializer");
        let (class, serializer) = match callee {
            Callee::Class(id) => match self.serializers.get(id) {
                Some(serializer) => (Some(read.project_ref(*id)), Some(*serializer)),
                None => return,
            },
            Callee::External(fq)
                if read.stubs.class(fq).is_some_and(|c| c.kind == "serializer") =>
            {
                (Some(ClassRef::External(Arc::clone(fq))), None)
            }
            _ if own
                || func.as_name() == Some("serializer_class")
                || crate::django::read::self_attr(func) == Some("serializer_class") =>
            {
                (None, None)
            }
            _ => return,
        };
        let data = keyword(args, "data").or_else(|| positional(args, 1));
        let instance = positional(args, 0).or_else(|| keyword(args, "instance"));
        let flag = |name: &str| {
            keyword(args, name).map(|e| crate::django::names::truth(&read.program.eval(scope, e)))
        };
        let mut qs = instance.and_then(|i| self.data.qs(i).or_else(|| self.data.loop_rows(i)));
        if let Some(qs) = &mut qs {
            crate::django::queryset::build::settle(qs);
        }
        let call = SerializerCall {
            class,
            serializer,
            bound_to: None,
            has_data: data.is_some(),
            data: data.map_or(Taint::Unknown, |d| self.data.taint(d)),
            has_instance: instance.is_some(),
            instance: qs,
            many: flag("many").is_some_and(|f| f != Some(false)),
            partial: flag("partial").unwrap_or(Some(false)),
            reads_data: false,
            is_valid: None,
            saved: None,
            save_kwargs: Kwargs::default(),
            in_loop: self.in_loop(context),
            kwargs: read.kwargs(scope, args, &["instance", "data"]),
            place: self.place(expr),
        };
        self.serializer_calls.push((address(expr), call));
    }

    /// `.is_valid(…)`, `.save(…)` of a serializer at hand.
    fn serializer_use(
        &mut self,
        on: Option<&'p Expr>,
        last: &str,
        args: &'p [Arg],
        context: &Context<'p>,
        expr: &'p Expr,
    ) {
        let Some(on) = on else { return };
        if !matches!(last, "is_valid" | "save") {
            return;
        }
        let name = on.as_name().map(str::to_owned);
        let read = self.data.world.read;
        let scope = self.data.scope;
        let place = self.place(expr);
        let kwargs = read.kwargs(scope, args, &[]);
        let raises = kwargs.flag("raise_exception", false) == Some(true)
            || positional(args, 0).is_some_and(|e| matches!(e.kind, ExprKind::Bool(true)));
        let discarded = context
            .stmt
            .is_some_and(|s| matches!(&s.kind, StmtKind::Expr(e) if std::ptr::eq(e, expr)));
        for (at, call) in self.serializer_calls.iter_mut().rev() {
            let same = *at == address(on)
                || (name.is_some() && call.bound_to.as_deref() == name.as_deref());
            if !same {
                continue;
            }
            if last == "is_valid" {
                call.is_valid = Some(IsValid {
                    place,
                    raises,
                    result_used: !discarded,
                });
            } else {
                call.saved = Some(place);
                call.save_kwargs = kwargs;
            }
            break;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call")]
    fn write(
        &mut self,
        expr: &'p Expr,
        func: &'p Expr,
        on: Option<&'p Expr>,
        last: &str,
        args: &'p [Arg],
        qs: Option<&QsIr>,
        in_atomic: bool,
        in_loop: Option<Place>,
        callee: &Callee,
    ) {
        let read = self.data.world.read;
        let scope = self.data.scope;
        let place = self.place(expr);
        let Some(on) = on else { return };
        let target = read.expr_text(scope.module, on);
        let mut write = Write {
            kind: WriteKind::Save,
            model: None,
            target: Arc::clone(&target),
            fields: Vec::new(),
            f_expressions: Vec::new(),
            kwargs: Kwargs::default(),
            spreads_request: false,
            in_loop,
            in_atomic,
            conditions: Vec::new(),
            place,
        };
        let ended = qs
            .and_then(|q| q.ended_by.as_ref())
            .is_some_and(|(name, _)| **name == *last);
        let kind = match last {
            "save" | "asave" => {
                if is_super_call(on) {
                    return;
                }
                let is_serializer = self.is_serializer(on);
                if is_serializer {
                    WriteKind::SerializerSave
                } else {
                    write.model = self.data.instance(on);
                    if write.model.is_none() && !Self::may_be_row(on) {
                        return;
                    }
                    if self.constructed(on) {
                        WriteKind::Create
                    } else {
                        WriteKind::Save
                    }
                }
            }
            "delete" | "adelete" => {
                if is_super_call(on) {
                    return;
                }
                match qs.filter(|_| ended) {
                    Some(qs) => write.model = qs.model,
                    None => {
                        write.model = self.data.instance(on);
                        if write.model.is_none() && !Self::may_be_row(on) {
                            return;
                        }
                    }
                }
                WriteKind::Delete
            }
            "create" | "acreate" | "create_user" | "create_superuser" if ended => WriteKind::Create,
            "get_or_create" if ended => WriteKind::GetOrCreate,
            "update_or_create" if ended => WriteKind::UpdateOrCreate,
            "bulk_create" if ended => WriteKind::BulkCreate,
            "bulk_update" if ended => WriteKind::BulkUpdate,
            "update" | "aupdate" if ended => WriteKind::Update,
            "set" | "add" | "remove" | "clear"
                if ended && qs.is_some_and(|q| q.from_instance || q.from_user) =>
            {
                WriteKind::Relation
            }
            "execute" | "executemany" => {
                let text = positional(args, 0).and_then(Expr::as_str).unwrap_or("");
                let verb = text.split_whitespace().next().unwrap_or("");
                if !matches!(
                    verb.to_ascii_uppercase().as_str(),
                    "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "TRUNCATE"
                ) {
                    return;
                }
                WriteKind::RawSql
            }
            _ => return,
        };
        let _ = (func, callee);
        write.kind = kind;
        if let Some(qs) = qs {
            write.model = write.model.or(qs.model);
            write.conditions.clone_from(&qs.conditions);
        }
        write.kwargs = read.kwargs(scope, args, &[]);
        if kind == WriteKind::SerializerSave {
            write.model = self.data.instance(expr);
        }
        for arg in args {
            match &arg.kind {
                ArgKind::Keyword(name) => {
                    write
                        .fields
                        .push((Arc::clone(name), self.data.taint(&arg.value)));
                    if has_f(&arg.value) {
                        write.f_expressions.push(Arc::clone(name));
                    }
                }
                ArgKind::DoubleStar => {
                    let text = read.expr_text(scope.module, &arg.value);
                    write.spreads_request |= text.contains("request.data")
                        || text.contains("request.POST")
                        || text.contains("request.GET")
                        || text.contains("request.query_params")
                        || self.local_request(&arg.value).is_some();
                }
                _ => {}
            }
        }
        if matches!(kind, WriteKind::Save | WriteKind::Create) {
            let own: Vec<(Arc<str>, &'p Expr)> = self
                .assigned
                .iter()
                .filter(|a| *a.variable == *target)
                .map(|a| (Arc::clone(&a.attr), a.value))
                .collect();
            for (attr, value) in own {
                if has_f(value) {
                    write.f_expressions.push(Arc::clone(&attr));
                }
                let taint = self.data.taint(value);
                write.fields.retain(|(n, _)| *n != attr);
                write.fields.push((attr, taint));
            }
        }
        self.out.writes.push(write);
    }

    fn is_serializer(&self, on: &'p Expr) -> bool {
        let name = on.as_name();
        let known = self
            .serializer_calls
            .iter()
            .any(|(at, c)| *at == address(on) || (name.is_some() && c.bound_to.as_deref() == name));
        known || name.is_some_and(|n| n == "serializer" || n.ends_with("_serializer"))
    }

    /// A row by its name where its model is not known: not a form, a file, an image, a buffer.
    fn may_be_row(on: &Expr) -> bool {
        let Some(text) = on.dotted() else {
            return false;
        };
        let text = text.to_lowercase();
        ![
            "form", "file", "image", "img", "buffer", "cache", "storage", "session", "doc", "wb",
            "workbook", "picture", "avatar", "redis", "client", "s3", "fs",
        ]
        .iter()
        .any(|w| text.contains(w))
    }

    /// `Order(…)` here or bound to the name.
    fn constructed(&self, on: &'p Expr) -> bool {
        use crate::python::link::Local;
        let is_class = |e: &'p Expr| {
            e.as_call().is_some_and(|(f, _)| {
                matches!(
                    self.data.world.read.program.resolve(self.data.scope, f),
                    Symbol::Class(c) if self.data.world.class_model(c).is_some()
                )
            })
        };
        if is_class(on) {
            return true;
        }
        let ExprKind::Name(name) = &on.kind else {
            return false;
        };
        let program: &'p crate::python::Program = self.data.world.read.program;
        let locals = program.local(self.data.scope, name, on.span.start);
        !locals.is_empty()
            && locals.iter().all(|l| match l {
                Local::Value(_, value) => is_class(value),
                _ => false,
            })
    }

    fn finish(mut self, body: &'p [Stmt], name: &str, generator: bool) -> FunctionIr {
        let by_place = |p: &Place| (p.span.start, p.span.end);
        let mut queries: Vec<Query> = std::mem::take(&mut self.queries).into_values().collect();
        queries.sort_by_key(|q| by_place(&q.place));
        self.out.queries = queries;
        let mut calls: Vec<Call> = std::mem::take(&mut self.calls).into_values().collect();
        calls.sort_by_key(|c| by_place(&c.place));
        self.out.calls = calls;
        let mut reads: Vec<RequestRead> = std::mem::take(&mut self.reads).into_values().collect();
        reads.sort_by_key(|r| by_place(&r.place));
        self.out.request_reads = reads;
        self.out.serializers = std::mem::take(&mut self.serializer_calls)
            .into_iter()
            .map(|(_, c)| c)
            .collect();
        shape::atomic_regions(self.data, body, &mut self.out.atomic, 0);
        let guards = shape::guards(self.data, body);
        self.out.guards = guards;
        let excepts = shape::excepts(self.data, body, &self.out);
        self.out.excepts = excepts;
        super::races::find(&mut self, body);
        // Functions that never give a value, generators and constructors fall through by design.
        if generator || !self.out.returns_value && !name.starts_with("validate") {
            let keeps = matches!(
                name,
                "create"
                    | "update"
                    | "to_representation"
                    | "get_queryset"
                    | "to_internal_value"
                    | "get_permissions"
                    | "get_serializer_class"
                    | "has_permission"
                    | "has_object_permission"
            );
            if generator || !keeps {
                self.out.exits_without_value = None;
            }
        }
        self.out
    }
}

/// Whether an expression holds `F(…)`.
pub(super) fn has_f(expr: &Expr) -> bool {
    let mut found = false;
    walk_expr(expr, &mut |e| {
        if let Some((func, _)) = e.as_call() {
            found |= func.dotted().is_some_and(|d| d == "F" || d.ends_with(".F"));
        }
    });
    found
}

fn mentions_key(guard: &crate::python::flow::Guard<'_>, key: Option<&str>) -> bool {
    let (Some(key), crate::python::flow::Guard::Test { test, .. }) = (key, guard) else {
        return false;
    };
    let mut hit = false;
    walk_expr(test, &mut |e| hit |= e.as_str() == Some(key));
    hit
}
