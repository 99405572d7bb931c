//! `secd`: the part of an IP phone that decides whom the phone trusts.
//!
//! The folders are the architecture, and dependencies point one way:
//!
//! ```text
//!    cli      argv, exit codes, stdout
//!    agent    the real world: owners of what changes, the service, the doctor, the narration
//!    boot     the boot pass, over a world     diagnose   from facts to remedy
//!    io       sockets, files, TLS, clock                 may block, fail, log
//!    ──────────────────────────────────────────────────── pure: boot and diagnose, and all below
//!    trust    verify, decide, cache, update rule
//!    face     the socket's interface, as types           proto   machines
//!    wire     bytes ⇄ values, the phone's XML included
//! ```
//!
//! Four verbs have one meaning each: *parse* turns bytes into values, *verify* checks a signature,
//! *decide* applies policy, *install* has an effect. A function does one of them.
//!
//! `tests/layering.rs` executes these rules.

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
