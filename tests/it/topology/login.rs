//! Users, passwords, database numbers and unix sockets.

use larder::{Larder, LeaderGate, ttl_cached};

use super::process::Process;
use crate::support::{SOON, Source, connected, eventually_async};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

async fn built(url: &str) -> Larder {
    Larder::builder().ignore_environment().namespace("it").redis(url).build().await.unwrap()
}

/// Waits until health tells a reason with these words.
async fn says(larder: &Larder, words: &str) {
    eventually_async(SOON, words, async || larder.health().await.fault.is_some_and(|fault| fault.contains(words)))
        .await;
}

/// All that an instance needs to be allowed: README's list.
const NEEDED: &str = "~it:* &it:* +get +mget +set +eval +unlink +time +role +info +ping +publish +subscribe +psubscribe \
                      +hello +select +exists +hget +hset +pexpire +pttl +del +zadd +zrange \
                      +zremrangebyscore +wait";

#[tokio::test]
async fn a_user_needs_no_more_than_what_is_listed() {
    let server = Process::plain(&[]);
    let _: String = server.run(&format!("ACL SETUSER app on >hunter2 {NEEDED}")).await;
    let _: String = server.run("ACL SETUSER default off").await;
    let url = format!("redis://app:hunter2@{}", server.endpoint());
    let (a, b) = (built(&url).await, built(&url).await);
    connected(&a).await;
    connected(&b).await;
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    assert_eq!((b.scope(tool(&source, 0)).await, source.runs()), (1, 1), "not shared");
    source.set(2);
    assert!(a.invalidate("tools").await.unwrap().is_applied());
    eventually_async(SOON, "an announcement", async || b.scope(tool(&source, 0)).await == 2).await;
    assert!(b.clear().await.unwrap().is_applied());
    assert!(b.scope(larder::forget(tool(&source, 0))).await.unwrap().is_applied());
    let lease = a.scope(LeaderGate::new("gate").acquire()).await.unwrap().expect("a lease");
    assert!(lease.check().await.unwrap());
    assert_eq!(b.leaders().await.unwrap().len(), 1);
    lease.release().await.unwrap();
    // Too few replicas, and not too few rights.
    let refused = a.leader_gate("gate").min_replicas(1).acquire().await.unwrap_err();
    assert!(refused.to_string().contains("0 replicas had it in time"), "{refused}");
    let stats = a.stats().redis;
    assert_eq!((stats.failures, a.stats().total().errors), (0, 0));
}

#[tokio::test]
async fn a_user_who_may_not_keep_the_list_of_leaders_leads_all_the_same_and_is_told_what_is_missing() {
    let server = Process::plain(&[]);
    let needed = NEEDED.replace("+zadd +zrange", "");
    let _: String = server.run(&format!("ACL SETUSER app on >hunter2 {needed}")).await;
    let larder = built(&format!("redis://app:hunter2@{}", server.endpoint())).await;
    connected(&larder).await;
    let lease = larder.leader_gate("gate").acquire().await.unwrap().expect("a lease");
    let error = larder.leaders().await.unwrap_err();
    assert!(error.to_string().contains("NOPERM") && error.to_string().contains("+zrange"), "{error}");
    lease.release().await.unwrap();
}

#[tokio::test]
async fn a_wrong_login_is_named_without_its_password_and_taken_up_once_it_is_right() {
    let server = Process::plain(&[]);
    let _: String = server.run("ACL SETUSER app on >hunter2 ~* &* +@all").await;
    for login in ["app:hunter3", "nobody:hunter2"] {
        let larder = built(&format!("redis://{login}@{}", server.endpoint())).await;
        says(&larder, "refused the login").await;
        let health = larder.health().await;
        assert!(!health.is_up());
        for hidden in ["hunter2", "hunter3"] {
            assert!(!format!("{health:?}").contains(hidden), "{health:?}");
        }
    }
    let larder = built(&format!("redis://app:later@{}", server.endpoint())).await;
    assert!(!larder.stats().redis.connected);
    let _: String = server.run("ACL SETUSER app >later").await;
    connected(&larder).await;
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let server = Process::plain(&[]);
    for (right, named) in [("-role", "+role"), ("-info", "+info"), ("-time", "+time"), ("resetchannels", "&it:")] {
        let _: String = server.run("ACL SETUSER app reset").await;
        let _: String = server.run(&format!("ACL SETUSER app on >hunter2 ~* &* +@all {right}")).await;
        let larder = built(&format!("redis://app:hunter2@{}", server.endpoint())).await;
        says(&larder, named).await;
    }
}

#[tokio::test]
async fn databases_are_apart_and_a_unix_socket_leads_to_the_same_ones() {
    let server = Process::plain(&[]);
    let (one, two) = (format!("redis://{}/1", server.endpoint()), format!("redis://{}/2", server.endpoint()));
    let socket = format!("unix://{}?db=1", server.socket().display());
    let (one, two, socket) = (built(&one).await, built(&two).await, built(&socket).await);
    for larder in [&one, &two, &socket] {
        connected(larder).await;
    }
    let source = Source::of(1);
    one.scope(tool(&source, 0)).await;
    socket.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 1, "the same database by another way");
    two.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2, "another database");
    source.set(2);
    assert!(socket.invalidate("tools").await.unwrap().is_applied());
    eventually_async(SOON, "an announcement", async || one.scope(tool(&source, 0)).await == 2).await;
    let away = built(&format!("redis://{}/999", server.endpoint())).await;
    says(&away, "database").await;
}
