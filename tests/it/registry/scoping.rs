//! Nobody is answered with what another may see.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::{LISTS, Process, another, filled, ids, in_memory, over, spec, two};
use crate::proxy::Proxy;
use crate::server::RedisServer;

/// Everybody, with the teams that the first rows put them into.
const PEOPLE: [(&str, &[&str]); 4] =
    [("ada", &["analysts"]), ("grace", &["compilers"]), ("joan", &["analysts", "compilers"]), ("guest", &[])];

/// What a person may see, by the rule and not by the query.
fn may_see(person: &str, teams: &[&str], row: &Value) -> bool {
    match row["visibility"].as_str().unwrap() {
        "public" => true,
        "team" => row["owner"] == person || teams.iter().any(|team| row["team"] == *team),
        _ => row["owner"] == person,
    }
}

/// A row of each kind and visibility of each person.
async fn fill_for_all(process: &Process) {
    for (person, teams) in &PEOPLE[..3] {
        for list in LISTS {
            for visibility in ["private", "team", "public"] {
                let name = format!("{visibility} of {person}");
                let row = json!({ "name": name, "visibility": visibility, "team": teams[0], "spec": spec(list) });
                process.make(person, list, &row).await;
            }
        }
    }
}

async fn everybody_sees_theirs(process: &Process, others: &str) {
    for list in LISTS {
        let path = format!("/{list}?limit=100");
        let all = process.uncached("root", &path).await;
        let mut lengths = BTreeSet::new();
        for (person, teams) in PEOPLE {
            let rows = all["items"].as_array().unwrap().iter().filter(|row| may_see(person, teams, row));
            let wanted: Vec<i64> = rows.map(|row| row["id"].as_i64().unwrap()).collect();
            lengths.insert(wanted.len());
            for round in ["cold", "cached"] {
                let shown = ids(&process.get(person, &path).await);
                assert_eq!(shown, wanted, "{path} for {person}, {round}, {others}");
            }
        }
        assert!(lengths.len() >= 3, "the rows tell the people apart: {lengths:?}");
    }
}

#[tokio::test]
async fn everybody_sees_theirs_whoever_asked_before() {
    let server = RedisServer::start();
    let (a, b, _folder) = two(&server).await;
    fill_for_all(&a).await;
    for list in LISTS {
        // The widest view first: what leaks would show it.
        a.get("root", &format!("/{list}?limit=100")).await;
    }
    everybody_sees_theirs(&a, "after an administrator").await;
    everybody_sees_theirs(&b, "in another process").await;
    let stats = b.larder.stats();
    let shared: u64 = LISTS.iter().map(|list| stats.entities[*list].hits_redis).sum();
    assert!(shared > 0, "the other process was answered from Redis, too");
}

#[tokio::test]
async fn who_left_a_team_is_out_at_once_also_where_no_announcement_comes() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, folder) = filled(over(&server.url()).await).await;
    let b = another(&proxy.url(), folder.path()).await;
    let before = b.get("ada", "/tools?limit=100").await;
    let theirs = |shown: &Value| shown["items"].as_array().unwrap().iter().any(|row| row["team"] == "analysts");
    assert!(theirs(&before));
    // B hears nothing from here on, and does not know it yet.
    proxy.silence_all();
    a.write("root", Method::DELETE, "/teams/analysts/ada", &Value::Null).await;
    let after = b.get("ada", "/tools?limit=100").await;
    assert!(!theirs(&after), "ada was answered as a member");
}

#[tokio::test]
async fn a_row_names_no_other_that_its_viewer_may_not_see() {
    let (process, _folder) = filled(in_memory().await).await;
    let secret = |list: &str| json!({ "name": "hidden", "visibility": "private", "spec": spec(list) });
    let gateway = process.make("ada", "gateways", &secret("gateways")).await;
    let part = process.make("ada", "tools", &secret("tools")).await;
    let tool = json!({ "name": "open", "visibility": "public", "gateway": gateway, "spec": spec("tools") });
    let tool = process.make("ada", "tools", &tool).await;
    let bundle = json!({ "name": "open", "visibility": "public", "parts": [part, tool], "spec": spec("servers") });
    let bundle = process.make("ada", "servers", &bundle).await;

    for person in ["ada", "grace", "guest"] {
        let hers = person == "ada";
        for (list, id) in [("tools", tool), ("servers", bundle)] {
            let path = format!("/{list}?limit=100");
            let shown = process.get(person, &path).await;
            assert!(ids(&shown).contains(&id), "{path} for {person}");
            assert_eq!(shown.to_string().contains("hidden"), hers, "{path} for {person}: {shown}");
        }
    }
    // Nor can anybody find out by naming it.
    for (list, row) in [
        ("tools", json!({ "name": "probe", "gateway": gateway, "spec": spec("tools") })),
        ("servers", json!({ "name": "probe", "parts": [part], "spec": spec("servers") })),
    ] {
        let (status, body) = process.send("grace", Method::POST, &format!("/{list}"), &row).await;
        assert_eq!(status, 422, "{body}");
    }
    let (status, _) = process.send("grace", Method::GET, &format!("/gateways/{gateway}"), &Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn nobody_writes_what_is_not_theirs() {
    let (process, _folder) = filled(in_memory().await).await;
    let row = |visibility: &str| json!({ "name": visibility, "visibility": visibility, "team": "analysts", "spec": spec("agents") });
    for (visibility, by_grace, by_joan) in [("private", 404, 404), ("team", 404, 200), ("public", 403, 200)] {
        let one = format!("/agents/{}", process.make("ada", "agents", &row(visibility)).await);
        let change = json!({ "description": "changed" });
        for (person, wanted) in [("grace", by_grace), ("joan", by_joan), ("ada", 200), ("root", 200)] {
            let (status, body) = process.send(person, Method::PATCH, &one, &change).await;
            assert_eq!(status, wanted, "{visibility}, by {person}: {body}");
        }
        let (status, _) = process.send("guest", Method::PATCH, &one, &change).await;
        assert_eq!(status, 401, "{visibility}, by a guest");
    }
    let (status, _) = process.send("grace", Method::POST, "/agents", &row("team")).await;
    assert_eq!(status, 403, "a row for a team that is not hers");
    for path in ["/admin/statistics", "/admin/usage", "/admin/cache", "/admin/database"] {
        // An administrator's answer lies in the cache when others ask.
        process.get("root", path).await;
        for person in ["ada", "guest"] {
            let (status, _) = process.send(person, Method::GET, path, &Value::Null).await;
            assert_eq!(status, 403, "{path} for {person}");
        }
    }
    let (status, _) = process.send("nobody", Method::GET, "/tools", &Value::Null).await;
    assert_eq!(status, 401, "somebody whom the registry does not know");
}
