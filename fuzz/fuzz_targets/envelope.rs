//! Stored bytes of a hostile Redis: a miss, never a panic, never more memory than a value may have.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| larder::fuzz::envelope(bytes));
