//! Leases of an instance without Redis: the same contract, inside one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Claim, Grant};
use crate::clock::Moment;

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
    holder: Arc<str>,
    until: Moment,
}

impl Local {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn claim(&self, claim: &Claim, now: Moment) -> Grant {
        let mut held = self.held();
        if let Some(holding) = held.by_key.get(&claim.key).filter(|holding| now < holding.until) {
            return Grant::Taken { holder: holding.holder.to_string(), remaining: holding.until.since(now) };
        }
        held.by_key.retain(|_, holding| now < holding.until);
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        held.last_token = u64::try_from(micros).unwrap_or(u64::MAX).max(held.last_token + 1);
        let (owner, holder) = (Arc::clone(&claim.owner), Arc::clone(&claim.holder));
        held.by_key.insert(Arc::clone(&claim.key), Holding { owner, holder, until: now + claim.ttl });
        Grant::Held { token: held.last_token }
    }

    pub(crate) fn renew(&self, key: &str, owner: &str, now: Moment, ttl: Duration) -> bool {
        let mut held = self.held();
        match held.by_key.get_mut(key).filter(|holding| &*holding.owner == owner && now < holding.until) {
            None => false,
            Some(holding) => {
                holding.until = now + ttl;
                true
            }
        }
    }

    pub(crate) fn release(&self, key: &str, owner: &str) -> bool {
        let mut held = self.held();
        let owned = held.by_key.get(key).is_some_and(|holding| &*holding.owner == owner);
        if owned {
            held.by_key.remove(key);
        }
        owned
    }
}

#[cfg(feature = "testkit")]
impl Local {
    /// Nobody holds anything any more; tokens go on growing.
    pub(crate) fn forget(&self) {
        self.held().by_key.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(owner: &str) -> Claim {
        Claim { key: "job".into(), owner: owner.into(), holder: "here".into(), ttl: Duration::from_nanos(10) }
    }

    #[test]
    fn one_holder_until_its_time_and_only_the_owner_releases() {
        let local = Local::default();
        let at = Moment::from_nanos;
        let token = |grant| match grant {
            Grant::Held { token } => Some(token),
            Grant::Taken { .. } => None,
        };
        let first = token(local.claim(&claim("a"), at(0)));
        assert!(first.is_some());
        assert!(matches!(local.claim(&claim("b"), at(9)), Grant::Taken { .. }));
        let second = token(local.claim(&claim("b"), at(10)));
        assert!(second > first);
        assert!(!local.release("job", "a"));
        assert!(!local.renew("job", "a", at(11), Duration::from_nanos(10)));
        assert!(local.renew("job", "b", at(11), Duration::from_nanos(10)));
        assert!(local.release("job", "b"));
    }
}
