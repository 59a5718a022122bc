//! Of a key, nothing but its public members leaves the repository.

use std::fmt::Write as _;

use larder_example_well_known::sample;
use serde_json::json;

use super::{A, ALL, B, JWKS, ORIGINS, Site, json, listen, tag_of};
use crate::server::RedisServer;
use crate::support::{SOON, node};

/// A key with every private member that RFC 7518 knows, and one that it does not.
fn keys() -> [(&'static str, String); 3] {
    let private = |name: &str| format!("PRIVATE-{name}");
    let mut rsa = json!({ "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": "AQAB-n", "e": "AQAB" });
    for name in ["d", "p", "q", "dp", "dq", "qi", "k", "future"] {
        rsa[name] = json!(private(name));
    }
    rsa["oth"] = json!([{ "r": private("r"), "d": private("d"), "t": private("t") }]);
    rsa["key_ops"] = json!(["sign", private("ops")]);
    let elliptic = json!({
        "kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "alg": "ES256", "x": "eHg", "y": "eXk", "d": private("d"),
    });
    let edwards = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "okp", "use": "sig", "alg": "EdDSA", "x": "eHg", "d": private("d"),
    });
    [("keys/rsa.jwk", rsa.to_string()), ("keys/ec.jwk", elliptic.to_string()), ("keys/okp.jwk", edwards.to_string())]
}

#[tokio::test]
async fn no_private_member_is_answered_logged_or_stored() {
    let (heard, _guard) = listen().await;
    let server = RedisServer::start();
    let site = Site::new().await;
    let site = Site::over(site.folder.clone(), site.repository.clone(), SOON, node(&server).await);
    let config =
        sample::config(&ORIGINS).replace("  - keys/first.jwk", "  - keys/rsa.jwk\n  - keys/ec.jwk\n  - keys/okp.jwk");
    site.repository.commit("keys", &keys()).await.unwrap();
    site.commit(&config).await;

    let mut said = String::new();
    for path in ALL {
        for host in [A, B] {
            let answer = site.get(host, path).await;
            assert_eq!(answer.status, 200);
            write!(said, "{} {:?}", answer.body, answer.headers).unwrap();
        }
    }
    write!(said, "{:?} {:?}", site.source, site.larder.scope(site.source.present()).await).unwrap();
    said += &heard.said();
    for key in server.keys().await {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut server.raw().await).await.unwrap();
        if kind == "string" {
            let bytes: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut server.raw().await).await.unwrap();
            said += &String::from_utf8_lossy(&bytes);
        }
    }
    assert!(said.contains("AQAB-n"), "the search finds what is public");
    assert!(!said.contains("PRIVATE"), "{said}");

    let shown = json(&site.get(A, JWKS).await);
    assert_eq!(
        shown["keys"],
        json!([
            { "kid": "rsa", "alg": "RS256", "use": "sig", "kty": "RSA", "n": "AQAB-n", "e": "AQAB" },
            { "kid": "ec", "alg": "ES256", "use": "sig", "kty": "EC", "crv": "P-256", "x": "eHg", "y": "eXk" },
            { "kid": "okp", "alg": "EdDSA", "use": "sig", "kty": "OKP", "crv": "Ed25519", "x": "eHg" },
        ])
    );
}

#[tokio::test]
async fn a_file_that_holds_no_public_key_is_refused_without_a_word_of_it() {
    let (heard, _guard) = listen().await;
    let site = Site::new().await;
    let tag = tag_of(&site.get(A, JWKS).await).to_owned();
    let good = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "use": "sig", "alg": "EdDSA", "x": "eHg" });
    for (at, (member, value)) in [
        ("kty", json!("oct")),
        ("kty", json!("PRIVATE")),
        ("kty", json!("RSA")),
        ("crv", json!("P-256")),
        ("alg", json!("HS256")),
        ("alg", json!("none")),
        ("alg", json!("ES256")),
        ("use", json!("enc")),
        ("kid", json!("")),
        ("kid", json!({ "PRIVATE": "PRIVATE" })),
        ("x", json!("not base64url PRIVATE")),
        ("x", json!("")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut key = good.clone();
        key[member] = value;
        key["k"] = json!("PRIVATE");
        let files = [("keys/first.jwk", key.to_string())];
        let commit = site.repository.commit(&format!("key {at}"), &files).await.unwrap();
        let answer = site.get(A, JWKS).await;
        assert_eq!((answer.status, tag_of(&answer)), (200, &*tag), "{key}");
        assert_eq!(answer.header("config-passed-over"), Some(commit.as_str()), "{key}");
    }
    let text = heard.said();
    assert_eq!(text.matches("`keys/first.jwk`").count(), 12, "{text}");
    assert!(!text.contains("PRIVATE"), "{text}");
    let files = [("keys/first.jwk", good.to_string())];
    let commit = site.repository.commit("a good key", &files).await.unwrap();
    assert_eq!(super::commit_of(&site.get(A, JWKS).await), commit.as_str());
}
