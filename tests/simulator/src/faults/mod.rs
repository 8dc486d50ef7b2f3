//! Faults: what goes wrong, when. A [`Rule`] lets the Nth matching request or delivery fail in a
//! named way; [`Random`] lets a share of them fail, chosen by a seed. Doing it is for the sockets,
//! the archive host and the deliveries.

pub(crate) mod archives;

use serde::{Deserialize, Serialize};

use crate::{http::Host, rng::Rng};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Fault {
    /// This status with an HTML page, as GitHub's front ends answer; nothing takes effect.
    HtmlError {
        /// For instance 500, 502 or 503.
        status: u16,
    },
    /// The request takes effect, and 502 with an HTML page is the answer.
    LostAnswer,
    /// The connection is reset before anything takes effect.
    ResetBefore,
    /// The request takes effect and the connection is reset.
    ResetAfter,
    /// 401 "Bad credentials" although the token is good, as for seconds after minting.
    FreshTokenRefused,
    /// The token expires now: 401, for this and all further requests with it.
    ExpiredToken,
    /// 403 with an empty JSON object.
    ForbiddenWithoutReason,
    /// 403 with GitHub's message about a secondary rate limit.
    SecondaryLimit {
        /// `Retry-After` in seconds; without it, no header tells.
        retry_after: Option<u64>,
    },
    /// 429 with GitHub's message about a secondary rate limit.
    TooManyRequests {
        /// `Retry-After` in seconds.
        retry_after: Option<u64>,
    },
    /// The hourly budget is used up: this and all further requests get 403 until it is reset.
    PrimaryExhausted {
        /// Seconds until the reset.
        reset_in: u64,
    },
    /// The answer starts late.
    SlowHeaders {
        /// By how much.
        millis: u64,
    },
    /// The answer comes in ten pieces.
    SlowBody {
        /// Pause before each piece.
        millis: u64,
    },
    /// The connection ends in the middle of the body.
    TruncatedBody,
    /// Nothing happens until [`Faults::release`](crate::Faults::release); then the request is served.
    HoldBefore,
    /// The request takes effect; the answer waits for [`Faults::release`](crate::Faults::release).
    HoldAfter,
    /// Archive host: the gzip stream ends early though the answer ends properly.
    TruncatedArchive,
    /// Archive host: the archive of another commit (the first parent, else an empty one).
    WrongCommitArchive,
    /// Archive host: a small archive of one huge file.
    BombArchive {
        /// Size of the file when unpacked.
        bytes: u64,
    },
    /// Archive host: entries that lead out of the folder, links, devices.
    TraversalArchive,
}

impl Fault {
    /// The archive host alone can do it.
    fn of_archive(self) -> bool {
        matches!(
            self,
            Self::TruncatedArchive
                | Self::WrongCommitArchive
                | Self::BombArchive { .. }
                | Self::TraversalArchive
        )
    }

    /// Its name, as in the README and the admin API.
    pub fn name(self) -> String {
        name(&self)
    }
}

/// What goes wrong with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum DeliveryFault {
    /// It does not arrive; GitHub's list of deliveries shows a failure.
    Lost,
    /// GitHub never makes it: it does not stand in the list either.
    NeverSent,
    /// It arrives twice.
    Doubled,
    /// It arrives late; later ones overtake it.
    Late {
        /// By how much.
        millis: u64,
    },
    /// The next one overtakes it.
    Reordered,
    /// Signed with another secret.
    WrongSignature,
    /// Not signed.
    MissingSignature,
    /// Only `X-Hub-Signature`, with SHA-1.
    Sha1Only,
}

impl DeliveryFault {
    /// Its name, as in the README and the admin API.
    pub fn name(self) -> String {
        name(&self)
    }
}

fn name(fault: &impl Serialize) -> String {
    serde_json::to_value(fault)
        .ok()
        .and_then(|value| value.get("fault")?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Lets matching requests fail.
///
/// ```
/// use github_simulator::{Fault, Rule};
/// // The second POST of a check run takes effect, but its answer is lost.
/// let rule = Rule::new("POST", "/repos/*/*/check-runs", Fault::LostAnswer).nth(2);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// `None`: every method.
    pub method: Option<String>,
    /// Path; `*` is one segment, `**` at the end any number. `/repositories/{id}/…` is matched in its
    /// form with names.
    pub path: String,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// The first match that fails, from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many matches fail from there.
    #[serde(default = "one")]
    pub times: u64,
    /// Matches so far.
    #[serde(default)]
    pub seen: u64,
}

fn one() -> u64 {
    1
}

impl Rule {
    /// The first request with this method (`*`: any) and path fails.
    pub fn new(method: &str, path: &str, fault: Fault) -> Self {
        Self {
            method: Some(method.to_uppercase()).filter(|method| method != "*"),
            path: path.to_owned(),
            fault,
            nth: 1,
            times: 1,
            seen: 0,
        }
    }

    /// The first download from the archive host fails.
    pub fn archive(fault: Fault) -> Self {
        Self::new("GET", "/*/*/legacy.tar.gz/**", fault)
    }

    /// Not the first match but this one, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// This many matches in a row; `u64::MAX` for all.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }
}

/// Lets deliveries of an event fail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliveryRule {
    /// `None`: every event.
    pub event: Option<String>,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: DeliveryFault,
    /// The first match that fails, from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many matches fail from there.
    #[serde(default = "one")]
    pub times: u64,
    /// Redeliveries fail too.
    #[serde(default)]
    pub redeliveries: bool,
    /// Matches so far.
    #[serde(default)]
    pub seen: u64,
}

impl DeliveryRule {
    /// The first delivery of this event (`*`: any) fails.
    pub fn new(event: &str, fault: DeliveryFault) -> Self {
        Self {
            event: Some(event.to_owned()).filter(|event| event != "*"),
            fault,
            nth: 1,
            times: 1,
            redeliveries: false,
            seen: 0,
        }
    }

    /// Not the first match but this one, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// This many matches in a row.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Redeliveries fail too.
    #[must_use]
    pub fn redeliveries_too(mut self) -> Self {
        self.redeliveries = true;
        self
    }
}

/// Random faults from a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Random {
    /// The same seed and the same requests in the same order give the same faults.
    pub seed: u64,
    /// How many of 1,000 requests fail.
    pub requests_per_mille: u64,
    /// How many of 1,000 deliveries fail.
    pub deliveries_per_mille: u64,
    /// What may go wrong with a request.
    pub requests: Vec<Fault>,
    /// What may go wrong with a delivery.
    pub deliveries: Vec<DeliveryFault>,
}

impl Random {
    /// Everything that a client can come back from within seconds, at these rates.
    pub fn new(seed: u64, requests_per_mille: u64, deliveries_per_mille: u64) -> Self {
        Self {
            seed,
            requests_per_mille,
            deliveries_per_mille,
            requests: vec![
                Fault::HtmlError { status: 500 },
                Fault::HtmlError { status: 502 },
                Fault::HtmlError { status: 503 },
                Fault::LostAnswer,
                Fault::ResetBefore,
                Fault::ResetAfter,
                Fault::FreshTokenRefused,
                Fault::ExpiredToken,
                Fault::SecondaryLimit {
                    retry_after: Some(1),
                },
                Fault::TooManyRequests {
                    retry_after: Some(1),
                },
                Fault::SlowHeaders { millis: 50 },
                Fault::SlowBody { millis: 5 },
                Fault::TruncatedBody,
                Fault::TruncatedArchive,
                Fault::WrongCommitArchive,
            ],
            deliveries: vec![
                DeliveryFault::Lost,
                DeliveryFault::NeverSent,
                DeliveryFault::Doubled,
                DeliveryFault::Late { millis: 300 },
                DeliveryFault::Reordered,
            ],
        }
    }
}

/// All rules and what they did.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    pub(crate) rules: Vec<Rule>,
    pub(crate) deliveries: Vec<DeliveryRule>,
    random: Option<(Random, Rng)>,
    /// What fired: `POST /repos/… lost_answer`.
    pub(crate) fired: Vec<String>,
}

impl FaultBook {
    pub(crate) fn set_random(&mut self, random: Option<Random>) {
        self.random = random.map(|random| {
            let rng = Rng::new(random.seed);
            (random, rng)
        });
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
        self.deliveries.clear();
        self.random = None;
    }

    /// The fault of this request, if any.
    pub(crate) fn for_request(&mut self, host: Host, method: &str, path: &str) -> Option<Fault> {
        let mut chosen = None;
        for rule in &mut self.rules {
            let fits = rule.method.as_deref().is_none_or(|wanted| wanted == method)
                && matches(&rule.path, path)
                && (!rule.fault.of_archive() || host == Host::Archive);
            if !fits {
                continue;
            }
            rule.seen += 1;
            let last = rule.nth.saturating_add(rule.times).saturating_sub(1);
            if chosen.is_none() && rule.seen >= rule.nth && rule.seen <= last {
                chosen = Some(rule.fault);
            }
        }
        if chosen.is_none()
            && let Some((random, rng)) = &mut self.random
            && rng.below(1000) < random.requests_per_mille
        {
            let possible: Vec<Fault> = random
                .requests
                .iter()
                .copied()
                .filter(|fault| !fault.of_archive() || host == Host::Archive)
                .collect();
            chosen = pick(&possible, rng);
        }
        if let Some(fault) = chosen {
            self.fired.push(format!("{method} {path} {}", fault.name()));
        }
        chosen
    }

    /// The fault of this delivery, if any.
    pub(crate) fn for_delivery(&mut self, event: &str, redelivery: bool) -> Option<DeliveryFault> {
        let mut chosen = None;
        for rule in &mut self.deliveries {
            if rule.event.as_deref().is_some_and(|wanted| wanted != event)
                || (redelivery && !rule.redeliveries)
            {
                continue;
            }
            rule.seen += 1;
            let last = rule.nth.saturating_add(rule.times).saturating_sub(1);
            if chosen.is_none() && rule.seen >= rule.nth && rule.seen <= last {
                chosen = Some(rule.fault);
            }
        }
        if chosen.is_none()
            && !redelivery
            && let Some((random, rng)) = &mut self.random
            && rng.below(1000) < random.deliveries_per_mille
        {
            chosen = pick(&random.deliveries, rng);
        }
        if let Some(fault) = chosen {
            self.fired
                .push(format!("delivery {event} {}", fault.name()));
        }
        chosen
    }
}

fn pick<T: Copy>(from: &[T], rng: &mut Rng) -> Option<T> {
    let at = usize::try_from(rng.below(from.len() as u64)).ok()?;
    from.get(at).copied()
}

/// Whether a path fits a pattern of segments, `*` and a last `**`.
fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.trim_matches('/').split('/');
    for wanted in pattern.trim_matches('/').split('/') {
        if wanted == "**" {
            return true;
        }
        match segments.next() {
            Some(segment) if wanted == "*" || wanted == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        assert!(matches(
            "/repos/*/*/check-runs",
            "/repos/acme/notes/check-runs"
        ));
        assert!(!matches(
            "/repos/*/*/check-runs",
            "/repos/acme/notes/check-runs/7"
        ));
        assert!(matches("/repos/**", "/repos/acme/notes/check-runs/7"));
        assert!(!matches("/repos/*/*/pulls", "/repos/acme"));
    }

    #[test]
    fn the_nth_match_fails_and_only_so_often() {
        let mut book = FaultBook::default();
        book.rules
            .push(Rule::new("POST", "/a", Fault::LostAnswer).nth(2).times(2));
        let fired: Vec<bool> = (0..5)
            .map(|_| book.for_request(Host::Api, "POST", "/a").is_some())
            .collect();
        assert_eq!(fired, [false, true, true, false, false]);
        assert_eq!(book.for_request(Host::Api, "GET", "/a"), None);
    }

    #[test]
    fn a_seed_gives_the_same_faults() {
        let run = || {
            let mut book = FaultBook::default();
            book.set_random(Some(Random::new(7, 300, 300)));
            (0..200)
                .map(|_| book.for_request(Host::Api, "GET", "/x"))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        assert!(run().iter().any(Option::is_some));
    }
}
