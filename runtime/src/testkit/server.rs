//! The server that a stand-in is: it answers, refuses, or leaves requests lying.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::Hand;
use super::clock::{Follower, lock};
use super::link::Link;
use super::store::Store;
use crate::clock::Moment;

/// What becomes of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Failing { since: Moment },
    Hanging,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Sent<T> {
    Answered(T),
    Refused,
    /// It lies there, and is carried out if the server recovers.
    Lies(oneshot::Receiver<T>),
}

/// One server, shared by all links to it.
pub(super) struct Server {
    inner: Mutex<Inner>,
    /// How many requests were left lying since it began to hang.
    lying: watch::Sender<usize>,
}

struct Inner {
    mood: Mood,
    store: Store,
    queue: Vec<Request>,
    links: Vec<Weak<Link>>,
}

type Request = Box<dyn FnOnce(&mut Store) + Send>;

impl Server {
    /// A server that is well, on this clock.
    pub(super) fn new(hand: &Arc<Hand>, settle: Duration) -> Arc<Self> {
        let store = Store::new(Arc::clone(hand), settle);
        let inner = Inner { mood: Mood::Well, store, queue: Vec::new(), links: Vec::new() };
        let server = Arc::new(Self { inner: Mutex::new(inner), lying: watch::Sender::new(0) });
        let follower: Arc<dyn Follower> = Arc::clone(&server) as _;
        hand.lead(Arc::downgrade(&follower));
        server
    }

    /// Begins a link, and brings it up if the server is well.
    pub(super) fn connect(&self, link: &Arc<Link>) {
        lock(&self.inner).links.push(Arc::downgrade(link));
        self.examine(link, true);
    }

    /// Carries a request out, or does not: as the mood is.
    pub(super) fn send<T: Send + 'static>(&self, request: impl FnOnce(&mut Store) -> T + Send + 'static) -> Sent<T> {
        let mut inner = lock(&self.inner);
        match inner.mood {
            Mood::Well => Sent::Answered(request(&mut inner.store)),
            Mood::Failing { .. } => Sent::Refused,
            Mood::Hanging => {
                let (answer, lies) = oneshot::channel();
                inner.queue.push(Box::new(move |store| {
                    let _ = answer.send(request(store));
                }));
                self.lying.send_modify(|count| *count += 1);
                Sent::Lies(lies)
            }
        }
    }

    pub(super) fn fail(&self, since: Moment) {
        let mut inner = lock(&self.inner);
        if !matches!(inner.mood, Mood::Failing { .. }) {
            inner.mood = Mood::Failing { since };
        }
        inner.queue.clear();
    }

    pub(super) fn hang(&self) {
        let mut inner = lock(&self.inner);
        if inner.mood != Mood::Hanging {
            inner.mood = Mood::Hanging;
            self.lying.send_replace(0);
        }
    }

    pub(super) fn forget(&self) {
        lock(&self.inner).store.forget();
    }

    /// Carries out what lies there, and has every link look at once.
    pub(super) fn recover(&self) {
        {
            let mut inner = lock(&self.inner);
            inner.mood = Mood::Well;
            for request in std::mem::take(&mut inner.queue) {
                request(&mut inner.store);
            }
        }
        self.links().iter().for_each(|link| self.examine(link, true));
    }

    /// Waits until this many requests were left lying since the server began to hang.
    pub(super) async fn lying(&self, count: usize) {
        let _ = self.lying.subscribe().wait_for(|lying| *lying >= count).await;
    }

    fn links(&self) -> Vec<Arc<Link>> {
        let mut inner = lock(&self.inner);
        inner.links.retain(|link| link.strong_count() > 0);
        inner.links.iter().filter_map(Weak::upgrade).collect()
    }

    fn examine(&self, link: &Link, at_once: bool) {
        let mut inner = lock(&self.inner);
        let mood = inner.mood;
        link.examine(mood, &mut inner.store, at_once);
    }
}

impl Follower for Server {
    fn follow(&self) {
        self.links().iter().for_each(|link| self.examine(link, false));
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("mood", &lock(&self.inner).mood).finish_non_exhaustive()
    }
}
