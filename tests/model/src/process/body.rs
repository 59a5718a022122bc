//! The body of a call: what it reads, and how its value lands.

use super::{Kept, Process, Stage};
use crate::bounds::{Bounds, Dependence, Kept as EndsKept, Safeguard};
use crate::cell::Epoch;
use crate::link::{Link, Who};
use crate::server::{ANY, NAMES, Record, Request, SHOWN};

impl Process {
    /// The body reads the source.
    pub fn read_source(&mut self, slot: usize, written: u8) -> Option<()> {
        let stage = &mut self.runs.get_mut(slot)?.as_mut()?.stage;
        (*stage == Stage::Running(None)).then(|| *stage = Stage::Running(Some(written)))
    }

    /// The body returns.
    pub fn finish(&mut self, bounds: &Bounds, slot: usize) -> Option<()> {
        let run = self.runs.get(slot)?.as_ref()?;
        let Stage::Running(Some(version)) = run.stage else { return None };
        if bounds.without == Some(Safeguard::StampBeforeBody) {
            let stamp = self.stamp(Self::before(bounds));
            self.runs[slot].as_mut()?.stamp = stamp;
        }
        let late = [false, bounds.dependence == Dependence::Late, false];
        let ended = self.late_ended(bounds, slot);
        if self.unknown(late).contains(&true) && self.link == Link::Up {
            self.runs[slot].as_mut()?.stage = Stage::Late { version, create: false, ended };
            self.ask(Who::Run(slot), Request::Read { value: false, names: late });
        } else {
            self.land(bounds, slot, version, ended);
        }
        Some(())
    }

    pub(super) fn late_ended(&self, bounds: &Bounds, slot: usize) -> bool {
        let Some(run) = &self.runs[slot] else { return true };
        let changed = run.changed[SHOWN] && bounds.without != Some(Safeguard::LateUnchanged);
        let unlinked = run.unlinked && bounds.without != Some(Safeguard::LateLinked);
        bounds.dependence == Dependence::Late && (changed || unlinked)
    }

    /// Judges what was computed.
    pub(super) fn land(&mut self, bounds: &Bounds, slot: usize, version: u8, early: bool) {
        if bounds.dependence == Dependence::Late {
            let shown = self.stamp([false, true, false])[SHOWN];
            if let Some(run) = &mut self.runs[slot] {
                run.stamp[SHOWN] = shown;
            }
        }
        let late =
            if bounds.without == Some(Safeguard::LateAfterReading) { early } else { self.late_ended(bounds, slot) };
        self.hand_on(bounds, slot, version, !late, !late);
    }

    /// Stores a value where it may be, and gives it to those who wait.
    pub(super) fn hand_on(&mut self, bounds: &Bounds, slot: usize, version: u8, stored: bool, write: bool) {
        let Some(run) = self.gone(slot) else { return };
        let entry = Self::entry(bounds);
        let ended = entry && run.changed[SHOWN] && bounds.without != Some(Safeguard::EntryTakenOut);
        if stored && !ended {
            let mut stamp = run.stamp;
            if entry {
                (stamp[SHOWN], stamp[ANY]) = (Epoch::Unknown, Epoch::Unknown);
            }
            self.memory = Some(Kept { version, stamp, young: run.young });
        }
        self.serve(version, run.needs);
        let mut carried = run.stamp;
        carried[ANY] = Epoch::Unknown;
        let current = self.is_current(&carried);
        if let Some(waiter) = run.waiter {
            let untouched = (0..NAMES).all(|name| carried[name] == Epoch::Unknown || !run.changed[name]);
            if untouched || stored && current || bounds.without == Some(Safeguard::FlightsUnchanged) {
                self.serve(version, waiter);
            }
        }
        let confirmed = (0..NAMES).all(|name| !Self::CARRIED[name] || run.stamp[name].is_confirmed());
        let known = bounds.dependence != Dependence::Entry(EndsKept::Unchanged) || run.stamp[ANY].is_confirmed();
        if write && confirmed && known && current && self.link == Link::Up {
            // Nobody waits for the answer.
            self.outbox.push(Request::Write(Record { version, stamp: run.stamp }));
        }
    }
}
