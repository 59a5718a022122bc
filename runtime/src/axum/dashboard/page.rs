//! The page: what is sent of it, and what it may do in a browser.

use std::hash::{BuildHasher as _, RandomState};

use ::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, SET_COOKIE};
use ::http::request::Parts;
use ::http::{HeaderValue, Response, StatusCode};
use axum_core::body::Body;
use sha2::{Digest as _, Sha256};

use super::{acts, response};
use crate::cache::push_hex;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page; `approved`: with what it needs to end something.
pub(super) fn page(parts: &Parts, approved: bool) -> Response<Body> {
    let nonce = drawn();
    // A second page in the same browser must not take the first one's token away.
    let token = approved.then(|| acts::cookie(parts).map_or_else(drawn, str::to_owned));
    let html = PAGE.replace("{nonce}", &nonce).replace("{token}", token.as_deref().unwrap_or_default());
    let html = html.replace("{style}", STYLE).replace("{script}", SCRIPT);
    let mut page = response(StatusCode::OK, "text/html; charset=utf-8", html);
    let headers = page.headers_mut();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let cookie = token.map(|token| format!("{}={token}; HttpOnly; SameSite=Strict", acts::COOKIE_NAME));
    for (name, value) in [(CONTENT_SECURITY_POLICY, Some(policy)), (SET_COOKIE, cookie)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}

/// Digits that nobody can guess: each hasher's keys begin with what the system drew.
fn drawn() -> String {
    let mut digest = Sha256::new();
    for part in 0..4_u8 {
        digest.update(RandomState::new().hash_one(part).to_le_bytes());
    }
    let mut digits = String::with_capacity(2 * 32);
    push_hex(&mut digits, &digest.finalize());
    digits.truncate(acts::DIGITS);
    digits
}
