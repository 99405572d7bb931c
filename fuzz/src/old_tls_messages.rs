//! Each message of old TLS on its own, beyond what a handshake lets through: nothing is read past
//! its end, and what can be written again is the same.

use secd::wire::old_tls::{HandshakeHeader, RecordHeader, ServerChoice, TlsAlert, certificates};

pub(crate) fn one(bytes: &[u8]) {
    match RecordHeader::parse(bytes) {
        Ok(Some(header)) => assert!(header.length <= RecordHeader::MAX_SENT),
        Ok(None) => assert!(bytes.len() < RecordHeader::LENGTH),
        Err(malformed) => assert!(malformed.offset < RecordHeader::LENGTH),
    }
    match HandshakeHeader::parse(bytes) {
        Ok(Some(header)) => assert!(header.length <= HandshakeHeader::MAX_BODY),
        Ok(None) => assert!(bytes.len() < HandshakeHeader::LENGTH),
        Err(malformed) => assert!(!malformed.to_string().is_empty()),
    }
    if let Ok(chain) = certificates(bytes) {
        assert!(chain.iter().all(|certificate| !certificate.is_empty()));
        assert!(chain.iter().map(|certificate| certificate.len() + 3).sum::<usize>() < bytes.len());
    }
    if let Ok(alert) = TlsAlert::parse(bytes) {
        assert_eq!(alert.emit(), bytes);
    }
    if let Ok(choice) = ServerChoice::parse(bytes) {
        let _shown = (choice.version.to_string(), choice.suite.to_string());
    }
}
