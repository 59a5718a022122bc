//! An attempt that waits: woken when the lease is let go, or when its time is over, and at rest between.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{Attempt, Keeper, Leases, Terms};
use crate::clock::Moment;
use crate::remote::Refusal;

/// By how much those who wait for the end of one lease are spread.
const SPREAD: Duration = Duration::from_millis(25);

/// The pause where nobody can say how long another holds the lease: a link that comes up ends it.
const UNTOLD: Duration = Duration::from_secs(1);

/// Held while an attempt may wait; without it, the attempt ends with the next answer.
pub(super) struct Patience {
    _waits: oneshot::Sender<()>,
}

impl Leases {
    /// Becomes the holder, or waits for it as long as the terms say. What an attempt gets whose future was dropped is
    /// released. `alone`: in this process, whoever else there is.
    pub(crate) async fn acquire(&self, key: &str, terms: Terms, alone: bool) -> Result<Attempt, Refusal> {
        let (_patience, outcome) = self.ask(key, terms, alone);
        outcome.await
    }

    /// As [`acquire`](Self::acquire), for a caller that may lose its patience and still wants the answer.
    pub(super) fn ask(
        &self,
        key: &str,
        terms: Terms,
        alone: bool,
    ) -> (Patience, impl Future<Output = Result<Attempt, Refusal>> + Send + use<>) {
        let (patience, gone) = oneshot::channel();
        let (leases, key, keeper) = (self.clone(), Arc::from(key), Arc::clone(self.keeper(alone)));
        let asked = self.shared.reactor.spawn(async move {
            let outcome = leases.attempts(key, terms, &keeper, gone).await;
            if matches!(outcome, Ok(Attempt::Taken { .. })) && !terms.turn {
                leases.shared.counters.followers.up();
            }
            outcome
        });
        (Patience { _waits: patience }, async move { asked.result().await.unwrap_or(Err(Refusal::Away)) })
    }

    async fn attempts(
        &self,
        key: Arc<str>,
        terms: Terms,
        keeper: &Arc<dyn Keeper>,
        gone: oneshot::Receiver<()>,
    ) -> Result<Attempt, Refusal> {
        let until = self.clock().precise() + terms.wait;
        let here = self.keeper(true);
        let (place, place_here, mut gone) = (keeper.freed().of(&key), here.freed().of(&key), pin!(gone));
        // Until when another holds it, by the last word of Redis.
        let mut held = Moment::START;
        loop {
            let (mut freed, mut freed_here) = (pin!(place.notified()), pin!(place_here.notified()));
            // Before the question: whatever is let go behind the answer is heard.
            freed.as_mut().enable();
            freed_here.as_mut().enable();
            let mut outcome = self.attempt(&key, terms, keeper).await;
            match &outcome {
                Ok(Attempt::Taken { remaining, .. }) => held = self.clock().precise() + *remaining,
                Err(Refusal::Away) if terms.alone_if_away && self.clock().precise() >= held => {
                    outcome = self.attempt(&key, terms, here).await;
                }
                _ => {}
            }
            let answered = self.clock().precise();
            if matches!(outcome, Ok(Attempt::Held(_))) || answered >= until || terms.turn && outcome.is_err() {
                return outcome;
            }
            let free = answered + free_in(&outcome);
            // Where it is free before the wait is over, somebody asks again before the wait is over.
            let wake = if free <= until { until.min(free + SPREAD.mul_f64(fastrand::f64())) } else { until };
            // What is taken back for want of replicas is announced, too: that is no reason to ask again at once.
            let deaf = matches!(outcome, Err(Refusal::Unreplicated { .. }));
            let woken = poll_fn(|cx| match gone.as_mut().poll(cx) {
                Poll::Ready(_) => Poll::Ready(false),
                Poll::Pending if deaf => Poll::Pending,
                Poll::Pending if freed_here.as_mut().poll(cx).is_ready() => Poll::Ready(true),
                Poll::Pending => freed.as_mut().poll(cx).map(|()| true),
            });
            let again = self.clock().timeout_at(wake, woken).await.unwrap_or(free <= until);
            if !again {
                return later(outcome, self.clock().precise().since(answered));
            }
        }
    }

    /// Waits until a moment, whatever the caller's executor.
    pub(super) fn rest(&self, until: Moment) -> impl Future<Output = ()> + Send + use<> {
        let clock = self.clock().clone();
        let rested = self.shared.reactor.spawn(async move { clock.sleep_until(until).await });
        async move {
            rested.result().await;
        }
    }
}

/// How long an answer says that asking again is of no use.
fn free_in(outcome: &Result<Attempt, Refusal>) -> Duration {
    match outcome {
        // Redis counts whole milliseconds, and lets go behind the last one.
        Ok(Attempt::Taken { remaining, .. }) if !remaining.is_zero() => *remaining + Duration::from_millis(1),
        _ => UNTOLD,
    }
}

/// An answer, as it is some time after it was given.
fn later(outcome: Result<Attempt, Refusal>, since: Duration) -> Result<Attempt, Refusal> {
    match outcome {
        Ok(Attempt::Taken { holder, remaining }) => {
            Ok(Attempt::Taken { holder, remaining: remaining.saturating_sub(since) })
        }
        other => other,
    }
}
