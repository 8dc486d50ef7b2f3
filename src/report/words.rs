//! The words that every rendering shares: severities, counts, names of checks. No layout.

use takehome_checks::evidence::{Confidence, Polarity, Severity};

/// `high`
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}

/// `gap` or `strength`
pub fn polarity(polarity: Polarity) -> &'static str {
    match polarity {
        Polarity::Gap => "gap",
        Polarity::Strength => "strength",
    }
}

/// `certain`, `high confidence`, `medium confidence`
pub fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::High => "high confidence",
        Confidence::Medium => "medium confidence",
    }
}

/// `1 check`, `1,204 checks`
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// `1204` as `1,204`
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `lost-update-race` as `Lost update race`
pub fn check_title(name: &str) -> String {
    let mut title = name.replace('-', " ");
    for (plain, proper) in [
        ("drf", "DRF"),
        ("api", "API"),
        ("jwt", "JWT"),
        ("orm", "ORM"),
        ("ci", "CI"),
        ("n plus one", "N+1"),
        ("url", "URL"),
        ("sql", "SQL"),
        ("cors", "CORS"),
        ("csrf", "CSRF"),
        ("http", "HTTP"),
        ("openapi", "OpenAPI"),
        ("crud", "CRUD"),
        ("readme", "README"),
        ("dockerfile", "Dockerfile"),
        ("docker", "Docker"),
        ("env", "environment"),
    ] {
        title = replace_word(&title, plain, proper);
    }
    let mut chars = title.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}

/// Replaces `from` where it stands as whole words.
fn replace_word(text: &str, from: &str, to: &str) -> String {
    format!(" {text} ")
        .replace(&format!(" {from} "), &format!(" {to} "))
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_people_write_them() {
        assert_eq!(count(1, "check", "checks"), "1 check");
        assert_eq!(count(0, "check", "checks"), "0 checks");
        assert_eq!(count(1_234_567, "line", "lines"), "1,234,567 lines");
        assert_eq!(count(100, "line", "lines"), "100 lines");
    }

    #[test]
    fn names_of_checks_become_titles() {
        assert_eq!(check_title("lost-update-race"), "Lost update race");
        assert_eq!(check_title("api-url-in-ci"), "API URL in CI");
        assert_eq!(check_title(""), "");
    }
}
