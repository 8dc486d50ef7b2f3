//! The schema of one serializer field, for every field class of DRF.
//!
//! What the field is was settled in `drf_field`; nothing here reads Python.

use std::sync::Arc;

use super::basic::{self, array, formatted, of as typed};
use super::components::{Components, Direction};
use super::defaults;
use super::drf_field::{Choices, Default, DrfField};
use super::node::{Kind, Node};
use super::source_path::End;
use super::validators;
use super::values;
use crate::django::ModelId;

/// Fields of fields of fields: deeper ones are cut off.
const MAX_DEPTH: u32 = 24;

/// The serializer that holds a field, as far as its fields' types depend on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holder {
    /// `Meta.model`
    pub(super) model: Option<ModelId>,
    /// The model is named but not known.
    pub(super) is_model_open: bool,
}

/// Key under which an enumeration carries the identity of its choices until names are given.
pub(super) const ENUM_ID: &str = "x-spec-enum-id";

impl Components<'_> {
    /// The schema of a field; `None`: nothing is shown of it.
    pub(super) fn field_schema(
        &mut self,
        field: &DrfField,
        holder: Holder,
        direction: Direction,
    ) -> Option<Node> {
        self.depth += 1;
        let schema = if self.depth > MAX_DEPTH {
            Some(Node::map().unknown("it is nested too deep"))
        } else {
            self.field_schema_inner(field, holder, direction)
        };
        self.depth -= 1;
        schema
    }

    fn field_schema_inner(
        &mut self,
        field: &DrfField,
        holder: Holder,
        direction: Direction,
    ) -> Option<Node> {
        let mut meta = self.meta(field, direction);
        if let Some(class) = field.class.class()
            && let Some(schema) = self.class_override(class, direction)
        {
            return schema.map(|schema| self.with_meta(schema, meta));
        }
        let schema = match &*field.base {
            "Serializer" => self.nested(field, holder, direction)?,
            _ if field.many && field.pk_field.is_none() && is_relational(&field.base) => {
                self.many_related(field, holder, direction, &mut meta)?
            }
            _ if is_relational(&field.base) => self.related(field, holder, direction)?,
            "MultipleChoiceField" => array(self.choices(field)),
            "ChoiceField" | "FilePathField" => {
                let mut schema = self.choices(field);
                if let Some(own) = meta.get("description").and_then(Node::as_str)
                    && let Some(list) = schema.remove("description")
                {
                    let text = format!("{own}\n\n{}", list.as_str().unwrap_or_default());
                    meta.insert("description", text);
                }
                schema
            }
            "ListField" | "ListSerializer" => self.list(field, holder, direction)?,
            "DateField" => formatted("string", "date"),
            "DateTimeField" => formatted("string", "date-time"),
            "TimeField" => formatted("string", "time"),
            "EmailField" => formatted("string", "email"),
            "URLField" => formatted("string", "uri"),
            "UUIDField" => formatted("string", "uuid"),
            "IPAddressField" => match field.protocol.as_deref().map(str::to_lowercase).as_deref() {
                Some(protocol @ ("ipv4" | "ipv6")) => formatted("string", protocol),
                _ => typed("string"),
            },
            "DecimalField" => self.decimal(field),
            "FloatField" => bounded(formatted("number", "double"), field),
            "IntegerField" | "BigIntegerField" => integer(field),
            "FileField" | "ImageField" => self.file(field, direction),
            "SerializerMethodField" => self.method(field)?,
            "BooleanField" | "NullBooleanField" => typed("boolean"),
            "JSONField" => Node::map(),
            "DictField" | "HStoreField" => self.dict(field, holder, direction)?,
            "BinaryField" => formatted("string", "byte"),
            "ReadOnlyField" => self.read_only(field, holder, direction)?,
            "HiddenField" => return None,
            "CharField" | "RegexField" | "SlugField" | "DurationField" | "ModelField" | "Field" => {
                typed("string")
            }
            _ => typed("string").unknown("its field class is not known"),
        };
        let schema = match &field.open {
            Some(reason) => schema.unknown(reason),
            None => schema,
        };
        Some(self.with_meta(schema, meta))
    }

    /// What every kind of field shows beside its type.
    fn meta(&self, field: &DrfField, direction: Direction) -> Node {
        let mut meta = Node::map();
        if field.read_only {
            meta.insert("readOnly", true);
        }
        if field.write_only {
            meta.insert("writeOnly", true);
        }
        if field.allow_null {
            meta.insert("nullable", true);
        }
        if field.is_char() && !field.allow_blank {
            let shows = if self.shape.split_request {
                direction == Direction::Request
            } else {
                self.shape.enforce_non_blank && !field.read_only
            };
            if shows {
                meta.insert("minLength", 1);
            }
        }
        if let Default::Value(val, node) = &field.default
            && !val.is_none()
        {
            meta.insert(
                "default",
                defaults::represented(field, val, node, self.coerce_decimal),
            );
        }
        if let Some(label) = &field.label
            && !label.is_empty()
            && !values::is_trivial_variation(label, &field.name)
        {
            meta.insert("title", Arc::clone(label));
        }
        if let Some(text) = &field.help_text
            && !text.is_empty()
        {
            meta.insert("description", Arc::clone(text));
        }
        meta
    }

    /// `append_meta`: keywords beside the type; next to a `$ref` they wrap it.
    pub(super) fn with_meta(&self, schema: Node, meta: Node) -> Node {
        let mut schema = schema;
        let mut meta = meta;
        if self.shape.oas_version.starts_with("3.1") {
            let own = schema.remove("nullable").is_some();
            if meta.remove("nullable").is_some() || own {
                schema = nullable_3_1(schema);
            }
            for (flag, limit) in [
                ("exclusiveMinimum", "minimum"),
                ("exclusiveMaximum", "maximum"),
            ] {
                if schema.get(flag).is_some()
                    && let Some(value) = schema.remove(limit)
                {
                    schema.insert(flag, value);
                }
            }
        }
        for (key, value) in meta.into_entries() {
            schema.insert(&key, value);
        }
        safe_ref(schema)
    }

    fn many_related(
        &mut self,
        field: &DrfField,
        holder: Holder,
        direction: Direction,
        meta: &mut Node,
    ) -> Option<Node> {
        let mut child = field.clone();
        child.many = false;
        child.name = "".into();
        let mut schema = self.field_schema(&child, holder, direction)?;
        schema.remove("readOnly");
        schema.remove("default");
        if meta.get("description").and_then(Node::as_str)
            == schema.get("description").and_then(Node::as_str)
        {
            schema.remove("description");
        }
        // `allow_null` belongs to the elements only.
        meta.remove("nullable");
        Some(array(schema))
    }

    /// A relation to one row as key, slug, text or link.
    fn related(&mut self, field: &DrfField, holder: Holder, direction: Direction) -> Option<Node> {
        match &*field.base {
            "HyperlinkedRelatedField" | "HyperlinkedIdentityField" => {
                return Some(formatted("string", "uri"));
            }
            "StringRelatedField" => return Some(typed("string")),
            // A subclass of the project that says how it looks.
            "RelatedField" => return Some(typed("string")),
            _ => {}
        }
        if let Some(pk) = &field.pk_field {
            return self.field_schema(pk, holder, direction);
        }
        let is_slug = &*field.base == "SlugRelatedField";
        let end = match (field.has_queryset, field.related) {
            (true, Some(model)) if is_slug => {
                self.follow(model, field.slug_field.as_deref().unwrap_or("pk"))
            }
            (true, Some(model)) => match self.facts.django.model(model).pk() {
                Some(pk) => End::Field(model, Arc::clone(&pk.name)),
                None => End::Unknown("the key of its model is not known".into()),
            },
            (true, None) => End::Unknown("the model of its queryset is not known".into()),
            (false, _) => match holder.model {
                Some(model) => {
                    let mut path = field.source.to_string();
                    if is_slug {
                        path.push('.');
                        path.push_str(field.slug_field.as_deref().unwrap_or("pk"));
                    }
                    self.follow(model, &path)
                }
                None if holder.is_model_open => {
                    End::Unknown("the serializer's model is not known".into())
                }
                None => End::Text,
            },
        };
        let mut schema = self.end_schema(end, direction)?;
        schema.remove("readOnly");
        Some(schema)
    }

    /// The schema of what a dotted source ends at.
    pub(super) fn end_schema(&mut self, end: End, direction: Direction) -> Option<Node> {
        match end {
            End::Field(model, name) => Some(
                self.model_field_schema(model, &name, direction)
                    .unwrap_or_else(|| typed("string").unknown("no such field was found")),
            ),
            End::Callable(func) => self.function_schema(func),
            End::Text => Some(typed("string")),
            End::Unknown(reason) => Some(typed("string").unknown(&reason)),
        }
    }

    fn choices(&self, field: &DrfField) -> Node {
        let known = match &field.choices {
            Choices::Known(known) => known,
            Choices::None | Choices::Unknown => {
                return typed("string").unknown("its choices are not known");
            }
        };
        let mut values: Vec<Node> = known.iter().filter_map(|(v, _)| values::node(v)).collect();
        let blank = Node::from("");
        if field.allow_blank && !values.iter().any(|v| v.kind == blank.kind) {
            values.push(blank);
        }
        let of_type = type_of_all(&values);
        if field.allow_null && !values.iter().any(|v| v.kind == Kind::Null) {
            values.push(Kind::Null.into());
        }
        let mut out = Node::map().with("enum", values);
        if let Some(name) = of_type {
            out.insert("type", name);
        }
        if self.shape.enum_descriptions {
            out.insert("description", description_of(known));
        }
        out.insert(ENUM_ID, super::enums::identity(known));
        if let Some(place) = field.place {
            out = out.at(place);
        }
        out
    }

    fn list(&mut self, field: &DrfField, holder: Holder, direction: Direction) -> Option<Node> {
        let Some(child) = &field.child else {
            return Some(array(Node::map()));
        };
        if &*child.base == "Serializer" && !child.many {
            return self.nested(child, holder, direction).map(array);
        }
        let mut schema = self.field_schema(child, holder, direction)?;
        insert_validators(child, &mut schema);
        let is_trivial = schema
            .get("title")
            .and_then(Node::as_str)
            .is_some_and(|title| values::is_trivial_variation(title, &field.name));
        if is_trivial {
            schema.remove("title");
        }
        Some(array(schema))
    }

    fn dict(&mut self, field: &DrfField, holder: Holder, direction: Direction) -> Option<Node> {
        let mut out = basic::object(self.shape);
        let stored;
        let child = match (&field.child, &*field.base) {
            (Some(child), _) => Some(&**child),
            (None, "HStoreField") => {
                let mut text = DrfField::new(&"".into(), "CharField");
                text.allow_blank = true;
                text.allow_null = true;
                stored = text;
                Some(&stored)
            }
            _ => None,
        };
        if let Some(child) = child {
            let mut schema = self.field_schema(child, holder, direction)?;
            insert_validators(child, &mut schema);
            out.insert("additionalProperties", schema);
        }
        Some(out)
    }

    fn decimal(&self, field: &DrfField) -> Node {
        let whole = match (field.max_digits, field.decimal_places) {
            (Some(digits), Some(places)) => Some((digits - places).max(0)),
            _ => None,
        };
        if field.coerce_to_string.unwrap_or(self.coerce_decimal) {
            let out = formatted("string", "decimal");
            return match (whole, field.decimal_places) {
                (Some(whole), Some(places)) => {
                    let whole = if whole == 0 {
                        "^-?0?".to_owned()
                    } else {
                        format!(r"^-?\d{{0,{whole}}}")
                    };
                    out.with("pattern", format!(r"{whole}(?:\.\d{{0,{places}}})?$"))
                }
                _ => out,
            };
        }
        let mut out = formatted("number", "double");
        if let Some(limit) = whole
            .and_then(|w| u32::try_from(w).ok())
            .and_then(|w| 10_i64.checked_pow(w))
        {
            out = out
                .with("maximum", limit)
                .with("minimum", -limit)
                .with("exclusiveMaximum", true)
                .with("exclusiveMinimum", true);
        }
        bounded(out, field)
    }

    fn file(&self, field: &DrfField, direction: Direction) -> Node {
        let is_upload = self.shape.split_request && direction == Direction::Request;
        let mut out = if is_upload {
            formatted("string", "binary")
        } else if field.use_url.unwrap_or(self.files_use_url) {
            formatted("string", "uri")
        } else {
            typed("string")
        };
        if !is_upload && !field.is_required() {
            out.insert("nullable", true);
        }
        out
    }

    fn method(&mut self, field: &DrfField) -> Option<Node> {
        match field.method {
            Some(func) => self.function_schema(func),
            None => Some(typed("string")),
        }
    }

    fn read_only(
        &mut self,
        field: &DrfField,
        holder: Holder,
        direction: Direction,
    ) -> Option<Node> {
        let end = match holder.model {
            Some(model) => self.follow(model, &field.source),
            None if holder.is_model_open => {
                End::Unknown("the serializer's model is not known".into())
            }
            None => End::Text,
        };
        self.end_schema(end, direction)
    }
}

/// What the validators of the field add, and the blank that a format does not allow.
pub(super) fn insert_validators(field: &DrfField, schema: &mut Node) {
    // The elements of a list of keys are not what the validators speak of.
    let mut rules = field.rules();
    if field.many {
        rules.retain(|r| {
            matches!(
                r,
                validators::Rule::MaxLength(_) | validators::Rule::MinLength(_)
            )
        });
    }
    validators::insert(&rules, schema);
    let is_text = schema.get("type").and_then(Node::as_str) == Some("string");
    let is_bound = ["format", "pattern", "minLength"]
        .iter()
        .any(|key| schema.get(key).is_some());
    let may_be_blank = field.allow_blank && (field.is_char() || &*field.base == "ChoiceField");
    if may_be_blank && is_text && is_bound {
        let mut inner = Node::map();
        let mut outer = Node::map();
        outer.at = schema.at;
        outer.certainty = schema.certainty.clone();
        for (key, value) in std::mem::replace(schema, Node::map()).into_entries() {
            match &*key {
                "readOnly" | "writeOnly" | "nullable" | "deprecated" | "description" | "title" => {
                    outer.insert(&key, value);
                }
                _ => inner.insert(&key, value),
            }
        }
        outer.insert("oneOf", vec![inner, typed("string").with("maxLength", 0)]);
        *schema = outer;
    }
}

fn is_relational(base: &str) -> bool {
    matches!(
        base,
        "PrimaryKeyRelatedField"
            | "SlugRelatedField"
            | "StringRelatedField"
            | "HyperlinkedRelatedField"
            | "HyperlinkedIdentityField"
            | "RelatedField"
    )
}

/// `$ref` never stands beside other keywords.
pub(super) fn safe_ref(schema: Node) -> Node {
    let mut schema = schema;
    if schema.len() > 1
        && let Some(reference) = schema.remove("$ref")
    {
        let mut out = Node::map().with("allOf", vec![Node::map().with("$ref", reference)]);
        out.at = schema.at;
        out.certainty = schema.certainty.clone();
        for (key, value) in schema.into_entries() {
            out.insert(&key, value);
        }
        return out;
    }
    schema
}

fn nullable_3_1(schema: Node) -> Node {
    let mut schema = schema;
    let null = typed("null");
    match schema.remove("type") {
        Some(Node {
            kind: Kind::List(mut names),
            ..
        }) => {
            names.push("null".into());
            return schema.with("type", names);
        }
        Some(name) => return schema.with("type", vec![name, "null".into()]),
        None => {}
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(Node {
            kind: Kind::List(mut items),
            ..
        }) = schema.remove(key)
        {
            items.push(null);
            return schema.with(key, items);
        }
    }
    Node::map().with("oneOf", vec![schema, null])
}

/// Limits of a number.
fn bounded(schema: Node, field: &DrfField) -> Node {
    let mut schema = schema;
    if let Some(max) = &field.max_value {
        schema.insert("maximum", max.clone());
        schema.remove("exclusiveMaximum");
    }
    if let Some(min) = &field.min_value {
        schema.insert("minimum", min.clone());
        schema.remove("exclusiveMinimum");
    }
    schema
}

fn integer(field: &DrfField) -> Node {
    let mut schema = bounded(typed("integer"), field);
    let is_long = ["maximum", "minimum"].iter().any(|key| {
        schema
            .get(key)
            .and_then(validators::as_f64)
            .is_some_and(|n| !(-2_147_483_648.0..=2_147_483_647.0).contains(&n.trunc()))
    });
    if is_long {
        schema.insert("format", "int64");
    }
    schema
}

/// The type that all values of an enumeration have.
pub(super) fn type_of_all(values: &[Node]) -> Option<&'static str> {
    let all = |test: fn(&Kind) -> bool| values.iter().all(|v| test(&v.kind));
    if values.is_empty() {
        None
    } else if all(|k| matches!(k, Kind::Bool(_))) {
        Some("boolean")
    } else if all(|k| matches!(k, Kind::Bool(_)) || matches!(k, Kind::Number(n) if !n.is_f64())) {
        Some("integer")
    } else if all(|k| matches!(k, Kind::Bool(_) | Kind::Number(_))) {
        Some("number")
    } else if all(|k| matches!(k, Kind::String(_))) {
        Some("string")
    } else {
        None
    }
}

/// "* `value` - label" for each choice.
pub(super) fn description_of(choices: &[values::Choice]) -> String {
    let lines: Vec<String> = choices
        .iter()
        .map(|(value, label)| format!("* `{}` - {label}", values::text(value).unwrap_or_default()))
        .collect();
    lines.join("\n")
}
