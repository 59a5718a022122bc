//! What a search is given: how much may happen, and which safeguard is taken away.

/// How much may happen in one search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Processes with a cache of their own.
    pub processes: usize,
    /// What there is when it begins.
    pub start: Start,
    /// Writes to the source, each followed by its invalidation.
    pub writes: u8,
    /// Calls that are under way in one process at a time.
    pub runs: usize,
    /// Calls that memory does not answer, in all; `u8::MAX`: any number.
    pub calls: u8,
    /// Bodies that fail. With one or more, values age: a call may find one that is to be computed anew.
    pub failures: u8,
    /// How often the time of one lease passes.
    pub ticks: u8,
    /// Faults in all, each of one of these kinds.
    pub faults: u8,
    /// The kinds of faults that may happen.
    pub kinds: &'static [Fault],
    /// The longest way that is followed.
    pub depth: usize,
    /// What the value depends on.
    pub dependence: Dependence,
    /// What is taken away from the protocol.
    pub without: Option<Safeguard>,
}

/// What there is when a search begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// No link, and no epoch in Redis.
    Cold,
    /// Links, and epochs that all know, and no value.
    Empty,
    /// The same, with a value in each memory and in Redis.
    Full,
    /// The same, with a value in some of these.
    Any,
}

/// What the one cached value depends on besides everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// A name that is known before the body runs.
    Name,
    /// A name that only the result knows.
    Late,
    /// The name of its own entry, kept in this way.
    Entry(Kept),
}

/// How the end of a single entry is kept in Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A key of its own, there only once it was ended.
    Alone,
    /// The same, and a value is written only while that key is what the value was computed at.
    Conditional,
    /// A key of its own, and a value is written only while no entry of the function was ended since before its body; the
    /// end of an entry deletes its value in the same step.
    Unchanged,
    /// One key per function holds all ends, and a floor that stands for each entry without one.
    Together,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A connection breaks; what was sent on it may still be executed.
    Cut,
    /// A process dies and is started again.
    Crash,
    /// An end is not answered in time, over a link that is up.
    Impatience,
    /// The server refuses an end, and goes on reading: it is full, or a replica.
    Refusal,
    /// The server saves, and later restarts from that save.
    Restart,
    /// `FLUSHALL`.
    Flush,
    /// One epoch is evicted.
    Evict,
    /// So many ends were noted that the server forgets them and raises the floor.
    Trim,
}

/// What the protocol does so that a promise holds; one of them can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safeguard {
    /// The stamp is taken before the body runs.
    StampBeforeBody,
    /// A flight is joined, and its result shared, only if nothing it depends on was ended since it began.
    FlightsUnchanged,
    /// Every known epoch is read again on a new link.
    ReadAgain,
    /// What is owed is delivered before a new link is used.
    OwedFirst,
    /// A cell whose end is owed takes no epoch from a read.
    OwedHides,
    /// A link is subscribed before epochs are read on it.
    SubscribedFirst,
    /// A reply is not taken over where something was learnt since it was asked for.
    Guard,
    /// What a silent link does not contradict is believed for one lease only.
    Lease,
    /// Another run of the server ends everything.
    SameRun,
    /// An epoch that is made anew equals no earlier one.
    UniqueEpochs,
    /// A result with late names is stored only if none was ended since its computation began.
    LateUnchanged,
    /// That is looked at after the epochs of the late names were read, not before.
    LateAfterReading,
    /// Nor is it stored where the link was broken since.
    LateLinked,
    /// Where the order of two ends cannot be told, the epoch is unknown.
    OrderOfEnds,
    /// A value in memory is taken out when its entry is ended, and is not stored after that.
    EntryTakenOut,
    /// Any end of an entry raises one epoch, by which a new link sees that some were missed.
    AnyEntry,
    /// That one is compared with what it was when the last link was lost, not with what was heard of it since.
    AsLost,
    /// What memory holds is confirmed by that one as it was before memory was looked at.
    AnyEntryFirst,
    /// A value that stands by for a body that fails is not served where its entry was ended since memory was looked at.
    FormerForgotten,
    /// Nor is it kept on, unless memory holds it still.
    KeptOn,
}

/// A promise of larder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Promise {
    /// 1: what was ended in a process is not served there, from any tier, whoever computed it.
    FreshAtHome,
    /// 2, 3, 6: what was ended elsewhere is not served once that was announced, nor on a new link, nor after a lease.
    FreshElsewhere,
    /// 5: what is owed is delivered before the first read of what it ended.
    OwedFirst,
}
