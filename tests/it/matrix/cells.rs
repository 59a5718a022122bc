//! How a cell of the matrix is tried: by what it returns, and by how often its body ran.

use std::cell::Cell;

use larder::ttl_cached;

thread_local! {
    static RUNS: Cell<u64> = const { Cell::new(0) };
}

/// What every body does. A test calls its cells on its own thread, and sees no other's runs.
pub(crate) fn ran() {
    RUNS.set(RUNS.get() + 1);
}

/// How many bodies have run on this thread.
pub(crate) fn runs() -> u64 {
    RUNS.get()
}

/// What the cells of `#[invalidates]` end.
#[ttl_cached(entity = "shown", tags("{name}"))]
pub(crate) async fn shown(name: &str) -> usize {
    ran();
    name.len()
}

/// Calls, and fails unless the value is the expected one and the bodies ran as often as expected.
macro_rules! counted {
    ($cell:expr, $runs:expr, $call:expr => $value:expr) => {{
        let before = crate::matrix::cells::runs();
        assert_eq!($call, $value, "{}: its value", $cell);
        assert_eq!(crate::matrix::cells::runs() - before, $runs, "{}: the runs of its body", $cell);
    }};
}

/// Calls that no earlier one may answer, each a hit from then on.
macro_rules! cached {
    ($($cell:expr; $call:expr => $value:expr),+ $(,)?) => {{
        $(
            counted!(format_args!("{}, first called", $cell), 1, $call => $value);
            counted!(format_args!("{}, called again", $cell), 0, $call => $value);
        )+
        $(counted!(format_args!("{}, called after all others", $cell), 0, $call => $value);)+
    }};
}

/// Writes, each of which ends its name and nothing else.
macro_rules! ends {
    ($($cell:expr, $name:expr; $call:expr => $value:expr),+ $(,)?) => {{
        use crate::matrix::cells::shown;
        shown("untouched").await;
        $(
            let (cell, name): (_, &str) = ($cell, $name);
            shown(name).await;
            counted!(format_args!("{cell}, what it ends, before"), 0, shown(name).await => name.len());
            counted!(format_args!("{cell}, the write"), 1, $call => $value);
            counted!(format_args!("{cell}, what it ends, after"), 1, shown(name).await => name.len());
            counted!(format_args!("{cell}, what it does not end"), 0, shown("untouched").await => 9);
        )+
    }};
}

/// Calls that lead where nobody has led before, and follow from then on.
macro_rules! leads {
    ($($cell:expr; $call:expr => $led:expr, $follower:expr);+ $(;)?) => {{
        $(
            counted!(format_args!("{}, leading", $cell), 1, $call => $led);
            counted!(format_args!("{}, following", $cell), 0, $call => $follower);
        )+
    }};
}

/// All macros over functions without a receiver, sync and async. `$n` tells places apart whose functions have the same
/// tokens; leases and ended names have no place, so `$place` is in them.
macro_rules! every {
    ($vis:vis, $place:expr, $n:expr) => {
        #[larder::ttl_cached(entity = "every")]
        $vis fn ttl_sync(id: u32) -> u32 {
            crate::matrix::cells::ran();
            id + $n
        }

        #[larder::ttl_cached(entity = "every")]
        $vis async fn ttl_async(id: u32) -> u32 {
            crate::matrix::cells::ran();
            id + $n
        }

        #[larder::hexsha_cached]
        $vis fn sha_sync(config: &crate::support::Config, id: u32) -> u32 {
            crate::matrix::cells::ran();
            id + $n + u32::try_from(config.0.len()).unwrap()
        }

        #[larder::hexsha_cached]
        $vis async fn sha_async(config: &crate::support::Config, id: u32) -> u32 {
            crate::matrix::cells::ran();
            id + $n + u32::try_from(config.0.len()).unwrap()
        }

        #[larder::invalidates(($place, id))]
        $vis fn ends_sync(id: u32) -> u32 {
            crate::matrix::cells::ran();
            id + $n
        }

        #[larder::invalidates(($place, id))]
        $vis async fn ends_async(id: u32) -> u32 {
            crate::matrix::cells::ran();
            id + $n
        }

        #[larder::leader(($place, "sync", id), ttl = "1m", grace = "1m")]
        $vis fn leads_sync(id: u32) -> Option<u32> {
            crate::matrix::cells::ran();
            Some(id + $n)
        }

        #[larder::leader(($place, "async", id), ttl = "1m", grace = "1m")]
        $vis async fn leads_async(id: u32) -> Option<u32> {
            crate::matrix::cells::ran();
            Some(id + $n)
        }
    };
}

/// Tries what `every!` wrote at a place: `try_every!("place", 10, path::to::it::)`.
macro_rules! try_every {
    ($place:expr, $n:expr, $($at:tt)*) => {{
        use crate::support::Config;
        let (place, n): (&str, u32) = ($place, $n);
        cached! {
            format_args!("{place}: ttl_cached, sync"); $($at)* ttl_sync(1) => 1 + n,
            format_args!("{place}: ttl_cached, sync, another argument"); $($at)* ttl_sync(2) => 2 + n,
            format_args!("{place}: ttl_cached, async"); $($at)* ttl_async(1).await => 1 + n,
            format_args!("{place}: ttl_cached, async, another argument"); $($at)* ttl_async(2).await => 2 + n,
            format_args!("{place}: hexsha_cached, sync"); $($at)* sha_sync(&Config("a"), 1) => 2 + n,
            format_args!("{place}: hexsha_cached, sync, another argument"); $($at)* sha_sync(&Config("a"), 2) => 3 + n,
            format_args!("{place}: hexsha_cached, sync, another revision"); $($at)* sha_sync(&Config("aaa"), 1) => 4 + n,
            format_args!("{place}: hexsha_cached, async"); $($at)* sha_async(&Config("a"), 1).await => 2 + n,
            format_args!("{place}: hexsha_cached, async, another argument"); $($at)* sha_async(&Config("a"), 2).await => 3 + n,
            format_args!("{place}: hexsha_cached, async, another revision"); $($at)* sha_async(&Config("aaa"), 1).await => 4 + n,
        }
        ends! {
            format!("{place}: invalidates, sync"), &format!("{place}:1"); $($at)* ends_sync(1) => 1 + n,
            format!("{place}: invalidates, sync, another argument"), &format!("{place}:2"); $($at)* ends_sync(2) => 2 + n,
            format!("{place}: invalidates, async"), &format!("{place}:1"); $($at)* ends_async(1).await => 1 + n,
            format!("{place}: invalidates, async, another argument"), &format!("{place}:2"); $($at)* ends_async(2).await => 2 + n,
        }
        leads! {
            format_args!("{place}: leader, sync"); $($at)* leads_sync(1) => Some(1 + n), None;
            format_args!("{place}: leader, sync, another key"); $($at)* leads_sync(2) => Some(2 + n), None;
            format_args!("{place}: leader, async"); $($at)* leads_async(1).await => Some(1 + n), None;
            format_args!("{place}: leader, async, another key"); $($at)* leads_async(2).await => Some(2 + n), None;
        }
    }};
}
