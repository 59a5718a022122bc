//! The documents, each a cached pure function of the configuration and of the origin that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use larder::hexsha_cached;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Vo};
use crate::keys::{Algorithm, PublicKey};
use crate::origin::Origin;

/// What OpenID Connect Discovery 1.0 has a provider say of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdConfiguration {
    /// The origin, as it stands in the tokens.
    pub issuer: String,
    /// Where people log in.
    pub authorization_endpoint: String,
    /// Where a device asks for a code.
    pub device_authorization_endpoint: String,
    /// Where tokens are given out.
    pub token_endpoint: String,
    /// Where tokens are taken back.
    pub revocation_endpoint: String,
    /// Who a token stands for.
    pub userinfo_endpoint: String,
    /// The keys that tokens are signed with.
    pub jwks_uri: String,
    /// All that a token may be asked for.
    pub scopes_supported: Arc<Vec<String>>,
    /// How tokens are signed.
    pub id_token_signing_alg_values_supported: BTreeSet<Algorithm>,
    /// What an authorization answers with.
    pub response_types_supported: Vec<String>,
    /// What a token is given for.
    pub grant_types_supported: Vec<String>,
    /// Whether two clients see the same name for a person.
    pub subject_types_supported: Vec<String>,
    /// How a client proves that a code is its own.
    pub code_challenge_methods_supported: Vec<String>,
    /// How a client proves who it is.
    pub token_endpoint_auth_methods_supported: Vec<String>,
}

/// What clients need to know before anybody has logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The origin that the client talks to.
    pub service: String,
    /// Who may log in, and as what.
    pub virtual_organizations: BTreeMap<String, Vo>,
    /// What an extension adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub extension: Option<Added>,
}

/// What an extension adds to the metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Which one.
    pub name: String,
    /// What it can do.
    pub capabilities: BTreeSet<String>,
}

/// The public parts of the keys, as RFC 7517 writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The one that signs now, and those that did.
    pub keys: Vec<PublicKey>,
}

/// The part of the configuration that anybody may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The commit that it stands in.
    pub commit: String,
    /// Who may log in, and as what.
    pub virtual_organizations: BTreeMap<String, Vo>,
    /// All that a token may be asked for.
    pub scopes: Arc<Vec<String>>,
}

/// Every scope: `openid`, then each VO, each group of any VO, and each property of any group.
#[hexsha_cached(store = tiered)]
pub async fn scopes(config: &Config) -> Arc<Vec<String>> {
    let groups = || config.vos.values().flat_map(|vo| &vo.groups);
    let vos: BTreeSet<_> = config.vos.keys().map(|name| format!("vo:{name}")).collect();
    let names: BTreeSet<_> = groups().map(|(name, _)| format!("group:{name}")).collect();
    let properties: BTreeSet<_> =
        groups().flat_map(|(_, group)| &group.properties).map(|name| format!("property:{name}")).collect();
    let all = std::iter::once("openid".to_owned()).chain(vos).chain(names).chain(properties);
    Arc::new(all.collect())
}

/// `/.well-known/openid-configuration`: most of it names the origin.
#[hexsha_cached(store = tiered)]
pub async fn openid_configuration(config: &Config, origin: &Origin) -> Arc<OpenIdConfiguration> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Arc::new(OpenIdConfiguration {
        issuer: origin.to_string(),
        authorization_endpoint: format!("{origin}/auth/authorize"),
        device_authorization_endpoint: format!("{origin}/auth/device"),
        token_endpoint: format!("{origin}/auth/token"),
        revocation_endpoint: format!("{origin}/auth/revoke"),
        userinfo_endpoint: format!("{origin}/auth/userinfo"),
        jwks_uri: format!("{origin}/.well-known/jwks.json"),
        scopes_supported: scopes(config).await,
        id_token_signing_alg_values_supported: config.keys.iter().map(|key| key.alg).collect(),
        response_types_supported: texts(&["code"]),
        grant_types_supported: texts(&[
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ]),
        subject_types_supported: texts(&["public"]),
        code_challenge_methods_supported: texts(&["S256"]),
        token_endpoint_auth_methods_supported: texts(&["none"]),
    })
}

/// `/.well-known/dirac-metadata`, without any extension.
#[hexsha_cached(store = tiered)]
pub async fn metadata(config: &Config, origin: &Origin) -> Arc<Metadata> {
    let virtual_organizations = config.vos.clone();
    Arc::new(Metadata { service: origin.to_string(), virtual_organizations, extension: None })
}

/// `/.well-known/jwks.json`.
#[hexsha_cached(store = tiered)]
pub async fn jwks(config: &Config) -> Arc<KeySet> {
    Arc::new(KeySet { keys: config.keys.clone() })
}

/// `/.well-known/security.txt`: RFC 9116.
#[hexsha_cached(store = tiered)]
pub async fn security_txt(config: &Config, origin: &Origin) -> Arc<str> {
    let security = &config.security;
    let mut lines: Vec<String> = security.contact.iter().map(|contact| format!("Contact: {contact}")).collect();
    lines.push(format!("Expires: {}", security.expires));
    lines.extend(security.policy.iter().map(|policy| format!("Policy: {policy}")));
    if !security.languages.is_empty() {
        lines.push(format!("Preferred-Languages: {}", security.languages.join(", ")));
    }
    lines.push(format!("Canonical: {origin}/.well-known/security.txt"));
    lines.push(String::new());
    lines.join("\r\n").into()
}

/// `/config`.
#[hexsha_cached(store = tiered)]
pub async fn shown(config: &Config) -> Arc<Shown> {
    let scopes = scopes(config).await;
    Arc::new(Shown { commit: config.commit().to_owned(), virtual_organizations: config.vos.clone(), scopes })
}
