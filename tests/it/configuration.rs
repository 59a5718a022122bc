//! What the arguments and settings of a cached function mean.

use std::sync::Arc;
use std::time::{Duration, Instant};

use larder::{CacheKey, Cacheable, Larder, ttl_cached};

use crate::server::RedisServer;
use crate::support::{SOON, Source, eventually_async, memory, node};

#[ttl_cached(entity = "a", skip(source), ttl = "1h", jitter = 0)]
async fn an_hour(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "b", skip(source), jitter = 0)]
async fn by_default(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "c", skip(source, ttl), ttl = ttl, jitter = 0)]
async fn by_expression(source: &Source, ttl: Duration) -> u64 {
    source.read()
}

/// Calls for a while; returns whether the body ran again.
async fn runs_again<F: Future<Output = u64>>(source: &Source, larder: &Larder, call: impl Fn() -> F) -> bool {
    larder.scope(call()).await;
    let runs = source.runs();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(250) && source.runs() == runs {
        larder.scope(call()).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    source.runs() > runs
}

#[tokio::test]
async fn an_entity_setting_stands_above_the_attribute_and_that_above_the_default() {
    let short = Duration::from_millis(100);
    let source = Source::of(1);
    let defaults = Larder::builder().ignore_environment().default_ttl(short).build().await.unwrap();
    assert!(!runs_again(&source, &defaults, || an_hour(&source)).await, "the attribute above the default");
    assert!(runs_again(&source, &defaults, || by_default(&source)).await, "the default");
    assert!(runs_again(&source, &defaults, || by_expression(&source, short)).await, "an expression");
    let entities = Larder::builder().ignore_environment().ttl("a", short).ttl("c", Duration::from_secs(3_600));
    let entities = entities.build().await.unwrap();
    assert!(runs_again(&source, &entities, || an_hour(&source)).await, "the entity above the attribute");
    assert!(!runs_again(&source, &entities, || by_default(&source)).await, "60 s where nothing is said");
    assert!(!runs_again(&source, &entities, || by_expression(&source, short)).await, "the entity above an expression");
}

#[tokio::test]
async fn a_ttl_of_zero_stores_nothing_anywhere() {
    #[ttl_cached(entity = "zero", skip(source), ttl = 0)]
    async fn never(source: &Source) -> u64 {
        source.read()
    }

    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        let source = Source::of(1);
        larder.scope(never(&source)).await;
        larder.scope(never(&source)).await;
        assert_eq!(source.runs(), 2);
        assert_eq!(larder.stats().total().entries, 0);
    }
    assert!(server.values_of("zero").await.is_empty());
}

#[tokio::test]
async fn the_longest_ttl_is_for_ever_and_no_panic() {
    let server = RedisServer::start();
    for builder in [Larder::builder(), Larder::builder().redis(server.url())] {
        let larder = builder.ignore_environment().ttl("a", Duration::MAX).build().await.unwrap();
        let source = Arc::new(Source::of(1));
        for _ in 0..2 {
            let source = Arc::clone(&source);
            tokio::spawn(larder.scope(async move { an_hour(&source).await })).await.expect("no panic");
        }
        assert_eq!(source.runs(), 1);
    }
}

#[tokio::test]
async fn jitter_only_shortens_and_by_no_more_than_its_share() {
    #[ttl_cached(entity = "spread", ttl = "100s")]
    async fn spread(id: u64) -> u64 {
        id
    }

    #[ttl_cached(entity = "exact", ttl = "100s", jitter = 0)]
    async fn exact(id: u64) -> u64 {
        id
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            for id in 0..200 {
                spread(id).await;
                exact(id).await;
            }
        })
        .await;
    let lives = async |entity: &str| {
        let mut lives = Vec::new();
        for key in server.values_of(entity).await {
            lives.push(server.run::<i64>(&format!("PTTL {key}")).await);
        }
        lives.sort_unstable();
        lives
    };
    let (spread, exact) = (lives("spread").await, lives("exact").await);
    assert_eq!((spread.len(), exact.len()), (200, 200));
    assert!(spread[0] >= 85_000 && spread[199] <= 100_000, "{} to {}", spread[0], spread[199]);
    assert!(spread[199] - spread[0] > 5_000, "they end together: {} to {}", spread[0], spread[199]);
    assert!(exact[0] >= 94_000 && exact[199] <= 100_000);
}

#[tokio::test]
async fn when_decides_for_reading_and_storing() {
    #[ttl_cached(entity = "pages", skip(source), when = cursor.is_none())]
    async fn first_page(source: &Source, cursor: Option<u32>) -> u64 {
        source.read()
    }

    let larder = memory().await;
    let source = Source::of(1);
    larder
        .scope(async {
            first_page(&source, None).await;
            first_page(&source, None).await;
            assert_eq!(source.runs(), 1);
            first_page(&source, Some(1)).await;
            first_page(&source, Some(1)).await;
            assert_eq!(source.runs(), 3);
        })
        .await;
}

#[tokio::test]
async fn store_if_looks_at_the_result() {
    #[ttl_cached(entity = "lists", skip(source), store_if = |list| !list.is_empty())]
    async fn list(source: &Source) -> Result<Vec<u64>, String> {
        Ok((0..source.read()).collect())
    }

    let larder = memory().await;
    let source = Source::of(0);
    larder
        .scope(async {
            list(&source).await.unwrap();
            list(&source).await.unwrap();
            assert_eq!(source.runs(), 2, "empty: not stored");
            source.set(2);
            list(&source).await.unwrap();
            assert_eq!(list(&source).await.unwrap(), [0, 1]);
            assert_eq!(source.runs(), 3);
        })
        .await;
}

#[tokio::test]
async fn key_and_skip_choose_what_is_in_the_key() {
    #[derive(CacheKey)]
    struct Filter {
        team: u32,
        #[key(skip)]
        trace: u32,
    }

    struct Store {
        id: u32,
    }

    impl Store {
        #[ttl_cached(entity = "keys", key(self.id, filter.team))]
        async fn chosen(&self, source: &Source, filter: &Filter) -> u64 {
            source.read() + u64::from(filter.trace)
        }

        #[ttl_cached(entity = "keys", skip(source))]
        async fn all(&self, source: &Source, filter: &Filter) -> u64 {
            source.read() + u64::from(filter.trace)
        }
    }

    let larder = memory().await;
    let source = Source::of(0);
    let (one, two) = (Store { id: 1 }, Store { id: 2 });
    larder
        .scope(async {
            one.chosen(&source, &Filter { team: 1, trace: 1 }).await;
            one.chosen(&source, &Filter { team: 1, trace: 2 }).await;
            assert_eq!(source.runs(), 1);
            one.chosen(&source, &Filter { team: 2, trace: 1 }).await;
            two.chosen(&source, &Filter { team: 1, trace: 1 }).await;
            assert_eq!(source.runs(), 3);
            one.all(&source, &Filter { team: 1, trace: 1 }).await;
            two.all(&source, &Filter { team: 1, trace: 9 }).await;
            assert_eq!(source.runs(), 4, "`self` and what the type skips are not in the key");
        })
        .await;
}

#[tokio::test]
async fn none_is_a_hit_and_an_error_is_not_stored_whatever_the_type_is_called() {
    type Answer<T> = Result<T, String>;

    #[ttl_cached(entity = "options", skip(source))]
    async fn option(source: &Source) -> Option<u64> {
        source.read();
        None
    }

    #[ttl_cached(entity = "results", skip(source))]
    async fn result(source: &Source) -> Result<Option<u64>, String> {
        if source.read() == 0 { Err("zero".to_owned()) } else { Ok(None) }
    }

    #[ttl_cached(entity = "aliases", skip(source))]
    async fn alias(source: &Source) -> Answer<u64> {
        Err(source.read().to_string())
    }

    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        let source = Source::of(0);
        larder
            .scope(async {
                assert_eq!((option(&source).await, option(&source).await, source.runs()), (None, None, 1));
                result(&source).await.unwrap_err();
                source.set(1);
                assert_eq!((result(&source).await, result(&source).await, source.runs()), (Ok(None), Ok(None), 3));
                alias(&source).await.unwrap_err();
                alias(&source).await.unwrap_err();
                assert_eq!(source.runs(), 5);
            })
            .await;
    }
    let (next, source) = (node(&server).await, Source::of(0));
    assert_eq!(next.scope(option(&source)).await, None);
    assert_eq!(source.runs(), 0, "`None` is a hit from Redis too");
}

#[tokio::test]
async fn a_type_of_one_s_own_says_what_is_worth_keeping() {
    #[derive(Debug, PartialEq)]
    enum Found {
        Here(u64),
        Broken,
    }

    impl Cacheable for Found {
        type Value = u64;

        fn value(&self) -> Option<&u64> {
            match self {
                Self::Here(value) => Some(value),
                Self::Broken => None,
            }
        }

        fn from_value(value: u64) -> Self {
            Self::Here(value)
        }
    }

    #[ttl_cached(entity = "own", skip(source), tags(("even", *ret % 2)))]
    async fn own(source: &Source) -> Found {
        match source.read() {
            0 => Found::Broken,
            value => Found::Here(value),
        }
    }

    let larder = memory().await;
    let source = Source::of(0);
    larder
        .scope(async {
            assert_eq!((own(&source).await, own(&source).await), (Found::Broken, Found::Broken));
            source.set(4);
            assert_eq!((own(&source).await, own(&source).await), (Found::Here(4), Found::Here(4)));
            assert_eq!(source.runs(), 3);
            let _ = larder::invalidate("even:1").await.unwrap();
            own(&source).await;
            assert_eq!(source.runs(), 3);
            let _ = larder::invalidate("even:0").await.unwrap();
            own(&source).await;
            assert_eq!(source.runs(), 4);
        })
        .await;
}

#[tokio::test]
async fn store_decides_which_tiers_are_used() {
    #[ttl_cached(entity = "memory", skip(source), store = memory)]
    async fn in_memory(source: &Source) -> Arc<u64> {
        Arc::new(source.read())
    }

    #[ttl_cached(entity = "redis", skip(source), store = redis)]
    async fn in_redis(source: &Source) -> u64 {
        source.read()
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    let source = Source::of(1);
    for _ in 0..3 {
        larder.scope(in_memory(&source)).await;
        larder.scope(in_redis(&source)).await;
    }
    assert_eq!(source.runs(), 2);
    let stats = larder.stats();
    let (memory, redis) = (&stats.entities["memory"], &stats.entities["redis"]);
    assert_eq!((memory.hits_memory, memory.hits_redis, memory.entries), (2, 0, 1));
    assert_eq!((redis.hits_memory, redis.hits_redis, redis.entries), (0, 2, 0));
    assert_eq!((server.values_of("memory").await.len(), server.values_of("redis").await.len()), (0, 1));
}

#[tokio::test]
async fn a_large_value_is_compressed_and_comes_back_whole() {
    #[ttl_cached(entity = "large", skip(source))]
    async fn large(source: &Source) -> Vec<String> {
        source.read();
        (0..20_000).map(|line| format!("the same words in line {line}")).collect()
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    let computed = a.scope(large(&source)).await;
    eventually_async(SOON, "stored", async || server.values_of("large").await.len() == 1).await;
    assert_eq!(b.scope(large(&source)).await, computed);
    assert_eq!(source.runs(), 1);
    let key = server.values_of("large").await.remove(0);
    let length: usize = server.run(&format!("STRLEN {key}")).await;
    assert!(length < computed.iter().map(String::len).sum(), "{length} bytes");
}
