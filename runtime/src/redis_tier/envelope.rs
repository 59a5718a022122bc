//! The form of a stored value: everything that decides whether it is one is checked before its bytes are used.

use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::cache::WIRE_VERSION;
use crate::epoch::Epoch;
use crate::remote::Record;

const MAGIC: [u8; 3] = *b"lrd";
const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;

/// Payloads from this size up are compressed when that makes them smaller.
const COMPRESS_FROM: usize = 4 * 1024;
/// No value is larger than this when it is unpacked.
const LARGEST: usize = 64 * 1024 * 1024;
/// No value depends on more names than this.
const MOST_NAMES: usize = 4096;

/// Packs a record; `deadline` is in microseconds of the server's clock, 0 for none. `None` when it is too large.
pub(crate) fn pack(record: &Record, deadline: u64) -> Option<Vec<u8>> {
    if record.payload.len() > LARGEST || record.stamp.len() > MOST_NAMES {
        return None;
    }
    let compressed = (record.payload.len() >= COMPRESS_FROM)
        .then(|| lz4_flex::block::compress(&record.payload))
        .filter(|compressed| compressed.len() < record.payload.len());
    let (form, payload) = compressed.as_ref().map_or((PLAIN, &record.payload), |bytes| (COMPRESSED, bytes));
    let mut out = Vec::with_capacity(payload.len() + 64 + record.stamp.len() * 48);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[WIRE_VERSION, form]);
    out.extend_from_slice(&record.hash);
    out.extend_from_slice(&deadline.to_le_bytes());
    out.extend_from_slice(&u16::try_from(record.stamp.len()).ok()?.to_le_bytes());
    for (name, epoch) in &record.stamp {
        out.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&epoch.raw().to_le_bytes());
    }
    out.extend_from_slice(&u32::try_from(record.payload.len()).ok()?.to_le_bytes());
    out.extend_from_slice(payload);
    let checksum = xxh3_64(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    Some(out)
}

/// Unpacks what [`pack`] made for the call with this hash; `None` for anything else, and for what is past its deadline.
pub(crate) fn unpack(bytes: &[u8], hash: &[u8; 32], server_now: u64) -> Option<Record> {
    let (body, checksum) = bytes.split_last_chunk::<8>()?;
    if xxh3_64(body) != u64::from_le_bytes(*checksum) {
        return None;
    }
    let mut rest = Rest(body);
    if rest.take(3)? != MAGIC || rest.byte()? != WIRE_VERSION {
        return None;
    }
    let form = rest.byte()?;
    if rest.take(32)? != hash {
        return None;
    }
    let deadline = u64::from_le_bytes(rest.chunk()?);
    let life = match deadline {
        0 => Duration::MAX,
        deadline => Duration::from_micros(deadline.checked_sub(server_now).filter(|left| *left > 0)?),
    };
    let names = usize::from(u16::from_le_bytes(rest.chunk()?));
    if names > MOST_NAMES {
        return None;
    }
    let mut stamp = Vec::with_capacity(names);
    for _ in 0..names {
        let length = usize::from(u16::from_le_bytes(rest.chunk()?));
        let name = std::str::from_utf8(rest.take(length)?).ok()?;
        stamp.push((Arc::from(name), Epoch::confirmed(u64::from_le_bytes(rest.chunk()?))));
    }
    let size = usize::try_from(u32::from_le_bytes(rest.chunk()?)).ok().filter(|size| *size <= LARGEST)?;
    let payload = match form {
        PLAIN if rest.0.len() == size => rest.0.to_vec(),
        COMPRESSED => {
            let payload = lz4_flex::block::decompress(rest.0, size).ok()?;
            (payload.len() == size).then_some(payload)?
        }
        _ => return None,
    };
    Some(Record { hash: *hash, stamp, life, payload })
}

/// The bytes not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.chunk::<1>().map(|[byte]| byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(payload: Vec<u8>) -> Record {
        let stamp = vec![(Arc::from("tools"), Epoch::confirmed(5)), (Arc::from("tool:1"), Epoch::confirmed(6))];
        Record { hash: [7; 32], stamp, life: Duration::from_micros(900), payload }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for payload in [
            vec![],
            vec![1, 2, 3],
            vec![9; 100_000],
            (0..100_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
        ] {
            let record = record(payload);
            let bytes = pack(&record, 1_000).expect("small enough");
            assert_eq!(unpack(&bytes, &record.hash, 100), Some(record));
        }
    }

    #[test]
    fn the_wrong_key_the_past_and_every_flipped_bit_are_refused() {
        let record = record(b"value".to_vec());
        let bytes = pack(&record, 1_000).expect("small enough");
        assert_eq!(unpack(&bytes, &[8; 32], 100), None);
        assert_eq!(unpack(&bytes, &record.hash, 1_000), None);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut broken = bytes.clone();
                broken[at] ^= 1 << bit;
                assert_eq!(unpack(&broken, &record.hash, 100), None, "byte {at} bit {bit}");
            }
        }
        for length in 0..bytes.len() {
            assert_eq!(unpack(&bytes[..length], &record.hash, 100), None);
        }
    }

    #[test]
    fn a_lie_about_the_size_is_refused_before_memory_is_taken() {
        let mut record = record(vec![9; 100_000]);
        let mut bytes = pack(&record, 1_000).expect("small enough");
        bytes.truncate(bytes.len() - 8);
        let at = 3 + 2 + 32 + 8 + 2 + (2 + 5 + 8) + (2 + 6 + 8);
        bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let checksum = xxh3_64(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        assert_eq!(unpack(&bytes, &record.hash, 100), None);
        record.payload = vec![0; LARGEST + 1];
        assert_eq!(pack(&record, 0), None);
    }
}
