//! One process: what it knows and keeps, and how a call is answered.

mod aged;
mod answers;
mod body;
mod call;

use crate::bounds::{Bounds, Dependence, Promise, Safeguard};
use crate::cell::{Cell, Epoch, News};
use crate::link::{Ask, Link, Who};
use crate::server::{ANY, Message, NAMES, PerName, Record, Request, SHOWN};

/// How many ticks a lease lasts from when it was asked for: one full tick at least.
pub const LEASE: u8 = 2;

pub use aged::Aged;

/// A value in memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kept {
    version: u8,
    pub(super) stamp: PerName<Epoch>,
    /// For how many ticks it is served without a lease.
    young: u8,
}

/// The versions that a call may no longer be given; no protocol sees this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Needs {
    /// Ended in this process.
    pub home: u8,
    /// Ended elsewhere, and announced or long ago.
    pub heard: u8,
}

/// Where a call is that memory could not answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Memory was looked at and held this; nothing is done with it yet.
    Looked {
        /// What it held.
        kept: Kept,
        /// Whether it is to be computed anew.
        aged: Option<Aged>,
    },
    /// The epochs of what memory holds are read again.
    Confirming(Kept),
    /// The same, of what stands by, where the body failed.
    Recalling(Kept),
    /// The value is asked for, and what is not known.
    Fetching,
    /// Names without an epoch get one; what was found, if anything, waits.
    Creating(Option<Record>),
    /// What the found value carries besides is read.
    Completing(Record),
    /// The body runs; what it read of the source.
    Running(Option<u8>),
    /// The body has returned, and the epoch of the late name is asked for; whether it was judged already.
    Late {
        /// What it was made of.
        version: u8,
        /// Whether the name is given its first epoch.
        create: bool,
        /// What a judgement before the reading said.
        ended: bool,
    },
}

/// A call on its way, and those who wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run {
    /// Where it is.
    pub stage: Stage,
    needs: Needs,
    pub(super) stamp: PerName<Epoch>,
    changed: PerName<bool>,
    unlinked: bool,
    /// Whether others may find it under the key.
    found: bool,
    waiter: Option<Needs>,
    young: u8,
    /// The epoch of any entry, with which what memory held is compared.
    pub any: Epoch,
    /// A value that is to be computed anew, and what for.
    former: Option<(Kept, Aged)>,
}

impl Run {
    /// What it holds of memory.
    fn held(&self) -> impl Iterator<Item = &Kept> {
        let staged = match &self.stage {
            Stage::Looked { kept, .. } | Stage::Confirming(kept) | Stage::Recalling(kept) => Some(kept),
            _ => None,
        };
        staged.into_iter().chain(self.former.as_ref().map(|(kept, _)| kept))
    }

    /// The same.
    pub fn held_mut(&mut self) -> impl Iterator<Item = &mut Kept> {
        let staged = match &mut self.stage {
            Stage::Looked { kept, .. } | Stage::Confirming(kept) | Stage::Recalling(kept) => Some(kept),
            _ => None,
        };
        staged.into_iter().chain(self.former.as_mut().map(|(kept, _)| kept))
    }
}

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Process {
    /// By name.
    pub cells: PerName<Cell>,
    /// What its memory holds.
    pub memory: Option<Kept>,
    /// Its calls.
    pub runs: Vec<Option<Run>>,
    /// Its link.
    pub link: Link,
    /// For how many ticks it relies on what it knows.
    pub lease: u8,
    /// Who waits for an answer, in order.
    pub asks: Vec<Ask>,
    /// Sent, and not executed.
    pub outbox: Vec<Request>,
    /// Sent to it, and not received.
    pub inbox: Vec<Message>,
    /// Whether announcements are sent to it.
    pub subscribed: bool,
    /// The epoch of any entry as it was when its link was lost.
    pub linked: Epoch,
    /// Ends that Redis did not confirm.
    pub owed: PerName<u8>,
    /// Whether some of them were owed before the link was called up.
    pub due: bool,
    /// A version that was written here, and whose end was not begun.
    pub writing: Option<u8>,
    /// What its calls may no longer be given.
    pub needs: Needs,
    /// The first promise broken here.
    pub broken: Option<Promise>,
    /// The cell of the entry was let go: nobody refers to it.
    pub swept: bool,
}

impl Process {
    /// An epoch that nothing else here carries.
    pub fn own(&self) -> Epoch {
        let carried = |at: &PerName<Epoch>, epoch| at.contains(&epoch);
        let used = |epoch| {
            self.cells.iter().any(|cell| cell.epoch == epoch)
                || self.memory.as_ref().is_some_and(|kept| carried(&kept.stamp, epoch))
                || self.runs.iter().flatten().any(|run| {
                    let held = run.held().any(|kept| carried(&kept.stamp, epoch));
                    carried(&run.stamp, epoch) || held || run.any == epoch
                })
        };
        (1..).map(Epoch::Own).find(|epoch| !used(*epoch)).unwrap_or_default()
    }

    fn entry(bounds: &Bounds) -> bool {
        matches!(bounds.dependence, Dependence::Entry(_))
    }

    /// What a call depends on before its body runs.
    fn before(bounds: &Bounds) -> PerName<bool> {
        [true, bounds.dependence != Dependence::Late, false]
    }

    /// What a stored value carries.
    const CARRIED: PerName<bool> = [true, true, false];

    fn unknown(&self, names: PerName<bool>) -> PerName<bool> {
        std::array::from_fn(|name| {
            names[name] && !self.cells[name].epoch.is_confirmed() && self.cells[name].pending == 0
        })
    }

    fn is_current(&self, stamp: &PerName<Epoch>) -> bool {
        (0..NAMES).all(|name| stamp[name] == Epoch::Unknown || stamp[name] == self.cells[name].epoch)
    }

    /// Makes it known that a cell learnt something.
    pub fn told(&mut self, name: usize, news: News) {
        if news == News::Nothing {
            return;
        }
        self.asks.iter_mut().for_each(|ask| ask.unheard[name] = false);
        // No run is asked whether any entry was ended since it began.
        if news == News::Changed && name != ANY {
            self.runs.iter_mut().flatten().for_each(|run| run.changed[name] = true);
        }
    }

    /// A name was ended: where it is that of the entry, memory lets it go.
    pub fn ended(&mut self, bounds: &Bounds, name: usize) {
        if name == SHOWN && Self::entry(bounds) && bounds.without != Some(Safeguard::EntryTakenOut) {
            self.memory = None;
        }
    }

    /// Some entry may have been ended unseen.
    pub fn missed(&mut self, bounds: &Bounds) {
        if Self::entry(bounds) && bounds.without != Some(Safeguard::AnyEntry) {
            self.memory = None;
        }
    }

    fn serve(&mut self, version: u8, needs: Needs) {
        let broken = if version < needs.home {
            Some(Promise::FreshAtHome)
        } else if version < needs.heard {
            Some(Promise::FreshElsewhere)
        } else {
            None
        };
        self.broken = self.broken.or(broken);
    }

    /// The time of one lease passes.
    pub fn tick(&mut self, bounds: &Bounds, long_ago: u8) {
        self.needs.heard = self.needs.heard.max(long_ago);
        if bounds.without != Some(Safeguard::Lease) {
            self.lease = self.lease.saturating_sub(1);
        }
        self.asks.iter_mut().for_each(|ask| ask.worth = ask.worth.saturating_sub(1));
        self.link.tick();
        self.memory.iter_mut().for_each(|kept| kept.young = kept.young.saturating_sub(1));
        self.runs.iter_mut().flatten().for_each(|run| {
            run.young = run.young.saturating_sub(1);
            run.held_mut().for_each(|kept| kept.young = kept.young.saturating_sub(1));
        });
    }

    /// Lets go of a cell, where nobody refers to it.
    pub fn sweep(&mut self, bounds: &Bounds) -> Option<()> {
        let kept = self.memory.is_some() && !Self::entry(bounds);
        let idle = self.runs.is_empty() && self.asks.is_empty() && self.cells[SHOWN].pending == 0;
        if kept || !idle || self.cells[SHOWN] == Cell::default() {
            return None;
        }
        self.cells[SHOWN] = Cell::default();
        self.swept = true;
        Some(())
    }

    /// Another link, or none: that is asked for late names alone.
    pub fn relinked(&mut self, bounds: &Bounds) {
        if bounds.dependence != Dependence::Late {
            return;
        }
        self.runs.iter_mut().flatten().for_each(|run| run.unlinked = true);
    }

    /// One that knows what Redis knows, and holds a value or none.
    pub fn warm(epochs: PerName<Epoch>, kept: Option<PerName<Epoch>>) -> Self {
        let mut process = Self { link: Link::Up, lease: LEASE, subscribed: true, ..Self::default() };
        for (cell, epoch) in process.cells.iter_mut().zip(epochs) {
            cell.epoch = epoch;
        }
        process.memory = kept.map(|stamp| Kept { version: 1, stamp, young: LEASE });
        process
    }

    /// Whether it holds anything that was made of less than this version.
    pub fn holds_older(&self, version: u8) -> bool {
        let older = |record: &Option<Record>| record.as_ref().is_some_and(|record| record.version < version);
        self.writing.is_some()
            || self.memory.as_ref().is_some_and(|kept| kept.version < version)
            || self.runs.iter().flatten().any(|run| {
                let staged = match &run.stage {
                    Stage::Creating(found) => older(found),
                    Stage::Completing(record) => record.version < version,
                    Stage::Running(Some(read)) | Stage::Late { version: read, .. } => *read < version,
                    _ => false,
                };
                staged || run.held().any(|kept| kept.version < version)
            })
            || self.outbox.iter().any(|sent| matches!(sent, Request::Write(record) if record.version < version))
            || self.inbox.iter().any(|got| matches!(got, Message::Answer { value, .. } if older(value)))
    }

    /// Asks, and has somebody wait.
    pub fn ask(&mut self, who: Who, request: Request) {
        let names = match request {
            Request::Read { names, .. } | Request::Create(names) => names,
            Request::Beat => [true, false, false],
            _ => PerName::default(),
        };
        // Of names that are not asked for nothing is to be heard.
        self.asks.push(Ask { who, names, unheard: names, worth: LEASE });
        self.outbox.push(request);
    }

    /// The version in memory.
    pub fn kept(&self) -> Option<u8> {
        self.memory.as_ref().map(|kept| kept.version)
    }
}
