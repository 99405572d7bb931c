//! Protocol machines without sockets: what comes in, and what to do about it.

pub mod dns;
pub mod tftp;
pub mod tvs;
