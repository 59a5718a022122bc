//! The documents through a layer that compresses them.
