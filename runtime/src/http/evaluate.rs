//! The preconditions of a request, in the order of RFC 9110, 13.2.2.

use std::time::{Duration, SystemTime};

use ::http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};
use ::http::{HeaderMap, HeaderName, Method, StatusCode};

use super::Conditional;
use super::tags::Named;

/// What the preconditions of a request come to.
///
/// # Examples
///
/// ```
/// use larder::http::Decision;
///
/// assert_eq!(Decision::Send.status(), None);
/// assert_eq!(Decision::NotModified.status().map(|status| status.as_u16()), Some(304));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// They hold, or there are none: answer as if they were not there.
    Send,
    /// The client has it already: 304, without a body.
    NotModified,
    /// It is not what the client expects: 412, and nothing is done.
    PreconditionFailed,
}

impl Decision {
    /// The status to answer with; `None` for [`Send`](Self::Send).
    #[must_use]
    pub const fn status(self) -> Option<StatusCode> {
        match self {
            Self::Send => None,
            Self::NotModified => Some(StatusCode::NOT_MODIFIED),
            Self::PreconditionFailed => Some(StatusCode::PRECONDITION_FAILED),
        }
    }
}

impl Conditional {
    /// Answers the preconditions of a request for what this tells of.
    ///
    /// `If-Match` (strong comparison), else `If-Unmodified-Since`; then `If-None-Match` (weak comparison), else, for `GET` and
    /// `HEAD` alone, `If-Modified-Since`. Lists, several lines, `W/` and `*` are read; a list that is none matches
    /// nothing, and a date that is none is not there. To be asked where the response would be a success: preconditions of
    /// requests that fail otherwise mean nothing. Of ranges, see [`allows_part`](Self::allows_part).
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{HeaderMap, Method};
    /// use larder::http::{Conditional, Decision};
    ///
    /// let config = larder::Revisioned::new("the configuration");
    /// let conditional = Conditional::revision(&config);
    /// let tag = conditional.etag().unwrap();
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("if-none-match", format!("\"another\", W/{}", tag.to_str()?).parse()?);
    /// assert_eq!(conditional.evaluate(&Method::GET, &headers), Decision::NotModified);
    /// assert_eq!(conditional.evaluate(&Method::PUT, &headers), Decision::PreconditionFailed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn evaluate(&self, method: &Method, headers: &HeaderMap) -> Decision {
        if [Method::CONNECT, Method::OPTIONS, Method::TRACE].contains(method) {
            return Decision::Send;
        }
        let tag = self.validator.map(|validator| validator.text());
        let modified = self.modified_second();
        let not_modified_since = |name: HeaderName| Some(modified? <= date(headers, name)?);

        let expected = match Named::in_field(headers, IF_MATCH) {
            Some(Named::Any) => true,
            Some(named) => tag.as_ref().is_some_and(|tag| named.has_strong(tag, self.weak)),
            None => not_modified_since(IF_UNMODIFIED_SINCE).unwrap_or(true),
        };
        if !expected {
            return Decision::PreconditionFailed;
        }
        let reads = *method == Method::GET || *method == Method::HEAD;
        let is_had = match Named::in_field(headers, IF_NONE_MATCH) {
            Some(Named::Any) => true,
            Some(named) => {
                let later = || Some(modified? < date(headers, IF_MODIFIED_SINCE)?);
                tag.is_some_and(|tag| named.has(&tag)) || (self.later_date_wins && reads && later() == Some(true))
            }
            None => reads && not_modified_since(IF_MODIFIED_SINCE).unwrap_or(false),
        };
        match (is_had, reads) {
            (false, _) => Decision::Send,
            (true, true) => Decision::NotModified,
            (true, false) => Decision::PreconditionFailed,
        }
    }

    /// Whether a handler that knows `Range` may follow it: there is no `If-Range`, or it names the very tag, by strong comparison.
    ///
    /// Where this is `false`, what the client has a part of is gone, or nobody knows: the whole is sent. So it is with every weak
    /// tag, and with every date, since a second is too coarse to put bytes together by.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::HeaderMap;
    /// use larder::http::Conditional;
    ///
    /// let config = larder::Revisioned::new("the configuration");
    /// let conditional = Conditional::revision(&config);
    /// let mut headers = HeaderMap::new();
    /// headers.insert("range", "bytes=100-".parse()?);
    /// headers.insert("if-range", conditional.etag().unwrap());
    /// assert!(conditional.allows_part(&headers));
    /// assert!(!conditional.scope("another host").allows_part(&headers));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allows_part(&self, headers: &HeaderMap) -> bool {
        match (Named::in_field(headers, IF_RANGE), self.validator) {
            (None, _) => true,
            // One tag, and nothing else: a list is none, nor is `*`.
            (Some(Named::Tags(tags)), Some(validator)) if tags.len() == 1 => {
                Named::Tags(tags).has_strong(&validator.text(), self.weak)
            }
            (Some(_), _) => false,
        }
    }

    /// Whether a request to read this names its very tag: then it was answered with success before, and would be now.
    #[cfg(feature = "axum")]
    pub(crate) fn is_named_in(&self, headers: &HeaderMap) -> bool {
        let named = Named::in_field(headers, IF_NONE_MATCH);
        self.validator.zip(named).is_some_and(|(validator, named)| named.has(&validator.text()))
    }

    /// When it was modified, to the second: no date lies ahead of the answer's own.
    pub(super) fn modified_second(&self) -> Option<SystemTime> {
        let since = self.modified?.min(SystemTime::now()).duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()))
    }
}

/// The date in a field, where there is one, and only one.
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    httpdate::parse_http_date(line.to_str().ok()?.trim()).ok()
}
