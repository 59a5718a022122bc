//! Durations as people write them: `20`, `20s`, `250ms`, `1m30s`.

use std::time::Duration;

/// Reads `20` (seconds), `"20s"`, `"250ms"`, `"1m30s"`, `"2h"`, `"1d"`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|at: char| at.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|at: char| at.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let nanos: u64 = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return None,
        };
        if nanos >= last_unit {
            return None;
        }
        last_unit = nanos;
        total = total.checked_add(Duration::from_nanos(number.parse::<u64>().ok()?.checked_mul(nanos)?))?;
        rest = after;
    }
    (last_unit != u64::MAX).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        for (text, expected) in [
            ("20", Some(Duration::from_secs(20))),
            ("20s", Some(Duration::from_secs(20))),
            ("250ms", Some(Duration::from_millis(250))),
            ("1m30s", Some(Duration::from_secs(90))),
            ("2h", Some(Duration::from_secs(7200))),
            ("0", Some(Duration::ZERO)),
            ("0s", Some(Duration::ZERO)),
            ("", None),
            ("s", None),
            ("20 s", None),
            ("-5s", None),
            ("1s1m", None),
            ("1s1s", None),
            ("1.5s", None),
            ("5 parsecs", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
