//! Hits by a `&str` and a `u32`.

use std::sync::Arc;

use cached::macros::{cached, concurrent_cached};
use equivalent::Equivalent;
use larder::ttl_cached;

use super::{Item, KEYS, calls, peers};
use crate::rounds::Group;

#[derive(Hash)]
struct Page {
    team: &'static str,
    number: u32,
}

impl Equivalent<(String, u32)> for Page {
    fn equivalent(&self, (team, number): &(String, u32)) -> bool {
        self.number == *number && self.team == team
    }
}

fn item(team: &str, page: u32) -> Arc<Item> {
    Item::new(team.len() as u64 + u64::from(page))
}

#[ttl_cached(entity = "items", ttl = "1h")]
fn larder_sync(team: &str, page: u32) -> Arc<Item> {
    item(team, page)
}

#[ttl_cached(entity = "items", ttl = "1h")]
async fn larder_async(team: &str, page: u32) -> Arc<Item> {
    item(team, page)
}

#[cached(max_size = 10_000, ttl_secs = 3_600, key = "(String, u32)", convert = r#"{ (team.to_owned(), page) }"#)]
fn cached_sync(team: &str, page: u32) -> Arc<Item> {
    item(team, page)
}

#[cached(max_size = 10_000, ttl_secs = 3_600, key = "(String, u32)", convert = r#"{ (team.to_owned(), page) }"#)]
async fn cached_async(team: &str, page: u32) -> Arc<Item> {
    item(team, page)
}

#[concurrent_cached(
    max_size = 10_000,
    ttl_secs = 3_600,
    key = "(String, u32)",
    convert = r#"{ (team.to_owned(), page) }"#
)]
fn concurrent_sync(team: &str, page: u32) -> Arc<Item> {
    item(team, page)
}

#[concurrent_cached(
    max_size = 10_000,
    ttl_secs = 3_600,
    key = "(String, u32)",
    convert = r#"{ (team.to_owned(), page) }"#
)]
async fn concurrent_async(team: &str, page: u32) -> Arc<Item> {
    item(team, page)
}

pub(super) fn group() -> Group {
    let team = |number| -> &'static str { format!("team-{number:04}").leak() };
    let keys: &'static [Page] =
        (0..KEYS as u32).map(|number| Page { team: team(number), number }).collect::<Vec<_>>().leak();
    let own = |page: &Page| (page.team.to_owned(), page.number);
    let contenders = vec![
        peers::limit(keys, own),
        calls!("larder sync", keys, |page| larder_sync(page.team, page.number)),
        calls!("larder async", keys, async |page| larder_async(page.team, page.number)),
        peers::papaya(keys, own),
        peers::moka(keys, own),
        calls!("cached sync", keys, |page| cached_sync(page.team, page.number)),
        calls!("cached async", keys, async |page| cached_async(page.team, page.number)),
        calls!("concurrent_cached sync", keys, |page| concurrent_sync(page.team, page.number)),
        calls!("concurrent_cached async", keys, async |page| { concurrent_async(page.team, page.number) }),
    ];
    Group { name: "(&str, u32)", contenders }
}
