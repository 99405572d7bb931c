//! Padding and MAC of a decrypted record, judged together.
//!
//! Whoever could see which of the two is wrong could decrypt by trying: by another alert
//! (Vaudenay, 2002), by the time to it (Canvel and others, 2003), by a few compressions more or
//! less (Lucky 13, 2013). So there is one answer, comparisons take the same time whatever they
//! find, and the MAC is computed with the same number of compressions for every length of padding.
//! What is left is in how the digest copies its input, some nanoseconds.

use core::hint::black_box;

use hmac::digest::Digest;
use hmac::digest::core_api::BlockSizeUser;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

use super::prf::mac;

/// Bytes of the content of a record, if its padding and its MAC are right.
///
/// `prefix` makes what the MAC covers before the content, from the content's length.
///
/// # Source
/// RFC 5246 §6.2.3.2.
pub(super) fn content_length<D: Digest + BlockSizeUser>(
    plain: &[u8],
    key: &[u8],
    prefix: impl Fn(usize) -> [u8; PREFIX],
) -> Option<usize> {
    let mac_length = <D as Digest>::output_size();
    // Lengths are no secret: everyone sees how long a record is.
    let room = plain.len().checked_sub(mac_length + 1)?;
    let (padding, padded) = padding(plain, room)?;
    let length = room.checked_sub(padding.into())?;
    let content = plain.get(..length)?;
    let expected = mac::<D>(key, &[&prefix(length), content]);
    level::<D>(compressions(room) - compressions(length));
    // At most as many bytes as a digest has.
    let mut found = [0; 32];
    let found = found.get_mut(..mac_length)?;
    for candidate in 0..=u8::try_from(room).unwrap_or(u8::MAX) {
        // Every place where the MAC could be is read, and one of them is kept.
        let start = room - usize::from(candidate);
        let is_it = candidate.ct_eq(&padding);
        for (byte, there) in found.iter_mut().zip(plain.get(start..start + mac_length)?) {
            byte.conditional_assign(there, is_it);
        }
    }
    let right = padded & found.ct_eq(expected.as_slice());
    bool::from(right).then_some(length)
}

/// How many bytes of padding precede its length, and whether all of them are right; 0 if not, so
/// that the MAC is computed over something all the same.
fn padding(plain: &[u8], room: usize) -> Option<(u8, Choice)> {
    let padding = *plain.last()?;
    let most = u8::try_from(room).unwrap_or(u8::MAX);
    let mut right = !padding.ct_gt(&most);
    for (distance, byte) in (0..=u8::MAX).zip(plain.iter().rev()) {
        let is_content = distance.ct_gt(&padding);
        right &= is_content | byte.ct_eq(&padding);
    }
    Some((u8::conditional_select(&0, &padding, right), right))
}

/// Compressions of the inner digest for so many bytes of content: behind the block of the key come
/// the prefix, the content, a bit and a length.
fn compressions(content: usize) -> usize {
    (PREFIX + content + 8) / BLOCK + 1
}

/// Compresses so many blocks for nothing.
fn level<D: Digest>(blocks: usize) {
    let mut idle = D::new();
    for _ in 0..blocks {
        idle.update([0; BLOCK]);
    }
    black_box(idle.finalize());
}

/// Bytes before the content that the MAC covers: number, type, version, length.
pub(super) const PREFIX: usize = 13;
/// Bytes of a block of SHA-1 and of SHA-256.
const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_padding_costs_as_many_compressions() {
        // RFC 6234 §4.1: the message, a bit and zeros, a length of 8 bytes; before it, the key.
        let of_hmac = |content: usize| (BLOCK + PREFIX + content + 1 + 8).div_ceil(BLOCK);
        for room in 0..2000 {
            for padding in 0..=room.min(255) {
                let length = room - padding;
                let levelled = of_hmac(length) + compressions(room) - compressions(length);
                assert_eq!(levelled, of_hmac(room), "{length} of {room}");
            }
        }
    }
}
