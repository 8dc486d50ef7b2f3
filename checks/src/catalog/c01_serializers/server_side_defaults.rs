//! DRF119: the server says whose row it is.

use crate::catalog::on_request;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF119",
    name: "server-side-defaults",
    competency: Competency::C01,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("server_side_defaults.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django
        .routes()
        .iter()
        .filter(|route| route.method == Method::Post)
    {
        for used in &route.input {
            let serializer = django.serializer(used.serializer);
            let Some(model) = serializer.model.map(|id| django.model(id)) else {
                continue;
            };
            let Some(owner) = model.owner().filter(|_| serializer.class.is_some()) else {
                continue;
            };
            out.looked();
            let name = owner.path.split("__").next().unwrap_or(&owner.path);
            let field = serializer
                .fields
                .iter()
                .find(|field| &*field.source == name);
            if field.is_some_and(|field| field.is_input() == Some(true)) {
                continue;
            }
            // Where the server puts it: `save(owner=…)`, a hidden field, or a create with the caller.
            let hidden = field
                .filter(|field| field.hidden)
                .and_then(|field| field.place);
            let saved = on_request::of_route(cx, route)
                .into_iter()
                .find_map(|function| {
                    let save = function.serializers.iter().find_map(|call| {
                        let value = call.save_kwargs.get(name)?;
                        call.saved.filter(|_| value.text.contains("user"))
                    });
                    save.or_else(|| {
                        function
                            .writes
                            .iter()
                            .find(|write| {
                                write.model == serializer.model
                                    && write.fields.iter().any(|(field, from)| {
                                        &**field == name && *from == Taint::User
                                    })
                            })
                            .map(|write| write.place)
                    })
                });
            let read_only = field
                .filter(|field| field.read_only == Some(true))
                .and_then(|field| field.place)
                .map(|place| {
                    let listed = serializer
                        .read_only_fields
                        .iter()
                        .find(|(field, _)| &**field == name);
                    listed.map_or(place, |(_, place)| *place)
                });
            let Some(place) = saved.or(hidden) else {
                continue;
            };
            let mut evidence = Evidence::new(
                format!("{}.{name}", model.fq),
                cx.anchor(place),
                format!(
                    "`{name}` of a new `{}` comes from the request's user, and clients cannot send it.",
                    model.name
                ),
            )
            .root("server-side owner");
            if let Some(place) = read_only {
                evidence = evidence.also(cx.anchor(place).note("read-only for clients"));
            }
            out.found(evidence);
        }
    }
}
