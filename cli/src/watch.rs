//! What the processes of a namespace tell each other, printed as it comes.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use larder::__inspect::{Announcement, announcements};
use larder::Larder;
use serde_json::{Value, json};

use crate::Failure;

/// How often it is looked whether the link still stands.
const LOOK: Duration = Duration::from_millis(500);
/// The epochs of so many names are remembered, to tell a fence that falls from an end.
const NAMES: usize = 100_000;

pub(crate) async fn watch(
    larder: &Larder,
    count: Option<u64>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let Some(mut announcements) = announcements(larder) else { return Ok(()) };
    let (mut epochs, mut left, mut linked) = (HashMap::new(), count, true);
    // Whoever waits for it may act from now on: all that is announced later is heard.
    say("watching", "", json!({}), as_json, out)?;
    while left != Some(0) {
        let heard = tokio::time::timeout(LOOK, announcements.next()).await;
        let up = larder.stats().redis.connected;
        if up != linked {
            linked = up;
            let what = if up { "linked" } else { "unlinked" };
            say(what, if up { "" } else { "what is announced now is not heard" }, json!({}), as_json, out)?;
        }
        let announcement = match heard {
            Err(_) => continue,
            Ok(None) => return Ok(()),
            Ok(Some(announcement)) => announcement,
        };
        if tell(&announcement, &mut epochs, as_json, out)? {
            left = left.map(|left| left - 1);
        }
    }
    Ok(())
}

/// Prints an announcement; `false`: it is one for processes alone.
fn tell(
    announcement: &Announcement,
    epochs: &mut HashMap<String, String>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    match announcement {
        Announcement::Epoch { name, epoch, first, fences, .. } => {
            if name.starts_with("@function:") {
                return Ok(false);
            }
            if epochs.len() >= NAMES {
                epochs.clear();
            }
            let before = epochs.insert(name.clone(), epoch.clone());
            let what = match () {
                () if *first => "first met",
                () if before.as_ref() == Some(epoch) => "fence fell",
                () if *fences > 0 => "write began",
                () => "ended",
            };
            say(what, &readable(name), json!({ "name": name, "epoch": epoch }), as_json, out)?;
        }
        Announcement::Released { lease } => say("lease let go", lease, json!({ "lease": lease }), as_json, out)?,
        Announcement::Missed(missed) => {
            say("missed", &format!("{missed} that came too fast"), json!({ "count": missed }), as_json, out)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A name as people know it.
fn readable(name: &str) -> String {
    match name.strip_prefix('@') {
        None => name.to_owned(),
        Some("everything") => "everything".to_owned(),
        Some(own) => format!("a single {own}"),
    }
}

fn say(what: &str, of: &str, mut document: Value, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if as_json {
        document["what"] = what.into();
        document["at_ms"] = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).into();
        writeln!(out, "{document}")?;
    } else {
        let seconds = now.as_secs() % 86_400;
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let line = format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}Z  {what:<13} {of}", now.subsec_millis());
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(out.flush()?)
}
