//! Lives: a record is gone after its ttl, as a whole, and nothing of it stays behind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Larder, Record};
use serde::{Deserialize, Serialize};

use crate::server::RedisServer;
use crate::support::{SOON, eventually_async, node};

/// How long the next save lives, in milliseconds; one test has it.
static LIFE: AtomicU64 = AtomicU64::new(0);

fn life() -> Duration {
    Duration::from_millis(LIFE.load(Ordering::SeqCst))
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
#[record(name = "session", ttl = life())]
struct Session {
    #[record(key)]
    token: u64,
    #[record(unique)]
    seat: u64,
    #[record(index)]
    user: String,
}

fn session(token: u64, seat: u64) -> Session {
    Session { token, seat, user: "u".to_owned() }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
#[record(name = "ticket", ttl = "20s")]
struct Ticket {
    #[record(key)]
    id: u64,
    #[record(unique)]
    seat: u64,
}

#[tokio::test]
async fn an_index_ends_with_its_records_and_lives_as_long_as_the_last_of_them() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            LIFE.store(200, Ordering::SeqCst);
            session(1, 1).save().await.unwrap();
            assert!(Session::ttl(&1).await.unwrap().unwrap() <= Duration::from_millis(200));
            LIFE.store(60_000, Ordering::SeqCst);
            session(2, 2).save().await.unwrap();
            assert!(Session::ttl(&2).await.unwrap().unwrap() > Duration::from_secs(50));
            eventually_async(SOON, "the end of a life", async || Session::load(&1).await.unwrap().is_none()).await;
            // Its seat is free. Its index lives on for the other record: nobody has looked at that yet.
            assert_eq!(Session::find_unique(Session::SEAT, &1).await.unwrap(), None);
            assert_eq!(Session::ttl(&1).await.unwrap(), None);
            // A shorter life does not take the index from the others, and a save takes out those that are over.
            LIFE.store(200, Ordering::SeqCst);
            session(3, 1).save().await.unwrap();
            let indexes = server.keys_with("{session}:user:").await;
            assert_eq!(server.run::<u64>(&format!("ZCARD {}", indexes[0])).await, 2);
            let found = Session::find(Session::USER, "u").await.unwrap();
            assert!(found.contains(&session(2, 2)) && !found.contains(&session(1, 1)), "{found:?}");
            assert!(server.run::<u64>(&format!("PTTL {}", indexes[0])).await > 50_000);
            // The record with the long life becomes short: the index follows.
            session(2, 2).save().await.unwrap();
            eventually_async(SOON, "nothing left", async || server.keys_with("{session}").await.is_empty()).await;
        })
        .await;
}

#[tokio::test]
async fn a_record_that_is_taken_away_by_hand_leaves_an_index_that_is_tidied_by_the_next_look() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            Ticket { id: 1, seat: 7 }.save().await.unwrap();
            let keys = server.keys_with("{ticket}:").await;
            let record = keys.iter().find(|key| key.matches(':').count() == 4).expect("the record");
            let _: u64 = server.run(&format!("DEL {record}")).await;
            assert_eq!(Ticket::all().await.unwrap(), []);
            assert_eq!(Ticket::find_unique(Ticket::SEAT, &7).await.unwrap(), None);
            eventually_async(SOON, "tidied", async || server.keys_with("{ticket}:").await.is_empty()).await;
            Ticket { id: 2, seat: 7 }.save().await.unwrap();
        })
        .await;
}

#[tokio::test]
async fn a_life_ends_by_the_clock_of_the_stand_in() {
    let larder = Larder::testing();
    larder
        .scope(async {
            Ticket { id: 1, seat: 7 }.save().await.unwrap();
            larder.clock().advance(Duration::from_secs(19));
            assert_eq!(Ticket::ttl(&1).await.unwrap(), Some(Duration::from_secs(1)));
            assert!(Ticket { id: 2, seat: 7 }.save().await.is_err());
            larder.clock().advance(Duration::from_secs(1));
            assert_eq!(Ticket::ttl(&1).await.unwrap(), None);
            assert_eq!(Ticket::find_unique(Ticket::SEAT, &7).await.unwrap(), None);
            Ticket { id: 2, seat: 7 }.save().await.unwrap();
        })
        .await;
}
