use larder::CacheKey;

#[derive(CacheKey)]
#[key(crate = reexports::larder)]
struct Filter {
    team: String,
}

fn main() {}
