//! RFC 9110, 13: each field alone and with others, for each method; the cases of httpwg's cache-tests among them.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};
use larder::http::{Conditional, Decision};

use super::{fields, tag};
use crate::support::Config;

use Decision::{NotModified, PreconditionFailed, Send};

/// The second of RFC 9110's own example.
const MODIFIED: u64 = 784_111_777;
const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const AHEAD: &str = "Fri, 01 Jan 2100 00:00:00 GMT";

fn conditional() -> Conditional {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(MODIFIED * 1_000 + 999);
    Conditional::revision(&Config("8f3c")).last_modified(modified)
}

/// A method, the fields of a request, and what they come to.
type Case<'a> = (Method, &'a [(&'static str, &'a str)], Decision);

/// `T` stands for the tag itself, with its quotes, but in a date.
fn check(conditional: &Conditional, cases: &[Case<'_>]) {
    let quoted = tag(conditional).trim_start_matches("W/").to_owned();
    for (method, lines, expected) in cases {
        let lines: Vec<(&'static str, String)> = lines
            .iter()
            .map(|(name, value)| {
                let is_date = name.ends_with("since");
                (*name, if is_date { (*value).to_owned() } else { value.replace('T', &quoted) })
            })
            .collect();
        let borrowed: Vec<(&'static str, &str)> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(conditional.evaluate(method, &fields(&borrowed)), *expected, "{method} {lines:?}");
    }
}

const NONE: &str = "if-none-match";
const MATCH: &str = "if-match";
const SINCE: &str = "if-modified-since";
const UNSINCE: &str = "if-unmodified-since";

#[test]
fn if_none_match_compares_weakly_in_lists_of_every_form() {
    for conditional in [conditional(), conditional().weak()] {
        check(
            &conditional,
            &[
                (Method::GET, &[], Send),
                (Method::GET, &[(NONE, "T")], NotModified),
                (Method::HEAD, &[(NONE, "T")], NotModified),
                (Method::GET, &[(NONE, "W/T")], NotModified),
                (Method::GET, &[(NONE, "T, \"1234\", \"5678\"")], NotModified),
                (Method::GET, &[(NONE, "\"1234\", T, \"5678\"")], NotModified),
                (Method::GET, &[(NONE, "\"1234\", \"5678\", W/T")], NotModified),
                (Method::GET, &[(NONE, "\"1,2\",,\t , T")], NotModified),
                (Method::GET, &[(NONE, "\"1234\""), (NONE, "T")], NotModified),
                (Method::GET, &[(NONE, "*")], NotModified),
                (Method::HEAD, &[(NONE, "*")], NotModified),
                (Method::GET, &[(NONE, "\"1234\"")], Send),
                (Method::GET, &[(NONE, "\"\"")], Send),
                (Method::GET, &[(NONE, "\"*\"")], Send),
                (Method::GET, &[(NONE, "")], Send),
                // What is no list names nothing, also where the tag stands in it.
                (Method::GET, &[(NONE, "w/T")], Send),
                (Method::GET, &[(NONE, "W\\T")], Send),
                (Method::GET, &[(NONE, "WT")], Send),
                (Method::GET, &[(NONE, "T \"1234\"")], Send),
                (Method::GET, &[(NONE, "T, 1234")], Send),
                (Method::GET, &[(NONE, "*, T")], Send),
                (Method::GET, &[(NONE, "T"), (NONE, "1234")], Send),
                // Whoever writes what must not be there yet, or no more be what it was.
                (Method::PUT, &[(NONE, "*")], PreconditionFailed),
                (Method::PUT, &[(NONE, "T")], PreconditionFailed),
                (Method::PUT, &[(NONE, "\"1234\"")], Send),
                (Method::DELETE, &[(NONE, "W/T")], PreconditionFailed),
                (Method::OPTIONS, &[(NONE, "*"), (MATCH, "\"1234\"")], Send),
                (Method::TRACE, &[(NONE, "T")], Send),
            ],
        );
    }
    let unquoted = tag(&conditional()).trim_matches('"').to_owned();
    assert_eq!(conditional().evaluate(&Method::GET, &fields(&[(NONE, &unquoted)])), Send);
}

#[test]
fn if_modified_since_decides_only_where_no_tag_is_named() {
    check(
        &conditional(),
        &[
            (Method::GET, &[(SINCE, AT)], NotModified),
            (Method::HEAD, &[(SINCE, AT)], NotModified),
            (Method::GET, &[(SINCE, LATER)], NotModified),
            (Method::GET, &[(SINCE, AHEAD)], NotModified),
            (Method::GET, &[(SINCE, EARLIER)], Send),
            (Method::GET, &[(SINCE, "Thu, 01 Jan 1970 00:00:00 GMT")], Send),
            // The two older forms of a date.
            (Method::GET, &[(SINCE, "Sunday, 06-Nov-94 08:49:37 GMT")], NotModified),
            (Method::GET, &[(SINCE, "Sunday, 06-Nov-94 08:49:36 GMT")], Send),
            (Method::GET, &[(SINCE, "Sun Nov  6 08:49:37 1994")], NotModified),
            (Method::GET, &[(SINCE, "Sun Nov  6 08:49:36 1994")], Send),
            // What is no date is not there.
            (Method::GET, &[(SINCE, "")], Send),
            (Method::GET, &[(SINCE, "0")], Send),
            (Method::GET, &[(SINCE, "784111778")], Send),
            (Method::GET, &[(SINCE, "1994-11-06T08:49:38Z")], Send),
            (Method::GET, &[(SINCE, "Sun, 06 Nov 1994 08:49:38")], Send),
            (Method::GET, &[(SINCE, "Sun, 06 Nov 1994 08:49:38 CET")], Send),
            (Method::GET, &[(SINCE, "Sun, 31 Feb 2094 08:49:38 GMT")], Send),
            (Method::GET, &[(SINCE, "Sun, 06 Nov 1994 24:00:00 GMT")], Send),
            (Method::GET, &[(SINCE, LATER), (SINCE, LATER)], Send),
            // Only to those who read.
            (Method::PUT, &[(SINCE, LATER)], Send),
            (Method::POST, &[(SINCE, EARLIER)], Send),
            // A tag that is named stands above every date, also one that nobody can read.
            (Method::GET, &[(NONE, "\"1234\""), (SINCE, LATER)], Send),
            (Method::GET, &[(NONE, "1234"), (SINCE, LATER)], Send),
            (Method::GET, &[(NONE, "T"), (SINCE, EARLIER)], NotModified),
        ],
    );
    let undated = Conditional::revision(&Config("8f3c"));
    assert_eq!(undated.evaluate(&Method::GET, &fields(&[(SINCE, AHEAD)])), Send);
    assert_eq!(undated.evaluate(&Method::PUT, &fields(&[(UNSINCE, EARLIER)])), Send);
}

#[test]
fn writers_are_stopped_where_it_is_not_what_they_expect() {
    check(
        &conditional(),
        &[
            (Method::PUT, &[(MATCH, "T")], Send),
            (Method::PUT, &[(MATCH, "\"1234\", T")], Send),
            (Method::PUT, &[(MATCH, "*")], Send),
            (Method::PUT, &[(MATCH, "W/T")], PreconditionFailed),
            (Method::PUT, &[(MATCH, "\"1234\"")], PreconditionFailed),
            (Method::PUT, &[(MATCH, "1234")], PreconditionFailed),
            (Method::GET, &[(MATCH, "\"1234\"")], PreconditionFailed),
            (Method::PUT, &[(UNSINCE, AT)], Send),
            (Method::PUT, &[(UNSINCE, LATER)], Send),
            (Method::PUT, &[(UNSINCE, EARLIER)], PreconditionFailed),
            (Method::PUT, &[(UNSINCE, "yesterday")], Send),
            // In this order: a tag stands above a date, and what is expected above what is had.
            (Method::PUT, &[(MATCH, "T"), (UNSINCE, EARLIER)], Send),
            (Method::PUT, &[(MATCH, "\"1234\""), (UNSINCE, LATER)], PreconditionFailed),
            (Method::GET, &[(MATCH, "\"1234\""), (NONE, "T")], PreconditionFailed),
            (Method::GET, &[(MATCH, "T"), (NONE, "T")], NotModified),
            (Method::GET, &[(UNSINCE, EARLIER), (SINCE, LATER)], PreconditionFailed),
        ],
    );
    // Strong comparison: a weak tag equals none, not even itself.
    check(
        &conditional().weak(),
        &[(Method::PUT, &[(MATCH, "T")], PreconditionFailed), (Method::PUT, &[(MATCH, "*")], Send)],
    );
    check(&conditional().weak().strong(), &[(Method::PUT, &[(MATCH, "T")], Send)]);
}

#[test]
fn the_later_date_wins_where_that_was_asked_for() {
    let legacy = conditional().later_date_wins();
    check(
        &legacy,
        &[
            (Method::GET, &[(NONE, "\"1234\""), (SINCE, LATER)], NotModified),
            (Method::HEAD, &[(NONE, "1234"), (SINCE, LATER)], NotModified),
            (Method::GET, &[(NONE, "\"1234\""), (SINCE, AT)], Send),
            (Method::GET, &[(NONE, "\"1234\""), (SINCE, EARLIER)], Send),
            (Method::GET, &[(NONE, "\"1234\""), (SINCE, "later")], Send),
            (Method::GET, &[(NONE, "\"1234\"")], Send),
            (Method::GET, &[(SINCE, AT)], NotModified),
            (Method::PUT, &[(NONE, "\"1234\""), (SINCE, LATER)], Send),
        ],
    );
}

#[test]
fn dates_that_http_cannot_write_are_none_and_none_lies_ahead() {
    let modified = |at: SystemTime| {
        let mut headers = HeaderMap::new();
        Conditional::revision(&Config("8f3c")).last_modified(at).apply(&mut headers);
        headers.get("last-modified").map(|date| date.to_str().unwrap().to_owned())
    };
    let epoch = SystemTime::UNIX_EPOCH;
    assert_eq!(modified(epoch + Duration::from_millis(784_111_777_900)).as_deref(), Some(AT));
    assert_eq!(modified(epoch).as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    assert_eq!(modified(epoch - Duration::from_secs(1)), None);
    assert_eq!(modified(epoch + Duration::from_secs(253_402_300_800)), None);
    let ahead = httpdate::parse_http_date(&modified(epoch + Duration::from_secs(253_402_300_799)).unwrap()).unwrap();
    assert!(ahead <= SystemTime::now());
}

#[tokio::test]
async fn what_nobody_can_tell_of_matches_no_tag() {
    let (_, nothing) = larder::http::observe(async {}).await;
    assert_eq!(nothing.etag(), None);
    assert_eq!(nothing.evaluate(&Method::GET, &fields(&[(NONE, "\"\"")])), Send);
    assert_eq!(nothing.evaluate(&Method::PUT, &fields(&[(MATCH, "\"\"")])), PreconditionFailed);
}
