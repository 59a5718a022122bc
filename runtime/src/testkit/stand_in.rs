//! The stand-in for Redis: what a test does to it.

use std::sync::Arc;

use super::Hand;
use super::server::Server;

/// A Redis that lives in the test, and fails, hangs or forgets on command.
///
/// It keeps values, epochs and leases for all instances that were made with
/// [`another`](crate::testkit::Testing::another), and announces what one of them ends to the others before that call
/// returns. Its commands work at once, on all of them. A `hang` after a `fail` takes its place, and the other way
/// round.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use std::time::Duration;
/// use larder::Larder;
///
/// let larder = Larder::testing();
/// larder.redis().fail();
/// assert!(!larder.invalidate("tools").await?.is_applied());      // kept
/// larder.redis().recover();
/// assert_eq!(larder.stats().redis.pending_invalidations, 0);     // and delivered
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct StandIn {
    pub(super) server: Arc<Server>,
    pub(super) hand: Arc<Hand>,
}

impl StandIn {
    /// Refuses every request with an error, and the heartbeat, too: after two of those the link is down, and nothing is
    /// sent any more. What hangs is given up.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    ///
    /// let larder = larder::Larder::testing();
    /// larder.redis().fail();
    /// assert!(!larder.health().await.is_up());
    /// larder.clock().advance(Duration::from_millis(200));
    /// assert!(!larder.stats().redis.connected);
    /// # });
    /// ```
    pub fn fail(&self) {
        self.server.fail(self.hand.now());
        self.hand.run_dry();
    }

    /// Leaves every request lying, but for the heartbeat: the worst way to hang, since nothing tells the callers but
    /// their own operation timeout, by the moved clock. What lies there is carried out when the stand-in recovers, as
    /// by a server that was stopped for a while.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    ///
    /// let larder = larder::Larder::testing();
    /// larder.redis().hang();
    /// let clock = async {
    ///     larder.redis().unanswered(1).await;
    ///     larder.clock().advance(Duration::from_millis(500));
    /// };
    /// let (receipt, ()) = tokio::join!(larder.invalidate("tools"), clock);
    /// assert!(!receipt?.is_applied());
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub fn hang(&self) {
        self.server.hang();
    }

    /// Waits until `count` requests were left lying since [`hang`](Self::hang): the moment to move the clock.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::testing();
    /// larder.redis().hang();
    /// let recover = async {
    ///     larder.redis().unanswered(1).await;
    ///     larder.redis().recover();
    /// };
    /// let (receipt, ()) = tokio::join!(larder.invalidate("tools"), recover);
    /// assert!(receipt?.is_applied());
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub async fn unanswered(&self, count: usize) {
        self.server.lying(count).await;
    }

    /// Loses all that it holds, as by `FLUSHALL`. The instances notice at their next heartbeat.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    ///
    /// let larder = larder::Larder::testing();
    /// let gate = larder.leader_gate("nightly").ttl(Duration::from_secs(60));
    /// let first = gate.clone().acquire().await?.expect("nobody else");
    /// larder.redis().forget();
    /// let second = gate.acquire().await?.expect("the lease was forgotten");
    /// assert!(second.token() > first.token());
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub fn forget(&self) {
        self.server.forget();
    }

    /// Is well again: carries out what lies there, brings every link up and has what is owed delivered before it
    /// returns. A breaker that was opened stays open for its 30 s, unless the link is a new one.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::testing();
    /// larder.redis().fail();
    /// larder.redis().recover();
    /// assert!(larder.health().await.is_up());
    /// # });
    /// ```
    pub fn recover(&self) {
        self.server.recover();
        self.hand.run_dry();
    }
}
