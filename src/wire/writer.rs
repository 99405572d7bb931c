//! Writing the elements that [`reader`](crate::wire::reader) reads.

use alloc::vec::Vec;

/// Appends an element whose value is these parts, one behind the other.
///
/// # Errors
/// The bytes of the value, if they are more than the element's length can count; nothing is
/// appended then.
pub(in crate::wire) fn element(bytes: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) -> Result<(), usize> {
    let found: usize = parts.iter().map(|part| part.len()).sum();
    let length = u16::try_from(found).map_err(|_| found)?;
    bytes.push(tag);
    bytes.extend(length.to_be_bytes());
    parts.iter().for_each(|part| bytes.extend(*part));
    Ok(())
}
