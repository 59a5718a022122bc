//! The figures that the page asks for, in JSON.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::instance::{Ended, Invalidation, Larder};
use crate::lease::{Holder, Leader};
use crate::stats::{Counts, Stats};

/// So many invalidations are shown.
const RECENT: usize = 30;

/// What an instance does now; `writable`: whether who asks may end something.
pub(super) async fn of(larder: &Larder, writable: bool) -> Value {
    let (health, leaders) = (larder.health().await, larder.leaders().await);
    let (stats, here) = (larder.stats(), larder.leases().holder());
    let functions = larder.counts_by_function();
    json!({
        "namespace": larder.namespace(),
        "process": here.to_string(),
        "up_for_s": SystemTime::now().duration_since(here.started).unwrap_or_default().as_secs(),
        "writable": writable,
        "health": health,
        "total": stats.total(),
        "entities": entities(&functions, &stats),
        "functions": functions.iter().map(|((path, entity), counts)| row(path, entity, counts)).collect::<Vec<_>>(),
        "leases": stats.leases,
        "leaders": match leaders {
            Ok(leaders) => leaders.iter().map(|leader| held(leader, here)).collect(),
            Err(error) => json!({ "error": error.to_string() }),
        },
        "recent": recent(larder.recent()),
    })
}

fn row(path: &str, entity: &str, counts: &Counts) -> Value {
    json!({ "function": path, "entity": entity, "counts": counts })
}

/// Each entity that a function shows, and behind them all names that nothing shows, together: tags hold arguments.
fn entities(functions: &BTreeMap<(String, &'static str), Counts>, stats: &Stats) -> Vec<Value> {
    let mut shown = BTreeMap::<&str, Counts>::new();
    for ((_, entity), counts) in functions.iter().filter(|((_, entity), _)| !entity.is_empty()) {
        shown.entry(entity).or_default().add(counts);
    }
    let mut others = 0;
    for (name, counts) in &stats.entities {
        match shown.get_mut(name.as_str()) {
            Some(known) => known.invalidations = counts.invalidations,
            None => others += counts.invalidations,
        }
    }
    let mut rows: Vec<Value> =
        shown.iter().map(|(entity, counts)| json!({ "entity": entity, "counts": counts })).collect();
    if others > 0 {
        let counts = Counts { invalidations: others, ..Counts::default() };
        rows.push(json!({ "entity": null, "counts": counts }));
    }
    rows
}

fn held(leader: &Leader, here: &Holder) -> Value {
    json!({
        "key": leader.key,
        "holder": leader.holder.to_string(),
        "here": leader.holder == *here,
        "token": leader.token.to_string(),
        "remaining_ms": millis(leader.remaining),
        "in_grace": leader.in_grace,
    })
}

/// The latest invalidations; those that follow each other and look the same are one, with their number.
fn recent(invalidations: Vec<Invalidation>) -> Vec<Value> {
    let mut rows: Vec<(Invalidation, u64)> = Vec::new();
    for next in invalidations {
        let same =
            |last: &Invalidation| (&last.ended, last.here, last.pending) == (&next.ended, next.here, next.pending);
        let full = rows.len() == RECENT;
        match rows.last_mut() {
            Some((last, times)) if same(last) => *times += 1,
            _ if full => break,
            _ => rows.push((next, 1)),
        }
    }
    rows.into_iter().map(|(invalidation, times)| ended(&invalidation, times)).collect()
}

fn ended(invalidation: &Invalidation, times: u64) -> Value {
    let (kind, name) = match &invalidation.ended {
        Ended::Everything => ("everything", None),
        Ended::Entity(name) => ("entity", Some(name)),
        Ended::Tag => ("tag", None),
        Ended::Entry(function) => ("entry", Some(function).filter(|function| !function.is_empty())),
    };
    json!({
        "kind": kind,
        "name": name,
        "ago_ms": millis(invalidation.ago),
        "here": invalidation.here,
        "pending": invalidation.pending,
        "times": times,
    })
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
