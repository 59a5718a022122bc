//! Leases of an instance without Redis: the same contract, inside one process.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Claim, Freed, Grant, Holder, Keeper, Leader, Own};
use crate::clock::{Clock, Moment};
use crate::epoch::canonical;
use crate::remote::Reply;

/// Who holds what.
#[derive(Debug, Default)]
pub(crate) struct Local {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_key: HashMap<Arc<str>, Holding>,
    last_token: u64,
}

#[derive(Debug)]
struct Holding {
    owner: Arc<str>,
    holder: Holder,
    token: u64,
    until: Moment,
    in_grace: bool,
}

impl Local {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn claim(&self, claim: &Claim, now: Moment) -> Grant {
        let mut held = self.held();
        held.by_key.retain(|_, holding| now < holding.until);
        if let Some(holding) = held.by_key.get(&claim.own.key)
            && !claim.former.contains(&holding.owner)
        {
            return Grant::Taken { holder: holding.holder.to_string(), remaining: holding.until.since(now) };
        }
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let token = u64::try_from(micros).unwrap_or(u64::MAX).max(held.last_token + 1);
        held.last_token = token;
        let (owner, holder, until) = (Arc::clone(&claim.own.owner), claim.holder.clone(), now + claim.ttl);
        held.by_key.insert(Arc::clone(&claim.own.key), Holding { owner, holder, token, until, in_grace: false });
        Grant::Held { token }
    }

    pub(crate) fn renew(&self, own: &Own, now: Moment, ttl: Duration) -> bool {
        let mut held = self.held();
        match held.by_key.get_mut(&own.key).filter(|holding| holding.is_of(own, now) && !holding.in_grace) {
            None => false,
            Some(holding) => {
                holding.until = now + ttl;
                true
            }
        }
    }

    pub(crate) fn release(&self, own: &Own, now: Moment, grace: Duration) -> bool {
        let mut held = self.held();
        let Some(holding) = held.by_key.get_mut(&own.key).filter(|holding| holding.is_of(own, now)) else {
            return false;
        };
        if grace.is_zero() {
            held.by_key.remove(&own.key);
        } else {
            (holding.until, holding.in_grace) = (now + grace, true);
        }
        true
    }

    pub(crate) fn holds(&self, own: &Own, now: Moment) -> bool {
        self.held().by_key.get(&own.key).is_some_and(|holding| holding.is_of(own, now))
    }

    pub(crate) fn leaders(&self, now: Moment) -> Vec<Leader> {
        let held = self.held();
        let live = held.by_key.iter().filter(|(_, holding)| now < holding.until);
        live.map(|(key, holding)| Leader {
            key: canonical(key).into_owned(),
            holder: holding.holder.clone(),
            token: holding.token,
            remaining: holding.until.since(now),
            in_grace: holding.in_grace,
        })
        .collect()
    }
}

impl Holding {
    fn is_of(&self, own: &Own, now: Moment) -> bool {
        self.owner == own.owner && now < self.until
    }
}

#[cfg(feature = "testkit")]
impl Local {
    /// Nobody holds anything any more; tokens go on growing.
    pub(crate) fn forget(&self) {
        self.held().by_key.clear();
    }
}

/// The leases of one instance alone.
#[derive(Debug)]
pub(crate) struct Alone {
    pub(super) clock: Clock,
    pub(super) local: Local,
    pub(super) freed: Arc<Freed>,
}

impl Keeper for Alone {
    fn claim(&self, claim: Claim) -> Reply<'static, Grant> {
        Box::pin(ready(Ok(self.local.claim(&claim, self.clock.precise()))))
    }

    fn renew(&self, own: Own, ttl: Duration) -> Reply<'static, bool> {
        Box::pin(ready(Ok(self.local.renew(&own, self.clock.precise(), ttl))))
    }

    fn release(&self, own: Own, grace: Duration) -> Reply<'static, bool> {
        let released = self.local.release(&own, self.clock.precise(), grace);
        if released {
            self.freed.wake(&canonical(&own.key));
        }
        Box::pin(ready(Ok(released)))
    }

    fn holds(&self, own: Own) -> Reply<'static, bool> {
        Box::pin(ready(Ok(self.local.holds(&own, self.clock.precise()))))
    }

    fn leaders(&self) -> Reply<'static, Vec<Leader>> {
        Box::pin(ready(Ok(self.local.leaders(self.clock.precise()))))
    }

    fn freed(&self) -> Arc<Freed> {
        Arc::clone(&self.freed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_nanos(10);

    fn own(owner: &str) -> Own {
        Own { key: "job".into(), owner: owner.into(), min_replicas: 0 }
    }

    fn claim(owner: &str, former: &[&str]) -> Claim {
        let former = former.iter().map(|owner| Arc::from(*owner)).collect();
        Claim { own: own(owner), former, holder: Holder::here(), ttl: LIFE }
    }

    fn token(grant: Grant) -> Option<u64> {
        match grant {
            Grant::Held { token } => Some(token),
            Grant::Taken { .. } | Grant::Doubtful { .. } => None,
        }
    }

    #[test]
    fn one_holder_until_its_time_and_only_the_owner_releases() {
        let local = Local::default();
        let at = Moment::from_nanos;
        let first = token(local.claim(&claim("a", &[]), at(0)));
        assert!(first.is_some());
        assert!(matches!(local.claim(&claim("b", &["c"]), at(9)), Grant::Taken { .. }));
        let second = token(local.claim(&claim("b", &[]), at(10)));
        assert!(second > first);
        assert!(!local.release(&own("a"), at(11), Duration::ZERO));
        assert!(!local.renew(&own("a"), at(11), LIFE));
        assert!(!local.holds(&own("a"), at(11)));
        assert!(local.renew(&own("b"), at(11), LIFE));
        assert!(local.holds(&own("b"), at(20)));
        assert!(!local.holds(&own("b"), at(21)));
        assert!(local.release(&own("b"), at(20), Duration::ZERO));
    }

    #[test]
    fn a_former_attempt_is_taken_back_and_a_grace_is_not_renewed() {
        let local = Local::default();
        let at = Moment::from_nanos;
        let first = token(local.claim(&claim("lost", &[]), at(0)));
        let second = token(local.claim(&claim("next", &["lost"]), at(1)));
        assert!(second > first);
        assert!(local.release(&own("next"), at(2), LIFE));
        assert!(!local.renew(&own("next"), at(3), LIFE));
        assert!(local.leaders(at(11)).iter().all(|leader| leader.in_grace && leader.key == "job"));
        assert!(local.leaders(at(12)).is_empty());
        assert!(token(local.claim(&claim("last", &[]), at(12))) > second);
    }
}
