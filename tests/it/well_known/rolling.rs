//! Several processes over one Redis: each answers for the revision that it is at, and shares what is of the same one.

use std::sync::Arc;

use larder_example_well_known::git::Repository;

use super::{A, ALL, B, OPENID, Site, commit_of, git, json, tag_of};
use crate::server::RedisServer;
use crate::support::{SOON, node};

/// Another checkout of the repository, with a process of its own over the same Redis.
async fn clone(site: &Site, server: &RedisServer) -> Site {
    let folder = tempfile::tempdir().unwrap();
    git(site.folder.path(), &["clone", "--quiet", ".", folder.path().to_str().unwrap()]).await;
    let repository = Repository::open(folder.path()).await.unwrap();
    Site::over(Arc::new(folder), repository, SOON, node(server).await)
}

#[tokio::test]
async fn processes_at_two_revisions_each_answer_their_own() {
    let server = RedisServer::start();
    let first = Site::new().await;
    let (old, new) = (clone(&first, &server).await, clone(&first, &server).await);
    let same = clone(&first, &server).await;
    let (before, after) = (commit_of(&old.get(A, OPENID).await).to_owned(), new.commit_vo("new").await);
    for round in 0..3 {
        for path in ALL {
            for host in [A, B] {
                let (one, other) = (old.get(host, path).await, new.get(host, path).await);
                assert_eq!((commit_of(&one), commit_of(&other)), (&*before, after.as_str()), "{path}, {round}");
                assert_ne!(tag_of(&one), tag_of(&other));
                assert!(!one.body.contains("vo:new"), "{}", one.body);
            }
            // A client that goes back and forth gets what each has.
            let (one, other) = (tag_of(&old.get(A, path).await).to_owned(), tag_of(&new.get(A, path).await).to_owned());
            assert_eq!((old.status_with(path, &one).await, old.status_with(path, &other).await), (304, 200));
            assert_eq!((new.status_with(path, &one).await, new.status_with(path, &other).await), (200, 304));
        }
    }
    assert!(json(&new.get(A, OPENID).await)["scopes_supported"].to_string().contains("vo:new"));

    // What another process at the same revision made is taken over, the very same.
    for path in ALL {
        let (one, other) = (old.get(A, path).await, same.get(A, path).await);
        assert_eq!((&one.body, tag_of(&one)), (&other.body, tag_of(&other)), "{path}");
    }
    for function in
        ["openid_configuration", "scopes", "documents::metadata", "extension::metadata", "jwks", "security_txt"]
    {
        assert_eq!(same.runs(function), 0, "{function}: {:?}", same.larder.stats().functions);
    }

    // The roll-out ends.
    let path = new.folder.path().to_str().unwrap();
    old.git(&["pull", "--quiet", "--ff-only", path, "main"]).await;
    assert_eq!(commit_of(&old.get(A, OPENID).await), after.as_str());
    assert_eq!(old.get(A, OPENID).await.body, new.get(A, OPENID).await.body);
}

#[tokio::test]
async fn redis_that_goes_and_comes_changes_no_answer() {
    let mut server = RedisServer::start();
    let first = Site::new().await;
    let site = clone(&first, &server).await;
    let before = site.get(A, OPENID).await;
    server.kill();
    assert_eq!(site.get(A, OPENID).await.body, before.body);
    let commit = site.commit_vo("meanwhile").await;
    assert_eq!(commit_of(&site.get(A, OPENID).await), commit.as_str());
    server.restart_empty();
    let later = site.commit_vo("later").await;
    let answer = site.get(B, OPENID).await;
    assert_eq!((answer.status, commit_of(&answer)), (200, later.as_str()));
}
