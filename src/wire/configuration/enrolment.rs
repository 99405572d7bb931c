//! What a configuration says about CAPF.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::wire::address::{Host, ServerAddress};
use crate::wire::configuration::document::Written;
use crate::wire::configuration::warning::{ConfigurationWarning, MemberFault};

/// What an encrypted configuration is encrypted for, in words: the certificate that `certHash` names.
#[must_use]
pub fn encrypted_for(hash: &str) -> String {
    if hash.is_empty() {
        // A phone that has yet to enrol: the call manager has no key to encrypt for.
        return "to be encrypted once the call manager has a certificate of this phone (certHash is \
                empty)"
            .to_string();
    }
    format!("encrypted for certificate <{hash}>")
}

/// Whether the phone is to ask CAPF for a certificate, how, and where.
///
/// # Source
/// Public configurations of call managers; CAPF facts A1 and C.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CapfFacts {
    /// How the phone proves who it is; [`AuthenticationMode::None`] if nothing is pending.
    pub mode: AuthenticationMode,
    /// The servers, in the order in which they are asked.
    pub servers: Vec<ServerAddress>,
}

/// How a phone proves to CAPF who it is: `capfAuthMode`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuthenticationMode {
    /// 0, or no known number: nothing is pending.
    #[default]
    None,
    /// 1: a string that a person enters at the phone.
    String,
    /// 2: not at all.
    NullString,
    /// 3: by its LSC, or its MIC if it has none.
    Lsc,
    /// 4: by its MIC.
    Mic,
}

impl AuthenticationMode {
    /// Reads the number; `None` for no known one.
    fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "0" => Self::None,
            "1" => Self::String,
            "2" => Self::NullString,
            "3" => Self::Lsc,
            "4" => Self::Mic,
            _ => return None,
        })
    }
}

/// As the call manager's pages name them.
impl fmt::Display for AuthenticationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "nothing pending",
            Self::String => "by authentication string",
            Self::NullString => "by null string",
            Self::Lsc => "by existing certificate (LSC)",
            Self::Mic => "by existing certificate (MIC)",
        })
    }
}

/// The facts, and what was passed over.
pub(super) fn facts(
    mode: Option<Box<str>>,
    written: Vec<Written>,
) -> (CapfFacts, Vec<ConfigurationWarning>) {
    let (mut facts, mut warnings) = (CapfFacts::default(), Vec::new());
    if let Some(found) = mode {
        match AuthenticationMode::from_text(&found) {
            Some(mode) => facts.mode = mode,
            None => warnings.push(ConfigurationWarning::CapfMode { found }),
        }
    }
    for (position, written) in written.into_iter().enumerate() {
        match server(written) {
            Ok(server) => facts.servers.extend(server),
            Err(fault) => warnings.push(ConfigurationWarning::CapfServer { position, fault }),
        }
    }
    facts.servers.truncate(MAX_CAPF_SERVERS);
    (facts, warnings)
}

/// A server; nothing if it has no name, as in files that are written by hand.
fn server(written: Written) -> Result<Option<ServerAddress>, MemberFault> {
    let port = written.port(CAPF_PORT);
    let Some(found) = written.address else { return Ok(None) };
    let port = port?;
    let host = Host::parse(&found).map_err(|why| MemberFault::Address { found, why })?;
    Ok(Some(ServerAddress { host, port }))
}

/// The port of CAPF where none is written (CAPF facts A1).
pub const CAPF_PORT: u16 = 3804;

/// Servers that are asked (reference documentation; CAPF facts A1).
const MAX_CAPF_SERVERS: usize = 5;
