//! Signing keys: JSON Web Keys in the repository, of which nothing but the public members is ever read.

use serde::{Deserialize, Serialize};

/// A public key: RFC 7517.
///
/// The members are named one by one, so that what is private (`d`, `p`, `q` and their like) is left behind where the file is
/// read, and one that a later standard adds is too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// By which a token names it.
    pub kid: String,
    /// What it signs with.
    pub alg: Algorithm,
    #[serde(rename = "use")]
    purpose: Purpose,
    #[serde(flatten)]
    material: Material,
}

/// How tokens are signed: never with a secret that both sides share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "RFC 7518 and RFC 8037 say what each is")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Purpose {
    #[serde(rename = "sig")]
    Signatures,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Elliptic { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Edwards { crv: String, x: String },
}

impl PublicKey {
    /// Reads the public members of a key; the error holds nothing of the file but a place in it.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let key: Self = serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!(
                "no public key for signatures at line {line}, column {column}: it takes `kid`, `alg`, `\"use\": \"sig\"` and \
                 `kty` RSA, EC or OKP with its members"
            )
        })?;
        let numbers: Vec<&String> = match &key.material {
            Material::Rsa { n, e } => vec![n, e],
            Material::Elliptic { x, y, .. } => vec![x, y],
            Material::Edwards { x, .. } => vec![x],
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if key.kid.is_empty() || numbers.iter().any(|text| text.is_empty() || !text.bytes().all(is_plain)) {
            return Err("`kid` is empty, or a number is not written in base64url".to_owned());
        }
        if !key.suits() {
            return Err("`alg`, `kty` and `crv` do not go together".to_owned());
        }
        Ok(key)
    }

    fn suits(&self) -> bool {
        use Algorithm::{ES256, ES384, ES512, EdDSA};
        let curve = match self.alg {
            ES256 => "P-256",
            ES384 => "P-384",
            ES512 => "P-521",
            EdDSA => {
                return matches!(&self.material, Material::Edwards { crv, .. } if crv == "Ed25519" || crv == "Ed448");
            }
            _ => return matches!(self.material, Material::Rsa { .. }),
        };
        matches!(&self.material, Material::Elliptic { crv, .. } if crv == curve)
    }
}
