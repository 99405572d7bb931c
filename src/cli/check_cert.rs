//! `secd check-cert`: whether the daemon would trust a certificate.

use lexopt::Parser;
use lexopt::prelude::{Long, Value};

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::print::{help_or_unexpected, named, print_json};
use crate::cli::sheet::Sheet;
use crate::face::methods::Judge;
use crate::face::terms::Purpose;
use crate::face::{ObjectType, Words, certificates};

/// Has the certificate judged that the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, CommandFailure> {
    let mut daemon = Daemon::default();
    let (mut path, mut purpose, mut host) = (None, Purpose::Https, None);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("purpose") => purpose = input::word(&mut arguments)?,
            Long("host") => host = Some(input::text(&mut arguments)?),
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            Value(value) => input::only(&mut path, value)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let path = path.ok_or_else(|| usage("check-cert needs a FILE"))?;
    let certificate = certificates::text(input::read(&path)?);
    let judgement = daemon.ask_patiently(Judge { certificate, purpose, host })?;
    let trusted = judgement.trusted;
    if daemon.json {
        let printed = print_json(&judgement.into_map());
        return Ok(if trusted { printed } else { Exit::Refused });
    }
    let mut sheet = Sheet::default();
    if let Some(by) = judgement.by {
        sheet.fact("trusted", &by.word());
    }
    for step in &judgement.steps {
        sheet.fact("step", step);
    }
    let printed = sheet.print();
    if trusted {
        return Ok(printed);
    }
    let reason = judgement.reason.unwrap_or_default();
    let message = format!("not trusted: {reason}");
    Err(CommandFailure::new(Exit::Refused, named(&path, message)))
}

const HELP: &str = "\
Has the daemon judge a certificate as a server's: by the lists, by earlier answers of TVS, and by
TVS itself. Prints who vouches for it: ctl, itl, ctl-ca, itl-ca, cache or tvs; and the steps of the
search, in their order.

Usage: secd check-cert FILE [--purpose P] [--host H] [--json] [--socket PATH]

  FILE           PEM or DER; in PEM, what follows the first certificate are those above it
  --purpose P    https (default), provisioning, signalling or capf
  --host H       whose it is: a path to a listed authority must be for this host

Exit: 0 trusted, 1 not trusted or not allowed, 65 no certificate, 66 cannot read, 69 no daemon
";
