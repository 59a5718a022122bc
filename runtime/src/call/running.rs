//! A miss under way: all of it that is compiled once for each function.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::engine::poll;
use super::{Judge, Miss};
use crate::value::Shape;

/// A miss under way: it asks those who may have the value, and runs the body where nobody has. It owns nothing: the
/// expansion keeps the body, and drops it before what it stands for is given up. Its constructor costs no function.
#[must_use = "a future does nothing until it is awaited"]
pub struct Running<'a, S: Shape, J, B>(pub &'a mut Miss<S, J>, pub Pin<&'a mut B>);

impl<S: Shape, J: Judge<S::Value>, B: Future<Output = S::Return>> Future for Running<'_, S, J, B> {
    type Output = S::Return;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Return> {
        let Self(miss, body) = self.get_mut();
        poll::<S>(&mut *miss.engine, &mut miss.returned, body.as_mut(), &mut miss.judge, cx)
    }
}

impl<S: Shape, J, B> fmt::Debug for Running<'_, S, J, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
