//! Leases in Redis: their scripts, and how they are asked for, announced and listed.
//!
//! A lease is a hash that expires, beside the counter of its tokens. Whoever asks for one enters its name in a list beforehand, in
//! a key of its own: what is held is found by asking for each name there, and in a Cluster by asking each node. What is let
//! go is announced where epochs are, under a name that cannot be an epoch's.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use redis::{AsyncConnectionConfig, Cmd, FromRedisValue as _, Value, cmd};

use super::connect::connect;
use super::exchange::Request;
use super::link::{Link, Way};
use super::names::Names;
use super::tier::{Redis, behind_breaker, single};
use crate::lease::{Claim, Freed, Grant, Holder, Keeper, Leader, Own};
use crate::remote::{Refusal, Reply};

/// Takes a lease that nobody holds, with a token larger than every earlier one; one that a former attempt of the same process
/// got counts as nobody's. A lease that would last longer than it was granted or renewed for was granted before the server's
/// clock was set back: it is made to last that long from now. `KEYS`: the lease, the counter. `ARGV`: owner, holder, when that started, ttl in
/// milliseconds, the life of the counter, the former owners.
const CLAIM: &str = r"#!lua flags=allow-oom
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local told = string.format('%.0f', now)
if redis.call('EXISTS', KEYS[1]) == 1 then
  local owner, own = redis.call('HGET', KEYS[1], 'owner'), false
  for i = 6, #ARGV do own = own or owner == ARGV[i] end
  if not own then
    local left, life = redis.call('PTTL', KEYS[1]), tonumber(redis.call('HGET', KEYS[1], 'life') or '')
    if life and left > life then
      redis.call('PEXPIRE', KEYS[1], life)
      left = life
    end
    return {0, redis.call('HGET', KEYS[1], 'holder') or '', left, told}
  end
  redis.call('DEL', KEYS[1])
end
local token = now
local before = redis.pcall('GET', KEYS[2])
before = type(before) == 'string' and tonumber(string.match(before, '^%d+$'))
if before and before > 2^53 - 2 then before = nil end
if before and before >= token then token = before + 1 end
token = string.format('%.0f', token)
redis.call('SET', KEYS[2], token, 'PX', ARGV[5])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'holder', ARGV[2], 'started', ARGV[3], 'token', token, 'since', time[1],
  'life', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {1, token, ARGV[4], told}";

/// Lets a lease last `ARGV[2]` milliseconds from now, if `ARGV[1]` owns it and has not let it go.
const RENEW: &str = r"#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'over') then return 0 end
redis.call('HSET', KEYS[1], 'life', ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// Ends a lease that `ARGV[1]` owns, or keeps others out for `ARGV[2]` milliseconds more, and announces it: `ARGV[3]` is the
/// channel, in a Cluster what stands before the name of the node, `ARGV[4]` the name.
const RELEASE: &str = r"#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'over', '1', 'life', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local channel = ARGV[3]
if string.sub(channel, -1) == ':' then channel = channel .. redis.call('CLUSTER', 'MYID') end
redis.call('PUBLISH', channel, ARGV[4] .. ' ' .. ARGV[2])
return 1";

/// Enters a name in the list, for `ARGV[2]` milliseconds at least, and takes out those whose time is over.
const ENTER: &str = r"#!lua flags=allow-oom
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + tonumber(ARGV[2]), ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1";

/// What people are told of a lease.
const SHOW: &str = r"#!lua flags=no-writes
local function field(name) return redis.call('HGET', KEYS[1], name) or '' end
return {field('holder'), field('started'), field('token'), field('over'), redis.call('PTTL', KEYS[1])}";

/// How long the counter of a lease's tokens outlives its last use; the clock keeps tokens growing beyond that.
const FENCE_LIFE_MS: u64 = 90 * 24 * 3_600 * 1_000;

/// How much longer than a lease its name stays in the list: a claim may reach its node later than the list.
const MARGIN: Duration = Duration::from_secs(10);

/// What stands before the name of a lease that is announced: no epoch's name begins so.
const ANNOUNCED: &str = "@lease:";

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn claim(names: &Names, claim: &Claim) -> Cmd {
    let (lease, fence) = names.lease(&claim.own.key);
    let mut eval = cmd("EVAL");
    eval.arg(CLAIM).arg(2).arg(lease).arg(fence).arg(&*claim.own.owner).arg(claim.holder.to_string());
    eval.arg(claim.holder.started_secs()).arg(millis(claim.ttl)).arg(FENCE_LIFE_MS);
    claim.former.iter().for_each(|owner| {
        eval.arg(&**owner);
    });
    eval
}

fn renew(names: &Names, own: &Own, ttl: Duration) -> Cmd {
    let mut eval = cmd("EVAL");
    eval.arg(&*by_owner(RENEW)).arg(1).arg(names.lease(&own.key).0).arg(&*own.owner).arg(millis(ttl).max(1));
    eval
}

fn release(names: &Names, own: &Own, grace: Duration) -> Cmd {
    // A grace of less than a millisecond is one.
    let grace = if grace.is_zero() { 0 } else { millis(grace).max(1) };
    let mut eval = cmd("EVAL");
    eval.arg(&*by_owner(RELEASE)).arg(1).arg(names.lease(&own.key).0).arg(&*own.owner).arg(grace).arg(names.channel());
    eval.arg(format!("{ANNOUNCED}{}", Names::of_lease(&own.key)));
    eval
}

/// A script that only the owner may run, unless a checker took that out.
fn by_owner(script: &'static str) -> Cow<'static, str> {
    #[cfg(feature = "testkit")]
    if crate::testkit::is_out(crate::testkit::Protection::OwnLease) {
        let anybody: Vec<&str> = script.lines().filter(|line| !line.contains("'owner'")).collect();
        return anybody.join("\n").into();
    }
    script.into()
}

fn enter(names: &Names, key: &str, ttl: Duration) -> Cmd {
    let mut eval = cmd("EVAL");
    eval.arg(ENTER).arg(1).arg(names.leaders()).arg(&*Names::of_lease(key)).arg(millis(ttl + MARGIN));
    eval
}

/// Reads what [`RELEASE`] announces: the name of a lease that was let go.
pub(crate) fn read_release(bytes: &[u8]) -> Option<&str> {
    let (name, _grace) = std::str::from_utf8(bytes).ok()?.strip_prefix(ANNOUNCED)?.rsplit_once(' ')?;
    Some(name)
}

/// What was granted, and when by the server's clock, in microseconds.
fn granted(value: Value) -> Result<(Grant, u64), Refusal> {
    let (held, text, millis, now) = <(u8, String, i64, u64)>::from_redis_value(value).map_err(|_| Refusal::Unknown)?;
    if held == 0 {
        let remaining = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        return Ok((Grant::Taken { holder: text, remaining }, now));
    }
    Ok((Grant::Held { token: text.parse().map_err(|_| Refusal::Unknown)? }, now))
}

fn renewed(value: Value) -> Result<bool, Refusal> {
    Ok(value == Value::Int(1))
}

impl Redis {
    /// One step of a lease that must be in the list: entered before it, in the same round trip. What forbids the list does
    /// not forbid the lease.
    fn step<T: Send + 'static>(
        &self,
        own: &Own,
        ttl: Duration,
        step: Cmd,
        read: fn(Value) -> Result<T, Refusal>,
    ) -> Reply<'static, T> {
        let enter = enter(&self.link.names, &own.key, ttl);
        if own.min_replicas > 0 {
            drop(self.send(Request::One(enter), Way::Write));
            return self.replicated(own, step, read);
        }
        let reply = self.send(Request::of([enter, step]), Way::Write);
        Box::pin(async move { read(reply.await?.pop().ok_or(Refusal::Unknown)?.map_err(Refusal::Failed)?) })
    }

    /// One step, and how many replicas have it: on a connection of its own, because the server leaves all else on a
    /// connection lying while it waits for replicas.
    fn replicated<T: Send + 'static>(
        &self,
        own: &Own,
        step: Cmd,
        read: fn(Value) -> Result<T, Refusal>,
    ) -> Reply<'static, T> {
        if !self.link.is_up() {
            return Box::pin(async { Err(Refusal::Away) });
        }
        let (link, wanted) = (Arc::clone(&self.link), own.min_replicas);
        let key = link.names.lease(&own.key).0;
        let sent = self.reactor.spawn(async move {
            let stepped = tokio::time::timeout(link.operation_timeout, apart(&link, &key, step, wanted));
            stepped.await.unwrap_or(Err(Refusal::Unknown))
        });
        Box::pin(async move {
            let (value, has) = sent.result().await.unwrap_or(Err(Refusal::Away))?;
            if has < wanted {
                return Err(Refusal::Unreplicated { wanted, has });
            }
            read(value)
        })
    }
}

/// Sends a step on a connection of its own, and where it changed something, asks how many of the `wanted` replicas have it.
async fn apart(link: &Link, key: &str, step: Cmd, wanted: u32) -> Result<(Value, u32), Refusal> {
    let servers = link.servers().clone().ok_or(Refusal::Away)?;
    let owner = servers.owner_of(key.as_bytes()).and_then(|owner| servers.all().get(owner)).ok_or(Refusal::Away)?;
    let connected = connect(&owner.master.address, AsyncConnectionConfig::new()).await;
    let connection = connected.map_err(|_| Refusal::Away)?;
    let limit = link.operation_timeout;
    let step = Request::One(step);
    let stepped = behind_breaker(link, Way::Write, step.exchange(connection.clone(), limit));
    let value = single(stepped.await?)?;
    if !changed(&value) {
        return Ok((value, wanted));
    }
    let mut wait = cmd("WAIT");
    wait.arg(wanted).arg(millis(limit / 4).max(1));
    let waited = single(Request::One(wait).exchange(connection, limit).await?);
    let waited = waited.map_err(|refusal| match refusal {
        Refusal::Failed(code) => Refusal::Failed(format!("{code} to WAIT")),
        other => other,
    })?;
    Ok((value, u32::from_redis_value(waited).map_err(|_| Refusal::Unknown)?))
}

/// Whether a step granted or renewed a lease.
fn changed(value: &Value) -> bool {
    match value {
        Value::Int(done) => *done == 1,
        Value::Array(parts) => parts.first() == Some(&Value::Int(1)),
        _ => false,
    }
}

impl Keeper for Redis {
    fn claim(&self, asked: Claim) -> Reply<'static, Grant> {
        let (link, ttl, sent) = (Arc::clone(&self.link), asked.ttl, self.link.clock.precise());
        // A server whose clock was set forward let go of every lease before its holder did.
        let remaining = link.pace.doubt(ttl, sent);
        if !remaining.is_zero() {
            return Box::pin(async move { Ok(Grant::Taken { holder: String::new(), remaining }) });
        }
        let granted = self.step(&asked.own, ttl, claim(&self.link.names, &asked), granted);
        Box::pin(async move {
            let (grant, server) = granted.await?;
            let answered = link.clock.precise();
            if !link.names.are_spread() {
                link.pace.heard(server, sent, answered);
            }
            let remaining = link.pace.doubt(ttl, answered);
            match grant {
                Grant::Held { .. } if !remaining.is_zero() => Ok(Grant::Doubtful { remaining }),
                grant => Ok(grant),
            }
        })
    }

    fn renew(&self, own: Own, ttl: Duration) -> Reply<'static, bool> {
        self.step(&own, ttl, renew(&self.link.names, &own, ttl), renewed)
    }

    fn release(&self, own: Own, grace: Duration) -> Reply<'static, bool> {
        let reply = self.send(Request::One(release(&self.link.names, &own, grace)), Way::Write);
        Box::pin(async move { renewed(single(reply.await?)?) })
    }

    fn holds(&self, own: Own) -> Reply<'static, bool> {
        let mut owner = cmd("HGET");
        owner.arg(self.link.names.lease(&own.key).0).arg("owner");
        let reply = self.send(Request::One(owner), Way::Read);
        Box::pin(async move { Ok(single(reply.await?)? == Value::BulkString(own.owner.as_bytes().to_vec())) })
    }

    fn leaders(&self) -> Reply<'static, Vec<Leader>> {
        let mut list = cmd("ZRANGE");
        list.arg(self.link.names.leaders()).arg(0).arg(-1);
        let listed = self.send(Request::One(list), Way::Read);
        let tier = self.clone();
        Box::pin(async move {
            let listed = <Vec<String>>::from_redis_value(single(listed.await?)?).map_err(|_| Refusal::Unknown)?;
            if listed.is_empty() {
                return Ok(Vec::new());
            }
            let shown = listed.iter().map(|name| {
                let mut show = cmd("EVAL");
                show.arg(SHOW).arg(1).arg(tier.link.names.named_lease(name).0);
                show
            });
            let replies = tier.send(Request::of(shown), Way::Read).await?;
            let mut leaders = Vec::new();
            for (name, reply) in listed.into_iter().zip(replies) {
                match reply {
                    Ok(shown) => leaders.extend(shown_as(name, shown)),
                    // What another hand put there is no lease.
                    Err(code) if code == "WRONGTYPE" => {}
                    Err(code) => return Err(Refusal::Failed(code)),
                }
            }
            Ok(leaders)
        })
    }

    fn freed(&self) -> Arc<Freed> {
        Arc::clone(&self.link.freed)
    }
}

/// A lease as people are shown it; `None` where nobody holds it.
fn shown_as(key: String, reply: Value) -> Option<Leader> {
    let (holder, started, token, over, millis) =
        <(String, String, String, String, i64)>::from_redis_value(reply).ok()?;
    let remaining = Duration::from_millis(u64::try_from(millis).ok()?);
    let holder = Holder::read(&holder, &started);
    Some(Leader { key, holder, token: token.parse().ok()?, remaining, in_grace: !over.is_empty() })
}

#[cfg(test)]
mod tests {
    use super::super::scripts::read_announcement;
    use super::*;

    #[test]
    fn a_release_is_read_by_those_who_know_it_and_left_aside_by_those_who_do_not() {
        assert_eq!(read_release(b"@lease:nightly 0"), Some("nightly"));
        assert_eq!(read_release(b"@lease:a:b 10000"), Some("a:b"));
        assert_eq!(read_announcement(b"@lease:nightly 0"), None, "no epoch");
        for garbage in [&b""[..], b"@lease:", b"@lease:nightly", b"nightly 5.7", b"\xff 0"] {
            assert_eq!(read_release(garbage), None, "{garbage:?}");
        }
    }
}
