//! Signed files (`.sgn`).

use crate::certificate::Identity;
use crate::digest::Digest;
use crate::envelope::{self, Header};
use crate::names::Layout;

/// How files are signed: everything but the signer, the name and the content.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The writer that is imitated.
    pub layout: Layout,
    /// Digest of the signature.
    pub digest: Digest,
    /// Tag 15, seconds since 1970.
    pub timestamp: u32,
}

/// The signed file around `payload`; `name` is the whole requested name, with `.sgn`.
pub fn signed(style: Style, signer: &Identity, name: &str, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        version: [1, 0],
        signer_version: None,
        layout: style.layout,
        digest: style.digest,
        filename: name,
        timestamp: style.timestamp,
        encryption: Vec::new(),
    };
    envelope::seal(&header, signer, payload)
}
