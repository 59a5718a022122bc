//! A server that dies, stands still, or is kept busy.

use std::time::Duration;

use super::scenario::outlive;
use super::{Fault, World};

struct Killed;

impl Fault for Killed {
    const NAME: &'static str = "killed";

    async fn strike(&mut self, world: &mut World) {
        world.server.kill();
    }

    async fn heal(&mut self, world: &mut World) {
        world.server.restart_empty();
    }
}

/// Comes back with what it had saved: epochs that were raised since are old again.
struct Restarted;

impl Fault for Restarted {
    const NAME: &'static str = "restarted from an old save";
    const LASTS: Duration = Duration::ZERO;

    async fn strike(&mut self, world: &mut World) {
        world.run("SAVE").await;
        // Something is ended that the save does not know of.
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.server.kill();
    }

    async fn heal(&mut self, world: &mut World) {
        world.server.restart();
    }
}

struct Frozen;

impl Fault for Frozen {
    const NAME: &'static str = "SIGSTOP";

    async fn strike(&mut self, world: &mut World) {
        world.server.freeze();
    }

    async fn heal(&mut self, world: &mut World) {
        world.server.thaw();
    }
}

struct Paused;

impl Fault for Paused {
    const NAME: &'static str = "CLIENT PAUSE ALL";

    async fn strike(&mut self, world: &mut World) {
        world.run("CLIENT PAUSE 1500 ALL").await;
    }

    async fn heal(&mut self, _: &mut World) {}
}

struct PausedForWrites;

impl Fault for PausedForWrites {
    const NAME: &'static str = "CLIENT PAUSE WRITE";
    /// The breaker of writes may have opened, for thirty seconds.
    const HEALS: Duration = Duration::from_secs(40);

    async fn strike(&mut self, world: &mut World) {
        world.run("CLIENT PAUSE 2500 WRITE").await;
    }

    async fn meanwhile(&mut self, _: &mut World) {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
    }

    async fn heal(&mut self, _: &mut World) {}
}

/// A script that never ends, on a connection of somebody else's.
async fn begin_endless_script(world: &mut World, before_busy: u32) {
    world.run(&format!("CONFIG SET busy-reply-threshold {before_busy}")).await;
    let mut other = world.server.raw().await;
    tokio::spawn(async move {
        let mut script = redis::cmd("EVAL");
        script.arg("while true do end").arg(0);
        let ended: redis::RedisResult<redis::Value> = script.query_async(&mut other).await;
        assert!(ended.is_err(), "it is killed");
    });
}

/// It is killed once the server says that it is busy.
async fn end_endless_script(world: &mut World) {
    world.run("SCRIPT KILL").await;
}

struct Busy;

impl Fault for Busy {
    const NAME: &'static str = "BUSY with a script";

    async fn strike(&mut self, world: &mut World) {
        begin_endless_script(world, 50).await;
        while world.answer("GET x").await != Err("BUSY".to_owned()) {}
    }

    async fn heal(&mut self, world: &mut World) {
        end_endless_script(world).await;
    }
}

/// Nothing is answered for longer than an operation may take, again and again.
struct Slow;

impl Fault for Slow {
    const NAME: &'static str = "stalls of 700 ms";

    async fn strike(&mut self, _: &mut World) {}

    async fn meanwhile(&mut self, world: &mut World) {
        for _ in 0..3 {
            world.run("DEBUG SLEEP 0.7").await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn heal(&mut self, _: &mut World) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_killed_server() {
    outlive(Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_restart_from_an_old_save() {
    outlive(Restarted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_stopped_process() {
    outlive(Frozen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_pause_of_all_commands() {
    outlive(Paused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_pause_of_writes() {
    outlive(PausedForWrites).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_script_without_end() {
    outlive(Busy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn stalls_one_after_the_other() {
    outlive(Slow).await;
}
