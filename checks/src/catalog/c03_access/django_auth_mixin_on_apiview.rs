//! DRF178: Django's login mixins and decorators on a view of DRF, which knows its callers later.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Base;

pub(super) static CHECK: Check = Check {
    id: "DRF178",
    name: "django-auth-mixin-on-apiview",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("django_auth_mixin_on_apiview.md"),
    yields_to: &[],
    run,
};

const MIXINS: [&str; 3] = [
    "LoginRequiredMixin",
    "PermissionRequiredMixin",
    "UserPassesTestMixin",
];
const DECORATORS: [&str; 4] = [
    "django.contrib.auth.decorators.login_required",
    "django.contrib.auth.decorators.permission_required",
    "django.contrib.auth.decorators.user_passes_test",
    "django.contrib.admin.views.decorators.staff_member_required",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for view in django.views() {
        if !view.kind.is_drf() || !view.is_project() {
            continue;
        }
        out.looked();
        let mixin = view.class.and_then(|class| {
            let entries = &cx.head.program.mro(class).entries;
            entries.iter().find_map(|base| match base {
                Base::External(fq) if fq.starts_with("django.contrib.auth.mixins.") => MIXINS
                    .iter()
                    .find(|name| fq.ends_with(**name))
                    .map(|name| (*name).to_owned()),
                _ => None,
            })
        });
        let decorator = view
            .decorators
            .iter()
            .find(|decorator| DECORATORS.contains(&&*decorator.name));
        let (name, place) = match (mixin, decorator) {
            (Some(name), _) => (format!("`{name}`"), view.place),
            (None, Some(decorator)) => {
                let name = decorator.name.rsplit('.').next().unwrap_or("");
                (format!("`@{name}`"), Some(decorator.place))
            }
            (None, None) => continue,
        };
        let Some(place) = place else { continue };
        // By session alone Django and DRF know the same caller.
        let mut routes = django.routes_of(view.id).peekable();
        let known_to_both = routes.peek().is_some()
            && routes.all(|route| {
                let authentication = &route.policy.authentication;
                authentication.open.is_none()
                    && !authentication.is_empty()
                    && authentication
                        .items()
                        .all(|class| class.is("SessionAuthentication"))
            });
        let severity = if known_to_both {
            Severity::Low
        } else {
            Severity::Medium
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!(
                    "{name} on `{}` runs before DRF authenticates: a caller with a token is still anonymous there and is sent to a login page. `permission_classes` belongs here.",
                    view.name
                ),
            )
            .severity(severity),
        );
    }
}
