//! Schemas of basic types: what `OpenApiTypes` and Python's types stand for.
//!
//! Holds the tables of drf-spectacular 0.30 (source: its `types.py`).

use super::node::Node;
use super::shape::Shape;

/// `{type: …}`
pub(super) fn of(kind: &str) -> Node {
    Node::map().with("type", kind)
}

pub(super) fn formatted(kind: &str, format: &str) -> Node {
    of(kind).with("format", format)
}

/// An array of these.
pub(super) fn array(items: Node) -> Node {
    of("array").with("items", items)
}

/// A free-form object.
pub(super) fn object(shape: &Shape) -> Node {
    let out = of("object");
    match shape.generic_additional_properties.as_deref() {
        None => out,
        Some("bool") => out.with("additionalProperties", true),
        Some(_) => out.with("additionalProperties", Node::map()),
    }
}

/// What a basic type stands for.
pub(super) enum Basic {
    Schema(Node),
    /// `None` and `OpenApiTypes.NONE`: no body.
    Nothing,
}

/// A member of `OpenApiTypes` by its name.
pub(super) fn open_api_type(name: &str, shape: &Shape) -> Option<Basic> {
    let (kind, format) = match name {
        "NUMBER" => ("number", ""),
        "FLOAT" => ("number", "float"),
        "DOUBLE" | "DECIMAL" => ("number", "double"),
        "BOOL" => ("boolean", ""),
        "STR" => ("string", ""),
        "BYTE" => ("string", "byte"),
        "BINARY" => ("string", "binary"),
        "PASSWORD" => ("string", "password"),
        "INT" => ("integer", ""),
        "INT32" => ("integer", "int32"),
        "INT64" => ("integer", "int64"),
        "UINT16" => ("integer", "uint16"),
        "UINT32" => ("integer", "uint32"),
        "UINT64" => ("integer", "uint64"),
        "UUID" => ("string", "uuid"),
        "URI" => ("string", "uri"),
        "URI_REF" => ("string", "uri-reference"),
        "URI_TPL" => ("string", "uri-template"),
        "IRI" => ("string", "iri"),
        "IRI_REF" => ("string", "iri-reference"),
        "IP4" => ("string", "ipv4"),
        "IP6" => ("string", "ipv6"),
        "HOSTNAME" => ("string", "hostname"),
        "IDN_HOSTNAME" => ("string", "idn-hostname"),
        "DATETIME" => ("string", "date-time"),
        "DATE" => ("string", "date"),
        "TIME" => ("string", "time"),
        "DURATION" => ("string", "duration"),
        "EMAIL" => ("string", "email"),
        "IDN_EMAIL" => ("string", "idn-email"),
        "JSON_PTR" => ("string", "json-pointer"),
        "JSON_PTR_REL" => ("string", "relative-json-pointer"),
        "REGEX" => ("string", "regex"),
        "ANY" => return Some(Basic::Schema(Node::map())),
        "OBJECT" => return Some(Basic::Schema(object(shape))),
        "NONE" => return Some(Basic::Nothing),
        _ => return None,
    };
    Some(Basic::Schema(if format.is_empty() {
        of(kind)
    } else {
        formatted(kind, format)
    }))
}

/// A Python type by its fully qualified name.
pub(super) fn python_type(fq: &str, shape: &Shape) -> Option<Basic> {
    let name = match fq.strip_prefix("builtins.").unwrap_or(fq) {
        "str" => "STR",
        "float" => "DOUBLE",
        "bool" => "BOOL",
        "bytes" => "BINARY",
        "int" => "INT",
        "dict" => "OBJECT",
        "uuid.UUID" => "UUID",
        "decimal.Decimal" => "DECIMAL",
        "datetime.datetime" => "DATETIME",
        "datetime.date" => "DATE",
        "datetime.time" => "TIME",
        "datetime.timedelta" => "DURATION",
        "ipaddress.IPv4Address" => "IP4",
        "ipaddress.IPv6Address" => "IP6",
        "typing.Any" => "ANY",
        _ => return None,
    };
    open_api_type(name, shape)
}
