//! Everything that may happen next, in every order.

use stateright::{Checker, CheckerBuilder, HasDiscoveries, Model, Property};

use crate::bounds::{Bounds, Dependence, Fault, Promise, Safeguard, Start};
use crate::cell::Epoch;
use crate::link::Link;
use crate::process::{Aged, Process, Stage};
use crate::server::{Message, NAMES, Request, SHOWN, Server};

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    written: u8,
    pub(super) server: Server,
    pub(super) processes: Vec<Process>,
    /// Sent on connections that broke: each may be executed still.
    pub(super) adrift: Vec<Request>,
    calls: u8,
    failures: u8,
    ticks: u8,
    faults: u8,
    /// What had been ended at the server when the last tick came.
    long_ago: u8,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A process writes the source.
    Write(usize),
    /// And ends what shows it.
    End(usize),
    /// A process calls the function.
    Call(usize),
    /// The same, where memory holds a value that is to be computed anew.
    CallAged(usize, Aged),
    /// A call that found a value goes on.
    GoOn(usize, usize),
    /// The body of a call reads the source.
    ReadSource(usize, usize),
    /// It returns.
    Return(usize, usize),
    /// It fails.
    Fail(usize, usize),
    /// The server executes the oldest request of a process.
    Execute(usize),
    /// A process takes one of the messages that came.
    Receive(usize, usize),
    /// It asks whether its link is alive.
    Beat(usize),
    /// It calls a link up.
    Connect(usize),
    /// It sends what it owes.
    Deliver(usize),
    /// Its lease ends before the time of a full tick.
    LeaseEnds(usize),
    /// It lets go of a name that nobody refers to.
    Sweep(usize),
    /// What was sent on a broken connection is executed, or lost.
    Adrift {
        /// Which.
        at: usize,
        /// Whether it is executed.
        executed: bool,
    },
    /// The time of one lease passes.
    Tick,
    /// The server saves what it holds.
    Save,
    /// Something goes wrong, in a process or with a name where there is one.
    Fault(Fault, usize),
}

impl Model for Bounds {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let state = |server, processes| {
            let (calls, failures, ticks, faults) = (self.calls, self.failures, self.ticks, self.faults);
            State { written: 1, server, processes, adrift: Vec::new(), calls, failures, ticks, faults, long_ago: 0 }
        };
        if self.start == Start::Cold {
            return vec![state(Server::default(), vec![Process::default(); self.processes])];
        }
        let mut states = Vec::new();
        for value in [false, true] {
            let (server, epochs) = Server::warm(self, value);
            let entry = matches!(self.dependence, Dependence::Entry(_));
            let stamp = [epochs[0], if entry { Epoch::Unknown } else { epochs[SHOWN] }, Epoch::Unknown];
            for holding in 0..=self.processes {
                let full = value && holding == self.processes;
                let empty = !value && holding == 0;
                if self.start == Start::Full && !full || self.start == Start::Empty && !empty {
                    continue;
                }
                let process = |at| Process::warm(epochs, (at < holding).then_some(stamp));
                let mut state = state(server.clone(), (0..self.processes).map(process).collect());
                state.rank(self);
                state.processes.sort();
                states.push(state);
            }
        }
        states
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.is_decided(self) {
            return;
        }
        let timed = self.ticks > 0;
        for (at, process) in state.processes.iter().enumerate() {
            let mut may = |step, when: bool| steps.extend(when.then_some(step));
            may(Step::Write(at), state.written <= self.writes && process.writing.is_none());
            may(Step::End(at), process.writing.is_some());
            may(Step::Call(at), true);
            for aged in [Aged::Renewed, Aged::StandsBy] {
                may(Step::CallAged(at, aged), self.failures > 0 && process.memory.is_some());
            }
            for (slot, run) in process.runs.iter().enumerate() {
                let stage = run.as_ref().map(|run| &run.stage);
                may(Step::GoOn(at, slot), matches!(stage, Some(Stage::Looked { .. })));
                may(Step::Fail(at, slot), state.failures > 0 && matches!(stage, Some(Stage::Running(_))));
                may(Step::ReadSource(at, slot), stage == Some(&Stage::Running(None)));
                may(Step::Return(at, slot), matches!(stage, Some(Stage::Running(Some(_)))));
            }
            may(Step::Execute(at), !process.outbox.is_empty());
            for index in 0..process.inbox.len() {
                may(Step::Receive(at, index), process.may_take(index));
            }
            may(Step::Beat(at), timed || self.kinds.contains(&Fault::Flush));
            may(Step::Connect(at), process.link == Link::Down);
            may(Step::Deliver(at), process.owed != [0; NAMES]);
            may(Step::LeaseEnds(at), timed && process.lease > 0 && self.without != Some(Safeguard::Lease));
            may(Step::Sweep(at), self.dependence != Dependence::Name && !process.swept);
        }
        for at in 0..state.adrift.len() {
            steps.extend([true, false].map(|executed| Step::Adrift { at, executed }));
        }
        steps.extend((state.ticks > 0).then_some(Step::Tick));
        if state.faults == 0 {
            return;
        }
        for kind in self.kinds {
            match kind {
                Fault::Cut | Fault::Crash | Fault::Impatience | Fault::Refusal => {
                    steps.extend((0..self.processes).map(|at| Step::Fault(*kind, at)));
                }
                Fault::Evict => steps.extend((0..NAMES).map(|name| Step::Fault(*kind, name))),
                Fault::Restart => steps.extend([Step::Save, Step::Fault(*kind, 0)]),
                Fault::Flush | Fault::Trim => steps.push(Step::Fault(*kind, 0)),
            }
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        state.step(self, step)?;
        state.rank(self);
        // Processes are alike: what only swaps two is no other state.
        state.processes.sort();
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn keeps(state: &State, promise: Promise) -> bool {
            state.processes.iter().all(|process| process.broken != Some(promise))
        }
        vec![
            Property::always("fresh at home", |_, state| keeps(state, Promise::FreshAtHome)),
            Property::always("fresh elsewhere", |_, state| keeps(state, Promise::FreshElsewhere)),
            Property::always("owed first", |_, state| keeps(state, Promise::OwedFirst)),
            Property::sometimes("all is well again after all that may happen", |bounds: &Bounds, state: &State| {
                let all = state.written == 1 + bounds.writes && state.faults == 0;
                all && state.processes.iter().all(|at| at.kept() == Some(state.written))
            }),
        ]
    }
}

impl State {
    /// Whether a promise is broken, or none can be any more: nothing old is left anywhere, and nothing grows old.
    fn is_decided(&self, bounds: &Bounds) -> bool {
        if self.processes.iter().any(|process| process.broken.is_some()) {
            return true;
        }
        let older = |sent: &Request| matches!(sent, Request::Write(record) if record.version < self.written);
        self.written > bounds.writes
            && !self.adrift.iter().any(older)
            && !self.server.holds_older(self.written)
            && !self.processes.iter().any(|process| process.holds_older(self.written))
    }

    fn step(&mut self, bounds: &Bounds, step: Step) -> Option<()> {
        match step {
            Step::Write(at) => {
                self.written += 1;
                self.processes[at].writing = Some(self.written);
            }
            Step::End(at) => self.processes[at].end(bounds)?,
            Step::Call(at) | Step::CallAged(at, _) => {
                let aged = if let Step::CallAged(_, aged) = step { Some(aged) } else { None };
                self.processes[at].call(bounds, aged)?;
                // What memory answers is not counted: it changes nothing, or breaks a promise.
                if bounds.calls < u8::MAX && self.processes[at].broken.is_none() {
                    self.calls = self.calls.checked_sub(1)?;
                }
            }
            Step::ReadSource(at, slot) => self.processes[at].read_source(slot, self.written)?,
            Step::GoOn(at, slot) => self.processes[at].go_on(bounds, slot)?,
            Step::Fail(at, slot) => {
                self.failures -= 1;
                self.processes[at].fail(bounds, slot)?;
            }
            Step::Return(at, slot) => self.processes[at].finish(bounds, slot)?,
            Step::Execute(at) => {
                let request = self.processes[at].outbox.remove(0);
                let answer = self.execute(bounds, request.clone());
                let process = &mut self.processes[at];
                process.subscribed |= request == Request::Subscribe;
                process.inbox.extend(answer);
            }
            Step::Receive(at, index) => self.processes[at].receive(bounds, index)?,
            Step::Beat(at) => self.processes[at].beat()?,
            Step::Connect(at) => {
                self.processes[at].connect(bounds);
            }
            Step::Deliver(at) => {
                let process = &mut self.processes[at];
                if process.link != Link::Up || process.owed == [0; NAMES] || process.is_delivering() {
                    return None;
                }
                process.deliver();
            }
            Step::LeaseEnds(at) => {
                self.processes[at].lease = 0;
            }
            Step::Sweep(at) => self.processes[at].sweep(bounds)?,
            Step::Adrift { at, executed } => {
                let request = self.adrift.remove(at);
                if executed {
                    self.execute(bounds, request);
                }
            }
            Step::Tick => {
                self.ticks = self.ticks.checked_sub(1)?;
                self.processes.iter_mut().for_each(|process| process.tick(bounds, self.long_ago));
                self.long_ago = self.server.ended;
            }
            Step::Save => {
                if self.server.saved.is_some() {
                    return None;
                }
                self.server.saved = Some(self.server.data.clone());
            }
            Step::Fault(fault, at) => {
                self.faults -= 1;
                self.fault(bounds, fault, at)?;
            }
        }
        Some(())
    }

    fn execute(&mut self, bounds: &Bounds, request: Request) -> Option<Message> {
        let (news, answer) = self.server.execute(bounds, request);
        for process in self.processes.iter_mut().filter(|process| process.subscribed) {
            process.inbox.extend(news.iter().cloned());
        }
        answer
    }

    fn fault(&mut self, bounds: &Bounds, fault: Fault, at: usize) -> Option<()> {
        match fault {
            Fault::Cut => {
                if self.processes[at].link == Link::Down {
                    return None;
                }
                let sent = self.processes[at].cut(bounds);
                self.drift(sent);
            }
            Fault::Crash => {
                let dead = std::mem::take(&mut self.processes[at]);
                self.drift(dead.outbox);
            }
            Fault::Impatience => self.processes[at].give_up()?,
            Fault::Refusal => self.processes[at].refused()?,
            Fault::Restart => {
                self.server.restart();
                self.adrift.clear();
                for process in self.processes.iter_mut().filter(|process| process.link != Link::Down) {
                    process.outbox.clear();
                    process.subscribed = false;
                    // What was on its way is lost; had it arrived, it would have been taken before.
                    process.inbox = vec![Message::Closed];
                }
            }
            Fault::Flush => self.server.data = Default::default(),
            Fault::Evict => self.server.data.epochs[at] = None,
            Fault::Trim => self.server.trim(bounds),
        }
        Some(())
    }

    /// Only what changes something can come late.
    fn drift(&mut self, sent: Vec<Request>) {
        self.adrift.extend(sent.into_iter().filter(|sent| matches!(sent, Request::Write(_) | Request::Raise { .. })));
        self.adrift.sort();
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Outcome {
    /// The shortest way found to a broken promise, and its name.
    pub broken: Option<(&'static str, Vec<Step>)>,
    /// Different states seen.
    pub states: usize,
    /// The longest way.
    pub depth: usize,
    /// Whether all may be well in the end: a search that never gets there shows nothing.
    pub lively: bool,
}

/// Searches all that can happen within these bounds, the nearest first: a way to a broken promise is one of the shortest.
#[must_use]
pub fn search(bounds: Bounds) -> Outcome {
    outcome(&checker(bounds).target_max_depth(bounds.depth).spawn_bfs().join())
}

/// The same in a small part of the memory, to the end: what was begun is followed first, so that few states wait at a time.
/// A way to a broken promise may be long.
#[must_use]
pub fn exhaust(bounds: Bounds) -> Outcome {
    outcome(&checker(bounds).spawn_dfs().join())
}

fn checker(bounds: Bounds) -> CheckerBuilder<Bounds> {
    bounds.checker().threads(2).finish_when(HasDiscoveries::AnyFailures)
}

fn outcome(checker: &impl Checker<Bounds>) -> Outcome {
    let mut found = checker.discoveries();
    let lively = found.remove("all is well again after all that may happen").is_some();
    let broken = found.into_iter().next().map(|(name, path)| (name, path.into_actions()));
    Outcome { broken, states: checker.unique_state_count(), depth: checker.max_depth(), lively }
}
