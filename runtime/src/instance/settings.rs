//! What an instance is configured to: builder settings, overridden by the environment, checked together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use super::{Place, span};

/// A configuration that has been checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) namespace: String,
    pub(crate) enabled: bool,
    pub(crate) ttl: Duration,
    pub(crate) capacity: Option<usize>,
    pub(crate) entities: HashMap<String, Entity>,
    pub(crate) depends: BTreeMap<String, Vec<String>>,
    pub(crate) redis: Place,
    /// Which setting gave the namespace: what an error names.
    pub(crate) namespace_from: &'static str,
    pub(crate) operation_timeout: Duration,
    /// How long nothing is sent after some failures.
    pub(crate) breaker_open: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) lease: Duration,
    /// How long a source may show what was there before an end.
    pub(crate) settle: Duration,
    /// Whether lives are shortened at random, as their functions say.
    pub(crate) jitter: bool,
}

/// Text that no `Debug` shows.
#[derive(Clone)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis is told"))]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The settings of one entity. Those of the environment stand under the name as a variable spells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entity {
    pub(crate) ttl: Option<Duration>,
    pub(crate) enabled: bool,
}

impl Default for Entity {
    fn default() -> Self {
        Self { ttl: None, enabled: true }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: "larder".to_owned(),
            enabled: true,
            ttl: Duration::from_secs(60),
            capacity: None,
            entities: HashMap::new(),
            depends: BTreeMap::new(),
            redis: Place::default(),
            namespace_from: "namespace",
            operation_timeout: Duration::from_millis(500),
            breaker_open: Duration::from_secs(30),
            heartbeat: Duration::from_millis(100),
            lease: Duration::from_secs(1),
            settle: Duration::ZERO,
            jitter: true,
        }
    }
}

/// A server that is well again is left alone for no longer than this.
const LONGEST_OPEN: Duration = Duration::from_secs(3_600);

/// What is computed so long after an end is not stored: more than that is a mistake.
const LONGEST_SETTLE: Duration = Duration::from_secs(3_600);

/// The bound of a function that names none.
const CAPACITY: usize = 10_000;

impl Settings {
    pub(crate) fn entity(&self, name: &str) -> Entity {
        let coded = self.entities.get(name).copied().unwrap_or_default();
        let deployed = self.entities.get(&variable_form(name)).copied().unwrap_or_default();
        Entity { ttl: deployed.ttl.or(coded.ttl), enabled: deployed.enabled && coded.enabled }
    }

    pub(crate) fn capacity_of(&self, attribute: Option<usize>) -> usize {
        attribute.or(self.capacity).unwrap_or(CAPACITY)
    }

    /// The names and all that depends on them, each once.
    pub(crate) fn with_dependants(&self, names: Vec<String>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut next = names;
        while let Some(name) = next.pop() {
            if let Some(dependants) = self.depends.get(&name) {
                next.extend(dependants.iter().filter(|dependant| !all.contains(*dependant)).cloned());
            }
            all.insert(name);
        }
        all
    }

    /// Takes over `LARDER_*`: what is deployed stands above what is coded. Adds what is wrong to `faults`.
    pub(crate) fn read_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
        faults: &mut Vec<String>,
    ) {
        let mut variables: Vec<_> = variables.filter(|(name, _)| name.starts_with("LARDER_")).collect();
        variables.sort();
        self.redis.read_environment(&variables);
        for (name, value) in variables {
            let known = name.as_str();
            match known {
                known if Place::is_read_from(known) => {}
                "LARDER_NAMESPACE" => {
                    self.namespace = value;
                    self.namespace_from = "LARDER_NAMESPACE";
                }
                "LARDER_ENABLED" => self.enabled = or_fault(known, switch(&value), SWITCH, self.enabled, faults),
                "LARDER_TTL" => self.ttl = or_fault(known, span::parse(&value), DURATION, self.ttl, faults),
                "LARDER_CAPACITY" => {
                    let entries = value.trim().parse().ok().filter(|entries| *entries > 0);
                    self.capacity = or_fault(known, entries.map(Some), "a number of entries from 1 up", None, faults);
                }
                _ => self.read_entity_variable(known, &value, faults),
            }
        }
    }

    fn read_entity_variable(&mut self, variable: &str, value: &str, faults: &mut Vec<String>) {
        let Some(rest) = variable.strip_prefix("LARDER_") else {
            return;
        };
        if let Some(entity) = rest.strip_suffix("_TTL") {
            let entry = self.entities.entry(entity.to_owned()).or_default();
            entry.ttl = or_fault(variable, span::parse(value).map(Some), DURATION, entry.ttl, faults);
        } else if let Some(entity) = rest.strip_suffix("_ENABLED") {
            let entry = self.entities.entry(entity.to_owned()).or_default();
            entry.enabled = or_fault(variable, switch(value), SWITCH, entry.enabled, faults);
        }
    }

    /// Adds what cannot work to `faults`.
    pub(crate) fn check(&self, faults: &mut Vec<String>) {
        let plain = |at: char| at.is_ascii_alphanumeric() || "_.:-".contains(at);
        if self.namespace.is_empty() || self.namespace.len() > 100 || !self.namespace.chars().all(plain) {
            let from = self.namespace_from;
            faults.push(format!("{from}: use 1 to 100 of the characters A-Z a-z 0-9 _ . : -, such as \"mcpgw\""));
        }
        if self.capacity == Some(0) {
            faults
                .push("capacity: 0 entries cannot hold anything: give at least 1, or use `enabled(false)`".to_owned());
        }
        if self.operation_timeout.is_zero() {
            faults.push("operation_timeout: 0 would fail every call to Redis: give a time such as 500 ms".to_owned());
        }
        if self.breaker_open.is_zero() || self.breaker_open > LONGEST_OPEN {
            faults.push(format!(
                "breaker_open: {:?} is no time to wait: give 1 ns to an hour, such as 30 s",
                self.breaker_open
            ));
        }
        if self.settle > LONGEST_SETTLE {
            faults.push(format!("settle: {:?} is too long for a source to lag: give at most an hour", self.settle));
        }
        if self.heartbeat < Duration::from_millis(1) {
            faults.push("heartbeat: give at least 1 ms, such as 100 ms".to_owned());
        }
        if self.heartbeat.saturating_mul(2) >= self.lease {
            faults.push(format!(
                "heartbeat: twice the heartbeat ({:?}) must be less than the tracking lease ({:?}), or one late answer ends it",
                self.heartbeat, self.lease
            ));
        }
    }
}

const SWITCH: &str = "true or false";
const DURATION: &str = "a duration such as 20, 20s, 250ms or 1m30s";

fn or_fault<T>(variable: &str, read: Option<T>, wanted: &str, otherwise: T, faults: &mut Vec<String>) -> T {
    read.unwrap_or_else(|| {
        faults.push(format!("{variable}: not {wanted}"));
        otherwise
    })
}

fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// An entity's name as a variable spells it: `tool-list` is `TOOL_LIST`.
fn variable_form(entity: &str) -> String {
    entity.chars().map(|at| if at.is_ascii_alphanumeric() { at.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let mut settings = Settings::default();
        let mut faults = Vec::new();
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        settings.read_environment(owned, &mut faults);
        settings.check(&mut faults);
        (settings, faults)
    }

    #[test]
    fn an_entity_setting_of_the_environment_stands_above_that_of_the_code() {
        let (mut settings, faults) = read(&[("LARDER_TOOL_LIST_TTL", "5s"), ("LARDER_TOOLS_ENABLED", "off")]);
        assert!(faults.is_empty());
        settings.entities.insert("tool-list".to_owned(), Entity { ttl: Some(Duration::from_secs(9)), enabled: true });
        assert_eq!(settings.entity("tool-list").ttl, Some(Duration::from_secs(5)));
        assert!(!settings.entity("tools").enabled);
        assert!(settings.entity("tool").enabled);
    }

    #[test]
    fn every_wrong_variable_is_named() {
        let (_, faults) = read(&[
            ("LARDER_TTL", "soon"),
            ("LARDER_CAPACITY", "-1"),
            ("LARDER_ENABLED", "perhaps"),
            ("LARDER_TOOLS_TTL", "1s1m"),
            ("LARDER_NAMESPACE", "a b"),
            ("LARDER_ROLE", "something of the program's own"),
        ]);
        for name in ["LARDER_TTL", "LARDER_CAPACITY", "LARDER_ENABLED", "LARDER_TOOLS_TTL", "LARDER_NAMESPACE"] {
            assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name} in {faults:?}");
        }
        assert_eq!(faults.len(), 5);
    }

    #[test]
    fn dependants_are_followed_and_cycles_end() {
        let mut settings = Settings::default();
        settings.depends.insert("a".to_owned(), vec!["b".to_owned(), "c".to_owned()]);
        settings.depends.insert("b".to_owned(), vec!["a".to_owned()]);
        let all = settings.with_dependants(vec!["a".to_owned()]);
        assert_eq!(all.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
