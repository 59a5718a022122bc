use larder::leader;

#[leader("nightly", ttl = "300s")]
trait Report {}

#[leader("nightly", ttl = "300s")]
use std::fmt;

fn main() {}
