//! Every answer is of what `HEAD` is when the request comes: never before, never later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder_example_well_known::git::Repository;

use super::{A, ALL, CONFIG, OPENID, ORIGINS, Site, commit_of, git, json, tag_of, with_vo};
use crate::support::{SOON, memory};
use larder_example_well_known::sample;

#[tokio::test]
async fn the_next_request_behind_a_commit_sees_it() {
    let site = Site::new().await;
    for round in 0..5 {
        let mut former = Vec::new();
        for path in ALL {
            former.push(tag_of(&site.get(A, path).await).to_owned());
        }
        let commit = site.commit_vo(&format!("round-{round}")).await;
        for (path, old) in ALL.into_iter().zip(&former) {
            let changed = site.ask(http::Method::GET, A, path, &[("if-none-match", old)]).await;
            assert_eq!((changed.status, commit_of(&changed)), (200, commit.as_str()), "{path}");
            assert_ne!(tag_of(&changed), old, "{path}");
        }
        let scopes = json(&site.get(A, OPENID).await)["scopes_supported"].to_string();
        assert!(scopes.contains(&format!("vo:round-{round}")) && scopes.matches("round").count() == 1, "{scopes}");
    }
}

#[tokio::test]
async fn an_old_tag_gets_the_document_and_the_new_one_does_not() {
    let site = Site::new().await;
    let old = tag_of(&site.get(A, OPENID).await).to_owned();
    site.commit_vo("new").await;
    let new = tag_of(&site.get(A, OPENID).await).to_owned();
    let bare = new.trim_start_matches("W/");
    for (tags, status) in [
        (old.clone(), 200),
        (new.clone(), 304),
        (bare.to_owned(), 304),
        (bare.trim_matches('"').to_owned(), 200),
        (format!("{old}, {new}"), 304),
        (format!("\"another\",W/{bare} , {old}"), 304),
        (format!("{old}, \"another\""), 200),
        ("*".to_owned(), 304),
    ] {
        assert_eq!(site.status_with(OPENID, &tags).await, status, "{tags}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_older_than_its_request_nor_newer_than_itself() {
    const ROUNDS: usize = 12;
    const READERS: usize = 100;
    let site = Arc::new(Site::new().await);
    site.commit_vo("round-0").await;
    // A commit begins, and is over; in between, either side of it is right.
    let (begun, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let readers: Vec<_> = (0..READERS)
        .map(|reader| {
            let (site, begun, over) = (Arc::clone(&site), Arc::clone(&begun), Arc::clone(&over));
            tokio::spawn(async move {
                let mut seen = Vec::new();
                loop {
                    let least = over.load(Ordering::SeqCst);
                    let answer = site.get(A, if reader % 2 == 0 { OPENID } else { CONFIG }).await;
                    let most = begun.load(Ordering::SeqCst);
                    let said = json(&answer).to_string();
                    let round = said.split("vo:round-").nth(1).unwrap().split('"').next().unwrap();
                    let round: usize = round.parse().unwrap();
                    assert!((least..=most).contains(&round), "{round} is not within {least}..={most}");
                    seen.push((round, commit_of(&answer).to_owned(), tag_of(&answer).to_owned()));
                    if least == ROUNDS {
                        return seen;
                    }
                }
            })
        })
        .collect();
    for round in 1..=ROUNDS {
        begun.store(round, Ordering::SeqCst);
        site.commit_vo(&format!("round-{round}")).await;
        over.store(round, Ordering::SeqCst);
    }
    let (mut answers, mut rounds, mut by_tag) = (0, BTreeMap::new(), BTreeMap::new());
    for reader in readers {
        for (round, commit, tag) in reader.await.unwrap() {
            answers += 1;
            assert_eq!(rounds.entry(round).or_insert_with(|| commit.clone()), &commit);
            assert_eq!(by_tag.entry(tag).or_insert(round), &round, "a tag stands for one revision");
        }
    }
    assert!(answers > 2 * READERS && rounds.len() > 3, "{answers} answers of {} commits", rounds.len());
}

#[tokio::test]
async fn head_is_found_however_it_is_kept() {
    let site = Site::new().await;
    let first = commit_of(&site.get(A, CONFIG).await).to_owned();
    let second = site.commit_vo("second").await;
    let shown = async || commit_of(&site.get(A, CONFIG).await).to_owned();
    for (words, expected) in [
        (&["pack-refs", "--all"][..], second.as_str()),
        (&["checkout", "--quiet", "--detach", &first], &first),
        (&["checkout", "--quiet", "-b", "side/branch"], &first),
        (&["reset", "--quiet", "--hard", second.as_str()], second.as_str()),
        (&["symbolic-ref", "refs/heads/alias", "refs/heads/main"], second.as_str()),
        (&["symbolic-ref", "HEAD", "refs/heads/alias"], second.as_str()),
        (&["checkout", "--quiet", "main"], second.as_str()),
        (&["gc", "--quiet"], second.as_str()),
        (&["reset", "--quiet", "--hard", "HEAD~1"], &first),
    ] {
        site.git(words).await;
        assert_eq!(shown().await, expected, "{words:?}");
    }
}

#[tokio::test]
async fn bare_repositories_worktrees_and_reftables_are_read_too() {
    let site = Site::new().await;
    let folder = site.folder.path();
    let apart = tempfile::tempdir().unwrap();
    let path = |name: &str| apart.path().join(name);
    git(folder, &["clone", "--quiet", "--bare", ".", path("bare").to_str().unwrap()]).await;
    git(folder, &["worktree", "add", "--quiet", "-b", "tree", path("tree").to_str().unwrap()]).await;
    let head = site.get(A, CONFIG).await;
    for name in ["bare", "tree"] {
        let repository = Repository::open(&path(name)).await.unwrap();
        let other = Site::over(Arc::clone(&site.folder), repository, SOON, memory().await);
        assert_eq!(commit_of(&other.get(A, CONFIG).await), commit_of(&head), "{name}");
        if name == "tree" {
            let commit = other.repository.commit("on the tree", &[("config.yaml", with_vo("tree"))]).await.unwrap();
            assert_eq!(commit_of(&other.get(A, CONFIG).await), commit.as_str());
        }
    }
    let table = path("table");
    git(apart.path(), &["init", "--quiet", "--ref-format=reftable", table.to_str().unwrap()]).await;
    let repository = Repository::open(&table).await.unwrap();
    let other = Site::over(Arc::clone(&site.folder), repository, SOON, memory().await);
    other.commit_sample().await;
    let commit = other.commit_vo("tabled").await;
    assert_eq!(commit_of(&other.get(A, CONFIG).await), commit.as_str());
}

#[tokio::test]
async fn a_file_that_is_not_committed_is_not_there() {
    let site = Site::new().await;
    let before = site.get(A, OPENID).await;
    std::fs::write(site.folder.path().join("config.yaml"), sample::config(&ORIGINS[..1])).unwrap();
    // A process that starts now has read nothing before.
    for site in [&site, &site.restarted().await] {
        assert_eq!(site.status_with(OPENID, tag_of(&before)).await, 304);
        assert_eq!(site.get(super::B, OPENID).await.status, 200, "the second origin is in the commit");
    }
}

#[tokio::test]
async fn a_hundred_callers_read_a_new_commit_once() {
    let site = Site::new().await;
    site.get(A, OPENID).await;
    site.commit_vo("new").await;
    let runs = (site.runs("source::load"), site.runs("openid_configuration"));
    let calls = (0..100).map(|_| {
        let (router, larder) = (site.router.clone(), site.larder.clone());
        tokio::spawn(async move {
            larder
                .scope(crate::validators::responses::ask(&router, http::Method::GET, OPENID, &[("host", A)]))
                .await
                .status
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert_eq!((site.runs("source::load"), site.runs("openid_configuration")), (runs.0 + 1, runs.1 + 1));
}

#[tokio::test]
async fn a_reference_that_moves_is_seen_by_the_very_next_request() {
    let site = Site::new().await;
    let commits = [site.commit_vo("even").await, site.commit_vo("odd").await];
    let branch = site.folder.path().join(".git/refs/heads/main");
    let lock = branch.with_extension("lock");
    site.get(A, OPENID).await;
    for flip in 0..300 {
        // As git does it, without the time that git takes.
        let commit = &commits[flip % 2];
        std::fs::write(&lock, format!("{commit}\n")).unwrap();
        std::fs::rename(&lock, &branch).unwrap();
        assert_eq!(commit_of(&site.get(A, OPENID).await), commit.as_str(), "flip {flip}");
    }
    assert_eq!(site.runs("openid_configuration"), 2, "both revisions stay");
}
