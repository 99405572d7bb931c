//! The errors of the interface, each with its facts. One table says which reason is which error.

use serde_json::{Value, json};

use crate::agent::ask::Unanswered;
use crate::agent::https::NotOpened;
use crate::agent::phone_file::NotTaken;
use crate::agent::service::access::Right;
use crate::io::tftp::Failure;
use crate::trust::Reason;
use crate::wire::varlink::Reply;

/// A call that fails: the name of an error, and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    name: String,
    parameters: Value,
}

impl Fault {
    /// An error of our interface.
    pub(super) fn new(name: &str, parameters: Value) -> Self {
        Self { name: format!("phone.secd.{name}"), parameters }
    }

    pub(super) fn invalid_parameter(parameter: &str) -> Self {
        Self::of_protocol("InvalidParameter", json!({ "parameter": parameter }))
    }

    pub(super) fn interface_not_found(interface: &str) -> Self {
        Self::of_protocol("InterfaceNotFound", json!({ "interface": interface }))
    }

    pub(super) fn method_not_found(method: &str) -> Self {
        Self::of_protocol("MethodNotFound", json!({ "method": method }))
    }

    pub(super) fn expected_more() -> Self {
        Self::of_protocol("ExpectedMore", json!({}))
    }

    pub(super) fn not_allowed(right: Right) -> Self {
        Self::new("NotAllowed", json!({ "right": right.to_string() }))
    }

    /// Not even a call.
    pub(super) fn not_a_call() -> Self {
        Self::invalid_parameter("method")
    }

    fn of_protocol(name: &str, parameters: Value) -> Self {
        Self { name: format!("org.varlink.service.{name}"), parameters }
    }

    pub(super) fn reply(self) -> Reply {
        Reply::error(&self.name, self.parameters)
    }
}

/// The table: each reason is one error.
const fn error_of(reason: &Reason) -> &'static str {
    match reason {
        Reason::Malformed(_) | Reason::BadCertificate { .. } | Reason::RecordMismatch { .. } => {
            "Malformed"
        }
        Reason::AmbiguousSigner | Reason::WrongRole { .. } | Reason::WrongSigner => {
            "SignerNotTrusted"
        }
        Reason::SignatureMismatch
        | Reason::UnsupportedAlgorithm(_)
        | Reason::UnsupportedDigest(_)
        | Reason::WeakKey { .. } => "BadSignature",
        Reason::FileNameMismatch { .. }
        | Reason::FirstUseDenied
        | Reason::NotPinned
        | Reason::Older { .. } => "RefusedByPolicy",
        Reason::DecryptFailed | Reason::NoKey => "NotDecrypted",
        Reason::Locked => "Locked",
    }
}

impl From<&Reason> for Fault {
    fn from(reason: &Reason) -> Self {
        if matches!(reason, Reason::Locked) {
            return Self::new(error_of(reason), json!({}));
        }
        let facts = json!({ "reason": reason.class(), "detail": reason.to_string() });
        Self::new(error_of(reason), facts)
    }
}

impl Fault {
    /// Why a file of that name was not obtained.
    pub(super) fn of_file(name: &str, limit: usize, not_taken: &NotTaken) -> Self {
        match not_taken {
            NotTaken::Fetch(Failure::NotFound { .. }) => {
                Self::new("FileNotFound", json!({ "name": name }))
            }
            NotTaken::Fetch(Failure::TooLarge { .. }) => {
                Self::new("FileTooLarge", json!({ "name": name, "limit": limit }))
            }
            NotTaken::Fetch(failure) => {
                Self::new("ServerUnreachable", json!({ "detail": failure.to_string() }))
            }
            NotTaken::Refused(reason) => Self::from(reason),
            NotTaken::Write(path, _) => {
                Self::new("NotWritten", json!({ "path": path.display().to_string() }))
            }
        }
    }
}

impl From<&NotOpened> for Fault {
    fn from(not_opened: &NotOpened) -> Self {
        let detail = json!({ "detail": not_opened.to_string() });
        match not_opened {
            NotOpened::Distrusted(_) => Self::new("NotTrusted", detail),
            NotOpened::Handshake(_) => Self::new("HandshakeFailed", detail),
            NotOpened::NoSlot => Self::new("TooManyConnections", json!({})),
            NotOpened::Unreachable(_) => Self::new("HostUnreachable", detail),
        }
    }
}

impl From<&Unanswered> for Fault {
    fn from(unanswered: &Unanswered) -> Self {
        Self::new("NotTrusted", json!({ "detail": unanswered.to_string() }))
    }
}
