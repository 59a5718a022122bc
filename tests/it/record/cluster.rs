//! Records in a Cluster: those of one type lie on one master, whatever their keys are.

use larder::Record;
use serde::{Deserialize, Serialize};

use super::{planned, tenant};
use crate::support::connected;
use crate::topology::Cluster;

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
#[record(name = "other")]
struct Other {
    #[record(key)]
    id: u64,
    #[record(index)]
    kind: u64,
}

#[tokio::test]
async fn records_are_saved_found_and_changed_in_a_cluster() {
    let cluster = Cluster::start().await;
    let larder = cluster.builder().build().await.unwrap();
    connected(&larder).await;
    larder
        .scope(async {
            for id in 0..20 {
                tenant(id, &id.to_string(), "gold").save().await.unwrap();
                Other { id, kind: id % 2 }.save().await.unwrap();
            }
            tenant(7, "seven", "free").save().await.unwrap();
            assert!(tenant(8, "seven", "free").save().await.is_err());
            assert_eq!((planned("gold").await.len(), planned("free").await.len()), (19, 1));
            assert_eq!(Other::find(Other::KIND, &1).await.unwrap().len(), 10);
            assert!(Other::delete(&1).await.unwrap());
            assert_eq!(Other::find(Other::KIND, &1).await.unwrap().len(), 9);
        })
        .await;
    for name in ["{tenant}", "{other}"] {
        let keys = cluster.keys_with(name).await;
        assert!(keys.len() > 20 && keys.iter().all(|(at, _)| *at == keys[0].0), "on one master: {keys:?}");
    }
}
