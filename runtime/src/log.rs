//! Events on the `tracing` facade where it is wanted; nothing otherwise.

use std::fmt::Arguments;

/// Something failed and was worked around.
#[cfg(feature = "tracing")]
pub(crate) fn warn(message: &Arguments<'_>) {
    tracing::warn!(target: "larder", "{message}");
}

/// Something failed and was worked around.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn warn(_: &Arguments<'_>) {}

/// A cached function runs its body inside the span that is returned. Of its arguments, the event and the span have the
/// beginning of their hash. Where nobody wants either, two flags are looked at.
#[cfg(feature = "tracing")]
pub(crate) fn miss(entity: &str, function: &str, hash: &[u8; 32]) -> Span {
    let key = format_args!("{:016x}", crate::epoch::mark(hash));
    tracing::debug!(target: "larder", function, key, "miss");
    let outcome = tracing::field::Empty;
    Span(tracing::debug_span!(target: "larder", "larder.miss", entity, function, key, outcome))
}

/// A cached function runs its body.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn miss(_: &str, _: &str, _: &[u8; 32]) -> Span {
    Span
}

/// The span of one miss, around the body and what it calls; none where nobody wants it.
#[cfg(feature = "tracing")]
#[derive(Clone, Debug)]
pub(crate) struct Span(tracing::Span);

/// No span.
#[cfg(not(feature = "tracing"))]
#[derive(Clone, Debug)]
pub(crate) struct Span;

impl Default for Span {
    fn default() -> Self {
        Self::none()
    }
}

impl Span {
    /// That of a call that has not missed.
    #[cfg(feature = "tracing")]
    pub(crate) const fn none() -> Self {
        Self(tracing::Span::none())
    }

    /// No span.
    #[cfg(not(feature = "tracing"))]
    pub(crate) const fn none() -> Self {
        Self
    }

    /// Runs a step of the body inside.
    #[cfg(feature = "tracing")]
    pub(crate) fn during<R>(&self, step: impl FnOnce() -> R) -> R {
        self.0.in_scope(step)
    }

    /// Runs a step of the body.
    #[cfg(not(feature = "tracing"))]
    pub(crate) fn during<R>(&self, step: impl FnOnce() -> R) -> R {
        step()
    }

    /// Says what became of what the body returned.
    #[cfg(feature = "tracing")]
    pub(crate) fn record(&self, outcome: Outcome) {
        self.0.record("outcome", outcome.as_str());
    }

    /// Says nothing.
    #[cfg(not(feature = "tracing"))]
    pub(crate) const fn record(&self, _: Outcome) {}
}

/// What became of what a body returned. A body that is dropped or panics has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is kept.
    Stored,
    /// It answered this call, and is not kept.
    Unstored,
    /// It was a failure, and is not kept.
    Failed,
    /// It was a failure, and the former value answered the call.
    Stale,
}

#[cfg(feature = "tracing")]
impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unstored => "unstored",
            Self::Failed => "failed",
            Self::Stale => "stale",
        }
    }
}

/// A lease was granted to this process.
#[cfg(feature = "tracing")]
pub(crate) fn elected(leader: &str, token: u64) {
    tracing::info!(target: "larder", leader, token, "elected");
}

/// A lease was granted to this process.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn elected(_: &str, _: u64) {}

/// This process let a lease go.
#[cfg(feature = "tracing")]
pub(crate) fn released(leader: &str, token: u64) {
    tracing::info!(target: "larder", leader, token, "released");
}

/// This process let a lease go.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn released(_: &str, _: u64) {}

/// A lease ended before its work did.
#[cfg(feature = "tracing")]
pub(crate) fn lost(leader: &str, token: u64, why: &str) {
    tracing::warn!(target: "larder", leader, token, "{leader}: the lease was lost: {why}");
}

/// A lease ended before its work did.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn lost(_: &str, _: u64, _: &str) {}
