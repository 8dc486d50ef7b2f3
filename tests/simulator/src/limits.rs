//! Rate limits: the hourly primary bucket and the secondary limits of one installation (or of the
//! App itself). Never waits: it says what is left, or how a request is refused.

use std::collections::{BTreeMap, VecDeque};

use crate::{clock::Millis, options::Limits};

const HOUR: Millis = 3_600_000;
const MINUTE: Millis = 60_000;

/// What a primary bucket says in its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    /// Inner time.
    pub(crate) reset: Millis,
}

impl Budget {
    pub(crate) fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Primary,
    /// Seconds until it may be tried again.
    Secondary(i64),
}

#[derive(Debug, Clone, Default)]
struct Bucket {
    used: u64,
    reset: Millis,
    under_way: u32,
    /// Time and points of the last minute.
    points: VecDeque<(Millis, u64)>,
    /// Times at which content was made in the last hour.
    content: VecDeque<Millis>,
}

/// All buckets, by whom they belong to (`app`, `installation 7`).
#[derive(Debug, Clone)]
pub(crate) struct Buckets {
    limits: Limits,
    all: BTreeMap<String, Bucket>,
}

impl Buckets {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            all: BTreeMap::new(),
        }
    }

    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// What is left.
    pub(crate) fn budget(&mut self, who: &str, now: Millis) -> Budget {
        let limit = self.limits.primary_per_hour;
        let bucket = self.all.entry(who.to_owned()).or_default();
        if bucket.reset <= now {
            bucket.used = 0;
            bucket.reset = now + HOUR;
        }
        Budget {
            limit,
            used: bucket.used.min(limit),
            reset: bucket.reset,
        }
    }

    /// Uses up what is left until `reset`.
    pub(crate) fn exhaust(&mut self, who: &str, now: Millis, reset: Millis) {
        self.budget(who, now);
        let limit = self.limits.primary_per_hour;
        if let Some(bucket) = self.all.get_mut(who) {
            bucket.used = limit;
            bucket.reset = reset;
        }
    }

    /// Takes one request; [`Self::done`] must follow, refused or not.
    pub(crate) fn take(
        &mut self,
        who: &str,
        now: Millis,
        write: bool,
        content: bool,
        free: bool,
    ) -> Result<(), Refusal> {
        let budget = self.budget(who, now);
        let Some(bucket) = self.all.get_mut(who) else {
            return Ok(());
        };
        bucket.under_way += 1;
        if !free && budget.remaining() == 0 {
            return Err(Refusal::Primary);
        }
        if self
            .limits
            .concurrent
            .is_some_and(|most| bucket.under_way > most)
        {
            return Err(Refusal::Secondary(60));
        }
        while bucket
            .points
            .front()
            .is_some_and(|(at, _)| at + MINUTE <= now)
        {
            bucket.points.pop_front();
        }
        while bucket.content.front().is_some_and(|at| at + HOUR <= now) {
            bucket.content.pop_front();
        }
        if let Some(most) = self.limits.points_per_minute {
            let points: u64 = bucket.points.iter().map(|(_, points)| points).sum();
            if points >= most {
                let first = bucket.points.front().map_or(now, |(at, _)| *at);
                return Err(Refusal::Secondary(
                    (first + MINUTE - now).div_euclid(1000) + 1,
                ));
            }
        }
        if content {
            let last_minute = bucket
                .content
                .iter()
                .filter(|at| **at + MINUTE > now)
                .count() as u64;
            if self
                .limits
                .content_per_minute
                .is_some_and(|most| last_minute >= most)
            {
                return Err(Refusal::Secondary(60));
            }
            let last_hour = bucket.content.len() as u64;
            if self
                .limits
                .content_per_hour
                .is_some_and(|most| last_hour >= most)
            {
                let first = bucket.content.front().copied().unwrap_or(now);
                return Err(Refusal::Secondary(
                    (first + HOUR - now).div_euclid(1000) + 1,
                ));
            }
            bucket.content.push_back(now);
        }
        if self.limits.points_per_minute.is_some() {
            bucket.points.push_back((now, if write { 5 } else { 1 }));
        }
        if !free {
            bucket.used += 1;
        }
        Ok(())
    }

    /// A request is over.
    pub(crate) fn done(&mut self, who: &str) {
        if let Some(bucket) = self.all.get_mut(who) {
            bucket.under_way = bucket.under_way.saturating_sub(1);
        }
    }

    /// Gives back what a conditional request that was answered by 304 had taken.
    pub(crate) fn refund(&mut self, who: &str) {
        if let Some(bucket) = self.all.get_mut(who) {
            bucket.used = bucket.used.saturating_sub(1);
        }
    }
}
