use larder::{hexsha_cached, invalidates, ttl_cached};

#[hexsha_cached]
#[ttl_cached(entity = "tools", skip(config))]
#[invalidates("pages")]
async fn tool(config: &larder::Revisioned<u32>) -> String {
    **config
}

fn main() {}
