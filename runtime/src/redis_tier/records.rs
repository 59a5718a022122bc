//! Records in Redis: a hash for each, and for each value of an indexed field the sorted set of the records that had it.
//!
//! A script may be stopped at any step by an error that nobody foresaw, and has no way back. So each looks at every key that it
//! will touch before it changes one, and changes them in an order in which each state between is right: a record is in an
//! index before it has the value, and leaves it after that. What is found is checked against the record itself.

use std::time::Duration;

use redis::{Cmd, FromRedisValue as _, Value, cmd};

use super::envelope;
use super::exchange::Request;
use super::link::Way;
use super::names::Names;
use super::tier::{Redis, single};
use crate::cache::push_hex;
use crate::epoch::Epoch;
use crate::record::{Digest, Drawer, Filed, Filled, Saved, Shelf, Stored};
use crate::remote::{Record, Refusal, Reply};

/// Stores a record. A score is the moment at which a record's life ends, by the server's clock in milliseconds: those of records
/// that are gone are taken out by the next save. A set lives as long as the last record in it.
///
/// `KEYS`: the record, the sets that it is to be in. `ARGV`: what all keys of its type begin with, its own hash, its shape, the
/// shapes that it may take the place of between commas, its life in milliseconds or 0, its bytes, and for each set the
/// field, the hash of the value, and 1 where no other record may be in it. Returns 1, or the field that another record
/// has, or nothing where the shape is another.
const SAVE: &str = r"#!lua
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local record, prefix, own, life = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[5])
local over = life == 0 and '+inf' or string.format('%.0f', now + life)
local function set(field, value) return prefix .. field .. ':' .. value end
local former, wanted, stale = {}, {}, {}
for _, name in ipairs(redis.call('HKEYS', record)) do
  if string.sub(name, 1, 1) == '.' then former[string.sub(name, 2)] = redis.call('HGET', record, name) end
end
if redis.call('EXISTS', record) == 1 then
  local shape = redis.call('HGET', record, 'shape')
  if not shape or not string.find(ARGV[4], ',' .. shape .. ',', 1, true) then return {} end
end
for field, value in pairs(former) do redis.call('ZRANGE', set(field, value), 0, 0) end
for i = 7, #ARGV, 3 do
  local field, value = ARGV[i], ARGV[i + 1]
  wanted[field] = value
  local key = set(field, value)
  if ARGV[i + 2] ~= '1' then
    redis.call('ZRANGE', key, 0, 0)
  else
    for _, other in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      if other ~= own then
        if redis.call('HGET', prefix .. other, '.' .. field) == value then return {field} end
        stale[#stale + 1] = {key, other}
      end
    end
  end
end
for _, gone in ipairs(stale) do redis.call('ZREM', gone[1], gone[2]) end
for field, value in pairs(wanted) do
  local key = set(field, value)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  redis.call('ZADD', key, over, own)
  local last = redis.call('ZRANGE', key, 0, 0, 'REV', 'WITHSCORES')[2]
  if last == 'inf' then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, last) end
end
local fields = {'shape', ARGV[3], 'value', ARGV[6]}
for field, value in pairs(wanted) do
  fields[#fields + 1] = '.' .. field
  fields[#fields + 1] = value
end
redis.call('HSET', record, unpack(fields))
for field in pairs(former) do
  if not wanted[field] then redis.call('HDEL', record, '.' .. field) end
end
if life == 0 then redis.call('PERSIST', record) else redis.call('PEXPIREAT', record, over) end
for field, value in pairs(former) do
  if wanted[field] ~= value then redis.call('ZREM', set(field, value), own) end
end
return {1}";

/// Deletes a record, and takes it out of the sets that it is in. It may run when memory is full: it gives some back. `KEYS`: the
/// record. `ARGV`: what all keys of its type begin with, its own hash.
const DELETE: &str = r"#!lua flags=allow-oom
local sets = {}
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(name, 1, 1) == '.' then
    local key = ARGV[1] .. string.sub(name, 2) .. ':' .. redis.call('HGET', KEYS[1], name)
    redis.call('ZRANGE', key, 0, 0)
    sets[#sets + 1] = key
  end
end
local deleted = redis.call('DEL', KEYS[1])
for _, key in ipairs(sets) do redis.call('ZREM', key, ARGV[2]) end
return deleted";

/// Takes records out of a set that do not have its value. `KEYS`: the set. `ARGV`: what all keys of their type begin with, the
/// field, the hash of the value, their hashes.
const TIDY: &str = r"#!lua flags=allow-oom
for i = 4, #ARGV do
  if redis.call('HGET', ARGV[1] .. ARGV[i], '.' .. ARGV[2]) ~= ARGV[3] then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return 1";

/// A longer life has no end.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// How many records are read in one round trip.
const AT_ONCE: usize = 256;

fn hex(digest: &Digest) -> String {
    let mut text = String::with_capacity(64);
    push_hex(&mut text, digest);
    text
}

/// Where the records of one type are: all in one Cluster slot, since each script needs several.
struct Place(String);

impl Place {
    fn of(names: &Names, drawer: Drawer) -> Self {
        Self(names.records(drawer.name))
    }

    fn record(&self, own: &str) -> String {
        format!("{}{own}", self.0)
    }

    fn set(&self, filled: Filled) -> String {
        format!("{}{}:{}", self.0, filled.field, hex(&filled.value))
    }
}

/// The bytes of a record: nothing else is taken for it.
fn pack(own: Digest, payload: Vec<u8>) -> Option<Vec<u8>> {
    let (entry, stamp, life) = (Epoch::UNKNOWN, Vec::new(), Duration::MAX);
    envelope::pack(&Record { hash: own, entry, stamp, life, made: 0, payload }, 0)
}

/// What `HMGET shape value` returned for a record; `None` where there is none.
fn stored(own: &Digest, shape: Option<Vec<u8>>, value: Option<Vec<u8>>) -> Option<Stored> {
    let value = match (&shape, value) {
        (None, None) => return None,
        (_, value) => value.unwrap_or_default(),
    };
    let shape = String::from_utf8(shape.unwrap_or_default()).unwrap_or_default();
    Some(Stored { shape, payload: envelope::unpack(&value, own, 0).map(|record| record.payload) })
}

fn save(names: &Names, filed: Filed) -> Option<Cmd> {
    let (place, own) = (Place::of(names, filed.drawer), hex(&filed.own));
    let bytes = pack(filed.own, filed.payload)?;
    let mut eval = cmd("EVAL");
    eval.arg(SAVE).arg(filed.indexes.len() + 1).arg(place.record(&own));
    for entry in &filed.indexes {
        eval.arg(place.set(entry.filled));
    }
    let shapes: String = filed.former.iter().chain([&filed.shape]).map(|shape| format!("{shape},")).collect();
    let life = filed.life.filter(|life| *life < FOR_EVER);
    let life = life.map_or(0, |life| u64::try_from(life.as_millis()).unwrap_or(0).max(1));
    eval.arg(place.0).arg(own).arg(filed.shape).arg(format!(",{shapes}")).arg(life).arg(bytes);
    for entry in &filed.indexes {
        eval.arg(entry.filled.field).arg(hex(&entry.filled.value)).arg(u8::from(entry.unique));
    }
    Some(eval)
}

fn saved(reply: Value) -> Result<Saved, Refusal> {
    let Value::Array(parts) = reply else { return Err(Refusal::Unknown) };
    match parts.into_iter().next() {
        None => Ok(Saved::Foreign),
        Some(Value::Int(_)) => Ok(Saved::Stored),
        Some(field) => {
            let field = String::from_redis_value(field).map_err(|_| Refusal::Unknown)?;
            Ok(Saved::Taken { field })
        }
    }
}

impl Shelf for Redis {
    fn save(&self, filed: Filed) -> Reply<'static, Saved> {
        let Some(save) = save(&self.link.names, filed) else {
            return Box::pin(async { Err(Refusal::Unsupported("a record of this size")) });
        };
        let reply = self.send(Request::One(save), Way::Write);
        Box::pin(async move { saved(single(reply.await?)?) })
    }

    fn load(&self, drawer: Drawer, own: Digest) -> Reply<'static, Option<Stored>> {
        let mut load = cmd("HMGET");
        load.arg(Place::of(&self.link.names, drawer).record(&hex(&own))).arg("shape").arg("value");
        let reply = self.send(Request::One(load), Way::Read);
        Box::pin(async move {
            let (shape, value) =
                redis::FromRedisValue::from_redis_value(single(reply.await?)?).map_err(|_| Refusal::Unknown)?;
            Ok(stored(&own, shape, value))
        })
    }

    fn find(&self, drawer: Drawer, filled: Filled) -> Reply<'static, Vec<Stored>> {
        let (tier, place) = (self.clone(), Place::of(&self.link.names, drawer));
        let mut list = cmd("ZRANGE");
        list.arg(place.set(filled)).arg(0).arg(-1);
        let listed = self.send(Request::One(list), Way::Read);
        Box::pin(async move {
            let listed = <Vec<String>>::from_redis_value(single(listed.await?)?).map_err(|_| Refusal::Unknown)?;
            let (mut found, mut strays) = (Vec::with_capacity(listed.len()), Vec::new());
            for some in listed.chunks(AT_ONCE) {
                let reads = some.iter().map(|own| {
                    let mut read = cmd("HMGET");
                    read.arg(place.record(own)).arg(format!(".{}", filled.field)).arg("shape").arg("value").to_owned()
                });
                let replies = tier.send(Request::of(reads), Way::Read).await?;
                for (own, reply) in some.iter().zip(replies) {
                    let (value, shape, bytes): (Option<String>, _, _) =
                        redis::FromRedisValue::from_redis_value(reply.map_err(Refusal::Failed)?)
                            .map_err(|_| Refusal::Unknown)?;
                    match read_hex(own).and_then(|own| stored(&own, shape, bytes)) {
                        Some(stored) if value.as_deref() == Some(&*hex(&filled.value)) => found.push(stored),
                        _ => strays.push(own.clone()),
                    }
                }
            }
            tier.tidy(&place, filled, &strays);
            Ok(found)
        })
    }

    fn delete(&self, drawer: Drawer, own: Digest) -> Reply<'static, bool> {
        let (place, own) = (Place::of(&self.link.names, drawer), hex(&own));
        let mut delete = cmd("EVAL");
        delete.arg(DELETE).arg(1).arg(place.record(&own)).arg(place.0).arg(own);
        let reply = self.send(Request::One(delete), Way::Write);
        Box::pin(async move { Ok(single(reply.await?)? == Value::Int(1)) })
    }

    fn life(&self, drawer: Drawer, own: Digest) -> Reply<'static, Option<Duration>> {
        let mut left = cmd("PTTL");
        left.arg(Place::of(&self.link.names, drawer).record(&hex(&own)));
        let reply = self.send(Request::One(left), Way::Read);
        Box::pin(async move {
            match i64::from_redis_value(single(reply.await?)?).map_err(|_| Refusal::Unknown)? {
                -2 => Ok(None),
                millis => Ok(Some(u64::try_from(millis).map_or(Duration::MAX, Duration::from_millis))),
            }
        })
    }
}

impl Redis {
    /// Takes out of a set what was found not to belong there. Nobody waits for it.
    fn tidy(&self, place: &Place, filled: Filled, strays: &[String]) {
        for some in strays.chunks(AT_ONCE) {
            let mut tidy = cmd("EVAL");
            tidy.arg(TIDY)
                .arg(1)
                .arg(place.set(filled))
                .arg(&place.0)
                .arg(filled.field)
                .arg(hex(&filled.value))
                .arg(some);
            drop(self.send(Request::One(tidy), Way::Write));
        }
    }
}

/// The bytes that [`hex`] wrote.
fn read_hex(text: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_was_written_and_nothing_else_is() {
        let digest: Digest = std::array::from_fn(|at| u8::try_from(at * 8 % 251).unwrap_or(0));
        assert_eq!(read_hex(&hex(&digest)), Some(digest));
        for other in ["", "0", "zz", &"0".repeat(63), &"0".repeat(66), &"é".repeat(32)] {
            assert_eq!(read_hex(other), None, "{other}");
        }
    }

    #[test]
    fn bytes_of_another_record_or_of_none_are_damaged_and_an_absent_record_is_none() {
        let bytes = pack([1; 32], b"payload".to_vec()).expect("small enough");
        let shape = || Some(b"shape".to_vec());
        let payload = |own, bytes| stored(&own, shape(), bytes).expect("there").payload;
        assert_eq!(payload([1; 32], Some(bytes.clone())).as_deref(), Some(&b"payload"[..]));
        assert_eq!(payload([2; 32], Some(bytes.clone())), None);
        assert_eq!(payload([1; 32], Some(b"x".to_vec())), None);
        assert_eq!(payload([1; 32], None), None);
        assert!(stored(&[1; 32], None, Some(bytes)).is_some_and(|stored| stored.shape.is_empty()));
        assert_eq!(stored(&[1; 32], None, None), None);
    }
}
