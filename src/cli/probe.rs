//! `secd probe`: a phone's judgement of a call manager, as one command.

use std::path::PathBuf;

use crate::agent::{self, NotProbed, ProbeRequest};
use crate::cli::arguments::{Command, GivenOption, SharedOptions, needed};
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::output::is_stream;
use crate::cli::print::{named, page_form, print, print_json, print_shown};
use crate::cli::{input, runtime};
use crate::diagnose::{ProbeReport, ProbeVerdict};
use crate::face::Words;
use crate::io::settings::{ProvisioningSettings, TFTP_PORT};
use crate::io::store::DamageReason;
use crate::io::{console, process};
use crate::trust::{Acceptance, ListKind, stored};
use crate::wire::address::ServerAddress;
use crate::wire::configuration::TVS_PORT;
use crate::wire::name::DeviceName;
use crate::wire::way::FileWay;

mod json;
mod junit;
mod tap;
mod text;

/// Boots the phone that the arguments describe, and prints what it made of the servers.
#[derive(Default)]
pub(super) struct ProbeCommand {
    servers: Vec<ServerAddress>,
    device: Option<DeviceName>,
    ctl: Option<PathBuf>,
    itl: Option<PathBuf>,
    key: Option<PathBuf>,
    provisioning: ProvisioningSettings,
    tvs: Vec<ServerAddress>,
    https: Vec<ServerAddress>,
    report: ReportOptions,
}

impl Command for ProbeCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--server" => self.servers.push(input::address(&option.text()?, TFTP_PORT)?),
            "--device" => self.device = Some(device(&option.text()?)?),
            "--ctl" => self.ctl = Some(option.path()?),
            "--itl" => self.itl = Some(option.path()?),
            "--key" => self.key = Some(option.path()?),
            "--tftp" => self.provisioning.ways = vec![FileWay::Tftp],
            "--http-port" => self.provisioning.http_port = port(option)?,
            "--https-port" => self.provisioning.https_port = port(option)?,
            "--tvs" => self.tvs.push(input::address(&option.text()?, TVS_PORT)?),
            "--https" => self.https.push(input::address(&option.text()?, HTTPS_PORT)?),
            _ => self.report.take(option)?,
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.report.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let device = needed(self.device, "probe needs the --device to boot")?;
        if self.servers.is_empty() {
            return Err(usage("probe needs a --server"));
        }
        input::expect_one_stream(&[&self.ctl, &self.itl])?;
        if let Some(path) = &self.key {
            // The phone in memory reads it once more, as a phone does at each start.
            if is_stream(path) {
                return Err(usage("--key takes a file, not standard input"));
            }
            // Before anything is sent: with a file that is no key, the report would mislead.
            input::key(path)?;
        }
        let mut lists = Vec::new();
        for (kind, path) in [(ListKind::Ctl, &self.ctl), (ListKind::Itl, &self.itl)] {
            if let Some(path) = path {
                let bytes = input::read(path)?;
                let list = stored::list(kind, &bytes, Acceptance::FirstUse).map_err(|why| {
                    CommandFailure::new(Exit::Malformed, named(input::label(path), why))
                })?;
                lists.push((list, bytes));
            }
        }
        let (servers, tvs, https, key) = (self.servers, self.tvs, self.https, self.key);
        let provisioning = self.provisioning;
        let request = ProbeRequest { device, servers, provisioning, tvs, https, key, lists };
        self.report.begin()?;
        let report = runtime::run(agent::probe(request))?.map_err(|why| not_probed(&why))?;
        Ok(self.report.print(report))
    }
}

/// How a report is made and printed; shared with `run --once`.
#[derive(Default)]
pub(super) struct ReportOptions {
    pub(super) json: bool,
    format: Option<ReportFormat>,
    strict: bool,
    log: bool,
}

/// How a report is printed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum ReportFormat {
    Json,
    Junit,
    Tap,
    Text,
}

impl Words for ReportFormat {
    const NAME: &'static str = "ReportFormat";
    const ALL: &'static [Self] = &[Self::Text, Self::Json, Self::Junit, Self::Tap];

    fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::Text => "text",
        }
    }
}

impl ReportOptions {
    /// Takes an option, if it is one of these.
    ///
    /// # Errors
    /// If it is none, or its value is not valid.
    pub(super) fn take(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--format" => self.format = Some(option.word()?),
            "--strict" => self.strict = true,
            "--log" => self.log = true,
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    /// Whether any was given that makes no sense without a report.
    pub(super) const fn is_default(&self) -> bool {
        self.format.is_none() && !self.strict && !self.log
    }

    /// Prepares the process: a key may be loaded, and the console log is asked for or not.
    pub(super) fn begin(&self) -> Result<(), CommandFailure> {
        let _best_effort = process::conceal_memory();
        if self.log {
            console::init(log::LevelFilter::Info)
                .map_err(|error| CommandFailure::new(Exit::Unavailable, error))?;
        }
        Ok(())
    }

    /// Prints a report; its verdict is the exit code.
    pub(super) fn print(&self, report: ProbeReport) -> Exit {
        let report = if self.strict { report.strict() } else { report };
        let exit = match report.verdict() {
            ProbeVerdict::Refuses => Exit::Refused,
            ProbeVerdict::Takes => Exit::Done,
            ProbeVerdict::Unreachable => Exit::Unavailable,
        };
        let format = self.format.unwrap_or(ReportFormat::Text);
        let written = match if self.json { ReportFormat::Json } else { format } {
            ReportFormat::Json => print_json(&json::ReportObject::new(&report, exit.code())),
            ReportFormat::Junit => print(&junit::document(&report)),
            ReportFormat::Tap => print(&tap::stream(&report)),
            ReportFormat::Text => print_shown(&text::page(&report, page_form())),
        };
        exit.and(written)
    }
}

/// The line for a probe without a report, and its exit code.
pub(super) fn not_probed(why: &NotProbed) -> CommandFailure {
    let exit = match why {
        NotProbed::Folder(damage) if damage.reason != DamageReason::InUse => Exit::NoInput,
        _ => Exit::Unavailable,
    };
    CommandFailure::new(exit, format!("no report: {why}"))
}

fn port(option: GivenOption<'_>) -> Result<u16, CommandFailure> {
    let name = option.name.to_owned();
    match option.number()? {
        0 => Err(usage(format!("{name}: there is no port 0"))),
        port => Ok(port),
    }
}

fn device(text: &str) -> Result<DeviceName, CommandFailure> {
    DeviceName::parse(text)
        .ok_or_else(|| usage(format!("--device {text}: expected a name such as SEP001122334455")))
}

/// The port of HTTPS where none is given, RFC 9110 §4.2.2.
pub(super) const HTTPS_PORT: u16 = 443;

const HELP: &str = "\
Boot a phone in memory against the servers of a call manager, and report what it accepts, what
it refuses and why, one test case a check. Needs no daemon and no secd.toml; nothing stays.

Usage: secd probe --server HOST[:PORT]... --device SEP... [OPTIONS]

  --server HOST[:PORT]  a TFTP server; repeat for more, in the order in which the phone asks
  --device NAME         the phone's name at the call manager, such as SEP001122334455
  --itl FILE            an ITL that the phone already has (default: a phone without lists)
  --ctl FILE            a CTL that it already has
  --key PEM             its private key, with its certificate (LSC or MIC) in the same file, for
                        encrypted configurations
  --tftp                boot by TFTP alone, as older phones do (default: by HTTPS and HTTP, too)
  --http-port N         the port for files by HTTP (default: 6970)
  --https-port N        the port for the configuration by HTTPS (default: 6971)
  --tvs HOST[:PORT]     a TVS member until a verified configuration names others; repeat for more
  --https HOST[:PORT]   an HTTPS server to connect to and judge; repeat for more
  --format FORMAT       text (default), json, junit or tap
  --json                the same as --format json
  --strict              count warnings as failures
  --log                 write the phone's console log to standard error

The phone boots twice: with the lists it has, then with what the first boot brought. A warning is
weak cryptography (RSA below 2048 bits, SHA-1), a certificate that expires within 30 days, or odd
behaviour of a server; it does not change the exit code.

Exit: 0 a phone takes everything, 1 it refuses something, 64 usage, 65 not a list or not a key,
66 cannot read or write, 69 a server cannot be reached
";
