//! The function that keys and Finished come from, and the MAC in it.

use alloc::vec::Vec;

use hmac::digest::Digest;
use hmac::digest::core_api::BlockSizeUser;
use hmac::{Mac, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::wire::old_tls::OldVersion;

/// Fills `out` from a secret, a label and a seed.
///
/// # Source
/// RFC 5246 §5; TLS 1.0 and 1.1: RFC 2246 §5, with one half of the secret each, which share the
/// byte in the middle of an odd one.
pub(super) fn derive(version: OldVersion, secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    out.fill(0);
    match version {
        OldVersion::Tls10 | OldVersion::Tls11 => {
            let half = secret.len().div_ceil(2);
            let (first, _) = secret.split_at(half);
            let (_, second) = secret.split_at(secret.len() - half);
            expand::<Md5>(first, seed, out);
            expand::<Sha1>(second, seed, out);
        }
        OldVersion::Tls12 => expand::<Sha256>(secret, seed, out),
    }
}

/// `P_hash`, added to what is there by exclusive or.
fn expand<D: Digest + BlockSizeUser>(secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let mut link = mac::<D>(secret, seed);
    for chunk in out.chunks_mut(<D as Digest>::output_size()) {
        let block = mac::<D>(secret, &[&[link.as_slice()], seed].concat());
        chunk.iter_mut().zip(block.iter()).for_each(|(byte, more)| *byte ^= more);
        link = mac::<D>(secret, &[&link]);
    }
}

/// HMAC over parts that follow each other.
pub(super) fn mac<D: Digest + BlockSizeUser>(key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    // A key of any length is a key of HMAC: the error is of other MACs.
    let Ok(mut mac) = SimpleHmac::<D>::new_from_slice(key) else { return Zeroizing::default() };
    for part in parts {
        Mac::update(&mut mac, part);
    }
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}
