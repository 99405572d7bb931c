//! The lab's server, which shares no code with the client; what it does not take is a failure.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use secd_lab::keys::{Kind, Pool};
use secd_lab::old_tls::OldServer;
pub(super) use secd_lab::old_tls::{message, record};

use crate::proto::old_tls::ServerKey;
use crate::wire::old_tls::OldVersion;

pub(super) struct TestServer(OldServer);

impl TestServer {
    pub(super) fn new(version: OldVersion, suite: u16) -> Self {
        let key = Pool::new().take(Kind::Rsa1024).rsa().unwrap().clone();
        let chain = [b"leaf".to_vec(), b"authority".to_vec()].to_vec();
        Self(OldServer::new(key, chain, version.number().0, suite))
    }

    pub(super) fn public_key(&self) -> ServerKey {
        ServerKey::new(&self.public_der(), 1024).unwrap()
    }

    pub(super) fn take_hello(&mut self, record: &[u8]) {
        self.0.take_hello(record).unwrap();
    }

    pub(super) fn take_keys(&mut self, bytes: &[u8]) -> [u8; 2] {
        self.0.take_keys(bytes).unwrap()
    }

    /// The contents of records of the client.
    pub(super) fn open(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        self.0.open(bytes).unwrap()
    }

    /// What the client sends as data.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        let records = self.open(bytes);
        assert!(records.iter().all(|(kind, _)| *kind == 23));
        records.into_iter().flat_map(|(_, content)| content).collect()
    }
}

impl Deref for TestServer {
    type Target = OldServer;

    fn deref(&self) -> &OldServer {
        &self.0
    }
}

impl DerefMut for TestServer {
    fn deref_mut(&mut self) -> &mut OldServer {
        &mut self.0
    }
}
