//! Functions that another macro writes, over a renamed runtime.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

mod reexports {
    pub(crate) use larder as kept;
}

macro_rules! cached {
    ($name:ident, $entity:literal, $parameter:ident: $ty:ty, $part:expr, $capacity:expr) => {
        #[larder::ttl_cached(entity = $entity, key($parameter, $part), capacity = $capacity, crate = crate::reexports::kept)]
        fn $name($parameter: $ty) -> $ty {
            $parameter
        }
    };
}

macro_rules! through {
    ($($tokens:tt)*) => {
        $($tokens)*
    };
}

cached!(number, "numbers", id: u32, 7 + 1, 10);
cached!(text, "texts", name: String, "fixed", 10);

through! {
    #[larder::invalidates("number:{id}", ("of", ret), crate = crate::reexports::kept)]
    async fn write(id: u32) -> u32 {
        id
    }

    #[larder::leader("led:{id}", ttl = 30, crate = crate::reexports::kept)]
    fn lead(id: u32) -> Option<u32> {
        Some(id)
    }

    #[derive(larder::CacheKey)]
    #[key(crate = crate::reexports::kept)]
    struct Filter(u32, #[key(skip)] u32);
}

#[larder::ttl_cached(entity = "filters", crate = crate::reexports::kept)]
fn filtered(filter: Filter) -> u32 {
    filter.0 + filter.1
}

fn main() {
    assert_eq!(number(1), 1);
    assert_eq!(text(String::from("a")), "a");
    assert_eq!(pollster::block_on(write(1)), 1);
    assert_eq!(lead(1), Some(1));
    assert_eq!(filtered(Filter(1, 1)), 2);
    assert_eq!(filtered(Filter(1, 2)), 2);
}
