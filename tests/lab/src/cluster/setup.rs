//! The choices a cluster is made with.

use crate::certificate::{Identity, Profile};
use crate::digest::Digest;
use crate::keys::{Kind, Pool};
use crate::names::{Layout, Name};
use crate::release::Release;
use crate::tls::Version;

/// The choices a cluster is made with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Host names; the first is the publisher.
    pub hosts: Vec<String>,
    /// Where keys and serial numbers come from; clusters that must differ share one.
    pub pool: Pool,
    /// Kind of every key. Files can only be signed with RSA.
    pub key: Kind,
    /// Kind of the TVS keys, where it differs.
    pub tvs_key: Option<Kind>,
    /// Digest of lists and files.
    pub digest: Digest,
    /// Digest of the certificates' own signatures.
    pub certificate_digest: Digest,
    /// Layout of lists and files.
    pub layout: Layout,
    /// Style of configurations.
    pub release: Release,
    /// Tag 28 of the ITL.
    pub signer_version: Option<[u8; 2]>,
    /// Whether there is an ITLRecovery, which then signs the ITL (call manager 12 and later).
    pub recovery: bool,
    /// The versions of TLS that its servers speak.
    pub tls: Version,
    /// How many eTokens there are.
    pub tokens: usize,
    /// The authority that issues the certificates; none: they are self-signed.
    pub authority: Option<Identity>,
    /// The phone.
    pub device: String,
    /// Time of the first files, seconds since 1970.
    pub timestamp: u32,
}

impl Default for Setup {
    /// One node, call manager 8 style: RSA-2048, SHA-1, no ITLRecovery, no eTokens.
    fn default() -> Self {
        Self {
            hosts: vec!["cm1.lab.test".to_owned()],
            pool: Pool::new(),
            key: Kind::Rsa2048,
            tvs_key: None,
            digest: Digest::Sha1,
            certificate_digest: Digest::Sha256,
            layout: Layout::CallManager,
            release: Release::Cucm8,
            signer_version: None,
            recovery: false,
            tls: Version::Any,
            tokens: 0,
            authority: None,
            device: "SEP001122334455".to_owned(),
            timestamp: 1_700_000_000,
        }
    }
}

impl Setup {
    /// The default with these hosts.
    pub fn of(hosts: &[&str]) -> Self {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Self { hosts, ..Self::default() }
    }

    /// One node in the style of a release: who signs the ITL, and by which digest.
    pub fn like(release: Release) -> Self {
        let digest = if release == Release::Cucm14 { Digest::Sha512 } else { Digest::Sha1 };
        Self { release, digest, recovery: release.has_recovery(), ..Self::default() }
    }

    /// A certificate profile with the next serial, in the style of this cluster.
    pub fn profile(&self, cn: &str) -> Profile {
        let digest = self.certificate_digest;
        Profile { digest, ..Profile::new(Name::of_service(cn), self.pool.serial()) }
    }

    /// The next key with a certificate as `profile` says, from the authority if there is one.
    pub fn issue(&self, profile: &Profile, key: Kind) -> Identity {
        let key = self.pool.take(key);
        match &self.authority {
            Some(authority) => profile.issued_by(authority, key),
            None => profile.self_signed(key),
        }
    }

    /// The next key with a certificate of this common name.
    pub fn identity(&self, cn: &str) -> Identity {
        self.issue(&self.profile(cn), self.key)
    }

    /// The next key with a certificate as eTokens have it; the tidy style names it like a service.
    pub fn token(&self, cn: &str) -> Identity {
        let profile = self.profile(cn);
        match self.release {
            Release::Tidy => self.issue(&profile, self.key),
            _ => self.issue(&Profile { subject: Name::of_token(cn), ..profile }, self.key),
        }
    }
}
