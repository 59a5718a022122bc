//! What is known of names, step by step: epochs, stamps, fences, and what is swept.

use std::sync::Arc;
use std::time::Duration;

use super::{Cell, Epoch, Fence, Fencing, Stamp, Table, Told};
use crate::clock::{Clock, Moment};

const fn at(raw: u64) -> Epoch {
    Epoch::confirmed(raw)
}

const fn moment(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}

fn known(table: &Table, name: &str, raw: u64) -> Arc<Cell> {
    let cell = table.cell(name);
    table.announce(name, at(raw), false);
    cell
}

#[test]
fn an_epoch_is_written_as_it_is_read_and_only_those_of_redis_have_an_order() {
    for text in ["1.0", "1.4095", "1763712345678901.17", "2251799813685247.4095"] {
        let epoch = Epoch::parse(text).expect(text);
        assert_eq!(epoch.to_string(), text);
        assert!(epoch.is_confirmed() && epoch.is_known());
    }
    let early = Epoch::parse("7.4095").expect("an epoch");
    let late = Epoch::parse("8.0").expect("an epoch");
    assert_eq!((early.micros(), late.micros(), late.raw() - early.raw()), (7, 8, 1));
    assert!(early.is_before(late) && !late.is_before(early) && !late.is_before(late));
    let here = Epoch::provisional(3);
    assert!(here.is_known() && !here.is_confirmed());
    assert!(!early.is_before(here) && !here.is_before(late) && !Epoch::UNKNOWN.is_before(late));
    assert_eq!((here.micros(), Epoch::UNKNOWN.micros(), Epoch::UNKNOWN.is_known()), (0, 0, false));
    assert_eq!(Epoch::confirmed(here.raw()), at(3), "whatever Redis says is of Redis");
}

#[test]
fn a_name_with_two_epochs_in_a_stamp_is_never_current() {
    for (first, second) in [(4, 5), (5, 4), (3, 4)] {
        let table = Table::new(true);
        let cell = known(&table, "tools", 5);
        let mut stamp = Stamp::default();
        stamp.add(&cell, at(first));
        stamp.add(&cell, at(second));
        assert_eq!(stamp.parts().len(), 1);
        assert!(!stamp.is_current(), "{first} and {second}");
    }
}

#[test]
fn a_stamp_is_current_while_all_its_names_are_and_confirmed_where_all_are_of_redis() {
    let table = Table::new(true);
    let (a, b) = (known(&table, "a", 5), known(&table, "b", 6));
    let mut stamp = Stamp::default();
    assert!(stamp.is_current() && stamp.is_confirmed());
    stamp.add(&a, at(5));
    stamp.add(&a, at(5));
    let mut other = Stamp::default();
    other.add(&b, at(6));
    stamp.merge(&other);
    assert_eq!(stamp.parts().iter().map(|(_, epoch)| *epoch).collect::<Vec<_>>(), [at(5), at(6)]);
    assert!(stamp.is_current() && stamp.is_confirmed());
    table.announce("b", at(7), false);
    assert!(!stamp.is_current() && stamp.is_confirmed());
    let alone = stamp.without(&b);
    assert!(alone.is_current() && Arc::ptr_eq(&alone.parts()[0].0, &a) && alone.parts().len() == 1);
    stamp.add(&table.cell("c"), Epoch::provisional(1));
    assert!(!stamp.is_confirmed());
}

/// Fences are of this process, or told by Redis; each falls on its own.
#[test]
fn the_last_fence_counts_and_each_falls_on_its_own() {
    let table = Table::new(true);
    let cell = known(&table, "tools", 5);
    assert_eq!(cell.fenced_until(), Moment::START);
    cell.fence(1, moment(30), moment(0));
    cell.fence(2, moment(20), moment(0));
    assert_eq!(cell.fenced_until(), moment(30));
    cell.fence(2, moment(40), moment(0));
    cell.fence(2, moment(10), moment(0));
    assert_eq!(cell.fenced_until(), moment(40), "of two with one token the longer counts");
    cell.unfence(2);
    assert_eq!(cell.fenced_until(), moment(30));
    // One that ran out, and was never taken away, is remembered: what began behind it must be told.
    cell.fence(3, moment(50), moment(30));
    cell.unfence(3);
    assert_eq!(cell.fenced_until(), moment(30));
    cell.unfence(1);
    assert_eq!(cell.fenced_until(), moment(30), "it is past, and no longer anybody's");
    table.announce("tools", Told { epoch: at(6), fenced: moment(60) }, false);
    assert_eq!(cell.fenced_until(), moment(60));
    let before = cell.changed();
    table.announce("tools", at(6), false);
    assert_eq!((cell.fenced_until(), cell.changed()), (moment(30), before), "it fell, and nothing was ended");
}

#[test]
fn an_end_raises_and_lowers_its_fence_and_settles_its_source() {
    let clock = Clock::system();
    let table = Table::with(false, clock.clone(), Duration::from_secs(500));
    let cell = table.cell("tools");
    let fence = Fence { token: 9, life: Duration::from_secs(1_000) };
    table.end(&cell, Fencing::Raise(fence));
    let until = cell.fenced_until();
    assert!(until > clock.coarse() + Duration::from_secs(999));
    assert!(until <= clock.coarse() + clock.lag() + Duration::from_secs(1_000));
    table.end(&cell, Fencing::Lower(8));
    assert_eq!(cell.fenced_until(), until, "another's");
    table.end(&cell, Fencing::Lower(9));
    let settled = cell.fenced_until();
    assert!(settled > clock.coarse() + Duration::from_secs(499), "the source settles: {settled:?}");
    assert!(settled <= clock.coarse() + clock.lag() + Duration::from_secs(500));
    let at_once = Table::new(false);
    let cell = at_once.cell("tools");
    at_once.end(&cell, Fencing::None);
    assert_eq!(cell.fenced_until(), Moment::START);
}

#[test]
fn what_a_receipt_says_ends_what_is_older_and_nothing_else() {
    let table = Table::new(true);
    let cell = known(&table, "tools", 5);
    let before = cell.changed();
    for raw in [4, 5] {
        table.reaches(&cell, at(raw));
        assert_eq!((cell.epoch(), cell.changed()), (at(5), before), "{raw}");
    }
    table.reaches(&cell, at(6));
    assert_eq!(cell.epoch(), Epoch::UNKNOWN, "Redis is asked: there may be a later one");
    assert!(cell.changed() > before);
    assert!(table.learn(&cell, cell.guard(), at(5)), "Redis forgot what the receipt says");
    assert!(!table.learn(&cell, cell.guard(), at(6)));
    assert_eq!(cell.epoch(), at(6));
    // Where there is no Redis the receipt ends it once.
    let alone = Table::new(false);
    let cell = alone.cell("tools");
    let first = cell.epoch();
    alone.reaches(&cell, at(5));
    let second = cell.epoch();
    assert!(second != first && second.is_known() && !second.is_confirmed());
    alone.reaches(&cell, at(5));
    assert_eq!(cell.epoch(), second);
}

#[test]
fn an_epoch_that_nobody_knows_is_made_once() {
    let table = Table::new(true);
    let cell = table.cell("tools");
    let made = cell.epoch_or(|| table.provisional());
    assert!(made.is_known() && !made.is_confirmed());
    assert_eq!(cell.epoch_or(|| table.provisional()), made);
    assert_ne!(table.provisional(), table.provisional());
}

#[test]
fn nothing_asked_on_a_former_link_is_taken_over_and_ends_across_two_links_leave_the_epoch_unknown() {
    let table = Table::new(true);
    let cell = known(&table, "tools", 5);
    let former = cell.guard();
    let present = cell.distrust();
    table.learn(&cell, former, at(6));
    assert_eq!(cell.epoch(), at(5));
    table.learn(&cell, present, at(6));
    assert_eq!(cell.epoch(), at(6));
    table.begin_end(&cell, Fencing::None);
    assert!(cell.is_pending());
    cell.distrust();
    table.confirm_end(&cell, 1, at(7));
    assert!(!cell.is_pending());
    assert_eq!(cell.epoch(), Epoch::UNKNOWN, "what others ended on the former link was missed");
}

#[test]
fn a_server_that_lost_its_data_is_believed_in_nothing_but_what_is_owed_to_it() {
    let table = Table::new(true);
    let (known, owed) = (known(&table, "known", 5), known(&table, "owed", 5));
    table.begin_end(&owed, Fencing::None);
    let here = owed.epoch();
    let (guard, asked, changed) = (owed.guard(), known.guard(), known.changed());
    table.forget_all();
    assert!(!table.learn(&known, asked, at(5)), "nor of this one");
    assert_eq!((known.epoch(), owed.epoch()), (Epoch::UNKNOWN, here));
    assert!(known.changed() > changed);
    assert_ne!(owed.guard(), guard, "no reply from before is taken over");
}

/// Every change of the names behind it is newer than all that was asked before.
#[test]
fn on_a_new_link_what_redis_forgot_is_owed_to_it() {
    let table = Table::new(true);
    let cell = known(&table, "tools", 5);
    assert!(table.learn_again(&cell, cell.distrust(), Some(at(4).into())), "it forgot the fifth");
    assert!(cell.is_pending());
    let other = known(&table, "other", 5);
    assert!(!table.learn_again(&other, other.distrust(), None), "evicted: there is nothing to tell");
    assert_eq!((other.epoch(), other.is_pending()), (Epoch::UNKNOWN, false));
    let changed = known(&table, "changed", 5);
    assert!(!table.learn_again(&changed, changed.distrust(), Some(at(6).into())));
    assert_eq!(changed.epoch(), at(6));
}

/// Names that are used, owed, fenced or were lately changed.
#[test]
fn what_still_counts_is_not_swept_and_the_rest_is() {
    let (many, changes) = if cfg!(miri) { (1_100, 3_300) } else { (5_000, 4_000) };
    let few = Table::new(true);
    for id in 0..100 {
        let _ = few.cell(&id.to_string());
    }
    assert_eq!(few.all().len(), 100, "few are not worth it");
    for id in 0..many {
        let _ = few.cell(&id.to_string());
    }
    assert!(few.all().len() < many * 3 / 5, "where nothing was ever ended, too");
    let table = Table::new(true);
    let used = table.cell("used");
    known(&table, "early", 5);
    known(&table, "as early", 5);
    table.announce("as early", at(6), false);
    table.begin_end(&table.cell("owed"), Fencing::None);
    table.cell("fenced").fence(1, Moment::NEVER, moment(0));
    let floor = table.counter();
    // Enough changes that the first of them is long past.
    let busy = table.cell("busy");
    for raw in 0..changes {
        if raw == changes - 2_900 {
            known(&table, "recent", 5);
        }
        table.announce("busy", at(10 + raw), false);
    }
    known(&table, "lately", 5);
    for id in 0..many {
        let _ = table.cell(&format!("met:{id}"));
    }
    let names: Vec<Arc<Cell>> = table.all();
    let has = |name: &str| names.iter().any(|cell| &**cell.name() == name);
    for name in ["used", "busy", "owed", "fenced", "recent", "lately"] {
        assert!(has(name), "{name} was swept");
    }
    assert!(!has("early") && !has("as early") && names.len() < many * 3 / 5, "{} names are kept", names.len());
    assert!(table.cell("early").changed() > 0 && table.cell("never met").changed() <= floor + 1);
    drop((used, busy));
}

/// What was asked before any news is not taken over after it: so no two of these moments are alike.
#[test]
fn all_news_makes_what_was_asked_before_worthless() {
    let table = Table::new(true);
    let cell = table.cell("tools");
    let mut guards = vec![cell.guard()];
    let told = |raw| Told { epoch: at(raw), fenced: moment(60) };
    let news: [&dyn Fn(); 14] = [
        &|| table.announce("tools", at(5), true),
        &|| table.announce("tools", told(5), false),
        &|| table.announce("tools", at(5), false),
        &|| table.announce("tools", at(6), false),
        &|| table.begin_end(&cell, Fencing::None),
        &|| table.forget_all(),
        &|| table.announce("tools", at(7), false),
        &|| table.confirm_end(&cell, 1, at(7)),
        &|| _ = cell.distrust(),
        &|| table.reaches(&cell, at(8)),
        &|| _ = table.learn(&cell, cell.guard(), at(8)),
        &|| _ = table.learn(&cell, cell.guard(), at(9)),
        &|| table.forget_all(),
        &|| table.end(&cell, Fencing::None),
    ];
    for (at, news) in news.iter().enumerate() {
        news();
        let now = cell.guard();
        assert!(!guards.contains(&now), "news {at} leaves no trace");
        guards.push(now);
    }
}

#[test]
fn a_reply_from_before_an_announcement_is_no_loss_and_raises_no_fence_again() {
    let table = Table::new(true);
    let cell = table.cell("tools");
    let asked = cell.guard();
    table.announce("tools", at(5), true);
    assert!(!table.learn(&cell, asked, at(4)), "it was right when it was asked");
    table.announce("tools", Told { epoch: at(6), fenced: moment(60) }, false);
    let asked = cell.guard();
    table.announce("tools", at(6), false);
    table.learn(&cell, asked, Told { epoch: at(6), fenced: moment(60) });
    assert_eq!(cell.fenced_until(), Moment::START);
}

#[test]
fn what_is_read_brings_its_fences_and_a_first_reading_ends_nothing() {
    let table = Table::new(true);
    let cell = table.cell("tools");
    let before = cell.changed();
    table.learn(&cell, cell.guard(), Told { epoch: at(5), fenced: moment(60) });
    assert_eq!((cell.epoch(), cell.changed(), cell.fenced_until()), (at(5), before, moment(60)));
    table.learn(&cell, cell.guard(), at(5));
    assert_eq!((cell.changed(), cell.fenced_until()), (before, Moment::START));
    table.learn(&cell, cell.guard(), Told { epoch: at(6), fenced: moment(70) });
    assert_eq!((cell.epoch(), cell.fenced_until()), (at(6), moment(70)));
    assert!(cell.changed() > before);
}

/// While an end made here waits for its answer, others go on to write.
#[test]
fn what_is_heard_while_an_end_is_under_way_fences_and_counts() {
    let table = Table::new(true);
    let cell = known(&table, "tools", 5);
    table.begin_end(&cell, Fencing::None);
    table.announce("tools", Told { epoch: at(6), fenced: moment(60) }, false);
    assert_eq!(cell.fenced_until(), moment(60), "at once");
    table.confirm_end(&cell, 1, at(6));
    assert_eq!((cell.epoch(), cell.fenced_until()), (at(6), moment(60)));
    // An old announcement is none of the highest.
    let late = known(&table, "late", 8);
    table.announce("late", at(7), false);
    assert!(table.learn(&late, late.guard(), at(7)), "Redis forgot the eighth");
    // More than are remembered: what came last is not known.
    for more in [62, 63, 64, 65, 200] {
        let name = format!("busy:{more}");
        let cell = known(&table, &name, 10);
        table.begin_end(&cell, Fencing::None);
        (11..=10 + more).for_each(|raw| table.announce(&name, at(raw), false));
        table.confirm_end(&cell, 1, at(11));
        let expected = if more < 64 { at(10 + more) } else { Epoch::UNKNOWN };
        assert_eq!(cell.epoch(), expected, "{more} announcements");
    }
}

#[test]
fn a_receipt_or_a_new_link_in_the_midst_of_an_end_leaves_it_unknown_and_before_it_does_not() {
    let table = Table::new(true);
    for (at_name, midst) in [("a", true), ("b", false)] {
        for by_receipt in [true, false] {
            let name = format!("{at_name}{by_receipt}");
            let cell = known(&table, &name, 5);
            let news = || match by_receipt {
                true => table.reaches(&cell, at(6)),
                false => _ = cell.distrust(),
            };
            if !midst {
                news();
            }
            table.begin_end(&cell, Fencing::None);
            if midst {
                news();
            }
            table.confirm_end(&cell, 1, at(7));
            assert_eq!(cell.epoch(), if midst { Epoch::UNKNOWN } else { at(7) }, "{name}");
        }
    }
}

#[test]
fn a_stamp_is_known_to_be_ended_by_another_epoch_and_not_by_one_that_is_lost() {
    let table = Table::new(true);
    let (tools, tag) = (known(&table, "tools", 5), known(&table, "tag", 5));
    let mut stamp = Stamp::default();
    assert!(!stamp.is_ended());
    [&tools, &tag].iter().for_each(|cell| stamp.add(cell, cell.epoch()));
    assert!(!stamp.is_ended());
    table.forget_all();
    assert!(!stamp.is_current() && !stamp.is_ended(), "what is lost may be read again");
    table.announce("tag", at(5), true);
    assert!(!stamp.is_ended());
    table.announce("tag", at(6), false);
    assert!(stamp.is_ended());
}
