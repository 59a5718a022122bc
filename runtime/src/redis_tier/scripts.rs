//! The scripts, each one atomic step. They are sent whole: Redis keeps them compiled, and none can be missing.

use redis::{Cmd, cmd};

use super::names::Names;
use crate::epoch::{Cell, EVERYTHING, Epoch, Fence, Fencing, Table, is_canonical};
use crate::remote::Unchanged;

/// A script that announces, behind what such scripts share. It may write when memory is full: an invalidation must get
/// through. `read(key)`: an epoch, and its fences; what no process would read as one is none, or it would stand in the way
/// for ever. `live(fences, own, now)`: those that are live but for one's own, and how many. `channel(name)`: where to
/// announce; in a Cluster under the name of the node that runs it, so that a process hears it in order with that node's
/// replies: see `announcements`.
macro_rules! announcing {
    ($script:literal) => {
        concat!(
            r"#!lua flags=allow-oom
local function read(key)
  local old = redis.pcall('GET', key)
  if type(old) ~= 'string' then return nil end
  local micros, random, fences = string.match(old, '^(%d+)%.(%d+)([%d: ]*)$')
  if not micros or tonumber(micros) < 1 or tonumber(micros) > 2^51 - 2 or tonumber(random) > 4095 then return nil end
  local rest = string.gsub(fences, ' (%d+):(%d+):(%d+)', function(token, expiry, life)
    if #token <= 20 and #expiry <= 19 and #life <= 19 then return '' end
  end)
  if rest ~= '' then return nil end
  return micros .. '.' .. random, fences
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
local function channel(name)
  if string.sub(name, -1) == ':' then return name .. redis.call('CLUSTER', 'MYID') end
  return name
end
",
            $script
        )
    };
}

/// Raises epochs: each later than every earlier one and than the server's clock, with random digits behind, so that not
/// even a clock set back repeats it, and announces it. `KEYS`: the epochs, then a value to delete. `ARGV`: the random
/// digits, the life of the keys in milliseconds, whether an epoch that is there is to stay, the channel, the token of a fence
/// (or empty), the fence's life in milliseconds (zero: it is taken away), the names. More fences than a name has room
/// for become one that nobody takes away. Returns the first epoch.
const RAISE: &str = announcing!(
    r"local first
for i = 7, #ARGV do
  local key = KEYS[i - 6]
  local old, fences = read(key)
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
  local before = old and tonumber(string.match(old, '^(%d+)%.'))
  if before and before >= now then now = before + 1 end
  local epoch = string.format('%.0f.%s', now, ARGV[1]) .. kept
  redis.call('SET', key, epoch, 'PX', ARGV[2])
  redis.call('PUBLISH', channel(ARGV[4]), ARGV[i] .. (ARGV[3] == '1' and ' first ' or ' ') .. epoch)
  first = first or epoch
end
local value = KEYS[#ARGV - 5]
if value then redis.call('UNLINK', value) end
return first"
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
local now = clock()
local before = tonumber(string.match(old, '^(%d+)%.'))
if before >= now then now = before + 1 end
local epoch = string.format('%.0f.%s', now, ARGV[1])
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('PUBLISH', channel(ARGV[4]), ARGV[5] .. ' ' .. epoch)
return 1"
);

/// Stores a value if an epoch is still the one it was computed at. `KEYS`: the epoch, the value. `ARGV`: that epoch, the
/// value, its life in milliseconds.
const STORE: &str = r"#!lua
local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) ~= 'string' or string.match(epoch, '^%d+%.%d+') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1";

/// How long an epoch outlives its last change. A missing one is a miss, never an old value.
const EPOCH_LIFE_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// Gives `name` an epoch if it has none.
pub(crate) fn create(names: &Names, name: &str) -> Cmd {
    raise(names, &[name], None, true, Fencing::None)
}

/// Raises the epochs of names; with that of a single entry goes what stands for all of them, and the stored value. In a
/// Cluster the value lies elsewhere: what deletes it is the second part, to be sent before the first.
pub(crate) fn end<'a>(
    names: &Names,
    cells: impl Iterator<Item = &'a Cell>,
    table: &Table,
    fencing: Fencing,
) -> (Vec<Cmd>, Vec<Cmd>) {
    let (mut raises, mut values) = (Vec::new(), Vec::new());
    for cell in cells {
        raises.push(match table.along(cell) {
            None => raise(names, &[cell.name()], None, false, fencing),
            Some(along) => {
                let value = along.redis_key.as_deref();
                let apart = value.filter(|_| names.are_spread());
                values.extend(apart.map(|value| cmd("UNLINK").arg(value).to_owned()));
                raise(names, &[cell.name(), &along.any_entry], value.filter(|_| apart.is_none()), false, fencing)
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

/// Takes a fence away, and ends nothing.
pub(crate) fn lower(names: &Names, cell: &Cell, token: u64) -> Cmd {
    let mut lower = cmd("EVAL");
    lower.arg(LOWER).arg(1).arg(names.epoch(cell.name()));
    lower.arg(token).arg(names.channel()).arg(&**cell.name());
    lower
}

fn raise(names: &Names, raised: &[&str], value: Option<&str>, keep: bool, fencing: Fencing) -> Cmd {
    let (token, life) = match fencing {
        Fencing::None => (String::new(), 0),
        Fencing::Lower(token) => (token.to_string(), 0),
        Fencing::Raise(Fence { token, life }) => {
            (token.to_string(), u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1))
        }
    };
    let mut raise = cmd("EVAL");
    raise.arg(RAISE).arg(raised.len() + usize::from(value.is_some()));
    for name in raised {
        raise.arg(names.epoch(name));
    }
    raise.arg(value);
    raise.arg(fastrand::u64(..Epoch::RANDOM)).arg(EPOCH_LIFE_MS).arg(u8::from(keep)).arg(names.channel());
    raise.arg(token).arg(life).arg(raised);
    raise
}

/// Stores a value for `millis`, if that is unchanged. In a Cluster the epoch lies elsewhere, and is not asked.
pub(crate) fn store(names: &Names, key: &str, value: &[u8], millis: u64, unchanged: &Unchanged) -> Cmd {
    if names.are_spread() {
        return cmd("SET").arg(key).arg(value).arg("PX").arg(millis).to_owned();
    }
    let mut store = cmd("EVAL");
    store.arg(STORE).arg(2).arg(names.epoch(&unchanged.name)).arg(key);
    store.arg(unchanged.epoch.to_string()).arg(value).arg(millis);
    store
}

/// Ends everything if the server's run is not `run`, the one that was noted.
pub(crate) fn same_run(names: &Names, run: &str) -> Cmd {
    let mut check = cmd("EVAL");
    check.arg(SAME_RUN).arg(2).arg(names.epoch(EVERYTHING)).arg(names.run());
    check.arg(fastrand::u64(..Epoch::RANDOM)).arg(EPOCH_LIFE_MS).arg(0).arg(names.channel()).arg(EVERYTHING).arg(run);
    check
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
