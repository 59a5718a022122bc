//! What memory says to a call: the whole way of a hit.

use std::sync::Arc;

use super::revisions::Revision as RevisionMap;
use super::{Entry, Function, Instantiation, Kind, Site, Store, Verdict, slots};
use crate::ambient::{Ambient, Mode};
use crate::call::Revision;
use crate::clock::Moment;
use crate::instance::Larder;
use crate::key::Key;
use crate::value::Storable;

/// A call as it arrives.
#[derive(Debug)]
pub(crate) struct Request {
    site: &'static Site,
    key: Key,
    revision: Revision,
    wanted: bool,
}

impl Request {
    #[inline]
    pub(crate) fn new(site: &'static Site, key: Key, revision: Revision, when: bool) -> Self {
        let wanted = when && key.is_usable();
        Self { site, key, revision, wanted }
    }
}

/// What memory says to a call.
pub(crate) enum Look<V> {
    /// Here it is.
    Hit(V),
    /// It must be run, or at least asked for.
    Miss(Run<V>),
}

/// A call that memory could not answer.
pub(crate) struct Run<V> {
    pub(super) larder: Larder,
    pub(super) ambient: Ambient,
    pub(super) function: Arc<Function<V>>,
    /// Where a revision cache stores: captured before anything is computed.
    pub(super) captured: Option<Arc<RevisionMap<V>>>,
    pub(super) key: Box<[u8]>,
    pub(super) revision: Revision,
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
pub(crate) fn look<V: Storable>(request: Request, instantiation: Instantiation) -> Look<V> {
    match Ambient::current() {
        None => look_in(Larder::installed(), None, request, instantiation),
        Some(ambient) => {
            let larder = ambient.larder.as_ref().unwrap_or_else(|| Larder::installed());
            look_in(larder, Some(&ambient), request, instantiation)
        }
    }
}

#[inline]
fn look_in<V: Storable>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: Request,
    instantiation: Instantiation,
) -> Look<V> {
    let mode = ambient.map_or(Mode::Normal, |ambient| ambient.mode);
    let plan = slots::with::<V, _>(larder, request.site, instantiation, |function| {
        let core = &function.core;
        if !request.wanted || !core.enabled || mode == Mode::Bypass {
            return Err(Plan::Uncached);
        }
        if mode == Mode::Refresh {
            return Err(Plan::Refresh);
        }
        let judged = |entry: &Arc<Entry<V>>| {
            let tracked_until = larder.tracked_until();
            let ageless = entry.deadline == Moment::NEVER && tracked_until == Moment::NEVER;
            let now = if ageless { Moment::START } else { larder.now() };
            match entry.judge(core.coherence, now, tracked_until, larder.tracking_lease()) {
                Verdict::Fresh => {
                    core.counters.hits_memory.up();
                    if let Some(frame) = ambient.and_then(|ambient| ambient.frame.as_ref()) {
                        frame.depends(&entry.stamp, larder.known_at(entry.born), entry.deadline);
                    }
                    Ok(entry.value.clone())
                }
                Verdict::Unconfirmed => Err(Plan::Confirm(Arc::clone(entry))),
                Verdict::Gone => Err(Plan::Cached),
            }
        };
        let found = match (request.site.kind(), core.store) {
            (Kind::Revision, _) => function
                .revisions
                .peek(request.revision.as_bytes(), |map| map.get(request.key.as_bytes(), judged))
                .flatten(),
            (Kind::Ttl, Store::Redis) => None,
            (Kind::Ttl, _) => function.memory.get(request.key.as_bytes()).map(|entry| judged(&entry)),
        };
        found.unwrap_or(Err(Plan::Cached))
    });
    match plan {
        Ok(value) => Look::Hit(value),
        Err(plan) => Look::Miss(prepare(larder, ambient, request, instantiation, plan)),
    }
}

#[cold]
fn prepare<V: Storable>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: Request,
    instantiation: Instantiation,
    plan: Plan<V>,
) -> Run<V> {
    let function = larder.function::<V>(request.site, instantiation);
    let captured =
        (request.site.kind() == Kind::Revision).then(|| function.revisions.capture(request.revision.as_bytes()));
    let ambient = ambient.map(|ambient| Ambient::clone(ambient)).unwrap_or_default();
    let key = request.key.as_bytes().into();
    Run { larder: larder.clone(), ambient, function, captured, key, revision: request.revision, plan }
}
