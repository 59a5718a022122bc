//! `phase = around`: what is read while a write is under way is stored nowhere, also when the writer is killed.

use std::path::Path;
use std::time::{Duration, Instant};

use larder::{Larder, invalidates, ttl_cached};

use crate::node::Node;
use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, disconnected, eventually_async, memory, node, node_at, within};

#[ttl_cached(entity = "rows", skip(folder))]
async fn row(folder: &Path) -> u64 {
    read_row(folder)
}

#[ttl_cached(entity = "other", skip(folder), tags(("row", "of", ret / 1_000)))]
async fn row_by_its_result(folder: &Path) -> u64 {
    read_row(folder)
}

/// The committed row: a file, which a write replaces in one step.
pub(crate) fn read_row(folder: &Path) -> u64 {
    std::fs::read_to_string(folder.join("row")).unwrap().parse().unwrap()
}

pub(crate) fn commit_row(folder: &Path, value: u64) {
    std::fs::write(folder.join("new"), value.to_string()).unwrap();
    std::fs::rename(folder.join("new"), folder.join("row")).unwrap();
}

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "pages", skip(source), tags(("late", ret)))]
async fn late(source: &Source) -> u64 {
    source.read();
    7
}

#[ttl_cached(entity = "pages", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source, 0).await
}

#[invalidates("tools", phase = around, max_txn = "5s")]
async fn write(source: &Source, gate: &Gate, value: u64) -> Result<(), ()> {
    gate.pass().await;
    if value == 0 {
        return Err(());
    }
    source.set(value);
    gate.pass().await;
    Ok(())
}

#[invalidates("tools", phase = around)]
async fn write_by_default(source: &Source, gate: &Gate) {
    gate.pass().await;
    source.set(9);
}

#[invalidates(("late", 7), phase = around, max_txn = "1s")]
async fn write_late(gate: &Gate) {
    gate.pass().await;
}

/// How many of `calls` calls ran their bodies.
async fn runs(larder: &Larder, source: &Source, calls: u64) -> u64 {
    let before = source.runs();
    for _ in 0..calls {
        larder.scope(tool(source, 0)).await;
    }
    source.runs() - before
}

/// What a writer does that is killed between its commit and its end: the node is told to write, and stops behind the
/// commit.
async fn killed_writer(phase: &str) -> (RedisServer, Larder, tempfile::TempDir, Node, Instant) {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let folder = tempfile::tempdir().unwrap();
    commit_row(folder.path(), 1);
    let mut writer = Node::over(&server.url());
    assert_eq!(writer.ask("connected"), "connected");
    assert_eq!(larder.scope(row(folder.path())).await, 1);
    assert_eq!(larder.scope(row_by_its_result(folder.path())).await, 1);
    let begun = Instant::now();
    assert_eq!(writer.ask(&format!("write-{phase} {}", folder.path().display())), "inside");
    // Read from the table before the commit, by one who was there and by one who comes now.
    let young = node(&server).await;
    for larder in [&larder, &young] {
        assert_eq!(larder.scope(row(folder.path())).await, 1);
        assert_eq!(larder.scope(row_by_its_result(folder.path())).await, 1);
    }
    assert_eq!(writer.ask("commit"), "committed");
    assert_eq!(read_row(folder.path()), 2);
    writer.kill();
    (server, larder, folder, writer, begun)
}

#[tokio::test]
async fn a_writer_killed_between_its_commit_and_its_end_leaves_nothing_stale() {
    let (server, larder, folder, _writer, begun) = killed_writer("around").await;
    for larder in [larder, node(&server).await] {
        assert_eq!(larder.scope(row(folder.path())).await, 2, "at once");
        assert_eq!(larder.scope(row_by_its_result(folder.path())).await, 2, "a name that only the result gives");
        // The fence falls by itself, and then values are kept again: those from behind the commit.
        eventually_async(SOON, "stored", async || {
            assert_eq!(larder.scope(row(folder.path())).await, 2);
            assert_eq!(larder.scope(row_by_its_result(folder.path())).await, 2);
            let hits = || ["rows", "other"].map(|entity| larder.stats().entities[entity].hits());
            let before = hits();
            larder.scope(row(folder.path())).await;
            larder.scope(row_by_its_result(folder.path())).await;
            hits().iter().zip(before).all(|(hits, before)| *hits > before)
        })
        .await;
    }
    assert!(begun.elapsed() >= Duration::from_secs(2), "it stored before the fence could fall: {:?}", begun.elapsed());
}

#[tokio::test]
async fn the_same_writer_without_a_fence_leaves_the_old_value() {
    // What the fence is for: if this failed, the test above would show nothing.
    let (_server, larder, folder, _writer, _) = killed_writer("after").await;
    assert_eq!(larder.scope(row(folder.path())).await, 1);
}

#[tokio::test]
async fn what_is_read_while_a_write_is_under_way_is_answered_and_not_stored() {
    let server = RedisServer::start();
    let over_redis = (node(&server).await, node(&server).await);
    let alone = memory().await;
    let testing = Larder::testing();
    for (a, b) in [over_redis, (alone.clone(), alone), ((*testing).clone(), (*testing.another()).clone())] {
        let (source, gate) = (Source::of(1), Gate::default());
        runs(&b, &source, 1).await;
        let others = async {
            gate.arrived().await;
            eventually_async(SOON, "the fence", async || runs(&b, &source, 1).await == 1).await;
            assert_eq!(runs(&b, &source, 3).await, 3, "before the commit");
            assert_eq!(runs(&a, &source, 3).await, 3, "in the process that writes");
            let before = source.runs();
            b.scope(page(&source)).await;
            b.scope(page(&source)).await;
            assert_eq!(source.runs(), before + 2, "nor is what is made of it");
            gate.open();
            gate.arrived().await;
            assert_eq!(b.scope(tool(&source, 0)).await, 2, "behind the commit");
            assert_eq!(runs(&b, &source, 3).await, 3);
            gate.open();
        };
        let (written, ()) = tokio::join!(a.scope(write(&source, &gate, 2)), others);
        written.unwrap();
        assert_eq!(a.scope(tool(&source, 0)).await, 2);
        assert!(runs(&a, &source, 3).await == 0, "kept again, at once");
        eventually_async(SOON, "there, too", async || runs(&b, &source, 2).await == 0).await;
        assert_eq!(b.scope(tool(&source, 0)).await, 2);
    }
}

#[tokio::test]
async fn a_write_that_fails_takes_its_fence_away_and_ends_nothing_more() {
    let server = RedisServer::start();
    let testing = Larder::testing();
    for (a, b) in [(node(&server).await, node(&server).await), ((*testing).clone(), (*testing.another()).clone())] {
        let (source, gate) = (Source::of(1), Gate::default());
        gate.open();
        let begun = Instant::now();
        assert!(a.scope(write(&source, &gate, 0)).await.is_err());
        for larder in [&a, &b] {
            eventually_async(SOON, "kept", async || runs(larder, &source, 2).await < 2).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "the fence fell by itself alone");
    }
}

#[tokio::test]
async fn of_writers_that_overlap_the_last_takes_the_fence_away() {
    let server = RedisServer::start();
    let (a, b, reader) = (node(&server).await, node(&server).await, node(&server).await);
    let (source, first, second) = (Source::of(1), Gate::default(), Gate::default());
    let order = async {
        first.arrived().await;
        second.arrived().await;
        first.open();
        first.arrived().await;
        first.open();
    };
    let overlapping = async {
        a.scope(write(&source, &first, 2)).await.unwrap();
        // The first is over, the second has not committed.
        eventually_async(SOON, "the end", async || runs(&reader, &source, 1).await == 1).await;
        assert_eq!(runs(&reader, &source, 3).await, 3, "the other fence stands");
        assert_eq!(runs(&a, &source, 3).await, 3, "also where the first was");
        source.set(3);
        second.open();
        second.arrived().await;
        second.open();
    };
    let (written, (), ()) =
        within(SOON, async { tokio::join!(b.scope(write(&source, &second, 3)), order, overlapping) }).await;
    written.unwrap();
    assert_eq!(b.scope(tool(&source, 0)).await, 3);
    assert_eq!(runs(&b, &source, 3).await, 0);
    eventually_async(SOON, "there, too", async || runs(&reader, &source, 2).await == 0).await;
}

#[tokio::test]
async fn a_write_that_is_dropped_or_panics_leaves_its_fence_to_fall_by_itself() {
    for panics in [false, true] {
        let here = Larder::testing();
        let there = here.another();
        let (source, gate) = (Source::of(1), Gate::default());
        let dropped = async {
            tokio::select! {
                biased;
                _ = here.scope(write(&source, &gate, 2)) => {}
                () = gate.arrived() => {}
            }
        };
        if panics {
            let here = (*here).clone();
            let task = tokio::spawn(async move {
                #[invalidates("tools", phase = around, max_txn = "5s")]
                async fn panics() {
                    panic!("behind the commit");
                }
                here.scope(panics()).await;
            });
            assert!(task.await.unwrap_err().is_panic());
        } else {
            dropped.await;
        }
        for larder in [&here, &there] {
            assert_eq!(runs(larder, &source, 3).await, 3, "a commit may be on its way");
        }
        // The bound counts from the begin of the body, at most one operation after the fence.
        here.clock().advance(Duration::from_millis(4_999));
        assert_eq!(runs(&there, &source, 2).await, 2);
        here.clock().advance(Duration::from_millis(501));
        for larder in [&here, &there] {
            assert!(runs(larder, &source, 2).await < 2, "it has fallen");
        }
    }
}

#[tokio::test]
async fn a_read_that_began_behind_a_fence_is_not_joined_when_that_has_run_out() {
    #[ttl_cached(entity = "tools", skip(source, gate))]
    async fn slow(source: &Source, gate: &Gate) -> u64 {
        let value = source.read();
        gate.pass().await;
        value
    }

    let larder = Larder::testing();
    let (source, writing, reading) = (Source::of(1), Gate::default(), Gate::default());
    {
        // The writer is gone, its fence stands.
        let write = larder.scope(write_by_default(&source, &writing));
        tokio::select! { biased; () = write => {} () = writing.arrived() => {} }
    }
    let late = async {
        reading.arrived().await;
        // Its commit came after the read, and it said nothing more.
        source.set(2);
        larder.clock().advance(Duration::from_secs(6));
        let call = larder.scope(slow(&source, &reading));
        let open = async {
            reading.arrived().await;
            reading.open();
            reading.open();
        };
        within(SOON, async { tokio::join!(call, open).0 }).await
    };
    let (early, late) = tokio::join!(larder.scope(slow(&source, &reading)), late);
    assert_eq!((early, late), (1, 2));
    reading.open();
    assert_eq!(larder.scope(slow(&source, &reading)).await, 2, "what was stored is the latter");
}

#[tokio::test]
async fn a_name_that_only_the_result_knows_is_fenced_for_those_who_began_behind_it() {
    let here = Larder::testing();
    let there = here.another();
    let (source, gate) = (Source::of(1), Gate::default());
    let read = async {
        gate.arrived().await;
        for _ in 0..2 {
            there.scope(late(&source)).await;
        }
        assert_eq!(source.runs(), 2);
        gate.open();
    };
    tokio::join!(here.scope(write_late(&gate)), read);
    for _ in 0..2 {
        there.scope(late(&source)).await;
    }
    assert_eq!(source.runs(), 3);
}

#[tokio::test]
async fn while_redis_is_away_the_fence_stands_here_and_the_ends_are_owed() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let (source, gate) = (Source::of(1), Gate::default());
    runs(&b, &source, 1).await;
    proxy.silence_all();
    disconnected(&a).await;
    let others = async {
        gate.arrived().await;
        assert_eq!(runs(&a, &source, 3).await, 3, "it stands here");
        gate.open();
        gate.arrived().await;
        gate.open();
    };
    let (written, ()) = tokio::join!(a.scope(write(&source, &gate, 2)), others);
    written.unwrap();
    assert_eq!(runs(&a, &source, 2).await, 1, "and has fallen");
    assert!(a.stats().redis.pending_invalidations > 0);
    proxy.resume();
    eventually_async(SOON, "delivered", async || b.scope(tool(&source, 0)).await == 2).await;
    eventually_async(SOON, "kept", async || runs(&b, &source, 2).await == 0).await;
}

#[tokio::test]
async fn more_writers_than_a_name_has_room_for_are_fenced_all_the_same() {
    const WRITERS: u64 = 100;
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let (source, gate) = (Source::of(1), Gate::default());
    let mut writers = tokio::task::JoinSet::new();
    let shared = std::sync::Arc::new((source, gate));
    for _ in 0..WRITERS {
        let (a, shared) = (a.clone(), std::sync::Arc::clone(&shared));
        writers.spawn(async move { a.scope(write_by_default(&shared.0, &shared.1)).await });
    }
    let (source, gate) = (&shared.0, &shared.1);
    for _ in 0..WRITERS {
        gate.arrived().await;
    }
    let stored: String = server.run("GET it:1:@epoch:tools").await;
    assert!(stored.len() < 65 * 48, "{} bytes", stored.len());
    for _ in 0..WRITERS - 1 {
        gate.open();
    }
    for _ in 0..WRITERS - 1 {
        within(SOON, writers.join_next()).await.unwrap().unwrap();
    }
    assert_eq!(runs(&b, source, 3).await, 3, "one stands");
    gate.open();
    within(SOON, writers.join_next()).await.unwrap().unwrap();
    // What had no room falls by itself.
    eventually_async(2 * SOON, "kept", async || runs(&b, source, 2).await == 0).await;
}

#[test]
fn a_sync_write_is_fenced_too() {
    #[invalidates("tools", phase = around)]
    fn write(larder: &Larder, source: &Source) -> u64 {
        block_on(runs(larder, source, 3))
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    let larder = Larder::testing().without_redis();
    let source = Source::of(1);
    assert_eq!(larder.run(|| write(&larder, &source)), 3);
    assert_eq!(block_on(runs(&larder, &source, 3)), 1);
}
