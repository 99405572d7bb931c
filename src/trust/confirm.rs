//! Whether the records of an older list are still valid: what the Trust Verification Service is
//! asked, and what its answers prove.
//!
//! An old list is as genuine as a new one, and may list a key that has since been stolen and
//! replaced. Within a line of lists, whatever an older one lists and the installed ones do not is
//! therefore confirmed, record by record, and never from the cache.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::trust::anchors::Anchors;
use crate::trust::decide::{Decision, Question};
use crate::trust::list::{Anchor, TrustList};
use crate::trust::query::Query;
use crate::trust::reason::{Doubt, Reason, Unconfirmed};
use crate::trust::signature::sha1;
use crate::trust::tvs::{Unanswered, Unvouched, Vouched, peer_trusted};
use crate::wire::tvs::{Response, TvsRequest};
use crate::wire::{Role, Serial};

/// What the service has to be asked about an offered list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Doubtful {
    /// A record of it that the installed lists lack.
    Record(Box<RecordToConfirm>),
    /// Its signer, whom no installed list knows.
    Signer(Query),
}

impl Doubtful {
    /// Why the list is refused if no one is asked.
    #[must_use]
    pub fn otherwise(self) -> Reason {
        match self {
            Self::Record(record) => record.unconfirmed(Doubt::NotAsked),
            Self::Signer(query) => query.otherwise,
        }
    }
}

impl Question for Doubtful {
    type Refusal = Reason;
}

impl<Grant> Decision<Grant, Doubtful> {
    /// The decision for a caller that asks no one: a question counts as a refusal.
    ///
    /// # Errors
    /// [`Reason`].
    pub fn unasked(self) -> Result<Grant, Reason> {
        match self {
            Self::Ask(doubtful) => Err(doubtful.otherwise()),
            Self::Refuse(reason) => Err(reason),
            Self::Trust(grant) => Ok(grant),
        }
    }
}

/// The answers about an offered list so far.
#[derive(Clone, Debug, Default)]
pub struct Proofs {
    /// The one that vouches for its signer.
    pub signer: Option<Vouched>,
    /// The ones that confirm its records, in no particular order.
    pub records: Vec<Confirmed>,
}

impl From<Vouched> for Proofs {
    fn from(vouched: Vouched) -> Self {
        Self { signer: Some(vouched), records: Vec::new() }
    }
}

/// Proof that the service knows the certificate of a record in the record's role, now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Confirmed {
    sha1: [u8; 20],
    role: Role,
}

/// A record of an older list that has to be confirmed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordToConfirm {
    role: Role,
    subject: Box<str>,
    issuer: Box<str>,
    serial: Box<[u8]>,
    sha1: [u8; 20],
    certificate: Option<Box<[u8]>>,
    /// Timestamps of the installed and the offered list.
    ages: (u32, u32),
}

impl RecordToConfirm {
    fn from_anchor(anchor: &Anchor, sha1: [u8; 20], ages: (u32, u32)) -> Self {
        Self {
            role: anchor.role,
            subject: anchor.subject.clone().unwrap_or_default(),
            issuer: anchor.issuer.clone().unwrap_or_default(),
            serial: anchor.serial().map(|serial| Box::from(serial.bytes())).unwrap_or_default(),
            sha1,
            certificate: anchor.certificate.clone(),
            ages,
        }
    }

    /// SHA-1 of the certificate, and the role: what distinguishes this question from another.
    #[must_use]
    pub const fn key(&self) -> ([u8; 20], Role) {
        (self.sha1, self.role)
    }

    /// What its certificate may do.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whose certificate it is for.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The question: whether the certificate is trusted or, where the list has only its hash, which
    /// certificate the service knows by the record's names and number.
    #[must_use]
    pub fn request(&self) -> TvsRequest<'_> {
        match &self.certificate {
            Some(certificate) => TvsRequest::Verify { certificate },
            None => TvsRequest::Query {
                subject: self.subject.as_bytes(),
                issuer: self.issuer.as_bytes(),
                serial: Serial::new(&self.serial),
            },
        }
    }

    /// Judges the answer.
    ///
    /// # Errors
    /// [`Unvouched`].
    pub fn confirm(&self, response: &Response<'_>) -> Result<Confirmed, Unvouched> {
        let certificate = match &self.certificate {
            Some(certificate) => certificate,
            // The record has only a hash, so the service's certificate is the one that is compared.
            None => response.certificate.ok_or(Unvouched::NoCertificate)?,
        };
        let endorsed = peer_trusted(certificate, response)?;
        // A server may know several certificates by these names; only the listed one counts.
        if sha1(certificate) != self.sha1 {
            return Err(Unvouched::OtherCertificate { field: "hash" });
        }
        endorsed.plays(roles(self.role))?;
        Ok(Confirmed { sha1: self.sha1, role: self.role })
    }

    /// The refusal of the list that this record is in.
    #[must_use]
    pub fn unconfirmed(&self, doubt: Doubt) -> Reason {
        let (installed, offered) = self.ages;
        let subject = String::from(&*self.subject);
        Reason::Unconfirmed(Box::new(Unconfirmed {
            installed,
            offered,
            role: self.role,
            subject,
            doubt,
        }))
    }

    /// The refusal after the service was asked without success.
    #[must_use]
    pub fn unanswered(&self, why: &Unanswered) -> Reason {
        self.unconfirmed(Doubt::Unanswered(why.to_string()))
    }
}

/// The next record of an older list that has power (to sign lists or files, or to vouch for
/// others), is in no installed list, and is not proven to be still valid; nothing if there is none.
///
/// # Errors
/// [`Reason::Unconfirmed`] for a TVS record, for which the service never vouches, and for more
/// records than [`QUESTIONS`].
pub(in crate::trust) fn doubtful(
    anchors: &Anchors,
    list: &TrustList,
    installed: u32,
    proofs: &[Confirmed],
) -> Result<Option<RecordToConfirm>, Reason> {
    let ages = (installed, list.timestamp);
    let mut lacking: Vec<RecordToConfirm> = Vec::new();
    for anchor in list.anchors.iter().filter(|anchor| has_power(anchor)) {
        // One with neither certificate nor hash is for no certificate.
        let Some(sha1) = anchor.sha1 else { continue };
        // In this very role: a file server's key that comes back as a token's would gain power.
        let is_listed = anchors.lists().any(|list| list.has(sha1, anchor.role));
        if is_listed || lacking.iter().any(|other| other.key() == (sha1, anchor.role)) {
            continue;
        }
        let record = RecordToConfirm::from_anchor(anchor, sha1, ages);
        // Asking would be useless: the service never vouches for its own servers (domain facts
        // 6.2).
        if anchor.role == Role::Tvs {
            return Err(record.unconfirmed(Doubt::NeverVouchedFor));
        }
        // Counted before any question is sent: a list must not make the phone ask without end.
        if lacking.len() == QUESTIONS {
            return Err(record.unconfirmed(Doubt::TooMany { most: QUESTIONS }));
        }
        lacking.push(record);
    }
    let is_open = |record: &RecordToConfirm| {
        // A proof counts for its certificate and role only, whichever list it was obtained for.
        !proofs.iter().any(|proof| (proof.sha1, proof.role) == record.key())
    };
    Ok(lacking.into_iter().find(is_open))
}

/// Whether a record lets its certificate sign lists or files, vouch for others, or issue them.
fn has_power(anchor: &Anchor) -> bool {
    matches!(anchor.role, Role::Sast | Role::CcmTftp | Role::Tftp | Role::Tvs)
        || anchor.authority.is_some()
}

/// The roles of which an answer must name one for a record of this role: in the answers that have
/// been seen, a call manager's certificate is a file server's (domain facts 5.6).
const fn roles(role: Role) -> &'static [Role] {
    match role {
        Role::Sast => &[Role::Sast],
        Role::Ccm => &[Role::Ccm, Role::CcmTftp],
        Role::CcmTftp => &[Role::CcmTftp, Role::Tftp],
        Role::Tftp => &[Role::Tftp, Role::CcmTftp],
        Role::Capf => &[Role::Capf],
        Role::AppServer => &[Role::AppServer],
        // No answer can confirm these.
        Role::Tvs | Role::Unknown(_) | Role::Unreadable => &[],
    }
}

/// The most questions about the records of one list. Inferred: a cluster has at most a dozen
/// servers that hand out files, and a restored list lacks the certificates of few of them.
pub const QUESTIONS: usize = 16;
