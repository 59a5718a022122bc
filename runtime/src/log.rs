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

/// A cached function runs its body; of its arguments, the event has the beginning of their hash.
#[cfg(feature = "tracing")]
pub(crate) fn miss(function: &str, hash: &[u8; 32]) {
    let key = format_args!("{:016x}", crate::epoch::mark(hash));
    tracing::debug!(target: "larder", function, key, "miss");
}

/// A cached function runs its body.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn miss(_: &str, _: &[u8; 32]) {}
