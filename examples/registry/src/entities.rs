//! What sets the six entities apart: the few columns that each has beside those that all share.

use std::fmt::Debug;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Filter, Page};
use crate::viewer::Viewer;

/// One of the six.
pub trait Entity: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {
    /// Its name: in addresses, in the database, and in the cache.
    const LIST: &'static str;

    /// The page that a filter asks for, of what the viewer may see; see `lists.rs`.
    fn list(viewer: &Viewer, filter: &Filter) -> impl Future<Output = Result<Arc<Page<Self>>, Error>> + Send;
}

/// Something that a model can call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The names of its arguments.
    pub arguments: Vec<String>,
}

/// A text with holes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// The text; its holes are written `{name}`.
    pub template: String,
}

/// Something that a model can read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Where it is.
    pub uri: String,
    /// Its media type.
    pub mime: Option<String>,
}

/// Another program that takes orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Where it listens.
    pub url: String,
}

/// A bundle of tools, prompts and resources under one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where its picture is.
    pub icon: Option<String>,
}

/// A server elsewhere, whose tools, prompts and resources are shown here, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where it listens.
    pub url: String,
}
