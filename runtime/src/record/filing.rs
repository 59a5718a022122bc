//! What a record is filed under: its primary key and the values of its indexed fields, hashed.

use sha2::{Digest as _, Sha256};

use super::fault::Fault;
use super::shelf::{Digest, Entry, Filled};
use crate::cache::{WIRE_VERSION, push_hex};
use crate::key::{CacheKey, KeyWriter};

/// The index that every record is in, and what stands for the primary key: no field has such a name.
pub(super) const ALL: &str = "@all";
pub(super) const KEY: &str = "@key";

/// The records of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Drawer {
    pub(crate) name: &'static str,
}

/// Receives the primary key and the indexed fields of one record.
#[derive(Debug, Default)]
pub struct Filing {
    own: Option<Plain>,
    indexes: Vec<(&'static str, Plain, bool)>,
    fault: Option<Fault>,
}

/// The hash of a value alone: nobody is told of it.
pub(super) type Plain = [u8; 32];

impl Filing {
    pub(super) fn new() -> Self {
        let mut filing = Self::default();
        filing.index(ALL, &());
        filing
    }

    /// The primary key.
    pub fn key(&mut self, field: &'static str, value: &(impl CacheKey + ?Sized)) {
        self.own = plain(field, value).map_err(|fault| self.fault = Some(fault)).ok();
    }

    /// A field that finds any number of records.
    pub fn index(&mut self, field: &'static str, value: &(impl CacheKey + ?Sized)) {
        self.add(field, value, false);
    }

    /// A field that no two records share. A `None` is no value: any number of records may have it.
    pub fn unique(&mut self, field: &'static str, value: &(impl CacheKey + ?Sized)) {
        if !KeyWriter::of(value).is_none() {
            self.add(field, value, true);
        }
    }

    fn add(&mut self, field: &'static str, value: &(impl CacheKey + ?Sized), unique: bool) {
        match plain(field, value) {
            Ok(value) => self.indexes.push((field, value, unique)),
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// Fails where a field has no canonical form.
    pub(super) fn checked(self) -> Result<Self, Fault> {
        match (&self.fault, &self.own) {
            (None, Some(_)) => Ok(self),
            (Some(fault), _) => Err(fault.clone()),
            (None, None) => Err(Fault::NoKey { field: "key" }),
        }
    }

    /// The same in one namespace, as records of this name.
    pub(super) fn within(&self, namespace: &str, name: &str) -> (Digest, Vec<Entry>) {
        let entry = |(field, value, unique): &(&'static str, Plain, bool)| {
            let (field, unique) = (*field, *unique);
            Entry { filled: Filled { field, value: digest(namespace, name, field, value) }, unique }
        };
        let own = digest(namespace, name, KEY, &self.own.unwrap_or_default());
        (own, self.indexes.iter().map(entry).collect())
    }
}

/// Hashes a value.
pub(super) fn plain(field: &'static str, value: &(impl CacheKey + ?Sized)) -> Result<Plain, Fault> {
    KeyWriter::of(value).sha256().ok_or(Fault::NoKey { field })
}

/// What stands for a value where records are kept: another hash in every namespace, type of record and field.
pub(super) fn digest(namespace: &str, name: &str, field: &str, value: &Plain) -> Digest {
    let mut hash = Sha256::new();
    for part in [namespace.as_bytes(), &[WIRE_VERSION], b"record", name.as_bytes(), field.as_bytes(), value] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What stands for a shape where records are kept. It must never change: records outlive the programs that wrote them.
pub(super) fn mark(shape: &str) -> String {
    let hash: Digest = Sha256::digest(shape).into();
    let mut mark = String::with_capacity(32);
    push_hex(&mut mark, hash.first_chunk::<16>().unwrap_or(&[0; 16]));
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_another_hash_in_every_place() {
        let value = plain("c", "value").expect("a form");
        assert_eq!(Some(value), plain("c", &"value".to_owned()).ok(), "as it is borrowed");
        let places =
            [("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x"), ("ab", "", "c"), ("a", "bc", "")];
        let hashes = places.map(|(namespace, name, field)| digest(namespace, name, field, &value));
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{at}");
        }
        assert_ne!(digest("a", "b", "c", &value), digest("a", "b", "c", &plain("c", "other").expect("a form")));
    }

    #[test]
    fn a_none_is_filed_under_an_index_and_not_as_a_unique_value() {
        let mut filing = Filing::new();
        filing.key("id", &1);
        filing.unique("host", &None::<String>);
        filing.unique("mail", &Some(String::new()));
        filing.index("plan", &None::<String>);
        let (_, indexes) = filing.checked().expect("all have a form").within("a", "b");
        let fields: Vec<_> = indexes.iter().map(|entry| entry.filled.field).collect();
        assert_eq!(fields, [ALL, "mail", "plan"]);
    }
}
