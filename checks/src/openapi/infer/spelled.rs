//! Arguments of `@extend_schema` as written: what a name, call or dict display in the source stands
//! for in a schema.
//!
//! Follows names to their assignments; nothing is executed, and what is not understood is unknown.

use std::sync::Arc;

use super::basic::{self, Basic};
use super::bodies::Body;
use super::json;
use super::node::Node;
use super::parameters::Parameter;
use super::shape::Shape;
use crate::django::SerializerId;
use crate::facts::Facts;
use crate::python::syntax::{
    Arg, DictItem, Expr, ExprKind, FPart, Stmt, StmtKind, keyword, positional,
};
use crate::python::value::{Literal, Place, Val};
use crate::python::{ModuleId, Scope, Symbol};

/// Names are followed this far.
const MAX_STEPS: usize = 12;
/// Entries of one list or dict.
const MAX_ITEMS: usize = 500;

/// Reads arguments in the light of the facts.
pub(super) struct Spelled<'f> {
    pub(super) facts: &'f Facts,
    pub(super) shape: &'f Shape,
}

/// Scope and expression of a key, then of its value.
type Pair<'f> = (Scope, &'f Expr, Scope, &'f Expr);

impl<'f> Spelled<'f> {
    pub(super) fn place(&self, scope: Scope, expr: &Expr) -> Place {
        Place {
            file: self.facts.program.module(scope.module).file,
            span: expr.span,
        }
    }

    /// What a name was assigned, as far as that can be followed.
    pub(super) fn follow(&self, scope: Scope, expr: &'f Expr) -> (Scope, &'f Expr) {
        let (mut scope, mut expr) = (scope, expr);
        for _ in 0..MAX_STEPS {
            if !matches!(expr.kind, ExprKind::Name(_) | ExprKind::Attribute { .. }) {
                break;
            }
            let Symbol::Variable(module, name) = self.facts.program.resolve(scope, expr) else {
                break;
            };
            let Some(next) = self.assigned(module, &name) else {
                break;
            };
            scope = Scope::of_module(module);
            expr = next;
        }
        (scope, expr)
    }

    fn assigned(&self, module: ModuleId, name: &str) -> Option<&'f Expr> {
        assigned(self.facts.program.body(module), name)
    }

    fn resolve(&self, scope: Scope, expr: &Expr) -> Symbol {
        self.facts.program.resolve(scope, expr)
    }

    /// Whether this names something of drf-spectacular.
    pub(super) fn is_ours(&self, scope: Scope, expr: &Expr, name: &str) -> bool {
        match self.resolve(scope, expr) {
            Symbol::External(fq) => {
                fq.starts_with("drf_spectacular.") && fq.rsplit('.').next() == Some(name)
            }
            _ => false,
        }
    }

    fn val(&self, scope: Scope, expr: &Expr) -> Val {
        self.facts.program.eval(scope, expr)
    }

    pub(super) fn text(&self, scope: Scope, expr: &'f Expr) -> Option<String> {
        let (scope, expr) = self.follow(scope, expr);
        match &expr.kind {
            ExprKind::Str(text) => return Some(text.to_string()),
            // `_("…")`
            ExprKind::Call { args, .. } => {
                if let Some(ExprKind::Str(text)) = positional(args, 0).map(|e| &e.kind) {
                    return Some(text.to_string());
                }
            }
            ExprKind::FString(parts) => {
                let texts: Option<Vec<&str>> = parts
                    .iter()
                    .map(|p| match p {
                        FPart::Text(text) => Some(&**text),
                        FPart::Hole(_) => None,
                    })
                    .collect();
                return texts.map(|t| t.concat());
            }
            ExprKind::Attribute { attr, .. } => {
                if let Symbol::External(fq) = self.resolve(scope, expr)
                    && fq.contains("OpenApiParameter.")
                {
                    return Some(attr.to_lowercase());
                }
            }
            _ => {}
        }
        match self.val(scope, expr) {
            Val::Known(Literal::Str(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    pub(super) fn flag(&self, scope: Scope, expr: &'f Expr) -> Option<bool> {
        match self.val(scope, expr) {
            Val::Known(Literal::Bool(flag)) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn strings(&self, scope: Scope, expr: &'f Expr) -> Option<Vec<String>> {
        let all = self.elements(scope, expr);
        all.into_iter()
            .map(|(scope, one)| self.text(scope, one))
            .collect()
    }

    pub(super) fn json(&self, scope: Scope, expr: &'f Expr) -> Option<Node> {
        let (scope, expr) = self.follow(scope, expr);
        json::node(&self.val(scope, expr)).map(|node| node.at(self.place(scope, expr)))
    }

    /// `200`, `"2XX"`, `status.HTTP_200_OK`
    pub(super) fn status(&self, scope: Scope, expr: &'f Expr) -> Option<String> {
        if let Symbol::External(fq) = self.resolve(scope, expr)
            && let Some(name) = fq.rsplit('.').next().and_then(|n| n.strip_prefix("HTTP_"))
        {
            let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
            return (digits.len() == 3).then_some(digits);
        }
        match self.val(scope, expr) {
            Val::Known(Literal::Int(code)) => Some(code.to_string()),
            Val::Known(Literal::Str(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    /// Elements of a list display, of lists that are joined, and of those spread into it.
    pub(super) fn elements(&self, scope: Scope, expr: &'f Expr) -> Vec<(Scope, &'f Expr)> {
        let mut out = Vec::new();
        let mut open = vec![(scope, expr)];
        while let Some((scope, expr)) = open.pop() {
            if out.len() > MAX_ITEMS || open.len() > MAX_ITEMS {
                break;
            }
            let (scope, expr) = self.follow(scope, expr);
            match &expr.kind {
                ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
                    for item in items.iter().rev() {
                        match &item.kind {
                            ExprKind::Starred(inner) => open.push((scope, inner)),
                            _ => open.push((scope, item)),
                        }
                    }
                }
                ExprKind::BinOp {
                    left,
                    op: "+",
                    right,
                } => {
                    open.push((scope, right));
                    open.push((scope, left));
                }
                _ => out.push((scope, expr)),
            }
        }
        out
    }

    /// Whether a name leads to joined dicts.
    pub(super) fn is_dict(&self, scope: Scope, expr: &'f Expr) -> bool {
        let (scope, expr) = self.follow(scope, expr);
        match &expr.kind {
            ExprKind::Dict(_) => true,
            ExprKind::BinOp { left, op: "|", .. } => self.is_dict(scope, left),
            _ => false,
        }
    }

    /// Pairs of a dict display, of dicts spread into it and joined with `|`.
    pub(super) fn pairs(&self, scope: Scope, expr: &'f Expr) -> Vec<Pair<'f>> {
        let mut out = Vec::new();
        self.collect(scope, expr, &mut out, 0);
        out
    }

    fn collect(&self, scope: Scope, expr: &'f Expr, out: &mut Vec<Pair<'f>>, depth: usize) {
        if depth > MAX_STEPS || out.len() > MAX_ITEMS {
            return;
        }
        let (scope, expr) = self.follow(scope, expr);
        match &expr.kind {
            ExprKind::Dict(items) => {
                for item in items {
                    match item {
                        DictItem::Pair { key, value } => out.push((scope, key, scope, value)),
                        DictItem::Spread(inner) => self.collect(scope, inner, out, depth + 1),
                    }
                }
            }
            ExprKind::BinOp {
                left,
                op: "|",
                right,
            } => {
                self.collect(scope, left, out, depth + 1);
                self.collect(scope, right, out, depth + 1);
            }
            _ => {}
        }
    }

    /// The serializer that a class name stands for.
    pub(super) fn serializer(&self, scope: Scope, expr: &Expr) -> Option<SerializerId> {
        let django = &self.facts.django;
        match self.resolve(scope, expr) {
            Symbol::Class(class) => django.serializer_of(class).map(|s| s.id),
            Symbol::External(fq) => django
                .serializers()
                .iter()
                .find(|s| s.class.is_none() && s.fq == fq)
                .map(|s| s.id),
            _ => None,
        }
    }

    /// What stands for a body, and whether a list was asked for.
    pub(super) fn body(&self, scope: Scope, expr: &'f Expr) -> (Body, bool) {
        let (body, _, wrapped) = self.body_words(scope, expr);
        (body, wrapped)
    }

    /// A body, its description, and whether it stood in an `OpenApiResponse`.
    pub(super) fn body_words(&self, scope: Scope, expr: &'f Expr) -> (Body, String, bool) {
        let (scope, expr) = self.follow(scope, expr);
        if let Some((func, args)) = expr.as_call() {
            if self.is_ours(scope, func, "OpenApiResponse") {
                let inner = keyword(args, "response").or_else(|| positional(args, 0));
                let words = keyword(args, "description")
                    .or_else(|| positional(args, 1))
                    .and_then(|e| self.text(scope, e))
                    .unwrap_or_default();
                let body = inner.map_or(Body::Nothing, |e| self.plain(scope, e));
                return (body, words, true);
            }
            if self.is_ours(scope, func, "OpenApiRequest") {
                let inner = keyword(args, "request").or_else(|| positional(args, 0));
                let body = inner.map_or(Body::Nothing, |e| self.plain(scope, e));
                return (body, String::new(), false);
            }
        }
        (self.plain(scope, expr), String::new(), false)
    }

    fn plain(&self, scope: Scope, expr: &'f Expr) -> Body {
        let (scope, expr) = self.follow(scope, expr);
        let place = Some(self.place(scope, expr));
        if let ExprKind::None = expr.kind {
            return Body::Nothing;
        }
        if let Some(basic) = self.basic(scope, expr) {
            return match basic {
                Basic::Schema(schema) => Body::Basic(schema),
                Basic::Nothing => Body::Nothing,
            };
        }
        if let Some(id) = self.serializer(scope, expr) {
            return Body::Serializer {
                id,
                many: false,
                never_many: false,
                place,
            };
        }
        if let Some((func, args)) = expr.as_call() {
            if let Some(id) = self.serializer(scope, func) {
                let many = keyword(args, "many").and_then(|e| self.flag(scope, e));
                return Body::Serializer {
                    id,
                    many: many == Some(true),
                    never_many: false,
                    place,
                };
            }
            if self.is_ours(scope, func, "inline_serializer") {
                return self.inline(scope, args);
            }
        }
        if let Some(hint) = self.hint(scope, expr, 0) {
            return Body::Raw(hint);
        }
        match &expr.kind {
            ExprKind::Dict(_) => match self.json(scope, expr) {
                Some(node) => Body::Raw(node),
                None => Body::Unknown("its schema is not a literal".to_owned()),
            },
            _ => Body::Unknown("what it was given could not be followed".to_owned()),
        }
    }

    /// `OpenApiTypes.STR`, `str`, `datetime.date`
    pub(super) fn basic(&self, scope: Scope, expr: &Expr) -> Option<Basic> {
        let Symbol::External(fq) = self.resolve(scope, expr) else {
            return None;
        };
        match fq.rsplit_once("OpenApiTypes.") {
            Some((_, name)) => basic::open_api_type(name, self.shape),
            None => basic::python_type(&fq, self.shape),
        }
    }

    /// `list[str]`, `dict[str, int]`
    fn hint(&self, scope: Scope, expr: &'f Expr, depth: usize) -> Option<Node> {
        if depth > 4 {
            return None;
        }
        if let Some(Basic::Schema(schema)) = self.basic(scope, expr) {
            return Some(schema);
        }
        let ExprKind::Subscript { value, index } = &expr.kind else {
            return None;
        };
        let Symbol::External(fq) = self.resolve(scope, value) else {
            return None;
        };
        match fq.rsplit('.').next()? {
            "list" | "List" => Some(basic::array(self.hint(scope, index, depth + 1)?)),
            "dict" | "Dict" => {
                let ExprKind::Tuple(parts) = &index.kind else {
                    return None;
                };
                let values = self.hint(scope, parts.get(1)?, depth + 1)?;
                Some(basic::of("object").with("additionalProperties", values))
            }
            _ => None,
        }
    }

    /// `inline_serializer(name=…, fields={…})`
    fn inline(&self, scope: Scope, args: &'f [Arg]) -> Body {
        let name = keyword(args, "name")
            .or_else(|| positional(args, 0))
            .and_then(|e| self.text(scope, e));
        let fields = keyword(args, "fields").or_else(|| positional(args, 1));
        let (Some(name), Some(fields)) = (name, fields) else {
            return Body::Unknown("the inline serializer could not be read".to_owned());
        };
        let mut all = Vec::new();
        for (key_scope, key, scope, value) in self.pairs(scope, fields) {
            if let Some(key) = self.text(key_scope, key) {
                all.push((key, scope, value));
            }
        }
        let mut properties = Node::map();
        let mut required: Vec<String> = Vec::new();
        for (key, scope, value) in all {
            let (scope, value) = self.follow(scope, value);
            let Some((func, args)) = value.as_call() else {
                continue;
            };
            let flag = |name: &str| keyword(args, name).and_then(|e| self.flag(scope, e));
            let mut schema = self.inline_field(scope, func, args);
            if flag("read_only") == Some(true) {
                schema.insert("readOnly", true);
            }
            if flag("write_only") == Some(true) {
                schema.insert("writeOnly", true);
            }
            if flag("allow_null") == Some(true) {
                schema.insert("nullable", true);
            }
            let has_default = keyword(args, "default").is_some();
            if flag("required") != Some(false) && !has_default {
                required.push(key.clone());
            }
            properties.insert(&key, schema.at(self.place(scope, value)));
        }
        let mut schema = basic::of("object").with("properties", properties);
        if !required.is_empty() {
            required.sort();
            let required: Vec<Node> = required.into_iter().map(Node::from).collect();
            schema.insert("required", required);
        }
        let many = keyword(args, "many").and_then(|e| self.flag(scope, e)) == Some(true);
        Body::Inline {
            name: name.strip_suffix("Serializer").unwrap_or(&name).to_owned(),
            schema,
            many,
        }
    }

    fn inline_field(&self, scope: Scope, func: &'f Expr, args: &'f [Arg]) -> Node {
        if let Some(id) = self.serializer(scope, func) {
            let name = &self.facts.django.serializer(id).name;
            let name = name.strip_suffix("Serializer").unwrap_or(name);
            let many = keyword(args, "many").and_then(|e| self.flag(scope, e)) == Some(true);
            let reference = Node::reference(name);
            return if many {
                basic::array(reference)
            } else {
                reference
            };
        }
        let named = func.dotted().unwrap_or_default();
        match named.rsplit('.').next().unwrap_or("") {
            "IntegerField" => basic::of("integer"),
            "FloatField" => basic::formatted("number", "double"),
            "BooleanField" => basic::of("boolean"),
            "DateField" => basic::formatted("string", "date"),
            "DateTimeField" => basic::formatted("string", "date-time"),
            "TimeField" => basic::formatted("string", "time"),
            "EmailField" => basic::formatted("string", "email"),
            "URLField" | "FileField" | "ImageField" => basic::formatted("string", "uri"),
            "UUIDField" => basic::formatted("string", "uuid"),
            "DecimalField" => basic::formatted("string", "decimal"),
            "JSONField" => Node::map(),
            "DictField" => basic::object(self.shape),
            "ListField" => {
                let child = keyword(args, "child").and_then(Expr::as_call);
                basic::array(match child {
                    Some((func, args)) => self.inline_field(scope, func, args),
                    None => Node::map(),
                })
            }
            "ListSerializer" => {
                let child = keyword(args, "child").and_then(Expr::as_call);
                match child {
                    Some((func, args)) => basic::array(self.inline_field(scope, func, args)),
                    None => Node::map().unknown("its child could not be followed"),
                }
            }
            "CharField" | "SlugField" | "ChoiceField" | "RegexField" | "SerializerMethodField" => {
                basic::of("string")
            }
            _ => Node::map().unknown("its field class is not known here"),
        }
    }

    /// Parameters that an element of `parameters=` stands for: name, place, and what it is; `None`
    /// takes it out.
    pub(super) fn parameter(
        &self,
        scope: Scope,
        expr: &'f Expr,
    ) -> Vec<(String, String, Option<Parameter>)> {
        let Some((func, args)) = expr.as_call() else {
            return self.exploded(scope, expr);
        };
        if !self.is_ours(scope, func, "OpenApiParameter") {
            return self.exploded(scope, func);
        }
        const ORDER: [&str; 9] = [
            "name",
            "type",
            "location",
            "required",
            "description",
            "enum",
            "pattern",
            "deprecated",
            "style",
        ];
        let given = |name: &str| {
            keyword(args, name).or_else(|| {
                let at = ORDER.iter().position(|n| *n == name)?;
                positional(args, at)
            })
        };
        let text = |name: &str| given(name).and_then(|e| self.text(scope, e));
        let flag = |name: &str| given(name).and_then(|e| self.flag(scope, e));
        let Some(name) = text("name") else {
            return Vec::new();
        };
        let location = text("location").unwrap_or_else(|| "query".to_owned());
        if given("response").is_some() {
            return Vec::new();
        }
        if flag("exclude") == Some(true) {
            return vec![(name, location, None)];
        }
        let mut schema = match given("type") {
            None => basic::of("string"),
            Some(kind) => {
                let (scope, kind) = self.follow(scope, kind);
                match self.basic(scope, kind) {
                    Some(Basic::Schema(schema)) => schema,
                    _ => match &kind.kind {
                        ExprKind::Dict(_) => self
                            .json(scope, kind)
                            .unwrap_or_else(|| Node::map().unknown("its schema is not a literal")),
                        _ => basic::of("string").unknown("its type could not be followed"),
                    },
                }
            }
        };
        if flag("many") == Some(true) {
            schema = basic::array(schema);
        }
        let choices = given("enum").and_then(|e| {
            let (scope, e) = self.follow(scope, e);
            match json::node(&self.val(scope, e))?.kind {
                super::node::Kind::List(items) => Some(items),
                _ => None,
            }
        });
        let default = given("default")
            .and_then(|e| self.json(scope, e))
            .filter(|n| !matches!(n.kind, super::node::Kind::Null));
        let parameter = Parameter {
            name: name.clone(),
            location: match location.as_str() {
                "path" => "path",
                "header" => "header",
                "cookie" => "cookie",
                _ => "query",
            },
            schema: Some(schema),
            description: text("description"),
            required: flag("required") == Some(true),
            says_optional: false,
            deprecated: flag("deprecated") == Some(true),
            choices,
            pattern: text("pattern"),
            style: text("style"),
            explode: flag("explode"),
            default,
            place: Some(self.place(scope, expr)),
            serializer: None,
        };
        vec![(name, location, Some(parameter))]
    }

    /// A serializer given as parameters: each of its fields is one of the query.
    fn exploded(&self, scope: Scope, expr: &Expr) -> Vec<(String, String, Option<Parameter>)> {
        let Some(id) = self.serializer(scope, expr) else {
            return Vec::new();
        };
        let serializer = self.facts.django.serializer(id);
        serializer
            .fields
            .iter()
            .filter(|f| !f.hidden)
            .map(|field| {
                let parameter = Parameter {
                    required: field.required == Some(true),
                    place: field.place,
                    ..Parameter::query(&field.name, Node::map())
                };
                let parameter = Parameter {
                    serializer: Some((id, Arc::clone(&field.name))),
                    ..parameter
                };
                (field.name.to_string(), "query".to_owned(), Some(parameter))
            })
            .collect()
    }
}

/// The last value a module assigns to a name, also in an annotated assignment.
fn assigned<'f>(body: &'f [Stmt], name: &str) -> Option<&'f Expr> {
    body.iter().rev().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, value } => targets
            .iter()
            .any(|t| t.as_name() == Some(name))
            .then_some(&**value),
        StmtKind::AnnAssign {
            target,
            value: Some(value),
            ..
        } => (target.as_name() == Some(name)).then_some(&**value),
        _ => None,
    })
}
