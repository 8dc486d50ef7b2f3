//! The changes between two API descriptions, for a terminal, for Markdown and as JSON.
//!
//! Breaking changes come first. Names in the texts come from files that anybody may have written and
//! are escaped for where they are shown.

use takehome_checks::openapi::{Change, Changes, Level};

use super::escape;

/// Operations that are named for one change; the rest is counted.
const NAMED: usize = 3;
/// Characters of one sentence that are shown.
const LONGEST: usize = 600;

/// As `takehome schema diff --format json` promises it: one object with `changes`.
pub fn json(changes: &Changes) -> String {
    let mut text = serde_json::to_string_pretty(changes).unwrap_or_default();
    text.push('\n');
    text
}

fn heading(level: Level) -> &'static str {
    match level {
        Level::Error => "Breaking",
        Level::Warning => "May break",
        Level::Info => "Safe",
    }
}

const LEVELS: [Level; 3] = [Level::Error, Level::Warning, Level::Info];

/// `3 breaking, 1 may break, 10 safe`
fn summary(changes: &Changes) -> String {
    if changes.changes.is_empty() {
        return "No changes.".to_owned();
    }
    let counts: Vec<String> = LEVELS
        .iter()
        .map(|&level| {
            format!(
                "{} {}",
                changes.count(level),
                heading(level).to_ascii_lowercase()
            )
        })
        .collect();
    let mut text = format!("{}.", counts.join(", "));
    if changes.truncated {
        text.push_str(" There are more changes than are listed.");
    }
    text
}

/// The operations of a change in a few words.
fn operations(change: &Change) -> Option<String> {
    let at = change.at.as_ref()?;
    let all: Vec<String> = if change.operations.is_empty() {
        vec![format!("{} {}", at.operation, at.path)]
    } else {
        change
            .operations
            .iter()
            .map(|o| format!("{} {}", o.operation, o.path))
            .collect()
    };
    let mut text = all
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > NAMED {
        text.push_str(&format!(" and {} more", all.len() - NAMED));
    }
    Some(text)
}

fn place(change: &Change) -> Option<String> {
    let short = |place: &takehome_checks::openapi::changes::Place| place.short();
    change
        .source
        .revision
        .as_ref()
        .or(change.source.base.as_ref())
        .map(short)
}

/// For a terminal; with colour, which the writer takes out where nobody sees it.
pub fn text(changes: &Changes) -> String {
    let mut text = String::new();
    for level in LEVELS {
        let of_level: Vec<&Change> = changes
            .changes
            .iter()
            .filter(|c| c.level == level)
            .collect();
        if of_level.is_empty() {
            continue;
        }
        let colour = match level {
            Level::Error => 31,
            Level::Warning => 33,
            Level::Info => 32,
        };
        text.push_str(&format!(
            "\u{1b}[1;{colour}m{} ({})\u{1b}[0m\n",
            heading(level),
            of_level.len()
        ));
        for change in of_level {
            text.push_str(&format!(
                "  {}  [{}]\n",
                escape::visible(&change.text, LONGEST),
                change.id
            ));
            let whereabouts: Vec<String> = operations(change)
                .into_iter()
                .chain(place(change))
                .map(|t| escape::visible(&t, LONGEST))
                .collect();
            if !whereabouts.is_empty() {
                text.push_str(&format!("      {}\n", whereabouts.join("  ·  ")));
            }
        }
        text.push('\n');
    }
    text.push_str(&summary(changes));
    text.push('\n');
    text
}

/// For a comment or a file.
pub fn markdown(changes: &Changes) -> String {
    let mut text = String::from("## Changes of the API\n\n");
    text.push_str(&summary(changes));
    text.push('\n');
    for level in LEVELS {
        let of_level: Vec<&Change> = changes
            .changes
            .iter()
            .filter(|c| c.level == level)
            .collect();
        if of_level.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n### {} ({})\n\n",
            heading(level),
            of_level.len()
        ));
        for change in of_level {
            text.push_str(&format!(
                "- {} ({})",
                escape::md_prose(&change.text, LONGEST),
                change.id
            ));
            if let Some(operations) = operations(change) {
                text.push_str(&format!(" — {}", escape::md_code(&operations, LONGEST)));
            }
            if let Some(place) = place(change) {
                text.push_str(&format!(" — {}", escape::md_code(&place, LONGEST)));
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use takehome_checks::openapi::{self, NoFiles, Options};

    use super::*;

    fn changes() -> Changes {
        let document = |extra: &str, required: &str| {
            format!(
                "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths:\n  /books/{{id}}/:\n    \
                 patch:\n      requestBody:\n        content:\n          application/json:\n            \
                 schema:\n              type: object\n              required: [{required}]\n              \
                 properties:\n                title: {{type: string}}\n{extra}      responses:\n        \
                 '200': {{description: ok}}\n"
            )
        };
        let read = |name: &str, text: String| openapi::read(name, &text, &NoFiles).unwrap();
        openapi::diff(
            &read("base.yaml", document("", "")),
            &read(
                "head.yaml",
                document("                '`@team`': {type: string}\n", "title"),
            ),
            &Options::default(),
        )
    }

    #[test]
    fn breaking_changes_come_first_and_names_are_escaped() {
        let shown = anstream::adapter::strip_str(&text(&changes())).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.first(), Some(&"Breaking (1)"));
        assert_eq!(lines.last(), Some(&"1 breaking, 0 may break, 1 safe."));
        assert!(
            shown.contains("PATCH /books/{id}/  ·  head.yaml:11:26"),
            "{shown}"
        );
        let page = markdown(&changes());
        assert!(page.contains("### Breaking (1)"), "{page}");
        // Quoted as code, or it would call a team.
        assert!(!page.contains(" @team"), "{page}");
    }

    #[test]
    fn json_has_the_promised_keys() {
        let value: serde_json::Value = serde_json::from_str(&json(&changes())).unwrap();
        let first = &value["changes"][0];
        assert_eq!(first["id"], "request-property-became-required");
        assert_eq!(first["level"], "error");
        assert_eq!(first["operation"], "PATCH");
        assert_eq!(first["path"], "/books/{id}/");
        assert_eq!(first["source"]["revision"]["line"], 11);
    }
}
