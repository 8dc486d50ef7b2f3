//! Schemas of the serializers that packages bring, as data: `package_serializers.json`, made by
//! `package_serializers.py` by running drf-spectacular over the packages themselves.
//!
//! What depends on the project (the name field of its user, settings of the package) is filled in.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::components::Direction;
use super::drf_field::DrfField;
use super::node::Node;
use crate::django::Serializer;
use crate::facts::Facts;
use crate::python::Base;

/// The component of a package's serializer.
#[derive(Debug, Deserialize)]
struct Entry {
    /// As one component for both directions.
    schema: Value,
    /// With `COMPONENT_SPLIT_REQUEST`.
    request: Value,
    response: Value,
}

/// Look-ups only: the order of the map is never used.
static TABLE: LazyLock<HashMap<String, Entry>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "our own file, parsed by a test")]
    let table = serde_json::from_str(include_str!("package_serializers.json"))
        .expect("package_serializers.json is a table of schemas");
    table
});

/// The schema of a package's serializer by its full name.
pub(super) fn schema(
    facts: &Facts,
    fq: &str,
    direction: Direction,
    is_split: bool,
) -> Option<Node> {
    let entry = TABLE.get(fq)?;
    let value = match direction {
        _ if !is_split => &entry.schema,
        Direction::Request => &entry.request,
        Direction::Response => &entry.response,
    };
    let mut schema = Node::from(value);
    let user_field = user_field(facts);
    if fq.starts_with("rest_framework_simplejwt.") && user_field != "username" {
        schema = renamed(schema, &user_field);
    }
    if fq.ends_with("TokenRefreshSerializer") && rotates(facts) {
        schema = with_refresh(schema);
    }
    Some(schema)
}

/// `USERNAME_FIELD` of the user model.
fn user_field(facts: &Facts) -> String {
    facts
        .django
        .user_model()
        .and_then(|model| model.class)
        .and_then(|class| facts.program.class_value(class, "USERNAME_FIELD"))
        .and_then(|val| val.as_str().map(str::to_owned))
        .unwrap_or_else(|| "username".to_owned())
}

fn rotates(facts: &Facts) -> bool {
    facts
        .django
        .settings()
        .get("SIMPLE_JWT.ROTATE_REFRESH_TOKENS")
        .and_then(|found| found.val.as_bool())
        == Some(true)
}

/// A rotated refresh token is sent and answered.
fn with_refresh(schema: Node) -> Node {
    let mut schema = schema;
    if let Some(properties) = schema.get_mut("properties") {
        match properties.get_mut("refresh") {
            Some(refresh) => drop(refresh.remove("writeOnly")),
            None => properties.insert("refresh", Node::map().with("type", "string")),
        }
    }
    if let Some(Node {
        kind: super::node::Kind::List(required),
        ..
    }) = schema.get_mut("required")
        && !required.iter().any(|r| r.as_str() == Some("refresh"))
    {
        required.push("refresh".into());
    }
    schema
}

/// `username` under another name.
fn renamed(schema: Node, name: &str) -> Node {
    let mut schema = schema;
    if let Some(properties) = schema.get_mut("properties") {
        let mut out = Node::map();
        for (key, value) in std::mem::replace(properties, Node::map()).into_entries() {
            let key = if &*key == "username" { name } else { &*key };
            out.insert(key, value);
        }
        *properties = out;
    }
    if let Some(Node {
        kind: super::node::Kind::List(required),
        ..
    }) = schema.get_mut("required")
    {
        for item in required.iter_mut() {
            if item.as_str() == Some("username") {
                *item = name.into();
            }
        }
        required.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    schema
}

/// simplejwt names a field after the user model: so does what derives from its serializers.
pub(super) fn rename_user_field(facts: &Facts, serializer: &Serializer, fields: &mut [DrfField]) {
    let is_token = serializer.class.is_some_and(|class| {
        facts.program.mro(class).entries.iter().any(|base| {
            matches!(base, Base::External(fq) if fq.starts_with("rest_framework_simplejwt.serializers.TokenObtain"))
        })
    });
    if !is_token {
        return;
    }
    let name = user_field(facts);
    for field in fields.iter_mut().filter(|f| &*f.name == "username") {
        field.name = name.as_str().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert!(
            TABLE.contains_key("rest_framework_simplejwt.serializers.TokenObtainPairSerializer")
        );
        assert!(TABLE.contains_key("rest_framework.authtoken.serializers.AuthTokenSerializer"));
    }
}
