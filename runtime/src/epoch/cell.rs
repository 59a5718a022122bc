//! One entity's or tag's epoch as this process knows it.
//!
//! Invariants:
//! 1. Only a holder of `writing` changes `value` or `changed`; readers take no lock.
//! 2. A change stores `value` first and then draws `changed` from the table's counter. So whoever reads the counter
//!    first and the value second, and still sees the old value, has a counter below `changed`.
//! 3. `value` is never set to what a read says if anything was learnt since that read was sent ([`Guard`]).
//! 4. While an end made here waits for Redis, the value is one of this process alone: nothing read meanwhile replaces it.

use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

/// An epoch: opaque, unique, monotone per name. Zero means "not known here".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

impl Epoch {
    pub(crate) const UNKNOWN: Self = Self(0);
    const PROVISIONAL: u64 = 1 << 63;
    /// That of a single entry that Redis knows nothing of: it was never ended.
    pub(crate) const NEVER_ENDED: Self = Self(1);

    /// An epoch that Redis gave: its microseconds and the random bits below them.
    pub(crate) const fn confirmed(raw: u64) -> Self {
        Self(raw & !Self::PROVISIONAL)
    }

    /// An epoch that only this process knows: no Redis is configured, or it is away.
    pub(crate) const fn provisional(count: u64) -> Self {
        Self(count | Self::PROVISIONAL)
    }

    pub(crate) const fn is_known(self) -> bool {
        self.0 != 0
    }

    pub(crate) const fn is_confirmed(self) -> bool {
        self.is_known() && self.0 & Self::PROVISIONAL == 0
    }

    /// Whether Redis raised this one earlier than the other; `false` unless both came from Redis.
    pub(crate) const fn is_before(self, other: Self) -> bool {
        self.is_confirmed() && other.is_confirmed() && self.0 < other.0
    }

    pub(crate) const fn raw(self) -> u64 {
        self.0
    }
}

/// What had been learnt of a cell when a request about it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard(u64);

/// One entity or tag.
#[derive(Debug)]
pub(crate) struct Cell {
    name: Arc<str>,
    value: AtomicU64,
    changed: AtomicU64,
    writing: Mutex<Writing>,
}

#[derive(Debug, Default)]
struct Writing {
    /// Counts everything learnt, including news that left the value as it was.
    learnt: u64,
    /// Ends made here that Redis has not confirmed.
    pending: u32,
    /// The epochs announced while ends were pending, in the server's order.
    heard: Vec<Epoch>,
    /// The epochs that those ends turned out to be.
    confirmed: Vec<Epoch>,
    /// Whether the link was made anew while ends were pending: announcements may have been missed.
    unsure: bool,
}

/// More announcements than this are not kept apart while an end is pending: the epoch is then read again.
const HEARD: usize = 64;

impl Writing {
    /// The epoch after the last pending end was confirmed. An announcement may come before the reply or after it: only
    /// when all of one's own were heard does the last one heard stand above them.
    fn settle(&mut self) -> Epoch {
        let (heard, confirmed) = (std::mem::take(&mut self.heard), std::mem::take(&mut self.confirmed));
        if std::mem::take(&mut self.unsure) {
            return Epoch::UNKNOWN;
        }
        match (confirmed.as_slice(), heard.last()) {
            ([only], None) => *only,
            (mine, Some(last)) if heard.len() < HEARD && mine.iter().all(|epoch| heard.contains(epoch)) => *last,
            _ => Epoch::UNKNOWN,
        }
    }
}

impl Cell {
    pub(crate) fn new(name: Arc<str>, value: Epoch, changed: u64) -> Self {
        Self { name, value: AtomicU64::new(value.0), changed: AtomicU64::new(changed), writing: Mutex::default() }
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    #[inline]
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.value.load(Ordering::SeqCst))
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
        self.value.store(value.0, Ordering::SeqCst);
        self.changed.store(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
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
    pub(crate) fn confirm_end(&self, counter: &AtomicU64, ends: u32, epoch: Epoch, provisional: Epoch) {
        let mut writing = self.writing();
        writing.pending = writing.pending.saturating_sub(ends);
        writing.confirmed.push(epoch);
        let value = if writing.pending == 0 { writing.settle() } else { provisional };
        self.change(&mut writing, counter, value);
    }

    /// The server announced an epoch: one that ends what came before, or (`first`) one for a name that had none.
    ///
    /// While an end made here is pending, `provisional` ends what was computed since: others end it, too.
    pub(crate) fn announce(&self, counter: &AtomicU64, epoch: Epoch, first: bool, provisional: Epoch) {
        let mut writing = self.writing();
        if writing.pending > 0 {
            if writing.heard.len() < HEARD {
                writing.heard.push(epoch);
            }
            self.change(&mut writing, counter, provisional);
        } else if epoch.is_before(self.epoch()) {
            // An old announcement, or a server that forgot: what is in force has to be read.
            self.change(&mut writing, counter, Epoch::UNKNOWN);
        } else if first && !self.epoch().is_known() {
            writing.learnt += 1;
            self.value.store(epoch.0, Ordering::SeqCst);
        } else if self.epoch() != epoch {
            self.change(&mut writing, counter, epoch);
        }
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

    /// Takes over what Redis answered, unless something was learnt in the meantime.
    pub(crate) fn learn(&self, counter: &AtomicU64, guard: Guard, epoch: Epoch) {
        let mut writing = self.writing();
        if guard.0 != writing.learnt || writing.pending > 0 {
            return;
        }
        let known = self.epoch();
        if known == epoch {
            return;
        }
        if known.is_known() {
            self.change(&mut writing, counter, epoch);
        } else {
            writing.learnt += 1;
            self.value.store(epoch.0, Ordering::SeqCst);
        }
    }

    /// The epoch, or one of this process alone where none is known.
    pub(crate) fn epoch_or(&self, provisional: impl FnOnce() -> Epoch) -> Epoch {
        let _writing = self.writing();
        let known = self.epoch();
        if known.is_known() {
            return known;
        }
        let made = provisional();
        self.value.store(made.0, Ordering::SeqCst);
        made
    }
}
