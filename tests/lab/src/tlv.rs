//! The encoder of tag, length, value.

/// One element: tag, length in two bytes (big-endian), value.
pub fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("the lab writes values below 64 KiB");
    [&[tag], length.to_be_bytes().as_slice(), value].concat()
}

/// An element whose value is text, ended by one NUL that counts.
pub fn text(tag: u8, value: &str) -> Vec<u8> {
    element(tag, &[value.as_bytes(), &[0]].concat())
}

/// An element whose value is a big-endian u16.
pub fn number(tag: u8, value: u16) -> Vec<u8> {
    element(tag, &value.to_be_bytes())
}

/// An element whose value is other elements.
pub fn container(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &parts.concat())
}
