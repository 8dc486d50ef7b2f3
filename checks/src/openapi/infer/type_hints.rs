//! The schema that a function's return annotation says, or `@extend_schema_field` in its place.
//!
//! Source of the rules: drf-spectacular's `resolve_type_hint` and its type tables. Reads
//! annotations; what serializers and fields look like is for their own modules.

use std::sync::Arc;

use super::basic::{self, Basic, array, formatted, of as typed};
use super::components::{Components, Direction, decoration};
use super::docstrings;
use super::drf_field::{self, DrfField};
use super::field_schema::{Holder, description_of, type_of_all};
use super::node::{Kind, Node};
use super::values;
use crate::python::syntax::{Expr, ExprKind, Span, StmtKind, keyword, positional};
use crate::python::value::Val;
use crate::python::{Base, ClassId, FuncId, Scope, Symbol, parse};

/// Annotations within annotations: deeper ones are cut off.
const MAX_DEPTH: u32 = 16;

/// What an annotation says.
enum Hint {
    Schema(Node),
    /// It is a serializer or field that shows nothing.
    Nothing,
    /// drf-spectacular cannot proceed and takes a string.
    Unable,
}

impl Components<'_> {
    /// The schema of what a function returns; `None`: nothing is shown of it.
    pub(super) fn function_schema(&mut self, func: FuncId) -> Option<Node> {
        let facts = self.facts;
        let program = &facts.program;
        let def = program.func_def(func);
        let scope = program.scope_around_func(func);
        let place = crate::python::Place {
            file: program.module(program.func(func).module).file,
            span: def.name_span,
        };
        if let Some((_, args)) = decoration(&def.decorators, "extend_schema_field")
            && let Some(hint) = positional(args, 0).or_else(|| keyword(args, "field"))
        {
            let schema = self.override_schema(scope, hint, true)?;
            return Some(schema.at(place));
        }
        let Some(hint) = &def.returns else {
            return Some(typed("string"));
        };
        let mut schema = match self.hint(scope, hint, 0) {
            Hint::Schema(schema) => schema,
            Hint::Nothing => return None,
            Hint::Unable => return Some(typed("string")),
        };
        if self.shape.docstring_descriptions
            && schema.get("$ref").is_none()
            && let Some(text) = docstrings::docstring(&def.body)
        {
            schema.insert("description", text);
        }
        Some(schema.at(place))
    }

    /// What `@extend_schema_field` on a field class says; `Some(None)`: nothing is shown.
    #[expect(
        clippy::option_option,
        reason = "no decorator, and one that shows nothing, are two answers"
    )]
    pub(super) fn class_override(
        &mut self,
        class: ClassId,
        direction: Direction,
    ) -> Option<Option<Node>> {
        let facts = self.facts;
        let call = facts
            .program
            .mro(class)
            .entries
            .iter()
            .find_map(|base| match base {
                Base::Project(id) => self.decoration(*id, "extend_schema_field"),
                Base::External(_) => None,
            })?;
        let hint = positional(call.args, 0).or_else(|| keyword(call.args, "field"))?;
        let schema = self.override_schema(call.scope, hint, false);
        let name = keyword(call.args, "component_name").and_then(|e| {
            facts
                .program
                .eval(call.scope, e)
                .as_str()
                .map(str::to_owned)
        });
        let _ = direction;
        Some(match (schema, name) {
            (Some(schema), Some(name)) => Some(self.add(&name, schema)),
            (schema, _) => schema,
        })
    }

    /// The argument of `@extend_schema_field`: a type, a dict, a field, a serializer.
    pub(super) fn override_schema(
        &mut self,
        scope: Scope,
        expr: &Expr,
        is_method: bool,
    ) -> Option<Node> {
        let facts = self.facts;
        if let Val::Map(_) = facts.program.eval(scope, expr) {
            return Some(
                values::node(&facts.program.eval(scope, expr))
                    .unwrap_or_else(|| Node::map().unknown("the schema could not be read")),
            );
        }
        if let ExprKind::Dict(_) = &expr.kind {
            return Some(Node::map().unknown("the schema could not be read"));
        }
        match self.hint(scope, expr, 0) {
            Hint::Schema(schema) => Some(schema),
            Hint::Nothing => None,
            Hint::Unable if is_method => Some(typed("string")),
            Hint::Unable => Some(Node::map().unknown("the schema could not be read")),
        }
    }

    fn hint(&mut self, scope: Scope, expr: &Expr, depth: u32) -> Hint {
        if depth > MAX_DEPTH {
            return Hint::Unable;
        }
        match &expr.kind {
            // A forward reference.
            ExprKind::Str(text) => match named(text, expr) {
                Some(named) => self.hint(scope, &named, depth + 1),
                None => Hint::Schema(typed("string").unknown("the annotation is written as text")),
            },
            ExprKind::BinOp {
                left,
                op: "|",
                right,
            } => {
                let mut parts = Vec::new();
                flatten(left, &mut parts);
                flatten(right, &mut parts);
                self.union(scope, &parts, depth)
            }
            ExprKind::Subscript { value, index } => self.generic(scope, value, index, depth),
            ExprKind::Call { func, args } => {
                let callee = func.dotted().unwrap_or_default();
                if callee.ends_with("inline_serializer") {
                    return self
                        .inline(scope, args, Direction::Response)
                        .map_or(Hint::Nothing, Hint::Schema);
                }
                self.serializer_or_field(scope, expr)
            }
            ExprKind::Name(_) | ExprKind::Attribute { .. } => self.plain(scope, expr, depth),
            _ => Hint::Unable,
        }
    }

    /// A serializer or field, as class or as instance.
    fn serializer_or_field(&mut self, scope: Scope, expr: &Expr) -> Hint {
        let Some(field) = DrfField::of_expr(self.facts, scope, expr, &"".into()) else {
            return Hint::Unable;
        };
        match self.field_schema(&field, Holder::default(), Direction::Response) {
            Some(schema) => Hint::Schema(schema),
            None => Hint::Nothing,
        }
    }

    /// What an annotation names. Where a star import from a package leaves open what `int` is, it is
    /// Python's own.
    fn symbol(&self, scope: Scope, expr: &Expr) -> Symbol {
        match (self.facts.program.resolve(scope, expr), expr.as_name()) {
            (
                Symbol::Unknown(_),
                Some(
                    name @ ("str" | "int" | "float" | "bool" | "bytes" | "dict" | "list" | "tuple"
                    | "set" | "frozenset"),
                ),
            ) => Symbol::External(format!("builtins.{name}").into()),
            (symbol, _) => symbol,
        }
    }

    fn plain(&mut self, scope: Scope, expr: &Expr, depth: u32) -> Hint {
        match self.symbol(scope, expr) {
            Symbol::External(fq) => match self.basic(&fq) {
                Some(hint) => hint,
                None => self.serializer_or_field(scope, expr),
            },
            Symbol::Class(class) => self.class(scope, expr, class, depth),
            Symbol::Variable(module, name) => {
                // `JSON = dict[str, Any]`
                let symbol = Symbol::Variable(module, name);
                match self.facts.program.variable_expr(&symbol) {
                    Some((scope, value)) => self.hint(scope, value, depth + 1),
                    None => Hint::Unable,
                }
            }
            _ => Hint::Schema(typed("string").unknown("the annotation could not be resolved")),
        }
    }

    /// A type of Python or of `OpenApiTypes` by its name.
    fn basic(&self, fq: &str) -> Option<Hint> {
        let found = match fq.rsplit_once(".OpenApiTypes.") {
            Some((_, member)) => basic::open_api_type(member, self.shape),
            None => basic::python_type(fq, self.shape),
        };
        Some(match (found, fq) {
            (Some(Basic::Schema(schema)), _) => Hint::Schema(schema),
            (Some(Basic::Nothing), _) => Hint::Nothing,
            (
                None,
                "typing.Dict"
                | "collections.OrderedDict"
                | "rest_framework.utils.serializer_helpers.ReturnDict",
            ) => Hint::Schema(basic::object(self.shape)),
            (
                None,
                "builtins.list"
                | "typing.List"
                | "rest_framework.utils.serializer_helpers.ReturnList",
            ) => Hint::Schema(array(Node::map())),
            _ => return None,
        })
    }

    fn generic(&mut self, scope: Scope, origin: &Expr, index: &Expr, depth: u32) -> Hint {
        let Symbol::External(name) = self.symbol(scope, origin) else {
            return Hint::Schema(typed("string").unknown("the annotation is not known"));
        };
        let args: Vec<&Expr> = match &index.kind {
            ExprKind::Tuple(items) => items.iter().collect(),
            _ => vec![index],
        };
        let name = name.rsplit('.').next().unwrap_or(&name).to_owned();
        let first = args.first().copied();
        match &*name {
            "Optional" => {
                let mut parts: Vec<&Expr> = Vec::new();
                if let Some(first) = first {
                    flatten(first, &mut parts);
                }
                match self.union(scope, &parts, depth) {
                    Hint::Schema(schema) => Hint::Schema(schema.with("nullable", true)),
                    other => other,
                }
            }
            "Union" => {
                let mut parts = Vec::new();
                for arg in args {
                    flatten(arg, &mut parts);
                }
                self.union(scope, &parts, depth)
            }
            "list" | "List" | "set" | "Set" | "frozenset" | "FrozenSet" | "Iterable" => {
                match first.map(|e| self.hint(scope, e, depth + 1)) {
                    Some(Hint::Schema(items)) => Hint::Schema(array(items)),
                    Some(Hint::Nothing) => Hint::Nothing,
                    Some(Hint::Unable) | None => Hint::Unable,
                }
            }
            "tuple" | "Tuple" => match first.map(|e| self.hint(scope, e, depth + 1)) {
                Some(Hint::Schema(items)) => {
                    let length = i64::try_from(args.len()).unwrap_or(i64::MAX);
                    Hint::Schema(
                        array(items)
                            .with("minLength", length)
                            .with("maxLength", length),
                    )
                }
                _ => Hint::Unable,
            },
            "dict" | "Dict" | "defaultdict" | "DefaultDict" | "OrderedDict" => {
                let mut out = basic::object(self.shape);
                if let Some(value) = args.get(1) {
                    let is_any = value
                        .dotted()
                        .is_some_and(|d| d == "Any" || d.ends_with(".Any"));
                    if !is_any {
                        match self.hint(scope, value, depth + 1) {
                            Hint::Schema(schema) => out.insert("additionalProperties", schema),
                            Hint::Nothing => {}
                            Hint::Unable => return Hint::Unable,
                        }
                    }
                }
                Hint::Schema(out)
            }
            "Literal" => self.literal(scope, &args),
            "Annotated" | "Final" | "ClassVar" => match first {
                Some(inner) => self.hint(scope, inner, depth + 1),
                None => Hint::Unable,
            },
            _ => Hint::Unable,
        }
    }

    fn union(&mut self, scope: Scope, parts: &[&Expr], depth: u32) -> Hint {
        let is_none = |e: &Expr| matches!(e.kind, ExprKind::None);
        let kept: Vec<&&Expr> = parts.iter().filter(|e| !is_none(e)).collect();
        let mut schemas = Vec::new();
        for part in &kept {
            match self.hint(scope, part, depth + 1) {
                Hint::Schema(schema) => schemas.push(schema),
                other => return other,
            }
        }
        let mut out = if schemas.len() > 1 {
            Node::map().with("oneOf", schemas)
        } else {
            match schemas.pop() {
                Some(schema) => schema,
                None => return Hint::Unable,
            }
        };
        if kept.len() < parts.len() {
            out.insert("nullable", true);
        }
        Hint::Schema(out)
    }

    fn literal(&self, scope: Scope, args: &[&Expr]) -> Hint {
        let values: Option<Vec<Node>> = args
            .iter()
            .map(|e| values::node(&self.facts.program.eval(scope, e)))
            .collect();
        let Some(values) = values else {
            return Hint::Unable;
        };
        let of_type = match type_of_all(&values) {
            Some("number") => values
                .iter()
                .all(|v| matches!(&v.kind, Kind::Number(n) if n.is_f64()))
                .then(|| formatted("number", "double")),
            Some(name) => Some(typed(name)),
            None => None,
        };
        let mut out = Node::map().with("enum", values);
        for (key, value) in of_type.into_iter().flat_map(Node::into_entries) {
            out.insert(&key, value);
        }
        Hint::Schema(out)
    }

    /// A class of the project as annotation.
    fn class(&mut self, scope: Scope, expr: &Expr, class: ClassId, depth: u32) -> Hint {
        let facts = self.facts;
        let program = &facts.program;
        if facts.django.serializer_of(class).is_some() {
            return self.serializer_or_field(scope, expr);
        }
        let externals: Vec<&str> = program
            .mro(class)
            .entries
            .iter()
            .filter_map(|b| match b {
                Base::External(fq) => Some(&**fq),
                Base::Project(_) => None,
            })
            .collect();
        let ends = |names: &[&str]| {
            externals
                .iter()
                .any(|fq| names.contains(&fq.rsplit('.').next().unwrap_or(fq)))
        };
        if ends(&["TypedDict"]) {
            let is_total = !program.class_def(class).args.iter().any(|arg| {
                matches!(&arg.kind, crate::python::syntax::ArgKind::Keyword(k) if &**k == "total")
                    && matches!(arg.value.kind, ExprKind::Bool(false))
            });
            return Hint::Schema(self.record(class, is_total, depth));
        }
        if ends(&["NamedTuple"]) {
            return Hint::Schema(self.record(class, true, depth));
        }
        if ends(&[
            "Enum",
            "IntEnum",
            "StrEnum",
            "TextChoices",
            "IntegerChoices",
            "Choices",
        ]) {
            return self.enumeration(scope, expr, class, ends(&["TextChoices", "IntegerChoices"]));
        }
        if drf_field::base_of(
            facts,
            &crate::django::ClassRef::Project {
                id: class,
                fq: Arc::clone(&program.class(class).fq),
            },
        )
        .is_some_and(|base| base.ends_with("Field"))
        {
            return self.serializer_or_field(scope, expr);
        }
        Hint::Unable
    }

    /// Annotated names of a class body, with those of its bases.
    fn record(&mut self, class: ClassId, is_required: bool, depth: u32) -> Node {
        let facts = self.facts;
        let program = &facts.program;
        let mut properties = Node::map();
        let mut names: Vec<Arc<str>> = Vec::new();
        for entry in program.mro(class).entries.iter().rev() {
            let Base::Project(id) = entry else { continue };
            let scope = program.scope_of_class(*id);
            for stmt in &program.class_def(*id).body {
                let StmtKind::AnnAssign {
                    target, annotation, ..
                } = &stmt.kind
                else {
                    continue;
                };
                let Some(name) = target.as_name() else {
                    continue;
                };
                let schema = match self.hint(scope, annotation, depth + 1) {
                    Hint::Schema(schema) => schema,
                    Hint::Nothing => continue,
                    Hint::Unable => typed("string").unknown("the annotation is not known"),
                };
                properties.insert(name, schema);
                names.push(name.into());
            }
        }
        let mut out = typed("object");
        if let Some(text) = docstrings::docstring(&program.class_def(class).body)
            && self.shape.docstring_descriptions
        {
            out.insert("description", text);
        }
        out.insert("properties", properties);
        if is_required && !names.is_empty() {
            names.sort();
            names.dedup();
            let names: Vec<Node> = names.into_iter().map(Node::from).collect();
            out.insert("required", names);
        }
        out
    }

    fn enumeration(&self, scope: Scope, expr: &Expr, class: ClassId, is_choices: bool) -> Hint {
        let program = &self.facts.program;
        if is_choices {
            let Some(choices) = drf_field::enumeration_choices(program, scope, expr) else {
                return Hint::Schema(typed("string").unknown("its members are not known"));
            };
            // The empty choice is none of the members.
            let values: Vec<Node> = choices
                .iter()
                .filter(|(value, _)| !value.is_none())
                .cloned()
                .collect::<Vec<_>>()
                .iter()
                .filter_map(|(v, _)| values::node(v))
                .collect();
            let of_type = type_of_all(&values).unwrap_or("string");
            let mut out = Node::map().with("enum", values).with("type", of_type);
            if self.shape.enum_descriptions {
                out.insert("description", description_of(&choices));
            }
            out.insert(
                super::field_schema::ENUM_ID,
                super::enums::identity(&choices),
            );
            return Hint::Schema(out);
        }
        let mut values = Vec::new();
        for stmt in &program.class_def(class).body {
            if let StmtKind::Assign { targets, .. } = &stmt.kind
                && let Some(name) = targets.first().and_then(Expr::as_name)
                && !name.starts_with('_')
            {
                match program
                    .class_value(class, name)
                    .as_ref()
                    .and_then(values::node)
                {
                    Some(value) => values.push(value),
                    None => {
                        return Hint::Schema(typed("string").unknown("its members are not known"));
                    }
                }
            }
        }
        let mixed = program.mro(class).entries.iter().find_map(|b| match b {
            Base::External(fq) => match &**fq {
                "builtins.str" | "enum.StrEnum" => Some("string"),
                "builtins.int" | "enum.IntEnum" => Some("integer"),
                _ => None,
            },
            Base::Project(_) => None,
        });
        let out = Node::map().with("enum", values);
        Hint::Schema(match mixed {
            Some(name) => out.with("type", name),
            None => out,
        })
    }

    /// `inline_serializer(name=…, fields={…})`: `$ref` of its component.
    pub(super) fn inline(
        &mut self,
        scope: Scope,
        args: &[crate::python::syntax::Arg],
        direction: Direction,
    ) -> Option<Node> {
        let facts = self.facts;
        let name = keyword(args, "name").or_else(|| positional(args, 0))?;
        let name = facts.program.eval(scope, name);
        let name = name.as_str()?;
        let fields = keyword(args, "fields").or_else(|| positional(args, 1))?;
        let many = keyword(args, "many").is_some_and(|e| matches!(e.kind, ExprKind::Bool(true)));
        let component = self.dressed(
            name.strip_suffix("Serializer").unwrap_or(name),
            direction,
            false,
        );
        let reference = self.component(&component, |components| {
            let ExprKind::Dict(items) = &fields.kind else {
                return typed("object").unknown("its fields could not be read");
            };
            let mut built = Vec::new();
            for item in items {
                if let crate::python::syntax::DictItem::Pair { key, value } = item
                    && let Some(name) = facts.program.eval(scope, key).as_str()
                {
                    let name: Arc<str> = name.into();
                    if let Some(field) = DrfField::of_expr(facts, scope, value, &name) {
                        built.push(field);
                    }
                }
            }
            components.object(&built, Holder::default(), direction, false, &[])
        })?;
        Some(if many { array(reference) } else { reference })
    }
}

/// The alternatives of a union.
fn flatten<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::BinOp {
            left,
            op: "|",
            right,
        } => {
            flatten(left, out);
            flatten(right, out);
        }
        _ => out.push(expr),
    }
}

/// The expression that an annotation in quotes stands for, as if it stood at `at`.
pub(super) fn named(text: &str, at: &Expr) -> Option<Expr> {
    let file = parse(text.trim());
    match file.body.as_slice() {
        [only] if file.errors.is_empty() => match &only.kind {
            StmtKind::Expr(expr) => relocated(expr, at.span),
            _ => None,
        },
        _ => None,
    }
}

/// The same annotation with every part at one place: names are looked up as of there.
fn relocated(expr: &Expr, span: Span) -> Option<Expr> {
    let inner = |e: &Expr| relocated(e, span);
    let kind = match &expr.kind {
        ExprKind::Attribute { value, attr } => ExprKind::Attribute {
            value: Box::new(inner(value)?),
            attr: Arc::clone(attr),
        },
        ExprKind::Subscript { value, index } => ExprKind::Subscript {
            value: Box::new(inner(value)?),
            index: Box::new(inner(index)?),
        },
        ExprKind::BinOp { left, op, right } => ExprKind::BinOp {
            left: Box::new(inner(left)?),
            op,
            right: Box::new(inner(right)?),
        },
        ExprKind::Tuple(items) => ExprKind::Tuple(items.iter().map(inner).collect::<Option<_>>()?),
        ExprKind::Name(_) | ExprKind::Str(_) | ExprKind::None | ExprKind::Int(_) => {
            expr.kind.clone()
        }
        _ => return None,
    };
    Some(Expr { span, kind })
}
