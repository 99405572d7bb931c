use alloc::string::{String, ToString};
use alloc::vec::Vec;

use secd_lab::certificate::{Identity, Profile, Usage};
use secd_lab::digest::Digest;
use secd_lab::keys::{KeyPair, Kind, Pool};
use secd_lab::list::{Kind as LabKind, List};
use secd_lab::names::{Layout, Name};

use crate::trust::lsc::{
    IssuedLsc, KeyRefused, LscOdd, LscRefused, decide_certificate, decide_key,
};
use crate::trust::{Acceptance, Anchors, ListKind, Policy, stored};
use crate::wire::capf::{AskedKey, CertificateType, Curve};

const DEVICE: &str = "SEP001122334455";

/// The middle of the validity of what the lab issues.
const NOW: u64 = 1_800_000_000;

struct Office {
    pool: Pool,
    capf: Identity,
    key: KeyPair,
}

impl Office {
    fn new(kind: Kind) -> Self {
        let pool = Pool::new();
        let capf = Profile::new(Name::common("CAPF-12345678"), pool.serial());
        let capf = Profile { usage: Usage::Authority, ..capf }.self_signed(pool.take(kind));
        let key = pool.take(Kind::Rsa2048);
        Self { pool, capf, key }
    }

    fn profile(&self, name: &str) -> Profile {
        Profile::new(Name::common(name), self.pool.serial())
    }

    fn judge(&self, certificate: &[u8]) -> Result<Vec<LscOdd>, LscRefused> {
        self.judge_at(certificate, Some(NOW))
    }

    fn judge_at(&self, certificate: &[u8], now: Option<u64>) -> Result<Vec<LscOdd>, LscRefused> {
        decide_certificate(&IssuedLsc {
            kind: CertificateType::Lsc,
            certificate,
            public_key: &self.key.spki(),
            device: DEVICE,
            server: &self.capf.certificate.der,
            now,
        })
    }

    fn issue(&self, profile: &Profile) -> Vec<u8> {
        profile.issued_by(&self.capf, self.key.clone()).certificate.der
    }
}

#[test]
fn a_certificate_of_capf_is_accepted_whatever_key_capf_has() {
    for kind in [Kind::Rsa1024, Kind::Rsa2048, Kind::Rsa4096, Kind::P256, Kind::P384] {
        let office = Office::new(kind);
        let lsc = office.issue(&office.profile(DEVICE));
        assert_eq!(office.judge(&lsc), Ok(Vec::new()), "{kind:?}");
    }
    for digest in [Digest::Sha1, Digest::Sha512] {
        let office = Office::new(Kind::Rsa2048);
        let lsc = office.issue(&Profile { digest, ..office.profile(DEVICE) });
        assert_eq!(office.judge(&lsc), Ok(Vec::new()), "{digest:?}");
    }
}

#[test]
fn a_certificate_of_another_authority_is_accepted() {
    let office = Office::new(Kind::Rsa2048);
    let other = office.profile("Enterprise CA").self_signed(office.pool.take(Kind::P256));
    let lsc = office.profile(DEVICE).issued_by(&other, office.key.clone());
    assert_eq!(office.judge(&lsc.certificate.der), Ok(Vec::new()));
}

#[test]
fn a_certificate_in_the_name_of_capf_needs_its_signature() {
    let office = Office::new(Kind::Rsa2048);
    let forger = Profile::new(Name::common("CAPF-12345678"), office.pool.serial());
    for kind in [Kind::Rsa2048, Kind::P256] {
        let forger = forger.self_signed(office.pool.take(kind));
        let lsc = office.profile(DEVICE).issued_by(&forger, office.key.clone());
        assert_eq!(office.judge(&lsc.certificate.der), Err(LscRefused::Signature), "{kind:?}");
    }
    // One bit of a good one.
    let mut lsc = office.issue(&office.profile(DEVICE));
    *lsc.last_mut().unwrap() ^= 1;
    assert_eq!(office.judge(&lsc), Err(LscRefused::Signature));
}

#[test]
fn a_certificate_for_another_key_is_refused() {
    let office = Office::new(Kind::Rsa2048);
    for kind in [Kind::Rsa2048, Kind::P256] {
        let foreign = office.pool.take(kind);
        let lsc = office.profile(DEVICE).issued_by(&office.capf, foreign);
        assert_eq!(office.judge(&lsc.certificate.der), Err(LscRefused::OtherKey), "{kind:?}");
    }
}

#[test]
fn what_is_not_an_lsc_or_not_a_certificate_is_refused() {
    let office = Office::new(Kind::Rsa2048);
    let lsc = office.issue(&office.profile(DEVICE));
    for kind in [CertificateType::Mic, CertificateType::Unknown(0)] {
        let public_key = office.key.spki();
        let issued = IssuedLsc {
            kind,
            certificate: &lsc,
            public_key: &public_key,
            device: DEVICE,
            server: &office.capf.certificate.der,
            now: Some(NOW),
        };
        assert_eq!(decide_certificate(&issued), Err(LscRefused::Kind(kind)));
    }
    let longer = [&lsc[..], &[0]].concat();
    for wrong in [&b""[..], b"x", &lsc[..lsc.len() - 1], &longer] {
        assert_eq!(office.judge(wrong), Err(LscRefused::NotACertificate));
    }
}

#[test]
fn another_name_and_dates_are_odd_but_accepted() {
    let office = Office::new(Kind::Rsa2048);
    let lsc = office.issue(&office.profile("SEPFFFFFFFFFFFF").expired());
    let name = LscOdd::OtherName { found: String::from("SEPFFFFFFFFFFFF") };
    assert_eq!(office.judge(&lsc), Ok([name.clone(), LscOdd::Expired].into()));
    assert_eq!(name.to_string(), "it is for <SEPFFFFFFFFFFFF>, which is not the phone's name");
    let early = office.issue(&office.profile(DEVICE));
    assert_eq!(office.judge_at(&early, Some(1)), Ok([LscOdd::NotYetValid].into()));
    // Nothing is known of dates while the clock is not set.
    assert_eq!(office.judge_at(&early, None), Ok(Vec::new()));
}

fn with_itl(version: Option<[u8; 2]>) -> Anchors {
    let pool = Pool::new();
    let signer = Profile::new(Name::common("signer"), pool.serial());
    let signer = signer.self_signed(pool.take(Kind::Rsa2048));
    let mut list = List::new(LabKind::Itl, Layout::CallManager, 1);
    list.signer_version = version;
    let mut anchors = Anchors::default();
    let bytes = list.sign(&signer);
    anchors.install(stored::list(ListKind::Itl, &bytes, Acceptance::FirstUse).unwrap());
    anchors
}

#[test]
fn keys_on_curves_are_made_where_the_itl_announces_them() {
    let policy = Policy::default();
    let decide = |anchors: &Anchors| decide_key(AskedKey::Ec(Curve::P256), &policy, anchors);
    assert_eq!(decide(&with_itl(Some([1, 1]))), Ok(None));
    assert_eq!(decide(&with_itl(Some([2, 0]))), Ok(None));
    for anchors in [Anchors::default(), with_itl(None), with_itl(Some([1, 0]))] {
        assert_eq!(decide(&anchors), Err(KeyRefused::NotAnnounced));
    }
}

#[test]
fn small_keys_are_made_as_policy_allows() {
    let anchors = Anchors::default();
    let decide = |bits, min_rsa_bits| {
        let policy = Policy { min_rsa_bits, ..Policy::default() };
        decide_key(AskedKey::Rsa { bits }, &policy, &anchors)
    };
    assert_eq!(decide(2048, 2048), Ok(None));
    assert_eq!(decide(1024, 1024), Ok(Some(LscOdd::SmallKey { bits: 1024 })));
    let refused = KeyRefused::Small { bits: 1024, least: 2048 };
    assert_eq!(decide(1024, 2048), Err(refused));
    let words = "an RSA key of 1024 bits, at least 2048 are required (policy.min_rsa)";
    assert_eq!(refused.to_string(), words);
    assert_eq!(decide(512, 1024), Err(KeyRefused::Small { bits: 512, least: 1024 }));
    let unknown = decide_key(AskedKey::Other(2), &Policy::default(), &anchors);
    assert_eq!(unknown, Err(KeyRefused::Unknown(2)));
}
