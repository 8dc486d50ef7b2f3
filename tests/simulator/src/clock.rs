//! Time as the simulator sees it: the machine's clock, moved.
//!
//! Two movements exist and they are not the same. [`Clock::advance`] lets time pass: everything that
//! stands (tokens, rate windows, archive links, deliveries) grows older, while times shown to the
//! outside stay in the client's own clock, so that a client that compares with its clock sees what it
//! would see after really waiting. [`Clock::skew`] is a GitHub whose clock disagrees with the
//! client's: it moves the `Date` header and the time against which App JWTs are checked.
//! It never sleeps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Milliseconds on the simulator's inner clock. Only differences and [`Clock::iso`] have meaning.
pub(crate) type Millis = i64;

/// A hundred years: sums of times must not overflow.
const MOST_PASSED: Millis = 100 * 365 * 86_400_000;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    passed: Millis,
    skew: Millis,
}

impl Clock {
    fn machine() -> Millis {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }

    /// Now, on the inner clock.
    pub(crate) fn now(self) -> Millis {
        Self::machine().saturating_add(self.passed)
    }

    /// Seconds since the epoch as GitHub would say it: with its skew.
    pub(crate) fn unix_as_github(self) -> i64 {
        Self::machine().saturating_add(self.skew) / 1000
    }

    /// An inner time in seconds since the epoch of the outside.
    pub(crate) fn unix(self, at: Millis) -> i64 {
        self.outside(at) / 1000
    }

    /// An inner time as GitHub writes it, for instance `2026-05-04T10:20:30Z`.
    pub(crate) fn iso(self, at: Millis) -> String {
        iso(self.outside(at))
    }

    fn outside(self, at: Millis) -> Millis {
        at.saturating_sub(self.passed).saturating_add(self.skew)
    }

    /// Lets `by` pass.
    pub(crate) fn advance(&mut self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(MOST_PASSED);
        self.passed = self.passed.saturating_add(by).min(MOST_PASSED);
    }

    /// Sets by how many seconds GitHub's clock runs ahead of the client's (negative: behind).
    pub(crate) fn skew(&mut self, seconds: i64) {
        self.skew = seconds
            .saturating_mul(1000)
            .clamp(-MOST_PASSED, MOST_PASSED);
    }

    /// The `Date` header.
    pub(crate) fn http_date(self) -> String {
        Timestamp::from_second(self.unix_as_github())
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }
}

/// Milliseconds since the epoch in GitHub's notation.
pub(crate) fn iso(millis: Millis) -> String {
    Timestamp::from_millisecond(millis)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
