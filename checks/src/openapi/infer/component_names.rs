//! The names that drf-spectacular gives to components of serializers.

use super::components::{Components, Direction};
use crate::django::SerializerId;
use crate::python::syntax::keyword;

impl Components<'_> {
    /// The name of the serializer's component: `PatchedOrder`.
    pub(super) fn name(
        &self,
        serializer: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> String {
        let name = self.own_name(serializer);
        let name = name.strip_suffix("Serializer").unwrap_or(&name);
        self.dressed(name, direction, partial)
    }

    /// The name of a component with the marks of partial updates and of requests.
    pub(super) fn dressed(&self, name: &str, direction: Direction, partial: bool) -> String {
        let is_split = self.shape.split_request;
        let is_patched = self.is_patched(direction, partial);
        let suffix = if is_split && direction == Direction::Request {
            "Request"
        } else {
            ""
        };
        format!("{}{name}{suffix}", if is_patched { "Patched" } else { "" })
    }

    pub(super) fn is_patched(&self, direction: Direction, partial: bool) -> bool {
        partial
            && self.shape.split_patch
            && !(self.shape.split_request && direction == Direction::Response)
    }

    /// What the class is called, by `@extend_schema_serializer`, `Meta.ref_name` or its own name.
    fn own_name(&self, id: SerializerId) -> String {
        let serializer = self.facts.django.serializer(id);
        if let Some(class) = serializer.class
            && let Some(call) = self.decoration(class, "extend_schema_serializer")
            && let Some(name) = keyword(call.args, "component_name")
            && let Some(name) = self.facts.program.eval(call.scope, name).as_str()
        {
            return name.to_owned();
        }
        if let Some(name) = serializer.meta_options.str("ref_name") {
            return name.to_owned();
        }
        serializer.name.to_string()
    }
}
