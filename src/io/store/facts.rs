//! What is known of an entry besides its bytes: notes, and so replaced with them by one rename.
//!
//! An entry that the version before has written lacks them: each is then unknown.

use super::entry::Entry;

/// Who signed what is installed, and when.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Signed {
    /// The timestamp of the signed file, seconds since 1970.
    pub timestamp: Option<u32>,
    /// The issuer of the signer's certificate, as the file writes it.
    pub issuer: Option<String>,
    /// The serial number of that certificate, as the log writes it.
    pub serial: Option<String>,
    /// SHA-256 of that certificate, if it was at hand.
    pub certificate: Option<[u8; 32]>,
}

impl Entry {
    /// The same with one more number.
    #[must_use]
    pub fn with_number(self, key: &str, number: u32) -> Self {
        self.with(key, &number.to_string())
    }

    /// The number that is noted under a key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u32> {
        self.note(key)?.parse().ok()
    }

    /// The same with one more SHA-256.
    #[must_use]
    pub fn with_digest(self, key: &str, digest: &[u8; 32]) -> Self {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.with(key, &hex)
    }

    /// The SHA-256 that is noted under a key.
    #[must_use]
    pub fn digest(&self, key: &str) -> Option<[u8; 32]> {
        let hex = self.note(key).filter(|hex| hex.is_ascii())?;
        let byte = |at: usize| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok();
        let digest: Vec<u8> = (0..32).map_while(byte).collect();
        digest.try_into().ok().filter(|_| hex.len() == 64)
    }

    /// The same with who signed it. Nothing that is known keeps an entry from being installed: a name
    /// that the header cannot hold is left out.
    #[must_use]
    pub fn signed(mut self, signed: &Signed) -> Self {
        if let Some(timestamp) = signed.timestamp {
            self = self.with_number(TIMESTAMP, timestamp);
        }
        if let Some(issuer) = &signed.issuer {
            for (part, key) in parts(issuer).into_iter().zip(ISSUER) {
                self = self.with(key, part);
            }
        }
        if let Some(serial) = signed.serial.as_ref().filter(|serial| serial.len() <= PART) {
            self = self.with(SERIAL, serial);
        }
        match &signed.certificate {
            Some(certificate) => self.with_digest(CERTIFICATE, certificate),
            None => self,
        }
    }

    /// Who signed it, as far as that is known.
    #[must_use]
    pub fn signature(&self) -> Signed {
        let issuer: Vec<&str> = ISSUER.into_iter().map_while(|key| self.note(key)).collect();
        Signed {
            timestamp: self.number(TIMESTAMP),
            issuer: (!issuer.is_empty()).then(|| issuer.concat()),
            serial: self.note(SERIAL).map(str::to_owned),
            certificate: self.digest(CERTIFICATE),
        }
    }
}

/// A name in parts that each fit into a note; none if it does not fit at all.
fn parts(name: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), name);
    while !rest.is_empty() {
        let fits = |at: &usize| rest.is_char_boundary(*at);
        let end = (0..=PART.min(rest.len())).rev().find(fits).unwrap_or_default();
        let (part, more) = rest.split_at(end);
        parts.push(part);
        rest = more;
    }
    if parts.len() > ISSUER.len() || name.chars().any(char::is_control) {
        parts.clear();
    }
    parts
}

const TIMESTAMP: &str = "signed";
const SERIAL: &str = "signer-serial";
const CERTIFICATE: &str = "signer-sha256";
/// The keys of the parts of a long name.
const ISSUER: [&str; 4] =
    ["signer-issuer", "signer-issuer-2", "signer-issuer-3", "signer-issuer-4"];
/// Bytes of a part: what a note takes.
const PART: usize = 320;

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(issuer: &str) -> Signed {
        Signed {
            timestamp: Some(1_700_000_000),
            issuer: Some(issuer.to_owned()),
            serial: Some("DD:26".to_owned()),
            certificate: Some([0xa5; 32]),
        }
    }

    #[test]
    fn what_is_known_is_read_again() {
        for length in [1, 319, 320, 321, 1280] {
            let signed = signed(&"x".repeat(length));
            assert_eq!(Entry::default().signed(&signed).signature(), signed);
        }
        let umlauts = signed(&"ä".repeat(300));
        assert_eq!(Entry::default().signed(&umlauts).signature(), umlauts);
        assert_eq!(Entry::default().signature(), Signed::default());
    }

    #[test]
    fn a_name_that_does_not_fit_is_unknown_and_the_rest_is_not() {
        for issuer in ["x".repeat(1281), "two\nlines".to_owned()] {
            let known = Entry::default().signed(&signed(&issuer)).signature();
            assert_eq!(known, Signed { issuer: None, ..signed("") });
        }
    }

    #[test]
    fn a_digest_is_exactly_one() {
        for hex in ["", "a5", &"a5".repeat(33), &"zz".repeat(32), &"ä".repeat(32)] {
            assert_eq!(Entry::default().with("pin", hex).digest("pin"), None, "{hex}");
        }
    }
}
