//! A header value reaches its receiver, and nobody else: no answer, no event of a logger, and no byte on its way to Redis.

use http::Method;
use serde_json::{Value, json};

use super::{Process, Receiver, over};
use crate::proxy::Proxy;
use crate::secrets::Everything;
use crate::server::RedisServer;

const SECRET: &str = "xyzzy-plugh-4711";

/// Everything that is done with a secret, over a network that counts what says `word`.
async fn count(word: &str) -> (usize, String) {
    let mut said = String::new();
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    proxy.count(word);
    let folder = tempfile::tempdir().unwrap();
    let process = Process::of(over(&proxy.url()).await, folder.path()).await;
    let receiver = Receiver::start().await;
    process.set("token", SECRET).await;
    process.save("hook", &receiver.url, &["token"]).await;
    for _ in 0..2 {
        process.announce("hook").await;
        said += &format!("{:?}", process.deliver().await);
        assert_eq!(receiver.last("x-token").1.as_deref(), Some(SECRET));
    }
    let found = larder_example_webhooks::configuration(&process.db, "hook");
    said += &format!("{:?} {:?}", process.larder.scope(found).await, process.worker);
    for path in ["/admin/webhooks", "/admin/cache", "/health"] {
        said += &process.send(Method::GET, path, &Value::Null).await.1;
    }
    assert!(said.contains("********"), "{said}");
    for (path, body) in [
        ("/values/token", json!({ "secret": [SECRET] })),
        ("/values/token", json!({ "secret": format!("{SECRET}\u{7}") })),
        ("/values/token", json!({ "secret": SECRET, "more": SECRET })),
        ("/webhooks/hook", json!({ "url": SECRET })),
    ] {
        let (status, answer) = process.send(Method::PUT, path, &body).await;
        assert!(status.is_client_error(), "{path}: {answer}");
        said += &answer;
    }
    process.remove("token").await;
    for key in server.keys().await {
        said += &String::from_utf8_lossy(&key);
    }
    (proxy.counted(), said)
}

#[tokio::test]
async fn a_secret_reaches_its_receiver_and_nobody_else() {
    let heard = Everything::default();
    let guard = tracing::subscriber::set_default(heard.clone());
    let (sent, said) = count(SECRET).await;
    drop(guard);
    assert_eq!(sent, 0, "a request to Redis has the secret in it");
    assert!(!said.contains("xyzzy"), "{said}");
    let heard = heard.said();
    assert!(heard.contains("DEBUG larder"), "the logger hears: {heard}");
    assert!(!heard.contains("xyzzy"), "{heard}");
    // What may be seen is seen: the counting works.
    assert!(count("value:token").await.0 > 0);
}
