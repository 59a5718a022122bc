//! The bytes of a canonical form: few of them in whole words, so that a processor keeps them in registers, more in a buffer.

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use quick_cache::Equivalent;

/// Forms up to this length are kept in words.
const SHORT: usize = 40;
/// The length of a form that has moved to the buffer.
const MOVED: usize = SHORT + 1;

type Words = [u64; SHORT / 8];

thread_local! {
    /// One buffer per thread, lent to the long form under construction, so that a hit allocates nothing.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A form, under construction or to look something up by.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// What is beyond the length is zero.
    words: Words,
    length: usize,
    longer: Vec<u8>,
}

impl Form {
    /// Adds the lowest `count` bytes of `value`, lowest first; the others must be zero.
    #[inline]
    pub(super) fn push_word(&mut self, value: u64, count: usize) {
        let (at, shift, end) = (self.length / 8, self.length % 8 * 8, self.length + count);
        if end > SHORT {
            return self.push_longer(&value.to_le_bytes(), count);
        }
        if let Some(word) = self.words.get_mut(at) {
            *word |= value << shift;
        }
        if shift + count * 8 > 64
            && let Some(word) = self.words.get_mut(at + 1)
        {
            *word |= value >> (64 - shift);
        }
        self.length = end;
    }

    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        if self.length + bytes.len() > SHORT {
            return self.push_longer(bytes, bytes.len());
        }
        for word in words {
            self.push_word(u64::from_le_bytes(*word), 8);
        }
        let rest_of_word = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        self.push_word(rest_of_word, rest.len());
    }

    #[inline(never)]
    fn push_longer(&mut self, bytes: &[u8], count: usize) {
        if self.length != MOVED {
            self.move_to_buffer();
        }
        if let Some(bytes) = bytes.get(..count) {
            self.longer.extend_from_slice(bytes);
        }
    }

    #[inline(never)]
    fn move_to_buffer(&mut self) {
        let bytes = self.words.map(u64::to_le_bytes);
        self.longer = SPARE.try_with(Cell::take).unwrap_or_default();
        self.longer.clear();
        self.longer.extend_from_slice(bytes.as_flattened().get(..self.length).unwrap_or_default());
        self.length = MOVED;
    }

    pub(super) fn len(&self) -> usize {
        if self.length == MOVED { self.longer.len() } else { self.length }
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        if self.length == MOVED {
            return self.longer.get(at).copied();
        }
        let word = self.words.get(at / 8).filter(|_| at < self.length)?;
        word.to_le_bytes().get(at % 8).copied()
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The form to keep.
    pub(crate) fn to_stored(&self) -> StoredKey {
        if self.length == MOVED {
            StoredKey::Long(self.longer.as_slice().into())
        } else {
            StoredKey::Short { length: self.length, words: self.words }
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.length == MOVED {
            return self.longer.clone();
        }
        self.words.iter().flat_map(|word| word.to_le_bytes()).take(self.length).collect()
    }
}

impl From<&[u8]> for Form {
    fn from(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        form.push(bytes);
        form
    }
}

impl Drop for Form {
    #[inline]
    fn drop(&mut self) {
        if self.length == MOVED {
            give_back(std::mem::take(&mut self.longer));
        }
    }
}

#[inline(never)]
fn give_back(buffer: Vec<u8>) {
    /// Longer buffers are not kept for the next key.
    const LIMIT: usize = 4096;
    if buffer.capacity() <= LIMIT {
        let _ = SPARE.try_with(|spare| spare.set(buffer));
    }
}

/// A form that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredKey {
    Short { length: usize, words: Words },
    Long(Box<[u8]>),
}

// The form of a key is free of prefixes, so that its length need not be hashed.
#[inline]
fn hash_words<H: Hasher>(words: &Words, length: usize, state: &mut H) {
    let [first, second, rest @ ..] = words;
    state.write_u64(*first);
    state.write_u64(*second);
    if length > 16 {
        rest.iter().for_each(|word| state.write_u64(*word));
    }
}

impl Hash for Form {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.length == MOVED {
            state.write(&self.longer);
        } else {
            hash_words(&self.words, self.length, state);
        }
    }
}

impl Hash for StoredKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Short { length, words } => hash_words(words, *length, state),
            Self::Long(bytes) => state.write(bytes),
        }
    }
}

impl Equivalent<StoredKey> for Form {
    #[inline]
    fn equivalent(&self, key: &StoredKey) -> bool {
        match key {
            StoredKey::Short { length, words } => {
                let pairs = self.words.iter().zip(words);
                self.length == *length && pairs.fold(0, |differ, (left, right)| differ | (left ^ right)) == 0
            }
            StoredKey::Long(bytes) => self.length == MOVED && self.longer == **bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher as _;

    #[test]
    fn a_key_is_found_as_it_was_kept_and_as_nothing_else() {
        let hasher = foldhash::fast::RandomState::default();
        let all: Vec<u8> = (0..60).map(|at| at % 7).collect();
        // Words that differ by the same bits must not make up for each other.
        let (zeros, ones) = ([0; 60], [1; 60]);
        // Around the end of a word, of all words, and in the buffer.
        let some = [0, 1, 7, 8, 9, 16, 17, 39, 40, 41, 59];
        let lengths: Vec<usize> = if cfg!(miri) { some.into() } else { (0..60).collect() };
        let forms: Vec<&[u8]> =
            lengths.into_iter().flat_map(|end| [&all[..end], &zeros[..end], &ones[..end]]).collect();
        for (at, form) in forms.iter().enumerate() {
            let stored = Form::from(*form).to_stored();
            for (other_at, other) in forms.iter().enumerate() {
                let other_key = Form::from(*other);
                assert_eq!(other_key.to_bytes(), *other);
                assert_eq!(other_key.equivalent(&stored), other == form, "{at} and {other_at}");
                assert_eq!(other_key.to_stored() == stored, other == form, "{at} and {other_at}");
                if other == form {
                    assert_eq!(hasher.hash_one(&other_key), hasher.hash_one(&stored));
                }
            }
        }
    }

    #[test]
    fn the_bytes_are_the_same_however_they_were_pushed() {
        let all: Vec<u8> = (1..=60).collect();
        for first in (0..60).step_by(if cfg!(miri) { 13 } else { 1 }) {
            for step in 1..9 {
                let mut form = Form::default();
                form.push(&all[..first]);
                for chunk in all[first..].chunks(step) {
                    let mut word = [0; 8];
                    word[..chunk.len()].copy_from_slice(chunk);
                    form.push_word(u64::from_le_bytes(word), chunk.len());
                    let length = form.len();
                    assert_eq!(form.byte(length - 1), chunk.last().copied());
                    assert_eq!(form.byte(length), None);
                }
                assert_eq!(form.to_bytes(), all, "{first}, {step}");
            }
        }
    }

    #[test]
    fn a_form_of_up_to_five_words_is_kept_in_them() {
        assert!(Form::default().is_empty() && Form::from([].as_slice()).is_empty());
        for length in [1, 39, 40, 41] {
            let bytes = vec![7; length];
            for piece in [3, 10, 41] {
                let mut form = Form::default();
                bytes.chunks(piece).for_each(|piece| form.push(piece));
                assert!(!form.is_empty());
                assert_eq!(matches!(form.to_stored(), StoredKey::Short { .. }), length <= 40, "{length} by {piece}");
            }
        }
    }

    /// Most keys are that short: an id and a name.
    #[test]
    fn a_key_of_two_words_is_hashed_in_two_and_a_longer_one_as_a_whole() {
        #[derive(Default)]
        struct Words(Vec<u64>);

        impl Hasher for Words {
            fn write(&mut self, bytes: &[u8]) {
                self.0.extend(bytes.iter().map(|byte| u64::from(*byte)));
            }

            fn write_u64(&mut self, word: u64) {
                self.0.push(word);
            }

            fn finish(&self) -> u64 {
                0
            }
        }

        let hashed = |length: usize| {
            let mut words = Words::default();
            Form::from(vec![1; length].as_slice()).hash(&mut words);
            words.0
        };
        let whole = u64::from_le_bytes([1; 8]);
        assert_eq!(hashed(16), [whole, whole]);
        assert_eq!(hashed(17), [whole, whole, 1, 0, 0]);
        assert_eq!(hashed(40), [whole; 5]);
        assert_eq!(hashed(50), [1; 50]);
    }

    #[test]
    fn a_long_form_leaves_its_buffer_to_the_next_unless_it_is_huge() {
        let lent = || SPARE.replace(Vec::new()).capacity();
        drop(Form::from([1; 100].as_slice()));
        assert!(lent() >= 100);
        drop(Form::from([1; 20].as_slice()));
        assert_eq!(lent(), 0, "it never had one");
        SPARE.set(Vec::with_capacity(4096));
        drop(Form::from([1; 100].as_slice()));
        assert_eq!(lent(), 4096, "the one that was there");
        drop(Form::from([1; 4097].as_slice()));
        assert_eq!(lent(), 0);
    }
}
