//! The scripts, each one atomic step. They are sent whole: Redis keeps them compiled, and none can be missing.

use redis::{Cmd, cmd};

use super::names::Names;
use crate::epoch::{Cell, EVERYTHING, Epoch, Table};
use crate::lease::Claim;

/// What a script that announces begins with. In a Cluster it announces under the name of the node that runs it, so that a
/// process hears it in order with that node's replies: see `announcements`.
macro_rules! announcing {
    ($script:literal) => {
        concat!(
            r"#!lua flags=allow-oom
local channel = ARGV[4]
if string.sub(channel, -1) == ':' then channel = channel .. redis.call('CLUSTER', 'MYID') end
",
            $script
        )
    };
}

/// Raises epochs: each later than every earlier one and than the server's clock, with random digits behind, so that not
/// even a clock set back repeats it, and announces it. `KEYS`: the epochs, then a value to delete. `ARGV`: the random
/// digits, the life of the keys in milliseconds, whether an epoch that is there is to stay, the channel, the names. It may write when memory
/// is full: an invalidation must get through. Returns the first epoch.
const RAISE: &str = announcing!(
    r"local first
for i = 5, #ARGV do
  local key = KEYS[i - 4]
  local old = redis.pcall('GET', key)
  if type(old) ~= 'string' or not string.match(old, '^%d+%.%d+$') then old = nil end
  if old and ARGV[3] == '1' then return old end
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local before = old and tonumber(string.match(old, '^(%d+)%.'))
  if before and before >= now then now = before + 1 end
  local epoch = string.format('%.0f.%s', now, ARGV[1])
  redis.call('SET', key, epoch, 'PX', ARGV[2])
  redis.call('PUBLISH', channel, ARGV[i] .. (ARGV[3] == '1' and ' first ' or ' ') .. epoch)
  first = first or epoch
end
local value = KEYS[#ARGV - 3]
if value then redis.call('UNLINK', value) end
return first"
);

/// Raises the epoch of everything, and announces it, if the server's run is another than the one noted. `KEYS`: that
/// epoch, the note. `ARGV` as for [`RAISE`], then the run.
const SAME_RUN: &str = announcing!(
    r"local noted = redis.call('GET', KEYS[2])
redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[2])
if noted == ARGV[6] then return 0 end
local old = redis.pcall('GET', KEYS[1])
if type(old) ~= 'string' then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(string.match(old, '^(%d+)%.'))
if before and before >= now then now = before + 1 end
local epoch = string.format('%.0f.%s', now, ARGV[1])
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('PUBLISH', channel, ARGV[5] .. ' ' .. epoch)
return 1"
);

/// Takes a lease that nobody holds, with a token larger than every earlier one. `ARGV`: owner, holder, ttl in
/// milliseconds, the life of the token's counter.
const CLAIM: &str = r"#!lua flags=allow-oom
if redis.call('EXISTS', KEYS[1]) == 1 then
  return {0, redis.call('HGET', KEYS[1], 'holder') or '', redis.call('PTTL', KEYS[1])}
end
local time = redis.call('TIME')
local token = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(redis.call('GET', KEYS[2]) or '0')
if before >= token then token = before + 1 end
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

/// Raises the epochs of names; with that of a single entry goes what stands for all of them, and the stored value. In a
/// Cluster the value lies elsewhere: what deletes it is the second part, to be sent before the first.
pub(crate) fn end<'a>(names: &Names, cells: impl Iterator<Item = &'a Cell>, table: &Table) -> (Vec<Cmd>, Vec<Cmd>) {
    let (mut raises, mut values) = (Vec::new(), Vec::new());
    for cell in cells {
        raises.push(match table.along(cell) {
            None => raise(names, &[cell.name()], None, false),
            Some(along) => {
                let value = along.redis_key.as_deref();
                let apart = value.filter(|_| names.are_spread());
                values.extend(apart.map(|value| cmd("UNLINK").arg(value).to_owned()));
                raise(names, &[cell.name(), &along.any_entry], value.filter(|_| apart.is_none()), false)
            }
        });
    }
    (raises, values)
}

/// Reads epochs: one command, or in a Cluster one for each.
pub(crate) fn read<'a>(names: &Names, wanted: impl ExactSizeIterator<Item = &'a str>) -> Vec<Cmd> {
    let keys = wanted.map(|name| names.epoch(name));
    if names.are_spread() || keys.len() == 1 {
        return keys.map(|key| cmd("GET").arg(key).to_owned()).collect();
    }
    let mut read = cmd("MGET");
    keys.for_each(|key| {
        read.arg(key);
    });
    vec![read]
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
    Some((name, read_epoch(epoch.as_bytes())?, first))
}

/// Reads what [`RAISE`] wrote: `microseconds.random`.
pub(crate) fn read_epoch(bytes: &[u8]) -> Option<Epoch> {
    let (micros, random) = std::str::from_utf8(bytes).ok()?.split_once('.')?;
    let micros: u64 = micros.parse().ok().filter(|micros| *micros < 1 << 51)?;
    let random: u64 = random.parse().ok().filter(|random| *random < RANDOM)?;
    Some(Epoch::confirmed(micros * RANDOM + random)).filter(|epoch| epoch.is_known())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_read_or_refused() {
        assert_eq!(read_epoch(b"1763712345678901.17"), Some(Epoch::confirmed(1_763_712_345_678_901 * RANDOM + 17)));
        for garbage in [&b""[..], b"7", b"-1.0", b"1.4096", b"0.0", b"\xff.1", b"99999999999999999999.1", b"1.1.1"] {
            assert_eq!(read_epoch(garbage), None, "{garbage:?}");
        }
    }
}
