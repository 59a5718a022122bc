//! Parameters: `impl Trait` and `&dyn Trait`, skipped and keyed, and what patterns bind.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::Arc;

use larder::{CacheKey, hexsha_cached, invalidates, leader, ttl_cached};

use crate::matrix::arguments::{Db, Named, Number, Span, Store, Text};
use crate::matrix::cells::ran;
use crate::support::{Config, memory};

#[ttl_cached(entity = "parameters", skip(db))]
fn impl_sync(db: impl Store, id: impl CacheKey + Display) -> String {
    ran();
    format!("{id}/{}", db.rows())
}

#[ttl_cached(entity = "parameters", skip(db))]
async fn impl_async(db: &impl Store, ids: &[impl CacheKey + Debug + Sync]) -> String {
    ran();
    format!("{ids:?}/{}", db.rows())
}

#[ttl_cached(entity = "parameters", skip(db))]
fn dyn_sync(db: &dyn Store, id: &dyn Named) -> String {
    ran();
    format!("{}/{}", id.name(), db.rows())
}

#[ttl_cached(entity = "parameters", key(db.rows()))]
async fn dyn_async(db: Box<dyn Store>, on: &(dyn Fn(u32) -> u32 + Sync)) -> u32 {
    ran();
    on(db.rows())
}

#[hexsha_cached(skip(db))]
fn sha_impl(config: impl larder::HexSha, db: &impl Store, id: impl CacheKey) -> String {
    drop(id);
    ran();
    format!("{}/{}", config.hexsha(), db.rows())
}

#[hexsha_cached(skip(db))]
async fn sha_dyn(config: &(dyn larder::HexSha + Sync), db: &mut dyn Store, id: &dyn Named) -> String {
    ran();
    format!("{}/{}/{}", config.hexsha(), db.rows(), id.name())
}

#[invalidates("impl:{id}")]
async fn ends_impl(db: &mut impl Store, id: impl Display + Send) -> u32 {
    drop(id);
    ran();
    db.rows()
}

#[invalidates(("dyn", id.name()), ("rows", ret))]
fn ends_dyn(db: &dyn Store, id: Box<dyn Named>) -> u32 {
    ran();
    db.rows() + u32::from(id.name().is_empty())
}

#[leader("impl:{id}", ttl = "1m", grace = "1m")]
fn leads_impl(db: impl Store, id: impl Display) -> Option<u32> {
    drop(id);
    ran();
    Some(db.rows())
}

#[leader(("dyn", id.name()), ttl = "1m", grace = "1m")]
async fn leads_dyn(db: &dyn Store, id: &dyn Named) -> Option<String> {
    ran();
    Some(format!("{}/{}", id.name(), db.rows()))
}

#[tokio::test]
async fn of_impl_and_dyn_traits() {
    let cells = async {
        let (db, other) = (Db { rows: 1 }, Db { rows: 2 });
        cached! {
            "impl, sync"; impl_sync(Db { rows: 1 }, 1_u8) => "1/1",
            "impl, sync, another"; impl_sync(Db { rows: 1 }, 2_u8) => "2/1",
            "impl, sync, of another type"; impl_sync(Db { rows: 2 }, "1") => "1/2",
            "impl, async"; impl_async(&db, &[1, 2]).await => "[1, 2]/1",
            "impl, async, another"; impl_async(&db, &[12]).await => "[12]/1",
            "dyn, sync"; dyn_sync(&db, &Number(1)) => "1/1",
            "dyn, sync, another"; dyn_sync(&db, &Number(2)) => "2/1",
            "dyn, sync, of another type"; dyn_sync(&other, &Text("1")) => "1/2",
            "dyn, async, keyed by what it says"; dyn_async(Box::new(Db { rows: 1 }), &|rows| rows).await => 1,
            "dyn, async, another"; dyn_async(Box::new(Db { rows: 2 }), &|rows| rows).await => 2,
            "hexsha_cached, impl"; sha_impl(Config("a"), &db, 1) => "a/1",
            "hexsha_cached, impl, another"; sha_impl(Config("a"), &other, 2) => "a/2",
            "hexsha_cached, impl, another revision"; sha_impl(Arc::new(Config("b")), &db, 1) => "b/1",
            "hexsha_cached, dyn"; sha_dyn(&Config("a"), &mut Db { rows: 1 }, &Number(1)).await => "a/1/1",
            "hexsha_cached, dyn, another"; sha_dyn(&Config("a"), &mut Db { rows: 1 }, &Number(2)).await => "a/1/2",
            "hexsha_cached, dyn, another revision"; sha_dyn(&Config("b"), &mut Db { rows: 1 }, &Number(2)).await => "b/1/2",
        }
        counted!("impl, sync: what is skipped", 0, impl_sync(Db { rows: 9 }, 1_u8) => "1/1");
        counted!("impl, async: what is skipped", 0, impl_async(&other, &[1, 2]).await => "[1, 2]/1");
        counted!("dyn, sync: what is skipped", 0, dyn_sync(&other, &Number(1)) => "1/1");
        counted!("dyn, async: what is not in `key`", 0, dyn_async(Box::new(Db { rows: 1 }), &|_| 9).await => 1);
        ends! {
            "invalidates, impl, async", "impl:7"; ends_impl(&mut Db { rows: 1 }, 7).await => 1,
            "invalidates, dyn, sync", "dyn:x"; ends_dyn(&db, Box::new(Text("x"))) => 1,
            "invalidates, dyn, sync, the result", "rows:2"; ends_dyn(&other, Box::new(Text("x"))) => 2,
        }
        leads! {
            "leader, impl, sync"; leads_impl(Db { rows: 1 }, 7) => Some(1), None;
            "leader, impl, sync, another"; leads_impl(Db { rows: 1 }, "8") => Some(1), None;
            "leader, dyn, async"; leads_dyn(&db, &Number(7)).await => Some("7/1".to_owned()), None;
            "leader, dyn, async, another"; leads_dyn(&db, &Text("y")).await => Some("y/1".to_owned()), None;
        }
    };
    memory().await.scope(Box::pin(cells)).await;
}

#[ttl_cached(entity = "patterns")]
fn pair((a, b): (u32, u32), _: Db, mut x: u32) -> u32 {
    ran();
    x += 10 * a + 100 * b;
    x
}

#[ttl_cached(entity = "patterns")]
async fn nested(((a, _), [b, .., c]): ((u32, Db), [u32; 4]), Span { low, .. }: Span, mut text: String) -> String {
    ran();
    text.push_str(&format!("{a}{b}{c}{low}"));
    text
}

#[ttl_cached(entity = "patterns")]
#[expect(clippy::toplevel_ref_arg, reason = "a pattern that is tried")]
async fn bound(whole @ Span { low, high }: Span, ref name: String, &(id, _): &(u32, Db)) -> String {
    ran();
    format!("{whole:?} {low} {high} {name} {id}")
}

#[ttl_cached(entity = "patterns")]
fn either((Ok(n) | Err(n)): Result<u32, u32>, (Some(_) | None): Option<Db>, _kept: u8) -> u32 {
    ran();
    n
}

#[hexsha_cached]
async fn revised(mut config: Config, (a, b): (u32, u32), _: Db, mut x: u32) -> u32 {
    ran();
    x += u32::try_from(std::mem::take(&mut config.0).len()).unwrap() + 10 * a + 100 * b;
    x
}

#[invalidates("pair:{a}:{b}", ("x", x))]
fn ends_pair((a, b): (u32, u32), _: &Db, mut x: u32) -> u32 {
    ran();
    x += a + b;
    x
}

#[invalidates("low:{low}")]
async fn ends_low(Span { low, high: mut top }: Span, _: Db) -> u32 {
    ran();
    top += low;
    top
}

#[leader(("pair", a, b), ttl = "1m", grace = "1m")]
async fn leads_pair((a, mut b): (u32, u32), _: Db) -> Option<u32> {
    ran();
    b += a;
    Some(b)
}

#[tokio::test]
async fn patterns() {
    let (db, span) = (|| Db { rows: 0 }, |low, high| Span { low, high });
    let cells = async {
        cached! {
            "a tuple"; pair((1, 2), db(), 3) => 213,
            "a tuple, another first"; pair((2, 2), db(), 3) => 223,
            "a tuple, another second"; pair((1, 3), db(), 3) => 313,
            "a tuple, another `mut x`"; pair((1, 2), db(), 4) => 214,
            "nested"; nested(((1, db()), [2, 0, 0, 3]), span(4, 0), "x".to_owned()).await => "x1234",
            "nested, another end"; nested(((1, db()), [2, 0, 0, 4]), span(4, 0), "x".to_owned()).await => "x1244",
            "nested, another `mut text`"; nested(((1, db()), [2, 0, 0, 3]), span(4, 0), "y".to_owned()).await => "y1234",
            "bound"; bound(span(1, 2), "n".to_owned(), &(3, db())).await => "Span { low: 1, high: 2 } 1 2 n 3",
            "bound, another `ref name`"; bound(span(1, 2), "m".to_owned(), &(3, db())).await => "Span { low: 1, high: 2 } 1 2 m 3",
            "either"; either(Ok(1), None, 1) => 1,
            "either, another `_kept`"; either(Ok(1), None, 2) => 1,
            "hexsha_cached"; revised(Config("a"), (1, 2), db(), 3).await => 214,
            "hexsha_cached, another"; revised(Config("a"), (2, 2), db(), 3).await => 224,
            "hexsha_cached, another `mut x`"; revised(Config("a"), (2, 2), db(), 4).await => 225,
        }
        counted!("what `_` hides is not in the key", 0, pair((1, 2), Db { rows: 9 }, 3) => 213);
        counted!("what `..` hides is not in the key", 0, nested(((1, db()), [2, 9, 9, 3]), span(4, 9), "x".to_owned()).await => "x1234");
        counted!("what both sides of `|` bind is one", 0, either(Err(1), Some(db()), 1) => 1);
        ends! {
            "invalidates, a tuple", "pair:1:2"; ends_pair((1, 2), &db(), 3) => 6,
            "invalidates, `mut x` from before the body", "x:3"; ends_pair((1, 2), &db(), 3) => 6,
            "invalidates, a struct, async", "low:5"; ends_low(span(5, 6), db()).await => 11,
        }
        leads! {
            "leader, a tuple"; leads_pair((1, 2), db()).await => Some(3), None;
            "leader, a tuple, another"; leads_pair((1, 3), db()).await => Some(4), None;
        }
    };
    memory().await.scope(Box::pin(cells)).await;
}

#[ttl_cached(entity = "many")]
#[expect(clippy::too_many_arguments, reason = "more than a tuple can have")]
fn thirteen(
    a: u8,
    b: i16,
    c: u32,
    d: i64,
    e: u128,
    f: f64,
    g: bool,
    h: char,
    i: &str,
    j: &Path,
    k: &mut u8,
    l: Cow<'_, str>,
    m: (),
) -> String {
    ran();
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{}{k}{l}{m:?}", j.display())
}

/// Borrows of different lives, in one future.
#[ttl_cached(entity = "many", skip(db))]
async fn borrows<'a>(db: &'a Db, names: &'a mut Vec<&'static str>, more: &[&str]) -> Vec<String> {
    ran();
    names.push("mine");
    names.iter().chain(more).map(|name| format!("{name}{}", db.rows)).collect()
}

#[tokio::test]
async fn of_every_kind() {
    let cells = async {
        let all = |text: &str| thirteen(1, 2, 3, 4, 5, 6.5, true, 'h', text, Path::new("j"), &mut 7, "l".into(), ());
        cached! {
            "thirteen"; all("i") => "123456.5truehij7l()",
            "thirteen, another"; all("") => "123456.5truehj7l()",
            "borrows"; borrows(&Db::default(), &mut vec!["a"], &["b"]).await => ["a0", "mine0", "b0"],
            "borrows, another"; borrows(&Db::default(), &mut vec!["a", "b"], &[]).await => ["a0", "b0", "mine0"],
        }
        let mut names = vec!["a"];
        counted!("a hit does nothing to `&mut`", 0, borrows(&Db::default(), &mut names, &["b"]).await.len() => 3);
        assert_eq!(names, ["a"]);
    };
    memory().await.scope(cells).await;
}
