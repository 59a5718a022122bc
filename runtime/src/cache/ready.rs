//! A sync body as a future: one way for both.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that runs a closure when it is polled.
pub(crate) struct Ready<B, R>(Option<B>, PhantomData<fn() -> R>);

impl<B: FnOnce() -> R, R> Ready<B, R> {
    pub(crate) const fn new(body: B) -> Self {
        Self(Some(body), PhantomData)
    }
}

impl<B, R> Unpin for Ready<B, R> {}

impl<B: FnOnce() -> R, R> Future for Ready<B, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        self.0.take().map_or(Poll::Pending, |body| Poll::Ready(body()))
    }
}
