//! Certificates that may issue others.

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What an authority may issue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Authority {
    /// How many authorities may follow on a path from it to a server; nothing if any number may.
    pub path_length: Option<u32>,
    /// First and last second of its validity, since 1970.
    pub validity: (i64, i64),
}

impl Authority {
    /// The authority that a certificate is, if it is one.
    ///
    /// A trust list has no role of its own for authorities: they are listed as the servers that
    /// they vouch for (domain facts 6.4), and the self-signed certificates of call managers and
    /// tools claim to be authorities as well. So one counts as an authority only if it may sign
    /// certificates (basic constraints and keyUsage, which an authority must have: RFC 5280
    /// §4.2.1.3), is restricted neither to purposes other than servers nor by anything that is not
    /// understood, and has nothing that belongs to a server: no host name or address, and no key for
    /// key exchange, which RFC 3279 §2.3 advises authorities against.
    pub(super) fn from_certificate(certificate: &X509Certificate<'_>) -> Option<Self> {
        let constraints = certificate.basic_constraints().ok()??.value;
        // `?` for an absent or unreadable keyUsage: without one, a certificate is not treated as an
        // authority.
        let issues = constraints.ca && signs_certificates(certificate)?;
        let is_restricted = !is_for_servers(certificate) || !is_understood(certificate);
        if !issues || is_restricted || is_a_servers(certificate) {
            return None;
        }
        let validity = certificate.validity();
        Some(Self {
            path_length: constraints.path_len_constraint,
            validity: (validity.not_before.timestamp(), validity.not_after.timestamp()),
        })
    }

    /// Whether its dates are good at an instant, in seconds since 1970.
    pub(super) fn is_valid_at(&self, now: u64) -> bool {
        let (first, last) = self.validity;
        i64::try_from(now).is_ok_and(|now| (first..=last).contains(&now))
    }
}

/// Whether the keyUsage of a certificate in DER allows it to sign others; an absent one does not
/// forbid it (RFC 5280 §6.1.4 (n)).
pub(super) fn may_sign_others(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| match certificate.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.key_cert_sign()),
        Err(_) => false,
    })
}

/// Whether the keyUsage of a server's certificate in DER allows something that TLS does with its key;
/// an absent one does not forbid it.
///
/// # Source
/// RFC 5246 §7.4.2 and RFC 8446 §4.4.2.2. Any of the three will do, as with `openssl verify -purpose
/// sslserver`: certificates in the field are not always exact about which.
pub(super) fn may_serve_tls(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| match certificate.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| {
            let usage = usage.value;
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        }),
        Err(_) => false,
    })
}

fn signs_certificates(certificate: &X509Certificate<'_>) -> Option<bool> {
    Some(certificate.key_usage().ok()??.value.key_cert_sign())
}

/// Whether it names a host, or has a key for key exchange. An extension that cannot be read counts
/// as doing so.
fn is_a_servers(certificate: &X509Certificate<'_>) -> bool {
    let names_a_host = match certificate.subject_alternative_name() {
        Ok(names) => names.is_some_and(|names| names.value.general_names.iter().any(is_a_host)),
        // What cannot be read must not make a server's certificate an authority.
        Err(_) => true,
    };
    let exchanges_keys = match certificate.key_usage() {
        Ok(usage) => usage.is_some_and(|usage| {
            let usage = usage.value;
            usage.key_encipherment() || usage.data_encipherment() || usage.key_agreement()
        }),
        Err(_) => true,
    };
    names_a_host || exchanges_keys
}

const fn is_a_host(name: &GeneralName<'_>) -> bool {
    matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_))
}

/// Whether every extension that must be understood is one that paths are verified by. webpki passes
/// the others over in a trust anchor, which RFC 5280 §6.1.1 leaves to whoever uses it.
fn is_understood(certificate: &X509Certificate<'_>) -> bool {
    certificate
        .extensions()
        .iter()
        .all(|it| !it.critical || UNDERSTOOD.contains(&it.oid.as_bytes()))
}

/// Whether it may issue certificates for servers: an authority may be restricted to others.
fn is_for_servers(certificate: &X509Certificate<'_>) -> bool {
    match certificate.extended_key_usage() {
        // No extendedKeyUsage means no restriction (RFC 5280 §4.2.1.12).
        Ok(usage) => usage.is_none_or(|usage| usage.value.any || usage.value.server_auth),
        Err(_) => false,
    }
}

/// Extensions (contents of the identifier, DER) that may be critical: keyUsage, subjectAltName,
/// basicConstraints, nameConstraints, extKeyUsage.
///
/// # Source
/// RFC 5280 §4.2.1; those that webpki reads in the other certificates of a path.
const UNDERSTOOD: [&[u8]; 5] = [
    &[0x55, 0x1D, 0x0F],
    &[0x55, 0x1D, 0x11],
    &[0x55, 0x1D, 0x13],
    &[0x55, 0x1D, 0x1E],
    &[0x55, 0x1D, 0x25],
];
