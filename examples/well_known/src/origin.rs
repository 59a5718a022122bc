//! The origin that a client talks to: scheme, host and port, as the configuration knows them.

use std::fmt;

use axum::http::Uri;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use larder::CacheKey;
use serde::Deserialize;

/// One of the configured origins, such as `https://auth.example.org`; lower case, and without the port that its scheme implies.
///
/// Only these are answered for: an issuer made of whatever `Host` a stranger sends would be kept by caches for everybody, and
/// would fill this one.
#[derive(Clone, Debug, PartialEq, Eq, CacheKey, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin {
    scheme: String,
    authority: String,
}

impl Origin {
    /// Whether a request to this host and port means this origin.
    fn is_meant_by(&self, authority: &Authority) -> bool {
        self.authority == plain(&self.scheme, authority)
    }
}

/// The authority in one form.
fn plain(scheme: &str, authority: &Authority) -> String {
    let host = authority.host().to_ascii_lowercase();
    match authority.port_u16().filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443))) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "an origin is `http://host` or `https://host`, with a port or without, and nothing behind it";
        let uri: Uri = text.parse().map_err(|_| wrong)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong) };
        let bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/') && !text.contains(['@', '#']);
        if !(bare && ["http", "https"].contains(&scheme)) {
            return Err(wrong);
        }
        Ok(Self { scheme: scheme.to_owned(), authority: plain(scheme, authority) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// The origin that a request is sent to: the first that has its host, whatever proxies there are in between.
#[must_use]
pub fn asked<'a>(origins: &'a [Origin], request: &Parts) -> Option<&'a Origin> {
    // RFC 9112, 3.2.2: the target's own authority stands above `Host`.
    let said = || request.headers.get(HOST)?.to_str().ok()?.parse().ok();
    let authority = request.uri.authority().cloned().or_else(said)?;
    origins.iter().find(|origin| origin.is_meant_by(&authority))
}
