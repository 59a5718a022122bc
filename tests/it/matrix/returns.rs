//! What cached functions return: results under other names, own ones, options of options, pointers, nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use larder::{Cacheable, hexsha_cached, ttl_cached};
use serde::{Deserialize, Serialize};

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

#[derive(Debug, PartialEq)]
pub(crate) struct Fault;

impl From<std::num::ParseIntError> for Fault {
    fn from(_: std::num::ParseIntError) -> Self {
        Self
    }
}

pub(crate) type Answer<T, E = Fault> = Result<T, E>;
pub(crate) type Number = Answer<u32>;
pub(crate) type Maybe<T> = Option<T>;
type Told = Answer<Maybe<Number>>;

/// A result type of one's own.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome<T> {
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
