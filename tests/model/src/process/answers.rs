//! What comes back to a call: epochs and values, and what it makes of them.

use super::{Process, Stage};
use crate::bounds::{Bounds, Dependence, Kept as EndsKept, Safeguard};
use crate::cell::Epoch;
use crate::link::{Ask, Link, Who};
use crate::server::{ANY, NAMES, PerName, Record, Request, SHOWN};

impl Process {
    /// Takes over epochs that were read; the names that have none.
    fn take_over(&mut self, bounds: &Bounds, ask: &Ask, epochs: PerName<Option<u8>>) -> PerName<bool> {
        let mut missing = PerName::default();
        for name in (0..NAMES).filter(|name| ask.names[*name]) {
            let alone = Self::entry(bounds) && bounds.dependence != Dependence::Entry(EndsKept::Together);
            let epoch = match epochs[name] {
                Some(epoch) => Epoch::Given(epoch),
                None if name == SHOWN && alone => Epoch::NeverEnded,
                None => {
                    missing[name] = true;
                    continue;
                }
            };
            let before = self.cells[name].epoch;
            let news = self.cells[name].learn(ask.unheard[name], epoch, bounds.without);
            self.told(name, news);
            if before.is_confirmed() && self.cells[name].epoch != before {
                self.ended(bounds, name);
                if name == ANY {
                    self.missed(bounds);
                }
            }
        }
        missing
    }

    /// An answer for a call; `None`: there will be none.
    pub fn answered(
        &mut self,
        bounds: &Bounds,
        slot: usize,
        ask: &Ask,
        answer: Option<(Option<Record>, PerName<Option<u8>>)>,
    ) {
        let Some(run) = self.runs[slot].clone() else { return };
        let Some((value, epochs)) = answer else {
            match run.stage {
                Stage::Late { version, ended, .. } => self.land(bounds, slot, version, ended),
                Stage::Recalling(_) => drop(self.gone(slot)),
                _ => self.begin(slot, bounds),
            }
            return;
        };
        let missing = self.take_over(bounds, ask, epochs);
        let create = missing.contains(&true) && self.link == Link::Up;
        let stage = |process: &mut Self, stage| {
            if let Some(run) = &mut process.runs[slot] {
                run.stage = stage;
            }
        };
        match run.stage {
            Stage::Confirming(kept) => {
                let any_ended = Self::entry(bounds) && run.any != self.cells[ANY].epoch;
                let ended = any_ended && bounds.without != Some(Safeguard::AnyEntry);
                if self.is_current(&kept.stamp) && !missing.contains(&true) && !ended {
                    self.serve(kept.version, run.needs);
                    self.gone(slot);
                } else if self.join(bounds, run.needs) {
                    self.gone(slot);
                } else {
                    self.begin_anew(bounds, slot);
                }
            }
            Stage::Recalling(kept) if self.is_current(&kept.stamp) && !missing.contains(&true) => {
                self.fall_back(bounds, slot, &kept);
            }
            Stage::Recalling(_) => drop(self.gone(slot)),
            Stage::Fetching if create => {
                stage(self, Stage::Creating(value));
                self.ask(Who::Run(slot), Request::Create(missing));
            }
            Stage::Fetching => self.resolve(bounds, slot, value, true),
            Stage::Creating(value) => self.resolve(bounds, slot, value, true),
            Stage::Completing(record) => self.resolve(bounds, slot, Some(record), false),
            Stage::Late { version, ended, create: false } if create => {
                stage(self, Stage::Late { version, ended, create: true });
                self.ask(Who::Run(slot), Request::Create(missing));
            }
            Stage::Late { version, ended, .. } => self.land(bounds, slot, version, ended),
            Stage::Looked { .. } | Stage::Running(_) => {}
        }
    }

    /// Serves what was found, or runs the body.
    fn resolve(&mut self, bounds: &Bounds, slot: usize, found: Option<Record>, may_ask: bool) {
        let Some(record) = found else { return self.begin(slot, bounds) };
        let before = Self::before(bounds);
        let others: PerName<bool> = std::array::from_fn(|name| Self::CARRIED[name] && !before[name]);
        let mut asked = if self.lease > 0 { self.unknown(others) } else { others };
        let unknown = self.unknown(before);
        (0..NAMES).for_each(|name| asked[name] |= unknown[name]);
        if may_ask && asked.contains(&true) && self.link == Link::Up {
            if let Some(run) = &mut self.runs[slot] {
                run.stage = Stage::Completing(record);
            }
            return self.ask(Who::Run(slot), Request::Read { value: false, names: asked });
        }
        if !self.is_current(&record.stamp) || asked.contains(&true) && may_ask {
            return self.begin(slot, bounds);
        }
        if let Some(run) = &mut self.runs[slot] {
            run.stamp = record.stamp;
        }
        self.hand_on(bounds, slot, record.version, true, false);
    }
}
