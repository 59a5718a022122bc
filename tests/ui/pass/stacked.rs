//! Several attributes on one function, those of others among them.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

use larder::{Revisioned, hexsha_cached, invalidates, leader, ttl_cached};

#[invalidates("writes")]
#[ttl_cached(entity = "reads")]
async fn both(id: u32) -> Option<u32> {
    Some(id)
}

#[ttl_cached(entity = "outer", ttl = "20s")]
#[ttl_cached(entity = "inner", ttl = "1h")]
#[inline]
#[must_use]
fn twice(id: u32) -> u32 {
    id
}

#[leader("stacked", ttl = "30s", grace = "1s", on_err = grace)]
#[invalidates("writes", "write:{id}")]
async fn led(id: u32) -> Result<Option<u32>, String> {
    let id: u32 = id.to_string().parse().map_err(|_| String::new())?;
    Ok(Some(id))
}

#[ttl_cached(entity = "issuers", key(host))]
#[hexsha_cached]
async fn issuer(config: &Revisioned<u32>, host: &str) -> usize {
    #![allow(clippy::let_and_return, clippy::needless_return)]
    let issuer = host.len() + **config as usize;
    return issuer;
}

fn main() {
    pollster::block_on(async {
        assert_eq!(both(1).await, Some(1));
        assert_eq!(twice(1), 1);
        assert_eq!(led(1).await, Ok(Some(1)));
        assert_eq!(issuer(&Revisioned::new(1), "ab").await, 3);
    });
}
