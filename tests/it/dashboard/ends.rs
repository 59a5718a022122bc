//! Who may end something by the dashboard: whom the guard approves of, from the dashboard's own page.

use http::request::Parts;
use larder::Larder;
use larder::axum::Dashboard;

use super::{Answer, ask, of, rename};
use crate::figures::tool_of;
use crate::support::Source;

fn is_operator(request: &Parts) -> bool {
    request.headers.get("x-user").is_some_and(|user| user == "operator")
}

/// What the page would send: its token in a header and in the cookie.
async fn token(dashboard: &Dashboard) -> (String, String) {
    let page = ask(dashboard, "GET", "/", &[("x-user", "operator")], "").await;
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split_once(';').unwrap().0.to_owned();
    let token = cookie.strip_prefix("larder-dashboard=").unwrap().to_owned();
    assert!(page.body.contains(&format!("<meta name=\"larder-token\" content=\"{token}\">")));
    (token, cookie)
}

async fn post(dashboard: &Dashboard, path: &str, lines: &[(&str, &str)], body: &str) -> Answer {
    ask(dashboard, "POST", path, lines, body).await
}

#[tokio::test]
async fn the_operator_ends_an_entity_and_everything_from_the_page() {
    let (here, source) = (Larder::testing(), Source::of(1));
    let there = here.another();
    let dashboard = of(&here).guard(is_operator);
    there.scope(tool_of(&source, "a@x")).await;
    here.scope(tool_of(&source, "a@x")).await;
    let (token, cookie) = token(&dashboard).await;
    let lines = [
        ("x-user", "operator"),
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
        ("x-larder-token", &token),
        ("cookie", &format!("theme=dark; {cookie}")),
    ];
    let ended = post(&dashboard, "/end", &lines, r#"{"entity": "tools"}"#).await;
    assert_eq!((ended.status, ended.body.as_str()), (200, r#"{"applied":true,"names":["tools"]}"#));
    there.scope(tool_of(&source, "a@x")).await;
    assert_eq!(source.runs(), 2, "ended in the other process, too");
    let cleared = post(&dashboard, "/clear", &lines, "{}").await;
    assert_eq!((cleared.status, cleared.body.as_str()), (200, r#"{"applied":true,"names":["@everything"]}"#));
    there.scope(tool_of(&source, "a@x")).await;
    assert_eq!(source.runs(), 3);

    here.redis().fail();
    let kept = post(&dashboard, "/end", &lines, r#"{"entity": "tools"}"#).await;
    assert_eq!((kept.status, kept.json()["applied"].clone()), (200, false.into()), "what the receipt says");
    for (body, status) in [("", 400), ("{", 400), (r#"{"entity": 7}"#, 400), (r#"{"entity": "mail:a@x"}"#, 404)] {
        assert_eq!(post(&dashboard, "/end", &lines, body).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn whoever_is_not_approved_or_comes_from_elsewhere_ends_nothing() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    larder.scope(tool_of(&source, "a@x")).await;
    larder.scope(rename()).await;
    let before = larder.stats();
    let shown = of(&larder);
    let guarded = shown.clone().guard(is_operator);
    let (token, cookie) = token(&guarded).await;
    let other = format!("{:032x}", 7);
    let elsewhere = format!("larder-dashboard={other}");
    let all: [(&str, &str); 6] = [
        ("x-user", "operator"),
        ("content-type", "application/json"),
        ("origin", "http://a.example:8080"),
        ("host", "a.example:8080"),
        ("x-larder-token", &token),
        ("cookie", &cookie),
    ];
    let but = |name: &'static str, value: Option<&'static str>| {
        let kept = all.iter().filter(|(known, _)| *known != name).copied();
        kept.chain(value.map(|value| (name, value))).collect::<Vec<_>>()
    };
    let with = |name: &'static str, value: &'static str| {
        let mut lines = but(name, None);
        lines.push((name, value));
        lines
    };
    let mut cases = vec![
        ("nobody", but("x-user", None), "did not approve"),
        ("a stranger", but("x-user", Some("stranger")), "did not approve"),
        ("a form", but("content-type", Some("text/plain")), "application/json"),
        ("no content type", but("content-type", None), "application/json"),
        ("another site", but("origin", Some("http://b.example:8080")), "own page"),
        ("another port", but("origin", Some("http://a.example")), "own page"),
        ("a sandbox", but("origin", Some("null")), "own page"),
        ("no origin", but("origin", None), "own page"),
        ("a browser that says another site", with("sec-fetch-site", "cross-site"), "own page"),
        ("a browser that says another name of the site", with("sec-fetch-site", "same-site"), "own page"),
        ("no token", but("x-larder-token", None), "load it again"),
        ("an empty token", but("x-larder-token", Some("")), "load it again"),
        ("no cookie", but("cookie", None), "load it again"),
        ("a cookie of nothing", but("cookie", Some("larder-dashboard=")), "load it again"),
    ];
    let mut lines = but("cookie", None);
    lines.push(("cookie", &elsewhere));
    cases.push(("another page's token", lines, "load it again"));
    for path in ["/end", "/clear"] {
        for (who, lines, why) in &cases {
            let refused = post(&guarded, path, lines, r#"{"entity": "tools"}"#).await;
            assert_eq!(refused.status, 403, "{who} {path}: {}", refused.body);
            let said = refused.json()["error"].as_str().unwrap().to_owned();
            assert!(said.contains(why), "{who}: {said}");
        }
        let refused = post(&shown, path, &all, r#"{"entity": "tools"}"#).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("only shows"), "{}", refused.body);
    }
    assert_eq!(larder.stats().entities["tools"], before.entities["tools"], "nothing was ended");
    assert_eq!(post(&guarded, "/end", &all, r#"{"entity": "tools"}"#).await.status, 200, "and with all of it, it is");
}

#[tokio::test]
async fn who_may_end_nothing_is_not_offered_it() {
    let larder = Larder::testing();
    let dashboard = of(&larder).guard(is_operator);
    let stranger = ask(&dashboard, "GET", "/", &[], "").await;
    assert_eq!(stranger.headers.get("set-cookie"), None);
    assert!(stranger.body.contains("<meta name=\"larder-token\" content=\"\">"));
    assert_eq!(ask(&dashboard, "GET", "/data", &[], "").await.json()["writable"], false);
    let operator = [("x-user", "operator")];
    assert_eq!(ask(&dashboard, "GET", "/data", &operator, "").await.json()["writable"], true);
}

#[tokio::test]
async fn a_second_page_leaves_the_first_one_s_token_valid_and_takes_over_no_garbage() {
    let larder = Larder::testing();
    let dashboard = of(&larder).guard(is_operator);
    let (first, cookie) = token(&dashboard).await;
    let page = async |cookie: &str| {
        let lines = [("x-user", "operator"), ("cookie", cookie)];
        ask(&dashboard, "GET", "/", &lines, "").await.header("set-cookie").to_owned()
    };
    assert!(page(&cookie).await.contains(&first));
    for odd in ["larder-dashboard=\"><script>", "larder-dashboard=7", "other=1"] {
        let given = page(odd).await;
        assert!(!given.contains("script") && !given.contains(&first) && given.len() > 50, "{given}");
    }
}
