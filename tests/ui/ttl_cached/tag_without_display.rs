use larder::ttl_cached;

#[derive(larder::CacheKey)]
struct Filter;

#[ttl_cached(entity = "tools", tags("filter:{filter}"))]
async fn in_a_text(filter: &Filter) -> u32 {
    let _ = filter;
    1
}

#[ttl_cached(entity = "tools", tags(("filter", filter)))]
async fn in_a_tuple(filter: &Filter) -> u32 {
    let _ = filter;
    1
}

#[ttl_cached(entity = "tools", tags("filter:{ret}"))]
async fn of_the_result(id: u32) -> Vec<u32> {
    vec![id]
}

fn main() {}
