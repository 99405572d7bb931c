//! The certificates of a side.

use alloc::vec::Vec;

use super::handshake::{HandshakeHeader, HandshakeKind, long, long_sized};
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// The certificates, DER, in the body of a Certificate: the server's own first.
///
/// # Layout
/// The length of all certificates, 3 bytes; then each after its length of 3 bytes.
///
/// # Errors
/// [`Fault::ZeroLength`] for none, [`Fault::LengthMismatch`], [`Fault::Truncated`],
/// [`Fault::TooMany`].
///
/// # Source
/// RFC 5246 §7.4.2; the same in TLS 1.0 and 1.1.
pub fn certificates(body: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let (mut reader, mut found) = (Reader::new(body), Vec::new());
    let length = long(&mut reader, "length of the certificates")?;
    if length != reader.left() {
        let fault = Fault::LengthMismatch { expected: reader.left(), found: length };
        return Err(Malformed::new(0, "length of the certificates", fault));
    }
    while reader.left() > 0 {
        let offset = reader.offset();
        let length = long(&mut reader, "length of the certificate")?;
        let certificate = reader.take(length, "certificate")?;
        let fault = match found.len() {
            _ if certificate.is_empty() => Some(Fault::ZeroLength),
            MAX_CERTIFICATES => Some(Fault::TooMany { expected: MAX_CERTIFICATES }),
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(Malformed::new(offset, "certificate", fault));
        }
        found.push(certificate);
    }
    if found.is_empty() {
        return Err(Malformed::new(0, "certificates", Fault::ZeroLength));
    }
    Ok(found)
}

/// The answer to a CertificateRequest of a client that has none (RFC 5246 §7.4.6).
#[must_use]
pub fn no_certificates() -> Vec<u8> {
    HandshakeHeader::emit(HandshakeKind::Certificate, &long_sized(&[]))
}

/// The most certificates of a chain. Inferred: call managers send one to four.
pub const MAX_CERTIFICATES: usize = 16;
