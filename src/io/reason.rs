//! Why the system or a library refused, in the words that people read.
//!
//! Every error of theirs reaches a person through here: without a number such as "os error 13",
//! and without the name of a Rust type.

use std::io;

use nix::errno::Errno;
use rustls::Error;

use crate::io::source::NotOurAddress;
use crate::proto::old_tls::OldTlsFault;

/// The reason as it reads inside one of our lines: lower case, and no full stop.
#[must_use]
pub fn why(error: &io::Error) -> String {
    if let Some(number) = error.raw_os_error() {
        return of_errno(Errno::from_raw(number));
    }
    // The kind of a TLS error is only ever "invalid data".
    let Some(inner) = error.get_ref() else { return error.kind().to_string() };
    match (inner.downcast_ref(), inner.downcast_ref::<NotOurAddress>()) {
        (Some(tls), _) => of_tls(tls),
        (_, Some(ours)) => ours.to_string(),
        _ => match inner.downcast_ref::<OldTlsFault>() {
            Some(fault) => fault.to_string(),
            None => error.kind().to_string(),
        },
    }
}

pub(super) fn of_errno(errno: Errno) -> String {
    let reason = errno.desc();
    let mut chars = reason.chars();
    match (chars.next(), chars.next()) {
        // "I/O error" keeps its capital.
        (Some(first), Some(second)) if second.is_ascii_lowercase() => {
            format!("{}{}", first.to_ascii_lowercase(), reason.get(1..).unwrap_or_default())
        }
        _ => reason.to_owned(),
    }
}

/// The library shows most of its errors by the names of its own types.
pub(super) fn of_tls(error: &Error) -> String {
    match error {
        Error::AlertReceived(alert) => match alert.as_str() {
            Some(name) => format!("the server sent the alert {}", spaced(name, '_')),
            None => format!("the server sent the alert {}", u8::from(*alert)),
        },
        Error::InappropriateHandshakeMessage { got_type, .. } => {
            let message = spaced(&format!("{got_type:?}"), ' ');
            format!("the server sent a handshake message out of turn ({message})")
        }
        Error::InappropriateMessage { .. } => "the server sent a message out of turn".to_owned(),
        Error::InvalidMessage(why) => {
            format!("the server sent a malformed message ({})", spaced(&format!("{why:?}"), ' '))
        }
        Error::PeerIncompatible(why) => {
            format!("nothing in common with the server ({})", spaced(&format!("{why:?}"), ' '))
        }
        Error::PeerMisbehaved(why) => {
            format!("the server broke the protocol ({})", spaced(&format!("{why:?}"), ' '))
        }
        other => other.to_string(),
    }
}

/// The name of a variant as words: `UnknownPSKIdentity` is `unknown_psk_identity` among alerts
/// (RFC 8446 §6).
fn spaced(variant: &str, separator: char) -> String {
    let mut words = String::new();
    let mut was_capital = true;
    // What a variant carries is left out: it may be bytes of the peer's.
    let mut letters = variant.chars().take_while(char::is_ascii_alphanumeric).peekable();
    while let Some(c) = letters.next() {
        let is_capital = c.is_ascii_uppercase();
        // Capitals in a row are one word, but for the last one before a small letter.
        let begins = !was_capital || letters.peek().is_some_and(char::is_ascii_lowercase);
        if is_capital && begins && !words.is_empty() {
            words.push(separator);
        }
        words.push(c.to_ascii_lowercase());
        was_capital = is_capital;
    }
    words
}

/// The system's number for an error; EIO for one that did not come from the system.
pub(super) fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, PeerMisbehaved};

    use super::*;

    #[test]
    fn an_error_of_the_system_has_no_number() {
        let why = |errno: Errno| why(&io::Error::from(errno));
        assert_eq!(why(Errno::EACCES), "permission denied");
        assert_eq!(why(Errno::EIO), "I/O error");
        assert_eq!(super::why(&io::ErrorKind::UnexpectedEof.into()), "unexpected end of file");
    }

    #[test]
    fn an_error_of_tls_shows_no_type() {
        let why = |error: Error| why(&io::Error::new(io::ErrorKind::InvalidData, error));
        let alert = |alert| why(Error::AlertReceived(alert));
        assert_eq!(alert(AlertDescription::UnknownCA), "the server sent the alert unknown_ca");
        assert_eq!(spaced("UnknownPSKIdentity", '_'), "unknown_psk_identity");
        assert_eq!(alert(AlertDescription::Unknown(200)), "the server sent the alert 200");
        assert_eq!(
            why(Error::PeerMisbehaved(PeerMisbehaved::KeyEpochWithPendingFragment)),
            "the server broke the protocol (key epoch with pending fragment)"
        );
    }
}
