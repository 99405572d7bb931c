//! `secd verify`: judges a file as a phone with the given lists installed would.

use std::path::{Path, PathBuf};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::facts::FileFacts;
use crate::cli::input;
use crate::cli::output;
use crate::cli::print::{complain, named, print, print_json};
use crate::face::hex;
use crate::io::console::escape;
use crate::trust::decrypt::{self, DeviceKey};
use crate::trust::signature::sha256;
use crate::trust::update::{self, Accepted, Content, Offer};
use crate::trust::{Acceptance, Anchors, ListKind, Policy, Provenance, Reason, Warning, stored};
use crate::wire::{Envelope, FileKind, list};

/// Judges the file that the arguments name.
#[derive(Default)]
pub(super) struct VerifyCommand {
    file: Option<PathBuf>,
    ctl: Option<PathBuf>,
    itl: Option<PathBuf>,
    key: Option<PathBuf>,
    out: Option<PathBuf>,
    name: Option<String>,
    json: bool,
}

/// What is known of a file once it is verified.
struct Belief {
    by: &'static str,
    warnings: Vec<Warning>,
    content: Payload,
}

enum Payload {
    /// A trust list: the file is the content.
    List,
    /// An encrypted file, and no key was given.
    Locked,
    /// A file's payload, decrypted where it was encrypted.
    Open(Zeroizing<Vec<u8>>),
}

impl Command for VerifyCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--ctl" => self.ctl = Some(option.path()?),
            "--itl" => self.itl = Some(option.path()?),
            "--key" => self.key = Some(option.path()?),
            "--out" => self.out = Some(option.path()?),
            "--name" => self.name = Some(option.text()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_file(&mut self.file)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let path = needed(self.file.as_deref(), "verify needs a FILE")?;
        let bytes = input::read(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let kind =
            input::kind(self.name.as_deref().or(name.as_deref()).unwrap_or_default(), &bytes);
        let anchors = self.anchors()?;
        let key = self.key()?;
        let verdict = self.verdict(&bytes, kind, &anchors, key.as_ref());
        self.report(path, &bytes, kind, &verdict)
    }
}

impl VerifyCommand {
    fn anchors(&self) -> Result<Anchors, CommandFailure> {
        let mut anchors = Anchors::default();
        for (path, kind) in [(&self.ctl, ListKind::Ctl), (&self.itl, ListKind::Itl)] {
            let Some(path) = path else { continue };
            let list = stored::list(kind, &input::read(path)?, Acceptance::FirstUse)
                .map_err(|reason| CommandFailure::new(Exit::Malformed, named(path, reason)))?;
            anchors.install(list);
        }
        Ok(anchors)
    }

    fn key(&self) -> Result<Option<DeviceKey>, CommandFailure> {
        let Some(path) = &self.key else { return Ok(None) };
        let bytes = Zeroizing::new(input::read(path)?);
        let key = DeviceKey::of_pem(&bytes).map_err(|_| {
            CommandFailure::new(
                Exit::Malformed,
                named(path, "expected an RSA private key in PEM or DER"),
            )
        })?;
        Ok(Some(key))
    }

    fn verdict(
        &self,
        bytes: &[u8],
        kind: FileKind,
        anchors: &Anchors,
        key: Option<&DeviceKey>,
    ) -> Result<Belief, Reason> {
        let file = Envelope::parse(bytes, kind)?;
        let offer = Offer { name: self.name.as_deref().unwrap_or(file.file_name), bytes };
        let policy = Policy::default();
        if kind == FileKind::List {
            // By the name inside, which the signature covers; the file may have been renamed.
            let list_kind = list_kind(file.file_name);
            let accepted = update::list(anchors, list_kind, offer, &policy).unasked()?;
            let by = accepted.value.provenance();
            return Ok(Belief {
                by: word(by),
                warnings: accepted.warnings,
                content: Payload::List,
            });
        }
        let accepted = update::file(anchors, kind, offer, &policy).unasked()?;
        verified(accepted, key)
    }

    fn report(
        &self,
        path: &Path,
        bytes: &[u8],
        kind: FileKind,
        verdict: &Result<Belief, Reason>,
    ) -> Result<Exit, CommandFailure> {
        // Nothing that was refused is ever written.
        if let Ok(Belief { content: Payload::Open(payload), .. }) = verdict {
            if let Some(path) = &self.out {
                output::write(path, payload)?;
            }
        }
        let exit = match verdict {
            Ok(_) => Exit::Done,
            Err(Reason::Malformed(_)) => Exit::Malformed,
            Err(_) => Exit::Refused,
        };
        if self.json {
            print_json(&Verdict::new(bytes, kind, verdict));
        } else if let Ok(belief) = verdict {
            print(&belief.text(path));
        }
        if let Err(reason) = verdict {
            let detail = detail(bytes, reason);
            complain(&named(path, format!("refused ({}): {detail}", reason.class())));
        }
        Ok(exit)
    }
}

/// The reason in words; for a file of another kind, what it looks like.
fn detail(bytes: &[u8], reason: &Reason) -> String {
    match reason {
        Reason::Malformed(_) => input::foreign(bytes).unwrap_or_else(|| reason.to_string()),
        Reason::WrongSigner => "signer unknown, not in CTL or ITL".to_owned(),
        reason => reason.to_string(),
    }
}

fn verified(accepted: Accepted<Content<'_>>, key: Option<&DeviceKey>) -> Result<Belief, Reason> {
    // A phone in this state takes the file from anyone; that is no verification.
    let Content::Verified(signed) = accepted.value else { return Err(Reason::WrongSigner) };
    let file = signed.file;
    let content = match (file.value().encryption, key) {
        (None, _) => Payload::Open(Zeroizing::new(file.value().body().to_vec())),
        (Some(_), Some(key)) => Payload::Open(decrypt::decrypt(&file, key)?),
        (Some(_), None) => Payload::Locked,
    };
    Ok(Belief { by: word(file.provenance()), warnings: accepted.warnings, content })
}

const fn word(provenance: Provenance) -> &'static str {
    provenance.acceptance().word()
}

fn list_kind(name: &str) -> ListKind {
    if name.starts_with("CTL") { ListKind::Ctl } else { ListKind::Itl }
}

impl Belief {
    fn text(&self, path: &Path) -> String {
        let verified = named(path, format!("verified ({})", self.by));
        let mut text = format!("{}\n", escape(&verified));
        for warning in &self.warnings {
            let line = format!("  warning ({}): {warning}", warning.class());
            text += &format!("{}\n", escape(&line));
        }
        match &self.content {
            Payload::List => {}
            Payload::Locked => text += "  payload: encrypted; --key decrypts it\n",
            Payload::Open(payload) => text += &format!("  payload: {} bytes\n", payload.len()),
        }
        text
    }

    fn payload(&self) -> Option<PayloadFacts> {
        let Payload::Open(payload) = &self.content else { return None };
        Some(PayloadFacts { length: payload.len(), sha256: hex(&sha256(payload)) })
    }
}

/// What `--json` prints: the file's facts where it has any, and the verdict.
#[derive(Serialize)]
struct Verdict<'a> {
    #[serde(flatten)]
    facts: Option<FileFacts<'a>>,
    verdict: &'static str,
    reason: Option<String>,
    detail: Option<String>,
    by: Option<&'static str>,
    warnings: Vec<&'static str>,
    payload: Option<PayloadFacts>,
}

#[derive(Serialize)]
struct PayloadFacts {
    length: usize,
    sha256: String,
}

impl<'a> Verdict<'a> {
    fn new(bytes: &'a [u8], kind: FileKind, verdict: &Result<Belief, Reason>) -> Self {
        let facts = Envelope::parse(bytes, kind).ok().and_then(|file| {
            let records = match kind {
                FileKind::List => Some(list::parse(file.body(), file.header_length).ok()?),
                FileKind::Signed | FileKind::Encrypted => None,
            };
            Some(FileFacts::new(&file, records.as_deref()))
        });
        let belief = verdict.as_ref().ok();
        let reason = verdict.as_ref().err();
        Self {
            facts,
            verdict: if belief.is_some() { "verified" } else { "refused" },
            reason: reason.map(|reason| reason.class().to_string()),
            detail: reason.map(|reason| detail(bytes, reason)),
            by: belief.map(|belief| belief.by),
            warnings: belief
                .map(|belief| belief.warnings.iter().map(Warning::class).collect())
                .unwrap_or_default(),
            payload: belief.and_then(Belief::payload),
        }
    }
}

const HELP: &str = "\
Verify a file as a phone with the given lists installed would.

Usage: secd verify FILE [--ctl FILE] [--itl FILE] [--name NAME] [--key FILE] [--out FILE] [--json]

  --ctl FILE   the installed certificate trust list
  --itl FILE   the installed identity trust list; without both, FILE is a phone's first list
  --name NAME  the name that the phone asked for (default: the one inside the file)
  --key FILE   the phone's private key, PEM or DER, for encrypted files
  --out FILE   write the payload to FILE
  --json       print one object

Exit: 0 verified, 1 refused, 65 malformed, 66 cannot read
";
