//! Functions of every macro, written in edition 2021, over `larder` by the name `renamed`.
