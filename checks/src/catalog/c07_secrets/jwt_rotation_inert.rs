//! DRF307: refresh tokens are meant to be taken back, and are not.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF307",
    name: "jwt-rotation-inert",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("jwt_rotation_inert.md"),
    yields_to: &[],
    run,
};

const APP: &str = "rest_framework_simplejwt.token_blacklist";

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    let Some(prod) = settings.prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let flag = |key: &str| {
        prod.get(&format!("SIMPLE_JWT.{key}"))
            .filter(|found| found.truth() == Some(true))
    };
    let blacklist = flag("BLACKLIST_AFTER_ROTATION");
    let rotate = flag("ROTATE_REFRESH_TOKENS");
    let installed = settings.installs(APP);
    if let Some(found) = blacklist {
        out.looked();
        match installed {
            // simplejwt's refresh serializer swallows the AttributeError (source of 5.x).
            Some(false) => out.found(Evidence::new(
                "SIMPLE_JWT.BLACKLIST_AFTER_ROTATION",
                cx.anchor(found.place),
                format!("`BLACKLIST_AFTER_ROTATION` does nothing without `{APP}` in `INSTALLED_APPS`: SimpleJWT passes over it in silence and old refresh tokens stay good."),
            )),
            Some(true) => {}
            None => out.unknown("SIMPLE_JWT.BLACKLIST_AFTER_ROTATION", "the list of installed apps is not fully known"),
        }
    } else if let Some(found) = rotate {
        out.looked();
        out.found(
            Evidence::new(
                "SIMPLE_JWT.ROTATE_REFRESH_TOKENS",
                cx.anchor(found.place),
                "Refresh tokens rotate, and without `BLACKLIST_AFTER_ROTATION` the old ones stay good until they expire.",
            )
            .severity(Severity::Low),
        );
    }
    if installed != Some(false) {
        return;
    }
    for function in cx.head.django.functions() {
        for call in function
            .calls
            .iter()
            .filter(|call| call.text.ends_with(".blacklist"))
        {
            let is_token = call.text.contains("oken");
            if is_token {
                out.looked();
                out.found(Evidence::new(
                    function.fq.to_string(),
                    cx.anchor(call.place),
                    format!("`{}()` needs `{APP}` in `INSTALLED_APPS`; without it the token class has no such method and the call fails.", call.text),
                ));
            }
        }
    }
}
