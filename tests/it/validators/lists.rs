//! Lists of tags that nobody thought of: every list that RFC 9110 can write is read, and nothing else is.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use larder::http::{Conditional, Decision};
use proptest::collection::vec;
use proptest::prelude::*;

use super::tag;
use crate::support::Config;

fn conditional() -> Conditional {
    Conditional::revision(&Config("8f3c"))
}

/// One element of a list: another's tag, this one's, or nothing at all.
fn element() -> impl Strategy<Value = (String, bool)> {
    let own = tag(&conditional());
    let weak = own.clone();
    prop_oneof![
        4 => "(W/)?\"[!#-~\u{80}-\u{ff}]{0,9}\"".prop_map(|tag| (tag, false)),
        1 => Just((own, true)),
        1 => Just((format!("W/{weak}"), true)),
        1 => Just((String::new(), false)),
    ]
}

/// Elements with what may stand around them, and whether this one's tag is among them.
fn line() -> impl Strategy<Value = (String, bool)> {
    vec((element(), "[ \t]{0,2}", "[ \t]{0,2}"), 0..6).prop_map(|elements| {
        let has = elements.iter().any(|((_, own), _, _)| *own);
        let written = elements.into_iter().map(|((tag, _), before, after)| format!("{before}{tag}{after}"));
        (written.collect::<Vec<_>>().join(","), has)
    })
}

fn decide<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Decision> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(HeaderName::from_static("if-none-match"), HeaderValue::from_bytes(line).ok()?);
    }
    Some(conditional().evaluate(&Method::GET, &headers))
}

/// Whether bytes are a list, told another way: state by state, byte by byte.
fn is_list(bytes: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Before,
        Weak,
        Opening,
        Inside,
        After,
    }
    let mut state = State::Before;
    for byte in bytes {
        state = match (state, *byte) {
            (State::Before | State::After, b' ' | b'\t') => state,
            (State::Before | State::After, b',') => State::Before,
            (State::Before, b'W') => State::Weak,
            (State::Weak, b'/') => State::Opening,
            (State::Before | State::Opening, b'"') => State::Inside,
            (State::Inside, b'"') => State::After,
            (State::Inside, byte) if byte > b' ' && byte != 0x7f => State::Inside,
            _ => return false,
        };
    }
    matches!(state, State::Before | State::After)
}

proptest! {
    #[test]
    fn a_list_is_read_whatever_stands_between_its_tags(lines in vec(line(), 1..4)) {
        let has = lines.iter().any(|(_, own)| *own);
        let expected = if has { Decision::NotModified } else { Decision::Send };
        prop_assert_eq!(decide(lines.iter().map(|(line, _)| line.as_bytes())), Some(expected));
    }

    #[test]
    fn a_list_with_a_fault_in_it_names_nothing((line, _) in line(), at in any::<prop::sample::Index>(), fault in "[\"W/,*a ]") {
        let own = tag(&conditional());
        let line = format!("{own}, {line}");
        let at = at.index(line.len());
        prop_assume!(line.is_char_boundary(at));
        let (before, after) = line.split_at(at);
        for broken in [format!("{before}{fault}{after}"), format!("{before}{}", after.get(1..).unwrap_or_default())] {
            // Whether the tag is whole after that does not matter here: no list, no match.
            if !is_list(broken.as_bytes()) {
                prop_assert_eq!(decide([broken.as_bytes()]), Some(Decision::Send), "{}", broken);
            } else if broken.contains(&own) {
                prop_assert_eq!(decide([broken.as_bytes()]), Some(Decision::NotModified), "{}", broken);
            }
        }
    }

    #[test]
    fn no_bytes_are_more_than_a_list_that_names_nothing(bytes in vec(any::<u8>(), 0..80)) {
        if bytes.trim_ascii() != b"*" {
            prop_assert!(decide([&*bytes]).is_none_or(|decision| decision == Decision::Send));
        }
    }

    #[test]
    fn no_bytes_are_a_date_that_panics(bytes in vec(any::<u8>(), 0..40), digits in "[0-9A-Za-z ,:-]{0,32}") {
        let dated = conditional().last_modified(std::time::SystemTime::now());
        for bytes in [&*bytes, digits.as_bytes()] {
            let Ok(value) = HeaderValue::from_bytes(bytes) else { continue };
            for name in ["if-modified-since", "if-unmodified-since"] {
                let mut headers = HeaderMap::new();
                headers.insert(HeaderName::from_static(name), value.clone());
                let _ = dated.evaluate(&Method::GET, &headers);
            }
        }
    }
}
