//! The steps of a miss around a body, which stands beside them: nothing here is generic over the body.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::{Judge, Name, Tags, Texts};
use crate::ambient::Ambient;
use crate::blocking::block_on;
use crate::cache::{Answer, Computed, Entry, Hands, Run, Step};
use crate::log::Span;
use crate::value::Shape;

/// A miss that asks, lets a body run, and settles what it returned. What calls it sees no more of it than this, so that
/// no function of a user's describes to a debugger what a miss consists of.
pub(super) trait Engine<V>: Send {
    fn add(&mut self, name: Name);
    fn fill_with(&mut self, texts: Texts<V>);
    fn live(&mut self, ttl: Duration);
    fn rarely(&mut self, rare: Rare<V>);

    /// What others had; `None` once it is known that the body is to run.
    fn poll_ask(&mut self, cx: &mut Context<'_>) -> Poll<Option<V>>;

    /// That inside which the body is to run now.
    fn inside(&self) -> Option<&Inside>;

    /// The body returned this; `None`: it failed.
    fn settle(&mut self, value: Option<&V>, judge: &mut dyn Judge<V>);

    /// Another value to serve than what the body returned, where there is one.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<Option<V>>;

    /// A value to serve while it is computed anew, and whether this call has that to do.
    fn renewal(&mut self) -> Option<(V, bool)>;

    /// The function is sync: it must return, also when only its entry was to be told.
    fn cannot_wait(&mut self);
}

/// What is in force while a body runs.
#[derive(Clone, Default)]
pub(super) struct Inside {
    ambient: Arc<Ambient>,
    span: Span,
}

impl Inside {
    fn of(run: &Run, ambient: Ambient) -> Self {
        Self { ambient: Arc::new(ambient), span: run.span().clone() }
    }

    fn during<R>(&self, step: impl FnOnce() -> R) -> R {
        self.span.during(|| self.ambient.during(step))
    }
}

/// Values that have a life of their own.
pub(super) struct Rare<V> {
    pub(super) is: fn(&V) -> bool,
    pub(super) ttl: Duration,
    pub(super) failed: bool,
}

/// The engine of one type of value.
pub(super) struct Stages<V> {
    tags: Tags<V>,
    ttl: Option<Duration>,
    rare: Vec<Rare<V>>,
    hands: Hands<V>,
    stage: Stage,
}

enum Stage {
    Idle(Box<Run>),
    Asking(Step<(Box<Run>, Answer)>),
    Running(Box<Run>, Inside),
    Settling(Step<Option<Arc<Entry>>>),
    Over,
}

impl<V> Stages<V> {
    pub(super) fn new(run: Box<Run>, hands: Hands<V>, rare: Option<Rare<V>>) -> Self {
        Self { tags: Tags::new(), ttl: None, rare: rare.into_iter().collect(), hands, stage: Stage::Idle(run) }
    }
}

impl<V> Engine<V> for Stages<V> {
    fn add(&mut self, name: Name) {
        self.tags.add(name);
    }

    fn fill_with(&mut self, texts: Texts<V>) {
        self.tags.fill_with(texts);
    }

    fn live(&mut self, ttl: Duration) {
        self.ttl = Some(ttl);
    }

    fn rarely(&mut self, rare: Rare<V>) {
        self.rare.push(rare);
    }

    fn poll_ask(&mut self, cx: &mut Context<'_>) -> Poll<Option<V>> {
        let Some((mut run, entry)) = ready!(self.stage.poll_ask(cx, self.tags.known())) else {
            return Poll::Ready(None);
        };
        let value = (self.hands.take)(entry);
        if value.is_none() {
            let ambient = run.begin();
            let inside = Inside::of(&run, ambient);
            self.stage = Stage::Running(run, inside);
        }
        Poll::Ready(value)
    }

    fn inside(&self) -> Option<&Inside> {
        if let Stage::Running(_, inside) = &self.stage { Some(inside) } else { None }
    }

    fn settle(&mut self, value: Option<&V>, judge: &mut dyn Judge<V>) {
        if let Stage::Running(run, _) = self.stage.turn() {
            let ttl = self.ttl;
            let computed = value.filter(|_| run.is_cached()).map(|value| {
                let wanted = judge.wants(value);
                let rare = self.rare.iter().find(|rare| (rare.is)(value));
                let (own_ttl, failed) = rare.map_or((None, false), |rare| (Some(rare.ttl), rare.failed));
                let (names, value) = (self.tags.of(value), (self.hands.put)(value));
                Computed { names, value, ttl, own_ttl, wanted, failed }
            });
            self.stage = Stage::Settling(run.settle(computed));
        }
    }

    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<Option<V>> {
        let Stage::Settling(step) = &mut self.stage else { return Poll::Ready(None) };
        let instead = ready!(step.as_mut().poll(cx));
        self.stage = Stage::Over;
        Poll::Ready(instead.and_then(self.hands.take))
    }

    fn renewal(&mut self) -> Option<(V, bool)> {
        let Stage::Idle(run) = &mut self.stage else { return None };
        let (entry, renews) = run.renewal(self.tags.known())?;
        Some(((self.hands.take)(entry)?, renews))
    }

    fn cannot_wait(&mut self) {
        if let Stage::Idle(run) = &mut self.stage {
            run.cannot_wait();
        }
    }
}

/// Goes on with a call; `returned` keeps what its body returned until it is settled.
pub(super) fn poll<S: Shape>(
    engine: &mut dyn Engine<S::Value>,
    returned: &mut Option<S::Return>,
    mut body: Pin<&mut (dyn Future<Output = S::Return> + '_)>,
    judge: &mut dyn Judge<S::Value>,
    cx: &mut Context<'_>,
) -> Poll<S::Return> {
    if let Some(value) = ready!(engine.poll_ask(cx)) {
        return Poll::Ready(S::restore(value));
    }
    if let Some(inside) = engine.inside() {
        let now = ready!(inside.during(|| body.as_mut().poll(cx)));
        engine.settle(S::value(&now), judge);
        *returned = Some(now);
    }
    let instead = ready!(engine.poll_settled(cx)).map(S::restore);
    instead.or_else(|| returned.take()).map_or(Poll::Pending, Poll::Ready)
}

/// The same for a sync function.
pub(super) fn run_blocking<S: Shape, B: FnOnce() -> S::Return>(
    engine: &mut dyn Engine<S::Value>,
    body: B,
    judge: &mut dyn Judge<S::Value>,
) -> S::Return {
    engine.cannot_wait();
    if let Some(value) = block_on(std::future::poll_fn(|cx| engine.poll_ask(cx))) {
        return S::restore(value);
    }
    let inside = engine.inside().cloned().unwrap_or_default();
    let returned = inside.during(body);
    engine.settle(S::value(&returned), judge);
    let instead = block_on(std::future::poll_fn(|cx| engine.poll_settled(cx)));
    instead.map_or(returned, S::restore)
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
                let inside = Inside::of(&run, inside);
                *self = Self::Running(run, inside);
                None
            }
        })
    }

    fn turn(&mut self) -> Self {
        std::mem::replace(self, Self::Over)
    }
}
