use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tail(id: u32) -> String {
    id
}

#[ttl_cached(entity = "tools")]
fn early_return(id: u32) -> String {
    if id == 3 {
        return 7;
    }
    id.to_string()
}

#[ttl_cached(entity = "tools")]
fn nothing(id: u32) -> u32 {
    id;
}

fn main() {}
