//! Faults from the handle: rules in, what fired out, held requests let go.

use std::time::Duration;

use super::Simulator;
use crate::faults::{DeliveryFault, DeliveryRule, Fault, Random, Rule};

/// The faults of a simulator.
#[derive(Debug, Clone, Copy)]
pub struct Faults<'s> {
    simulator: &'s Simulator,
}

impl Simulator {
    /// The faults.
    pub fn faults(&self) -> Faults<'_> {
        Faults { simulator: self }
    }
}

impl Faults<'_> {
    /// Adds a rule for requests.
    pub fn add(&self, rule: Rule) {
        self.simulator.shared().faults().rules.push(rule);
    }

    /// The Nth request (from 1) with this method and path fails.
    pub fn fail(&self, method: &str, path: &str, nth: u64, fault: Fault) {
        self.add(Rule::new(method, path, fault).nth(nth));
    }

    /// Adds a rule for deliveries.
    pub fn add_delivery(&self, rule: DeliveryRule) {
        self.simulator.shared().faults().deliveries.push(rule);
    }

    /// The Nth delivery (from 1) of this event fails.
    pub fn fail_delivery(&self, event: &str, nth: u64, fault: DeliveryFault) {
        self.add_delivery(DeliveryRule::new(event, fault).nth(nth));
    }

    /// Lets a share of everything fail; `None` ends it.
    pub fn random(&self, random: Option<Random>) {
        self.simulator.shared().faults().set_random(random);
    }

    /// Takes all rules away and lets held requests go.
    pub fn clear(&self) {
        self.simulator.shared().faults().clear();
        self.release();
    }

    /// What fired so far, for instance `POST /repos/acme/notes/check-runs lost_answer`.
    pub fn fired(&self) -> Vec<String> {
        self.simulator.shared().faults().fired.clone()
    }

    /// Requests that are held back now.
    pub fn held(&self) -> usize {
        *self.simulator.shared().held.borrow()
    }

    /// Waits until a request is held back. `false` after `limit`.
    pub async fn wait_held(&self, limit: Duration) -> bool {
        let mut held = self.simulator.shared().held.subscribe();
        let arrived = held.wait_for(|held| *held > 0);
        tokio::time::timeout(limit, arrived)
            .await
            .is_ok_and(|arrived| arrived.is_ok())
    }

    /// Lets held requests go.
    pub fn release(&self) {
        self.simulator
            .shared()
            .released
            .send_modify(|count| *count += 1);
    }
}
