//! Two keys whose hashes begin alike, as whoever chooses keys can find them: an end takes out both.

use std::any::TypeId;
use std::sync::Arc;

use super::{Entry, Facts, Function, Instantiation, Memory, Revisions, Shelf, Site};
use crate::clock::Moment;
use crate::epoch::{Entries as _, Stamp};
use crate::instance::{Larder, Settings};
use crate::key::Form;

static AGING: Site = Site::memory().named("aging", "tools", 1);
static REVISED: Site = Site::memory().named("revised", "", 2);

const MARK: u64 = 7;

fn function<M: Shelf>(larder: &Larder, site: &'static Site) -> Arc<Function> {
    larder.function::<M>(site, Instantiation { id: TypeId::of::<Site>(), name: site.name }).0
}

#[test]
fn of_two_keys_that_share_a_mark_an_end_takes_out_both() {
    let larder = Larder::in_memory(Settings::default());
    for function in [function::<Memory<u32>>(&larder, &AGING), function::<Revisions<u32>>(&larder, &REVISED)] {
        let captured = function.values.capture(b"revision");
        let (core, cell) = (&function.core, larder.table().cell("entry"));
        let keys = ["one", "two", "three"].map(|key| Form::from(key.as_bytes()));
        for (key, mark) in keys.iter().zip([MARK, MARK, MARK + 1]) {
            let mut stamp = Stamp::default();
            core.cells.iter().for_each(|cell| stamp.add(cell, cell.epoch()));
            let (born, never) = (Moment::START, Moment::NEVER);
            let (deadline, served_until, renew_at) = (never, never, never);
            let value = Box::new(1_u32);
            let entry = Entry { value, stamp, born, deadline, served_until, renew_at, stored: true, made: 9 };
            let facts = Facts::of(&entry, &core.cells, mark);
            function.keep(captured.as_ref(), key, (&*entry.value, facts), &cell, larder.table().counter());
        }
        let found = || keys.each_ref().map(|key| function.found(captured.as_ref(), key).is_some());
        assert!(found()[1] && found()[2], "{}: they were stored", function.core.path);
        function.end_one(MARK);
        assert_eq!(found(), [false, false, true], "{}", function.core.path);
    }
}
