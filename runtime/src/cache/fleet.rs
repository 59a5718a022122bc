//! One run in all processes: whoever has the lease of a computation runs it, and all others read what it stored.

use std::sync::Arc;
use std::time::Duration;

use super::look::{Plan, Run};
use super::{Entry, Store, push_hex};
use crate::lease::{Attempt, Terms};

/// How long others wait for a process that died while it computed.
const LEASE: Duration = Duration::from_secs(2);

/// How long a call waits for another process before it runs the body itself.
const PATIENCE: Duration = Duration::from_secs(30);

impl Run {
    /// Waits for its turn among all processes, and reads once more behind it: whoever had the turn before has stored. Without
    /// Redis nobody waits.
    pub(super) async fn board_fleet(&mut self) -> Option<Arc<Entry>> {
        let shared = self.core().fleet && self.core().store != Store::Memory && self.remote().is_some();
        if !shared || matches!(self.plan, Plan::Refresh) {
            return None;
        }
        let terms = Terms { ttl: LEASE, renew: true, wait: PATIENCE, turn: true, ..Terms::of("single flight") };
        let turn = self.larder.leases().acquire(&self.fleet_key(), terms, false).await;
        let Ok(Attempt::Held(lease)) = turn else { return None };
        let found = self.fetch_served().await;
        if found.is_none() {
            self.turn = Some(lease);
        }
        found
    }

    /// The computation, and the state of all that it depends on: nobody waits for one that began before an end.
    fn fleet_key(&self) -> String {
        let epochs: Vec<u8> = self.cells.iter().flat_map(|cell| cell.epoch().raw().to_le_bytes()).collect();
        let mut key = Terms::TURN.to_owned();
        push_hex(&mut key, &self.core().hash(&epochs, &self.hash));
        key
    }
}
