//! Where Redis is: read from a URL, with errors that never repeat its password.

use std::fmt;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};

/// A checked address. Its `Debug` shows no password.
#[derive(Clone)]
pub(crate) struct Address(ConnectionInfo);

impl Address {
    /// Reads `redis://[user:password@]host[:port][/database]` or `unix:///path[?db=n]`.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        const FORM: &str = "write redis://[user:password@]host[:port][/database] or unix:///path";
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some("redis" | "unix" | "redis+unix" | "valkey") => {}
            Some("rediss" | "valkeys") => {
                return Err(
                    "`rediss://` is not available yet: use redis:// over a trusted network or a tunnel".to_owned()
                );
            }
            Some(_) => return Err(format!("this scheme is not known: {FORM}")),
            None => return Err(format!("there is no scheme: {FORM}")),
        }
        let info = url.into_connection_info().map_err(|_| format!("it cannot be read: {FORM}"))?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(UNANSWERED);
        Ok(Self(info.set_redis_settings(settings).set_tcp_settings(tcp)))
    }

    pub(crate) fn into_info(self) -> ConnectionInfo {
        self.0
    }
}

/// How long sent bytes may stay unacknowledged before the kernel gives a connection up.
const UNANSWERED: Duration = Duration::from_secs(1);

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
            "rediss://:hunter2@h",
        ] {
            let fault = Address::parse(url).err().unwrap_or_default();
            assert!(!fault.is_empty(), "{url}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        assert!(Address::parse("redis://user:hunter2@127.0.0.1:7000/2").is_ok());
        assert!(Address::parse("unix:///tmp/redis.sock").is_ok());
    }
}
