//! The OpenAPI document that drf-spectacular 0.30 would write, from the facts of a project and
//! without running it.
//!
//! The way through: [`shape`] (the settings that shape the output) → `endpoints` (routes in
//! spectacular's order) → `operation` (id, tags, parameters, bodies, responses, security of one)
//! with `components` (serializers become components) → the document. What is not known stays in
//! the document as a node that says so, and is listed in [`Inferred::notes`].

#[expect(dead_code, reason = "operations are not built yet")]
mod components;
pub mod node;
pub mod shape;

pub use node::Node;
pub use shape::{Engine, Shape};
