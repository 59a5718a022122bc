//! A certificate authority of one test's own, and what it signs.

use std::fs::write;
use std::path::Path;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};

/// A certificate authority.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = named("authority", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// Signs a certificate for these hosts.
    pub(crate) fn sign(&self, hosts: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = named("server or client", hosts);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Writes what a server for these hosts needs into its folder; returns its arguments.
    pub(crate) fn arguments(&self, hosts: &[&str], folder: &Path, clients: &str) -> Vec<String> {
        let identity = self.sign(hosts);
        let mut arguments = vec!["--tls-auth-clients".to_owned(), clients.to_owned()];
        for (name, argument, text) in [
            ("ca.pem", "--tls-ca-cert-file", self.pem()),
            ("certificate.pem", "--tls-cert-file", identity.certificate),
            ("key.pem", "--tls-key-file", identity.key),
        ] {
            let path = folder.join(name);
            write(&path, text).unwrap();
            arguments.extend([argument.to_owned(), path.display().to_string()]);
        }
        arguments
    }
}

/// One whose name is its own: a certificate of its issuer's name would be taken for one that signed itself.
fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
