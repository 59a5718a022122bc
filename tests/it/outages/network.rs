//! A network that keeps connections and carries nothing.

use super::scenario::outlive;
use super::{Fault, World};
use crate::proxy::Carries;

/// What is still carried between one of the two instances and the server.
struct BlackHole<const LEFT: u8>;

impl<const LEFT: u8> BlackHole<LEFT> {
    const CARRIES: Carries = match LEFT {
        0 => Carries::Nothing,
        1 => Carries::Answers,
        _ => Carries::Questions,
    };
}

impl<const LEFT: u8> Fault for BlackHole<LEFT> {
    const NAME: &'static str = match LEFT {
        0 => "black hole, both ways",
        1 => "black hole towards the server",
        _ => "black hole from the server",
    };

    async fn strike(&mut self, world: &mut World) {
        world.proxy.carry_only(Self::CARRIES);
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
