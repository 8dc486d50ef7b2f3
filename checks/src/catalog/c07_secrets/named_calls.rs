//! Calls of one function or method in the product code, with their arguments. Judges nothing.

use crate::catalog::Cx;
use crate::python::syntax::{Arg, Expr};
use crate::python::value::Place;
use crate::python::{FuncId, Scope, visit};

/// A call as it stands in the source.
pub(super) struct NamedCall<'a> {
    pub(super) func: FuncId,
    pub(super) scope: Scope,
    pub(super) callee: &'a Expr,
    pub(super) args: &'a [Arg],
    pub(super) place: Place,
}

/// Every call within functions of the product code whose callee satisfies the test.
pub(super) fn calls<'a>(
    cx: &Cx<'a>,
    mut wanted: impl FnMut(Scope, &Expr) -> bool,
) -> Vec<NamedCall<'a>> {
    let program = &cx.head.program;
    let mut found = Vec::new();
    for (id, info) in program.functions() {
        let file = program.module(info.module).file;
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        let scope = program.scope_of_func(id);
        visit::calls(&program.func_def(id).body, |whole, callee, args| {
            if wanted(scope, callee) {
                found.push(NamedCall {
                    func: id,
                    scope,
                    callee,
                    args,
                    place: Place {
                        file,
                        span: whole.span,
                    },
                });
            }
        });
    }
    found
}
