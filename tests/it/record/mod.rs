//! Records: an index never points to nothing, and never misses what is stored, whoever writes and whatever dies.

mod atomic;
mod basics;
mod cluster;
mod faults;
mod lives;
mod random;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use larder::{ErrorKind, Record};
use serde::{Deserialize, Serialize};

use crate::server::RedisServer;

/// One of each: a key, a unique field, an index, a field that may be absent, and one that is only stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Record)]
#[record(name = "tenant")]
pub(crate) struct Tenant {
    #[record(key)]
    id: u64,
    #[record(unique)]
    host: String,
    #[record(unique)]
    mail: Option<String>,
    #[record(index)]
    plan: String,
    note: String,
}

pub(crate) fn tenant(id: u64, host: &str, plan: &str) -> Tenant {
    Tenant { id, host: host.to_owned(), mail: None, plan: plan.to_owned(), note: format!("note of {id}") }
}

/// The ids of those that an index finds.
pub(crate) async fn planned(plan: &str) -> BTreeSet<u64> {
    Tenant::find(Tenant::PLAN, plan).await.unwrap().into_iter().map(|tenant| tenant.id).collect()
}

/// All keys that begin so with what they hold, in one moment.
const SNAPSHOT: &str = r"
local all = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local is_record = redis.call('TYPE', key).ok == 'hash'
  all[#all + 1] = {key, is_record and redis.call('HGETALL', key) or redis.call('ZRANGE', key, 0, -1)}
end
return all";

/// Reads all that Redis holds of a type without a ttl, and fails where a record is not in each of its sets, or a set holds
/// anything else. Returns how many records there are.
pub(crate) async fn consistent(server: &RedisServer, name: &str) -> usize {
    let prefix = format!("it:1:@record:{{{name}}}:");
    let mut snapshot = redis::cmd("EVAL");
    snapshot.arg(SNAPSHOT).arg(0).arg(&prefix);
    let keys: Vec<(String, Vec<Vec<u8>>)> = snapshot.query_async(&mut server.raw().await).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut wanted, mut found) = (BTreeSet::new(), BTreeSet::new());
    let mut records = 0;
    for (key, held) in &keys {
        let rest = key.strip_prefix(&prefix).expect("a key of this type");
        match rest.rsplit_once(':') {
            None => {
                records += 1;
                let fields: BTreeMap<String, &[u8]> =
                    held.chunks(2).map(|pair| (text(&pair[0]), pair[1].as_slice())).collect();
                assert!(fields.contains_key("value") && fields.contains_key("shape"), "half a record: {fields:?}");
                for (field, value) in fields.iter().filter_map(|(field, value)| Some((field.strip_prefix('.')?, value)))
                {
                    wanted.insert((field.to_owned(), text(value), rest.to_owned()));
                }
            }
            Some((field, value)) => {
                found.extend(held.iter().map(|own| (field.to_owned(), value.to_owned(), text(own))))
            }
        }
    }
    assert_eq!(wanted.len(), wanted.intersection(&found).count(), "an index misses a record");
    assert_eq!(wanted, found, "an index points to nothing");
    records
}

/// What another process does with a line.
pub(crate) async fn obey(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        // Claims each of `many` hosts for a record of its own; returns how many it got.
        ["claim", base, many] => {
            let (base, many): (u64, u64) = (base.parse().unwrap(), many.parse().unwrap());
            let mut got = 0;
            for host in 0..many {
                match tenant(base + host, &format!("host {host}"), "gold").save().await {
                    Ok(()) => got += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                }
            }
            got.to_string()
        }
        // Writes without an end.
        ["write", seed] => {
            let mut random = fastrand::Rng::with_seed(seed.parse().unwrap());
            crate::node::answer("writing");
            loop {
                // Killed, cut off or refused: what matters is what is stored.
                let _ = random::write(&mut random).await;
            }
        }
        _ => panic!("not a command: {line}"),
    }
}
