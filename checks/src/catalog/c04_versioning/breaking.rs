//! What DRF204 and DRF205 share: a change that breaks clients, told at the line that shows it.

use crate::catalog::secret_words::is_secret_name;
use crate::catalog::{Anchor, Answers, Cx, Evidence};
use crate::openapi::comparisons::{Comparison, Source};
use crate::openapi::{Change, Level};

/// Is it a route that is gone or has moved? (The rest of what breaks is its requests and responses.)
pub(super) fn is_of_route(change: &Change) -> bool {
    [
        "api-removed",
        "api-path-removed",
        "drf-path",
        "drf-trailing",
    ]
    .iter()
    .any(|start| change.id.starts_with(start))
}

/// Tells every breaking change of the kind; `says` begins the sentence.
pub(super) fn tell(
    cx: &Cx<'_>,
    out: &mut Answers,
    is_ours: fn(&Change) -> bool,
    says: fn(&Source) -> &'static str,
) {
    if cx.base.is_none() {
        out.not_applicable("there is no base to compare with");
        return;
    }
    for error in &cx.api.errors {
        out.unknown(error.path.clone(), error.to_string());
    }
    for comparison in cx.api.telling() {
        out.looked();
        let breaking = comparison
            .changes
            .changes
            .iter()
            .filter(|change| change.level == Level::Error && is_ours(change))
            // A list without bounds is a gap of its own (DRF231): the summary tells what bounding it
            // means for clients, and nobody is blamed for it.
            .filter(|change| change.id != "drf-pagination-added")
            .filter(|change| !takes_back_a_secret(change));
        for change in breaking {
            let Some(anchor) = anchor(cx, comparison, change) else {
                continue;
            };
            let at = change.at.as_ref().map_or(String::new(), |at| {
                let more = match change.operations.len() {
                    0 | 1 => String::new(),
                    n => format!(" and {} more", n - 1),
                };
                format!(" (`{} {}`{more})", at.operation, at.path)
            });
            let source = comparison.source.name();
            let text = &change.text;
            out.found(
                Evidence::new(
                    format!("{source} {} {text}", change.id),
                    anchor,
                    format!("{}: {text}{at}.", says(&comparison.source)),
                )
                .root(format!("{source} {text}"))
                .by_change(),
            );
        }
    }
}

/// The line of the head that shows the change: where it was written, or where what is gone stood.
fn anchor(cx: &Cx<'_>, comparison: &Comparison, change: &Change) -> Option<Anchor> {
    let tree = &cx.head.tree;
    if let Some(place) = &change.source.revision
        && let Some(file) = tree.find(&place.file)
    {
        return Some(Anchor::line(file, place.line));
    }
    if let Some(place) = &change.source.base
        && let Some(file) = tree.find(&place.file)
    {
        let line = cx.changes.line_now(&place.file, place.line);
        let lines = tree.file(file).lines.count().max(1);
        return Some(Anchor::line(file, line.min(lines)));
    }
    // The file itself is gone: the description it belonged to stands for it.
    match &comparison.source {
        Source::Committed(path) => Some(Anchor::line(tree.find(path)?, 1)),
        // Where the settings name the URL configuration, or whatever file of the project is first.
        Source::Inferred => {
            let root = cx.head.django.settings().get("ROOT_URLCONF")?;
            Some(cx.anchor(root.place))
        }
    }
}

/// A field that should never have been shown is no longer shown: a fix, whoever relied on it.
fn takes_back_a_secret(change: &Change) -> bool {
    change.id.starts_with("response-")
        && change.id.contains("removed")
        && change
            .text
            .split('`')
            .nth(1)
            .and_then(|path| path.rsplit('/').next())
            .is_some_and(is_secret_name)
}
