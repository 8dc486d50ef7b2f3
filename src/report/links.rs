//! Addresses that a review points at. Builds them, never fetches them.

use serde::{Deserialize, Serialize};
use takehome_checks::evidence::Finding;

use super::escape;

/// Where the things of a review can be looked at; each may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Page of the base repository (`https://github.com/acme/orders`): commits of forks are shown
    /// there too.
    pub repository: Option<String>,
    /// Where people reach this service (`TAKEHOME_PUBLIC_URL`).
    pub service: Option<String>,
}

impl Links {
    /// Lines of a file at a commit. Only `http` and `https` are linked to.
    pub fn lines(&self, commit: Option<&str>, path: &str, line: u32, end: u32) -> Option<String> {
        let (base, commit) = (web(self.repository.as_deref())?, commit?);
        let fragment = if end > line {
            format!("#L{line}-L{end}")
        } else {
            format!("#L{line}")
        };
        Some(format!(
            "{base}/blob/{}/{}{fragment}",
            escape::url_path(commit),
            escape::url_path(path)
        ))
    }

    /// Lines of a finding.
    pub fn finding(&self, commit: Option<&str>, finding: &Finding) -> Option<String> {
        self.lines(commit, &finding.file, finding.line, finding.end_line)
    }

    /// The page of a check.
    pub fn check(&self, id: &str) -> Option<String> {
        let base = web(self.service.as_deref())?;
        Some(format!("{base}/checks/{}", escape::url_path(id)))
    }
}

/// The address without a slash at its end, if a browser may follow it from our pages.
fn web(address: Option<&str>) -> Option<&str> {
    let address = address?.trim_end_matches('/');
    let plain = address.starts_with("https://") || address.starts_with("http://");
    let quiet = !address
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || "<>\"'()`\\".contains(c));
    (plain && quiet).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_linked_at_the_commit() {
        let links = Links {
            repository: Some("https://github.com/acme/orders/".to_owned()),
            service: Some("javascript:alert(1)".to_owned()),
        };
        assert_eq!(
            links.lines(Some("abc"), "a b/ü(1)#.py", 3, 5).as_deref(),
            Some("https://github.com/acme/orders/blob/abc/a%20b/%C3%BC%281%29%23.py#L3-L5")
        );
        assert_eq!(links.lines(None, "a.py", 1, 1), None);
        assert_eq!(links.check("DRF101"), None);
    }
}
