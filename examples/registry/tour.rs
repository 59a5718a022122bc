//! The tour: drives the registry over HTTP, prints where each answer came from, and checks what it prints.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Instant, SystemTime};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::origin::Origin::{Body, Memory, Redis};
use crate::routes::{self, escaped};
use crate::steps::{Tour, ensure, expect};
use crate::store::Db;
use crate::table::{Table, say, span};
use crate::watch::{Ask, Second};
use crate::{Failure, rows};

const LIST: &str = "/crates?limit=50";

/// Runs the whole tour, and leaves nothing behind.
pub(crate) async fn run(namespace: &str) -> Result<(), Failure> {
    // Where `LARDER_NAMESPACE` stands above our own, Redis may know values of an earlier tour.
    let _ = larder::clear().await?;
    let rows = rows::read().await?;
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("registry.db");
    let db = Db::create(&database, &rows).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let client = Client::new(listener.local_addr()?);
    say(&format!("{} crates of this workspace, served at http://{}\n", rows.len(), listener.local_addr()?))?;

    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(routes::serve(listener, db.clone(), async { drop(ended.await) }));
    let table = Table::open(&[("step", 44), ("answer", 40), ("time", -8), ("from", 6)])?;
    let tour = Tour { client, db, table };
    let needed = tour.reads().await?;
    tour.update(&needed).await?;
    tour.life("größe").await?;
    tour.crowd().await?;
    if larder::stats().redis.configured {
        tour.second_process(&needed, &database, namespace).await?;
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
    /// Cold and cached reads; returns the crate that most others need.
    async fn reads(&self) -> Result<String, Failure> {
        let cold = self.read("list, cold", LIST, Body).await?;
        let cached = self.best("list, cached (best of 20)", LIST).await?;
        ensure(cached.body == cold.body, "the cached list differs from the one that was cached")?;
        self.read("list, one licence: a key of its own", "/crates?limit=50&license=MIT", Body).await?;
        let next = cold.body["next"].as_str().ok_or("the list has no second page")?;
        let second = format!("{LIST}&cursor={}", escaped(next));
        self.read("list, second page", &second, Body).await?;
        self.read("list, second page again: never cached", &second, Body).await?;

        let cold = self.read("statistics, cold", "/statistics", Body).await?;
        self.best("statistics, cached (best of 20)", "/statistics").await?;
        let needed = cold.body["most_needed"][0]["name"].as_str().ok_or("no crate needs another one")?;
        let path = path(needed);
        self.read(&format!("crate {needed}, cold"), &path, Body).await?;
        self.best(&format!("crate {needed}, cached (best of 20)"), &path).await?;
        Ok(needed.to_owned())
    }

    /// A write ends what it made untrue, and nothing else.
    async fn update(&self, name: &str) -> Result<(), Failure> {
        let (one, list) = (path(name), format!("/crates?name={}", escaped(name)));
        let first = self.client.get(LIST).await?.body["crates"][0]["name"].as_str().unwrap_or_default().to_owned();
        ensure(!first.is_empty() && first != name, "the list does not begin with another crate")?;
        self.read(&format!("crate {first}, cold"), &path(&first), Body).await?;
        self.read(&format!("list, name={name}, cold"), &list, Body).await?;

        let new = "1000.0.0";
        let change = json!({ "version": new, "description": "größer, schneller, 速い" });
        self.answered(&format!("update {name}"), StatusCode::OK, self.client.patch(&one, &change).await?)?;
        let shown = self.read(&format!("crate {name}"), &one, Body).await?;
        ensure(shown.body["description"] == change["description"], "the crate does not show the update")?;
        for origin in [Body, Memory] {
            let shown = self.read(&format!("list, name={name}"), &list, origin).await?;
            ensure(version_in(&shown.body, name) == Some(new), "the list does not show the update")?;
        }
        self.read("statistics", "/statistics", Body).await?;
        self.read(&format!("crate {first}: untouched"), &path(&first), Memory).await?;
        self.race(name, &one, &list).await
    }

    /// Readers that run beside a write never bring the old row back.
    async fn race(&self, name: &str, one: &str, list: &str) -> Result<(), Failure> {
        const ROUNDS: u32 = 30;
        let start = Instant::now();
        let mut old = 0;
        for round in 1..=ROUNDS {
            let mut readers = JoinSet::new();
            for reader in 0..8 {
                let (client, path) = (self.client.clone(), if reader % 2 == 0 { one } else { list }.to_owned());
                readers.spawn(async move { client.get(&path).await });
            }
            let new = format!("1000.0.{round}");
            let written = self.client.patch(one, &json!({ "version": new })).await?;
            ensure(written.status == StatusCode::OK, "an update beside readers failed")?;
            // Some readers may still be on their way with what they read before the write.
            old += self.old_rows(name, &new, one, list).await?;
            while let Some(reader) = readers.join_next().await {
                ensure(reader??.status == StatusCode::OK, "a read beside an update failed")?;
            }
            old += self.old_rows(name, &new, one, list).await?;
        }
        let step = format!("{ROUNDS} updates, each beside 8 readers");
        self.table.row(&[step, format!("{old} old rows afterwards"), span(start.elapsed()), String::new()])?;
        ensure(old == 0, "an old row came back after its update")
    }

    async fn old_rows(&self, name: &str, new: &str, one: &str, list: &str) -> Result<usize, Failure> {
        let (one, list) = (self.client.get(one).await?.body, self.client.get(list).await?.body);
        let shown = [one["version"].as_str(), version_in(&list, name)];
        Ok(shown.into_iter().filter(|version| *version != Some(new)).count())
    }

    /// One crate from before it exists until after it is gone.
    async fn life(&self, name: &str) -> Result<(), Failure> {
        let one = path(name);
        self.missing(&format!("crate {name}: not there"), &one, Body).await?;
        self.missing(&format!("crate {name}: known not to be there"), &one, Memory).await?;
        let new = json!({ "name": name, "version": "0.1.0", "license": "MIT", "features": ["std"] });
        self.answered(&format!("create {name}"), StatusCode::CREATED, self.client.post("/crates", &new).await?)?;
        self.read(&format!("crate {name}"), &one, Body).await?;
        self.answered(&format!("create {name} again"), StatusCode::CONFLICT, self.client.post("/crates", &new).await?)?;
        self.read(&format!("crate {name}: a failed write ends nothing"), &one, Memory).await?;
        self.answered(&format!("delete {name}"), StatusCode::NO_CONTENT, self.client.delete(&one).await?)?;
        self.missing(&format!("crate {name}: gone"), &one, Body).await?;
        let refused = self.client.get("/crates?limit=0").await?;
        self.answered("list, limit=0", StatusCode::UNPROCESSABLE_ENTITY, refused)
    }

    /// Any number of callers of one cold key: one query.
    async fn crowd(&self) -> Result<(), Failure> {
        const CALLERS: usize = 200;
        let (before, start) = (self.db.asked(), Instant::now());
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let client = self.client.clone();
            callers.spawn(async move { client.get("/crates?feature=std&limit=100").await });
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
    async fn second_process(&self, name: &str, database: &Path, namespace: &str) -> Result<(), Failure> {
        ensure(larder::health().await.is_up(), "the Redis that LARDER_REDIS_URL names does not answer")?;
        let one = path(name);
        let known = self.read(&format!("crate {name}"), &one, Memory).await?;
        let mut second = Second::start(database, namespace)?;
        for origin in [Redis, Memory] {
            let seen = second.ask(&Ask::Read { name: name.to_owned() }).await?;
            let version = seen.version.as_deref().unwrap_or("nothing");
            let step = format!("second process: crate {name}");
            self.table.row(&[&step, version, &span(seen.time), &seen.origin.to_string()])?;
            ensure(known.body["version"] == version, "the second process sees another version")?;
            expect(&step, seen.origin, origin)?;
        }

        let new = "2000.0.0";
        second.ask(&Ask::Until { name: name.to_owned(), version: new.to_owned() }).await?;
        let written = self.client.patch(&one, &json!({ "version": new })).await?;
        let answered = SystemTime::now();
        self.answered(&format!("update {name}, by the first process"), StatusCode::OK, written)?;
        let seen = second.hear().await?;
        let answer = format!("{new}, after {} reads", seen.reads);
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
        let told = admin.body["entities"]["crates"]["hits_memory"].as_u64();
        ensure(told == stats.entities.get("crates").map(|of| of.hits_memory), "/admin/cache counts something else")?;
        let health = self.client.get("/health").await?;
        ensure(health.status == StatusCode::OK, "/health does not answer")
    }
}

fn path(name: &str) -> String {
    format!("/crates/{}", escaped(name))
}

fn version_in<'a>(list: &'a Value, name: &str) -> Option<&'a str> {
    let rows = list["crates"].as_array()?;
    rows.iter().find(|row| row["name"] == name)?["version"].as_str()
}
