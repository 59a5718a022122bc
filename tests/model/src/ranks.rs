//! States that differ only in the numbers of their epochs are one: what is compared is their order, name by name.
//!
//! A raise that was lost leaves a gap, and one that was executed twice none, so that the numbers tell of ways that no
//! step can tell apart any more. A new epoch is above all that are left of its name, as the clock would have it.

use crate::bounds::{Bounds, Safeguard};
use crate::cell::{Cell, Epoch};
use crate::model::State;
use crate::process::{Kept, Process, Run, Stage};
use crate::server::{ANY, Data, Message, PerName, Record, Request, Server};

/// What is done with each epoch of a state, by its name.
type Look<'a> = &'a mut dyn FnMut(usize, &mut u8);

impl State {
    /// Numbers the epochs of each name from one.
    pub(super) fn rank(&mut self, bounds: &Bounds) {
        // Where epochs may come again, their numbers count.
        if bounds.without == Some(Safeguard::UniqueEpochs) {
            return;
        }
        let mut seen: PerName<u64> = PerName::default();
        self.epochs(&mut |name, epoch| seen[name] |= 1 << *epoch);
        let below = |name: usize, epoch: u8| (seen[name] & ((1 << epoch) - 1)).count_ones();
        self.epochs(&mut |name, epoch| *epoch = below(name, *epoch) as u8 + 1);
        self.server.clock = seen.iter().map(|seen| seen.count_ones() as u8).max().unwrap_or_default();
    }

    fn epochs(&mut self, look: Look<'_>) {
        self.server.epochs(look);
        self.processes.iter_mut().for_each(|process| process.epochs(look));
        self.adrift.iter_mut().for_each(|request| sent(request, look));
    }
}

impl Server {
    fn epochs(&mut self, look: Look<'_>) {
        self.data.epochs(look);
        if let Some(saved) = &mut self.saved {
            saved.epochs(look);
        }
    }
}

impl Data {
    fn epochs(&mut self, look: Look<'_>) {
        given(&mut self.epochs, look);
        stored(&mut self.value, look);
    }
}

impl Process {
    fn epochs(&mut self, look: Look<'_>) {
        for (name, cell) in self.cells.iter_mut().enumerate() {
            cell.epochs(name, look);
        }
        epoch(ANY, &mut self.linked, look);
        if let Some(Kept { stamp, .. }) = &mut self.memory {
            stamped(stamp, look);
        }
        self.runs.iter_mut().flatten().for_each(|run| run.epochs(look));
        self.outbox.iter_mut().for_each(|request| sent(request, look));
        for message in &mut self.inbox {
            match message {
                Message::Announced { name, epoch, .. } => look(*name, epoch),
                Message::Answer { value, epochs, .. } => {
                    stored(value, look);
                    given(epochs, look);
                }
                Message::Closed => {}
            }
        }
    }
}

impl Run {
    fn epochs(&mut self, look: Look<'_>) {
        self.held_mut().for_each(|kept| stamped(&mut kept.stamp, look));
        epoch(ANY, &mut self.any, look);
        match &mut self.stage {
            Stage::Creating(found) => stored(found, look),
            Stage::Completing(record) => stamped(&mut record.stamp, look),
            _ => {}
        }
        stamped(&mut self.stamp, look);
    }
}

impl Cell {
    fn epochs(&mut self, name: usize, look: Look<'_>) {
        epoch(name, &mut self.epoch, look);
        self.heard.iter_mut().chain(&mut self.confirmed).for_each(|found| epoch(name, found, look));
    }
}

fn epoch(name: usize, epoch: &mut Epoch, look: Look<'_>) {
    if let Epoch::Given(number) = epoch {
        look(name, number);
    }
}

fn stamped(stamp: &mut PerName<Epoch>, look: Look<'_>) {
    stamp.iter_mut().enumerate().for_each(|(name, found)| epoch(name, found, look));
}

fn given(epochs: &mut PerName<Option<u8>>, look: Look<'_>) {
    for (name, number) in epochs.iter_mut().enumerate() {
        number.iter_mut().for_each(|number| look(name, number));
    }
}

fn stored(record: &mut Option<Record>, look: Look<'_>) {
    if let Some(record) = record {
        stamped(&mut record.stamp, look);
    }
}

fn sent(request: &mut Request, look: Look<'_>) {
    if let Request::Write(record) = request {
        stamped(&mut record.stamp, look);
    }
}
