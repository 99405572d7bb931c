//! The configuration that a command names.

use std::path::Path;

use crate::cli::exit::{Exit, Failure};
use crate::cli::print::{complain, named};
use crate::io::settings::{self, Settings};

/// Reads a configuration; each fault is a line of its own on standard error.
pub(super) fn load(path: &Path) -> Result<Settings, Failure> {
    Settings::load(path).map_err(|failure| match failure {
        settings::Failure::Unreadable { path, reason } => {
            Failure::new(Exit::NoInput, named(&path, reason))
        }
        settings::Failure::Invalid(faults) => {
            let count = faults.len();
            for fault in faults {
                complain(&fault.to_string());
            }
            let faults = if count == 1 { "1 fault" } else { &format!("{count} faults") };
            Failure::new(Exit::Config, named(path, faults))
        }
    })
}

/// Where the image puts the configuration.
pub(super) const DEFAULT: &str = "/etc/secd.toml";
