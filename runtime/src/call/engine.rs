//! The steps of a miss around a body, which stands beside them: what is generic over the body is one poll.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::{Judge, Tags};
use crate::ambient::Ambient;
use crate::blocking::block_on;
use crate::cache::{Answer, Computed, Entry, Hands, Run, Step};
use crate::value::Shape;

/// A miss that asks, lets a body run, and settles what it returned.
pub(super) struct Engine<S: Shape> {
    pub(super) tags: Tags<S::Value>,
    pub(super) ttl: Option<Duration>,
    hands: Hands<S::Value>,
    stage: Stage,
    returned: Option<S::Return>,
}

enum Stage {
    Idle(Box<Run>),
    Asking(Step<(Box<Run>, Answer)>),
    Running(Box<Run>, Arc<Ambient>),
    Settling(Step<()>),
    Over,
}

impl<S: Shape> Engine<S> {
    pub(super) fn new(run: Box<Run>, hands: Hands<S::Value>) -> Self {
        Self { tags: Tags::new(), ttl: None, hands, stage: Stage::Idle(run), returned: None }
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
        let Some((mut run, entry)) = ready!(self.stage.poll_ask(cx, self.tags.known())) else {
            return Poll::Ready(None);
        };
        let value = (self.hands.take)(entry);
        if value.is_none() {
            let inside = Arc::new(run.begin());
            self.stage = Stage::Running(run, inside);
        }
        Poll::Ready(value.map(S::restore))
    }

    fn settle(&mut self, returned: S::Return, judge: &mut dyn Judge<S::Value>) {
        if let Stage::Running(run, _) = self.stage.turn() {
            let ttl = self.ttl;
            let value = S::value(&returned).filter(|_| run.is_cached());
            let computed = value.map(|value| {
                let wanted = judge.wants(value);
                Computed { names: self.tags.of(value), value: (self.hands.put)(value), ttl, wanted }
            });
            self.stage = Stage::Settling(run.settle(computed));
        }
        self.returned = Some(returned);
    }

    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<S::Return> {
        ready!(self.stage.poll_settled(cx));
        self.returned.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// A value to serve while it is computed anew, and whether this call has that to do.
    pub(super) fn renewal(&mut self) -> Option<(S::Return, bool)> {
        let Stage::Idle(run) = &mut self.stage else { return None };
        let (entry, renews) = run.renewal()?;
        Some((S::restore((self.hands.take)(entry)?), renews))
    }

    /// The function is sync: it must return, also when only its entry was to be told.
    pub(super) fn cannot_wait(&mut self) {
        if let Stage::Idle(run) = &mut self.stage {
            run.cannot_wait();
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
}

impl Stage {
    /// The entry that others had; `None` once it is known that the body is to run.
    fn poll_ask(&mut self, cx: &mut Context<'_>, names: &mut Vec<String>) -> Poll<Option<(Box<Run>, Arc<Entry>)>> {
        if matches!(self, Self::Idle(_))
            && let Self::Idle(run) = self.turn()
        {
            *self = Self::Asking(run.answer(std::mem::take(names)));
        }
        let Self::Asking(step) = self else {
            return Poll::Ready(None);
        };
        let (run, answer) = ready!(step.as_mut().poll(cx));
        Poll::Ready(match answer {
            Answer::Value(entry) => {
                *self = Self::Over;
                Some((run, entry))
            }
            Answer::Run(inside) => {
                *self = Self::Running(run, Arc::new(inside));
                None
            }
        })
    }

    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::Settling(step) = self {
            ready!(step.as_mut().poll(cx));
            *self = Self::Over;
        }
        Poll::Ready(())
    }

    fn turn(&mut self) -> Self {
        std::mem::replace(self, Self::Over)
    }
}

pin_project! {
    /// A miss under way. The body is dropped before what it stands for is given up.
    #[must_use = "a future does nothing until it is awaited"]
    pub struct Running<S: Shape, J, B> {
        #[pin]
        pub(super) body: B,
        pub(super) judge: J,
        pub(super) engine: Box<Engine<S>>,
    }
}

impl<S: Shape, J: Judge<S::Value>, B: Future<Output = S::Return>> Future for Running<S, J, B> {
    type Output = S::Return;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Return> {
        let this = self.project();
        this.engine.poll(cx, this.body, this.judge)
    }
}

impl<S: Shape, J, B> fmt::Debug for Running<S, J, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
