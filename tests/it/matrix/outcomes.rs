//! What writes and leaders return: results of all kinds, `impl Trait`, and borrows.

use std::fmt::Display;

use larder::{Leadership, invalidates, leader};

use super::returns::{Answer, Fault, Maybe, Number, Outcome};
use crate::matrix::cells::ran;
use crate::support::memory;

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
async fn ends_always(text: &str) -> Result<u32, Box<dyn Display>> {
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
