//! The report on names: what nothing ends, and what nobody caches. The tests of a binary may share a process, so each
//! looks at names of its own.

use larder::testkit::{Entities, entities};
use larder::{Larder, invalidates, ttl_cached};

/// Whether nothing ends this entity, and whether nobody caches this name.
fn of(name: &str) -> (bool, bool) {
    let Entities { never_ended, never_cached, .. } = entities();
    (never_ended.iter().any(|known| known == name), never_cached.iter().any(|known| known == name))
}

#[ttl_cached(entity = "fits")]
async fn fits() -> u64 {
    1
}

#[ttl_cached(entity = "ages")]
async fn ages() -> u64 {
    1
}

#[invalidates("fits", "misses")]
async fn write() {}

#[invalidates("fails")]
async fn fail() -> Result<(), ()> {
    Err(())
}

#[tokio::test]
async fn a_cached_entity_that_nothing_ends_and_an_ended_one_that_nobody_caches_are_listed() {
    for larder in super::both() {
        larder.scope(fits()).await;
        larder.scope(ages()).await;
        larder.scope(write()).await;
        larder.scope(fail()).await.unwrap_err();
        larder.clear().await.unwrap();
    }
    assert_eq!(of("fits"), (false, false));
    assert_eq!(of("ages"), (true, false));
    assert_eq!(of("misses"), (false, true));
    assert_eq!(of("fails"), (false, false), "it ended nothing");
    let text = entities().to_string();
    assert!(text.starts_with("nothing ends `") && text.contains("`ages`"), "{text}");
    assert!(text.contains("; nobody caches `") && text.contains("`misses`"), "{text}");
    assert!(!entities().is_clean());
}

#[ttl_cached(entity = "single")]
async fn single(id: u64) -> u64 {
    id
}

#[invalidates(single(id))]
async fn write_one(id: u64) {}

#[tokio::test]
async fn an_entity_whose_single_entries_are_ended_is_ended_by_something() {
    for larder in super::both() {
        larder.scope(single(1)).await;
        larder.scope(write_one(1)).await;
        assert_eq!(larder.stats().entities["single"].invalidations, 1);
    }
    assert_eq!(of("single"), (false, false));
}

#[ttl_cached(entity = "crate", tags("crate:{id}"))]
async fn by_tag(id: u64) -> u64 {
    id
}

#[ttl_cached(entity = "box")]
async fn by_word(id: u64) -> u64 {
    larder::tag(format!("two words {id}"));
    id
}

#[ttl_cached(entity = "shelf")]
async fn around() -> u64 {
    by_word(1).await
}

#[invalidates("crate:{id}", "crate:{other}")]
async fn write_tags(id: u64, other: u64) {}

#[tokio::test]
async fn a_tag_ends_the_entity_whose_value_carried_it() {
    let larder = Larder::testing();
    larder.scope(write_tags(1, 2)).await;
    larder.scope(by_tag(1)).await;
    assert_eq!(of("crate"), (false, false), "ended through its tag, before or after");
    assert_eq!((of("crate:1"), of("crate:2")), ((false, false), (false, true)));
    larder.scope(around()).await;
    assert_eq!((of("box"), of("shelf")), ((true, false), (true, false)));
    larder.invalidate("two words 1").await.unwrap();
    larder.invalidate("two words 2").await.unwrap();
    assert_eq!((of("box"), of("shelf")), ((false, false), (false, false)), "what it is made of was ended");
    assert_eq!((of("two words 1"), of("two words 2")), ((false, false), (false, true)));
}

#[ttl_cached(entity = "leaf")]
async fn leaf() -> u64 {
    1
}

#[tokio::test]
async fn a_name_that_ends_others_is_cached_by_them() {
    let larder = Larder::builder().depends("root", ["branch"]).depends("branch", ["leaf"]).testing().unwrap();
    larder.invalidate("root").await.unwrap();
    assert_eq!(of("root"), (false, true));
    larder.scope(leaf()).await;
    assert_eq!((of("root"), of("leaf")), ((false, false), (false, false)));
    assert_eq!(of("branch"), (false, false), "nobody ended it by name");
}

#[ttl_cached(entity = "unstored", tags("unstored:{id}"), store_if = |value| *value > 0)]
async fn unstored(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn a_value_that_was_not_stored_carries_nothing() {
    let larder = Larder::testing();
    larder.scope(unstored(0)).await;
    larder.invalidate("unstored:0").await.unwrap();
    assert_eq!((of("unstored"), of("unstored:0")), ((true, false), (false, true)));
    larder.scope(unstored(1)).await;
    larder.invalidate("unstored:1").await.unwrap();
    assert_eq!((of("unstored"), of("unstored:1")), ((false, false), (false, false)));
}

#[ttl_cached(entity = "ordinary")]
async fn ordinary() -> u64 {
    1
}

#[tokio::test]
async fn an_instance_of_no_test_kit_is_not_listed() {
    let larder = crate::support::memory().await;
    larder.scope(ordinary()).await;
    larder.invalidate("commonplace").await.unwrap();
    assert_eq!((of("ordinary"), of("commonplace")), ((false, false), (false, false)));
}
