//! Bytes to values and back: the formats of trust lists, signed files and TFTP packets.
//!
//! Total: any bytes become a value or a [`Malformed`] that names the offset, what was expected
//! there and what was found. Nothing here knows which keys are trusted.

pub mod address;
pub mod capf;
mod coded;
pub mod codes;
pub mod configuration;
pub mod dhcp;
pub mod dns;
pub mod encrypted;
pub mod envelope;
pub mod hello;
pub mod http;
pub mod list;
pub mod malformed;
pub mod name;
pub mod old_tls;
pub mod reader;
pub mod syslog;
pub mod text;
pub mod tftp;
pub mod tvs;
pub mod varlink;
pub mod way;
mod writer;

pub use codes::{Digest, FormatVersion, Role, Serial};
pub use envelope::{Envelope, FileKind, Signer};
pub use list::Record;
pub use malformed::{Fault, Malformed};
pub use text::{OddField, Text};
