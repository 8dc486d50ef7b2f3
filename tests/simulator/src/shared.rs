//! What the sockets, the deliveries and the handle share. Locks are held for a moment only, never
//! while waiting for a peer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use tokio::sync::watch;

use crate::{
    contract::ContractCheck, faults::FaultBook, options::Options, render::Urls,
    transcript::Transcript, world::World,
};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) urls: Urls,
    world: Mutex<World>,
    faults: Mutex<FaultBook>,
    transcript: Mutex<Transcript>,
    pub(crate) contract: Option<Arc<ContractCheck>>,
    /// Of the bare repositories.
    pub(crate) folder: TempDir,
    /// Requests held back by a fault; and how often they were let go.
    pub(crate) held: watch::Sender<usize>,
    pub(crate) released: watch::Sender<u64>,
    /// Counts exchanges, so that one can wait for the next.
    pub(crate) exchanges: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(
        options: Options,
        urls: Urls,
        world: World,
        transcript: Transcript,
        contract: Option<Arc<ContractCheck>>,
        folder: TempDir,
    ) -> Self {
        Self {
            options,
            urls,
            world: Mutex::new(world),
            faults: Mutex::new(FaultBook::default()),
            transcript: Mutex::new(transcript),
            contract,
            folder,
            held: watch::Sender::new(0),
            released: watch::Sender::new(0),
            exchanges: watch::Sender::new(0),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultBook> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn transcript(&self) -> MutexGuard<'_, Transcript> {
        self.transcript
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
