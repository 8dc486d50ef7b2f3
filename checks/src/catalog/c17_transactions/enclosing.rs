//! Whether a function only ever runs inside a transaction that somebody else opened. Judges nothing.

use crate::catalog::Cx;
use crate::django::function::{Callee, FunctionIr};

/// Callers of callers are asked this far.
const MAX_CALLERS: u32 = 3;

/// `ATOMIC_REQUESTS` is on, every route to it is atomic, or every caller in the project holds a
/// transaction.
pub(super) fn is_inside(cx: &Cx<'_>, function: &FunctionIr) -> bool {
    let django = &cx.head.django;
    let by_setting = django
        .settings()
        .get("DATABASES.default.ATOMIC_REQUESTS")
        .is_some_and(|found| found.truth() != Some(false));
    let mut serves = django
        .routes()
        .iter()
        .filter(|route| route.func == Some(function.func))
        .peekable();
    let by_route = serves.peek().is_some() && serves.all(|route| route.policy.atomic == Some(true));
    by_setting || by_route || called_only_inside(cx, function, MAX_CALLERS)
}

/// Every project caller calls it inside a transaction, or is itself only called so.
fn called_only_inside(cx: &Cx<'_>, function: &FunctionIr, depth: u32) -> bool {
    let callers = cx.head.django.functions().flat_map(|caller| {
        let calls = caller
            .calls
            .iter()
            .filter(|call| call.callee == Callee::Project(function.func));
        calls.map(move |call| (caller, call.in_atomic))
    });
    let mut any = false;
    for (caller, in_atomic) in callers {
        any = true;
        if !in_atomic
            && (depth == 0
                || caller.func == function.func
                || !called_only_inside(cx, caller, depth - 1))
        {
            return false;
        }
    }
    any
}
