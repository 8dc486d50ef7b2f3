//! Rate limits: what an answer says about them, and how long to wait.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

/// Shortest wait after a secondary limit that says nothing
/// (<https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api>).
const SECONDARY_WAIT: Duration = Duration::from_mins(1);
/// Longest wait that is believed; a reset lies at most an hour away.
const LONGEST_WAIT: Duration = Duration::from_hours(2);

/// The primary budget of one installation, as the last answer told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub limit: u64,
    pub remaining: u64,
    pub used: u64,
    /// When `remaining` becomes `limit` again.
    pub reset: Timestamp,
}

impl Budget {
    /// From the headers of an answer; `None` where it counted against another budget or the server
    /// (an Enterprise one) has no limits.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| header(headers, name)?.parse::<u64>().ok();
        if header(headers, "x-ratelimit-resource").is_some_and(|resource| resource != "core") {
            return None;
        }
        let reset = i64::try_from(number("x-ratelimit-reset")?).ok()?;
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            used: number("x-ratelimit-used").unwrap_or(0),
            reset: Timestamp::from_second(reset).ok()?,
        })
    }
}

/// How long to wait if this answer is a rate limit; `earlier` says how many secondary limits
/// without a time came in a row before it.
pub(super) fn wait(
    status: u16,
    headers: &HeaderMap,
    message: &str,
    earlier: u32,
    now: Timestamp,
) -> Option<Duration> {
    if !matches!(status, 403 | 429) {
        return None;
    }
    let secondary = is_secondary(message);
    let exhausted = header(headers, "x-ratelimit-remaining") == Some("0");
    let retry_after = header(headers, "retry-after").and_then(|value| retry_after(value, now));
    let wait = match retry_after {
        Some(wait) => wait,
        None if exhausted => {
            let reset = header(headers, "x-ratelimit-reset")
                .and_then(|value| value.parse().ok())
                .and_then(|seconds| Timestamp::from_second(seconds).ok());
            // One second more: clocks and rounding.
            reset.map_or(SECONDARY_WAIT, |reset| {
                between(now, reset) + Duration::from_secs(1)
            })
        }
        None if secondary || status == 429 => SECONDARY_WAIT * 2_u32.pow(earlier.min(4)),
        None => return None,
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Octokit's own test, and the words of the older abuse limit.
fn is_secondary(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("secondary rate") || message.contains("abuse detection")
}

/// Seconds, or an HTTP date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    http_date(value).map(|at| between(now, at))
}

/// `Mon, 23 Nov 2026 18:40:00 GMT`
pub(super) fn http_date(value: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(value)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// From one time to a later one; nothing where it has passed.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, http::HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn tells_limits_from_refusals() {
        let now = Timestamp::from_second(1_000).unwrap();
        let seconds = |status, pairs: &[_], message, earlier| {
            wait(status, &headers(pairs), message, earlier, now).map(|wait| wait.as_secs())
        };
        let secondary = "You have exceeded a secondary rate limit. Please wait";
        assert_eq!(
            seconds(403, &[], "Resource not accessible by integration", 0),
            None
        );
        assert_eq!(seconds(404, &[("retry-after", "3")], "", 0), None);
        assert_eq!(seconds(403, &[("retry-after", "7")], secondary, 0), Some(7));
        assert_eq!(seconds(403, &[], secondary, 0), Some(60));
        assert_eq!(seconds(403, &[], secondary, 2), Some(240));
        assert_eq!(seconds(429, &[], "", 0), Some(60));
        let exhausted = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1100"),
        ];
        assert_eq!(
            seconds(403, &exhausted, "API rate limit exceeded", 0),
            Some(101)
        );
        let date = [("retry-after", "Thu, 01 Jan 1970 00:17:00 GMT")];
        assert_eq!(seconds(429, &date, "", 0), Some(20));
        let far = [("retry-after", "99999999")];
        assert_eq!(seconds(429, &far, "", 0), Some(7200));
    }
}
