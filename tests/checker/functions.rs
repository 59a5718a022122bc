//! The cached functions and the writes that are checked, and which names each of them carries or ends.

use std::sync::OnceLock;
use std::time::Duration;

use fastrand::Rng;
use larder::{invalidates, ttl_cached};

use crate::source::{HOT, ITEMS, Source};

/// What the bodies of this process read.
pub(crate) static SOURCE: OnceLock<Source> = OnceLock::new();

/// The names that end an item's values, as bits.
pub(crate) mod names {
    /// The entity: it ends all items.
    pub(crate) const ENTITY: u8 = 1;
    /// The tag of one item.
    pub(crate) const TAG: u8 = 2;
    /// The tag of a group of items, known from the result only.
    pub(crate) const GROUP: u8 = 4;
    /// The one entry of a function that keeps its values in both tiers.
    pub(crate) const ENTRY: u8 = 8;
    /// The one entry of a function that keeps its values in memory.
    pub(crate) const LOCAL: u8 = 16;
    /// The one entry of a `strict` function.
    pub(crate) const STRICT_ENTRY: u8 = 32;
    /// The one entry of a function whose body fails at times, and is answered by a former value then.
    pub(crate) const FORMER: u8 = 64;
    /// The one entry of a function whose values are renewed by a body that fails at times.
    pub(crate) const RENEWED_ENTRY: u8 = 128;
    /// Those of a write that names all that it ends.
    pub(crate) const NAMED: u8 = ENTITY | TAG | GROUP | ENTRY | LOCAL;
    pub(crate) const ALL: u8 = u8::MAX;
}

fn source() -> &'static Source {
    SOURCE.get().unwrap()
}

/// The value grows old in the body, so that writes overlap the computation.
async fn version(item: u64) -> u64 {
    let version = source().read(item);
    match fastrand::u8(..) {
        0..=1 => tokio::time::sleep(Duration::from_millis(60)).await,
        2..=15 => tokio::time::sleep(Duration::from_millis(8)).await,
        16..=127 => tokio::time::sleep(Duration::from_millis(1)).await,
        _ => tokio::task::yield_now().await,
    }
    version
}

#[ttl_cached(entity = "things", ttl = "5s")]
async fn by_entity(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "tagged", tags("thing:{item}"))]
async fn by_tag(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "grouped", tags(("group", ret.1)))]
async fn by_group(item: u64) -> (u64, u64) {
    (version(item).await, item % 4)
}

#[ttl_cached(entity = "named", ttl = "3s")]
async fn by_name_in_body(item: u64) -> u64 {
    larder::tag(format!("thing:{item}"));
    version(item).await
}

#[ttl_cached(entity = "things", tags("thing:{item}"), coherence = strict)]
async fn strict(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "strictly_grouped", tags(("group", item % 4)), coherence = strict)]
async fn strict_group(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "things", ttl = "1s", coherence = ttl)]
async fn by_ttl(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "remote", tags("thing:{item}"), store = redis)]
async fn in_redis(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "things", tags("thing:{item}"), store = memory)]
async fn in_memory(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "renewed", tags("thing:{item}"), ttl = "300ms", stale_while_revalidate = "1s")]
async fn renewed(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "alone", tags("thing:{item}"), single_flight = off)]
async fn alone(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "entries")]
async fn entry(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "entries", store = memory)]
async fn local_entry(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "entries", coherence = strict)]
async fn strict_entry(item: u64) -> u64 {
    version(item).await
}

#[ttl_cached(entity = "entries", coherence = strict, ttl = "100ms", stale_if_error = "2s")]
async fn former(item: u64) -> Result<u64, ()> {
    unless_it_fails(item).await
}

#[ttl_cached(entity = "entries", ttl = "100ms", stale_while_revalidate = "2s")]
async fn renewed_entry(item: u64) -> Result<u64, ()> {
    unless_it_fails(item).await
}

async fn unless_it_fails(item: u64) -> Result<u64, ()> {
    let version = version(item).await;
    if fastrand::bool() { Ok(version) } else { Err(()) }
}

/// What an inner call shows of one item, and another, in a task of its own, of the next.
#[ttl_cached(entity = "pages")]
async fn page(item: u64) -> (u64, u64) {
    let next = tokio::spawn(larder::frame().scope(by_tag((item + 1) % ITEMS)));
    (by_entity(item).await, next.await.unwrap())
}

#[ttl_cached(entity = "pages")]
async fn page_of_entry(item: u64) -> u64 {
    entry(item).await
}

#[ttl_cached(entity = "blocking", tags("thing:{item}"))]
fn blocking(item: u64) -> u64 {
    let version = source().read(item);
    std::thread::sleep(Duration::from_micros(fastrand::u64(..2_000)));
    version
}

/// One way to read an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ByEntity,
    ByTag,
    ByGroup,
    ByNameInBody,
    Strict,
    StrictGroup,
    ByTtl,
    InRedis,
    InMemory,
    Renewed,
    Alone,
    /// Computed anew, and stored beside what others compute.
    Refreshed,
    Entry,
    LocalEntry,
    StrictEntry,
    Former,
    RenewedEntry,
    Page,
    PageOfEntry,
    Blocking,
    /// The second part of a page.
    PageNext,
}

impl Way {
    /// Those that async code chooses from.
    const ASYNC: [Self; 19] = [
        Self::ByEntity,
        Self::ByTag,
        Self::ByGroup,
        Self::ByNameInBody,
        Self::Strict,
        Self::StrictGroup,
        Self::ByTtl,
        Self::InRedis,
        Self::InMemory,
        Self::Renewed,
        Self::Alone,
        Self::Refreshed,
        Self::Entry,
        Self::LocalEntry,
        Self::StrictEntry,
        Self::Former,
        Self::RenewedEntry,
        Self::Page,
        Self::PageOfEntry,
    ];

    /// The names that a value read this way carries.
    pub(crate) const fn carries(self) -> u8 {
        match self {
            Self::ByEntity | Self::ByTtl | Self::Page => names::ENTITY,
            Self::ByGroup | Self::StrictGroup => names::GROUP,
            Self::Strict | Self::InMemory => names::ENTITY | names::TAG,
            Self::Entry | Self::PageOfEntry => names::ENTRY,
            Self::LocalEntry => names::LOCAL,
            Self::StrictEntry => names::STRICT_ENTRY,
            Self::Former => names::FORMER,
            Self::RenewedEntry => names::RENEWED_ENTRY,
            _ => names::TAG,
        }
    }

    pub(crate) fn from_number(number: u8) -> Self {
        let others = [Self::Blocking, Self::PageNext];
        *Self::ASYNC.iter().chain(&others).find(|way| **way as u8 == number).unwrap()
    }

    pub(crate) const fn is_strict(self) -> bool {
        matches!(self, Self::Strict | Self::StrictGroup | Self::StrictEntry | Self::Former)
    }

    /// The items that a value read this way tells a process about, if it does: those that share the name.
    pub(crate) fn tells(self, name: u8, item: u16, other: u16) -> bool {
        match name {
            names::ENTITY => self == Self::Strict,
            names::TAG => self == Self::Strict && item == other,
            names::GROUP => self == Self::StrictGroup && item % 4 == other % 4,
            _ => false,
        }
    }

    /// A way and an item for it. A strict read also tells this process what it missed: of odd items there is none.
    pub(crate) fn choose(rng: &mut Rng) -> (Self, u64) {
        let way = Self::ASYNC[rng.usize(..Self::ASYNC.len())];
        let item = rng.u64(..ITEMS);
        (way, if way.is_strict() { item & !1 } else { item })
    }

    /// Reads; of a page there is a second version, of the next item. A failure shows nothing old.
    pub(crate) async fn read(self, item: u64) -> (u64, Option<u64>) {
        let version = match self {
            Self::ByEntity => by_entity(item).await,
            Self::ByTag => by_tag(item).await,
            Self::ByGroup => by_group(item).await.0,
            Self::ByNameInBody => by_name_in_body(item).await,
            Self::Strict => strict(item).await,
            Self::StrictGroup => strict_group(item).await,
            Self::ByTtl => by_ttl(item).await,
            Self::InRedis => in_redis(item).await,
            Self::InMemory => in_memory(item).await,
            Self::Renewed => renewed(item).await,
            Self::Alone => alone(item).await,
            Self::Refreshed => larder::refresh(by_tag(item)).await,
            Self::Entry => entry(item).await,
            Self::LocalEntry => local_entry(item).await,
            Self::StrictEntry => strict_entry(item).await,
            Self::Former => former(item).await.unwrap_or(u64::MAX),
            Self::RenewedEntry => renewed_entry(item).await.unwrap_or(u64::MAX),
            Self::PageOfEntry => page_of_entry(item).await,
            Self::Page => {
                let (first, next) = page(item).await;
                return (first, Some(next));
            }
            Self::Blocking | Self::PageNext => panic!("not read by async code"),
        };
        (version, None)
    }

    pub(crate) fn read_blocking(item: u64) -> u64 {
        blocking(item)
    }
}

#[invalidates("things")]
async fn end_entity(item: u64, version: u64) {
    source().write(item, version);
}

#[invalidates("thing:{item}")]
async fn end_tag(item: u64, version: u64) {
    source().write(item, version);
}

#[invalidates("things", "thing:{item}", ("group", item % 4), entry(item), local_entry(item))]
async fn end_all_names(item: u64, version: u64) {
    source().write(item, version);
}

/// Writes an item in one of many ways; returns the names that were ended, and whether Redis is known to have taken it.
pub(crate) async fn write(rng: &mut Rng, item: u64, version: u64) -> (u8, bool) {
    // To end an entity, too, would hide what a process missed of the rarely written.
    let way = if item < HOT { rng.u8(..57) } else { rng.u8(12..57) };
    let way = if rng.u16(..2_000) == 0 { 57 } else { way };
    match way {
        0..=2 => {
            end_entity(item, version).await;
            return (names::ENTITY, false);
        }
        3..=5 => {
            end_all_names(item, version).await;
            return (names::NAMED, false);
        }
        12..=14 => {
            end_tag(item, version).await;
            return (names::TAG, false);
        }
        _ => source().write(item, version),
    }
    let (names, receipt) = match way {
        0..=11 => (names::ENTITY, larder::invalidate("things").await),
        12..=20 => (names::TAG, larder::invalidate(format!("thing:{item}")).await),
        21..=26 => (names::ENTRY, larder::forget(entry(item)).await),
        27..=31 => (names::LOCAL, larder::forget(local_entry(item)).await),
        32..=38 => (names::GROUP, larder::invalidate(format!("group:{}", item % 4)).await),
        39..=44 => (names::STRICT_ENTRY, larder::forget(strict_entry(item)).await),
        45..=50 => (names::FORMER, larder::forget(former(item)).await),
        51..=56 => (names::RENEWED_ENTRY, larder::forget(renewed_entry(item)).await),
        _ => (names::ALL, larder::clear().await),
    };
    (names, receipt.unwrap().is_applied())
}
