//! The catalogue of checks and the page of each, made from the Markdown that lies beside its code.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse};
use pulldown_cmark::{Event, Options, Parser, html};
use takehome_checks::catalog::{self, Check};

use super::{Page, PageError};
use crate::report::words;

#[derive(Template)]
#[template(path = "web/pages/checks.html")]
struct List {
    groups: Vec<Group>,
}

struct Group {
    heading: String,
    checks: Vec<Entry>,
}

struct Entry {
    id: &'static str,
    title: String,
    rank: String,
}

pub(super) async fn list() -> Page {
    let mut checks = catalog::all();
    checks.sort_by_key(|check| (check.competency, check.id));
    let mut groups: Vec<Group> = Vec::new();
    let mut last = None;
    for check in checks {
        if last.replace(check.competency) != Some(check.competency) {
            groups.push(Group {
                heading: format!("{} {}", check.competency, check.competency.title()),
                checks: Vec::new(),
            });
        }
        if let Some(group) = groups.last_mut() {
            group.checks.push(Entry {
                id: check.id,
                title: words::check_title(check.name),
                rank: rank(check),
            });
        }
    }
    Ok(Html(List { groups }.render()?).into_response())
}

#[derive(Template)]
#[template(path = "web/pages/check.html")]
struct CheckPage {
    id: &'static str,
    title: String,
    rank: String,
    finds: String,
    why: String,
    ask: String,
    examples: Vec<Example>,
}

struct Example {
    title: String,
    files: Vec<(String, String)>,
}

pub(super) async fn page(Path(id): Path<String>) -> Page {
    let check = catalog::find(&id).ok_or(PageError::NotFound("There is no check with this id."))?;
    let page = catalog::Page::parse(check.page)?;
    let examples = page.examples.into_iter().map(|example| Example {
        title: example.title,
        files: example
            .files
            .into_iter()
            .map(|file| {
                let base = if file.base { " (before)" } else { "" };
                (format!("{}{base}", file.path), file.text)
            })
            .collect(),
    });
    let page = CheckPage {
        id: check.id,
        title: words::check_title(check.name),
        rank: rank(check),
        finds: rendered(&page.finds),
        why: rendered(&page.why),
        ask: rendered(&page.ask),
        examples: examples.collect(),
    };
    Ok(Html(page.render()?).into_response())
}

fn rank(check: &Check) -> String {
    format!(
        "{} · {} · {} {}",
        words::polarity(check.polarity),
        words::severity(check.severity),
        check.competency,
        check.competency.title()
    )
}

/// Markdown of a check's page as HTML. The pages are ours; HTML in them is shown as text all the same,
/// so that a page about `<script>` shows it.
fn rendered(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_in_a_page_is_text() {
        assert_eq!(
            rendered("a `b<c>` <script>x</script>").trim(),
            "<p>a <code>b&lt;c&gt;</code> &lt;script&gt;x&lt;/script&gt;</p>"
        );
    }
}
