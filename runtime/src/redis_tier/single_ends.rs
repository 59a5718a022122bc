//! The ends of single entries: one hash per function, in which what is absent has an epoch, too.
//!
//! Under `@` lies the floor, an epoch made with the hash; under the mark of an entry the epoch of its last end. An entry
//! without one is at the floor. So what Redis loses is never taken for what it held: an eviction takes the whole hash, and
//! the next one has another floor. Values carry their entry's epoch, floor or end, and are written by a plain `SET`; those
//! from before an end that arrive late carry an epoch that the entry has no more.
//!
//! Invariants:
//! 1. A hash has a floor; one without it, or with anything in it that is no epoch where one is looked for, is made anew.
//! 2. A floor is made as every epoch is: no other was ever like it. It is announced to nobody, for every miss asks for it.
//! 3. The epoch of any entry is raised in the same step, or a process that was cut off might see the one and not the other.

use redis::{Cmd, Value, cmd};

use super::link::Link;
use super::names::Names;
use super::scripts::{EPOCH_LIFE_MS, announcing};
use crate::epoch::{Epoch, Single, Told};

/// A script over such a hash. `at(key, mark)`: the epoch of an entry; `nil` where there is no hash, also because what lay
/// there was none.
macro_rules! of_ends {
    ($script:literal) => {
        announcing!(
            r"local function at(key, mark)
  local held = redis.pcall('HMGET', key, mark, '@')
  if not held.err then
    local own, floor = parse(held[1]), parse(held[2])
    if floor and (own or not held[1]) then return own or floor end
  end
  redis.call('DEL', key)
end
",
            $script
        )
    };
}

/// Ends an entry. When more ends than `ARGV[5]` are kept, they go, and the floor is raised instead. `KEYS`: the hash, the
/// epoch of any entry. `ARGV`: the random digits, the life of the keys in milliseconds, the channel, the mark, that many,
/// the name of the entry, that of any. Returns the epoch of the entry.
const END: &str = of_ends!(
    r"local old = at(KEYS[1], ARGV[4])
local epoch = later(old, clock(), ARGV[1])
if old and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[5]) then
  redis.call('DEL', KEYS[1])
  old = nil
end
redis.call('HSET', KEYS[1], old and ARGV[4] or '@', epoch)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', channel(ARGV[3]), ARGV[6] .. ' ' .. epoch)
local any = later(read(KEYS[2]), clock(), ARGV[1])
redis.call('SET', KEYS[2], any, 'PX', ARGV[2])
redis.call('PUBLISH', channel(ARGV[3]), ARGV[7] .. ' ' .. any)
return epoch"
);

/// Makes a floor where there is none. `KEYS`: the hash. `ARGV`: the random digits, the life of the key in milliseconds, the
/// mark of an entry. Returns the epoch of that entry.
const CREATE: &str = of_ends!(
    r"local old = at(KEYS[1], ARGV[3])
if old then return old end
local floor = later(nil, clock(), ARGV[1])
redis.call('HSET', KEYS[1], '@', floor)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return floor"
);

/// Ends the entry of this name.
pub(super) fn end(names: &Names, name: &str, single: Single<'_>) -> Cmd {
    let any_entry = single.any_entry();
    let mut end = cmd("EVAL");
    end.arg(END).arg(2).arg(names.ends(single)).arg(names.epoch(&any_entry));
    end.arg(fastrand::u64(..Epoch::RANDOM)).arg(EPOCH_LIFE_MS).arg(names.channel());
    end.arg(single.mark).arg(Single::MOST).arg(name).arg(any_entry);
    end
}

/// Gives an epoch to the entries of a function, if they have none.
pub(super) fn create(names: &Names, single: Single<'_>) -> Cmd {
    let mut create = cmd("EVAL");
    create.arg(CREATE).arg(1).arg(names.ends(single));
    create.arg(fastrand::u64(..Epoch::RANDOM)).arg(EPOCH_LIFE_MS).arg(single.mark);
    create
}

/// Asks for the epoch of an entry.
pub(super) fn read(names: &Names, single: Single<'_>) -> Cmd {
    cmd("HMGET").arg(names.ends(single)).arg(single.mark).arg("@").to_owned()
}

impl Link {
    /// What [`read`] was answered, as the scripts read it.
    pub(super) fn told_of_single(&self, value: &Value) -> Option<Told> {
        let Value::Array(held) = value else { return None };
        let [own, floor] = held.as_slice() else { return None };
        let floor = self.told(floor)?;
        if *own == Value::Nil { Some(floor) } else { self.told(own) }
    }
}
