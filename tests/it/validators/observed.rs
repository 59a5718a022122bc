//! What was observed: one tag per computation, in every process; and a life that is never longer than the values'.

use std::time::Duration;

use larder::http::{Conditional, observe};
use larder::{Larder, hexsha_cached, ttl_cached};

use super::{cache_control, tag};
use crate::server::RedisServer;
use crate::support::{Config, Source, memory, node};

#[ttl_cached(entity = "tools", ttl = "20s", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", ttl = "20s", skip(source))]
fn tool_of_a_thread(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "pages", ttl = "1h", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source, 0).await
}

/// A body that observes: what it calls is still its own.
#[ttl_cached(entity = "pages", ttl = "1h", skip(source))]
async fn observing_page(source: &Source) -> u64 {
    observe(async {
        larder::tag("footer");
        tool(source, 0).await
    })
    .await
    .0
}

#[ttl_cached(entity = "tools", skip(source))]
async fn failing(source: &Source) -> Result<u64, u64> {
    Err(source.read())
}

#[ttl_cached(entity = "tools", skip(source), when = first)]
async fn first_only(source: &Source, first: bool) -> u64 {
    source.read()
}

#[ttl_cached(entity = "tools", ttl = "10s", stale_while_revalidate = "30s", skip(id))]
async fn stale(id: u64) -> u64 {
    id
}

#[ttl_cached(entity = "tools", ttl = "10s", stale_if_error = "30s", skip(source))]
async fn standing_by(source: &Source) -> Result<u64, u64> {
    Some(source.read()).filter(|value| *value > 0).ok_or(0)
}

#[hexsha_cached(skip(source))]
async fn issuer(config: &Config, source: &Source) -> u64 {
    source.read()
}

async fn observed<T>(larder: &Larder, future: impl Future<Output = T>) -> Conditional {
    larder.scope(observe(future)).await.1
}

#[tokio::test]
async fn a_tag_is_that_of_one_computation() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let first = tag(&observed(&larder, tool(&source, 1)).await);
    assert!(first.starts_with("W/\""), "larder knows the value and not its bytes: {first}");
    assert_eq!(tag(&observed(&larder, tool(&source, 1)).await), first, "a hit");
    assert_ne!(tag(&observed(&larder, tool(&source, 2)).await), first, "another entry");

    larder.invalidate("tools").await.unwrap();
    let second = tag(&observed(&larder, tool(&source, 1)).await);
    assert_ne!(second, first, "ended");
    larder.clock().advance(Duration::from_secs(20));
    source.set(2);
    // Nothing ended it, so all epochs are as they were; the source is not.
    assert_ne!(tag(&observed(&larder, tool(&source, 1)).await), second, "computed anew when its time was over");
}

#[tokio::test]
async fn processes_share_the_tag_of_a_value_that_they_share() {
    let (here, source) = (Larder::testing(), Source::of(1));
    let there = here.another();
    let first = tag(&observed(&here, tool(&source, 1)).await);
    assert_eq!(tag(&observed(&there, tool(&source, 1)).await), first);
    assert_eq!(tag(&observed(&there, tool(&source, 1)).await), first, "from its memory");
    assert_eq!(source.runs(), 1);
    there.invalidate("tools").await.unwrap();
    assert_ne!(tag(&observed(&there, tool(&source, 1)).await), first);
}

#[tokio::test]
async fn processes_share_it_over_a_real_redis() {
    let server = RedisServer::start();
    let (here, there) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    let first = tag(&observed(&here, tool(&source, 1)).await);
    let conditional = observed(&there, tool(&source, 1)).await;
    assert_eq!((tag(&conditional), source.runs()), (first, 1));
    assert_eq!(there.stats().total().hits_redis, 1);
    let left = cache_control(&conditional);
    let left: u64 = left.strip_prefix("private, max-age=").unwrap().parse().unwrap();
    assert!((15..20).contains(&left), "{left} s of 20, shortened by up to a tenth");
}

#[tokio::test]
async fn processes_that_share_nothing_share_no_tag() {
    // Without Redis their epochs are the same small numbers, and so they are after a restart.
    let (source, one, other) = (Source::of(1), memory().await, memory().await);
    let first = tag(&observed(&one, tool(&source, 1)).await);
    source.set(2);
    assert_ne!(tag(&observed(&other, tool(&source, 1)).await), first);
}

#[tokio::test]
async fn the_life_is_the_shortest_that_is_left() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let both = || async { tool(&source, 1).await + page(&source).await };
    assert_eq!(cache_control(&observed(&larder, tool(&source, 1)).await), "private, max-age=20");
    larder.clock().advance(Duration::from_millis(4_001));
    assert_eq!(cache_control(&observed(&larder, tool(&source, 1)).await), "private, max-age=15");
    // The page is new, and made of a tool that is new.
    assert_eq!(cache_control(&observed(&larder, page(&source)).await), "private, max-age=20");
    let conditional = observed(&larder, both()).await;
    assert_eq!(cache_control(&conditional), "private, max-age=15");
    assert_eq!(cache_control(&conditional.clone().max_age(Duration::from_secs(7))), "private, max-age=7");
    assert_eq!(cache_control(&conditional.clone().max_age(Duration::from_secs(70)).public()), "public, max-age=15");
    assert_eq!(cache_control(&conditional.clone().no_cache()), "private, no-cache");
    assert_eq!(cache_control(&conditional.clone().no_store().public()), "no-store");
    let stale = conditional.clone().stale_while_revalidate(Duration::from_secs(5));
    let stale = stale.stale_if_error(Duration::from_millis(60_999));
    assert_eq!(cache_control(&stale), "private, max-age=15, stale-while-revalidate=5, stale-if-error=60");
    larder.clock().advance(Duration::from_secs(3));
    assert_eq!(cache_control(&conditional), "private, max-age=12", "as of the moment that it is written");
    larder.clock().advance(Duration::from_secs(30));
    assert_eq!(cache_control(&conditional), "private, max-age=0");
}

#[tokio::test]
async fn what_is_served_beyond_its_life_is_not_fresh() {
    let larder = Larder::testing();
    assert_eq!(cache_control(&observed(&larder, stale(1)).await), "private, max-age=10");
    larder.clock().advance(Duration::from_secs(12));
    assert_eq!(cache_control(&observed(&larder, stale(1)).await), "private, max-age=0");
    assert_eq!(larder.stats().total().stale, 1);
}

#[tokio::test]
async fn what_stands_in_for_a_failure_is_not_fresh() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let first = observed(&larder, standing_by(&source)).await;
    assert_eq!(cache_control(&first), "private, max-age=10");
    larder.clock().advance(Duration::from_secs(4));
    assert_eq!(cache_control(&observed(&larder, standing_by(&source)).await), "private, max-age=6");
    larder.clock().advance(Duration::from_secs(8));
    source.set(0);
    let (value, former) = larder.scope(observe(standing_by(&source))).await;
    assert_eq!((value, tag(&former), cache_control(&former).as_str()), (Ok(1), tag(&first), "private, max-age=0"));
}

#[tokio::test]
async fn what_is_kept_nowhere_has_no_tag_and_is_not_to_be_kept() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let off = Larder::builder().enabled(false).testing().unwrap();
    larder.scope(tool(&source, 1)).await;
    for (what, conditional) in [
        ("an error", observed(&larder, failing(&source)).await),
        ("a call that `when` leaves out", observed(&larder, first_only(&source, false)).await),
        ("no call", observed(&larder, async {}).await),
        ("a bypass", observed(&larder, async { larder::bypass(tool(&source, 1)).await }).await),
        ("a hit beside an error", observed(&larder, async { (tool(&source, 1).await, failing(&source).await) }).await),
        ("a cache that is off", observed(&off, tool(&source, 1)).await),
        ("another instance", observe(async { larder.scope(tool(&source, 1)).await }).await.1),
    ] {
        assert_eq!((conditional.etag(), cache_control(&conditional).as_str()), (None, "no-store"), "{what}");
        let with = Conditional::revision(&Config("8f3c")).with(conditional.clone()).max_age(Duration::from_secs(9));
        assert_eq!((with.etag(), cache_control(&with).as_str()), (None, "no-store"), "{what}");
    }
    let tagged = observed(&larder, first_only(&source, true)).await;
    assert!(tagged.etag().is_some());
}

#[tokio::test]
async fn calls_side_by_side_in_any_order_and_sync_ones_are_seen() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let there = observed(&larder, async { tokio::join!(tool(&source, 1), tool(&source, 2)) }).await;
    let back =
        observed(&larder, async { (tool(&source, 2).await, tool(&source, 1).await, tool(&source, 2).await) }).await;
    assert_eq!(tag(&there), tag(&back));
    let of_a_thread = observed(&larder, async { tool_of_a_thread(&source) }).await;
    assert_eq!(tag(&of_a_thread), tag(&observed(&larder, async { tool_of_a_thread(&source) }).await));
}

#[tokio::test]
async fn tasks_are_seen_by_the_frame_that_they_were_given() {
    let larder = Larder::testing();
    let task = async || tokio::spawn(larder::frame().scope(stale(1))).await.unwrap();
    let direct = tag(&observed(&larder, stale(1)).await);
    assert_eq!(tag(&observed(&larder, task()).await), direct);
    // A frame of somewhere else tells its own body, and nobody here.
    let elsewhere = larder.run(larder::frame);
    let both = async { stale(1).await + elsewhere.scope(stale(1)).await };
    assert_eq!(observed(&larder, both).await.etag(), None);
}

/// Inside the observation, the frame of the body around it.
#[ttl_cached(entity = "pages", ttl = "1h", skip(source))]
async fn page_by_its_frame(source: &Source) -> bool {
    let frame = larder::frame();
    let observed = observe(async { tool(source, 1).await + frame.scope(tool(source, 2)).await }).await;
    observed.1.etag().is_none()
}

#[tokio::test]
async fn what_the_body_around_is_told_is_missed_by_the_observation_alone() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    for runs in [2, 2, 4] {
        assert!(larder.scope(page_by_its_frame(&source)).await);
        assert_eq!(source.runs(), runs, "the body's result is stored, and ended with what it called");
        if larder.stats().entities["pages"].hits_memory == 1 {
            larder.invalidate("tools").await.unwrap();
        }
    }
}

#[tokio::test]
async fn of_two_lives_the_shorter_counts_in_any_order() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let longer = observed(&larder, tool(&source, 1)).await;
    larder.clock().advance(Duration::from_secs(5));
    let (shorter, longer) = (longer, observed(&larder, tool(&source, 2)).await);
    let endless = Conditional::revision(&Config("r1"));
    let off = Conditional::revision(&Config("r1")).no_store();
    for (one, other, expected) in [
        (&shorter, &longer, "private, max-age=15"),
        (&longer, &shorter, "private, max-age=15"),
        (&endless, &shorter, "private, max-age=15"),
        (&shorter, &endless, "private, max-age=15"),
        (&endless, &endless, "private, no-cache"),
        (&shorter, &off, "no-store"),
        (&off, &shorter, "no-store"),
    ] {
        assert_eq!(cache_control(&one.clone().with(other.clone())), expected);
        assert_eq!(cache_control(&one.clone().lives_as(other)), expected);
        assert_eq!(tag(&one.clone().lives_as(other)), tag(one));
    }
    // What is kept nowhere may not be kept, also beside what is over.
    larder.clock().advance(Duration::from_secs(60));
    let nothing = observed(&larder, async {}).await;
    assert_eq!(cache_control(&shorter.with(nothing)), "no-store");
}

#[tokio::test]
async fn a_body_that_observes_depends_on_what_it_calls() {
    for ends in ["tools", "footer"] {
        let (larder, source) = (Larder::testing(), Source::of(1));
        larder.scope(observing_page(&source)).await;
        source.set(2);
        larder.invalidate("tools").await.unwrap();
        larder.invalidate(ends).await.unwrap();
        assert_eq!(larder.scope(observing_page(&source)).await, 2, "{ends}");
    }
    let (larder, source) = (Larder::testing(), Source::of(1));
    larder.scope(observing_page(&source)).await;
    larder.invalidate("footer").await.unwrap();
    larder.scope(observing_page(&source)).await;
    assert_eq!(larder.stats().entities["pages"].misses, 2, "a tag inside is the body's");
    larder.clock().advance(Duration::from_secs(20));
    larder.scope(observing_page(&source)).await;
    assert_eq!(larder.stats().entities["pages"].misses, 3, "and so is the end of a life");
}

#[tokio::test]
async fn an_observation_inside_another_tells_both() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let ((_, inner), outer) = larder.scope(observe(observe(tool(&source, 1)))).await;
    assert_eq!(tag(&inner), tag(&outer));
    let (_, outer) = larder.scope(observe(observe(failing(&source)))).await;
    assert_eq!(outer.etag(), None);
}

#[tokio::test]
async fn a_revision_s_value_lives_as_long_as_its_revision() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let conditional = observed(&larder, issuer(&Config("r1"), &source)).await;
    assert_eq!(cache_control(&conditional), "private, no-cache");
    assert_eq!(tag(&conditional), tag(&observed(&larder, issuer(&Config("r1"), &source)).await));
    assert_ne!(tag(&conditional), tag(&observed(&larder, issuer(&Config("r2"), &source)).await));
    // With the revision's own tag, it is the same in every process.
    let own = Conditional::revision(&Config("r1")).lives_as(&conditional);
    assert_eq!(tag(&own), tag(&Conditional::revision(&Config("r1"))));
}

#[tokio::test]
async fn a_tag_of_the_content_outlives_the_entry() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    let content = async || {
        let (value, observed) = larder.scope(observe(tool(&source, 1))).await;
        Conditional::content(&value).lives_as(&observed)
    };
    let first = content().await;
    larder.clock().advance(Duration::from_secs(8));
    assert_eq!(cache_control(&content().await), "private, max-age=12");
    larder.clock().advance(Duration::from_secs(12));
    assert_eq!(tag(&content().await), tag(&first), "the same value");
    assert_eq!(source.runs(), 2);
    source.set(2);
    larder.invalidate("tools").await.unwrap();
    assert_ne!(tag(&content().await), tag(&first));
}

#[test]
fn scopes_never_share_a_tag_and_stand_in_none() {
    let of = |scopes: &[&str]| {
        tag(&scopes.iter().fold(Conditional::revision(&Config("r1")), |conditional, scope| conditional.scope(scope)))
    };
    let all = [of(&[]), of(&[""]), of(&["a", "b"]), of(&["b", "a"]), of(&["ab"]), of(&["ab", ""]), of(&["", "ab"])];
    for (at, one) in all.iter().enumerate() {
        assert_eq!(all.iter().position(|other| other == one), Some(at), "{all:?}");
        assert!(one.len() == 66 && one.trim_matches('"').bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
    }
    // What is of one kind is never taken for another.
    let content = Conditional::content("r1").strong();
    assert_ne!(tag(&content), of(&[]));
    let (one, other) = (Conditional::revision(&Config("r1")), Conditional::revision(&Config("r2")));
    assert_ne!(tag(&one.clone().with(other.clone())), tag(&other.with(one)));
}
