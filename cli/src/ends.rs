//! What is ended: names, or everything.

use std::io::Write;

use larder::{Larder, Receipt};
use serde_json::{Value, json};

use crate::Failure;
use crate::print::{self, Table};

pub(crate) async fn invalidate(
    larder: &Larder,
    names: &[String],
    as_json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if let Some(own) = names.iter().find(|name| name.starts_with('@')) {
        let text = format!("`{own}` is no name of a service's: to end everything, say `clear --yes`");
        return Err(Failure::Usage(text));
    }
    let mut receipts = Vec::with_capacity(names.len());
    for name in names {
        receipts.push(larder.invalidate(name).await?);
    }
    told(&receipts, as_json, out)
}

pub(crate) async fn clear(larder: &Larder, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    told(&[larder.clear().await?], as_json, out)
}

/// Prints what was ended. What Redis did not confirm goes with this process: it is a failure.
fn told(receipts: &[Receipt], as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let applied = receipts.iter().all(Receipt::is_applied);
    let mut epochs = serde_json::Map::new();
    for receipt in receipts {
        if let Ok(Value::Object(names)) = serde_json::to_value(receipt) {
            epochs.extend(names);
        }
    }
    if as_json {
        print::json(&json!({ "applied": applied, "receipt": epochs }), out)?;
    } else {
        let mut table = Table::new(&["ENDED", "EPOCH"]);
        for (name, epoch) in &epochs {
            table.row([name.clone(), epoch.as_str().unwrap_or("not confirmed").to_owned()]);
        }
        table.print(out)?;
    }
    if applied {
        return Ok(());
    }
    Err(Failure::Away("Redis did not confirm: look whether it takes writes, and say it again".to_owned()))
}
