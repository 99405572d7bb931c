//! A server for the tests: it shares no code with the client, so that no mistake cancels itself
//! out, and it can be made to break every rule.

use alloc::vec::Vec;

use aes::cipher::{Block, BlockCipher, BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use md5::Md5;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use secd_lab::keys::{Kind, Pool};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::proto::old_tls::ServerKey;
use crate::wire::old_tls::OldVersion;

pub(super) struct TestServer {
    key: RsaPrivateKey,
    version: [u8; 2],
    suite: u16,
    /// Whether it asks for a certificate of the client.
    pub(super) asks: bool,
    /// What follows the suite in its hello: compression, extensions.
    pub(super) after_suite: Vec<u8>,
    messages: Vec<u8>,
    client_random: Vec<u8>,
    master: Vec<u8>,
    reading: Option<Direction>,
    writing: Option<Direction>,
}

struct Direction {
    mac_key: Vec<u8>,
    key: Vec<u8>,
    chained: Vec<u8>,
    sequence: u64,
}

/// The random bytes of its hello.
const RANDOM: [u8; 32] = [0xA5; 32];

impl TestServer {
    pub(super) fn new(version: OldVersion, suite: u16) -> Self {
        Self {
            key: Pool::new().take(Kind::Rsa1024).rsa().unwrap().clone(),
            version: version.number().0,
            suite,
            asks: false,
            after_suite: [0].to_vec(),
            messages: Vec::new(),
            client_random: Vec::new(),
            master: Vec::new(),
            reading: None,
            writing: None,
        }
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        self.key.to_public_key().to_pkcs1_der().unwrap().as_bytes().to_vec()
    }

    pub(super) fn public_key(&self) -> ServerKey {
        ServerKey::new(&self.public_der(), 1024).unwrap()
    }

    pub(super) fn take_hello(&mut self, record: &[u8]) {
        assert_eq!(record[..3], [22, 3, 1]);
        self.messages.extend(&record[5..]);
        self.client_random = record[11..43].to_vec();
    }

    pub(super) fn hello(&self) -> Vec<u8> {
        let suite = self.suite.to_be_bytes();
        let body = [&self.version[..], &RANDOM, &[2, 1, 1], &suite, &self.after_suite].concat();
        message(2, &body)
    }

    pub(super) fn certificate() -> Vec<u8> {
        message(11, b"\0\0\x13\0\0\x04leaf\0\0\x09authority")
    }

    /// Its first turn, in one record.
    pub(super) fn turn(&mut self) -> Vec<u8> {
        // Any RSA certificate with SHA-1, of anyone; TLS 1.0 has no list of signatures.
        let request = if self.version == [3, 3] {
            message(13, &[1, 1, 0, 2, 2, 1, 0, 0])
        } else {
            message(13, &[1, 1, 0, 0])
        };
        let request = if self.asks { request } else { Vec::new() };
        let turn = [self.hello(), Self::certificate(), request, message(14, &[])].concat();
        self.messages.extend(&turn);
        self.seal(22, &turn)
    }

    /// Takes the client's turn to its Finished, and returns the version in the premaster secret.
    pub(super) fn take_keys(&mut self, bytes: &[u8]) -> [u8; 2] {
        let mut bytes = bytes;
        if self.asks {
            assert_eq!(self.next(&mut bytes), (22, [11, 0, 0, 3, 0, 0, 0].to_vec()));
            self.messages.extend([11, 0, 0, 3, 0, 0, 0]);
        }
        let (kind, exchange) = self.next(&mut bytes);
        assert_eq!((kind, exchange[0]), (22, 16));
        self.messages.extend(&exchange);
        let premaster = self.key.decrypt(Pkcs1v15Encrypt, &exchange[6..]).unwrap();
        assert_eq!(premaster.len(), 48);
        self.make_keys(&premaster);
        assert_eq!(self.next(&mut bytes), (20, [1].to_vec()));
        let keys = self.keys();
        self.reading = Some(keys.0);
        let expected = message(20, &self.verify_data(b"client finished"));
        assert_eq!(self.next(&mut bytes), (22, expected.clone()));
        assert!(bytes.is_empty());
        self.messages.extend(&expected);
        [premaster[0], premaster[1]]
    }

    /// Goes on without the premaster secret, which it cannot read.
    pub(super) fn guess(&mut self) {
        self.make_keys(&[0; 48]);
    }

    pub(super) fn change(&mut self) -> Vec<u8> {
        let change = self.seal(20, &[1]);
        self.writing = Some(self.keys().1);
        change
    }

    pub(super) fn finished(&self) -> Vec<u8> {
        message(20, &self.verify_data(b"server finished"))
    }

    /// Its last turn, in two records.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let change = self.change();
        let finished = self.finished();
        [change, self.seal(22, &finished)].concat()
    }

    fn make_keys(&mut self, premaster: &[u8]) {
        let seed = [b"master secret", self.client_random.as_slice(), &RANDOM].concat();
        self.master = self.prf(premaster, &seed, 48);
    }

    fn keys(&self) -> (Direction, Direction) {
        let seed = [b"key expansion", RANDOM.as_slice(), &self.client_random].concat();
        let (mac, key) = (self.mac_length(), self.key_length());
        let block = self.prf(&self.master, &seed, 2 * (mac + key + 16));
        let part = |start: usize, length: usize| block[start..start + length].to_vec();
        let direction = |side: usize| Direction {
            mac_key: part(side * mac, mac),
            key: part(2 * mac + side * key, key),
            chained: part(2 * mac + 2 * key + side * 16, 16),
            sequence: 0,
        };
        (direction(0), direction(1))
    }

    fn mac_length(&self) -> usize {
        if self.suite >= 0x003C { 32 } else { 20 }
    }

    fn key_length(&self) -> usize {
        if [0x0035, 0x003D].contains(&self.suite) { 32 } else { 16 }
    }

    fn mac(&self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        if self.mac_length() == 32 { hmac::<Sha256>(key, bytes) } else { hmac::<Sha1>(key, bytes) }
    }

    fn prf(&self, secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
        if self.version == [3, 3] {
            return p_hash(hmac::<Sha256>, secret, seed, length);
        }
        let half = secret.len().div_ceil(2);
        let md5 = p_hash(hmac::<Md5>, &secret[..half], seed, length);
        let sha1 = p_hash(hmac::<Sha1>, &secret[secret.len() - half..], seed, length);
        md5.iter().zip(sha1).map(|(one, other)| one ^ other).collect()
    }

    fn verify_data(&self, label: &[u8]) -> Vec<u8> {
        let digest = if self.version == [3, 3] {
            Sha256::digest(&self.messages).to_vec()
        } else {
            [Md5::digest(&self.messages).to_vec(), Sha1::digest(&self.messages).to_vec()].concat()
        };
        self.prf(&self.master, &[label, &digest].concat(), 12)
    }

    pub(super) fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        self.seal_padded(kind, content, 0, |_| {})
    }

    /// A record with so many more blocks of padding, in which `change` has changed the plaintext.
    pub(super) fn seal_padded(
        &mut self,
        kind: u8,
        content: &[u8],
        blocks: usize,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> Vec<u8> {
        let Some(mut keys) = self.writing.take() else {
            return record(kind, self.version, content);
        };
        let covered = covered(keys.sequence, kind, self.version, content);
        let mut plain = [content, &self.mac(&keys.mac_key, &covered)].concat();
        let padding = 15 - plain.len() % 16 + 16 * blocks;
        plain.resize(plain.len() + padding + 1, u8::try_from(padding).unwrap());
        change(&mut plain);
        let vector =
            if self.version == [3, 1] { keys.chained.clone() } else { [0x77; 16].to_vec() };
        let mut sealed = vector.clone();
        for block in plain.chunks(16) {
            let last = sealed[sealed.len() - 16..].to_vec();
            let mixed: Vec<u8> = block.iter().zip(last).map(|(one, other)| one ^ other).collect();
            sealed.extend(aes(&keys.key, &mixed, Way::Encrypt));
        }
        keys.chained = sealed[sealed.len() - 16..].to_vec();
        keys.sequence += 1;
        self.writing = Some(keys);
        let start = if self.version == [3, 1] { 16 } else { 0 };
        record(kind, self.version, &sealed[start..])
    }

    /// The contents of records of the client.
    pub(super) fn open(&mut self, mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            found.push(self.next(&mut bytes));
        }
        found
    }

    /// What the client sends as data.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        let records = self.open(bytes);
        assert!(records.iter().all(|(kind, _)| *kind == 23));
        records.into_iter().flat_map(|(_, content)| content).collect()
    }

    fn next(&mut self, bytes: &mut &[u8]) -> (u8, Vec<u8>) {
        let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
        let (record, rest) = bytes.split_at(5 + length);
        *bytes = rest;
        assert_eq!(record[1..3], self.version);
        let (kind, mut sealed) = (record[0], &record[5..]);
        let Some(mut keys) = self.reading.take() else { return (kind, sealed.to_vec()) };
        let mut last = keys.chained.clone();
        if self.version != [3, 1] {
            last = sealed[..16].to_vec();
            sealed = &sealed[16..];
        }
        let mut plain = Vec::new();
        for block in sealed.chunks(16) {
            let mixed = aes(&keys.key, block, Way::Decrypt);
            plain.extend(mixed.iter().zip(&last).map(|(one, other)| one ^ other));
            last = block.to_vec();
        }
        let padding = plain[plain.len() - 1];
        let end = plain.len() - usize::from(padding) - 1;
        assert!(plain[end..].iter().all(|byte| *byte == padding));
        let (content, mac) = plain[..end].split_at(end - self.mac_length());
        let covered = covered(keys.sequence, kind, self.version, content);
        assert_eq!(mac, self.mac(&keys.mac_key, &covered));
        keys.chained = last;
        keys.sequence += 1;
        self.reading = Some(keys);
        (kind, content.to_vec())
    }
}

pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

pub(super) fn record(kind: u8, version: [u8; 2], content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind], &version[..], &length, content].concat()
}

fn covered(sequence: u64, kind: u8, version: [u8; 2], content: &[u8]) -> Vec<u8> {
    [&sequence.to_be_bytes()[..], &record(kind, version, content)].concat()
}

/// RFC 2104, for keys of up to 64 bytes.
fn hmac<D: Digest>(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let pad = |with: u8| -> Vec<u8> {
        (0..64).map(|place| key.get(place).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = D::digest([&pad(0x36), bytes].concat());
    D::digest([pad(0x5C), inner.to_vec()].concat()).to_vec()
}

fn p_hash(hmac: fn(&[u8], &[u8]) -> Vec<u8>, secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let (mut link, mut out) = (seed.to_vec(), Vec::new());
    while out.len() < length {
        link = hmac(secret, &link);
        out.extend(hmac(secret, &[&link, seed].concat()));
    }
    out.truncate(length);
    out
}

#[derive(Clone, Copy)]
enum Way {
    Decrypt,
    Encrypt,
}

fn aes(key: &[u8], block: &[u8], way: Way) -> Vec<u8> {
    if key.len() == 16 { one::<Aes128>(key, block, way) } else { one::<Aes256>(key, block, way) }
}

fn one<C: BlockCipher + BlockDecrypt + BlockEncrypt + KeyInit>(
    key: &[u8],
    block: &[u8],
    way: Way,
) -> Vec<u8> {
    let cipher = C::new_from_slice(key).unwrap();
    let mut block = Block::<C>::clone_from_slice(block);
    match way {
        Way::Decrypt => cipher.decrypt_block(&mut block),
        Way::Encrypt => cipher.encrypt_block(&mut block),
    }
    block.to_vec()
}
