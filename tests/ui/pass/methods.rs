//! Methods with every receiver, and associated functions.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

use std::collections::HashMap;
use std::sync::Arc;

use larder::{hexsha_cached, invalidates, leader, ttl_cached};

#[derive(Default)]
struct Repo {
    realm: String,
    users: HashMap<u32, String>,
}

impl Repo {
    /// One user.
    #[ttl_cached(entity = "users", key(self.realm, id), tags("realm:{self.realm}"))]
    async fn user(&self, id: u32) -> Option<String> {
        let user = self.users.get(&id)?;
        Some(user.clone())
    }

    #[ttl_cached(entity = "users")]
    fn count(&mut self) -> usize {
        self.users.len()
    }

    #[hexsha_cached(revision = self.realm)]
    fn into_realm(self) -> String {
        self.realm
    }

    #[ttl_cached(entity = "users")]
    async fn shared(self: Arc<Self>, id: u32) -> u32 {
        id + u32::from(self.users.is_empty())
    }

    #[invalidates("users", "realm:{self.realm}", ("user", id), ("count", ret))]
    async fn put(&mut self, id: u32, name: String) -> usize {
        drop(self.users.insert(id, name));
        self.users.len()
    }

    #[invalidates("users")]
    fn name(&self, id: u32) -> Option<&str> {
        self.users.get(&id).map(String::as_str)
    }

    #[leader("repo:{self.realm}", ttl = "30s")]
    fn lead<'a>(&'a self, other: &'a str) -> Option<&'a str> {
        Some(if self.realm.is_empty() { other } else { &self.realm })
    }

    #[ttl_cached(entity = "users")]
    pub(crate) fn associated(id: u32) -> u32 {
        id
    }
}

fn main() {
    let mut repo = Repo { realm: String::from("realm"), ..Repo::default() };
    pollster::block_on(async {
        assert_eq!(repo.put(1, String::from("ann")).await, 1);
        assert_eq!(repo.user(1).await.as_deref(), Some("ann"));
        assert_eq!(repo.count(), 1);
        assert_eq!(repo.name(1), Some("ann"));
        assert_eq!(repo.lead("other"), Some("realm"));
        assert_eq!(Arc::new(Repo::default()).shared(2).await, 3);
    });
    assert_eq!(Repo::associated(1), 1);
    assert_eq!(repo.into_realm(), "realm");
}
