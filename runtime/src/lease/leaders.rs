//! Who leads now, for people.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::{Error, ErrorKind};
use crate::instance::Larder;
use crate::remote::Refusal;

/// A process that holds a lease, or held it.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let lease = larder::LeaderGate::new("nightly").acquire().await?;
/// let holder = &larder::leaders().await?[0].holder;
/// assert_eq!(holder.pid, std::process::id());
/// println!("{holder} leads");                              // `host:pid`
/// # drop(lease);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The host's name; `unknown` where the system does not tell it.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// When the process made its instance, in whole seconds by its own wall clock: two processes of one `pid` differ in it.
    pub started: SystemTime,
}

impl Holder {
    /// This process.
    pub(crate) fn here() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
        let host = if host.trim().is_empty() { "unknown" } else { host.trim() };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { host: host.to_owned(), pid: std::process::id(), started: at(now.as_secs()) }
    }

    /// Reads what [`Display`](fmt::Display) and [`started`](Self::started) wrote, as far as it can be read.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis keeps text"))]
    pub(crate) fn read(text: &str, started: &str) -> Self {
        let (host, pid) = text.rsplit_once(':').unwrap_or((text, ""));
        let started = started.parse().ok().filter(|seconds| *seconds < u64::from(u32::MAX));
        Self { host: host.to_owned(), pid: pid.parse().unwrap_or(0), started: at(started.unwrap_or(0)) }
    }

    /// When it started, in seconds since 1970.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis keeps text"))]
    pub(crate) fn started_secs(&self) -> u64 {
        self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.pid)
    }
}

/// A lease that is held now: see [`leaders`].
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let lease = larder::LeaderGate::new("nightly").acquire().await?.expect("nobody else");
/// let leaders = larder::leaders().await?;
/// assert_eq!(leaders[0].key, "nightly");
/// assert_eq!(leaders[0].token, lease.token());
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leader {
    /// The lease's key as Redis shows it: itself where it is plain (`A-Z a-z 0-9 _ . : -`), else `#` and its SHA-256.
    pub key: String,
    /// Who holds it.
    pub holder: Holder,
    /// The fencing token.
    pub token: u64,
    /// How long it lasts if it is not renewed, as the server counts: the holder counts on 2 % less.
    pub remaining: Duration,
    /// The work is done, and this is its grace: it only keeps others out.
    pub in_grace: bool,
}

/// Every lease that is held in the namespace of the instance in force, by key: see [`Larder::leaders`].
///
/// # Errors
///
/// [`ErrorKind::Unavailable`] when Redis is away, or forbids one of the commands.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// for leader in larder::leaders().await? {
///     println!("{}: {} for {:?} more, token {}", leader.key, leader.holder, leader.remaining, leader.token);
/// }
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub async fn leaders() -> Result<Vec<Leader>, Error> {
    Larder::current().leaders().await
}

impl Larder {
    /// Every lease that is held in this namespace, in whichever process, by key. Without Redis: in this instance.
    ///
    /// It asks Redis now, for each lease that somebody asked for lately: it is for people and their monitors, not for
    /// decisions.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when Redis is away, or forbids one of the commands.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().build().await?;
    /// let lease = larder.leader_gate("nightly").acquire().await?;
    /// assert_eq!(larder.leaders().await?.len(), 1);
    /// # drop(lease);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub async fn leaders(&self) -> Result<Vec<Leader>, Error> {
        let mut leaders = self.leases().leaders().await.map_err(|refusal| {
            let cure = match refusal {
                Refusal::Failed(_) => "the user needs `+zrange`, `+zadd`, `+zremrangebyscore`, `+hget` and `+eval`",
                _ => "try again later",
            };
            let text = format!("the leaders could not be listed: {refusal}; {cure}");
            Error::new(ErrorKind::Unavailable, text)
        })?;
        leaders.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(leaders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_read_as_it_was_written_and_garbage_is_no_panic() {
        let here = Holder::here();
        assert_eq!(Holder::read(&here.to_string(), &here.started_secs().to_string()), here);
        for (text, started) in [("", ""), ("a", "b"), (":", "-1"), ("a:b:c", "99999999999999999999")] {
            assert_eq!(Holder::read(text, started).pid, 0);
        }
        assert_eq!(Holder::read("::1:7", "5").host, "::1");
    }
}
