//! A configuration to begin with: files for a first commit, with a signing key of their own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// `config.yaml`: two VOs, an extension, and a key in `keys/first.jwk`.
#[must_use]
pub fn config(origins: &[&str]) -> String {
    let origins: String = origins.iter().map(|origin| format!("  - {origin}\n")).collect();
    format!("origins:\n{origins}{REST}")
}

const REST: &str = "
vos:
  astro:
    default_group: astro_user
    support: helpdesk@astro.example
    groups:
      astro_user: { properties: [NormalUser] }
      astro_admin: { properties: [NormalUser, ServiceAdministrator] }
  bio:
    default_group: bio_user
    groups:
      bio_user: { properties: [NormalUser, PrivateLimitedDelegation] }

keys:
  - keys/first.jwk

security:
  contact: [\"mailto:security@example.org\"]
  expires: 2036-01-01T00:00:00Z
  policy: https://example.org/security-policy
  languages: [en, de]

extension:
  name: gubbins
  support: helpdesk@example.org
  capabilities: [staging]
";

/// A new private key, as a JSON Web Key.
///
/// # Errors
///
/// The system has no random numbers.
pub fn key(kid: &str) -> Result<String, Unspecified> {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Unspecified)?;
    let key = serde_json::json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": kid,
        "use": "sig",
        "alg": "EdDSA",
        "x": URL_SAFE_NO_PAD.encode(pair.public_key()),
        "d": URL_SAFE_NO_PAD.encode(seed),
    });
    Ok(key.to_string())
}
