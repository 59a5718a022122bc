//! Encrypted connections, by a private certificate authority.

use std::time::Instant;

use larder::{ErrorKind, Larder, ttl_cached};

use super::certificates::Authority;
use super::cluster_fixture::Cluster;
use super::process::Process;
use crate::node::Node;
use crate::support::{SOON, Source, connected, eventually_async};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source) -> u64 {
    source.read()
}

/// A server that listens with TLS only.
fn server(authority: &Authority, hosts: &[&str], clients: &str) -> Process {
    Process::start(|port, folder| {
        let mut arguments = authority.arguments(hosts, folder, clients);
        arguments.extend(["--port", "0", "--tls-port"].map(str::to_owned));
        arguments.push(port.to_string());
        arguments
    })
}

fn builder(server: &Process, host: &str) -> larder::Builder {
    let url = format!("rediss://{host}:{}", server.port());
    Larder::builder().ignore_environment().namespace("it").redis(url)
}

/// Two instances share what they compute, and hear of each other's invalidations.
async fn coherent(a: &Larder, b: &Larder) {
    connected(a).await;
    connected(b).await;
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    assert_eq!((b.scope(tool(&source)).await, source.runs()), (1, 1), "not shared");
    source.set(2);
    assert!(a.invalidate("tools").await.unwrap().is_applied());
    eventually_async(SOON, "an announcement", async || b.scope(tool(&source)).await == 2).await;
}

/// Waits until health says why there is no link, with these words; no password is in it.
async fn says(builder: larder::Builder, words: &str) {
    let larder = builder.build().await.expect("a server that is away is no wrong configuration");
    let mut last = String::new();
    let begun = Instant::now();
    while !last.contains(words) {
        assert!(begun.elapsed() < SOON, "no word of {words:?}: {last}");
        let health = larder.health().await;
        assert!(!health.is_up());
        last = health.fault.unwrap_or_default();
        assert!(!last.contains("hunter2"), "{last}");
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_its_text_or_its_file_and_by_name_or_number() {
    let authority = Authority::new();
    let server = server(&authority, &["localhost", "127.0.0.1"], "no");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let a = builder(&server, "localhost").redis_ca(authority.pem()).build().await.unwrap();
    let b = builder(&server, "127.0.0.1").redis_ca(file.display().to_string()).build().await.unwrap();
    coherent(&a, &b).await;
    assert!(a.health().await.fault.is_none());
}

#[tokio::test]
async fn the_environment_says_whom_to_trust() {
    let authority = Authority::new();
    let server = server(&authority, &["localhost"], "yes");
    let (url, identity) = (format!("rediss://localhost:{}", server.port()), authority.sign(&["client"]));
    let mut node = Node::with(&[
        ("LARDER_REDIS_URL", &url),
        ("LARDER_REDIS_CA", &authority.pem()),
        ("LARDER_REDIS_CERTIFICATE", &identity.certificate),
        ("LARDER_REDIS_KEY", &identity.key),
    ]);
    assert_eq!(node.ask("connected"), "connected");
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_one() {
    let authority = Authority::new();
    let server = server(&authority, &["localhost"], "yes");
    let identity = authority.sign(&["client"]);
    let shown = || {
        let builder = builder(&server, "localhost").redis_ca(authority.pem());
        builder.redis_identity(identity.certificate.clone(), identity.key.clone())
    };
    let (a, b) = (shown().build().await.unwrap(), shown().build().await.unwrap());
    coherent(&a, &b).await;
    says(builder(&server, "localhost").redis_ca(authority.pem()), "redis_identity").await;
}

#[tokio::test]
async fn a_wrong_certificate_is_named_with_its_cure_and_taken_up_once_it_is_right() {
    let (authority, other) = (Authority::new(), Authority::new());
    let mut server = server(&authority, &["elsewhere.example"], "no");
    says(builder(&server, "localhost").redis_ca(other.pem()), "`redis_ca` or LARDER_REDIS_CA").await;
    says(builder(&server, "localhost").redis_ca(authority.pem()), "another host").await;
    let larder = builder(&server, "localhost").redis_ca(authority.pem()).build().await.unwrap();
    authority.arguments(&["localhost"], server.socket().parent().unwrap(), "no");
    server.restart();
    connected(&larder).await;
    assert!(larder.health().await.fault.is_none());
}

#[tokio::test]
async fn a_server_without_encryption_is_told_from_one_with_it() {
    let authority = Authority::new();
    let clear = Process::plain(&[]);
    says(builder(&clear, "127.0.0.1").redis_ca(authority.pem()), "speaks TLS on this port").await;
    let encrypted = server(&authority, &["127.0.0.1"], "no");
    let url = format!("redis://:hunter2@127.0.0.1:{}", encrypted.port());
    says(Larder::builder().ignore_environment().redis(url), "rediss://").await;
}

#[tokio::test]
async fn a_cluster_whose_nodes_speak_tls_alone() {
    let authority = Authority::new();
    let cluster = Cluster::encrypted(&authority).await;
    let trusted = || cluster.builder().redis_ca(authority.pem());
    let (a, b) = (trusted().build().await.unwrap(), trusted().build().await.unwrap());
    coherent(&a, &b).await;
    // On every master, also by way of nodes that were not configured.
    for id in 0..30 {
        assert!(a.invalidate(format!("tool:{id}")).await.unwrap().is_applied());
    }
    let spread = cluster.keys_with(":@epoch:tool:").await;
    assert!((0..3).all(|master| spread.iter().any(|(at, _)| *at == master)), "{spread:?}");
    assert_eq!((a.stats().redis.failures, b.stats().redis.connects), (0, 1));
    says(cluster.builder().redis_ca(Authority::new().pem()), "`redis_ca` or LARDER_REDIS_CA").await;
}

#[tokio::test]
async fn sentinels_and_the_server_that_they_name_speak_tls_alone() {
    let authority = Authority::new();
    let master = server(&authority, &["127.0.0.1"], "no");
    let sentinel = Process::start(|port, folder| {
        let mut text = format!(
            "port 0\ntls-port {port}\ntls-replication yes\nsentinel monitor mymaster 127.0.0.1 {} 1\n",
            master.port()
        );
        for pair in authority.arguments(&["127.0.0.1"], folder, "no").chunks(2) {
            text.push_str(&format!("{} {}\n", pair[0].trim_start_matches("--"), pair[1]));
        }
        let file = folder.join("sentinel.conf");
        std::fs::write(&file, text).unwrap();
        vec![file.display().to_string(), "--sentinel".to_owned()]
    });
    let by_sentinel = |server: &str| {
        let sentinels = [format!("rediss://{}", sentinel.endpoint())];
        Larder::builder().ignore_environment().namespace("it").redis_sentinel("mymaster", sentinels).redis(server)
    };
    let trusted = || by_sentinel("rediss://mymaster").redis_ca(authority.pem());
    let (a, b) = (trusted().build().await.unwrap(), trusted().build().await.unwrap());
    coherent(&a, &b).await;
    says(by_sentinel("redis://mymaster").redis_ca(authority.pem()), "rediss://").await;
}

#[tokio::test]
async fn what_cannot_work_is_a_wrong_configuration() {
    let identity = Authority::new().sign(&["client"]);
    let another = Authority::new().sign(&["client"]);
    let base = |url: &str| Larder::builder().ignore_environment().redis(url);
    for (builder, part) in [
        (base("redis://h").redis_ca(&identity.certificate), "nothing would be encrypted"),
        (base("rediss://h").redis_ca("/nowhere/ca.pem"), "redis_ca"),
        (base("rediss://h").redis_ca("-----BEGIN NONSENSE-----"), "redis_ca"),
        (base("rediss://h").redis_identity(&another.certificate, &identity.key), "redis_identity"),
        (base("rediss://:hunter2@h/#insecure"), "redis_ca"),
    ] {
        let error = builder.build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(part), "{error}");
        for hidden in ["hunter2", "PRIVATE KEY"] {
            assert!(!format!("{error} {error:?}").contains(hidden), "{error}");
        }
    }
}
