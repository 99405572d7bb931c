//! The server's side of the protocol: it shares no code with the phone, so that no mistake cancels
//! itself out, and it can be made to break every rule.

use md5::Md5;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use rustls::KeyLog;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::primitives::{Way, aes, hmac, p_hash};
use crate::keylog::Keeper;

/// What a client did that this server does not take.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Broken {
    /// It has nothing in common with the server, which answers with this alert.
    Alert(u8),
    /// A record was changed, or is of other keys.
    BadMac,
    /// What came does not follow the format.
    Malformed,
    /// Something came out of turn: the kind of the record, and its content.
    Unexpected(u8, Vec<u8>),
}

/// The server's side of one connection, without a socket.
pub struct OldServer {
    key: RsaPrivateKey,
    chain: Vec<Vec<u8>>,
    version: [u8; 2],
    suite: u16,
    /// Whether it asks for a certificate of the client.
    pub asks: bool,
    /// What follows the suite in its hello: compression, extensions.
    pub after_suite: Vec<u8>,
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

impl OldServer {
    /// A server of one version (3.1 is TLS 1.0) and one suite.
    pub fn new(key: RsaPrivateKey, chain: Vec<Vec<u8>>, version: [u8; 2], suite: u16) -> Self {
        Self {
            key,
            chain,
            version,
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

    /// Its public key, PKCS#1 DER.
    pub fn public_der(&self) -> Vec<u8> {
        let der = self.key.to_public_key().to_pkcs1_der();
        der.expect("a key of the pool encodes").as_bytes().to_vec()
    }

    /// Takes the record of a ClientHello.
    ///
    /// # Errors
    /// The alert for a client that has nothing in common with it.
    pub fn take_hello(&mut self, record: &[u8]) -> Result<(), Broken> {
        let hello = record.strip_prefix(&[22, 3, 1]).and_then(|rest| rest.get(2..));
        let hello = hello.filter(|hello| hello.len() > 38).ok_or(Broken::Malformed)?;
        self.messages.extend(hello);
        self.client_random = hello[6..38].to_vec();
        let suites = offered(hello).ok_or(Broken::Malformed)?;
        match hello[4..6] < self.version[..] {
            // RFC 7507 §3: whoever falls back further than it must is refused.
            true if suites.contains(&FALLBACK) => Err(Broken::Alert(INAPPROPRIATE_FALLBACK)),
            true => Err(Broken::Alert(PROTOCOL_VERSION)),
            false if suites.contains(&self.suite) => Ok(()),
            false => Err(Broken::Alert(HANDSHAKE_FAILURE)),
        }
    }

    /// Its ServerHello.
    pub fn hello(&self) -> Vec<u8> {
        let suite = self.suite.to_be_bytes();
        let body = [&self.version[..], &RANDOM, &[2, 1, 1], &suite, &self.after_suite].concat();
        message(2, &body)
    }

    /// Its certificates.
    pub fn certificate(&self) -> Vec<u8> {
        let sized = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).expect("no certificate is that long");
            [&length.to_be_bytes()[1..], bytes].concat()
        };
        let all: Vec<u8> = self.chain.iter().flat_map(|der| sized(der)).collect();
        message(11, &sized(&all))
    }

    /// Its first turn, in one record.
    pub fn turn(&mut self) -> Vec<u8> {
        // Any RSA certificate with SHA-1, of anyone; TLS 1.0 has no list of signatures.
        let request = if self.version == [3, 3] {
            message(13, &[1, 1, 0, 2, 2, 1, 0, 0])
        } else {
            message(13, &[1, 1, 0, 0])
        };
        let request = if self.asks { request } else { Vec::new() };
        let turn = [self.hello(), self.certificate(), request, message(14, &[])].concat();
        self.messages.extend(&turn);
        self.seal(22, &turn)
    }

    /// Takes the client's turn to its Finished, and returns the version in the premaster secret.
    ///
    /// # Errors
    /// What the client did otherwise.
    pub fn take_keys(&mut self, mut bytes: &[u8]) -> Result<[u8; 2], Broken> {
        if self.asks {
            self.expect(&mut bytes, (22, &[11, 0, 0, 3, 0, 0, 0]))?;
            self.messages.extend([11, 0, 0, 3, 0, 0, 0]);
        }
        let (kind, exchange) = self.next(&mut bytes)?;
        if (kind, exchange.first()) != (22, Some(&16)) {
            return Err(Broken::Unexpected(kind, exchange));
        }
        self.messages.extend(&exchange);
        let encrypted = exchange.get(6..).ok_or(Broken::Malformed)?;
        let premaster = self.key.decrypt(Pkcs1v15Encrypt, encrypted).ok();
        let premaster = premaster.filter(|premaster| premaster.len() == 48);
        // An error here would say what was wrong with the padding (RFC 5246 §7.4.7.1).
        let premaster = premaster.unwrap_or_else(|| vec![0; 48]);
        self.make_keys(&premaster);
        self.expect(&mut bytes, (20, &[1]))?;
        self.reading = Some(self.keys().0);
        let expected = message(20, &self.verify_data(b"client finished"));
        self.expect(&mut bytes, (22, &expected))?;
        self.messages.extend(&expected);
        match bytes {
            [] => Ok([premaster[0], premaster[1]]),
            _ => Err(Broken::Malformed),
        }
    }

    fn expect(&mut self, bytes: &mut &[u8], expected: (u8, &[u8])) -> Result<(), Broken> {
        let (kind, content) = self.next(bytes)?;
        match (kind, content.as_slice()) == expected {
            true => Ok(()),
            false => Err(Broken::Unexpected(kind, content)),
        }
    }

    /// Goes on without the premaster secret, which it cannot read.
    pub fn guess(&mut self) {
        self.make_keys(&[0; 48]);
    }

    /// Its ChangeCipherSpec; what it seals from then on is protected.
    pub fn change(&mut self) -> Vec<u8> {
        let change = self.seal(20, &[1]);
        self.writing = Some(self.keys().1);
        change
    }

    /// Its Finished.
    pub fn finished(&self) -> Vec<u8> {
        message(20, &self.verify_data(b"server finished"))
    }

    /// Its last turn, in two records.
    pub fn finish(&mut self) -> Vec<u8> {
        let change = self.change();
        let finished = self.finished();
        [change, self.seal(22, &finished)].concat()
    }

    fn make_keys(&mut self, premaster: &[u8]) {
        let seed = [b"master secret", self.client_random.as_slice(), &RANDOM].concat();
        self.master = self.prf(premaster, &seed, 48);
        Keeper.log("CLIENT_RANDOM", &self.client_random, &self.master);
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

    /// A record.
    pub fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        self.seal_padded(kind, content, 0, |_| {})
    }

    /// A record with so many more blocks of padding, in which `change` has changed the plaintext.
    pub fn seal_padded(
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
        plain.resize(plain.len() + padding + 1, u8::try_from(padding).expect("at most 16 blocks"));
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

    /// The kinds and contents of records of the client.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(&mut self, mut bytes: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, Broken> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            found.push(self.next(&mut bytes)?);
        }
        Ok(found)
    }

    fn next(&mut self, bytes: &mut &[u8]) -> Result<(u8, Vec<u8>), Broken> {
        let [kind, major, minor, high, low, ..] = **bytes else { return Err(Broken::Malformed) };
        let end = 5 + usize::from(u16::from_be_bytes([high, low]));
        let (record, rest) = bytes.split_at_checked(end).ok_or(Broken::Malformed)?;
        *bytes = rest;
        let mut sealed = &record[5..];
        if [major, minor] != self.version {
            return Err(Broken::Malformed);
        }
        let Some(mut keys) = self.reading.take() else { return Ok((kind, sealed.to_vec())) };
        let mut last = keys.chained.clone();
        if self.version != [3, 1] {
            let (vector, rest) = sealed.split_at_checked(16).ok_or(Broken::Malformed)?;
            (last, sealed) = (vector.to_vec(), rest);
        }
        let mut plain = Vec::new();
        for block in sealed.chunks(16) {
            if block.len() != 16 {
                return Err(Broken::Malformed);
            }
            let mixed = aes(&keys.key, block, Way::Decrypt);
            plain.extend(mixed.iter().zip(&last).map(|(one, other)| one ^ other));
            last = block.to_vec();
        }
        let content = self.verified(&keys, kind, &plain).ok_or(Broken::BadMac)?;
        keys.chained = last;
        keys.sequence += 1;
        self.reading = Some(keys);
        Ok((kind, content))
    }

    fn verified(&self, keys: &Direction, kind: u8, plain: &[u8]) -> Option<Vec<u8>> {
        let padding = *plain.last()?;
        let end = plain.len().checked_sub(usize::from(padding) + 1)?;
        let (inner, filled) = plain.split_at(end);
        let (content, mac) = inner.split_at(end.checked_sub(self.mac_length())?);
        let covered = covered(keys.sequence, kind, self.version, content);
        let is_right = filled.iter().all(|byte| *byte == padding);
        (is_right && mac == self.mac(&keys.mac_key, &covered)).then(|| content.to_vec())
    }
}

/// The suites in a ClientHello.
fn offered(hello: &[u8]) -> Option<Vec<u16>> {
    let suites = 39 + usize::from(*hello.get(38)?);
    let length: [u8; 2] = hello.get(suites..suites + 2)?.try_into().ok()?;
    let listed = hello.get(suites + 2..suites + 2 + usize::from(u16::from_be_bytes(length)))?;
    Some(listed.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
}

/// A message of a handshake.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("nothing here is that long").to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// A record without protection.
pub fn record(kind: u8, version: [u8; 2], content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("nothing here is that long").to_be_bytes();
    [&[kind], &version[..], &length, content].concat()
}

fn covered(sequence: u64, kind: u8, version: [u8; 2], content: &[u8]) -> Vec<u8> {
    [&sequence.to_be_bytes()[..], &record(kind, version, content)].concat()
}

/// `TLS_FALLBACK_SCSV` (RFC 7507 §4).
const FALLBACK: u16 = 0x5600;
/// Alerts (RFC 5246 §7.2, RFC 7507 §3).
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
const INAPPROPRIATE_FALLBACK: u8 = 86;
