//! The judgement: what bodies said of themselves, against promise 10.
//!
//! A body lives from when it began to its last sign of life that it took as valid itself: the time was taken first, and
//! then the lease was held. So no sign is excused: not by a process that was stopped, not by a machine that was busy.
//! Where Redis was made to forget who leads, which promise 10 excepts, two may overlap for as long as the first does not
//! notice; that is measured, and bounded.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::faults::{Kind, Struck};
use crate::metronome::{Stall, stalled};
use crate::record::{Line, Term, What};

/// What bounds the times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) ttl: Duration,
    /// How long contenders wait before they ask again.
    pub(crate) poll: Duration,
    /// How late a busy machine may run what is due, beside the stalls that were seen.
    pub(crate) slack: Duration,
    /// How long the link to Redis may take to come back after Redis did.
    pub(crate) relink: Duration,
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Two bodies lived at once: the later began, and the earlier still was valid so long after that.
    Overlap(Term, Term, u64),
    /// A body began with a token that is not larger than those before.
    Token(Term, u64),
    /// A body took itself as valid for so long after a ttl without a word from Redis.
    Deadline(Term, u64),
    /// A body went on after it had found that its lease was not held, or after its end.
    RanOn(Term),
    /// Nobody led for so long after a fault.
    Leaderless(Kind, usize, u64),
}

/// What the judge saw.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) elections: u64,
    /// Signs of life that were judged.
    pub(crate) signs: u64,
    /// Terms that ended by themselves.
    pub(crate) ended: u64,
    /// Bodies that were stopped in the middle.
    pub(crate) lost: u64,
    pub(crate) violations: Vec<Broken>,
    /// Of each kind of fault: how long nobody led after it, where it struck one that led. In nanoseconds.
    pub(crate) back: Vec<(Kind, u64)>,
    /// Two bodies that lived at once because Redis forgot the first: for how long.
    pub(crate) forgotten: Vec<(Kind, u64)>,
}

/// The life of one body.
#[derive(Clone, Copy, Debug)]
struct Life {
    term: Term,
    begin: u64,
    /// The last sign that it took as valid.
    last: u64,
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap()
}

/// Judges a round.
pub(crate) fn judge(lines: &[Line], faults: &[Struck], stalls: &[Stall], bounds: Bounds) -> Verdict {
    let mut verdict = Verdict::default();
    let mut terms: BTreeMap<Term, Vec<Line>> = BTreeMap::new();
    for line in lines {
        terms.entry(line.term).or_default().push(*line);
    }
    let mut jobs: BTreeMap<usize, Vec<Life>> = BTreeMap::new();
    for lines in terms.values() {
        if let Some(life) = live(lines, &mut verdict) {
            silence(life, lines, faults, bounds, &mut verdict);
            jobs.entry(life.term.job).or_default().push(life);
        }
    }
    for lives in jobs.values_mut() {
        lives.sort_unstable_by_key(|life| life.begin);
        alone(lives, faults, bounds, &mut verdict);
    }
    for struck in faults {
        for (job, lives) in &jobs {
            comes_back(*job, lives, &terms, struck, stalls, bounds, &mut verdict);
        }
    }
    verdict
}

const fn is_valid(line: &Line) -> bool {
    matches!(line.what, What::Begin | What::Beat | What::End)
}

/// What one body did, in the order in which it wrote; `None` where it was never valid.
fn live(lines: &[Line], verdict: &mut Verdict) -> Option<Life> {
    let term = lines[0].term;
    let first_late = lines.iter().position(|line| !is_valid(line) || line.what == What::End);
    if let Some(at) = first_late
        && lines[at + 1..].iter().any(|line| line.what != What::Lost)
    {
        verdict.violations.push(Broken::RanOn(term));
    }
    verdict.lost += u64::from(lines.iter().any(|line| line.what == What::Lost));
    verdict.ended += u64::from(lines.iter().any(|line| line.what == What::End));
    let mut signs = lines.iter().filter(|line| is_valid(line));
    verdict.signs += signs.clone().count() as u64;
    let begin = signs.next()?;
    verdict.elections += 1;
    let last = lines.iter().filter(|line| is_valid(line)).map(|line| line.at).max()?;
    Some(Life { term, begin: begin.at, last })
}

/// A lease that nobody could renew is over after its ttl.
fn silence(life: Life, lines: &[Line], faults: &[Struck], bounds: Bounds, verdict: &mut Verdict) {
    let struck = faults.iter().filter(|struck| {
        struck.kind.silences() && struck.place.is_none_or(|place| place == life.term.place) && life.begin < struck.begin
    });
    for struck in struck {
        let over = struck.begin + nanos(bounds.ttl);
        // A process that was stopped has asked for nothing meanwhile that could be granted later.
        let until = if struck.kind == Kind::Stopped { u64::MAX } else { struck.end };
        let late =
            lines.iter().filter(|line| is_valid(line)).map(|line| line.at).filter(|at| over < *at && *at <= until);
        if let Some(at) = late.max() {
            verdict.violations.push(Broken::Deadline(life.term, at - over));
        }
    }
}

/// Of one lease, by when they began: no two live at once, and tokens grow.
fn alone(lives: &[Life], faults: &[Struck], bounds: Bounds, verdict: &mut Verdict) {
    let mut longest: Option<Life> = None;
    let mut largest = 0;
    for life in lives {
        if life.term.token <= largest {
            verdict.violations.push(Broken::Token(life.term, largest));
        }
        largest = largest.max(life.term.token);
        if let Some(former) = longest.filter(|former| life.begin < former.last) {
            let overlap = former.last.min(life.last) - life.begin;
            // A lease that was granted or renewed before Redis forgot it is noticed at the next renewal, and lasts for
            // its ttl at most.
            let excuse = faults.iter().find(|struck| {
                struck.kind.forgets()
                    && former.begin < struck.end
                    && struck.begin < life.begin
                    && former.last < struck.end + nanos(bounds.ttl / 3 + bounds.slack).min(nanos(bounds.ttl))
            });
            match excuse {
                Some(struck) => verdict.forgotten.push((struck.kind, overlap)),
                None => verdict.violations.push(Broken::Overlap(former.term, life.term, overlap)),
            }
        }
        if longest.is_none_or(|longest| longest.last < life.last) {
            longest = Some(*life);
        }
    }
}

/// Leadership is back in time after a fault.
fn comes_back(
    job: usize,
    lives: &[Life],
    terms: &BTreeMap<Term, Vec<Line>>,
    struck: &Struck,
    stalls: &[Stall],
    bounds: Bounds,
    verdict: &mut Verdict,
) {
    // A fault of one process is no excuse for the others; one of all is over first.
    let (from, bound) = if struck.kind.is_of_one() {
        (struck.begin, bounds.ttl + bounds.poll + bounds.slack)
    } else {
        (struck.over, bounds.ttl + bounds.poll + bounds.slack + bounds.relink)
    };
    // Only who lived then or later can have given a sign since; where the fault outlasted its lease, another or anew.
    let outlasted = struck.end - struck.begin >= nanos(bounds.ttl);
    let is_struck = |life: &Life| struck.place == Some(life.term.place) && life.begin < struck.begin;
    let later = lives.iter().filter(|life| life.last > from && !(outlasted && is_struck(life)));
    let signs = later.flat_map(|life| &terms[&life.term]).filter(|line| is_valid(line) && line.at > from);
    // A round that ended is not waited for.
    let Some(back) = signs.map(|line| line.at - from).min() else {
        verdict.violations.push(Broken::Leaderless(struck.kind, job, u64::MAX));
        return;
    };
    // Of several processes that take their turns after a stall, each may be the last.
    if back > nanos(bound) + 2 * stalled(stalls, from, from + back) {
        verdict.violations.push(Broken::Leaderless(struck.kind, job, back));
    }
    let led = lives.iter().any(|life| {
        let ended = |line: &Line| line.what == What::End && line.at <= struck.begin;
        // Who had not ended when it was struck, and gave a sign shortly before.
        life.begin < struck.begin
            && struck.begin < life.last + nanos(bounds.ttl)
            && struck.place.is_none_or(|place| place == life.term.place)
            && !terms[&life.term].iter().any(ended)
    });
    if led {
        verdict.back.push((struck.kind, back));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        ttl: Duration::from_nanos(300),
        poll: Duration::from_nanos(20),
        slack: Duration::from_nanos(10),
        relink: Duration::from_nanos(100),
    };

    const fn line(place: usize, token: u64, at: u64, what: What) -> Line {
        Line { at, term: Term { job: 0, token, place, life: 0 }, what }
    }

    /// A body that begins, and whose last sign is a beat.
    fn body(place: usize, token: u64, begin: u64, last: u64) -> [Line; 2] {
        [line(place, token, begin, What::Begin), line(place, token, last, What::Beat)]
    }

    fn struck(kind: Kind, place: Option<usize>, begin: u64, end: u64) -> Struck {
        Struck { kind, place, begin, end, over: end, proof: String::new() }
    }

    fn broken(lines: &[Line], faults: &[Struck]) -> Vec<Broken> {
        judge(lines, faults, &[], BOUNDS).violations
    }

    #[test]
    fn bodies_one_after_the_other_are_right() {
        let lines = [body(0, 1, 100, 200), body(1, 2, 200, 300), body(0, 3, 301, 400)].concat();
        let verdict = judge(&lines, &[], &[], BOUNDS);
        assert_eq!((verdict.violations, verdict.elections, verdict.signs), (vec![], 3, 6));
    }

    #[test]
    fn two_at_once_are_found_whoever_is_inside_the_other() {
        let (a, b) = (body(0, 1, 100, 200), body(1, 2, 199, 300));
        let found = Broken::Overlap(a[0].term, b[0].term, 1);
        assert_eq!(broken(&[a, b].concat(), &[]), [found]);
        assert_eq!(broken(&[b, a].concat(), &[]), [found], "in whatever order they were written");
        let (short, after) = (body(1, 2, 120, 130), body(2, 3, 150, 400));
        let found = [Broken::Overlap(a[0].term, short[0].term, 10), Broken::Overlap(a[0].term, after[0].term, 50)];
        assert_eq!(broken(&[a, short, after].concat(), &[]), found);
    }

    #[test]
    fn leases_are_judged_apart() {
        let other = body(1, 2, 150, 250).map(|line| Line { term: Term { job: 1, ..line.term }, ..line });
        assert_eq!(broken(&[body(0, 1, 100, 200), other].concat(), &[]), []);
    }

    #[test]
    fn what_a_body_did_not_take_as_valid_does_not_count_against_it_but_it_must_stop() {
        let next = body(1, 2, 200, 300);
        let stopped = [line(0, 1, 250, What::Late), line(0, 1, 260, What::Lost)];
        let of = |after: &[Line]| broken(&[&body(0, 1, 100, 190)[..], &next, after].concat(), &[]);
        assert_eq!(of(&stopped), []);
        let term = next[0].term;
        let former = Term { place: 0, token: 1, ..term };
        assert_eq!(of(&[stopped[0], line(0, 1, 270, What::Late)]), [Broken::RanOn(former)]);
        assert_eq!(of(&[line(0, 1, 195, What::End), line(0, 1, 196, What::Beat)]), [Broken::RanOn(former)]);
        assert_eq!(
            of(&[stopped[0], line(0, 1, 270, What::Beat)]),
            [Broken::RanOn(former), Broken::Overlap(former, term, 70)]
        );
    }

    #[test]
    fn tokens_grow_with_every_body_that_begins() {
        let lines = |token| [body(0, 7, 100, 200), body(1, token, 300, 400)].concat();
        assert_eq!(broken(&lines(8), &[]), []);
        for token in [6, 7] {
            assert_eq!(broken(&lines(token), &[]), [Broken::Token(lines(token)[2].term, 7)]);
        }
    }

    #[test]
    fn a_lease_that_could_not_be_renewed_ends_by_its_ttl() {
        let goes_on = |last| [body(0, 1, 100, last), body(1, 2, 1_000, 1_001)].concat();
        let term = goes_on(0)[0].term;
        for (kind, place) in [(Kind::BlackHole, Some(0)), (Kind::ServerFrozen, None), (Kind::Stopped, Some(0))] {
            let fault = [struck(kind, place, 500, 900)];
            let found = |last| {
                let found = broken(&goes_on(last), &fault);
                found.into_iter().filter(|it| !matches!(it, Broken::Leaderless(..))).collect::<Vec<_>>()
            };
            assert_eq!(found(800), []);
            assert_eq!(found(801), [Broken::Deadline(term, 1)]);
            let forever = if kind == Kind::Stopped { vec![Broken::Deadline(term, 101)] } else { vec![] };
            assert_eq!(found(901), forever, "{kind:?}");
        }
        for (kind, place) in [(Kind::BlackHole, Some(1)), (Kind::ClientsKilled, None)] {
            let found = broken(&goes_on(850), &[struck(kind, place, 500, 900)]);
            assert!(!found.iter().any(|it| matches!(it, Broken::Deadline(..))), "{kind:?}: {found:?}");
        }
    }

    #[test]
    fn somebody_leads_again_within_a_ttl_and_a_poll() {
        let next = |begin| [body(0, 1, 100, 490), body(1, 2, begin, begin + 9)].concat();
        let killed = [struck(Kind::Killed, Some(0), 500, 500)];
        assert_eq!(broken(&next(830), &killed), []);
        assert_eq!(judge(&next(830), &killed, &[], BOUNDS).back, [(Kind::Killed, 330)]);
        assert_eq!(broken(&next(831), &killed), [Broken::Leaderless(Kind::Killed, 0, 331)]);
        let stalled = |stall| judge(&next(840), &killed, &[stall], BOUNDS).violations;
        assert_eq!(stalled((600, 605)), []);
        assert_eq!(stalled((600, 604)), [Broken::Leaderless(Kind::Killed, 0, 340)]);
        assert_eq!(stalled((480, 502)), [Broken::Leaderless(Kind::Killed, 0, 340)], "most of it came before");
        assert_eq!(broken(&body(0, 1, 100, 490), &killed), [Broken::Leaderless(Kind::Killed, 0, u64::MAX)]);
        let lost = [struck(Kind::ServerRestarted, None, 500, 600)];
        assert_eq!(broken(&next(1_030), &lost), []);
        assert_eq!(broken(&next(1_031), &lost), [Broken::Leaderless(Kind::ServerRestarted, 0, 431)]);
    }

    #[test]
    fn one_that_was_struck_for_longer_than_its_lease_does_not_count_as_leading_by_it() {
        let lines = |last| [body(0, 1, 100, last), body(1, 2, 835, 900)].concat();
        let hole = |end| [struck(Kind::BlackHole, Some(0), 500, end)];
        assert_eq!(broken(&lines(510), &hole(799)), []);
        assert_eq!(broken(&lines(510), &hole(800)), [Broken::Leaderless(Kind::BlackHole, 0, 335)]);
    }

    #[test]
    fn only_one_that_led_is_counted_as_struck() {
        let [began, beat] = body(0, 1, 100, 480);
        let lines = |end: &[Line]| [&[began, beat], end, &body(1, 2, 510, 600)].concat();
        let killed = |place| [struck(Kind::Killed, Some(place), 500, 500)];
        assert_eq!(judge(&lines(&[]), &killed(0), &[], BOUNDS).back, [(Kind::Killed, 10)]);
        assert_eq!(judge(&lines(&[]), &killed(2), &[], BOUNDS).back, []);
        assert_eq!(judge(&lines(&[line(0, 1, 490, What::End)]), &killed(0), &[], BOUNDS).back, []);
    }

    #[test]
    fn where_redis_forgot_two_may_overlap_until_the_first_renews() {
        let lines = |last| [body(0, 1, 100, last), body(1, 2, 510, 800)].concat();
        let forgot = [struck(Kind::Flushed, None, 500, 505)];
        let verdict = judge(&lines(614), &forgot, &[], BOUNDS);
        assert_eq!((verdict.violations, verdict.forgotten), (vec![], vec![(Kind::Flushed, 104)]));
        assert_eq!(broken(&lines(615), &forgot).len(), 1, "a third of the ttl, and the slack");
        assert_eq!(broken(&lines(614), &[struck(Kind::Flushed, None, 520, 525)]).len(), 1, "it was forgotten later");
        for kind in [Kind::ClockBack, Kind::ClockForward] {
            assert_eq!(broken(&lines(550), &[struck(kind, None, 500, 505)]).len(), 1, "{kind:?}");
        }
    }
}
