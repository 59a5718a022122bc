//! The scripts, each one atomic step. They are sent whole: Redis keeps them compiled, and none can be missing.

use std::sync::Arc;

use redis::{Cmd, cmd};

use super::names::Names;
use super::single_ends;
use crate::epoch::{Cell, EVERYTHING, Epoch, Fence, Fencing, Single, is_canonical};
use crate::lease::Claim;

/// A script that announces, behind what such scripts share. It may write when memory is full: an invalidation must get
/// through. `parse(text)`, `read(key)`: an epoch, and its fences; what no process would read as one is none, or it would
/// stand in the way for ever. `live(fences, own, now)`: those that are live but for one's own, and how many.
/// `later(old, now, random)`: an epoch that is later than an old one and than the server's clock. `channel(name)`: where
/// to announce; in a Cluster under the name of the node that runs it, so that a process hears it in order with that node's
/// replies: see `announcements`.
macro_rules! announcing {
    ($($script:literal),+ $(,)?) => {
        concat!(
            r"#!lua flags=allow-oom
local function parse(old)
  if type(old) ~= 'string' then return nil end
  local micros, random, fences = string.match(old, '^(%d+)%.(%d+)([%d: ]*)$')
  if not micros or tonumber(micros) < 1 or tonumber(micros) > 2^51 - 2 or tonumber(random) > 4095 then return nil end
  local rest = string.gsub(fences, ' (%d+):(%d+):(%d+)', function(token, expiry, life)
    if #token <= 20 and #expiry <= 19 and #life <= 19 then return '' end
  end)
  if rest ~= '' then return nil end
  return micros .. '.' .. random, fences
end
local function read(key)
  return parse(redis.pcall('GET', key))
end
local function live(fences, own, now)
  local kept, count = '', 0
  for token, expiry, life in string.gmatch(fences, ' (%d+):(%d+):(%d+)') do
    if token ~= own and tonumber(expiry) > now then
      kept, count = kept .. ' ' .. token .. ':' .. expiry .. ':' .. life, count + 1
    end
  end
  return kept, count
end
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function later(old, now, random)
  local before = old and tonumber(string.match(old, '^(%d+)%.'))
  if before and before >= now then now = before + 1 end
  return string.format('%.0f.%s', now, random)
end
local function channel(name)
  if string.sub(name, -1) == ':' then return name .. redis.call('CLUSTER', 'MYID') end
  return name
end
",
            $($script),+
        )
    };
}
pub(super) use announcing;

/// Raises an epoch: later than every earlier one and than the server's clock, with random digits behind, so that not even
/// a clock set back repeats it, and announces it. `KEYS`: the epoch. `ARGV`: the random digits, the life of the key in
/// milliseconds, whether an epoch that is there is to stay, the channel, the token of a fence (or empty), the fence's life
/// in milliseconds (zero: it is taken away), the name. More fences than a name has room for become one that nobody takes
/// away. Returns the epoch.
const RAISE: &str = announcing!(
    r"local old, fences = read(KEYS[1])
if old and ARGV[3] == '1' then return old .. fences end
local now = clock()
local kept, count = live(fences or '', ARGV[5], now)
if ARGV[6] ~= '0' then
  local token, expiry, life = ARGV[5], now + ARGV[6] * 1000, tonumber(ARGV[6])
  if count >= 64 then
    token = '0'
    for shared, shared_life in string.gmatch(kept, ' 0:(%d+):(%d+)') do
      expiry, life = math.max(expiry, tonumber(shared)), math.max(life, tonumber(shared_life))
    end
    kept = live(kept, '0', now)
  end
  kept = kept .. string.format(' %s:%.0f:%.0f', token, expiry, life)
end
local epoch = later(old, now, ARGV[1]) .. kept
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('PUBLISH', channel(ARGV[4]), ARGV[7] .. (ARGV[3] == '1' and ' first ' or ' ') .. epoch)
return epoch"
);

/// Takes a fence away and ends nothing; what is announced is the epoch that was there. `KEYS`: the epochs. `ARGV`: the
/// token, the channel, the names.
const LOWER: &str = announcing!(
    r"for i = 3, #ARGV do
  local old, fences = read(KEYS[i - 2])
  if old and fences ~= '' then
    local epoch = old .. live(fences, ARGV[1], clock())
    redis.call('SET', KEYS[i - 2], epoch, 'KEEPTTL')
    redis.call('PUBLISH', channel(ARGV[2]), ARGV[i] .. ' ' .. epoch)
  end
end
return 1"
);

/// Raises the epoch of everything, and announces it, if the server's run is another than the one noted. `KEYS`: that
/// epoch, the note. `ARGV` as for [`RAISE`] up to the channel, then the name and the run.
const SAME_RUN: &str = announcing!(
    r"local noted = redis.pcall('GET', KEYS[2])
redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[2])
if noted == ARGV[6] then return 0 end
local old = read(KEYS[1])
if not old then return 0 end
local epoch = later(old, clock(), ARGV[1])
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('PUBLISH', channel(ARGV[4]), ARGV[5] .. ' ' .. epoch)
return 1"
);

/// Takes a lease that nobody holds, with a token larger than every earlier one. A lease that would last longer than it was
/// granted or renewed for was granted before the server's clock was set back: it is made to last that long from now.
/// `ARGV`: owner, holder, ttl in milliseconds, the life of the token's counter.
const CLAIM: &str = r"#!lua flags=allow-oom
if redis.call('EXISTS', KEYS[1]) == 1 then
  local left, life = redis.call('PTTL', KEYS[1]), tonumber(redis.call('HGET', KEYS[1], 'life') or '')
  if life and left > life then
    redis.call('PEXPIRE', KEYS[1], life)
    left = life
  end
  return {0, redis.call('HGET', KEYS[1], 'holder') or '', left}
end
local time = redis.call('TIME')
local token = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = redis.pcall('GET', KEYS[2])
before = type(before) == 'string' and tonumber(string.match(before, '^%d+$'))
if before and before > 2^53 - 2 then before = nil end
if before and before >= token then token = before + 1 end
token = string.format('%.0f', token)
redis.call('SET', KEYS[2], token, 'PX', ARGV[4])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'holder', ARGV[2], 'token', token, 'since', time[1], 'life', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {1, token, ARGV[3]}";

/// Lets a lease last `ARGV[2]` milliseconds from now, if `ARGV[1]` owns it; zero ends it.
const KEEP: &str = r"#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'life', ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// How long an epoch outlives its last change. A missing one is a miss, never an old value.
pub(super) const EPOCH_LIFE_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// How long the counter of a lease's tokens outlives its last use; the clock keeps tokens growing beyond that.
const FENCE_LIFE_MS: u64 = 90 * 24 * 3_600 * 1_000;

/// Gives `name` an epoch if it has none.
pub(crate) fn create(names: &Names, name: &str) -> Cmd {
    match Single::of(name) {
        Some(single) => single_ends::create(names, single),
        None => raise(names, name, true, Fencing::None),
    }
}

/// Raises the epoch of a name. No fence stands around a single entry.
pub(crate) fn end(names: &Names, cell: &Cell, fencing: Fencing) -> Cmd {
    match Single::of(cell.name()) {
        Some(single) => single_ends::end(names, cell.name(), single),
        None => raise(names, cell.name(), false, fencing),
    }
}

/// Reads epochs: those of single entries in one command each, behind one for all others, or in a Cluster one for each. See
/// `Link::answers`.
pub(crate) fn read(names: &Names, wanted: &[Arc<str>]) -> Vec<Cmd> {
    let mut reads = Vec::with_capacity(wanted.len());
    let (mut keys, mut singles) = (Vec::with_capacity(wanted.len()), Vec::new());
    for name in wanted {
        match Single::of(name) {
            Some(single) => singles.push(single),
            None => keys.push(names.epoch(name)),
        }
    }
    if names.are_spread() || keys.len() == 1 {
        reads.extend(keys.iter().map(|key| cmd("GET").arg(key).to_owned()));
    } else if !keys.is_empty() {
        reads.push(cmd("MGET").arg(keys).to_owned());
    }
    reads.extend(singles.into_iter().map(|single| single_ends::read(names, single)));
    reads
}

/// Takes a fence away, and ends nothing.
pub(crate) fn lower(names: &Names, cell: &Cell, token: u64) -> Cmd {
    let mut lower = cmd("EVAL");
    lower.arg(LOWER).arg(1).arg(names.epoch(cell.name()));
    lower.arg(token).arg(names.channel()).arg(&**cell.name());
    lower
}

fn raise(names: &Names, name: &str, keep: bool, fencing: Fencing) -> Cmd {
    let (token, life) = match fencing {
        Fencing::None => (String::new(), 0),
        Fencing::Lower(token) => (token.to_string(), 0),
        Fencing::Raise(Fence { token, life }) => {
            (token.to_string(), u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1))
        }
    };
    let mut raise = cmd("EVAL");
    raise.arg(RAISE).arg(1).arg(names.epoch(name));
    raise.arg(fastrand::u64(..Epoch::RANDOM)).arg(EPOCH_LIFE_MS).arg(u8::from(keep)).arg(names.channel());
    raise.arg(token).arg(life).arg(name);
    raise
}

/// Ends everything if the server's run is not `run`, the one that was noted.
pub(crate) fn same_run(names: &Names, run: &str) -> Cmd {
    let mut check = cmd("EVAL");
    check.arg(SAME_RUN).arg(2).arg(names.epoch(EVERYTHING)).arg(names.run());
    check.arg(fastrand::u64(..Epoch::RANDOM)).arg(EPOCH_LIFE_MS).arg(0).arg(names.channel()).arg(EVERYTHING).arg(run);
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
    #[cfg(feature = "testkit")]
    if crate::testkit::is_out(crate::testkit::Protection::OwnLease) {
        let anybody: Vec<&str> = KEEP.lines().filter(|line| !line.contains("'owner'")).collect();
        return eval.arg(anybody.join("\n")).arg(1).arg(lease).arg(owner).arg(millis).to_owned();
    }
    eval.arg(KEEP).arg(1).arg(lease).arg(owner).arg(millis);
    eval
}

/// Reads what [`RAISE`] announces: `name epoch`, with `first` between them where the name had none. The epoch is given as it
/// stands, with its fences.
pub(crate) fn read_announcement(bytes: &[u8]) -> Option<(&str, &[u8], bool)> {
    let (name, epoch) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    let (epoch, first) = epoch.strip_prefix("first ").map_or((epoch, false), |epoch| (epoch, true));
    is_canonical(name).then_some((name, epoch.as_bytes(), first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_read_or_refused() {
        assert_eq!(read_announcement(b"tool:1 5.7"), Some(("tool:1", &b"5.7"[..], false)));
        assert_eq!(read_announcement(b"tool:1 first 5.7"), Some(("tool:1", &b"5.7"[..], true)));
        assert_eq!(read_announcement(b"@everything 5.7 1:2:3"), Some(("@everything", &b"5.7 1:2:3"[..], false)));
        let long = format!("{} 5.7", "x".repeat(201));
        for garbage in [&b""[..], b" ", b"5.7", b" 5.7", b"tools", b"a\n 5.7", b"\xff 5.7", long.as_bytes()] {
            assert_eq!(read_announcement(garbage), None, "{garbage:?}");
        }
    }
}
