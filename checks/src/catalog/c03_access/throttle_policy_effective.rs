//! DRF181: a limit that holds where guessing pays.

use super::guessable_routes::is_guessable;
use super::throttle_config_inert::scope_of;
use crate::catalog::route_words::view_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::{Literal, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF181",
    name: "throttle-policy-effective",
    competency: Competency::C03,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("throttle_policy_effective.md"),
    yields_to: &["DRF175"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let Some(prod) = django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    for route in django.routes() {
        if !is_guessable(cx, route) {
            continue;
        }
        out.looked();
        let throttle = &route.policy.throttle;
        let rate = throttle.items().find_map(|class| {
            let own = class.attrs.get("rate").map(|kwarg| &kwarg.val);
            let rate = match own.filter(|val| **val != Val::Known(Literal::None)) {
                Some(own) => own,
                None => {
                    let scope = scope_of(class, route.policy.throttle_scope.as_deref())?;
                    prod.get(&format!("REST_FRAMEWORK.DEFAULT_THROTTLE_RATES.{scope}"))?
                        .val
                }
            };
            let text = rate.as_str()?;
            let (count, period) = text.split_once('/')?;
            let holds = count.parse::<u32>().is_ok()
                && period.starts_with(['s', 'm', 'h', 'd'])
                && !period.starts_with("mo");
            holds.then(|| text.to_owned())
        });
        let scoped = django
            .view_of(route)
            .and_then(|view| view.attr("throttle_scope"))
            .and_then(|attr| attr.place);
        let place = scoped
            .or_else(|| throttle.place())
            .or_else(|| view_place(cx, route));
        if let (Some(rate), Some(place)) = (rate, place) {
            out.found(
                Evidence::new(
                    route.label(),
                    cx.anchor(place),
                    format!(
                        "`{}` is limited to `{rate}`: class, scope and rate fit together.",
                        route.label()
                    ),
                )
                .root("throttle"),
            );
        }
    }
}
