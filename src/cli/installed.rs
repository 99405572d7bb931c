//! The file of an installed list, from the daemon: its store is for its own user.

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::input::LONGEST;
use crate::face::methods::GetList;
use crate::face::terms::ListKind;
use crate::face::{base64, hex};
use crate::trust::signature::sha256;

/// Has the daemon send the file of the list in force, as it was installed.
///
/// # Errors
/// Why there is none, or what is wrong with what the daemon sent.
pub(super) fn list(daemon: &Daemon, kind: ListKind) -> Result<Vec<u8>, CommandFailure> {
    let unavailable = |why| CommandFailure::new(Exit::Unavailable, format!("{kind}: {why}"));
    let mut file = Vec::new();
    let mut whole = None;
    loop {
        let part = daemon.ask(GetList { kind, offset: Some(file.len()) })?;
        let expected = whole.get_or_insert_with(|| (part.length, part.sha256.clone()));
        if *expected != (part.length, part.sha256) {
            return Err(unavailable("the list was replaced while it was read; try again"));
        }
        let bytes = base64::decode(&part.bytes).unwrap_or_default();
        file.extend_from_slice(&bytes);
        // Whatever it is that answers there, no more is taken than of a file.
        let is_too_long = u64::try_from(file.len()).is_ok_and(|length| length > LONGEST);
        if file.len() < part.length && !bytes.is_empty() && !is_too_long {
            continue;
        }
        if file.len() != part.length || hex(&sha256(&file)) != expected.1 {
            return Err(unavailable("the daemon did not send the complete list"));
        }
        return Ok(file);
    }
}
