//! How long each list lives where nobody ends it, by a clock that the test moves.

use std::time::Duration;

use larder::Larder;
use larder_example_registry as registry;

use super::filled;

#[tokio::test]
async fn each_list_has_its_life() {
    let larder = registry::depends(Larder::builder()).testing().unwrap();
    let (process, _folder) = filled(Larder::clone(&larder)).await;
    for (entity, path, seconds) in [
        ("tools", "/tools", 20),
        ("prompts", "/prompts", 15),
        ("resources", "/resources", 15),
        ("agents", "/agents", 20),
        ("servers", "/servers", 20),
        ("gateways", "/gateways", 20),
        ("statistics", "/admin/statistics", 60),
        ("usage", "/admin/usage", 30),
    ] {
        process.get("root", path).await;
        larder.clock().advance(Duration::from_secs(seconds) - Duration::from_millis(1));
        process.get("root", path).await;
        assert_eq!(process.misses(entity), 1, "{entity} lives for {seconds} s");
        larder.clock().advance(Duration::from_millis(1));
        process.get("root", path).await;
        assert_eq!(process.misses(entity), 2, "{entity} lives no longer than {seconds} s");
    }
}

#[tokio::test]
async fn an_operator_may_say_otherwise() {
    let builder = registry::depends(Larder::builder()).ttl("tools", Duration::from_secs(5));
    let larder = builder.testing().unwrap();
    let (process, _folder) = filled(Larder::clone(&larder)).await;
    process.get("root", "/tools").await;
    larder.clock().advance(Duration::from_secs(5));
    process.get("root", "/tools").await;
    assert_eq!(process.misses("tools"), 2);
}
