//! A lease that ends with the work under it, whatever becomes of the work and whoever else has a handle.

use std::time::Duration;

use super::Lease;
use crate::error::Error;

/// Dropped without a word, it ends the lease in the background.
#[derive(Debug)]
pub(crate) struct Reign {
    lease: Lease,
}

impl Reign {
    pub(crate) const fn over(lease: Lease) -> Self {
        Self { lease }
    }

    pub(crate) const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Ends the lease, and keeps others out for `grace`.
    pub(crate) async fn finish(self, grace: Duration) -> Result<(), Error> {
        self.lease.finish(grace).await
    }
}

impl Drop for Reign {
    fn drop(&mut self) {
        self.lease.abandon();
    }
}
