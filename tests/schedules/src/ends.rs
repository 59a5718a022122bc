//! What a cell is at after announcements, replies, reads and ends that met in every order.

use std::collections::VecDeque;
use std::time::Duration;

use shuttle::thread;

use crate::clock::Clock;
use crate::epoch::{Cell, Epoch, Fencing, Table};
use crate::sync::{Arc, Mutex};

/// A server: it raises an epoch, and what it announces comes in its order.
#[derive(Default)]
struct Server {
    epoch: u64,
    announced: VecDeque<u64>,
}

/// One process and the server.
struct World {
    table: Table,
    cell: Arc<Cell>,
    server: Mutex<Server>,
    /// Held while an announcement is handled: they are handled one by one.
    hearing: Mutex<()>,
}

impl World {
    fn new() -> Arc<Self> {
        let table = Table::with(true, Clock::system(), Duration::ZERO);
        let cell = table.cell("tools");
        let server = Server { epoch: 1, announced: VecDeque::new() };
        table.learn(&cell, cell.guard(), Epoch::confirmed(1 << 12));
        Arc::new(Self { table, cell, server: Mutex::new(server), hearing: Mutex::new(()) })
    }

    fn server<R>(&self, act: impl FnOnce(&mut Server) -> R) -> R {
        act(&mut self.server.lock().unwrap_or_else(|held| held.into_inner()))
    }

    fn raise(&self) -> Epoch {
        self.server(|server| {
            server.epoch += 1;
            server.announced.push_back(server.epoch);
            Epoch::confirmed(server.epoch << 12)
        })
    }

    /// Handles what was announced; a reply comes behind it.
    fn hear(&self) {
        let _one = self.hearing.lock().unwrap_or_else(|held| held.into_inner());
        while let Some(epoch) = self.server(|server| server.announced.pop_front()) {
            self.table.announce("tools", Epoch::confirmed(epoch << 12), false);
        }
    }

    /// An end made here: marked, sent, announced, answered.
    fn end(&self) {
        self.table.begin_end(&self.cell, Fencing::None);
        let epoch = self.raise();
        self.hear();
        self.table.confirm_end(&self.cell, 1, epoch);
    }

    /// A read, whose reply may be late.
    fn read(&self) {
        let guard = self.cell.guard();
        let epoch = Epoch::confirmed(self.server(|server| server.epoch) << 12);
        self.hear();
        thread::yield_now();
        self.table.learn(&self.cell, guard, epoch);
    }
}

fn run(steps: &[fn(&World)]) {
    let world = World::new();
    let threads: Vec<_> = steps
        .iter()
        .map(|step| {
            let (world, step) = (Arc::clone(&world), *step);
            thread::spawn(move || step(&world))
        })
        .collect();
    threads.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
    world.hear();
    let (known, present) = (world.cell.epoch(), Epoch::confirmed(world.server(|server| server.epoch) << 12));
    assert!(!world.cell.is_pending(), "every end was confirmed");
    assert!(!known.is_confirmed() || known == present, "known {known:?}, present {present:?}");
}

/// Somebody else ends it while it is read here.
pub fn a_read_never_stands_above_an_announcement() {
    run(&[
        World::read,
        |world| {
            world.raise();
            world.hear();
        },
        World::read,
    ]);
}

/// Two ends made here, one made elsewhere, and a read.
pub fn what_is_known_after_all_ends_is_what_redis_holds() {
    run(&[
        World::end,
        World::end,
        |world| {
            world.raise();
            world.hear();
        },
        World::read,
    ]);
}

/// Two threads that end a name nobody had met.
pub fn who_meets_a_name_first_meets_its_one_cell() {
    let table = Arc::new(Table::with(false, Clock::system(), Duration::ZERO));
    let began = table.counter();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let cell = table.cell("tools");
                table.end(&cell, Fencing::None);
                assert!(table.cell("tools").changed() > began);
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
    let (one, other) = (table.cell("tools"), table.cell("tools"));
    assert!(Arc::ptr_eq(&one, &other), "one cell per name");
    assert!(one.changed() > began);
}
