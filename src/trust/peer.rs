//! Whether a peer's certificate is trusted by what the phone has: the lists, and earlier answers.

use alloc::vec::Vec;
use core::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use crate::trust::accepted::Accepted;
use crate::trust::anchors::Anchors;
use crate::trust::cache::Cache;
pub use crate::trust::certificate::path::NoPath;
use crate::trust::certificate::path::{self, ListedAuthority};
use crate::trust::certificate::{Certificate, NotACertificate};
pub use crate::trust::distrust::Distrust;
use crate::trust::list::{Anchor, ListKind, TrustList};
use crate::trust::name::DistinguishedName;
use crate::trust::purpose::Purpose;
use crate::trust::reason::Warning;
use crate::trust::signature::{GOOD_RSA_BITS, SignerKey, sha1, sha256};
use crate::trust::tvs::{Endorsed, Unvouched};
use crate::trust::verified::{Grant, GrantedBy};
use crate::wire::Role;

/// The certificates that a peer has shown; it has proved that it holds the key of the first.
#[derive(Clone, Copy, Debug)]
pub struct ShownChain<'a> {
    /// What it is to the phone.
    pub purpose: Purpose,
    /// Its own certificate in DER.
    pub certificate: &'a [u8],
    /// The certificates that it sent along.
    pub intermediates: &'a [CertificateDer<'a>],
    /// The host that was requested; nothing if no certificate can name it.
    pub name: Option<&'a ServerName<'a>>,
    /// Whether a path to an authority may vouch for it.
    pub paths: AuthorityPaths,
}

/// Whether a path to a listed authority may vouch for a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthorityPaths {
    /// It may, where the purpose has authorities.
    Count,
    /// It may not: the peer speaks old TLS, in which it must be known by its own certificate.
    Ignored,
}

/// A peer whose certificate can be read.
#[derive(Clone, Debug)]
pub struct Peer<'a> {
    shown: ShownChain<'a>,
    certificate: Certificate<'a>,
}

impl<'a> Peer<'a> {
    /// Reads the certificate.
    ///
    /// # Errors
    /// [`NotACertificate`].
    pub fn read(shown: ShownChain<'a>) -> Result<Self, NotACertificate> {
        Ok(Self { certificate: Certificate::parse(shown.certificate)?, shown })
    }
}

impl Peer<'_> {
    /// What it is to the phone.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.shown.purpose
    }

    /// The certificate that it has shown, in DER.
    #[must_use]
    pub const fn certificate(&self) -> &[u8] {
        self.shown.certificate
    }

    /// Searches one list for exactly this certificate in a role of the purpose.
    ///
    /// Neither dates nor names are checked: exactly this certificate is what is trusted
    /// (domain facts 6.4).
    #[must_use]
    pub fn listed(&self, anchors: &Anchors, kind: ListKind) -> Option<Grant> {
        let wanted = self.purpose().roles();
        self.roles(anchors, kind)
            .any(|role| wanted.contains(&role))
            .then(|| self.grant(GrantedBy::Listed(kind)))
    }

    /// The roles in which one list has exactly this certificate, for the purpose or not.
    pub fn roles(&self, anchors: &Anchors, kind: ListKind) -> impl Iterator<Item = Role> {
        anchors
            .records(kind)
            .map(|list| exactly(list, &self.certificate))
            .into_iter()
            .flatten()
            .map(|anchor| anchor.role)
    }

    /// Searches one list for an authority in a role of the purpose that a path leads to.
    ///
    /// # Errors
    /// [`NoPath`] if the list has such authorities, but no path to any of them is valid.
    pub fn under_authority(
        &self,
        anchors: &Anchors,
        kind: ListKind,
        now: Option<UnixTime>,
    ) -> Result<Option<Grant>, NoPath> {
        let authorities =
            anchors.records(kind).map(|list| authorities(list, self.purpose())).unwrap_or_default();
        // Not an error: most lists have none.
        if authorities.is_empty() {
            return Ok(None);
        }
        if self.shown.paths == AuthorityPaths::Ignored {
            return Err(NoPath::OldTls);
        }
        let ShownChain { certificate, intermediates, name, .. } = self.shown;
        path::verify(certificate, intermediates, &authorities, name, now)?;
        Ok(Some(self.grant(GrantedBy::Path(kind))))
    }

    /// Searches the earlier answers of the service.
    #[must_use]
    pub fn cached(&self, cache: &Cache, now: Duration) -> Option<Accepted<Grant>> {
        let found = cache.peer(&sha256(self.certificate()), self.purpose(), now)?;
        Some(Accepted { value: self.grant(GrantedBy::Cache), warnings: found.warnings })
    }

    /// Accepts what the service vouches for, if it is this certificate.
    ///
    /// # Errors
    /// [`Unvouched::OtherCertificate`], and the errors of [`Endorsed::serves`].
    pub fn endorsed(&self, endorsed: &Endorsed) -> Result<Grant, Unvouched> {
        // An answer about another certificate must never open this connection.
        if *endorsed.sha256() != sha256(self.certificate()) {
            return Err(Unvouched::OtherCertificate { field: "SHA-256" });
        }
        endorsed.serves(self.purpose())?;
        Ok(self.grant(GrantedBy::Tvs))
    }

    fn grant(&self, by: GrantedBy) -> Grant {
        Grant::assertion(self.certificate(), self.purpose(), by)
    }

    /// What is odd about a certificate that is trusted anyway; only for the log.
    #[must_use]
    pub fn oddities(&self, now: Option<UnixTime>) -> Vec<Warning> {
        let (_, last) = self.certificate.validity;
        let now = now.and_then(|now| i64::try_from(now.as_secs()).ok());
        let expired = now.is_some_and(|now| now > last).then_some(Warning::Expired);
        let bits = SignerKey::of_certificate(&self.certificate).map(|key| key.bits());
        let small = bits.ok().filter(|bits| *bits < GOOD_RSA_BITS);
        let small = small.map(|bits| Warning::SmallKey { bits });
        expired.into_iter().chain(small).collect()
    }
}

/// The records of exactly this certificate, in whatever role.
fn exactly<'a>(list: &'a TrustList, certificate: &Certificate<'_>) -> Vec<&'a Anchor> {
    let found = list.find_serial(certificate.serial);
    if found.is_empty() {
        return found;
    }
    // Only now: most certificates are in neither list, and need no digest.
    let digest = sha1(certificate.der);
    found.into_iter().filter(|anchor| anchor.is_for(certificate, &digest)).collect()
}

fn authorities(list: &TrustList, purpose: Purpose) -> Vec<ListedAuthority<'_>> {
    list.anchors
        .iter()
        .filter(|anchor| purpose.authority_roles().contains(&anchor.role))
        .filter_map(|anchor| {
            Some(ListedAuthority {
                // Only a record with the certificate itself can anchor a path (domain facts 6.4).
                der: anchor.certificate.as_deref()?,
                authority: anchor.authority?,
            })
        })
        .collect()
}

/// How the certificate of a TVS server compares with the lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pinned {
    /// A TVS record of this list is for this certificate.
    Fits(ListKind),
    /// No TVS record has its serial number.
    NotListed,
    /// A TVS record has its serial number, but is for another certificate.
    OtherCertificate(ListKind),
}

/// Whether a TVS server's certificate has the issuer and serial number of a listed one, but is
/// another: an issuer assigns a number only once.
#[must_use]
pub fn is_impostor(anchors: &Anchors, certificate: &Certificate<'_>) -> bool {
    let issuer = DistinguishedName::from_text(&certificate.issuer());
    let printed = |anchor: &&Anchor| {
        anchor
            .issuer
            .as_deref()
            .is_some_and(|listed| DistinguishedName::from_text(listed) == issuer)
    };
    matches!(pinned(anchors, certificate), Pinned::OtherCertificate(_))
        && anchors.lists().any(|list| {
            let records = list.find_serial(certificate.serial);
            records.iter().filter(|anchor| anchor.role == Role::Tvs).any(printed)
        })
}

/// Finds the TVS record of a server by serial number and role, then compares digest and key; CTL
/// before ITL (technote; domain facts 6.2). The service never vouches for itself.
///
/// The printed issuer is not compared: call managers print it in more than one form, and the digest
/// binds the certificate anyway.
pub fn pinned(anchors: &Anchors, certificate: &Certificate<'_>) -> Pinned {
    let digest = sha1(certificate.der);
    let mut found = Pinned::NotListed;
    for kind in ListKind::ALL {
        let Some(list) = anchors.records(kind) else { continue };
        let records = list.find_serial(certificate.serial);
        let tvs = |anchor: &&&Anchor| Purpose::Tvs.roles().contains(&anchor.role);
        // Without a digest there is nothing to compare, and the record is for no certificate.
        for anchor in records.iter().filter(tvs).filter(|anchor| anchor.sha1.is_some()) {
            if anchor.is_for(certificate, &digest) {
                return Pinned::Fits(kind);
            }
            // The first list that has the number is reported; a match in the next still counts.
            if found == Pinned::NotListed {
                found = Pinned::OtherCertificate(kind);
            }
        }
    }
    found
}
