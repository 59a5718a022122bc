//! The steps of a miss around a body, which stands beside them: what is generic over the body is one poll.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::{Judge, Tags};
use crate::ambient::Ambient;
use crate::blocking::block_on;
use crate::cache::{Answer, Computed, Step, Steps};
use crate::value::Shape;

/// A miss that asks, lets a body run, and settles what it returned.
pub(super) struct Engine<S: Shape> {
    pub(super) tags: Tags<S::Value>,
    pub(super) ttl: Option<Duration>,
    stage: Stage<S::Value>,
    returned: Option<S::Return>,
}

enum Stage<V> {
    Idle(Box<dyn Steps<V>>),
    Asking(Step<(Box<dyn Steps<V>>, Answer<V>)>),
    Running(Box<dyn Steps<V>>, Arc<Ambient>),
    Settling(Step<()>),
    Over,
}

impl<S: Shape> Engine<S> {
    pub(super) fn new(steps: Box<dyn Steps<S::Value>>) -> Self {
        Self { tags: Tags::new(), ttl: None, stage: Stage::Idle(steps), returned: None }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Pin<&mut (dyn Future<Output = S::Return> + '_)>,
        judge: &mut dyn Judge<S::Value>,
    ) -> Poll<S::Return> {
        if let Some(value) = ready!(self.poll_ask(cx)) {
            return Poll::Ready(value);
        }
        if let Stage::Running(_, inside) = &self.stage {
            let returned = ready!(inside.during(|| body.as_mut().poll(cx)));
            self.settle(returned, judge);
        }
        self.poll_settled(cx)
    }

    /// What others had; `None` once it is known that the body is to run.
    fn poll_ask(&mut self, cx: &mut Context<'_>) -> Poll<Option<S::Return>> {
        if matches!(self.stage, Stage::Idle(_))
            && let Stage::Idle(steps) = self.turn(Stage::Over)
        {
            self.stage = Stage::Asking(steps.answer(self.tags.known()));
        }
        let Stage::Asking(step) = &mut self.stage else {
            return Poll::Ready(None);
        };
        let (steps, answer) = ready!(step.as_mut().poll(cx));
        Poll::Ready(match answer {
            Answer::Value(value) => {
                self.stage = Stage::Over;
                Some(S::restore(value))
            }
            Answer::Run(inside) => {
                self.stage = Stage::Running(steps, Arc::new(inside));
                None
            }
        })
    }

    fn settle(&mut self, returned: S::Return, judge: &mut dyn Judge<S::Value>) {
        if let Stage::Running(steps, _) = self.turn(Stage::Over) {
            let (tags, ttl) = (std::mem::replace(&mut self.tags, Tags::new()), self.ttl);
            let cached = steps.is_cached();
            let computed = S::value(&returned).map(|value| {
                let wanted = cached && judge.wants(value);
                Computed { value, tags, ttl, wanted }
            });
            self.stage = Stage::Settling(steps.settle(computed));
        }
        self.returned = Some(returned);
    }

    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<S::Return> {
        if let Stage::Settling(step) = &mut self.stage {
            ready!(step.as_mut().poll(cx));
            self.stage = Stage::Over;
        }
        self.returned.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// A value to serve while it is computed anew, and whether this call has that to do.
    pub(super) fn renewal(&mut self) -> Option<(S::Return, bool)> {
        let Stage::Idle(steps) = &mut self.stage else { return None };
        steps.renewal().map(|(value, renews)| (S::restore(value), renews))
    }

    /// The function is sync: it must return, also when only its entry was to be told.
    pub(super) fn cannot_wait(&mut self) {
        if let Stage::Idle(steps) = &mut self.stage {
            steps.cannot_wait();
        }
    }

    /// What others had, or that inside which the body is to run.
    pub(super) fn ask_blocking(&mut self) -> Result<S::Return, Arc<Ambient>> {
        let found = block_on(std::future::poll_fn(|cx| self.poll_ask(cx)));
        found.ok_or_else(|| match &self.stage {
            Stage::Running(_, inside) => Arc::clone(inside),
            _ => Arc::default(),
        })
    }

    pub(super) fn settle_blocking(&mut self, returned: S::Return, judge: &mut dyn Judge<S::Value>) -> S::Return {
        self.settle(returned, judge);
        block_on(std::future::poll_fn(|cx| self.poll_settled(cx)))
    }

    fn turn(&mut self, next: Stage<S::Value>) -> Stage<S::Value> {
        std::mem::replace(&mut self.stage, next)
    }
}

/// A miss under way. The body is dropped before what it stands for is given up.
#[must_use = "a future does nothing until it is awaited"]
pub struct Running<S: Shape, J, B> {
    pub(super) body: Pin<Box<B>>,
    pub(super) judge: J,
    pub(super) engine: Box<Engine<S>>,
}

/// Nothing in it is pinned in place.
impl<S: Shape, J, B> Unpin for Running<S, J, B> {}

impl<S: Shape, J: Judge<S::Value>, B: Future<Output = S::Return>> Future for Running<S, J, B> {
    type Output = S::Return;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Return> {
        let Self { body, judge, engine } = &mut *self;
        engine.poll(cx, body.as_mut(), judge)
    }
}

impl<S: Shape, J, B> fmt::Debug for Running<S, J, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
