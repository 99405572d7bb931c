//! The signed header that lists, signed files and encrypted files share.

use std::ops::Range;

use crate::certificate::Identity;
use crate::digest::Digest;
use crate::names::Layout;
use crate::tlv;

/// The fields of a header that are not computed.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// Tag 1: 1.2 for lists, 1.0 for signed files, 2.0 for encrypted ones.
    pub version: [u8; 2],
    /// Tag 28, right after tag 2, where given.
    pub signer_version: Option<[u8; 2]>,
    /// Order inside the signer block, and the form of names.
    pub layout: Layout,
    /// Digest of the signature.
    pub digest: Digest,
    /// Tag 14, without NUL.
    pub filename: &'a str,
    /// Tag 15, seconds since 1970.
    pub timestamp: u32,
    /// Elements that follow tag 15, already encoded (tags 16, 26 and 27).
    pub encryption: Vec<u8>,
}

/// The whole file: header, signature, padding to a multiple of four, body.
///
/// Only RSA keys sign files; an EC signer is a mistake of the test, and panics.
pub fn seal(header: &Header<'_>, signer: &Identity, body: &[u8]) -> Vec<u8> {
    let signature_length = signer.key.modulus_length().expect("files are signed with RSA keys");
    let before = before_signature(header, signer, signature_length);
    let after = [
        tlv::text(14, header.filename),
        tlv::element(15, &header.timestamp.to_be_bytes()),
        header.encryption.clone(),
    ]
    .concat();
    let fixed = FIRST_FIELDS + before.len() + 3 + signature_length + after.len();
    let length = fixed.next_multiple_of(4);
    let length_field = u16::try_from(length).expect("a header is below 64 KiB");

    let start = [tlv::element(1, &header.version), tlv::number(2, length_field), before].concat();
    let end = [after, vec![PADDING; length - fixed], body.to_vec()].concat();
    let signature = signer.key.sign(header.digest, &[start.as_slice(), &end].concat());
    [start, tlv::element(12, &signature), end].concat()
}

/// Tags 28, 3 and 7.
fn before_signature(header: &Header<'_>, signer: &Identity, signature_length: usize) -> Vec<u8> {
    let certificate = &signer.certificate;
    let name = tlv::text(4, &certificate.subject.text(header.layout));
    let serial = tlv::element(5, &certificate.serial);
    let issuer = tlv::text(6, &certificate.issuer.text(header.layout));
    let signer_block = match header.layout {
        Layout::CallManager => [name, serial, issuer],
        Layout::Tools => [name, issuer, serial],
    };
    let algorithm =
        [tlv::element(10, &[RSA_PKCS1]), tlv::element(11, &[modulus_code(signature_length)])];
    let signature_block = [tlv::element(8, &[header.digest.code()]), tlv::container(9, &algorithm)];
    [
        header.signer_version.map(|version| tlv::element(28, &version)).unwrap_or_default(),
        tlv::container(3, &signer_block),
        tlv::container(7, &signature_block),
    ]
    .concat()
}

fn modulus_code(bytes: usize) -> u8 {
    match bytes {
        64 => 0,
        128 => 1,
        256 => 2,
        512 => 3,
        other => panic!("no modulus code for a key of {other} bytes"),
    }
}

/// Where the signature element (tag, length and value) lies in a well-formed file.
pub fn signature_range(file: &[u8]) -> Range<usize> {
    let mut at = 0;
    loop {
        let [tag, high, low] = file
            .get(at..at + 3)
            .and_then(|slice| slice.try_into().ok())
            .expect("a well-formed header has a signature");
        let end = at + 3 + usize::from(u16::from_be_bytes([high, low]));
        if tag == 12 {
            return at..end;
        }
        at = end;
    }
}

/// What the signature covers: the file either side of the signature element.
pub fn signed_bytes(file: &[u8]) -> Vec<u8> {
    let range = signature_range(file);
    let before = file.get(..range.start).unwrap_or_default();
    let after = file.get(range.end..).unwrap_or_default();
    [before, after].concat()
}

/// Signs anew a file that a test has changed, in place; the length of the signature must fit.
pub fn resign(file: &mut [u8], signer: &Identity, digest: Digest) {
    let signature = signer.key.sign(digest, &signed_bytes(file));
    let range = signature_range(file);
    let value = file.get_mut(range.start + 3..range.end).expect("the range is inside");
    value.copy_from_slice(&signature);
}

/// Bytes of tags 1 and 2.
const FIRST_FIELDS: usize = 10;
/// Tag 13: a single byte without length.
const PADDING: u8 = 13;
/// Tag 10: RSASSA-PKCS1-v1_5.
const RSA_PKCS1: u8 = 0;
