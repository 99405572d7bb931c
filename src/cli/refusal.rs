//! Why the daemon refused a call or did not answer it, in one line and an exit code.

use serde_json::Value;

use crate::cli::exit::{CommandFailure, Exit};
use crate::face::Error;
use crate::io::ipc::{self, UnknownError};

/// Why there is no reply.
pub(super) fn failure(failure: ipc::CallFailure) -> CommandFailure {
    match failure {
        ipc::CallFailure::Refused(error) => refused(error),
        ipc::CallFailure::Unknown(refusal) => unknown(&refusal),
        ipc::CallFailure::TooLong => CommandFailure::new(Exit::Malformed, failure),
        ipc::CallFailure::Absent { .. }
        | ipc::CallFailure::Broken { .. }
        | ipc::CallFailure::Closed { .. }
        | ipc::CallFailure::NotAReply
        | ipc::CallFailure::Silent { .. }
        | ipc::CallFailure::Unfit { .. } => CommandFailure::new(Exit::Unavailable, failure),
    }
}

fn refused(error: Error) -> CommandFailure {
    let (exit, words) = match &error {
        Error::BadCertificate => (Exit::Malformed, "not a certificate in PEM or DER"),
        Error::BadConfiguration { .. } => {
            (Exit::Config, "the configuration has faults, nothing was changed")
        }
        Error::BadName { .. } => (Exit::Usage, "not a valid file name"),
        Error::BadSignature { .. } => (Exit::Refused, "the signature is not valid"),
        Error::Busy => (Exit::Unavailable, "another diagnosis is running, try again later"),
        Error::FileNotFound { .. } => (Exit::Refused, "no server has the file"),
        Error::FileTooLarge { .. } => (Exit::Malformed, "larger than allowed"),
        Error::HandshakeFailed { .. } => (Exit::Unavailable, "the TLS handshake failed"),
        Error::HostUnreachable { .. } => (Exit::Unavailable, "unreachable"),
        Error::Locked => (
            Exit::Refused,
            "the store is LOCKED: `secd doctor` names the remedy, at worst `secd erase all`",
        ),
        Error::Malformed { .. } => (Exit::Malformed, "malformed"),
        Error::NotAllowed { .. } => (Exit::Refused, "this user is not allowed to do that"),
        Error::NotDecrypted { .. } => (Exit::Refused, "cannot be decrypted"),
        Error::NotTrusted { .. } => (Exit::Refused, "not trusted"),
        Error::NotWritten { .. } => (Exit::NoInput, "not written"),
        Error::RefusedByPolicy { .. } => (Exit::Refused, "refused by policy"),
        Error::ServerUnreachable { .. } => (Exit::Unavailable, "no server delivered the file"),
        Error::SettingsAccess { .. } => (
            Exit::Refused,
            "nothing was erased: the phone's configuration restricts access to its settings, so that \
             only a factory reset remains, `secd erase all` as root",
        ),
        Error::SignerNotTrusted { .. } => (Exit::Refused, "the signer is not trusted"),
        Error::TooManyConnections => (Exit::Unavailable, "too many connections are open"),
        Error::TooManyDescriptors => (Exit::Unavailable, "too many files on one connection"),
        Error::WrongConfirmation => {
            (Exit::Refused, "the confirmation does not match or has expired")
        }
        Error::InvalidParameter { .. } => (Exit::Usage, "the daemon does not accept this"),
        Error::PermissionDenied => (Exit::Usage, "the daemon denied permission"),
        Error::ExpectedMore
        | Error::InterfaceNotFound { .. }
        | Error::MethodNotFound { .. }
        | Error::MethodNotImplemented { .. } => {
            (Exit::Usage, "the daemon does not know this call, perhaps it is of another version")
        }
    };
    worded(exit, words, &facts(error))
}

/// An error of a newer daemon, or of a service that is not ours.
fn unknown(refusal: &UnknownError) -> CommandFailure {
    let (exit, name) = match refusal.name.rsplit_once('.') {
        // Of our own interface: a newer daemon refused. Any other means that the call was wrong, or
        // that something else listens there.
        Some(("phone.secd", name)) => (Exit::Refused, name),
        Some((_, name)) => (Exit::Usage, name),
        None => (Exit::Usage, refusal.name.as_str()),
    };
    worded(exit, name, &listed(&refusal.parameters))
}

fn worded(exit: Exit, words: &str, facts: &str) -> CommandFailure {
    let colon = if facts.is_empty() { "" } else { ": " };
    CommandFailure::new(exit, format!("{words}{colon}{facts}"))
}

fn facts(error: Error) -> String {
    match error {
        // The path first, as in every other line about a file.
        Error::NotWritten { path, detail: Some(detail) } => format!("{path}: {detail}"),
        Error::NotWritten { path, detail: None } => format!("path {path}"),
        other => listed(&Value::Object(other.into_facts())),
    }
}

/// The detail of an error, or whatever else it has.
fn listed(facts: &Value) -> String {
    if let Some(detail) = facts.get("detail") {
        return plain(detail);
    }
    let members = facts.as_object().into_iter().flatten();
    members.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

/// A value without the marks of JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reported(failure: ipc::CallFailure) -> (u8, String) {
        let failure = super::failure(failure);
        (failure.exit.code(), failure.message)
    }

    #[test]
    fn an_error_is_reported_with_its_facts() {
        for (error, exit, message) in [
            (Error::Busy, 69, "another diagnosis is running, try again later"),
            (Error::FileNotFound { name: "a".into() }, 1, "no server has the file: name a"),
            (
                Error::FileTooLarge { name: "a".into(), limit: 5 },
                65,
                "larger than allowed: limit 5, name a",
            ),
            (
                Error::NotWritten { path: "/a".into(), detail: Some("no space left".into()) },
                66,
                "not written: /a: no space left",
            ),
            (
                Error::Malformed { reason: "empty".into(), detail: "offset 0".into() },
                65,
                "malformed: offset 0",
            ),
            (
                Error::invalid_parameter("level"),
                64,
                "the daemon does not accept this: parameter level",
            ),
        ] {
            assert_eq!(reported(ipc::CallFailure::Refused(error)), (exit, message.to_owned()));
        }
    }

    #[test]
    fn an_error_of_a_newer_daemon_is_reported_by_its_name() {
        for (name, exit, message) in [
            ("phone.secd.Tired", 1, "Tired: detail, since 5"),
            ("com.example.Tired", 64, "Tired: detail, since 5"),
            ("Tired", 64, "Tired: detail, since 5"),
        ] {
            let facts = json!({ "since": 5, "because": ["detail"] });
            let refusal = UnknownError { name: name.to_owned(), parameters: facts };
            let message = message.replace("detail", "because detail");
            assert_eq!(reported(ipc::CallFailure::Unknown(refusal)), (exit, message));
        }
    }
}
