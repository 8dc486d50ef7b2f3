//! The OpenAPI document that drf-spectacular 0.30 would write, from the facts of a project and
//! without running it.

pub mod node;
