//! What memory keeps of one function: for a hit, which knows the type of the values, and for all else, which does not.

use std::any::Any;
use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Lifecycle, UnitWeighter};

use super::{AnyValue, Core, Entry, Kept, Own, Request, Site, Store};
use crate::key::{Form, StoredKey};
use crate::value::Storable;

/// The map of a revision, captured before anything is computed.
pub(crate) type Captured = Arc<AnyValue>;

/// What memory let go of: to be dropped where no lock is held, for its `drop` is a user's.
pub(crate) type Gone = Kept<Box<AnyValue>>;

/// Values whose type is not known here: what is no hit is compiled once, and not for every type.
pub(crate) trait Values: Any + Send + Sync {
    /// A copy of a value of their type, made by a user's code.
    fn copy(&self, value: &AnyValue) -> Option<Box<AnyValue>>;

    /// The map of a revision, made where there is none yet; `None`: there is one map for all.
    fn capture(&self, revision: &[u8]) -> Option<Captured>;

    /// What lies under a key.
    fn found(&self, captured: Option<&Captured>, key: &Form, own: &Own) -> Option<Entry>;

    /// Puts a value under a key; what had to go for it.
    fn insert(&self, captured: Option<&Captured>, key: &Form, kept: Kept<Box<AnyValue>>) -> Vec<Gone>;

    /// Takes out what lies under a key of the map for all.
    fn take(&self, key: &StoredKey) -> Option<Gone>;

    /// Takes out what has a mark; `key`: where that lies in the map for all.
    fn end_one(&self, mark: u64, key: Option<&StoredKey>) -> Vec<Gone>;

    fn entries(&self) -> u64;
    fn clear(&self);
}

/// Values as a hit looks at them.
pub(crate) trait Shelf: Values + Sized {
    type Value: Storable;

    /// What a thread keeps, to look at them faster.
    type View: 'static;

    fn new(site: &Site, capacity: usize) -> Self;
    fn view(&self) -> Self::View;

    /// The value of a call, if there is one and `may_serve` allows it.
    fn look(
        &self,
        view: &Self::View,
        core: &Core,
        request: &Request<'_>,
        may_serve: impl Fn(&Kept<Self::Value>) -> bool,
    ) -> Option<Self::Value>;
}

/// One map: bounded by entries, looked up by borrowed bytes.
pub(crate) type Memory<V> = Cache<StoredKey, Kept<V>, UnitWeighter, RandomState>;

pub(crate) fn memory<V: Clone>(capacity: usize) -> Memory<V> {
    Cache::with(capacity, capacity as u64, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
}

/// Puts a value under a key; what had to go for it.
pub(crate) fn insert<V: Storable>(memory: &Memory<V>, key: &Form, kept: Kept<V>) -> Vec<Gone> {
    let mut replaced = <DefaultLifecycle<_, _> as Lifecycle<_, _>>::RequestState::default();
    memory.insert_with_lifecycle(key.to_stored(), kept, &mut replaced);
    replaced.into_iter().flatten().map(|(_, kept)| kept.boxed()).collect()
}

/// The value under a key, if there is one and `may_serve` allows it. What is found is a copy already: it is handed on as
/// it is, and moved only once.
#[inline]
pub(crate) fn served<V: Storable>(memory: &Memory<V>, key: &Form, may_serve: impl Fn(&Kept<V>) -> bool) -> Option<V> {
    memory.get(key).take_if(|kept| may_serve(kept)).map(|kept| kept.value)
}

/// A copy of a value, where it is of this type.
pub(crate) fn copy<V: Storable>(value: &AnyValue) -> Option<Box<AnyValue>> {
    value.downcast_ref::<V>().map(|value| Box::new(value.clone()) as _)
}

impl<V: Storable> Values for Memory<V> {
    fn copy(&self, value: &AnyValue) -> Option<Box<AnyValue>> {
        copy::<V>(value)
    }

    fn capture(&self, _: &[u8]) -> Option<Captured> {
        None
    }

    fn found(&self, _: Option<&Captured>, key: &Form, own: &Own) -> Option<Entry> {
        self.get(key).map(|kept| kept.facts.entry(Box::new(kept.value), own))
    }

    fn insert(&self, _: Option<&Captured>, key: &Form, kept: Kept<Box<AnyValue>>) -> Vec<Gone> {
        kept.typed().map_or_else(Vec::new, |kept| insert(self, key, kept))
    }

    fn take(&self, key: &StoredKey) -> Option<Gone> {
        self.remove(key).map(|(_, kept)| kept.boxed())
    }

    fn end_one(&self, _: u64, key: Option<&StoredKey>) -> Vec<Gone> {
        key.and_then(|key| self.take(key)).into_iter().collect()
    }

    fn entries(&self) -> u64 {
        self.len() as u64
    }

    fn clear(&self) {
        Self::clear(self);
    }
}

impl<V: Storable> Shelf for Memory<V> {
    type Value = V;
    type View = ();

    fn new(_: &Site, capacity: usize) -> Self {
        memory(capacity)
    }

    fn view(&self) {}

    #[inline]
    fn look(&self, (): &(), core: &Core, request: &Request<'_>, may_serve: impl Fn(&Kept<V>) -> bool) -> Option<V> {
        if core.store == Store::Redis {
            return None;
        }
        served(self, request.key, may_serve)
    }
}
