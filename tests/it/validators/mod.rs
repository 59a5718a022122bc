//! Validators of HTTP: what RFC 9110 says of preconditions, and what a response's tag and life promise.

mod layer;
mod lists;
mod observed;
mod preconditions;
pub(crate) mod responses;

use http::{HeaderMap, HeaderName, HeaderValue};
use larder::http::Conditional;

/// The fields of a request.
fn fields(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// A tag as text, with its quotes.
fn tag(conditional: &Conditional) -> String {
    conditional.etag().unwrap().to_str().unwrap().to_owned()
}

fn cache_control(conditional: &Conditional) -> String {
    conditional.cache_control().to_str().unwrap().to_owned()
}
