//! Which names this process has cached and ended: what nothing ends, and what nobody caches.

use std::fmt;

/// What of the names that this process used does not fit together.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use larder::{Larder, invalidates, testkit, ttl_cached};
///
/// #[ttl_cached(entity = "tools")]
/// async fn tools() -> u64 {
///     1
/// }
///
/// #[invalidates("tool")]                                       // a slip: it should be "tools"
/// async fn rename() {}
///
/// let larder = Larder::testing();
/// larder.scope(async {
///     tools().await;
///     rename().await;
/// }).await;
/// let found = testkit::entities();
/// assert_eq!(found.never_ended, ["tools"]);
/// assert_eq!(found.never_cached, ["tool"]);
/// assert_eq!(found.to_string(), "nothing ends `tools`; nobody caches `tool`");
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entities {
    /// Entities of cached functions of which no value carried a name that was ever ended: they age, and nothing else.
    pub never_ended: Vec<String>,
    /// Names that were ended, and that no value ever carried, nor anything that depends on them.
    pub never_cached: Vec<String>,
}

impl Entities {
    /// Whether every cached entity is ended by something, and every ended name cached.
    ///
    /// # Examples
    ///
    /// ```
    /// let found = larder::testkit::entities();
    /// assert!(found.is_clean(), "{found}");
    /// ```
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.never_ended.is_empty() && self.never_cached.is_empty()
    }
}

impl fmt::Display for Entities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match (self.never_ended.is_empty(), self.never_cached.is_empty()) {
            (true, true) => f.write_str("every cached entity is ended by something, and every ended name is cached"),
            (false, true) => write!(f, "nothing ends {}", list(&self.never_ended)),
            (true, false) => write!(f, "nobody caches {}", list(&self.never_cached)),
            (false, false) => {
                write!(f, "nothing ends {}; nobody caches {}", list(&self.never_ended), list(&self.never_cached))
            }
        }
    }
}

/// Lists cached entities that nothing invalidates and invalidated entities that nobody caches.
///
/// It knows what was *called* in this process, in any instance that the test kit made: a function that no test calls is
/// not seen, nor is an `#[invalidates]` whose function failed. So ask at the end of a test that goes through the whole
/// program, and mind that the tests of one binary share a process, unless their runner gives each its own.
///
/// An entity counts as ended if its name was, or a tag that one of its values carried, or what such a value was made
/// of. A name counts as cached if a function shows it, or a value that was stored carried it, or one of its
/// [`dependants`](crate::Builder::depends) is cached. [`clear`](crate::clear) counts for nothing. The record grows with
/// the names in use.
///
/// # Examples
///
/// ```
/// let found = larder::testkit::entities();
/// assert!(found.never_ended.is_empty(), "{found}");
/// ```
#[must_use]
pub fn entities() -> Entities {
    seen::report()
}

/// The record: written by every testing instance of the process.
pub(crate) mod seen {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::{Arc, Mutex};

    use super::Entities;
    use crate::epoch::{EVERYTHING, Stamp, canonical};
    use crate::testkit::clock::lock;

    #[derive(Default)]
    struct Seen {
        /// The names that values of an entity carried, in canonical form; values of no entity stand under the empty
        /// one.
        carried: BTreeMap<&'static str, BTreeSet<Arc<str>>>,
        /// The names that were ended, with all that was ended with them, in canonical form.
        ended: BTreeMap<String, BTreeSet<String>>,
    }

    static SEEN: Mutex<Seen> = Mutex::new(Seen { carried: BTreeMap::new(), ended: BTreeMap::new() });

    /// A function that shows this entity was called.
    pub(crate) fn called(entity: &'static str) {
        if !entity.is_empty() {
            lock(&SEEN).carried.entry(entity).or_default().insert(canonical(entity).into());
        }
    }

    /// A value was stored.
    pub(crate) fn carried(entity: &'static str, stamp: &Stamp) {
        let names = stamp.parts().iter().map(|(cell, _)| cell.name()).filter(|name| ***name != *EVERYTHING);
        lock(&SEEN).carried.entry(entity).or_default().extend(names.cloned());
    }

    /// A name was ended, and these with it.
    pub(crate) fn ended(name: &str, all: impl IntoIterator<Item = String>) {
        let all = all.into_iter().map(|name| canonical(&name).into_owned());
        lock(&SEEN).ended.entry(name.to_owned()).or_default().extend(all);
    }

    pub(super) fn report() -> Entities {
        let seen = lock(&SEEN);
        let ended: BTreeSet<&str> = seen.ended.values().flatten().map(String::as_str).collect();
        let carried: BTreeSet<&str> = seen.carried.values().flatten().map(|name| &**name).collect();
        let unended =
            |(_, names): &(&&'static str, &BTreeSet<Arc<str>>)| !names.iter().any(|name| ended.contains(&**name));
        let entities = seen.carried.iter().filter(|(entity, _)| !entity.is_empty()).filter(unended);
        let uncached =
            |(_, all): &(&String, &BTreeSet<String>)| !all.iter().any(|name| carried.contains(name.as_str()));
        Entities {
            never_ended: entities.map(|(entity, _)| (*entity).to_owned()).collect(),
            never_cached: seen.ended.iter().filter(uncached).map(|(name, _)| name.clone()).collect(),
        }
    }
}
