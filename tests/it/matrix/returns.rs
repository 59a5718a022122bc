//! What functions return: results under other names, own ones, options of options, pointers, nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use larder::{Cacheable, Leadership, hexsha_cached, invalidates, leader, ttl_cached};
use serde::{Deserialize, Serialize};

use crate::matrix::cells::{Config, ran};
use crate::support::memory;

#[derive(Debug, PartialEq)]
struct Fault;

impl From<std::num::ParseIntError> for Fault {
    fn from(_: std::num::ParseIntError) -> Self {
        Self
    }
}

type Answer<T, E = Fault> = Result<T, E>;
type Number = Answer<u32>;
type Maybe<T> = Option<T>;
type Told = Answer<Maybe<Number>>;

/// A result type of one's own.
#[derive(Debug, PartialEq)]
enum Outcome<T> {
    Good(T),
    Bad,
}

impl<T> Cacheable for Outcome<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        match self {
            Self::Good(value) => Some(value),
            Self::Bad => None,
        }
    }

    fn from_value(value: T) -> Self {
        Self::Good(value)
    }
}

#[ttl_cached(entity = "returns")]
fn by_alias(text: &str) -> Number {
    ran();
    Ok(text.parse()?)
}

#[ttl_cached(entity = "returns")]
async fn by_alias_async(text: &str) -> Answer<u32, Box<dyn std::error::Error + Send + Sync>> {
    ran();
    let number: u32 = text.parse()?;
    if number > 9 {
        return Err(text.into());
    }
    Ok(number)
}

#[ttl_cached(entity = "returns")]
fn of_ones_own(text: &str) -> Outcome<u32> {
    ran();
    match text.parse() {
        Ok(number) => Outcome::Good(number),
        Err(_) => Outcome::Bad,
    }
}

#[ttl_cached(entity = "returns", tags(("own", ret)), store_if = |number| *number < 10)]
async fn of_ones_own_async(text: &str) -> Outcome<u32> {
    ran();
    let Ok(number) = text.parse() else { return Outcome::Bad };
    Outcome::Good(number)
}

#[hexsha_cached]
fn revised(config: &Config) -> Number {
    ran();
    Ok(config.0.parse()?)
}

#[hexsha_cached]
async fn revised_async(config: &Config) -> Outcome<Arc<str>> {
    ran();
    if config.0.is_empty() {
        return Outcome::Bad;
    }
    Outcome::Good(config.0.into())
}

#[tokio::test]
async fn results_of_other_names() {
    let cells = async {
        cached! {
            "alias, sync"; by_alias("1") => Ok(1),
            "alias, async"; by_alias_async("1").await.unwrap() => 1,
            "own, sync"; of_ones_own("1") => Outcome::Good(1),
            "own, async"; of_ones_own_async("1").await => Outcome::Good(1),
            "alias, hexsha_cached"; revised(&Config("1")) => Ok(1),
            "own, hexsha_cached"; revised_async(&Config("1")).await => Outcome::Good("1".into()),
        }
        for _ in 0..2 {
            counted!("alias, sync, a failure", 1, by_alias("x") => Err(Fault));
            counted!("alias, async, a failure by `?`", 1, by_alias_async("x").await.is_err() => true);
            counted!("alias, async, a failure by `return`", 1, by_alias_async("10").await.unwrap_err().to_string() => "10");
            counted!("own, sync, a failure", 1, of_ones_own("x") => Outcome::Bad);
            counted!("own, async, a failure", 1, of_ones_own_async("x").await => Outcome::Bad);
            counted!("own, async, not by `store_if`", 1, of_ones_own_async("10").await => Outcome::Good(10));
            counted!("alias, hexsha_cached, a failure", 1, revised(&Config("x")) => Err(Fault));
            counted!("own, hexsha_cached, a failure", 1, revised_async(&Config("")).await => Outcome::Bad);
        }
        larder::invalidate("own:1").await.unwrap();
        counted!("own, async, ended by what it holds", 1, of_ones_own_async("1").await => Outcome::Good(1));
    };
    memory().await.scope(cells).await;
}

#[ttl_cached(entity = "returns")]
fn option(deep: u8) -> Option<Option<u32>> {
    ran();
    match deep {
        0 => None,
        1 => Some(None),
        _ => Some(Some(u32::from(deep))),
    }
}

#[ttl_cached(entity = "returns", store = memory)]
async fn told(deep: u8) -> Told {
    ran();
    match deep {
        0 => Err(Fault),
        1 => Ok(None),
        2 => Ok(Some(Err(FaultOf::default().0))),
        _ => Ok(Some(Ok(u32::from(deep)))),
    }
}

/// What a body may only reach by an expression.
struct FaultOf(Fault);

impl Default for FaultOf {
    fn default() -> Self {
        Self(Fault)
    }
}

impl Clone for Fault {
    fn clone(&self) -> Self {
        Self
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    id: u32,
    next: Option<Box<Row>>,
}

impl Row {
    #[ttl_cached(entity = "returns")]
    fn new(id: u32) -> Self {
        ran();
        Self { id, next: (id > 0).then(|| Box::new(Self::new(id - 1))) }
    }

    #[ttl_cached(entity = "returns", key(self.id))]
    async fn boxed(&self) -> Box<Self> {
        ran();
        Box::new(self.clone())
    }
}

#[ttl_cached(entity = "returns")]
fn arc(id: u32) -> Arc<Row> {
    ran();
    Arc::new(Row { id, next: None })
}

#[ttl_cached(entity = "returns", store = memory)]
async fn arc_of_dyn(id: u32) -> Result<Arc<dyn Fn(u32) -> u32 + Send + Sync>, Fault> {
    ran();
    Ok(Arc::new(move |more| id + more))
}

#[hexsha_cached]
async fn arc_of_slice(config: &Config) -> Option<Arc<[String]>> {
    ran();
    Some([config.0.to_owned()].into())
}

#[ttl_cached(entity = "returns")]
fn nothing(id: u32) {
    assert_ne!(id, 0);
    ran();
}

#[ttl_cached(entity = "returns")]
async fn nothing_async(id: u32) -> () {
    if id == 9 {
        return;
    }
    ran();
}

#[hexsha_cached]
async fn nothing_revised(_config: &Config) -> Result<(), Fault> {
    ran();
    Ok(())
}

#[ttl_cached(entity = "returns")]
fn cow(text: &str) -> Cow<'static, str> {
    ran();
    Cow::Owned(text.to_owned())
}

#[ttl_cached(entity = "returns", store = memory)]
async fn borrowed_for_ever(id: usize) -> &'static str {
    ran();
    ["a", "b"][id]
}

#[ttl_cached(entity = "returns")]
async fn everything(id: u8) -> ([u8; 2], BTreeMap<String, Vec<Option<f64>>>, Box<str>) {
    ran();
    ([id; 2], BTreeMap::from([(id.to_string(), vec![None, Some(0.5)])]), "x".into())
}

#[tokio::test]
async fn values_of_every_kind() {
    let cells = async {
        cached! {
            "None"; option(0) => None,
            "Some(None)"; option(1) => Some(None),
            "Some(Some)"; option(2) => Some(Some(2)),
            "Ok(None)"; told(1).await => Ok(None),
            "Ok(Some(Err))"; told(2).await => Ok(Some(Err(Fault))),
            "Ok(Some(Ok))"; told(3).await => Ok(Some(Ok(3))),
            "Self"; Row::new(0) => Row { id: 0, next: None },
            "Box<Self>"; *Row::new(0).boxed().await => Row { id: 0, next: None },
            "Arc"; arc(1).id => 1,
            "Arc<dyn Fn>"; arc_of_dyn(1).await.unwrap()(2) => 3,
            "Arc<dyn Fn>, another"; arc_of_dyn(2).await.unwrap()(2) => 4,
            "Arc<[String]>"; arc_of_slice(&Config("a")).await.unwrap().to_vec() => ["a"],
            "()"; nothing(1) => (),
            "(), async"; nothing_async(1).await => (),
            "Ok(())"; nothing_revised(&Config("a")).await => Ok(()),
            "Cow"; cow("a") => "a",
            "&'static str"; borrowed_for_ever(1).await => "b",
            "a tuple"; everything(1).await => ([1, 1], BTreeMap::from([("1".to_owned(), vec![None, Some(0.5)])]), "x".into()),
        }
        counted!("Err", 1, told(0).await => Err(Fault));
        counted!("Err, again", 1, told(0).await => Err(Fault));
        counted!("a value of values that are kept", 1, Row::new(1).next.unwrap().id => 0);
        assert!(Arc::ptr_eq(&arc(1), &arc(1)), "an `Arc` is shared, not copied");
        let (one, same) = (arc_of_slice(&Config("a")).await.unwrap(), arc_of_slice(&Config("a")).await.unwrap());
        assert!(Arc::ptr_eq(&one, &same), "an `Arc` in an `Option` too");
    };
    memory().await.scope(Box::pin(cells)).await;
}

#[invalidates("alias")]
fn ends_by_alias(text: &str) -> Number {
    ran();
    Ok(text.parse()?)
}

#[invalidates("own", ("own", ret))]
async fn ends_of_ones_own(text: &str) -> Outcome<u32> {
    ran();
    let Ok(number) = text.parse() else { return Outcome::Bad };
    Outcome::Good(number)
}

#[invalidates("anyhow", ("anyhow", ret), on = always)]
async fn ends_always(text: &str) -> Result<u32, Box<dyn fmt::Display>> {
    ran();
    text.parse().map_err(|_| Box::new(text.to_owned()) as _)
}

#[invalidates("iterator")]
fn ends_and_lends<'a>(names: &'a mut Vec<&'static str>) -> impl Iterator<Item = &'a str> {
    ran();
    names.push("new");
    names.iter().copied()
}

/// What writes, and lends what it wrote.
struct Rows(Vec<u32>);

impl Rows {
    #[invalidates("pushed")]
    fn push(&mut self, row: u32) -> &mut u32 {
        ran();
        self.0.push(row);
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    #[invalidates("found:{row}")]
    fn find(&mut self, row: u32) -> Result<Option<&mut u32>, Fault> {
        ran();
        let row = usize::try_from(row).map_err(|_| Fault)?;
        Ok(self.0.get_mut(row))
    }

    #[invalidates("first")]
    async fn first(&mut self) -> Option<&mut u32> {
        ran();
        self.0.first_mut()
    }

    #[invalidates("all")]
    async fn all(&mut self) -> impl Iterator<Item = &mut u32> {
        ran();
        self.0.iter_mut()
    }

    #[leader("lends", ttl = "1m", grace = "1m")]
    fn lend(&mut self) -> Option<&mut u32> {
        ran();
        self.0.last_mut()
    }
}

#[tokio::test]
async fn writes_that_lend_what_they_wrote() {
    let cells = async {
        let mut rows = Rows(vec![1]);
        ends! {
            "&mut, sync", "pushed"; *rows.push(2) => 2,
            "Result, sync", "found:1"; rows.find(1) => Ok(Some(&mut 2)),
            "Option, async", "first"; rows.first().await => Some(&mut 1),
            "impl Iterator, async", "all"; rows.all().await.map(|row| *row).sum::<u32>() => 3,
        }
        leads! { "leader"; rows.lend() => Some(&mut 2), None }
        *rows.push(0) = 7;
        assert_eq!(rows.0, [1, 2, 7]);
    };
    memory().await.scope(cells).await;
}

#[invalidates(("option", ret.is_some()))]
async fn ends_of_option(some: bool) -> Option<Option<()>> {
    ran();
    some.then_some(None)
}

#[tokio::test]
async fn writes() {
    use crate::matrix::cells::shown;
    let cells = async {
        ends! {
            "alias", "alias"; ends_by_alias("1") => Ok(1),
            "own", "own"; ends_of_ones_own("1").await => Outcome::Good(1),
            "own, the result", "own:1"; ends_of_ones_own("1").await => Outcome::Good(1),
            "on = always, a success", "anyhow:1"; ends_always("1").await.is_ok() => true,
            "on = always, a failure", "anyhow"; ends_always("x").await.is_err() => true,
            "impl Iterator", "iterator"; ends_and_lends(&mut vec!["old"]).collect::<Vec<_>>() => ["old", "new"],
            "Some", "option:true"; ends_of_option(true).await => Some(None),
            "None", "option:false"; ends_of_option(false).await => None,
        }
        shown("own").await;
        counted!("alias, a failure", 1, ends_by_alias("x") => Err(Fault));
        counted!("own, a failure", 1, ends_of_ones_own("x").await => Outcome::Bad);
        counted!("a failure ends nothing", 0, (shown("alias").await, shown("own").await) => (5, 3));
    };
    memory().await.scope(cells).await;
}

type Led<T> = Leadership<T>;

#[leader("unit:{name}", ttl = "1m", grace = "1m")]
fn leads_unit(name: &str) {
    drop(name.to_owned());
    ran();
}

#[leader("alias:{name}", ttl = "1m", grace = "1m")]
async fn leads_alias(name: &str) -> Answer<Maybe<Maybe<u32>>> {
    ran();
    Ok(Some(Some(name.parse()?)))
}

#[leader("led:{name}", ttl = "1m", grace = "1m")]
fn leads_led(name: &str) -> Result<Led<u32>, Fault> {
    ran();
    if name.is_empty() {
        return Err(Fault);
    }
    Ok(Led::Led(name.parse()?))
}

#[leader("nothing:{name}", ttl = "1m", grace = "1m", on_err = grace)]
async fn leads_nothing(name: &str) -> Result<(), Fault> {
    ran();
    name.parse::<u32>()?;
    Ok(())
}

#[tokio::test]
async fn leads() {
    let cells = async {
        leads! {
            "()"; leads_unit("a") => (), ();
            "(), another"; leads_unit("b") => (), ();
            "alias"; leads_alias("1").await => Ok(Some(Some(1))), Ok(None);
            "Ok(())"; leads_nothing("1").await => Ok(()), Ok(());
            "Err, kept for its grace"; leads_nothing("x").await => Err(Fault), Ok(());
        }
        counted!("Leadership", 1, leads_led("1") => Ok(Leadership::Led(1)));
        counted!("Leadership, following", 0, matches!(leads_led("1"), Ok(Leadership::Follower { .. })) => true);
        for _ in 0..2 {
            counted!("alias, a failure by `?`", 1, leads_alias("x").await => Err(Fault));
            counted!("Leadership, a failure by `return`", 1, leads_led("") => Err(Fault));
        }
    };
    memory().await.scope(cells).await;
}
