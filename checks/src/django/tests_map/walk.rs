//! What a test does: requests with their caller, assertions with the response they look at.
//!
//! `setUp`, fixtures and helpers (two levels) are walked with the test, so that the state of a
//! client at the time of a request is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::urls::{Url, matching, url};
use super::{AssertKind, AuthState, TestAssert, TestRequest};
use crate::django::names::Method;
use crate::django::routes::Route;
use crate::python::flow::{self, Event};
use crate::python::link::AttributeKind;
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, StmtKind, keyword, positional};
use crate::python::value::{Literal, Place, Val};
use crate::python::{FuncId, Program, Scope, Symbol, visit};
use crate::source::{FileId, Tree};

/// Helpers of a test are followed this far.
const MAX_DEPTH: u32 = 2;
/// Requests and assertions of one test beyond this are not kept.
const MAX_EVENTS: usize = 400;
/// Text of an assertion that is kept, in bytes.
const MAX_TEXT: usize = 200;

/// What a name holds while a test runs.
#[derive(Clone, Debug)]
enum Held {
    Client,
    /// Index of the request.
    Response(usize),
    Url(Url),
    /// A request made by a factory.
    Request(usize),
}

/// Everything one test does.
pub(super) struct Walk<'p> {
    tree: &'p Tree,
    program: &'p Program,
    routes: &'p [Route],
    held: BTreeMap<String, Held>,
    /// As whom each client asks.
    auth: BTreeMap<String, AuthState>,
    /// What each call gave, by its place.
    results: BTreeMap<(FileId, u32, u32), Held>,
    /// Columns of `parametrize`: name and the known integers in it.
    params: BTreeMap<String, Vec<u16>>,
    pub(super) requests: Vec<TestRequest>,
    pub(super) asserts: Vec<TestAssert>,
    pub(super) users: u32,
    pub(super) fixtures: Vec<Arc<str>>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(tree: &'p Tree, program: &'p Program, routes: &'p [Route]) -> Self {
        Self {
            tree,
            program,
            routes,
            held: BTreeMap::new(),
            auth: BTreeMap::new(),
            results: BTreeMap::new(),
            params: BTreeMap::new(),
            requests: Vec::new(),
            asserts: Vec::new(),
            users: 0,
            fixtures: Vec::new(),
        }
    }

    /// Walks the test with its set-up.
    pub(super) fn test(&mut self, func: FuncId) {
        self.held.insert("self.client".to_owned(), Held::Client);
        if let Some(class) = self.program.func(func).class {
            for name in [
                "setUpTestData",
                "setUpClass",
                "setUp",
                "setup_method",
                "setup",
            ] {
                if let Some(AttributeKind::Method(id)) =
                    self.program.attribute(class, name).map(|found| found.kind)
                {
                    self.body(id, 0, false);
                }
            }
        }
        let def = self.program.func_def(func);
        for param in &def.params {
            if matches!(&*param.name, "self" | "cls") {
                continue;
            }
            self.fixtures.push(Arc::clone(&param.name));
            self.fixture(func, &param.name, 0);
        }
        self.parametrize(func);
        self.body(func, 0, true);
    }

    /// A fixture by its name: what it returns, and as whom its client asks.
    fn fixture(&mut self, user: FuncId, name: &str, depth: u32) {
        if name.contains("client") || name == "api" {
            self.held.insert(name.to_owned(), Held::Client);
        }
        let Some(id) = self.find_fixture(user, name).filter(|_| depth <= MAX_DEPTH) else {
            if name.contains("auth") || name == "admin_client" {
                self.auth.insert(name.to_owned(), AuthState::Authenticated);
            }
            return;
        };
        for param in &self.program.func_def(id).params {
            self.fixture(id, &param.name, depth + 1);
        }
        self.body(id, depth + 1, false);
        // The client that the fixture hands on keeps its state under the fixture's name.
        let mut returned = None;
        visit::stmts(&self.program.func_def(id).body, |statement| {
            let value = match &statement.kind {
                StmtKind::Return(Some(value)) => Some(value),
                StmtKind::Expr(Expr {
                    kind: ExprKind::Yield(Some(value)),
                    ..
                }) => Some(&**value),
                _ => None,
            };
            returned = value.or(returned);
        });
        let Some(returned) = returned else { return };
        let inner = returned.dotted();
        let inner_held = inner
            .as_ref()
            .and_then(|inner| self.held.get(inner).cloned());
        let state = inner
            .as_ref()
            .and_then(|inner| self.auth.get(inner).copied());
        if let Some(held) =
            inner_held.or_else(|| self.result(self.program.scope_of_func(id), returned))
        {
            self.held.insert(name.to_owned(), held);
        }
        if let Some(state) = state {
            self.auth.insert(name.to_owned(), state);
        }
    }

    /// The fixture function of this name: in the module, in a `conftest.py` of a folder around it.
    fn find_fixture(&self, user: FuncId, name: &str) -> Option<FuncId> {
        let module = self.program.func(user).module;
        let here = &self.tree.file(self.program.module(module).file).path;
        let mut best: Option<(usize, FuncId)> = None;
        for (id, info) in self.program.functions() {
            let def = self.program.func_def(id);
            let is_fixture = &*def.name == name
                && id != user
                && def.decorators.iter().any(|d| {
                    d.as_call()
                        .map_or(d, |(c, _)| c)
                        .dotted()
                        .is_some_and(|d| d.ends_with("fixture"))
                });
            if !is_fixture {
                continue;
            }
            let file = self.tree.file(self.program.module(info.module).file);
            let near = if info.module == module {
                usize::MAX
            } else if file.name() == "conftest.py"
                && (file.folder().is_empty() || here.starts_with(&format!("{}/", file.folder())))
            {
                file.folder().len()
            } else {
                continue;
            };
            if best.is_none_or(|(nearest, _)| near >= nearest) {
                best = Some((near, id));
            }
        }
        best.map(|(_, id)| id)
    }

    /// `@pytest.mark.parametrize("role,status", [("a", 200), …])`: the integers of each column.
    fn parametrize(&mut self, func: FuncId) {
        let scope = self.program.scope_around_func(func);
        for decorator in &self.program.func_def(func).decorators {
            let Some((callee, args)) = decorator.as_call() else {
                continue;
            };
            if !callee
                .dotted()
                .is_some_and(|name| name.ends_with("parametrize"))
            {
                continue;
            }
            let (Some(names), Some(rows)) = (positional(args, 0), positional(args, 1)) else {
                continue;
            };
            let names: Vec<String> = match (names.as_str(), names.elements()) {
                (Some(text), _) => text.split(',').map(|name| name.trim().to_owned()).collect(),
                (None, Some(items)) => items
                    .iter()
                    .filter_map(|item| item.as_str().map(str::to_owned))
                    .collect(),
                _ => continue,
            };
            for row in rows.elements().unwrap_or_default() {
                let cells = if names.len() == 1 {
                    std::slice::from_ref(row)
                } else {
                    row.elements().unwrap_or_default()
                };
                for (name, cell) in names.iter().zip(cells) {
                    let statuses = self.statuses(scope, cell);
                    self.params
                        .entry(name.clone())
                        .or_default()
                        .extend(statuses);
                }
            }
        }
    }

    fn body(&mut self, func: FuncId, depth: u32, in_test: bool) {
        let program = self.program;
        let scope = program.scope_of_func(func);
        let file = program.module(scope.module).file;
        flow::events(&program.func_def(func).body, |event, context| match event {
            Event::Expr(expr) => {
                if let Some((callee, args)) = expr.as_call() {
                    self.call(scope, file, expr, callee, args, depth, in_test);
                }
                if let Some(StmtKind::Assert { test, .. }) = context.stmt.map(|stmt| &stmt.kind)
                    && test.span == expr.span
                {
                    self.assert_statement(scope, file, test, in_test && depth == 0);
                }
            }
            Event::Assign { target, value } => self.assign(scope, file, target, value),
            _ => {}
        });
    }

    fn assign(&mut self, scope: Scope, file: FileId, target: &Expr, value: &Expr) {
        let Some(name) = target.dotted() else {
            // `client.defaults["HTTP_AUTHORIZATION"] = …`
            if let ExprKind::Subscript {
                value: object,
                index,
            } = &target.kind
            {
                let names_header = index
                    .as_str()
                    .is_some_and(|key| key.contains("AUTHORIZATION"));
                if let Some(client) = object
                    .dotted()
                    .and_then(|name| name.strip_suffix(".defaults").map(str::to_owned))
                    .filter(|_| names_header)
                {
                    self.auth.insert(client, AuthState::Authenticated);
                }
            }
            return;
        };
        let source = value.dotted();
        let held = self
            .results
            .get(&(file, value.span.start, value.span.end))
            .cloned()
            .or_else(|| {
                source
                    .as_ref()
                    .and_then(|source| self.held.get(source).cloned())
            })
            .or_else(|| self.url(scope, value).map(Held::Url));
        match held {
            Some(held) => {
                if let Held::Response(index) = &held
                    && let Some(request) = self.requests.get_mut(*index)
                {
                    request.bound_to.get_or_insert_with(|| name.as_str().into());
                }
                if matches!(held, Held::Client) {
                    let state = source.and_then(|source| self.auth.get(&source).copied());
                    self.auth
                        .insert(name.clone(), state.unwrap_or(AuthState::Anonymous));
                }
                self.held.insert(name, held);
            }
            None => {
                self.held.remove(&name);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call with its surroundings")]
    fn call(
        &mut self,
        scope: Scope,
        file: FileId,
        expr: &Expr,
        callee: &Expr,
        args: &[Arg],
        depth: u32,
        in_test: bool,
    ) {
        let key = (file, expr.span.start, expr.span.end);
        let place = Place {
            file,
            span: expr.span,
        };
        let dotted = callee.dotted().unwrap_or_default();
        let method = match &callee.kind {
            ExprKind::Attribute { attr, .. } => &**attr,
            ExprKind::Name(name) => &**name,
            _ => "",
        };
        if is_client_class(method) {
            self.results.insert(key, Held::Client);
            return;
        }
        if is_user_factory(&dotted, args) {
            self.users += 1;
        }
        // `getattr(self.client, method)(url)`, `client.generic("PUT", url)`
        let chosen = callee.as_call().and_then(|(inner, parts)| {
            (inner.as_name() == Some("getattr")).then_some(())?;
            let client = self.client_named(positional(parts, 0)?)?;
            Some((
                client,
                self.chosen_method(scope, positional(parts, 1)?),
                args,
            ))
        });
        let chosen = chosen.or_else(|| {
            let rest = args.get(1..)?;
            let client = self.client_of(callee).filter(|_| method == "generic")?;
            Some((
                client,
                self.chosen_method(scope, positional(args, 0)?),
                rest,
            ))
        });
        if let Some((client, method, args)) = chosen {
            if let Some(held) = self.request(scope, method, &client, args, place, depth > 0) {
                self.results.insert(key, held);
            }
            return;
        }
        if let Some(client) = self.client_of(callee) {
            if let Some(method) = Method::parse(method) {
                if let Some(held) = self.request(scope, method, &client, args, place, depth > 0) {
                    self.results.insert(key, held);
                }
                return;
            }
            match method {
                "force_authenticate" => {
                    let user = positional(args, 0).or_else(|| keyword(args, "user"));
                    let nobody = user.is_none_or(|user| matches!(user.kind, ExprKind::None))
                        && keyword(args, "token").is_none();
                    self.auth.insert(
                        client,
                        if nobody {
                            AuthState::Anonymous
                        } else {
                            AuthState::Authenticated
                        },
                    );
                }
                "force_login" | "login" => {
                    self.auth.insert(client, AuthState::Authenticated);
                }
                "credentials" => {
                    let state = if args.is_empty() {
                        AuthState::Anonymous
                    } else {
                        AuthState::Authenticated
                    };
                    self.auth.insert(client, state);
                }
                "logout" => {
                    self.auth.insert(client, AuthState::Anonymous);
                }
                _ => {}
            }
            return;
        }
        if method == "force_authenticate" {
            // `force_authenticate(request, user=…)` of a factory's request.
            if let Some(Held::Request(index)) = positional(args, 0)
                .and_then(Expr::dotted)
                .and_then(|name| self.held.get(&name).cloned())
                && let Some(request) = self.requests.get_mut(index)
            {
                request.auth = AuthState::Authenticated;
            }
            return;
        }
        // `view(request)` answers a factory's request.
        if let Some(Held::Request(index)) = positional(args, 0)
            .and_then(Expr::dotted)
            .and_then(|name| self.held.get(&name).cloned())
        {
            self.results.insert(key, Held::Response(index));
            return;
        }
        if is_assertion(method, &dotted) {
            self.assertion(scope, method, args, place, in_test && depth == 0);
        }
        if depth < MAX_DEPTH
            && let Some(id) = self.helper(scope, callee)
        {
            self.inline(scope, id, args, key, depth, in_test);
        }
    }

    /// A project function in a test file.
    fn helper(&self, scope: Scope, callee: &Expr) -> Option<FuncId> {
        let id = match self.program.resolve(scope, callee) {
            Symbol::Func(id) => id,
            _ => {
                let ExprKind::Attribute { value, attr } = &callee.kind else {
                    return None;
                };
                let class = scope
                    .class
                    .filter(|_| matches!(value.as_name(), Some("self" | "cls")))?;
                match self.program.attribute(class, attr)?.kind {
                    AttributeKind::Method(id) => id,
                    _ => return None,
                }
            }
        };
        let module = self.program.func(id).module;
        (self.tree.file(self.program.module(module).file).role == crate::source::Role::Test)
            .then_some(id)
    }

    fn inline(
        &mut self,
        scope: Scope,
        id: FuncId,
        args: &[Arg],
        key: (FileId, u32, u32),
        depth: u32,
        in_test: bool,
    ) {
        let def = self.program.func_def(id);
        let params: Vec<&str> = def
            .params
            .iter()
            .map(|p| &*p.name)
            .filter(|name| !matches!(*name, "self" | "cls"))
            .collect();
        let before: Vec<(String, Option<Held>)> = params
            .iter()
            .map(|name| ((*name).to_owned(), self.held.remove(*name)))
            .collect();
        let codes_before = self.params.clone();
        let mut at = 0;
        for arg in args {
            let name = match &arg.kind {
                ArgKind::Positional => {
                    at += 1;
                    params.get(at - 1).copied()
                }
                ArgKind::Keyword(name) => Some(&**name),
                _ => None,
            };
            let Some(name) = name else { continue };
            // `self.check(response, 403)`
            let codes = self.statuses(scope, &arg.value);
            if !codes.is_empty() {
                self.params.insert(name.to_owned(), codes);
            }
            let Some(held) = self.result(scope, &arg.value) else {
                continue;
            };
            if let (Held::Client, Some(source)) = (&held, arg.value.dotted()) {
                let state = self
                    .auth
                    .get(&source)
                    .copied()
                    .unwrap_or(AuthState::Anonymous);
                self.auth.insert(name.to_owned(), state);
            }
            self.held.insert(name.to_owned(), held);
        }
        let first = self.requests.len();
        self.body(id, depth + 1, in_test);
        let mut returned = None;
        visit::stmts(&def.body, |statement| {
            if let StmtKind::Return(Some(value)) = &statement.kind {
                returned = Some(value);
            }
        });
        let inner = self.program.scope_of_func(id);
        let result = returned.and_then(|value| self.result(inner, value));
        let last = (self.requests.len() > first).then(|| Held::Response(self.requests.len() - 1));
        if let Some(held) = result.or_else(|| last.filter(|_| returned.is_some())) {
            self.results.insert(key, held);
        }
        self.params = codes_before;
        for (name, held) in before {
            match held {
                Some(held) => self.held.insert(name, held),
                None => self.held.remove(&name),
            };
        }
    }

    /// What an expression holds: by its place, by its name, or as a URL.
    fn result(&self, scope: Scope, expr: &Expr) -> Option<Held> {
        let file = self.program.module(scope.module).file;
        self.results
            .get(&(file, expr.span.start, expr.span.end))
            .cloned()
            .or_else(|| self.held.get(&expr.dotted()?).cloned())
            .or_else(|| self.url(scope, expr).map(Held::Url))
    }

    fn url(&self, scope: Scope, expr: &Expr) -> Option<Url> {
        let lookup = |name: &str| match self.held.get(name) {
            Some(Held::Url(url)) => Some(url.clone()),
            _ => None,
        };
        url(self.program, scope, expr, &lookup)
    }

    /// The method that an expression names; [`Method::Any`] where it is worked out.
    fn chosen_method(&self, scope: Scope, expr: &Expr) -> Method {
        let named = match self.program.eval(scope, expr) {
            Val::Known(Literal::Str(name)) => Method::parse(&name),
            _ => None,
        };
        named.unwrap_or(Method::Any)
    }

    /// The client that a method is called on, by the name it is held under.
    fn client_of(&self, callee: &Expr) -> Option<String> {
        let ExprKind::Attribute { value, .. } = &callee.kind else {
            return None;
        };
        self.client_named(value)
    }

    fn client_named(&self, value: &Expr) -> Option<String> {
        if let Some((inner, _)) = value.as_call() {
            // `APIClient().get(…)`
            let name = inner.dotted()?;
            return is_client_class(name.rsplit('.').next()?).then_some(name);
        }
        let name = value.dotted()?;
        let last = name.rsplit('.').next()?;
        let known = matches!(self.held.get(&name), Some(Held::Client));
        let by_name = last == "client"
            || last.ends_with("_client")
            || last.starts_with("client_")
            || last == "factory"
            || last.ends_with("_factory") && last.contains("request");
        (known || by_name).then_some(name)
    }

    fn request(
        &mut self,
        scope: Scope,
        method: Method,
        client: &str,
        args: &[Arg],
        place: Place,
        indirect: bool,
    ) -> Option<Held> {
        let target = positional(args, 0).or_else(|| keyword(args, "path"))?;
        if self.requests.len() >= MAX_EVENTS {
            return None;
        }
        let url = self.url(scope, target);
        let routes = url
            .as_ref()
            .map(|url| match method {
                // Which one is worked out: any of them is taken to be asked for.
                Method::Any => Method::HANDLED
                    .iter()
                    .flat_map(|method| matching(self.routes, *method, url))
                    .collect::<std::collections::BTreeSet<_>>()
                    .into_iter()
                    .collect(),
                _ => matching(self.routes, method, url),
            })
            .unwrap_or_default();
        let header = args.iter().any(|arg| match &arg.kind {
            ArgKind::Keyword(name) if name.contains("AUTHORIZATION") => true,
            ArgKind::Keyword(name) if &**name == "headers" => visit::any_within(&arg.value, |e| {
                e.as_str()
                    .is_some_and(|key| key.eq_ignore_ascii_case("authorization"))
            }),
            _ => false,
        });
        // `**self.auth_headers()`
        let spread = args.iter().any(|arg| arg.kind == ArgKind::DoubleStar);
        let state = self.auth.get(client).copied();
        let auth = match (header, spread, state) {
            (true, ..) => AuthState::Authenticated,
            (false, true, _) => AuthState::Unknown,
            (false, false, Some(state)) => state,
            (false, false, None) if client == "self.client" || client.contains("Client") => {
                AuthState::Anonymous
            }
            (false, false, None) if client.contains("auth") => AuthState::Authenticated,
            (false, false, None) => AuthState::Unknown,
        };
        let data = positional(args, 1).or_else(|| keyword(args, "data"));
        let nested_data = data.is_some_and(|data| match &data.kind {
            ExprKind::Dict(items) => items.iter().any(|item| match item {
                crate::python::syntax::DictItem::Pair { value, .. } => {
                    matches!(
                        value.kind,
                        ExprKind::Dict(_) | ExprKind::List(_) | ExprKind::None
                    )
                }
                crate::python::syntax::DictItem::Spread(_) => false,
            }),
            _ => false,
        });
        let format = keyword(args, "format")
            .or_else(|| keyword(args, "content_type"))
            .and_then(Expr::as_str);
        self.requests.push(TestRequest {
            method,
            url: url
                .as_ref()
                .map_or_else(|| "*".into(), |url| Arc::clone(&url.path)),
            reverse_name: url.and_then(|url| url.reverse_name),
            routes,
            auth,
            format: format.map(Into::into),
            nested_data,
            bound_to: None,
            indirect,
            place,
        });
        let index = self.requests.len() - 1;
        Some(if client.contains("factory") {
            Held::Request(index)
        } else {
            Held::Response(index)
        })
    }

    /// The request whose response an expression looks at.
    fn response_in(&self, scope: Scope, expr: &Expr) -> Option<usize> {
        let mut found = None;
        visit::within(expr, |inner| {
            if let Some(Held::Response(index)) = self.result(scope, inner) {
                found = Some(index);
            }
        });
        found
    }

    fn assert_statement(&mut self, scope: Scope, file: FileId, test: &Expr, direct: bool) {
        let mut statuses = Vec::new();
        let mut is_status = false;
        visit::within(test, |expr| {
            if let ExprKind::Compare { left, rest } = &expr.kind {
                let sides: Vec<&Expr> = std::iter::once(&**left)
                    .chain(rest.iter().map(|(_, side)| side))
                    .collect();
                if sides.iter().any(|side| names_status(side)) {
                    is_status = true;
                    let positive = rest.iter().all(|(op, _)| matches!(*op, "==" | "in" | "is"));
                    if positive {
                        statuses.extend(
                            sides
                                .iter()
                                .filter(|side| !names_status(side))
                                .flat_map(|side| self.statuses(scope, side)),
                        );
                    }
                }
            }
        });
        let kind = if is_status {
            AssertKind::Status
        } else {
            kind_of(test)
        };
        self.push(
            scope,
            kind,
            statuses,
            &[test],
            Place {
                file,
                span: test.span,
            },
            direct,
        );
    }

    fn assertion(&mut self, scope: Scope, method: &str, args: &[Arg], place: Place, direct: bool) {
        let values: Vec<&Expr> = args.iter().map(|arg| &arg.value).collect();
        let negative = method.contains("Not");
        let mut statuses = Vec::new();
        let mut kind = match method {
            m if m.contains("NumQueries") || m.contains("num_queries") => AssertKind::Queries,
            m if m.contains("Raises") || m == "raises" || m == "warns" || m.contains("Warns") => {
                AssertKind::Raises
            }
            m if m.starts_with("assert_called")
                || m.starts_with("assert_not_called")
                || m.starts_with("assert_any_call")
                || m.starts_with("assert_has_calls")
                || m.starts_with("assert_awaited") =>
            {
                AssertKind::Mock
            }
            _ => values
                .iter()
                .map(|value| kind_of(value))
                .find(|kind| *kind != AssertKind::Other)
                .unwrap_or(AssertKind::Other),
        };
        if values.iter().any(|value| names_status(value)) {
            kind = AssertKind::Status;
            if !negative {
                statuses.extend(
                    values
                        .iter()
                        .filter(|value| !names_status(value))
                        .flat_map(|value| self.statuses(scope, value)),
                );
            }
        } else if matches!(method, "assertContains" | "assertNotContains") {
            kind = AssertKind::Body;
            statuses = keyword(args, "status_code")
                .map_or_else(|| vec![200], |value| self.statuses(scope, value));
        } else if method.starts_with("assert_status")
            || method.starts_with("assertStatus")
            || method.starts_with("assertHttp")
        {
            kind = AssertKind::Status;
            statuses.extend(values.iter().flat_map(|value| self.statuses(scope, value)));
        }
        self.push(scope, kind, statuses, &values, place, direct);
    }

    fn push(
        &mut self,
        scope: Scope,
        kind: AssertKind,
        mut statuses: Vec<u16>,
        values: &[&Expr],
        place: Place,
        direct: bool,
    ) {
        if self.asserts.len() >= MAX_EVENTS {
            return;
        }
        statuses.sort_unstable();
        statuses.dedup();
        let request = values
            .iter()
            .find_map(|value| self.response_in(scope, value));
        let text = self
            .tree
            .file(place.file)
            .text()
            .and_then(|text| text.get(place.span.start as usize..place.span.end as usize));
        let text: String = text.unwrap_or("").chars().take(MAX_TEXT).collect();
        self.asserts.push(TestAssert {
            kind,
            statuses,
            request,
            text: text.into(),
            indirect: !direct,
            place,
        });
    }

    /// Status codes that an expression stands for: `404`, `status.HTTP_404_NOT_FOUND`, lists of
    /// them, a column of `parametrize`.
    fn statuses(&self, scope: Scope, expr: &Expr) -> Vec<u16> {
        if let Some(items) = expr.elements() {
            return items
                .iter()
                .flat_map(|item| self.statuses(scope, item))
                .collect();
        }
        match &expr.kind {
            ExprKind::Int(Some(value)) => u16::try_from(*value)
                .into_iter()
                .filter(|code| (100..600).contains(code))
                .collect(),
            ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                let dotted = expr.dotted().unwrap_or_default();
                let last = dotted.rsplit('.').next().unwrap_or("");
                if let Some(code) = last
                    .strip_prefix("HTTP_")
                    .and_then(|rest| rest.get(..3)?.parse().ok())
                {
                    return vec![code];
                }
                if let Some(known) = self.params.get(&dotted) {
                    return known.clone();
                }
                match self.program.eval(scope, expr) {
                    Val::Known(Literal::Int(value)) => u16::try_from(value).into_iter().collect(),
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }
}

fn is_client_class(name: &str) -> bool {
    matches!(
        name,
        "APIClient"
            | "Client"
            | "RequestsClient"
            | "APIRequestFactory"
            | "RequestFactory"
            | "AsyncClient"
    )
}

/// `User.objects.create_user(…)`, `UserFactory()`, `baker.make(User)`.
fn is_user_factory(dotted: &str, args: &[Arg]) -> bool {
    let last = dotted.rsplit('.').next().unwrap_or("");
    matches!(last, "create_user" | "create_superuser")
        || (last == "create" && dotted.contains("User") && dotted.contains("objects"))
        || (last.ends_with("Factory") && last.contains("User"))
        || (matches!(last, "make" | "prepare")
            && positional(args, 0).is_some_and(|model| {
                model.dotted().is_some_and(|name| name.contains("User"))
                    || model.as_str().is_some_and(|name| name.contains("User"))
            }))
}

/// `self.assertX(…)`, `mock.assert_called…`, `pytest.raises(…)`, a helper named `assert_…`.
fn is_assertion(method: &str, dotted: &str) -> bool {
    let plain = method.trim_start_matches('_');
    plain.starts_with("assert")
        || matches!(
            dotted,
            "pytest.raises" | "pytest.warns" | "pytest.fail" | "raises" | "warns" | "self.fail"
        )
        || matches!(
            plain,
            "django_assert_num_queries" | "django_assert_max_num_queries"
        )
}

/// Mentions `.status_code`.
fn names_status(expr: &Expr) -> bool {
    visit::any_within(expr, |inner| {
        matches!(&inner.kind, ExprKind::Attribute { attr, .. } if matches!(&**attr, "status_code" | "status"))
            && !inner.dotted().is_some_and(|d| d.starts_with("status."))
    })
}

/// What an assertion looks at, by the attributes in it.
fn kind_of(expr: &Expr) -> AssertKind {
    let mentions = |names: &[&str]| {
        visit::any_within(
            expr,
            |inner| matches!(&inner.kind, ExprKind::Attribute { attr, .. } if names.contains(&&**attr)),
        )
    };
    if mentions(&["status_code"]) {
        AssertKind::Status
    } else if mentions(&["objects", "count", "exists", "refresh_from_db"]) {
        AssertKind::Database
    } else if mentions(&["data", "json", "content", "headers"]) {
        AssertKind::Body
    } else {
        AssertKind::Other
    }
}
