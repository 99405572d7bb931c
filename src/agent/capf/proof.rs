//! What the phone shows CAPF, to be known by.

use std::sync::Arc;

use crate::agent::capf::failure::NotEnrolled;
use crate::agent::identity::PhoneIdentity;
use crate::io::capf::prove;
use crate::io::identity::DeviceIdentity;
use crate::proto::capf::BareSignatures;
use crate::wire::capf::{AuthenticationString, CapfSession, CertificateType, Ownership, SudiProof};
use crate::wire::name::DeviceName;

/// What the phone shows CAPF, to be known by.
pub(super) enum Credential {
    /// The LSC, or the MIC if there is none.
    Lsc,
    /// The certificate that came with the phone.
    Mic,
    NullString,
    String(AuthenticationString),
}

/// What is shown, ready to be sent.
pub(super) enum Showing<'a> {
    /// A certificate, with the proof that the phone has its key.
    Certificate(Box<ProvenCertificate<'a>>),
    NullString,
    String(&'a AuthenticationString),
}

/// A certificate with its proofs.
pub(super) struct ProvenCertificate<'a> {
    kind: CertificateType,
    certificate: &'a [u8],
    ownership: BareSignatures,
    /// The proof for this session, with the certificate that it is by.
    freshness: Option<(&'a [u8], BareSignatures)>,
}

impl Showing<'_> {
    /// The string, if there is one.
    pub(super) const fn string(&self) -> Option<&AuthenticationString> {
        match self {
            Self::String(string) => Some(string),
            Self::Certificate(_) | Self::NullString => None,
        }
    }

    /// The proofs, if there are any.
    pub(super) fn ownership(&self) -> Option<Ownership<'_>> {
        let Self::Certificate(shown) = self else { return None };
        let sudi = shown.freshness.as_ref().map(|(certificate, signatures)| SudiProof {
            certificate,
            sha1: &signatures.sha1,
            sha512: &signatures.sha512,
        });
        Some(Ownership {
            kind: shown.kind,
            certificate: shown.certificate,
            sha1: &shown.ownership.sha1,
            sha512: &shown.ownership.sha512,
            sudi,
        })
    }

    /// What it is, for the log; never the string itself.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Certificate(shown) => format!("the {}", shown.kind),
            Self::NullString => "a null string".to_owned(),
            Self::String(_) => "the authentication string".to_owned(),
        }
    }
}

/// Makes what the phone shows in a session; `held` is kept until the keys are done with.
///
/// # Errors
/// [`NotEnrolled::NoProof`].
pub(super) async fn show<'a>(
    credential: &'a Credential,
    identity: &'a PhoneIdentity,
    device: &DeviceName,
    session: CapfSession,
    held: &Arc<()>,
) -> Result<Showing<'a>, NotEnrolled> {
    let (kind, own) = match credential {
        Credential::NullString => return Ok(Showing::NullString),
        Credential::String(string) => return Ok(Showing::String(string)),
        Credential::Lsc | Credential::Mic => chosen(credential, identity)?,
    };
    let fresh = fresh_by(identity);
    let pair = |own: &DeviceIdentity| Some((own.rsa()?.clone(), own.certificate().to_vec()));
    let no_proof = "the proof of the certificate could not be made: its key is too small";
    let no_proof = || NotEnrolled::NoProof(no_proof);
    let own_pair = pair(own).ok_or_else(no_proof)?;
    let about = (device.clone(), session);
    let proven = prove(own_pair, fresh.and_then(pair), about, held.clone()).await;
    let (ownership, freshness) = proven.ok_or_else(no_proof)?;
    let freshness = fresh.map(DeviceIdentity::certificate).zip(freshness);
    let certificate = own.certificate();
    Ok(Showing::Certificate(Box::new(ProvenCertificate {
        kind,
        certificate,
        ownership,
        freshness,
    })))
}

/// The certificate to prove: one with an RSA key, since no other proof can be made.
///
/// # Source
/// CAPF facts A5. That a phone with an LSC on a curve shows its MIC is inferred.
fn chosen<'a>(
    credential: &Credential,
    identity: &'a PhoneIdentity,
) -> Result<(CertificateType, &'a DeviceIdentity), NotEnrolled> {
    let lsc = identity.lsc().filter(|_| matches!(credential, Credential::Lsc));
    let lsc = lsc.map(|lsc| (CertificateType::Lsc, lsc));
    let mic = identity.mic().map(|mic| (CertificateType::Mic, mic));
    let mut candidates = lsc.into_iter().chain(mic);
    candidates.find(|(_, own)| own.rsa().is_some()).ok_or(NotEnrolled::NoProof(match credential {
        Credential::Mic => "CAPF asks for a proof by the MIC, and there is none with an RSA key",
        _ => "CAPF asks for a proof by a certificate, and the phone has none with an RSA key",
    }))
}

/// The certificate that proves the session to be fresh: the MIC, or the LSC where there is no MIC,
/// if its key is RSA.
///
/// # Source
/// Reference client (CAPF facts A5).
fn fresh_by(identity: &PhoneIdentity) -> Option<&DeviceIdentity> {
    identity.mic().or_else(|| identity.lsc()).filter(|own| own.rsa().is_some())
}
