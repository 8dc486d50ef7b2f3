//! What a method reads from the row it works on: attribute chains from the row, through locals,
//! loops, properties, methods and helpers, to depth three.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::NeedKind;
use super::find::{Find, Way};
use crate::django::MAX_CALL_DEPTH;
use crate::django::data::{Data, World};
use crate::django::fields::{FieldKind, Target};
use crate::django::names::ModelId;
use crate::django::read::{for_children, statement_exprs, walk_statements};
use crate::python::flow::{Chain, Link};
use crate::python::syntax::{ArgKind, Expr, ExprKind, Stmt, StmtKind, positional};
use crate::python::{ClassId, FuncId, Symbol};

/// The name under which a function knows the row.
#[derive(Clone, Debug)]
pub(super) struct Row(pub(super) Arc<str>);

impl Row {
    /// `self` of a model's method, the parameter behind `self` of a serializer's.
    pub(super) fn of(world: &World<'_, '_>, func: FuncId, class: Option<ClassId>) -> Option<Self> {
        let def = world.read.program.func_def(func);
        let is_model = class.is_some_and(|c| world.class_model(c).is_some());
        let first = def.params.first()?;
        if is_model && matches!(&*first.name, "self") {
            return Some(Self(Arc::clone(&first.name)));
        }
        let at = usize::from(matches!(&*first.name, "self" | "cls"));
        def.params.get(at).map(|p| Self(Arc::clone(&p.name)))
    }
}

/// A local that stands for related rows.
#[derive(Clone, Debug)]
struct Alias {
    model: ModelId,
    way: Way,
}

pub(super) struct Reader<'f, 'w, 'a, 'p> {
    find: &'f mut Find<'w, 'a, 'p>,
    func: FuncId,
    class: Option<ClassId>,
    kind: NeedKind,
    depth: usize,
    aliases: BTreeMap<Arc<str>, Alias>,
}

/// Where a chain from a row ended.
enum End {
    /// One related row.
    Row(ModelId, Way),
    /// Rows of a related manager that a prefetch serves.
    Rows(ModelId, Way),
    Other,
}

impl<'f, 'w, 'a, 'p> Reader<'f, 'w, 'a, 'p> {
    pub(super) fn new(
        find: &'f mut Find<'w, 'a, 'p>,
        func: FuncId,
        class: Option<ClassId>,
        kind: NeedKind,
        depth: usize,
    ) -> Self {
        Self {
            find,
            func,
            class,
            kind,
            depth,
            aliases: BTreeMap::new(),
        }
    }

    pub(super) fn read(mut self, row: Row, model: ModelId, way: &Way) {
        if self.depth > MAX_CALL_DEPTH {
            return;
        }
        self.aliases.insert(
            row.0,
            Alias {
                model,
                way: way.clone(),
            },
        );
        let program: &'p crate::python::Program = self.find.world.read.program;
        let body: &'p [Stmt] = &program.func_def(self.func).body;
        let mut statements: Vec<&'p Stmt> = Vec::new();
        walk_statements(body, &mut |s| statements.push(s));
        for stmt in statements {
            match &stmt.kind {
                StmtKind::Assign { targets, value } => {
                    let end = self.visit(value);
                    if let Some(name) = targets.first().and_then(Expr::as_name) {
                        self.alias(name, end);
                    }
                }
                StmtKind::For { target, iter, .. } => {
                    let end = self.visit(iter);
                    if let Some(name) = target.as_name() {
                        self.alias_each(name, end);
                    }
                }
                _ => {
                    for expr in statement_exprs(stmt) {
                        self.visit(expr);
                    }
                }
            }
        }
    }

    fn alias(&mut self, name: &str, end: End) {
        match end {
            End::Row(model, way) | End::Rows(model, way) => {
                self.aliases.insert(name.into(), Alias { model, way });
            }
            End::Other => {
                // A row name that is bound to something else stands for the row no longer.
                self.aliases.remove(name);
            }
        }
    }

    fn alias_each(&mut self, name: &str, end: End) {
        if let End::Rows(model, way) = end {
            self.aliases.insert(name.into(), Alias { model, way });
        } else {
            self.aliases.remove(name);
        }
    }

    fn data(&self) -> Data<'w, 'a, 'p> {
        Data::of_func(self.find.world, self.func, self.class, None)
    }

    /// Visits an expression, row chains as a whole.
    fn visit(&mut self, expr: &'p Expr) -> End {
        match &expr.kind {
            ExprKind::Attribute { .. } | ExprKind::Call { .. } | ExprKind::Subscript { .. } => {
                let chain = Chain::of(expr);
                if let ExprKind::Name(name) = &chain.root.kind
                    && let Some(alias) = self.aliases.get(name).cloned()
                    && !chain.links.is_empty()
                {
                    let end = self.chain(expr, &chain, alias);
                    self.arguments(&chain);
                    return end;
                }
                self.other(expr, &chain)
            }
            ExprKind::Name(name) => match self.aliases.get(name) {
                Some(alias) => End::Row(alias.model, alias.way.clone()),
                None => End::Other,
            },
            ExprKind::Comprehension(c) => {
                let before = self.aliases.clone();
                for clause in &c.clauses {
                    let end = self.visit(&clause.iter);
                    if let Some(name) = clause.target.as_name() {
                        self.alias_each(name, end);
                    }
                    for condition in &clause.conditions {
                        self.visit(condition);
                    }
                }
                self.visit(&c.element);
                if let Some(value) = &c.value {
                    self.visit(value);
                }
                self.aliases = before;
                End::Other
            }
            _ => {
                let mut children = Vec::new();
                for_children(expr, &mut |child| children.push(child));
                for child in children {
                    self.visit(child);
                }
                End::Other
            }
        }
    }

    fn arguments(&mut self, chain: &Chain<'p>) {
        for link in &chain.links {
            match link {
                Link::Call { args, .. } | Link::DirectCall { args, .. } => {
                    for arg in *args {
                        self.visit(&arg.value);
                    }
                }
                Link::Item { index, .. } => {
                    self.visit(index);
                }
                Link::Attribute { .. } => {}
            }
        }
    }

    /// A chain that does not begin at a row: helpers that take the row, queries for each row.
    fn other(&mut self, expr: &'p Expr, chain: &Chain<'p>) -> End {
        // hasattr(obj, "profile"), getattr(obj, "profile")
        if let Some((func, args)) = expr.as_call() {
            let name = func.as_name().unwrap_or("");
            if matches!(name, "getattr" | "hasattr") {
                let on = positional(args, 0).and_then(Expr::as_name);
                let attr = positional(args, 1).and_then(Expr::as_str);
                if let (Some(alias), Some(attr)) =
                    (on.and_then(|n| self.aliases.get(n)).cloned(), attr)
                {
                    return self.attribute(alias.model, &alias.way, attr, expr);
                }
            }
            if matches!(
                name,
                "len"
                    | "list"
                    | "sorted"
                    | "sum"
                    | "any"
                    | "all"
                    | "set"
                    | "tuple"
                    | "enumerate"
                    | "reversed"
            ) {
                let mut last = End::Other;
                for arg in args {
                    last = self.visit(&arg.value);
                }
                return last;
            }
        }
        // helper(obj), AuthorSerializer(obj.author).data
        for link in &chain.links {
            let (Link::Call { expr: call, .. } | Link::DirectCall { expr: call, .. }) = link else {
                continue;
            };
            if let Some((func, args)) = call.as_call()
                && self.helper(func, args)
            {
                self.arguments(chain);
                return End::Other;
            }
        }
        let data = self.data();
        if let Some(qs) = data.qs(expr) {
            let runs = qs.ended_by.is_some()
                || qs.model.is_some() && (!qs.conditions.is_empty() || !qs.from_instance);
            if runs && !qs.empty && qs.model.is_some() {
                let text = self.find.world.read.text(data.place(expr));
                let way = self.base_way(expr);
                self.find.need(&way, self.kind, Some(text));
                self.arguments(chain);
                return End::Other;
            }
        }
        self.arguments(chain);
        if !matches!(chain.root.kind, ExprKind::Name(_)) {
            self.visit(chain.root);
        }
        End::Other
    }

    /// The way to the row itself, at a place in this function.
    fn base_way(&self, expr: &Expr) -> Way {
        let mut way = self
            .aliases
            .values()
            .min_by_key(|a| a.way.path.len())
            .map_or_else(
                || Way {
                    path: String::new(),
                    single: true,
                    field: "".into(),
                    serializer: crate::django::names::SerializerId(0),
                    places: Vec::new(),
                },
                |a| a.way.clone(),
            );
        way.places.push(self.place(expr));
        way
    }

    fn place(&self, expr: &Expr) -> crate::python::value::Place {
        let module = self.find.world.read.program.func(self.func).module;
        self.find.world.read.place(module, expr.span)
    }

    /// Enters a project function (or serializer) that is given the row.
    fn helper(&mut self, func: &'p Expr, args: &'p [crate::python::syntax::Arg]) -> bool {
        let world = self.find.world;
        let data = self.data();
        // AuthorSerializer(obj.author).data
        if let Symbol::Class(class) = world.read.program.resolve(data.scope, func) {
            let serializers = self.find.serializers;
            let Some(serializer) = serializers.iter().find(|s| s.class == Some(class)) else {
                return false;
            };
            if let Some(first) = positional(args, 0)
                && let End::Row(model, way) | End::Rows(model, way) = self.visit(first)
            {
                self.find.serializer(serializer, Some(model), Some(&way));
                return true;
            }
            return false;
        }
        let Some((callee, class)) = data.callee(func) else {
            return false;
        };
        if callee == self.func || self.depth >= MAX_CALL_DEPTH {
            return false;
        }
        let def = world.read.program.func_def(callee);
        let names: Vec<&Arc<str>> = def
            .params
            .iter()
            .map(|p| &p.name)
            .filter(|n| !matches!(&***n, "self" | "cls"))
            .collect();
        let mut entered = false;
        let mut at = 0;
        for arg in args {
            let name = match &arg.kind {
                ArgKind::Positional => {
                    at += 1;
                    names.get(at - 1).map(|n| Arc::clone(n))
                }
                ArgKind::Keyword(name) => Some(Arc::clone(name)),
                _ => None,
            };
            let alias = arg
                .value
                .as_name()
                .and_then(|n| self.aliases.get(n))
                .cloned();
            if let (Some(name), Some(alias)) = (name, alias) {
                entered = true;
                let mut way = alias.way;
                way.places.push(self.place(func));
                Reader::new(self.find, callee, class, self.kind, self.depth + 1).read(
                    Row(name),
                    alias.model,
                    &way,
                );
            }
        }
        entered
    }

    /// One attribute of a row.
    fn attribute(&mut self, model: ModelId, way: &Way, name: &str, expr: &Expr) -> End {
        let world = self.find.world;
        let Some(info) = world.model(model) else {
            return End::Other;
        };
        let place = self.place(expr);
        let with_place = |mut way: Way| {
            way.places.push(place);
            way
        };
        if let Some(field) = info.field(name) {
            let is_attname = field.is_forward_single() && *field.name != *name;
            if is_attname {
                return End::Other;
            }
            let target = field.to.as_ref().and_then(Target::model);
            return match field.kind {
                FieldKind::Scalar => End::Other,
                FieldKind::GenericForeignKey => {
                    let next = with_place(way.step(name, false));
                    self.find.need(&next, NeedKind::Generic, None);
                    End::Other
                }
                FieldKind::ForeignKey | FieldKind::OneToOne => {
                    let next = with_place(way.step(name, true));
                    self.find.need(&next, self.kind, None);
                    target.map_or(End::Other, |t| End::Row(t, next))
                }
                FieldKind::ManyToMany | FieldKind::GenericRelation => {
                    let next = with_place(way.step(name, false));
                    target.map_or(End::Other, |t| End::Rows(t, next))
                }
            };
        }
        if let Some(reverse) = info.reverse(name) {
            let next = with_place(way.step(name, reverse.is_single));
            if reverse.is_single {
                self.find.need(&next, self.kind, None);
                return End::Row(reverse.model, next);
            }
            return End::Rows(reverse.model, next);
        }
        if let Some(func) = info.method(name)
            && func != self.func
            && self.depth < MAX_CALL_DEPTH
        {
            let class = info.class;
            let mut inner = way.clone();
            inner.places.push(place);
            self.find
                .method(func, class, Some(model), &inner, self.kind, self.depth + 1);
        }
        End::Other
    }

    /// Follows a chain from a row.
    fn chain(&mut self, whole: &'p Expr, chain: &Chain<'p>, start: Alias) -> End {
        let mut end = End::Row(start.model, start.way);
        let links = chain.links.iter().peekable();
        for link in links {
            end = match (end, link) {
                (End::Row(model, way), Link::Attribute { name, expr }) => {
                    self.attribute(model, &way, name, expr)
                }
                (End::Row(model, way), Link::Call { name, expr, .. }) => {
                    self.attribute(model, &way, name, expr);
                    End::Other
                }
                (End::Rows(model, way), link) => {
                    let (served, ends) = self.served(model, link);
                    if served {
                        self.find.need(&way, self.kind, None);
                        if ends {
                            End::Other
                        } else {
                            End::Rows(model, way)
                        }
                    } else {
                        let text = self.find.world.read.text(self.place(whole));
                        self.find.need(&way, self.kind, Some(text));
                        return End::Other;
                    }
                }
                (End::Row(..), _) => End::Other,
                (End::Other, _) => return End::Other,
            };
        }
        // The manager itself, handed on or iterated behind `.all()`.
        if let End::Rows(_, way) = &end {
            self.find.need(way, self.kind, None);
        }
        end
    }

    /// Whether a prefetch serves this call on a related manager, and whether it ends the rows.
    fn served(&self, model: ModelId, link: &Link<'p>) -> (bool, bool) {
        match link {
            Link::Call { name, .. } => match &***name {
                "all" => (true, false),
                "count" | "exists" | "contains" | "__len__" => (true, true),
                "first" => {
                    let ordered =
                        self.find.world.model(model).is_some_and(|m| {
                            m.meta.ordering.as_ref().is_some_and(|o| !o.is_empty())
                        });
                    (ordered, true)
                }
                _ => (false, true),
            },
            Link::Item { .. } => (true, true),
            Link::Attribute { .. } | Link::DirectCall { .. } => (true, true),
        }
    }
}
