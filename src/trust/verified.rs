//! Proof, as types: what has been verified cannot be confused with what has not.
//!
//! Every place that mints a proof calls a function named `assertion`; `grep assertion src` finds
//! them all.

use crate::trust::list::ListKind;
use crate::trust::purpose::Purpose;
use crate::trust::signature::{sha1, sha256};

/// A value whose signature was verified with the key of a signer that may sign it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified<T> {
    value: T,
    provenance: Provenance,
}

impl<T> Verified<T> {
    /// States that `value` is what a trusted signer signed.
    pub(in crate::trust) const fn assertion(value: T, provenance: Provenance) -> Self {
        Self { value, provenance }
    }

    /// How it came to be trusted.
    #[must_use]
    pub const fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The value that was signed; a proof is never taken apart.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }
}

/// How something came to be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Provenance {
    /// Just now, by someone who was already trusted.
    Chained(Voucher),
    /// Just now, because there was nothing to check it with.
    FirstUse,
    /// Earlier; the store has kept it since.
    Stored(Acceptance),
}

impl Provenance {
    /// How it was accepted, now or earlier.
    #[must_use]
    pub const fn acceptance(self) -> Acceptance {
        match self {
            Self::Chained(voucher) => Acceptance::Chained(voucher),
            Self::FirstUse => Acceptance::FirstUse,
            Self::Stored(acceptance) => acceptance,
        }
    }
}

/// How something was accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Acceptance {
    /// Its signer was vouched for.
    Chained(Voucher),
    /// There was nothing to check it with.
    FirstUse,
}

impl Acceptance {
    /// One word, for the store and for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chained(voucher) => voucher.word(),
            Self::FirstUse => "first-use",
        }
    }

    /// The acceptance that [`Self::word`] wrote.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [
            Self::Chained(Voucher::Ctl),
            Self::Chained(Voucher::Itl),
            Self::Chained(Voucher::Tvs),
            Self::FirstUse,
        ]
        .into_iter()
        .find(|acceptance| acceptance.word() == word)
    }
}

/// Who vouched for a signer, or for a file without one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Voucher {
    /// The installed certificate trust list.
    Ctl,
    /// The connection to a trusted server that a configuration came over; never for a list.
    Https,
    /// The installed identity trust list.
    Itl,
    /// The Trust Verification Service.
    Tvs,
}

impl Voucher {
    /// One word, for the store and for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ctl => "ctl",
            Self::Https => "https",
            Self::Itl => "itl",
            Self::Tvs => "tvs",
        }
    }

    /// The one that [`Self::word`] writes.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Ctl, Self::Https, Self::Itl, Self::Tvs];
        all.into_iter().find(|voucher| voucher.word() == word)
    }
}

/// The right to trust one list without a prior one. It is spent by use and cannot be copied.
#[derive(Debug, Eq, PartialEq)]
pub struct FirstUse(());

impl FirstUse {
    /// States that there is no list that could vouch for another.
    pub(in crate::trust) const fn assertion() -> Self {
        Self(())
    }
}

/// The right to exchange application data with the holder of one certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    certificate: [u8; 32],
    purpose: Purpose,
    by: GrantedBy,
}

/// Who vouched for a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GrantedBy {
    /// An earlier answer of the Trust Verification Service.
    Cache,
    /// A record of this list, for exactly this certificate.
    Listed(ListKind),
    /// A certificate authority on this list, by a path to it and the host's name.
    Path(ListKind),
    /// The Trust Verification Service, just now.
    Tvs,
}

impl Grant {
    /// States that the certificate, DER, may serve the purpose that it was judged for.
    pub(in crate::trust) fn assertion(certificate: &[u8], purpose: Purpose, by: GrantedBy) -> Self {
        // SHA-256 and not SHA-1: a grant must not fit a colliding certificate.
        Self { certificate: sha256(certificate), purpose, by }
    }

    /// SHA-256 of the certificate that the grant is for.
    #[must_use]
    pub const fn certificate(&self) -> &[u8; 32] {
        &self.certificate
    }

    /// Who vouched for it.
    #[must_use]
    pub const fn by(&self) -> GrantedBy {
        self.by
    }
}

/// Proof that a server may provide the phone's configuration, and when one was read from it: what
/// comes over a connection to it needs no signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Served {
    certificate: [u8; 20],
    read: u32,
}

impl Served {
    /// The proof, from the right to a connection; nothing if that is for another purpose, for
    /// another certificate, or rests on an authority: those vouch for services, not for files.
    #[must_use]
    pub fn from_grant(grant: &Grant, certificate: &[u8], read: u32) -> Option<Self> {
        let is_for_files = grant.purpose == Purpose::HttpsProvisioning
            && !matches!(grant.by, GrantedBy::Path(_))
            && grant.certificate == sha256(certificate);
        is_for_files.then(|| Self::assertion(sha1(certificate), read))
    }

    /// States that the server with this certificate is trusted for files.
    const fn assertion(certificate: [u8; 20], read: u32) -> Self {
        Self { certificate, read }
    }

    /// SHA-1 of the server's certificate, by which lists are searched for signers.
    #[must_use]
    pub const fn certificate(&self) -> [u8; 20] {
        self.certificate
    }

    /// When the file was read, in seconds since 1970; the least that it can be where the clock is not
    /// set.
    #[must_use]
    pub const fn read(&self) -> u32 {
        self.read
    }
}
