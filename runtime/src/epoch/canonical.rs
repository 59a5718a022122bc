//! Names of entities and tags as they stand in Redis and in the table.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::cache::push_hex;

/// The name that every value carries: ending it ends all of a namespace. No name of a user's has this form.
pub(crate) const EVERYTHING: &str = "@everything";

/// No plain name is longer.
const LONGEST: usize = 200;

const fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-')
}

fn is_plain(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)
}

/// A name itself where it is plain (`A-Z a-z 0-9 _ . : -`), else its hash: nothing in it can be taken for a pattern, a
/// separator or another name.
pub(crate) fn canonical(name: &str) -> Cow<'_, str> {
    if is_plain(name) {
        return Cow::Borrowed(name);
    }
    let mut hashed = String::from("#");
    push_hex(&mut hashed, &Sha256::digest(name.as_bytes()));
    Cow::Owned(hashed)
}

/// Whether a name that came from outside is one that [`canonical`] makes, or one of larder's own: nothing else is ever kept
/// in memory.
pub(crate) fn is_canonical(name: &str) -> bool {
    let hash = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    if let Some(digest) = name.strip_prefix('#') {
        return hash(digest, 64);
    }
    name == EVERYTHING || super::entries::is_name(name, hash) || is_plain(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_no_other_is_like_them() {
        assert_eq!(canonical("tool:1"), "tool:1");
        for odd in ["", "*", "a b", "a\nb", "tool?", "#1", EVERYTHING, "\u{e9}", &"x".repeat(201)] {
            let name = canonical(odd);
            assert!(name.starts_with('#') && name.len() == 65, "{odd:?}");
        }
        assert_ne!(canonical("a*"), canonical("b*"));
    }

    #[test]
    fn what_is_made_here_is_known_again_and_nothing_else_is() {
        let one = crate::epoch::Owner::of(&[7; 32]);
        let own = [EVERYTHING.to_owned(), one.entry(&[9; 32]), one.any_entry()];
        for name in
            ["tools", "a b", "\u{e9}", &"x".repeat(200), &"x".repeat(201)].map(|name| canonical(name).into_owned())
        {
            assert!(is_canonical(&name), "{name}");
        }
        assert!(own.iter().all(|name| is_canonical(name)));
        for odd in ["", "#", "@", "a b", "a\n", "##", "a#", "\u{e9}", &"x".repeat(202)] {
            assert!(!is_canonical(odd), "{odd:?}");
        }
    }
}
