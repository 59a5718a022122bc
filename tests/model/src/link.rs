//! The link of a process: how it is called up, what is done with what arrives, and what its loss means.

use crate::bounds::{Bounds, Dependence, Kept, Safeguard};
use crate::cell::{Epoch, News};
use crate::process::{LEASE, Process};
use crate::server::{ANY, EVERYTHING, Message, NAMES, PerName, Record, Request, SHOWN};

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// The link that is being called up.
    Link,
    /// The heartbeat.
    Beat,
    /// A call.
    Run(usize),
    /// Ends of a name; whether they were owed.
    End {
        /// Which.
        name: usize,
        /// How many.
        ends: u8,
        /// Whether they were.
        owed: bool,
    },
    /// Nobody any more.
    Nobody,
}

/// One answer that is awaited.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ask {
    /// By whom.
    pub who: Who,
    /// The names that it is about.
    pub names: PerName<bool>,
    /// Of which names nothing was learnt since.
    pub unheard: PerName<bool>,
    /// For how many ticks a lease from when it was sent would last.
    pub worth: u8,
}

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// There is none.
    #[default]
    Down,
    /// It is being called up: this step was asked for, and its heartbeat's lease would last so long.
    Preparing {
        /// The step.
        step: Step,
        /// In ticks.
        worth: u8,
    },
    /// Calls go through.
    Up,
}

/// The steps before calls go through, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Announcements come from here on.
    Subscribe,
    /// The lease is counted from here.
    Beat,
    /// Another run ends everything.
    SameRun,
    /// What is owed is sent.
    Deliver,
    /// Every known epoch is read.
    ReadAgain,
    /// What Redis forgot is sent.
    DeliverAgain,
    /// Where it comes too late.
    SubscribeLate,
    /// Done.
    Done,
}

impl Link {
    /// The time of one lease passes.
    pub fn tick(&mut self) {
        if let Self::Preparing { worth, .. } = self {
            *worth = worth.saturating_sub(1);
        }
    }
}

impl Process {
    /// Begins a link.
    pub fn connect(&mut self, bounds: &Bounds) {
        let late = bounds.without == Some(Safeguard::SubscribedFirst);
        self.due = self.owed[SHOWN] > 0;
        self.step(bounds, if late { Step::Beat } else { Step::Subscribe }, 0);
    }

    /// Asks for what a step needs; goes on at once where that is nothing.
    fn step(&mut self, bounds: &Bounds, step: Step, worth: u8) {
        self.link = Link::Preparing { step, worth };
        let skipped = match step {
            Step::Deliver | Step::DeliverAgain => bounds.without == Some(Safeguard::OwedFirst),
            Step::ReadAgain => bounds.without == Some(Safeguard::ReadAgain),
            Step::SubscribeLate => bounds.without != Some(Safeguard::SubscribedFirst),
            _ => false,
        };
        if skipped {
            return self.next(bounds, step, worth);
        }
        match step {
            Step::Subscribe | Step::SubscribeLate => self.ask(Who::Link, Request::Subscribe),
            Step::Beat => self.ask(Who::Link, Request::Beat),
            Step::SameRun => self.ask(Who::Link, Request::SameRun),
            Step::Deliver | Step::DeliverAgain => {
                if step == Step::Deliver && !self.cells[ANY].epoch.is_confirmed() {
                    self.missed(bounds);
                }
                if !self.deliver() {
                    self.next(bounds, step, worth);
                }
            }
            Step::ReadAgain => {
                for name in 0..NAMES {
                    let news = self.cells[name].distrust();
                    self.told(name, news);
                }
                let entry = matches!(bounds.dependence, Dependence::Entry(_));
                self.ask(Who::Link, Request::Read { value: false, names: [true, !self.swept, entry] });
            }
            Step::Done => {
                self.link = Link::Up;
                self.lease = self.lease.max(worth);
                // It is taken anew when this link is lost.
                self.linked = Epoch::Unknown;
                self.relinked(bounds);
            }
        }
    }

    fn next(&mut self, bounds: &Bounds, step: Step, worth: u8) {
        let next = match step {
            Step::Subscribe => Step::Beat,
            Step::Beat => Step::SameRun,
            Step::SameRun => Step::Deliver,
            Step::Deliver => Step::ReadAgain,
            Step::ReadAgain => Step::DeliverAgain,
            Step::DeliverAgain => Step::SubscribeLate,
            Step::SubscribeLate | Step::Done => Step::Done,
        };
        self.step(bounds, next, worth);
    }

    /// Sends what is owed; `false`: nothing is.
    pub fn deliver(&mut self) -> bool {
        for name in 0..NAMES {
            let ends = std::mem::take(&mut self.owed[name]);
            if ends > 0 {
                self.ask(Who::End { name, ends, owed: true }, Request::Raise { name, version: self.needs.home });
            }
        }
        self.is_delivering()
    }

    /// Whether an answer to what was owed is awaited.
    pub fn is_delivering(&self) -> bool {
        self.asks.iter().any(|ask| matches!(ask.who, Who::End { owed: true, .. }))
    }

    /// Ends what was written here.
    pub fn end(&mut self, bounds: &Bounds) -> Option<()> {
        self.needs.home = self.writing.take()?;
        let entry = matches!(bounds.dependence, Dependence::Entry(_));
        for name in [SHOWN, ANY].into_iter().take(if entry { 2 } else { 1 }) {
            let own = self.own();
            let news = self.cells[name].begin_end(own);
            self.told(name, news);
            self.ended(bounds, name);
            if self.link == Link::Up {
                let request = Request::Raise { name, version: self.needs.home };
                self.ask(Who::End { name, ends: 1, owed: false }, request);
            } else {
                self.owed[name] += 1;
            }
        }
        self.swept = false;
        Some(())
    }

    /// An end that was sent is not waited for any longer.
    pub fn give_up(&mut self) -> Option<()> {
        let ask = self.asks.iter_mut().find(|ask| matches!(ask.who, Who::End { .. }))?;
        if let Who::End { name, ends, .. } = std::mem::replace(&mut ask.who, Who::Nobody) {
            self.owed[name] += ends;
        }
        Some(())
    }

    /// The server refuses the request that it would execute next, an end.
    pub fn refused(&mut self) -> Option<()> {
        let Some(Request::Raise { .. }) = self.outbox.first() else { return None };
        let unanswered = self.inbox.iter().filter(|got| matches!(got, Message::Answer { .. })).count();
        let Who::End { name, ends, .. } = self.asks.get(unanswered)?.who else { return None };
        // A link that is being called up is given up at once.
        (self.link == Link::Up).then_some(())?;
        self.asks.remove(unanswered);
        self.outbox.remove(0);
        self.owed[name] += ends;
        Some(())
    }

    /// Whether this message may be taken now. Announcements are handled where they arrive, in order; an answer wakes whoever
    /// waits for it, and may be overtaken by all that came later.
    pub fn may_take(&self, index: usize) -> bool {
        let announced = |message: &Message| matches!(message, Message::Announced { .. });
        !self.inbox.iter().take(index).any(announced)
    }

    /// Takes a message.
    pub fn receive(&mut self, bounds: &Bounds, index: usize) -> Option<()> {
        let answers = self.inbox.iter().take(index).filter(|got| matches!(got, Message::Answer { .. })).count();
        match self.inbox.remove(index) {
            Message::Closed => {
                // What was not executed was sent to a server that is gone.
                let _lost = self.cut(bounds);
            }
            Message::Announced { name, epoch, first, ended } => {
                let own = self.own();
                let news = self.cells[name].announce(Epoch::Given(epoch), first, own);
                self.told(name, news);
                if news == News::Changed {
                    self.ended(bounds, name);
                }
                self.needs.heard = self.needs.heard.max(ended);
                self.swept &= name != SHOWN;
            }
            Message::Answer { value, epochs, ended } => {
                let ask = self.asks.remove(answers);
                self.answer(bounds, &ask, value, epochs);
                if self.link == Link::Up {
                    // It came behind every announcement from before it.
                    self.needs.heard = self.needs.heard.max(ended);
                }
            }
        }
        Some(())
    }

    fn answer(&mut self, bounds: &Bounds, ask: &Ask, value: Option<Record>, epochs: PerName<Option<u8>>) {
        match ask.who {
            Who::Nobody => {}
            Who::Run(slot) => self.answered(bounds, slot, ask, Some((value, epochs))),
            Who::End { name, ends, owed } => {
                let own = self.own();
                self.due &= !(owed && name == SHOWN);
                let epoch = epochs[name].map_or(Epoch::Unknown, Epoch::Given);
                let news = self.cells[name].confirm_end(ends, epoch, own, bounds.without);
                self.told(name, news);
                if let Link::Preparing { step, worth } = self.link
                    && owed
                    && !self.is_delivering()
                {
                    self.next(bounds, step, worth);
                }
            }
            Who::Beat => {
                self.beaten(ask, epochs);
                self.lease = self.lease.max(ask.worth);
            }
            Who::Link => {
                let Link::Preparing { step, mut worth } = self.link else { return };
                match step {
                    Step::Beat => {
                        self.beaten(ask, epochs);
                        worth = ask.worth;
                    }
                    Step::ReadAgain => self.read_again(bounds, ask, epochs),
                    _ => {}
                }
                self.next(bounds, step, worth);
            }
        }
    }

    fn beaten(&mut self, ask: &Ask, epochs: PerName<Option<u8>>) {
        let known = self.cells[EVERYTHING].epoch;
        let now = epochs[EVERYTHING].map(Epoch::Given);
        if known.is_confirmed() && now != Some(known) && ask.unheard[EVERYTHING] {
            for name in 0..NAMES {
                let news = self.cells[name].forget();
                self.told(name, news);
            }
        }
    }

    fn read_again(&mut self, bounds: &Bounds, ask: &Ask, epochs: PerName<Option<u8>>) {
        let alone = matches!(bounds.dependence, Dependence::Entry(Kept::Alone | Kept::Conditional | Kept::Unchanged));
        for name in (0..NAMES).filter(|name| ask.names[*name]) {
            let absent = if name == SHOWN && alone { Epoch::NeverEnded } else { Epoch::Unknown };
            let epoch = epochs[name].map_or(absent, Epoch::Given);
            let before = self.cells[name].epoch;
            let news = match self.cells[name].learn_again(ask.unheard[name], epoch, bounds.without) {
                Some(news) => news,
                None => {
                    let own = self.own();
                    self.owed[name] += 1;
                    self.ended(bounds, name);
                    self.cells[name].begin_end(own)
                }
            };
            self.told(name, news);
            let now = self.cells[name].epoch;
            if before.is_confirmed() && now.is_confirmed() && now != before {
                self.ended(bounds, name);
            }
            // What else memory holds of entries that were ended unseen goes with the epoch of any.
            let known = if bounds.without == Some(Safeguard::AsLost) { before } else { self.linked };
            if name == ANY && !(known.is_confirmed() && known == epoch) {
                self.missed(bounds);
            }
        }
    }

    /// The connection is gone; what was sent and not executed may be executed all the same.
    pub fn cut(&mut self, bounds: &Bounds) -> Vec<Request> {
        if self.link == Link::Up {
            self.linked = self.cells[ANY].epoch;
            if !self.linked.is_confirmed() {
                self.linked = Epoch::Unknown;
            }
        }
        self.link = Link::Down;
        self.inbox.clear();
        self.subscribed = false;
        self.relinked(bounds);
        for ask in std::mem::take(&mut self.asks) {
            match ask.who {
                Who::End { name, ends, .. } => self.owed[name] += ends,
                Who::Run(slot) => self.answered(bounds, slot, &ask, None),
                Who::Link | Who::Beat | Who::Nobody => {}
            }
        }
        std::mem::take(&mut self.outbox)
    }

    /// Asks whether the link is alive.
    pub fn beat(&mut self) -> Option<()> {
        let due = self.link == Link::Up && self.lease < LEASE && !self.asks.iter().any(|ask| ask.who == Who::Beat);
        due.then(|| self.ask(Who::Beat, Request::Beat))
    }
}
