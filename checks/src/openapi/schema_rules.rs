//! The rules on schemas: which change of which keyword, in which place and direction, has which id.
//!
//! Ids are regular, `PLACE-WHAT` with an insert for read-only and write-only properties, so a
//! keyword's code names only WHAT and the table decides whether there is a rule for the place. The
//! exceptions that oasdiff's rules have are written where they hold. One [`Walk`] visits what one
//! root (a body, a parameter) reaches.

use std::collections::HashSet;
use std::sync::Arc;

use super::changes::Raw;
use super::delta::{Deltas, PairId, Step, Transitions, type_changes};
use super::lifecycle::Lifecycle;
use super::model::*;
use super::rules::{self, Direction, Kind, Rule};
use super::same::{List, Slot, accepts_everything, slot};
use super::text;

/// Findings of one comparison; more are not listed.
pub(crate) const MAX_FINDINGS: usize = 100_000;
/// Steps from a body down that are followed.
const MAX_STEPS: usize = 150;

/// Where the root of a walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    RequestBody,
    ResponseBody,
    Parameter,
}

/// What is common to all findings of a walk.
#[derive(Clone, Debug)]
pub(crate) struct Site<'s> {
    pub(crate) root: Root,
    pub(crate) operation: u32,
    pub(crate) status: &'s str,
    pub(crate) media: &'s str,
    pub(crate) location: &'s str,
    pub(crate) parameter: &'s str,
    /// Neither side of a parameter is required.
    pub(crate) optional: bool,
    /// The parameter's style is `form` and it is exploded.
    pub(crate) form_exploded: bool,
    /// Level and rules of deprecation; `None` where the operation's stability is unreadable.
    pub(crate) lifecycle: Option<&'s Lifecycle>,
    pub(crate) parameter_places: (Option<Origin>, Option<Origin>),
}

/// Visits the pairs below a root.
pub(crate) struct Walk<'w, 'a> {
    pub(crate) deltas: &'w Deltas<'a>,
    pub(crate) site: Site<'w>,
    pub(crate) out: &'w mut Vec<Raw>,
    /// Schemas are normalised: echoes are left out, shared nodes are visited once.
    pub(crate) normalised: bool,
    pub(crate) seen: &'w mut HashSet<(PairId, bool)>,
}

/// One pair, as a rule sees it.
#[derive(Clone, Copy)]
struct Node<'n> {
    pair: PairId,
    base: &'n Schema,
    revision: &'n Schema,
    /// Empty for the root.
    name: &'n str,
    transitions: Option<&'n Transitions>,
    is_root: bool,
}

struct Frame {
    pair: PairId,
    path: String,
    next: usize,
}

impl Walk<'_, '_> {
    fn direction(&self) -> Direction {
        match self.site.root {
            Root::ResponseBody => Direction::Response,
            _ => Direction::Request,
        }
    }

    /// Visits a root and everything below it that changed.
    pub(crate) fn run(&mut self, root: PairId) {
        if !self.deltas.get(root).reaches {
            return;
        }
        if self.normalised && !self.seen.insert((root, true)) {
            return;
        }
        let mut on_path = HashSet::from([root]);
        self.visit(root, "", "", None);
        let mut frames = vec![Frame {
            pair: root,
            path: String::new(),
            next: 0,
        }];
        while let Some(frame) = frames.last_mut() {
            let pair = self.deltas.get(frame.pair);
            let Some((step, child)) = pair.edges.get(frame.next) else {
                on_path.remove(&frame.pair);
                frames.pop();
                continue;
            };
            frame.next += 1;
            if !self.deltas.get(*child).reaches || on_path.contains(child) {
                continue;
            }
            let (path, name) = match step {
                Step::Property(name) => (frame.path.clone(), &**name),
                Step::Member(List::PrefixItems, label) => {
                    (format!("{}/prefixItems[{label}]", frame.path), "")
                }
                Step::Member(list, label) => {
                    (joined(&frame.path, &format!("{}[{label}]", list.key())), "")
                }
                Step::Slot(Slot::Items) => (joined(&frame.path, "items"), ""),
                Step::Slot(Slot::Additional) => (joined(&frame.path, "additionalProperties"), ""),
                Step::Slot(other) => (format!("{}/{}", frame.path, slot_key(*other)), ""),
                Step::PatternProperty(name) => {
                    (format!("{}/patternProperties[{name}]", frame.path), "")
                }
                Step::DependentSchema(name) => {
                    (format!("{}/dependentSchemas[{name}]", frame.path), "")
                }
            };
            let (child, parent) = (*child, frame.pair);
            if self.normalised && !self.seen.insert((child, false)) {
                continue;
            }
            let descend = self.visit(child, &path, name, Some(parent));
            if descend && frames.len() < MAX_STEPS && self.out.len() < MAX_FINDINGS {
                on_path.insert(child);
                frames.push(Frame {
                    pair: child,
                    path: joined(&path, name),
                    next: 0,
                });
            }
        }
    }

    /// Applies the rules to one pair; false where nothing below it matters.
    fn visit(&mut self, pair: PairId, path: &str, name: &str, parent: Option<PairId>) -> bool {
        let deltas = self.deltas;
        let full = joined(path, name);
        let node = Node {
            pair,
            base: deltas.base(pair),
            revision: deltas.revision(pair),
            name: &full,
            transitions: deltas.get(pair).transitions.as_deref(),
            is_root: parent.is_none(),
        };
        if node.base.is_unknown() || node.revision.is_unknown() {
            return false;
        }
        if let Some(parent) = parent
            && !name.is_empty()
        {
            self.mutability(node, parent, name);
            let hidden = match self.site.root {
                Root::RequestBody => node.base.read_only || node.revision.read_only,
                Root::ResponseBody => node.base.write_only || node.revision.write_only,
                Root::Parameter => false,
            };
            if self.normalised && hidden {
                return false;
            }
        }
        if node.is_root && self.site.root == Root::Parameter {
            self.max_items(node);
        }
        if !deltas.get(pair).differs {
            return true;
        }
        if self.normalised && node.is_root && self.pagination(node) {
            return true;
        }
        let (added, removed) = type_changes(node.base, node.revision);
        let retyped = self.normalised && !added.is_empty() && !removed.is_empty();
        self.types(node, &added, &removed);
        self.list_of_types(node);
        self.nullability(node, &added, &removed);
        self.wrapped(node);
        if !retyped {
            self.enumeration(node);
            self.constant(node);
            let listed = node.base.enumeration.is_some() || node.revision.enumeration.is_some();
            if !(self.normalised && listed) {
                self.numbers(node);
                self.pattern(node);
            }
            self.default(node);
            self.members(node);
            self.blank(node);
        }
        self.discriminator(node);
        self.parts(node);
        self.contains(node);
        self.content(node);
        self.dependent_required(node);
        self.maps(node);
        self.required(node);
        self.properties(node);
        self.extensible_enum(node);
        if self.site.root != Root::Parameter
            && !node.is_root
            && let Some(lifecycle) = self.site.lifecycle
        {
            self.lifecycle(node, lifecycle);
        }
        if self.site.root == Root::Parameter && self.site.location == "header" {
            self.header(node);
        }
        true
    }

    fn prefix(&self, node: Node<'_>) -> &'static str {
        match (self.site.root, node.is_root) {
            (Root::RequestBody, true) => "request-body",
            (Root::RequestBody, false) => "request-property",
            (Root::ResponseBody, true) => "response-body",
            (Root::ResponseBody, false) => "response-property",
            (Root::Parameter, true) => "request-parameter",
            (Root::Parameter, false) => "request-parameter-property",
        }
    }

    fn rule(&self, node: Node<'_>, what: &str) -> Option<&'static Rule> {
        rules::find(&format!("{}-{what}", self.prefix(node)))
    }

    /// Records a finding unless a transition at the node explains it.
    fn say(
        &mut self,
        node: Node<'_>,
        rule: Option<&'static Rule>,
        args: Vec<(&'static str, String)>,
        places: (Option<Origin>, Option<Origin>),
    ) {
        if let Some(rule) = rule
            && !claimed(node.transitions, rule)
        {
            self.record(node, rule, args, places);
        }
    }

    fn record(
        &mut self,
        node: Node<'_>,
        rule: &'static Rule,
        mut args: Vec<(&'static str, String)>,
        places: (Option<Origin>, Option<Origin>),
    ) {
        if self.out.len() >= MAX_FINDINGS {
            return;
        }
        if !args.iter().any(|(name, _)| *name == "name") {
            args.push(("name", node.name.to_owned()));
        }
        let site = &self.site;
        for (name, value) in [
            ("status", site.status),
            ("media", site.media),
            ("in", site.location),
            ("parameter", site.parameter),
        ] {
            if !value.is_empty() {
                args.push((name, value.to_owned()));
            }
        }
        let pair = self.deltas.get(node.pair);
        self.out.push(Raw {
            rule,
            operation: Some(site.operation),
            base: places.0,
            revision: places.1,
            args,
            node: Some((pair.base, pair.revision)),
        });
    }

    /// The places of a keyword on both sides; the schemas' own where neither has it.
    fn places(&self, node: Node<'_>, key: &str) -> (Option<Origin>, Option<Origin>) {
        let (base, revision) = (
            self.deltas.same.base.field(node.base.origin, key),
            self.deltas.same.revision.field(node.revision.origin, key),
        );
        (
            base.or(Some(node.base.origin)),
            revision.or(Some(node.revision.origin)),
        )
    }

    fn removed_item(
        &self,
        node: Node<'_>,
        key: &str,
        item: &str,
    ) -> (Option<Origin>, Option<Origin>) {
        let api = self.deltas.same.base;
        let found = api
            .field_item(node.base.origin, key, item)
            .or_else(|| api.field(node.base.origin, key));
        (found.or(Some(node.base.origin)), None)
    }

    fn added_item(
        &self,
        node: Node<'_>,
        key: &str,
        item: &str,
    ) -> (Option<Origin>, Option<Origin>) {
        let api = self.deltas.same.revision;
        let found = api
            .field_item(node.revision.origin, key, item)
            .or_else(|| api.field(node.revision.origin, key));
        (None, found.or(Some(node.revision.origin)))
    }

    // ---- type and format

    fn types(&mut self, node: Node<'_>, added: &[Type], removed: &[Type]) {
        let types = !added.is_empty() || !removed.is_empty();
        let format = node.base.format != node.revision.format;
        if !types && !format {
            return;
        }
        if self.site.root == Root::RequestBody && !node.is_root && node.revision.read_only {
            return;
        }
        let change = TypeChange {
            added,
            removed,
            types,
            format,
            base: node.base,
            revision: node.revision,
        };
        let strongly = is_strongly_typed(self.site.media);
        let what = match (self.site.root, node.is_root) {
            (Root::RequestBody, _) => change.in_request(strongly),
            (Root::ResponseBody, _) => change.in_response(strongly),
            (Root::Parameter, true) => {
                if change.breaks(false) && !self.becomes_exploded_array(node, added) {
                    "type-changed"
                } else {
                    "type-generalized"
                }
            }
            (Root::Parameter, false) => match (change.breaks(true), change.breaks(false)) {
                (true, true) => "type-specialized",
                (false, false) => "type-generalized",
                _ => "type-changed",
            },
        };
        let args = change.args(self.deltas.same.base, self.deltas.same.revision);
        let places = self.places(node, if types { "type" } else { "format" });
        let places = if types || places.0.is_some_and(|p| p.node.is_none()) {
            places
        } else {
            self.places(node, "type")
        };
        // oasdiff names the line of `type` even where only the format changed.
        let places = match self.places(node, "type") {
            by_type @ (Some(l), Some(r)) if l.node.is_none() || r.node.is_none() => by_type,
            _ => places,
        };
        let rule = self.rule(node, what);
        self.say(node, rule, args, places);
    }

    /// `?a=1` is also what an exploded array of one item looks like.
    fn becomes_exploded_array(&self, node: Node<'_>, added: &[Type]) -> bool {
        let sans_null = |types: &[Type]| -> Vec<Type> {
            types.iter().copied().filter(|t| *t != Type::Null).collect()
        };
        let base_types = sans_null(&node.base.types);
        if sans_null(added) != [Type::Array] || base_types.is_empty() || !self.site.form_exploded {
            return false;
        }
        let Some(items) = &node.revision.items else {
            return false;
        };
        let items = self.deltas.same.revision.schema(items.id);
        let item_types = sans_null(&items.types);
        if !is_contained(&item_types, &base_types, false) {
            return false;
        }
        // Everything else about the item must be as it was.
        let (mut left, mut right) = (node.base.clone(), items.clone());
        for schema in [&mut left, &mut right] {
            schema.types.clear();
            schema.nullable = false;
            schema.origin = Origin::default();
            schema.annotations = 0;
            schema.title = None;
            schema.default = None;
        }
        left == right
    }

    fn list_of_types(&mut self, node: Node<'_>) {
        let Some((added, removed)) = node.transitions.and_then(|t| t.list_of_types.clone()) else {
            return;
        };
        let (what, types) = match self.direction() {
            Direction::Response if !added.is_empty() => ("list-of-types-widened", added),
            Direction::Response => ("list-of-types-narrowed", removed),
            _ if !removed.is_empty() => ("list-of-types-narrowed", removed),
            _ => ("list-of-types-widened", added),
        };
        let names: Vec<&str> = types.iter().map(|t| t.name()).collect();
        let places = self.places(node, "type");
        let rule = self.rule(node, what);
        self.say(node, rule, vec![("value", names.join(", "))], places);
    }

    fn nullability(&mut self, node: Node<'_>, added: &[Type], removed: &[Type]) {
        let what = match nullability(node.base, node.revision, node.transitions, added, removed) {
            Some(true) => "became-nullable",
            Some(false) => "became-not-nullable",
            None => return,
        };
        let places = self.places(node, "nullable");
        let rule = self.rule(node, what);
        self.say(node, rule, Vec::new(), places);
    }

    fn wrapped(&mut self, node: Node<'_>) {
        if node.is_root
            && node
                .transitions
                .is_some_and(|t| t.wrapped_in_one_of.is_some())
        {
            let rule = self.rule(node, "wrapped-in-one-of");
            let places = (Some(node.base.origin), self.places(node, "oneOf").1);
            self.say(node, rule, Vec::new(), places);
        }
    }

    // ---- values

    fn enumeration(&mut self, node: Node<'_>) {
        let (base, revision) = (&node.base.enumeration, &node.revision.enumeration);
        if base == revision {
            return;
        }
        let became = base.is_none() && revision.is_some();
        let none = Vec::new();
        let (old, new) = (
            base.as_ref().unwrap_or(&none),
            revision.as_ref().unwrap_or(&none),
        );
        if became && !new.is_empty() {
            let places = (Some(node.base.origin), self.places(node, "enum").1);
            if let Some(rule) = self.rule(node, "became-enum") {
                // oasdiff's rule on bodies is blind to transitions.
                if node.is_root && self.site.root == Root::RequestBody {
                    self.record(node, rule, Vec::new(), places);
                } else {
                    self.say(node, Some(rule), Vec::new(), places);
                }
            }
        }
        // A list that came or went as a whole says nothing through its values.
        if self.normalised && (base.is_none() || revision.is_none()) {
            return;
        }
        for value in old.iter().filter(|v| !new.contains(v)) {
            let shown = text::of_value(value);
            let places = self.removed_item(node, "enum", &shown);
            let args = vec![("value", shown)];
            match (self.site.root, node.is_root) {
                (Root::RequestBody, true) => {
                    if let Some(rule) = self.rule(node, "enum-value-removed") {
                        self.record(node, rule, args, places);
                    }
                }
                (Root::ResponseBody, true) => {
                    if let Some(rule) = rules::find("response-mediatype-enum-value-removed") {
                        self.record(node, rule, args, places);
                    }
                }
                (Root::RequestBody, false) if node.revision.read_only => {
                    let rule = rules::find("request-read-only-property-enum-value-removed");
                    self.say(node, rule, args, places);
                }
                _ => {
                    let rule = self.rule(node, "enum-value-removed");
                    self.say(node, rule, args, places);
                }
            }
        }
        for value in new.iter().filter(|v| !old.contains(v)) {
            let shown = text::of_value(value);
            let places = self.added_item(node, "enum", &shown);
            let rule = if self.site.root == Root::ResponseBody
                && !node.is_root
                && node.revision.write_only
            {
                rules::find("response-write-only-property-enum-value-added")
            } else {
                self.rule(node, "enum-value-added")
            };
            self.say(node, rule, vec![("value", shown)], places);
        }
    }

    fn constant(&mut self, node: Node<'_>) {
        let (base, revision) = (&node.base.rare().constant, &node.revision.rare().constant);
        self.value_change(node, "const", base.as_ref(), revision.as_ref());
    }

    fn default(&mut self, node: Node<'_>) {
        let (base, revision) = (node.base.default.as_ref(), node.revision.default.as_ref());
        if self.site.root == Root::Parameter {
            if base == revision || !node.is_root || !self.site.optional {
                return;
            }
            let what = match (base, revision) {
                (None, _) => "default-value-added",
                (_, None) => "default-value-removed",
                _ => "default-value-changed",
            };
            let places = self.places(node, "default");
            if let Some(rule) = self.rule(node, what) {
                let args = from_to(base.map(text::of_value), revision.map(text::of_value));
                self.record(node, rule, args, places);
            }
            return;
        }
        self.value_change(node, "default-value", base, revision);
    }

    fn value_change(
        &mut self,
        node: Node<'_>,
        what: &str,
        base: Option<&serde_json::Value>,
        revision: Option<&serde_json::Value>,
    ) {
        if base == revision {
            return;
        }
        let action = match (base, revision) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let key = if what == "const" { "const" } else { "default" };
        let places = self.places(node, key);
        let rule = self.rule(node, &format!("{what}-{action}"));
        let args = from_to(base.map(text::of_value), revision.map(text::of_value));
        self.say(node, rule, args, places);
    }

    /// The empty string beside what the schema says; ours, only after normalising.
    fn blank(&mut self, node: Node<'_>) {
        if node.base.blank == node.revision.blank || self.site.root != Root::RequestBody {
            return;
        }
        let rule = rules::find(if node.revision.blank {
            "drf-blank-allowed"
        } else {
            "drf-blank-refused"
        });
        let places = (Some(node.base.origin), Some(node.revision.origin));
        self.say(node, rule, Vec::new(), places);
    }

    // ---- constraints

    fn numbers(&mut self, node: Node<'_>) {
        let (base, revision) = (node.base.limits(), node.revision.limits());
        if base == revision {
            return;
        }
        let number = |n: Option<f64>| n.map_or(Bound::Unset, Bound::Number);
        let count = |n: Option<u64>| n.map_or(Bound::Unset, |n| Bound::Number(n as f64));
        let present = |n: u64| Bound::Number(n as f64);
        let rows = [
            (
                "max",
                "maximum",
                number(base.maximum),
                number(revision.maximum),
            ),
            (
                "exclusive-max",
                "exclusiveMaximum",
                base.exclusive_maximum,
                revision.exclusive_maximum,
            ),
            (
                "min",
                "minimum",
                number(base.minimum),
                number(revision.minimum),
            ),
            (
                "exclusive-min",
                "exclusiveMinimum",
                base.exclusive_minimum,
                revision.exclusive_minimum,
            ),
            (
                "max-length",
                "maxLength",
                count(base.max_length),
                count(revision.max_length),
            ),
            (
                "min-length",
                "minLength",
                present(base.min_length),
                present(revision.min_length),
            ),
            (
                "min-items",
                "minItems",
                present(base.min_items),
                present(revision.min_items),
            ),
        ];
        for (what, key, from, to) in rows {
            self.bound(node, what, key, from, to);
        }
    }

    /// `maxItems` of a parameter, or of the items of one: oasdiff looks at both.
    fn max_items(&mut self, node: Node<'_>) {
        let mut limits = (
            node.base.limits().max_items,
            node.revision.limits().max_items,
        );
        if limits.0 == limits.1
            && let (Some(l), Some(r)) = (&node.base.items, &node.revision.items)
        {
            limits = (
                self.deltas.same.base.schema(l.id).limits().max_items,
                self.deltas.same.revision.schema(r.id).limits().max_items,
            );
        }
        if let (Some(from), Some(to)) = limits {
            let number = |n: u64| Bound::Number(n as f64);
            self.bound(node, "max-items", "maxItems", number(from), number(to));
        }
    }

    fn bound(&mut self, node: Node<'_>, what: &str, key: &str, from: Bound, to: Bound) {
        if from == to {
            return;
        }
        let response = self.site.root == Root::ResponseBody;
        let property = !node.is_root && self.site.root != Root::Parameter;
        if response && property && node.revision.write_only {
            return;
        }
        let hidden = self.site.root == Root::RequestBody && property && node.revision.read_only;
        let minimum = what.contains("min");
        let increased = match (from, to) {
            (Bound::Unset, _) => {
                if hidden {
                    return;
                }
                let places = (None, self.places(node, key).1);
                let rule = self.rule(node, &format!("{what}-set"));
                self.say(node, rule, bounds(from, to), places);
                return;
            }
            (_, Bound::Unset) => {
                let places = (self.places(node, key).0, None);
                let rule = self.rule(node, &format!("{what}-unset"));
                self.say(node, rule, bounds(from, to), places);
                return;
            }
            (Bound::Number(l), Bound::Number(r)) => l < r,
            // A flag of 3.0 against a number of 3.1: for requests the side that is reported last.
            _ if response => return,
            _ => !minimum,
        };
        let action = if increased { "increased" } else { "decreased" };
        if hidden && what == "min-items" {
            return;
        }
        let narrowed = increased == minimum;
        let rule = if hidden && narrowed {
            rules::find(&format!("request-read-only-property-{what}-{action}"))
                .or_else(|| self.rule(node, &format!("{what}-{action}")))
        } else {
            self.rule(node, &format!("{what}-{action}"))
        };
        let places = self.places(node, key);
        self.say(node, rule, bounds(from, to), places);
    }

    fn pattern(&mut self, node: Node<'_>) {
        let (base, revision) = (&node.base.limits().pattern, &node.revision.limits().pattern);
        if base == revision {
            return;
        }
        let what = match (base, revision) {
            (None, _) => "pattern-added",
            (_, None) => "pattern-removed",
            (_, Some(to)) if &**to == ".*" && self.site.root != Root::ResponseBody => {
                "pattern-generalized"
            }
            _ => "pattern-changed",
        };
        let places = self.places(node, "pattern");
        let rule = self.rule(node, what);
        let args = from_to(
            base.as_ref().map(ToString::to_string),
            revision.as_ref().map(ToString::to_string),
        );
        self.say(node, rule, args, places);
    }

    fn contains(&mut self, node: Node<'_>) {
        let (base, revision) = (node.base.limits(), node.revision.limits());
        for (what, key, from, to) in [
            (
                "min-contains",
                "minContains",
                base.min_contains,
                revision.min_contains,
            ),
            (
                "max-contains",
                "maxContains",
                base.max_contains,
                revision.max_contains,
            ),
        ] {
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if from == to {
                continue;
            }
            let action = if from < to { "increased" } else { "decreased" };
            let places = self.places(node, key);
            let rule = self.rule(node, &format!("{what}-{action}"));
            let args = from_to(Some(from.to_string()), Some(to.to_string()));
            self.say(node, rule, args, places);
        }
    }

    // ---- structure

    fn members(&mut self, node: Node<'_>) {
        let deltas = self.deltas;
        for (list, members) in &deltas.get(node.pair).members {
            let (list, what) = match list {
                List::AllOf => (*list, "all-of"),
                List::AnyOf => (*list, "any-of"),
                List::OneOf => (*list, "one-of"),
                List::PrefixItems => (*list, "prefix-items"),
            };
            for (at, added) in [(&members.added, true), (&members.deleted, false)] {
                let (api, schema) = if added {
                    (deltas.same.revision, node.revision)
                } else {
                    (deltas.same.base, node.base)
                };
                let (empty, kept): (Vec<usize>, Vec<usize>) = at.iter().partition(|&&i| {
                    list == List::AllOf
                        && list
                            .of(schema)
                            .get(i)
                            .is_some_and(|s| accepts_everything(api.schema(s.id), &[]))
                });
                for (group, suffix) in [(kept, ""), (empty, "-annotation-only")] {
                    let Some(&first) = group.first() else {
                        continue;
                    };
                    let action = if added { "added" } else { "removed" };
                    let rule = self.rule(node, &format!("{what}-{action}{suffix}"));
                    let names = deltas.member_names(list, node.pair, &group, added);
                    let place = api
                        .field_index(schema.origin, list.key(), first)
                        .filter(|_| list != List::PrefixItems)
                        .or_else(|| api.field(schema.origin, list.key()))
                        .or(Some(schema.origin));
                    let places = if added { (None, place) } else { (place, None) };
                    self.say(node, rule, vec![("value", names)], places);
                }
            }
        }
    }

    fn discriminator(&mut self, node: Node<'_>) {
        let (base, revision) = (
            &node.base.composition().discriminator,
            &node.revision.composition().discriminator,
        );
        if base == revision {
            return;
        }
        let places = self.places(node, "discriminator");
        let mut found: Vec<(&str, Vec<(&'static str, String)>)> = Vec::new();
        match (base, revision) {
            (None, Some(_)) => found.push(("discriminator-added", Vec::new())),
            (Some(_), None) => found.push(("discriminator-removed", Vec::new())),
            (Some(from), Some(to)) => {
                if from.property != to.property {
                    found.push((
                        "discriminator-property-name-changed",
                        from_to(
                            Some(from.property.to_string()),
                            Some(to.property.to_string()),
                        ),
                    ));
                }
                let missing = |what: &Discriminator, there: &Discriminator| -> Vec<String> {
                    what.mapping
                        .keys()
                        .filter(|key| !there.mapping.contains_key(*key))
                        .map(ToString::to_string)
                        .collect()
                };
                for (what, names) in [
                    ("discriminator-mapping-added", missing(to, from)),
                    ("discriminator-mapping-deleted", missing(from, to)),
                ] {
                    if !names.is_empty() {
                        found.push((what, vec![("value", names.join(", "))]));
                    }
                }
                for (key, target) in &from.mapping {
                    if let Some(other) = to.mapping.get(key)
                        && other != target
                    {
                        let mut args = from_to(Some(target.to_string()), Some(other.to_string()));
                        args.push(("value", key.to_string()));
                        found.push(("discriminator-mapping-changed", args));
                    }
                }
            }
            (None, None) => {}
        }
        for (what, args) in found {
            let rule = self.rule(node, what);
            self.say(node, rule, args, places);
        }
    }

    /// Children that are there or not: `if`, `contains`, `propertyNames` …
    fn parts(&mut self, node: Node<'_>) {
        for (at, what) in [
            (Slot::If, "if"),
            (Slot::Then, "then"),
            (Slot::Else, "else"),
            (Slot::Contains, "contains"),
            (Slot::PropertyNames, "property-names"),
            (Slot::UnevaluatedItems, "unevaluated-items"),
            (Slot::UnevaluatedProperties, "unevaluated-properties"),
            (Slot::ContentSchema, "content-schema"),
        ] {
            let there = (
                slot(node.base, at).is_some(),
                slot(node.revision, at).is_some(),
            );
            let action = match there {
                (false, true) => "added",
                (true, false) => "removed",
                _ => continue,
            };
            let both = self.places(node, slot_key(at));
            let places = if action == "added" {
                (None, both.1)
            } else {
                (both.0, None)
            };
            let rule = self.rule(node, &format!("{what}-{action}"));
            self.say(node, rule, Vec::new(), places);
        }
    }

    fn content(&mut self, node: Node<'_>) {
        let (base, revision) = (node.base.rare(), node.revision.rare());
        for (what, key, from, to) in [
            (
                "content-media-type-changed",
                "contentMediaType",
                &base.content_media_type,
                &revision.content_media_type,
            ),
            (
                "content-encoding-changed",
                "contentEncoding",
                &base.content_encoding,
                &revision.content_encoding,
            ),
        ] {
            if from == to {
                continue;
            }
            let places = self.places(node, key);
            let rule = self.rule(node, what);
            let show = |t: &Option<Arc<str>>| Some(t.as_deref().unwrap_or("none").to_owned());
            self.say(node, rule, from_to(show(from), show(to)), places);
        }
    }

    fn dependent_required(&mut self, node: Node<'_>) {
        let (base, revision) = (
            &node.base.rare().dependent_required,
            &node.revision.rare().dependent_required,
        );
        if base.is_empty() && revision.is_empty() {
            return;
        }
        let both = self.places(node, "dependentRequired");
        let names = |list: &[Arc<str>]| list.join(", ");
        for (key, list) in base {
            match revision.get(key) {
                None => {
                    let rule = self.rule(node, "dependent-required-removed");
                    let args = vec![("value", key.to_string()), ("to", names(list))];
                    self.say(node, rule, args, (both.0, None));
                }
                Some(other) => {
                    let same = list.iter().all(|n| other.contains(n))
                        && other.iter().all(|n| list.contains(n));
                    if !same {
                        let rule = self.rule(node, "dependent-required-changed");
                        let args = vec![("value", key.to_string()), ("to", names(other))];
                        self.say(node, rule, args, both);
                    }
                }
            }
        }
        for (key, list) in revision {
            if !base.contains_key(key) {
                let rule = self.rule(node, "dependent-required-added");
                let args = vec![("value", key.to_string()), ("to", names(list))];
                self.say(node, rule, args, (None, both.1));
            }
        }
    }

    fn maps(&mut self, node: Node<'_>) {
        let (base, revision) = (node.base.rare(), node.revision.rare());
        for (what, from, to) in [
            (
                "pattern-property",
                &base.pattern_properties,
                &revision.pattern_properties,
            ),
            (
                "dependent-schema",
                &base.dependent_schemas,
                &revision.dependent_schemas,
            ),
        ] {
            for (name, schema) in from {
                if !to.contains_key(name) {
                    let place = self.deltas.same.base.schema(schema.id).origin;
                    let rule = self.rule(node, &format!("{what}-removed"));
                    self.say(
                        node,
                        rule,
                        vec![("value", name.to_string())],
                        (Some(place), None),
                    );
                }
            }
            for (name, schema) in to {
                if !from.contains_key(name) {
                    let place = self.deltas.same.revision.schema(schema.id).origin;
                    let rule = self.rule(node, &format!("{what}-added"));
                    self.say(
                        node,
                        rule,
                        vec![("value", name.to_string())],
                        (None, Some(place)),
                    );
                }
            }
        }
    }

    // ---- objects

    fn required(&mut self, node: Node<'_>) {
        let (base, revision) = (
            &node.base.object().required,
            &node.revision.object().required,
        );
        if base == revision || self.site.root == Root::Parameter {
            return;
        }
        let (base_api, revision_api) = (self.deltas.same.base, self.deltas.same.revision);
        let response = self.site.root == Root::ResponseBody;
        for (names, others, became) in [(revision, base, "required"), (base, revision, "optional")]
        {
            for name in names.iter().filter(|n| !others.contains(n)) {
                let (old, new) = (node.base.property(name), node.revision.property(name));
                let Some(new) = new.map(|s| revision_api.schema(s.id)) else {
                    continue;
                };
                let old = old.map(|s| base_api.schema(s.id));
                // oasdiff does not ask for the base's property at the root of a response.
                if old.is_none() && !(response && node.is_root && became == "optional") {
                    continue;
                }
                let args = vec![("name", joined(node.name, name))];
                let places = if became == "required" {
                    self.added_item(node, "required", name)
                } else {
                    self.removed_item(node, "required", name)
                };
                let rule = if response {
                    let write_only = if node.is_root {
                        new.write_only
                    } else {
                        old.is_some_and(|s| s.write_only)
                    };
                    if write_only {
                        rules::find(&format!("response-write-only-property-became-{became}"))
                    } else {
                        rules::find(&format!("response-property-became-{became}"))
                    }
                } else if new.read_only {
                    continue;
                } else if became == "required" && new.default.is_some() {
                    rules::find("request-property-became-required-with-default")
                } else {
                    rules::find(&format!("request-property-became-{became}"))
                };
                self.say(node, rule, args, places);
            }
        }
    }

    fn properties(&mut self, node: Node<'_>) {
        if self.site.root == Root::Parameter {
            return;
        }
        let (base, revision) = (node.base.object(), node.revision.object());
        let request = self.site.root == Root::RequestBody;
        let moved: &[Arc<str>] = node
            .transitions
            .and_then(|t| t.wrapped_in_one_of.as_deref())
            .unwrap_or(&[]);
        for (name, schema) in &base.properties {
            if revision.properties.contains_key(name) || moved.contains(name) {
                continue;
            }
            let schema = self.deltas.same.base.schema(schema.id);
            let rule = if request {
                if schema.read_only {
                    continue;
                }
                rules::find("request-property-removed")
            } else {
                property_rule(node.base.requires(name), schema.write_only, "removed")
            };
            let args = vec![("name", joined(node.name, name))];
            self.say(node, rule, args, (Some(schema.origin), None));
        }
        for (name, schema) in &revision.properties {
            if base.properties.contains_key(name) {
                continue;
            }
            let schema = self.deltas.same.revision.schema(schema.id);
            let required = node.revision.requires(name);
            let rule = if request {
                if schema.read_only {
                    continue;
                }
                rules::find(match (required, schema.default.is_some()) {
                    (true, true) => "new-required-request-property-with-default",
                    (true, false) => "new-required-request-property",
                    (false, _) => "new-optional-request-property",
                })
            } else {
                property_rule(required, schema.write_only, "added")
            };
            let args = vec![("name", joined(node.name, name))];
            self.say(node, rule, args, (None, Some(schema.origin)));
        }
    }

    fn mutability(&mut self, node: Node<'_>, parent: PairId, name: &str) {
        if self.site.root == Root::Parameter
            || self.deltas.revision(parent).property(name).is_none()
        {
            return;
        }
        let side = if self.site.root == Root::RequestBody {
            "request"
        } else {
            "response"
        };
        let required = if self.deltas.base(parent).requires(name) {
            "required"
        } else {
            "optional"
        };
        for (what, key, from, to) in [
            (
                "write-only",
                "writeOnly",
                node.base.write_only,
                node.revision.write_only,
            ),
            (
                "read-only",
                "readOnly",
                node.base.read_only,
                node.revision.read_only,
            ),
        ] {
            if from == to {
                continue;
            }
            let not = if to { "" } else { "not-" };
            let rule = rules::find(&format!("{side}-{required}-property-became-{not}{what}"));
            let places = self.places(node, key);
            self.say(node, rule, Vec::new(), places);
        }
    }

    fn extensible_enum(&mut self, node: Node<'_>) {
        const KEY: &str = "x-extensible-enum";
        if self.site.root == Root::Parameter && !node.is_root {
            return;
        }
        let (Some(serde_json::Value::Array(from)), Some(serde_json::Value::Array(to))) =
            (node.base.extension(KEY), node.revision.extension(KEY))
        else {
            return;
        };
        if !node.is_root && node.revision.read_only {
            return;
        }
        for value in from.iter().filter(|v| !to.contains(v)) {
            let shown = text::of_value(value);
            let places = self.removed_item(node, KEY, &shown);
            let rule = self.rule(node, "x-extensible-enum-value-removed");
            if self.site.root == Root::Parameter {
                if let Some(rule) = rule {
                    self.record(node, rule, vec![("value", shown)], places);
                }
            } else {
                self.say(node, rule, vec![("value", shown)], places);
            }
        }
    }

    fn lifecycle(&mut self, node: Node<'_>, lifecycle: &Lifecycle) {
        let place = self.prefix(node);
        for (rule, args) in lifecycle.of_property(place, node.base, node.revision) {
            let key = if rule.id.contains("stability") {
                super::lifecycle::STABILITY
            } else {
                "deprecated"
            };
            let places = self.places(node, key);
            self.say(node, Some(rule), args, places);
        }
    }

    // ---- header parameters that hold objects

    fn header(&mut self, node: Node<'_>) {
        let of = if node.is_root {
            String::new()
        } else {
            format!(", property `{}`,", node.name)
        };
        if node.base.enumeration.is_none()
            && node
                .revision
                .enumeration
                .as_ref()
                .is_some_and(|e| !e.is_empty())
            && let Some(rule) = rules::find("request-header-property-became-enum")
        {
            let places = (Some(node.base.origin), self.places(node, "enum").1);
            self.record(node, rule, vec![("of", of)], places);
        }
        let base_required = &node.base.object().required;
        for name in &node.revision.object().required {
            if base_required.contains(name) {
                continue;
            }
            let Some(new) = node.revision.property(name) else {
                continue;
            };
            if self.deltas.same.revision.schema(new.id).read_only
                || (node.is_root && node.base.property(name).is_none())
            {
                continue;
            }
            if let Some(rule) = rules::find("request-header-property-became-required") {
                let places = self.added_item(node, "required", name);
                let of = format!(", property `{}`,", joined(node.name, name));
                self.record(node, rule, vec![("of", of)], places);
            }
        }
        for (name, schema) in &node.revision.object().properties {
            let schema = self.deltas.same.revision.schema(schema.id);
            if node.base.property(name).is_none()
                && !schema.read_only
                && node.revision.requires(name)
                && let Some(rule) = rules::find("new-required-request-header-property")
            {
                let args = vec![("name", joined(node.name, name))];
                let places = self.site.parameter_places;
                self.record(node, rule, args, places);
            }
        }
    }

    // ---- Django REST framework

    /// A list that moved into (or out of) the `results` of a page is one change.
    fn pagination(&mut self, node: Node<'_>) -> bool {
        if self.site.root != Root::ResponseBody {
            return false;
        }
        let is_list = |schema: &Schema| schema.types == [Type::Array];
        let is_page = |api: &Api, schema: &Schema| {
            schema.property("results").is_some_and(|results| {
                is_list(api.schema(results.id))
                    && schema.property("next").is_some()
                    && schema.property("previous").is_some()
            })
        };
        let deltas = self.deltas;
        let rule = if is_list(node.base) && is_page(deltas.same.revision, node.revision) {
            rules::find("drf-pagination-added")
        } else if is_page(deltas.same.base, node.base) && is_list(node.revision) {
            rules::find("drf-pagination-removed")
        } else {
            return false;
        };
        let places = (Some(node.base.origin), Some(node.revision.origin));
        self.say(node, rule, Vec::new(), places);
        true
    }
}

/// Is the finding a mere echo of a transition at its node?
fn claimed(transitions: Option<&Transitions>, rule: &Rule) -> bool {
    let Some(found) = transitions else {
        return false;
    };
    let nullable =
        rule.id.ends_with("-became-nullable") || rule.id.ends_with("-became-not-nullable");
    let kind = rule.kind;
    let by_nullable_wrapping = found.nullable_wrapping.is_some()
        && matches!(
            kind,
            Kind::Type
                | Kind::Values
                | Kind::Constraints
                | Kind::Structure
                | Kind::Existence
                | Kind::Requiredness
        )
        && !nullable;
    let by_wrapping = found.wrapped_in_one_of.is_some()
        && matches!(kind, Kind::Type | Kind::Structure)
        && !rule.id.ends_with("-wrapped-in-one-of")
        && !rule.id.ends_with("-property-one-of-added");
    let by_list = found.list_of_types.is_some()
        && matches!(kind, Kind::Type | Kind::Structure)
        && !rule.id.contains("-list-of-types-");
    let by_null = found.null_only && kind == Kind::Type && !nullable;
    by_nullable_wrapping || by_wrapping || by_list || by_null
}

fn property_rule(required: bool, write_only: bool, action: &str) -> Option<&'static Rule> {
    let required = if required { "required" } else { "optional" };
    let write_only = if write_only { "write-only-" } else { "" };
    rules::find(&format!(
        "response-{required}-{write_only}property-{action}"
    ))
}

/// Did the schema become nullable (true) or the reverse? By `nullable`, by `null` in the types of
/// 3.1, or by a `oneOf` with `null`.
pub(crate) fn nullability(
    base: &Schema,
    revision: &Schema,
    transitions: Option<&Transitions>,
    added: &[Type],
    removed: &[Type],
) -> Option<bool> {
    if base.nullable != revision.nullable {
        return Some(revision.nullable);
    }
    if removed.contains(&Type::Null) && !revision.types.is_empty() {
        return Some(false);
    }
    if added.contains(&Type::Null) && !base.types.is_empty() {
        return Some(true);
    }
    transitions.and_then(|t| t.nullable_wrapping)
}

/// JSON tells numbers from strings; forms and text do not.
pub(crate) fn is_strongly_typed(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

/// A change of type or format.
pub(crate) struct TypeChange<'c> {
    pub(crate) added: &'c [Type],
    pub(crate) removed: &'c [Type],
    pub(crate) types: bool,
    pub(crate) format: bool,
    pub(crate) base: &'c Schema,
    pub(crate) revision: &'c Schema,
}

impl TypeChange<'_> {
    fn widened(&self) -> bool {
        self.types && is_subset(&self.base.types, &self.revision.types)
    }

    fn narrowed(&self) -> bool {
        self.types && is_subset(&self.revision.types, &self.base.types)
    }

    fn both_typed(&self) -> bool {
        !self.base.types.is_empty() && !self.revision.types.is_empty()
    }

    /// Towards the revision, without a look at what the whole sets of types say.
    pub(crate) fn breaks(&self, strongly: bool) -> bool {
        let by_type = self.types && !is_contained(self.added, self.removed, strongly);
        let by_format = self.format
            && !format_contained(
                &self.revision.types,
                self.revision.format.as_deref(),
                self.base.format.as_deref(),
            );
        by_type || by_format
    }

    pub(crate) fn in_request(&self, strongly: bool) -> &'static str {
        let types = self.types && !self.widened();
        let breaks = if types && self.revision.types.is_empty() {
            false
        } else {
            let by_type = types && !is_contained(self.added, self.removed, strongly);
            let by_format = self.format
                && !format_contained(
                    &self.revision.types,
                    self.revision.format.as_deref(),
                    self.base.format.as_deref(),
                );
            by_type || by_format
        };
        if breaks {
            "type-changed"
        } else if self.types && self.both_typed() && !self.widened() {
            "type-compatible"
        } else {
            "type-generalized"
        }
    }

    pub(crate) fn in_response(&self, strongly: bool) -> &'static str {
        let types = self.types && !self.narrowed();
        let breaks = if types && self.base.types.is_empty() {
            false
        } else {
            let by_type = types && !is_contained(self.removed, self.added, strongly);
            let by_format = self.format
                && !format_contained(
                    &self.base.types,
                    self.base.format.as_deref(),
                    self.revision.format.as_deref(),
                );
            by_type || by_format
        };
        if breaks {
            if self.widened() {
                "type-generalized"
            } else {
                "type-changed"
            }
        } else if self.types && self.both_typed() && !self.narrowed() {
            "type-compatible"
        } else {
            "type-specialized"
        }
    }

    pub(crate) fn args(&self, base: &Api, revision: &Api) -> Vec<(&'static str, String)> {
        let dimension = match (self.types, self.format) {
            (true, true) => "type/format",
            (true, false) => "type",
            _ => "format",
        };
        vec![
            ("dimension", dimension.to_owned()),
            (
                "from",
                text::of_type_format(base, self.base, self.types, self.format),
            ),
            (
                "to",
                text::of_type_format(revision, self.revision, self.types, self.format),
            ),
        ]
    }
}

fn is_subtype(sub: Type, of: Type) -> bool {
    sub == of || (sub == Type::Integer && of == Type::Number)
}

/// Is every type covered, and is there one?
fn is_subset(sub: &[Type], of: &[Type]) -> bool {
    !sub.is_empty() && sub.iter().all(|s| of.iter().any(|o| is_subtype(*s, *o)))
}

/// Does what the types became (`to`) hold all that they were (`from`)? Only what differs is given.
fn is_contained(to: &[Type], from: &[Type], strongly: bool) -> bool {
    if let ([to], [from]) = (to, from)
        && is_subtype(*from, *to)
    {
        return true;
    }
    // Without JSON's types everything can be read as a string.
    !strongly && (to.is_empty() || to == [Type::String])
}

fn format_contained(types: &[Type], to: Option<&str>, from: Option<&str>) -> bool {
    let (to, from) = (to.unwrap_or(""), from.unwrap_or(""));
    if to.is_empty() {
        return true;
    }
    let [one] = types else { return false };
    matches!(
        (one, to, from),
        (Type::Number, "double", "float")
            | (Type::Integer, "int64" | "bigint", "int32")
            | (Type::Integer, "bigint", "int64")
            | (Type::String, "date-time", "date" | "time")
    )
}

fn bounds(from: Bound, to: Bound) -> Vec<(&'static str, String)> {
    from_to(Some(text::of_bound(from)), Some(text::of_bound(to)))
}

pub(crate) fn from_to(from: Option<String>, to: Option<String>) -> Vec<(&'static str, String)> {
    let mut args = Vec::with_capacity(2);
    args.extend(from.map(|from| ("from", from)));
    args.extend(to.map(|to| ("to", to)));
    args
}

fn joined(path: &str, name: &str) -> String {
    match (path.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => path.to_owned(),
        _ => format!("{path}/{name}"),
    }
}

fn slot_key(slot: Slot) -> &'static str {
    match slot {
        Slot::Items => "items",
        Slot::Additional => "additionalProperties",
        Slot::Contains => "contains",
        Slot::PropertyNames => "propertyNames",
        Slot::UnevaluatedItems => "unevaluatedItems",
        Slot::UnevaluatedProperties => "unevaluatedProperties",
        Slot::If => "if",
        Slot::Then => "then",
        Slot::Else => "else",
        Slot::Not => "not",
        Slot::ContentSchema => "contentSchema",
    }
}
