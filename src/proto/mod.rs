//! Protocol machines without sockets: what comes in, and what is to be done about it.

pub mod dns;
pub mod tftp;
pub mod tvs;
