//! What `secd verify` prints: the verdict in words, and as one object.

use std::path::Path;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::agent::NotTrustedFile;
use crate::cli::facts::{FileFacts, Sum};
use crate::cli::input;
use crate::cli::print::named;
use crate::face::hex;
use crate::trust::signature::sha256;
use crate::trust::{
    Accepted, ListKind, Provenance, Reason, TrustList, Unanswered, Verified, Warning,
};
use crate::wire::{Envelope, FileKind, list};

/// The outcome, and the steps that led to it.
pub(super) struct Verdict {
    pub(super) judged: Result<Belief, Refusal>,
    pub(super) steps: Vec<String>,
}

impl Verdict {
    pub(super) const fn of(judged: Result<Belief, Refusal>) -> Self {
        Self { judged, steps: Vec::new() }
    }
}

/// What is known of a file once it is verified.
pub(super) struct Belief {
    pub(super) by: &'static str,
    pub(super) warnings: Vec<Warning>,
    pub(super) content: Payload,
}

impl Belief {
    pub(super) fn of_list(accepted: &Accepted<Verified<TrustList>>) -> Self {
        Self {
            by: word(accepted.value.provenance()),
            warnings: accepted.warnings.clone(),
            content: Payload::List,
        }
    }

    fn payload(&self) -> Option<PayloadFacts<'_>> {
        let Payload::Open(payload) = &self.content else { return None };
        let sha256 = Sum::new(|bytes| hex(&sha256(bytes)), payload);
        Some(PayloadFacts { length: payload.len(), sha256 })
    }
}

/// Who vouched for a signer, in one word.
pub(super) const fn word(provenance: Provenance) -> &'static str {
    provenance.acceptance().word()
}

/// What there is to write of a verified file.
pub(super) enum Payload {
    /// A trust list: the file is the content.
    List,
    /// An encrypted file, and no key was given.
    Locked,
    /// A file's payload, decrypted where it was encrypted.
    Open(Zeroizing<Vec<u8>>),
}

/// Why a file is refused, and TVS's part in it.
pub(super) struct Refusal {
    pub(super) reason: Reason,
    pub(super) tvs: Tvs,
}

/// Whether TVS could still change a refusal.
pub(super) enum Tvs {
    /// It was asked, and this came of it.
    Asked(Unanswered),
    /// A phone would ask it, but has no record to verify a server by.
    NoRecord,
    /// A phone would ask it; the caller has named no server.
    NotAsked,
    /// It would not be asked about this.
    Unconcerned,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, tvs: Tvs::Unconcerned }
    }
}

impl From<NotTrustedFile> for Refusal {
    fn from(NotTrustedFile { reason, unanswered }: NotTrustedFile) -> Self {
        Self { reason, tvs: unanswered.map_or(Tvs::Unconcerned, Tvs::Asked) }
    }
}

impl Refusal {
    /// The reason in words; for a file of another kind, what it looks like.
    pub(super) fn detail(&self, bytes: &[u8]) -> String {
        let reason = match &self.reason {
            Reason::Malformed(_) => {
                input::foreign(bytes).unwrap_or_else(|| self.reason.to_string())
            }
            Reason::WrongSigner => "signer unknown, not in CTL or ITL".to_owned(),
            reason => reason.to_string(),
        };
        match (&self.tvs, &self.reason) {
            // The reason has it.
            (Tvs::Unconcerned, _) | (Tvs::Asked(_), Reason::Unconfirmed(_)) => reason,
            (Tvs::Asked(why), _) => format!("{reason}; {why}"),
            (Tvs::NoRecord, _) => {
                format!("{reason}; no list has a TVS record, so that a phone could not ask TVS")
            }
            (Tvs::NotAsked, _) => {
                format!("{reason}; a phone would ask TVS, as --tvs HOST does")
            }
        }
    }
}

/// What `--json` prints: the file's facts where it has any, and the verdict.
#[derive(Serialize)]
pub(super) struct VerdictFacts<'a> {
    #[serde(flatten)]
    facts: Option<FileFacts<'a>>,
    verdict: &'static str,
    reason: Option<String>,
    detail: Option<String>,
    by: Option<&'static str>,
    /// Whether TVS was asked, or would be by a phone; null if there is nothing to ask.
    tvs: Option<&'static str>,
    /// What led to the verdict, if TVS had to be asked.
    steps: &'a [String],
    warnings: Vec<&'static str>,
    payload: Option<PayloadFacts<'a>>,
    #[serde(skip)]
    renamed: Option<String>,
}

#[derive(Serialize)]
struct PayloadFacts<'a> {
    length: usize,
    sha256: Sum<'a>,
}

/// One line for people.
pub(super) struct Line {
    pub(super) text: String,
    /// Whether it must be seen even if standard output has the payload.
    pub(super) is_grave: bool,
}

impl Line {
    const fn new(text: String) -> Self {
        Self { text, is_grave: false }
    }
}

impl<'a> VerdictFacts<'a> {
    /// The facts; `path` is the file's if it should bear the name that is signed.
    pub(super) fn new(
        bytes: &'a [u8],
        kind: FileKind,
        verdict: &'a Verdict,
        path: Option<&Path>,
    ) -> Self {
        let facts = Envelope::parse(bytes, kind).ok().and_then(|file| {
            let records = match kind {
                FileKind::List => Some(list::parse(file.body(), file.header_length).ok()?),
                FileKind::Signed | FileKind::Encrypted => None,
            };
            Some(FileFacts::new(&file, records.as_deref()))
        });
        let (belief, refusal) = (verdict.judged.as_ref().ok(), verdict.judged.as_ref().err());
        let renamed = match (belief, path, &facts) {
            (Some(_), Some(path), Some(facts)) => renamed(path, facts.filename),
            _ => None,
        };
        let warnings = belief.into_iter().flat_map(|belief| &belief.warnings);
        Self {
            verdict: if belief.is_some() { "verified" } else { "refused" },
            reason: refusal.map(|refusal| refusal.reason.class().to_string()),
            detail: refusal.map(|refusal| refusal.detail(bytes)),
            by: belief.map(|belief| belief.by),
            tvs: match refusal.map(|refusal| &refusal.tvs) {
                Some(Tvs::Asked(_)) => Some("asked"),
                None => (!verdict.steps.is_empty()).then_some("asked"),
                Some(Tvs::NoRecord) => Some("no-record"),
                Some(Tvs::NotAsked) => Some("not-asked"),
                Some(Tvs::Unconcerned) => None,
            },
            steps: &verdict.steps,
            warnings: warnings
                .map(Warning::class)
                .chain(renamed.as_ref().map(|_| RENAMED))
                .collect(),
            payload: belief.and_then(Belief::payload),
            facts,
            renamed,
        }
    }

    /// The steps, a line each.
    pub(super) fn steps_text(&self) -> Vec<Line> {
        self.steps.iter().map(|step| Line::new(format!("  step: {step}"))).collect()
    }

    /// The lines about a file that is verified.
    pub(super) fn text(&self, label: &Path, belief: &Belief) -> Vec<Line> {
        let mut lines = vec![Line::new(named(label, format!("verified ({})", belief.by)))];
        lines.extend(self.steps_text());
        if let Some(facts) = &self.facts {
            lines.push(Line::new(format!("  signed name: {}", facts.filename)));
        }
        let warnings = belief.warnings.iter().map(|it| (it.class(), it.to_string()));
        let renamed = self.renamed.clone().map(|why| (RENAMED, why));
        lines.extend(warnings.chain(renamed).map(|(class, why)| Line {
            text: format!("  warning ({class}): {why}"),
            is_grave: true,
        }));
        match &belief.content {
            Payload::List => {}
            Payload::Locked => {
                lines.push(Line::new("  payload: encrypted; --key decrypts it".to_owned()));
            }
            Payload::Open(payload) => {
                lines.push(Line::new(format!("  payload: {} bytes", payload.len())));
            }
        }
        lines
    }
}

/// What to say of a file that is called otherwise than it is signed; nothing if it is not.
fn renamed(path: &Path, signed: &str) -> Option<String> {
    // A list has the generic name inside, whichever it is served under (domain facts 1.2). Names may
    // have folders, which a copy of the file need not be in.
    let is_generic = ListKind::ALL.iter().any(|kind| kind.generic_name() == signed);
    if is_generic || path.file_name() == Path::new(signed).file_name() {
        return None;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Some(format!("signed as {signed}: a phone that asked for {name} refuses it (--name {name})"))
}

/// The class of the warning that a file is called otherwise than it is signed.
const RENAMED: &str = "file-name";
