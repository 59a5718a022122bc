//! The six lists: what is cached, for how long, and on which condition.
//!
//! Each entity has a life of its own, and `LARDER_TOOLS_TTL=5s` (or `LARDER_PROMPTS_TTL`, ..) stands above it. A list is
//! kept for one viewer and one filter: both are parameters, so both are in the key, and no body has any other way to the
//! rows than its viewer. Only first pages are kept: few people turn the page.

use std::sync::Arc;

use larder::ttl_cached;

use crate::entities::{Agent, Entity, Gateway, Prompt, Resource, Server, Tool};
use crate::error::Error;
use crate::filter::{Filter, Page};
use crate::viewer::Viewer;

type Listed<E> = Result<Arc<Page<E>>, Error>;

impl Entity for Tool {
    const LIST: &'static str = "tools";

    #[ttl_cached(entity = "tools", ttl = "20s", when = filter.is_first())]
    async fn list(viewer: &Viewer, filter: &Filter) -> Listed<Self> {
        viewer.page(filter).await
    }
}

impl Entity for Prompt {
    const LIST: &'static str = "prompts";

    #[ttl_cached(entity = "prompts", ttl = "15s", when = filter.is_first())]
    async fn list(viewer: &Viewer, filter: &Filter) -> Listed<Self> {
        viewer.page(filter).await
    }
}

impl Entity for Resource {
    const LIST: &'static str = "resources";

    #[ttl_cached(entity = "resources", ttl = "15s", when = filter.is_first())]
    async fn list(viewer: &Viewer, filter: &Filter) -> Listed<Self> {
        viewer.page(filter).await
    }
}

impl Entity for Agent {
    const LIST: &'static str = "agents";

    #[ttl_cached(entity = "agents", ttl = "20s", when = filter.is_first())]
    async fn list(viewer: &Viewer, filter: &Filter) -> Listed<Self> {
        viewer.page(filter).await
    }
}

impl Entity for Server {
    const LIST: &'static str = "servers";

    #[ttl_cached(entity = "servers", ttl = "20s", when = filter.is_first())]
    async fn list(viewer: &Viewer, filter: &Filter) -> Listed<Self> {
        viewer.page(filter).await
    }
}

impl Entity for Gateway {
    const LIST: &'static str = "gateways";

    #[ttl_cached(entity = "gateways", ttl = "20s", when = filter.is_first())]
    async fn list(viewer: &Viewer, filter: &Filter) -> Listed<Self> {
        viewer.page(filter).await
    }
}
