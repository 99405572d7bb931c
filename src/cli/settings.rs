//! The configuration that a command names.

use std::path::Path;

use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::{complain, named};
use crate::io::settings::{Settings, SettingsFailure};

/// Reads a configuration; each fault is a line of its own on standard error.
pub(super) fn load(path: &Path) -> Result<Settings, CommandFailure> {
    Settings::load(path).map_err(|why| failure(path, why))
}

/// Why there are no settings; each fault is a line of its own on standard error.
pub(super) fn failure(path: &Path, failure: SettingsFailure) -> CommandFailure {
    match failure {
        SettingsFailure::Unreadable { path, reason } => {
            CommandFailure::new(Exit::NoInput, named(&path, reason))
        }
        SettingsFailure::Invalid(faults) => {
            // All of them, so that a file is mended in one go.
            for fault in &faults {
                complain(&fault.to_string());
            }
            CommandFailure::new(Exit::Config, named(path, count(faults.len(), "fault")))
        }
    }
}

/// How many there are of something.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Where the image puts the configuration.
pub(super) const DEFAULT: &str = "/etc/secd.toml";
