//! Bodies that run apart from their call: `stale_while_revalidate` and `refresh_ahead` over every shape.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::Arc;

use larder::CacheKey;

use super::renewals::run;

/// What cannot be in a key, and can be taken along.
#[derive(Clone, Debug)]
struct Db(u32);

trait Store: Send + Sync {
    fn rows(&self) -> u32;
}

impl Store for Db {
    fn rows(&self) -> u32 {
        self.0
    }
}

/// A shape: its functions in a module, and a test named after it.
macro_rules! shape {
    (
        $module:ident, $name:literal: [$($generics:tt)*] ($($params:tt)*) [$($bounds:tt)*], cached($($how:tt)*) $body:block
        $(($($argument:expr),*) $([$($types:tt)*])? => $text:expr);+ $(;)?
    ) => {
        four! {
            [mod $module] {
                use super::*;

                #[tokio::test]
                async fn all() {
                    try_four! { $name: $([] [$($($types)*)?] ($($argument),*) => $text);+ }
                }
            }
            [$($generics)*] ($($params)*) [$($bounds)*], cached($($how)*) $body
        }
    };
}

shape! {
    lent, "lent": [] (name: &str, ids: &[u32], path: &Path, db: &Db, rows: &Arc<dyn Store>) [], cached(skip(db, rows)) {
        format!("{name}{ids:?}{}{}{}", path.display(), db.0, rows.rows())
    }
    ("a", &[1], Path::new("p"), &Db(1), &(Arc::new(Db(2)) as Arc<dyn Store>)) => "a[1]p12";
    (&String::from("b"), &[1, 2], Path::new(""), &Db(3), &(Arc::new(Db(2)) as Arc<dyn Store>)) => "b[1, 2]32";
}

shape! {
    lent_and_bound_anew, "lent and bound anew": [] (mut name: &str, mut ids: Vec<u32>) [], cached() {
        name = name.trim();
        ids.push(0);
        format!("{name}{ids:?}")
    }
    (" a ", vec![1]) => "a[1, 0]";
    ("b", vec![]) => "b[0]";
}

shape! {
    impl_by_value, "impl by value": [] (id: impl CacheKey + Display + Send + 'static, db: impl Store + 'static) [], cached(skip(db)) {
        format!("{id}/{}", db.rows())
    }
    (1_u8, Db(1)) => "1/1";
    ("x", Db(2)) => "x/2";
}

shape! {
    dyn_by_value, "dyn by value": [] (db: Box<dyn Store>, on: Arc<dyn Fn(u32) -> u32 + Send + Sync>) [], cached(key(db.rows())) {
        on(db.rows()).to_string()
    }
    (Box::new(Db(1)), Arc::new(|rows| rows + 1)) => "2";
    (Box::new(Db(2)), Arc::new(|rows| rows * 5)) => "10";
}

shape! {
    patterns, "patterns": [] ((a, mut b): (u32, u32), _: Db, [c, .., Db(d)]: [Db; 3], (Ok(n) | Err(n)): Result<u32, u32>) [],
    cached(key(a, b)) {
        b += 1;
        format!("{a}{b}{}{d}{n}", c.0)
    }
    ((1, 2), Db(0), [Db(4), Db(5), Db(6)], Ok(7)) => "13467";
}

shape! {
    generics, "generics": [T, F, const N: usize] (value: &T, values: &[T; N], many: &BTreeMap<u8, T>, make: F)
    [where T: CacheKey + Clone + Debug + Send + Sync + 'static, F: FnOnce(&T) -> String + Send + 'static],
    cached(skip(many, make)) {
        format!("{}{values:?}{}", make(value), many.len())
    }
    (&1, &[2], &BTreeMap::from([(0, 3)]), debug) => "1[2]1";
    (&1, &[2, 3], &BTreeMap::new(), debug) => "1[2, 3]0";
    (&"x", &[], &BTreeMap::new(), debug) => "\"x\"[]0";
}

fn debug<T: Debug>(value: &T) -> String {
    format!("{value:?}")
}

shape! {
    lifetimes, "lifetimes": ['a, 'b, T] (first: &'a T, second: &'b str) [where 'b: 'a, T: CacheKey + Clone + Display + Send + Sync + 'static], cached() {
        format!("{first}{second}")
    }
    (&1, "a") => "1a";
    (&String::from("1"), "b") => "1b";
}

shape! {
    left_early, "left early": [] (text: &str) [], cached() {
        if text == "early" {
            return Some((run(), String::from("left")));
        }
        let number: u32 = text.parse().ok()?;
        number.to_string()
    }
    ("7") => "7";
    ("early") => "left";
}

/// Types that a macro handed over as a whole.
macro_rules! handed_over {
    ($text:ty, $list:ty) => {
        shape! {
            of_a_macro, "of a macro": [] (text: $text, mut list: $list) [], cached() {
                list = &list[1..];
                format!("{text}{list:?}")
            }
            ("a", &[1, 2]) => "a[2]";
            ("b", &[1]) => "b[]";
        }
    };
}

handed_over!(&str, &[u8]);
