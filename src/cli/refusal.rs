//! Why the daemon refused a call or did not answer it, in one line and an exit code.

use serde_json::Value;

use crate::cli::exit::{CommandFailure, Exit};
use crate::face::terms::{Level, Purpose, What};
use crate::face::{Error, Right, Words};
use crate::io::ipc::{self, UnknownError};

/// Why there is no reply.
pub(super) fn failure(failure: ipc::CallFailure) -> CommandFailure {
    match failure {
        ipc::CallFailure::Refused(error) => refused(error),
        ipc::CallFailure::Unknown(refusal) => unknown(&refusal),
        ipc::CallFailure::TooLong => CommandFailure::new(Exit::Malformed, failure),
        ipc::CallFailure::Absent { .. } => {
            CommandFailure::new(Exit::Unavailable, failure).named("NoDaemon")
        }
        ipc::CallFailure::Broken { .. }
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
        Error::NoList { .. } => (Exit::NoInput, "no such list"),
        Error::NoLsc => (Exit::Refused, "the phone has no LSC"),
        Error::NotAllowed { .. } => (Exit::Refused, "not allowed"),
        Error::NotDecrypted { .. } => (Exit::Refused, "cannot be decrypted"),
        Error::NotEnrolled { .. } => (Exit::Refused, "no certificate"),
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
        Error::InvalidParameter { .. } => (Exit::Usage, "the daemon does not accept this value"),
        Error::PermissionDenied => {
            (Exit::Usage, "what listens there is no daemon of a phone, see --socket")
        }
        Error::ExpectedMore
        | Error::InterfaceNotFound { .. }
        | Error::MethodNotFound { .. }
        | Error::MethodNotImplemented { .. } => {
            (Exit::Usage, "the daemon is of another version: install the same as of this command")
        }
    };
    let name = error.name();
    worded(exit, words, &facts(error)).named(name)
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
    worded(exit, name, &listed(&refusal.parameters)).named(name)
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
        Error::NotAllowed { right, holders } => not_allowed(right, holders),
        Error::InvalidParameter { parameter } => match values(&parameter) {
            Some(values) => format!("{parameter} is one of {values}"),
            None => parameter,
        },
        // What they name is a word of the interface, and nothing that a person could change.
        Error::InterfaceNotFound { .. }
        | Error::MethodNotFound { .. }
        | Error::MethodNotImplemented { .. } => String::new(),
        Error::NoList { kind, detail } => format!("{kind}: {detail}"),
        other => listed(&Value::Object(other.into_facts())),
    }
}

/// Who may, and what to do.
fn not_allowed(right: Right, holders: Option<Vec<String>>) -> String {
    if right == Right::Any {
        return "this user has no right at all; an administrator grants them in the section \
                [access] of secd.toml"
            .to_owned();
    }
    let holders = match holders {
        // An older daemon does not name them.
        None => "whom `[access] RIGHT` of secd.toml names".to_owned(),
        Some(holders) if holders.is_empty() => "nobody else".to_owned(),
        Some(holders) => holders.join(", "),
    };
    let holders = holders.replace("RIGHT", right.word());
    let right = right.word();
    format!(
        "this needs the right `{right}`, which root has, and {holders}; run the command as one of \
         them, or add this user to `{right}` in the section [access] of secd.toml"
    )
}

/// The words that a parameter takes, if it takes only some.
fn values(parameter: &str) -> Option<String> {
    fn all<W: Words>() -> Vec<&'static str> {
        W::ALL.iter().map(|it| it.word()).collect()
    }
    let words = match parameter {
        "level" => all::<Level>(),
        "purpose" => all::<Purpose>(),
        "what" => all::<What>(),
        _ => return None,
    };
    Some(words.join(", "))
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
                "the daemon does not accept this value: level is one of error, warning, notice, \
                 info, debug",
            ),
            (Error::invalid_parameter("name"), 64, "the daemon does not accept this value: name"),
            (
                Error::NotAllowed {
                    right: Right::Read,
                    holders: Some(vec!["group:phone-ui".into()]),
                },
                1,
                "not allowed: this needs the right `read`, which root has, and group:phone-ui; run \
                 the command as one of them, or add this user to `read` in the section [access] of \
                 secd.toml",
            ),
            (
                Error::MethodNotFound { method: "GetStatus".into() },
                64,
                "the daemon is of another version: install the same as of this command",
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
