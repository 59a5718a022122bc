use larder::CacheKey;

struct Trace;

#[derive(CacheKey)]
struct Filter {
    team: String,
    trace: Trace,
}

#[derive(CacheKey)]
enum Page {
    First,
    After(Trace),
}

fn main() {}
