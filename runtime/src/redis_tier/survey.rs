//! A walk over the keys of a namespace, for people: bounded, on every master, and never on the way of a call.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use redis::{Cmd, FromRedisValue as _, Value, cmd};

use super::exchange::Request;
use super::link::Link;
use super::servers::Server;
use super::tier::single;
use crate::__inspect::{Name, Stored, Survey};
use crate::cache::readable;
use crate::epoch::Epoch;
use crate::remote::Refusal;

/// So many keys are asked for at a time.
const STEP: u64 = 500;
/// So many values of each function are weighed on each server.
const WEIGHED: usize = 20;

/// What a key under the namespace is.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    Epoch(&'a str),
    Value { entity: &'a str, function: &'a str },
}

/// Reads a key without the namespace and the wire version. Another namespace's may begin in the same way.
fn kind(rest: &str) -> Option<Kind<'_>> {
    if let Some(name) = rest.strip_prefix("@epoch:") {
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        // What stands for single entries is for processes.
        return (!name.starts_with("@function:") && !name.starts_with("@ends:")).then_some(Kind::Epoch(name));
    }
    let mut parts = rest.split(':');
    let (entity, function, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let (function, signature) = function.rsplit_once('-')?;
    let is_value = parts.next().is_none() && digits(hash, 64) && digits(signature, 16);
    is_value.then_some(Kind::Value { entity, function })
}

/// Looks at the keys of every master.
pub(super) async fn survey(link: Arc<Link>, most: u64) -> Result<Survey, Refusal> {
    let servers = link.servers().clone().ok_or(Refusal::Away)?;
    let mut survey = Survey { servers: servers.all().len(), complete: true, ..Survey::default() };
    for (index, server) in servers.all().iter().enumerate() {
        if index == 0 {
            let time = single(ask(&link, server, Request::One(cmd("TIME"))).await?)?;
            let (seconds, micros) = <(u64, u64)>::from_redis_value(time).map_err(|_| Refusal::Unknown)?;
            survey.now_us = seconds * 1_000_000 + micros;
        }
        let keys = single(ask(&link, server, Request::One(cmd("DBSIZE"))).await.unwrap_or_default());
        survey.keys += keys.ok().and_then(|keys| u64::from_redis_value(keys).ok()).unwrap_or(0);
        let found = walk(&link, server, most, &mut survey.complete).await?;
        read(&link, server, &found, &mut survey).await?;
    }
    // A name that moved between two servers was met on both.
    survey.names.sort_by(|left, right| (&left.name, right.since_us).cmp(&(&right.name, left.since_us)));
    survey.names.dedup_by(|next, first| next.name == first.name);
    for name in survey.names.iter_mut().filter(|name| !name.name.starts_with(['#', '@'])) {
        let shown = readable(&name.name);
        let of = survey.functions.iter().filter(|((entity, _), _)| *entity == shown);
        name.values = Some(of.map(|(_, stored)| stored.values).sum());
    }
    Ok(survey)
}

/// The keys of the namespace on one server.
async fn walk(link: &Link, server: &Server, most: u64, complete: &mut bool) -> Result<HashSet<String>, Refusal> {
    let prefix = link.names.prefix();
    let (mut found, mut cursor, mut looked) = (HashSet::new(), 0_u64, 0);
    loop {
        // No character of a namespace means anything in a pattern.
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(STEP);
        let page = single(ask(link, server, Request::One(scan)).await?)?;
        let (next, keys) = <(u64, Vec<Vec<u8>>)>::from_redis_value(page).map_err(|_| Refusal::Unknown)?;
        found.extend(keys.into_iter().filter_map(|key| String::from_utf8(key).ok()));
        (cursor, looked) = (next, looked + STEP);
        if cursor == 0 {
            return Ok(found);
        }
        if looked >= most {
            *complete = false;
            return Ok(found);
        }
    }
}

/// What stands under these keys.
async fn read(link: &Link, server: &Server, found: &HashSet<String>, survey: &mut Survey) -> Result<(), Refusal> {
    let prefix = link.names.prefix();
    let kinds = found.iter().filter_map(|key| Some((key.as_str(), kind(key.strip_prefix(prefix.as_str())?)?)));
    let mut epochs = Vec::new();
    let mut values: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (key, kind) in kinds {
        match kind {
            Kind::Epoch(name) => epochs.push((name, command("GET", key))),
            Kind::Value { entity, function } => values.entry((entity, function)).or_default().push(key),
        }
    }
    for some in epochs.chunks(STEP as usize) {
        let replies = ask(link, server, Request::of(some.iter().map(|(_, get)| get.clone()))).await?;
        for ((name, _), reply) in some.iter().zip(replies) {
            // What is of another type, or gone since, is no epoch.
            if let Ok(Value::BulkString(bytes)) = reply
                && let Some(told) = std::str::from_utf8(&bytes).ok().and_then(|text| epoch(name, text))
            {
                survey.names.push(told);
            }
        }
    }
    for ((entity, function), keys) in values {
        let weigh = keys.iter().take(WEIGHED).map(|key| cmd("MEMORY").arg("USAGE").arg(*key).to_owned());
        let weights = ask(link, server, Request::of(weigh)).await?;
        let weights = weights.into_iter().filter_map(|weight| u64::from_redis_value(weight.ok()?).ok());
        let stored: &mut Stored = survey.functions.entry((entity.to_owned(), function.to_owned())).or_default();
        stored.values += keys.len() as u64;
        for bytes in weights {
            (stored.weighed, stored.bytes) = (stored.weighed + 1, stored.bytes + bytes);
        }
    }
    Ok(())
}

fn command(name: &str, key: &str) -> Cmd {
    cmd(name).arg(key).to_owned()
}

/// An epoch and its fences, as they stand in Redis.
fn epoch(name: &str, text: &str) -> Option<Name> {
    let mut parts = text.split(' ');
    let epoch = Epoch::parse(parts.next()?)?;
    let (name, since_us) = (name.to_owned(), epoch.micros());
    Some(Name { name, epoch: epoch.to_string(), since_us, fences: parts.count(), values: None })
}

async fn ask(link: &Link, server: &Server, request: Request) -> Result<super::exchange::Replies, Refusal> {
    request.exchange(server.connection.clone(), link.operation_timeout).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_form_and_another_namespace_s_is_none() {
        let hash = "0".repeat(64);
        let value = format!("tools:my.tools-list-0123456789abcdef:{hash}");
        assert_eq!(kind(&value), Some(Kind::Value { entity: "tools", function: "my.tools-list" }));
        assert_eq!(kind("@epoch:tool:1"), Some(Kind::Epoch("tool:1")));
        assert_eq!(kind("@epoch:{@everything}"), Some(Kind::Epoch("@everything")));
        let others = [
            "@epoch:@function:{0123456789abcdef}".to_owned(),
            "@epoch:@ends:{0123456789abcdef}".to_owned(),
            "@lease:{nightly}".to_owned(),
            "@leaders".to_owned(),
            format!("1:{value}"),
            format!("1:@epoch:tools:{hash}"),
            format!("tools:list:{hash}"),
            "tools:my.tools-list-0123456789abcdef:00".to_owned(),
            String::new(),
        ];
        for other in others {
            assert_eq!(kind(&other), None, "{other}");
        }
    }

    #[test]
    fn an_epoch_is_told_with_its_fences_and_garbage_is_none() {
        let told = epoch("tools", "1763712345678901.17 5:1763712345678999:500").expect("an epoch");
        assert_eq!(
            (told.since_us, told.fences, told.epoch.as_str()),
            (1_763_712_345_678_901, 1, "1763712345678901.17")
        );
        assert!(epoch("tools", "7").is_none());
    }
}
