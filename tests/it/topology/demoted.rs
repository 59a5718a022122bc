//! Promise 6: a process does not stay with a server that was demoted.

use larder::ttl_cached;

use super::process::Process;
use crate::support::{SOON, Source, connected, disconnected, eventually_async, node_at};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source) -> u64 {
    source.read()
}

#[tokio::test]
async fn a_server_that_became_a_replica_is_left_and_taken_up_again_as_another() {
    let (first, second) = (Process::plain(&[]), Process::plain(&[]));
    let a = node_at(&format!("redis://{}", first.endpoint())).await;
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    // The connection stays open: only the heartbeat can tell.
    let _: String = first.run(&format!("REPLICAOF 127.0.0.1 {}", second.port())).await;
    disconnected(&a).await;
    eventually_async(SOON, "a reason", async || {
        a.health().await.fault.is_some_and(|fault| fault.contains("is a replica"))
    })
    .await;
    let b = node_at(&format!("redis://{}", second.endpoint())).await;
    source.set(2);
    assert!(b.invalidate("tools").await.unwrap().is_applied());
    let _: String = first.run("REPLICAOF NO ONE").await;
    connected(&a).await;
    assert_eq!(a.scope(tool(&source)).await, 2, "ended at the other server");
}
