//! Names, announcements and epochs: read as they were written, or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| larder::fuzz::names(bytes));
