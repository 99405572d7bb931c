//! `secd lsc show`: the phone's own certificates.

use std::fmt::Display;

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::lsc::help::HELP;
use crate::cli::sheet::{Sheet, yes_or_no};
use crate::cli::shown::Tone;
use crate::cli::words::date;
use crate::face::Words;
use crate::face::methods::{GetIdentity, Identity};
use crate::face::records::OwnCertificate;

/// Prints what the daemon knows of the phone's certificates.
#[derive(Default)]
pub(super) struct ShowLscCommand {
    daemon: Daemon,
}

impl Command for ShowLscCommand {
    const HELP: &'static str = HELP;

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        Ok(daemon.show(daemon.ask(GetIdentity {})?, sheet))
    }
}

fn sheet(identity: &Identity) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("certHash", &identity.cert_hash.as_deref().unwrap_or("not known yet"));
    if let Some(folder) = &identity.exported {
        sheet.fact("exported to", folder);
    }
    add_certificates(&mut sheet, identity);
    sheet
}

/// Adds each certificate with its facts.
fn add_certificates(sheet: &mut Sheet, identity: &Identity) {
    if identity.certificates.is_empty() {
        sheet.section("Own certificates");
        sheet.if_empty("neither LSC nor MIC");
    }
    for certificate in &identity.certificates {
        let OwnCertificate { kind, subject, issuer, serial, .. } = certificate;
        // In every row: a pipe gets no headings.
        sheet.keyed_section(&kind.word().to_uppercase());
        let mut fact = |name: &str, value: &dyn Display| {
            sheet.row(&[kind.word(), name, &value.to_string()]);
        };
        fact("in use", &yes_or_no(certificate.in_use));
        fact("subject", subject);
        fact("issuer", issuer);
        fact("serial", serial);
        fact("valid from", &date(certificate.valid_from));
        fact("valid until", &date(certificate.valid_until));
        fact("key", &certificate.key);
        fact("decrypts", &yes_or_no(certificate.decrypts));
        let named = identity.cert_hash.as_deref() == Some(certificate.md5.as_str());
        let is_named = if named { ", as certHash names it" } else { "" };
        fact("md5", &format_args!("{}{is_named}", certificate.md5));
        for warning in &certificate.warnings {
            sheet.toned_row(&[kind.word(), "warning", warning], Tone::Bad);
        }
    }
}
