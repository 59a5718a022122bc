//! An epoch as one process knows it: `epoch/cell.rs` of the runtime, with its counters told as what they decide.
//!
//! A counter that only grows would make every state a new one. So "learnt since" and "changed since" are flags of whoever
//! would compare: the process raises them when [`News`] says so.

use crate::bounds::Safeguard;

/// An epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Epoch {
    /// Not known.
    #[default]
    Unknown,
    /// That of an entry that Redis knows nothing of.
    NeverEnded,
    /// One that only this process knows.
    Own(u8),
    /// One that Redis gave.
    Given(u8),
}

impl Epoch {
    /// Whether other processes can compare it.
    pub fn is_confirmed(self) -> bool {
        matches!(self, Self::NeverEnded | Self::Given(_))
    }

    fn is_before(self, other: Self) -> bool {
        match (self, other) {
            (Self::NeverEnded, Self::Given(_)) => true,
            (Self::Given(one), Self::Given(other)) => one < other,
            _ => false,
        }
    }
}

/// What a cell was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing.
    Nothing,
    /// Something, and the epoch stays: no reply asked for before is taken over.
    Learnt,
    /// Another epoch: no flight from before is joined.
    Changed,
}

/// One name in one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// What it is at.
    pub epoch: Epoch,
    /// Ends made here that Redis has not confirmed.
    pub pending: u8,
    pub(super) heard: Vec<Epoch>,
    pub(super) confirmed: Vec<Epoch>,
    unsure: bool,
}

impl Cell {
    /// Ends it while Redis is asked to end it everywhere.
    pub fn begin_end(&mut self, own: Epoch) -> News {
        self.pending += 1;
        self.epoch = own;
        News::Changed
    }

    /// Redis confirmed this many ends, by one epoch.
    pub fn confirm_end(&mut self, ends: u8, epoch: Epoch, own: Epoch, without: Option<Safeguard>) -> News {
        self.pending = self.pending.saturating_sub(ends);
        self.confirmed.push(epoch);
        self.epoch = if self.pending == 0 { self.settle(without) } else { own };
        News::Changed
    }

    fn settle(&mut self, without: Option<Safeguard>) -> Epoch {
        let (heard, confirmed) = (std::mem::take(&mut self.heard), std::mem::take(&mut self.confirmed));
        let unsure = std::mem::take(&mut self.unsure);
        if without == Some(Safeguard::OrderOfEnds) {
            return confirmed.last().copied().unwrap_or_default();
        }
        if unsure {
            return Epoch::Unknown;
        }
        match (confirmed.as_slice(), heard.last()) {
            ([only], None) => *only,
            (mine, Some(last)) if mine.iter().all(|epoch| heard.contains(epoch)) => *last,
            _ => Epoch::Unknown,
        }
    }

    /// The server announced an epoch.
    pub fn announce(&mut self, epoch: Epoch, first: bool, own: Epoch) -> News {
        if self.pending > 0 {
            self.heard.push(epoch);
            self.epoch = own;
            News::Changed
        } else if epoch.is_before(self.epoch) {
            self.epoch = Epoch::Unknown;
            News::Changed
        } else if first && self.epoch == Epoch::Unknown {
            self.epoch = epoch;
            News::Learnt
        } else if self.epoch != epoch {
            self.epoch = epoch;
            News::Changed
        } else {
            News::Nothing
        }
    }

    /// The server lost its data.
    pub fn forget(&mut self) -> News {
        if self.pending > 0 {
            return News::Learnt;
        }
        self.epoch = Epoch::Unknown;
        News::Changed
    }

    /// To be called before it is read on a new link.
    pub fn distrust(&mut self) -> News {
        self.unsure = self.pending > 0;
        News::Learnt
    }

    /// Takes over what Redis answered; `unheard`: nothing was learnt since it was asked for.
    pub fn learn(&mut self, unheard: bool, epoch: Epoch, without: Option<Safeguard>) -> News {
        let hidden = self.pending > 0 && without != Some(Safeguard::OwedHides);
        let overtaken = !unheard && without != Some(Safeguard::Guard);
        if hidden || overtaken || self.epoch == epoch {
            return News::Nothing;
        }
        let known = std::mem::replace(&mut self.epoch, epoch) != Epoch::Unknown;
        if known { News::Changed } else { News::Learnt }
    }

    /// Takes over what Redis says on a new link; `None`: it forgot an end, and must be told again.
    pub fn learn_again(&mut self, unheard: bool, epoch: Epoch, without: Option<Safeguard>) -> Option<News> {
        if epoch.is_before(self.epoch) {
            return None;
        }
        Some(self.learn(unheard, epoch, without))
    }
}
