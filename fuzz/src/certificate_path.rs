//! Paths to a listed authority, made with flaws of the input's choice: the phone accepts exactly
//! those that have none. `fuzz/tests/openssl.rs` has `openssl verify` judge the same paths.

mod der;
mod draw;

use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use secd::trust::peer::{AuthorityPaths, Peer, ShownChain};
use secd::trust::{Acceptance, Anchors, Grant, ListKind, Purpose, stored};
use secd_lab::certificate::Certificate;
use secd_lab::list::{Kind as Listed, List, Record, Role};
use secd_lab::names::{Layout, Name};

use draw::{Draw, KEYS};

pub(crate) fn one(input: &[u8]) {
    let Ok(drawn) = Drawn::from_bytes(input) else { return };
    assert_eq!(drawn.is_trusted(), drawn.flaws.is_empty(), "{:?} for {}", drawn.flaws, drawn.host);
    assert!(drawn.judge(None, AuthorityPaths::Count).is_none(), "without the time");
    assert!(drawn.judge(Some(AT), AuthorityPaths::Ignored).is_none(), "in old TLS");
}

/// A path, and all that is wrong with it.
pub struct Drawn {
    /// The certificate that is listed, DER.
    pub authority: Vec<u8>,
    /// What the server sends along.
    pub intermediates: Vec<Vec<u8>>,
    /// The server's certificate.
    pub certificate: Vec<u8>,
    /// The host that was asked for: a name or an address.
    pub host: &'static str,
    /// Each is enough to refuse the path.
    pub flaws: Vec<Flaw>,
    /// What is at the edge of what is allowed.
    pub allowances: Vec<Allowance>,
}

/// What is unusual about a path, and no flaw.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Allowance {
    /// It is the last second of a certificate.
    LastSecond,
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// The authority is restricted to other purposes.
    AuthorityForOthers,
    /// The authority's key exchanges keys, as a server's does.
    AuthorityExchangesKeys,
    /// The authority names a host, as a server does.
    AuthorityNamesHost,
    /// The listed authority has the issuer's name and another key.
    AuthorityOfOtherKey,
    /// The listed authority has another name than the issuer.
    AuthorityOfOtherName,
    /// A signature does not fit.
    BrokenSignature,
    /// A name is outside of what an authority may issue.
    Constraint,
    /// An extension is critical and unknown.
    Critical,
    /// A certificate is over.
    Expired,
    /// A certificate is for another purpose than servers.
    ForOthers,
    /// A certificate is for any purpose, which does not name that of servers.
    ForAnything,
    /// The server's certificate is an authority's.
    IsAuthority,
    /// The path is longer than an authority allows.
    Length,
    /// A certificate of the path is not sent.
    Missing,
    /// No alternative name; the common name is the host's.
    NameInSubject,
    /// A pattern that covers a part of a label.
    NamePart,
    /// An issuer is no authority.
    NotAnAuthority,
    /// A certificate is not valid yet.
    NotYet,
    /// The certificate is for another host.
    OtherHost,
    /// An issuer does not say that it is an authority, or the listed one that its key may sign.
    Unstated,
    /// A signature of a kind that the phone does not verify in a path.
    Unsupported,
    /// The key may not be used for this.
    Usage,
}

impl Drawn {
    /// The path that bytes choose; without bytes one that has no flaw.
    ///
    /// # Errors
    /// If a choice cannot be read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Draw::new(Unstructured::new(bytes)).path()
    }

    /// Whether a phone that lists the authority opens a connection to the host.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.judge(Some(AT), AuthorityPaths::Count).is_some()
    }

    fn judge(&self, now: Option<u64>, paths: AuthorityPaths) -> Option<Grant> {
        let mut anchors = Anchors::default();
        let list = stored::list(ListKind::Itl, &listing(&self.authority), Acceptance::FirstUse);
        anchors.install(list.expect("a list of the lab"));
        let sent = self.intermediates.iter().map(|der| CertificateDer::from(der.as_slice()));
        let intermediates: Vec<_> = sent.collect();
        let name = ServerName::try_from(self.host).expect("a host");
        let shown = ShownChain {
            purpose: Purpose::HttpsService,
            certificate: &self.certificate,
            intermediates: &intermediates,
            name: Some(&name),
            paths,
        };
        let peer = Peer::read(shown).expect("a certificate of the lab");
        let now = now.map(|at| UnixTime::since_unix_epoch(Duration::from_secs(at)));
        match peer.under_authority(&anchors, ListKind::Itl, now) {
            Ok(grant) => grant,
            Err(no_path) => {
                assert!(!no_path.to_string().is_empty());
                None
            }
        }
    }
}

/// The header of an ITL. A store is trusted to have kept what was verified, so that the signature in
/// it is nobody's: to make one for each input would take most of the time.
static HEADER: LazyLock<Vec<u8>> =
    LazyLock::new(|| List::new(Listed::Itl, Layout::CallManager, 1).sign(&KEYS.signer));

/// An ITL with the authority as it is listed in the field.
fn listing(der: &[u8]) -> Vec<u8> {
    let read = secd::trust::certificate::Certificate::parse(der).expect("a certificate of the lab");
    let certificate = Certificate {
        der: der.to_vec(),
        subject: Name::common("subject"),
        issuer: Name::common("issuer"),
        serial: read.serial.magnitude().to_vec(),
        public_key: read.key.bytes().to_vec(),
        signature: read.signature.to_vec(),
    };
    let record = Record::new(Role::APP_SERVER, &certificate);
    [HEADER.as_slice(), &record.encode(Listed::Itl, Layout::CallManager)].concat()
}

/// 2030-01-01, at which every path is judged.
pub const AT: u64 = 1_893_456_000;
