//! Views of packages for which drf-spectacular has words of its own: its own schema view, and
//! those of dj-rest-auth.
//!
//! Holds what its extensions say (source: `drf_spectacular.views`, `drf_spectacular.contrib`).

use super::basic;
use super::bodies::{Answer, Answers, Body};
use super::endpoints::Endpoint;
use super::node::Node;
use super::operation::World;
use super::overrides::Overrides;
use super::parameters::Parameter;
use crate::django::names::truth;

/// Adds what the package says about its view.
pub(super) fn told(world: &World<'_, '_>, endpoint: &Endpoint<'_>, out: &mut Overrides) {
    let is_schema = matches!(
        endpoint.route.introspected.identity.rsplit('.').next(),
        Some("SpectacularAPIView" | "SpectacularJSONAPIView" | "SpectacularYAMLAPIView")
    );
    if is_schema
        && endpoint
            .route
            .introspected
            .identity
            .starts_with("drf_spectacular.")
    {
        schema_view(world, out);
    }
}

fn schema_view(world: &World<'_, '_>, out: &mut Overrides) {
    let settings = world.facts.django.settings();
    let flag = |key: &str| settings.get(key).and_then(|f| truth(f.val));
    if flag("SPECTACULAR_SETTINGS.SERVE_INCLUDE_SCHEMA") == Some(false) {
        out.exclude = out.exclude.or(Some(true));
        return;
    }
    out.description.get_or_insert_with(|| {
        "OpenApi3 schema for this API. Format can be selected via content negotiation.\n\n\
         - YAML: application/vnd.oai.openapi\n- JSON: application/vnd.oai.openapi+json"
            .to_owned()
    });
    if out.answers.is_none() {
        out.answers = Some(Answers::PerStatus(vec![Answer {
            status: "200".to_owned(),
            media_types: Vec::new(),
            body: Body::Basic(basic::object(world.shape)),
            description: String::new(),
            wrapped: false,
        }]));
    }
    if flag("USE_I18N") != Some(false) {
        let parameter = Parameter {
            choices: Some(languages(world)),
            ..Parameter::query("lang", basic::of("string"))
        };
        out.parameters
            .push(("lang".to_owned(), "query".to_owned(), Some(parameter)));
    }
}

/// `LANGUAGES`, or Django's own list.
fn languages(world: &World<'_, '_>) -> Vec<Node> {
    use crate::python::value::Val;
    let found = world.facts.django.settings().get("LANGUAGES");
    if let Some(Val::Seq(items)) = found.map(|f| f.val) {
        return items
            .iter()
            .filter_map(|(item, _)| match item {
                Val::Seq(pair) => pair.first().and_then(|(code, _)| super::json::node(code)),
                _ => None,
            })
            .collect();
    }
    LANGUAGES
        .split(' ')
        .filter(|code| world.shape.django >= 5 || *code != "ug")
        .map(Node::from)
        .collect()
}

/// Codes of Django's `global_settings.LANGUAGES`.
const LANGUAGES: &str = "af ar ar-dz ast az bg be bn br bs ca ckb cs cy da de dsb el en en-au en-gb eo es es-ar es-co es-mx es-ni es-ve et eu fa fi fr fy ga gd gl he hi hr hsb hu hy ia id ig io is it ja ka kab kk km kn ko ky lb lt lv mk ml mn mr ms my nb ne nl nn os pa pl pt pt-br ro ru sk sl sq sr sr-latn sv sw ta te tg th tk tr tt udm ug uk ur uz vi zh-hans zh-hant";
