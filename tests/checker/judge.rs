//! The judgement: every read of a round against every write that was over before it began.
//!
//! A write is over at home when its call returned, and everywhere when Redis is known to have taken its end. A read may
//! show what was written later or ended since, never what was ended before it began: at once in the process that wrote
//! (promise 1), at once where `strict` confirmed it, within the lease elsewhere (promise 2), and never again once this
//! process was told of the end by a strict read (promise 3).

use crate::functions::{Way, names};
use crate::record::{Record, Tag};
use crate::source::ITEMS;

/// The tracking lease, and the margin of a coarse clock.
pub(crate) const LEASE: u64 = 1_050_000_000;
/// The life of what is read by [`Way::ByTtl`], and the longest that a body was stopped before its life began.
const TTL: u64 = 1_000_000_000 + 4_000_000_000;

/// What one process did.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) place: usize,
    pub(crate) records: Vec<Record>,
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    FreshAtHome,
    FreshElsewhere,
    StrictAtOnce,
    /// Shown again after this process knew of the end.
    NoStaleSet,
}

/// A read that showed what it must not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Violation {
    pub(crate) broken: Broken,
    pub(crate) process: usize,
    pub(crate) read: Record,
    /// How long before the read began its value was ended, in nanoseconds.
    pub(crate) late: u64,
}

/// When the versions of one item were over, for one name.
#[derive(Debug, Default)]
struct Ends {
    /// Each version, and the earliest time at which it or a later one was over; by version.
    sorted: Vec<(u64, u64)>,
}

impl Ends {
    fn of(mut ends: Vec<(u64, u64)>) -> Self {
        ends.sort_unstable();
        let mut earliest = u64::MAX;
        for (_, at) in ends.iter_mut().rev() {
            earliest = earliest.min(*at);
            *at = earliest;
        }
        Self { sorted: ends }
    }

    /// When something later than `version` was over.
    fn after(&self, version: u64) -> Option<u64> {
        let at = self.sorted.partition_point(|(written, _)| *written <= version);
        self.sorted.get(at).map(|(_, at)| *at)
    }
}

/// How many names there are.
const NAMES: usize = 8;

/// Of each item and each name.
#[derive(Debug)]
struct All(Vec<Ends>);

impl All {
    fn of(writes: impl Iterator<Item = (Record, u64)>) -> Self {
        let mut ends = vec![Vec::new(); usize::try_from(ITEMS).unwrap() * NAMES];
        for (write, over) in writes {
            for name in bits(write.what) {
                ends[usize::from(write.item) * NAMES + name].push((write.version, over));
            }
        }
        Self(ends.into_iter().map(Ends::of).collect())
    }

    /// When a value of this version was first ended by any of these names.
    fn ended(&self, item: u16, names: u8, version: u64) -> Option<u64> {
        bits(names).filter_map(|name| self.0[usize::from(item) * NAMES + name].after(version)).min()
    }
}

fn bits(mask: u8) -> impl Iterator<Item = usize> {
    (0..NAMES).filter(move |bit| mask & (1 << bit) != 0)
}

/// The writes of a process, and when each was known to be over everywhere.
fn over_everywhere(process: &Process) -> impl Iterator<Item = (Record, u64)> + '_ {
    // Both by time: a later delivery says more.
    let delivered: Vec<(u64, u64)> =
        process.records.iter().filter(|record| record.tag == Tag::Delivered).map(|it| (it.begin, it.end)).collect();
    process.records.iter().filter(|record| record.tag == Tag::Write).filter_map(move |write| {
        if write.good {
            return Some((*write, write.end));
        }
        let at = delivered.partition_point(|(begin, _)| *begin < write.end);
        delivered.get(at).map(|(_, end)| (*write, *end))
    })
}

/// When strict reads told a process what had been ended.
#[derive(Debug, Default)]
struct Told {
    /// When a good strict read ended, and the latest beginning of one that ended by then.
    sorted: Vec<(u64, u64)>,
}

impl Told {
    fn of(reads: impl Iterator<Item = Record>) -> Self {
        let mut sorted: Vec<(u64, u64)> = reads.map(|read| (read.end, read.begin)).collect();
        sorted.sort_unstable();
        let mut latest = 0;
        for (_, begin) in &mut sorted {
            latest = latest.max(*begin);
            *begin = latest;
        }
        Self { sorted }
    }

    /// All that was over everywhere at this time was known in the process at `time`.
    fn by(&self, time: u64) -> Option<u64> {
        let at = self.sorted.partition_point(|(end, _)| *end < time);
        at.checked_sub(1).map(|at| self.sorted[at].1)
    }
}

/// What the judge saw.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Calls, each judged in all its parts.
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) violations: Vec<Violation>,
    /// Of reads in other processes that showed what was ended: for how long it had been, and when.
    pub(crate) stale: Vec<(u64, u64)>,
    /// Of ends: when, and how long it took until another process showed something newer.
    pub(crate) pushes: Vec<(u64, u64)>,
    /// Calls that took long: where, from when, until when.
    pub(crate) slow: Vec<(usize, u64, u64)>,
}

/// The names that a strict read tells of.
const TELLING: [u8; 3] = [names::ENTITY, names::TAG, names::GROUP];
/// A call that takes longer is noted.
const SLOW: u64 = 20_000_000;

/// Judges a round.
pub(crate) fn judge(processes: &[Process]) -> Verdict {
    let mut verdict = Verdict::default();
    let everywhere = All::of(processes.iter().flat_map(over_everywhere));
    for (number, process) in processes.iter().enumerate() {
        let writes = process.records.iter().filter(|record| record.tag == Tag::Write);
        verdict.writes += writes.clone().count() as u64;
        let home = All::of(writes.map(|write| (*write, write.end)));
        let records = || process.records.iter().copied();
        let strict = |read: &Record| read.tag == Tag::Read && read.good && Way::from_number(read.what).is_strict();
        let strict: Vec<Record> = records().filter(strict).collect();
        let told = |item: u16, name: u8| {
            let tell = |read: &&Record| Way::from_number(read.what).tells(name, read.item, item);
            Told::of(strict.iter().filter(tell).copied())
        };
        let items = u16::try_from(ITEMS).unwrap();
        let told: Vec<Vec<Told>> = (0..items).map(|item| TELLING.map(|name| told(item, name)).into()).collect();
        for read in records().filter(|record| matches!(record.tag, Tag::Read | Tag::Part)) {
            verdict.reads += u64::from(read.tag == Tag::Read);
            if read.end - read.begin > SLOW && read.tag == Tag::Read {
                verdict.slow.push((process.place, read.begin, read.end));
            }
            let way = Way::from_number(read.what);
            let mut violation = |broken, ended: Option<u64>, latest: u64| {
                if let Some(ended) = ended.filter(|ended| *ended < latest) {
                    verdict.violations.push(Violation { broken, process: number, read, late: read.begin - ended });
                }
            };
            violation(Broken::FreshAtHome, home.ended(read.item, way.carries(), read.version), read.begin);
            let Some(ended) = everywhere.ended(read.item, way.carries(), read.version) else { continue };
            if ended >= read.begin {
                continue;
            }
            let bound = if way == Way::ByTtl { TTL } else { LEASE };
            violation(Broken::FreshElsewhere, Some(ended), read.begin.saturating_sub(bound));
            if way.is_strict() && read.good {
                violation(Broken::StrictAtOnce, Some(ended), read.begin);
            }
            for (name, told) in TELLING.into_iter().zip(&told[usize::from(read.item)]) {
                if let Some(known) = told.by(read.begin).filter(|_| way.carries() & name != 0) {
                    let ended = everywhere.ended(read.item, name, read.version);
                    violation(Broken::NoStaleSet, ended, known);
                }
            }
            if way != Way::ByTtl {
                verdict.stale.push((read.begin, read.begin - ended));
            }
        }
    }
    verdict.pushes = pushes(processes);
    verdict
}

/// How soon another process showed what was written: from the end of the write, where a read began soon after it, to the
/// beginning of the first read that showed it.
fn pushes(processes: &[Process]) -> Vec<(u64, u64)> {
    /// Where reads are further apart, their distance would be measured.
    const SOON: u64 = 1_000_000;
    let items = usize::try_from(ITEMS).unwrap();
    let by_item = |process: &Process| {
        let mut reads = vec![Vec::new(); items];
        let fits = |read: &&Record| read.tag == Tag::Read && read.what == Way::InMemory as u8;
        for read in process.records.iter().filter(fits) {
            reads[usize::from(read.item)].push((read.begin, read.version));
        }
        reads.iter_mut().for_each(|reads| reads.sort_unstable());
        reads
    };
    let reads: Vec<_> = processes.iter().map(by_item).collect();
    let mut pushes = Vec::new();
    for (number, process) in processes.iter().enumerate() {
        let carried = Way::InMemory.carries();
        let ends = process.records.iter().filter(|it| it.tag == Tag::Write && it.good && it.what & carried != 0);
        for write in ends {
            for (_, reads) in reads.iter().enumerate().filter(|(other, _)| *other != number) {
                let reads = &reads[usize::from(write.item)];
                let after = &reads[reads.partition_point(|(begin, _)| *begin < write.end)..];
                if after.first().is_some_and(|(begin, _)| *begin < write.end + SOON)
                    && let Some((begin, _)) = after.iter().find(|(_, version)| *version >= write.version)
                {
                    pushes.push((*begin, begin - write.end));
                }
            }
        }
    }
    pushes
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn read(way: Way, begin: u64, version: u64) -> Record {
        let what = way as u8;
        Record { tag: Tag::Read, what, item: 2, good: true, begin, end: begin + 5, version }
    }

    const fn write(what: u8, end: u64, version: u64) -> Record {
        Record { tag: Tag::Write, what, item: 2, good: true, begin: end - 5, end, version }
    }

    /// What is found where one process wrote and read, and another read.
    fn found(home: &[Record], other: &[Record]) -> Vec<Broken> {
        let processes = [home, other].map(|records| Process { place: 0, records: records.to_vec() });
        judge(&processes).violations.iter().map(|violation| violation.broken).collect()
    }

    #[test]
    fn at_home_an_ended_value_is_never_shown_again() {
        let ended = write(names::TAG, 100, 2);
        for way in [Way::ByTag, Way::Renewed, Way::PageNext] {
            assert_eq!(found(&[ended, read(way, 101, 1)], &[]), [Broken::FreshAtHome]);
            assert_eq!(found(&[ended, read(way, 100, 1)], &[]), [], "it began no later");
            assert_eq!(found(&[ended, read(way, 101, 2)], &[]), []);
        }
        assert_eq!(found(&[ended, read(Way::ByEntity, 101, 1)], &[]), [], "another name was ended");
    }

    #[test]
    fn elsewhere_it_is_gone_within_the_lease() {
        let ended = write(names::ENTITY, 100, 2);
        assert_eq!(found(&[ended], &[read(Way::ByEntity, 100 + LEASE, 1)]), []);
        assert_eq!(found(&[ended], &[read(Way::ByEntity, 101 + LEASE, 1)]), [Broken::FreshElsewhere]);
        assert_eq!(found(&[ended], &[read(Way::ByTtl, 101 + LEASE, 1)]), []);
        assert_eq!(found(&[ended], &[read(Way::ByTtl, 101 + TTL, 1)]), [Broken::FreshElsewhere]);
        assert_eq!(found(&[ended], &[read(Way::Strict, 101, 1)]), [Broken::StrictAtOnce]);
        assert_eq!(found(&[ended], &[Record { good: false, ..read(Way::Strict, 101, 1) }]), []);
    }

    #[test]
    fn what_was_not_confirmed_counts_once_it_was_delivered() {
        let pending = Record { good: false, ..write(names::TAG, 100, 2) };
        let delivered = Record { tag: Tag::Delivered, begin: 150, end: 200, ..pending };
        let late = read(Way::ByTag, 201 + LEASE, 1);
        assert_eq!(found(&[pending], &[late]), []);
        assert_eq!(found(&[pending, delivered], &[late]), [Broken::FreshElsewhere]);
        assert_eq!(found(&[pending, Record { begin: 99, ..delivered }], &[late]), []);
    }

    #[test]
    fn what_a_process_was_told_it_does_not_forget() {
        let ended = write(names::TAG, 100, 2);
        let told = read(Way::Strict, 110, 2);
        assert_eq!(found(&[ended], &[told, read(Way::ByTag, 120, 1)]), [Broken::NoStaleSet]);
        assert_eq!(found(&[ended], &[told, read(Way::ByTag, 115, 1)]), [], "it was not told before");
        let early = read(Way::Strict, 90, 1);
        assert_eq!(found(&[ended], &[early, read(Way::ByTag, 120, 1)]), []);
        let of_all = write(names::ENTITY, 100, 2);
        let of_another = Record { item: 4, version: 0, ..told };
        assert_eq!(found(&[of_all], &[of_another, read(Way::ByEntity, 120, 1)]), [Broken::NoStaleSet]);
        assert_eq!(found(&[ended], &[of_another, read(Way::ByTag, 120, 1)]), []);
        let of_group = write(names::GROUP, 100, 2);
        let of_sibling = Record { item: 6, version: 0, ..read(Way::StrictGroup, 110, 2) };
        assert_eq!(found(&[of_group], &[of_sibling, read(Way::ByGroup, 120, 1)]), [Broken::NoStaleSet]);
        assert_eq!(found(&[of_group], &[told, read(Way::ByGroup, 120, 1)]), []);
    }

    #[test]
    fn a_version_that_was_skipped_is_judged_by_the_next_that_was_over() {
        let home = [write(names::TAG, 300, 3), write(names::ENTITY, 100, 2)];
        assert_eq!(found(&home, &[read(Way::ByTag, 200 + LEASE, 1)]), []);
        assert_eq!(found(&home, &[read(Way::ByTag, 301 + LEASE, 2)]), [Broken::FreshElsewhere]);
    }
}
