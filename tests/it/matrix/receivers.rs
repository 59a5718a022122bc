//! Methods with every receiver: it is in the key where `key(self.id)` says so, and nowhere else.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;

use larder::{hexsha_cached, invalidates, leader, ttl_cached};

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

/// All macros over methods of one receiver, sync and async, in a module of their own, and the test that tries them.
macro_rules! receiver {
    ($module:ident, $self:ident, ($($receiver:tt)+), $shelf:ident => $made:expr) => {
        mod $module {
            use super::*;

            struct Shelf {
                id: u32,
                sha: String,
            }

            impl Shelf {
                fn of(id: u32) -> Self {
                    Self { id, sha: format!("r{}", id / 10) }
                }

                #[ttl_cached(entity = "receivers")]
                fn ttl_sync($($receiver)+) -> u32 {
                    ran();
                    $self.id
                }

                #[ttl_cached(entity = "receivers")]
                async fn ttl_async($($receiver)+, plus: u32) -> u32 {
                    ran();
                    $self.id + plus
                }

                #[ttl_cached(entity = "receivers", key($self.id))]
                fn keyed_sync($($receiver)+) -> u32 {
                    ran();
                    $self.id
                }

                #[ttl_cached(entity = "receivers", key($self.id, plus), tags(("shelf", $self.id)))]
                async fn keyed_async($($receiver)+, plus: u32) -> u32 {
                    ran();
                    $self.id + plus
                }

                #[hexsha_cached(revision = $self.sha)]
                fn sha_sync($($receiver)+) -> u32 {
                    ran();
                    $self.id
                }

                #[hexsha_cached(key($self.id))]
                async fn sha_async($($receiver)+, config: &Config) -> String {
                    ran();
                    format!("{}/{}", config.0, $self.id)
                }

                #[invalidates(("shelf", $self.id))]
                fn ends_sync($($receiver)+) -> u32 {
                    ran();
                    $self.id
                }

                #[invalidates(("shelf", $self.id), ("ret", ret))]
                async fn ends_async($($receiver)+) -> Result<u32, String> {
                    ran();
                    Ok($self.id)
                }

                #[leader(("sync", $self.id), ttl = "1m", grace = "1m")]
                fn leads_sync($($receiver)+) -> Option<u32> {
                    ran();
                    Some($self.id)
                }

                #[leader(("async", $self.id), ttl = "1m", grace = "1m")]
                async fn leads_async($($receiver)+) -> Option<u32> {
                    ran();
                    Some($self.id)
                }
            }

            /// A call of a method on a new value.
            macro_rules! on {
                ($id:literal, $method:ident($argument:expr)) => {{ let $shelf = Shelf::of($id); $made.$method($argument).await }};
                ($id:literal, $method:ident, async) => {{ let $shelf = Shelf::of($id); $made.$method().await }};
                ($id:literal, $method:ident) => {{ let $shelf = Shelf::of($id); $made.$method() }};
            }

            #[tokio::test]
            async fn all() {
                memory().await.scope(Box::pin(cells())).await;
            }

            async fn cells() {
                cached! {
                    "ttl_cached, sync"; on!(1, ttl_sync) => 1,
                    "ttl_cached, async"; on!(1, ttl_async(5)) => 6,
                    "ttl_cached, async, another argument"; on!(1, ttl_async(6)) => 7,
                    "ttl_cached, sync, keyed"; on!(1, keyed_sync) => 1,
                    "ttl_cached, sync, keyed, another"; on!(2, keyed_sync) => 2,
                    "ttl_cached, async, keyed"; on!(1, keyed_async(5)) => 6,
                    "ttl_cached, async, keyed, another"; on!(2, keyed_async(5)) => 7,
                    "ttl_cached, async, keyed, another argument"; on!(2, keyed_async(4)) => 6,
                    "hexsha_cached, sync"; on!(1, sha_sync) => 1,
                    "hexsha_cached, sync, another revision"; on!(11, sha_sync) => 11,
                    "hexsha_cached, async"; on!(1, sha_async(&Config("a"))) => "a/1",
                    "hexsha_cached, async, another"; on!(2, sha_async(&Config("a"))) => "a/2",
                    "hexsha_cached, async, another revision"; on!(2, sha_async(&Config("b"))) => "b/2",
                }
                counted!("ttl_cached, sync: the receiver is not in the key", 0, on!(2, ttl_sync) => 1);
                counted!("ttl_cached, async: the receiver is not in the key", 0, on!(2, ttl_async(5)) => 6);
                counted!("hexsha_cached, sync: the receiver is not in the key", 0, on!(2, sha_sync) => 1);
                ends! {
                    "invalidates, sync", "shelf:1"; on!(1, ends_sync) => 1,
                    "invalidates, sync, another", "shelf:2"; on!(2, ends_sync) => 2,
                    "invalidates, async", "shelf:1"; on!(1, ends_async, async) => Ok(1),
                    "invalidates, async, the result", "ret:2"; on!(2, ends_async, async) => Ok(2),
                }
                counted!("ttl_cached, async: its tag is ended", 1, on!(1, keyed_async(5)) => 6);
                leads! {
                    "leader, sync"; on!(1, leads_sync) => Some(1), None;
                    "leader, sync, another"; on!(2, leads_sync) => Some(2), None;
                    "leader, async"; on!(1, leads_async, async) => Some(1), None;
                    "leader, async, another"; on!(2, leads_async, async) => Some(2), None;
                }
            }
        }
    };
}

receiver!(by_value, self, (self), shelf => shelf);
receiver!(by_reference, self, (&self), shelf => (&shelf));
receiver!(by_mutable_reference, self, (&mut self), shelf => (&mut { shelf }));
receiver!(by_box, self, (self: Box<Self>), shelf => Box::new(shelf));
receiver!(by_rc, self, (self: Rc<Self>), shelf => Rc::new(shelf));
receiver!(by_arc, self, (self: Arc<Self>), shelf => Arc::new(shelf));
receiver!(by_reference_to_arc, self, (self: &Arc<Self>), shelf => (&Arc::new(shelf)));
receiver!(by_pin, self, (self: Pin<&mut Self>), shelf => pin!(shelf));

/// A value that its methods change.
#[derive(Default)]
struct Counter {
    count: u32,
}

impl Counter {
    #[ttl_cached(entity = "counters", key(self.count))]
    fn counted(&mut self) -> u32 {
        ran();
        self.count += 1;
        self.count
    }

    #[ttl_cached(entity = "counters", key(self.count))]
    async fn taken(mut self) -> u32 {
        ran();
        self.count += 1;
        self.count
    }

    #[hexsha_cached]
    async fn revised(&mut self, config: &Config) -> usize {
        ran();
        self.count += 1;
        config.0.len()
    }

    #[invalidates(("count", self.count))]
    async fn ended(&mut self, mut by: u32) -> u32 {
        ran();
        by += 1;
        self.count += by;
        self.count
    }

    #[leader(("count", self.count), ttl = "1m", grace = "1m")]
    fn led(mut self) -> Option<u32> {
        ran();
        self.count += 1;
        Some(self.count)
    }
}

#[tokio::test]
async fn what_a_body_changes_in_its_receiver() {
    let cells = async {
        let mut counter = Counter::default();
        counted!("the first", 1, counter.counted() => 1);
        counted!("keyed by what was changed", 1, counter.counted() => 2);
        assert_eq!(counter.count, 2);
        counted!("a hit changes nothing", 0, Counter::default().counted() => 1);
        cached! {
            "mut self"; Counter { count: 5 }.taken().await => 6,
            "mut self, another"; Counter { count: 6 }.taken().await => 7,
            "&mut self, hexsha_cached"; counter.revised(&Config("a")).await => 1,
        }
        assert_eq!(counter.count, 3, "a hit changes nothing");
        ends! { "the name from before the body", "count:3"; counter.ended(1).await => 5 }
        leads! { "mut self"; Counter { count: 1 }.led() => Some(2), None }
    };
    memory().await.scope(cells).await;
}
