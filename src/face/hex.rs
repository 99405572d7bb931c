//! Digests as the interface prints them.

use alloc::string::String;
use core::fmt::Write;

/// The bytes in lower-case hexadecimal, without separators.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a `String` cannot fail.
        let _fits = write!(text, "{byte:02x}");
    }
    text
}
