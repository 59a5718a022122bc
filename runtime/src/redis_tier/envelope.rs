//! The form of a stored value: everything that decides whether it is one is checked before its bytes are used.

use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::cache::WIRE_VERSION;
use crate::epoch::{Epoch, is_canonical};
use crate::remote::Record;

const MAGIC: [u8; 3] = *b"lrd";
const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;

/// Payloads from this size up are compressed when that makes them smaller.
const COMPRESS_FROM: usize = 4 * 1024;
/// No value is larger than this when it is unpacked.
const LARGEST: usize = 64 * 1024 * 1024;
/// One byte of LZ4 stands for at most this many.
const MOST_TIMES: usize = 255;
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
    let mut out = Vec::with_capacity(payload.len() + 72 + record.stamp.len() * 48);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[WIRE_VERSION, form]);
    out.extend_from_slice(&record.hash);
    out.extend_from_slice(&record.entry.raw().to_le_bytes());
    out.extend_from_slice(&deadline.to_le_bytes());
    out.extend_from_slice(&u16::try_from(record.stamp.len()).ok()?.to_le_bytes());
    for (name, epoch) in &record.stamp {
        out.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&epoch.raw().to_le_bytes());
    }
    out.extend_from_slice(&u32::try_from(record.payload.len()).ok()?.to_le_bytes());
    out.extend_from_slice(&record.made.to_le_bytes());
    out.extend_from_slice(payload);
    let checksum = xxh3_64(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    Some(out)
}

/// Unpacks what [`pack`] made for the call with this hash; `None` for anything else. What is past its deadline has no life left.
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
    let entry = Epoch::confirmed(u64::from_le_bytes(rest.chunk()?));
    let deadline = u64::from_le_bytes(rest.chunk()?);
    let life = match deadline {
        0 => Duration::MAX,
        deadline => Duration::from_micros(deadline.saturating_sub(server_now)),
    };
    let names = usize::from(u16::from_le_bytes(rest.chunk()?));
    if names > MOST_NAMES {
        return None;
    }
    let mut stamp = Vec::with_capacity(names);
    for _ in 0..names {
        let length = usize::from(u16::from_le_bytes(rest.chunk()?));
        let name = std::str::from_utf8(rest.take(length)?).ok().filter(|name| is_canonical(name))?;
        stamp.push((Arc::from(name), Epoch::confirmed(u64::from_le_bytes(rest.chunk()?))));
    }
    let size = usize::try_from(u32::from_le_bytes(rest.chunk()?)).ok().filter(|size| *size <= LARGEST)?;
    let made = u64::from_le_bytes(rest.chunk()?);
    let payload = match form {
        PLAIN if rest.0.len() == size => rest.0.to_vec(),
        // No bytes unpack to more than this: a small lie takes no large memory.
        COMPRESSED if size <= rest.0.len().saturating_mul(MOST_TIMES) => {
            let payload = lz4_flex::block::decompress(rest.0, size).ok()?;
            (payload.len() == size).then_some(payload)?
        }
        _ => return None,
    };
    Some(Record { hash: *hash, entry, stamp, life, made, payload })
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
        Record { hash: [7; 32], entry: Epoch::confirmed(4), stamp, life: Duration::from_micros(900), made: 11, payload }
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
    fn what_is_past_its_deadline_has_no_life_left() {
        let record = record(b"value".to_vec());
        let bytes = pack(&record, 1_000).expect("small enough");
        for (now, left) in [(999, 1), (1_000, 0), (u64::MAX, 0)] {
            let unpacked = unpack(&bytes, &record.hash, now).map(|record| record.life);
            assert_eq!(unpacked, Some(Duration::from_micros(left)), "at {now}");
        }
    }

    #[test]
    fn the_wrong_key_and_every_flipped_bit_are_refused() {
        let record = record(b"value".to_vec());
        let bytes = pack(&record, 1_000).expect("small enough");
        assert_eq!(unpack(&bytes, &[8; 32], 100), None);
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
        let at = 3 + 2 + 32 + 8 + 8 + 2 + (2 + 5 + 8) + (2 + 6 + 8);
        bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let checksum = xxh3_64(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        assert_eq!(unpack(&bytes, &record.hash, 100), None);
        record.payload = vec![0; LARGEST + 1];
        assert_eq!(pack(&record, 0), None);
    }

    /// The checksum that whoever may write to Redis can make as well as we do.
    fn sealed(body: &[u8]) -> Vec<u8> {
        [body, &xxh3_64(body).to_le_bytes()].concat()
    }

    /// Where the lengths stand: of the stamp, of its names, of the payload.
    const LENGTHS: [(usize, usize); 4] = [(53, 2), (55, 2), (70, 2), (86, 4)];

    /// Sealed bytes with a lie, a flip, a cut or a graft in them.
    fn mutant(bytes: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
        let mut body = bytes.get(..bytes.len() - 8).unwrap_or_default().to_vec();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..body.len());
            match random.u8(..6) {
                0 => body[at] ^= 1 << random.u8(..8),
                1 => body.truncate(at.max(1)),
                2 => body.extend((0..random.usize(..40)).map(|_| random.u8(..))),
                3 => drop(body.splice(at..at, (0..random.usize(..9)).map(|_| 0xff).collect::<Vec<_>>())),
                4 => drop(body.drain(at..(at + random.usize(..9)).min(body.len()).max(at))),
                _ => {
                    let (at, width) = LENGTHS[random.usize(..LENGTHS.len())];
                    let lie = [0, 1, 0x7f, 0xff, 0xffff, 0x0400_0000, 0x7fff_ffff, u32::MAX][random.usize(..8)];
                    let lie: [u8; 4] = u32::to_le_bytes(lie);
                    if let Some(place) = body.get_mut(at..at + width) {
                        place.copy_from_slice(&lie[..width]);
                    }
                }
            }
            if body.is_empty() {
                body.push(0);
            }
        }
        sealed(&body)
    }

    #[test]
    fn a_payload_that_is_not_compressed_is_as_long_as_it_says() {
        let bytes = pack(&record(vec![7; 9]), 1_000).expect("small enough");
        for size in 0..20_u32 {
            let mut body = bytes[..bytes.len() - 8].to_vec();
            let (at, width) = LENGTHS[3];
            body[at..at + width].copy_from_slice(&size.to_le_bytes());
            assert_eq!(unpack(&sealed(&body), &[7; 32], 100).is_some(), size == 9, "{size}");
        }
    }

    #[test]
    fn the_lengths_stand_where_the_attack_expects_them() {
        let bytes = pack(&record(vec![7; 9]), 1_000).expect("small enough");
        let read: Vec<u64> = LENGTHS
            .iter()
            .map(|(at, width)| bytes[*at..at + width].iter().rev().fold(0, |read, byte| read << 8 | u64::from(*byte)))
            .collect();
        assert_eq!(read, [2, 5, 6, 9]);
    }

    /// Whatever the bytes are: a miss, or a record that keeps every bound.
    fn attack(rounds: u32) {
        let originals: Vec<Vec<u8>> = [vec![], vec![1, 2, 3], vec![9; 100_000], vec![0x91; 5_000]]
            .into_iter()
            .filter_map(|payload| pack(&record(payload), 1_000))
            .collect();
        let mut random = fastrand::Rng::with_seed(7);
        let mut taken = 0;
        for round in 0..rounds {
            let original = &originals[round as usize % originals.len()];
            let bytes = mutant(original, &mut random);
            let Some(record) = unpack(&bytes, &[7; 32], 100) else { continue };
            taken += 1;
            assert_eq!(record.hash, [7; 32]);
            assert!(record.payload.len() <= LARGEST.min(bytes.len() * MOST_TIMES));
            assert!(record.stamp.len() <= MOST_NAMES);
            assert!(record.stamp.iter().all(|(name, _)| is_canonical(name)));
        }
        assert!(taken > 0, "the attack gets through the checksum");
    }

    #[test]
    fn hostile_bytes_are_a_miss_or_keep_every_bound() {
        attack(if cfg!(miri) { 100 } else { 20_000 });
    }

    #[test]
    fn another_wire_version_s_bytes_are_refused_whatever_else_is_right() {
        let bytes = pack(&record(b"value".to_vec()), 1_000).expect("small enough");
        for version in (0..=u8::MAX).filter(|version| *version != WIRE_VERSION) {
            let mut other = bytes[..bytes.len() - 8].to_vec();
            other[3] = version;
            assert_eq!(unpack(&sealed(&other), &[7; 32], 100), None, "version {version}");
        }
        assert!(unpack(&sealed(&bytes[..bytes.len() - 8]), &[7; 32], 100).is_some(), "sealed as `pack` does");
    }

    #[test]
    #[cfg_attr(miri, ignore = "65 536 names take miri an hour")]
    fn a_stamp_of_more_names_than_any_and_of_names_that_are_none_is_refused() {
        let mut many = record(Vec::new());
        many.stamp = (0..MOST_NAMES).map(|at| (Arc::from(format!("n{at}")), Epoch::confirmed(9))).collect();
        let bytes = pack(&many, 1_000).expect("as many as may be");
        assert!(unpack(&bytes, &[7; 32], 100).is_some());
        let mut more = bytes[..bytes.len() - 8].to_vec();
        more[53..55].copy_from_slice(&u16::MAX.to_le_bytes());
        assert_eq!(unpack(&sealed(&more), &[7; 32], 100), None);
        for name in ["", "a b", "a\n", &"x".repeat(1_000), &"x".repeat(60_000)] {
            let mut odd = record(Vec::new());
            odd.stamp.push((Arc::from(name), Epoch::confirmed(9)));
            let bytes = pack(&odd, 1_000).expect("it is not checked here");
            assert_eq!(unpack(&bytes, &[7; 32], 100), None, "{} bytes", name.len());
        }
    }

    /// The address space that this process has held at most (`VmPeak`), or holds (`VmSize`), in bytes: also memory that was
    /// asked for and never touched.
    fn held(which: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':')).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }

    /// Run by the test below in a process of its own: only there does nobody else take memory.
    #[test]
    #[ignore = "the other side of a test with two processes"]
    fn alone_with_hostile_bytes() {
        attack(100);
        let before = held("VmPeak");
        assert!(before > 0, "Linux says how much is held");
        assert!(before - held("VmSize") < 4 << 20, "what was held before would hide what is taken now");
        for unpacked in [5_000_000_u32, 60 << 20, LARGEST as u32, u32::MAX] {
            let compressed = pack(&record(vec![9; 5_000]), 1_000).expect("small enough");
            let mut lie = compressed[..compressed.len() - 8].to_vec();
            lie[86..90].copy_from_slice(&unpacked.to_le_bytes());
            assert_eq!(unpack(&sealed(&lie), &[7; 32], 100), None);
        }
        attack(5_000);
        let grown = held("VmPeak") - before;
        assert!(grown < 4 << 20, "{} KB were taken for bytes that are nothing", grown >> 10);
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[cfg_attr(miri, ignore = "miri starts no process")]
    fn lengths_are_checked_before_memory_is_taken() {
        let module = module_path!().split_once("::").map_or("", |(_, module)| module);
        let mut alone = std::process::Command::new(std::env::current_exe().expect("a path"));
        alone.args(["--exact", &format!("{module}::alone_with_hostile_bytes"), "--ignored", "--test-threads=1"]);
        // A thread with an arena of its own holds 128 MB for a moment, as a new one is cut from the middle of that.
        alone.env("MALLOC_ARENA_MAX", "1");
        let output = alone.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
}
