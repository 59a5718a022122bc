//! Save, load, find, delete: the same over Redis and over the stand-in.

use std::collections::BTreeSet;

use larder::{ErrorKind, Larder, Record};

use super::{Tenant, consistent, planned, tenant};
use crate::server::RedisServer;
use crate::support::node;

/// What every instance with a Redis does.
async fn scenario() {
    let (mut a, b) = (tenant(1, "a.example", "gold"), tenant(2, "b.example", "gold"));
    assert_eq!(Tenant::load(&1).await.unwrap(), None);
    a.save().await.unwrap();
    b.save().await.unwrap();
    assert_eq!(Tenant::load(&1).await.unwrap().as_ref(), Some(&a));
    assert_eq!(Tenant::find_unique(Tenant::HOST, "b.example").await.unwrap().as_ref(), Some(&b));
    assert_eq!(planned("gold").await, BTreeSet::from([1, 2]));
    assert_eq!(planned("free").await, BTreeSet::new());

    // An index follows the change of a field.
    a.plan = "free".to_owned();
    a.host = "c.example".to_owned();
    a.save().await.unwrap();
    assert_eq!((planned("gold").await, planned("free").await), (BTreeSet::from([2]), BTreeSet::from([1])));
    assert_eq!(Tenant::find_unique(Tenant::HOST, "a.example").await.unwrap(), None);
    assert_eq!(Tenant::find_unique(Tenant::HOST, "c.example").await.unwrap().as_ref(), Some(&a));

    // A value of a unique field has one owner: the error names the field and no value, and changes nothing.
    let thief = tenant(3, "b.example", "gold");
    let error = thief.save().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let text = format!("{error} / {error:?}");
    assert!(text.contains("`tenant`") && text.contains("`host`") && !text.contains("b.example"), "{text}");
    assert_eq!(Tenant::load(&3).await.unwrap(), None);
    assert_eq!(planned("gold").await, BTreeSet::from([2]));
    // What was given up is free, and a record is no thief of its own value.
    tenant(3, "a.example", "gold").save().await.unwrap();
    tenant(3, "a.example", "gold").save().await.unwrap();

    // A `None` is no value, and `Some` of nothing is one.
    assert_eq!(Tenant::find_unique(Tenant::MAIL, &None).await.unwrap(), None);
    let mail = Some(String::new());
    let (first, second) = (Tenant { mail: mail.clone(), ..b.clone() }, Tenant { mail: mail.clone(), ..a.clone() });
    first.save().await.unwrap();
    assert_eq!(second.save().await.unwrap_err().kind(), ErrorKind::Conflict);
    b.save().await.unwrap();
    second.save().await.unwrap();
    assert_eq!(Tenant::find_unique(Tenant::MAIL, &mail).await.unwrap(), Some(second));

    let all: BTreeSet<u64> = Tenant::all().await.unwrap().into_iter().map(|tenant| tenant.id).collect();
    assert_eq!(all, BTreeSet::from([1, 2, 3]));
    assert!(Tenant::delete(&2).await.unwrap());
    assert!(!Tenant::delete(&2).await.unwrap());
    assert_eq!(Tenant::load(&2).await.unwrap(), None);
    assert_eq!(Tenant::find_unique(Tenant::HOST, "b.example").await.unwrap(), None);
    assert_eq!(planned("gold").await, BTreeSet::from([3]));
}

#[tokio::test]
async fn records_are_found_as_they_are_over_redis() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder.scope(scenario()).await;
    assert_eq!(consistent(&server, "tenant").await, 2);
    // Another process sees the same.
    assert_eq!(node(&server).await.scope(planned("gold")).await, BTreeSet::from([3]));
}

#[tokio::test]
async fn records_are_found_as_they_are_over_the_stand_in() {
    let larder = Larder::testing();
    larder.scope(scenario()).await;
    assert_eq!(larder.another().scope(planned("gold")).await, BTreeSet::from([3]));
    larder.redis().forget();
    assert_eq!(larder.scope(Tenant::all()).await.unwrap(), []);
}

#[tokio::test]
async fn no_value_of_a_key_or_an_index_is_in_a_key_of_redis() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder.scope(tenant(4_711_815, "secret-host", "secret-plan").save()).await.unwrap();
    let keys = server.keys_with("@record:{tenant}:").await;
    assert_eq!(keys.len(), 4, "the record, its host, its plan, and all: {keys:?}");
    for key in keys {
        assert!(!key.contains("secret") && !key.contains("4711815"), "{key}");
    }
    // One value has another hash in another namespace, so that nobody compares them.
    let other = Larder::builder().ignore_environment().redis(server.url()).namespace("other").build().await.unwrap();
    other.scope(tenant(4_711_815, "secret-host", "secret-plan").save()).await.unwrap();
    let hashes = |keys: Vec<String>| -> BTreeSet<String> {
        keys.iter().filter_map(|key| Some(key.rsplit_once(':')?.1.to_owned())).collect()
    };
    let (here, there) = (server.keys_with("it:1:@record:").await, server.keys_with("other:1:@record:").await);
    assert_eq!((here.len(), there.len()), (4, 4));
    assert!(hashes(here).is_disjoint(&hashes(there)));
}

#[tokio::test]
async fn many_records_are_found_in_batches() {
    const MANY: u64 = 600;
    let server = RedisServer::start();
    let larder = node(&server).await;
    larder
        .scope(async {
            for id in 0..MANY {
                tenant(id, &id.to_string(), "gold").save().await.unwrap();
            }
            assert_eq!(planned("gold").await, (0..MANY).collect());
        })
        .await;
}
