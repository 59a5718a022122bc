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

/// A cached function ran its body.
#[cfg(feature = "tracing")]
pub(crate) fn miss(function: &str) {
    tracing::debug!(target: "larder", function, "miss");
}

/// A cached function ran its body.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn miss(_: &str) {}

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
