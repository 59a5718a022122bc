use larder::CacheKey;

#[derive(CacheKey)]
struct Filter {
    #[key(ignore)]
    team: String,
}

#[derive(CacheKey)]
#[key(rename = "filter")]
struct Renamed {
    team: String,
}

fn main() {}
