//! What the command sees of a Cluster: the keys of every master.

use larder::ttl_cached;
use serde_json::Value;

use super::cluster_fixture::Cluster;
use crate::support::connected;

#[ttl_cached(entity = "rows")]
async fn row(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn every_master_is_looked_at_and_ended() {
    let cluster = Cluster::start().await;
    let here = cluster.builder().build().await.unwrap();
    connected(&here).await;
    for id in 0..40 {
        here.scope(row(id)).await;
    }
    let nodes: Vec<String> = cluster.nodes.iter().map(|node| node.endpoint()).collect();
    let nodes = nodes.join(",");
    let run = async |arguments: &[&str]| -> Value {
        let place = ["--cluster", &nodes, "--namespace", "it", "--json"];
        let arguments = ["larder-cli"].iter().chain(arguments).chain(&place).map(|argument| (*argument).into());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = larder_cli::run(arguments, &mut out, &mut err).await;
        assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));
        serde_json::from_slice(&out).unwrap()
    };
    let stats = run(&["stats"]).await;
    assert_eq!((stats["servers"].clone(), stats["functions"][0]["values"].clone()), (3.into(), 40.into()), "{stats}");
    let ended = run(&["invalidate", "rows"]).await;
    let receipt = serde_json::from_value(ended["receipt"].clone()).unwrap();
    here.after(&receipt).await;
    let before = here.stats().entities["rows"].misses;
    here.scope(row(1)).await;
    assert_eq!(here.stats().entities["rows"].misses, before + 1);
    assert_eq!(run(&["entities"]).await["names"][0]["name"], "rows");
}
