//! Octets to values and back: the formats of trust lists, signed files and TFTP packets.
//!
//! Total: any octets give a value or a [`Malformed`] that names the offset, what was expected
//! there and what was found. Nothing here knows which keys are trusted.

pub mod name;
pub mod tftp;
