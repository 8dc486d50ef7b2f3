//! From documents to an [`Api`]: what each key means, and where every `$ref` leads.
//!
//! It works through a list of schemas to read, so neither depth nor cycles of `$ref` cost stack.
//! What is wrong in the file becomes a [`Problem`] and, where a schema is concerned, an Unknown
//! schema; only a file that is no OpenAPI document at all is an error.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;

use super::model::*;
use super::syntax;
use super::tree::{Document, Kind, NodeId, Position};

/// Gives the text of a file that a `$ref` names; the path is relative to the same root as the
/// document's own.
pub trait Files {
    /// `None` where there is no such file.
    fn text(&self, path: &str) -> Option<Cow<'_, str>>;
}

/// No other files: every `$ref` must stay in the document.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn text(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl Files for crate::source::Tree {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.get(path)?.text().map(Cow::Borrowed)
    }
}

/// Why a text is no API description: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{}:{}: {message}", at.line, at.column)]
pub struct ReadError {
    pub path: String,
    pub at: Position,
    pub message: String,
}

/// Other files that one document may reach.
const MAX_FILES: usize = 500;
/// `$ref` that lead to a `$ref`, one after the other.
const MAX_CHAIN: usize = 32;
/// Problems that are kept for one API.
const MAX_PROBLEMS: usize = 200;

/// Reads the document `text` at `path`, and what its `$ref` reach in `files`.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Api, ReadError> {
    let document = syntax::read(text).map_err(|error| ReadError {
        path: path.to_owned(),
        at: error.at,
        message: error.message,
    })?;
    read_document(path, document, files)
}

/// As [`read`], of a document that is in hand.
pub(crate) fn read_document(
    path: &str,
    document: Document,
    files: &dyn Files,
) -> Result<Api, ReadError> {
    let error = |at, message: &str| {
        Err(ReadError {
            path: path.to_owned(),
            at,
            message: message.to_owned(),
        })
    };
    let begin = Position { line: 1, column: 1 };
    let Some(root) = document.root().filter(|&root| document.is_mapping(root)) else {
        return error(
            begin,
            "not an OpenAPI document: expected a mapping with the key `openapi`",
        );
    };
    if let Some(entry) = document.entry(root, "swagger") {
        return error(
            entry.at,
            "this is Swagger 2.0; expected OpenAPI 3.0 or 3.1 (convert it first, for example with \
             swagger2openapi)",
        );
    }
    let Some(entry) = document.entry(root, "openapi") else {
        return error(
            document.at(root),
            "not an OpenAPI document: the key `openapi` is missing",
        );
    };
    let version: Arc<str> = match document.kind(entry.value) {
        Kind::Text(text) => Arc::clone(document.text_of(text)),
        Kind::Number(number) => number.to_string().into(),
        _ => "".into(),
    };
    if !(version.starts_with("3.0") || version.starts_with("3.1") || &*version == "3") {
        return error(
            document.at(entry.value),
            &format!("OpenAPI version `{version}` is not supported; expected 3.0 or 3.1"),
        );
    }
    for (key, what) in [("paths", "paths"), ("components", "components")] {
        if let Some(entry) = document.entry(root, key)
            && !document.is_mapping(entry.value)
            && !matches!(document.kind(entry.value), Kind::Null)
        {
            return error(
                document.at(entry.value),
                &format!("expected a mapping under `{what}`"),
            );
        }
    }
    let mut lower = Lower {
        files,
        api: Api {
            openapi: version,
            ..Api::default()
        },
        by_path: HashMap::new(),
        missing: HashSet::new(),
        schemas: HashMap::new(),
        queue: VecDeque::new(),
        read: HashSet::new(),
        indices: HashMap::new(),
        waits: HashMap::new(),
    };
    lower.add_file(path, document);
    lower.api(root);
    Ok(lower.api)
}

/// A node of one of the files.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct At {
    file: u32,
    node: NodeId,
}

/// A node with the place to name for it.
#[derive(Clone, Copy)]
struct Found {
    at: At,
    named_at: Position,
}

struct Lower<'f> {
    files: &'f dyn Files,
    api: Api,
    by_path: HashMap<String, u32>,
    missing: HashSet<String>,
    schemas: HashMap<At, SchemaId>,
    queue: VecDeque<(SchemaId, Found)>,
    read: HashSet<SchemaId>,
    /// Large mappings that `$ref` lead into, by key.
    indices: HashMap<At, HashMap<Arc<str>, (NodeId, Position)>>,
    waits: HashMap<SchemaId, usize>,
}

impl Lower<'_> {
    fn add_file(&mut self, path: &str, document: Document) -> u32 {
        let file = self.api.files.len() as u32;
        let path: Arc<str> = path.into();
        for duplicate in &document.duplicates {
            if self.api.problems.len() < MAX_PROBLEMS {
                self.api.problems.push(Problem {
                    path: Arc::clone(&path),
                    at: duplicate.at,
                    message: format!(
                        "the key `{}` stands here again (first in line {}); the first one counts",
                        duplicate.key, duplicate.first.line
                    ),
                });
            }
        }
        self.by_path.insert(path.to_string(), file);
        self.api.files.push(Arc::new(SourceFile {
            path,
            document: Some(document),
            elsewhere: Vec::new(),
        }));
        file
    }

    fn document(&self, file: u32) -> &Document {
        static EMPTY: std::sync::LazyLock<Document> = std::sync::LazyLock::new(Document::default);
        self.api
            .files
            .get(file as usize)
            .and_then(|f| f.document.as_ref())
            .unwrap_or(&EMPTY)
    }

    fn problem(&mut self, file: u32, at: Position, message: String) {
        if self.api.problems.len() < MAX_PROBLEMS
            && let Some(file) = self.api.files.get(file as usize)
        {
            let path = Arc::clone(&file.path);
            self.api.problems.push(Problem { path, at, message });
        }
    }

    fn get(&self, at: At, key: &str) -> Option<Found> {
        let entry = self.document(at.file).entry(at.node, key)?;
        Some(Found {
            at: At {
                file: at.file,
                node: entry.value,
            },
            named_at: entry.at,
        })
    }

    fn str(&self, at: At, key: &str) -> Option<Arc<str>> {
        self.document(at.file).get_str(at.node, key).cloned()
    }

    fn flag(&self, at: At, key: &str) -> bool {
        let document = self.document(at.file);
        document
            .get(at.node, key)
            .and_then(|node| document.bool(node))
            .unwrap_or(false)
    }

    /// The entries of a mapping, extensions left out.
    fn members(&self, at: At) -> Vec<(Arc<str>, Found)> {
        let document = self.document(at.file);
        document
            .entries(at.node)
            .iter()
            .filter(|entry| !document.key(entry).starts_with("x-"))
            .map(|entry| {
                let found = Found {
                    at: At {
                        file: at.file,
                        node: entry.value,
                    },
                    named_at: entry.at,
                };
                (Arc::clone(document.key(entry)), found)
            })
            .collect()
    }

    fn items(&self, at: At) -> Vec<Found> {
        let document = self.document(at.file);
        document
            .items(at.node)
            .iter()
            .map(|&node| Found {
                at: At {
                    file: at.file,
                    node,
                },
                named_at: document.at(node),
            })
            .collect()
    }

    fn texts(&self, at: At) -> Vec<Arc<str>> {
        let document = self.document(at.file);
        document
            .items(at.node)
            .iter()
            .filter_map(|&item| document.str(item).cloned())
            .collect()
    }

    fn extensions(&self, at: At) -> Vec<(Arc<str>, serde_json::Value)> {
        let document = self.document(at.file);
        document
            .entries(at.node)
            .iter()
            .filter(|entry| document.key(entry).starts_with("x-"))
            .map(|entry| (Arc::clone(document.key(entry)), document.value(entry.value)))
            .collect()
    }

    fn origin(found: Found) -> Origin {
        Origin {
            file: found.at.file,
            at: found.named_at,
            node: Some(found.at.node),
        }
    }

    /// Follows `$ref` until something else is there.
    fn resolve(&mut self, mut found: Found) -> Option<Found> {
        for _ in 0..MAX_CHAIN {
            let Some(reference) = self.str(found.at, "$ref") else {
                return Some(found);
            };
            let place = self
                .document(found.at.file)
                .entry(found.at.node, "$ref")
                .map_or(found.named_at, |entry| entry.at);
            match self.target(found.at.file, &reference) {
                Ok(target) if target.at != found.at => found = target,
                Ok(_) => {
                    self.problem(
                        found.at.file,
                        place,
                        format!("`$ref: {reference}` leads to itself"),
                    );
                    return None;
                }
                Err(why) => {
                    self.problem(found.at.file, place, format!("`$ref: {reference}`: {why}"));
                    return None;
                }
            }
        }
        self.problem(
            found.at.file,
            found.named_at,
            format!("more than {MAX_CHAIN} `$ref` lead to one another here"),
        );
        None
    }

    fn target(&mut self, from: u32, reference: &str) -> Result<Found, String> {
        let (file_part, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if file_part.is_empty() {
            from
        } else {
            self.file(from, file_part)?
        };
        static EMPTY: std::sync::LazyLock<Document> = std::sync::LazyLock::new(Document::default);
        let files = &self.api.files;
        let document = files
            .get(file as usize)
            .and_then(|f| f.document.as_ref())
            .unwrap_or(&EMPTY);
        let mut node = document.root().ok_or("the file is empty")?;
        let mut named_at = document.at(node);
        for part in pointer.split('/').skip(1) {
            let part = percent_decoded(part).replace("~1", "/").replace("~0", "~");
            let entry = if document.entries(node).len() > INDEXED {
                let index = self
                    .indices
                    .entry(At { file, node })
                    .or_insert_with(|| index_of(self.api.files.get(file as usize), node));
                index.get(&*part).copied()
            } else {
                document.entry(node, &part).map(|e| (e.value, e.at))
            };
            if let Some((value, at)) = entry {
                node = value;
                named_at = at;
            } else if let Some(&item) = part
                .parse::<usize>()
                .ok()
                .and_then(|index| document.items(node).get(index))
            {
                node = item;
                named_at = document.at(item);
            } else {
                return Err(format!("there is no `{part}`"));
            }
        }
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err("a `$ref` to an anchor is not followed; expected `#/…`".to_owned());
        }
        Ok(Found {
            at: At { file, node },
            named_at,
        })
    }

    fn file(&mut self, from: u32, name: &str) -> Result<u32, String> {
        if name.contains("://") {
            return Err("addresses on the network are not read".to_owned());
        }
        let base = self
            .api
            .files
            .get(from as usize)
            .map_or("", |file| file.path.rsplit_once('/').map_or("", |(f, _)| f));
        let path =
            joined(base, &percent_decoded(name)).ok_or("the path leads out of the project")?;
        if let Some(&file) = self.by_path.get(&path) {
            return Ok(file);
        }
        if self.missing.contains(&path) {
            return Err(format!("the file `{path}` could not be read"));
        }
        if self.api.files.len() >= MAX_FILES {
            return Err(format!("more than {MAX_FILES} files"));
        }
        let read = match self.files.text(&path) {
            None => Err(format!("there is no file `{path}`")),
            Some(text) => syntax::read(&text).map_err(|error| {
                format!(
                    "`{path}` is not readable: {} (line {}, column {})",
                    error.message, error.at.line, error.at.column
                )
            }),
        };
        match read {
            Ok(document) => Ok(self.add_file(&path, document)),
            Err(why) => {
                self.missing.insert(path);
                Err(why)
            }
        }
    }

    fn api(&mut self, root: NodeId) {
        let at = At {
            file: 0,
            node: root,
        };
        self.api.root = Origin {
            file: 0,
            at: self.document(0).at(root),
            node: Some(root),
        };
        if let Some(info) = self.get(at, "info") {
            let document = self.document(0);
            self.api.version = document
                .get(info.at.node, "version")
                .map(|node| match document.kind(node) {
                    Kind::Text(text) => Arc::clone(document.text_of(text)),
                    Kind::Number(n) => n.to_string().into(),
                    _ => "".into(),
                })
                .unwrap_or_default();
        }
        if let Some(components) = self.get(at, "components") {
            if let Some(schemas) = self.get(components.at, "schemas") {
                for (name, found) in self.members(schemas.at) {
                    let schema = self.schema(found);
                    self.api.components.insert(name, schema);
                }
            }
            if let Some(schemes) = self.get(components.at, "securitySchemes") {
                for (name, found) in self.members(schemes.at) {
                    if let Some(found) = self.resolve(found) {
                        let scheme = self.security_scheme(found);
                        self.api.security_schemes.insert(name, scheme);
                    }
                }
            }
        }
        self.api.security = self.get(at, "security").map(|f| self.security(f));
        for (key, webhooks) in [("paths", false), ("webhooks", true)] {
            let Some(paths) = self.get(at, key) else {
                continue;
            };
            for (path, found) in self.members(paths.at) {
                if let Some(found) = self.resolve(found) {
                    let item = self.path_item(found);
                    if webhooks {
                        self.api.webhooks.insert(path, item);
                    } else {
                        self.api.paths.insert(path, item);
                    }
                }
            }
        }
        self.drain();
    }

    fn security_scheme(&self, found: Found) -> SecurityScheme {
        let text = |at: At, key: &str| self.str(at, key).unwrap_or_default();
        let implicit = self
            .get(found.at, "flows")
            .and_then(|flows| self.get(flows.at, "implicit"));
        let mut scheme = SecurityScheme {
            origin: Self::origin(found),
            kind: text(found.at, "type"),
            has_implicit_flow: implicit.is_some(),
            ..SecurityScheme::default()
        };
        if let Some(flow) = implicit {
            scheme.authorization_url = text(flow.at, "authorizationUrl");
            scheme.token_url = text(flow.at, "tokenUrl");
            if let Some(scopes) = self.get(flow.at, "scopes") {
                for (name, scope) in self.members(scopes.at) {
                    let document = self.document(scope.at.file);
                    let text = document.str(scope.at.node).cloned().unwrap_or_default();
                    scheme.scopes.insert(name, text);
                }
            }
        }
        scheme
    }

    fn security(&self, found: Found) -> Vec<SecurityRequirement> {
        self.items(found.at)
            .into_iter()
            .map(|item| {
                self.members(item.at)
                    .into_iter()
                    .map(|(name, scopes)| (name, self.texts(scopes.at)))
                    .collect()
            })
            .collect()
    }

    fn path_item(&mut self, found: Found) -> PathItem {
        let mut item = PathItem {
            origin: Self::origin(found),
            ..PathItem::default()
        };
        item.parameters = self.parameters(found.at);
        for method in METHODS {
            if let Some(operation) = self.get(found.at, &method.to_ascii_lowercase())
                && self
                    .document(operation.at.file)
                    .is_mapping(operation.at.node)
            {
                let operation = self.operation(operation);
                item.operations.push((method, operation));
            }
        }
        item
    }

    fn operation(&mut self, found: Found) -> Operation {
        let at = found.at;
        let mut operation = Operation {
            origin: Self::origin(found),
            operation_id: self.str(at, "operationId").filter(|id| !id.is_empty()),
            tags: self
                .get(at, "tags")
                .map(|tags| self.texts(tags.at))
                .unwrap_or_default(),
            deprecated: self.flag(at, "deprecated"),
            parameters: self.parameters(at),
            security: self.get(at, "security").map(|f| self.security(f)),
            extensions: self.extensions(at),
            digest: self.document(at.file).digest(at.node),
            ..Operation::default()
        };
        if let Some(body) = self.get(at, "requestBody")
            && let Some(body) = self.resolve(body)
        {
            operation.request_body = Some(RequestBody {
                origin: Self::origin(body),
                required: self.flag(body.at, "required"),
                content: self.content(body.at),
            });
        }
        if let Some(responses) = self.get(at, "responses") {
            for (status, response) in self.members(responses.at) {
                let Some(response) = self.resolve(response) else {
                    continue;
                };
                let response = self.response(response);
                operation.responses.insert(status, response);
            }
        }
        operation
    }

    fn response(&mut self, found: Found) -> Response {
        let mut response = Response {
            origin: Self::origin(found),
            content: self.content(found.at),
            headers: IndexMap::new(),
        };
        if let Some(headers) = self.get(found.at, "headers") {
            for (name, header) in self.members(headers.at) {
                let Some(header) = self.resolve(header) else {
                    continue;
                };
                let schema = self.get(header.at, "schema").map(|s| self.schema(s));
                response.headers.insert(
                    name,
                    Header {
                        origin: Self::origin(header),
                        required: self.flag(header.at, "required"),
                        schema,
                    },
                );
            }
        }
        response
    }

    fn content(&mut self, at: At) -> Content {
        let Some(content) = self.get(at, "content") else {
            return Content::new();
        };
        self.members(content.at)
            .into_iter()
            .map(|(name, media)| {
                let schema = self.get(media.at, "schema").map(|s| self.schema(s));
                let media = MediaType {
                    origin: Self::origin(media),
                    schema,
                };
                (name, media)
            })
            .collect()
    }

    fn parameters(&mut self, at: At) -> Vec<Parameter> {
        let Some(parameters) = self.get(at, "parameters") else {
            return Vec::new();
        };
        let mut result = Vec::new();
        for found in self.items(parameters.at) {
            let Some(found) = self.resolve(found) else {
                continue;
            };
            let document = self.document(found.at.file);
            let explode = document
                .get(found.at.node, "explode")
                .and_then(|node| document.bool(node));
            let schema = self.get(found.at, "schema").map(|s| self.schema(s));
            result.push(Parameter {
                origin: Self::origin(found),
                name: self.str(found.at, "name").unwrap_or_default(),
                location: self.str(found.at, "in").unwrap_or_default(),
                required: self.flag(found.at, "required"),
                deprecated: self.flag(found.at, "deprecated"),
                style: self.str(found.at, "style"),
                explode,
                schema,
                extensions: self.extensions(found.at),
            });
        }
        result
    }

    /// The schema at a node; it is put on the list of schemas to read where it is new.
    fn schema(&mut self, found: Found) -> SchemaRef {
        let reference = self.str(found.at, "$ref");
        // In OpenAPI 3.1 a `$ref` may have siblings; they are laid over what it leads to.
        let siblings = reference.is_some()
            && self.api.openapi.starts_with("3.1")
            && self
                .document(found.at.file)
                .entries(found.at.node)
                .iter()
                .any(|entry| {
                    let key = &**self.document(found.at.file).key(entry);
                    super::keywords::is_assertion(key)
                });
        if reference.is_some() && !siblings {
            let Some(target) = self.resolve(found) else {
                let id = self.add(Found {
                    at: found.at,
                    named_at: found.named_at,
                });
                if let Some(schema) = self.api.schemas.get_mut(id.0 as usize) {
                    Arc::make_mut(schema).certainty =
                        Certainty::Unknown("its `$ref` leads nowhere".into());
                }
                return SchemaRef { id, reference };
            };
            return SchemaRef {
                id: self.known(target),
                reference,
            };
        }
        let id = self.known(found);
        SchemaRef { id, reference }
    }

    fn known(&mut self, found: Found) -> SchemaId {
        if let Some(&id) = self.schemas.get(&found.at) {
            return id;
        }
        let id = self.add(found);
        self.queue.push_back((id, found));
        id
    }

    fn add(&mut self, found: Found) -> SchemaId {
        let id = SchemaId(self.api.schemas.len() as u32);
        self.api.schemas.push(Arc::new(Schema {
            origin: Self::origin(found),
            ..Schema::default()
        }));
        self.schemas.insert(found.at, id);
        id
    }

    fn drain(&mut self) {
        while let Some((id, found)) = self.queue.pop_front() {
            let schema = if self
                .document(found.at.file)
                .entry(found.at.node, "$ref")
                .is_some()
            {
                match self.laid_over(id, found) {
                    Some(schema) => schema,
                    None => continue,
                }
            } else {
                self.read_schema(found)
            };
            self.read.insert(id);
            if let Some(slot) = self.api.schemas.get_mut(id.0 as usize) {
                *slot = Arc::new(schema);
            }
        }
    }

    /// A `$ref` of 3.1 with siblings: what it leads to, with the siblings in place of its keywords.
    /// `None`: what it leads to is not read yet, and the schema is back on the list.
    fn laid_over(&mut self, id: SchemaId, found: Found) -> Option<Schema> {
        let Some(target) = self.resolve_step(found) else {
            return Some(Schema {
                origin: Self::origin(found),
                certainty: Certainty::Unknown("its `$ref` leads nowhere".into()),
                ..Schema::default()
            });
        };
        let target_id = self.known(target);
        if !self.read.contains(&target_id) {
            // Two that wait for each other would wait for ever.
            let waits = self.waits.entry(id).or_default();
            *waits += 1;
            if *waits <= MAX_CHAIN {
                self.queue.push_back((id, found));
                return None;
            }
        }
        let mut schema = Schema::clone(self.api.schema(target_id));
        schema.origin = Self::origin(found);
        self.keywords(&mut schema, found);
        Some(schema)
    }

    /// The node a `$ref` names; another `$ref` there is not followed if it has siblings.
    fn resolve_step(&mut self, found: Found) -> Option<Found> {
        let reference = self.str(found.at, "$ref")?;
        match self.target(found.at.file, &reference) {
            Ok(target) if target.at != found.at => Some(target),
            Ok(_) => None,
            Err(why) => {
                let message = format!("`$ref: {reference}`: {why}");
                self.problem(found.at.file, found.named_at, message);
                None
            }
        }
    }

    fn read_schema(&mut self, found: Found) -> Schema {
        let mut schema = Schema {
            origin: Self::origin(found),
            ..Schema::default()
        };
        let document = self.document(found.at.file);
        match document.kind(found.at.node) {
            Kind::Mapping { .. } => {}
            Kind::Bool(true) => return schema,
            Kind::Bool(false) => {
                let id = SchemaId(self.api.schemas.len() as u32);
                self.api.schemas.push(Arc::new(Schema {
                    origin: schema.origin,
                    ..Schema::default()
                }));
                schema.composition = Some(Box::new(Composition {
                    not: Some(SchemaRef::inline(id)),
                    ..Composition::default()
                }));
                return schema;
            }
            _ => {
                schema.certainty = Certainty::Unknown("it is not a mapping".into());
                let at = document.at(found.at.node);
                self.problem(
                    found.at.file,
                    at,
                    "expected a schema (a mapping) here".to_owned(),
                );
                return schema;
            }
        }
        self.keywords(&mut schema, found);
        schema
    }

    fn keywords(&mut self, schema: &mut Schema, found: Found) {
        let entries = self.document(found.at.file).entries(found.at.node).to_vec();
        for entry in &entries {
            let document = self.document(found.at.file);
            let key = Arc::clone(document.key(entry));
            let value = Found {
                at: At {
                    file: found.at.file,
                    node: entry.value,
                },
                named_at: entry.at,
            };
            self.keyword(schema, &key, value);
        }
    }

    fn schemas_of(&mut self, at: At) -> Vec<SchemaRef> {
        self.items(at)
            .into_iter()
            .map(|item| self.schema(item))
            .collect()
    }

    fn schema_map(&mut self, at: At) -> IndexMap<Arc<str>, SchemaRef> {
        let document = self.document(at.file);
        let entries: Vec<(Arc<str>, Found)> = document
            .entries(at.node)
            .iter()
            .map(|entry| {
                (
                    Arc::clone(document.key(entry)),
                    Found {
                        at: At {
                            file: at.file,
                            node: entry.value,
                        },
                        named_at: entry.at,
                    },
                )
            })
            .collect();
        entries
            .into_iter()
            .map(|(name, found)| (name, self.schema(found)))
            .collect()
    }

    fn additional(&mut self, found: Found) -> Additional {
        match self.document(found.at.file).bool(found.at.node) {
            Some(flag) => Additional::Flag(flag),
            None => Additional::Schema(self.schema(found)),
        }
    }

    fn keyword(&mut self, schema: &mut Schema, key: &str, value: Found) {
        let document = self.document(value.at.file);
        let node = value.at.node;
        #[expect(clippy::cast_sign_loss, reason = "what is below zero is filtered out")]
        let count = || {
            document
                .number(node)
                .filter(|n| *n >= 0.0)
                .map(|n| n as u64)
        };
        let text = || document.str(node).cloned();
        match key {
            "type" => {
                let names: Vec<Arc<str>> = match document.str(node) {
                    Some(one) => vec![Arc::clone(one)],
                    None => self.texts(value.at),
                };
                schema.types = names
                    .iter()
                    .map(|name| Type::from_name(name).unwrap_or(Type::Other))
                    .collect();
                for name in names.iter().filter(|n| Type::from_name(n).is_none()) {
                    self.problem(
                        value.at.file,
                        value.named_at,
                        format!("`{name}` is no type; expected string, integer, number, boolean, array, object or null"),
                    );
                }
            }
            "format" => schema.format = text().filter(|t| !t.is_empty()),
            "title" => {
                schema.title = text().filter(|t| !t.is_empty());
            }
            "nullable" => schema.nullable = document.bool(node).unwrap_or(false),
            "readOnly" => schema.read_only = document.bool(node).unwrap_or(false),
            "writeOnly" => schema.write_only = document.bool(node).unwrap_or(false),
            "deprecated" => schema.deprecated = document.bool(node).unwrap_or(false),
            "enum" => {
                let values = document.items(node).iter().map(|&v| document.value(v));
                schema.enumeration = Some(values.collect());
            }
            "default" => {
                schema.default = Some(document.value(node)).filter(|v| !v.is_null());
            }
            "const" => {
                rare_value(schema).constant = Some(document.value(node)).filter(|v| !v.is_null());
            }
            "minimum" => limits(schema).minimum = document.number(node),
            "maximum" => limits(schema).maximum = document.number(node),
            "exclusiveMinimum" => limits(schema).exclusive_minimum = bound(document, node),
            "exclusiveMaximum" => limits(schema).exclusive_maximum = bound(document, node),
            "multipleOf" => limits(schema).multiple_of = document.number(node),
            "minLength" => limits(schema).min_length = count().unwrap_or(0),
            "maxLength" => limits(schema).max_length = count(),
            "pattern" => limits(schema).pattern = text().filter(|t| !t.is_empty()),
            "minItems" => limits(schema).min_items = count().unwrap_or(0),
            "maxItems" => limits(schema).max_items = count(),
            "uniqueItems" => {
                limits(schema).unique_items = document.bool(node).unwrap_or(false);
            }
            "minProperties" => limits(schema).min_properties = count().unwrap_or(0),
            "maxProperties" => limits(schema).max_properties = count(),
            "minContains" => limits(schema).min_contains = count(),
            "maxContains" => limits(schema).max_contains = count(),
            "contentMediaType" => rare_value(schema).content_media_type = text(),
            "contentEncoding" => rare_value(schema).content_encoding = text(),
            "required" => {
                let names = self.texts(value.at);
                object(schema).required = names;
            }
            "properties" => {
                let map = self.schema_map(value.at);
                object(schema).properties = map;
            }
            "additionalProperties" => {
                let additional = self.additional(value);
                object(schema).additional = additional;
            }
            "items" => schema.items = Some(self.schema(value)),
            "allOf" => {
                let list = self.schemas_of(value.at);
                composition(schema).all_of = list;
            }
            "anyOf" => {
                let list = self.schemas_of(value.at);
                composition(schema).any_of = list;
            }
            "oneOf" => {
                let list = self.schemas_of(value.at);
                composition(schema).one_of = list;
            }
            "not" => {
                let not = self.schema(value);
                composition(schema).not = Some(not);
            }
            "discriminator" => {
                let property = self.str(value.at, "propertyName").unwrap_or_default();
                let mapping = self
                    .get(value.at, "mapping")
                    .map(|mapping| {
                        self.members(mapping.at)
                            .into_iter()
                            .map(|(name, target)| {
                                let document = self.document(target.at.file);
                                let text =
                                    document.str(target.at.node).cloned().unwrap_or_default();
                                (name, text)
                            })
                            .collect()
                    })
                    .unwrap_or_default();
                composition(schema).discriminator = Some(Discriminator { property, mapping });
            }
            "prefixItems" => {
                let list = self.schemas_of(value.at);
                rare_value(schema).prefix_items = list;
            }
            "contains" => rare_value(schema).contains = Some(self.schema(value)),
            "propertyNames" => rare_value(schema).property_names = Some(self.schema(value)),
            "unevaluatedItems" => {
                rare_value(schema).unevaluated_items = self.additional(value);
            }
            "unevaluatedProperties" => {
                rare_value(schema).unevaluated_properties = self.additional(value);
            }
            "if" => rare_value(schema).condition = Some(self.schema(value)),
            "then" => rare_value(schema).then = Some(self.schema(value)),
            "else" => rare_value(schema).otherwise = Some(self.schema(value)),
            "contentSchema" => rare_value(schema).content_schema = Some(self.schema(value)),
            "patternProperties" => {
                let map = self.schema_map(value.at);
                rare_value(schema).pattern_properties = map;
            }
            "dependentSchemas" => {
                let map = self.schema_map(value.at);
                rare_value(schema).dependent_schemas = map;
            }
            "$defs" => {
                let map = self.schema_map(value.at);
                rare_value(schema).definitions = map;
            }
            "dependentRequired" => {
                let map = self
                    .members(value.at)
                    .into_iter()
                    .map(|(name, list)| (name, self.texts(list.at)))
                    .collect();
                rare_value(schema).dependent_required = map;
            }
            "$ref" => {}
            _ if super::keywords::is_annotation(key) => {
                schema.annotations =
                    super::keywords::mix(schema.annotations, key, document.digest(node));
            }
            _ if key.starts_with("x-") => {
                schema.extensions.push((key.into(), document.value(node)));
            }
            _ => {
                schema.others = super::keywords::mix(schema.others, key, document.digest(node));
            }
        }
    }
}

/// Mappings with more entries than this are looked up through a table.
const INDEXED: usize = 24;

fn index_of(file: Option<&Arc<SourceFile>>, node: NodeId) -> HashMap<Arc<str>, (NodeId, Position)> {
    let Some(document) = file.and_then(|f| f.document.as_ref()) else {
        return HashMap::new();
    };
    let entries = document.entries(node).iter();
    entries
        .map(|e| (Arc::clone(document.key(e)), (e.value, e.at)))
        .collect()
}

fn limits(schema: &mut Schema) -> &mut Limits {
    schema.limits.get_or_insert_default()
}

fn object(schema: &mut Schema) -> &mut Object {
    schema.object.get_or_insert_default()
}

fn composition(schema: &mut Schema) -> &mut Composition {
    schema.composition.get_or_insert_default()
}

fn rare_value(schema: &mut Schema) -> &mut Rare {
    schema.rare.get_or_insert_default()
}

fn bound(document: &Document, node: NodeId) -> Bound {
    match document.kind(node) {
        Kind::Bool(flag) => Bound::Flag(flag),
        Kind::Number(number) => Bound::Number(number),
        _ => Bound::Unset,
    }
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path relative to a folder, without `.` and `..`; `None` where it leads out of the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let whole = if path.starts_with('/') {
        return None;
    } else {
        folder.split('/').chain(path.split('/'))
    };
    for part in whole {
        match part {
            "" | "." => {}
            // A file named on the command line may itself begin with `..`.
            ".." if parts.last().is_none_or(|last| *last == "..") => {
                if folder.starts_with("..") {
                    parts.push("..");
                } else {
                    return None;
                }
            }
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let mut result = parts.join("/");
    if folder.starts_with('/') {
        result.insert(0, '/');
    }
    Some(result)
}
