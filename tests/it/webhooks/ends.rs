//! A value that changes ends exactly the webhooks that use it.

use http::Method;
use larder_example_webhooks::Outcome;
use serde_json::{Value, json};

use super::{Process, Receiver, in_memory, over};
use crate::server::RedisServer;

const NOWHERE: &str = "http://127.0.0.1:9/hook";
const ALL: [(&str, &[&str]); 4] = [("a", &["token"]), ("b", &["token", "key"]), ("c", &["key"]), ("d", &[])];

async fn with_all(process: &Process) {
    process.set("token", "t1").await;
    process.set("key", "k1").await;
    for (id, values) in ALL {
        process.save(id, NOWHERE, values).await;
    }
}

/// How often each webhook was read from the database, when all have been asked for once more.
async fn runs(process: &Process) -> [u64; 4] {
    for (id, _) in ALL {
        process.configured(id).await;
    }
    ALL.map(|(id, _)| process.db.asked(&format!("webhook:{id}")))
}

#[tokio::test]
async fn a_value_ends_exactly_the_webhooks_that_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::of(in_memory().await, folder.path()).await;
    with_all(&process).await;
    assert_eq!(runs(&process).await, [1, 1, 1, 1]);
    assert_eq!(runs(&process).await, [1, 1, 1, 1], "cached");
    assert_eq!((process.db.asked("value:token"), process.db.asked("value:key")), (1, 1), "shared");

    process.set("token", "t2").await;
    assert_eq!(runs(&process).await, [2, 2, 1, 1], "changed");
    process.remove("key").await;
    assert_eq!(runs(&process).await, [2, 3, 2, 1], "deleted");
    assert_eq!(process.configured("b").await, [("x-key".to_owned(), false), ("x-token".to_owned(), true)]);
    // What was made without a value ends when there is one.
    process.set("key", "k2").await;
    assert_eq!(runs(&process).await, [2, 4, 3, 1], "set again");
    assert_eq!(process.configured("c").await, [("x-key".to_owned(), true)]);
    process.set("unused", "u").await;
    process.save("d", NOWHERE, &["unused"]).await;
    assert_eq!(runs(&process).await, [2, 4, 3, 2], "the webhook itself changed");
    process.set("unused", "u2").await;
    assert_eq!(runs(&process).await, [2, 4, 3, 3], "it uses another value now");
    assert_eq!(process.send(Method::DELETE, "/values/none", &Value::Null).await.0, 404);
    assert_eq!(runs(&process).await, [2, 4, 3, 3], "a write that fails ends nothing");
}

#[tokio::test]
async fn it_ends_them_in_every_process() {
    let server = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let a = Process::of(over(&server.url()).await, folder.path()).await;
    let b = Process::of(over(&server.url()).await, folder.path()).await;
    with_all(&a).await;
    assert_eq!(runs(&b).await, [1, 1, 1, 1]);
    b.larder.after(&a.set("token", "t2").await).await;
    assert_eq!(runs(&b).await, [2, 2, 1, 1]);
    b.larder.after(&a.remove("token").await).await;
    assert_eq!(runs(&b).await, [3, 3, 1, 1]);
    assert_eq!(b.configured("a").await, [("x-token".to_owned(), false)]);
}

#[tokio::test]
async fn a_webhook_without_its_value_is_held_back() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::of(in_memory().await, folder.path()).await;
    let receiver = Receiver::start().await;
    process.set("token", "t1").await;
    process.save("a", &receiver.url, &["token"]).await;
    process.announce("a").await;
    assert_eq!(process.deliver().await.outcome, Outcome::Answered(http::StatusCode::NO_CONTENT));
    assert_eq!(receiver.last("x-token"), (1, Some("t1".to_owned())));
    process.remove("token").await;
    process.announce("a").await;
    assert_eq!(process.deliver().await.outcome, Outcome::Incomplete("token".to_owned()));
    assert_eq!(receiver.last("x-token").0, 1, "nothing was sent");
    process.set("token", "t2").await;
    process.announce("a").await;
    process.deliver().await;
    assert_eq!(receiver.last("x-token"), (2, Some("t2".to_owned())));

    // An event for a webhook that is gone meanwhile, and one for none.
    process.announce("a").await;
    process.write(Method::DELETE, "/webhooks/a", &Value::Null).await;
    assert_eq!(process.deliver().await.outcome, Outcome::Gone);
    assert_eq!(process.send(Method::POST, "/webhooks/a/events", &json!({})).await.0, 404);
}
