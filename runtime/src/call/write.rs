//! The call of `#[invalidates]`: run the body, then end what it changed.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::time::Duration;

use super::{Name, Tags};
use crate::blocking::block_on;
use crate::cache::Ready;
use crate::epoch::Fencing;
use crate::instance::{EntryOf, Larder};
use crate::log;
use crate::value::Outcome;

/// A call of a writing function, under construction.
#[must_use = "a call does nothing until it is run"]
pub struct Write<O: Outcome<R>, R> {
    always: bool,
    /// `phase = around`: how long the body may take.
    around: Option<Duration>,
    tags: Tags<O::Value>,
    entries: Vec<EntryOf>,
    late_entries: Vec<LateEntry<O::Value>>,
    outcome: PhantomData<fn() -> (O, R)>,
}

/// An entry that the result names.
type LateEntry<V> = Box<dyn FnOnce(&V) -> EntryOf + Send>;

/// `#[invalidates]`: ends entities and tags after a write.
#[inline]
pub fn invalidates<O: Outcome<R>, R>(_: O) -> Write<O, R> {
    Write {
        always: false,
        around: None,
        tags: Tags::new(),
        entries: Vec::new(),
        late_entries: Vec::new(),
        outcome: PhantomData,
    }
}

impl<O: Outcome<R>, R> Write<O, R> {
    /// Adds a name made of literals and parameters, and of holes that the result fills.
    pub fn tag(mut self, name: Name) -> Self {
        self.tags.add(name);
        self
    }

    /// Says what fills the holes of all names.
    pub fn late<F, const N: usize>(mut self, texts: F) -> Self
    where
        F: FnOnce(&O::Value) -> [String; N] + Send + 'static,
    {
        self.tags.fill_with(Box::new(|value| Some(Vec::from(texts(value)))));
        self
    }

    /// Adds the entry of a call.
    pub fn entry(mut self, entry: EntryOf) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds the entry of a call that the result completes.
    pub fn late_entry<F>(mut self, entry: F) -> Self
    where
        F: FnOnce(&O::Value) -> EntryOf + Send + 'static,
    {
        self.late_entries.push(Box::new(entry));
        self
    }

    /// `on = always`
    pub fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// `phase = around`, with its `max_txn`
    pub fn around(mut self, longest: Duration) -> Self {
        self.around = Some(longest);
        self
    }

    /// Runs the body, then ends what it changed.
    ///
    /// A call that is dropped while its body runs ends the names that are known by then: its write may have happened. A
    /// fence around it then stands until it runs out, as it does where the body panics: a commit may be on its way.
    pub async fn run<B: Future<Output = R>>(mut self, body: B) -> R {
        let (names, entries) = (mem::take(self.tags.known()), mem::take(&mut self.entries));
        let larder = Larder::current();
        let fence = match self.around {
            None => None,
            Some(longest) => Some((larder.fence(names.clone(), longest).await, longest)),
        };
        let owed = Owed { larder, names, entries };
        let begun = owed.larder.now();
        let returned = body.await;
        let fence = fence.map(|(fenced, longest)| {
            let took = owed.larder.now().since(begun);
            if took > longest {
                log::warn(&format_args!(
                    "a write with `phase = around` took {took:?}, and its fence stood for `max_txn`, {longest:?}: others \
                     may have stored what they read before it was committed; give it a longer `max_txn`"
                ));
            }
            fenced
        });
        let (mut names, mut entries) = owed.settle();
        match O::success(&returned) {
            Some(value) => {
                names.extend(self.tags.of(value));
                entries.extend(self.late_entries.into_iter().map(|entry| entry(value)));
            }
            None if self.always => {}
            None => {
                if let Some(fence) = fence {
                    fence.lower();
                }
                return returned;
            }
        }
        if !names.is_empty() || !entries.is_empty() {
            let fencing = fence.map_or(Fencing::None, |fenced| fenced.with_the_end());
            let _ = EntryOf::end(&Larder::current(), names, entries, fencing).await;
        }
        returned
    }

    /// [`run`](Self::run) for a sync function.
    pub fn run_blocking<B: FnOnce() -> R>(self, body: B) -> R {
        block_on(self.run(Ready::new(body)))
    }
}

impl<O: Outcome<R>, R> fmt::Debug for Write<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").field("names", &self.tags.len()).finish_non_exhaustive()
    }
}

/// What must be ended unless the body says that it failed.
struct Owed {
    larder: Larder,
    names: Vec<String>,
    entries: Vec<EntryOf>,
}

impl Owed {
    fn settle(mut self) -> (Vec<String>, Vec<EntryOf>) {
        (mem::take(&mut self.names), mem::take(&mut self.entries))
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let (names, entries) = (mem::take(&mut self.names), mem::take(&mut self.entries));
        let nothing = names.is_empty() && entries.is_empty();
        if !nothing && !std::thread::panicking() {
            drop(EntryOf::end(&self.larder, names, entries, Fencing::None));
        }
    }
}
