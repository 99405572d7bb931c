//! The facts that a diagnosis is made of.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnose::changes::{Changes, tokens};
use crate::diagnose::contact::Contact;
use crate::trust::anchors::{Anchors, State};
use crate::trust::list::{ListKind, TrustList};
use crate::trust::peer::Pinned;
use crate::trust::reason::Reason;
use crate::trust::tvs::Unanswered;
use crate::trust::verified::{Acceptance, Voucher};
use crate::wire::Role;

/// Everything that was found. What could not be looked at in time stays as it is by default.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Findings {
    /// The store.
    pub store: StoreFound,
    /// The clock.
    pub clock: Clock,
    /// The TFTP servers, with what came of talking to each.
    pub servers: Vec<ContactedServer>,
    /// The trust state that the phone is in.
    pub state: State,
    /// The trust state after the next boot pass.
    pub state_after: State,
    /// The certificate trust list.
    pub ctl: ListFound,
    /// The identity trust list.
    pub itl: ListFound,
    /// The TVS servers, in the order in which they are asked.
    pub members: Vec<MemberFound>,
    /// The configuration.
    pub configuration: ConfigurationFound,
    /// TVS certificates in the installed lists: as many as the cluster had servers.
    pub tvs_records: usize,
    /// Whether the installed CTL has a token besides the call managers.
    pub has_token: bool,
}

impl Findings {
    /// What is known before anything was looked at.
    #[must_use]
    pub fn new(store: StoreFound, clock: Clock, anchors: &Anchors) -> Self {
        let list = |kind| ListFound {
            installed: anchors.records(kind).map(Fingerprint::of),
            offered: Offered::NotExamined,
        };
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

    /// Whether something was offered that the phone does not believe.
    #[must_use]
    pub fn refuses(&self) -> bool {
        let refused = |found: &ConfigurationFound| {
            use ConfigurationFound::{ForAnother, Refused};
            matches!(found, ForAnother { .. } | Refused { .. })
        };
        self.refuses_list() || refused(&self.configuration)
    }

    pub(super) fn refuses_list(&self) -> bool {
        [&self.ctl, &self.itl].into_iter().any(|list| list.refused().is_some())
    }

    /// How the TVS servers stand to the installed lists, all together.
    pub(super) fn reach(&self) -> Reach {
        let shown = |fits: fn(&Pinned) -> bool| {
            self.members.iter().filter_map(MemberFound::shown).any(|shown| fits(&shown.pinned))
        };
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

    /// Whether a TVS server shows issuer and serial number of a listed certificate, and another
    /// key.
    pub(super) fn shows_impostor(&self) -> bool {
        let mut shown = self.members.iter().filter_map(MemberFound::shown);
        shown.any(|shown| shown.is_impostor)
    }

    /// Whether a TVS server shows a certificate that only the offered ITL has.
    pub(super) fn shows_offered(&self) -> bool {
        self.members.iter().filter_map(MemberFound::shown).any(|shown| shown.is_offered)
    }
}

/// How the TVS servers stand to the installed lists, all together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// At least one answers, and none with a listed certificate.
    Differs,
    /// At least one shows its listed certificate.
    Fits,
    /// None is known.
    NoMembers,
    /// None answers.
    Unreachable,
}

/// How the store is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreFound {
    /// What was trusted cannot be read.
    Locked,
    /// Its folder does not exist.
    Missing,
    /// A list was damaged, and the one before it is in force.
    Repaired,
    /// Whole.
    Sound,
    /// Its folder is there and cannot be used.
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
    /// It was.
    Set,
    /// It was not.
    Unset,
}

/// A server, and what came of talking to it last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContactedServer {
    /// Where it is.
    pub address: String,
    /// The contact.
    pub last: Contact,
}

/// One trust list, on the phone and on the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListFound {
    /// The installed one.
    pub installed: Option<Fingerprint>,
    /// The server's.
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

    /// The server's list if it is another one than the installed one.
    pub(super) fn news(&self) -> Option<&OfferedList> {
        self.found().filter(|list| list.judged != ListVerdict::Same)
    }

    /// Why the server's list is not believed.
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

/// What tells one list from another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fingerprint {
    /// MD5 of the file, as trust screens show it.
    pub md5: [u8; 16],
    /// Who signed it.
    pub signer: Box<str>,
    /// When, by the signer's clock.
    pub timestamp: u32,
}

impl Fingerprint {
    fn of(list: &TrustList) -> Self {
        Self { md5: list.md5, signer: list.signer.clone(), timestamp: list.timestamp }
    }
}

/// What the servers have of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Offered {
    /// They have none.
    Absent,
    /// This one.
    Found(Box<OfferedList>),
    /// It was not looked at.
    NotExamined,
    /// It could not be fetched; why.
    NotFetched(String),
    /// No server was reached; why.
    Unreachable(String),
}

/// A list that a server has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OfferedList {
    /// The name that it was given under.
    pub name: String,
    /// Whether that is the name for phones that the cluster does not know.
    pub is_generic: bool,
    /// MD5 of the file.
    pub md5: [u8; 16],
    /// SHA-1 of the file.
    pub sha1: [u8; 20],
    /// Who signed it, by its own word.
    pub signer: String,
    /// The serial number of the signer's certificate.
    pub serial: String,
    /// SHA-256 of that, if it is a record of the list itself whose key has signed it.
    pub signer_sha256: Option<[u8; 32]>,
    /// Whether it is whole in itself.
    pub integrity: Integrity,
    /// Whether it would switch the checks off.
    pub is_blank: bool,
    /// What is new in it.
    pub changes: Changes,
    /// What the phone makes of it.
    pub judged: ListVerdict,
}

/// Whether a list is whole in itself, whoever signed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Integrity {
    /// It cannot be read, or its own signer's key did not sign it.
    Broken(Reason),
    /// Its signer is none of its own SAST records.
    SignerNotListed,
    /// Signed by one of its own SAST records.
    Whole,
}

/// What a phone makes of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListVerdict {
    /// It would not be installed.
    Refused {
        /// Why.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It is the installed one.
    Same,
    /// It would be installed.
    Taken(Acceptance),
}

/// A TVS server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberFound {
    /// Where it is.
    pub address: String,
    /// What it shows.
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

/// What a TVS server shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Presented {
    /// A certificate whose key it holds.
    Certificate(Box<ShownCertificate>),
    /// It takes connections, and there is no TLS with it; why.
    NoTls(String),
    /// It was not looked at.
    NotExamined,
    /// There is no connection; why.
    Unreachable(String),
}

/// The certificate that a TVS server shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownCertificate {
    /// Its issuer.
    pub issuer: String,
    /// Its serial number.
    pub serial: String,
    /// Its SHA-1.
    pub sha1: [u8; 20],
    /// How it stands to the installed lists.
    pub pinned: Pinned,
    /// Whether it has issuer and serial number of a listed one, and is another.
    pub is_impostor: bool,
    /// Whether the server's ITL has it as a TVS record.
    pub is_offered: bool,
}

/// What the servers have of a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConfigurationFound {
    /// None.
    Absent,
    /// It is encrypted for the owner of another certificate than this phone's, by their hashes.
    ForAnother {
        /// The name of what says so.
        name: String,
        /// The hash of the certificate that it is for.
        theirs: Box<str>,
        /// The hash of this phone's certificate, if it has one.
        ours: Option<String>,
    },
    /// It was not looked at.
    NotExamined,
    /// It could not be fetched; why.
    NotFetched {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// Only one without a signature, where a signature is demanded.
    OnlyUnsigned {
        /// Its name.
        name: String,
    },
    /// It is not believed, or cannot be opened.
    Refused {
        /// Its name.
        name: String,
        /// Why.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It cannot be read; why, and where.
    Unreadable {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// It would be taken from anyone.
    Unchecked {
        /// Its name.
        name: String,
    },
    /// It is believed.
    Verified {
        /// Its name.
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
