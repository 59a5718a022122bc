//! What fuzzing begins at: the readers of bytes that others wrote, each with what must hold of any.

use std::time::Duration;

use crate::clock::Moment;
use crate::epoch::{Epoch, Reading, Told, canonical};
use crate::redis_tier::{pack, read_announcement, unpack};

/// Stored bytes: refused, or a record that is packed to one that reads the same. As they come, and with the checksum
/// that makes them be read further.
pub fn envelope(bytes: &[u8]) {
    let hash = bytes.get(5..37).and_then(|hash| hash.try_into().ok()).unwrap_or([0; 32]);
    let sealed = [bytes, &xxhash_rust::xxh3::xxh3_64(bytes).to_le_bytes()].concat();
    for bytes in [bytes, &sealed] {
        let Some(record) = unpack(bytes, &hash, 0) else { continue };
        let endless = record.life == Duration::MAX;
        let deadline = if endless { 0 } else { u64::try_from(record.life.as_micros()).unwrap_or(u64::MAX) };
        let again = pack(&record, deadline).and_then(|packed| unpack(&packed, &hash, 0));
        assert_eq!(again.as_ref(), Some(&record), "a record that was read is not read again");
        assert!(record.stamp.iter().all(|(_, epoch)| Epoch::confirmed(epoch.raw()) == *epoch));
    }
}

fn told(bytes: &[u8]) -> Option<Told> {
    Reading { here: Moment::START, there: None, settle: Duration::ZERO }.read(bytes)
}

/// Names, announcements and epochs of any text.
pub fn names(bytes: &[u8]) {
    if let Some(told) = told(bytes) {
        assert!(told.epoch.is_confirmed(), "an epoch that Redis gave is one that others compare");
    }
    if let Some((name, epoch, first)) = read_announcement(bytes) {
        let confirmed = told(epoch).is_none_or(|told| told.epoch.is_confirmed());
        assert!(confirmed && bytes.starts_with(name.as_bytes()) && (!first || bytes.len() > name.len() + 6));
    }
    let Ok(name) = std::str::from_utf8(bytes) else { return };
    let written = canonical(name);
    let hashed = written.strip_prefix('#');
    assert!(hashed.map_or(written == name, |hex| hex.len() == 64), "a name is itself, or its hash");
    assert!(!written.bytes().any(|byte| b"*?[]{} \r\n@".contains(&byte)), "no pattern, no separator");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// What fuzzing kept, and what it was begun with, each time the tests are run.
    fn replay(target: &str, read: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let files: Vec<_> = std::fs::read_dir(corpus).expect("a corpus").flatten().collect();
        assert!(files.len() > 2, "the corpus of {target} is there");
        files.iter().for_each(|file| read(&std::fs::read(file.path()).expect("a file")));
    }

    #[test]
    fn the_corpus_of_stored_bytes() {
        replay("envelope", super::envelope);
    }

    #[test]
    fn the_corpus_of_names() {
        replay("names", super::names);
    }
}
