//! Several descriptions of one API, one for each of its parts, read as one.

use std::sync::Arc;

use super::model::*;

/// Two files describe the same endpoint and neither says which is newer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {method} {endpoint} stands in another of the files too")]
pub struct Twice {
    pub path: String,
    pub method: String,
    pub endpoint: String,
}

/// The union of the paths of several APIs; where there is one, it stays as it is. Of an endpoint in
/// several of them the one with the latest `x-since-date` counts (oasdiff's rule for composed
/// specifications).
pub fn union(apis: Vec<Api>) -> Result<Api, Twice> {
    let mut apis = apis.into_iter();
    let mut whole = apis.next().unwrap_or_default();
    for api in apis {
        append(&mut whole, api)?;
    }
    Ok(whole)
}

fn append(whole: &mut Api, api: Api) -> Result<(), Twice> {
    let shift = Shift {
        file: whole.files.len() as u32,
        schema: whole.schemas.len() as u32,
    };
    whole.files.extend(api.files);
    whole.schemas.extend(
        api.schemas
            .into_iter()
            .map(|schema| Arc::new(shift.schema(Arc::unwrap_or_clone(schema)))),
    );
    whole.problems.extend(api.problems);
    // A description that is one of several has no components of its own to compare.
    whole.components.clear();
    whole.security_schemes.clear();
    whole.security = None;
    for (path, item) in api.paths {
        let item = shift.item(item);
        let Some(there) = whole.paths.get_mut(&path) else {
            whole.paths.insert(path, item);
            continue;
        };
        for (method, operation) in item.operations {
            let Some((_, old)) = there.operations.iter_mut().find(|(m, _)| *m == method) else {
                there.operations.push((method, operation));
                continue;
            };
            let (now, before) = (since(&operation), since(old));
            if now == before {
                let at = whole.files.get(operation.origin.file as usize);
                return Err(Twice {
                    path: at.map(|file| file.path.to_string()).unwrap_or_default(),
                    method: method.to_owned(),
                    endpoint: path.to_string(),
                });
            }
            if now > before {
                *old = operation;
            }
        }
    }
    Ok(())
}

fn since(operation: &Operation) -> String {
    extension(&operation.extensions, "x-since-date")
        .and_then(serde_json::Value::as_str)
        .unwrap_or("2000-01-01")
        .to_owned()
}

/// Indices of one API in the union.
struct Shift {
    file: u32,
    schema: u32,
}

impl Shift {
    fn origin(&self, mut origin: Origin) -> Origin {
        origin.file += self.file;
        origin
    }

    fn reference(&self, schema: &mut SchemaRef) {
        schema.id.0 += self.schema;
    }

    fn additional(&self, additional: &mut Additional) {
        if let Additional::Schema(schema) = additional {
            self.reference(schema);
        }
    }

    fn schema(&self, mut schema: Schema) -> Schema {
        schema.origin = self.origin(schema.origin);
        schema.items.iter_mut().for_each(|s| self.reference(s));
        if let Some(object) = &mut schema.object {
            object
                .properties
                .values_mut()
                .for_each(|s| self.reference(s));
            self.additional(&mut object.additional);
        }
        if let Some(composition) = &mut schema.composition {
            composition
                .all_of
                .iter_mut()
                .chain(&mut composition.any_of)
                .chain(&mut composition.one_of)
                .chain(&mut composition.not)
                .for_each(|s| self.reference(s));
        }
        if let Some(rare) = &mut schema.rare {
            rare.prefix_items
                .iter_mut()
                .chain(&mut rare.contains)
                .chain(&mut rare.property_names)
                .chain(&mut rare.condition)
                .chain(&mut rare.then)
                .chain(&mut rare.otherwise)
                .chain(&mut rare.content_schema)
                .chain(rare.pattern_properties.values_mut())
                .chain(rare.dependent_schemas.values_mut())
                .chain(rare.definitions.values_mut())
                .for_each(|s| self.reference(s));
            self.additional(&mut rare.unevaluated_items);
            self.additional(&mut rare.unevaluated_properties);
        }
        schema
    }

    fn parameters(&self, parameters: &mut [Parameter]) {
        for parameter in parameters {
            parameter.origin = self.origin(parameter.origin);
            parameter.schema.iter_mut().for_each(|s| self.reference(s));
        }
    }

    fn content(&self, content: &mut Content) {
        for media in content.values_mut() {
            media.origin = self.origin(media.origin);
            media.schema.iter_mut().for_each(|s| self.reference(s));
        }
    }

    fn item(&self, mut item: PathItem) -> PathItem {
        item.origin = self.origin(item.origin);
        self.parameters(&mut item.parameters);
        for (_, operation) in &mut item.operations {
            operation.origin = self.origin(operation.origin);
            self.parameters(&mut operation.parameters);
            if let Some(body) = &mut operation.request_body {
                body.origin = self.origin(body.origin);
                self.content(&mut body.content);
            }
            for response in operation.responses.values_mut() {
                response.origin = self.origin(response.origin);
                self.content(&mut response.content);
                for header in response.headers.values_mut() {
                    header.origin = self.origin(header.origin);
                    header.schema.iter_mut().for_each(|s| self.reference(s));
                }
            }
        }
        item
    }
}
