//! Python source: a typed syntax tree, modules linked by their imports, classes with their MRO,
//! constants evaluated without executing anything.
//!
//! tree-sitter parses (it survives everything a candidate may commit); [`syntax`] turns its tree
//! into ours at once, so that no raw tree-sitter node leaves this module. What cannot be resolved
//! is `Unknown` with a reason; nothing here knows Django.

pub mod flow;
pub mod link;
pub mod mro;
pub mod parse;
pub mod syntax;
pub mod value;
pub mod visit;

pub use link::{
    Attribute, AttributeKind, ClassId, ClassInfo, FuncId, FuncInfo, Local, Module, ModuleId,
    ParseCache, Program, Scope, Symbol,
};
pub use mro::{Base, Mro};
pub use parse::{ParsedFile, parse};
pub use value::{Literal, Place, Val};
