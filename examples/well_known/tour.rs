//! The tour: drives the service over HTTP, prints what was answered and from where, and checks what it prints.

use std::net::Ipv4Addr;
use std::sync::Arc;

use larder_example_well_known::git::Repository;
use larder_example_well_known::source::Source;
use larder_example_well_known::{routes, sample};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::client::{Answer, Client};
use crate::{Failure, PATIENCE, fresh, say};

const A: &str = "auth.a.example";
const B: &str = "auth.b.example";
const ORIGINS: [&str; 2] = ["https://auth.a.example", "https://auth.b.example"];
const OPENID: &str = "/.well-known/openid-configuration";

/// Runs the whole tour, and leaves nothing behind.
pub(crate) async fn run() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let repository = fresh(folder.path(), &ORIGINS).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    say(&format!("a repository at {}, served at http://{address}\n", folder.path().display()))?;
    let (end, ended) = oneshot::channel::<()>();
    let source = Arc::new(Source::new(repository.clone(), PATIENCE));
    let server = tokio::spawn(routes::serve(listener, source, async { drop(ended.await) }));

    row(["step", "host", "status", "from", "commit", "tag"])?;
    row(["----", "----", "------", "----", "------", "---"])?;
    let tour = Tour { client: Client::new(address), repository };
    tour.reads().await?;
    tour.commits().await?;
    tour.breaks().await?;
    let _ = larder::clear().await?;

    drop((tour, end));
    Ok(server.await??)
}

struct Tour {
    client: Client,
    repository: Repository,
}

impl Tour {
    /// Each document, for two hosts.
    async fn reads(&self) -> Result<(), Failure> {
        let cold = self.read("cold", A, OPENID, None, (200, "body")).await?;
        let cached = self.read("cached", A, OPENID, None, (200, "memory")).await?;
        ensure(cached.body == cold.body, "the cached document differs from the one that was cached")?;
        let other = self.read("another host", B, OPENID, None, (200, "body")).await?;
        ensure(other.body.contains("https://auth.b.example/auth/token"), "a host got another's addresses")?;
        ensure(other.tag != cold.tag, "two hosts share a tag")?;
        self.read("with its tag", A, OPENID, Some(&cold.tag), (304, "-")).await?;
        self.read("with the other host's tag", A, OPENID, Some(&other.tag), (200, "memory")).await?;
        for path in ["/.well-known/dirac-metadata", "/.well-known/jwks.json", "/.well-known/security.txt", "/config"] {
            self.read(path, A, path, None, (200, "body")).await?;
        }
        self.read("a stranger's host", "evil.example", OPENID, None, (421, "-")).await?;
        Ok(())
    }

    /// A commit is seen at the next request.
    async fn commits(&self) -> Result<(), Failure> {
        let old = self.client.get(A, OPENID, None).await?;
        let config = sample::config(&ORIGINS)
            .replace("  bio:", "  geo:\n    default_group: all\n    groups: { all: {} }\n  bio:");
        let commit = self.repository.commit("A third VO", &[("config.yaml", config)]).await?;
        let new = self.read("behind a commit, with the old tag", A, OPENID, Some(&old.tag), (200, "body")).await?;
        ensure(new.commit == commit.as_str() && new.body.contains("vo:geo"), "the commit is not seen")?;
        self.read("with the new tag", A, OPENID, Some(&new.tag), (304, "-")).await?;
        Ok(())
    }

    /// A broken commit takes nothing down, and the next good one is seen.
    async fn breaks(&self) -> Result<(), Failure> {
        let good = self.client.get(A, OPENID, None).await?;
        let broken = self.repository.commit("A mistake", &[("config.yaml", "origins: [")]).await?;
        let kept = self.read("behind a broken commit", A, OPENID, None, (200, "memory")).await?;
        ensure(kept.commit == good.commit && kept.tag == good.tag, "the last valid commit did not stay")?;
        ensure(kept.passed_over.as_deref() == Some(broken.as_str()), "the broken commit is not named")?;
        let commit = self.repository.commit("Corrected", &[("config.yaml", sample::config(&ORIGINS))]).await?;
        let corrected = self.read("corrected", A, OPENID, None, (200, "body")).await?;
        ensure(corrected.commit == commit.as_str() && corrected.passed_over.is_none(), "the correction is not seen")
    }

    async fn read(
        &self,
        step: &str,
        host: &str,
        path: &str,
        tag: Option<&str>,
        expected: (u16, &str),
    ) -> Result<Answer, Failure> {
        let answer = self.client.get(host, path, tag).await?;
        let start = |text: &str, length| text.chars().take(length).collect::<String>();
        let tag = answer.tag.trim_start_matches("W/").trim_matches('"');
        let status = answer.status.as_u16();
        row([step, host, &status.to_string(), answer.from, &start(&answer.commit, 8), &start(tag, 8)])?;
        let wanted = format!("`{step}` was answered with {status} from {}, not as expected: {expected:?}", answer.from);
        ensure((status, answer.from) == expected, &wanted)?;
        Ok(answer)
    }
}

fn row([step, host, status, from, commit, tag]: [&str; 6]) -> Result<(), Failure> {
    Ok(say(&format!("{step:<34}  {host:<14}  {status:>6}  {from:<6}  {commit:<8}  {tag}"))?)
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
