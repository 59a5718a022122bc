//! A network that keeps connections and carries nothing.

use super::scenario::outlive;
use super::{Fault, World};
use crate::proxy::Way;

/// What is held back between one of the two instances and the server.
struct BlackHole<const WAY: u8>;

impl<const WAY: u8> BlackHole<WAY> {
    const HELD: &'static [Way] = match WAY {
        0 => &[Way::Requests, Way::Replies],
        1 => &[Way::Requests],
        _ => &[Way::Replies],
    };
}

impl<const WAY: u8> Fault for BlackHole<WAY> {
    const NAME: &'static str = match WAY {
        0 => "black hole, both ways",
        1 => "black hole towards the server",
        _ => "black hole from the server",
    };

    async fn strike(&mut self, world: &mut World) {
        Self::HELD.iter().for_each(|way| world.proxy.hold(*way));
    }

    async fn heal(&mut self, world: &mut World) {
        world.proxy.resume();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_black_hole_both_ways() {
    outlive(BlackHole::<0>).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_black_hole_that_swallows_questions() {
    outlive(BlackHole::<1>).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_black_hole_that_swallows_answers() {
    outlive(BlackHole::<2>).await;
}
