//! How long callers wait for replies: their own executors may have no timers, so one task watches over all of them.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;

use tokio::sync::Notify;

use crate::clock::Moment;

/// The callers that wait, in the order of their deadlines: all wait equally long.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    waiting: Mutex<VecDeque<(Moment, Weak<Notify>)>>,
}

impl Waits {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<(Moment, Weak<Notify>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a reply until the watch finds `deadline` past: `None` then.
    pub(crate) async fn until<T>(&self, deadline: Moment, reply: impl Future<Output = T>) -> Option<T> {
        let given_up = Arc::new(Notify::new());
        self.waiting().push_back((deadline, Arc::downgrade(&given_up)));
        let (mut reply, mut given_up) = (pin!(reply), pin!(given_up.notified()));
        poll_fn(|cx| match reply.as_mut().poll(cx) {
            Poll::Ready(reply) => Poll::Ready(Some(reply)),
            Poll::Pending => given_up.as_mut().poll(cx).map(|()| None),
        })
        .await
    }

    /// Ends the waiting of all whose deadlines are past at `now`.
    pub(crate) fn end(&self, now: Moment) {
        let mut waiting = self.waiting();
        while waiting.front().is_some_and(|(deadline, caller)| *deadline <= now || caller.strong_count() == 0) {
            if let Some(caller) = waiting.pop_front().and_then(|(_, caller)| caller.upgrade()) {
                caller.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_comes_or_the_watch_ends_the_waiting_and_nothing_stays_behind() {
        let (waits, at) = (Waits::default(), Moment::from_nanos);
        assert_eq!(pollster::block_on(waits.until(at(5), async { 7 })), Some(7));
        let ended = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pollster::block_on(waits.until(at(5), std::future::pending::<()>())));
            while !waiting.is_finished() {
                waits.end(at(4));
                waits.end(at(5));
                std::thread::yield_now();
            }
            waiting.join()
        });
        assert!(ended.is_ok_and(|reply| reply.is_none()));
        waits.end(at(5));
        assert!(waits.waiting().is_empty());
    }
}
