//! The truth that is cached: the version of each item, in a file that all processes share.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// How many items there are.
pub(crate) const ITEMS: u64 = 12;
/// The items below are written often; those above rarely, so that what was missed once is not put right soon after.
pub(crate) const HOT: u64 = 6;

/// The file of versions.
#[derive(Debug)]
pub(crate) struct Source(File);

impl Source {
    pub(crate) fn create(path: &Path) {
        std::fs::write(path, vec![0; usize::try_from(ITEMS * 8).unwrap()]).unwrap();
    }

    pub(crate) fn open(path: &Path) -> Self {
        Self(OpenOptions::new().read(true).write(true).open(path).unwrap())
    }

    pub(crate) fn read(&self, item: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, item * 8).unwrap();
        u64::from_le_bytes(bytes)
    }

    /// Only one task of one process writes an item.
    pub(crate) fn write(&self, item: u64, version: u64) {
        self.0.write_all_at(&version.to_le_bytes(), item * 8).unwrap();
    }
}
