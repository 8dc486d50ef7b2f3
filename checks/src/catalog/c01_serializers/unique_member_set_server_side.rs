//! DRF112: the server sets one member of a unique pair, and nobody answers for a second row.

use crate::catalog::on_request;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::django::function::WriteKind;
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF112",
    name: "unique-member-set-server-side",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("unique_member_set_server_side.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let handler = django.settings().get("REST_FRAMEWORK.EXCEPTION_HANDLER");
    for route in django
        .routes()
        .iter()
        .filter(|route| route.method == Method::Post)
    {
        let [used] = route.input.as_slice() else {
            continue;
        };
        let serializer = django.serializer(used.serializer);
        let Some(model) = serializer.model.map(|id| django.model(id)) else {
            continue;
        };
        if serializer.class.is_none()
            || !serializer.is_closed()
            || !serializer.is_model_serializer()
        {
            continue;
        }
        let mut sets: Vec<(Vec<&str>, Option<crate::python::value::Place>)> = model
            .meta
            .unique_together
            .iter()
            .map(|set| (set.iter().map(|name| &**name).collect(), model.meta.place))
            .collect();
        sets.extend(
            model
                .meta
                .constraints
                .iter()
                .filter(|found| found.is_unique && !found.is_partial)
                .map(|found| {
                    (
                        found.fields.iter().map(|name| &**name).collect(),
                        Some(found.place),
                    )
                }),
        );
        let effects = on_request::of_route(cx, route);
        for (set, place) in sets.iter().filter(|(set, _)| set.len() >= 2) {
            out.looked();
            let input = |name: &str| {
                serializer.fields.iter().any(|field| {
                    &*field.source == name && (field.hidden || field.is_input() == Some(true))
                })
            };
            // Members that the server gives with `save(…)`.
            let given = set.iter().find(|name| {
                !input(name)
                    && effects.iter().any(|function| {
                        function
                            .serializers
                            .iter()
                            .any(|call| call.save_kwargs.has(name))
                            || function.writes.iter().any(|write| {
                                let makes = write.kind == WriteKind::Create
                                    && write.model == serializer.model
                                    || write.kind == WriteKind::SerializerSave;
                                makes
                                    && write.fields.iter().any(|(field, from)| {
                                        &**field == **name
                                            && matches!(from, Taint::User | Taint::Url)
                                    })
                            })
                    })
            });
            let Some(given) = given else { continue };
            let complete = set.iter().all(|name| {
                input(name)
                    || name == given
                    || effects.iter().any(|function| {
                        function
                            .serializers
                            .iter()
                            .any(|call| call.save_kwargs.has(name))
                            || function.writes.iter().any(|write| {
                                write.fields.iter().any(|(field, _)| &**field == *name)
                            })
                    })
            });
            let answered = effects.iter().any(|function| {
                let caught = function.excepts.iter().any(|except| {
                    except.broad
                        || except
                            .types
                            .iter()
                            .any(|name| name.ends_with("IntegrityError"))
                });
                let asked = function.queries.iter().any(|query| {
                    query.qs.model == serializer.model && !query.qs.conditions.is_empty()
                });
                let upsert = function.writes.iter().any(|write| {
                    matches!(
                        write.kind,
                        WriteKind::GetOrCreate | WriteKind::UpdateOrCreate
                    )
                });
                caught || asked || upsert
            });
            let Some(place) = place.filter(|_| complete && !answered) else {
                continue;
            };
            let subject = format!("{} {}", serializer.fq, set.join(","));
            if handler.is_some() {
                out.unknown(subject, "the project's exception handler may answer for it");
                continue;
            }
            let mut evidence = Evidence::new(
                subject,
                cx.anchor(place),
                format!(
                    "`{}` is unique, and `{given}` comes from the server: DRF cannot check the pair, so the second `{}` raises `IntegrityError`, and the answer is 500.",
                    set.join(", "),
                    route.label()
                ),
            );
            if let Some(place) = serializer.place {
                evidence = evidence.also(cx.anchor(place).note("the serializer"));
            }
            out.found(evidence.root(format!("{} {}", model.fq, set.join(","))));
        }
    }
}
