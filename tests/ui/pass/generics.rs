//! Generic and const-generic functions, `impl Trait` parameters and generic types.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

use std::fmt::Display;
use std::hash::Hash;
use std::marker::PhantomData;

use larder::{CacheKey, invalidates, leader, ttl_cached};
use serde::Serialize;
use serde::de::DeserializeOwned;

trait Value: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static> Value for T {}

#[ttl_cached(entity = "defaults")]
async fn default<T: Value + Default, const N: usize>() -> (T, usize) {
    (T::default(), N)
}

#[ttl_cached(entity = "texts", skip(_more))]
async fn text(part: impl Into<String> + CacheKey, _more: impl Hash) -> String {
    part.into()
}

#[ttl_cached(entity = "lists", tags("first:{first}"))]
fn list<'a, T>(first: &'a T, rest: &'a [T]) -> Result<Vec<T>, Box<dyn std::error::Error>>
where
    T: Value + CacheKey + Display,
{
    Ok(rest.iter().chain([first]).cloned().collect())
}

#[invalidates(("value", value), ("len", ret.len()))]
async fn write<T: Display, const N: usize>(value: T, into: [u8; N]) -> String {
    format!("{value}{}", into.len())
}

#[leader(key = name, ttl = "30s")]
async fn lead<T: Display, R>(name: T, result: R) -> Option<R> {
    assert!(!name.to_string().is_empty());
    Some(result)
}

#[derive(CacheKey)]
struct Page<'a, T, U> {
    part: &'a T,
    marker: PhantomData<U>,
}

struct Source<T>(T);

impl<T: Value + CacheKey> Source<T> {
    #[ttl_cached(entity = "sources", key(self.0, page))]
    async fn read<U>(&self, page: Page<'_, T, U>) -> Option<T> {
        let Page { part, marker: PhantomData } = page;
        Some(part.clone())
    }
}

fn main() {
    pollster::block_on(async {
        assert_eq!(default::<u8, 1>().await, (0, 1));
        assert_eq!(default::<u8, 2>().await, (0, 2));
        assert_eq!(default::<String, 2>().await, (String::new(), 2));
        assert_eq!(text("a", 1).await, text(String::from("a"), 2).await);
        assert_eq!(list(&1, &[2]).unwrap_or_default(), [2, 1]);
        assert_eq!(write("a", [0; 3]).await, "a3");
        assert_eq!(lead("a", 1).await, Some(1));
        let page = Page { part: &1, marker: PhantomData::<String> };
        assert_eq!(Source(1).read(page).await, Some(1));
    });
}
