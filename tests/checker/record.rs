//! What one process saw and did: a file of records of one size, in times that all processes of a machine share.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// `what`: the way of the read; `version`: what it returned.
    Read,
    /// One more part of the call before it.
    Part,
    /// `what`: the names that it ended; `version`: what it wrote.
    Write,
    /// No end that was made in this process and returned before `begin` is owed to Redis at `end`.
    Delivered,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) tag: Tag,
    pub(crate) what: u8,
    pub(crate) item: u16,
    /// Of a read: whether the link was good all the while. Of a write: whether Redis confirmed it.
    pub(crate) good: bool,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) version: u64,
}

const SIZE: usize = 32;

impl Record {
    fn to_bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[0] = self.tag as u8;
        bytes[1] = self.what;
        bytes[2..4].copy_from_slice(&self.item.to_le_bytes());
        bytes[4] = self.good.into();
        bytes[8..16].copy_from_slice(&self.begin.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.end.to_le_bytes());
        bytes[24..].copy_from_slice(&self.version.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; SIZE]) -> Self {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let tag = [Tag::Read, Tag::Part, Tag::Write, Tag::Delivered][usize::from(bytes[0])];
        let item = u16::from_le_bytes([bytes[2], bytes[3]]);
        Self { tag, what: bytes[1], item, good: bytes[4] != 0, begin: word(8), end: word(16), version: word(24) }
    }
}

/// The file that a process writes.
#[derive(Debug)]
pub(crate) struct Log {
    file: Mutex<BufWriter<File>>,
}

impl Log {
    pub(crate) fn create(path: &Path) -> Self {
        Self { file: Mutex::new(BufWriter::with_capacity(1 << 16, File::create(path).unwrap())) }
    }

    fn file(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.file.lock().unwrap()
    }

    pub(crate) fn append(&self, records: &[Record]) {
        let mut file = self.file();
        for record in records {
            file.write_all(&record.to_bytes()).unwrap();
        }
    }

    pub(crate) fn flush(&self) {
        self.file().flush().unwrap();
    }
}

/// Reads what a process wrote; the last record may be cut off where it was killed.
pub(crate) fn read_log(path: &Path) -> Vec<Record> {
    let bytes = std::fs::read(path).unwrap();
    bytes.as_chunks::<SIZE>().0.iter().map(Record::from_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let written = Record { tag: Tag::Write, what: 5, item: 300, good: true, begin: 1, end: 1 << 40, version: 7 };
        assert_eq!(Record::from_bytes(&written.to_bytes()), written);
    }
}
