//! Two APIs in, changes out.
//!
//! Paths are matched with the names of their parameters erased, parameters by place and name, media
//! types and statuses by name; every pair of schemas is compared once (see [`super::delta`]). The
//! default view normalises first and reports one change with all operations it reaches; the view
//! per operation compares what is written, as oasdiff does, for those who compare the two tools.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::changes::{Changes, OperationKey, Raw, conclude};
use super::date::Date;
use super::delta::{Deltas, PairId, type_changes};
use super::lifecycle::{Lifecycle, STABILITY, SUNSET, Stability, stability_of};
use super::model::*;
use super::rules::{self, Level};
use super::same::Same;
use super::schema_rules::{MAX_FINDINGS, Root, Site, TypeChange, Walk, from_to, nullability};
use super::{normalise, security};

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// One change per operation, schemas as they are written: oasdiff's view.
    pub per_operation: bool,
    /// Operations below this level are not looked at.
    pub stability: Stability,
    /// Least days between today and a sunset date, by the operation's level.
    pub deprecation_days_beta: i64,
    pub deprecation_days_stable: i64,
    /// What sunset dates are compared with; without it every date is ahead.
    pub today: Option<Date>,
    /// In lists of members an inline schema is the same as a `$ref` with its content.
    pub match_inline_refs: bool,
    /// Also say whether `info.version` fits the changes.
    pub versioning_policy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            per_operation: false,
            stability: Stability::Beta,
            deprecation_days_beta: 0,
            deprecation_days_stable: 0,
            today: None,
            match_inline_refs: true,
            versioning_policy: false,
        }
    }
}

/// What changed from `base` to `revision`.
pub fn diff(base: &Api, revision: &Api, options: &Options) -> Changes {
    if options.per_operation {
        return compare(base, revision, options);
    }
    let (base, revision) = rayon::join(
        || normalise::normalised(base),
        || normalise::normalised(revision),
    );
    compare(&base, &revision, options)
}

fn compare(base: &Api, revision: &Api, options: &Options) -> Changes {
    let same = Same::new(
        base,
        revision,
        options.match_inline_refs,
        !options.per_operation,
    );
    let mut comparison = Comparison {
        base,
        revision,
        options,
        deltas: Deltas::new(same),
        out: Vec::new(),
        operations: Vec::new(),
        tasks: Vec::new(),
    };
    comparison.components();
    comparison.paths();
    comparison.webhooks();
    comparison.walk();
    comparison.version();
    let truncated = comparison.out.len() >= MAX_FINDINGS;
    conclude(
        base,
        revision,
        &comparison.operations,
        comparison.out,
        !options.per_operation,
        truncated,
    )
}

/// A pair of schemas to visit once all pairs are compared.
struct Task<'a> {
    pair: PairId,
    root: Root,
    operation: u32,
    status: &'a str,
    media: &'a str,
    location: &'a str,
    parameter: &'a str,
    optional: bool,
    form_exploded: bool,
    lifecycle: Lifecycle,
    /// The places of the parameter.
    parameter_places: Places,
    /// Response headers have rules of their own: the header's places.
    header: Option<(Origin, Origin)>,
}

struct Comparison<'a, 'o> {
    base: &'a Api,
    revision: &'a Api,
    options: &'o Options,
    deltas: Deltas<'a>,
    out: Vec<Raw>,
    operations: Vec<OperationKey>,
    tasks: Vec<Task<'a>>,
}

type Places = (Option<Origin>, Option<Origin>);

/// An operation on both sides.
#[derive(Clone, Copy)]
struct Both<'a> {
    base: &'a Operation,
    revision: &'a Operation,
    base_item: &'a PathItem,
    revision_item: &'a PathItem,
    key: u32,
}

/// Where an operation says how settled it is, or else the operation itself.
fn stability_place(api: &Api, operation: &Operation) -> Option<Origin> {
    api.field(operation.origin, STABILITY)
        .or(Some(operation.origin))
}

impl<'a> Comparison<'a, '_> {
    fn say(
        &mut self,
        id: &str,
        operation: Option<u32>,
        args: Vec<(&'static str, String)>,
        places: Places,
    ) {
        if let Some(rule) = rules::find(id)
            && self.out.len() < MAX_FINDINGS
        {
            self.out.push(Raw {
                rule,
                operation,
                base: places.0,
                revision: places.1,
                args,
                node: None,
            });
        }
    }

    fn operation(&mut self, method: &str, path: &str) -> u32 {
        self.operations.push(OperationKey {
            operation: method.to_owned(),
            path: path.to_owned(),
        });
        self.operations.len() as u32 - 1
    }

    fn lifecycle(&self, operation: &Operation) -> Lifecycle {
        let level = stability_of(&operation.extensions);
        let days = match level {
            Ok(Some(Stability::Draft | Stability::Alpha)) => 0,
            Ok(Some(Stability::Beta)) => self.options.deprecation_days_beta,
            _ => self.options.deprecation_days_stable,
        };
        Lifecycle {
            days,
            today: self.options.today,
            least: self.options.stability,
            unreadable: level.is_err(),
        }
    }

    /// Is the operation settled enough to be looked at? One whose level cannot be read is.
    fn is_included(&self, operation: &Operation) -> bool {
        match stability_of(&operation.extensions) {
            Ok(level) => level.unwrap_or(Stability::Stable) >= self.options.stability,
            Err(_) => true,
        }
    }

    // ---- the API as a whole

    fn components(&mut self) {
        let (base, revision) = (self.base, self.revision);
        let grouped = !self.options.per_operation;
        let mut renamed: HashSet<&Arc<str>> = HashSet::new();
        for (name, schema) in &base.components {
            if revision.components.contains_key(name) {
                continue;
            }
            let place = base.schema(schema.id).origin;
            if grouped {
                let twin = revision.components.iter().find(|(other, twin)| {
                    !base.components.contains_key(*other)
                        && !renamed.contains(other)
                        && self
                            .deltas
                            .same
                            .same(schema.id, twin.id, super::same::Mode::Contract)
                });
                if let Some((other, twin)) = twin {
                    renamed.insert(other);
                    let args = from_to(Some(name.to_string()), Some(other.to_string()));
                    let to = revision.schema(twin.id).origin;
                    self.say("drf-schema-renamed", None, args, (Some(place), Some(to)));
                    continue;
                }
            }
            let args = vec![("value", name.to_string())];
            self.say("api-schema-removed", None, args, (Some(place), None));
        }
        security::of_api(base, revision, &mut |id, args, places| {
            self.say(id, None, args, places);
        });
    }

    fn webhooks(&mut self) {
        let (base, revision) = (self.base, self.revision);
        for (name, item) in &base.webhooks {
            match revision.webhooks.get(name) {
                None => {
                    let args = vec![("value", name.to_string())];
                    self.say("webhook-removed", None, args, (Some(item.origin), None));
                }
                Some(other) => {
                    self.path_pair(
                        &format!("webhook:{name}"),
                        item,
                        other,
                        &HashMap::new(),
                        true,
                    );
                }
            }
        }
        for (name, item) in &revision.webhooks {
            if !base.webhooks.contains_key(name) {
                let args = vec![("value", name.to_string())];
                self.say("webhook-added", None, args, (None, Some(item.origin)));
            }
        }
    }

    fn version(&mut self) {
        if !self.options.versioning_policy
            || !self.out.iter().any(|raw| raw.rule.level == Level::Error)
        {
            return;
        }
        let (from, to) = (&self.base.version, &self.revision.version);
        let (Some(old), Some(new)) = (semver(from), semver(to)) else {
            return;
        };
        let major_bumped = if old.0 == 0 && new.0 == 0 {
            new.1 > old.1
        } else {
            new.0 > old.0
        };
        let id = if from == to {
            "api-version-not-bumped"
        } else if new <= old {
            "api-version-decreased"
        } else if !major_bumped {
            "api-major-version-not-bumped"
        } else {
            return;
        };
        let args = from_to(Some(from.to_string()), Some(to.to_string()));
        self.say(id, None, args, (None, None));
    }

    // ---- paths

    fn paths(&mut self) {
        let (base, revision) = (self.base, self.revision);
        let to_revision = matched(&base.paths, &revision.paths);
        let to_base = matched(&revision.paths, &base.paths);
        let mut removed: Vec<(&Arc<str>, &PathItem)> = base
            .paths
            .iter()
            .filter(|(path, _)| !to_revision.contains_key(&***path))
            .collect();
        let mut added: Vec<(&Arc<str>, &PathItem)> = revision
            .paths
            .iter()
            .filter(|(path, _)| !to_base.contains_key(&***path))
            .collect();
        if !self.options.per_operation {
            let moves = super::moves::find(&removed, &added);
            for found in &moves {
                for (from, to) in &found.paths {
                    if let (Some(l), Some(r)) = (base.paths.get(*from), revision.paths.get(*to)) {
                        let names = parameter_names(from, to).unwrap_or_default();
                        self.path_pair(to, l, r, &names, false);
                    }
                }
                removed.retain(|(path, _)| !found.paths.iter().any(|(from, _)| *from == *path));
                added.retain(|(path, _)| !found.paths.iter().any(|(_, to)| *to == *path));
                let first = found.paths.first();
                let places = (
                    first
                        .and_then(|(from, _)| base.paths.get(*from))
                        .map(|i| i.origin),
                    first
                        .and_then(|(_, to)| revision.paths.get(*to))
                        .map(|i| i.origin),
                );
                let mut args = from_to(Some(found.from.clone()), Some(found.to.clone()));
                args.push(("count", found.paths.len().to_string()));
                let operations: Vec<(String, String)> = found
                    .paths
                    .iter()
                    .flat_map(|(_, to)| {
                        let methods = revision.paths.get(*to).map(|i| &i.operations[..]);
                        methods
                            .unwrap_or(&[])
                            .iter()
                            .map(|(method, _)| ((*method).to_owned(), to.to_string()))
                    })
                    .collect();
                for (method, path) in operations {
                    let operation = self.operation(&method, &path);
                    self.say(found.id, Some(operation), args.clone(), places);
                }
            }
        }
        for (path, item) in removed {
            let keep = item.operations.iter().any(|(_, operation)| {
                matches!(stability_of(&operation.extensions), Ok(level)
                    if level.unwrap_or(Stability::Stable) >= self.options.stability)
            });
            for (method, operation) in &item.operations {
                let key = self.operation(method, path);
                if let Err(why) = stability_of(&operation.extensions) {
                    self.bad_stability(key, why, (stability_place(self.base, operation), None));
                    continue;
                }
                let level = stability_of(&operation.extensions).ok().flatten();
                if !keep || matches!(level, Some(Stability::Draft | Stability::Alpha)) {
                    continue;
                }
                self.removed_operation(key, operation, true);
            }
        }
        for (path, item) in added {
            for (method, operation) in &item.operations {
                let key = self.operation(method, path);
                self.say(
                    "endpoint-added",
                    Some(key),
                    Vec::new(),
                    (None, Some(operation.origin)),
                );
            }
        }
        for (path, item) in &base.paths {
            let Some(&(other_path, ref names)) = to_revision.get(&**path) else {
                continue;
            };
            if let Some(other) = revision.paths.get(other_path) {
                let shown = if self.options.per_operation {
                    path
                } else {
                    other_path
                };
                self.path_pair(shown, item, other, names, false);
            }
        }
    }

    fn removed_operation(&mut self, key: u32, operation: &Operation, whole_path: bool) {
        let lifecycle = self.lifecycle(operation);
        for (rule, args) in lifecycle.of_removed_operation(operation, whole_path) {
            self.say(rule.id, Some(key), args, (Some(operation.origin), None));
        }
    }

    fn bad_stability(&mut self, key: u32, why: String, places: Places) {
        self.say(
            "api-invalid-stability-level",
            Some(key),
            vec![("why", why)],
            places,
        );
    }

    fn path_pair(
        &mut self,
        path: &str,
        base: &'a PathItem,
        revision: &'a PathItem,
        names: &HashMap<String, String>,
        webhook: bool,
    ) {
        if self.options.per_operation {
            self.path_parameters(path, base, revision, names);
        }
        for (method, operation) in &base.operations {
            let Some(other) = revision.operation(method) else {
                let key = self.operation(method, path);
                match stability_of(&operation.extensions) {
                    Err(why) if !webhook => {
                        let place = stability_place(self.base, operation);
                        self.bad_stability(key, why, (place, None));
                    }
                    Ok(level)
                        if !webhook
                            && level.unwrap_or(Stability::Stable) < self.options.stability => {}
                    _ => self.removed_operation(key, operation, false),
                }
                continue;
            };
            let key = self.operation(method, path);
            let both = Both {
                base: operation,
                revision: other,
                base_item: base,
                revision_item: revision,
                key,
            };
            self.operation_pair(both, names, webhook);
        }
        for (method, operation) in &revision.operations {
            if base.operation(method).is_none() {
                let key = self.operation(method, path);
                self.say(
                    "endpoint-added",
                    Some(key),
                    Vec::new(),
                    (None, Some(operation.origin)),
                );
            }
        }
    }

    /// Parameters that a path gives all its operations; only in oasdiff's view.
    fn path_parameters(
        &mut self,
        path: &str,
        base: &'a PathItem,
        revision: &'a PathItem,
        names: &HashMap<String, String>,
    ) {
        let pairs = parameter_pairs(self, &base.parameters, &revision.parameters, names);
        for parameter in pairs.added {
            if &*parameter.location == "path" {
                continue;
            }
            let id = if parameter.required {
                "new-required-request-default-parameter-to-existing-path"
            } else {
                "new-optional-request-default-parameter-to-existing-path"
            };
            for (method, _) in &revision.operations {
                let key = self.operation(method, path);
                self.say(
                    id,
                    Some(key),
                    named(parameter),
                    (None, Some(parameter.origin)),
                );
            }
        }
    }

    // ---- operations

    fn operation_pair(&mut self, both: Both<'a>, names: &HashMap<String, String>, webhook: bool) {
        let (base, revision) = (both.base, both.revision);
        if !webhook {
            self.stability(both);
            if !self.is_included(revision) {
                return;
            }
        }
        let lifecycle = self.lifecycle(revision);
        let key = Some(both.key);
        if base.deprecated != revision.deprecated {
            let places = self.fields(base.origin, revision.origin, "deprecated");
            for (rule, args) in lifecycle.of_operation(revision) {
                self.say(rule.id, key, args, places);
            }
        }
        if revision.deprecated {
            let places = self.fields(base.origin, revision.origin, SUNSET);
            for (rule, args) in
                lifecycle.of_sunset_change(false, &base.extensions, &revision.extensions)
            {
                self.say(rule.id, key, args, places);
            }
        }
        self.operation_id(both);
        self.tags(both);
        self.security(both);
        self.parameters(both, names, lifecycle);
        self.request_body(both, lifecycle);
        self.responses(both, lifecycle);
    }

    /// The places of a key on both sides; the mappings' own where neither has it.
    fn fields(&self, base: Origin, revision: Origin, key: &str) -> Places {
        (
            self.base.field(base, key).or(Some(base)),
            self.revision.field(revision, key).or(Some(revision)),
        )
    }

    fn stability(&mut self, both: Both<'a>) {
        let (base, revision) = (both.base, both.revision);
        let (from, to) = (
            stability_of(&base.extensions),
            stability_of(&revision.extensions),
        );
        let places = (
            stability_place(self.base, base),
            stability_place(self.revision, revision),
        );
        if base.digest != revision.digest {
            if let Err(why) = &from {
                self.bad_stability(both.key, why.clone(), (places.0, None));
            }
            if let Err(why) = &to {
                self.bad_stability(both.key, why.clone(), (None, places.1));
            }
        }
        let (Ok(from), Ok(to)) = (from, to) else {
            return;
        };
        let (from, to) = (
            from.unwrap_or(Stability::Stable),
            to.unwrap_or(Stability::Stable),
        );
        if from == to || from < self.options.stability {
            return;
        }
        let id = if to < from {
            "api-stability-decreased"
        } else {
            "api-stability-increased"
        };
        let args = from_to(Some(from.name().to_owned()), Some(to.name().to_owned()));
        self.say(id, Some(both.key), args, places);
    }

    fn operation_id(&mut self, both: Both<'a>) {
        let (base, revision) = (both.base, both.revision);
        if base.operation_id == revision.operation_id {
            return;
        }
        let places = self.fields(base.origin, revision.origin, "operationId");
        let to = revision
            .operation_id
            .as_deref()
            .unwrap_or("none")
            .to_owned();
        match &base.operation_id {
            None => self.say(
                "api-operation-id-added",
                Some(both.key),
                from_to(None, Some(to)),
                (None, places.1),
            ),
            Some(from) => self.say(
                "api-operation-id-removed",
                Some(both.key),
                from_to(Some(from.to_string()), Some(to)),
                (places.0, None),
            ),
        }
    }

    fn tags(&mut self, both: Both<'a>) {
        let (base, revision) = (both.base, both.revision);
        let mut seen = HashSet::new();
        for tag in base.tags.iter().filter(|t| !revision.tags.contains(t)) {
            if seen.insert(tag) {
                let place = self.base.field_item(base.origin, "tags", tag);
                let args = vec![("value", tag.to_string())];
                self.say("api-tag-removed", Some(both.key), args, (place, None));
            }
        }
        seen.clear();
        for tag in revision.tags.iter().filter(|t| !base.tags.contains(t)) {
            if seen.insert(tag) {
                let place = self.revision.field_item(revision.origin, "tags", tag);
                let args = vec![("value", tag.to_string())];
                self.say("api-tag-added", Some(both.key), args, (None, place));
            }
        }
    }

    fn security(&mut self, both: Both<'a>) {
        let places = self.fields(both.base.origin, both.revision.origin, "security");
        let key = Some(both.key);
        let mut found = Vec::new();
        security::of_operation(both.base, both.revision, &mut |id, args| {
            found.push((id, args));
        });
        if !self.options.per_operation {
            security::of_access(
                (self.base, both.base),
                (self.revision, both.revision),
                &mut |id, args| found.push((id, args)),
            );
        }
        for (id, args) in found {
            let places = if id.ends_with("-added") {
                (None, places.1)
            } else if id.ends_with("-removed") {
                (places.0, None)
            } else {
                places
            };
            self.say(id, key, args, places);
        }
    }

    // ---- parameters

    fn parameters(
        &mut self,
        both: Both<'a>,
        names: &HashMap<String, String>,
        lifecycle: Lifecycle,
    ) {
        let pairs = if self.options.per_operation {
            parameter_pairs(
                self,
                &both.base.parameters,
                &both.revision.parameters,
                names,
            )
        } else {
            // A path's parameters are those of all its operations.
            let base = with_path_parameters(both.base_item, both.base);
            let revision = with_path_parameters(both.revision_item, both.revision);
            pairs_of(self, base, revision, names)
        };
        let key = Some(both.key);
        for parameter in pairs.removed {
            for (rule, mut args) in lifecycle.of_removed_parameter(parameter) {
                args.extend(named(parameter));
                self.say(rule.id, key, args, (Some(parameter.origin), None));
            }
        }
        for parameter in pairs.added {
            let id = match (&*parameter.location, parameter.required) {
                ("path", _) => "new-request-path-parameter",
                (_, true) => "new-required-request-parameter",
                _ => "new-optional-request-parameter",
            };
            self.say(id, key, named(parameter), (None, Some(parameter.origin)));
        }
        for pair in pairs.both {
            self.parameter_pair(both, &pair, lifecycle);
        }
    }

    fn parameter_pair(&mut self, both: Both<'a>, pair: &ParameterPair<'a>, lifecycle: Lifecycle) {
        let (base, revision) = (pair.base, pair.revision);
        let shown = pair.shown;
        let key = Some(both.key);
        let told = |mut args: Vec<(&'static str, String)>| {
            args.extend(named(shown));
            args
        };
        if base.required != revision.required {
            let id = if revision.required {
                "request-parameter-became-required"
            } else {
                "request-parameter-became-optional"
            };
            let places = self.fields(base.origin, revision.origin, "required");
            self.say(id, key, told(Vec::new()), places);
        }
        if base.deprecated != revision.deprecated {
            let schemas = (pair.base_schema, pair.revision_schema);
            let places = match schemas {
                // oasdiff points at the operation where the schema did not change.
                _ if self.options.per_operation => {
                    (Some(both.base.origin), Some(both.revision.origin))
                }
                _ => self.fields(base.origin, revision.origin, "deprecated"),
            };
            for (rule, args) in lifecycle.of_parameter(revision) {
                self.say(rule.id, key, told(args), places);
            }
        }
        if revision.deprecated {
            let places = self.fields(base.origin, revision.origin, SUNSET);
            for (rule, args) in
                lifecycle.of_sunset_change(true, &base.extensions, &revision.extensions)
            {
                self.say(rule.id, key, told(args), places);
            }
        }
        let (Some(l), Some(r)) = (pair.base_schema, pair.revision_schema) else {
            return;
        };
        let style = revision.style.as_deref();
        let by_default_form = matches!(&*revision.location, "query" | "cookie");
        let form = style.map_or(by_default_form, |s| s == "form");
        let task = Task {
            pair: self.deltas.pair(l, r),
            root: Root::Parameter,
            operation: both.key,
            status: "",
            media: "",
            location: &shown.location,
            parameter: &shown.name,
            optional: !base.required && !revision.required,
            form_exploded: form && revision.explode.unwrap_or(form),
            lifecycle,
            parameter_places: (Some(base.origin), Some(revision.origin)),
            header: None,
        };
        self.tasks.push(task);
    }

    // ---- bodies

    fn request_body(&mut self, both: Both<'a>, lifecycle: Lifecycle) {
        let key = Some(both.key);
        let (base, revision) = match (&both.base.request_body, &both.revision.request_body) {
            (None, None) => return,
            (None, Some(body)) => {
                let id = if body.required {
                    "request-body-added-required"
                } else {
                    "request-body-added-optional"
                };
                return self.say(id, key, Vec::new(), (None, Some(body.origin)));
            }
            (Some(body), None) => {
                return self.say(
                    "request-body-removed",
                    key,
                    Vec::new(),
                    (Some(body.origin), None),
                );
            }
            (Some(base), Some(revision)) => (base, revision),
        };
        if base.required != revision.required {
            let id = if revision.required {
                "request-body-became-required"
            } else {
                "request-body-became-optional"
            };
            let places = self.fields(base.origin, revision.origin, "required");
            self.say(id, key, Vec::new(), places);
        }
        let content = content_pairs(&base.content, &revision.content);
        for (name, media) in content.added {
            let args = vec![("media", name.to_string())];
            self.say(
                "request-body-media-type-added",
                key,
                args,
                (None, Some(media.origin)),
            );
        }
        for (name, media) in content.removed {
            let args = vec![("media", name.to_string())];
            self.say(
                "request-body-media-type-removed",
                key,
                args,
                (Some(media.origin), None),
            );
        }
        for (from, to) in content.both {
            let args = vec![("media", to.0.to_string())];
            match (&from.1.schema, &to.1.schema) {
                (None, None) => {}
                (None, Some(_)) => self.say(
                    "request-body-media-type-schema-added",
                    key,
                    args,
                    (None, Some(to.1.origin)),
                ),
                (Some(_), None) => self.say(
                    "request-body-media-type-schema-removed",
                    key,
                    args,
                    (Some(from.1.origin), None),
                ),
                (Some(l), Some(r)) => {
                    let task = Task {
                        pair: self.deltas.pair(l, r),
                        root: Root::RequestBody,
                        operation: both.key,
                        status: "",
                        media: to.0,
                        location: "",
                        parameter: "",
                        optional: false,
                        form_exploded: false,
                        lifecycle,
                        parameter_places: (None, None),
                        header: None,
                    };
                    self.tasks.push(task);
                }
            }
        }
    }

    fn responses(&mut self, both: Both<'a>, lifecycle: Lifecycle) {
        let key = Some(both.key);
        let success = |status: &str| {
            status.parse::<i64>().ok().map(|n| {
                if (200..=299).contains(&n) {
                    "success"
                } else {
                    "non-success"
                }
            })
        };
        let (base, revision) = (&both.base.responses, &both.revision.responses);
        for (status, response) in base {
            if !revision.contains_key(status)
                && let Some(kind) = success(status)
            {
                let args = vec![("status", status.to_string())];
                let id = format!("response-{kind}-status-removed");
                self.say(&id, key, args, (Some(response.origin), None));
            }
        }
        for (status, response) in revision {
            if !base.contains_key(status)
                && let Some(kind) = success(status)
            {
                let args = vec![("status", status.to_string())];
                let id = format!("response-{kind}-status-added");
                self.say(&id, key, args, (None, Some(response.origin)));
            }
        }
        for (status, response) in base {
            if let Some(other) = revision.get(status) {
                self.response_pair(both, status, response, other, lifecycle);
            }
        }
    }

    fn response_pair(
        &mut self,
        both: Both<'a>,
        status: &'a Arc<str>,
        base: &'a Response,
        revision: &'a Response,
        lifecycle: Lifecycle,
    ) {
        let key = Some(both.key);
        let told = |name: &'static str, value: &str| {
            vec![(name, value.to_owned()), ("status", status.to_string())]
        };
        let content = content_pairs(&base.content, &revision.content);
        for (name, media) in content.added {
            let places = (None, Some(media.origin));
            self.say(
                "response-media-type-added",
                key,
                told("media", name),
                places,
            );
        }
        for (name, media) in content.removed {
            let places = (Some(media.origin), None);
            self.say(
                "response-media-type-removed",
                key,
                told("media", name),
                places,
            );
        }
        for (from, to) in content.both {
            if from.0 != to.0 {
                let id = super::media_type::change(from.0, to.0);
                let mut args = told("from", from.0);
                args.push(("to", to.0.to_string()));
                self.say(id, key, args, (Some(from.1.origin), Some(to.1.origin)));
            }
            match (&from.1.schema, &to.1.schema) {
                (None, None) => {}
                (None, Some(_)) => {
                    let places = (None, Some(to.1.origin));
                    let args = told("media", to.0);
                    self.say("response-body-media-type-schema-added", key, args, places);
                }
                (Some(_), None) => {
                    let places = (Some(from.1.origin), None);
                    let args = told("media", from.0);
                    self.say("response-body-media-type-schema-removed", key, args, places);
                }
                (Some(l), Some(r)) => {
                    let task = Task {
                        pair: self.deltas.pair(l, r),
                        root: Root::ResponseBody,
                        operation: both.key,
                        status,
                        media: to.0,
                        location: "",
                        parameter: "",
                        optional: false,
                        form_exploded: false,
                        lifecycle,
                        parameter_places: (None, None),
                        header: None,
                    };
                    self.tasks.push(task);
                }
            }
        }
        for (name, header) in &base.headers {
            let Some(other) = revision.headers.get(name) else {
                let id = if header.required {
                    "required-response-header-removed"
                } else {
                    "optional-response-header-removed"
                };
                self.say(id, key, told("name", name), (Some(header.origin), None));
                continue;
            };
            if header.required && !other.required {
                let places = (Some(header.origin), Some(other.origin));
                self.say(
                    "response-header-became-optional",
                    key,
                    told("name", name),
                    places,
                );
            }
            if let (Some(l), Some(r)) = (&header.schema, &other.schema) {
                let task = Task {
                    pair: self.deltas.pair(l, r),
                    root: Root::ResponseBody,
                    operation: both.key,
                    status,
                    media: "",
                    location: "",
                    parameter: name,
                    optional: false,
                    form_exploded: false,
                    lifecycle,
                    parameter_places: (None, None),
                    header: Some((header.origin, other.origin)),
                };
                self.tasks.push(task);
            }
        }
        for (name, header) in &revision.headers {
            if !base.headers.contains_key(name) {
                let places = (None, Some(header.origin));
                self.say("response-header-added", key, told("name", name), places);
            }
        }
    }

    // ---- schemas

    fn walk(&mut self) {
        self.deltas.work();
        let tasks = std::mem::take(&mut self.tasks);
        let normalised = !self.options.per_operation;
        let mut seen: HashSet<(PairId, bool)> = HashSet::new();
        let mut of: Option<(u32, Root)> = None;
        for task in tasks {
            if let Some(places) = task.header {
                self.header(&task, places);
                continue;
            }
            // Within one operation and direction a shared schema says everything once.
            if of != Some((task.operation, task.root)) {
                seen.clear();
                of = Some((task.operation, task.root));
            }
            Walk {
                deltas: &self.deltas,
                site: Site {
                    root: task.root,
                    operation: task.operation,
                    status: task.status,
                    media: task.media,
                    location: task.location,
                    parameter: task.parameter,
                    optional: task.optional,
                    form_exploded: task.form_exploded,
                    lifecycle: Some(&task.lifecycle),
                    parameter_places: task.parameter_places,
                },
                out: &mut self.out,
                normalised,
                seen: &mut seen,
            }
            .run(task.pair);
        }
    }

    /// Response headers: only their type and whether they may be null.
    fn header(&mut self, task: &Task<'a>, places: (Origin, Origin)) {
        let (base, revision) = (self.deltas.base(task.pair), self.deltas.revision(task.pair));
        if base.is_unknown() || revision.is_unknown() {
            return;
        }
        let transitions = self.deltas.get(task.pair).transitions.as_deref();
        let (added, removed) = type_changes(base, revision);
        let told = vec![
            ("name", task.parameter.to_owned()),
            ("status", task.status.to_owned()),
        ];
        let places = (Some(places.0), Some(places.1));
        let mut found: Vec<(String, Vec<(&'static str, String)>)> = Vec::new();
        match nullability(base, revision, transitions, &added, &removed) {
            Some(true) => found.push(("response-header-became-nullable".to_owned(), told.clone())),
            Some(false) => {
                found.push((
                    "response-header-became-not-nullable".to_owned(),
                    told.clone(),
                ));
            }
            None => {}
        }
        let change = TypeChange {
            types: !added.is_empty() || !removed.is_empty(),
            format: base.format != revision.format,
            added: &added,
            removed: &removed,
            base,
            revision,
        };
        let explained = transitions.is_some_and(|t| {
            t.nullable_wrapping.is_some()
                || t.wrapped_in_one_of.is_some()
                || t.list_of_types.is_some()
                || t.null_only
        });
        if (change.types || change.format) && !explained {
            let mut args = change.args(self.base, self.revision);
            args.extend(told);
            found.push((
                format!("response-header-{}", change.in_response(false)),
                args,
            ));
        }
        for (id, args) in found {
            self.say(&id, Some(task.operation), args, places);
        }
    }
}

fn named(parameter: &Parameter) -> Vec<(&'static str, String)> {
    vec![
        ("in", parameter.location.to_string()),
        ("parameter", parameter.name.to_string()),
    ]
}

fn semver(text: &str) -> Option<(u64, u64, u64)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let core = text.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| {
        let plain = part.bytes().all(|b| b.is_ascii_digit())
            && !part.is_empty()
            && (part == "0" || !part.starts_with('0'));
        plain.then(|| part.parse().ok()).flatten()
    });
    let version = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(version)
}

// ---- matching

/// A path without the names of its parameters, and the names in order.
pub(crate) fn erased(path: &str) -> (String, Vec<&str>) {
    let mut shape = String::with_capacity(path.len());
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        shape.push_str(before);
        shape.push_str("{}");
        names.push(name);
        rest = tail;
    }
    shape.push_str(rest);
    (shape, names)
}

fn parameter_names(from: &str, to: &str) -> Option<HashMap<String, String>> {
    let (_, from) = erased(from);
    let (_, to) = erased(to);
    (from.len() == to.len()).then(|| {
        from.iter()
            .zip(&to)
            .map(|(l, r)| ((*l).to_owned(), (*r).to_owned()))
            .collect()
    })
}

/// For each path its match on the other side: the same path, or one whose parameters have other
/// names; with the names, base to revision.
fn matched<'p>(
    from: &'p IndexMap<Arc<str>, PathItem>,
    to: &'p IndexMap<Arc<str>, PathItem>,
) -> HashMap<&'p str, (&'p Arc<str>, HashMap<String, String>)> {
    let mut by_shape: HashMap<String, &Arc<str>> = HashMap::new();
    for path in to.keys() {
        by_shape.entry(erased(path).0).or_insert(path);
    }
    from.keys()
        .filter_map(|path| {
            if let Some((same, _)) = to.get_key_value(path) {
                return Some((&**path, (same, HashMap::new())));
            }
            let other = *by_shape.get(&erased(path).0)?;
            Some((&**path, (other, parameter_names(path, other)?)))
        })
        .collect()
}

struct ParameterPair<'a> {
    base: &'a Parameter,
    revision: &'a Parameter,
    base_schema: Option<&'a SchemaRef>,
    revision_schema: Option<&'a SchemaRef>,
    /// The one whose name is told.
    shown: &'a Parameter,
}

#[derive(Default)]
struct Parameters<'a> {
    both: Vec<ParameterPair<'a>>,
    added: Vec<&'a Parameter>,
    removed: Vec<&'a Parameter>,
}

/// The parameters of an operation with those of its path, which the operation may replace.
fn with_path_parameters<'a>(item: &'a PathItem, operation: &'a Operation) -> Vec<&'a Parameter> {
    let own = &operation.parameters;
    item.parameters
        .iter()
        .filter(|p| {
            !own.iter()
                .any(|o| o.name == p.name && o.location == p.location)
        })
        .chain(own)
        .collect()
}

fn parameter_pairs<'a>(
    comparison: &Comparison<'a, '_>,
    base: &'a [Parameter],
    revision: &'a [Parameter],
    names: &HashMap<String, String>,
) -> Parameters<'a> {
    pairs_of(
        comparison,
        base.iter().collect(),
        revision.iter().collect(),
        names,
    )
}

fn pairs_of<'a>(
    comparison: &Comparison<'a, '_>,
    base: Vec<&'a Parameter>,
    revision: Vec<&'a Parameter>,
    names: &HashMap<String, String>,
) -> Parameters<'a> {
    let mut result = Parameters::default();
    let mut base_done = vec![false; base.len()];
    let mut revision_done = vec![false; revision.len()];
    // Single parameters against the properties of an exploded object.
    exploded(
        (comparison.base, &base, &mut base_done),
        (comparison.revision, &revision, &mut revision_done),
        &mut |single, object, property| ParameterPair {
            base: single,
            revision: object,
            base_schema: single.schema.as_ref(),
            revision_schema: Some(property),
            shown: single,
        },
        &mut result,
    );
    exploded(
        (comparison.revision, &revision, &mut revision_done),
        (comparison.base, &base, &mut base_done),
        &mut |single, object, property| ParameterPair {
            base: object,
            revision: single,
            base_schema: Some(property),
            revision_schema: single.schema.as_ref(),
            shown: single,
        },
        &mut result,
    );
    for (i, parameter) in base.iter().enumerate() {
        if base_done.get(i) == Some(&true) {
            continue;
        }
        // A parameter that a file names twice has its like on the other side twice.
        let found = revision.iter().enumerate().position(|(j, other)| {
            if revision_done.get(j) != Some(&false) || other.location != parameter.location {
                return false;
            }
            match (&*parameter.location, names.get(&*parameter.name)) {
                ("path", Some(name)) => **name == *other.name,
                ("path", None) if !names.is_empty() => false,
                _ => other.name == parameter.name,
            }
        });
        match found {
            Some(j) => {
                if let (Some(done), Some(other)) = (revision_done.get_mut(j), revision.get(j)) {
                    *done = true;
                    result.both.push(ParameterPair {
                        base: parameter,
                        revision: other,
                        base_schema: parameter.schema.as_ref(),
                        revision_schema: other.schema.as_ref(),
                        shown: parameter,
                    });
                }
            }
            None => result.removed.push(parameter),
        }
    }
    for (j, parameter) in revision.iter().enumerate() {
        if revision_done.get(j) == Some(&false) {
            result.added.push(parameter);
        }
    }
    result
}

type Side<'s, 'a> = (&'a Api, &'s [&'a Parameter], &'s mut Vec<bool>);

fn exploded<'a>(
    (single_api, singles, single_done): Side<'_, 'a>,
    (api, objects, object_done): Side<'_, 'a>,
    pair: &mut dyn FnMut(&'a Parameter, &'a Parameter, &'a SchemaRef) -> ParameterPair<'a>,
    result: &mut Parameters<'a>,
) {
    for (j, object) in objects.iter().enumerate() {
        if object_done.get(j) == Some(&true) || !in_query(object) || !is_exploded(api, object) {
            continue;
        }
        let Some(schema) = &object.schema else {
            continue;
        };
        let properties = &api.schema(schema.id).object().properties;
        let mut any = false;
        for (i, single) in singles.iter().enumerate() {
            if single_done.get(i) == Some(&true)
                || single.location != object.location
                || is_exploded(single_api, single)
            {
                continue;
            }
            if let Some(property) = properties.get(&single.name) {
                result.both.push(pair(single, object, property));
                if let Some(done) = single_done.get_mut(i) {
                    *done = true;
                }
                any = true;
            }
        }
        if any && let Some(done) = object_done.get_mut(j) {
            *done = true;
        }
    }
}

fn in_query(parameter: &Parameter) -> bool {
    matches!(&*parameter.location, "query" | "cookie")
}

/// `explode: true`, style `form` and an object with properties.
fn is_exploded(api: &Api, parameter: &Parameter) -> bool {
    let Some(schema) = &parameter.schema else {
        return false;
    };
    let schema = api.schema(schema.id);
    parameter.explode == Some(true)
        && parameter
            .style
            .as_deref()
            .is_none_or(|style| style == "form")
        && schema.types == [Type::Object]
        && !schema.object().properties.is_empty()
}

type Named<'a> = (&'a Arc<str>, &'a MediaType);

#[derive(Default)]
struct ContentPairs<'a> {
    both: Vec<(Named<'a>, Named<'a>)>,
    added: Vec<Named<'a>>,
    removed: Vec<Named<'a>>,
}

/// Media types by name, then those of which one is a special form of the other.
fn content_pairs<'a>(base: &'a Content, revision: &'a Content) -> ContentPairs<'a> {
    let mut pairs = ContentPairs::default();
    for (name, media) in base {
        match revision.get_key_value(name) {
            Some(other) => pairs.both.push(((name, media), other)),
            None => pairs.removed.push((name, media)),
        }
    }
    for (name, media) in revision {
        if base.contains_key(name) {
            continue;
        }
        let related = pairs
            .removed
            .iter()
            .position(|(other, _)| super::media_type::related(other, name));
        match related {
            Some(at) => {
                let from = pairs.removed.remove(at);
                pairs.both.push((from, (name, media)));
            }
            None => pairs.added.push((name, media)),
        }
    }
    pairs
}
