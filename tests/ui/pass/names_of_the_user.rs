//! Nothing that the user names changes what an expansion means.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]
#![allow(non_upper_case_globals, non_camel_case_types, dead_code)]

const value: u32 = 1;
const key: u32 = 2;
const work: u32 = 4;
const out: u32 = 5;
const tag: u32 = 6;
const site: u32 = 7;
const SITE: u32 = 8;
const ret: u32 = 9;
const hit: u32 = 10;
const miss: u32 = 11;

mod std {}
mod core {}
mod larder {}
mod __private {}

struct Option;
struct Result;
struct Some;
struct None;
struct Ok;
struct Err;

struct __larder {}
struct Miss;
struct Look;
struct Box;
struct String;
struct Vec;
struct Duration;
struct Key;
struct Name;
struct Site;
struct Return;
struct Shared;
trait Future {}
trait CacheKey {}
trait Fn {}
trait FnOnce {}
trait Send {}
trait Clone {}
trait Display {}

const fn never() -> u32 {
    let _ = __larder {};
    value + key + work + out + tag + site + SITE + ret + hit + miss
}

#[::larder::ttl_cached(entity = "names", ttl = "1h", tags("id:{id}", ("next", ret + 1)), when = SITE > value)]
async fn cached(id: u32) -> u32 {
    id + SITE + value
}

#[::larder::ttl_cached(entity = "names", ttl = "250ms", store_if = |found| *found > value)]
fn blocking(id: u32) -> u32 {
    if id == 0 {
        return never();
    }
    SITE + id
}

/// The user's constants and parameters keep their meaning beside `ret`.
#[::larder::ttl_cached(entity = "names", capacity = SITE as usize, tags("both:{ret}:{id}", ("deep", [ret + 1, *ret].map(|ret| ret + 1)[0])))]
fn both(id: u32, r#match: u32) -> u32 {
    ret + hit + id + r#match
}

#[::larder::hexsha_cached(revision = sha)]
fn revisioned(sha: &str, id: u32) -> u32 {
    id + SITE + u32::from(sha.is_empty())
}

#[::larder::invalidates("id:{id}:{ret}")]
async fn write(id: u32) -> u32 {
    #[allow(clippy::enum_glob_use)]
    use Shadow::*;

    enum Shadow {
        u32,
        bool,
    }

    match [u32, bool] {
        [u32, ..] => id,
        _ => SITE,
    }
}

#[::larder::leader("names", ttl = "1h")]
async fn lead() {
    assert_eq!(SITE, 8);
}

#[derive(::larder::CacheKey)]
struct Filter<T> {
    out: u32,
    __larder: T,
    r#type: u32,
}

#[derive(::larder::CacheKey)]
enum Page {
    Some { value: u32, key: u32 },
    None,
    Ok(u32, u32),
}

#[::larder::ttl_cached(entity = "names")]
fn keyed(filter: Filter<u32>, page: Page) -> u32 {
    let at = match page {
        Page::Some { value: one, key: two } | Page::Ok(one, two) => one + two,
        Page::None => 0,
    };
    at + filter.out + filter.__larder + filter.r#type
}

fn main() {
    pollster::block_on(async {
        assert_eq!(cached(1).await, 10);
        assert_eq!(write(1).await, 1);
        lead().await;
    });
    assert_eq!(blocking(0), 63);
    assert_eq!(both(1, 2), 22);
    assert_eq!(revisioned("a", 1), 9);
    assert_eq!(keyed(Filter { out: 1, __larder: 2, r#type: 3 }, Page::Ok(4, 5)), 15);
    assert_eq!(keyed(Filter { out: 1, __larder: 2, r#type: 3 }, Page::Some { value: 4, key: 4 }), 14);
    assert_eq!(keyed(Filter { out: 1, __larder: 2, r#type: 3 }, Page::None), 6);
}
