//! Methods of traits: native ones, provided ones, and those of `#[async_trait]`.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

use std::sync::atomic::{AtomicU32, Ordering};

use larder::{invalidates, leader, ttl_cached};

static RUNS: AtomicU32 = AtomicU32::new(0);

fn ran() {
    let _before: u32 = RUNS.fetch_add(1, Ordering::Relaxed);
}

struct Unkeyed;

struct Repo {
    realm: String,
}

trait Native {
    fn read(&self, id: u32) -> impl Future<Output = u32> + Send;

    fn write(&mut self, id: u32) -> Result<u32, String>;

    #[ttl_cached(entity = "native")]
    fn provided(&self, id: u32) -> u32 {
        ran();
        id
    }
}

impl Native for Repo {
    #[ttl_cached(entity = "native", key(self.realm, id))]
    async fn read(&self, id: u32) -> u32 {
        ran();
        std::future::ready(id).await
    }

    #[invalidates("native", ("id", ret))]
    fn write(&mut self, id: u32) -> Result<u32, String> {
        self.realm = id.to_string();
        let id = self.realm.parse::<u32>().map_err(|error| error.to_string())?;
        Ok(id)
    }
}

#[async_trait::async_trait]
trait Boxed {
    async fn read(&self, page: u32) -> Vec<u32>;

    async fn patterns(&self, first: u32, (a, b): (u32, Vec<u32>), _: Unkeyed) -> u32;

    async fn write(&mut self, id: u32, names: (String, u32)) -> Result<String, u32>;

    async fn lead(&self) -> Option<u32>;

    #[ttl_cached(entity = "boxed", store_if = |page| *page > 0)]
    async fn provided(&self, page: u32) -> u32 {
        ran();
        page
    }
}

#[async_trait::async_trait]
impl Boxed for Repo {
    #[ttl_cached(entity = "boxed", key(self.realm, page))]
    async fn read(&self, page: u32) -> Vec<u32> {
        ran();
        if page == 0 {
            return vec![];
        }
        vec![page]
    }

    #[ttl_cached(entity = "boxed", key(first, a, b.len()), tags("a:{a}"), when = a > 0)]
    async fn patterns(&self, first: u32, (a, mut b): (u32, Vec<u32>), _: Unkeyed) -> u32 {
        ran();
        b.push(a);
        first + b.iter().sum::<u32>()
    }

    #[invalidates("boxed", "name:{name}:{ret}", ("id", id))]
    async fn write(&mut self, id: u32, (name, _): (String, u32)) -> Result<String, u32> {
        if id == 0 {
            return Err(id);
        }
        self.realm = name;
        Ok(self.realm.clone())
    }

    #[leader("boxed:{self.realm}", ttl = "30s")]
    async fn lead(&self) -> Option<u32> {
        Some(u32::try_from(self.realm.len()).ok()?)
    }
}

fn main() {
    let mut repo = Repo { realm: String::from("realm") };
    pollster::block_on(async {
        for _ in 0..2 {
            assert_eq!(Native::read(&repo, 1).await, 1);
            assert_eq!(Native::provided(&repo, 1), 1);
            assert_eq!(Boxed::read(&repo, 0).await, []);
            assert_eq!(Boxed::read(&repo, 1).await, [1]);
            assert_eq!(Boxed::patterns(&repo, 1, (2, vec![3]), Unkeyed).await, 6);
            assert_eq!(Boxed::patterns(&repo, 1, (4, vec![3]), Unkeyed).await, 8);
            assert_eq!(Boxed::provided(&repo, 1).await, 1);
        }
        assert_eq!(RUNS.load(Ordering::Relaxed), 7);
        assert_eq!(Boxed::write(&mut repo, 0, (String::new(), 1)).await, Err(0));
        assert_eq!(Boxed::write(&mut repo, 1, (String::from("name"), 1)).await.as_deref(), Ok("name"));
        assert_eq!(repo.lead().await, Some(4));
        assert_eq!(Native::write(&mut repo, 3), Ok(3));
    });
}
