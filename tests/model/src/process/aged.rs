//! A value that memory held and that is to be computed anew: served meanwhile, or where the body fails.

use super::{Kept, Process, Run, Stage};
use crate::bounds::{Bounds, Safeguard};
use crate::cell::Epoch;
use crate::link::{Link, Who};
use crate::server::{ANY, Request, SHOWN};

/// What a value that is to be computed anew is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aged {
    /// It is served at once, and computed anew in the background.
    Renewed,
    /// It stands by for a body that fails.
    StandsBy,
}

impl Process {
    /// A call that found a value in memory goes on: whoever ended that meanwhile was heard.
    pub fn go_on(&mut self, bounds: &Bounds, slot: usize) -> Option<()> {
        let any = self.cells[ANY].epoch;
        let run = self.runs.get_mut(slot)?.as_mut()?;
        let Stage::Looked { kept, aged } = run.stage.clone() else { return None };
        if bounds.without == Some(Safeguard::AnyEntryFirst) {
            run.any = any;
        }
        // Its counter is read now.
        (run.changed, run.unlinked) = (Default::default(), false);
        let needs = run.needs;
        let Some(aged) = aged else {
            if self.link != Link::Up {
                self.begin_anew(bounds, slot);
                return Some(());
            }
            self.runs[slot].as_mut()?.stage = Stage::Confirming(kept);
            self.ask_again(bounds, slot);
            return Some(());
        };
        if aged == Aged::Renewed {
            self.serve(kept.version, needs);
        }
        if self.join(bounds, needs) {
            self.gone(slot);
            return Some(());
        }
        self.runs[slot].as_mut()?.former = Some((kept, aged));
        self.begin_anew(bounds, slot);
        Some(())
    }

    /// Leads a flight from here on.
    pub(super) fn begin_anew(&mut self, bounds: &Bounds, slot: usize) {
        if let Some(run) = &mut self.runs[slot] {
            run.stage = Stage::Fetching;
            // Only what memory held is compared with it.
            run.any = if run.former.is_some() { run.any } else { Epoch::Unknown };
        }
        self.found(slot);
        self.fetch(bounds, slot);
    }

    /// No value in memory carries the epoch of its entry: that of any stands for it.
    fn ask_again(&mut self, bounds: &Bounds, slot: usize) {
        let names = [true, !Self::entry(bounds), Self::entry(bounds)];
        self.ask(Who::Run(slot), Request::Read { value: false, names });
    }

    /// The body fails.
    pub fn fail(&mut self, bounds: &Bounds, slot: usize) -> Option<()> {
        let run = self.runs.get_mut(slot)?.as_mut()?;
        match run.former.clone() {
            Some((kept, Aged::StandsBy)) if self.is_current(&kept.stamp) => {
                if self.lease > 0 || kept.young > 0 {
                    self.fall_back(bounds, slot, &kept);
                } else if self.link == Link::Up {
                    self.runs[slot].as_mut()?.stage = Stage::Recalling(kept);
                    self.ask_again(bounds, slot);
                } else {
                    self.gone(slot);
                }
            }
            former => {
                let run = self.gone(slot)?;
                if let Some((kept, Aged::Renewed)) = former
                    && self.is_current(&kept.stamp)
                {
                    self.keep_on(bounds, &run, &kept);
                }
            }
        }
        Some(())
    }

    /// Serves what stands by, if it was not ended, also to those who wait.
    pub(super) fn fall_back(&mut self, bounds: &Bounds, slot: usize, kept: &Kept) {
        let Some(run) = self.gone(slot) else { return };
        let any_ended = Self::entry(bounds) && run.any != self.cells[ANY].epoch;
        let forgotten = any_ended && self.kept() != Some(kept.version);
        if forgotten && bounds.without != Some(Safeguard::FormerForgotten) {
            return;
        }
        self.keep_on(bounds, &run, kept);
        self.serve(kept.version, run.needs);
        if let Some(waiter) = run.waiter {
            self.serve(kept.version, waiter);
        }
    }

    /// The next attempt to replace it is made a little later.
    fn keep_on(&mut self, bounds: &Bounds, run: &Run, kept: &Kept) {
        let held = self.kept() == Some(kept.version);
        let heard = bounds.without == Some(Safeguard::KeptOn) && !run.changed[SHOWN];
        if held || heard {
            self.memory = Some(kept.clone());
        }
    }
}
