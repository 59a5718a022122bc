//! What became of a call that only one process may run.

use std::time::Duration;

/// What became of a call of a `#[leader]` function.
///
/// # Examples
///
/// ```
/// use larder::Leadership;
///
/// #[larder::leader("nightly", ttl = "300s")]
/// async fn nightly() -> Leadership<u32> {
///     Leadership::Led(7)
/// }
///
/// # pollster::block_on(async {
/// match nightly().await {
///     Leadership::Led(rows) => assert_eq!(rows, 7),
///     Leadership::Follower { holder, remaining } => println!("{holder} leads for {remaining:?} more"),
///     Leadership::Lost => println!("the lease was lost, and the work was stopped"),
/// }
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the lease may have been lost"]
pub enum Leadership<T> {
    /// This process held the lease, and the body returned this.
    Led(T),
    /// Another holds it.
    Follower {
        /// The holder's host and process; empty when Redis was away and could not say.
        holder: String,
        /// How long its lease lasts if it is not renewed.
        remaining: Duration,
    },
    /// This process held the lease and lost it before the body ended: an async body was cancelled at that moment.
    Lost,
}

impl<T> Leadership<T> {
    /// What the body returned, if this process led.
    pub fn led(self) -> Option<T> {
        match self {
            Self::Led(value) => Some(value),
            Self::Follower { .. } | Self::Lost => None,
        }
    }
}
