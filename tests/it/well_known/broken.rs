//! A broken commit takes nothing down: the last valid one is answered, and the newer one named.

use larder_example_well_known::sample;

use super::{A, ALL, CONFIG, OPENID, ORIGINS, Site, commit_of, listen, tag_of};

/// The sample with one thing wrong.
fn faults() -> Vec<(&'static str, String)> {
    let good = sample::config(&ORIGINS);
    let with = |old: &str, new: &str| {
        assert!(good.contains(old), "{old}");
        good.replace(old, new)
    };
    vec![
        ("no YAML", "origins: [".to_owned()),
        ("nothing", String::new()),
        ("no text", "\u{0}\u{1}".to_owned()),
        ("an unknown field", with("extension:", "extensoin:")),
        ("a field given twice", with("extension:", "keys: [keys/first.jwk]\nextension:")),
        ("no such group", with("default_group: bio_user", "default_group: secret-word")),
        ("a scope that would be two", with("[NormalUser]", "[\"Normal User\"]")),
        ("no such key", with("keys/first.jwk", "keys/second.jwk")),
        ("a key outside", with("keys/first.jwk", "../first.jwk")),
        ("a key named twice", with("- keys/first.jwk", "- keys/first.jwk\n  - keys/first.jwk")),
        ("a key that is none", with("keys/first.jwk", "config.yaml")),
        ("no origin", with("https://a.example", "a.example")),
        ("an origin with a path", with("https://a.example", "https://a.example/auth")),
        ("no date", with("2036-01-01T00:00:00Z", "tomorrow")),
        ("two lines in one", with("[\"mailto:security@example.org\"]", "[\"mailto:a@example.org\\nExpires: never\"]")),
    ]
}

#[tokio::test]
async fn the_last_valid_commit_stays_and_the_broken_one_is_named() {
    let site = Site::new().await;
    let mut good = site.get(A, OPENID).await;
    for (at, (fault, config)) in faults().into_iter().enumerate() {
        let broken = site.commit(&config).await;
        for path in ALL {
            let answer = site.get(A, path).await;
            assert_eq!((answer.status, commit_of(&answer)), (200, commit_of(&good)), "{fault}: {path}");
            assert_eq!(answer.header("config-passed-over"), Some(broken.as_str()), "{fault}");
        }
        // Whoever has the good one has it.
        let had = site.ask(http::Method::GET, A, OPENID, &[("if-none-match", tag_of(&good))]).await;
        assert_eq!((had.status, had.header("config-passed-over")), (304, Some(broken.as_str())), "{fault}");
        // A process that starts now says the same.
        let restarted = site.restarted().await.get(A, OPENID).await;
        assert_eq!((tag_of(&restarted), &restarted.body), (tag_of(&good), &good.body), "{fault}");
        if at % 3 == 0 {
            continue;
        }
        let corrected = site.commit_vo(&format!("corrected-{at}")).await;
        good = site.get(A, OPENID).await;
        assert_eq!((commit_of(&good), good.header("config-passed-over")), (corrected.as_str(), None), "{fault}");
    }
}

#[tokio::test]
async fn without_a_valid_commit_before_it_what_was_answered_last_stays() {
    let site = Site::new().await;
    let good = site.commit_vo("good").await;
    site.get(A, OPENID).await;
    // A history of its own, all of it broken, as behind a forced push or in a shallow clone.
    site.git(&["checkout", "--quiet", "--orphan", "squashed"]).await;
    let broken = site.commit("broken: true").await;
    let answer = site.get(A, OPENID).await;
    assert_eq!((answer.status, commit_of(&answer)), (200, good.as_str()));
    assert_eq!(answer.header("config-passed-over"), Some(broken.as_str()));
    // The whole repository is gone.
    std::fs::remove_dir_all(site.folder.path().join(".git")).unwrap();
    let answer = site.get(A, CONFIG).await;
    assert_eq!((answer.status, commit_of(&answer)), (200, good.as_str()));
    assert_eq!(answer.header("config-passed-over"), Some("HEAD"));
}

#[tokio::test]
async fn a_commit_that_git_cannot_read_is_asked_for_again() {
    let site = Site::new().await;
    let good = site.get(A, OPENID).await;
    // HEAD names what is not there yet.
    let objects = site.folder.path().join(".git/objects");
    let aside = site.folder.path().join(".git/aside");
    let commit = site.commit_vo("new").await;
    std::fs::rename(&objects, &aside).unwrap();
    std::fs::create_dir(&objects).unwrap();
    let answer = site.get(A, OPENID).await;
    assert_eq!((answer.status, tag_of(&answer)), (200, tag_of(&good)));
    assert_eq!(answer.header("config-passed-over"), Some("HEAD"));
    std::fs::remove_dir(&objects).unwrap();
    std::fs::rename(&aside, &objects).unwrap();
    assert_eq!(commit_of(&site.get(A, OPENID).await), commit.as_str());
}

#[tokio::test]
async fn the_log_says_where_it_is_broken_once_and_quotes_nothing() {
    let (heard, _guard) = listen().await;
    let site = Site::new().await;
    let broken = site.commit("origins: [https://a.example]\nsecret-word: 7\n").await;
    for _ in 0..3 {
        site.get(A, OPENID).await;
    }
    let text = heard.said();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("passed over")).collect();
    assert_eq!(told.len(), 1, "{text}");
    assert!(
        text.contains(broken.as_str()) && told[0].contains("`config.yaml`") && told[0].contains("line 2"),
        "{told:?}"
    );
    assert!(!text.contains("secret-word"), "{text}");
}
