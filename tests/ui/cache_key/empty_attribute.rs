use larder::CacheKey;

#[derive(CacheKey)]
struct Filter {
    #[key]
    team: String,
}

fn main() {}
