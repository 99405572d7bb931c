//! Protocol machines without sockets: what comes in, and what to do about it.

pub mod capf;
pub mod dns;
pub mod http;
pub mod old_tls;
pub mod tftp;
pub mod tvs;
