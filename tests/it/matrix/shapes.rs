//! Signatures of every shape, each with the full product: `impl` and `dyn` traits, patterns, generics, bounds.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use larder::CacheKey;

use crate::matrix::arguments::{Db, Named, Number, Span, Store, Text};
use crate::matrix::cells::ran;
use crate::support::{Config, memory};

/// A shape: its functions in a module, and a test named after it.
macro_rules! shape {
    (
        $module:ident, $name:literal: [$($generics:tt)*] ($($params:tt)*) -> $ret:ty [$($bounds:tt)*],
        cached($($how:tt)*), named($key:expr) $body:block
        $(($($argument:expr),*) $([$($types:tt)*])? => $value:expr, $ended:expr);+ $(;)?
    ) => {
        eight! {
            $name; [mod $module] {
                use super::*;

                #[tokio::test]
                async fn all() {
                    let cells = async {
                        try_eight! { $name: $([] [$($($types)*)?] ($($argument),*) => $value, $ended);+ }
                    };
                    memory().await.scope(Box::pin(cells)).await;
                }
            }
            [$($generics)*] [] ($($params)*) -> $ret [$($bounds)*], cached($($how)*), named($key) $body
        }
    };
}

shape! {
    impl_by_value, "impl by value": [] (id: impl CacheKey + Display + Send, db: impl Store) -> Option<String> [],
    cached(skip(db)), named(id) {
        ran();
        Some(format!("{id}/{}", db.rows()))
    }
    (1, Db { rows: 1 }) => Some("1/1".to_owned()), 1;
    (2, Db { rows: 2 }) => Some("2/2".to_owned()), 2;
    ("x", Db { rows: 3 }) => Some("x/3".to_owned()), "x";
}

shape! {
    impl_by_reference, "impl by reference": [] (db: &mut impl Store, ids: &[impl CacheKey + Debug + Sync]) -> Option<String> [],
    cached(skip(db)), named(ids.len()) {
        ran();
        Some(format!("{ids:?}/{}", db.rows()))
    }
    (&mut Db { rows: 1 }, &[12]) => Some("[12]/1".to_owned()), 1;
    (&mut Db { rows: 2 }, &[1, 2]) => Some("[1, 2]/2".to_owned()), 2;
    (&mut Db { rows: 2 }, &["1", "2", "3"]) => Some("[\"1\", \"2\", \"3\"]/2".to_owned()), 3;
}

shape! {
    dyn_by_reference, "dyn by reference": [] (db: &dyn Store, id: &dyn Named) -> Option<String> [],
    cached(skip(db)), named(id.name()) {
        ran();
        Some(format!("{}/{}", id.name(), db.rows()))
    }
    (&Db { rows: 1 }, &Number(1)) => Some("1/1".to_owned()), 1;
    (&Db { rows: 2 }, &Number(2)) => Some("2/2".to_owned()), 2;
    (&Db { rows: 3 }, &Text("x")) => Some("x/3".to_owned()), "x";
}

shape! {
    dyn_owned, "dyn owned": [] (db: Arc<dyn Store>, on: Box<dyn Fn(u32) -> u32 + Send + Sync>, id: Box<dyn Named>) -> Option<u32> [],
    cached(key(db.rows(), id)), named(db.rows()) {
        ran();
        Some(on(db.rows()) + u32::from(id.name().is_empty()))
    }
    (Arc::new(Db { rows: 1 }), Box::new(|rows| rows + 1), Box::new(Number(1))) => Some(2), 1;
    (Arc::new(Db { rows: 2 }), Box::new(|rows| rows * 5), Box::new(Number(1))) => Some(10), 2;
    (Arc::new(Db { rows: 3 }), Box::new(|rows| rows), Box::new(Text(""))) => Some(4), 3;
}

shape! {
    pattern_of_tuples, "pattern of tuples": [] ((a, mut b): (u32, u32), _: Db, mut x: u32) -> Option<u32> [],
    cached(), named(a) {
        ran();
        b += 1;
        x += 10 * a + 100 * b;
        Some(x)
    }
    ((1, 2), Db::default(), 3) => Some(313), 1;
    ((2, 2), Db::default(), 3) => Some(323), 2;
    ((3, 3), Db::default(), 4) => Some(434), 3;
}

shape! {
    pattern_nested, "pattern nested": [] (((a, _), [b, .., c]): ((u32, Db), [u32; 4]), Span { low, high: ref top }: Span) -> Option<String> [],
    cached(), named(low) {
        ran();
        Some(format!("{a}{b}{c}{low}{top}"))
    }
    (((1, Db::default()), [2, 9, 9, 3]), Span { low: 4, high: 5 }) => Some("12345".to_owned()), 4;
    (((1, Db::default()), [2, 9, 9, 4]), Span { low: 5, high: 5 }) => Some("12455".to_owned()), 5;
    (((1, Db::default()), [2, 9, 9, 4]), Span { low: 6, high: 6 }) => Some("12466".to_owned()), 6;
}

shape! {
    pattern_bound, "pattern bound": [] (whole @ Span { low, .. }: Span, &(id, _): &(u32, Db), (Ok(n) | Err(n)): Result<u32, u32>) -> Option<String> [],
    cached(), named(low) {
        ran();
        Some(format!("{}{}{id}{n}", whole.low, whole.high))
    }
    (Span { low: 1, high: 2 }, &(3, Db::default()), Ok(4)) => Some("1234".to_owned()), 1;
    (Span { low: 2, high: 2 }, &(3, Db::default()), Err(4)) => Some("2234".to_owned()), 2;
    (Span { low: 3, high: 2 }, &(3, Db::default()), Err(5)) => Some("3235".to_owned()), 3;
}

/// A type with a number of its own.
trait Numbered {
    const N: u32;
}

impl Numbered for u8 {
    const N: u32 = 1;
}

impl Numbered for str {
    const N: u32 = 2;
}

shape! {
    of_a_type, "of a type": [T: Numbered + ?Sized] () -> Option<u32> [],
    cached(), named(T::N) {
        ran();
        Some(T::N)
    }
    () [::<u8>] => Some(1), 1;
    () [::<str>] => Some(2), 2;
}

shape! {
    of_a_constant, "of a constant": [const N: usize, const B: bool] (plus: usize) -> Option<usize> [],
    cached(), named(N + plus) {
        ran();
        Some(N + plus + usize::from(B))
    }
    (1) [::<1, false>] => Some(2), 2;
    (1) [::<2, false>] => Some(3), 3;
    (3) [::<1, true>] => Some(5), 4;
}

fn plain(value: &dyn Display) -> String {
    value.to_string()
}

fn twice(value: &dyn Display) -> String {
    format!("{value}{value}")
}

shape! {
    of_a_bounded_type, "of a bounded type": [T, F] (value: T, make: F) -> Option<String>
    [where T: CacheKey + Display + Send + Sync, F: Fn(&dyn Display) -> String + Send],
    cached(skip(make)), named(value) {
        ran();
        Some(make(&value))
    }
    (1_u8, plain) => Some("1".to_owned()), 1;
    (2_u8, twice) => Some("22".to_owned()), 2;
    ("x", twice) => Some("xx".to_owned()), "x";
}

shape! {
    of_lifetimes, "of lifetimes": ['a, 'b, T] (first: &'a T, second: &'b [T], text: &str, rest: &'_ mut [T]) -> Option<String>
    [where 'b: 'a, T: CacheKey + Display + Sync],
    cached(), named(first) {
        ran();
        let longest: Option<&'a T> = second.iter().chain([first]).next_back();
        Some(format!("{}{}{text}{}", longest?, second.len(), rest.len()))
    }
    (&1, &[2], "t", &mut [3]) => Some("11t1".to_owned()), 1;
    (&2, &[2], "t", &mut []) => Some("21t0".to_owned()), 2;
    (&"3", &[], "", &mut []) => Some("300".to_owned()), 3;
}

shape! {
    left_early, "left early": [] (text: &str) -> Option<u32> [],
    cached(), named(text) {
        ran();
        if text.is_empty() {
            return None;
        }
        let number: u32 = text.parse().ok()?;
        Some(number)
    }
    ("1") => Some(1), 1;
    ("2") => Some(2), 2;
}
