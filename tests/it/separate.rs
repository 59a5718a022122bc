//! Promise 8: no two functions, argument lists, type parameters, namespaces or versions share an entry.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use larder::{CacheKey, Larder, ttl_cached};

use crate::server::RedisServer;
use crate::support::{Source, memory, node};

/// Calls each, twice; fails unless each ran once and got its own answer.
macro_rules! all_differ {
    ($source:ident; $($call:expr),+ $(,)?) => {{
        let before = $source.runs();
        let answers = [$($call,)+];
        let again = [$($call,)+];
        assert_eq!(answers, again, "each is a hit the second time");
        assert_eq!($source.runs() - before, answers.len() as u64, "{answers:?}");
        assert_eq!(answers.iter().collect::<HashSet<_>>().len(), answers.len(), "{answers:?}");
    }};
}

/// A number that no other run returned.
fn unique(source: &Source) -> u64 {
    source.read();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

#[ttl_cached(entity = "e", skip(source))]
async fn two(source: &Source, a: &str, b: &str) -> u64 {
    let _ = (a, b);
    unique(source)
}

#[ttl_cached(entity = "e", skip(source))]
async fn any<T: CacheKey + Send + Sync>(source: &Source, value: T) -> u64 {
    drop(value);
    unique(source)
}

#[derive(CacheKey)]
struct Left {
    a: u32,
}

#[derive(CacheKey)]
struct Right {
    a: u32,
}

#[derive(CacheKey)]
enum Either {
    A,
    B,
    C(u32),
    D { c: u32 },
}

async fn arguments(larder: &Larder) {
    let source = Source::default();
    let s = &source;
    larder
        .scope(async {
            all_differ!(s; two(s, "ab", "c").await, two(s, "a", "bc").await, two(s, "abc", "").await, two(s, "", "abc").await);
            all_differ!(s; two(s, "a\0b", "").await, two(s, "a", "\0b").await, two(s, "a:b", "c").await, two(s, "a", "b:c").await);
            all_differ!(s;
                any(s, 1_u8).await, any(s, 1_u32).await, any(s, 1_u64).await, any(s, 1_i32).await, any(s, 1_usize).await,
                any(s, "1").await, any(s, '1').await, any(s, true).await, any(s, 1.0_f64).await, any(s, 1.0_f32).await,
            );
            all_differ!(s; any(s, None::<&str>).await, any(s, Some("")).await, any(s, "").await, any(s, Some(None::<&str>)).await);
            all_differ!(s; any(s, ()).await, any(s, ((), ())).await, any(s, Vec::<u8>::new()).await, any(s, vec![0_u8]).await);
            all_differ!(s; any(s, (vec!["a"], vec!["b", "c"])).await, any(s, (vec!["a", "b"], vec!["c"])).await);
            all_differ!(s; any(s, 0.0_f64).await, any(s, -0.0_f64).await, any(s, f64::NAN).await);
            all_differ!(s; any(s, Left { a: 1 }).await, any(s, Right { a: 1 }).await, any(s, (1_u32,)).await);
            all_differ!(s; any(s, Either::A).await, any(s, Either::B).await, any(s, Either::C(0)).await, any(s, Either::D { c: 0 }).await);
            all_differ!(s; any(s, (1_u64 << 53) + 1).await, any(s, 1_u64 << 53).await, any(s, u64::MAX).await, any(s, u64::MAX - 1).await);
            all_differ!(s; any(s, "x*").await, any(s, "x?").await, any(s, "x\n").await, any(s, "x").await, any(s, "\u{e9}").await, any(s, "e\u{301}").await);
            let (one, other) = (HashMap::from([(1, "a"), (2, "b")]), HashMap::from([(2, "b"), (1, "a")]));
            assert_eq!(any(s, &one).await, any(s, &other).await, "a map has no order");
            assert_eq!(any(s, BTreeMap::from([(1, 2)])).await, any(s, BTreeMap::from([(1, 2)])).await);
        })
        .await;
}

#[tokio::test]
async fn argument_lists_are_told_apart() {
    arguments(&memory().await).await;
}

#[tokio::test]
async fn argument_lists_are_told_apart_in_redis() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    arguments(&a).await;
    // The other instance reads what the first stored: it runs nothing, and mixes nothing up.
    let source = Source::default();
    let answer = a.scope(two(&source, "ab", "c")).await;
    assert_eq!(b.scope(two(&source, "ab", "c")).await, answer);
    assert_ne!(b.scope(two(&source, "a", "bc")).await, answer);
    assert_eq!(source.runs(), 0);
}

mod first {
    #[larder::ttl_cached(entity = "e")]
    pub(super) async fn same_name(id: u32) -> u32 {
        id + 1
    }
}

mod second {
    #[larder::ttl_cached(entity = "e")]
    pub(super) async fn same_name(id: u32) -> u32 {
        id + 2
    }
}

struct One;
struct Other;

impl One {
    #[ttl_cached(entity = "e")]
    async fn method(id: u32) -> u32 {
        id + 3
    }
}

impl Other {
    #[ttl_cached(entity = "e")]
    async fn method(id: u32) -> u32 {
        id + 4
    }
}

trait Named {
    async fn named(&self) -> u32;
}

impl Named for One {
    #[ttl_cached(entity = "e")]
    async fn named(&self) -> u32 {
        5
    }
}

impl Named for Other {
    #[ttl_cached(entity = "e")]
    async fn named(&self) -> u32 {
        6
    }
}

#[ttl_cached(entity = "e")]
async fn by_type<T: Send + 'static>() -> String {
    std::any::type_name::<T>().to_owned()
}

#[ttl_cached(entity = "e")]
async fn by_number<const N: usize>() -> usize {
    N
}

struct Generic<T>(PhantomData<T>);

impl<T: 'static> Generic<T> {
    #[ttl_cached(entity = "e")]
    fn method() -> String {
        std::any::type_name::<T>().to_owned()
    }
}

async fn functions() {
    for _ in 0..2 {
        assert_eq!((first::same_name(0).await, second::same_name(0).await), (1, 2));
        assert_eq!((One::method(0).await, Other::method(0).await), (3, 4));
        assert_eq!((One.named().await, Other.named().await), (5, 6));
        assert_eq!(
            (by_type::<u32>().await, by_type::<Vec<u32>>().await),
            ("u32".to_owned(), std::any::type_name::<Vec<u32>>().to_owned())
        );
        assert_eq!((by_number::<1>().await, by_number::<2>().await), (1, 2));
        assert_eq!((Generic::<u8>::method(), Generic::<i8>::method()), ("u8".to_owned(), "i8".to_owned()));
    }
}

#[tokio::test]
async fn functions_methods_and_type_parameters_are_told_apart() {
    memory().await.scope(functions()).await;
}

#[tokio::test]
async fn functions_methods_and_type_parameters_are_told_apart_in_redis() {
    let server = RedisServer::start();
    node(&server).await.scope(functions()).await;
    node(&server).await.scope(functions()).await;
}

#[tokio::test]
async fn two_closures_of_one_function_are_two_type_parameters() {
    #[ttl_cached(entity = "e", skip(f))]
    fn apply<F: Fn() -> u32>(f: F) -> u32 {
        f()
    }

    memory().await.run(|| assert_eq!((apply(|| 1), apply(|| 2)), (1, 2)));
}

#[tokio::test]
async fn two_types_of_one_name_are_two_type_parameters() {
    trait Number {
        const N: u32;
    }

    #[ttl_cached(entity = "e")]
    fn number<T: Number>() -> u32 {
        T::N
    }

    fn left() -> u32 {
        struct Local;
        impl Number for Local {
            const N: u32 = 1;
        }
        number::<Local>()
    }

    fn right() -> u32 {
        struct Local;
        impl Number for Local {
            const N: u32 = 2;
        }
        number::<Local>()
    }

    memory().await.run(|| assert_eq!((left(), right()), (1, 2)));
}

#[tokio::test]
async fn two_functions_of_one_name_in_two_blocks_are_told_apart() {
    let larder = memory().await;
    larder.run(|| {
        const N: u32 = 1;
        #[ttl_cached(entity = "e")]
        fn constant() -> u32 {
            N
        }
        assert_eq!(constant(), 1);
    });
    larder.run(|| {
        const N: u32 = 2;
        #[ttl_cached(entity = "e")]
        fn constant() -> u32 {
            N
        }
        assert_eq!(constant(), 2);
    });
}

#[tokio::test]
async fn namespaces_share_nothing() {
    let server = RedisServer::start();
    let at = |namespace: &str| Larder::builder().ignore_environment().redis(server.url()).namespace(namespace).build();
    let (a, b, c) = (at("it").await.unwrap(), at("it:1").await.unwrap(), at("i").await.unwrap());
    let source = Source::default();
    for larder in [&a, &b, &c, &a, &b, &c] {
        larder.scope(two(&source, "x", "y")).await;
    }
    assert_eq!(source.runs(), 3);
    let _ = b.invalidate("e").await.unwrap();
    let _ = b.clear().await.unwrap();
    a.scope(two(&source, "x", "y")).await;
    c.scope(two(&source, "x", "y")).await;
    assert_eq!(source.runs(), 3, "an invalidation stays in its namespace");
    b.scope(two(&source, "x", "y")).await;
    assert_eq!(source.runs(), 4);
}

#[tokio::test]
async fn schema_versions_share_nothing() {
    mod v1 {
        #[larder::ttl_cached(entity = "e", version = 1)]
        pub(super) async fn f() -> u32 {
            1
        }
    }
    mod v2 {
        #[larder::ttl_cached(entity = "e", version = 2)]
        pub(super) async fn f() -> u32 {
            2
        }
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    assert_eq!((larder.scope(v1::f()).await, larder.scope(v2::f()).await), (1, 2));
    assert_eq!(server.values_of("e").await.len(), 2);
}
