//! A header that parses describes its file exactly; one that does not is faulted inside it.

use secd::wire::{Envelope, FileKind};

pub(crate) fn one(bytes: &[u8]) {
    for kind in [FileKind::List, FileKind::Signed, FileKind::Encrypted] {
        match Envelope::parse(bytes, kind) {
            Ok(envelope) => {
                describes(&envelope, bytes);
                assert_eq!(envelope.encryption.is_some(), kind == FileKind::Encrypted);
            }
            Err(malformed) => {
                assert!(malformed.offset <= bytes.len());
                assert!(!malformed.to_string().is_empty());
            }
        }
    }
}

fn describes(envelope: &Envelope<'_>, bytes: &[u8]) {
    let [before, after] = envelope.signed_bytes();
    let signature = [&[12][..], &length(envelope.signature), envelope.signature].concat();
    assert_eq!([before, &signature, after].concat(), bytes);
    assert_eq!(envelope.bytes(), bytes);
    let (header, body) = bytes.split_at(envelope.header_length);
    assert_eq!(envelope.body(), body);
    assert!(before.len() + signature.len() + envelope.padding <= header.len());
    assert!(header.ends_with(&vec![13; envelope.padding]));
    for unknown in &envelope.unknown {
        assert_eq!(header.get(unknown.offset), Some(&unknown.tag));
    }
    assert!(!envelope.file_name.contains('\0') && envelope.signer.name.is_terminated());
}

fn length(value: &[u8]) -> [u8; 2] {
    u16::try_from(value.len()).expect("a length of two bytes").to_be_bytes()
}
