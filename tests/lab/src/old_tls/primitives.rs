//! What the machine computes with.

use aes::cipher::{Block, BlockCipher, BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use sha2::Digest;

/// RFC 2104, for keys of up to 64 bytes.
pub(super) fn hmac<D: Digest>(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let pad = |with: u8| -> Vec<u8> {
        (0..64).map(|place| key.get(place).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = D::digest([&pad(0x36), bytes].concat());
    D::digest([pad(0x5C), inner.to_vec()].concat()).to_vec()
}

pub(super) fn p_hash(
    hmac: fn(&[u8], &[u8]) -> Vec<u8>,
    secret: &[u8],
    seed: &[u8],
    length: usize,
) -> Vec<u8> {
    let (mut link, mut out) = (seed.to_vec(), Vec::new());
    while out.len() < length {
        link = hmac(secret, &link);
        out.extend(hmac(secret, &[&link, seed].concat()));
    }
    out.truncate(length);
    out
}

#[derive(Clone, Copy)]
pub(super) enum Way {
    Decrypt,
    Encrypt,
}

pub(super) fn aes(key: &[u8], block: &[u8], way: Way) -> Vec<u8> {
    if key.len() == 16 { one::<Aes128>(key, block, way) } else { one::<Aes256>(key, block, way) }
}

fn one<C: BlockCipher + BlockDecrypt + BlockEncrypt + KeyInit>(
    key: &[u8],
    block: &[u8],
    way: Way,
) -> Vec<u8> {
    let cipher = C::new_from_slice(key).expect("a key of 16 or 32 bytes");
    let mut block = Block::<C>::clone_from_slice(block);
    match way {
        Way::Decrypt => cipher.decrypt_block(&mut block),
        Way::Encrypt => cipher.encrypt_block(&mut block),
    }
    block.to_vec()
}
