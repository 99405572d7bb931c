//! Records under keys: MAC, then padding, then CBC.

use alloc::vec::Vec;

use aes::{Aes128, Aes256};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipher, BlockDecryptMut, BlockEncryptMut, KeyInit, KeyIvInit};
use rsa::rand_core::RngCore;
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::pad::{PREFIX, content_length};
use super::prf::mac;
use super::random::OldTlsRandom;
use crate::wire::old_tls::{OldSuite, OldVersion, RecordHeader, RecordKind};

/// One direction of a connection.
///
/// # Source
/// RFC 5246 §6.2.3.2; TLS 1.0: RFC 2246 §6.2.3.2, where each record goes on with the last block of
/// the one before.
pub(super) struct Protection {
    version: OldVersion,
    suite: OldSuite,
    mac_key: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    chained: [u8; Self::BLOCK],
    sequence: u64,
}

impl Protection {
    /// Bytes of an AES block.
    pub(super) const BLOCK: usize = 16;

    pub(super) fn new(
        (version, suite): (OldVersion, OldSuite),
        mac_key: &[u8],
        key: &[u8],
        vector: &[u8],
    ) -> Self {
        Self {
            version,
            suite,
            mac_key: Zeroizing::new(mac_key.to_vec()),
            key: Zeroizing::new(key.to_vec()),
            chained: last_block(vector),
            sequence: 0,
        }
    }

    /// One record with at most [`RecordHeader::MAX_PLAIN`] bytes.
    pub(super) fn seal(
        &mut self,
        kind: RecordKind,
        content: &[u8],
        random: &mut OldTlsRandom,
    ) -> Vec<u8> {
        let prefix = self.prefix(kind, content.len());
        let mac = match self.suite.mac_length() {
            20 => mac::<Sha1>(&self.mac_key, &[&prefix, content]),
            _ => mac::<Sha256>(&self.mac_key, &[&prefix, content]),
        };
        let padding = Self::BLOCK - 1 - (content.len() + mac.len()) % Self::BLOCK;
        // Always less than a block.
        let filled = alloc::vec![u8::try_from(padding).unwrap_or_default(); padding + 1];
        let mut sealed = [content, &mac, &filled].concat();
        let explicit = self.explicit(random);
        let vector = explicit.unwrap_or(self.chained);
        // Keys and blocks have their lengths; if they had not, nothing must go out unencrypted.
        if self.encrypt(&vector, &mut sealed).is_none() {
            return Vec::new();
        }
        self.chained = last_block(&sealed);
        self.sequence = self.sequence.wrapping_add(1);
        let content = [explicit.as_ref().map_or(&[][..], |it| it), &sealed].concat();
        RecordHeader::emit(kind, self.version.number(), &content)
    }

    /// What a record contains; `None` if its length, padding or MAC is wrong.
    pub(super) fn open(&mut self, kind: RecordKind, sent: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (vector, body) = match self.version {
            OldVersion::Tls10 => (self.chained, sent),
            OldVersion::Tls11 | OldVersion::Tls12 => {
                let (vector, body) = sent.split_at_checked(Self::BLOCK)?;
                (last_block(vector), body)
            }
        };
        if body.is_empty() || body.len() % Self::BLOCK != 0 {
            return None;
        }
        self.chained = last_block(body);
        let mut plain = Zeroizing::new(body.to_vec());
        self.decrypt(&vector, &mut plain)?;
        let prefix = |length| self.prefix(kind, length);
        let length = match self.suite.mac_length() {
            20 => content_length::<Sha1>(&plain, &self.mac_key, prefix),
            _ => content_length::<Sha256>(&plain, &self.mac_key, prefix),
        }?;
        plain.truncate(length);
        self.sequence = self.sequence.wrapping_add(1);
        Some(plain)
    }

    /// The vector that precedes a record, in versions that have one.
    fn explicit(&self, random: &mut OldTlsRandom) -> Option<[u8; Self::BLOCK]> {
        if self.version == OldVersion::Tls10 {
            return None;
        }
        let mut vector = [0; Self::BLOCK];
        random.fill_bytes(&mut vector);
        Some(vector)
    }

    /// What the MAC covers before the content.
    fn prefix(&self, kind: RecordKind, length: usize) -> [u8; PREFIX] {
        let [major, minor] = self.version.number().0;
        // No content is as long as a record as it is sent.
        let [high, low] = u16::try_from(length).unwrap_or_default().to_be_bytes();
        let mut prefix = [0; PREFIX];
        let (sequence, rest) = prefix.split_at_mut(8);
        sequence.copy_from_slice(&self.sequence.to_be_bytes());
        rest.copy_from_slice(&[kind.number(), major, minor, high, low]);
        prefix
    }

    fn encrypt(&self, vector: &[u8], bytes: &mut [u8]) -> Option<()> {
        match self.suite.key_length() {
            16 => encrypt::<Aes128>(&self.key, vector, bytes),
            _ => encrypt::<Aes256>(&self.key, vector, bytes),
        }
    }

    fn decrypt(&self, vector: &[u8], bytes: &mut [u8]) -> Option<()> {
        match self.suite.key_length() {
            16 => decrypt::<Aes128>(&self.key, vector, bytes),
            _ => decrypt::<Aes256>(&self.key, vector, bytes),
        }
    }
}

fn encrypt<C>(key: &[u8], vector: &[u8], bytes: &mut [u8]) -> Option<()>
where
    C: BlockCipher + BlockEncryptMut + KeyInit,
    cbc::Encryptor<C>: KeyIvInit + BlockEncryptMut,
{
    let cipher = cbc::Encryptor::<C>::new_from_slices(key, vector).ok()?;
    let length = bytes.len();
    cipher.encrypt_padded_mut::<NoPadding>(bytes, length).ok().map(|_| ())
}

fn decrypt<C>(key: &[u8], vector: &[u8], bytes: &mut [u8]) -> Option<()>
where
    C: BlockCipher + BlockDecryptMut + KeyInit,
    cbc::Decryptor<C>: KeyIvInit + BlockDecryptMut,
{
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, vector).ok()?;
    cipher.decrypt_padded_mut::<NoPadding>(bytes).ok().map(|_| ())
}

/// The block at the end of bytes that have one.
fn last_block(bytes: &[u8]) -> [u8; Protection::BLOCK] {
    bytes.last_chunk().copied().unwrap_or_default()
}
