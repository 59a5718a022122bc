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
