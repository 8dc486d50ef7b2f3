//! Routes on which guessing pays: log in, sign up, reset a password, enter a code. Shared by the
//! checks on throttling; judges nothing.

use crate::catalog::Cx;
use crate::catalog::route_words::is_drf;
use crate::django::{Anonymous, Method, Route};

/// Words of a path or a view's name.
const WORDS: [&str; 14] = [
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "register",
    "registration",
    "signup",
    "sign-up",
    "sign_up",
    "otp",
    "forgot",
    "reset",
    "obtaintoken",
    "tokenobtain",
];
/// Views of packages that give tokens for a password, by the end of their name.
const TOKEN_VIEWS: [&str; 5] = [
    "TokenObtainPairView",
    "TokenObtainSlidingView",
    "ObtainAuthToken",
    "obtain_auth_token",
    "TokenObtainView",
];

/// Whether guessing passwords or codes goes through this route.
pub(super) fn is_guessable(cx: &Cx<'_>, route: &Route) -> bool {
    if route.method != Method::Post || !route.mounted || !is_drf(cx, route) {
        return false;
    }
    let Some(view) = cx.head.django.view_of(route) else {
        return false;
    };
    let derived = view.class.is_some_and(|class| {
        cx.head.program.mro(class).entries.iter().any(|base| {
            matches!(base, crate::python::Base::External(fq)
                if TOKEN_VIEWS.iter().any(|name| fq.ends_with(name)))
        })
    });
    let by_view = TOKEN_VIEWS.iter().any(|name| view.fq.ends_with(name));
    let last = route
        .template
        .trim_end_matches('/')
        .rsplit('/')
        .find(|part| !part.starts_with('{'))
        .unwrap_or("")
        .to_ascii_lowercase();
    let name = view.name.to_ascii_lowercase();
    let action = route.action.as_deref().unwrap_or("").to_ascii_lowercase();
    let named = WORDS
        .iter()
        .any(|word| last.contains(word) || name.contains(word) || action.contains(word));
    let signs_up = action == "create"
        && route.permission().anonymous() == Anonymous::Allow
        && route
            .model
            .is_some_and(|model| cx.head.django.model(model).is_user);
    derived || by_view || named || signs_up
}
