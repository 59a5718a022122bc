//! The call of `#[invalidates]`: run the body, then end what it changed.

use std::future::Future;
use std::marker::PhantomData;
use std::mem;

use super::{Job, Work};
use crate::blocking::block_on;
use crate::cache::Ready;
use crate::instance::Larder;
use crate::value::Outcome;

/// One writing function as its macro described it.
#[derive(Debug)]
pub struct WriteSite {
    always: bool,
}

impl WriteSite {
    /// A function.
    #[must_use]
    pub const fn new(_name: &'static str) -> Self {
        Self { always: false }
    }

    /// `on = always`
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.always = true;
        self
    }
}

/// A call of a writing function, before its body is known.
#[derive(Debug)]
#[must_use = "a call does nothing until it is run"]
pub struct Write<O> {
    site: &'static WriteSite,
    outcome: PhantomData<fn() -> O>,
}

/// `#[invalidates]`: ends entities and tags after a write.
#[inline]
pub fn invalidates<O>(site: &'static WriteSite, _: O) -> Write<O> {
    Write { site, outcome: PhantomData }
}

impl<O> Write<O> {
    /// Runs the body, then ends what it changed.
    ///
    /// A call that is dropped while its body runs ends the names that are known by then: its write may have happened.
    pub async fn run<R, F, B>(self, work: F) -> R
    where
        O: Outcome<R>,
        F: FnOnce(Work<O::Value>) -> Job<O::Value, B>,
        B: Future<Output = R>,
    {
        let Job { names, late, body } = work(Work::new());
        let owed = Owed { larder: Larder::current(), names };
        let returned = body.await;
        let mut names = owed.settle();
        match O::success(&returned) {
            Some(value) => names.extend(late.into_iter().map(|name| name(value))),
            None if self.site.always => {}
            None => return returned,
        }
        if !names.is_empty() {
            let _ = Larder::current().end(names).await;
        }
        returned
    }

    /// [`run`](Self::run) for a sync function.
    pub fn run_blocking<R, F, B>(self, work: F) -> R
    where
        O: Outcome<R>,
        F: FnOnce(Work<O::Value>) -> Job<O::Value, B>,
        B: FnOnce() -> R,
    {
        let Job { names, late, body } = work(Work::new());
        block_on(self.run(|_| Job { names, late, body: Ready::new(body) }))
    }
}

/// What must be ended unless the body says that it failed.
struct Owed {
    larder: Larder,
    names: Vec<String>,
}

impl Owed {
    fn settle(mut self) -> Vec<String> {
        mem::take(&mut self.names)
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if !self.names.is_empty() && !std::thread::panicking() {
            drop(self.larder.end(mem::take(&mut self.names)));
        }
    }
}
