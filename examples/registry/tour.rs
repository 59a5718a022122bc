//! The tour: drives the registry over HTTP, prints where each answer came from, and checks what it prints.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Instant, SystemTime};

use axum::http::StatusCode;
use larder_example_registry as registry;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::origin::Origin::{Body, Memory, Redis};
use crate::second::{Ask, Second};
use crate::steps::{Tour, ensure, expect};
use crate::table::{Table, say, span};
use crate::{ADMIN, Failure, filled};

/// Runs the whole tour, and leaves nothing behind.
pub(crate) async fn run(namespace: &str) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("registry.db");
    let db = filled(&database, 0).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let client = Client::new(listener.local_addr()?, ADMIN);
    say(&format!("The tools of six public reference servers, served at http://{}\n", listener.local_addr()?))?;

    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(registry::serve(listener, db.clone(), async { drop(ended.await) }));
    let table = Table::open(&[("step", 46), ("answer", 40), ("time", -8), ("from", 6)])?;
    let tour = Tour { client, db, table };
    tour.reads().await?;
    tour.viewers().await?;
    tour.writes().await?;
    tour.race().await?;
    tour.cascade().await?;
    tour.crowd().await?;
    if larder::stats().redis.configured {
        tour.second_process(&database, namespace).await?;
    }
    tour.counts().await?;

    let Tour { client, db, .. } = tour;
    drop((client, end));
    server.await??;
    let _ = larder::clear().await?;
    db.close().await;
    Ok(folder.close()?)
}

impl Tour {
    /// Cold and cached reads.
    async fn reads(&self) -> Result<(), Failure> {
        // Who asks is looked up before each request, and that is cached as well.
        self.client.get("/health").await?;
        let cold = self.read("tools, cold", "/tools", Body).await?;
        let cached = self.best("tools, cached (best of 20)", "/tools").await?;
        ensure(cached.body == cold.body, "the cached list differs from the one that was cached")?;
        self.read("tools tagged git or read: a key of its own", "/tools?tags=git,read", Body).await?;
        self.read("the same tags in another order: the same key", "/tools?tags=read,git", Memory).await?;
        let first = self.read("tools, ten a page", "/tools?limit=10", Body).await?;
        let next = first.body["next"].as_i64().ok_or("the list has no second page")?;
        let second = format!("/tools?limit=10&cursor={next}");
        self.read("second page", &second, Body).await?;
        self.read("second page again: never cached", &second, Body).await?;
        let refused = self.client.get("/tools?limit=0").await?;
        self.answered("tools, limit=0", StatusCode::UNPROCESSABLE_ENTITY, refused)?;

        let gateways = self.read("gateways, cold: their secrets are masked", "/gateways", Body).await?;
        self.best("gateways, cached (best of 20)", "/gateways").await?;
        let auth = &gateways.body["items"][0]["auth"];
        ensure(auth == "********", "a secret is shown")?;
        self.read("statistics, cold", "/admin/statistics", Body).await?;
        self.best("statistics, cached (best of 20)", "/admin/statistics").await?;
        Ok(())
    }

    /// Each person has entries of their own, and a team that is left is left at once.
    async fn viewers(&self) -> Result<(), Failure> {
        let ada = self.of("ada");
        let hers = ada.read("tools, as ada of the analysts", "/tools", Body).await?;
        ada.read("tools, as ada again", "/tools", Memory).await?;
        ensure(!names(&hers.body).any(|name| name == "git_log"), "ada sees a tool of the compilers")?;
        let joined = self.client.put("/teams/compilers/ada", &Value::Null).await?;
        self.answered("ada joins the compilers", StatusCode::NO_CONTENT, joined)?;
        let hers = ada.read("tools, as ada: more of them", "/tools", Body).await?;
        ensure(names(&hers.body).any(|name| name == "git_log"), "ada does not see what the compilers have")?;
        let left = self.client.delete("/teams/compilers/ada").await?;
        self.answered("ada leaves again", StatusCode::NO_CONTENT, left)?;
        let hers = ada.client.get("/tools").await?;
        ensure(!names(&hers.body).any(|name| name == "git_log"), "ada still sees what the compilers have")
    }

    /// A write ends what it made untrue, and nothing else.
    async fn writes(&self) -> Result<(), Failure> {
        self.read("resources, cold", "/resources", Body).await?;
        let new = json!({ "name": "größe", "visibility": "public", "spec": { "arguments": ["what"] } });
        let made = self.client.post("/tools", &new).await?;
        let one = format!("/tools/{}", made.body["id"]);
        self.answered("create the tool größe", StatusCode::CREATED, made)?;
        let tools = self.read("tools: it stands there", "/tools", Body).await?;
        ensure(names(&tools.body).last() == Some("größe"), "the list does not show what was created")?;
        self.read("statistics", "/admin/statistics", Body).await?;
        self.read("resources: untouched", "/resources", Memory).await?;
        self.answered("create it again", StatusCode::CONFLICT, self.client.post("/tools", &new).await?)?;
        self.read("tools: a failed write ends nothing", "/tools", Memory).await?;
        let bulk = json!([{ "name": "a", "spec": { "arguments": [] } }, { "name": "b", "spec": { "arguments": [] } }]);
        self.answered("create two at once", StatusCode::CREATED, self.client.post("/tools/bulk", &bulk).await?)?;
        let change = json!({ "description": "größer, schneller, 速い" });
        self.answered("update größe", StatusCode::OK, self.client.patch(&one, &change).await?)?;
        let off = self.client.put(&format!("{one}/state"), &json!({ "active": false })).await?;
        self.answered("switch größe off", StatusCode::NO_CONTENT, off)?;
        let tools = self.read("tools", "/tools", Body).await?;
        ensure(!names(&tools.body).any(|name| name == "größe"), "the list shows what is switched off")?;
        self.answered("delete größe", StatusCode::NO_CONTENT, self.client.delete(&one).await?)
    }

    /// Readers that run beside a write never bring the old row back.
    async fn race(&self) -> Result<(), Failure> {
        const ROUNDS: u32 = 30;
        let new = json!({ "name": "0", "tags": ["raced"], "spec": { "arguments": [] } });
        let made = self.client.post("/tools", &new).await?;
        let (one, list) = (format!("/tools/{}", made.body["id"]), "/tools?tags=raced");
        let start = Instant::now();
        let mut old = 0;
        for round in 1..=ROUNDS {
            let mut readers = JoinSet::new();
            for _ in 0..8 {
                let client = self.client.clone();
                readers.spawn(async move { client.get(list).await });
            }
            let written = self.client.patch(&one, &json!({ "name": round.to_string() })).await?;
            ensure(written.status == StatusCode::OK, "an update beside readers failed")?;
            // Some readers may still be on their way with what they read before the write.
            old += self.old_rows(list, round).await?;
            while let Some(reader) = readers.join_next().await {
                ensure(reader??.status == StatusCode::OK, "a read beside an update failed")?;
            }
            old += self.old_rows(list, round).await?;
        }
        let step = format!("{ROUNDS} updates, each beside 8 readers");
        self.table.row(&[step, format!("{old} old rows afterwards"), span(start.elapsed()), String::new()])?;
        ensure(old == 0, "an old row came back after its update")
    }

    async fn old_rows(&self, list: &str, round: u32) -> Result<usize, Failure> {
        let shown = self.client.get(list).await?.body;
        Ok(names(&shown).filter(|name| *name != round.to_string()).count())
    }

    /// A gateway takes along what came by it, in every list.
    async fn cascade(&self) -> Result<(), Failure> {
        let gateways = self.read("gateways: untouched by all that", "/gateways", Memory).await?;
        let rows = gateways.body["items"].as_array().ok_or("no gateways")?;
        let git = rows.iter().find(|row| row["name"] == "git").ok_or("no gateway is named git")?;
        self.read("servers, cold", "/servers", Body).await?;
        let gone = self.client.delete(&format!("/gateways/{}", git["id"])).await?;
        self.answered("delete the gateway git", StatusCode::NO_CONTENT, gone)?;
        for list in ["/gateways", "/tools", "/prompts", "/resources", "/servers"] {
            let shown = self.read(&list[1..], list, Body).await?;
            ensure(!shown.body.to_string().contains("git_log"), "a list shows a tool of the deleted gateway")?;
        }
        Ok(())
    }

    /// Any number of callers of one cold key: one query.
    async fn crowd(&self) -> Result<(), Failure> {
        const CALLERS: usize = 200;
        let (before, start) = (self.db.asked(), Instant::now());
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let client = self.client.clone();
            callers.spawn(async move { client.get("/tools?limit=100").await });
        }
        let mut bodies = Vec::new();
        while let Some(caller) = callers.join_next().await {
            bodies.push(caller??.body);
        }
        let (time, queries) = (start.elapsed(), self.db.asked() - before);
        let answer = format!("{} answers, {queries} query", bodies.len());
        self.table.row(&[&format!("{CALLERS} callers of a cold list at once"), &answer, &span(time), "body"])?;
        ensure(bodies.windows(2).all(|pair| pair[0] == pair[1]), "callers of one list got different answers")?;
        ensure(queries == 1, "several callers of one list asked the database")
    }

    /// What this process computed, another one gets from Redis; what this one writes, the other one sees.
    async fn second_process(&self, database: &Path, namespace: &str) -> Result<(), Failure> {
        ensure(larder::health().await.is_up(), "the Redis that LARDER_REDIS_URL names does not answer")?;
        let known = self.read("tools", "/tools", Memory).await?;
        let mut second = Second::start(database, namespace)?;
        for origin in [Redis, Memory] {
            let seen = second.ask(&Ask::List).await?;
            let step = "second process: tools";
            self.table.row(&[
                step,
                &format!("{} rows", seen.names.len()),
                &span(seen.time),
                &seen.origin.to_string(),
            ])?;
            ensure(names(&known.body).eq(&seen.names), "the second process sees other tools")?;
            expect(step, seen.origin, origin)?;
        }

        let name = "anew".to_owned();
        second.ask(&Ask::Until { name: name.clone() }).await?;
        let written = self.client.post("/tools", &json!({ "name": name, "spec": { "arguments": [] } })).await?;
        let answered = SystemTime::now();
        self.answered("create a tool, by the first process", StatusCode::CREATED, written)?;
        let seen = second.hear().await?;
        let answer = format!("{name}, after {} reads", seen.reads);
        // Zero if it was seen before the first process had its answer.
        let time = seen.at.duration_since(answered).unwrap_or_default();
        self.table.row(&["second process: seen after that answer", &answer, &span(time), &seen.origin.to_string()])?;
        second.end().await
    }

    /// What the cache counted meanwhile, per entity and per tag.
    async fn counts(&self) -> Result<(), Failure> {
        say("")?;
        let numbers = ["memory", "redis", "misses", "joins", "stored", "ended", "hit rate"].map(|title| (title, -8));
        let table = Table::open(&[&[("entity or tag", 24)], &numbers[..]].concat())?;
        let stats = larder::stats();
        for (name, of) in &stats.entities {
            let numbers = [of.hits_memory, of.hits_redis, of.misses, of.joins, of.stores, of.invalidations];
            let mut cells = vec![name.clone()];
            cells.extend(numbers.map(|number| number.to_string()));
            let called = of.hits() + of.misses + of.joins > 0;
            cells.push(if called { format!("{:.0} %", of.hit_rate() * 100.0) } else { "-".to_owned() });
            table.row(&cells)?;
        }
        let admin = self.client.get("/admin/cache").await?;
        let told = admin.body["entities"]["tools"]["hits_memory"].as_u64();
        ensure(told == stats.entities.get("tools").map(|of| of.hits_memory), "/admin/cache counts something else")?;
        let health = self.client.get("/health").await?;
        ensure(health.status == StatusCode::OK, "/health does not answer")
    }

    /// The same tour, as another person.
    fn of(&self, person: &'static str) -> Self {
        Self { client: self.client.of(person), db: self.db.clone(), table: self.table.clone() }
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list["items"].as_array().into_iter().flatten().filter_map(|row| row["name"].as_str())
}
