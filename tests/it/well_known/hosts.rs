//! Two hosts never share an answer, and strangers get none.

use std::collections::BTreeSet;

use super::{A, ALL, B, METADATA, OPENID, SECURITY, Site, json, tag_of};
use crate::validators::responses::ask;
use http::Method;

#[tokio::test]
async fn two_hosts_share_no_tag_at_one_revision() {
    let site = Site::new().await;
    for path in ALL {
        let (a, b) = (site.get(A, path).await, site.get(B, path).await);
        assert_eq!(a.header("config-commit"), b.header("config-commit"));
        assert_ne!(tag_of(&a), tag_of(&b), "{path}");
        let of_the_other = site.ask(Method::GET, A, path, &[("if-none-match", tag_of(&b))]).await;
        assert_eq!((of_the_other.status, &of_the_other.body), (200, &a.body), "{path}");
    }
    for path in [OPENID, METADATA, SECURITY] {
        let (a, b) = (site.get(A, path).await.body, site.get(B, path).await.body);
        assert!(a.contains("https://a.example") && !a.contains("b.example"), "{a}");
        assert!(b.contains("https://b.example:8443") && !b.contains("a.example"), "{b}");
    }
    assert_eq!(site.runs("openid_configuration"), 2);
    assert_eq!(site.runs("scopes"), 1, "what names no host is made once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_come_at_once_get_their_own() {
    let site = std::sync::Arc::new(Site::new().await);
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let site = std::sync::Arc::clone(&site);
            tokio::spawn(async move {
                let (host, issuer) =
                    if number % 2 == 0 { (A, "https://a.example") } else { (B, "https://b.example:8443") };
                let answer = site.get(host, OPENID).await;
                assert_eq!(json(&answer)["issuer"], issuer);
                (issuer, tag_of(&answer).to_owned())
            })
        })
        .collect();
    let mut tags = BTreeSet::new();
    for task in tasks {
        tags.insert(task.await.unwrap());
    }
    assert_eq!(tags.len(), 2, "one tag for each host: {tags:?}");
}

#[tokio::test]
async fn one_host_in_other_words_is_the_same() {
    let site = Site::new().await;
    let tag = tag_of(&site.get(A, OPENID).await).to_owned();
    for host in ["A.Example", "a.example:443"] {
        assert_eq!(tag_of(&site.get(host, OPENID).await), tag, "{host}");
    }
    // The target of a request stands above its `Host`, as a proxy sends it or HTTP/2.
    let target = format!("https://a.example{OPENID}");
    let answer = site.larder.scope(ask(&site.router, Method::GET, &target, &[("host", B)])).await;
    assert_eq!(json(&answer)["issuer"], "https://a.example");
}

#[tokio::test]
async fn a_host_that_is_not_configured_gets_nothing() {
    let site = Site::new().await;
    site.get(A, OPENID).await;
    for host in
        ["evil.example", "a.example.evil.example", "a.example:80", "b.example", "a.example@evil.example", "no host", ""]
    {
        for path in ALL {
            let answer = site.get(host, path).await;
            assert_eq!((answer.status, answer.header("cache-control")), (421, Some("no-store")), "{host}");
            assert_eq!((answer.header("etag"), answer.body.contains("evil")), (None, false), "{host}: {}", answer.body);
        }
    }
    let nameless = site.larder.scope(ask(&site.router, Method::GET, OPENID, &[])).await;
    assert_eq!(nameless.status, 421);
    assert_eq!(site.runs("openid_configuration"), 1, "strangers fill no cache");
}
