//! `secd`: the part of an IP phone that decides whom the phone trusts.
//!
//! The folders are layers, and dependencies point one way: `ARCHITECTURE.md` has the picture, and
//! the file of each behaviour. `tests/layering.rs` executes it.
//!
//! Four verbs have one meaning each: *parse* turns bytes into values, *verify* checks a signature,
//! *decide* applies policy, *install* has an effect. A function does one of them.

extern crate alloc;

pub mod agent;
pub mod boot;
pub mod cli;
pub mod diagnose;
pub mod face;
pub mod io;
pub mod proto;
pub mod trust;
pub mod wire;
