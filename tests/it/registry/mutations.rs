//! Every write, and right behind it every list: as the database has it, here and in another process.

use std::collections::BTreeMap;

use http::Method;
use larder::Receipt;
use serde_json::{Value, json};

use super::{LISTS, Process, spec, two};
use crate::server::RedisServer;

const PEOPLE: [&str; 2] = ["root", "ada"];
const FILTERS: [&str; 2] = ["?limit=100", "?limit=100&include_inactive=true"];

/// The lists that show rows of an entity, or speak of them.
fn shown_in(entity: &str) -> &'static [&'static str] {
    match entity {
        "tools" => &["tools", "servers"],
        "prompts" => &["prompts", "servers"],
        "resources" => &["resources", "servers"],
        "agents" => &["agents"],
        "servers" => &["servers"],
        "gateways" => &["gateways", "tools", "prompts", "resources", "servers"],
        other => panic!("no entity: {other}"),
    }
}

/// Everything that anybody may be shown.
fn addresses() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    let lists = LISTS.into_iter().flat_map(|list| {
        let filters = FILTERS.into_iter().map(move |filter| format!("/{list}{filter}"));
        filters.flat_map(move |path| PEOPLE.into_iter().map(move |person| (list, person, path.clone())))
    });
    lists.chain([("statistics", "root", "/admin/statistics".to_owned())])
}

type Seen = BTreeMap<(&'static str, String), Value>;

async fn read_all(process: &Process) -> Seen {
    let mut seen = Seen::new();
    for (_, person, path) in addresses() {
        let shown = process.get(person, &path).await;
        seen.insert((person, path), shown);
    }
    seen
}

async fn read_all_uncached(process: &Process) -> Seen {
    let mut seen = Seen::new();
    for (_, person, path) in addresses() {
        let shown = process.uncached(person, &path).await;
        seen.insert((person, path), shown);
    }
    seen
}

/// One write, and what is asked of it.
struct Walk<'a> {
    writer: &'a Process,
    other: &'a Process,
    entity: &'static str,
}

impl Walk<'_> {
    async fn step(&self, method: Method, path: &str, body: Value) -> Value {
        let what = format!("{method} {path}");
        let before = read_all(self.writer).await;
        read_all(self.other).await;
        let made = |process: &Process| LISTS.map(|list| (list, process.made(list)));
        let cached = [made(self.writer), made(self.other)];
        let (answer, receipt) = self.writer.write("root", method, path, &body).await;
        assert_ne!(receipt_names(&receipt), Vec::<&str>::new(), "{what} ends nothing");

        let truth = read_all_uncached(self.writer).await;
        assert_ne!(truth, before, "{what} shows nowhere: the walk proves nothing");
        same(&read_all(self.writer).await, &truth, &format!("{what}, where it was made"));
        self.other.larder.after(&receipt).await;
        same(&read_all(self.other).await, &truth, &format!("{what}, in another process"));

        for (process, cached) in [self.writer, self.other].into_iter().zip(cached) {
            for (list, before) in cached.into_iter().filter(|(list, _)| !shown_in(self.entity).contains(list)) {
                assert_eq!(process.made(list), before, "{what} ended {list}, which it does not touch");
            }
        }
        answer
    }
}

fn receipt_names(receipt: &Receipt) -> Vec<&str> {
    receipt.names().collect()
}

fn same(shown: &Seen, truth: &Seen, when: &str) {
    for (address, shown) in shown {
        assert_eq!(shown, &truth[address], "{address:?} after {when}");
    }
}

async fn walk(entity: &'static str) {
    let server = RedisServer::start();
    let (a, b, _folder) = two(&server).await;
    // Something of each kind comes by a gateway, and a server bundles what it can.
    let gateway =
        a.make("root", "gateways", &json!({ "name": "g", "visibility": "public", "spec": spec("gateways") })).await;
    let mut parts = Vec::new();
    for list in ["tools", "prompts", "resources"] {
        let row = json!({ "name": "by g", "visibility": "public", "gateway": gateway, "spec": spec(list) });
        parts.push(a.make("root", list, &row).await);
    }
    let bundle = json!({ "name": "s", "visibility": "public", "parts": parts, "spec": spec("servers") });
    let bundle = a.make("root", "servers", &bundle).await;
    let target = match entity {
        "tools" => parts[0],
        "prompts" => parts[1],
        "resources" => parts[2],
        "gateways" => gateway,
        "servers" => bundle,
        _ => a.make("root", entity, &json!({ "name": "t", "visibility": "public", "spec": spec(entity) })).await,
    };

    let walk = Walk { writer: &a, other: &b, entity };
    let all = format!("/{entity}");
    let new = |name: &str| json!({ "name": name, "visibility": "public", "tags": ["new"], "spec": spec(entity) });
    walk.step(Method::POST, &all, new("n1")).await;
    walk.step(Method::POST, &format!("{all}/bulk"), json!([new("n2"), new("n3")])).await;
    let one = format!("{all}/{target}");
    walk.step(Method::PATCH, &one, json!({ "name": "renamed" })).await;
    walk.step(Method::PATCH, &one, json!({ "tags": ["other"], "visibility": "private", "auth": "s3cret" })).await;
    walk.step(Method::PATCH, &one, json!({ "visibility": "public" })).await;
    walk.step(Method::PUT, &format!("{one}/state"), json!({ "active": false })).await;
    walk.step(Method::PUT, &format!("{one}/state"), json!({ "active": true })).await;
    walk.step(Method::DELETE, &one, Value::Null).await;
}

#[tokio::test]
async fn every_change_of_a_tool_is_seen_in_every_list() {
    walk("tools").await;
}

#[tokio::test]
async fn every_change_of_a_prompt_is_seen_in_every_list() {
    walk("prompts").await;
}

#[tokio::test]
async fn every_change_of_a_resource_is_seen_in_every_list() {
    walk("resources").await;
}

#[tokio::test]
async fn every_change_of_an_agent_is_seen_in_every_list() {
    walk("agents").await;
}

#[tokio::test]
async fn every_change_of_a_server_is_seen_in_every_list() {
    walk("servers").await;
}

#[tokio::test]
async fn every_change_of_a_gateway_is_seen_in_every_list() {
    walk("gateways").await;
}

#[tokio::test]
async fn what_came_by_a_gateway_goes_with_it() {
    let server = RedisServer::start();
    let (a, b, _folder) = two(&server).await;
    let gateways = b.get("root", "/gateways").await;
    let git = gateways["items"].as_array().unwrap().iter().find(|row| row["name"] == "git").unwrap();
    let lists = ["/tools", "/prompts", "/resources", "/servers"];
    for list in lists {
        let shown = b.get("root", list).await.to_string();
        assert!(shown.contains("git"), "{list} has something of that gateway: {shown}");
    }
    let (_, receipt) = a.write("root", Method::DELETE, &format!("/gateways/{}", git["id"]), &Value::Null).await;
    b.larder.after(&receipt).await;
    for list in lists {
        let shown = b.get("root", list).await;
        let of = |row: &Value| row["gateway"]["name"] == "git" || row["parts"].to_string().contains("git_");
        assert!(!shown["items"].as_array().unwrap().iter().any(of), "{list}: {shown}");
    }
}

#[tokio::test]
async fn what_fails_shows_nothing_and_ends_nothing() {
    let server = RedisServer::start();
    let (a, _b, _folder) = two(&server).await;
    let before = read_all(&a).await;
    let made = LISTS.map(|list| a.made(list));
    let row = json!({ "name": "fetch", "visibility": "public", "spec": spec("tools") });
    let bulk = json!([{ "name": "new", "spec": spec("tools") }, row]);
    for (method, path, body, status) in [
        (Method::POST, "/tools", &row, 409),
        (Method::POST, "/tools/bulk", &bulk, 409),
        (Method::PATCH, "/tools/999999", &json!({ "name": "b" }), 404),
    ] {
        assert_eq!(a.send("root", method, path, body).await.0, status, "{path}");
    }
    assert_eq!(read_all(&a).await, before);
    assert_eq!(LISTS.map(|list| a.made(list)), made);
    // The fence of `around` ends a list before it is known whether the write will fail: that costs a miss.
    let off = json!({ "active": false });
    assert_eq!(a.send("root", Method::PUT, "/gateways/999999/state", &off).await.0, 404);
    assert_eq!(a.send("root", Method::DELETE, "/gateways/999999", &Value::Null).await.0, 404);
    assert_eq!(read_all(&a).await, before);
    let made = LISTS.map(|list| a.made(list));
    assert_eq!(read_all(&a).await, before);
    assert_eq!(LISTS.map(|list| a.made(list)), made, "and is stored again");
}
