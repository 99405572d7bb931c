//! Which listed certificates may be the signer's, and which of them is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::trust::certificate::Certificate;
use crate::trust::list::{Anchor, ListKind, TrustList};
use crate::trust::name::DistinguishedName;
use crate::trust::reason::{Reason, Warning};
use crate::wire::{Role, Signer};

/// Verifies a file's signature with a certificate's key, and returns what policy warns of.
pub type Signature<'f> = &'f dyn Fn(&Certificate<'_>) -> Result<Vec<Warning>, Reason>;

/// Who claims to have signed a file, and the check whether that is true.
#[derive(Clone, Copy)]
pub(super) struct Claim<'c> {
    pub(super) signer: &'c Signer<'c>,
    pub(super) signed_by: Signature<'c>,
}

/// The certificate whose key signed a file.
#[derive(Debug)]
pub struct Signatory<'a> {
    /// The certificate, as the list carries it.
    pub certificate: Certificate<'a>,
    /// The list that has it.
    pub list: ListKind,
    /// What policy allowed although it is not as it should be.
    pub warnings: Vec<Warning>,
}

/// Why no candidate is the signer.
#[derive(Debug)]
pub(super) enum NoSignatory {
    /// No record can be shown to be the signer's: someone else may know the signer.
    Unlisted(Reason),
    /// The lists settle it.
    Refused(Reason),
}

impl NoSignatory {
    /// The reason, for where no one else is asked.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Refused(reason) | Self::Unlisted(reason) => reason,
        }
    }
}

/// The certificates with a signer's serial number, in a suitable role, each key once.
struct Candidates<'a> {
    certificates: Vec<(Certificate<'a>, ListKind)>,
    /// Whether their records print the signer's names as the file does.
    printed: bool,
}

/// Finds the signer of a file among the records of some lists, each list with the roles to look
/// for.
///
/// Serial number and role select the candidates, and the signature decides. Names only narrow the
/// choice: where records print the signer's names as the file does, no others are tried, and the
/// file is signed by one of them or refused. Otherwise each key with the serial number is tried,
/// and exactly one must have signed.
pub(super) fn signatory<'a>(
    lists: &[(&'a TrustList, &[Role])],
    Claim { signer, signed_by }: Claim<'_>,
) -> Result<Signatory<'a>, NoSignatory> {
    let mut signed = Vec::new();
    let mut failed = Vec::new();
    let Candidates { certificates, printed } = Candidates::new(lists, signer);
    for (certificate, list) in certificates {
        match signed_by(&certificate) {
            Ok(warnings) => signed.push(Signatory { certificate, list, warnings }),
            Err(reason) => failed.push(reason),
        }
    }
    // Exactly one key may have signed: two that match would leave the signer ambiguous.
    match (signed.pop(), signed.is_empty()) {
        (Some(signatory), true) => Ok(signatory),
        (Some(_), false) => Err(NoSignatory::Refused(Reason::AmbiguousSigner)),
        (None, _) if failed.is_empty() => Err(NoSignatory::Unlisted(unfit(lists, signer))),
        // The names are those of a listed signer, so the lists settle it: TVS is not asked.
        (None, _) if printed => Err(NoSignatory::Refused(most_telling(failed))),
        (None, _) => Err(NoSignatory::Unlisted(most_telling(failed))),
    }
}

impl<'a> Candidates<'a> {
    fn new(lists: &[(&'a TrustList, &[Role])], signer: &Signer<'_>) -> Self {
        let names = [signer.name, signer.issuer]
            .map(|text| DistinguishedName::from_text(&String::from(text)));
        let mut anchors: Vec<_> = lists
            .iter()
            .flat_map(|(list, roles)| {
                let fitting = move |anchor: &&Anchor| {
                    roles.contains(&anchor.role) && anchor.certificate.is_some()
                };
                let found = list.find_serial(signer.serial).into_iter().filter(fitting);
                found.map(|anchor| (anchor, list.kind, anchor.prints(&names)))
            })
            .collect();
        // If no record prints the names, all remain: call managers print one name in several ways
        // (domain facts 3.7).
        let any_printed = anchors.iter().any(|(_, _, printed)| *printed);
        anchors.retain(|(_, _, printed)| *printed == any_printed);
        let mut found = Self { certificates: Vec::new(), printed: any_printed };
        for (anchor, list, _) in anchors {
            found.add(anchor, list);
        }
        found
    }

    /// Adds the certificate of a record; one whose key is there already is the same signer.
    fn add(&mut self, anchor: &'a Anchor, list: ListKind) {
        // Each candidate costs a signature check, and an attacker chooses the serial number.
        if self.certificates.len() == MAX_CANDIDATES {
            return;
        }
        let Some(der) = anchor.certificate.as_deref() else { return };
        if self.certificates.iter().any(|(other, _)| other.der == der) {
            return;
        }
        // Cannot fail for a decoded list; if it did, the record would be no one's signer.
        let Ok(certificate) = Certificate::parse(der) else { return };
        // A renewed certificate with the same key would otherwise count as a second signer.
        if self.certificates.iter().all(|(other, _)| other.key != certificate.key) {
            self.certificates.push((certificate, list));
        }
    }
}

/// Why no record matches; a certificate with that number in another role is reported.
fn unfit(lists: &[(&TrustList, &[Role])], signer: &Signer<'_>) -> Reason {
    let mut others = lists.iter().flat_map(|(list, roles)| {
        let others = move |anchor: &&Anchor| !roles.contains(&anchor.role);
        list.find_serial(signer.serial).into_iter().filter(others)
    });
    let other = others.find(|anchor| anchor.certificate.is_some());
    other.map_or(Reason::WrongSigner, |anchor| Reason::WrongRole { found: anchor.role })
}

/// The most informative of several reasons: that of a key that may sign, but did not.
fn most_telling(failed: Vec<Reason>) -> Reason {
    if failed.contains(&Reason::SignatureMismatch) {
        return Reason::SignatureMismatch;
    }
    failed.into_iter().next().unwrap_or(Reason::WrongSigner)
}

/// Bounds the signature checks of one file. Inferred: call managers issue serial numbers of 64 bits
/// and more, so that even two keys with one number are rare.
pub const MAX_CANDIDATES: usize = 8;
