//! The page and its figures, over HTTP.

use larder::{Larder, ttl_cached};

use super::{ask, data, of, rename};
use crate::figures::{calls, tool_of};
use crate::server::RedisServer;
use crate::support::{SOON, Source, eventually_async, node};

#[tokio::test]
async fn the_page_brings_all_it_needs_and_may_do_nothing_else() {
    let larder = Larder::testing();
    let dashboard = of(&larder);
    for path in ["", "/"] {
        let answer = ask(&dashboard, "GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{path:?}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.headers.get("set-cookie"), None, "nothing can be ended: nothing is remembered");
        let policy = answer.header("content-security-policy");
        let (_, nonce) = policy.split_once("script-src 'nonce-").unwrap();
        let nonce = nonce.split_once('\'').unwrap().0;
        assert_eq!(nonce.len(), 32);
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
                 img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            )
        );
        assert_eq!(answer.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
        for outside in ["http://", "https://", "src=", "@import", "url(", " style=", " onclick", "innerHTML", "eval("] {
            let found = answer.body.replace("http://www.w3.org/2000/svg", "").contains(outside);
            assert!(!found, "{outside} in the page");
        }
        for hole in ["{nonce}", "{token}", "{style}", "{script}"] {
            assert!(!answer.body.contains(hole), "{hole}");
        }
        let again = ask(&dashboard, "GET", path, &[], "").await;
        assert_ne!(again.header("content-security-policy"), policy, "a nonce is used once");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_and_a_head_has_no_body() {
    let larder = Larder::testing();
    let dashboard = of(&larder);
    let head = ask(&dashboard, "HEAD", "/data", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(ask(&dashboard, "GET", "/else", &[], "").await.status, 404);
    for (method, path, allowed) in [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/data", "GET, HEAD"),
        ("GET", "/end", "POST"),
        ("PUT", "/clear", "POST"),
    ] {
        let answer = ask(&dashboard, method, path, &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, allowed), "{method} {path}");
    }
}

#[tokio::test]
async fn the_figures_are_what_happened() {
    let called = calls().await;
    let (here, there) = (&called.here, &called.there);
    here.clock().advance(std::time::Duration::from_secs(1));

    let told = data(here).await;
    assert_eq!(told["namespace"], "larder");
    assert!(told["process"].as_str().unwrap().ends_with(&format!(":{}", std::process::id())));
    assert_eq!((told["writable"].clone(), told["health"]["status"].clone()), (false.into(), "up".into()));
    assert_eq!(told["health"]["redis"]["breaker"], "closed");
    assert_eq!(told["total"]["hits_memory"], 2);
    let row = &told["functions"][0];
    assert_eq!((row["function"].clone(), row["entity"].clone()), ("it::figures::tool_of".into(), "tools".into()));
    assert_eq!(
        ["hits_memory", "hits_redis", "misses", "stores", "entries"].map(|name| row["counts"][name].clone()),
        [2, 0, 1, 1, 1].map(serde_json::Value::from)
    );
    assert_eq!(told["entities"].as_array().unwrap().len(), 1);
    let leader = &told["leaders"][0];
    assert_eq!((leader["key"].clone(), leader["here"].clone()), ("nightly".into(), true.into()));
    let remaining = leader["remaining_ms"].as_u64().unwrap();
    assert!((1..60_000).contains(&remaining), "{remaining}");
    assert!(leader["token"].is_string(), "more than a number of a browser can hold");

    let other = data(there).await;
    assert_eq!(other["leaders"][0]["key"], "nightly");
    let rows = other["entities"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["entity"].as_str().unwrap()).collect();
    assert_eq!(names, ["pages", "tools"]);
    assert_eq!((rows[0]["counts"]["errors"].clone(), rows[1]["counts"]["hits_redis"].clone()), (1.into(), 1.into()));

    here.redis().fail();
    let _ = here.scope(tool_of(&called.source, "b@x")).await;
    let away = data(here).await;
    assert_eq!(away["health"]["status"], "degraded");
    assert!(away["leaders"]["error"].as_str().unwrap().contains("the leaders could not be listed"), "{away}");
}

#[tokio::test]
async fn what_was_ended_lately_is_told_with_who_did_it_and_without_arguments() {
    let (here, source) = (Larder::testing(), Source::of(1));
    let there = here.another();
    for larder in [&here, &there] {
        larder.scope(tool_of(&source, "secret@x")).await;
    }
    here.scope(rename()).await;
    there.invalidate("tools").await.unwrap();
    here.invalidate("mail:secret@x").await.unwrap();
    here.invalidate("mail:secret@y").await.unwrap();
    here.scope(async { larder::forget(tool_of(&source, "secret@x")).await }).await.unwrap();
    there.clear().await.unwrap();
    let told = data(&here).await;
    assert!(!told.to_string().contains("secret"), "{told}");
    let row = |row: &serde_json::Value| {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        (text("kind"), text("name"), row["here"] == true, row["pending"] == true, row["times"].as_u64().unwrap())
    };
    let rows: Vec<_> = told["recent"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        ("everything", "-", false, 1),
        ("entry", "it::figures::tool_of", true, 1),
        ("tag", "-", true, 2),
        ("entity", "tools", false, 1),
        ("entity", "tools", true, 1),
    ];
    let expected = expected.map(|(kind, name, here, times)| (kind.to_owned(), name.to_owned(), here, false, times));
    assert_eq!(rows, expected);
    let tools = &told["entities"][0];
    assert_eq!((tools["entity"].clone(), tools["counts"]["invalidations"].clone()), ("tools".into(), 2.into()));
    assert_eq!(told["entities"][1]["entity"], serde_json::Value::Null, "tags stand in one row: {told}");

    here.redis().fail();
    assert!(!here.invalidate("tools").await.unwrap().is_applied());
    assert_eq!(row(&data(&here).await["recent"][0]), ("entity".to_owned(), "tools".to_owned(), true, true, 1));
    here.redis().recover();
    eventually_async(SOON, "delivered", async || data(&here).await["recent"][0]["pending"] == false).await;
}

#[ttl_cached(entity = "shown in redis")]
async fn odd(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn over_a_real_server_an_end_elsewhere_is_told_once() {
    let server = RedisServer::start();
    let (here, there) = (node(&server).await, node(&server).await);
    here.scope(odd(1)).await;
    there.scope(odd(1)).await;
    there.invalidate("shown in redis").await.unwrap();
    eventually_async(SOON, "announced", async || data(&here).await["recent"].as_array().unwrap().len() == 1).await;
    let heard = data(&here).await["recent"][0].clone();
    assert_eq!((heard["name"].clone(), heard["here"].clone()), ("shown in redis".into(), false.into()));
    let made = data(&there).await["recent"].clone();
    assert_eq!(made.as_array().unwrap().len(), 1, "{made}");
    assert_eq!((made[0]["here"].clone(), made[0]["pending"].clone()), (true.into(), false.into()));
    assert!(data(&here).await["health"]["round_trip_us"].as_u64().is_some());
}
