//! The keys of the Redis tier that are not values.

use std::sync::Arc;

/// What lies under one namespace. The `@` cannot stand in an entity, so none of these is ever a value's key.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    epochs: Arc<str>,
    channel: Arc<str>,
    namespace: Arc<str>,
}

impl Names {
    pub(crate) fn new(namespace: &str) -> Self {
        let version = crate::cache::WIRE_VERSION;
        Self {
            epochs: format!("{namespace}:{version}:@epoch:").into(),
            channel: format!("{namespace}:{version}:@epochs").into(),
            namespace: namespace.into(),
        }
    }

    /// Where raised epochs are announced.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    pub(crate) fn epoch(&self, name: &str) -> String {
        format!("{}{name}", self.epochs)
    }

    /// Where the server's run is noted.
    pub(crate) fn run(&self) -> String {
        format!("{}:{}:@run", self.namespace, crate::cache::WIRE_VERSION)
    }

    /// A lease and the counter of its tokens, in one Cluster slot.
    pub(crate) fn lease(&self, key: &str) -> (String, String) {
        let (namespace, version) = (&self.namespace, crate::cache::WIRE_VERSION);
        let key = crate::epoch::canonical(key);
        (format!("{namespace}:{version}:@lease:{{{key}}}"), format!("{namespace}:{version}:@fence:{{{key}}}"))
    }
}
