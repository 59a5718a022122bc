//! The promises of larder, each attacked.
