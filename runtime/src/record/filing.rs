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
#[derive(Debug)]
pub struct Filing<'a> {
    namespace: &'a str,
    name: &'static str,
    own: Option<Digest>,
    indexes: Vec<Entry>,
    fault: Option<Fault>,
}

impl<'a> Filing<'a> {
    pub(super) fn new(namespace: &'a str, name: &'static str) -> Self {
        let mut filing = Self { namespace, name, own: None, indexes: Vec::new(), fault: None };
        filing.index(ALL, &());
        filing
    }

    /// The primary key.
    pub fn key(&mut self, field: &'static str, value: &(impl CacheKey + ?Sized)) {
        self.own = digest(self.namespace, self.name, KEY, value);
        if self.own.is_none() {
            self.fault = Some(Fault::NoKey { field });
        }
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
        match digest(self.namespace, self.name, field, value) {
            Some(value) => self.indexes.push(Entry { filled: Filled { field, value }, unique }),
            None => self.fault = Some(Fault::NoKey { field }),
        }
    }

    pub(super) fn finish(self) -> Result<(Digest, Vec<Entry>), Fault> {
        match (self.fault, self.own) {
            (None, Some(own)) => Ok((own, self.indexes)),
            (Some(fault), _) => Err(fault),
            (None, None) => Err(Fault::NoKey { field: "key" }),
        }
    }
}

/// The hash of a value: another one in every namespace, type of record and field. `None`: the value has no canonical form.
pub(super) fn digest(namespace: &str, name: &str, field: &str, value: &(impl CacheKey + ?Sized)) -> Option<Digest> {
    let value = KeyWriter::of(value).sha256()?;
    let mut hash = Sha256::new();
    for part in [namespace.as_bytes(), &[WIRE_VERSION], b"record", name.as_bytes(), field.as_bytes(), &value] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Some(hash.finalize().into())
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
        let places = [("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x"), ("ab", "", "c"), ("a", "bc", "")];
        let hashes: Vec<_> = places.map(|(namespace, name, field)| digest(namespace, name, field, "value")).to_vec();
        for (at, hash) in hashes.iter().enumerate() {
            assert!(hash.is_some() && !hashes[..at].contains(hash), "{at}");
        }
        assert_eq!(digest("a", "b", "c", "value"), digest("a", "b", "c", &"value".to_owned()), "as it is borrowed");
    }

    #[test]
    fn a_none_is_filed_under_an_index_and_not_as_a_unique_value() {
        let mut filing = Filing::new("a", "b");
        filing.key("id", &1);
        filing.unique("host", &None::<String>);
        filing.unique("mail", &Some(String::new()));
        filing.index("plan", &None::<String>);
        let (_, indexes) = filing.finish().expect("all have a form");
        let fields: Vec<_> = indexes.iter().map(|entry| entry.filled.field).collect();
        assert_eq!(fields, [ALL, "mail", "plan"]);
    }
}
