//! What an end did, in a form that another process can be given.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::epoch::{Epoch, is_canonical};

/// What an invalidation did: each name that was ended, and the epoch that Redis gave it.
///
/// It is a map to serde, so a job or an event can carry it, and [`after`](crate::after) makes another process read what was
/// written before it. A name that Redis has not confirmed has no epoch there.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let receipt = larder::invalidate("tools").await?;
/// assert!(receipt.is_applied());
///
/// let carried = serde_json::to_string(&receipt)?;
/// let receipt: larder::Receipt = serde_json::from_str(&carried)?;          // in another process
/// larder::after(&receipt).await;
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(super) epochs: BTreeMap<Arc<str>, Epoch>,
    state: State,
    /// The instance that made it; zero for one that was carried here.
    origin: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Applied,
    Pending,
    Held,
}

/// No receipt names more.
const MOST_NAMES: usize = 65_536;

impl Receipt {
    /// That of an end of nothing.
    pub(crate) const fn nothing() -> Self {
        Self { epochs: BTreeMap::new(), state: State::Applied, origin: 0 }
    }

    /// That of names that `origin` ended; `applied`: everywhere.
    pub(super) fn of(origin: u64, epochs: impl Iterator<Item = (Arc<str>, Epoch)>, applied: bool) -> Self {
        let state = if applied { State::Applied } else { State::Pending };
        Self { epochs: epochs.collect(), state, origin }
    }

    /// That of names whose end waits for a transaction.
    pub(super) fn held(origin: u64, names: impl Iterator<Item = Arc<str>>) -> Self {
        Self { epochs: names.map(|name| (name, Epoch::UNKNOWN)).collect(), state: State::Held, origin }
    }

    /// This, while a transaction still holds a part of it.
    pub(super) fn before_the_commit(self) -> Self {
        Self { state: State::Held, ..self }
    }

    /// `true`: ended everywhere. `false`: ended in this process, and kept to be sent as soon as Redis is back; or
    /// [held](Self::is_held).
    #[must_use]
    pub const fn is_applied(&self) -> bool {
        matches!(self.state, State::Applied)
    }

    /// `true`: nothing is ended yet, for the [`transaction`](crate::transaction) around the call has not come to its end.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let held = larder::transaction(larder::invalidate("tools")).await?;
    /// assert!(held.is_held() && !held.is_applied());
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self.state, State::Held)
    }

    /// The names that were ended, with what depends on them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.epochs.keys().map(|name| &**name)
    }

    /// Whether this instance ended, or owes, all of it.
    pub(super) const fn is_known_to(&self, id: u64) -> bool {
        self.origin == id && !self.is_held()
    }

    /// This, with what became of names that were ended once more.
    pub(super) fn with(&self, origin: u64, ended: Self) -> Self {
        let mut epochs = self.epochs.clone();
        let state = if matches!(ended.state, State::Applied) { State::Applied } else { ended.state };
        epochs.extend(ended.epochs);
        Self { epochs, state, origin }
    }
}

/// Two receipts are equal that say the same of the same names.
impl PartialEq for Receipt {
    fn eq(&self, other: &Self) -> bool {
        (&self.epochs, self.state) == (&other.epochs, other.state)
    }
}

impl Eq for Receipt {}

impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.epochs.len()))?;
        for (name, epoch) in &self.epochs {
            // An epoch of this process alone says nothing elsewhere.
            let epoch = epoch.is_confirmed().then(|| epoch.to_string());
            map.serialize_entry(&**name, &epoch)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Receipt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Receipt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the names that a receipt of larder has, and their epochs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Receipt, A::Error> {
        // What the input says of its length is not believed: it grows as it is read.
        let (mut epochs, mut applied) = (BTreeMap::new(), true);
        while let Some((name, epoch)) = map.next_entry::<String, Option<String>>()? {
            if epochs.len() >= MOST_NAMES {
                return Err(A::Error::custom("a receipt with too many names: carry several smaller ones"));
            }
            if !is_canonical(&name) {
                return Err(A::Error::custom(
                    "no name of a receipt: carry what `Receipt` was serialized to, unchanged",
                ));
            }
            let epoch = match epoch.as_deref().map(Epoch::parse) {
                None => Epoch::UNKNOWN,
                Some(Some(epoch)) => epoch,
                Some(None) => {
                    return Err(A::Error::custom("no epoch: carry what `Receipt` was serialized to, unchanged"));
                }
            };
            applied &= epoch.is_known();
            epochs.insert(Arc::from(name), epoch);
        }
        Ok(Receipt::of(0, epochs.into_iter(), applied))
    }
}
