//! What memory says to a call: the whole way of a hit.

use std::cell::Cell;
use std::sync::Arc;

use super::entry::inherited;
use super::judged::Started;
use super::run::Flight;
use super::slots::Seen;
use super::values::{Captured, Shelf};
use super::{Entry, Frame, Function, Instantiation, Kept, Kind, Site, Verdict, slots};
use crate::ambient::{Ambient, Mode};
use crate::clock::Moment;
use crate::epoch::{Cell as EpochCell, Epoch};
use crate::instance::Larder;
use crate::key::Form;
use crate::lease::Lease;
use crate::log::Span;
use crate::value::Codec;

/// A call as it arrives.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) site: &'static Site,
    pub(crate) key: &'a Form,
    /// Empty for a function that depends on none.
    pub(crate) revision: &'a [u8],
    pub(crate) wanted: bool,
    pub(crate) instantiation: Instantiation,
    pub(crate) codec: fn() -> Codec,
}

/// A call that memory could not answer.
pub(crate) struct Run {
    pub(super) larder: Larder,
    pub(super) ambient: Ambient,
    pub(super) function: Arc<Function>,
    /// Where a revision cache stores: captured before anything is computed.
    pub(super) captured: Option<Captured>,
    pub(super) key: Form,
    /// The same, as bytes.
    pub(super) form: Box<[u8]>,
    pub(super) revision: Box<[u8]>,
    pub(super) plan: Plan,
    pub(super) codec: Codec,
    pub(super) hash: [u8; 32],
    /// The name of this entry alone.
    pub(super) entry: Arc<EpochCell>,
    /// The table's counter when the call began.
    pub(super) began: u64,
    /// The epoch of any entry of the function when the call began.
    pub(super) any_entry: Epoch,
    /// What the call depends on before its body runs.
    pub(super) cells: Vec<Arc<EpochCell>>,
    /// The flight that it leads, if there is one.
    pub(super) flight: Option<Flight>,
    /// Its turn among all processes: let go when it is dropped.
    pub(super) turn: Option<Lease>,
    /// The body, while it runs.
    pub(super) started: Option<Started>,
    /// Around the body.
    pub(super) span: Span,
}

/// What is left to do.
pub(super) enum Plan {
    /// Run the body; read and store nothing.
    Uncached,
    /// Join, read, run, store.
    Cached,
    /// Serve this if its epochs are still the present ones.
    Confirm(Arc<Entry>),
    /// Read; run the body where nothing is found, and store nothing.
    Aside,
    /// Run the body and store.
    Refresh,
    /// Serve this, and compute it anew in the background.
    Renew(Arc<Entry>),
    /// As `Cached`; serve this if the body fails.
    Fallback(Arc<Entry>),
    /// Say which entry this is, and do nothing.
    Probe { cached: bool },
}

/// Looks into memory; what is left to do where it has no answer.
#[inline]
pub(crate) fn find<M: Shelf>(request: &Request<'_>) -> Result<M::Value, Box<Run>> {
    match Ambient::current() {
        None => look_in::<M>(Larder::installed(), None, request),
        Some(ambient) => {
            let larder = ambient.larder.as_ref().unwrap_or_else(|| Larder::installed());
            look_in::<M>(larder, Some(&ambient), request)
        }
    }
}

#[inline]
fn look_in<M: Shelf>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: &Request<'_>,
) -> Result<M::Value, Box<Run>> {
    let mode = ambient.map_or(Mode::Normal, |ambient| ambient.mode);
    // What is left to do lies beside the answer, so that a hit passes on the value alone.
    let (plan, any_entry) = (Cell::new(None), Cell::new(None));
    let hit = slots::with::<M, _>(larder, request.site, &request.instantiation, |seen| {
        let core = seen.core;
        if !request.wanted || !core.enabled || mode != Mode::Normal {
            plan.set(Some(uncommon(mode, ambient, request, core.enabled)));
            return None;
        }
        // Taken before memory is looked at: whoever ends an entry in between leaves the older epoch here. What is found is
        // confirmed by it, too.
        let before = core.any_entry.epoch();
        any_entry.set(Some(before));
        let within = ambient.and_then(|ambient| ambient.frame.as_ref()).map(|frame| (frame, before));
        seen.look(request, |kept| may_serve(larder, within, &seen, kept, &plan))
    });
    match hit {
        Some(value) => Ok(value),
        None => {
            let (function, _) = larder.function::<M>(request.site, request.instantiation);
            Err(prepare(larder, ambient, request, function, plan.take().unwrap_or(Plan::Cached), any_entry.get()))
        }
    }
}

/// What is left to do where memory is not to be looked at.
#[cold]
fn uncommon(mode: Mode, ambient: Option<&Arc<Ambient>>, request: &Request<'_>, enabled: bool) -> Plan {
    let held = ambient.and_then(|ambient| ambient.transaction.as_ref()).filter(|held| held.is_open());
    match mode {
        // Others may keep what this process does not.
        Mode::Probe => Plan::Probe { cached: request.wanted },
        _ if !(request.wanted && enabled) => Plan::Uncached,
        Mode::Held if held.is_none() => Plan::Cached,
        // No map is captured for it: a revision is not pushed out by what stores nothing.
        Mode::Held if request.site.kind() == Kind::Ttl => Plan::Aside,
        Mode::Refresh if held.is_none() => Plan::Refresh,
        _ => Plan::Uncached,
    }
}

/// Whether a value may be served to this call; if so, it is counted and made known to the body that calls.
#[inline]
fn may_serve<M: Shelf>(
    larder: &Larder,
    within: Option<(&Arc<Frame>, Epoch)>,
    seen: &Seen<'_, M>,
    kept: &Kept<M::Value>,
    plan: &Cell<Option<Plan>>,
) -> bool {
    let core = seen.core;
    let times = larder.times(kept.facts.deadline == Moment::NEVER);
    match kept.facts.judge(&core.cells, core.coherence, times) {
        Verdict::Fresh if times.now >= kept.facts.renew_at => {
            let entry = Arc::new(kept.entry(&core.cells));
            let is_served = times.now < kept.facts.served_until();
            plan.set(Some(if is_served { Plan::Renew(entry) } else { Plan::Fallback(entry) }));
            false
        }
        Verdict::Fresh => {
            seen.hit();
            if let Some((frame, any_entry)) = within {
                let deadline = inherited(times.now, kept.facts.served_until(), kept.facts.deadline);
                frame.depends(&kept.facts.stamp(&core.cells), larder.known_at(kept.facts.born), deadline);
                frame.depends_on_entry(&core.any_entry, any_entry);
                frame.served(kept.facts.made, kept.facts.deadline.before(core.tail()));
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
fn prepare(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: &Request<'_>,
    function: Arc<Function>,
    plan: Plan,
    any_entry: Option<Epoch>,
) -> Box<Run> {
    // A call that stores nothing pushes no revision out.
    let stores = !matches!(plan, Plan::Uncached | Plan::Aside | Plan::Probe { .. });
    let captured = if stores { function.values.capture(request.revision) } else { None };
    let core = &function.core;
    let ambient = ambient.map(|ambient| Ambient::clone(ambient)).unwrap_or_default();
    let form = request.key.to_bytes().into_boxed_slice();
    let revision: Box<[u8]> = request.revision.into();
    let key = Form::from(&*form);
    let began = larder.table().counter();
    let any_entry = any_entry.unwrap_or_else(|| core.any_entry.epoch());
    let hash = core.hash(&revision, &form);
    let entry = larder.table().cell(&core.owner.entry(&hash));
    let cells = core.cells.iter().chain([&entry]).cloned().collect();
    let (larder, codec) = (larder.clone(), (request.codec)());
    Box::new(Run {
        larder,
        ambient,
        function,
        captured,
        key,
        form,
        revision,
        plan,
        codec,
        hash,
        entry,
        began,
        any_entry,
        cells,
        flight: None,
        turn: None,
        started: None,
        span: Span::none(),
    })
}
