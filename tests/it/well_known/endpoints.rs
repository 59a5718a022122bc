//! What each document says, and how it is sent.

use http::Method;
use serde_json::json;

use super::{A, ALL, CONFIG, JWKS, METADATA, OPENID, SECURITY, Site, json};

#[tokio::test]
async fn the_provider_is_described_for_the_host_that_is_asked() {
    let answer = Site::new().await.get(A, OPENID).await;
    let said = json(&answer);
    assert_eq!(said["issuer"], "https://a.example");
    for (name, value) in said.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            assert!(value.as_str().unwrap().starts_with("https://a.example/"), "{name}: {value}");
        }
    }
    assert_eq!(said["jwks_uri"], format!("https://a.example{JWKS}"));
    assert_eq!(said["id_token_signing_alg_values_supported"], json!(["EdDSA"]));
    let scopes = [
        "openid",
        "vo:astro",
        "vo:bio",
        "group:astro_admin",
        "group:astro_user",
        "group:bio_user",
        "property:NormalUser",
        "property:PrivateLimitedDelegation",
        "property:ServiceAdministrator",
    ];
    assert_eq!(said["scopes_supported"], json!(scopes));
}

#[tokio::test]
async fn the_metadata_the_keys_and_the_configuration_are_shown() {
    let site = Site::new().await;
    let metadata = json(&site.get(A, METADATA).await);
    assert_eq!(metadata["service"], "https://a.example");
    let groups = json!({ "bio_user": { "properties": ["NormalUser", "PrivateLimitedDelegation"] } });
    assert_eq!(metadata["virtual_organizations"]["bio"]["groups"], groups);
    assert_eq!(metadata["virtual_organizations"]["bio"]["default_group"], "bio_user");

    let keys = site.get(A, JWKS).await;
    assert_eq!(keys.header("content-type"), Some("application/jwk-set+json"));
    let key = &json(&keys)["keys"][0];
    assert_eq!((&key["kid"], &key["kty"], &key["use"]), (&json!("first"), &json!("OKP"), &json!("sig")));

    let shown = site.get(A, CONFIG).await;
    assert_eq!(json(&shown)["commit"], shown.header("config-commit").unwrap());
    assert_eq!(json(&shown)["scopes"], json(&site.get(A, OPENID).await)["scopes_supported"]);
}

#[tokio::test]
async fn security_txt_is_as_rfc_9116_has_it() {
    let answer = Site::new().await.get(A, SECURITY).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let expected = [
        "Contact: mailto:security@example.org",
        "Expires: 2036-01-01T00:00:00Z",
        "Policy: https://example.org/security-policy",
        "Preferred-Languages: en, de",
        "Canonical: https://a.example/.well-known/security.txt",
        "",
    ];
    assert_eq!(answer.body.split("\r\n").collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn every_document_may_be_kept_and_is_asked_about_each_time() {
    let site = Site::new().await;
    for path in ALL {
        let get = site.get(A, path).await;
        assert_eq!((get.status, get.header("cache-control")), (200, Some("public, no-cache")), "{path}");
        assert_eq!(get.header("vary"), Some("accept-encoding"), "{path}");
        let head = site.ask(Method::HEAD, A, path, &[]).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        let tag = get.header("etag").unwrap();
        let again = site.ask(Method::GET, A, path, &[("if-none-match", tag)]).await;
        let head_again = site.ask(Method::HEAD, A, path, &[("if-none-match", tag)]).await;
        for answer in [&again, &head_again] {
            assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{path}");
            assert_eq!(answer.header("content-type"), None, "{path}");
        }
        for answer in [&head, &again, &head_again] {
            for name in ["etag", "cache-control", "vary", "config-commit"] {
                assert_eq!(answer.header(name), get.header(name), "{path}: {name}");
            }
        }
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert_eq!(site.ask(Method::POST, A, path, &[]).await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn a_304_runs_no_function() {
    let site = Site::new().await;
    let tag = site.get(A, OPENID).await.header("etag").unwrap().to_owned();
    let restarted = site.restarted().await;
    assert_eq!(restarted.status_with(OPENID, &tag).await, 304, "any process knows the tag of a revision");
    assert_eq!(restarted.runs("openid_configuration"), 0);
    assert_eq!(site.runs("openid_configuration"), 1);
}
