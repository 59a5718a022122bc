//! The end of one link, as everybody on it is told: whether it has come, and why.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// Told once. Whoever watches over the link is woken.
#[derive(Clone, Debug)]
pub(crate) struct Retired {
    why: Arc<OnceLock<&'static str>>,
    look: Arc<Notify>,
}

impl Retired {
    pub(crate) fn new(look: Arc<Notify>) -> Self {
        Self { why: Arc::default(), look }
    }

    /// The link is at its end.
    pub(crate) fn retire(&self, why: &'static str) {
        if self.why.set(why).is_ok() {
            self.look.notify_one();
        }
    }

    pub(crate) fn why(&self) -> Option<&'static str> {
        self.why.get().copied()
    }
}
