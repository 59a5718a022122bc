//! The way of a miss: confirm, join the flight, ask Redis, run the body, store.

use std::future::{self, Future};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::entry::inherited;
use super::flight::Pilot;
use super::look::{Plan, Run};
use super::{AnyValue, Coherence, Core, Departure, End, Entry, Joined, Probed, Target};
use crate::ambient::{Ambient, Mode};
use crate::clock::Moment;
use crate::epoch::Cell;
use crate::log::{self, Outcome, Span};

/// Waiting this often for flights that an invalidation overtook is enough: the call then runs alone.
const ATTEMPTS: usize = 3;

/// One step.
pub(crate) type Step<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// How a call goes on.
pub(crate) enum Answer {
    /// It is answered without running the body.
    Value(Arc<Entry>),
    /// The body is to be run inside this.
    Run(Ambient),
}

/// What a body returned.
pub(crate) struct Computed {
    pub(crate) value: Box<AnyValue>,
    /// The names that the result completed.
    pub(crate) names: Vec<String>,
    pub(crate) ttl: Option<Duration>,
    /// The life of such values, where it is not that of all.
    pub(crate) own_ttl: Option<Duration>,
    /// What `store_if` said.
    pub(crate) wanted: bool,
    /// It is a failure that is to be stored.
    pub(crate) failed: bool,
}

/// A flight that this call leads.
pub(super) struct Flight {
    pub(super) pilot: Pilot,
    /// The table's counter when it began.
    pub(super) began: u64,
}

/// What is left of a call that memory could not answer, in three steps: ask, run the body, settle.
impl Run {
    /// Confirms, joins the flight, asks Redis; or begins the computation.
    pub(crate) fn answer(mut self: Box<Self>, names: Vec<String>) -> Step<(Box<Self>, Answer)> {
        Box::pin(async move {
            if let Plan::Probe { cached } = self.plan {
                self.tell(cached);
                return future::pending().await;
            }
            self.carries(&names);
            if self.is_cached() {
                if let Some(entry) = self.seek().await {
                    return (self, Answer::Value(entry));
                }
                if !matches!(self.plan, Plan::Renew(_)) {
                    self.core().counters.misses.up();
                }
                self.span = self.missed();
            } else if let Plan::Aside = self.plan {
                if let Some(entry) = self.seek_aside().await {
                    return (self, Answer::Value(entry));
                }
                self.core().counters.misses.up();
                self.span = self.missed();
            }
            let inside = self.begin();
            (self, Answer::Run(inside))
        })
    }

    /// The call carries these names, too.
    fn carries(&mut self, names: &[String]) {
        let table = self.larder.table();
        self.cells.extend(names.iter().map(|name| table.named(name)));
    }

    /// Whether what the body returns may be stored.
    pub(crate) fn is_cached(&self) -> bool {
        !matches!(self.plan, Plan::Uncached | Plan::Aside | Plan::Probe { .. })
    }

    /// Tells that the body is going to run.
    fn missed(&self) -> Span {
        let core = self.core();
        log::miss(core.entity, &core.path, &self.hash)
    }

    /// What the body runs inside, besides its ambient.
    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// A value to serve while it is computed anew, and whether this call has that to do; `names`: taken where there is one.
    pub(crate) fn renewal(&mut self, names: &mut Vec<String>) -> Option<(Arc<Entry>, bool)> {
        let Plan::Renew(entry) = &self.plan else { return None };
        let entry = Arc::clone(entry);
        // Before there is a flight: nobody joins it behind the end of one of them.
        self.carries(&mem::take(names));
        let counters = &self.core().counters;
        let stale = self.larder.now() >= entry.served_until.before(self.core().stale());
        if stale {
            counters.stale.up()
        } else {
            counters.hits_memory.up()
        }
        self.report(&entry);
        // What runs in the background is no part of the body that made this call.
        self.ambient.frame = None;
        self.flight = self.claim();
        Some((entry, self.flight.is_some()))
    }

    /// The function is sync: it must return, also when only its entry was to be told.
    pub(crate) fn cannot_wait(&mut self) {
        if let Plan::Probe { .. } = self.plan {
            self.plan = Plan::Uncached;
            // Nor can what its body waits for.
            (self.ambient.mode, self.ambient.probe) = (Mode::Bypass, None);
        }
    }

    /// Stores what the body returned, and hands it to those who wait; `None`: it failed, or is not to be stored. Returns
    /// what is to be served instead.
    pub(crate) fn settle(mut self: Box<Self>, computed: Option<Computed>) -> Step<Option<Arc<Entry>>> {
        let Some(started) = self.started.take() else { return Box::pin(future::ready(None)) };
        let cached = self.is_cached();
        let computed = computed.filter(|_| cached);
        let failed = cached && computed.as_ref().is_none_or(|computed| computed.failed);
        if failed {
            self.core().counters.errors.up();
            self.postpone();
        }
        // A failure never takes the place of a value that is still served.
        let renews = failed && matches!(self.plan, Plan::Renew(_));
        let former = self.former().filter(|_| failed);
        if former.is_none() && (renews || computed.is_none()) {
            self.span.record(if failed { Outcome::Failed } else { Outcome::Unstored });
            self.report_unstored(started);
            self.flight = None;
            return Box::pin(future::ready(None));
        }
        Box::pin(async move {
            if let Some(entry) = former
                && self.falls_back(&entry).await
            {
                self.span.record(Outcome::Stale);
                return Some(entry);
            }
            let Some(Computed { value, names, ttl, own_ttl, wanted, .. }) = computed else {
                self.span.record(Outcome::Failed);
                self.report_unstored(started);
                return None;
            };
            let late = names.iter().map(|name| self.larder.table().named(name)).collect();
            let began = started.began;
            let entry = Arc::new(self.judge(started, value, late, (ttl, own_ttl), wanted).await);
            if entry.stored {
                self.remember(&entry, began);
                self.core().counters.stores.up();
            }
            self.span.record(match (entry.stored, failed) {
                (true, _) => Outcome::Stored,
                (false, true) => Outcome::Failed,
                (false, false) => Outcome::Unstored,
            });
            self.report(&entry);
            if let Some(Flight { pilot, .. }) = self.flight.take() {
                pilot.land(Arc::clone(&entry));
            }
            if entry.stored {
                self.write_through(&entry).await;
            }
            None
        })
    }
}

/// What became of a call that asked to join a flight.
enum Boarded {
    /// Another's flight answered it.
    Answered(Arc<Entry>),
    /// It runs the body; for those who wait, if there is a flight. Whether it waited for others before.
    Runs(Option<Flight>, bool),
}

impl Run {
    pub(super) fn core(&self) -> &Core {
        &self.function.core
    }

    /// Confirms, joins, or asks Redis; whoever must run the body leads a flight, where there is one.
    async fn seek(&mut self) -> Option<Arc<Entry>> {
        let claimed = self.flight.take();
        let core = self.core();
        if let Plan::Confirm(entry) = &self.plan
            && self.confirm(entry).await
        {
            core.counters.hits_memory.up();
            self.report(entry);
            return Some(Arc::clone(entry));
        }
        let strict = core.coherence == Coherence::Strict && self.larder.remote().is_some();
        let mut asked = strict && self.learn(&self.cells_to_ask(), true).await;
        let boarded = if claimed.is_some() { Boarded::Runs(claimed, false) } else { self.board().await };
        let (flight, waited) = match boarded {
            Boarded::Runs(flight, waited) => (flight, waited),
            Boarded::Answered(entry) => {
                core.counters.joins.up();
                return Some(entry);
            }
        };
        if strict && waited {
            // What Redis said before is old by now.
            asked = self.learn(&self.cells_to_ask(), true).await;
        }
        let refresh = matches!(self.plan, Plan::Refresh);
        let found = if flight.is_none() || refresh {
            None
        } else if strict {
            self.confirmed_by(&self.cells).filter(|_| asked)
        } else {
            self.remembered()
        };
        let found = found.filter(|entry| self.is_young(entry));
        let found = match found {
            Some(entry) => {
                core.counters.hits_memory.up();
                Some(entry)
            }
            None => {
                let began = self.larder.table().counter();
                let mut fetched = self.fetch_served().await;
                if fetched.is_none() {
                    fetched = self.board_fleet().await;
                }
                if let Some(entry) = &fetched {
                    self.core().counters.hits_redis.up();
                    self.remember(entry, began);
                }
                fetched
            }
        };
        match &found {
            None => self.flight = flight,
            Some(entry) => {
                self.report(entry);
                if let Some(Flight { pilot, .. }) = flight {
                    pilot.land(Arc::clone(entry));
                }
            }
        }
        found
    }

    /// What Redis has, if it is of use to this call.
    pub(super) async fn fetch_served(&mut self) -> Option<Arc<Entry>> {
        let renews = matches!(self.plan, Plan::Renew(_));
        let fetched = self.fetch(&self.cells).await.filter(|entry| !renews || self.is_young(entry));
        self.served(fetched)
    }

    fn is_young(&self, entry: &Entry) -> bool {
        self.larder.now() < entry.renew_at
    }

    /// All by which what memory holds for this call may have been ended.
    pub(super) fn cells_to_ask(&self) -> Vec<Arc<Cell>> {
        self.cells.iter().chain([&self.core().any_entry]).map(Arc::clone).collect()
    }

    /// All by which an entry that memory held may have been ended.
    pub(super) fn cells_of(&self, entry: &Entry) -> Vec<Arc<Cell>> {
        let stamped = entry.stamp.parts().iter().map(|(cell, _)| cell);
        stamped.chain([&self.core().any_entry]).map(Arc::clone).collect()
    }

    /// Reads the epochs of an entry again: `true` if it may be served.
    async fn confirm(&self, entry: &Entry) -> bool {
        let known = self.larder.remote().is_none() || entry.stamp.is_confirmed();
        known
            && self.learn(&self.cells_of(entry), true).await
            && entry.stamp.is_current()
            && self.core().any_entry.epoch() == self.any_entry
            && self.larder.now() < entry.deadline.min(entry.renew_at)
    }

    /// Joins a flight and waits for it, or begins one.
    async fn board(&self) -> Boarded {
        let cells = &*self.cells;
        let core = self.core();
        if !core.single_flight {
            return Boarded::Runs(None, false);
        }
        let (key, frame) = (self.flight_key(), self.ambient.frame.as_ref());
        let (mut overtaken, mut waited) = (0, false);
        while overtaken < ATTEMPTS {
            let (began, at) = (self.larder.table().counter(), self.larder.now());
            let oldest = if core.coherence == Coherence::Ttl || self.is_tracked() {
                Moment::START
            } else {
                at.before(self.larder.tracking_lease())
            };
            let departure = Departure { began, at, cells, fresh: matches!(self.plan, Plan::Refresh) };
            match core.flights.join(&key, departure, oldest, frame) {
                Joined::Alone => break,
                Joined::Lead(pilot) => return Boarded::Runs(Some(Flight { pilot, began }), waited),
                Joined::Wait(waiting) => {
                    match waiting.flight.end().await {
                        End::GivenUp => {}
                        End::Overtaken => overtaken += 1,
                        End::Landed(entry) => {
                            self.report(&entry);
                            return Boarded::Answered(entry);
                        }
                    }
                    waited = true;
                }
            }
        }
        Boarded::Runs(None, waited)
    }

    /// The flight of a renewal, unless somebody computes the value already.
    fn claim(&self) -> Option<Flight> {
        let (began, at) = (self.larder.table().counter(), self.larder.now());
        let departure = Departure { began, at, cells: &self.cells, fresh: false };
        let pilot = self.core().flights.lead_alone(&self.flight_key(), departure)?;
        Some(Flight { pilot, began })
    }

    /// Says which entry this is.
    fn tell(&self, cached: bool) {
        if let Some(probe) = &self.ambient.probe {
            let cells = [&self.entry, &self.core().any_entry].map(Arc::clone);
            let target = Target { larder: self.larder.clone(), cells, entity: self.core().entity };
            probe.set(if cached { Probed::Entry(target) } else { Probed::Uncached });
        }
    }

    /// Tells the body that made this call what it depends on now.
    pub(super) fn report(&self, entry: &Entry) {
        if let Some(frame) = &self.ambient.frame {
            let deadline = inherited(self.larder.now(), entry.served_until, entry.deadline);
            frame.depends(&entry.stamp.without(&self.entry), self.larder.known_at(entry.born), deadline);
            frame.depends_on_entry(&self.core().any_entry, self.any_entry);
            frame.served(entry.made, entry.deadline.before(self.core().tail()));
            if !entry.stored {
                frame.depends_on_unstored();
            }
        }
    }

    /// Calls of two revisions never share a flight.
    fn flight_key(&self) -> Box<[u8]> {
        let revision = &*self.revision;
        if self.captured.is_none() {
            return self.form.clone();
        }
        let mut key = Vec::with_capacity(revision.len() + self.form.len() + 8);
        key.extend_from_slice(&(revision.len() as u64).to_le_bytes());
        key.extend_from_slice(revision);
        key.extend_from_slice(&self.form);
        key.into()
    }
}
