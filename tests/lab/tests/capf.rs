//! The CAPF server, asked byte by byte by a phone of a few lines.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "fixtures for openssl are written in place")]

mod support;

#[path = "capf/honest.rs"]
mod honest;
#[path = "capf/odd.rs"]
mod odd;
#[path = "capf/phone.rs"]
mod phone;
#[path = "capf/strict.rs"]
mod strict;
#[path = "capf/words.rs"]
mod words;
