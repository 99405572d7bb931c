//! The digest of all messages, which both sides compare in Finished.

use alloc::vec::Vec;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::prf::derive;
use crate::wire::old_tls::OldVersion;

/// All messages so far, with their headers, in order.
#[derive(Clone)]
pub(super) enum Transcript {
    /// TLS 1.0 and 1.1 (RFC 2246 §7.4.9).
    Both(OldVersion, Md5, Sha1),
    /// TLS 1.2 (RFC 5246 §7.4.9).
    Single(Sha256),
}

/// Which side a Finished is of.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Client,
    Server,
}

impl Transcript {
    /// Starts when the version is known, and so with two messages.
    pub(super) fn new(version: OldVersion) -> Self {
        match version {
            OldVersion::Tls10 | OldVersion::Tls11 => Self::Both(version, Md5::new(), Sha1::new()),
            OldVersion::Tls12 => Self::Single(Sha256::new()),
        }
    }

    pub(super) fn add(&mut self, message: &[u8]) {
        match self {
            Self::Both(_, md5, sha1) => {
                md5.update(message);
                sha1.update(message);
            }
            Self::Single(sha256) => sha256.update(message),
        }
    }

    /// What the Finished of a side must contain.
    pub(super) fn verify_data(&self, master: &[u8], side: Side) -> [u8; 12] {
        let (version, digest): (_, Vec<u8>) = match self.clone() {
            Self::Both(version, md5, sha1) => {
                (version, [md5.finalize().as_slice(), &sha1.finalize()].concat())
            }
            Self::Single(sha256) => (OldVersion::Tls12, sha256.finalize().to_vec()),
        };
        let label: &[u8] = match side {
            Side::Client => b"client finished",
            Side::Server => b"server finished",
        };
        let mut out = [0; 12];
        derive(version, master, &[label, &digest], &mut out);
        out
    }
}
