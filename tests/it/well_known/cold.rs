//! A cold start waits for the first configuration.

use std::time::Duration;

use larder_example_well_known::git::Repository;

use super::{A, ALL, OPENID, Site, commit_of};
use crate::node::Node;
use crate::support::{SOON, memory, within};
use crate::validators::responses::ask;
use http::Method;

/// Begins requests for every document, and waits until they have all looked and found nothing.
fn begin(site: &Site) -> Vec<tokio::task::JoinHandle<(u16, Option<String>)>> {
    let all = ALL.into_iter().map(|path| {
        let (router, larder) = (site.router.clone(), site.larder.clone());
        tokio::spawn(async move {
            let answer = larder.scope(ask(&router, Method::GET, path, &[("host", A)])).await;
            (answer.status, answer.header("config-commit").map(str::to_owned))
        })
    });
    all.collect()
}

#[tokio::test]
async fn requests_before_the_first_commit_wait_for_it() {
    let site = Site::unborn(SOON).await;
    let requests = begin(&site);
    // Longer than two looks: none of them is over.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(requests.iter().all(|request| !request.is_finished()));
    // A broken one is none.
    site.commit("origins: [").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(requests.iter().all(|request| !request.is_finished()));
    let commit = site.commit_sample().await;
    for request in requests {
        let (status, shown) = within(SOON, request).await.unwrap();
        assert_eq!((status, shown.as_deref()), (200, Some(commit.as_str())));
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_yet_may_come() {
    let parent = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let folder = parent.path().join("later");
    let site =
        Site::over(std::sync::Arc::clone(&parent), Repository::open(&folder).await.unwrap(), SOON, memory().await);
    let requests = begin(&site);
    let origin = Site::new().await;
    super::git(parent.path(), &["clone", "--quiet", origin.folder.path().to_str().unwrap(), "later"]).await;
    for request in requests {
        assert_eq!(within(SOON, request).await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let site = Site::unborn(Duration::from_millis(120)).await;
    let begun = std::time::Instant::now();
    let answer = within(SOON, site.get(A, OPENID)).await;
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!((answer.header("cache-control"), answer.header("etag")), (Some("no-store"), None));
    assert!(answer.body.contains("commit one"), "{}", answer.body);
    site.commit_sample().await;
    assert_eq!(site.get(A, OPENID).await.status, 200);
}

#[tokio::test]
async fn a_process_that_starts_later_needs_no_second_request() {
    let site = Site::new().await;
    let commit = site.commit_vo("new").await;
    assert_eq!(commit_of(&site.restarted().await.get(A, OPENID).await), commit.as_str());
}

#[test]
fn a_machine_without_git_is_told_so() {
    let mut node = Node::with(&[("PATH", "/nonexistent")]);
    let said = node.ask("repository /");
    assert!(said.contains("no `git` on the PATH") && said.contains("apt-get install git"), "{said}");
}
