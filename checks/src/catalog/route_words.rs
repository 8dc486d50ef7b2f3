//! Questions about routes that several checks ask: is it about logging in, is it the project's own,
//! where is its policy decided. Judges nothing.

use crate::catalog::{Anchor, Cx};
use crate::django::policy::Source;
use crate::django::{Route, View};
use crate::python::value::Place;

/// Words in a path or a view's name that say: this is how one becomes a caller.
const ENTRANCE: [&str; 22] = [
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "register",
    "registration",
    "signup",
    "sign-up",
    "sign_up",
    "token",
    "refresh",
    "verify",
    "activate",
    "activation",
    "reset",
    "forgot",
    "password",
    "otp",
    "webhook",
    "callback",
    "logout",
    "confirm",
];
/// Packages whose views bring their own rules.
const AUTH_PACKAGES: [&str; 7] = [
    "rest_framework_simplejwt",
    "rest_framework.authtoken",
    "dj_rest_auth",
    "knox",
    "djoser",
    "allauth",
    "oauth2_provider",
];

/// Whether the route is how one registers, logs in, resets a password or calls back: public on
/// purpose. Only words of the last parts of the path and of the view's name count.
pub(crate) fn is_entrance(cx: &Cx<'_>, route: &Route) -> bool {
    let view = cx.head.django.view_of(route);
    let from_package = view.is_some_and(|view| {
        AUTH_PACKAGES
            .iter()
            .any(|package| view.fq.starts_with(package))
    });
    let derived = view.and_then(|view| view.class).is_some_and(|class| {
        let mro = cx.head.program.mro(class);
        mro.entries.iter().any(|base| match base {
            crate::python::Base::External(fq) => {
                AUTH_PACKAGES.iter().any(|package| fq.starts_with(package))
            }
            crate::python::Base::Project(_) => false,
        })
    });
    let mut words: Vec<String> = route
        .template
        .split('/')
        .map(str::to_ascii_lowercase)
        .collect();
    words.extend(view.map(|view| view.name.to_ascii_lowercase()));
    words.extend(
        route
            .action
            .iter()
            .map(|action| action.to_ascii_lowercase()),
    );
    from_package
        || derived
        || words
            .iter()
            .any(|word| ENTRANCE.iter().any(|entrance| word.contains(entrance)))
}

/// Whether the view stands in the project (not in a package, not the admin).
pub(crate) fn is_own(cx: &Cx<'_>, route: &Route) -> bool {
    cx.head.django.view_of(route).is_some_and(View::is_project)
}

/// Goes through DRF's permissions at all.
pub(crate) fn is_drf(cx: &Cx<'_>, route: &Route) -> bool {
    cx.head
        .django
        .view_of(route)
        .is_some_and(|view| view.kind.is_drf())
}

/// The view's name in its definition, else the last link of the route's chain.
pub(crate) fn view_place(cx: &Cx<'_>, route: &Route) -> Option<Place> {
    let view = cx.head.django.view_of(route).and_then(View::class_place);
    view.or_else(|| route.chain.last().copied())
}

/// The project's handler of the route, else the view.
pub(crate) fn handler_place(cx: &Cx<'_>, route: &Route) -> Option<Place> {
    let handler = route
        .func
        .and_then(|func| cx.head.django.function(func))
        .map(|function| function.place);
    handler.or_else(|| view_place(cx, route))
}

/// Where to write a permission: the explicit one, else the view.
pub(crate) fn permission_anchor(cx: &Cx<'_>, route: &Route) -> Option<Anchor> {
    let permission = route.permission();
    let explicit = permission.source().is_some_and(Source::is_explicit);
    let place = permission
        .place()
        .filter(|_| explicit)
        .or_else(|| view_place(cx, route))?;
    Some(cx.anchor(place))
}
