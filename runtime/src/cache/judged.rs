//! The entry of a body that ran: its stamp, its life, and whether it may be stored.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::function::Ttl;
use super::look::Run;
use super::{AnyValue, Entry, Frame, Node, Store};
use crate::ambient::Ambient;
use crate::clock::Moment;
use crate::epoch::{Cell, Stamp};

/// A body that runs.
pub(super) struct Started {
    frame: Arc<Frame>,
    stamp: Stamp,
    born: Moment,
    /// The table's counter before anything was read.
    pub(super) began: u64,
    generation: u64,
    /// Something that it depends on is being written: what is computed is stored nowhere.
    fenced: bool,
}

impl Run {
    /// Takes the stamp: from here on the body may read what it depends on.
    pub(crate) fn begin(&mut self) -> Ambient {
        let flight = self.flight.as_ref();
        let node = flight.map_or_else(Arc::<Node>::default, |flight| Arc::clone(flight.pilot.node()));
        let began = flight.map_or_else(|| self.larder.table().counter(), |flight| flight.began);
        let (born, generation) = (self.larder.now(), self.generation());
        let frame = Frame::new(self.ambient.frame.clone(), node);
        let inside = self.inside(Some(Arc::clone(&frame)));
        let stamp = self.stamp();
        // Behind the epochs: whoever raised one that is in the stamp had put up its fence before.
        let fenced = self.is_fenced(born);
        self.started = Some(Started { frame, stamp, born, began, generation, fenced });
        inside
    }

    /// Makes the entry of a value that was computed, and judges whether it may be stored.
    pub(super) async fn judge(
        &self,
        started: Started,
        value: Box<AnyValue>,
        late: Vec<Arc<Cell>>,
        (ttl, own_ttl): (Option<Duration>, Option<Duration>),
        wanted: bool,
    ) -> Entry {
        let Started { frame, mut stamp, born, began, generation, fenced } = started;
        let (core, table) = (self.core(), self.larder.table());
        #[cfg(feature = "testkit")]
        if crate::testkit::is_out(crate::testkit::Protection::StampBeforeBody) {
            stamp = self.stamp();
        }
        let gathered = frame.take();
        stamp.merge(&gathered.stamp);
        let mut named = gathered.late;
        named.extend(late);
        self.learn(&named, false).await;
        for cell in &named {
            stamp.add(cell, cell.epoch_or(|| table.provisional()));
        }
        // What was named only now must not have been ended since the computation began, seen or unseen. This is looked at
        // after the epochs were taken: whoever ends a name in between is seen here, or has left the older epoch there.
        let unseen = !named.is_empty() && self.generation() != generation;
        let ended = unseen || named.iter().any(|cell| cell.changed() > began);
        // A fence that ran out since then stood when it began.
        let fenced = fenced || named.iter().any(|cell| cell.fenced_until() > born);
        let now = self.larder.now();
        let life = life(core.ttl, ttl, own_ttl, core.jitter);
        let deadline = life.map_or(Moment::NEVER, |life| now + life.saturating_add(core.tail()));
        let (served_until, renew_at) = life.map_or((Moment::NEVER, Moment::NEVER), |life| core.served(deadline, life));
        let (deadline, served_until) = (deadline.min(gathered.deadline), served_until.min(gathered.deadline));
        let stored =
            wanted && now < deadline && life != Some(Duration::ZERO) && !(ended || fenced || gathered.unstored);
        let born = born.min(gathered.born);
        Entry { value, stamp, born, deadline, served_until, renew_at, stored, made: unique() }
    }

    /// Tells the body that made this call what it depends on now, though nothing of it is kept.
    pub(super) fn report_unstored(&self, started: Started) {
        if let Some(frame) = &self.ambient.frame {
            let Started { frame: inner, mut stamp, born, .. } = started;
            let gathered = inner.take();
            stamp.merge(&gathered.stamp);
            for cell in &gathered.late {
                stamp.add(cell, cell.epoch());
            }
            frame.depends(&stamp, born.min(gathered.born), gathered.deadline);
            frame.depends_on_unstored();
        }
    }

    /// Whether anything that the call depends on is being written, or its source may lag behind what was.
    fn is_fenced(&self, now: Moment) -> bool {
        // What only this process keeps asks Redis for no end of its own: all ends of its function stand for it.
        let any_entry = (self.core().store == Store::Memory).then_some(&self.core().any_entry);
        self.cells.iter().chain(any_entry).any(|cell| cell.fenced_until() > now)
    }

    /// What is inside a body: this instance, and a frame where its dependencies are gathered.
    fn inside(&self, frame: Option<Arc<Frame>>) -> Ambient {
        Ambient { larder: Some(self.larder.clone()), frame, ..self.ambient.clone() }
    }

    /// The present epochs: the stamp of a computation that begins now.
    fn stamp(&self) -> Stamp {
        let mut stamp = Stamp::default();
        for cell in &self.cells {
            stamp.add(cell, cell.epoch_or(|| self.larder.table().provisional()));
        }
        stamp
    }
}

/// A number that no other computation has: the keys of each hasher are new, and begin with what the system drew.
fn unique() -> u64 {
    RandomState::new().hash_one(())
}

/// How long a value lives; `None` for one that does not age. `own`: what values like this one live, which a configured life
/// bounds. Shortened at random by up to `jitter`, so that values stored together do not end together.
fn life(policy: Ttl, call: Option<Duration>, own: Option<Duration>, jitter: f64) -> Option<Duration> {
    let ttl = match policy {
        Ttl::Endless => return None,
        Ttl::Fixed(ttl) => own.map_or(ttl, |own| own.min(ttl)),
        Ttl::Otherwise(ttl) => own.or(call).unwrap_or(ttl),
    };
    let shortened = ttl.as_secs_f64() * jitter.clamp(0.0, 1.0) * fastrand::f64();
    Some(ttl.saturating_sub(Duration::try_from_secs_f64(shortened).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_stands_above_the_call_and_a_life_is_shortened_by_its_share_at_most() {
        let seconds = Duration::from_secs;
        assert_eq!(life(Ttl::Endless, Some(seconds(5)), None, 0.1), None);
        assert_eq!(life(Ttl::Fixed(seconds(9)), Some(seconds(5)), None, 0.0), Some(seconds(9)));
        assert_eq!(life(Ttl::Otherwise(seconds(9)), Some(seconds(5)), None, 0.0), Some(seconds(5)));
        assert_eq!(life(Ttl::Otherwise(seconds(9)), None, None, -1.0), Some(seconds(9)));
        for (jitter, shortest) in [(0.1, 90), (0.5, 50), (7.0, 0)] {
            let lives: Vec<_> = (0..1_000).filter_map(|_| life(Ttl::Fixed(seconds(100)), None, None, jitter)).collect();
            assert!(lives.iter().all(|life| (seconds(shortest)..=seconds(100)).contains(life)), "{jitter}");
            let (low, high) = (lives.iter().min(), lives.iter().max());
            let spread = high.zip(low).map_or(Duration::ZERO, |(high, low)| *high - *low);
            assert!(spread > (seconds(100) - seconds(shortest)) / 2, "{jitter}: over {spread:?}");
        }
        assert_eq!(life(Ttl::Fixed(Duration::ZERO), None, None, 0.5), Some(Duration::ZERO));
    }
}
