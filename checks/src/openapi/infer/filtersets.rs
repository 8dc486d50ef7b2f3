//! Query parameters of django-filter.

use super::components::Components;
use super::endpoints::Endpoint;
use super::operation::World;
use super::parameters::Parameter;

pub(super) fn parameters(
    _world: &World<'_, '_>,
    _components: &mut Components<'_>,
    _endpoint: &Endpoint<'_>,
) -> Vec<Parameter> {
    Vec::new()
}
