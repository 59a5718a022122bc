//! Parameters that are patterns: all that they bind makes the key.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

use larder::{CacheKey, invalidates, ttl_cached};

#[derive(CacheKey, Clone, Copy)]
struct Span {
    low: u32,
    high: u32,
}

struct Unkeyed;

#[ttl_cached(entity = "sums", tags("low:{low}"))]
fn sum((a, b): (u32, u32), Span { low, high: top }: Span, [first, ..]: [u32; 3], _: Unkeyed, mut rest: u32) -> u32 {
    rest += a + b + low + top + first;
    rest
}

#[ttl_cached(entity = "sums", skip(b), when = low < 9)]
async fn skipped((a, b): (u32, Option<fn()>), span @ Span { low, .. }: Span, r#type: u32) -> u32 {
    a + u32::from(b.is_some()) + low + span.high + r#type
}

#[invalidates("sum:{a}:{r#type}")]
async fn write(&(a, _): &(u32, Unkeyed), r#type: u32) -> u32 {
    a + r#type
}

fn main() {
    let span = Span { low: 1, high: 2 };
    for _ in 0..2 {
        assert_eq!(sum((1, 2), span, [3, 4, 5], Unkeyed, 1), 10);
        assert_eq!(sum((2, 2), span, [3, 4, 5], Unkeyed, 1), 11);
        assert_eq!(sum((2, 2), span, [3, 4, 5], Unkeyed, 2), 12);
        assert_eq!(pollster::block_on(skipped((1, None), span, 3)), 7);
        assert_eq!(pollster::block_on(write(&(1, Unkeyed), 2)), 3);
    }
}
