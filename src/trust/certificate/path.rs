//! A path from a server's certificate to a listed authority.

use alloc::vec::Vec;
use core::fmt;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Why no path is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPath {
    /// The clock is not set: dates cannot be compared.
    ClockUnset,
    /// The path does not hold: a signature, a date, a constraint, a usage.
    Invalid(&'static str),
    /// The certificate is not for the host that was asked for.
    OtherHost,
}

impl fmt::Display for NoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockUnset => f.write_str("the clock is not set, no certificate path counts"),
            Self::Invalid(why) => write!(f, "no path to a listed authority, {why}"),
            Self::OtherHost => f.write_str("the certificate is for another host"),
        }
    }
}

/// Verifies the path of a server's certificate to one of the authorities, and that it is for the
/// host that was asked for: otherwise any certificate of a public authority would pass.
///
/// # Errors
/// [`NoPath`].
///
/// # Source
/// A list found in the field carries public root certificates (domain facts 6.4); the checks are
/// those of RFC 5280 §6 as webpki makes them.
pub(in crate::trust) fn verify(
    certificate: &[u8],
    intermediates: &[CertificateDer<'_>],
    authorities: &[&[u8]],
    name: &ServerName<'_>,
    now: Option<UnixTime>,
) -> Result<(), NoPath> {
    let now = now.ok_or(NoPath::ClockUnset)?;
    let authorities: Vec<_> = authorities.iter().map(|der| CertificateDer::from(*der)).collect();
    let anchors: Vec<_> =
        authorities.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let der = CertificateDer::from(certificate);
    let end_entity =
        EndEntityCert::try_from(&der).map_err(|error| NoPath::Invalid(word(&error)))?;
    let usage = KeyUsage::server_auth();
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    end_entity
        .verify_for_usage(algorithms, &anchors, intermediates, now, usage, None, None)
        .map_err(|error| NoPath::Invalid(word(&error)))?;
    end_entity.verify_is_valid_for_subject_name(name).map_err(|error| match error {
        webpki::Error::CertNotValidForName(_) => NoPath::OtherHost,
        error => NoPath::Invalid(word(&error)),
    })
}

const fn word(error: &webpki::Error) -> &'static str {
    match error {
        webpki::Error::CertExpired { .. } => "a certificate has expired",
        webpki::Error::CertNotValidYet { .. } => "a certificate is not valid yet",
        webpki::Error::UnknownIssuer => "the issuer is not listed",
        webpki::Error::NameConstraintViolation => "a name constraint forbids it",
        webpki::Error::RequiredEkuNotFoundContext(_) => "a certificate is not for servers",
        webpki::Error::InvalidSignatureForPublicKey => "a signature does not fit",
        _ => "a certificate breaks the rules for paths",
    }
}
