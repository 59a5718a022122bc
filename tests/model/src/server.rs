//! The one Redis: what it holds, and what it does with a request, each in one step.

use crate::bounds::{Bounds, Dependence, Kept, Safeguard};
use crate::cell::Epoch;

/// The names: everything, what the value shows (a name, or its entry), and any entry.
pub const EVERYTHING: usize = 0;
/// What the value depends on besides.
pub const SHOWN: usize = 1;
/// Raised with every end of a single entry.
pub const ANY: usize = 2;
/// How many there are.
pub const NAMES: usize = 3;

/// One of something for each name.
pub type PerName<T> = [T; NAMES];

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Record {
    /// Which version of the source it was made of.
    pub version: u8,
    /// The epochs that it was computed at.
    pub stamp: PerName<Epoch>,
}

/// What a process asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// From here on, announcements come.
    Subscribe,
    /// The epoch of everything, behind all announcements.
    Beat,
    /// Ends everything if this is another run than the one noted.
    SameRun,
    /// The value, if it is wanted, and epochs.
    Read {
        /// Whether it is.
        value: bool,
        /// Of these.
        names: PerName<bool>,
    },
    /// Epochs for names that have none.
    Create(PerName<bool>),
    /// An end of a name; the newest version that was ended where it comes from.
    Raise {
        /// What is ended.
        name: usize,
        /// Unseen by the protocol.
        version: u8,
    },
    /// Stores a value.
    Write(Record),
}

/// What a process is sent, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// A name was raised, or given its first epoch; the version whose end that is.
    Announced {
        /// Which.
        name: usize,
        /// What it is at.
        epoch: u8,
        /// Whether it had none.
        first: bool,
        /// Unseen by the protocol.
        ended: u8,
    },
    /// The answer to the oldest request not answered.
    Answer {
        /// What was found.
        value: Option<Record>,
        /// Those that were asked for, or made.
        epochs: PerName<Option<u8>>,
        /// The newest version ended at the server by then; unseen by the protocol.
        ended: u8,
    },
    /// The server closed the connection.
    Closed,
}

/// What is lost by a restart from a save, or kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Data {
    /// By name.
    pub epochs: PerName<Option<u8>>,
    /// Under the one key.
    pub value: Option<Record>,
    noted: Option<u8>,
}

/// The server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Server {
    /// What it holds.
    pub data: Data,
    /// What it would restart from.
    pub saved: Option<Data>,
    run: u8,
    /// The highest number that is left of any epoch: the next one is above it.
    pub(super) clock: u8,
    /// The newest version whose end was executed here; no protocol sees this.
    pub ended: u8,
}

impl Server {
    /// One that has epochs, and a value of the first version or none.
    pub fn warm(bounds: &Bounds, value: bool) -> (Self, PerName<Epoch>) {
        let mut server = Self { data: Data { noted: Some(0), ..Data::default() }, ..Self::default() };
        let alone = matches!(bounds.dependence, Dependence::Entry(Kept::Alone | Kept::Conditional | Kept::Unchanged));
        for name in (0..NAMES).filter(|name| !alone || *name != SHOWN) {
            server.raise(bounds, name, true);
        }
        let epochs = server.data.epochs.map(|epoch| epoch.map_or(Epoch::NeverEnded, Epoch::Given));
        let stamp = [epochs[EVERYTHING], epochs[SHOWN], Epoch::Unknown];
        server.data.value = value.then_some(Record { version: 1, stamp });
        (server, epochs)
    }

    /// Whether it holds anything that was made of less than this version.
    pub fn holds_older(&self, version: u8) -> bool {
        let older = |data: &Data| data.value.as_ref().is_some_and(|record| record.version < version);
        older(&self.data) || self.saved.as_ref().is_some_and(older)
    }
}

/// An announcement to all subscribers.
type News = Vec<Message>;

impl Server {
    fn next(&mut self, bounds: &Bounds, name: usize) -> u8 {
        if bounds.without == Some(Safeguard::UniqueEpochs) {
            return self.data.epochs[name].map_or(1, |old| old + 1);
        }
        self.clock += 1;
        self.clock
    }

    fn raise(&mut self, bounds: &Bounds, name: usize, first: bool) -> Message {
        let epoch = self.next(bounds, name);
        self.data.epochs[name] = Some(epoch);
        Message::Announced { name, epoch, first, ended: if name == SHOWN && !first { self.ended } else { 0 } }
    }

    /// Executes a request.
    pub fn execute(&mut self, bounds: &Bounds, request: Request) -> (News, Option<Message>) {
        let mut news = Vec::new();
        let mut answer = (None, PerName::default());
        match request {
            Request::Subscribe => {}
            Request::Beat => answer.1[EVERYTHING] = self.data.epochs[EVERYTHING],
            Request::SameRun => {
                let another = self.data.noted.replace(self.run) != Some(self.run);
                let checked = bounds.without != Some(Safeguard::SameRun);
                if another && checked && self.data.epochs[EVERYTHING].is_some() {
                    news.push(self.raise(bounds, EVERYTHING, false));
                }
            }
            Request::Read { value, names } => {
                answer.0 = self.data.value.clone().filter(|_| value);
                answer.1 = self.of(names);
            }
            Request::Create(names) => {
                for name in (0..NAMES).filter(|name| names[*name]) {
                    if self.data.epochs[name].is_none() {
                        let made = self.raise(bounds, name, true);
                        // What holds the ends of a function is made anew in silence.
                        if name != SHOWN || !matches!(bounds.dependence, Dependence::Entry(_)) {
                            news.push(made);
                        }
                    }
                }
                answer.1 = self.of(names);
            }
            Request::Raise { name, version } => {
                if name == SHOWN {
                    self.ended = self.ended.max(version);
                }
                news.push(self.raise(bounds, name, false));
                if let Dependence::Entry(kept) = bounds.dependence
                    && name == SHOWN
                {
                    news.push(self.raise(bounds, ANY, false));
                    if kept != Kept::Together {
                        self.data.value = None;
                    }
                }
                answer.1[name] = self.data.epochs[name];
            }
            Request::Write(mut record) => {
                let any = std::mem::take(&mut record.stamp[ANY]);
                let at = |name: usize| self.data.epochs[name].map_or(Epoch::NeverEnded, Epoch::Given);
                let may = match bounds.dependence {
                    Dependence::Entry(Kept::Conditional) => record.stamp[SHOWN] == at(SHOWN),
                    Dependence::Entry(Kept::Unchanged) => any == at(ANY),
                    _ => true,
                };
                if may {
                    self.data.value = Some(record);
                }
                return (news, None);
            }
        }
        (news, Some(Message::Answer { value: answer.0, epochs: answer.1, ended: self.ended }))
    }

    fn of(&self, names: PerName<bool>) -> PerName<Option<u8>> {
        std::array::from_fn(|name| self.data.epochs[name].filter(|_| names[name]))
    }

    /// Starts anew, from the save where there is one.
    pub fn restart(&mut self) {
        if let Some(saved) = self.saved.take() {
            self.data = saved;
        }
        self.run += 1;
    }

    /// Forgets the ends of a function, and raises its floor.
    pub fn trim(&mut self, bounds: &Bounds) {
        if self.data.epochs[SHOWN].is_some() {
            let _ = self.raise(bounds, SHOWN, false);
        }
    }
}
