//! A server that is there and refuses.

use super::scenario::outlive;
use super::{Fault, World};

fn refused(code: &str) -> Result<redis::Value, String> {
    Err(code.to_owned())
}

struct TooManyClients;

impl Fault for TooManyClients {
    const NAME: &'static str = "maxclients";

    async fn strike(&mut self, world: &mut World) {
        world.run("CONFIG SET maxclients 1").await;
        world.drop_clients().await;
        let late = redis::Client::open(world.server.url()).unwrap();
        assert!(late.get_connection().is_err(), "nobody is let in");
    }

    async fn heal(&mut self, world: &mut World) {
        world.run("CONFIG SET maxclients 1000").await;
    }
}

struct Full;

impl Fault for Full {
    const NAME: &'static str = "OOM, noeviction";

    async fn strike(&mut self, world: &mut World) {
        world.run("CONFIG SET maxmemory 1").await;
        assert_eq!(world.answer("SET x y").await, refused("OOM"));
    }

    async fn heal(&mut self, world: &mut World) {
        world.run("CONFIG SET maxmemory 0").await;
    }
}

/// A replica of a master that is not there.
async fn demote(world: &mut World, serves: &str) {
    world.run(&format!("CONFIG SET replica-serve-stale-data {serves}")).await;
    world.run("REPLICAOF 127.0.0.1 1").await;
}

struct ReadOnly;

impl Fault for ReadOnly {
    const NAME: &'static str = "READONLY replica";

    async fn strike(&mut self, world: &mut World) {
        demote(world, "yes").await;
        assert_eq!(world.answer("SET x y").await, refused("READONLY"));
    }

    async fn heal(&mut self, world: &mut World) {
        world.run("REPLICAOF NO ONE").await;
    }
}

struct MasterDown;

impl Fault for MasterDown {
    const NAME: &'static str = "MASTERDOWN replica";

    async fn strike(&mut self, world: &mut World) {
        demote(world, "no").await;
        assert_eq!(world.answer("GET x").await, refused("MASTERDOWN"));
    }

    async fn heal(&mut self, world: &mut World) {
        world.run("REPLICAOF NO ONE").await;
    }
}

/// The server loads what it saved, slowly, and keeps its connections.
struct Loading;

impl Fault for Loading {
    const NAME: &'static str = "LOADING";

    async fn prepare(&mut self, world: &mut World) {
        world.run("CONFIG SET key-load-delay 1000").await;
        world.run("CONFIG SET loading-process-events-interval-bytes 1024").await;
        let mut fill = redis::cmd("EVAL");
        fill.arg("for i = 1, 1500 do redis.call('SET', 'fill:' .. i, string.rep('x', 100)) end").arg(0);
        let () = fill.query_async(&mut world.admin).await.unwrap();
    }

    async fn strike(&mut self, world: &mut World) {
        let mut other = world.server.raw().await;
        tokio::spawn(async move {
            let mut reload = redis::cmd("DEBUG");
            let _: redis::RedisResult<redis::Value> = reload.arg("RELOAD").query_async(&mut other).await;
        });
        while world.answer("GET x").await != refused("LOADING") {}
    }

    async fn meanwhile(&mut self, world: &mut World) {
        while world.answer("GET x").await == refused("LOADING") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn heal(&mut self, _: &mut World) {}
}

struct AnotherPassword;

impl Fault for AnotherPassword {
    const NAME: &'static str = "requirepass";

    async fn strike(&mut self, world: &mut World) {
        world.run("CONFIG SET requirepass hunter2").await;
        world.drop_clients().await;
    }

    async fn heal(&mut self, world: &mut World) {
        let mut open = redis::cmd("CONFIG");
        let () = open.arg("SET").arg("requirepass").arg("").query_async(&mut world.admin).await.unwrap();
    }
}

/// The rights that the README asks for, under which everything must work.
const RIGHTS: &str = "ACL SETUSER app on >hunter2 ~it:* &it:* +@all -@dangerous +info +role";

struct UserReset;

impl Fault for UserReset {
    const NAME: &'static str = "ACL SETUSER reset";
    const LOGIN: &'static str = "app:hunter2@";

    async fn prepare(&mut self, world: &mut World) {
        world.run(RIGHTS).await;
    }

    async fn strike(&mut self, world: &mut World) {
        world.run("ACL SETUSER app reset").await;
    }

    async fn heal(&mut self, world: &mut World) {
        world.run(RIGHTS).await;
    }
}

/// Reads stay allowed.
struct NoScripts;

impl Fault for NoScripts {
    const NAME: &'static str = "NOPERM for scripts";
    const LOGIN: &'static str = "app:hunter2@";

    async fn prepare(&mut self, world: &mut World) {
        world.run(RIGHTS).await;
    }

    async fn strike(&mut self, world: &mut World) {
        world.run("ACL SETUSER app -eval -set").await;
    }

    async fn heal(&mut self, world: &mut World) {
        world.run(RIGHTS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn too_many_clients() {
    outlive(TooManyClients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_full_server() {
    outlive(Full).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_replica_that_answers_reads() {
    outlive(ReadOnly).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_replica_that_answers_nothing() {
    outlive(MasterDown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_loads() {
    outlive(Loading).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn another_password() {
    outlive(AnotherPassword).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_user_without_rights() {
    outlive(UserReset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_user_without_scripts() {
    outlive(NoScripts).await;
}
