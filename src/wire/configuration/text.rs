//! The bytes of a configuration as text.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Decodes by what the bytes are, not by what the declaration calls them.
///
/// A byte order mark decides. Else it is UTF-8 if it can be, and Latin-1 if it cannot: everything
/// that the reader looks for is ASCII, which is the same in both. An odd byte at the end and half
/// a surrogate pair are no reason to refuse the rest.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        // The byte order marks of UTF-16.
        [0xff, 0xfe, wide @ ..] => Cow::Owned(utf16(wide, u16::from_le_bytes)),
        [0xfe, 0xff, wide @ ..] => Cow::Owned(utf16(wide, u16::from_be_bytes)),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let latin1 = |_| Cow::Owned(bytes.iter().copied().map(char::from).collect());
            core::str::from_utf8(bytes).map_or_else(latin1, Cow::Borrowed)
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    // At most three bytes of UTF-8 for two of these: memory stays within the size limit of a file.
    let units: Vec<u16> =
        bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(unit).collect();
    String::from_utf16_lossy(&units)
}
