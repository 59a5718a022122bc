//! The leases of the stand-in: the contract of Redis, but for replicas, of which it has as many as are asked for.

use std::sync::Arc;
use std::time::Duration;

use super::link::{Tier, Way};
use super::store::Store;
use crate::lease::{Claim, Freed, Grant, Keeper, Leader, Own};
use crate::remote::Reply;

impl Keeper for Tier {
    fn claim(&self, claim: Claim) -> Reply<'static, Grant> {
        self.begin(self.link().exchange(Way::Write, move |store| store.leases.claim(&claim, store.hand.now())))
    }

    fn renew(&self, own: Own, ttl: Duration) -> Reply<'static, bool> {
        self.begin(self.link().exchange(Way::Write, move |store| store.leases.renew(&own, store.hand.now(), ttl)))
    }

    fn release(&self, own: Own, grace: Duration) -> Reply<'static, bool> {
        self.begin(self.link().exchange(Way::Write, move |store| store.release(&own, grace)))
    }

    fn holds(&self, own: Own) -> Reply<'static, bool> {
        self.begin(self.link().exchange(Way::Read, move |store| store.leases.holds(&own, store.hand.now())))
    }

    fn leaders(&self) -> Reply<'static, Vec<Leader>> {
        let leaders = |store: &mut Store| store.leases.leaders(store.hand.now());
        self.begin(self.link().exchange(Way::Read, leaders))
    }

    fn freed(&self) -> Arc<Freed> {
        Arc::clone(&self.link().freed)
    }
}
