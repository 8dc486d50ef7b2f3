//! DRF312: a password goes into its column as the client sent it.

use super::password_flow::{Fate, hashing, holds_users, paths, writes_password};
use crate::catalog::on_request::of_route;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::queryset::Taint;
use crate::django::{Method, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Place;

pub(super) static CHECK: Check = Check {
    id: "DRF312",
    name: "password-stored-plaintext",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("password_stored_plaintext.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for path in paths(cx) {
        out.looked();
        let (route, serializer) = (path.route, path.serializer);
        match path.fate {
            Fate::Raw => {}
            Fate::Hashed(_) | Fate::NotStored => continue,
            Fate::Unknown(reason) => {
                out.unknown(
                    format!("{} through {}", route.label(), serializer.name),
                    reason,
                );
                continue;
            }
        }
        let creates = route.method == Method::Post;
        let method = if creates { "create" } else { "update" };
        let own = serializer
            .method(method)
            .and_then(|func| cx.head.django.function(func))
            .map(|function| function.place);
        let misplaced = method_in_meta(cx, serializer, method);
        let Some(place) = misplaced.or(own).or(path.field.place).or(serializer.place) else {
            continue;
        };
        let why = match (misplaced, own) {
            (Some(_), _) => format!("`{method}` is indented into `Meta`, where nothing calls it"),
            (None, Some(_)) => {
                format!("its `{method}` never calls `set_password` or `create_user`")
            }
            (None, None) => {
                format!("it has no `{method}` of its own, and DRF's writes the value as it is")
            }
        };
        let mut evidence = Evidence::new(
            serializer.fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` stores the password as the client sent it: `{}` takes `{}` and {why}.",
                route.label(),
                serializer.name,
                path.field.name
            ),
        )
        .root(format!("{} {method}", serializer.fq));
        for (other, note) in [
            (path.field.place, "the field"),
            (serializer.place, "the serializer"),
        ] {
            if let Some(other) = other.filter(|other| *other != place) {
                evidence = evidence.also(cx.anchor(other).note(note));
            }
        }
        out.found(evidence);
    }
    written_by_hand(cx, out);
}

/// `User.objects.create(password=request.data["password"])`, `user.password = …; user.save()`.
fn written_by_hand(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        if !route.mounted || !route.is_unsafe() {
            continue;
        }
        let bodies = of_route(cx, route);
        if bodies.iter().any(|ir| hashing(ir).is_some()) {
            continue;
        }
        for ir in bodies {
            for write in &ir.writes {
                let on_users = write
                    .model
                    .is_some_and(|model| holds_users(cx.head.django.model(model)));
                let from_client = write
                    .fields
                    .iter()
                    .any(|(name, taint)| &**name == "password" && *taint != Taint::Constant);
                if !on_users || !writes_password(write) || !from_client {
                    continue;
                }
                out.looked();
                out.found(
                    Evidence::new(
                        ir.fq.to_string(),
                        cx.anchor(write.place),
                        format!(
                            "`{}` writes the password into its column as it came; nothing on the way hashes it.",
                            route.label()
                        ),
                    )
                    .root(format!("{} {}", ir.fq, write.place.span.start)),
                );
            }
        }
    }
}

/// The method stands in the serializer's `Meta`.
fn method_in_meta(cx: &Cx<'_>, serializer: &Serializer, method: &str) -> Option<Place> {
    let program = &cx.head.program;
    let outer = serializer.class?;
    let (meta, info) = program
        .classes()
        .find(|(id, info)| info.outer == Some(outer) && &*program.class_def(*id).name == "Meta")?;
    let func = program
        .methods(meta)
        .find(|func| &*program.func_def(*func).name == method)?;
    Some(Place {
        file: program.module(info.module).file,
        span: program.func_def(func).name_span,
    })
}
