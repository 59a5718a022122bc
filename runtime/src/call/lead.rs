//! The call of `#[leader]`: run the body under a lease, or not at all.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Name;
use crate::ambient::Ambient;
use crate::blocking::block_on;
use crate::error::{Error, ErrorKind};
use crate::instance::Larder;
use crate::lease::{Attempt, Leadership, Lease, Reign, Terms, check};
use crate::log;
use crate::remote::Refusal;

/// What a `#[leader]` function may return.
#[diagnostic::on_unimplemented(
    message = "a `#[leader]` function cannot return `{Self}`",
    label = "a call that does not lead has no such value",
    note = "return `()`, `Option<T>`, `larder::Leadership<T>`, or a `Result` of one of these"
)]
pub trait LeaderReturn: Sized {
    /// What a call returns that does not lead.
    fn follower(holder: String, remaining: Duration) -> Self;

    /// What a call returns that lost its lease.
    fn lost() -> Self;

    /// Whether the body failed.
    fn is_failure(&self) -> bool {
        false
    }
}

impl LeaderReturn for () {
    fn follower(_: String, _: Duration) -> Self {}

    fn lost() -> Self {}
}

impl<T> LeaderReturn for Option<T> {
    fn follower(_: String, _: Duration) -> Self {
        None
    }

    fn lost() -> Self {
        None
    }
}

impl<T> LeaderReturn for Leadership<T> {
    fn follower(holder: String, remaining: Duration) -> Self {
        Self::Follower { holder, remaining }
    }

    fn lost() -> Self {
        Self::Lost
    }
}

impl<R: LeaderReturn, E> LeaderReturn for Result<R, E> {
    fn follower(holder: String, remaining: Duration) -> Self {
        Ok(R::follower(holder, remaining))
    }

    fn lost() -> Self {
        Ok(R::lost())
    }

    fn is_failure(&self) -> bool {
        self.is_err()
    }
}

/// What a function with `on_unavailable = error` returns.
#[diagnostic::on_unimplemented(
    message = "`on_unavailable = error` needs an error to return",
    label = "not a `Result` whose error is made `From<larder::Error>`",
    note = "return a `Result<_, E>` where `E: From<larder::Error>`, or write `on_unavailable = skip`"
)]
pub trait LeaderFailure: LeaderReturn {
    /// What a call returns when Redis cannot be asked.
    fn unavailable(error: Error) -> Self;
}

impl<R: LeaderReturn, E: From<Error>> LeaderFailure for Result<R, E> {
    fn unavailable(error: Error) -> Self {
        Err(E::from(error))
    }
}

/// A call of a leader function, under construction.
#[must_use = "a call does nothing until it is run"]
pub struct Lead<R> {
    key: String,
    terms: Terms,
    grace_on_err: bool,
    unavailable: Option<fn(Error) -> R>,
}

/// `#[leader]`: at most one runs.
pub const fn lead<R>(name: &'static str) -> Lead<R> {
    Lead { key: String::new(), terms: Terms::of(name), grace_on_err: false, unavailable: None }
}

/// Only what runs the body asks for [`LeaderReturn`], so that a wrong return type is one error.
impl<R> Lead<R> {
    /// `key = ..`
    pub fn key(mut self, key: Name) -> Self {
        self.key = key.fill(&mut std::iter::empty());
        self
    }

    /// `ttl = ..`
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.terms.ttl = ttl;
        self
    }

    /// `grace = ..`
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.terms.grace = grace;
        self
    }

    /// `renew = true`
    pub const fn renew(mut self) -> Self {
        self.terms.renew = true;
        self
    }

    /// `mode = wait(..)`
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.terms.wait = wait;
        self
    }

    /// `min_replicas = ..`
    pub const fn min_replicas(mut self, replicas: u32) -> Self {
        self.terms.min_replicas = replicas;
        self
    }

    /// `on_err = grace`
    pub const fn keep_on_err(mut self) -> Self {
        self.grace_on_err = true;
        self
    }

    /// `on_unavailable = run`
    pub const fn run_unavailable(mut self) -> Self {
        self.terms.alone_if_away = true;
        self
    }

    /// `on_unavailable = error`
    pub fn error(mut self) -> Self
    where
        R: LeaderFailure,
    {
        self.unavailable = Some(R::unavailable);
        self
    }

    /// Runs the body if this process leads; cancels it if the lease is lost.
    pub async fn run<F, B>(self, body: F) -> R
    where
        R: LeaderReturn,
        F: FnOnce() -> B,
        B: Future<Output = R>,
    {
        let keeps = self.keeps();
        let reign = match self.acquire().await {
            Ok(reign) => reign,
            Err(instead) => return instead,
        };
        let returned = {
            let lease = reign.lease();
            let ambient = Ambient { lease: Some(lease.clone()), ..Ambient::inherit() };
            Guarded { body: Some(Box::pin(ambient.scope(body()))), lease, lost: pin!(lease.lost()) }.await
        };
        finish(keeps, reign, returned).await
    }

    /// [`run`](Self::run) for a sync function: its body cannot be cancelled, and sees the loss through
    /// [`Lease::is_held`].
    pub fn run_blocking<F>(self, body: F) -> R
    where
        R: LeaderReturn,
        F: FnOnce() -> R,
    {
        let keeps = self.keeps();
        let reign = match block_on(self.acquire()) {
            Ok(reign) => reign,
            Err(instead) => return instead,
        };
        let ambient = Ambient { lease: Some(reign.lease().clone()), ..Ambient::inherit() };
        let returned = ambient.run(body);
        let returned = reign.lease().is_held().then_some(returned);
        block_on(finish(keeps, reign, returned))
    }

    const fn keeps(&self) -> Keep {
        if self.grace_on_err { Keep::Always(self.terms.grace) } else { Keep::OfSuccess(self.terms.grace) }
    }

    /// The lease, or what to return instead.
    async fn acquire(self) -> Result<Reign, R>
    where
        R: LeaderReturn,
    {
        let leases = Larder::current().leases().clone();
        let name = self.terms.label;
        if let Err(error) = check(&self.key, self.terms.ttl) {
            log::warn(&format_args!("{name}: {error}"));
            return Err(self
                .unavailable
                .map_or_else(|| R::follower(String::new(), Duration::ZERO), |fail| fail(error)));
        }
        let mut attempt = leases.acquire(&self.key, self.terms, false).await;
        // The wait is over, and nobody said who leads.
        if self.terms.alone_if_away && attempt.is_err() {
            let terms = Terms { wait: Duration::ZERO, ..self.terms };
            attempt = leases.acquire(&self.key, terms, true).await;
        }
        match attempt {
            Ok(Attempt::Held(lease)) => Ok(Reign::over(lease)),
            Ok(Attempt::Taken { holder, remaining }) => Err(R::follower(holder, remaining)),
            Err(refusal) => Err(away(name, &refusal, self.unavailable)),
        }
    }
}

fn away<R: LeaderReturn>(name: &str, refusal: &Refusal, fail: Option<fn(Error) -> R>) -> R {
    let text = format!("{name}: the lease could not be asked for: {refusal}");
    log::warn(&format_args!("{text}"));
    fail.map_or_else(
        || R::follower(String::new(), Duration::ZERO),
        |fail| fail(Error::new(ErrorKind::Unavailable, text)),
    )
}

/// For how long the lease stays when the body has returned.
#[derive(Clone, Copy)]
enum Keep {
    /// Unless it failed.
    OfSuccess(Duration),
    /// Whatever it returned.
    Always(Duration),
}

/// Ends the lease as the outcome demands; the result is returned whatever becomes of that.
async fn finish<R: LeaderReturn>(keeps: Keep, reign: Reign, returned: Option<R>) -> R {
    let Some(returned) = returned else {
        return R::lost();
    };
    let grace = match keeps {
        Keep::OfSuccess(_) if returned.is_failure() => Duration::ZERO,
        Keep::OfSuccess(grace) | Keep::Always(grace) => grace,
    };
    let _ = reign.finish(grace).await;
    returned
}

/// A body that is dropped as soon as its lease is over.
struct Guarded<'a, B, L> {
    body: Option<Pin<Box<B>>>,
    lease: &'a Lease,
    lost: Pin<&'a mut L>,
}

impl<B: Future, L: Future<Output = ()>> Future for Guarded<'_, B, L> {
    type Output = Option<B::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<B::Output>> {
        let this = &mut *self;
        if !this.lease.is_held() || this.lost.as_mut().poll(cx).is_ready() {
            this.body = None;
            return Poll::Ready(None);
        }
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        match body.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(returned) => {
                this.body = None;
                Poll::Ready(this.lease.is_held().then_some(returned))
            }
        }
    }
}
