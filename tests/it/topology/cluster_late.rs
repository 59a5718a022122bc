//! Single entries in a Cluster: their ends lie on one node, their values on all, and a result may come late.

use larder::ttl_cached;

use super::cluster_fixture::Cluster;
use crate::support::{Source, connected};

#[ttl_cached(entity = "tools", skip(source), ttl = "60s")]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

const TOOLS: u64 = 20;

/// What was stored arrives once more, after its entry was ended and Redis has lost what says so.
#[tokio::test]
async fn a_result_that_arrives_after_its_end_was_evicted_is_not_served() {
    let cluster = Cluster::start().await;
    let (a, b) = (cluster.builder().build().await.unwrap(), cluster.builder().build().await.unwrap());
    connected(&a).await;
    connected(&b).await;
    let source = Source::of(10);
    for id in 0..TOOLS {
        a.scope(tool(&source, id)).await;
    }
    let mut late: Vec<(usize, String, Vec<u8>)> = Vec::new();
    for (at, key) in cluster.keys_with(":tools:").await {
        let bytes = cluster.nodes[at].run(&format!("GET {key}")).await;
        late.push((at, key, bytes));
    }
    assert_eq!(late.len() as u64, TOOLS);
    let ends = cluster.keys_with("@ends:").await;
    let [(of_ends, _)] = ends.as_slice() else { panic!("one hash for all entries: {ends:?}") };
    assert!(late.iter().any(|(at, ..)| at != of_ends), "some lie elsewhere");
    for evicted in [false, true] {
        source.set(if evicted { 30 } else { 20 });
        for id in 0..TOOLS {
            assert!(b.scope(larder::forget(tool(&source, id))).await.unwrap().is_applied());
        }
        if evicted {
            for (at, key) in cluster.keys_with("@ends:").await {
                assert_eq!(cluster.nodes[at].run::<u64>(&format!("DEL {key}")).await, 1);
            }
        }
        for (at, key, bytes) in &late {
            let mut raw = cluster.nodes[*at].raw().await;
            let () = redis::cmd("SET").arg(key).arg(bytes).query_async(&mut raw).await.unwrap();
        }
        let c = cluster.builder().build().await.unwrap();
        connected(&c).await;
        for reader in [&c, &b, &a] {
            for id in 0..TOOLS {
                let read = reader.scope(tool(&source, id)).await;
                assert_eq!(read, source.read() + id, "an ended value came back; evicted: {evicted}");
            }
        }
    }
}
