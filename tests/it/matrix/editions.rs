//! Functions of edition 2021, in a crate that depends on the runtime by another name.

use larder::Leadership;
use larder_edition2021 as old;
use old::{Config, Filter, Page, Repo as _, Shelf};

use crate::matrix::cells::ran;
use crate::support::memory;

#[tokio::test]
async fn edition_2021_over_a_renamed_runtime() {
    let cells = async {
        let shelf = |id| Shelf { id, ran };
        let filter = |team: u8, trace| Filter { team, trace };
        cached! {
            "ttl_cached, sync"; old::ttl_sync(ran, 1) => 2,
            "ttl_cached, sync, another argument"; old::ttl_sync(ran, 2) => 3,
            "ttl_cached, sync, by its own name"; old::by_its_own_name(ran, 1) => 3,
            "ttl_cached, async"; old::ttl_async(ran, "1").await => Ok(1),
            "ttl_cached, async, another argument"; old::ttl_async(ran, "2").await => Ok(2),
            "ttl_cached, generic"; old::ttl_generic::<_, 2>(ran, &filter(1, 0), Page::First).await => [1, 1],
            "ttl_cached, generic, another constant"; old::ttl_generic::<_, 1>(ran, &filter(1, 0), Page::First).await => [1],
            "ttl_cached, generic, another field"; old::ttl_generic::<_, 1>(ran, &filter(2, 0), Page::First).await => [2],
            "ttl_cached, generic, another variant"; old::ttl_generic::<_, 1>(ran, &filter(2, 0), Page::After(0)).await => [2],
            "hexsha_cached, sync"; old::sha_sync(&Config("a"), ran, 1) => "a1",
            "hexsha_cached, sync, another revision"; old::sha_sync(&Config("b"), ran, 1) => "b1",
            "hexsha_cached, async"; old::sha_async(&Config("a"), ran, 1).await => "a1",
            "hexsha_cached, async, another argument"; old::sha_async(&Config("a"), ran, 2).await => "a2",
            "async_trait"; shelf(1).read(1).await => 2,
            "async_trait, another receiver"; shelf(2).read(1).await => 3,
            "provided"; Shelf::provided(&Config("a"), ran) => std::any::type_name::<Shelf>(),
        }
        counted!("`#[key(skip)]`", 0, old::ttl_generic::<_, 1>(ran, &filter(2, 9), Page::After(0)).await => [2]);
        for _ in 0..2 {
            counted!("a failure by `?`", 1, old::ttl_async(ran, "x").await.is_err() => true);
            counted!("not by `store_if`", 1, old::ttl_async(ran, "7").await => Ok(7));
            counted!("not by `when`", 1, old::ttl_async(ran, "").await.is_err() => true);
        }
        larder::invalidate("text:1").await.unwrap();
        counted!("ended by a tag", 1, old::ttl_async(ran, "1").await => Ok(1));
        larder::invalidate("ret:2").await.unwrap();
        counted!("ended by a tag of the result", 1, old::ttl_async(ran, "2").await => Ok(2));
        ends! {
            "invalidates, sync", "sync:1"; old::ends_sync(ran, 1).collect::<Vec<_>>() => [1],
            "invalidates, async", "async:1"; old::ends_async(ran, 1).await => Ok(1),
            "invalidates, async, the result", "ret:2"; old::ends_async(ran, 2).await => Ok(2),
            "async_trait, invalidates", "shelf:5"; shelf(1).write((5, 2)).await => Some(3),
            "async_trait, invalidates, the result", "ret:3"; shelf(1).write((5, 2)).await => Some(3),
        }
        leads! {
            "leader, sync"; old::leads_sync(ran, 1) => Some(1), None;
            "leader, sync, another"; old::leads_sync(ran, 2) => Some(2), None;
            "leader, a method"; shelf(1).lead().await => Some(&mut 1), None;
        }
        counted!("leader, async", 1, old::leads_async(ran, 1).await.unwrap() => Leadership::Led(1));
        let following = matches!(old::leads_async(ran, 1).await, Ok(Leadership::Follower { .. }));
        assert!(following, "leader, async, following");
    };
    memory().await.scope(Box::pin(cells)).await;
}
