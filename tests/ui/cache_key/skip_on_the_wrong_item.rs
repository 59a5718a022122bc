use larder::CacheKey;

#[derive(CacheKey)]
#[key(skip)]
struct Filter {
    team: String,
}

#[derive(CacheKey)]
enum Page {
    #[key(skip)]
    First,
}

fn main() {}
