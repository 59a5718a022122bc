use larder::hexsha_cached;

#[hexsha_cached]
impl Config {}

#[hexsha_cached]
mod issuers {}

#[hexsha_cached]
struct Config;

fn main() {}
