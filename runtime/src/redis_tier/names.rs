//! The keys of the Redis tier that are not values.

use std::borrow::Cow;
use std::sync::Arc;

use crate::epoch::{EVERYTHING, Single};

/// What lies under one namespace. The `@` cannot stand in an entity, so none of these is ever a value's key.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    epochs: Arc<str>,
    channel: Arc<str>,
    namespace: Arc<str>,
    cluster: bool,
}

impl Names {
    pub(crate) fn new(namespace: &str, cluster: bool) -> Self {
        let version = crate::cache::WIRE_VERSION;
        // A script adds the name of the node that runs it: see `scripts`.
        let of_node = if cluster { ":" } else { "" };
        Self {
            epochs: format!("{namespace}:{version}:@epoch:").into(),
            channel: format!("{namespace}:{version}:@epochs{of_node}").into(),
            namespace: namespace.into(),
            cluster,
        }
    }

    /// Whether keys lie on several servers.
    pub(crate) const fn are_spread(&self) -> bool {
        self.cluster
    }

    /// What every key begins with.
    pub(crate) fn prefix(&self) -> String {
        format!("{}:{}:", self.namespace, crate::cache::WIRE_VERSION)
    }

    /// Where raised epochs are announced; in a Cluster, what stands before the name of the node that announces.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// Where an epoch is kept, unless it is one of a [single](Self::ends) entry. What one script raises together lies in
    /// one Cluster slot: what is kept of a function's entries, and the epoch of everything with the note of the run.
    pub(crate) fn epoch(&self, name: &str) -> String {
        let epochs = &self.epochs;
        match together(name) {
            Some((before, tag)) => format!("{epochs}{before}{{{tag}}}"),
            None => format!("{epochs}{name}"),
        }
    }

    /// Where the ends of a function's single entries are kept.
    pub(crate) fn ends(&self, single: Single<'_>) -> String {
        format!("{}@ends:{{{}}}", self.epochs, single.owner)
    }

    /// Where the server's run is noted.
    pub(crate) fn run(&self) -> String {
        format!("{}:{}:@run:{{{EVERYTHING}}}", self.namespace, crate::cache::WIRE_VERSION)
    }

    /// A lease and the counter of its tokens, in one Cluster slot.
    pub(crate) fn lease(&self, key: &str) -> (String, String) {
        self.named_lease(&Self::of_lease(key))
    }

    /// The name of a lease in its keys, its announcements and the list: itself where it is plain, else its hash.
    pub(crate) fn of_lease(key: &str) -> Cow<'_, str> {
        crate::epoch::canonical(key)
    }

    /// As [`lease`](Self::lease), by its name.
    pub(crate) fn named_lease(&self, name: &str) -> (String, String) {
        let (namespace, version) = (&self.namespace, crate::cache::WIRE_VERSION);
        (format!("{namespace}:{version}:@lease:{{{name}}}"), format!("{namespace}:{version}:@fence:{{{name}}}"))
    }

    /// What all keys of one type of record begin with: they lie in one Cluster slot.
    pub(crate) fn records(&self, name: &str) -> String {
        format!("{}:{}:@record:{{{name}}}:", self.namespace, crate::cache::WIRE_VERSION)
    }

    /// The list of the leases that somebody asked for lately.
    pub(crate) fn leaders(&self) -> String {
        format!("{}:{}:@leaders", self.namespace, crate::cache::WIRE_VERSION)
    }
}

/// The part of a name that its key shares with what it is raised with, and what stands before it.
fn together(name: &str) -> Option<(&str, &str)> {
    if name == EVERYTHING {
        return Some(("", name));
    }
    let start = name.strip_prefix('@')?.find(':')? + 2;
    name.split_at_checked(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_raised_together_has_one_tag() {
        let names = Names::new("ns", true);
        let tag = |key: String| key.split_once('{').and_then(|(_, rest)| Some(rest.split_once('}')?.0.to_owned()));
        let ends = names.ends(Single { owner: "0123", mark: "abcd" });
        assert_eq!(tag(ends.clone()).as_deref(), Some("0123"));
        assert_eq!(tag(names.epoch("@function:0123")).as_deref(), Some("0123"));
        assert_eq!(tag(names.epoch(EVERYTHING)), tag(names.run()));
        assert_eq!(tag(names.epoch("tool:1")), None);
        let mut keys = ["@function:0123", EVERYTHING, "tool:1", "tool"].map(|name| names.epoch(name)).to_vec();
        keys.push(ends);
        assert!(keys.iter().enumerate().all(|(at, key)| !keys[..at].contains(key)));
    }
}
