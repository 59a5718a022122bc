use larder::CacheKey;

#[derive(CacheKey)]
struct Filter {
    team: String,
    #[key(skip = true)]
    trace: u64,
}

fn main() {}
