//! Encrypted and signed files (`.enc.sgn`).

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockCipher, BlockEncryptMut, KeyInit, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};

use crate::certificate::Identity;
use crate::envelope::{self, Header};
use crate::sign::Style;
use crate::tlv;

/// The content cipher; the file does not say which: the unwrapped key's length does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cipher {
    /// AES-128-CBC, the one seen in files.
    Aes128,
    /// AES-192-CBC.
    Aes192,
    /// AES-256-CBC.
    Aes256,
}

/// The encrypted file for the owner of `device`.
///
/// Key and IV are drawn from the timestamp and the name, so that the same input gives the same
/// file; nothing in the lab is secret.
pub fn encrypted(
    style: Style,
    signer: &Identity,
    device: &RsaPublicKey,
    cipher: Cipher,
    (name, payload): (&str, &[u8]),
) -> Vec<u8> {
    let seed = style.digest.of(&[name.as_bytes(), &style.timestamp.to_be_bytes()].concat());
    let mut random = StdRng::seed_from_u64(
        seed.iter().fold(0, |all, byte| all.wrapping_mul(257).wrapping_add(u64::from(*byte))),
    );
    let content = Content::encrypt(cipher, payload, &mut random);
    let wrapped = device.encrypt(&mut random, Pkcs1v15Encrypt, &content.key).expect("the key fits");
    let header = Header {
        version: [2, 0],
        signer_version: None,
        layout: style.layout,
        digest: style.digest,
        filename: name,
        timestamp: style.timestamp,
        encryption: [
            content.fields(&wrapped),
            tlv::element(26, &[style.digest.code()]),
            tlv::element(27, &style.digest.of(payload)),
        ]
        .concat(),
    };
    envelope::seal(&header, signer, &content.ciphertext)
}

struct Content {
    key: Vec<u8>,
    iv: [u8; 16],
    padding: u16,
    ciphertext: Vec<u8>,
}

impl Content {
    fn encrypt(cipher: Cipher, payload: &[u8], random: &mut StdRng) -> Self {
        let mut key = vec![0; key_length(cipher)];
        random.fill_bytes(&mut key);
        let mut iv = [0; 16];
        random.fill_bytes(&mut iv);
        let padding = 16 - payload.len() % 16;
        let padded = [payload, &vec![0x0D; padding]].concat();
        let ciphertext = match cipher {
            Cipher::Aes128 => cbc::<Aes128>(&key, &iv, &padded),
            Cipher::Aes192 => cbc::<Aes192>(&key, &iv, &padded),
            Cipher::Aes256 => cbc::<Aes256>(&key, &iv, &padded),
        };
        let padding = u16::try_from(padding).expect("at most 16");
        Self { key, iv, padding, ciphertext }
    }

    /// Tag 16 with all its contents.
    fn fields(&self, wrapped: &[u8]) -> Vec<u8> {
        let bits = u16::try_from(wrapped.len() * 8).expect("a key of at most 8191 bytes");
        let iv =
            [tlv::element(18, &[0]), tlv::element(19, &self.iv), tlv::number(20, self.padding)];
        let key = [
            tlv::element(22, &[0]),
            tlv::number(23, bits),
            tlv::element(24, &[1]),
            tlv::element(25, wrapped),
        ];
        tlv::container(16, &[tlv::container(17, &iv), tlv::container(21, &key)])
    }
}

fn key_length(cipher: Cipher) -> usize {
    match cipher {
        Cipher::Aes128 => 16,
        Cipher::Aes192 => 24,
        Cipher::Aes256 => 32,
    }
}

fn cbc<C>(key: &[u8], iv: &[u8; 16], padded: &[u8]) -> Vec<u8>
where
    C: BlockCipher + BlockEncryptMut + KeyInit,
    cbc::Encryptor<C>: KeyIvInit + BlockEncryptMut,
{
    cbc::Encryptor::<C>::new_from_slices(key, iv)
        .expect("key and IV have the cipher's lengths")
        .encrypt_padded_vec_mut::<NoPadding>(padded)
}
