//! The healthcheck, and what is answered while Redis is away.

use std::time::Duration;

use http::{Method, StatusCode};
use larder_example_tenants::{Config, Defaults, Error, Service};
use serde_json::json;

use super::{DEFAULTS, ask, get, worker};
use crate::server::RedisServer;
use crate::support::{SOON, connected, disconnected, eventually_async, memory, node};

const RARELY: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_worker_that_requires_redis_is_unhealthy_while_it_is_away_and_answers_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = RedisServer::start();
    let larder = node(&server).await;
    let service = larder.scope(worker(&folder.path().join("db"), true, RARELY)).await;
    let router = service.router();
    let (status, said) = get(&router, "/healthcheck").await;
    assert_eq!((status, &said["status"]), (StatusCode::OK, &json!("up")));
    for _ in 0..2 {
        server.kill();
        disconnected(&larder).await;
        let (status, said) = get(&router, "/healthcheck").await;
        assert_eq!((status, &said["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("down")));
        assert!(said["cache"]["fault"].is_string(), "it says why: {said}");
        assert_eq!(get(&router, "/tenants/blue/settings/theme").await.0, StatusCode::OK);
        server.restart();
        connected(&larder).await;
        eventually_async(SOON, "health", async || get(&router, "/healthcheck").await.0 == StatusCode::OK).await;
    }
}

#[tokio::test]
async fn a_worker_without_its_optional_redis_is_healthy_and_answers_everything_but_invitations() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = RedisServer::start();
    let larder = node(&server).await;
    let service = larder.scope(worker(&folder.path().join("db"), false, RARELY)).await;
    let router = service.router();
    assert_eq!(get(&router, "/tenants/blue/settings/theme").await.1["value"], "dark");
    server.kill();
    disconnected(&larder).await;

    let (status, said) = get(&router, "/healthcheck").await;
    assert_eq!((status, &said["status"]), (StatusCode::OK, &json!("degraded")));
    assert_eq!(get(&router, "/tenants/blue/settings/theme").await.1["value"], "dark");
    let set = ask(&router, Method::PUT, "/tenants/blue/settings/theme", Some(json!("loud"))).await;
    assert_eq!(set.0, StatusCode::NO_CONTENT);
    assert_eq!(get(&router, "/tenants/blue/settings/theme").await.1["value"], "loud");
    let given = ask(&router, Method::PUT, "/hosts/new.example", Some(json!({ "tenant": "green" }))).await;
    assert_eq!(given.0, StatusCode::OK);
    assert_eq!(get(&router, "/hosts/new.example").await.1["tenant"], "green");
    let (status, said) = get(&router, "/tenants/blue/invitations").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(said["error"].as_str().unwrap().contains("Redis is away"), "{said}");

    // What was written meanwhile is what is shown when Redis is back, with what it knew before.
    server.restart();
    connected(&larder).await;
    assert_eq!(get(&router, "/tenants/blue/settings/theme").await.1["value"], "loud");
    assert_eq!(get(&router, "/tenants/blue/invitations").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_worker_begins_without_its_optional_redis_and_refuses_to_begin_where_it_is_required_and_not_named() {
    let folder = tempfile::tempdir().unwrap();
    let absent = RedisServer::absent();
    let larder = larder::Larder::builder().ignore_environment().redis(absent.url()).build().await.unwrap();
    let service = larder.scope(worker(&folder.path().join("db"), false, RARELY)).await;
    assert_eq!(get(&service.router(), "/tenants/blue/settings/theme").await.1["value"], "dark");

    let config = Config {
        database: folder.path().join("db"),
        defaults: Defaults::parse(DEFAULTS).unwrap(),
        redis_required: true,
        worker: "worker".to_owned(),
        sweep_every: RARELY,
    };
    let refused = memory().await.scope(Service::start(config)).await;
    assert!(matches!(refused, Err(Error::NoRedis)), "{refused:?}");
}
