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

/// The bytes of such a text, of which there must be as many; `None` for any other text.
#[must_use]
pub fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    // Upper case, a sign and another length are none of ours.
    (hex(&bytes) == text).then_some(bytes)
}
