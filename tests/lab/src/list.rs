//! Trust lists: CTL and ITL.

use std::net::Ipv4Addr;

use crate::certificate::{Certificate, Identity};
use crate::digest::Digest;
use crate::envelope::{self, Header};
use crate::names::Layout;
use crate::tlv;

/// The function of a record (tag 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Role(pub u16);

impl Role {
    /// Signs trust lists.
    pub const SAST: Self = Self(0);
    /// Signalling server.
    pub const CCM: Self = Self(1);
    /// Signalling server that also signs files.
    pub const CCM_TFTP: Self = Self(2);
    /// Signs files.
    pub const TFTP: Self = Self(3);
    /// CAPF server.
    pub const CAPF: Self = Self(4);
    /// HTTPS services.
    pub const APP_SERVER: Self = Self(7);
    /// TVS server.
    pub const TVS: Self = Self(21);
}

/// What a record carries of its certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Material {
    /// The certificate (tag 9).
    Certificate,
    /// Its SHA-1 (tags 11 and 12), with names and key.
    Hash,
    /// Not even its names: the record of a blank list.
    Nothing,
}

/// Which of the two lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Certificate trust list.
    Ctl,
    /// Identity trust list.
    Itl,
}

impl Kind {
    /// The generic file name, which the header always bears.
    pub fn filename(self) -> &'static str {
        match self {
            Self::Ctl => "CTLFile.tlv",
            Self::Itl => "ITLFile.tlv",
        }
    }
}

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Tag 4.
    pub role: Role,
    /// The certificate the record is about.
    pub certificate: Certificate,
    /// How much of it is written.
    pub material: Material,
    /// Tag 2 of a CTL; empty for a token. An ITL of the call manager writes a blank instead.
    pub host: String,
    /// Tag 10, in a CTL of the call manager only.
    pub address: Option<Ipv4Addr>,
}

impl Record {
    /// A record with the whole certificate, no host and no address.
    pub fn new(role: Role, certificate: &Certificate) -> Self {
        let material = Material::Certificate;
        let certificate = certificate.clone();
        Self { role, certificate, material, host: String::new(), address: None }
    }

    /// The same record with other material.
    #[must_use]
    pub fn with(mut self, material: Material) -> Self {
        self.material = material;
        self
    }

    /// The same record with a host and its address, as a CTL names them.
    #[must_use]
    pub fn at(mut self, host: &str, address: Ipv4Addr) -> Self {
        host.clone_into(&mut self.host);
        self.address = Some(address);
        self
    }

    /// The record in bytes; its length counts itself.
    pub fn encode(&self, kind: Kind, layout: Layout) -> Vec<u8> {
        let fields = match layout {
            Layout::CallManager => self.call_manager(kind),
            Layout::Tools => self.tools(),
        };
        let length =
            u16::try_from(RECORD_LENGTH_FIELD + fields.len()).expect("a record is below 64 KiB");
        [tlv::number(1, length), fields].concat()
    }

    /// Ascending tags: 2, 3 to 9 or 3 to 8 with 11 and 12, and 10 in a CTL.
    fn call_manager(&self, kind: Kind) -> Vec<u8> {
        let address = self.address.filter(|_| kind == Kind::Ctl);
        let address = address.map(|v4| tlv::element(10, &v4.octets())).unwrap_or_default();
        let host = match kind {
            Kind::Ctl => tlv::text(2, &self.host),
            Kind::Itl => tlv::element(2, &[0, 0]),
        };
        let role = tlv::number(4, self.role.0);
        if self.material == Material::Nothing {
            return [host, role, address].concat();
        }
        let [subject, issuer, serial] = self.names(Layout::CallManager);
        let [certificate, hash] = self.proof();
        let key = self.key();
        [host, subject, role, issuer, serial, key, certificate, address, hash].concat()
    }

    /// 3, 5, 6, 4, 7, 8, 9 (or 11, 12).
    fn tools(&self) -> Vec<u8> {
        let role = tlv::number(4, self.role.0);
        if self.material == Material::Nothing {
            return role;
        }
        let [subject, issuer, serial] = self.names(Layout::Tools);
        [subject, issuer, serial, role, self.key(), self.proof().concat()].concat()
    }

    fn names(&self, layout: Layout) -> [Vec<u8>; 3] {
        let certificate = &self.certificate;
        [
            tlv::text(3, &certificate.subject.text(layout)),
            tlv::text(5, &certificate.issuer.text(layout)),
            tlv::element(6, &certificate.serial),
        ]
    }

    fn key(&self) -> Vec<u8> {
        let certificate = &self.certificate;
        [tlv::element(7, &certificate.public_key), tlv::element(8, &certificate.signature)].concat()
    }

    fn proof(&self) -> [Vec<u8>; 2] {
        let der = &self.certificate.der;
        match self.material {
            Material::Certificate => [tlv::element(9, der), Vec::new()],
            Material::Hash => {
                let hash = tlv::element(11, &Digest::Sha1.of(der));
                [Vec::new(), [hash, tlv::element(12, &[Digest::Sha1.code()])].concat()]
            }
            Material::Nothing => [Vec::new(), Vec::new()],
        }
    }
}

/// A trust list before it is signed.
#[derive(Clone, Debug)]
pub struct List {
    /// CTL or ITL: decides the name in the header and the fields of records.
    pub kind: Kind,
    /// The writer that is imitated.
    pub layout: Layout,
    /// Digest of the signature.
    pub digest: Digest,
    /// Tag 28.
    pub signer_version: Option<[u8; 2]>,
    /// Tag 15, seconds since 1970.
    pub timestamp: u32,
    /// The records in their order.
    pub records: Vec<Record>,
}

impl List {
    /// A list without records: SHA-1; tag 28 is 1.0 for the tools' layout, absent otherwise.
    pub fn new(kind: Kind, layout: Layout, timestamp: u32) -> Self {
        let signer_version = match layout {
            Layout::CallManager => None,
            Layout::Tools => Some([1, 0]),
        };
        let digest = Digest::Sha1;
        Self { kind, layout, digest, signer_version, timestamp, records: Vec::new() }
    }

    /// The file, signed; nothing asks whether the signer is among the records.
    pub fn sign(&self, signer: &Identity) -> Vec<u8> {
        let header = Header {
            version: [1, 2],
            signer_version: self.signer_version,
            layout: self.layout,
            digest: self.digest,
            filename: self.kind.filename(),
            timestamp: self.timestamp,
            encryption: Vec::new(),
        };
        let encoded = |record: &Record| record.encode(self.kind, self.layout);
        let records: Vec<Vec<u8>> = self.records.iter().map(encoded).collect();
        envelope::seal(&header, signer, &records.concat())
    }
}

/// Bytes of tag 1 of a record, which its own value counts.
const RECORD_LENGTH_FIELD: usize = 5;
