//! No text makes the parser panic, overflow or give a span outside the text; nor does linking and
//! evaluating what it gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takehome_checks::python::{Program, parse, visit};
use takehome_checks::source::Tree;

fuzz_target!(|text: &str| {
    let file = parse(text);
    let inside = |span: takehome_checks::python::syntax::Span| {
        text.get(span.start as usize..span.end as usize).is_some()
    };
    visit::stmts(&file.body, |stmt| assert!(inside(stmt.span)));
    visit::exprs(&file.body, |expr| assert!(inside(expr.span)));
    assert!(file.comments.iter().all(|comment| inside(comment.span)));
    assert!(file.errors.iter().all(|span| inside(*span)));
    let program = Program::of(&Tree::of_texts([("a.py", text), ("b.py", "from a import *\n")]));
    for (id, _) in program.modules() {
        for name in program.module_names(id) {
            let _ = program.module_value(id, &name);
        }
    }
});
