//! What gateways are called with goes into the database, and nowhere else.

use http::Method;
use larder_example_registry::{Gateway, Viewer};
use serde_json::{Value, json};

use super::{ids, spec, two};
use crate::server::RedisServer;

const SECRET: &str = "Bearer xyzzy-plugh-4711";

/// Every byte that Redis has.
async fn all_of(server: &RedisServer) -> Vec<u8> {
    let mut connection = server.raw().await;
    let mut bytes = Vec::new();
    for key in server.keys().await {
        let dump: Vec<u8> = redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.unwrap_or_default();
        bytes.extend(key);
        bytes.extend(dump);
    }
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn every_answer_is_masked_and_redis_never_has_it() {
    let server = RedisServer::start();
    // What is compressed could hide a secret from the search below.
    let _: String = server.run("CONFIG SET rdbcompression no").await;
    let (a, b, _folder) = two(&server).await;
    for list in ["gateways", "servers", "agents"] {
        let row = json!({ "name": "plain-name", "tags": ["secret"], "auth": SECRET, "spec": spec(list) });
        let (made, _) = a.write("ada", Method::POST, &format!("/{list}"), &row).await;
        assert_eq!(made["auth"], "********");
        let path = format!("/{list}?tags=secret");
        let cold = a.get("ada", &path).await;
        for (process, from) in [(&a, "memory"), (&b, "redis"), (&b, "memory")] {
            let shown = process.get("ada", &path).await;
            assert_eq!(shown, cold, "{path} from {from}");
            assert_eq!(shown["items"][0]["auth"], "********", "{path} from {from}");
        }
        assert_eq!(b.larder.stats().entities[list].hits_redis, 1);
        let one = a.get("ada", &format!("/{list}/{}", ids(&cold)[0])).await;
        assert_eq!(one["auth"], "********");
    }
    let bytes = all_of(&server).await;
    assert!(contains(&bytes, "plain-name"), "the search finds what is there");
    assert!(!contains(&bytes, "xyzzy"), "a secret lies in Redis");
}

#[tokio::test]
async fn a_mask_that_is_sent_back_changes_nothing() {
    let server = RedisServer::start();
    let (a, _b, _folder) = two(&server).await;
    let row = json!({ "name": "g", "auth": SECRET, "spec": spec("gateways") });
    let id = a.make("ada", "gateways", &row).await;
    let one = format!("/gateways/{id}");
    let viewer = a.larder.scope(Viewer::of(&a.db, Some("ada"))).await.unwrap();
    for (sent, kept, shown) in [
        ("********", Some(SECRET), json!("********")),
        ("another", Some("another"), json!("********")),
        ("********", Some("another"), json!("********")),
        ("", None, Value::Null),
    ] {
        let (answer, _) = a.write("ada", Method::PATCH, &one, &json!({ "auth": sent, "name": "g" })).await;
        assert_eq!(answer["auth"], shown, "after {sent:?}");
        let secret = viewer.secret::<Gateway>(id).await.unwrap();
        assert_eq!(secret.as_ref().map(|secret| secret.expose()), kept, "after {sent:?}");
        assert!(!format!("{secret:?}").contains("another"));
    }
    let grace = a.larder.scope(Viewer::of(&a.db, Some("grace"))).await.unwrap();
    assert!(grace.secret::<Gateway>(id).await.is_err());
}

#[tokio::test]
async fn an_error_does_not_show_what_was_sent() {
    let server = RedisServer::start();
    let (a, _b, _folder) = two(&server).await;
    for (list, row) in [
        ("gateways", json!({ "name": "g", "visibility": SECRET, "auth": SECRET, "spec": spec("gateways") })),
        ("gateways", json!({ "name": "g", "auth": SECRET, "spec": SECRET })),
        ("gateways", json!({ "name": "g", "auth": [SECRET], "spec": spec("gateways") })),
        ("gateways", json!({ "name": "", "auth": SECRET, "spec": spec("gateways") })),
    ] {
        let (status, body) = a.send("ada", Method::POST, &format!("/{list}"), &row).await;
        assert!(status.is_client_error(), "{body}");
        assert!(!body.to_string().contains("xyzzy"), "{body}");
    }
}
