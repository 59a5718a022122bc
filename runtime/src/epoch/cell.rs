//! One entity's or tag's epoch as this process knows it.
//!
//! Invariants:
//! 1. Only a holder of `writing` changes `value` or `changed`; readers take no lock.
//! 2. A change stores `value` first and then draws `changed` from the table's counter. So whoever reads the counter
//!    first and the value second, and still sees the old value, has a counter below `changed`.
//! 3. `value` is never set to what a read says if anything was learnt since that read was sent ([`Guard`]).
//! 4. A fence stands before the epoch that came with it is stored, and falls after the one that ends it: whoever reads the
//!    epoch first and the fence second misses none.
//! 5. While an end made here waits for Redis, the value is one of this process alone: nothing read meanwhile replaces it.

use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

use super::{Epoch, Told};
use crate::clock::Moment;

/// What had been learnt of a cell when a request about it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard(u64);

/// One entity or tag.
#[derive(Debug)]
pub(crate) struct Cell {
    name: Arc<str>,
    value: AtomicU64,
    changed: AtomicU64,
    /// Until when no computation that begins may be stored, in nanoseconds of the coarse clock. It stays when that is past.
    fenced: AtomicU64,
    writing: Mutex<Writing>,
}

#[derive(Debug)]
struct Writing {
    /// The latest epoch that Redis is known to have given.
    highest: Epoch,
    /// Until when Redis says that there are fences.
    told: Moment,
    /// The fences of this process, by their tokens.
    fences: Vec<(u64, Moment)>,
    /// When the last of those ended that were never taken away.
    past: Moment,
    /// Counts everything learnt, including news that left the value as it was.
    learnt: u64,
    /// Ends made here that Redis has not confirmed.
    pending: u32,
    /// The epochs announced while ends were pending, in the server's order.
    heard: Vec<Told>,
    /// The epochs that those ends turned out to be.
    confirmed: Vec<Told>,
    /// Whether the link was made anew while ends were pending: announcements may have been missed.
    unsure: bool,
}

/// More announcements than this are not kept apart while an end is pending: the epoch is then read again.
const HEARD: usize = 64;

impl Default for Writing {
    fn default() -> Self {
        Self {
            highest: Epoch::UNKNOWN,
            told: Moment::START,
            fences: Vec::new(),
            past: Moment::START,
            learnt: 0,
            pending: 0,
            heard: Vec::new(),
            confirmed: Vec::new(),
            unsure: false,
        }
    }
}

impl Writing {
    /// The epoch after the last pending end was confirmed. An announcement may come before the reply or after it: only
    /// when all of one's own were heard does the last one heard stand above them.
    fn settle(&mut self) -> Told {
        let (heard, confirmed) = (std::mem::take(&mut self.heard), std::mem::take(&mut self.confirmed));
        let unknown = Told { epoch: Epoch::UNKNOWN, fenced: self.told };
        if std::mem::take(&mut self.unsure) {
            return unknown;
        }
        let was_heard = |mine: &Told| heard.iter().any(|told| told.epoch == mine.epoch);
        match (confirmed.as_slice(), heard.last()) {
            ([only], None) => *only,
            (mine, Some(last)) if heard.len() < HEARD && rises(&heard) && mine.iter().all(was_heard) => *last,
            _ => unknown,
        }
    }

    /// Until when any fence stands.
    fn fenced(&self) -> Moment {
        self.fences.iter().map(|(_, until)| *until).fold(self.told.max(self.past), Moment::max)
    }

    /// Redis gave this epoch.
    fn saw(&mut self, epoch: Epoch) {
        if epoch.is_confirmed() && !epoch.is_before(self.highest) {
            self.highest = epoch;
        }
    }
}

/// Where a slot of a Cluster moves, announcements that two nodes made may overtake each other.
fn rises(heard: &[Told]) -> bool {
    heard.is_sorted_by_key(|told| told.epoch.raw())
}

impl Cell {
    pub(crate) fn new(name: Arc<str>, value: Epoch, changed: u64) -> Self {
        let (value, changed, fenced) = (AtomicU64::new(value.raw()), AtomicU64::new(changed), AtomicU64::new(0));
        Self { name, value, changed, fenced, writing: Mutex::default() }
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    #[inline]
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch::from_raw(self.value.load(Ordering::SeqCst))
    }

    /// The table's counter at the last change.
    #[inline]
    pub(crate) fn changed(&self) -> u64 {
        self.changed.load(Ordering::SeqCst)
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, writing: &mut Writing, counter: &AtomicU64, value: Epoch) {
        writing.learnt += 1;
        self.value.store(value.raw(), Ordering::SeqCst);
        self.changed.store(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    /// Changes the value, and the fences that Redis told with it.
    fn change_told(&self, writing: &mut Writing, counter: &AtomicU64, told: Told) {
        self.fenced.fetch_max(told.fenced.as_nanos(), Ordering::SeqCst);
        self.change(writing, counter, told.epoch);
        self.fence_told(writing, told.fenced);
    }

    /// Takes over the fences that Redis tells with the epoch that is in force.
    fn fence_told(&self, writing: &mut Writing, until: Moment) {
        writing.told = until;
        self.fenced.store(writing.fenced().as_nanos(), Ordering::SeqCst);
    }

    /// Takes over fences that Redis tells with an epoch that may not be the one in force.
    fn fence_more(&self, writing: &mut Writing, until: Moment) {
        let until = writing.told.max(until);
        self.fence_told(writing, until);
    }

    /// Until `until`, no computation that begins may be stored. To be called before what the fence is for is ended.
    pub(crate) fn fence(&self, token: u64, until: Moment, now: Moment) {
        let mut writing = self.writing();
        let over = writing.fences.extract_if(.., |(_, until)| *until <= now).map(|(_, until)| until);
        let past = over.fold(Moment::START, Moment::max);
        writing.past = writing.past.max(past);
        match writing.fences.iter_mut().find(|(known, _)| *known == token) {
            Some((_, known)) => *known = until.max(*known),
            None => writing.fences.push((token, until)),
        }
        self.fenced.store(writing.fenced().as_nanos(), Ordering::SeqCst);
    }

    /// Takes a fence of this process away. To be called after what it was for was ended.
    pub(crate) fn unfence(&self, token: u64) {
        let mut writing = self.writing();
        writing.fences.retain(|(known, _)| *known != token);
        self.fenced.store(writing.fenced().as_nanos(), Ordering::SeqCst);
    }

    /// No computation that began before this may be stored. To be read after the epoch.
    pub(crate) fn fenced_until(&self) -> Moment {
        Moment::from_nanos(self.fenced.load(Ordering::SeqCst))
    }

    /// Ends what carries this name, at once and in this process.
    pub(crate) fn end(&self, counter: &AtomicU64, next: Epoch) {
        self.change(&mut self.writing(), counter, next);
    }

    /// Ends what carries this name while Redis is asked to end it everywhere.
    pub(crate) fn begin_end(&self, counter: &AtomicU64, provisional: Epoch) {
        let mut writing = self.writing();
        writing.pending += 1;
        self.change(&mut writing, counter, provisional);
    }

    /// Redis confirmed `ends` ends begun with [`begin_end`](Self::begin_end), by one raised epoch.
    pub(crate) fn confirm_end(&self, counter: &AtomicU64, ends: u32, told: Told, provisional: Epoch) {
        let mut writing = self.writing();
        writing.pending = writing.pending.saturating_sub(ends);
        writing.confirmed.push(told);
        if writing.pending > 0 {
            self.fence_more(&mut writing, told.fenced);
            return self.change(&mut writing, counter, provisional);
        }
        // What Redis says now stands, also where it has lost something later.
        writing.highest = told.epoch;
        let settled = writing.settle();
        writing.saw(settled.epoch);
        self.change_told(&mut writing, counter, settled);
    }

    /// The server announced an epoch: one that ends what came before, or (`first`) one for a name that had none.
    ///
    /// While an end made here is pending, `provisional` ends what was computed since: others end it, too.
    pub(crate) fn announce(&self, counter: &AtomicU64, told: Told, first: bool, provisional: Epoch) {
        let mut writing = self.writing();
        writing.saw(told.epoch);
        if writing.pending > 0 {
            if writing.heard.len() < HEARD {
                writing.heard.push(told);
            }
            self.fence_more(&mut writing, told.fenced);
            self.change(&mut writing, counter, provisional);
        } else if told.epoch.is_before(self.epoch()) {
            // An old announcement, or a server that forgot: what is in force has to be read.
            self.fence_more(&mut writing, told.fenced);
            self.change(&mut writing, counter, Epoch::UNKNOWN);
        } else if first && !self.epoch().is_known() {
            writing.learnt += 1;
            self.fence_more(&mut writing, told.fenced);
            self.value.store(told.epoch.raw(), Ordering::SeqCst);
        } else if self.epoch() != told.epoch {
            self.change_told(&mut writing, counter, told);
        } else {
            // A fence fell, and nothing was ended by it.
            writing.learnt += 1;
            self.fence_told(&mut writing, told.fenced);
        }
    }

    /// Redis is known to have given this epoch, here or elsewhere. `true`: what was known here was older, and is ended.
    pub(crate) fn reaches(&self, counter: &AtomicU64, epoch: Epoch, provisional: Epoch) -> bool {
        let mut writing = self.writing();
        if writing.highest.is_confirmed() && !writing.highest.is_before(epoch) {
            return false;
        }
        writing.saw(epoch);
        writing.unsure = writing.pending > 0;
        // A later one may have been raised, and fences with it: so Redis is asked, if there is one.
        let here_alone = self.epoch().is_known() && !self.epoch().is_confirmed();
        self.change(&mut writing, counter, if here_alone { provisional } else { Epoch::UNKNOWN });
        true
    }

    /// Whether Redis is known to have given a later epoch than this one: it lost that.
    pub(crate) fn is_beyond(&self, epoch: Epoch) -> bool {
        epoch.is_before(self.writing().highest)
    }

    /// Whether an end made here still waits for Redis.
    pub(crate) fn is_pending(&self) -> bool {
        self.writing().pending > 0
    }

    /// The epoch was lost, or may have been changed unseen: what it is now is not known.
    pub(crate) fn forget(&self, counter: &AtomicU64) {
        let mut writing = self.writing();
        if writing.pending == 0 {
            self.change(&mut writing, counter, Epoch::UNKNOWN);
        } else {
            writing.learnt += 1;
        }
    }

    /// To be taken before the epoch is read on a new link: no reply to what was asked on an older one is taken over.
    pub(crate) fn distrust(&self) -> Guard {
        let mut writing = self.writing();
        writing.learnt += 1;
        writing.unsure = writing.pending > 0;
        Guard(writing.learnt)
    }

    /// To be taken before the epoch is asked for.
    pub(crate) fn guard(&self) -> Guard {
        Guard(self.writing().learnt)
    }

    /// Takes over what Redis answered, unless something was learnt in the meantime. `true`: Redis lost a later epoch, and
    /// must be told again.
    pub(crate) fn learn(&self, counter: &AtomicU64, guard: Guard, told: Told) -> bool {
        let mut writing = self.writing();
        if guard.0 != writing.learnt || writing.pending > 0 {
            return false;
        }
        if told.epoch.is_before(writing.highest) {
            return true;
        }
        writing.saw(told.epoch);
        let known = self.epoch();
        if known == told.epoch {
            if known.is_known() {
                self.fence_told(&mut writing, told.fenced);
            }
        } else if !told.epoch.is_known() {
            self.change(&mut writing, counter, told.epoch);
        } else if known.is_known() {
            self.change_told(&mut writing, counter, told);
        } else {
            writing.learnt += 1;
            self.fence_more(&mut writing, told.fenced);
            self.value.store(told.epoch.raw(), Ordering::SeqCst);
            self.fence_told(&mut writing, told.fenced);
        }
        false
    }

    /// The epoch, or one of this process alone where none is known.
    pub(crate) fn epoch_or(&self, provisional: impl FnOnce() -> Epoch) -> Epoch {
        let _writing = self.writing();
        let known = self.epoch();
        if known.is_known() {
            return known;
        }
        let made = provisional();
        self.value.store(made.raw(), Ordering::SeqCst);
        made
    }
}
