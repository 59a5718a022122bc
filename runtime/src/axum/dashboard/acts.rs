//! What the dashboard may end, and which requests may ask for it.

use ::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use ::http::request::Parts;
use ::http::{Request, Response, StatusCode};
use axum_core::body::Body;
use axum_core::extract::FromRequest;
use serde_json::{Value, json};

use super::{json as answer, told};
use crate::instance::{Larder, Receipt};

/// The cookie whose value a request repeats in [`TOKEN`].
pub(super) const COOKIE_NAME: &str = "larder-dashboard";
const TOKEN: &str = "x-larder-token";
/// The length of a token, in hexadecimal digits.
pub(super) const DIGITS: usize = 32;

/// Why a request may end nothing; `None`: it may. `guarded`: whether anybody may, `approved`: what the guard said.
pub(super) fn refusal(parts: &Parts, guarded: bool, approved: bool) -> Option<&'static str> {
    if !guarded {
        return Some("this dashboard only shows: whoever mounts it can give it a guard, `dashboard().guard(..)`");
    }
    if !approved {
        return Some("the guard of this dashboard did not approve: log in as somebody who may end what is cached");
    }
    if !is_json(parts) {
        return Some("what is asked must be sent as `application/json`");
    }
    if !is_from_the_page(parts) {
        return Some(
            "only the dashboard's own page may ask for this; a proxy before it must pass `Host` on as it came",
        );
    }
    let token = text(parts, TOKEN).filter(|token| is_token(token));
    if token.is_none() || token != cookie(parts) {
        return Some("the page is out of date, or its cookie was not kept: load it again");
    }
    None
}

/// A form of another site can be sent without the browser asking first, but not as JSON.
fn is_json(parts: &Parts) -> bool {
    let kind = text(parts, CONTENT_TYPE.as_str()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn is_from_the_page(parts: &Parts) -> bool {
    if let Some(site) = text(parts, "sec-fetch-site") {
        return site == "same-origin";
    }
    let host = text(parts, HOST.as_str()).or_else(|| parts.uri.authority().map(|host| host.as_str()));
    let origin = text(parts, ORIGIN.as_str()).and_then(|origin| Some(origin.split_once("://")?.1));
    origin.is_some() && origin == host
}

/// The token that the browser has been given.
pub(super) fn cookie(parts: &Parts) -> Option<&str> {
    let cookies = parts.headers.get_all(COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, token)| token).filter(|token| is_token(token))
}

fn is_token(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn text<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

/// Ends one entity that this process shows.
pub(super) async fn end(larder: &Larder, parts: Parts, body: Body) -> Response<Body> {
    let Ok(body) = String::from_request(Request::from_parts(parts, body), &()).await else {
        return told(StatusCode::BAD_REQUEST, "the body could not be read: send {\"entity\": \"tools\"}");
    };
    let asked: Value = serde_json::from_str(&body).unwrap_or_default();
    let Some(entity) = asked.get("entity").and_then(Value::as_str) else {
        return told(StatusCode::BAD_REQUEST, "no entity is named: send {\"entity\": \"tools\"}");
    };
    if !larder.entities().contains(entity) {
        return told(StatusCode::NOT_FOUND, "no function that this process has called shows that entity");
    }
    match larder.invalidate(entity).await {
        Ok(receipt) => done(&receipt),
        Err(error) => told(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Ends everything in the namespace.
pub(super) async fn clear(larder: &Larder) -> Response<Body> {
    match larder.clear().await {
        Ok(receipt) => done(&receipt),
        Err(error) => told(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

fn done(receipt: &Receipt) -> Response<Body> {
    let names: Vec<&str> = receipt.names().collect();
    answer(StatusCode::OK, &json!({ "applied": receipt.is_applied(), "names": names }))
}
