//! What becomes of a body that ran: the one way to be stored, and each of the many ways not to be.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use pollster::block_on;

use super::look::Run;
use super::{Answer, Computed, Entry, Frame, Instantiation, Memory, Node, Request, Site, find};
use crate::ambient::Ambient;
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Fence, Fencing, Stamp};
use crate::instance::Larder;
use crate::key::Form;
use crate::testkit::Testing;
use crate::value::{Codec, Shared};

const LIFE: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_nanos(1);

static TIERED: Site = Site::tiered().named("tiered", "tools", 1).life(LIFE, 0.0);
static MEMORY: Site = Site::memory().named("memory", "tools", 2).life(LIFE, 0.0);
static KEPT_FOR_FAILURES: Site = Site::tiered().named("kept", "tools", 3).life(LIFE, 0.0).fallback(LIFE);

/// A call that memory cannot answer.
fn miss(larder: &Larder, site: &'static Site, outer: Option<&Arc<Frame>>) -> Box<Run> {
    let ambient = Ambient { larder: Some(larder.clone()), frame: outer.cloned(), ..Ambient::default() };
    let key = Form::from(b"key".as_slice());
    let instantiation = Instantiation { id: TypeId::of::<Site>(), name: site.name };
    let codec = Codec::of::<u32, Shared>;
    let request = Request { site, key: &key, revision: b"", wanted: true, instantiation, codec };
    ambient.run(|| find::<Memory<u32>>(&request)).expect_err("nothing was stored")
}

/// A body that runs, on a clock that stands still.
struct Body {
    larder: Testing,
    run: Box<Run>,
    inside: Ambient,
    /// A name that is known here, and that only the result names.
    late: Arc<Cell>,
    named: bool,
    wanted: bool,
    ttl: Option<Duration>,
}

impl Body {
    /// `before`: what happens before the call.
    fn of(site: &'static Site, before: impl FnOnce(&Testing, &Arc<Cell>)) -> Self {
        let larder = Larder::testing();
        let late = larder.table().named("late");
        // Changes come before and behind the one that counts.
        block_on(larder.invalidate("late")).expect("an end");
        block_on(larder.invalidate("other")).expect("an end");
        before(&larder, &late);
        let (run, answer) = block_on(miss(&larder, site, None).answer(Vec::new()));
        let Answer::Run(inside) = answer else { panic!("somebody had a value") };
        Self { larder, run, inside, late, named: false, wanted: true, ttl: None }
    }

    fn new() -> Self {
        Self::of(&TIERED, |_, _| {})
    }

    fn now(&self) -> Moment {
        self.larder.now()
    }

    fn frame(&self) -> &Frame {
        self.inside.frame.as_deref().expect("a body gathers what it depends on")
    }

    /// What was gathered until now ends.
    fn returns(&mut self) -> Entry {
        let started = self.run.started.take().expect("it runs");
        let late = self.named.then(|| Arc::clone(&self.late)).into_iter().collect();
        block_on(self.run.judge(started, Box::new(7_u32), late, (self.ttl, None), self.wanted))
    }
}

fn link_breaks(larder: &Testing) {
    larder.redis().fail();
    larder.clock().advance(Duration::from_secs(1));
    assert!(!larder.stats().redis.connected, "it is noticed");
    larder.redis().recover();
    assert!(larder.stats().redis.connected, "and over");
}

#[test]
fn what_nothing_happened_to_is_stored_with_all_that_it_depends_on() {
    let mut body = Body::new();
    body.named = true;
    body.frame().tag(body.larder.table().named("inner"));
    let (began, entry) = (body.now(), body.returns());
    assert!(entry.stored);
    assert_eq!((entry.born, entry.deadline, entry.served_until), (began, began + LIFE, began + LIFE));
    let mut names: Vec<&str> = entry.stamp.parts().iter().map(|(cell, _)| &**cell.name()).collect();
    names.retain(|name| !name.starts_with("@entry"));
    names.sort_unstable();
    assert_eq!(names, ["@everything", "inner", "late", "tools"]);
    assert_eq!(entry.stamp.parts().len(), 5, "and its own entry");
    assert!(entry.stamp.is_current() && entry.stamp.is_confirmed());
}

#[test]
fn no_two_computations_share_a_number() {
    assert_ne!(Body::new().returns().made, Body::new().returns().made);
}

#[test]
fn what_is_not_wanted_or_lives_no_longer_is_not_stored() {
    let stored = |change: &dyn Fn(&mut Body)| {
        let mut body = Body::new();
        change(&mut body);
        body.returns().stored
    };
    assert!(!stored(&|body| body.wanted = false));
    assert!(!stored(&|body| body.ttl = Some(Duration::ZERO)));
    assert!(stored(&|body| body.ttl = Some(TICK)));
    // What the body called lives no longer than until then.
    assert!(!stored(&|body| body.frame().depends(&Stamp::default(), Moment::NEVER, body.now())));
    assert!(stored(&|body| body.frame().depends(&Stamp::default(), Moment::NEVER, body.now() + TICK)));
    assert!(!stored(&|body| body.frame().depends_on_unstored()));
}

#[test]
fn a_value_that_no_call_is_served_does_not_stand_by_for_failures_either() {
    let mut body = Body::of(&KEPT_FOR_FAILURES, |_, _| {});
    body.ttl = Some(Duration::ZERO);
    let entry = body.returns();
    assert!(!entry.stored && entry.deadline > body.now());
    let mut body = Body::of(&KEPT_FOR_FAILURES, |_, _| {});
    let (began, entry) = (body.now(), body.returns());
    assert!(entry.stored);
    assert_eq!((entry.served_until, entry.deadline), (began + LIFE, began + LIFE + LIFE));
}

#[test]
fn what_was_called_inside_bounds_the_life_and_tells_since_when_all_was_current() {
    let mut body = Body::new();
    let (now, second) = (body.now(), Duration::from_secs(1));
    body.frame().depends(&Stamp::default(), now.before(second), now + second);
    let entry = body.returns();
    assert_eq!((entry.born, entry.deadline, entry.served_until), (now.before(second), now + second, now + second));
}

#[test]
fn a_late_name_that_was_ended_since_the_body_began_keeps_it_from_being_stored() {
    let stored = |ends: &str, named: bool| {
        let mut body = Body::new();
        body.named = named;
        block_on(body.larder.invalidate(ends)).expect("an end");
        body.returns().stored
    };
    assert!(!stored("late", true));
    assert!(stored("late", false), "it does not depend on it");
    assert!(stored("other", true));
    let mut tagged = Body::new();
    tagged.frame().tag(Arc::clone(&tagged.late));
    block_on(tagged.larder.invalidate("late")).expect("an end");
    assert!(!tagged.returns().stored, "named inside the body");
    let mut just_before = Body::of(&TIERED, |larder, late| {
        block_on(larder.invalidate("late")).expect("an end");
        assert_eq!(late.changed(), larder.table().counter(), "the last change of all");
    });
    just_before.named = true;
    assert!(just_before.returns().stored);
}

#[test]
fn late_names_are_not_believed_across_two_links() {
    let stored = |named: bool| {
        let mut body = Body::new();
        body.named = named;
        link_breaks(&body.larder);
        body.returns().stored
    };
    assert!(!stored(true), "it may have been ended unseen");
    assert!(stored(false), "whose names have their epochs from before");
}

#[test]
fn what_is_being_written_is_stored_nowhere() {
    let fenced = |site: &'static Site, name: fn(&Body) -> Arc<Cell>, ahead: Duration| {
        let mut body = Body::of(site, |_, _| {});
        let until = body.now() + ahead;
        name(&body).fence(1, until, Moment::START);
        // It begins anew, behind the fence.
        let _ = body.run.begin();
        body.returns().stored
    };
    let entity = |body: &Body| body.larder.table().named("tools");
    let any_entry = |body: &Body| Arc::clone(&body.run.core().any_entry);
    assert!(!fenced(&TIERED, entity, TICK));
    assert!(fenced(&TIERED, entity, Duration::ZERO), "it has run out");
    assert!(!fenced(&MEMORY, any_entry, TICK), "all ends of its function stand for its own");
    assert!(fenced(&MEMORY, any_entry, Duration::ZERO));
    assert!(fenced(&TIERED, any_entry, TICK), "its own end is asked for");
}

#[test]
fn a_late_name_must_not_have_been_fenced_since_the_body_began_though_the_fence_ran_out() {
    let stored = |ahead: Duration| {
        let mut body = Body::new();
        body.named = true;
        body.late.fence(1, body.now() + ahead, Moment::START);
        body.larder.clock().advance(Duration::from_secs(1));
        body.returns().stored
    };
    assert!(!stored(TICK));
    assert!(stored(Duration::ZERO), "it had run out when the body began");
}

#[test]
fn an_end_before_the_body_returns_leaves_the_older_epoch_in_the_stamp() {
    let mut body = Body::new();
    body.larder.table().end(&body.larder.table().named("tools"), Fencing::Raise(Fence { token: 1, life: LIFE }));
    assert!(!body.returns().stamp.is_current());
}

#[test]
fn inside_a_body_its_own_instance_and_frame_are_in_force() {
    let larder = Larder::testing();
    let outer = Frame::new(None, Arc::<Node>::default());
    let mut run = miss(&larder, &TIERED, Some(&outer));
    // A call on the installed instance has none that travels with its task.
    run.ambient.larder = None;
    let inside = run.begin();
    let frame = inside.frame.expect("one of its own");
    assert!(!Arc::ptr_eq(&frame, &outer));
    let within = inside.larder.expect("the instance that the call is made in");
    within.table().named("seen");
    assert!(larder.table().all().iter().any(|cell| &**cell.name() == "seen"));
}

#[test]
fn what_failed_is_told_to_the_body_around_it_though_nothing_is_kept() {
    let larder = Larder::testing();
    let outer = Frame::new(None, Arc::<Node>::default());
    let mut run = miss(&larder, &TIERED, Some(&outer));
    let inside = run.begin();
    let now = larder.now();
    let inner = inside.frame.expect("one of its own");
    inner.tag(larder.table().named("late"));
    inner.depends(&Stamp::default(), now.before(TICK), now + TICK);
    let started = run.started.take().expect("it runs");
    run.report_unstored(started);
    let gathered = outer.take();
    assert!(gathered.unstored);
    assert_eq!((gathered.born, gathered.deadline), (now.before(TICK), now + TICK));
    let names: Vec<&str> = gathered.stamp.parts().iter().map(|(cell, _)| &**cell.name()).collect();
    assert!(names.contains(&"tools") && names.contains(&"late"), "{names:?}");
}

/// Announcements that overtake each other leave an epoch unknown: that says nothing of what was ended since it was so before.
#[test]
fn what_was_forgotten_does_not_stand_by_though_the_epoch_of_any_entry_is_unknown_before_and_behind() {
    for ends in [false, true] {
        let larder = Larder::testing();
        let table = larder.table();
        let runs = || {
            let (run, answer) = block_on(miss(&larder, &KEPT_FOR_FAILURES, None).answer(Vec::new()));
            assert!(matches!(answer, Answer::Run(_)));
            run
        };
        let first = runs();
        let (entry, any_entry) = (Arc::clone(&first.entry), Arc::clone(&first.core().any_entry));
        let (ttl, value) = (None, Box::new(7_u32));
        let returned = Computed { value, names: Vec::new(), ttl, own_ttl: ttl, wanted: true, failed: false };
        assert!(block_on(first.settle(Some(returned))).is_none());
        larder.clock().advance(LIFE);
        let mut raised = u64::MAX >> 2;
        let mut overtake = || {
            raised += 2;
            table.announce(any_entry.name(), Epoch::confirmed(raised), false);
            table.announce(any_entry.name(), Epoch::confirmed(raised - 1), false);
            assert!(!any_entry.epoch().is_known());
        };
        overtake();
        let second = runs();
        if ends {
            table.announce(entry.name(), Epoch::confirmed(u64::MAX >> 1), false);
        }
        overtake();
        assert_eq!(block_on(second.settle(None)).is_some(), !ends, "ended: {ends}");
    }
}

#[test]
fn a_value_is_kept_unless_its_entry_was_ended_behind_the_beginning_of_its_body() {
    for ended_before in [true, false] {
        let larder = Larder::testing().without_redis();
        // Other changes come before the one that counts.
        block_on(larder.invalidate("other")).expect("an end");
        block_on(larder.invalidate("other")).expect("an end");
        let run = miss(&larder, &TIERED, None);
        let entry = Arc::clone(&run.entry);
        let end = || larder.table().end(&entry, Fencing::None);
        if ended_before {
            end();
        }
        let (run, _) = block_on(run.answer(Vec::new()));
        if !ended_before {
            end();
        }
        let (value, ttl) = (Box::new(7_u32), None);
        let returned = Computed { value, names: Vec::new(), ttl, own_ttl: ttl, wanted: true, failed: false };
        assert!(block_on(run.settle(Some(returned))).is_none());
        assert_eq!(larder.stats().entities["tools"].entries, u64::from(ended_before));
    }
}
