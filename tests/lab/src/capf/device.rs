//! Phones as the call manager knows them: what is to be done, and what is on record.

use std::fmt;

use md5::{Digest as _, Md5};

use super::key::KeyKind;
use super::proof;

/// How a phone authenticates itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Method {
    /// By its LSC; by its MIC as long as there is none.
    Lsc,
    /// By its MIC.
    Mic,
    /// Not at all.
    NullString,
    /// By digits that a person enters; they are good for one operation.
    Password(String),
}

impl Method {
    /// The number in `capfAuthMode`.
    pub fn mode(&self) -> u8 {
        match self {
            Self::Password(_) => 1,
            Self::NullString => 2,
            Self::Lsc => 3,
            Self::Mic => 4,
        }
    }
}

impl std::str::FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match (text, text.strip_prefix("string:")) {
            ("null", _) => Self::NullString,
            ("lsc", _) => Self::Lsc,
            ("mic", _) => Self::Mic,
            (_, Some(digits)) if is_password(digits) => Self::Password(digits.to_owned()),
            _ => return Err(format!("no such method: {text}; null, string:DIGITS, lsc or mic")),
        })
    }
}

/// 4 to 15 digits, as the reference's tool takes them.
fn is_password(digits: &str) -> bool {
    (4..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is pending for a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// It deletes its LSC and key.
    Delete,
    /// It sends its LSC ("troubleshoot").
    Fetch,
    /// It makes a key of this kind and gets a certificate.
    Install(KeyKind),
    /// Nothing.
    Nothing,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete => f.write_str("delete"),
            Self::Fetch => f.write_str("fetch"),
            Self::Install(kind) => write!(f, "install {kind}"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

/// What the phone's configuration is like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// Signed and short, with an encrypted one beside it.
    Encrypted,
    /// Signed.
    Signed,
}

/// A phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// How it authenticates itself.
    pub method: Method,
    /// What is pending.
    pub operation: Operation,
    /// What its configuration is like.
    pub profile: Profile,
    /// Its LSC on record, DER.
    pub lsc: Option<Vec<u8>>,
    /// Its MIC on record, DER.
    pub mic: Option<Vec<u8>>,
    /// How many operations it has completed.
    pub completed: usize,
    /// For how many requests the encrypted configuration stays as it was.
    delay: usize,
    /// The password has been used.
    pub(super) spent: bool,
    /// A certificate has been issued since the last operation was scheduled.
    pub(super) issued: bool,
    old: Option<Old>,
}

/// The encrypted configuration before it is built anew.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Old {
    requests: usize,
    recipient: Option<Vec<u8>>,
}

impl Device {
    /// A phone that authenticates by the null string, with nothing pending and nothing on record;
    /// its configuration is signed.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            method: Method::NullString,
            operation: Operation::Nothing,
            profile: Profile::Signed,
            lsc: None,
            mic: None,
            completed: 0,
            delay: 0,
            spent: false,
            issued: false,
            old: None,
        }
    }

    /// Authenticates so.
    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Has this pending.
    #[must_use]
    pub fn with(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    /// Its configuration is encrypted as soon as there is an RSA certificate on record.
    #[must_use]
    pub fn encrypted(mut self) -> Self {
        self.profile = Profile::Encrypted;
        self
    }

    /// With this MIC on record, DER.
    #[must_use]
    pub fn mic(mut self, der: &[u8]) -> Self {
        self.mic = Some(der.to_vec());
        self
    }

    /// With this LSC on record, DER.
    #[must_use]
    pub fn lsc(mut self, der: &[u8]) -> Self {
        self.lsc = Some(der.to_vec());
        self
    }

    /// After a change of the certificate on record, so many requests for the encrypted
    /// configuration are answered as before: call managers build it with delay.
    #[must_use]
    pub fn rebuilt_after(mut self, requests: usize) -> Self {
        self.delay = requests;
        self
    }

    /// The number for `capfAuthMode`.
    pub fn mode(&self) -> u8 {
        match self.operation {
            Operation::Nothing => 0,
            _ => self.method.mode(),
        }
    }

    /// The text for `certHash`: of the LSC, else of the MIC, else empty.
    pub fn cert_hash(&self) -> String {
        let hash = |der: &Vec<u8>| format!("{:x}", Md5::digest(der));
        self.lsc.as_ref().or(self.mic.as_ref()).map(hash).unwrap_or_default()
    }

    /// The certificate that proves the device, if the method asks for one.
    pub(super) fn proving(&self) -> Option<&[u8]> {
        match self.method {
            Method::Lsc => self.lsc.as_deref().or(self.mic.as_deref()),
            Method::Mic => self.mic.as_deref(),
            Method::NullString | Method::Password(_) => None,
        }
    }

    /// The certificate that proves the session: an RSA one, the MIC rather than the LSC.
    pub(super) fn sudi(&self) -> Option<&[u8]> {
        [&self.mic, &self.lsc].into_iter().flatten().map(Vec::as_slice).find(|der| is_rsa(der))
    }

    /// For whom the encrypted configuration is from now on, DER.
    fn recipient(&self) -> Option<&[u8]> {
        [&self.lsc, &self.mic].into_iter().flatten().map(Vec::as_slice).find(|der| is_rsa(der))
    }

    /// For whom it is at this request.
    pub(super) fn next_recipient(&mut self) -> Option<Vec<u8>> {
        match &mut self.old {
            Some(old) if old.requests > 0 => {
                old.requests -= 1;
                old.recipient.clone()
            }
            _ => self.recipient().map(<[u8]>::to_vec),
        }
    }

    /// Another LSC on record, or none.
    pub(super) fn set_lsc(&mut self, lsc: Option<Vec<u8>>) {
        let recipient = self.recipient().map(<[u8]>::to_vec);
        self.old = Some(Old { requests: self.delay, recipient });
        self.lsc = lsc;
    }

    /// What was pending is done.
    pub(super) fn complete(&mut self) {
        self.issued = matches!(self.operation, Operation::Install(_));
        self.spent = matches!(self.method, Method::Password(_));
        self.operation = Operation::Nothing;
        self.completed += 1;
    }
}

fn is_rsa(der: &[u8]) -> bool {
    proof::key_of(der).is_some_and(|key| key.rsa().is_some())
}
