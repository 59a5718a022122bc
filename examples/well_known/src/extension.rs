//! An extension: the base's metadata with its own words over it, cached as a layer of its own.

use std::sync::Arc;

use larder::hexsha_cached;

use crate::config::Config;
use crate::documents::{self, Added, Metadata};
use crate::origin::Origin;

/// `/.well-known/dirac-metadata`, extended as the configuration says. It ends with the base's entry, whatever ends that.
#[hexsha_cached(store = tiered)]
pub async fn metadata(config: &Config, origin: &Origin) -> Arc<Metadata> {
    let base = documents::metadata(config, origin).await;
    let Some(extension) = &config.extension else { return base };
    let mut metadata = Metadata::clone(&base);
    for vo in metadata.virtual_organizations.values_mut() {
        vo.support = extension.support.clone().or(vo.support.take());
    }
    metadata.extension = Some(Added { name: extension.name.clone(), capabilities: extension.capabilities.clone() });
    Arc::new(metadata)
}
