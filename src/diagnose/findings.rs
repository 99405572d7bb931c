//! The facts that a diagnosis is based on.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnose::changes::{Changes, tokens};
use crate::diagnose::contact::Contact;
use crate::diagnose::own::OwnFound;
use crate::diagnose::ways::WayFound;
use crate::trust::anchors::{Anchors, State};
use crate::trust::list::{ListKind, TrustList};
use crate::trust::peer::Pinned;
use crate::trust::reason::Reason;
use crate::trust::tvs::Unanswered;
use crate::trust::verified::{Acceptance, Voucher};
use crate::wire::Role;
use crate::wire::configuration::SettingsAccess;

/// Everything that was found. What could not be examined in time keeps its default, "not examined".
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Findings {
    /// Whether the lists that were trusted can be read from the store.
    pub store: StoreFound,
    /// Whether the clock was set when the examination began.
    pub clock: Clock,
    /// The TFTP servers, with the result of the last contact with each.
    pub servers: Vec<ContactedServer>,
    /// The trust state that the phone is in.
    pub state: State,
    /// The trust state after the next boot pass.
    pub state_after: State,
    /// The certificate trust list.
    pub ctl: ListFound,
    /// The identity trust list.
    pub itl: ListFound,
    /// The TVS servers that the phone asks, in that order.
    pub members: Vec<MemberFound>,
    /// The phone's own configuration, or the default one in its place.
    pub configuration: ConfigurationFound,
    /// The phone's own certificates, as far as it has any.
    pub own: Vec<OwnFound>,
    /// How many TVS servers the phone's own configuration names, if it would be used.
    pub named_tvs: Option<usize>,
    /// What was passed over in that configuration, in words.
    pub passed_over: Vec<String>,
    /// Whether a file server answered any request of this examination so that it can be used.
    pub is_answered: bool,
    /// Who may use the phone's settings, by the last verified configuration.
    pub access: Option<SettingsAccess>,
    /// TVS certificates in the installed lists, one for each server of the cluster.
    pub tvs_records: usize,
    /// Whether the installed CTL lists a token, whose key outlives those of the call managers.
    pub has_token: bool,
}

impl Findings {
    /// What is known before anything is examined.
    #[must_use]
    pub fn new(store: StoreFound, clock: Clock, anchors: &Anchors) -> Self {
        let list = |kind| ListFound {
            installed: anchors.records(kind).map(Fingerprint::of),
            offered: Offered::NotExamined,
        };
        // Blank records have no certificate, and stand for no server that could vouch.
        let tvs = |list: &TrustList| {
            list.anchors.iter().filter(|it| it.role == Role::Tvs && it.has_material()).count()
        };
        let records = |kind| anchors.records(kind).map_or(0, tvs);
        Self {
            store,
            clock,
            servers: Vec::new(),
            state: anchors.state(),
            state_after: anchors.state(),
            ctl: list(ListKind::Ctl),
            itl: list(ListKind::Itl),
            members: Vec::new(),
            configuration: ConfigurationFound::NotExamined,
            own: Vec::new(),
            named_tvs: None,
            passed_over: Vec::new(),
            is_answered: false,
            access: None,
            tvs_records: records(ListKind::Ctl) + records(ListKind::Itl),
            has_token: anchors.records(ListKind::Ctl).is_some_and(|ctl| !tokens(ctl).is_empty()),
        }
    }

    /// The list of a kind, to be filled in.
    pub fn list_mut(&mut self, kind: ListKind) -> &mut ListFound {
        match kind {
            ListKind::Ctl => &mut self.ctl,
            ListKind::Itl => &mut self.itl,
        }
    }

    /// Whether the configuration names no TVS server to a phone whose lists have records for some.
    pub(super) fn lacks_tvs(&self) -> bool {
        self.named_tvs == Some(0) && self.tvs_records > 0
    }

    /// Whether the phone's user has no access to the settings in which lists are erased.
    pub(super) fn bars_erasing(&self) -> bool {
        self.access.is_some_and(|access| access != SettingsAccess::Enabled)
    }

    /// Whether something was offered that the phone refuses.
    #[must_use]
    pub fn refuses(&self) -> bool {
        let refused = |found: &ConfigurationFound| {
            use ConfigurationFound::{ForAnother, Refused};
            // An unreadable one was verified: its fault is in the text, and no list causes it.
            matches!(found, ForAnother { .. } | Refused { .. })
        };
        self.refuses_list() || refused(&self.configuration)
    }

    pub(super) fn refuses_list(&self) -> bool {
        [&self.ctl, &self.itl].into_iter().any(|list| list.refused().is_some())
    }

    /// How the TVS servers, taken together, compare with the installed lists.
    pub(super) fn reach(&self) -> Reach {
        let shown = |fits: fn(&Pinned) -> bool| {
            self.members.iter().filter_map(MemberFound::shown).any(|shown| fits(&shown.pinned))
        };
        // One that matches outweighs all others: the phone goes on to the next until one does.
        if self.members.is_empty() {
            Reach::NoMembers
        } else if shown(|pinned| matches!(pinned, Pinned::Fits(_))) {
            Reach::Fits
        } else if shown(|_| true) {
            Reach::Differs
        } else {
            Reach::Unreachable
        }
    }

    /// Whether a TVS server presents issuer and serial number of a listed certificate with another
    /// key.
    pub(super) fn shows_impostor(&self) -> bool {
        let mut shown = self.members.iter().filter_map(MemberFound::shown);
        shown.any(|shown| shown.is_impostor)
    }

    /// Whether a TVS server presents a certificate that the offered ITL lists.
    pub(super) fn shows_offered(&self) -> bool {
        self.members.iter().filter_map(MemberFound::shown).any(|shown| shown.is_offered)
    }
}

/// How the TVS servers, taken together, compare with the installed lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// At least one answers, but none with a listed certificate.
    Differs,
    /// At least one presents its listed certificate; one is enough (technote).
    Fits,
    /// No TVS server is known, neither by a configuration nor by secd.toml.
    NoMembers,
    /// There are TVS servers, but no certificate of theirs was seen.
    Unreachable,
}

/// Whether the store can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreFound {
    /// The lists that were trusted cannot be read.
    Locked,
    /// Its folder does not exist.
    Missing,
    /// A list is damaged, and the one before it is in force.
    Repaired,
    /// Everything in it is intact.
    Sound,
    /// Its folder exists but cannot be used.
    Unusable,
}

impl StoreFound {
    /// Whether nothing is trusted.
    #[must_use]
    pub const fn is_locked(self) -> bool {
        matches!(self, Self::Locked | Self::Missing | Self::Unusable)
    }
}

/// Whether the clock was ever set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clock {
    /// It shows a time that a clock which was set can show.
    Set,
    /// It shows a time before 2020, as a clock does that has lost its battery.
    Unset,
}

/// A server, and the result of the last contact with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContactedServer {
    /// Its host and port, as the settings name them.
    pub address: String,
    /// What the last contact came to, in this pass or before.
    pub last: Contact,
    /// The ways to its files, in the order in which they are tried; none if it was not asked.
    pub ways: Vec<WayFound>,
}

/// One trust list, on the phone and on the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListFound {
    /// What identifies the list that is in force on the phone; `None` if it has none of that kind.
    pub installed: Option<Fingerprint>,
    /// What the servers have in its place.
    pub offered: Offered,
}

impl ListFound {
    /// The server's list, if it has one.
    #[must_use]
    pub fn found(&self) -> Option<&OfferedList> {
        match &self.offered {
            Offered::Found(list) => Some(list),
            _ => None,
        }
    }

    /// The server's list, if it is not the installed one.
    pub(super) fn news(&self) -> Option<&OfferedList> {
        self.found().filter(|list| list.judged != ListVerdict::Same)
    }

    /// Why the server's list is refused, and why TVS did not vouch for its signer.
    #[must_use]
    pub fn refused(&self) -> Option<(&Reason, Option<&Unanswered>)> {
        match self.found().map(|list| &list.judged) {
            Some(ListVerdict::Refused { reason, unanswered }) => {
                Some((reason, unanswered.as_ref()))
            }
            _ => None,
        }
    }
}

/// What identifies a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fingerprint {
    /// MD5 of the file, as trust screens show it.
    pub md5: [u8; 16],
    /// The subject of the certificate that signed it, as the list prints it.
    pub signer: Box<str>,
    /// When it was signed, in seconds since 1970 by the signer's clock.
    pub timestamp: u32,
}

impl Fingerprint {
    fn of(list: &TrustList) -> Self {
        Self { md5: list.md5, signer: list.signer.clone(), timestamp: list.timestamp }
    }
}

/// Which list of a kind the servers have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Offered {
    /// A server answered that it has no such list.
    Absent,
    /// They have this list, whoever signed it.
    Found(Box<OfferedList>),
    /// It was not examined.
    NotExamined,
    /// It could not be fetched; why.
    NotFetched(String),
    /// No server answered the last request for it; why.
    Unreachable(String),
}

impl Offered {
    /// Whether it is unknown what the servers have.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::NotExamined | Self::NotFetched(_) | Self::Unreachable(_))
    }
}

/// A list that a server has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OfferedList {
    /// The name that it was requested by.
    pub name: String,
    /// Whether that is the name for phones that the cluster does not know.
    pub is_generic: bool,
    /// MD5 of the file.
    pub md5: [u8; 16],
    /// SHA-1 of the file.
    pub sha1: [u8; 20],
    /// The subject of its signer's certificate, as the list claims.
    pub signer: String,
    /// The serial number of the signer's certificate.
    pub serial: String,
    /// SHA-256 of that certificate, if the list has it in a record and its key signed the list.
    pub signer_sha256: Option<[u8; 32]>,
    /// Whether it is intact in itself.
    pub integrity: Integrity,
    /// Whether it is blank: installed, it would switch the checks off.
    pub is_blank: bool,
    /// What is new in it.
    pub changes: Changes,
    /// Whether the phone would install it.
    pub judged: ListVerdict,
}

/// Whether a list is intact in itself, whoever signed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Integrity {
    /// It cannot be read, or the signature does not match its own signer's key.
    Broken(Reason),
    /// Signed by one of its own SAST records.
    Intact,
    /// Its signer is none of its own SAST records.
    SignerNotListed,
}

/// Whether a phone would install a list, by the rules of a boot pass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListVerdict {
    /// It would not be installed.
    Refused {
        /// Which rule of verification or policy refuses it.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It is the installed one.
    Same,
    /// It would be installed.
    Taken(Acceptance),
}

/// A TVS server that the phone would ask, and the certificate that it presents.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberFound {
    /// Its host and port, as the configuration names them.
    pub address: String,
    /// Which certificate a handshake with it brings up.
    pub presented: Presented,
}

impl MemberFound {
    pub(super) fn shown(&self) -> Option<&ShownCertificate> {
        match &self.presented {
            Presented::Certificate(shown) => Some(shown),
            _ => None,
        }
    }
}

/// What a TVS server presents.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Presented {
    /// A certificate whose key it holds.
    Certificate(Box<ShownCertificate>),
    /// It accepts connections, but the TLS handshake fails; why.
    NoTls(String),
    /// It was not examined.
    NotExamined,
    /// There is no connection; why.
    Unreachable(String),
}

/// The certificate that a TVS server presents.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownCertificate {
    /// The subject of its issuer, in words.
    pub issuer: String,
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// SHA-1 of its DER, as OS Administration shows it.
    pub sha1: [u8; 20],
    /// How it compares with the TVS records of the installed lists.
    pub pinned: Pinned,
    /// Whether it has issuer and serial number of a listed one, but is not that one.
    pub is_impostor: bool,
    /// Whether the server's ITL lists it in a TVS record.
    pub is_offered: bool,
    /// Version and suite, if it was presented in old TLS.
    pub old_tls: Option<String>,
}

/// Which configuration for the phone the servers have, and whether it would be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConfigurationFound {
    /// Neither the phone's own nor a default one.
    Absent,
    /// The short one announces an encrypted one, which is not on the server.
    Announced {
        /// The name of the encrypted one.
        name: String,
    },
    /// It is encrypted for another certificate than this phone's; both are known by their hashes.
    ForAnother {
        /// The file that announces the encrypted one.
        name: String,
        /// The hash of the certificate that it is for.
        theirs: Box<str>,
        /// The hash of this phone's certificate, if it has one.
        ours: Option<String>,
    },
    /// It was not examined.
    NotExamined,
    /// It could not be fetched; why.
    NotFetched {
        /// The name that was requested.
        name: String,
        /// What the server or the network did, in words.
        why: String,
    },
    /// There is only an unsigned one, but a signature is required.
    OnlyUnsigned {
        /// The name that it has on the server.
        name: String,
    },
    /// It fails verification, or cannot be decrypted.
    Refused {
        /// The name that was requested.
        name: String,
        /// Which rule of verification or policy refuses it.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
        /// Who has signed it and who may, in words; nothing if its header cannot be read.
        signer: Option<String>,
    },
    /// It cannot be read; why, and where.
    Unreadable {
        /// The name that was requested.
        name: String,
        /// The fault, with its line and column.
        why: String,
    },
    /// It would be used unchecked, since the state demands no signature.
    Unchecked {
        /// The name that was requested.
        name: String,
    },
    /// Its signature holds, and its signer is trusted.
    Verified {
        /// The name that was requested.
        name: String,
        /// Who vouches for its signer.
        by: Voucher,
    },
}

impl ConfigurationFound {
    /// Whether it would be used.
    pub(super) const fn is_taken(&self) -> bool {
        matches!(self, Self::Unchecked { .. } | Self::Verified { .. })
    }
}
