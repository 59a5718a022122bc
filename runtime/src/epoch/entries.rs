//! The names by which single entries are ended, and who keeps what they end.
//!
//! An entry of a function has a name of its own, but no entry in memory carries it: whoever keeps values is told when one
//! of them is ended. So a hit compares nothing more. In Redis the names of a function's entries lie in one place, with a
//! floor that stands for each entry that was not ended: see `redis_tier/single_ends.rs`. Every such end also raises, in the same
//! step, the epoch of *any entry of this function*: a process that missed some ends sees there that it did, and what was
//! made of an entry inside another body is ended by it.

use std::collections::HashMap;
use std::fmt;

use super::Cell;
use crate::cache::push_hex;
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Keeps the entries of one function.
pub(crate) trait Entries: Send + Sync {
    /// Ends the entry of this mark.
    fn end_one(&self, mark: u64);

    /// Ends every entry: some may have been ended unseen.
    fn end_all(&self);
}

/// A function, as the names of its entries tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner(u64);

/// What a name ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    One(Owner, u64),
    Any(Owner),
}

const ONE: &str = "@entry:";
const ANY: &str = "@function:";

impl Owner {
    /// That of a function's identity.
    pub(crate) fn of(identity: &[u8; 32]) -> Self {
        Self(first_word(identity))
    }

    /// The name of the entry whose key has this hash.
    pub(crate) fn entry(self, hash: &[u8; 32]) -> String {
        let mut name = format!("{ONE}{:016x}:", self.0);
        push_hex(&mut name, hash);
        name
    }

    /// The name that stands for every end of single entries.
    pub(crate) fn any_entry(self) -> String {
        format!("{ANY}{:016x}", self.0)
    }
}

/// What of a hash memory keeps, to find an entry by its name.
pub(crate) fn mark(hash: &[u8; 32]) -> u64 {
    first_word(hash)
}

fn first_word(hash: &[u8; 32]) -> u64 {
    hash.first_chunk().map_or(0, |word| u64::from_be_bytes(*word))
}

/// Whether this is the name of a single entry.
pub(crate) fn is_entry(cell: &Cell) -> bool {
    cell.name().starts_with(ONE)
}

/// The name of a single entry, as a tier that several processes share reads it.
#[cfg(any(feature = "redis", feature = "testkit"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Single<'a> {
    /// Whose entry it is.
    pub(crate) owner: &'a str,
    /// What of its hash tells it from others of the function. Two that share it are ended together.
    pub(crate) mark: &'a str,
}

#[cfg(any(feature = "redis", feature = "testkit"))]
impl<'a> Single<'a> {
    /// So many ends of a function's entries are kept apart, in a megabyte at most: more of them raise the floor.
    pub(crate) const MOST: usize = 10_000;

    /// `None` for every other name.
    pub(crate) fn of(name: &'a str) -> Option<Self> {
        let (owner, hash) = name.strip_prefix(ONE)?.split_once(':')?;
        Some(Self { owner, mark: hash.get(..16)? })
    }

    /// The name that stands for every end of single entries of the function.
    pub(crate) fn any_entry(self) -> String {
        format!("{ANY}{}", self.owner)
    }
}

/// Whether this is the name of an entry, or of any entry of a function; `hash` tells text that is so many digits.
pub(super) fn is_name(name: &str, hash: impl Fn(&str, usize) -> bool) -> bool {
    if let Some((owner, entry)) = name.strip_prefix(ONE).and_then(|rest| rest.split_once(':')) {
        return hash(owner, 16) && hash(entry, 64);
    }
    name.strip_prefix(ANY).is_some_and(|owner| hash(owner, 16))
}

/// What a name ends, where it is one of these.
pub(super) fn read(name: &str) -> Option<Ends> {
    let number = |text: Option<&str>| u64::from_str_radix(text?, 16).ok();
    if let Some(rest) = name.strip_prefix(ONE) {
        let (owner, hash) = rest.split_once(':')?;
        return Some(Ends::One(Owner(number(Some(owner))?), number(hash.get(..16))?));
    }
    let owner = name.strip_prefix(ANY)?;
    Some(Ends::Any(Owner(number(Some(owner))?)))
}

type ByOwner = HashMap<Owner, Vec<Weak<dyn Entries>>>;

/// Those who keep entries.
#[derive(Default)]
pub(super) struct Keepers {
    by_owner: Mutex<ByOwner>,
}

impl Keepers {
    pub(super) fn add(&self, owner: Owner, keeper: Weak<dyn Entries>) {
        self.by_owner().entry(owner).or_default().push(keeper);
    }

    pub(super) fn of(&self, owner: Owner) -> Vec<Arc<dyn Entries>> {
        self.by_owner().get(&owner).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }

    fn by_owner(&self) -> MutexGuard<'_, ByOwner> {
        self.by_owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keepers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keepers").field("functions", &self.by_owner().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_made() {
        let (owner, hash) = (Owner::of(&[7; 32]), [9; 32]);
        assert_eq!(read(&owner.entry(&hash)), Some(Ends::One(owner, mark(&hash))));
        assert_eq!(read(&owner.any_entry()), Some(Ends::Any(owner)));
        for name in [owner.entry(&hash), owner.any_entry()] {
            assert!(crate::epoch::is_canonical(&name), "{name}");
        }
        #[cfg(any(feature = "redis", feature = "testkit"))]
        {
            let name = owner.entry(&hash);
            let single = Single::of(&name).expect("a single entry");
            assert_eq!((single.owner, single.mark), ("0707070707070707", "0909090909090909"));
            assert_eq!(single.any_entry(), owner.any_entry());
            assert_eq!(Single::of(&owner.any_entry()), None);
        }
        let (half, other_half) = (format!("@entry:xy:{:064x}", 9), format!("@entry:{:016x}:zz", 7));
        for other in ["@entry:", &half, &other_half, "@function:", "@function:0", "#1", "", "a b", "@other"] {
            assert!(!crate::epoch::is_canonical(other), "{other}");
        }
        for other in ["tools", "@everything", "@entry:", "@entry:xy:zz", "@function:", "#1"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
