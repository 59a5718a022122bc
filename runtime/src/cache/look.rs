//! What memory says to a call: the whole way of a hit.

use std::cell::Cell;
use std::sync::Arc;

use super::revisions::{Revision, find};
use super::slots::Seen;
use super::{Entry, Function, Instantiation, Kept, Kind, Site, Store, Verdict, slots};
use crate::ambient::{Ambient, Mode};
use crate::clock::Moment;
use crate::instance::Larder;
use crate::key::Key;
use crate::value::Storable;

/// A call as it arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) site: &'static Site,
    pub(crate) key: &'a Key,
    /// Empty for a function that depends on none.
    pub(crate) revision: &'a [u8],
    pub(crate) wanted: bool,
    pub(crate) instantiation: Instantiation,
}

/// What memory says to a call.
pub(crate) enum Look<V> {
    /// Here it is.
    Hit(V),
    /// It must be run, or at least asked for.
    Miss(Box<Run<V>>),
}

/// A call that memory could not answer.
pub(crate) struct Run<V> {
    pub(super) larder: Larder,
    pub(super) ambient: Ambient,
    pub(super) function: Arc<Function<V>>,
    /// Where a revision cache stores: captured before anything is computed.
    pub(super) captured: Option<Arc<Revision<V>>>,
    pub(super) key: Box<[u8]>,
    pub(super) revision: Box<[u8]>,
    pub(super) plan: Plan<V>,
}

/// What is left to do.
pub(super) enum Plan<V> {
    /// Run the body; read and store nothing.
    Uncached,
    /// Join, read, run, store.
    Cached,
    /// Serve this if its epochs are still the present ones.
    Confirm(Arc<Entry<V>>),
    /// Run the body and store.
    Refresh,
}

/// Looks into memory.
#[inline]
pub(crate) fn look<V: Storable>(request: &Request<'_>) -> Look<V> {
    match Ambient::current() {
        None => look_in(Larder::installed(), None, request),
        Some(ambient) => {
            let larder = ambient.larder.as_ref().unwrap_or_else(|| Larder::installed());
            look_in(larder, Some(&ambient), request)
        }
    }
}

#[inline]
fn look_in<V: Storable>(larder: &Larder, ambient: Option<&Arc<Ambient>>, request: &Request<'_>) -> Look<V> {
    let mode = ambient.map_or(Mode::Normal, |ambient| ambient.mode);
    // What is left to do lies beside the answer, so that a hit passes on the value alone.
    let plan = Cell::new(None);
    let hit = slots::with::<V, _>(larder, request.site, request.instantiation, |seen| {
        let core = &seen.function.core;
        if !request.wanted || !core.enabled || mode != Mode::Normal {
            let run = request.wanted && core.enabled && mode == Mode::Refresh;
            plan.set(Some(if run { Plan::Refresh } else { Plan::Uncached }));
            return None;
        }
        let key = request.key.as_bytes();
        match (request.site.kind(), core.store) {
            (Kind::Revision, _) => seen.revisions(|maps| {
                let map = find(maps, request.revision)?;
                map.get(key, &core.cells, |kept| {
                    may_serve(larder, ambient, &seen, kept, &plan).then(|| kept.value.clone())
                })?
            }),
            (Kind::Ttl, Store::Redis) => None,
            (Kind::Ttl, _) => {
                // What is found is a copy already: it is handed on as it is.
                let kept = seen.function.memory.get(key)?;
                may_serve(larder, ambient, &seen, &kept, &plan).then_some(kept.value)
            }
        }
    });
    match hit {
        Some(value) => Look::Hit(value),
        None => Look::Miss(prepare(larder, ambient, request, plan.take().unwrap_or(Plan::Cached))),
    }
}

/// Whether a value may be served to this call; if so, it is counted and made known to the body that calls.
#[inline]
fn may_serve<V: Storable>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    seen: &Seen<'_, V>,
    kept: &Kept<V>,
    plan: &Cell<Option<Plan<V>>>,
) -> bool {
    let core = &seen.function.core;
    match kept.judge(&core.cells, core.coherence, larder.times(kept.deadline == Moment::NEVER)) {
        Verdict::Fresh => {
            seen.hit();
            if let Some(frame) = ambient.and_then(|ambient| ambient.frame.as_ref()) {
                frame.depends(&kept.stamp(&core.cells), larder.known_at(kept.born), kept.deadline);
            }
            true
        }
        Verdict::Unconfirmed => {
            plan.set(Some(Plan::Confirm(Arc::new(kept.entry(&core.cells)))));
            false
        }
        Verdict::Gone => false,
    }
}

#[cold]
fn prepare<V: Storable>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: &Request<'_>,
    plan: Plan<V>,
) -> Box<Run<V>> {
    let function = larder.function::<V>(request.site, request.instantiation);
    let captured = (request.site.kind() == Kind::Revision).then(|| function.revisions.capture(request.revision));
    let ambient = ambient.map(|ambient| Ambient::clone(ambient)).unwrap_or_default();
    let (key, revision) = (request.key.as_bytes().into(), request.revision.into());
    Box::new(Run { larder: larder.clone(), ambient, function, captured, key, revision, plan })
}
