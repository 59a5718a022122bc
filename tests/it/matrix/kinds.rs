//! What functions return, by each macro that may answer it, sync and async.

use std::sync::Arc;

use super::returns::{Answer, Fault, Maybe, Number, Outcome};
use crate::matrix::cells::ran;
use crate::support::{Config, memory};

/// A return type: its functions in a module, and a test named after it.
macro_rules! kind {
    (
        $module:ident, $name:literal $(#[$below:meta])?: ($text:ident: &str $(, $($more:tt)*)?) -> $ret:ty $body:block
        $(($($argument:expr),*) => $value:expr, $ended:expr),+ $(,)?
        $(; fails ($($failing:expr),*) => $failure:expr)?
    ) => {
        six! {
            $name $(#[$below])?; [mod $module] {
                use super::*;

                #[tokio::test]
                async fn all() {
                    let cells = async {
                        try_six! { $name: $([] [] ($($argument),*) => $value, $ended);+ }
                        $(
                            for _ in 0..2 {
                                counted!("ttl_cached, sync, a failure", 1, ttl_sync($($failing),*) => $failure);
                                counted!("ttl_cached, async, a failure", 1, ttl_async($($failing),*).await => $failure);
                                counted!("hexsha_cached, sync, a failure", 1, sha_sync(&Config("a"), $($failing),*) => $failure);
                                counted!("hexsha_cached, async, a failure", 1, sha_async(&Config("a"), $($failing),*).await => $failure);
                                ends_nothing!($name, ends_sync($($failing),*) => $failure);
                                ends_nothing!($name, ends_async($($failing),*).await => $failure);
                            }
                        )?
                    };
                    memory().await.scope(Box::pin(cells)).await;
                }
            }
            [] [] ($text: &str $(, $($more)*)?) -> $ret [], cached(), named($text.len()) $body
        }
    };
}

/// A write of a text of length 1 that fails, and so ends nothing.
macro_rules! ends_nothing {
    ($name:literal, $call:expr => $failure:expr) => {{
        let name = format!("{}:1", $name);
        crate::matrix::cells::shown(&name).await;
        counted!("a failing write", 1, $call => $failure);
        counted!("what a failing write does not end", 0, crate::matrix::cells::shown(&name).await => name.len());
    }};
}

kind! {
    by_alias, "an alias": (text: &str) -> Number { ran(); Ok(text.parse()?) }
    ("1") => Ok(1), 1,
    ("12") => Ok(12), 2,
    ; fails ("x") => Err(Fault)
}

kind! {
    by_alias_of_aliases, "an alias of aliases": (text: &str) -> Answer<Maybe<Maybe<u32>>> {
        ran();
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Some(text.parse()?)))
    }
    ("") => Ok(None), 0,
    ("12") => Ok(Some(Some(12))), 2,
    ; fails ("x") => Err(Fault)
}

kind! {
    of_ones_own, "one's own": (text: &str) -> Outcome<u32> {
        ran();
        let Ok(number) = text.parse() else { return Outcome::Bad };
        Outcome::Good(number)
    }
    ("1") => Outcome::Good(1), 1,
    ("12") => Outcome::Good(12), 2,
    ; fails ("x") => Outcome::Bad
}

kind! {
    option_of_option, "an option of an option": (text: &str) -> Option<Option<usize>> {
        ran();
        text.len().checked_sub(1).map(|len| len.checked_sub(1))
    }
    ("") => None, 0,
    ("a") => Some(None), 1,
    ("ab") => Some(Some(0)), 2,
}

kind! {
    of_arc, "Arc": (text: &str) -> Arc<[String]> { ran(); [text.to_owned()].into() }
    ("a") => ["a".to_owned()].into(), 1,
    ("ab") => ["ab".to_owned()].into(), 2,
}

kind! {
    of_box, "Box": (text: &str) -> Box<(String, u8)> { ran(); Box::new((text.to_owned(), 1)) }
    ("a") => Box::new(("a".to_owned(), 1)), 1,
    ("ab") => Box::new(("ab".to_owned(), 1)), 2,
}

kind! {
    of_nothing, "()": (text: &str) -> () {
        if text.len() > 9 {
            return;
        }
        ran();
    }
    ("a") => (), 1,
    ("ab") => (), 2,
}

kind! {
    ok_of_nothing, "Ok(())": (text: &str) -> Result<(), Fault> {
        ran();
        text.parse::<u32>()?;
        Ok(())
    }
    ("1") => Ok(()), 1,
    ("12") => Ok(()), 2,
    ; fails ("x") => Err(Fault)
}

kind! {
    must_be_used, "#[must_use]" #[must_use]: (text: &str) -> usize { ran(); text.len() }
    ("1") => 1, 1,
    ("12") => 2, 2,
}

kind! {
    in_this_build, "#[cfg]" #[cfg(test)]: (text: &str, #[cfg(not(test))] absent: NoSuchType) -> usize { ran(); text.len() }
    ("1") => 1, 1,
    ("12") => 2, 2,
}

kind! {
    documented, "doc" #[doc = "Documented."]: (text: &str) -> usize { ran(); text.len() }
    ("1") => 1, 1,
    ("12") => 2, 2,
}

/// An attribute of another, on each of the eight.
macro_rules! beside {
    ($module:ident, $name:literal $(above #[$above:meta])? $(#[$below:meta])?) => {
        eight! {
            $name $(above #[$above])? $(#[$below])?; [mod $module] {
                use super::*;

                #[tokio::test]
                async fn all() {
                    let cells = async {
                        try_eight! { $name:
                            [] [] ("1") => Some(1), 1;
                            [] [] ("12") => Some(12), 2;
                        }
                    };
                    memory().await.scope(Box::pin(cells)).await;
                }
            }
            [] [] (text: &str) -> Option<u32> [], cached(), named(text.len()) {
                ran();
                let number = text.parse().ok()?;
                Some(number)
            }
        }
    };
}

beside! { instrument_below, "instrument below" #[tracing::instrument(skip_all)] }
beside! { instrument_above, "instrument above" above #[tracing::instrument(skip_all)] }
beside! { must_use_above, "must_use above" above #[cfg_attr(test, must_use)] #[doc = "Documented."] }
beside! { cfg_above, "cfg above" above #[cfg(test)] #[must_use = "a value"] }

/// What leaders return, sync and async.
macro_rules! led {
    ($name:literal, $sync:ident, $async:ident: -> $ret:ty { $body:expr } $led:pat, $following:pat) => {{
        #[larder::leader(($name, "sync", n), ttl = "1m", grace = "1m", on_err = grace)]
        fn $sync(n: u32) -> $ret {
            let led = n;
            ran();
            let answer = $body;
            answer(led)
        }

        #[larder::leader(($name, "async", n), ttl = "1m", grace = "1m", on_err = grace)]
        async fn $async(n: u32) -> $ret {
            let led = n;
            ran();
            let answer = $body;
            answer(led)
        }

        #[allow(clippy::redundant_pattern_matching, reason = "the pattern is of any type")]
        for n in [1, 2] {
            counted!(concat!($name, ", sync, leading"), 1, matches!($sync(n), $led) => true);
            counted!(concat!($name, ", sync, following"), 0, matches!($sync(n), $following) => true);
            counted!(concat!($name, ", async, leading"), 1, matches!($async(n).await, $led) => true);
            counted!(concat!($name, ", async, following"), 0, matches!($async(n).await, $following) => true);
        }
    }};
}

#[tokio::test]
async fn what_leaders_return() {
    use larder::Leadership::{self, Follower, Led};
    let cells = async {
        led!("()", unit, unit_async: -> () { drop::<u32> } (), ());
        led!("Option", option, option_async: -> Option<u32> { Some } Some(1 | 2), None);
        led!("Option<Option>", twice, twice_async: -> Option<Option<u32>> { |_| Some(None) } Some(None), None);
        led!("Leadership", led, led_async: -> Leadership<u32> { Led } Led(1 | 2), Follower { .. });
        led!("Result<()>", ok, ok_async: -> Answer<()> { |_| Ok(()) } Ok(()), Ok(()));
        led!("Result<Option>", ok_some, ok_some_async: -> Answer<Maybe<u32>> { |n| Ok(Some(n)) } Ok(Some(1 | 2)), Ok(None));
        led!("Result<Leadership>", ok_led, ok_led_async: -> Result<Leadership<u32>, Fault> { |n| Ok(Led(n)) } Ok(Led(1 | 2)), Ok(Follower { .. }));
        led!("Err, kept for its grace", err, err_async: -> Answer<Maybe<u32>> { |_| Err(Fault) } Err(Fault), Ok(None));
    };
    memory().await.scope(Box::pin(cells)).await;
}

/// Writes that lend what they wrote, sync and async.
struct Rows(Vec<u32>);

macro_rules! lending {
    ($($name:literal, $sync:ident, $async:ident($self:ident) -> $ret:ty $body:block)+) => {
        impl Rows {
            $(
                #[larder::invalidates(($name, "sync"))]
                fn $sync(&mut $self) -> $ret $body

                #[larder::invalidates(($name, "async"))]
                async fn $async(&mut $self) -> $ret $body
            )+
        }
    };
}

lending! {
    "&mut", last, last_async(self) -> &mut u32 { ran(); &mut self.0[0] }
    "Option", first, first_async(self) -> Option<&mut u32> { ran(); self.0.first_mut() }
    "Result", found, found_async(self) -> Result<&[u32], Fault> { ran(); self.0.get(..1).ok_or(Fault) }
    "impl Iterator", all, all_async(self) -> impl Iterator<Item = &mut u32> { ran(); self.0.iter_mut() }
}

#[tokio::test]
async fn what_writes_lend() {
    let cells = async {
        let mut rows = Rows(vec![7]);
        ends! {
            "&mut, sync", "&mut:sync"; rows.last() => &mut 7,
            "&mut, async", "&mut:async"; rows.last_async().await => &mut 7,
            "Option, sync", "Option:sync"; rows.first() => Some(&mut 7),
            "Option, async", "Option:async"; rows.first_async().await => Some(&mut 7),
            "Result, sync", "Result:sync"; rows.found() => Ok(&[7][..]),
            "Result, async", "Result:async"; rows.found_async().await => Ok(&[7][..]),
            "impl Iterator, sync", "impl Iterator:sync"; rows.all().map(|row| *row).collect::<Vec<_>>() => [7],
            "impl Iterator, async", "impl Iterator:async"; rows.all_async().await.map(|row| *row).collect::<Vec<_>>() => [7],
        }
    };
    memory().await.scope(Box::pin(cells)).await;
}
