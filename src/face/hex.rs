//! Digests as the interface has them.

use alloc::string::String;
use core::fmt::Write;

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _fits = write!(text, "{byte:02x}");
    }
    text
}
