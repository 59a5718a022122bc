//! What cannot be done is an error that says why, and changes nothing.

use larder::{ErrorKind, Larder, Record};
use serde::{Deserialize, Serialize};

use super::{Tenant, consistent, planned, tenant};
use crate::server::RedisServer;
use crate::support::{connected, disconnected, memory, node};

#[tokio::test]
async fn without_redis_the_error_says_how_to_name_one() {
    let larder = memory().await;
    for error in [
        larder.scope(tenant(1, "a", "gold").save()).await.unwrap_err(),
        larder.scope(Tenant::load(&1)).await.unwrap_err(),
        larder.scope(Tenant::find(Tenant::PLAN, "gold")).await.unwrap_err(),
        larder.scope(Tenant::delete(&1)).await.unwrap_err(),
        larder.scope(Tenant::ttl(&1)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("LARDER_REDIS_URL") && error.to_string().contains("`tenant`"), "{error}");
    }
}

#[tokio::test]
async fn a_redis_that_is_away_is_an_error_until_it_is_back() {
    let mut server = RedisServer::start();
    let larder = node(&server).await;
    server.kill();
    disconnected(&larder).await;
    for error in [
        larder.scope(tenant(1, "a", "gold").save()).await.unwrap_err(),
        larder.scope(Tenant::load(&1)).await.unwrap_err(),
        larder.scope(Tenant::all()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    server.restart();
    connected(&larder).await;
    larder.scope(tenant(1, "a", "gold").save()).await.unwrap();
    assert_eq!(consistent(&server, "tenant").await, 1);
}

#[tokio::test]
async fn a_write_without_an_answer_says_so_and_may_be_made_again() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let _: String = server.run("CLIENT PAUSE 800 WRITE").await;
    let error = larder.scope(tenant(1, "a", "gold").save()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("once more"), "{error}");
    let _: String = server.run("CLIENT UNPAUSE").await;
    connected(&larder).await;
    larder.scope(tenant(1, "a", "gold").save()).await.unwrap();
    assert_eq!(consistent(&server, "tenant").await, 1);
}

#[tokio::test]
async fn a_full_memory_refuses_saves_whole_and_lets_records_be_read_and_deleted() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            tenant(1, "a", "gold").save().await.unwrap();
            let _: String = server.run("CONFIG SET maxmemory 1").await;
            let error = tenant(1, "b", "free").save().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains("OOM"), "{error}");
            assert_eq!(planned("gold").await.len(), 1);
            assert!(Tenant::load(&1).await.unwrap().is_some());
            assert!(Tenant::delete(&1).await.unwrap());
            assert_eq!(consistent(&server, "tenant").await, 0);
        })
        .await;
}

/// A script that fails halfway has no way back: it looks at all keys before it changes one.
#[tokio::test]
async fn a_key_of_another_kind_in_the_way_is_an_error_that_changes_nothing() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            tenant(1, "a", "gold").save().await.unwrap();
            // In place of the index that a save has to leave, and then of one that it has to join.
            for (field, changed) in [("plan", tenant(1, "b", "free")), ("@all", tenant(1, "b", "gold"))] {
                let key = server.keys_with(&format!("{{tenant}}:{field}:")).await.remove(0);
                let kept: Vec<u8> = server.run(&format!("DUMP {key}")).await;
                let _: u64 = server.run(&format!("DEL {key}")).await;
                let _: String = server.run(&format!("SET {key} x")).await;
                let error = changed.save().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                let error = Tenant::delete(&1).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                let _: u64 = server.run(&format!("DEL {key}")).await;
                let mut restore = redis::cmd("RESTORE");
                restore.arg(&key).arg(0).arg(kept);
                let _: String = restore.query_async(&mut server.raw().await).await.unwrap();
                assert_eq!(consistent(&server, "tenant").await, 1);
                assert_eq!(Tenant::load(&1).await.unwrap(), Some(tenant(1, "a", "gold")));
            }
        })
        .await;
}

#[tokio::test]
async fn bytes_that_are_no_record_are_an_error_and_never_another_value() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            tenant(1, "a", "gold").save().await.unwrap();
            tenant(2, "b", "gold").save().await.unwrap();
            let keys = server.keys_with("{tenant}:").await;
            let records: Vec<_> = keys.iter().filter(|key| key.matches(':').count() == 4).collect();
            let other: Vec<u8> = server.run(&format!("HGET {} value", records[0])).await;
            for bytes in [&b"x"[..], b"", &other] {
                let mut spoil = redis::cmd("HSET");
                spoil.arg(records[1]).arg("value").arg(bytes);
                let _: u64 = spoil.query_async(&mut server.raw().await).await.unwrap();
                let read = [Tenant::load(&1).await, Tenant::load(&2).await];
                let (read, damaged): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
                assert_eq!((read.len(), damaged.len()), (1, 1));
                for error in damaged.into_iter().filter_map(Result::err) {
                    assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
                }
                assert_eq!(Tenant::all().await.unwrap_err().kind(), ErrorKind::Unreadable);
            }
        })
        .await;
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(name = "odd")]
struct Odd {
    #[record(key)]
    id: u64,
    value: Option<Option<u8>>,
}

#[tokio::test]
async fn what_would_be_read_as_another_value_is_not_stored() {
    let larder = Larder::testing();
    let error = larder.scope(Odd { id: 1, value: Some(None) }.save()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unstorable, "{error}");
    larder.scope(Odd { id: 1, value: Some(Some(1)) }.save()).await.unwrap();
    assert_eq!(larder.scope(Odd::load(&1)).await.unwrap().unwrap().value, Some(Some(1)));
}

#[tokio::test]
async fn a_stand_in_that_fails_is_a_redis_that_is_away() {
    let larder = Larder::testing();
    larder.redis().fail();
    assert_eq!(larder.scope(Tenant::load(&1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    larder.redis().recover();
    assert_eq!(larder.scope(Tenant::load(&1)).await.unwrap(), None);
}

/// All that README lists for an instance, and for records.
const NEEDED: &str = "~it:* &it:* +get +mget +set +eval +time +role +info +ping +publish +subscribe +hello +select +exists +hget +hmget \
                      +hset +hlen +pexpire +pttl +del +zadd +zrange +zremrangebyscore +hkeys +hdel +zrem +pexpireat +persist";

#[tokio::test]
async fn a_user_needs_no_more_than_what_is_listed_and_without_it_nothing_is_changed() {
    let server = RedisServer::start();
    let _: String = server.run(&format!("ACL SETUSER app on >hunter2 {NEEDED}")).await;
    let larder = crate::support::node_at(&format!("redis://app:hunter2@127.0.0.1:{}", server.port())).await;
    larder
        .scope(async {
            for plan in ["gold", "free"] {
                tenant(1, "a", plan).save().await.unwrap();
                assert_eq!(planned(plan).await.len(), 1);
            }
            Ticket { id: 1 }.save().await.unwrap();
            assert!(Ticket::ttl(&1).await.unwrap().is_some());
            assert!(Tenant::delete(&1).await.unwrap());
            tenant(1, "a", "gold").save().await.unwrap();
            for missing in ["hkeys", "zadd", "hset"] {
                let _: String = server.run(&format!("ACL SETUSER app -{missing}")).await;
                let error = tenant(1, "b", "free").save().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                assert_eq!(Tenant::load(&1).await.unwrap(), Some(tenant(1, "a", "gold")), "without {missing}");
                assert_eq!(planned("gold").await.len(), 1, "without {missing}");
                assert_eq!(planned("free").await.len(), 0, "without {missing}");
                let _: String = server.run(&format!("ACL SETUSER app +{missing}")).await;
            }
        })
        .await;
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(name = "ticket", ttl = 20)]
struct Ticket {
    #[record(key)]
    id: u64,
}
