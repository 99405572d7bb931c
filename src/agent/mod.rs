//! The sequences: a boot pass, a verdict on a peer. Owns all mutable state.

pub mod provision;
