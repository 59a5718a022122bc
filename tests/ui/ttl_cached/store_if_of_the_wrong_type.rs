use larder::ttl_cached;

#[ttl_cached(entity = "tools", store_if = |tools| tools.len())]
async fn number(id: u32) -> Vec<u32> {
    vec![id]
}

#[ttl_cached(entity = "tools", store_if = |tools| !tools.is_blank())]
async fn unknown_method(id: u32) -> Vec<u32> {
    vec![id]
}

#[ttl_cached(entity = "tools", store_if = !ret.is_empty())]
async fn no_closure(id: u32) -> Vec<u32> {
    vec![id]
}

fn main() {}
