//! `secd check-cert`: whether the daemon would trust a certificate.

use std::path::PathBuf;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::input;
use crate::cli::print::{named, print_reply};
use crate::cli::sheet::Sheet;
use crate::face::methods::Judge;
use crate::face::terms::Purpose;
use crate::face::{Words, certificates};

/// Has the certificate judged that the arguments name.
#[derive(Default)]
pub(super) struct CheckCertCommand {
    daemon: Daemon,
    path: Option<PathBuf>,
    purpose: Option<Purpose>,
    host: Option<String>,
}

impl Command for CheckCertCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--purpose" => self.purpose = Some(option.word()?),
            "--host" => self.host = Some(option.text()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_file(&mut self.path)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let Self { daemon, path, purpose, host } = self;
        let path = needed(path, "check-cert needs a FILE")?;
        let purpose = purpose.unwrap_or(Purpose::Https);
        // Sent as text: the daemon need not be able to read the file.
        let certificate = certificates::text(input::read(&path)?);
        let judgement = daemon.ask_patiently(Judge { certificate, purpose, host })?;
        let trusted = judgement.trusted;
        // The object has the reason among its members, so nothing goes to standard error.
        if daemon.json {
            let printed = print_reply(judgement);
            return Ok(if trusted { Exit::Done } else { Exit::Refused }.and(printed));
        }
        let mut sheet = Sheet::default();
        if let Some(by) = judgement.by {
            sheet.fact("trusted", &by.word());
        }
        for step in &judgement.steps {
            sheet.fact("step", step);
        }
        // The steps are printed either way: after a refusal they show where the search ended.
        let printed = sheet.print();
        if trusted {
            return Ok(printed);
        }
        let reason = judgement.reason.unwrap_or_default();
        let message = format!("not trusted: {reason}");
        Err(CommandFailure::new(Exit::Refused, named(input::label(&path), message)))
    }
}

const HELP: &str = "\
Ask the daemon whether it trusts a certificate as a server's: by the lists, by earlier answers of
TVS, and by TVS itself. Print who vouches for it (ctl, itl, ctl-ca, itl-ca, cache or tvs) and the
steps of the search, in order.

Usage: secd check-cert FILE [--purpose P] [--host H] [--json] [--socket PATH]

  FILE           PEM or DER, or - for standard input; in PEM, the issuers may follow the certificate
                 itself
  --purpose P    https (default), provisioning, signalling or capf
  --host H       the server's name: a path to a listed authority must be valid for this host

Exit: 0 trusted, 1 not trusted or not allowed, 65 no certificate, 66 cannot read, 69 no daemon
";
