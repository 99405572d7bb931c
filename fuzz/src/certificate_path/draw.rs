//! Which path it is, and what is wrong with it.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use secd_lab::certificate::{Identity, Profile, critical, extension};
use secd_lab::digest::Digest;
use secd_lab::keys::{KeyPair, Kind, Pool};
use secd_lab::names::Name;

use super::der::{
    ANYTHING, CERT_SIGN, CLIENT, CRL_SIGN, DIGITAL_SIGNATURE, KEY_AGREEMENT, KEY_ENCIPHERMENT,
    SERVER, Says, Signing, UNKNOWN, address, alternative, constraints, dns, permitted, purposes,
    usage,
};
use super::{AT, Allowance, Drawn, Flaw};

pub(super) struct Keys {
    authorities: [KeyPair; 4],
    intermediates: [KeyPair; 3],
    server: KeyPair,
    stranger: KeyPair,
    /// Whoever signs lists; nobody asks here.
    pub(super) signer: Identity,
}

pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let pool = Pool::new();
    let signer = Profile::new(Name::common("signer"), pool.serial());
    Keys {
        authorities: [Kind::P256, Kind::P384, Kind::Rsa2048, Kind::Rsa1024]
            .map(|kind| pool.take(kind)),
        intermediates: [Kind::P256, Kind::P384, Kind::P256].map(|kind| pool.take(kind)),
        server: pool.take(Kind::P384),
        stranger: pool.take(Kind::P256),
        signer: signer.self_signed(pool.take(Kind::Rsa1024)),
    }
});

pub(super) struct Draw<'a> {
    input: Unstructured<'a>,
    flaws: Vec<Flaw>,
    allowances: Vec<Allowance>,
}

impl<'a> Draw<'a> {
    pub(super) fn new(input: Unstructured<'a>) -> Self {
        Self { input, flaws: Vec::new(), allowances: Vec::new() }
    }

    pub(super) fn path(mut self) -> Result<Drawn> {
        let depth = self.input.int_in_range(0..=KEYS.intermediates.len())?;
        let kind = self.input.int_in_range(0..=7)?;
        let key = KEYS.authorities.get(kind).unwrap_or(&KEYS.authorities[0]);
        let is_long_digest = self.input.ratio(1, 16)?;
        let digest = if is_long_digest { Digest::Sha512 } else { Digest::Sha256 };
        // Of RSA, paths count from 2048 bits on; of ECDSA, with SHA-256 and SHA-384.
        if (key.rsa().is_none() && is_long_digest) || kind == 3 {
            self.flaws.push(Flaw::Unsupported);
        }
        let (host, names) = self.names()?;
        let authority = self.authority(depth, key, !names.is_dns_free)?;
        let mut issuer = ("authority".to_owned(), key.clone(), digest);
        let mut intermediates = Vec::new();
        for (place, key) in KEYS.intermediates.iter().take(depth).enumerate() {
            let below = depth - 1 - place;
            let subject = format!("intermediate {place}");
            let says = Says { subject: &subject, key, issuer: &issuer, serial: 16 };
            intermediates.extend(self.intermediate(&says, below, !names.is_dns_free)?);
            issuer = (subject, key.clone(), Digest::Sha256);
        }
        let certificate = self.server(&issuer, names)?;
        // In whatever order, as servers send them.
        if self.input.ratio(1, 4)? {
            intermediates.reverse();
        }
        let Self { flaws, allowances, .. } = self;
        Ok(Drawn { authority, intermediates, certificate, host, flaws, allowances })
    }

    fn choice(&mut self) -> Result<u8> {
        // Mostly none of the oddities below.
        self.input.int_in_range(0..=47)
    }

    fn flaw(&mut self, flaw: Flaw) {
        self.flaws.push(flaw);
    }

    /// The listed certificate.
    fn authority(&mut self, depth: usize, key: &KeyPair, names_dns: bool) -> Result<Vec<u8>> {
        let mut extensions = vec![constraints(true, None), usage(CERT_SIGN)];
        let (mut validity, mut name, mut key) = (VALID, "authority", key);
        match self.choice()? {
            1 => validity = self.over(),
            2 => validity = self.not_yet(),
            3 => self.replace(&mut extensions, 0, constraints(false, None), Flaw::NotAnAuthority),
            4 => self.remove(&mut extensions, 0, Flaw::Unstated),
            5 => self.remove(&mut extensions, 1, Flaw::Unstated),
            6 => self.replace(&mut extensions, 1, usage(CRL_SIGN), Flaw::Usage),
            7 => {
                let both = usage(CERT_SIGN | KEY_ENCIPHERMENT);
                self.replace(&mut extensions, 1, both, Flaw::AuthorityExchangesKeys);
            }
            8 => self.add(&mut extensions, purposes(&CLIENT), Flaw::AuthorityForOthers),
            9 => extensions.push(purposes(&SERVER)),
            10 => self.add(
                &mut extensions,
                alternative(&[dns("ca.lab.test")]),
                Flaw::AuthorityNamesHost,
            ),
            11 if depth > 0 => {
                let short = u8::try_from(depth - 1).expect("a short path");
                self.replace(&mut extensions, 0, constraints(true, Some(short)), Flaw::Length);
            }
            12 => {
                let enough = u8::try_from(depth).expect("a short path");
                extensions[0] = constraints(true, Some(enough));
            }
            13 => extensions.push(permitted("lab.test")),
            14 => self.constrain(&mut extensions, names_dns),
            15 => {
                key = &KEYS.stranger;
                self.flaw(Flaw::AuthorityOfOtherKey);
            }
            16 => {
                name = "another";
                self.flaw(Flaw::AuthorityOfOtherName);
            }
            17 => self.add(&mut extensions, critical(UNKNOWN, &[5, 0]), Flaw::Critical),
            _ => {}
        }
        let issuer = (name.to_owned(), key.clone(), Digest::Sha256);
        Ok(Says { subject: name, key, issuer: &issuer, serial: 1 }.der(validity, &extensions))
    }

    /// What is sent in its place: nothing, one certificate, or the same twice.
    fn intermediate(
        &mut self,
        says: &Says<'_>,
        below: usize,
        names_dns: bool,
    ) -> Result<Vec<Vec<u8>>> {
        let mut extensions = vec![constraints(true, None), usage(CERT_SIGN)];
        let mut validity = VALID;
        let mut sent = 1;
        let choice = self.choice()?;
        match choice {
            1 => validity = self.over(),
            2 => validity = self.not_yet(),
            3 => self.replace(&mut extensions, 0, constraints(false, None), Flaw::NotAnAuthority),
            4 => self.remove(&mut extensions, 0, Flaw::Unstated),
            // Not stated is not forbidden.
            5 => drop(extensions.remove(1)),
            6 => self.replace(&mut extensions, 1, usage(CRL_SIGN), Flaw::Usage),
            7 if below > 0 => {
                let short = u8::try_from(below - 1).expect("a short path");
                self.replace(&mut extensions, 0, constraints(true, Some(short)), Flaw::Length);
            }
            7 => extensions[0] = constraints(true, Some(0)),
            8 => self.add(&mut extensions, purposes(&CLIENT), Flaw::ForOthers),
            9 => extensions.push(purposes(&SERVER)),
            10 => self.add(&mut extensions, purposes(&ANYTHING), Flaw::ForAnything),
            11 => {
                sent = 0;
                self.flaw(Flaw::Missing);
            }
            14 => self.add(&mut extensions, critical(UNKNOWN, &[5, 0]), Flaw::Critical),
            15 => extensions.push(extension(UNKNOWN, &[5, 0])),
            16 => self.constrain(&mut extensions, names_dns),
            17 => sent = 2,
            _ => {}
        }
        let der = self.signed(choice, says, validity, &extensions);
        Ok(vec![der; sent])
    }

    fn server(&mut self, issuer: &Signing, names: Names) -> Result<Vec<u8>> {
        let says = Says { subject: names.subject, key: &KEYS.server, issuer, serial: 32 };
        let mut extensions = vec![purposes(&SERVER)];
        extensions.extend(names.alternative);
        let mut validity = VALID;
        let choice = self.choice()?;
        match choice {
            1 => validity = self.over(),
            2 => validity = self.not_yet(),
            3 => self.add(&mut extensions, constraints(true, None), Flaw::IsAuthority),
            4 => self.replace(&mut extensions, 0, purposes(&CLIENT), Flaw::ForOthers),
            5 => self.replace(&mut extensions, 0, purposes(&ANYTHING), Flaw::ForAnything),
            6 => drop(extensions.remove(0)),
            7 => extensions.push(constraints(false, None)),
            8 => extensions.push(usage(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT)),
            9 => self.add(&mut extensions, usage(CRL_SIGN), Flaw::Usage),
            10 => extensions.push(usage(KEY_AGREEMENT)),
            14 => self.add(&mut extensions, critical(UNKNOWN, &[5, 0]), Flaw::Critical),
            15 => extensions.push(extension(UNKNOWN, &[5, 0])),
            // The last second and the first one count (RFC 5280 §4.1.2.5).
            16 => {
                validity.1 = AT;
                self.allowances.push(Allowance::LastSecond);
            }
            17 => validity.0 = AT,
            _ => {}
        }
        Ok(self.signed(choice, &says, validity, &extensions))
    }

    /// The certificate, perhaps with a signature that is not the issuer's.
    fn signed(
        &mut self,
        choice: u8,
        says: &Says<'_>,
        validity: (u64, u64),
        extensions: &[Vec<u8>],
    ) -> Vec<u8> {
        match choice {
            12 => {
                self.flaw(Flaw::BrokenSignature);
                let mut der = says.der(validity, extensions);
                *der.last_mut().expect("a signature") ^= 1;
                der
            }
            13 => {
                self.flaw(Flaw::BrokenSignature);
                let issuer = (says.issuer.0.clone(), KEYS.stranger.clone(), says.issuer.2);
                Says { issuer: &issuer, ..*says }.der(validity, extensions)
            }
            _ => says.der(validity, extensions),
        }
    }

    /// The host that is asked for, and the names in the certificate.
    fn names(&mut self) -> Result<(&'static str, Names)> {
        let host = *self.input.choose(&["cm1.lab.test", "CM1.Lab.Test", "192.0.2.7"])?;
        let is_address = host == "192.0.2.7";
        let mut subject = "server";
        let names: Vec<Vec<u8>> = match self.input.int_in_range(0..=15)? {
            1 => {
                self.flaw_if(is_address, Flaw::OtherHost);
                vec![dns("*.lab.test")]
            }
            2 => {
                self.flaw(Flaw::OtherHost);
                vec![dns("other.lab.test"), address([192, 0, 2, 8])]
            }
            3 => {
                self.flaw_if(!is_address, Flaw::OtherHost);
                vec![address([192, 0, 2, 7])]
            }
            4 => {
                self.flaw(Flaw::NameInSubject);
                subject = host;
                Vec::new()
            }
            5 => {
                self.flaw(Flaw::OtherHost);
                vec![dns("*.test")]
            }
            6 => {
                self.flaw(if is_address { Flaw::OtherHost } else { Flaw::NamePart });
                vec![dns("c*.lab.test")]
            }
            7 => {
                self.flaw_if(is_address, Flaw::OtherHost);
                vec![dns("other.lab.test"), dns("CM1.lab.TEST")]
            }
            _ => vec![dns("cm1.lab.test"), address([192, 0, 2, 7])],
        };
        let is_dns_free = !names.iter().any(|name| name.first() == Some(&0x82));
        let alternative = (!names.is_empty()).then(|| alternative(&names));
        Ok((host, Names { subject, alternative, is_dns_free }))
    }

    fn flaw_if(&mut self, holds: bool, flaw: Flaw) {
        if holds {
            self.flaw(flaw);
        }
    }

    fn over(&mut self) -> (u64, u64) {
        self.flaw(Flaw::Expired);
        (VALID.0, AT - 1)
    }

    fn not_yet(&mut self) -> (u64, u64) {
        self.flaw(Flaw::NotYet);
        (AT + 1, VALID.1)
    }

    fn add(&mut self, extensions: &mut Vec<Vec<u8>>, extension: Vec<u8>, flaw: Flaw) {
        extensions.push(extension);
        self.flaw(flaw);
    }

    fn remove(&mut self, extensions: &mut Vec<Vec<u8>>, place: usize, flaw: Flaw) {
        extensions.remove(place);
        self.flaw(flaw);
    }

    fn replace(&mut self, extensions: &mut [Vec<u8>], place: usize, by: Vec<u8>, flaw: Flaw) {
        extensions[place] = by;
        self.flaw(flaw);
    }

    /// Names of hosts elsewhere only: no matter for a certificate that has none.
    fn constrain(&mut self, extensions: &mut Vec<Vec<u8>>, names_dns: bool) {
        extensions.push(permitted("other.test"));
        self.flaw_if(names_dns, Flaw::Constraint);
    }
}

/// The names in a server's certificate.
struct Names {
    subject: &'static str,
    alternative: Option<Vec<u8>>,
    is_dns_free: bool,
}

/// From 2020 to 2045.
const VALID: (u64, u64) = (1_577_836_800, 2_366_841_600);
