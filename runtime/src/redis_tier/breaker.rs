//! The circuit breaker: after some failures nothing is sent for a while, then one call tries.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Moment;
use crate::stats::Breaker as State;

/// Opens after this many failures in a row.
const FAILURES: u32 = 3;

#[derive(Debug)]
pub(crate) struct Breaker {
    /// How long it stays open.
    open_for: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// How many links there were: what was admitted on an earlier one says nothing of this one.
    link: u64,
    failures: u32,
    /// When the last counted failure was noticed: calls begun before it belong to the same wave.
    failed_at: Option<Moment>,
    open_until: Option<Moment>,
    probing: bool,
}

/// Leave to send one call. Dropped without a word, it counts for nothing and frees the probe's place.
#[derive(Debug)]
pub(crate) struct Admission<'a> {
    breaker: &'a Breaker,
    begun: Moment,
    probe: bool,
    link: u64,
}

impl Breaker {
    pub(crate) fn new(open_for: Duration) -> Self {
        Self { open_for, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for leave to send.
    pub(crate) fn admit(&self, now: Moment) -> Option<Admission<'_>> {
        let mut inner = self.inner();
        let probe = match inner.open_until {
            None => false,
            Some(until) if now >= until && !inner.probing => {
                inner.probing = true;
                true
            }
            Some(_) => return None,
        };
        Some(Admission { breaker: self, begun: now, probe, link: inner.link })
    }

    /// The link was made anew: what happened before says nothing about it.
    pub(crate) fn reset(&self) {
        let mut inner = self.inner();
        *inner = Inner { link: inner.link + 1, ..Inner::default() };
    }

    pub(crate) fn state(&self, now: Moment) -> State {
        let inner = self.inner();
        match inner.open_until {
            None => State::Closed,
            Some(until) if now < until => State::Open,
            Some(_) => State::HalfOpen,
        }
    }
}

impl<'a> Admission<'a> {
    /// What is known of the link that this was admitted on, if it is still the present one.
    fn of_this_link(&self) -> Option<MutexGuard<'a, Inner>> {
        Some(self.breaker.inner()).filter(|inner| inner.link == self.link)
    }

    pub(crate) fn succeeded(self) {
        let Some(mut inner) = self.of_this_link() else { return };
        inner.failures = 0;
        if self.probe {
            inner.open_until = None;
        }
    }

    pub(crate) fn failed(self, now: Moment) {
        let Some(mut inner) = self.of_this_link() else { return };
        if !self.probe && inner.failed_at.is_some_and(|at| self.begun < at) {
            return;
        }
        inner.failures += 1;
        inner.failed_at = Some(now);
        if self.probe || inner.failures >= FAILURES {
            inner.open_until = Some(now + self.breaker.open_for);
        }
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(mut inner) = self.of_this_link()
        {
            inner.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Moment {
        Moment::from_nanos(seconds * 1_000_000_000)
    }

    fn fail(breaker: &Breaker, second: u64) {
        breaker.admit(at(second)).expect("closed").failed(at(second));
    }

    #[test]
    fn three_failures_open_it_and_one_probe_tries() {
        let breaker = Breaker::new(Duration::from_secs(30));
        (0..3).for_each(|second| fail(&breaker, second));
        assert!(breaker.admit(at(3)).is_none());
        assert!(breaker.admit(at(31)).is_none());
        let probe = breaker.admit(at(32)).expect("one probe");
        assert!(breaker.admit(at(32)).is_none());
        probe.succeeded();
        assert_eq!(breaker.state(at(32)), State::Closed);
    }

    #[test]
    fn a_failed_probe_keeps_it_open_and_a_cancelled_one_frees_its_place() {
        let breaker = Breaker::new(Duration::from_secs(30));
        (0..3).for_each(|second| fail(&breaker, second));
        drop(breaker.admit(at(40)).expect("one probe"));
        breaker.admit(at(40)).expect("another").failed(at(40));
        assert!(breaker.admit(at(69)).is_none());
        assert!(breaker.admit(at(70)).is_some());
    }

    #[test]
    fn what_an_earlier_link_left_behind_counts_for_nothing() {
        let breaker = Breaker::new(Duration::from_secs(30));
        (0..3).for_each(|second| fail(&breaker, second));
        let former = breaker.admit(at(40)).expect("one probe");
        breaker.reset();
        former.failed(at(41));
        assert_eq!(breaker.state(at(41)), State::Closed, "the link is a new one");
        (50..53).for_each(|second| fail(&breaker, second));
        let (former, present) = {
            let former = breaker.admit(at(90)).expect("one probe");
            breaker.reset();
            (100..103).for_each(|second| fail(&breaker, second));
            (former, breaker.admit(at(140)).expect("one probe"))
        };
        drop(former);
        assert!(breaker.admit(at(140)).is_none(), "the probe of this link is under way");
        drop(present);
        assert!(breaker.admit(at(140)).is_some());
    }

    #[test]
    fn only_failures_in_a_row_count_and_an_admission_that_is_dropped_is_none() {
        let breaker = Breaker::new(Duration::from_secs(30));
        for second in 0..20 {
            drop(breaker.admit(at(second)).expect("closed"));
        }
        fail(&breaker, 20);
        fail(&breaker, 21);
        drop(breaker.admit(at(22)).expect("closed"));
        assert_eq!(breaker.state(at(22)), State::Closed);
        fail(&breaker, 23);
        assert_eq!(breaker.state(at(23)), State::Open);
        assert_eq!((breaker.state(at(52)), breaker.state(at(53))), (State::Open, State::HalfOpen));
    }

    #[test]
    fn a_wave_of_timeouts_counts_once() {
        let breaker = Breaker::new(Duration::from_secs(30));
        let wave: Vec<_> = (0..100).filter_map(|_| breaker.admit(at(1))).collect();
        wave.into_iter().for_each(|admission| admission.failed(at(2)));
        assert_eq!(breaker.state(at(2)), State::Closed);
    }

    #[test]
    fn a_call_that_begins_as_another_fails_is_of_the_next_wave() {
        let breaker = Breaker::new(Duration::from_secs(30));
        for second in 1..4 {
            breaker.admit(at(second)).expect("closed").failed(at(second + 1));
        }
        assert_eq!(breaker.state(at(4)), State::Open);
    }

    #[test]
    fn a_success_ends_the_row() {
        let breaker = Breaker::new(Duration::from_secs(30));
        for second in 0..10 {
            fail(&breaker, 10 * second);
            breaker.admit(at(10 * second + 1)).expect("closed").succeeded();
        }
        assert_eq!(breaker.state(at(100)), State::Closed);
    }
}
