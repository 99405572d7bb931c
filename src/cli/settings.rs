//! The configuration that a command names.

use std::path::Path;

use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::{complain, named};
use crate::io::settings::{self, Settings};

/// Reads a configuration; each fault is a line of its own on standard error.
pub(super) fn load(path: &Path) -> Result<Settings, CommandFailure> {
    Settings::load(path).map_err(|failure| match failure {
        settings::SettingsFailure::Unreadable { path, reason } => {
            CommandFailure::new(Exit::NoInput, named(&path, reason))
        }
        settings::SettingsFailure::Invalid(faults) => {
            let count = faults.len();
            // All of them, so that a file is mended in one go.
            for fault in faults {
                complain(&fault.to_string());
            }
            let faults = if count == 1 { "1 fault" } else { &format!("{count} faults") };
            CommandFailure::new(Exit::Config, named(path, faults))
        }
    })
}

/// Where the image puts the configuration.
pub(super) const DEFAULT: &str = "/etc/secd.toml";
