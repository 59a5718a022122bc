//! The end of one link, as everybody on it is told: whether it has come, and why.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::{Notify, watch};

/// Told once. Whoever watches over the link is woken, and nobody waits for its replies any more.
#[derive(Clone, Debug)]
pub(crate) struct Retired {
    why: watch::Sender<Option<&'static str>>,
    look: Arc<Notify>,
}

impl Retired {
    pub(crate) fn new(look: Arc<Notify>) -> Self {
        Self { why: watch::Sender::new(None), look }
    }

    /// The link is at its end.
    pub(crate) fn retire(&self, why: &'static str) {
        let first = self.why.send_if_modified(|told| {
            let first = told.is_none();
            *told = told.or(Some(why));
            first
        });
        if first {
            self.look.notify_one();
        }
    }

    pub(crate) fn why(&self) -> Option<&'static str> {
        *self.why.borrow()
    }

    /// Waits for a reply until the end of the link: `None` then.
    pub(crate) async fn or<T>(&self, reply: impl Future<Output = T>) -> Option<T> {
        let mut told = self.why.subscribe();
        let (mut reply, mut end) = (pin!(reply), pin!(told.wait_for(Option::is_some)));
        poll_fn(|cx| match reply.as_mut().poll(cx) {
            Poll::Ready(reply) => Poll::Ready(Some(reply)),
            Poll::Pending => end.as_mut().poll(cx).map(|_| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_and_the_first_reason_stays() {
        let retired = Retired::new(Arc::default());
        assert_eq!(pollster::block_on(retired.or(async { 7 })), Some(7));
        let told = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pollster::block_on(retired.or(std::future::pending::<()>())));
            retired.retire("first");
            retired.retire("second");
            waiting.join()
        });
        assert!(told.is_ok_and(|reply| reply.is_none()));
        assert_eq!(retired.why(), Some("first"));
    }
}
