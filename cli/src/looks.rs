//! What is looked at: values, names, leases.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use larder::__inspect::{Name, Stored, Survey, survey};
use larder::Larder;
use serde_json::{Value, json};

use crate::Failure;
use crate::print::{self, Table};

/// Ends all, and is listed apart.
const EVERYTHING: &str = "@everything";

pub(crate) async fn stats(larder: &Larder, most: u64, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let (survey, leaders) = (survey(larder, most).await?, larder.leaders().await?);
    if as_json {
        let functions: Vec<Value> = survey.functions.iter().map(|(name, stored)| stored_json(name, stored)).collect();
        let document = json!({
            "servers": survey.servers, "keys": survey.keys, "complete": survey.complete,
            "names": survey.names.len(), "leaders": leaders.len(), "functions": functions,
        });
        return Ok(print::json(&document, out)?);
    }
    let mut table = Table::new(&["ENTITY", "FUNCTION", ">VALUES", ">BYTES EACH", ">ALL, ABOUT"]);
    for ((entity, function), stored) in &survey.functions {
        let (each, all) = (each(stored), each(stored).map(|each| each * stored.values));
        let shown = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), print::bytes);
        table.row([entity.clone(), function.clone(), stored.values.to_string(), shown(each), shown(all)]);
    }
    table.print(out)?;
    let values: u64 = survey.functions.values().map(|stored| stored.values).sum();
    writeln!(
        out,
        "\n{values} values of {} functions, {} names, {} leases; {} keys on {} server(s)",
        survey.functions.len(),
        survey.names.len(),
        leaders.len(),
        survey.keys,
        survey.servers
    )?;
    incomplete(&survey, out)?;
    writeln!(
        out,
        "Values that were ended are counted until their time is over. Hits and misses are counted by each process:"
    )?;
    writeln!(out, "its dashboard and its metrics show them, Redis does not know them.")?;
    Ok(())
}

/// What one value takes, by those that were weighed.
fn each(stored: &Stored) -> Option<u64> {
    stored.bytes.checked_div(stored.weighed)
}

fn stored_json((entity, function): &(String, String), stored: &Stored) -> Value {
    let each = each(stored);
    json!({
        "entity": entity, "function": function, "values": stored.values, "weighed": stored.weighed,
        "bytes_each": each, "bytes_about": each.map(|each| each * stored.values),
    })
}

fn incomplete(survey: &Survey, out: &mut dyn Write) -> Result<(), Failure> {
    if !survey.complete {
        writeln!(out, "There are more keys than were looked at: these are lower bounds. Say --most N for more.")?;
    }
    Ok(())
}

pub(crate) async fn entities(
    larder: &Larder,
    most: u64,
    rows: usize,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut survey = survey(larder, most).await?;
    // What shows values first, then what was raised lately.
    survey.names.sort_by_key(|name| (name.values.unwrap_or(0) == 0, std::cmp::Reverse(name.since_us)));
    let (everything, names): (Vec<&Name>, Vec<&Name>) = survey.names.iter().partition(|name| name.name == EVERYTHING);
    let cleared = everything.first().map(|name| name.since_us);
    if as_json {
        let names: Vec<Value> = names.iter().map(|name| name_json(name)).collect();
        let document = json!({
            "now_us": survey.now_us, "cleared_us": cleared, "complete": survey.complete, "names": names,
        });
        return Ok(print::json(&document, out)?);
    }
    let ago = |since: u64| format!("{} ago", print::span(Duration::from_micros(survey.now_us.saturating_sub(since))));
    let mut table = Table::new(&["NAME", ">VALUES", "ENDED OR FIRST MET", "EPOCH", ""]);
    let with_values = names.iter().filter(|name| name.values.unwrap_or(0) > 0).count();
    for name in names.iter().take(with_values + rows) {
        let values =
            name.values.filter(|values| *values > 0).map_or_else(|| "-".to_owned(), |values| values.to_string());
        let fenced = if name.fences > 0 { "a write is under way" } else { "" };
        table.row([name.name.clone(), values, ago(name.since_us), name.epoch.clone(), fenced.to_owned()]);
    }
    table.print(out)?;
    if let Some(more) = names.len().checked_sub(with_values + rows).filter(|more| *more > 0) {
        writeln!(out, "and {more} more: say --rows N, or --json")?;
    }
    if let Some(cleared) = cleared {
        writeln!(out, "\neverything: ended or first met {}", ago(cleared))?;
    }
    incomplete(&survey, out)
}

fn name_json(name: &Name) -> Value {
    json!({
        "name": name.name, "epoch": name.epoch, "since_us": name.since_us, "writes_under_way": name.fences,
        "values": name.values,
    })
}

pub(crate) async fn leaders(larder: &Larder, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let leaders = larder.leaders().await?;
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if as_json {
        let leaders: Vec<Value> = leaders
            .iter()
            .map(|leader| {
                let started = leader.holder.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
                json!({
                    "key": leader.key, "host": leader.holder.host, "pid": leader.holder.pid, "started_s": started,
                    "token": leader.token, "remaining_ms": millis(leader.remaining), "in_grace": leader.in_grace,
                })
            })
            .collect();
        return Ok(print::json(&json!({ "leaders": leaders }), out)?);
    }
    let mut table = Table::new(&["LEASE", "HOLDER", ">REMAINING", ">TOKEN", ""]);
    for leader in &leaders {
        let grace = if leader.in_grace { "in its grace" } else { "" };
        let (holder, token) = (leader.holder.to_string(), leader.token.to_string());
        table.row([leader.key.clone(), holder, print::span(leader.remaining), token, grace.to_owned()]);
    }
    table.print(out)?;
    if leaders.is_empty() {
        writeln!(out, "nobody holds a lease")?;
    }
    Ok(())
}
