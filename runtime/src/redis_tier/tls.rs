//! This end of encrypted connections: whom it trusts, who it says it is, and what went wrong in words.
//!
//! The provider of the cryptography is named here and not taken from the process: a program that has two of them and chose
//! none would panic.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use redis::io::tcp::socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use super::address::UNANSWERED;
use crate::instance::Pem;

/// What every encrypted connection of an instance shares.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts `ca` alone, or what the system trusts; shows `identity` to servers that ask for one.
    pub(crate) fn new(ca: Option<&Pem>, identity: Option<&(Pem, Pem)>) -> Result<Self, String> {
        let roots = Arc::new(match ca {
            Some(ca) => private_roots(ca)?,
            None => system_roots()?,
        });
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|_| "the certificate authorities cannot be used".to_owned())?;
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions
            .map_err(|_| "TLS cannot be used with the built-in cryptography".to_owned())?
            .with_webpki_verifier(verifier);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let key = PrivateKeyDer::from_pem_slice(&key.bytes()?)
                    .map_err(|_| format!("{}: there is no private key in it: give one in PEM", key.from()))?;
                builder.with_client_auth_cert(chain, key).map_err(|_| {
                    format!("{}: the certificate and the key do not belong together", certificate.from())
                })?
            }
        };
        Ok(Self(Arc::new(config)))
    }

    /// Connects and shakes hands.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        SockRef::from(&stream).set_tcp_user_timeout(Some(UNANSWERED))?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, String> {
    let fault = || format!("{}: there is no certificate in it: give one in PEM", pem.from());
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.bytes()?).collect();
    read.ok().filter(|read| !read.is_empty()).ok_or_else(fault)
}

fn private_roots(ca: &Pem) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|_| format!("{}: a certificate in it cannot be used", ca.from()))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // One broken file among those of the system does no harm to the others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(
            "this system trusts no certificate authority: install its bundle (ca-certificates), or give one with \
                    `redis_ca` or LARDER_REDIS_CA"
                .to_owned(),
        );
    }
    Ok(roots)
}

/// What went wrong with the encryption of a connection to `server`; `None` if it was something else.
pub(super) fn fault(server: &dyn fmt::Display, error: &(dyn StdError + 'static)) -> Option<String> {
    let error = find(error)?;
    Some(match error {
        // The second: an authority of the same name is trusted.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => format!(
            "the certificate of {server} is signed by nobody who is trusted here: give its certificate authority with \
             `redis_ca` or LARDER_REDIS_CA"
        ),
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate of {server} is for another host: use a host name that stands in it, or have it made for \
             this one"
        ),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("the certificate of {server} has expired: renew it")
        }
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            format!("the certificate of {server} is not valid yet: look at the clocks")
        }
        Error::InvalidCertificate(_) => format!("the certificate of {server} cannot be used ({error})"),
        Error::AlertReceived(alert) => format!(
            "{server} refused the encrypted connection ({alert:?}): if it asks for a certificate, give one that it \
             trusts with `redis_identity` or LARDER_REDIS_CERTIFICATE and LARDER_REDIS_KEY"
        ),
        Error::InvalidMessage(_) => {
            format!("{server} does not speak TLS: use redis:// or the port on which it does")
        }
        error => format!("no encrypted connection to {server} ({error})"),
    })
}

/// An error as the redis crate keeps it: shared, and thereby of another type.
type Shared = Arc<dyn StdError + Send + Sync>;

/// The fault of TLS among the causes of an error. An I/O error hides the one it was made of from `source`.
fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found);
        }
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match (inside, error.downcast_ref::<Shared>()) {
            (Some(inside), _) => Some(inside),
            (None, Some(shared)) => Some(&**shared),
            (None, None) => error.source(),
        };
    }
    None
}
