//! What those who keep single entries are told: each end once it is known, and nothing that ended none of theirs.

use std::sync::Arc;
use std::time::Duration;

use super::table::Table;
use super::{Cell, Entries, Epoch, Fence, Fencing, Owner, is_entry, mark};
use crate::sync::{Mutex, PoisonError, Weak};

const fn at(raw: u64) -> Epoch {
    Epoch::confirmed(raw)
}

const HASH: [u8; 32] = [9; 32];

/// What a keeper was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    One(u64),
    All,
}

#[derive(Default)]
struct Keeper(Mutex<Vec<News>>);

impl Keeper {
    fn told(&self) -> Vec<News> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hears(&self, news: News) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(news);
    }
}

impl Entries for Keeper {
    fn end_one(&self, mark: u64) {
        self.hears(News::One(mark));
    }

    fn end_all(&self) {
        self.hears(News::All);
    }
}

/// A function whose entries somebody keeps, and another one.
struct Function {
    table: Table,
    owner: Owner,
    keeper: Arc<Keeper>,
    stranger: Arc<Keeper>,
}

impl Function {
    fn new() -> Self {
        let (table, owner, other) = (Table::new(true), Owner::of(&[1; 32]), Owner::of(&[2; 32]));
        let (keeper, stranger) = (Arc::<Keeper>::default(), Arc::<Keeper>::default());
        table.keep(owner, weak(&keeper));
        table.keep(other, weak(&stranger));
        Self { table, owner, keeper, stranger }
    }

    fn entry(&self) -> Arc<Cell> {
        self.table.cell(&self.owner.entry(&HASH))
    }

    fn any_entry(&self) -> Arc<Cell> {
        self.table.cell(&self.owner.any_entry())
    }

    /// What was told since this was last asked for; the other function is told nothing.
    fn told(&self) -> Vec<News> {
        assert_eq!(self.stranger.told(), [], "an end of another function's");
        self.keeper.told()
    }

    fn learns(&self, cell: &Cell, raw: u64) {
        assert!(!self.table.learn(cell, cell.guard(), at(raw)));
    }
}

fn weak(keeper: &Arc<Keeper>) -> Weak<dyn Entries> {
    let keeper: Arc<dyn Entries> = Arc::clone(keeper) as Arc<dyn Entries>;
    Arc::downgrade(&keeper)
}

fn one() -> Vec<News> {
    vec![News::One(mark(&HASH))]
}

#[test]
fn an_end_made_here_or_announced_is_told_at_once() {
    let function = Function::new();
    let (table, cell) = (&function.table, function.entry());
    table.end(&cell, Fencing::None);
    assert_eq!(function.told(), one());
    let cell = function.entry();
    table.begin_end(&cell, Fencing::None);
    assert_eq!(function.told(), one());
    table.announce(cell.name(), at(5), false);
    assert_eq!(function.told(), one(), "others end it, too, while this end is under way");
    table.confirm_end(&cell, 1, at(5));
    table.announce(cell.name(), at(5), false);
    assert_eq!(function.told(), [], "that was this one");
    table.announce(cell.name(), at(6), false);
    assert_eq!(function.told(), one());
}

#[test]
fn a_first_epoch_and_names_that_end_no_single_entry_are_told_to_nobody() {
    let function = Function::new();
    let (table, any) = (&function.table, function.any_entry());
    table.announce(function.entry().name(), at(5), true);
    assert_eq!(function.told(), []);
    // Each end of an entry raises the epoch of any, and is told by the entry's own.
    table.begin_end(&any, Fencing::Raise(Fence { token: 1, life: Duration::ZERO }));
    table.confirm_end(&any, 1, at(5));
    table.announce(any.name(), at(6), false);
    table.end(&table.cell("tools"), Fencing::None);
    table.announce("tools", at(7), false);
    assert_eq!(function.told(), []);
}

#[test]
fn what_is_read_is_told_where_it_shows_an_end() {
    let function = Function::new();
    for (cell, news) in [(function.entry(), one()), (function.any_entry(), vec![News::All])] {
        function.learns(&cell, 5);
        assert_eq!(function.told(), [], "nothing was known before");
        function.learns(&cell, 5);
        assert_eq!(function.told(), [], "as it was");
        function.learns(&cell, 6);
        assert_eq!(function.told(), news, "one was missed");
        function.table.forget_all();
        cell.epoch_or(|| function.table.provisional());
        function.learns(&cell, 7);
        assert_eq!(function.told(), [], "with an epoch of this process alone nothing is compared");
    }
}

#[test]
fn what_a_receipt_ends_is_told_and_what_it_does_not_is_not() {
    let function = Function::new();
    for (cell, news) in [(function.entry(), one()), (function.any_entry(), vec![News::All])] {
        function.learns(&cell, 5);
        function.table.reaches(&cell, at(5));
        assert_eq!(function.told(), []);
        function.table.reaches(&cell, at(6));
        assert_eq!(function.told(), news);
    }
}

#[test]
fn all_who_keep_entries_of_one_function_are_told_while_they_live() {
    let function = Function::new();
    let second = Arc::<Keeper>::default();
    function.table.keep(function.owner, weak(&second));
    function.table.end(&function.entry(), Fencing::None);
    assert_eq!((function.told(), second.told()), (one(), one()));
    drop(second);
    function.table.end(&function.entry(), Fencing::None);
    assert_eq!(function.told(), one());
    assert!(format!("{:?}", function.table).contains("Keepers { functions: 2 }"));
}

#[test]
fn on_a_new_link_an_entry_that_was_ended_meanwhile_is_told_and_what_was_lost_is_not() {
    let function = Function::new();
    let (table, cell) = (&function.table, function.entry());
    let again = |told: Option<u64>| {
        let forgot = table.learn_again(&cell, cell.distrust(), told.map(|raw| at(raw).into()));
        (forgot, function.told())
    };
    assert_eq!(again(Some(5)), (false, vec![]), "nothing was known before");
    assert_eq!(again(Some(5)), (false, vec![]), "as it was");
    assert_eq!(again(Some(6)), (false, one()));
    assert_eq!(again(None), (false, vec![]), "evicted: the epoch of any entry tells");
    assert_eq!(again(Some(7)), (false, vec![]));
    assert_eq!(again(Some(6)), (true, one()), "the seventh was forgotten, and is ended once more");
    assert!(cell.is_pending());
}

#[test]
fn on_a_new_link_all_is_ended_unless_the_epoch_of_any_entry_is_as_it_was() {
    let function = Function::new();
    let (table, any) = (&function.table, function.any_entry());
    let again = |told: Option<u64>| {
        table.learn_again(&any, any.distrust(), told.map(|raw| at(raw).into()));
        function.told()
    };
    assert_eq!(again(Some(5)), [News::All], "it was not known when there was a link");
    table.unlink();
    assert_eq!(again(Some(5)), []);
    assert_eq!(again(Some(6)), [News::All], "some were missed");
    table.unlink();
    assert_eq!(again(None), [News::All], "lost: any number may have been missed");
    table.unlink();
    assert_eq!(again(None), [News::All], "unknown then as it is now");
    // An entry and a tag are compared with nothing of the kind.
    for name in [function.owner.entry(&HASH).as_str(), "tools"] {
        table.unlink();
        table.learn_again(&table.cell(name), table.cell(name).distrust(), Some(at(9).into()));
        assert_eq!(function.told(), [], "{name}");
    }
}

#[test]
fn functions_whose_epoch_of_any_entry_is_of_this_process_alone_may_have_missed_ends() {
    let function = Function::new();
    let any = function.any_entry();
    let _tag = function.table.cell("tools");
    function.table.end_unseen();
    assert_eq!(function.told(), [News::All], "nothing is known of it");
    function.learns(&any, 5);
    function.table.end_unseen();
    assert_eq!(function.told(), []);
    function.table.begin_end(&any, Fencing::None);
    function.table.end_unseen();
    assert_eq!(function.told(), [News::All]);
}

#[test]
fn single_entries_are_learnt_again_before_all_others() {
    let function = Function::new();
    let (table, any) = (&function.table, function.any_entry());
    for id in 0..20 {
        let _ = (table.cell(&format!("tag:{id}")), table.cell(&function.owner.entry(&[id; 32])));
    }
    let order: Vec<bool> = table.all_again().iter().map(|cell| is_entry(cell)).collect();
    assert_eq!(order, [[true; 20].as_slice(), &[false; 21]].concat());
    assert!(!is_entry(&any));
}
