//! Entity tags: made of a hash, and read out of a request.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

use crate::cache::push_hex;

/// What tells one state of a resource from every other: a hash, so that nothing of what went in can be read in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validator([u8; 32]);

impl Validator {
    /// `kind` keeps apart what is made of the same bytes.
    pub(super) fn of<'a>(kind: &'static str, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(kind.as_bytes()).chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// This, and something more.
    pub(super) fn and(&self, kind: &'static str, part: &[u8]) -> Self {
        Self::of(kind, [&self.0[..], part])
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What stands between the quotes of the tag.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(64);
        push_hex(&mut text, &self.0);
        text
    }

    pub(super) fn header(&self, weak: bool) -> Option<HeaderValue> {
        let mark = if weak { "W/" } else { "" };
        HeaderValue::try_from(format!("{mark}\"{}\"", self.text())).ok()
    }
}

/// What `If-Match` or `If-None-Match` names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// `*`: whatever there is.
    Any,
    /// These; none of them where the field is not written as RFC 9110 says, for then nobody knows what was meant.
    Tags(Vec<Tag<'a>>),
}

/// One entity tag of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    weak: bool,
    text: &'a [u8],
}

impl<'a> Named<'a> {
    /// `None`: the request has no such field.
    pub(super) fn in_field(headers: &'a HeaderMap, name: HeaderName) -> Option<Self> {
        let lines = headers.get_all(&name).iter().map(HeaderValue::as_bytes);
        headers.contains_key(name).then(|| Self::read(lines))
    }

    /// Reads the lines of one field, which are one list.
    fn read(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut tags, mut any) = (Vec::new(), 0);
        for line in lines {
            if line.trim_ascii() == b"*" {
                any += 1;
            } else if read_list(line, &mut tags).is_none() {
                return Self::Tags(Vec::new());
            }
        }
        match (any, tags.is_empty()) {
            (0, _) => Self::Tags(tags),
            (1, true) => Self::Any,
            _ => Self::Tags(Vec::new()),
        }
    }

    /// Whether one of the tags is this one, by weak comparison: whether either is weak does not matter.
    pub(super) fn has(&self, text: &str) -> bool {
        matches!(self, Self::Tags(tags) if tags.iter().any(|tag| tag.text == text.as_bytes()))
    }

    /// The same by strong comparison: neither may be weak.
    pub(super) fn has_strong(&self, text: &str, weak: bool) -> bool {
        matches!(self, Self::Tags(tags) if !weak && tags.iter().any(|tag| !tag.weak && tag.text == text.as_bytes()))
    }
}

/// Reads one line of a list; `None`: it is none.
fn read_list<'a>(mut rest: &'a [u8], tags: &mut Vec<Tag<'a>>) -> Option<()> {
    loop {
        // An empty element is none.
        rest = after_space(rest);
        while let Some(after) = rest.strip_prefix(b",") {
            rest = after_space(after);
        }
        if rest.is_empty() {
            return Some(());
        }
        let (weak, quoted) = rest.strip_prefix(b"W/").map_or((false, rest), |quoted| (true, quoted));
        let text = quoted.strip_prefix(b"\"")?;
        let length = text.iter().position(|byte| !is_of_a_tag(*byte))?;
        let (text, after) = text.split_at(length);
        tags.push(Tag { weak, text });
        rest = after_space(after.strip_prefix(b"\"")?);
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
}

/// `etagc` of RFC 9110, 8.8.3.
const fn is_of_a_tag(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

fn after_space(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text.get(spaces..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tags as they would be written, with a space between them; `*` for any.
    fn read(lines: &[&str]) -> String {
        match Named::read(lines.iter().map(|line| line.as_bytes())) {
            Named::Any => "*".to_owned(),
            Named::Tags(tags) => {
                let text = |tag: &Tag<'_>| {
                    format!("{}\"{}\"", if tag.weak { "W/" } else { "" }, String::from_utf8_lossy(tag.text))
                };
                tags.iter().map(text).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn lists_of_every_form() {
        for (lines, expected) in [
            (&[r#""a""#][..], r#""a""#),
            (&[r#"W/"a""#], r#"W/"a""#),
            (&[r#""""#], r#""""#),
            (&[r#""a","b""#], r#""a" "b""#),
            (&["\"a\"\t , \t\"b\" ,W/\"c\""], r#""a" "b" W/"c""#),
            (&[r#", ,"a",, "b" , "#], r#""a" "b""#),
            (&[r#""a""#, r#""b", "c""#], r#""a" "b" "c""#),
            (&[r#""a,b""#], r#""a,b""#),
            (&[r#""a\""#], r#""a\""#),
            (&[r#""*""#], r#""*""#),
            (&["\"abcdefü\""], "\"abcdefü\""),
            (&["*"], "*"),
            (&[" * "], "*"),
            (&[""], ""),
            (&[","], ""),
            // What is none of these names nothing.
            (&["a"], ""),
            (&[r#""a"#], ""),
            (&[r#"a""#], ""),
            (&[r#"w/"a""#], ""),
            (&[r#"W\"a""#], ""),
            (&[r#"W"a""#], ""),
            (&[r#"W/ "a""#], ""),
            (&[r#"W/a"#], ""),
            (&[r#""a" "b""#], ""),
            (&[r#""a b""#], ""),
            (&["\"a\u{7f}\""], ""),
            (&[r#""a"; "b""#], ""),
            (&[r#""a", b"#], ""),
            (&[r#""a", *"#], ""),
            (&["*", r#""a""#], ""),
            (&["*", "*"], ""),
            (&[r#""a""#, "b"], ""),
        ] {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
    }
}
