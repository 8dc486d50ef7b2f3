//! The OpenAPI document that drf-spectacular 0.30 would write, from the facts of a project and
//! without running it.
//!
//! The way through: [`shape`] (the settings that shape the output) → `endpoints` (routes in
//! spectacular's order) → `operation` (id, tags, parameters, bodies, responses, security of one)
//! with `components` (serializers become components) → `document`. What is not known stays in
//! the document as a node that says so, and is listed in [`Inferred::notes`].

mod basic;
mod bodies;
mod component_names;
mod components;
#[cfg(test)]
mod components_tests;
mod defaults;
mod docstrings;
mod document;
mod drf_field;
mod endpoints;
mod enums;
mod field_schema;
mod filtersets;
mod json;
mod lowered;
mod model_field_schema;
pub mod node;
mod operation;
mod overrides;
mod package_models;
mod package_serializers;
mod packaged;
mod parameters;
mod places;
pub mod print;
mod security;
mod serializer_schema;
pub mod shape;
mod source_path;
mod spelled;
mod type_hints;
mod uniqueness;
mod validators;
mod values;
mod versions;

pub use node::Node;
pub use shape::{Engine, Given, Shape};

use crate::facts::Facts;

/// What was inferred.
#[derive(Clone, Debug)]
pub struct Inferred {
    pub document: Node,
    /// Sentences for people: what is missing or assumed, and why.
    pub notes: Vec<String>,
    /// How much of the document is certain.
    pub share: print::Share,
}

/// Infers the document of a project; never fails, what could not be told is in the notes.
pub fn infer(facts: &Facts, given: Given) -> Inferred {
    let mut shape = Shape::of(facts, given);
    let mut notes = std::mem::take(&mut shape.notes);
    let (document, more) = document::document(facts, &shape);
    notes.extend(more);
    if facts.django.routes().is_empty() {
        notes.push("No URL configuration was found; the document has no paths".to_owned());
    }
    notes.extend(facts.django.notes().iter().cloned());
    let mut seen = std::collections::BTreeSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    Inferred {
        share: print::Share::of(&document),
        document,
        notes,
    }
}

/// The inferred document in the form that is compared; its parts stand where the Python does that
/// caused them. `None` where the settings ask for a version of OpenAPI that cannot be compared.
pub fn api(facts: &Facts, given: Given) -> Option<super::Api> {
    lowered::api(facts, &infer(facts, given).document)
}
