//! The event that fires a webhook carries the receipt of its last change: no worker fires with what was there before.

use serde_json::Value;

use super::{Process, Receiver, over, trusting};
use crate::proxy::Proxy;
use crate::server::RedisServer;

#[tokio::test]
async fn a_worker_that_hears_no_announcement_fires_with_the_new_value() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let folder = tempfile::tempdir().unwrap();
    let a = Process::of(over(&server.url()).await, folder.path()).await;
    let b = Process::of(trusting(&proxy.url()).await, folder.path()).await;
    let receiver = Receiver::start().await;
    a.set("token", "old").await;
    a.save("hook", &receiver.url, &["token"]).await;
    a.announce("hook").await;
    b.deliver().await;
    assert_eq!(receiver.last("x-token"), (1, Some("old".to_owned())));
    let runs = || b.db.asked("webhook:hook");
    let before = runs();

    // B hears nothing from here on, and does not know it yet.
    proxy.silence_all();
    a.set("token", "new").await;
    b.configured("hook").await;
    assert_eq!(runs(), before, "the announcement is held back: B would fire with the old value");
    a.announce("hook").await;
    b.deliver().await;
    assert_eq!(receiver.last("x-token"), (2, Some("new".to_owned())));
}

#[tokio::test]
async fn so_it_is_with_an_address_that_changes_and_a_value_that_goes() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let folder = tempfile::tempdir().unwrap();
    let a = Process::of(over(&server.url()).await, folder.path()).await;
    let b = Process::of(trusting(&proxy.url()).await, folder.path()).await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    a.set("token", "secret").await;
    a.save("hook", &old.url, &["token"]).await;
    a.announce("hook").await;
    b.deliver().await;
    // Everything that B does from here on, it does by what the events say.
    proxy.silence_all();
    a.save("hook", &new.url, &["token"]).await;
    a.announce("hook").await;
    b.deliver().await;
    assert_eq!((old.last("x-token").0, new.last("x-token").0), (1, 1));
    a.remove("token").await;
    a.announce("hook").await;
    b.deliver().await;
    assert_eq!(new.last("x-token").0, 1, "the value is gone: nothing was sent");
}

#[tokio::test]
async fn what_redis_did_not_confirm_is_told_by_the_event() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let folder = tempfile::tempdir().unwrap();
    let a = Process::of(over(&proxy.url()).await, folder.path()).await;
    let b = Process::of(over(&server.url()).await, folder.path()).await;
    let receiver = Receiver::start().await;
    a.set("token", "old").await;
    a.save("hook", &receiver.url, &["token"]).await;
    a.announce("hook").await;
    b.deliver().await;
    // A's own way to Redis is cut: nobody hears of its write from Redis.
    proxy.cut();
    crate::support::disconnected(&a.larder).await;
    a.set("token", "new").await;
    let (status, health) = a.send(http::Method::GET, "/health", &Value::Null).await;
    assert!(status.is_success(), "{health}");
    a.announce("hook").await;
    b.deliver().await;
    assert_eq!(receiver.last("x-token"), (2, Some("new".to_owned())));
}
