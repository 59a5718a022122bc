//! Promise 11: every error names what failed and what to do, without passwords or argument values.

use std::time::Duration;

use larder::{Error, ErrorKind, Larder, leader};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::memory;

/// Both texts of an error.
fn texts(error: &Error) -> String {
    format!("{error} / {error:?}")
}

#[tokio::test]
async fn a_wrong_configuration_names_every_fault_at_once_and_no_password() {
    let error = Larder::builder()
        .ignore_environment()
        .redis("redis://admin:hunter2@[not a host")
        .namespace("a b")
        .capacity(0)
        .operation_timeout(Duration::ZERO)
        .heartbeat(Duration::from_secs(2))
        .build()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    for part in ["redis url", "namespace", "capacity", "operation_timeout", "heartbeat"] {
        assert!(texts(&error).contains(part), "{part} is missing: {error}");
    }
    assert!(!texts(&error).contains("hunter2"), "{error}");
}

#[tokio::test]
async fn no_password_is_in_any_text() {
    for url in [
        "http://:hunter2@localhost",
        "redis://:hunter2@localhost:port",
        "redis://u:hunter2@localhost/x",
        "hunter2",
        "redis://:hunter2@",
        "redis-cluster://:hunter2@a",
    ] {
        let built = Larder::builder().ignore_environment().redis(url).build().await;
        let error = built.expect_err(url);
        assert!(!texts(&error).contains("hunter2"), "{error}");
    }
    let builder = Larder::builder().ignore_environment().redis("redis://:hunter2@127.0.0.1:1");
    assert!(!format!("{builder:?}").contains("hunter2"), "the builder's Debug shows the password");
    let larder = builder.build().await.unwrap();
    assert!(!format!("{larder:?}").contains("hunter2"));
    assert!(!format!("{:?} {:?}", larder.stats(), larder.health().await).contains("hunter2"));
}

#[tokio::test]
async fn extreme_settings_are_errors_and_no_panics() {
    let build = |builder: larder::Builder| builder.ignore_environment().build();
    for builder in [
        Larder::builder().heartbeat(Duration::MAX),
        Larder::builder().tracking_lease(Duration::ZERO),
        Larder::builder().heartbeat(Duration::ZERO),
        Larder::builder().namespace("x".repeat(101)),
        Larder::builder().namespace(""),
    ] {
        let error = tokio::spawn(build(builder)).await.expect("no panic").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    let endless =
        Larder::builder().operation_timeout(Duration::MAX).tracking_lease(Duration::MAX).default_ttl(Duration::MAX);
    tokio::spawn(build(endless)).await.expect("no panic").unwrap();
}

#[tokio::test]
async fn every_wrong_variable_is_named_at_once() {
    let mut node = Node::with(&[
        ("LARDER_REDIS_URL", "redis://:hunter2@localhost:port"),
        ("LARDER_NAMESPACE", "a b"),
        ("LARDER_ENABLED", "perhaps"),
        ("LARDER_TTL", "soon"),
        ("LARDER_CAPACITY", "-1"),
        ("LARDER_TOOLS_TTL", "20 parsecs"),
        ("LARDER_TOOLS_ENABLED", "2"),
    ]);
    let text = node.ask("build");
    for name in ["LARDER_ENABLED", "LARDER_TTL", "LARDER_CAPACITY", "LARDER_TOOLS_TTL", "LARDER_TOOLS_ENABLED"] {
        assert!(text.contains(name), "{name} is missing: {text}");
    }
    assert!(text.contains("LARDER_NAMESPACE"), "named by its variable: {text}");
    assert!(text.contains("LARDER_REDIS_URL"), "named by its variable: {text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_program_s_own_variables_are_none_of_larder_s() {
    let mut node = Node::with(&[("LARDER_IT_WHATEVER", "x"), ("LARDER", "y")]);
    assert_eq!(node.ask("build"), "built");
}

#[tokio::test]
async fn an_unavailable_redis_is_named_without_argument_values() {
    #[leader(("mail", address), ttl = "5s", on_unavailable = error)]
    async fn send(address: &str) -> Result<Option<usize>, Error> {
        Ok(Some(address.len()))
    }

    let server = RedisServer::absent();
    let url = server.url().replace("redis://", "redis://:hunter2@");
    let larder = Larder::builder().ignore_environment().redis(url).build().await.unwrap();
    let error = larder.scope(send("bob@x.io")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for hidden in ["bob", "hunter2"] {
        assert!(!texts(&error).contains(hidden), "{hidden}: {error}");
    }
    assert!(texts(&error).contains("Redis"), "{error}");
}

#[tokio::test]
async fn an_empty_name_and_a_lease_without_a_key_are_refused_with_a_cure() {
    let larder = memory().await;
    let error = larder.invalidate("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("such as"), "{error}");
    let error = larder.leader_gate("").acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let error = larder.leader_gate("x").ttl(Duration::ZERO).acquire().await.unwrap_err();
    assert!(error.to_string().contains("ttl"), "{error}");
}

#[tokio::test]
async fn a_refused_login_is_an_outage_and_no_panic() {
    let server = RedisServer::start();
    let _: String = server.run("CONFIG SET requirepass hunter2").await;
    let larder = Larder::builder().ignore_environment().redis(server.url()).build().await.unwrap();
    assert!(!larder.health().await.is_up());
    assert!(!larder.invalidate("tools").await.unwrap().is_applied());
}
