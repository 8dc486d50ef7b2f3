//! How GitHub writes its things as JSON: one view of the world, one method per schema of its OpenAPI
//! description. Never changes anything.

mod accounts;
mod checks;
mod code;
mod figures;
mod pulls;
mod repositories;

use base64::{Engine, engine::general_purpose::STANDARD};

pub(crate) use accounts::selection;
pub(crate) use figures::Figures;

use crate::world::World;

/// Addresses of the three hosts, without a slash at the end.
#[derive(Debug, Clone)]
pub(crate) struct Urls {
    pub(crate) api: String,
    pub(crate) archive: String,
    pub(crate) web: String,
}

/// The world as it is written out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'w> {
    pub(crate) world: &'w World,
    pub(crate) urls: &'w Urls,
}

impl<'w> View<'w> {
    pub(crate) fn new(world: &'w World, urls: &'w Urls) -> Self {
        Self { world, urls }
    }

    fn iso(&self, at: crate::clock::Millis) -> String {
        self.world.clock.iso(at)
    }
}

/// A GraphQL node id: opaque, stable, unlike the number.
fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("0:{kind}{id}"))
}
