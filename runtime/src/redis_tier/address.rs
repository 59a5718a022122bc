//! Where one server is and how to log in there: read from a URL, with errors that never repeat its password.

use std::fmt;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, parse_redis_url};

use super::tls::Tls;

/// A checked address. Its `Debug` shows no password.
#[derive(Clone)]
pub(crate) struct Address {
    pub(super) info: ConnectionInfo,
    /// How this end of an encrypted connection behaves; `None` for one in clear.
    pub(super) tls: Option<Tls>,
    encrypted: bool,
}

const FORM: &str = "write redis://[user:password@]host[:port][/database], rediss:// for TLS, or unix:///path";

impl Address {
    /// Reads `redis://[user:password@]host[:port][/database]`, the same with `rediss://`, or `unix:///path[?db=n]`.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let scheme = url.split_once("://");
        let (encrypted, plain) = match scheme {
            Some(("redis" | "unix" | "redis+unix" | "valkey", _)) => (false, url.to_owned()),
            Some(("rediss" | "valkeys", rest)) => (true, format!("redis://{rest}")),
            Some(_) => return Err(format!("this scheme is not known: {FORM}")),
            None => return Err(format!("there is no scheme: {FORM}")),
        };
        if encrypted && url.contains('#') {
            return Err("what stands behind `#` is not supported, certificates are always checked: give a private \
                        certificate authority with `redis_ca` or LARDER_REDIS_CA; in a password write %23"
                .to_owned());
        }
        let info = plain.into_connection_info().map_err(|_| format!("it cannot be read: {FORM}"))?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(UNANSWERED);
        Ok(Self { info: info.set_redis_settings(settings).set_tcp_settings(tcp), tls: None, encrypted })
    }

    /// Reads one of several addresses: a URL or `host:port`, at `port` where it names none.
    pub(crate) fn parse_one_of(text: &str, port: u16) -> Result<Self, String> {
        let url = if text.contains("://") { text.to_owned() } else { format!("redis://{text}") };
        let address = Self::parse(&url)?;
        let written = parse_redis_url(&url).and_then(|url| url.port());
        match address.endpoint() {
            None => Err("a unix socket is one server: write redis://host:port or rediss://host:port".to_owned()),
            Some((host, _)) if written.is_none() => {
                let host = host.to_owned();
                Ok(address.at(host, port))
            }
            Some(_) => Ok(address),
        }
    }

    pub(crate) const fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    pub(crate) fn database(&self) -> i64 {
        self.info.redis_settings().db()
    }

    /// The host and the port; `None` for a unix socket.
    pub(crate) fn endpoint(&self) -> Option<(&str, u16)> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) => Some((host, *port)),
            _ => None,
        }
    }

    /// The same login at another server.
    pub(crate) fn at(&self, host: String, port: u16) -> Self {
        let mut there = self.clone();
        there.info = there.info.set_addr(ConnectionAddr::Tcp(host, port));
        there
    }

    /// The same server, asked as a sentinel is: it has no databases.
    pub(crate) fn of_a_sentinel(mut self) -> Self {
        let settings = self.info.redis_settings().clone().set_db(0);
        self.info = self.info.set_redis_settings(settings);
        self
    }

    /// Encrypted as `tls` says, if this address asks for it.
    pub(crate) fn with(mut self, tls: Option<&Tls>) -> Self {
        self.tls = tls.filter(|_| self.encrypted).cloned();
        self
    }
}

/// How long sent bytes may stay unacknowledged before the kernel gives a connection up.
pub(super) const UNANSWERED: Duration = Duration::from_secs(1);

/// Without user and password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.addr().fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_addresses_are_refused_without_their_password() {
        for url in [
            "",
            "localhost",
            "http://h",
            "redis://:hunter2@",
            "redis://user:hunter2@host:port",
            "redis://h/x",
            "rediss://:hunter2@",
            "rediss://:hunter2@h/#insecure",
        ] {
            let fault = Address::parse(url).err().unwrap_or_default();
            assert!(!fault.is_empty(), "{url}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        assert!(Address::parse("redis://user:hunter2@127.0.0.1:7000/2").is_ok());
        assert!(Address::parse("unix:///tmp/redis.sock").is_ok());
        let encrypted = Address::parse("rediss://user:hunter2@h:7000/2").expect("an address");
        assert!(encrypted.is_encrypted());
        assert_eq!((encrypted.to_string().as_str(), encrypted.database()), ("h:7000", 2));
    }

    #[test]
    fn one_of_several_may_be_bare_and_has_a_port_of_its_kind() {
        let read = |text: &str| Address::parse_one_of(text, 26379).map(|address| address.to_string());
        assert_eq!(read("a").as_deref(), Ok("a:26379"));
        assert_eq!(read("a:1").as_deref(), Ok("a:1"));
        assert_eq!(read("rediss://u:p@a").as_deref(), Ok("a:26379"));
        assert_eq!(read("redis://a:6379").as_deref(), Ok("a:6379"));
        assert!(read("unix:///tmp/redis.sock").is_err());
    }
}
