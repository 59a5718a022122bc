//! A role for as long as the process lives: elected again for ever, until it is shut down in order.
//!
//! Invariants:
//! 1. A body is dropped before its lease is let go, in whichever way the term ends: shut down, lost, returned, panicked, or
//!    the campaign itself dropped.
//! 2. A campaign that was shut down ends only behind the answer to its last question: what that got is released, too.

use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Attempt, Lease, Reign, Terms, check};
use crate::ambient::Ambient;
use crate::error::{Error, ErrorKind};
use crate::instance::Larder;
use crate::log;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A role that one process has at a time: see [`campaign`].
#[derive(Clone)]
#[must_use = "a campaign does nothing until `run(..)` or `start()`"]
pub struct Campaign {
    key: String,
    terms: Terms,
    pause: Duration,
    drain: Duration,
    elected: Arc<dyn Fn(Lease) -> Work + Send + Sync>,
    lost: Arc<dyn Fn() -> Work + Send + Sync>,
    larder: Option<Larder>,
}

/// A campaign of this name in the instance in force: one process has the role, and when it ends, another gets it.
///
/// Whoever campaigns waits, at rest, until the role is free: let go, or its holder's `ttl` over. Then it is elected and its
/// body runs, under a lease that is renewed each third of its ttl. The term ends in one of these ways, and in each the body
/// is gone before the lease is:
///
/// - **Lost**: Redis was away for the whole ttl, or has forgotten the lease. The body is dropped before another can be
///   elected; `on_lost` runs to its end; then the process campaigns again.
/// - **Returned** (or panicked): the lease is released, and after a pause the process campaigns again. The pause lets another
///   go first where there is one.
/// - **Shut down**: no more renewals; the body is asked to stop by [`Lease::stopping`], and has the time of
///   [`drain`](Campaign::drain) for it; what is left of it is dropped; then the lease is released, so that another is elected
///   at once; then [`run`](Campaign::run) returns. `on_lost` does not run.
///
/// For those who know others: `ttl` is the lease duration of Kubernetes' leader election, and a campaign that is shut down
/// always releases; [`Lease::token`] is what the revision of a key is to an election of etcd; for what ShedLock calls
/// `lockAtMostFor` and `lockAtLeastFor`, a job that runs now and then, see [`leader`](macro@crate::leader) with its
/// `ttl` and `grace`.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::time::Duration;
///
/// let scheduler = larder::campaign("scheduler")
///     .ttl(Duration::from_secs(15))
///     .on_elected(|lease| async move {
///         println!("elected with token {}", lease.token());
///         std::future::pending::<()>().await               // .. what the role does, for as long as it has it ..
///     })
///     .on_lost(|| async { println!("another may lead now") })
///     .start()?;
/// // .. the program ..
/// scheduler.stop().await?;                                 // the body is gone, then the lease
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub fn campaign(key: impl Into<String>) -> Campaign {
    Campaign {
        key: key.into(),
        terms: Terms { ttl: Duration::from_secs(15), renew: true, wait: Duration::MAX, ..Terms::of("campaign") },
        pause: Duration::from_secs(1),
        drain: Duration::ZERO,
        elected: Arc::new(|_| Box::pin(pending())),
        lost: Arc::new(|| Box::pin(async {})),
        larder: None,
    }
}

impl Larder {
    /// A [`Campaign`] of this instance: see [`campaign`].
    pub fn campaign(&self, key: impl Into<String>) -> Campaign {
        Campaign { larder: Some(self.clone()), ..campaign(key) }
    }
}

impl Campaign {
    /// How long the role stays with a process that was killed or cut off; 15 s by default, 10 ms to 365 days.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.terms.ttl = ttl;
        self
    }

    /// How many replicas must have the lease: see [`LeaderGate::min_replicas`](crate::LeaderGate::min_replicas). None by
    /// default.
    pub const fn min_replicas(mut self, replicas: u32) -> Self {
        self.terms.min_replicas = replicas;
        self
    }

    /// How long a body may go on after it was asked to stop, as [`Lease::stopping`] tells it; zero, the default, drops it
    /// at once. It never goes on beyond its lease, which is not renewed any more.
    pub const fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// How long to campaign no more after a body returned; 1 s by default.
    pub const fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// What the role does. Inside, [`larder::lease()`](crate::lease) is the lease, too. Without it the role is only held.
    ///
    /// A task that the body spawns is not ended with it: have it end by [`Lease::stopping`], or hold its handle in something
    /// that aborts it when dropped, such as a `tokio::task::JoinSet`.
    pub fn on_elected<F>(mut self, body: impl Fn(Lease) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.elected = Arc::new(move |lease| Box::pin(body(lease)));
        self
    }

    /// What is done when the role was lost, after its body is gone and before the process campaigns again.
    pub fn on_lost<F>(mut self, after: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.lost = Arc::new(move || Box::pin(after()));
        self
    }

    /// Campaigns until `shutdown` ends, and then until the role was let go. Works on every executor.
    ///
    /// Where the returned future is dropped instead, the body is dropped, and the lease released in the background.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for an empty key or a ttl outside 10 ms to 365 days, at once.
    /// [`ErrorKind::Unavailable`] when Redis did not confirm the last release: the role is then free when its ttl is over.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let role = larder::campaign("scheduler").on_elected(|_| std::future::pending());
    /// role.run(async { /* .. a signal to end .. */ }).await?;
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        check(&self.key, self.terms.ttl)?;
        let larder = self.larder.clone().unwrap_or_else(Larder::current);
        let leases = larder.leases();
        let mut shutdown = Shutdown { future: pin!(shutdown), over: false };
        loop {
            let (patience, elected) = leases.ask(&self.key, self.terms, false);
            let mut elected = pin!(elected);
            let Some(outcome) = shutdown.unless(elected.as_mut()).await else {
                drop(patience);
                return match elected.await {
                    Ok(Attempt::Held(lease)) => Reign::over(lease).finish(Duration::ZERO).await,
                    Ok(Attempt::Taken { .. }) | Err(_) => Ok(()),
                };
            };
            let Ok(Attempt::Held(lease)) = outcome else {
                let text = "campaign: no thread could be started to campaign on: look at the limits of the process";
                return Err(Error::new(ErrorKind::Unavailable, text));
            };
            let reign = Reign::over(lease);
            match self.term(&larder, reign.lease(), &mut shutdown).await {
                End::Shutdown => return reign.finish(Duration::ZERO).await,
                End::Lost => {
                    drop(reign);
                    Caught((self.lost)()).await;
                }
                End::Returned => {
                    let _ = reign.finish(Duration::ZERO).await;
                    let rested = leases.rest(leases.clock().precise() + self.pause);
                    if shutdown.unless(pin!(rested)).await.is_none() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// [`run`](Self::run) in a task of the tokio runtime that this is called in, until the handle stops it or is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for an empty key, a ttl outside 10 ms to 365 days, or outside of a tokio runtime.
    pub fn start(mut self) -> Result<Campaigning, Error> {
        check(&self.key, self.terms.ttl)?;
        let runtime = Handle::try_current().map_err(|_| {
            let text = "campaign: `start()` needs a tokio runtime to run in: call it inside of one, or await `run(..)`";
            Error::new(ErrorKind::Configuration, text)
        })?;
        self.larder.get_or_insert_with(Larder::current);
        let (stop, stopped) = oneshot::channel::<()>();
        let running = runtime.spawn(self.run(async {
            let _ = stopped.await;
        }));
        Ok(Campaigning { _stop: stop, running })
    }

    /// Runs the body until the term is over one way or another. It is gone when this returns, or is dropped.
    async fn term<S>(&self, larder: &Larder, lease: &Lease, shutdown: &mut Shutdown<'_, S>) -> End
    where
        S: Future<Output = ()>,
    {
        let (leases, elected, given) = (larder.leases(), Arc::clone(&self.elected), lease.clone());
        let ambient = Ambient { lease: Some(lease.clone()), ..larder.ambient() };
        let mut body = Some(Caught(Box::pin(ambient.scope(async move { elected(given).await }))));
        let (mut lost, mut drained) = (pin!(lease.lost()), None);
        poll_fn(|cx| {
            // The time is read before each poll of the body: a process that was suspended finds out first.
            if !lease.is_held() || lost.as_mut().poll(cx).is_ready() {
                body = None;
                return Poll::Ready(if shutdown.over { End::Shutdown } else { End::Lost });
            }
            if drained.is_none() && shutdown.poll(cx).is_ready() {
                lease.stop();
                drained = Some(Box::pin(leases.rest(leases.clock().precise() + self.drain)));
            }
            let drained =
                drained.as_mut().is_some_and(|rest| self.drain.is_zero() || rest.as_mut().poll(cx).is_ready());
            let returned = !drained && body.as_mut().is_none_or(|body| Pin::new(body).poll(cx).is_ready());
            if drained || returned {
                body = None;
                return Poll::Ready(if shutdown.over { End::Shutdown } else { End::Returned });
            }
            Poll::Pending
        })
        .await
    }
}

/// A campaign that runs: see [`Campaign::start`]. Dropped, it is shut down in the same order, and nobody waits for it.
#[must_use = "dropped, the campaign is shut down"]
pub struct Campaigning {
    /// Dropping it shuts the campaign down.
    _stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), Error>>,
}

impl Campaigning {
    /// Shuts the campaign down, and waits until its body is gone and its lease was let go.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when Redis did not confirm the release: the role is then free when its ttl is over.
    pub async fn stop(self) -> Result<(), Error> {
        let Self { _stop: stop, running } = self;
        drop(stop);
        // Where the runtime ended first, the campaign was dropped, and the release is under way.
        running.await.unwrap_or(Ok(()))
    }
}

/// How a term ended.
enum End {
    Lost,
    Returned,
    Shutdown,
}

/// What ends a campaign, polled until it has come and not beyond.
struct Shutdown<'a, S> {
    future: Pin<&'a mut S>,
    over: bool,
}

impl<S: Future<Output = ()>> Shutdown<'_, S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.over {
            self.over = self.future.as_mut().poll(cx).is_ready();
        }
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// What a future gives, or `None` where the shutdown comes first.
    async fn unless<F: Future>(&mut self, mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|cx| match self.poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => future.as_mut().poll(cx).map(Some),
        })
        .await
    }
}

/// A future whose panic is its end, and an event.
struct Caught<F>(F);

impl<F: Future<Output = ()> + Unpin> Future for Caught<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(cx)));
        polled.unwrap_or_else(|_| {
            log::warn(&format_args!("campaign: a body panicked: its term is over, and another begins after the pause"));
            Poll::Ready(())
        })
    }
}

impl fmt::Debug for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaign").field("terms", &self.terms).finish_non_exhaustive()
    }
}

impl fmt::Debug for Campaigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaigning").finish_non_exhaustive()
    }
}
