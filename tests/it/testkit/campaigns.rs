//! A campaign: elected again for ever, and in every way that a term ends, the body is gone before the lease is.

use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder::testkit::Testing;
use larder::{Campaign, ErrorKind, Larder, Lease};
use tokio::sync::Notify;

use super::both;
use super::leases::contender;
use crate::support::{SOON, eventually_async, within};

const TTL: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_secs(1);

/// What happened, in its order.
#[derive(Clone, Debug, Default)]
struct Story {
    told: Arc<Mutex<Vec<&'static str>>>,
    news: Arc<Notify>,
}

impl Story {
    fn tell(&self, what: &'static str) {
        self.told.lock().unwrap().push(what);
        self.news.notify_waiters();
    }

    fn told(&self) -> Vec<&'static str> {
        self.told.lock().unwrap().clone()
    }

    /// Waits until so much has happened.
    async fn has(&self, told: &[&'static str]) {
        let caller = async {
            loop {
                let news = self.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if self.told().len() >= told.len() {
                    return;
                }
                news.await;
            }
        };
        within(SOON, caller).await;
        assert_eq!(self.told(), told);
    }

    /// Something that tells, when it is dropped, whether the lease is held still.
    fn until_dropped(&self, lease: Lease) -> impl Sized + use<> {
        struct Told(Story, Lease);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.tell(if self.1.is_held() { "dropped, held" } else { "dropped, over" });
            }
        }
        Told(self.clone(), lease)
    }
}

/// A campaign whose body tells of itself and then does what it is given.
fn role<F>(larder: &Testing, story: &Story, then: impl Fn(Lease) -> F + Send + Sync + 'static) -> Campaign
where
    F: Future<Output = ()> + Send + 'static,
{
    let (elected, lost) = (story.clone(), story.clone());
    let body = move |lease: Lease| {
        let (told, then) = (elected.until_dropped(lease.clone()), then(lease));
        elected.tell("elected");
        async move {
            let _told = told;
            then.await;
        }
    };
    let after = move || {
        let lost = lost.clone();
        async move { lost.tell("lost") }
    };
    larder.campaign("scheduler").ttl(TTL).on_elected(body).on_lost(after)
}

fn for_ever(larder: &Testing, story: &Story) -> Campaign {
    role(larder, story, |_| pending())
}

#[tokio::test]
async fn a_stopped_campaign_drops_its_body_then_its_lease_and_the_next_is_elected_at_once() {
    for here in both() {
        let (first, second) = (Story::default(), Story::default());
        let leading = for_ever(&here, &first).start().unwrap();
        first.has(&["elected"]).await;
        let waiting = for_ever(&contender(&here), &second).start().unwrap();
        // Four terms long: it is renewed.
        here.clock().advance(TTL * 4);
        tokio::task::yield_now().await;
        assert!(second.told().is_empty(), "two lead");
        within(SOON, leading.stop()).await.unwrap();
        assert_eq!(first.told(), ["elected", "dropped, held"], "and nothing was lost");
        second.has(&["elected"]).await;
        assert_eq!(here.clock().elapsed(), TTL * 4, "no time passed");
        within(SOON, waiting.stop()).await.unwrap();
        assert!(here.leaders().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_lost_campaign_drops_its_body_in_time_and_is_elected_again_when_redis_is_back() {
    let here = Larder::testing();
    let story = Story::default();
    let running = for_ever(&here, &story).start().unwrap();
    story.has(&["elected"]).await;
    here.redis().fail();
    here.clock().advance(TTL);
    story.has(&["elected", "dropped, over", "lost"]).await;
    here.redis().recover();
    here.clock().advance(PAUSE);
    story.has(&["elected", "dropped, over", "lost", "elected"]).await;
    assert_eq!(here.stats().leases.lost, 1);
    within(SOON, running.stop()).await.unwrap();
}

#[tokio::test]
async fn a_body_that_returns_or_panics_ends_its_term_and_another_goes_first() {
    for here in both() {
        for panics in [false, true] {
            let (story, other) = (Story::default(), Story::default());
            let end = Arc::new(Notify::new());
            let given = Arc::clone(&end);
            let body = move |_| {
                let end = Arc::clone(&given);
                async move {
                    end.notified().await;
                    assert!(!panics, "on purpose");
                }
            };
            let running = role(&here, &story, body).pause(PAUSE).start().unwrap();
            story.has(&["elected"]).await;
            let waiting = for_ever(&contender(&here), &other).start().unwrap();
            here.clock().advance(Duration::ZERO);
            end.notify_one();
            other.has(&["elected"]).await;
            assert_eq!(story.told(), ["elected", "dropped, held"]);
            within(SOON, waiting.stop()).await.unwrap();
            // Nobody else: after its pause, which may not have begun yet, it leads again.
            eventually_async(SOON, "its next term", async || {
                here.clock().advance(PAUSE);
                story.told().len() > 2
            })
            .await;
            assert_eq!(story.told(), ["elected", "dropped, held", "elected"]);
            within(SOON, running.stop()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_body_is_asked_to_stop_and_has_the_time_to_drain() {
    for here in both() {
        let story = Story::default();
        let drained = story.clone();
        let body = move |lease: Lease| {
            let drained = drained.clone();
            async move {
                lease.stopping().await;
                drained.tell(if lease.is_held() { "asked, held" } else { "asked, over" });
            }
        };
        let running = role(&here, &story, body).drain(Duration::from_secs(5)).start().unwrap();
        story.has(&["elected"]).await;
        within(SOON, running.stop()).await.unwrap();
        assert_eq!(story.told(), ["elected", "asked, held", "dropped, held"]);
        assert_eq!(here.clock().elapsed(), Duration::ZERO, "it did not use its time up");
    }
}

#[tokio::test]
async fn a_body_that_does_not_stop_is_dropped_when_its_time_is_over_and_never_outlives_its_lease() {
    // Longer than the lease: then the lease is what ends it, for it is not renewed any more.
    for (drain, last) in [(Duration::from_secs(5), "dropped, held"), (TTL * 100, "dropped, over")] {
        for here in both() {
            let story = Story::default();
            let running = for_ever(&here, &story).drain(drain).start().unwrap();
            story.has(&["elected"]).await;
            let stopping = tokio::spawn(running.stop());
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            here.clock().advance(drain.min(TTL));
            within(SOON, stopping).await.unwrap().unwrap();
            assert_eq!(story.told(), ["elected", last]);
            let next = contender(&here).leader_gate("scheduler").acquire().await.unwrap();
            assert!(next.is_some());
        }
    }
}

#[tokio::test]
async fn a_dropped_campaign_drops_its_body_then_its_lease() {
    for here in both() {
        let story = Story::default();
        let mut running = Box::pin(for_ever(&here, &story).run(pending()));
        tokio::select! { biased; _ = &mut running => panic!("it has no end"), () = story.has(&["elected"]) => {} }
        drop(running);
        assert_eq!(story.told(), ["elected", "dropped, held"]);
        let waited = contender(&here).leader_gate("scheduler").wait(TTL).acquire();
        assert!(within(SOON, waited).await.unwrap().is_some());
        assert_eq!(here.clock().elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn a_dropped_handle_shuts_the_campaign_down() {
    let here = Larder::testing();
    let story = Story::default();
    drop(for_ever(&here, &story).start().unwrap());
    let running = for_ever(&here, &story).start().unwrap();
    story.has(&["elected"]).await;
    drop(running);
    let waited = here.another().leader_gate("scheduler").wait(TTL).acquire();
    assert!(within(SOON, waited).await.unwrap().is_some());
    assert_eq!(story.told(), ["elected", "dropped, held"]);
}

#[tokio::test]
async fn who_is_shut_down_while_it_waits_or_rests_ends_at_once_and_holds_nothing() {
    for here in both() {
        let (story, other) = (Story::default(), Story::default());
        let resting = role(&here, &story, |_| async {}).start().unwrap();
        story.has(&["elected", "dropped, held"]).await;
        within(SOON, resting.stop()).await.unwrap();
        let leading = for_ever(&here, &story).start().unwrap();
        story.has(&["elected", "dropped, held", "elected"]).await;
        let waiting = for_ever(&contender(&here), &other).start().unwrap();
        here.clock().advance(Duration::from_secs(1));
        within(SOON, waiting.stop()).await.unwrap();
        within(SOON, leading.stop()).await.unwrap();
        assert!(other.told().is_empty());
        assert!(here.leaders().await.unwrap().is_empty());
        // One that is shut down before it began, too.
        within(SOON, for_ever(&here, &other).run(async {})).await.unwrap();
        assert!(other.told().is_empty());
        assert!(here.leaders().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_lease_and_the_instance_of_a_campaign_are_in_force_in_its_body() {
    let here = Larder::testing();
    let story = Story::default();
    let (seen, given) = (story.clone(), here.stats().redis.connects);
    let body = move |lease: Lease| {
        let seen = seen.clone();
        async move {
            let same = larder::lease().is_some_and(|inner| inner.token() == lease.token());
            let instance = larder::stats().redis.connects == given && larder::stats().leases.elections == 1;
            seen.tell(if same && instance { "in force" } else { "foreign" });
            pending().await
        }
    };
    let running = role(&here, &story, body).start().unwrap();
    story.has(&["elected", "in force"]).await;
    within(SOON, running.stop()).await.unwrap();
}

#[test]
fn what_cannot_be_a_campaign_is_refused_at_once() {
    let here = Larder::testing();
    let outside = for_ever(&here, &Story::default()).start().unwrap_err();
    assert_eq!(outside.kind(), ErrorKind::Configuration);
    assert!(outside.to_string().contains("tokio runtime"), "{outside}");
    let short = here.campaign("x").ttl(Duration::ZERO);
    assert_eq!(pollster(short.run(async {})).unwrap_err().kind(), ErrorKind::Configuration);
    assert_eq!(here.campaign("").start().unwrap_err().kind(), ErrorKind::Configuration);
}

fn pollster<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
