//! What this process may hold without knowing it, or could not let go: taken back until that is confirmed.
//!
//! Invariant: an owner whose outcome is not known stands in `unsettled` before the caller hears of it. So the next attempt
//! of this process at that key takes back, in the same step of the keeper, whatever the former one got.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Keeper, Leases, Own, RETRY, Shared};
use crate::clock::Moment;

/// How long a request that was not answered may still be on its way to a keeper that answers others.
const BUFFERED: Duration = Duration::from_secs(5);

/// The longest pause between two attempts.
const SELDOM: Duration = Duration::from_secs(1);

impl Leases {
    /// The attempts at a key whose outcome is not known.
    pub(super) fn former(&self, key: &str) -> Vec<Arc<str>> {
        self.shared.unsettled().get(key).cloned().unwrap_or_default()
    }

    /// An attempt without an answer may have succeeded, and may yet be carried out.
    pub(super) fn take_back(&self, keeper: &Arc<dyn Keeper>, own: Own) {
        self.until_confirmed(keeper, own, Some(BUFFERED), Moment::NEVER, Moment::START);
    }

    /// A lease that could not be released is tried again until its time is over. Others are kept out until `kept`.
    pub(super) fn let_go(&self, keeper: &Arc<dyn Keeper>, own: Own, ttl: Duration, kept: Moment) {
        let over = self.clock().precise() + ttl;
        self.until_confirmed(keeper, own, None, over, kept);
    }

    /// Releases until that is confirmed, or `over`. Where the attempt may yet be carried out, that there is nothing to
    /// release is believed only when it has been so for some time: the keeper may have been stopped in between.
    fn until_confirmed(&self, keeper: &Arc<dyn Keeper>, own: Own, doubt: Option<Duration>, over: Moment, kept: Moment) {
        let clock = self.clock().clone();
        // Who is to be kept out must not be let in by the next attempt.
        if kept <= clock.precise() {
            let mut unsettled = self.shared.unsettled();
            unsettled.entry(Arc::clone(&own.key)).or_default().push(Arc::clone(&own.owner));
        }
        // Nothing is owed by an instance that is gone.
        let (shared, keeper) = (Arc::downgrade(&self.shared), Arc::downgrade(keeper));
        let _ = self.shared.reactor.spawn(async move {
            let (mut pause, mut answered) = (RETRY, None);
            loop {
                let released = match keeper.upgrade() {
                    None => return,
                    Some(keeper) => keeper.release(own.clone(), kept.since(clock.precise())),
                };
                let (released, now) = (released.await, clock.precise());
                let done = match released {
                    Ok(true) => true,
                    Ok(false) => doubt.is_none_or(|doubt| now >= *answered.get_or_insert(now) + doubt),
                    Err(_) => false,
                };
                if done || now >= over {
                    break;
                }
                clock.sleep_until(now + pause).await;
                pause = SELDOM.min(pause * 2);
            }
            if let Some(shared) = shared.upgrade() {
                shared.is_settled(&own);
            }
        });
    }
}

impl Shared {
    fn unsettled(&self) -> MutexGuard<'_, HashMap<Arc<str>, Vec<Arc<str>>>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_settled(&self, own: &Own) {
        let mut unsettled = self.unsettled();
        if let Some(owners) = unsettled.get_mut(&own.key) {
            owners.retain(|owner| *owner != own.owner);
            if owners.is_empty() {
                unsettled.remove(&own.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::clock::Clock;
    use crate::lease::{Attempt, Claim, Freed, Grant, Holder, Leader, Terms};
    use crate::reactor::Reactor;
    use crate::remote::{Refusal, Reply};

    /// Grants every second claim, and says so for none of the others; confirms releases once it is told to.
    #[derive(Debug, Default)]
    struct Forgetful {
        asked: Mutex<Asked>,
    }

    #[derive(Debug, Default)]
    struct Asked {
        /// Of each claim, its owner and those before.
        claims: Vec<(Arc<str>, Vec<Arc<str>>)>,
        confirms: bool,
    }

    impl Forgetful {
        fn asked(&self) -> MutexGuard<'_, Asked> {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Keeper for Forgetful {
        fn claim(&self, claim: Claim) -> Reply<'static, Grant> {
            let mut asked = self.asked();
            asked.claims.push((claim.own.owner, claim.former));
            let granted =
                if asked.claims.len().is_multiple_of(2) { Ok(Grant::Held { token: 1 }) } else { Err(Refusal::Unknown) };
            Box::pin(async { granted })
        }

        fn renew(&self, _: Own, _: Duration) -> Reply<'static, bool> {
            Box::pin(async { Ok(true) })
        }

        fn release(&self, _: Own, _: Duration) -> Reply<'static, bool> {
            let confirmed = if self.asked().confirms { Ok(true) } else { Err(Refusal::Unknown) };
            Box::pin(async { confirmed })
        }

        fn holds(&self, _: Own) -> Reply<'static, bool> {
            Box::pin(async { Ok(true) })
        }

        fn leaders(&self) -> Reply<'static, Vec<Leader>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn freed(&self) -> Arc<Freed> {
            Arc::default()
        }
    }

    #[test]
    fn what_an_attempt_may_have_got_is_taken_back_by_the_next_one_until_that_is_confirmed() {
        let keeper = Arc::new(Forgetful::default());
        let remote: Arc<dyn Keeper> = Arc::clone(&keeper) as _;
        let shared = Shared {
            clock: Clock::system(),
            reactor: Reactor::default(),
            remote: Some(remote),
            alone: Arc::new(Forgetful::default()),
            holder: Holder::here(),
            counters: Default::default(),
            unsettled: Default::default(),
        };
        let leases = Leases { shared: Arc::new(shared) };
        let terms = Terms { ttl: Duration::from_secs(60), ..Terms::of("test") };
        let attempt = || pollster::block_on(leases.acquire("job", terms, false));
        assert_eq!(attempt().err(), Some(Refusal::Unknown));
        assert!(pollster::block_on(leases.acquire("another", terms, false)).is_ok());
        assert_eq!(attempt().err(), Some(Refusal::Unknown));
        let held = attempt();
        assert!(matches!(held, Ok(Attempt::Held(_))), "{held:?}");
        {
            let claims = &keeper.asked().claims;
            assert!(claims[0].1.is_empty() && claims[1].1.is_empty());
            assert_eq!(claims[2].1, [Arc::clone(&claims[0].0)]);
            assert_eq!(claims[3].1, [Arc::clone(&claims[0].0), Arc::clone(&claims[2].0)]);
        }
        keeper.asked().confirms = true;
        while !leases.former("job").is_empty() {
            std::thread::yield_now();
        }
    }
}
