//! Functions generic over types, lifetimes and constants: two instantiations never share an entry.

use std::any::type_name;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use larder::{CacheKey, hexsha_cached, invalidates, leader, ttl_cached};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::matrix::cells::ran;
use crate::server::RedisServer;
use crate::support::{Config, memory, node};

/// A type with a number of its own.
trait Numbered {
    const N: u32;
}

macro_rules! numbered {
    ($($ty:ty = $n:literal),*) => { $(impl Numbered for $ty { const N: u32 = $n; })* };
}

numbered!(u8 = 1, i8 = 2, String = 3, str = 4, [u8] = 5, dyn Debug = 6, fn(u8) -> u8 = 7, &'static str = 8);

#[ttl_cached(entity = "generics")]
fn of_type<T: Numbered + ?Sized>() -> u32 {
    ran();
    T::N
}

#[ttl_cached(entity = "generics")]
async fn of_type_async<T>(plus: u32) -> u32
where
    T: Numbered + ?Sized,
{
    ran();
    T::N + plus
}

#[ttl_cached(entity = "generics")]
fn of_constant<const N: usize, const B: bool, const C: char>() -> String {
    ran();
    format!("{N}{B}{C}")
}

#[ttl_cached(entity = "generics")]
async fn of_constant_async<const N: i64>() -> i64 {
    ran();
    N
}

/// The lifetimes are not told apart: the arguments are.
#[ttl_cached(entity = "generics")]
fn of_lifetimes<'a, 'b: 'a, T>(first: &'a T, second: &'b [T]) -> Vec<T>
where
    T: CacheKey + Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    ran();
    second.iter().chain([first]).cloned().collect()
}

#[ttl_cached(entity = "generics")]
async fn of_lifetimes_async<'a>(first: &'a str, second: &'_ str) -> String {
    ran();
    format!("{first}{second}")
}

#[ttl_cached(entity = "generics", store = memory)]
fn of_value<T: CacheKey + Clone + Send + Sync + 'static>(value: T) -> T {
    ran();
    value
}

#[ttl_cached(entity = "generics", skip(make))]
async fn of_skipped<F, R>(make: F) -> String
where
    F: AsyncFn() -> R,
    R: Display,
{
    ran();
    make().await.to_string()
}

#[hexsha_cached]
fn revised<T: Numbered, const N: u32>(config: &Config) -> u32 {
    ran();
    T::N * 10 + N + u32::try_from(config.0.len()).unwrap()
}

#[hexsha_cached]
async fn revised_async<T: larder::HexSha, U: Numbered>(config: T) -> String {
    ran();
    format!("{}{}", config.hexsha(), U::N)
}

#[invalidates(("type", T::N), ("const", N))]
fn ends<T: Numbered, const N: u32>() -> u32 {
    ran();
    T::N + N
}

#[invalidates(("value", value), ("ret", ret))]
async fn ends_async<'a, T>(value: &'a T) -> Result<&'a T, String>
where
    T: Display + ?Sized,
{
    ran();
    Ok(value)
}

#[leader(("type", T::N, N), ttl = "1m", grace = "1m")]
fn leads<T: Numbered, const N: u32>() -> Option<u32> {
    ran();
    Some(T::N + N)
}

#[leader(("async", type_name::<T>()), ttl = "1m", grace = "1m")]
async fn leads_async<T: ?Sized, R>(result: R) -> Option<R> {
    ran();
    Some(result)
}

#[tokio::test]
async fn functions() {
    let cells = async {
        cached! {
            "ttl_cached, u8"; of_type::<u8>() => 1,
            "ttl_cached, i8"; of_type::<i8>() => 2,
            "ttl_cached, String"; of_type::<String>() => 3,
            "ttl_cached, str"; of_type::<str>() => 4,
            "ttl_cached, [u8]"; of_type::<[u8]>() => 5,
            "ttl_cached, dyn Debug"; of_type::<dyn Debug>() => 6,
            "ttl_cached, fn"; of_type::<fn(u8) -> u8>() => 7,
            "ttl_cached, &'static str"; of_type::<&'static str>() => 8,
            "ttl_cached, async, u8"; of_type_async::<u8>(1).await => 2,
            "ttl_cached, async, i8"; of_type_async::<i8>(1).await => 3,
            "ttl_cached, async, str"; of_type_async::<str>(1).await => 5,
            "ttl_cached, 1 true a"; of_constant::<1, true, 'a'>() => "1truea",
            "ttl_cached, 2 true a"; of_constant::<2, true, 'a'>() => "2truea",
            "ttl_cached, 1 false a"; of_constant::<1, false, 'a'>() => "1falsea",
            "ttl_cached, 1 true b"; of_constant::<1, true, 'b'>() => "1trueb",
            "ttl_cached, async, 1"; of_constant_async::<1>().await => 1,
            "ttl_cached, async, -1"; of_constant_async::<-1>().await => -1,
            "ttl_cached, lifetimes, u8"; of_lifetimes(&1_u8, &[2]) => [2, 1],
            "ttl_cached, lifetimes, u32"; of_lifetimes(&1_u32, &[2]) => [2, 1],
            "ttl_cached, async, lifetimes"; of_lifetimes_async("a", "b").await => "ab",
            "ttl_cached, async, lifetimes, another"; of_lifetimes_async("ab", "").await => "ab",
            "ttl_cached, a value, 1 u8"; of_value(1_u8) => 1,
            "ttl_cached, a value, 2 u8"; of_value(2_u8) => 2,
            "ttl_cached, a value, 1 u16"; of_value(1_u16) => 1,
            "ttl_cached, a value, None"; of_value(None::<u8>) => None,
            "ttl_cached, a value, None of another type"; of_value(None::<u16>) => None,
            "hexsha_cached, u8 1"; revised::<u8, 1>(&Config("a")) => 12,
            "hexsha_cached, u8 2"; revised::<u8, 2>(&Config("a")) => 13,
            "hexsha_cached, i8 1"; revised::<i8, 1>(&Config("a")) => 22,
            "hexsha_cached, i8 1, another revision"; revised::<i8, 1>(&Config("aa")) => 23,
            "hexsha_cached, async, by reference, u8"; revised_async::<_, u8>(&Config("a")).await => "a1",
            "hexsha_cached, async, by value, u8"; revised_async::<_, u8>(Config("a")).await => "a1",
            "hexsha_cached, async, by value, i8"; revised_async::<_, i8>(Config("a")).await => "a2",
        }
        counted!("a lifetime is no type parameter", 0, of_lifetimes_async(&String::from("a"), "b").await => "ab");
        ends! {
            "invalidates, a type", "type:1"; ends::<u8, 5>() => 6,
            "invalidates, a constant", "const:6"; ends::<u8, 6>() => 7,
            "invalidates, async, a value", "value:9"; ends_async(&9).await => Ok(&9),
            "invalidates, async, its result", "ret:x"; ends_async("x").await => Ok("x"),
        }
        leads! {
            "leader, u8 5"; leads::<u8, 5>() => Some(6), None;
            "leader, i8 5"; leads::<i8, 5>() => Some(7), None;
            "leader, i8 6"; leads::<i8, 6>() => Some(8), None;
            "leader, async, str"; leads_async::<str, _>("x").await => Some("x"), None;
            "leader, async, [u8]"; leads_async::<[u8], _>(1).await => Some(1), None;
        }
    };
    memory().await.scope(cells).await;
}

#[tokio::test]
async fn closures_that_are_skipped_are_type_parameters() {
    let cells = async {
        let (one, other) = (async || 1, async || 2);
        cached! {
            "one closure"; of_skipped(one).await => "1",
            "another closure"; of_skipped(other).await => "2",
        }
    };
    memory().await.scope(cells).await;
}

/// A type that is generic over all three kinds.
struct Table<'a, T, const N: u32> {
    part: &'a str,
    marker: PhantomData<T>,
}

impl<'a, T: Numbered, const N: u32> Table<'a, T, N> {
    const NAMED: u32 = T::N * 100 + N;

    const fn of(part: &'a str) -> Self {
        Self { part, marker: PhantomData }
    }

    #[ttl_cached(entity = "tables", key(self.part))]
    fn read(&self) -> String {
        ran();
        format!("{}{}", self.part, Self::NAMED)
    }

    #[ttl_cached(entity = "tables", key(self.part, other))]
    async fn read_async<U: CacheKey + Display>(&self, other: U) -> String {
        ran();
        format!("{}{}{other}", self.part, Self::NAMED)
    }

    #[hexsha_cached(revision = self.part)]
    async fn revised(&self) -> u32 {
        ran();
        Self::NAMED
    }

    #[invalidates(("table", Self::NAMED, self.part))]
    async fn write(&mut self, part: &'a str) -> &'a str {
        ran();
        std::mem::replace(&mut self.part, part)
    }

    #[leader(("table", Self::NAMED), ttl = "1m", grace = "1m")]
    fn lead(&self) -> Option<&'a str> {
        ran();
        Some(self.part)
    }

    every!(, format_args!("Table {}", Self::NAMED), Self::NAMED);
}

#[tokio::test]
async fn types() {
    let cells = async {
        cached! {
            "ttl_cached, u8 1"; Table::<u8, 1>::of("a").read() => "a101",
            "ttl_cached, u8 1, another key"; Table::<u8, 1>::of("b").read() => "b101",
            "ttl_cached, u8 2"; Table::<u8, 2>::of("a").read() => "a102",
            "ttl_cached, i8 1"; Table::<i8, 1>::of("a").read() => "a201",
            "ttl_cached, async, u8 1"; Table::<u8, 1>::of("a").read_async(1_u8).await => "a1011",
            "ttl_cached, async, u8 1, another type"; Table::<u8, 1>::of("a").read_async("1").await => "a1011",
            "ttl_cached, async, i8 1"; Table::<i8, 1>::of("a").read_async(1_u8).await => "a2011",
            "hexsha_cached, u8 1"; Table::<u8, 1>::of("a").revised().await => 101,
            "hexsha_cached, i8 1"; Table::<i8, 1>::of("a").revised().await => 201,
        }
        ends! { "invalidates", "table:101:a"; Table::<u8, 1>::of("a").write("b").await => "a" }
        leads! {
            "leader, u8 1"; Table::<u8, 1>::of("a").lead() => Some("a"), None;
            "leader, i8 1"; Table::<i8, 1>::of("a").lead() => Some("a"), None;
        }
        try_every!("Table 101", 101, Table::<'_, u8, 1>::);
        try_every!("Table 201", 201, Table::<'_, i8, 1>::);
    };
    memory().await.scope(Box::pin(cells)).await;
}

/// The same with nothing but Redis to keep what was computed.
mod in_redis {
    use super::*;

    #[ttl_cached(entity = "generics", store = redis)]
    pub(super) fn of_type<T: Numbered + ?Sized>() -> u32 {
        ran();
        T::N
    }

    #[ttl_cached(entity = "generics", store = redis)]
    pub(super) async fn of_both<T, const N: u32>(value: T) -> u32
    where
        T: Numbered + CacheKey,
    {
        drop(value);
        ran();
        T::N * 10 + N
    }

    #[hexsha_cached(store = redis)]
    pub(super) async fn revised<T: Numbered, const N: u32>(config: &Config) -> u32 {
        ran();
        T::N * 10 + N + u32::try_from(config.0.len()).unwrap()
    }

    impl<T: Numbered, const N: u32> Table<'_, T, N> {
        #[ttl_cached(entity = "generics", store = redis, key(self.part))]
        pub(super) async fn stored(&self) -> u32 {
            ran();
            Self::NAMED
        }
    }
}

#[tokio::test]
async fn two_instantiations_never_share_in_redis() {
    use in_redis::{of_both, of_type, revised};

    /// Every cell, and how often its body is to run: once in all instances together.
    async fn cells(runs: u64) {
        counted!("ttl_cached, u8", runs, of_type::<u8>() => 1);
        counted!("ttl_cached, i8", runs, of_type::<i8>() => 2);
        counted!("ttl_cached, str", runs, of_type::<str>() => 4);
        counted!("ttl_cached, dyn Debug", runs, of_type::<dyn Debug>() => 6);
        counted!("ttl_cached, fn", runs, of_type::<fn(u8) -> u8>() => 7);
        counted!("ttl_cached, &'static str", runs, of_type::<&'static str>() => 8);
        counted!("ttl_cached, async, u8 1", runs, of_both::<u8, 1>(0).await => 11);
        counted!("ttl_cached, async, u8 2", runs, of_both::<u8, 2>(0).await => 12);
        counted!("ttl_cached, async, i8 1", runs, of_both::<i8, 1>(0).await => 21);
        counted!("hexsha_cached, u8 1", runs, revised::<u8, 1>(&Config("a")).await => 12);
        counted!("hexsha_cached, u8 2", runs, revised::<u8, 2>(&Config("a")).await => 13);
        counted!("hexsha_cached, i8 1", runs, revised::<i8, 1>(&Config("a")).await => 22);
        counted!("hexsha_cached, another revision", runs, revised::<i8, 1>(&Config("aa")).await => 23);
        counted!("a method, u8 1", runs, Table::<u8, 1>::of("a").stored().await => 101);
        counted!("a method, u8 2", runs, Table::<u8, 2>::of("a").stored().await => 102);
        counted!("a method, i8 1", runs, Table::<i8, 1>::of("a").stored().await => 201);
        counted!("a method, i8 1, another key", runs, Table::<i8, 1>::of("b").stored().await => 201);
    }

    let server = RedisServer::start();
    let (first, second) = (node(&server).await, node(&server).await);
    first.scope(cells(1)).await;
    first.scope(cells(0)).await;
    second.scope(cells(0)).await;
    assert_eq!(server.values_of("generics").await.len(), 13, "what `#[ttl_cached]` stored");
    let stats = second.stats().total();
    assert_eq!((stats.hits_memory, stats.hits_redis), (0, 17), "all came from Redis");
}

#[tokio::test]
async fn two_types_of_one_path_never_share_in_redis() {
    fn of_block(first: bool) -> u32 {
        if first {
            struct Local;
            numbered!(Local = 1);
            in_redis::of_type::<Local>()
        } else {
            struct Local;
            numbered!(Local = 2);
            in_redis::of_type::<Local>()
        }
    }

    let server = RedisServer::start();
    node(&server).await.run(|| {
        for runs in [1, 0] {
            counted!("the first block's", runs, of_block(true) => 1);
            counted!("the second block's", runs, of_block(false) => 2);
        }
    });
}
