//! The scripts, each one atomic step. They are sent whole: Redis keeps them compiled, and none can be missing.

use redis::{Cmd, cmd};

use super::names::Names;
use crate::epoch::{Cell, EVERYTHING, Epoch, Table, is_canonical};
use crate::lease::Claim;

/// Raises epochs: each later than every earlier one and than the server's clock, with random digits behind, so that not
/// even a clock set back repeats it, and announces it. `KEYS`: the epochs, then a value to delete. `ARGV`: the random
/// digits, the life of the keys in milliseconds, whether an epoch that is there is to stay, the channel, the names. It may write when memory
/// is full: an invalidation must get through. What is no epoch that [`read_epoch`] would read is replaced, or it would
/// stand in the way for ever. Returns the first epoch.
const RAISE: &str = r"#!lua flags=allow-oom
local first
for i = 5, #ARGV do
  local key = KEYS[i - 4]
  local old = redis.pcall('GET', key)
  local micros, random = string.match(type(old) == 'string' and old or '', '^(%d+)%.(%d+)$')
  if not micros or tonumber(micros) < 1 or tonumber(micros) > 2^51 - 2 or tonumber(random) > 4095 then old = nil end
  if old and ARGV[3] == '1' then return old end
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local before = old and tonumber(micros)
  if before and before >= now then now = before + 1 end
  local epoch = string.format('%.0f.%s', now, ARGV[1])
  redis.call('SET', key, epoch, 'PX', ARGV[2])
  redis.call('PUBLISH', ARGV[4], ARGV[i] .. (ARGV[3] == '1' and ' first ' or ' ') .. epoch)
  first = first or epoch
end
local value = KEYS[#ARGV - 3]
if value then redis.call('UNLINK', value) end
return first";

/// Raises the epoch of everything, and announces it, if the server's run is another than the one noted. `KEYS`: that
/// epoch, the note. `ARGV` as for [`RAISE`], then the run.
const SAME_RUN: &str = r"#!lua flags=allow-oom
local noted = redis.pcall('GET', KEYS[2])
redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[2])
if noted == ARGV[6] then return 0 end
local old = redis.pcall('GET', KEYS[1])
if type(old) ~= 'string' then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(string.match(old, '^(%d+)%.'))
if before and before > 2^51 - 2 then before = nil end
if before and before >= now then now = before + 1 end
local epoch = string.format('%.0f.%s', now, ARGV[1])
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[4], ARGV[5] .. ' ' .. epoch)
return 1";

/// Takes a lease that nobody holds, with a token larger than every earlier one. `ARGV`: owner, holder, ttl in
/// milliseconds, the life of the token's counter.
const CLAIM: &str = r"#!lua flags=allow-oom
if redis.call('EXISTS', KEYS[1]) == 1 then
  return {0, redis.call('HGET', KEYS[1], 'holder') or '', redis.call('PTTL', KEYS[1])}
end
local time = redis.call('TIME')
local token = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = redis.pcall('GET', KEYS[2])
before = type(before) == 'string' and tonumber(string.match(before, '^%d+$'))
if before and before > 2^53 - 2 then before = nil end
if before and before >= token then token = before + 1 end
token = string.format('%.0f', token)
redis.call('SET', KEYS[2], token, 'PX', ARGV[4])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'holder', ARGV[2], 'token', token, 'since', time[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {1, token, ARGV[3]}";

/// Lets a lease last `ARGV[2]` milliseconds from now, if `ARGV[1]` owns it; zero ends it.
const KEEP: &str = r"#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// How long an epoch outlives its last change. A missing one is a miss, never an old value.
const EPOCH_LIFE_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// How long the counter of a lease's tokens outlives its last use; the clock keeps tokens growing beyond that.
const FENCE_LIFE_MS: u64 = 90 * 24 * 3_600 * 1_000;

/// The random digits below an epoch's microseconds.
const RANDOM: u64 = 1 << 12;

/// Gives `name` an epoch if it has none.
pub(crate) fn create(names: &Names, name: &str) -> Cmd {
    raise(names, &[name], None, true)
}

/// Raises the epoch of a name; with that of a single entry goes what stands for all of them, and the stored value.
pub(crate) fn end(names: &Names, cell: &Cell, table: &Table) -> Cmd {
    match table.along(cell) {
        None => raise(names, &[cell.name()], None, false),
        Some(along) => raise(names, &[cell.name(), &along.any_entry], along.redis_key.as_deref(), false),
    }
}

fn raise(names: &Names, raised: &[&str], value: Option<&str>, keep: bool) -> Cmd {
    let mut raise = cmd("EVAL");
    raise.arg(RAISE).arg(raised.len() + usize::from(value.is_some()));
    for name in raised {
        raise.arg(names.epoch(name));
    }
    raise.arg(value);
    raise.arg(fastrand::u64(..RANDOM)).arg(EPOCH_LIFE_MS).arg(u8::from(keep)).arg(names.channel()).arg(raised);
    raise
}

/// Ends everything if the server's run is not `run`, the one that was noted.
pub(crate) fn same_run(names: &Names, run: &str) -> Cmd {
    let mut check = cmd("EVAL");
    check.arg(SAME_RUN).arg(2).arg(names.epoch(EVERYTHING)).arg(names.run());
    check.arg(fastrand::u64(..RANDOM)).arg(EPOCH_LIFE_MS).arg(0).arg(names.channel()).arg(EVERYTHING).arg(run);
    check
}

pub(crate) fn claim(names: &Names, claim: &Claim) -> Cmd {
    let (lease, fence) = names.lease(&claim.key);
    let ttl = u64::try_from(claim.ttl.as_millis()).unwrap_or(u64::MAX);
    let mut eval = cmd("EVAL");
    eval.arg(CLAIM).arg(2).arg(lease).arg(fence).arg(&*claim.owner).arg(&*claim.holder).arg(ttl).arg(FENCE_LIFE_MS);
    eval
}

pub(crate) fn keep(names: &Names, key: &str, owner: &str, millis: u64) -> Cmd {
    let (lease, _) = names.lease(key);
    let mut eval = cmd("EVAL");
    eval.arg(KEEP).arg(1).arg(lease).arg(owner).arg(millis);
    eval
}

/// Reads what [`RAISE`] announces: `name microseconds.random`, with `first` between them where the name had no epoch.
pub(crate) fn read_announcement(bytes: &[u8]) -> Option<(&str, Epoch, bool)> {
    let (name, epoch) = std::str::from_utf8(bytes).ok()?.rsplit_once(' ')?;
    let (name, first) = name.strip_suffix(" first").map_or((name, false), |name| (name, true));
    is_canonical(name).then_some((name, read_epoch(epoch.as_bytes())?, first))
}

/// Reads what [`RAISE`] wrote: `microseconds.random`.
pub(crate) fn read_epoch(bytes: &[u8]) -> Option<Epoch> {
    let (micros, random) = std::str::from_utf8(bytes).ok()?.split_once('.')?;
    let micros: u64 = micros.parse().ok().filter(|micros| (1..1 << 51).contains(micros))?;
    let random: u64 = random.parse().ok().filter(|random| *random < RANDOM)?;
    Some(Epoch::confirmed(micros * RANDOM + random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_read_or_refused() {
        assert_eq!(read_epoch(b"1763712345678901.17"), Some(Epoch::confirmed(1_763_712_345_678_901 * RANDOM + 17)));
        for garbage in [
            &b""[..],
            b"7",
            b"-1.0",
            b"1.4096",
            b"0.0",
            b"0.1",
            b"2251799813685248.1",
            b"\xff.1",
            b"99999999999999999999.1",
            b"1.1.1",
        ] {
            assert_eq!(read_epoch(garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn an_announcement_is_read_or_refused() {
        let epoch = Epoch::confirmed(5 * RANDOM + 7);
        assert_eq!(read_announcement(b"tool:1 5.7"), Some(("tool:1", epoch, false)));
        assert_eq!(read_announcement(b"tool:1 first 5.7"), Some(("tool:1", epoch, true)));
        assert_eq!(read_announcement(b"@everything 5.7"), Some(("@everything", epoch, false)));
        let long = format!("{} 5.7", "x".repeat(201));
        for garbage in [
            &b""[..],
            b" ",
            b"5.7",
            b" 5.7",
            b"tools",
            b"tools ",
            b"a b 5.7",
            b"a\n 5.7",
            b"\xff 5.7",
            b"first 0.7",
            long.as_bytes(),
        ] {
            assert_eq!(read_announcement(garbage), None, "{garbage:?}");
        }
    }
}
