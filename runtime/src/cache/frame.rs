//! What a running cached body depends on, gathered from every cached call made inside it; and who watches these calls.

use super::Node;
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Stamp};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Gathers what one running body depends on.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The frame of the body that called this one.
    parent: Option<Arc<Self>>,
    /// The flight that this body is run for.
    node: Arc<Node>,
    gathered: Mutex<Gathered>,
    /// What is told to somebody who watches the calls inside: the frame is then no body's, and gathers for its parent.
    watched: Option<Mutex<Watched>>,
}

/// What somebody who watches calls is told of them.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// The computations whose values were served.
    pub(crate) made: Vec<u64>,
    /// Until when all of them are fresh.
    pub(crate) fresh_until: Moment,
    /// Something was served that is kept nowhere.
    pub(crate) unstored: bool,
}

/// What a body turned out to depend on.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The epochs of what it called.
    pub(crate) stamp: Stamp,
    /// Names given inside the body, whose epochs were not read before it began.
    pub(crate) late: Vec<Arc<Cell>>,
    /// When all of what it called was known to be current.
    pub(crate) born: Moment,
    /// The earliest end of what it called.
    pub(crate) deadline: Moment,
    /// Something it called was not stored, so neither may this be.
    pub(crate) unstored: bool,
}

impl Frame {
    pub(crate) fn new(parent: Option<Arc<Self>>, node: Arc<Node>) -> Arc<Self> {
        Arc::new(Self::with(parent, node, None))
    }

    /// A frame to watch calls, those of a body or of nobody's.
    pub(crate) fn watching(parent: Option<Arc<Self>>) -> Arc<Self> {
        let watched = Watched { made: Vec::new(), fresh_until: Moment::NEVER, unstored: false };
        Arc::new(Self::with(parent, Arc::default(), Some(Mutex::new(watched))))
    }

    fn with(parent: Option<Arc<Self>>, node: Arc<Node>, watched: Option<Mutex<Watched>>) -> Self {
        let gathered = Gathered {
            stamp: Stamp::default(),
            late: Vec::new(),
            born: Moment::NEVER,
            deadline: Moment::NEVER,
            unstored: false,
        };
        Self { parent, node, gathered: Mutex::new(gathered), watched }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        match &self.parent {
            Some(parent) if self.watched.is_some() => parent.gathered(),
            _ => lock(&self.gathered),
        }
    }

    /// Those who watch the calls made here, innermost first.
    fn watchers(&self) -> impl Iterator<Item = MutexGuard<'_, Watched>> {
        let frames = std::iter::successors(Some(self), |frame| frame.parent.as_deref());
        frames.map_while(|frame| frame.watched.as_ref().map(lock))
    }

    /// A cached call answered with what this computation made, and which is fresh until then.
    pub(crate) fn served(&self, made: u64, fresh_until: Moment) {
        for mut watched in self.watchers() {
            watched.made.push(made);
            watched.fresh_until = watched.fresh_until.min(fresh_until);
        }
    }

    /// What was told to whoever watches by this frame.
    pub(crate) fn watched(&self) -> Option<Watched> {
        self.watched.as_ref().map(|watched| lock(watched).clone())
    }

    /// A cached call inside the body returned this.
    pub(crate) fn depends(&self, stamp: &Stamp, born: Moment, deadline: Moment) {
        let mut gathered = self.gathered();
        gathered.stamp.merge(stamp);
        gathered.born = gathered.born.min(born);
        gathered.deadline = gathered.deadline.min(deadline);
    }

    /// What a cached call inside the body returned can be ended alone: then this is ended, too.
    pub(crate) fn depends_on_entry(&self, any_entry: &Arc<Cell>, epoch: Epoch) {
        let mut gathered = self.gathered();
        if epoch.is_known() {
            gathered.stamp.add(any_entry, epoch);
        } else {
            gathered.late.push(Arc::clone(any_entry));
        }
    }

    /// A cached call inside the body returned something that was not stored.
    pub(crate) fn depends_on_unstored(&self) {
        self.watchers().for_each(|mut watched| watched.unstored = true);
        self.gathered().unstored = true;
    }

    /// What is called here from now on is told to `other` instead: whoever that does not lead to misses it.
    pub(crate) fn left_for(self: &Arc<Self>, other: Option<&Arc<Self>>) {
        let misses = |frame: &&Arc<Self>| !other.is_some_and(|other| other.is_within(frame));
        let mut frame = Some(self).filter(misses);
        while let Some(at) = frame {
            match &at.watched {
                Some(watched) => lock(watched).unstored = true,
                None => return lock(&at.gathered).unstored = true,
            }
            frame = at.parent.as_ref().filter(misses);
        }
    }

    /// The body named something that it depends on.
    pub(crate) fn tag(&self, cell: Arc<Cell>) {
        self.gathered().late.push(cell);
    }

    /// Takes all that was gathered.
    pub(crate) fn take(&self) -> Gathered {
        let mut gathered = self.gathered();
        Gathered {
            stamp: std::mem::take(&mut gathered.stamp),
            late: std::mem::take(&mut gathered.late),
            born: gathered.born,
            deadline: gathered.deadline,
            unstored: gathered.unstored,
        }
    }

    /// Whether this is the frame of `outer`, or of what it called.
    pub(crate) fn is_within(self: &Arc<Self>, outer: &Arc<Self>) -> bool {
        let mut frame = Some(self);
        while let Some(at) = frame {
            if Arc::ptr_eq(at, outer) {
                return true;
            }
            frame = at.parent.as_ref();
        }
        false
    }

    /// The flights of this body and of all that called it, innermost first.
    pub(crate) fn nodes(self: &Arc<Self>) -> Vec<Arc<Node>> {
        let mut nodes = Vec::new();
        let mut frame = Some(self);
        while let Some(at) = frame {
            nodes.push(Arc::clone(&at.node));
            frame = at.parent.as_ref();
        }
        nodes
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::Table;

    const fn at(nanos: u64) -> Moment {
        Moment::from_nanos(nanos)
    }

    fn body(parent: Option<&Arc<Frame>>) -> Arc<Frame> {
        Frame::new(parent.cloned(), Arc::default())
    }

    fn watcher(parent: Option<&Arc<Frame>>) -> Arc<Frame> {
        Frame::watching(parent.cloned())
    }

    fn misses(frame: &Frame) -> bool {
        frame.watched().map_or_else(|| lock(&frame.gathered).unstored, |watched| watched.unstored)
    }

    #[test]
    fn all_who_watch_are_told_of_a_call_and_the_body_around_them_gathers() {
        let table = Table::new(true);
        let (around, cell) = (body(None), table.cell("tools"));
        let outer = watcher(Some(&around));
        let inner = watcher(Some(&outer));
        inner.served(7, at(30));
        inner.served(8, at(20));
        for watched in [&inner, &outer].map(|frame| frame.watched().expect("it watches")) {
            assert_eq!((watched.made, watched.fresh_until, watched.unstored), (vec![7, 8], at(20), false));
        }
        assert!(around.watched().is_none());
        let mut stamp = Stamp::default();
        stamp.add(&cell, Epoch::confirmed(5));
        inner.depends(&stamp, at(6), at(9));
        inner.depends(&Stamp::default(), at(5), at(10));
        inner.tag(Arc::clone(&cell));
        let gathered = around.take();
        assert_eq!((gathered.stamp.parts().len(), gathered.late.len()), (1, 1));
        assert_eq!((gathered.born, gathered.deadline, gathered.unstored), (at(5), at(9), false));
        assert!(around.take().stamp.parts().is_empty(), "it was taken");
        // What another body calls is told to that one.
        body(Some(&inner)).served(9, at(1));
        assert_eq!(outer.watched().map(|watched| watched.made.len()), Some(2));
        inner.depends_on_unstored();
        assert!([&inner, &outer, &around].into_iter().all(|frame| misses(frame)));
    }

    #[test]
    fn a_body_gathers_for_itself_and_an_epoch_that_was_not_known_is_read_behind_it() {
        let (table, around) = (Table::new(true), body(None));
        let frame = body(Some(&around));
        let (known, unknown) = (table.cell("known"), table.cell("unknown"));
        frame.depends_on_entry(&known, Epoch::confirmed(5));
        frame.depends_on_entry(&unknown, Epoch::UNKNOWN);
        let gathered = around.take();
        assert!(gathered.stamp.parts().is_empty() && gathered.late.is_empty(), "it is told when the call returns");
        let gathered = frame.take();
        assert!(matches!(gathered.stamp.parts(), [(cell, _)] if Arc::ptr_eq(cell, &known)));
        assert!(matches!(&*gathered.late, [cell] if Arc::ptr_eq(cell, &unknown)));
    }

    #[test]
    fn a_frame_lies_within_itself_and_all_around_it() {
        let outer = body(None);
        let (inner, beside) = (body(Some(&outer)), body(Some(&outer)));
        assert!(inner.is_within(&inner) && inner.is_within(&outer));
        assert!(!outer.is_within(&inner) && !inner.is_within(&beside));
        let nodes = inner.nodes();
        assert!(matches!(&*nodes, [a, b] if Arc::ptr_eq(a, &inner.node) && Arc::ptr_eq(b, &outer.node)));
    }

    #[test]
    fn who_is_left_for_another_misses_what_is_called_there_unless_that_leads_back() {
        for to_beside in [None, Some(false), Some(true)] {
            let (around, stranger) = (body(None), body(None));
            let (watches, beside) = (watcher(Some(&around)), body(Some(&around)));
            let other = to_beside.map(|beside_it| if beside_it { &beside } else { &stranger });
            watches.left_for(other);
            assert!(misses(&watches), "{to_beside:?}");
            assert_eq!(misses(&around), to_beside != Some(true), "{to_beside:?}");
            assert!(!misses(&stranger) && !misses(&beside));
        }
        let around = body(None);
        let inner = body(Some(&around));
        around.left_for(Some(&inner));
        assert!(!misses(&around));
        inner.left_for(Some(&around));
        assert!(misses(&inner) && !misses(&around));
    }
}
