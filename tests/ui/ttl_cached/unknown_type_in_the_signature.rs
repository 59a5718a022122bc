use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
async fn parameter(filter: &Filtr) -> u32 {
    1
}

#[ttl_cached(entity = "tools")]
async fn result(id: u32) -> Vec<Tol> {
    Vec::new()
}

fn main() {}
