//! Promise 8, over time: two versions of a program on one Redis never take each other's values for their own, and never fail.
//!
//! Each version calls its function in an instance of its own, where it is the only one of its path: as in two programs.

use larder::Larder;

use crate::server::RedisServer;
use crate::support::{SOON, eventually_async, node};

/// A version of a program: a function of the same path, with the same tokens, over whatever stands beside it.
macro_rules! program {
    ($larder:expr, { $($beside:item)* }, [$($attribute:tt)*], $body:expr) => {{
        $($beside)*

        #[larder::ttl_cached(entity = "items", $($attribute)*)]
        async fn item(id: u64) -> Item {
            $body(id)
        }

        $larder.scope(item(1)).await
    }};
}

async fn pair() -> (RedisServer, Larder, Larder) {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    (server, a, b)
}

/// How many values lie in Redis, and how many bytes could not be read by an instance.
async fn stored(server: &RedisServer, reader: &Larder) -> (usize, u64) {
    (server.values_of("items").await.len(), reader.stats().total().errors)
}

#[tokio::test]
async fn a_struct_whose_fields_changed_places_is_read_by_their_names() {
    let (server, a, b) = pair().await;
    let old = program!(
        a,
        {
            #[derive(Clone, serde::Serialize, serde::Deserialize)]
            struct Item {
                x: u32,
                y: u32,
            }
            fn make(_: u64) -> Item {
                Item { x: 1, y: 2 }
            }
        },
        [],
        make
    );
    let new = program!(
        b,
        {
            #[derive(Clone, serde::Serialize, serde::Deserialize)]
            struct Item {
                y: u32,
                x: u32,
            }
            fn make(_: u64) -> Item {
                Item { x: 1, y: 2 }
            }
        },
        [],
        make
    );
    assert_eq!((old.x, old.y, new.x, new.y), (1, 2, 1, 2));
    assert_eq!(stored(&server, &b).await, (1, 0), "the two are one function to Redis: the test tests something");
    assert_eq!(b.stats().total().hits_redis, 1);
}

#[tokio::test]
async fn a_field_of_another_name_or_type_is_a_miss_that_is_counted() {
    let (server, a, b) = pair().await;
    let old = program!(
        a,
        {
            #[derive(Clone, serde::Serialize, serde::Deserialize)]
            struct Item {
                name: String,
                count: u32,
            }
            fn make(_: u64) -> Item {
                Item { name: "old".into(), count: 1 }
            }
        },
        [],
        make
    );
    assert_eq!((old.name.as_str(), old.count), ("old", 1));
    let renamed = program!(
        b,
        {
            #[derive(Clone, serde::Serialize, serde::Deserialize)]
            struct Item {
                title: String,
                count: u32,
            }
            fn make(_: u64) -> Item {
                Item { title: "new".into(), count: 2 }
            }
        },
        [],
        make
    );
    assert_eq!((renamed.title.as_str(), renamed.count), ("new", 2));
    assert_eq!(stored(&server, &b).await, (1, 1), "the same key, and bytes that cannot be read");
    let c = node(&server).await;
    let retyped = program!(
        c,
        {
            #[derive(Clone, serde::Serialize, serde::Deserialize)]
            struct Item {
                title: Vec<u8>,
                count: u32,
            }
            fn make(_: u64) -> Item {
                Item { title: vec![3], count: 3 }
            }
        },
        [],
        make
    );
    assert_eq!((retyped.title, retyped.count), (vec![3], 3));
    assert_eq!(stored(&server, &c).await, (1, 1));
}

#[tokio::test]
async fn variants_are_told_by_their_names_not_by_their_places() {
    let (server, a, b) = pair().await;
    let old = program!(
        a,
        {
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            enum Item {
                Open,
                Closed(u32),
            }
            fn make(_: u64) -> Item {
                if false { Item::Open } else { Item::Closed(7) }
            }
        },
        [],
        make
    );
    assert_eq!(format!("{old:?}"), "Closed(7)");
    let moved = program!(
        b,
        {
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            enum Item {
                Closed(u32),
                Lost(u32),
                Open,
            }
            fn make(_: u64) -> Item {
                if false { Item::Lost(1) } else { Item::Open }
            }
        },
        [],
        make
    );
    assert_eq!(format!("{moved:?}"), "Closed(7)", "the same variant, in another place");
    assert_eq!(b.stats().total().hits_redis, 1);
    let c = node(&server).await;
    let gone = program!(
        c,
        {
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            enum Item {
                Open,
                Lost(u32),
            }
            fn make(_: u64) -> Item {
                if false { Item::Lost(1) } else { Item::Open }
            }
        },
        [],
        make
    );
    assert_eq!(format!("{gone:?}"), "Open", "a variant that is no more");
    assert_eq!(stored(&server, &c).await, (1, 1));
}

#[tokio::test]
async fn two_versions_that_cannot_read_each_other_go_on_side_by_side() {
    let (_server, a, b) = pair().await;
    for round in 0..5_u32 {
        let old = program!(
            a,
            {
                #[derive(Clone, serde::Serialize, serde::Deserialize)]
                struct Item {
                    text: String,
                }
                fn make(_: u64) -> Item {
                    Item { text: "old".into() }
                }
            },
            [],
            make
        );
        let new = program!(
            b,
            {
                #[derive(Clone, serde::Serialize, serde::Deserialize)]
                struct Item {
                    text: u32,
                }
                fn make(_: u64) -> Item {
                    Item { text: 2 }
                }
            },
            [],
            make
        );
        assert_eq!((old.text.as_str(), new.text), ("old", 2), "round {round}");
        // What one ends, the other has ended, whatever their values look like.
        let before = a.stats().entities["items"].misses;
        assert!(b.invalidate("items").await.unwrap().is_applied());
        eventually_async(SOON, "ended for the other version, too", async || {
            let _ = program!(
                a,
                {
                    #[derive(Clone, serde::Serialize, serde::Deserialize)]
                    struct Item {
                        text: String,
                    }
                    fn make(_: u64) -> Item {
                        Item { text: "old".into() }
                    }
                },
                [],
                make
            );
            a.stats().entities["items"].misses > before
        })
        .await;
    }
}

#[tokio::test]
async fn another_signature_and_another_body_are_other_functions() {
    let (server, a, b) = pair().await;
    let old = {
        #[larder::ttl_cached(entity = "items")]
        async fn item(id: u32) -> u64 {
            u64::from(id)
        }
        a.scope(item(1)).await
    };
    let wider = {
        #[larder::ttl_cached(entity = "items")]
        async fn item(id: u64) -> u64 {
            id + 10
        }
        b.scope(item(1)).await
    };
    let c = node(&server).await;
    let body = {
        #[larder::ttl_cached(entity = "items")]
        async fn item(id: u64) -> u64 {
            id + 20
        }
        c.scope(item(1)).await
    };
    assert_eq!((old, wider, body), (1, 11, 21));
    assert_eq!(stored(&server, &c).await, (3, 0));
}

/// A version with other arguments at the attribute, over one counter of runs.
macro_rules! attributed {
    ($larder:expr, $value:expr, $($attribute:tt)*) => {{
        static VALUE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        VALUE.store($value, std::sync::atomic::Ordering::SeqCst);

        #[larder::ttl_cached($($attribute)*)]
        async fn item(id: u64) -> u64 {
            VALUE.load(std::sync::atomic::Ordering::SeqCst) + id
        }

        $larder.scope(item(0)).await
    }};
}

#[tokio::test]
async fn other_arguments_of_the_attribute_share_nothing_in_either_order() {
    let (server, a, b) = pair().await;
    assert_eq!(attributed!(a, 1, entity = "items"), 1);
    // Ended by a name that the older version's value does not carry.
    assert!(b.invalidate("item:0").await.unwrap().is_applied());
    assert_eq!(attributed!(b, 2, entity = "items", tags("item:0")), 2);
    assert_eq!(attributed!(b, 3, entity = "items", ttl = "1s"), 3);
    assert_eq!(attributed!(b, 4, entity = "items", capacity = 7), 4);
    let c = node(&server).await;
    assert_eq!(attributed!(c, 5, entity = "items", tags("item:0")), 2, "the same version");
    assert_eq!(attributed!(c, 6, entity = "items"), 1, "the same version");
    assert!(a.invalidate("items").await.unwrap().is_applied());
    let d = node(&server).await;
    assert_eq!(attributed!(d, 7, entity = "items", tags("item:0")), 7, "what one version ends is ended for all");
    assert_eq!(attributed!(d, 8, entity = "items"), 8);
}

#[tokio::test]
async fn another_entity_and_another_version_by_hand_share_nothing() {
    let (server, a, b) = pair().await;
    assert_eq!(attributed!(a, 1, entity = "items"), 1);
    assert_eq!(attributed!(b, 2, entity = "things"), 2);
    let c = node(&server).await;
    assert_eq!(attributed!(c, 3, entity = "items", version = 9), 3);
    let d = node(&server).await;
    assert_eq!(attributed!(d, 4, entity = "items", store = memory), 4);
}

#[tokio::test]
async fn another_wire_version_beside_this_one_is_neither_read_nor_heard_nor_ended() {
    let (server, a, b) = pair().await;
    assert_eq!(attributed!(a, 1, entity = "items"), 1);
    // All that this version wrote, as another would have written it, and its announcements.
    let mut raw = server.raw().await;
    for key in server.keys_with("it:1:").await {
        let other = key.replacen("it:1:", "it:2:", 1);
        let _: u64 = redis::cmd("COPY").arg(&key).arg(&other).query_async(&mut raw).await.unwrap();
    }
    let before = server.keys_with("it:2:").await.len();
    assert!(before >= 3, "a value, its epochs, the run");
    let heard: u64 =
        redis::cmd("PUBLISH").arg("it:2:@epochs").arg("items 1763712345678901.1").query_async(&mut raw).await.unwrap();
    assert_eq!(heard, 0, "nobody listens there");
    assert_eq!(attributed!(b, 3, entity = "items"), 1, "read from Redis, not from the other version's keys");
    assert!(a.invalidate("items").await.unwrap().is_applied());
    assert!(a.clear().await.unwrap().is_applied());
    let copies = server.keys_with("it:2:").await;
    assert_eq!(copies.len(), before);
    for key in copies.iter().filter(|key| key.contains("@epoch:") && !key.contains("@ends:")) {
        let (theirs, ours): (String, String) =
            redis::cmd("MGET").arg(key).arg(key.replacen("it:2:", "it:1:", 1)).query_async(&mut raw).await.unwrap();
        if key.ends_with(":items") || key.ends_with("@everything") {
            assert_ne!(theirs, ours, "{key}: only this version's was raised");
        }
    }
}
