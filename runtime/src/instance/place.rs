//! Where Redis is, as it was configured: which setting said what.

#[cfg(feature = "redis")]
use std::borrow::Cow;

use super::settings::Secret;

/// What was said about where Redis is.
#[derive(Clone, Debug, Default)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis is told"))]
pub(crate) struct Place {
    pub(crate) url: Option<Said<Secret>>,
    /// What the sentinels call the master, and where they are.
    pub(crate) master: Option<Said<String>>,
    pub(crate) sentinels: Option<Said<Vec<Secret>>>,
    pub(crate) cluster: Option<Said<Vec<Secret>>>,
    pub(crate) ca: Option<Pem>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) key: Option<Pem>,
}

/// A setting, and its name: what an error names.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis is told"))]
pub(crate) struct Said<T> {
    pub(crate) what: T,
    pub(crate) from: &'static str,
}

/// Certificates or a key: in PEM, or the path of a file with it.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis is told"))]
pub(crate) struct Pem(pub(crate) Said<Secret>);

#[cfg(feature = "redis")]
impl Pem {
    pub(crate) const fn from(&self) -> &'static str {
        self.0.from
    }

    pub(crate) fn bytes(&self) -> Result<Cow<'_, [u8]>, String> {
        let text = &self.0.what.0;
        if text.contains("-----BEGIN") {
            return Ok(Cow::Borrowed(text.as_bytes()));
        }
        let fault = |error: std::io::Error| {
            let from = self.from();
            format!("{from}: it is neither PEM nor the path of a file that can be read ({})", error.kind())
        };
        std::fs::read(text).map(Cow::Owned).map_err(fault)
    }
}

impl Place {
    /// The variables that say where Redis is: any of them replaces all that the code says about it.
    const WHERE: [&str; 4] =
        ["LARDER_REDIS_URL", "LARDER_REDIS_MASTER", "LARDER_REDIS_SENTINELS", "LARDER_REDIS_CLUSTER"];

    /// Takes over the variables that are about this.
    pub(crate) fn read_environment(&mut self, variables: &[(String, String)]) {
        let find = |wanted: &'static str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        if Self::WHERE.iter().any(|name| find(name).is_some()) {
            (self.url, self.master, self.sentinels, self.cluster) = (None, None, None, None);
        }
        let given =
            |from: &'static str| find(from).filter(|value| !value.is_empty()).map(|value| (value.clone(), from));
        let list = |(text, from): (String, &'static str)| {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Said { what: parts.map(|part| Secret(part.to_owned())).collect(), from }
        };
        let secret = |(text, from)| Said { what: Secret(text), from };
        self.url = given("LARDER_REDIS_URL").map(secret).or(self.url.take());
        let name = given("LARDER_REDIS_MASTER").map(|(what, from)| Said { what, from });
        self.master = name.or(self.master.take());
        self.sentinels = given("LARDER_REDIS_SENTINELS").map(list).or(self.sentinels.take());
        self.cluster = given("LARDER_REDIS_CLUSTER").map(list).or(self.cluster.take());
        let pem = |from| given(from).map(secret).map(Pem);
        self.ca = pem("LARDER_REDIS_CA").or(self.ca.take());
        self.certificate = pem("LARDER_REDIS_CERTIFICATE").or(self.certificate.take());
        self.key = pem("LARDER_REDIS_KEY").or(self.key.take());
    }

    /// Whether this variable is about where Redis is.
    pub(crate) fn is_read_from(variable: &str) -> bool {
        const HOW: [&str; 3] = ["LARDER_REDIS_CA", "LARDER_REDIS_CERTIFICATE", "LARDER_REDIS_KEY"];
        Self::WHERE.contains(&variable) || HOW.contains(&variable)
    }

    /// The setting that says where Redis is, if one does.
    #[cfg(not(feature = "redis"))]
    pub(crate) fn from(&self) -> Option<&'static str> {
        let url = self.url.as_ref().map(|said| said.from);
        let sentinels = self.sentinels.as_ref().map(|said| said.from);
        url.or(sentinels).or(self.cluster.as_ref().map(|said| said.from))
    }
}
