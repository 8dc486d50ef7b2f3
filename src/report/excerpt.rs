//! The lines of source that a finding speaks of, for a terminal. Never quotes a secret: whatever
//! looks like one is masked before the line is shown.

use std::sync::OnceLock;

use regex::{Captures, Regex};
use takehome_checks::evidence::Finding;
use takehome_checks::source::Tree;

use super::escape;

/// Lines shown of one finding.
pub(super) const MAX_LINES: u32 = 6;
/// Characters shown of one line.
const MAX_CHARS: usize = 160;
/// What stands in place of a secret.
const MASK: &str = "••••••";

/// Lines of a file, ready to be shown.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// Number of the first line, from 1.
    pub first: u32,
    pub lines: Vec<String>,
    /// The finding goes on after the last line shown.
    pub more: bool,
}

/// The finding's lines; `None` where the file was not read or has no such line.
pub(super) fn excerpt(tree: &Tree, finding: &Finding) -> Option<Excerpt> {
    let text = tree.get(&finding.file)?.text()?;
    let last = finding
        .end_line
        .max(finding.line)
        .min(finding.line.saturating_add(MAX_LINES - 1));
    let python = finding.file.ends_with(".py");
    let hides_all = speaks_of_secrets(&finding.name);
    let lines: Vec<String> = text
        .lines()
        .skip(finding.line.saturating_sub(1) as usize)
        .take((last - finding.line + 1) as usize)
        .map(|line| escape::source_line(&masked(line, python, hides_all), MAX_CHARS))
        .collect();
    (!lines.is_empty()).then_some(Excerpt {
        first: finding.line,
        more: finding.end_line > last,
        lines,
    })
}

/// Checks whose lines hold a secret by what they find.
fn speaks_of_secrets(name: &str) -> bool {
    [
        "secret",
        "password",
        "credential",
        "token",
        "key",
        "private",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// The line with secrets masked; with `all`, every string and every value behind `=`. In Python a
/// secret is a string; elsewhere a value needs no quotes.
fn masked(line: &str, python: bool, all: bool) -> String {
    // A name that speaks of a secret, then `=` or `:`; or `("NAME", ` before a default value.
    const NAME: &str = r"(?:secret|passw(?:or)?d|passwd|pwd|token|api_?-?key|private_?-?key|access_?-?key|credential|signing_?-?key|dsn)";
    const STRING: &str = r#"(?:[bruf]{0,2}"[^"]*"?|[bruf]{0,2}'[^']*'?)"#;
    let pattern = |text: String| Regex::new(&text).ok();
    static NAMED: OnceLock<Option<Regex>> = OnceLock::new();
    static BARE: OnceLock<Option<Regex>> = OnceLock::new();
    static DEFAULT: OnceLock<Option<Regex>> = OnceLock::new();
    static IN_ADDRESS: OnceLock<Option<Regex>> = OnceLock::new();
    static RUN: OnceLock<Option<Regex>> = OnceLock::new();
    static EVERY: OnceLock<Option<Regex>> = OnceLock::new();
    let every = EVERY.get_or_init(|| pattern(format!(r"{STRING}|(=\s*)[^\s()=]+\s*$")));
    let named = NAMED.get_or_init(|| {
        pattern(format!(
            r#"(?i)({NAME}\w*["']?\s*\]?\s*[:=]\s*\(?){STRING}"#
        ))
    });
    let bare = BARE.get_or_init(|| pattern(format!(r"(?i)({NAME}\w*\s*[:=]\s*)[^\s]+")));
    let default = DEFAULT.get_or_init(|| {
        pattern(format!(
            r#"(?i)(\(\s*["'][^"']*{NAME}\w*["']\s*,\s*(?:\w+\s*=\s*)?){STRING}"#
        ))
    });
    // `scheme://user:password@host`
    let in_address =
        IN_ADDRESS.get_or_init(|| pattern(r#"(://[^:/\s"'@]*:)[^@\s"']+(@)"#.to_owned()));
    let run = RUN.get_or_init(|| pattern(r"[A-Za-z0-9+/=_\-!@#$%^&*]{20,}".to_owned()));

    let mut text = line.to_owned();
    if let Some(every) = every.as_ref().filter(|_| all) {
        text = every
            .replace_all(&text, |found: &Captures<'_>| match found.get(1) {
                Some(equals) => format!("{}{MASK}", equals.as_str()),
                None => MASK.to_owned(),
            })
            .into_owned();
    }
    for (pattern, wanted) in [(named, true), (default, true), (bare, !python)] {
        if let Some(pattern) = pattern.as_ref().filter(|_| wanted) {
            text = pattern
                .replace_all(&text, |found: &Captures<'_>| {
                    format!("{}{MASK}", found.get(1).map_or("", |m| m.as_str()))
                })
                .into_owned();
        }
    }
    if let Some(in_address) = in_address {
        text = in_address
            .replace_all(&text, |found: &Captures<'_>| {
                let part = |at| found.get(at).map_or("", |m: regex::Match<'_>| m.as_str());
                format!("{}{MASK}{}", part(1), part(2))
            })
            .into_owned();
    }
    if let Some(run) = run {
        text = run
            .replace_all(&text, |found: &Captures<'_>| {
                let word = found.get(0).map_or("", |m| m.as_str());
                if is_random(word) {
                    MASK.to_owned()
                } else {
                    word.to_owned()
                }
            })
            .into_owned();
    }
    text
}

/// Letters and digits mixed as nobody writes names.
fn is_random(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    let upper = word.chars().filter(char::is_ascii_uppercase).count();
    let snake = word.split('_').all(|part| {
        part.chars().all(|c| c.is_ascii_lowercase()) || part.chars().all(|c| c.is_ascii_uppercase())
    });
    letters > 0 && !snake && digits >= 3 && (upper > 0 || digits * 4 > letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        for (line, shown) in [
            ("SECRET_KEY = 'django-insecure-abc'", "SECRET_KEY = ••••••"),
            (
                r#"    "PASSWORD": "hunter2","#,
                r#"    "PASSWORD": ••••••,"#,
            ),
            (
                "os.environ['SECRET_KEY'] = 'hunter2'",
                "os.environ['SECRET_KEY'] = ••••••",
            ),
            (
                "KEY = os.environ.get('SECRET_KEY', 'hunter2')",
                "KEY = os.environ.get('SECRET_KEY', ••••••)",
            ),
            (
                "KEY = config('SECRET_KEY', default='hunter2')",
                "KEY = config('SECRET_KEY', default=••••••)",
            ),
            (
                "url = 'postgres://app:hunter2@db/app'",
                "url = 'postgres://app:••••••@db/app'",
            ),
            ("x = 'AKIA1234567890ABCDEF12'", "x = '••••••'"),
        ] {
            assert_eq!(masked(line, true, false), shown);
        }
        assert_eq!(
            masked("DB_PASSWORD=hunter2", false, false),
            "DB_PASSWORD=••••••"
        );
        assert_eq!(masked("  token: hunter2", false, false), "  token: ••••••");
        assert_eq!(
            masked("K = 'abc'  # note", true, true),
            "K = ••••••  # note"
        );
        assert_eq!(masked("AWS=abc", false, true), "AWS=••••••");
    }

    #[test]
    fn code_without_a_secret_stays_as_it_is() {
        for line in [
            "SECRET_KEY = os.environ['SECRET_KEY']",
            "password = serializers.CharField(write_only=True)",
            r#"fields = ["id", "username", "password", "email", "is_staff"]"#,
            r#"    "ACCESS_TOKEN_LIFETIME": timedelta(days=365),"#,
            "def test_orders_are_listed_for_owner_only(self):",
            "item.stock -= quantity",
        ] {
            assert_eq!(masked(line, true, false), line);
        }
    }
}
