//! Traffic of one installation: one write at a time and not too soon after another, a few reads at
//! once, and nothing at all while GitHub asks to wait.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::limits::{self, Budget};

/// Reads at once. GitHub allows 100 requests at once over everything.
const READS_AT_ONCE: usize = 8;

#[derive(Debug)]
pub(super) struct Lane {
    /// When the next write may start; whoever holds it is the only one that writes.
    next_write: AsyncMutex<Option<Instant>>,
    interval: Duration,
    reads: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blocked_until: Option<Timestamp>,
    /// Secondary limits in a row; an answer that is none ends the row.
    limits_in_a_row: u32,
    budget: Option<Budget>,
}

/// The right to write. The next write starts no sooner than an interval after this one started.
#[derive(Debug)]
pub(super) struct WriteTurn<'l> {
    _turn: MutexGuard<'l, Option<Instant>>,
}

impl Lane {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            next_write: AsyncMutex::new(None),
            interval,
            reads: Semaphore::new(READS_AT_ONCE),
            state: Mutex::default(),
        }
    }

    /// Waits for its turn, in order of asking.
    pub(super) async fn write(&self) -> WriteTurn<'_> {
        let mut turn = self.next_write.lock().await;
        if let Some(at) = *turn {
            tokio::time::sleep_until(at).await;
        }
        *turn = Some(Instant::now() + self.interval);
        WriteTurn { _turn: turn }
    }

    /// `None` only if the semaphore were closed, which nobody does.
    pub(super) async fn read(&self) -> Option<SemaphorePermit<'_>> {
        self.reads.acquire().await.ok()
    }

    /// How long GitHub still asks to wait.
    pub(super) fn blocked(&self, now: Timestamp) -> Option<Duration> {
        let until = self.state().blocked_until?;
        Some(limits::between(now, until)).filter(|wait| !wait.is_zero())
    }

    /// GitHub asked to wait.
    pub(super) fn block(&self, now: Timestamp, wait: Duration) {
        let mut state = self.state();
        state.limits_in_a_row = state.limits_in_a_row.saturating_add(1);
        if let Ok(until) = now.checked_add(wait) {
            state.blocked_until = Some(state.blocked_until.map_or(until, |at| at.max(until)));
        }
    }

    pub(super) fn limits_in_a_row(&self) -> u32 {
        self.state().limits_in_a_row
    }

    /// An answer that was no limit came.
    pub(super) fn answered(&self, budget: Option<Budget>) {
        let mut state = self.state();
        state.limits_in_a_row = 0;
        if budget.is_some() {
            state.budget = budget;
        }
    }

    pub(super) fn budget(&self) -> Option<Budget> {
        self.state().budget
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
