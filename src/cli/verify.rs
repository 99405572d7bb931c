//! `secd verify`: judges a file as a phone with the given lists installed would.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::agent::Inquiry;
use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::output::{self, is_stream};
use crate::cli::print::{complain, named, print, print_json};
use crate::cli::{input, runtime};
use crate::io::console::escape;
use crate::io::settings::{ServerAddress, TVS_PORT};
use crate::trust::decrypt::{self, DeviceKey};
use crate::trust::update::{self, Accepted, Content, Offer};
use crate::trust::{Acceptance, Anchors, Decision, ListKind, Policy, Reason, Unanswered, stored};
use crate::wire::{Envelope, FileKind};

mod report;

use report::{Belief, Payload, Refusal, Tvs, Verdict, VerdictFacts, word};

/// Judges the file that the arguments name.
#[derive(Default)]
pub(super) struct VerifyCommand {
    file: Option<PathBuf>,
    ctl: Option<PathBuf>,
    itl: Option<PathBuf>,
    key: Option<PathBuf>,
    out: Option<PathBuf>,
    name: Option<String>,
    servers: Vec<ServerAddress>,
    json: bool,
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
            "--tvs" => self.servers.push(input::address(&option.text()?, TVS_PORT)?),
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
        input::expect_one_stream(&[&self.file, &self.ctl, &self.itl, &self.key])?;
        if self.out.is_some() {
            output::expect_fit(self.out.as_deref(), self.json)?;
        }
        let bytes = input::read(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let kind =
            input::kind(self.name.as_deref().or(name.as_deref()).unwrap_or_default(), &bytes);
        let judged_by =
            VerifyInput { bytes: &bytes, kind, anchors: self.anchors()?, key: self.key()? };
        let verdict = self.verdict(judged_by)?;
        self.report(path, &bytes, kind, &verdict)
    }
}

/// What a file is judged by.
struct VerifyInput<'a> {
    bytes: &'a [u8],
    kind: FileKind,
    anchors: Anchors,
    key: Option<DeviceKey>,
}

impl VerifyCommand {
    fn anchors(&self) -> Result<Anchors, CommandFailure> {
        let mut anchors = Anchors::default();
        for (path, kind) in [(&self.ctl, ListKind::Ctl), (&self.itl, ListKind::Itl)] {
            let Some(path) = path else { continue };
            let list = stored::list(kind, &input::read(path)?, Acceptance::FirstUse);
            let malformed =
                |reason| CommandFailure::new(Exit::Malformed, named(input::label(path), reason));
            anchors.install(list.map_err(malformed)?);
        }
        Ok(anchors)
    }

    fn key(&self) -> Result<Option<DeviceKey>, CommandFailure> {
        self.key.as_deref().map(input::key).transpose()
    }

    /// The verdict; the error is that of the command itself.
    fn verdict(&self, input: VerifyInput<'_>) -> Result<Verdict, CommandFailure> {
        let VerifyInput { bytes, kind, anchors, key } = input;
        let file = match Envelope::parse(bytes, kind) {
            Ok(file) => file,
            Err(malformed) => return Ok(Verdict::of(Err(Reason::from(malformed).into()))),
        };
        let name = self.name.as_deref().unwrap_or(file.file_name);
        let offer = Offer { name, bytes };
        // By the name inside, which the signature covers; the file may have been renamed.
        let list = (kind == FileKind::List).then(|| list_kind(file.file_name));
        if self.servers.is_empty() {
            return Ok(Verdict::of(unasked(&anchors, list, kind, offer, key.as_ref())));
        }
        let inquiry = Inquiry::new(anchors, self.servers.clone());
        let policy = Policy::default();
        let judged = runtime::run(async {
            match list {
                Some(list) => Ok(Belief::of_list(&inquiry.list(list, offer, &policy).await?)),
                None => opened(inquiry.file(kind, offer, &policy).await?, key.as_ref()),
            }
        })?;
        Ok(Verdict { steps: inquiry.steps(), ..Verdict::of(judged) })
    }

    fn report(
        &self,
        path: &Path,
        bytes: &[u8],
        kind: FileKind,
        verdict: &Verdict,
    ) -> Result<Exit, CommandFailure> {
        let label = input::label(path);
        // The file of a phone has the name that it is signed under, unless it was renamed.
        let own = self.name.is_none() && !is_stream(path);
        let facts = VerdictFacts::new(bytes, kind, verdict, own.then_some(path));
        // Nothing that was refused is ever written.
        if let (Ok(belief), Some(out)) = (&verdict.judged, &self.out) {
            match &belief.content {
                Payload::Open(payload) => output::write(out, payload)?,
                Payload::List => complain(&named(label, "nothing to write: a list has no payload")),
                Payload::Locked => complain(&named(label, "nothing written: --key decrypts it")),
            }
        }
        let written = if self.json {
            print_json(&facts)
        } else {
            let lines = match &verdict.judged {
                Ok(belief) => facts.text(label, belief),
                Err(_) => facts.steps_text(),
            };
            if self.out.as_deref().is_some_and(is_stream) {
                // Standard output has the payload.
                for line in lines.iter().filter(|line| line.is_grave) {
                    complain(&named(label, line.text.trim_start()));
                }
                Exit::Done
            } else {
                let page = lines.iter().map(|line| format!("{}\n", escape(&line.text)));
                print(&page.collect::<String>())
            }
        };
        let Err(refusal) = &verdict.judged else { return Ok(written) };
        let why = refusal.detail(bytes);
        complain(&named(label, format!("refused ({}): {why}", refusal.reason.class())));
        Ok(match (&refusal.reason, &refusal.tvs) {
            (_, Tvs::Asked(Unanswered::NoAnswer(_))) => Exit::Unavailable,
            (Reason::Malformed(_), _) => Exit::Malformed,
            _ => Exit::Refused,
        })
    }
}

/// Judges without asking anyone.
fn unasked(
    anchors: &Anchors,
    list: Option<ListKind>,
    kind: FileKind,
    offer: Offer<'_>,
    key: Option<&DeviceKey>,
) -> Result<Belief, Refusal> {
    let policy = Policy::default();
    let ask = |reason| {
        let tvs = if anchors.lists_tvs() { Tvs::NotAsked } else { Tvs::NoRecord };
        Err(Refusal { reason, tvs })
    };
    match list {
        Some(list) => match update::list(anchors, list, offer, &policy) {
            Decision::Trust(accepted) => Ok(Belief::of_list(&accepted)),
            Decision::Refuse(reason) => Err(reason.into()),
            Decision::Ask(doubtful) => ask(doubtful.otherwise()),
        },
        None => match update::file(anchors, kind, offer, &policy) {
            Decision::Trust(accepted) => opened(accepted, key),
            Decision::Refuse(reason) => Err(reason.into()),
            Decision::Ask(query) => ask(query.otherwise),
        },
    }
}

fn opened(accepted: Accepted<Content<'_>>, key: Option<&DeviceKey>) -> Result<Belief, Refusal> {
    // A phone in this state takes the file from anyone; that is no verification.
    let Content::Verified(signed) = accepted.value else { return Err(Reason::WrongSigner.into()) };
    let file = signed.file;
    let content = match (file.value().encryption, key) {
        (None, _) => Payload::Open(Zeroizing::new(file.value().body().to_vec())),
        (Some(_), Some(key)) => Payload::Open(decrypt::decrypt(&file, key)?),
        (Some(_), None) => Payload::Locked,
    };
    Ok(Belief { by: word(file.provenance()), warnings: accepted.warnings, content })
}

fn list_kind(name: &str) -> ListKind {
    if name.starts_with("CTL") { ListKind::Ctl } else { ListKind::Itl }
}

const HELP: &str = "\
Verify a file as a phone with the given lists installed would. Print the name that the signature
covers: a phone that asks for another name refuses the file.

Usage: secd verify FILE [--ctl FILE] [--itl FILE] [--name NAME] [--tvs HOST[:PORT]]
                   [--key FILE] [--out FILE] [--json]

  FILE                the file; one of those named may be - for standard input
  --ctl FILE          the installed certificate trust list
  --itl FILE          the installed identity trust list; without both, FILE is a phone's first list
  --name NAME         the name that the phone asked for (default: the one inside the file)
  --tvs HOST[:PORT]   where the lists do not know a signer, ask this TVS server, which they must list
                      (port: 2445); may be repeated, and the next is asked where one fails
  --key FILE          the phone's private key, PEM or DER, for encrypted files
  --out FILE          write the payload to FILE, or with - to standard output, unless that is a
                      terminal
  --json              print one object

Exit: 0 verified, 1 refused, 65 malformed, 66 cannot read or write, 69 no answer from TVS
";
