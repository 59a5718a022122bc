//! Methods whose bodies run apart from their call: of types, of traits, of `#[async_trait]`, and boxed by hand.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use larder::{CacheKey, ttl_cached};

use super::renewals::run;

/// What is lent is cloned, and tells itself from others by a number.
#[derive(Clone, Debug)]
struct Shop<T>(u32, T);

impl<T> Display for Shop<T> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "shop {}", self.0)
    }
}

mod of_a_generic_type {
    use super::*;

    #[derive(Clone, Debug)]
    struct Wrapped<T>(u32, T);

    four! {
        [impl<T: Clone + Debug + PartialEq + Send + Sync + 'static> Wrapped<T>] {
            fn twice(&self) -> u32 {
                self.0 * 2
            }
        }
        [] (&self, plus: u32) [], cached(key(self.0, plus)) {
            struct Own(u32);
            impl Own {
                fn get(&self) -> u32 {
                    self.0
                }
            }
            let on: fn(u32, u32) -> u32 = if self.0 > 0 { u32::wrapping_add } else { |one, _| one };
            let sum = on(self.0, plus);
            let all = [plus].map(|more| more + self.twice() + Own(self.0).get());
            let Self(id, inner) = self;
            format!("{sum}{all:?}{id}{inner:?}{}{}", self.1.clone() == *inner, Shop(*id, ()))
        }
    }

    #[tokio::test]
    async fn all() {
        try_four! { "&self":
            [Wrapped(1, 'a').] [] (2) => "3[5]1'a'trueshop 1";
            [Wrapped(2, 'a').] [] (2) => "4[8]2'a'trueshop 2";
        }
    }
}

mod of_owned_receivers {
    use super::*;

    four! {
        [impl Shop<u16>] {} [] (self: Arc<Self>, mut name: &str) [], cached(key(self.0, name)) {
            name = name.trim();
            format!("{}{name}{}", self.0, Arc::strong_count(&self) > 0)
        }
    }

    four! {
        [impl Shop<i16>] {} [] (mut self, (plus, _): (u32, Box<dyn Debug + Send>)) [], cached(key(self.0, plus)) {
            self.0 += plus;
            self.0.to_string()
        }
    }

    #[tokio::test]
    async fn all() {
        try_four! { "self: Arc<Self>":
            [Arc::new(Shop(1, 0_u16)).] [] (" a ") => "1atrue";
            [Arc::new(Shop(2, 0_u16)).] [] (" a ") => "2atrue";
        }
        try_four! { "mut self":
            [Shop(1, 0_i16).] [] ((2, Box::new(()))) => "3";
            [Shop(2, 0_i16).] [] ((2, Box::new(()))) => "4";
        }
    }
}

mod of_provided_methods {
    use super::*;

    four! {
        [trait Provided<V: Display>: Clone + Send + Sync + 'static] {
            const N: u32;

            fn id(&self) -> u32;
        }
        [const M: u32] (&self, value: &V) [where V: CacheKey + Clone + Send + Sync + 'static], cached(key(self.id(), value)) {
            let given: u32 = value.to_string().parse().ok()?;
            (Self::N + self.id() + M + given).to_string()
        }
    }

    impl Provided<u32> for Shop<u8> {
        const N: u32 = 100;

        fn id(&self) -> u32 {
            self.0
        }
    }

    impl Provided<String> for Shop<i8> {
        const N: u32 = 200;

        fn id(&self) -> u32 {
            self.0
        }
    }

    #[tokio::test]
    async fn all() {
        try_four! { "provided":
            [Shop(1, 0_u8).] [::<10>] (&1) => "112";
            [Shop(1, 0_u8).] [::<20>] (&1) => "122";
            [Shop(1, 0_i8).] [::<10>] (&"1".to_owned()) => "212";
        }
    }
}

mod of_native_implementations {
    use super::*;

    trait Native {
        fn stale_sync(&self, name: &str) -> Option<(u64, String)>;
        async fn stale_async(&self, name: &str) -> Option<(u64, String)>;
        fn ahead_sync(&self, name: &str) -> Option<(u64, String)>;
        fn ahead_async(&self, name: &str) -> impl Future<Output = Option<(u64, String)>>;
    }

    four! {
        [impl<T: Clone + Send + Sync + 'static> Native for Shop<T>] {} [] (&self, name: &str) [], cached(key(self.0, name)) {
            format!("{}{name}", self.0)
        }
    }

    #[tokio::test]
    async fn all() {
        try_four! { "native":
            [Shop(1, 0_u8).] [] ("a") => "1a";
            [Shop(2, 0_u8).] [] ("a") => "2a";
            [Shop(1, 0_i8).] [] ("b") => "1b";
        }
    }
}

mod of_async_trait {
    use super::*;

    #[async_trait]
    trait Repo: Send + Sync {
        fn stale_sync(&self, name: &str, pair: (u32, Box<dyn Debug + Send>)) -> Option<(u64, String)>;
        async fn stale_async(&self, name: &str, pair: (u32, Box<dyn Debug + Send>)) -> Option<(u64, String)>;
        fn ahead_sync(&self, name: &str, pair: (u32, Box<dyn Debug + Send>)) -> Option<(u64, String)>;
        async fn ahead_async(&self, name: &str, pair: (u32, Box<dyn Debug + Send>)) -> Option<(u64, String)>;
    }

    four! {
        [#[async_trait] impl<T: Clone + Send + Sync + 'static> Repo for Shop<T>] {}
        [] (&self, mut name: &str, (mut a, b): (u32, Box<dyn Debug + Send>)) [], cached(key(self.0, name, a)) {
            name = name.trim();
            a += self.0.checked_add(0)?;
            format!("{}{name}{a}{b:?}", self.0)
        }
    }

    const fn boxed(repo: &dyn Repo) -> &dyn Repo {
        repo
    }

    #[tokio::test]
    async fn all() {
        try_four! { "async_trait":
            [boxed(&Shop(1, 0_u8)).] [] (" a", (1, Box::new(()))) => "1a2()";
            [boxed(&Shop(2, 0_u8)).] [] ("a", (1, Box::new(()))) => "2a3()";
            [boxed(&Shop(1, 0_i8)).] [] ("b", (1, Box::new(()))) => "1b2()";
        }
    }
}

mod of_async_trait_provided {
    use super::*;

    four! {
        [#[async_trait] trait Provided: Send + Sync + 'static] {
            fn id(&self) -> u32;
        }
        [V: CacheKey + Clone + Display + Send + Sync + 'static] (self: Arc<Self>, value: &V) [where Self: Sized], cached(key(self.id(), value)) {
            format!("{}{value}", self.id())
        }
    }

    impl Provided for Shop<u8> {
        fn id(&self) -> u32 {
            self.0
        }
    }

    #[tokio::test]
    async fn all() {
        try_four! { "async_trait, provided":
            [Arc::new(Shop(1, 0_u8)).] [] (&1) => "11";
            [Arc::new(Shop(1, 0_u8)).] [] (&"x") => "1x";
        }
    }
}

mod boxed_by_hand {
    use super::*;

    type Told = Option<(u64, String)>;
    type Made<'a> = Pin<Box<dyn Future<Output = Told> + Send + 'a>>;

    #[ttl_cached(entity = "apart", ttl = "10s", stale_while_revalidate = "5s")]
    fn stale(id: u32) -> Pin<Box<dyn Future<Output = Told> + Send>> {
        let id = id / 10;
        Box::pin(async move { Some((run(), id.to_string())) })
    }

    #[ttl_cached(entity = "apart", ttl = "10s", refresh_ahead = 0.5)]
    fn ahead<'a>(name: &'a str) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>> {
        Box::pin(async move { Some((run(), name.to_owned())) })
    }

    #[tokio::test]
    async fn all() {
        let larder = larder::Larder::testing();
        let later: Made<'_> = stale(12);
        drop(later);
        renewed!(larder, "stale, boxed by hand", 11, "1", stale(12).await);
        renewed!(larder, "ahead, boxed by hand", 6, "a", ahead("a").await);
    }
}
