//! Paths that are gone on one side and new on the other but are the same endpoints: a slash at the
//! end, a prefix, a new name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::diff::erased;
use super::model::PathItem;

/// Paths that moved together.
pub(crate) struct Move<'p> {
    pub(crate) id: &'static str,
    /// What to tell: a path, or a prefix.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) paths: Vec<(&'p Arc<str>, &'p Arc<str>)>,
}

type Paths<'p> = [(&'p Arc<str>, &'p PathItem)];

fn methods(item: &PathItem) -> Vec<&'static str> {
    item.operations.iter().map(|(method, _)| *method).collect()
}

/// Is any of the operations deprecated? Then its removal is a matter of sunset dates.
fn is_deprecated(item: &PathItem) -> bool {
    item.operations.iter().any(|(_, o)| o.deprecated)
}

pub(crate) fn find<'p>(removed: &Paths<'p>, added: &Paths<'p>) -> Vec<Move<'p>> {
    let mut moves = Vec::new();
    let mut left: Vec<(&Arc<str>, &PathItem)> = removed
        .iter()
        .copied()
        .filter(|(_, item)| !is_deprecated(item))
        .collect();
    let mut right: Vec<(&Arc<str>, &PathItem)> = added.to_vec();
    slashes(&mut left, &mut right, &mut moves);
    prefixes(&mut left, &mut right, &mut moves);
    names(&mut left, &mut right, &mut moves);
    moves
}

fn slashes<'p>(
    left: &mut Vec<(&'p Arc<str>, &'p PathItem)>,
    right: &mut Vec<(&'p Arc<str>, &'p PathItem)>,
    moves: &mut Vec<Move<'p>>,
) {
    let bare = |path: &str| erased(path).0.trim_end_matches('/').to_owned();
    left.retain(|(from, item)| {
        let twin = right
            .iter()
            .position(|(to, other)| bare(from) == bare(to) && methods(item) == methods(other));
        let Some(at) = twin else { return true };
        let (to, _) = right.remove(at);
        moves.push(Move {
            id: "drf-trailing-slash-changed",
            from: from.to_string(),
            to: to.to_string(),
            paths: vec![(from, to)],
        });
        false
    });
}

/// Where at least two paths, or all that are gone, changed the same beginning.
fn prefixes<'p>(
    left: &mut Vec<(&'p Arc<str>, &'p PathItem)>,
    right: &mut Vec<(&'p Arc<str>, &'p PathItem)>,
    moves: &mut Vec<Move<'p>>,
) {
    // Longest common ends: `/api/books/` and `/api/v1/books/` share `/books/`.
    let mut by_change: BTreeMap<(String, String), Vec<(usize, usize)>> = BTreeMap::new();
    let mut by_last: HashMap<String, Vec<usize>> = HashMap::new();
    let last = |path: &str| {
        erased(path)
            .0
            .split('/')
            .rfind(|part| !part.is_empty() && *part != "{}")
            .unwrap_or("")
            .to_owned()
    };
    for (j, (to, _)) in right.iter().enumerate() {
        by_last.entry(last(to)).or_default().push(j);
    }
    for (i, (from, item)) in left.iter().enumerate() {
        for &j in by_last.get(&last(from)).map_or(&[][..], |list| list) {
            let Some((to, other)) = right.get(j) else {
                continue;
            };
            if methods(item) != methods(other) {
                continue;
            }
            if let Some(change) = prefix_change(from, to) {
                by_change.entry(change).or_default().push((i, j));
            }
        }
    }
    let mut groups: Vec<((String, String), Vec<(usize, usize)>)> = by_change.into_iter().collect();
    groups.sort_by_key(|(_, pairs)| std::cmp::Reverse(pairs.len()));
    let (mut gone, mut taken) = (vec![false; left.len()], vec![false; right.len()]);
    for ((from, to), pairs) in groups {
        let free: Vec<(usize, usize)> = pairs
            .into_iter()
            .filter(|(i, j)| gone.get(*i) == Some(&false) && taken.get(*j) == Some(&false))
            .collect();
        if free.len() < 2 {
            continue;
        }
        let mut paths = Vec::new();
        for (i, j) in free {
            if gone.get(i) == Some(&true) || taken.get(j) == Some(&true) {
                continue;
            }
            if let (Some(l), Some(r), Some(g), Some(t)) =
                (left.get(i), right.get(j), gone.get_mut(i), taken.get_mut(j))
            {
                (*g, *t) = (true, true);
                paths.push((l.0, r.0));
            }
        }
        moves.push(Move {
            id: "drf-path-prefix-changed",
            from,
            to,
            paths,
        });
    }
    let mut flags = gone.iter();
    left.retain(|_| flags.next() != Some(&true));
    let mut flags = taken.iter();
    right.retain(|_| flags.next() != Some(&true));
}

/// What differs before the common end, cut at a slash.
fn prefix_change(from: &str, to: &str) -> Option<(String, String)> {
    let (from, _) = erased(from);
    let (to, _) = erased(to);
    let from_parts: Vec<&str> = from.split('/').collect();
    let to_parts: Vec<&str> = to.split('/').collect();
    let common = from_parts
        .iter()
        .rev()
        .zip(to_parts.iter().rev())
        .take_while(|(l, r)| l == r)
        .count();
    let head = |parts: &[&str]| {
        parts
            .get(..parts.len().saturating_sub(common))
            .map(|head| format!("{}/", head.join("/")))
    };
    (common > 0).then_some(())?;
    Some((head(&from_parts)?, head(&to_parts)?))
}

/// One path for one: the same methods and the same parameters, and either the same operation ids or
/// the same request and response schemas.
fn names<'p>(
    left: &mut Vec<(&'p Arc<str>, &'p PathItem)>,
    right: &mut Vec<(&'p Arc<str>, &'p PathItem)>,
    moves: &mut Vec<Move<'p>>,
) {
    let mut by_likeness: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    for (j, (to, item)) in right.iter().enumerate() {
        by_likeness.entry(likeness(to, item)).or_default().push(j);
    }
    let mut left_likeness: HashMap<Vec<String>, usize> = HashMap::new();
    for (from, item) in left.iter() {
        *left_likeness.entry(likeness(from, item)).or_default() += 1;
    }
    let mut taken = vec![false; right.len()];
    left.retain(|(from, item)| {
        let key = likeness(from, item);
        let unique = left_likeness.get(&key) == Some(&1);
        let Some([j]) = by_likeness.get(&key).map(|list| &list[..]) else {
            return true;
        };
        if !unique || key.is_empty() {
            return true;
        }
        let (Some((to, _)), Some(flag)) = (right.get(*j), taken.get_mut(*j)) else {
            return true;
        };
        *flag = true;
        moves.push(Move {
            id: "drf-path-renamed",
            from: from.to_string(),
            to: to.to_string(),
            paths: vec![(from, to)],
        });
        false
    });
    let mut flags = taken.iter();
    right.retain(|_| flags.next() != Some(&true));
}

/// What an endpoint is known by besides its path: methods, `$ref` of bodies, number of parameters.
/// Empty where there is no named schema to know it by.
fn likeness(path: &str, item: &PathItem) -> Vec<String> {
    let mut marks = Vec::new();
    let mut named = false;
    for (method, operation) in &item.operations {
        marks.push((*method).to_owned());
        let content = operation
            .request_body
            .iter()
            .map(|body| ("request", &body.content))
            .chain(
                operation
                    .responses
                    .iter()
                    .map(|(status, response)| (&**status, &response.content)),
            );
        for (where_, content) in content {
            for media in content.values() {
                if let Some(reference) = media.schema.as_ref().and_then(|s| s.reference.as_ref()) {
                    named = true;
                    marks.push(format!("{where_} {reference}"));
                } else if media.schema.is_some() {
                    marks.push(where_.to_owned());
                }
            }
        }
    }
    if !named {
        return Vec::new();
    }
    marks.push(erased(path).1.len().to_string());
    marks
}
