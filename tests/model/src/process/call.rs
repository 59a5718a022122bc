//! A call as it begins: answered from memory, joined to a flight, or on its way.

use super::{Aged, LEASE, Needs, Process, Run, Stage};
use crate::bounds::{Bounds, Dependence, Kept as EndsKept, Promise, Safeguard};
use crate::cell::Epoch;
use crate::link::{Link, Who};
use crate::server::{ANY, NAMES, PerName, Request, SHOWN};

impl Process {
    /// A call: answered from memory, joined to a flight, or begun.
    pub fn call(&mut self, bounds: &Bounds, aged: Option<Aged>) -> Option<()> {
        let tracked = self.lease > 0;
        let kept = self.memory.clone().filter(|kept| self.is_current(&kept.stamp));
        let fresh = kept.as_ref().is_some_and(|kept| tracked || kept.young > 0);
        match kept {
            None if aged.is_some() => None,
            Some(_) if !fresh && aged == Some(Aged::Renewed) => None,
            Some(kept) if fresh && aged.is_none() => {
                self.serve(kept.version, self.needs);
                self.broken.map(|_| ())
            }
            Some(kept) if aged.is_some() || self.link == Link::Up => {
                let slot = self.slot(bounds)?;
                let any = if Self::entry(bounds) { self.cells[ANY].epoch } else { Epoch::Unknown };
                self.place(slot, Stage::Looked { kept, aged }, any);
                // What else a value depends on, it carries.
                if Self::entry(bounds) { Some(()) } else { self.go_on(bounds, slot) }
            }
            _ => {
                if self.join(bounds, self.needs) {
                    return Some(());
                }
                let slot = self.slot(bounds)?;
                self.place(slot, Stage::Fetching, Epoch::Unknown);
                self.found(slot);
                self.fetch(bounds, slot);
                Some(())
            }
        }
    }

    pub(super) fn slot(&mut self, bounds: &Bounds) -> Option<usize> {
        self.runs.iter().position(Option::is_none).or_else(|| {
            (self.runs.len() < bounds.runs).then(|| {
                self.runs.push(None);
                self.runs.len() - 1
            })
        })
    }

    pub(super) fn place(&mut self, slot: usize, stage: Stage, any: Epoch) {
        let (needs, stamp) = (self.needs, PerName::default());
        let (changed, unlinked, found, waiter) = (PerName::default(), false, false, None);
        let young = if self.lease > 0 { self.lease } else { LEASE };
        let former = None;
        self.runs[slot] = Some(Run { stage, needs, stamp, changed, unlinked, found, waiter, young, any, former });
        self.swept = false;
    }

    /// From now on, others find this flight under the key.
    pub(super) fn found(&mut self, slot: usize) {
        for (at, run) in self.runs.iter_mut().enumerate() {
            run.iter_mut().for_each(|run| run.found = at == slot);
        }
    }

    pub(super) fn gone(&mut self, slot: usize) -> Option<Run> {
        let run = self.runs[slot].take();
        while self.runs.last().is_some_and(Option::is_none) {
            self.runs.pop();
        }
        run
    }

    pub(super) fn join(&mut self, bounds: &Bounds, needs: Needs) -> bool {
        let (before, tracked) = (Self::before(bounds), self.lease > 0);
        let by_key = bounds.without == Some(Safeguard::FlightsUnchanged);
        let joinable = |run: &&mut Run| {
            let unchanged = (0..NAMES).all(|name| !(before[name] && run.changed[name]));
            run.found && (unchanged || by_key) && (tracked || run.young > 0)
        };
        let Some(run) = self.runs.iter_mut().flatten().find(joinable) else { return false };
        let waiter = run.waiter.get_or_insert_default();
        waiter.home = waiter.home.max(needs.home);
        waiter.heard = waiter.heard.max(needs.heard);
        true
    }

    /// Asks Redis for the value, or runs the body where there is no link.
    pub(super) fn fetch(&mut self, bounds: &Bounds, slot: usize) {
        if self.link != Link::Up {
            return self.begin(slot, bounds);
        }
        if self.due {
            self.broken = self.broken.or(Some(Promise::OwedFirst));
        }
        let before = Self::before(bounds);
        let mut names = if self.lease > 0 { self.unknown(before) } else { before };
        names[ANY] = Self::entry(bounds) && self.unknown([false, false, true])[ANY];
        names[SHOWN] |= bounds.dependence == Dependence::Entry(EndsKept::Together);
        self.ask(Who::Run(slot), Request::Read { value: true, names });
    }

    /// Takes the stamp: from here on the body may read the source.
    pub(super) fn begin(&mut self, slot: usize, bounds: &Bounds) {
        let mut stamp = self.stamp(Self::before(bounds));
        if bounds.dependence == Dependence::Entry(EndsKept::Unchanged) {
            stamp[ANY] = self.cells[ANY].epoch;
        }
        if let Some(run) = &mut self.runs[slot] {
            (run.stage, run.stamp, run.young) = (Stage::Running(None), stamp, LEASE);
        }
    }

    pub(super) fn stamp(&mut self, names: PerName<bool>) -> PerName<Epoch> {
        let mut stamp = PerName::default();
        for name in (0..NAMES).filter(|name| names[*name]) {
            if self.cells[name].epoch == Epoch::Unknown {
                self.cells[name].epoch = self.own();
            }
            stamp[name] = self.cells[name].epoch;
        }
        stamp
    }
}
