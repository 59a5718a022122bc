//! Methods of traits: native ones, provided ones, generic ones.

use std::future::Future;

use larder::{hexsha_cached, invalidates, leader, ttl_cached};

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

struct One(u32);
struct Other(u32);

/// Every shape of a method, with and without a receiver.
trait Native {
    const N: u32;

    fn read(&self, plus: u32) -> u32;
    async fn read_async(&self, plus: u32) -> u32;
    fn revised(&self, config: &Config) -> u32;
    async fn revised_async(self, config: &Config) -> u32;
    fn write(&mut self, id: u32) -> Result<u32, String>;
    async fn write_async(&mut self, id: u32) -> u32;
    fn lead(&self) -> Option<u32>;
    fn lead_async(&self) -> impl Future<Output = Option<u32>> + Send;
    fn ttl_sync(id: u32) -> u32;

    #[ttl_cached(entity = "traits", key(self.id()))]
    fn provided(&self) -> u32 {
        ran();
        self.id() + Self::N
    }

    #[ttl_cached(entity = "traits")]
    async fn provided_async(&self, plus: u32) -> u32 {
        ran();
        self.id() + Self::N + plus
    }

    #[hexsha_cached(revision = sha)]
    fn provided_revised(sha: &str) -> u32 {
        ran();
        Self::N + u32::try_from(sha.len()).unwrap()
    }

    #[invalidates(("provided", Self::N, self.id()))]
    async fn provided_write(&mut self) -> u32 {
        ran();
        self.id()
    }

    #[leader(("provided", Self::N), ttl = "1m", grace = "1m")]
    fn provided_lead(&self) -> Option<u32> {
        ran();
        Some(self.id())
    }

    fn id(&self) -> u32;
}

/// The same tokens for both types.
macro_rules! native {
    ($ty:ty, $n:literal) => {
        impl Native for $ty {
            const N: u32 = $n;

            #[ttl_cached(entity = "traits", key(self.0, plus))]
            fn read(&self, plus: u32) -> u32 {
                ran();
                self.0 + Self::N + plus
            }

            #[ttl_cached(entity = "traits", key(self.0, plus))]
            async fn read_async(&self, plus: u32) -> u32 {
                ran();
                self.0 + Self::N + plus
            }

            #[hexsha_cached]
            fn revised(&self, config: &Config) -> u32 {
                ran();
                Self::N + u32::try_from(config.0.len()).unwrap()
            }

            #[hexsha_cached(key(self.0))]
            async fn revised_async(self, config: &Config) -> u32 {
                ran();
                self.0 + Self::N + u32::try_from(config.0.len()).unwrap()
            }

            #[invalidates(("native", Self::N, id))]
            fn write(&mut self, id: u32) -> Result<u32, String> {
                ran();
                self.0 = id.to_string().parse().map_err(|_| String::new())?;
                Ok(id)
            }

            #[invalidates(("native", Self::N, ret))]
            async fn write_async(&mut self, id: u32) -> u32 {
                ran();
                self.0 = id;
                id
            }

            #[leader(("native", Self::N, self.0), ttl = "1m", grace = "1m")]
            fn lead(&self) -> Option<u32> {
                ran();
                Some(self.0)
            }

            #[leader(("native async", Self::N, self.0), ttl = "1m", grace = "1m")]
            async fn lead_async(&self) -> Option<u32> {
                ran();
                Some(self.0)
            }

            #[ttl_cached(entity = "traits")]
            fn ttl_sync(id: u32) -> u32 {
                ran();
                Self::N + id
            }

            fn id(&self) -> u32 {
                self.0
            }
        }
    };
}

native!(One, 10);
native!(Other, 20);

async fn native<T: Native>(of: fn(u32) -> T) {
    let n = T::N;
    cached! {
        format_args!("{n}: ttl_cached, sync"); of(1).read(0) => 1 + n,
        format_args!("{n}: ttl_cached, sync, another argument"); of(1).read(1) => 2 + n,
        format_args!("{n}: ttl_cached, sync, another receiver"); of(2).read(0) => 2 + n,
        format_args!("{n}: ttl_cached, async"); of(1).read_async(0).await => 1 + n,
        format_args!("{n}: ttl_cached, async, another receiver"); of(2).read_async(0).await => 2 + n,
        format_args!("{n}: ttl_cached, associated"); T::ttl_sync(5) => 5 + n,
        format_args!("{n}: hexsha_cached, sync"); of(1).revised(&Config("a")) => 1 + n,
        format_args!("{n}: hexsha_cached, sync, another revision"); of(1).revised(&Config("aa")) => 2 + n,
        format_args!("{n}: hexsha_cached, async"); of(1).revised_async(&Config("a")).await => 2 + n,
        format_args!("{n}: hexsha_cached, async, another receiver"); of(2).revised_async(&Config("a")).await => 3 + n,
        format_args!("{n}: provided, ttl_cached, sync"); of(1).provided() => 1 + n,
        format_args!("{n}: provided, ttl_cached, sync, another receiver"); of(2).provided() => 2 + n,
        format_args!("{n}: provided, ttl_cached, async"); of(1).provided_async(1).await => 2 + n,
        format_args!("{n}: provided, hexsha_cached"); T::provided_revised("a") => 1 + n,
        format_args!("{n}: provided, hexsha_cached, another revision"); T::provided_revised("aa") => 2 + n,
    }
    counted!("the receiver is not in the key", 0, of(2).provided_async(1).await => 2 + n);
    ends! {
        "invalidates, sync", &format!("native:{n}:3"); of(1).write(3) => Ok(3),
        "invalidates, async", &format!("native:{n}:4"); of(1).write_async(4).await => 4,
        "provided, invalidates", &format!("provided:{n}:5"); of(5).provided_write().await => 5,
    }
    leads! {
        "leader, sync"; of(1).lead() => Some(1), None;
        "leader, sync, another"; of(2).lead() => Some(2), None;
        "leader, async"; of(1).lead_async().await => Some(1), None;
        "leader, async, another"; of(2).lead_async().await => Some(2), None;
        "provided, leader"; of(1).provided_lead() => Some(1), None;
    }
}

#[tokio::test]
async fn native_and_provided_methods_of_two_types() {
    let cells = async {
        native(One).await;
        native(Other).await;
        counted!("the first type, after the other", 0, One(1).provided() => 11);
    };
    memory().await.scope(Box::pin(cells)).await;
}

/// Two traits whose functions have the same names, on one type, and a generic one.
trait First {
    fn ttl_sync(id: u32) -> u32;
    async fn ttl_async(id: u32) -> u32;
}

trait Second<T> {
    fn ttl_sync(id: u32) -> u32;
    async fn ttl_async(id: u32) -> u32;
}

macro_rules! named_alike {
    ($($implementation:tt)*) => {
        $($implementation)* {
            #[ttl_cached(entity = "traits")]
            fn ttl_sync(id: u32) -> u32 {
                ran();
                id
            }

            #[ttl_cached(entity = "traits")]
            async fn ttl_async(id: u32) -> u32 {
                ran();
                id
            }
        }
    };
}

named_alike!(impl First for One);
named_alike!(impl Second<u8> for One);
named_alike!(impl Second<i8> for One);
named_alike!(impl<T: 'static, U: 'static> Second<T> for Vec<U>);
named_alike!(impl One);

#[tokio::test]
async fn methods_named_alike() {
    let cells = async {
        cached! {
            "inherent"; One::ttl_sync(1) => 1,
            "of a trait"; <One as First>::ttl_sync(1) => 1,
            "of another type's trait"; <One as Native>::ttl_sync(1) => 11,
            "of a generic trait, u8"; <One as Second<u8>>::ttl_sync(1) => 1,
            "of a generic trait, i8"; <One as Second<i8>>::ttl_sync(1) => 1,
            "of a generic implementation, u8 u8"; <Vec<u8> as Second<u8>>::ttl_sync(1) => 1,
            "of a generic implementation, u8 i8"; <Vec<u8> as Second<i8>>::ttl_sync(1) => 1,
            "of a generic implementation, i8 u8"; <Vec<i8> as Second<u8>>::ttl_sync(1) => 1,
            "async, inherent"; One::ttl_async(1).await => 1,
            "async, of a trait"; <One as First>::ttl_async(1).await => 1,
            "async, of a generic trait, u8"; <One as Second<u8>>::ttl_async(1).await => 1,
            "async, of a generic trait, i8"; <One as Second<i8>>::ttl_async(1).await => 1,
            "async, of a generic implementation"; <Vec<u8> as Second<u8>>::ttl_async(1).await => 1,
            "async, of a generic implementation, another"; <Vec<i8> as Second<u8>>::ttl_async(1).await => 1,
        }
    };
    memory().await.scope(cells).await;
}

/// A trait whose functions every type has, and whose types are its own.
trait Blanket {
    type Out: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static;

    fn out(&self) -> Self::Out;

    #[ttl_cached(entity = "traits", store = memory)]
    fn owned(&self) -> Self::Out {
        ran();
        self.out()
    }

    #[ttl_cached(entity = "traits", store = memory)]
    async fn perhaps(&self, some: bool) -> Result<Option<Self::Out>, ()>
    where
        Self: Sync,
    {
        ran();
        Ok(some.then(|| self.out()))
    }
}

impl<T: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static> Blanket for T {
    type Out = Vec<T>;

    fn out(&self) -> Vec<T> {
        vec![self.clone()]
    }
}

trait Everywhere {
    const PLACE: u32;
    every!(, "everywhere", Self::PLACE);
}

impl Everywhere for One {
    const PLACE: u32 = 30;
}

impl Everywhere for [One] {
    const PLACE: u32 = 40;
}

#[tokio::test]
async fn methods_of_a_trait_that_many_types_have() {
    let cells = async {
        cached! {
            "owned, u8"; 1_u8.owned() => [1],
            "owned, u16"; 1_u16.owned() => [1],
            "owned, &str"; "x".owned() => ["x"],
            "perhaps, u8"; 1_u8.perhaps(true).await => Ok(Some(vec![1])),
            "perhaps, u8, not"; 1_u8.perhaps(false).await => Ok(None),
            "perhaps, u16"; 1_u16.perhaps(true).await => Ok(Some(vec![1])),
        }
        {
            cached! {
                "every, ttl_cached, sync, One"; <One as Everywhere>::ttl_sync(1) => 31,
                "every, ttl_cached, sync, [One]"; <[One] as Everywhere>::ttl_sync(1) => 41,
                "every, ttl_cached, async, One"; <One as Everywhere>::ttl_async(1).await => 31,
                "every, ttl_cached, async, [One]"; <[One] as Everywhere>::ttl_async(1).await => 41,
                "every, hexsha_cached, sync, One"; <One as Everywhere>::sha_sync(&Config("a"), 1) => 32,
                "every, hexsha_cached, sync, [One]"; <[One] as Everywhere>::sha_sync(&Config("a"), 1) => 42,
                "every, hexsha_cached, async, One"; <One as Everywhere>::sha_async(&Config("a"), 1).await => 32,
                "every, hexsha_cached, async, [One]"; <[One] as Everywhere>::sha_async(&Config("a"), 1).await => 42,
            }
            ends! {
                "every, invalidates, sync", "everywhere:1"; <[One] as Everywhere>::ends_sync(1) => 41,
                "every, invalidates, async", "everywhere:1"; <[One] as Everywhere>::ends_async(1).await => 41,
            }
            leads! {
                "every, leader, sync"; <[One] as Everywhere>::leads_sync(1) => Some(41), None;
                "every, leader, async"; <[One] as Everywhere>::leads_async(1).await => Some(41), None;
            }
        }
    };
    memory().await.scope(Box::pin(cells)).await;
}
