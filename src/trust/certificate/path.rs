//! A path from a server's certificate to a listed authority.

use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use crate::trust::certificate::Authority;
use crate::trust::certificate::authority::{may_serve_tls, may_sign_others};

/// Why no path is accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NoPath {
    /// The clock is not set: dates cannot be compared.
    ClockUnset,
    /// The path is not valid: a signature, a date, a constraint, a usage; in words.
    Invalid(&'static str),
    /// No certificate can name the host that was requested.
    NoName,
    /// The peer speaks old TLS, in which no path counts.
    OldTls,
    /// The certificate is not for the host that was requested.
    OtherHost,
}

impl fmt::Display for NoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockUnset => {
                f.write_str("the clock is not set, no certificate path can be verified")
            }
            Self::Invalid(why) => write!(f, "no valid path to a listed CA ({why})"),
            Self::NoName => f.write_str("no certificate can name this host"),
            Self::OldTls => f.write_str("no path to a listed CA is accepted over legacy TLS"),
            Self::OtherHost => f.write_str("the certificate is for another host"),
        }
    }
}

/// An authority of a list.
#[derive(Clone, Copy, Debug)]
pub(in crate::trust) struct ListedAuthority<'a> {
    /// Its certificate in DER, as the list carries it.
    pub(in crate::trust) der: &'a [u8],
    /// What it may issue.
    pub(in crate::trust) authority: Authority,
}

/// Verifies the path of a server's certificate to one of the authorities, and that it is for the
/// host that was requested: otherwise any certificate of a public authority would pass.
///
/// # Errors
/// [`NoPath`].
///
/// # Source
/// A list found in the field carries public root certificates (domain facts 6.4); the checks are
/// those of RFC 5280 §6 as webpki makes them, and those that it leaves to its caller: dates and
/// path length of the authority itself, keyUsage of all.
pub(in crate::trust) fn verify(
    certificate: &[u8],
    intermediates: &[CertificateDer<'_>],
    listed: &[ListedAuthority<'_>],
    name: Option<&ServerName<'_>>,
    now: Option<UnixTime>,
) -> Result<(), NoPath> {
    // Without the time, an authority that expired years ago would still count.
    let now = now.ok_or(NoPath::ClockUnset)?;
    // Before any signature is checked: what cannot match a name needs no path.
    let name = name.ok_or(NoPath::NoName)?;
    // webpki leaves keyUsage to its caller, that of the server's own certificate too.
    if !may_serve_tls(certificate) {
        return Err(NoPath::Invalid("the certificate's key may not be used for TLS"));
    }
    let ders: Vec<_> = listed.iter().map(|listed| CertificateDer::from(listed.der)).collect();
    let (anchors, authorities): (Vec<_>, Vec<_>) = ders.iter().zip(listed).filter_map(read).unzip();
    let intermediates = select(intermediates);
    let der = CertificateDer::from(certificate);
    let end_entity =
        EndEntityCert::try_from(&der).map_err(|error| NoPath::Invalid(word(&error)))?;
    // webpki tries other paths after a refusal and has no error of ours, so the reason is kept
    // here.
    let refused = Cell::new(None);
    let holds = |path: &VerifiedPath<'_>| {
        allowed(path, anchors.iter().zip(&authorities), now).map_err(|why| {
            refused.set(Some(why));
            webpki::Error::UnknownIssuer
        })
    };
    end_entity
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            now,
            KeyUsage::server_auth(),
            None,
            Some(&holds),
        )
        .map_err(|error| NoPath::Invalid(refused.get().unwrap_or_else(|| word(&error))))?;
    end_entity.verify_is_valid_for_subject_name(name).map_err(|error| match error {
        webpki::Error::CertNotValidForName(_) => NoPath::OtherHost,
        error => NoPath::Invalid(word(&error)),
    })
}

fn read<'a>(
    (der, listed): (&'a CertificateDer<'a>, &ListedAuthority<'_>),
) -> Option<(TrustAnchor<'a>, Authority)> {
    Some((anchor_from_trusted_cert(der).ok()?, listed.authority))
}

/// Selects the sent certificates that are used to build a path. The time that building takes grows
/// with the number of those that share a name, to the power of the path's length.
fn select<'a>(sent: &'a [CertificateDer<'a>]) -> Vec<CertificateDer<'a>> {
    let mut selected: Vec<(EndEntityCert<'_>, &CertificateDer<'_>)> = Vec::new();
    for der in sent.iter().take(MAX_INTERMEDIATES) {
        // One that cannot be read is skipped, not an error: the server may send what no path needs.
        let Ok(certificate) = EndEntityCert::try_from(der) else { continue };
        let subject = certificate.subject();
        let alike = selected.iter().filter(|(other, _)| other.subject() == subject).count();
        if alike < MAX_OF_ONE_NAME {
            selected.push((certificate, der));
        }
    }
    selected.into_iter().map(|(_, der)| CertificateDer::from(der.as_ref())).collect()
}

/// Whether the authority at the end of a path may have issued it, and those on the way.
///
/// Any listed authority with that name and key will do: a renewed certificate is listed beside the
/// previous one.
fn allowed<'a>(
    path: &VerifiedPath<'_>,
    listed: impl Iterator<Item = (&'a TrustAnchor<'a>, &'a Authority)>,
    now: UnixTime,
) -> Result<(), &'static str> {
    // webpki leaves keyUsage, and the trust anchor's own dates and path length, to its caller.
    let mut below = path.intermediate_certificates();
    if !below.all(|certificate| may_sign_others(&certificate.der())) {
        return Err("an intermediate certificate may not sign others");
    }
    let count = path.intermediate_certificates().count();
    // Several listed authorities may share name and key; the first that is allowed decides.
    let mut why = "the issuer is not listed";
    for (_, authority) in listed.filter(|(anchor, _)| *anchor == path.anchor()) {
        if !authority.is_valid_at(now.as_secs()) {
            why = "the listed CA is not valid at this time";
        } else if authority
            .path_length
            .is_some_and(|most| usize::try_from(most).is_ok_and(|most| count > most))
        {
            why = "the path is longer than the listed CA allows";
        } else {
            return Ok(());
        }
    }
    Err(why)
}

const fn word(error: &webpki::Error) -> &'static str {
    match error {
        webpki::Error::CertExpired { .. } => "a certificate has expired",
        webpki::Error::CertNotValidYet { .. } => "a certificate is not valid yet",
        webpki::Error::UnknownIssuer => "the issuer is not listed",
        webpki::Error::NameConstraintViolation => "a name constraint is violated",
        webpki::Error::RequiredEkuNotFoundContext(_) => {
            "a certificate is not valid for TLS servers"
        }
        webpki::Error::InvalidSignatureForPublicKey => "a signature does not match",
        _ => "a certificate violates the rules for paths",
    }
}

/// How many of the certificates that a server sends along are looked at, and how many of those may
/// have the same subject. Inferred: paths on the Internet have one to three, sent twice at most
/// where an authority is certified by two others; RFC 8446 §4.4.2 has them in the order of the
/// path.
const MAX_INTERMEDIATES: usize = 8;
const MAX_OF_ONE_NAME: usize = 2;
