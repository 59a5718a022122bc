//! What a list shows, and which of its pages are kept.

use http::Method;
use serde_json::{Value, json};

use super::{filled, ids, in_memory, spec};

#[tokio::test]
async fn two_ways_to_write_one_filter_share_an_entry() {
    let (process, _folder) = filled(in_memory().await).await;
    for (path, runs) in [
        ("/tools?tags=git,read", 1),
        ("/tools?tags=read,git", 1),
        ("/tools?tags=%20read%20,git,git,", 1),
        ("/tools?limit=50&tags=git,read", 1),
        ("/tools?tags=git,read&include_inactive=false", 1),
        ("/tools?tags=git", 2),
        ("/tools?tags=git,read&team=compilers", 3),
        ("/tools?tags=git,read&visibility=team", 4),
        ("/tools?tags=git,read&include_inactive=true", 5),
        ("/tools?tags=git,read&limit=49", 6),
        ("/tools", 7),
        ("/tools?tags=", 7),
    ] {
        process.get("root", path).await;
        assert_eq!(process.misses("tools"), runs, "{path}");
    }
}

#[tokio::test]
async fn each_filter_shows_its_rows() {
    let (process, _folder) = filled(in_memory().await).await;
    let names = async |path: &str| -> Vec<String> {
        let shown = process.get("joan", path).await;
        shown["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("/tools?tags=time,echo").await,
        ["echo", "convert_time"]
            .map(String::from)
            .into_iter()
            .chain(["get_current_time".to_owned()])
            .collect::<Vec<_>>()
    );
    let git = names("/tools?team=compilers").await;
    assert!(git.len() == 11 && git.iter().all(|name| name.starts_with("git_")), "{git:?}");
    assert_eq!(names("/tools?visibility=public&tags=git").await, Vec::<String>::new());
    assert_eq!(names("/agents").await, ["librarian", "reviewer"]);
    let agents = process.get("root", "/agents").await;
    let state = format!("/agents/{}/state", ids(&agents)[0]);
    process.write("root", Method::PUT, &state, &json!({ "active": false })).await;
    assert_eq!(names("/agents").await, ["reviewer"]);
    assert_eq!(names("/agents?include_inactive=true").await, ["librarian", "reviewer"]);
    for path in ["/tools?limit=0", "/tools?limit=101", "/tools?visibility=none", "/tools?colour=red", "/tools?cursor=x"]
    {
        let (status, body) = process.send("joan", Method::GET, path, &Value::Null).await;
        assert_eq!(status, 422, "{path}: {body}");
    }
}

#[tokio::test]
async fn only_first_pages_are_kept_and_the_pages_are_the_whole() {
    let (process, _folder) = filled(in_memory().await).await;
    let whole = ids(&process.get("root", "/tools?limit=100").await);
    assert!(whole.len() > 30);
    for round in 0..2 {
        let (mut found, mut path, mut pages) = (Vec::new(), "/tools?limit=7".to_owned(), 0);
        let asked = process.db.asked();
        loop {
            let page = process.get("root", &path).await;
            found.extend(ids(&page));
            pages += 1;
            let Some(next) = page["next"].as_i64() else { break };
            path = format!("/tools?limit=7&cursor={next}");
        }
        assert_eq!(found, whole);
        assert!(pages > 3);
        let kept = u64::from(round > 0);
        assert_eq!(process.db.asked() - asked, pages - kept, "round {round}");
    }
    assert_eq!(process.larder.stats().entities["tools"].stores, 2, "the whole, and the first of seven");
}

#[tokio::test]
async fn administrators_see_what_the_cache_does() {
    let (process, _folder) = filled(in_memory().await).await;
    process.get("root", "/tools").await;
    process.get("root", "/tools").await;
    let told = process.get("root", "/admin/cache").await;
    assert_eq!(told["entities"]["tools"]["hits_memory"], 1, "{told}");
    assert_eq!(told["entities"]["tools"]["misses"], 1, "{told}");
    let tool =
        process.make("ada", "tools", &json!({ "name": "t", "visibility": "public", "spec": spec("tools") })).await;
    let statistics = process.get("root", "/admin/statistics").await;
    assert!(
        statistics["entities"].as_array().unwrap().contains(&json!({ "name": "tools", "rows": 37 })),
        "{statistics}"
    );
    for (millis, failed) in [(10, false), (30, true)] {
        let call = json!({ "millis": millis, "failed": failed });
        process.write("joan", Method::POST, &format!("/tools/{tool}/calls"), &call).await;
    }
    let usage = process.get("root", "/admin/usage").await;
    assert_eq!(usage, json!([{ "name": "t", "calls": 2, "failed": 1, "millis": 20.0 }]));
}
