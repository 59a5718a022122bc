//! One cached function within one instance: its identity, its policy, and what of it may be stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use sha2::{Digest as _, Sha256};

use super::entry::AnyValue;
use super::kept::Facts;
use super::values::{Captured, Gone, Values};
use super::{Coherence, Entry, Flights, Instantiation, Kept, Kind, Own, Renewal, Site, Store};
use crate::clock::Moment;
use crate::epoch::{Cell, Entries, Owner, Table};
use crate::instance::Settings;
use crate::key::{Form, StoredKey};
use crate::stats::{Counters, Counts, Hits};

/// What of a function does not depend on its types.
#[derive(Debug)]
pub(crate) struct Core {
    /// The path of the function, with its type parameters: `my_crate::tools::list`.
    pub(crate) path: String,
    pub(crate) entity: &'static str,
    /// What the function always depends on: its entity, and everything.
    pub(crate) cells: Own,
    pub(crate) counters: Counters,
    /// Hits in memory on the straight way; `counters` has the others.
    pub(crate) hits: Hits,
    pub(crate) enabled: bool,
    pub(crate) ttl: Ttl,
    pub(crate) jitter: f64,
    pub(crate) store: Store,
    pub(crate) coherence: Coherence,
    pub(crate) single_flight: bool,
    /// Whether all processes share one run.
    pub(crate) fleet: bool,
    pub(crate) renewal: Option<Renewal>,
    fallback: Duration,
    pub(crate) flights: Flights,
    /// Whose entries these are, in the names that end single ones.
    pub(crate) owner: Owner,
    /// Raised with every end of a single entry.
    pub(crate) any_entry: Arc<Cell>,
    prefix: String,
    identity: [u8; 32],
}

/// Where a function's ttl comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ttl {
    /// An entity setting: it stands above what the call says.
    Fixed(Duration),
    /// The attribute or the global default: a `ttl = <expression>` of the call stands above it.
    Otherwise(Duration),
    /// Until its revision goes.
    Endless,
}

impl Ttl {
    /// The life that a value has unless its call says another.
    pub(crate) const fn usual(self) -> Duration {
        match self {
            Self::Fixed(ttl) | Self::Otherwise(ttl) => ttl,
            Self::Endless => Duration::MAX,
        }
    }

    /// The longest life, where there is one.
    pub(crate) const fn longest(self) -> Option<Duration> {
        match self {
            Self::Fixed(ttl) => Some(ttl),
            Self::Otherwise(_) | Self::Endless => None,
        }
    }
}

/// The version of all that is written to Redis.
pub(crate) const WIRE_VERSION: u8 = 1;

impl Core {
    pub(crate) fn new(site: &Site, path: String, twin: usize, settings: &Settings, table: &Table, cells: Own) -> Self {
        let entity = settings.entity(site.entity);
        let ttl = match (site.kind(), entity.ttl) {
            (Kind::Revision, _) => Ttl::Endless,
            (Kind::Ttl, Some(ttl)) => Ttl::Fixed(ttl),
            (Kind::Ttl, None) => Ttl::Otherwise(site.ttl.unwrap_or(settings.ttl)),
        };
        let mut identity = Sha256::new();
        for part in [
            settings.namespace.as_bytes(),
            &[WIRE_VERSION],
            site.entity.as_bytes(),
            path.as_bytes(),
            &site.fingerprint.to_le_bytes(),
            &site.version.to_le_bytes(),
            &(twin as u64).to_le_bytes(),
        ] {
            identity.update((part.len() as u64).to_le_bytes());
            identity.update(part);
        }
        let signature = site.fingerprint ^ (u64::from(site.version) << 32) ^ twin as u64;
        let prefix = format!(
            "{}:{WIRE_VERSION}:{}:{}-{signature:016x}:",
            settings.namespace,
            readable(site.entity),
            readable(&path.replace("::", "."))
        );
        let identity = identity.finalize().into();
        let owner = Owner::of(&identity);
        Self {
            entity: site.entity,
            cells,
            owner,
            any_entry: table.cell(&owner.any_entry()),
            counters: Counters::default(),
            hits: Hits::default(),
            enabled: settings.enabled && entity.enabled,
            ttl,
            jitter: if settings.jitter { site.jitter } else { 0.0 },
            store: if Instantiation::is_told_by_name(&path) { site.store } else { Store::Memory },
            coherence: site.coherence,
            single_flight: site.single_flight,
            fleet: site.fleet,
            renewal: site.renewal,
            fallback: site.fallback,
            flights: Flights::default(),
            prefix,
            identity,
            path,
        }
    }

    /// How long a value is served beyond its life.
    pub(crate) fn stale(&self) -> Duration {
        self.renewal.map_or(Duration::ZERO, |renewal| renewal.stale)
    }

    /// How long a value is kept beyond its life: to be served, or for a body that fails.
    pub(crate) fn tail(&self) -> Duration {
        self.stale().max(self.fallback)
    }

    /// Of a value that is kept until `deadline`: until when it is served, and when it is to be computed anew.
    pub(crate) fn served(&self, deadline: Moment, life: Duration) -> (Moment, Moment) {
        let served_until = deadline.before(self.tail() - self.stale());
        let renew_at = match self.renewal {
            None if self.fallback.is_zero() => Moment::NEVER,
            None => served_until,
            Some(Renewal { at, stale }) => served_until.before(stale).before(life.mul_f64((1.0 - at).clamp(0.0, 1.0))),
        };
        (served_until, renew_at)
    }

    pub(crate) fn counts(&self, entries: u64) -> Counts {
        let mut counts = self.counters.counts(entries);
        counts.hits_memory += self.hits.get();
        counts
    }

    /// The hash of all that tells a call from every other.
    pub(crate) fn hash(&self, revision: &[u8], key: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(self.identity);
        hash.update(u32::try_from(revision.len()).unwrap_or(u32::MAX).to_le_bytes());
        hash.update(revision);
        hash.update(key);
        hash.finalize().into()
    }

    /// The Redis key of a call.
    pub(crate) fn redis_key(&self, hash: &[u8; 32]) -> String {
        let mut name = String::with_capacity(self.prefix.len() + 64);
        name.push_str(&self.prefix);
        push_hex(&mut name, hash);
        name
    }
}

/// A name to read; the hash behind it tells it from others.
pub(crate) fn readable(name: &str) -> String {
    const LONGEST: usize = 120;
    name.chars()
        .take(LONGEST)
        .map(|at| if at.is_ascii_alphanumeric() || "_.-".contains(at) { at } else { '-' })
        .collect()
}

pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// The keys of values in memory, each with the computation that made the value, by their marks: one of each mark.
type Marks = HashMap<u64, (StoredKey, u64), RandomState>;

/// One cached function within one instance.
pub(crate) struct Function {
    pub(crate) core: Core,
    /// What memory keeps, of a type that is not known here.
    pub(crate) values: Arc<dyn Values>,
    /// Held to store a value that was not ended, and to take one out that was: never while a user's code runs. The keys by
    /// their marks, so that one of many is found at once; more may be there than are in memory, and none is missing. Those
    /// of a revision's map are not there.
    storing: Mutex<Marks>,
}

impl Function {
    pub(crate) fn new(core: Core, values: Arc<dyn Values>) -> Self {
        Self { core, values, storing: Mutex::default() }
    }

    fn storing(&self) -> MutexGuard<'_, Marks> {
        self.storing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, marks: &mut Marks, key: &Form, kept: Kept<Box<AnyValue>>) -> Vec<Gone> {
        let mark = kept.facts.mark;
        let former = marks.insert(mark, (key.to_stored(), kept.facts.made));
        // Of two keys that share it, memory holds one, so that an end takes out both.
        let other = former.filter(|(former, _)| *former != key.to_stored());
        let other = other.and_then(|(former, _)| self.values.take(&former));
        let mut gone = self.values.insert(None, key, kept);
        for replaced in gone.iter().filter(|gone| gone.facts.mark != mark) {
            marks.remove(&replaced.facts.mark);
        }
        gone.extend(other);
        gone
    }

    /// What memory, or the map of a revision, holds for a key.
    pub(crate) fn found(&self, captured: Option<&Captured>, key: &Form) -> Option<Entry> {
        let kept_here = captured.is_some() || self.core.store != Store::Redis;
        if kept_here { self.values.found(captured, key, &self.core.cells) } else { None }
    }

    /// Stores a value with what is known of it, unless its `entry` was ended since its computation `began`.
    pub(crate) fn keep(
        &self,
        captured: Option<&Captured>,
        key: &Form,
        (value, facts): (&AnyValue, Facts),
        entry: &Cell,
        began: u64,
    ) {
        let Some(value) = self.values.copy(value) else { return };
        let kept = Kept { value, facts };
        let mut marks = self.storing();
        if entry.changed() > began {
            return;
        }
        let gone = match captured {
            Some(_) => self.values.insert(captured, key, kept),
            None => self.store(&mut marks, key, kept),
        };
        drop(marks);
        drop(gone);
    }

    /// Says anew what is known of a value, if memory holds it still: what was ended is not put back.
    pub(crate) fn keep_on(&self, key: &Form, (value, facts): (&AnyValue, Facts)) {
        let Some(value) = self.values.copy(value) else { return };
        let mut marks = self.storing();
        if marks.get(&facts.mark).is_none_or(|(_, made)| *made != facts.made) {
            return;
        }
        let gone = self.store(&mut marks, key, Kept { value, facts });
        drop(marks);
        drop(gone);
    }

    pub(crate) fn entries(&self) -> u64 {
        self.values.entries()
    }

    pub(crate) fn clear(&self) {
        // In this order: a value that is stored in between may lose itself, but not its mark alone.
        self.storing().clear();
        self.values.clear();
    }
}

impl Entries for Function {
    fn end_one(&self, mark: u64) {
        let mut marks = self.storing();
        let key = marks.remove(&mark).map(|(key, _)| key);
        let ended = self.values.end_one(mark, key.as_ref());
        drop(marks);
        drop(ended);
    }

    fn end_all(&self) {
        self.clear();
    }
}
