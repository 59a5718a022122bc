//! Promises 1, 2, 5 and 6 under every outage of a real server: one scenario, and a fault to strike it with.
//!
//! While two instances read and write, a fault strikes and is healed. Each run leaves its figures in a file of its own,
//! `target/tmp/outages/<fault>.md`: a row of the table that `sort target/tmp/outages/*.md` makes.

mod deaths;
mod figures;
mod losses;
mod network;
mod refusals;
mod scenario;
mod world;

use std::time::Duration;

use world::World;

/// What befalls a server, or the way to it.
trait Fault: Sized {
    /// What the figures call it.
    const NAME: &'static str;

    /// Who the instances log in as: `user:password@`, or nobody.
    const LOGIN: &'static str = "";

    /// How long it lasts.
    const LASTS: Duration = Duration::from_millis(1_500);

    /// Within what time after its end everything works again.
    const HEALS: Duration = Duration::from_secs(10);

    /// Called before anybody connects.
    async fn prepare(&mut self, _: &mut World) {}

    /// Begins it, and makes sure that it did.
    async fn strike(&mut self, world: &mut World);

    /// What goes on while it lasts.
    async fn meanwhile(&mut self, _: &mut World) {
        tokio::time::sleep(Self::LASTS).await;
    }

    /// Ends it.
    async fn heal(&mut self, world: &mut World);
}
