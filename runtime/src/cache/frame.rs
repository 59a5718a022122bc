//! What a running cached body depends on: gathered from every cached call made inside it.

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
        let gathered = Gathered {
            stamp: Stamp::default(),
            late: Vec::new(),
            born: Moment::NEVER,
            deadline: Moment::NEVER,
            unstored: false,
        };
        Arc::new(Self { parent, node, gathered: Mutex::new(gathered) })
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.gathered().unstored = true;
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
