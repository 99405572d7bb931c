//! What the commands that ask the daemon have in common.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::cli::{Exit, Failure};
use crate::io::console::escape;
use crate::io::ipc::{self, Caller, Refusal};

/// Which daemon is asked, and how its answer is shown.
pub(super) struct Daemon {
    pub(super) socket: PathBuf,
    /// Whether facts are printed as one object.
    pub(super) json: bool,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { socket: SOCKET.into(), json: false }
    }
}

impl Daemon {
    pub(super) fn connect(&self) -> Result<Caller, Failure> {
        Caller::connect(&self.socket).map_err(failure)
    }

    /// One call that is answered at once.
    pub(super) fn ask(&self, method: &str, parameters: Value) -> Result<Value, Failure> {
        self.connect()?.call(method, parameters, SOON).map_err(failure)
    }

    /// One call that may need the network.
    pub(super) fn ask_patiently(&self, method: &str, parameters: Value) -> Result<Value, Failure> {
        self.connect()?.call(method, parameters, PATIENCE).map_err(failure)
    }
}

/// Why the daemon did not do it, in one line.
pub(super) fn failure(failure: ipc::Failure) -> Failure {
    match failure {
        ipc::Failure::Refused(refusal) => refused(&refusal),
        ipc::Failure::TooLong => Failure::new(Exit::Malformed, failure),
        _ => Failure::new(Exit::Unavailable, failure),
    }
}

fn refused(refusal: &Refusal) -> Failure {
    let (interface, name) = refusal.name.rsplit_once('.').unwrap_or(("", &refusal.name));
    let (exit, words) = match name {
        _ if interface != "phone.secd" => (Exit::Usage, name),
        "BadCertificate" => (Exit::Malformed, "not a certificate in PEM"),
        "BadConfiguration" => (Exit::Config, "the configuration has faults, nothing was changed"),
        "BadName" => (Exit::Usage, "no name that can be asked for"),
        "BadSignature" => (Exit::Refused, "the signature does not hold"),
        "FileNotFound" => (Exit::Refused, "no server has the file"),
        "FileTooLarge" => (Exit::Malformed, "larger than allowed"),
        "HandshakeFailed" => (Exit::Unavailable, "no TLS"),
        "HostUnreachable" => (Exit::Unavailable, "unreachable"),
        "Locked" => (Exit::Refused, "locked: what was trusted cannot be read; `secd erase all`"),
        "Malformed" => (Exit::Malformed, "malformed"),
        "NotAllowed" => (Exit::Refused, "this user is not allowed to"),
        "NotDecrypted" => (Exit::Refused, "not decrypted"),
        "NotTrusted" => (Exit::Refused, "not trusted"),
        "NotWritten" => (Exit::NoInput, "not written"),
        "RefusedByPolicy" => (Exit::Refused, "refused by policy"),
        "ServerUnreachable" => (Exit::Unavailable, "no server gave the file"),
        "SignerNotTrusted" => (Exit::Refused, "the signer is not trusted"),
        "TooManyConnections" => (Exit::Unavailable, "too many connections are open"),
        "WrongConfirmation" => (Exit::Refused, "the confirmation is wrong or too old"),
        other => (Exit::Refused, other),
    };
    let facts = facts(&refusal.parameters);
    let colon = if facts.is_empty() { "" } else { ": " };
    Failure::new(exit, format!("{}{colon}{}", escape(words), escape(&facts)))
}

/// The detail of an error, or whatever else it has.
fn facts(parameters: &Value) -> String {
    if let Some(detail) = parameters.get("detail") {
        return plain(detail);
    }
    let members = parameters.as_object().into_iter().flatten();
    members.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

/// A value without the marks of JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A member as text; empty if it is not there.
pub(super) fn member(value: &Value, name: &str) -> String {
    value.get(name).map(plain).unwrap_or_default()
}

/// The items of a member that is an array.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Where the image puts the socket.
const SOCKET: &str = "/run/secd/socket";

/// Nothing that the agent has to look up takes longer, even when it is busy.
const SOON: Duration = Duration::from_secs(10);

/// Longer than all time limits of a file, or of a connection and its questions, together.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
