//! Which of the technote's cases the findings are.

use core::fmt;

use crate::trust::reason::Reason;

/// What is wrong, by what can be seen from the phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Case {
    /// Phone and cluster agree, and nothing is out of reach.
    AllWell,
    /// CallManager.pem and TVS.pem were regenerated at the same time.
    BothRegenerated,
    /// CallManager.pem, whose key signs the files, was regenerated; TVS.pem was not.
    CallManagerRegenerated,
    /// A central TFTP server offers its own lists to a phone of another cluster.
    CentralTftp,
    /// The server has no configuration that this phone may take.
    ConfigurationMissing,
    /// The configuration could not be fetched, though the lists are in order.
    ConfigurationNotFetched,
    /// The configuration is refused, though the lists are in order.
    ConfigurationRefused(Reason),
    /// The configuration cannot be read, though the lists are in order.
    ConfigurationUnreadable,
    /// The configuration names no TVS server, though the lists have records for some.
    ConfigurationWithoutTvs,
    /// The CTL of the server does not list the signer of its other files.
    CtlBehind,
    /// The encrypted configuration is not for the key that this phone has.
    EncryptedForAnother,
    /// No list is installed, and the server has some.
    FirstContact,
    /// The server's list is damaged.
    ListDamaged,
    /// A server answers, but not the request for a list.
    ListNotFetched,
    /// The phone's LSC has expired.
    LscExpired,
    /// The phone's LSC was issued in another cluster, whose CAPF this one does not know.
    LscOfOldCluster,
    /// The server belongs to another cluster, of which the phone knows no certificate.
    Moved,
    /// The server has a new CTL that the phone accepts.
    NewCtl,
    /// A newer list with the same certificates.
    NewerList,
    /// Neither phone nor server has a list.
    NoLists,
    /// An older list than the installed one.
    OlderList,
    /// The same names with other certificates throughout: rebuilt without its backup.
    Rebuilt,
    /// ITLRecovery, or an eToken, was replaced.
    RecoveryRegenerated,
    /// The phone's own policy refuses the list.
    RefusedByPolicy(Reason),
    /// A server was renamed, which regenerates all its certificates.
    Renamed(Cluster),
    /// Restored from a backup without CallManager.pem: the signer of the lists is not on them.
    RestoredWithoutKey,
    /// The installed ITL is blank.
    RollbackActive,
    /// The installed ITL is blank, and the server has a full one again.
    RollbackEnded,
    /// The server has a blank ITL.
    RollbackPrepared,
    /// The server has a blank ITL whose signer the phone does not know.
    RollbackTooLate,
    /// The lists that were trusted cannot be read.
    StoreLocked,
    /// The state folder does not exist.
    StoreMissing,
    /// The state folder cannot be used.
    StoreUnusable,
    /// A TVS server presents the serial number of a listed certificate with another key.
    TvsImpostor,
    /// TVS.pem was regenerated; CallManager.pem was not, so that the phone needs no TVS.
    TvsRegenerated,
    /// The lists are in order, and no TVS server answers.
    TvsUnreachable,
    /// No TFTP server answers, so that nothing can be compared.
    Unreachable,
}

/// What kind of cluster it is, by the lists that the phone has.
///
/// # Source
/// The technote has one remedy a kind, in "Change Host Names or Domain Names".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cluster {
    /// TVS certificates in the lists, one for each server.
    pub nodes: usize,
    /// TVS servers that the phone asks: those of its call-manager group.
    pub group: usize,
    /// Whether there is a CTL besides the ITL.
    pub has_ctl: bool,
}

impl Case {
    /// One word, for machines.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AllWell => "all-well",
            Self::BothRegenerated => "both-regenerated",
            Self::CallManagerRegenerated => "callmanager-regenerated",
            Self::CentralTftp => "central-tftp",
            Self::ConfigurationMissing => "configuration-missing",
            Self::ConfigurationNotFetched => "configuration-not-fetched",
            Self::ConfigurationRefused(_) => "configuration-refused",
            Self::ConfigurationUnreadable => "configuration-unreadable",
            Self::ConfigurationWithoutTvs => "configuration-without-tvs",
            Self::CtlBehind => "ctl-behind",
            Self::EncryptedForAnother => "encrypted-for-another",
            Self::FirstContact => "first-contact",
            Self::ListDamaged => "list-damaged",
            Self::ListNotFetched => "list-not-fetched",
            Self::LscExpired => "lsc-expired",
            Self::LscOfOldCluster => "lsc-of-old-cluster",
            Self::Moved => "moved",
            Self::NewCtl => "new-ctl",
            Self::NewerList => "newer-list",
            Self::NoLists => "no-lists",
            Self::OlderList => "older-list",
            Self::Rebuilt => "rebuilt",
            Self::RecoveryRegenerated => "recovery-regenerated",
            Self::RefusedByPolicy(_) => "refused-by-policy",
            Self::Renamed(_) => "renamed",
            Self::RestoredWithoutKey => "restored-without-key",
            Self::RollbackActive => "rollback-active",
            Self::RollbackEnded => "rollback-ended",
            Self::RollbackPrepared => "rollback-prepared",
            Self::RollbackTooLate => "rollback-too-late",
            Self::StoreLocked => "store-locked",
            Self::StoreMissing => "store-missing",
            Self::StoreUnusable => "store-unusable",
            Self::TvsImpostor => "tvs-impostor",
            Self::TvsRegenerated => "tvs-regenerated",
            Self::TvsUnreachable => "tvs-unreachable",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nodes {
            0 => f.write_str("cluster")?,
            1 => f.write_str("single-node cluster")?,
            nodes => write!(f, "cluster of {nodes} nodes")?,
        }
        f.write_str(if self.has_ctl { " with CTL and ITL" } else { " with only an ITL" })?;
        // Then the other TVS servers make no difference (technote, multi-node with only ITL).
        if self.nodes > 1 && self.group == 1 {
            f.write_str(", of which the phone can ask only one")?;
        }
        Ok(())
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfigurationRefused(reason) => write!(
                f,
                "no list is at fault, but the phone refuses the configuration on the server: \
                 {reason}"
            ),
            Self::RefusedByPolicy(reason) => {
                write!(f, "this phone's policy refuses the list: {reason}")
            }
            Self::Renamed(cluster) => write!(f, "a server was renamed in a {cluster}"),
            other => {
                // Cases without facts of their own have fixed words, kept in one table so that a
                // test can see that each has some.
                let word = other.word();
                let found = WORDS.iter().find(|(known, _)| *known == word);
                f.write_str(found.map_or(word, |(_, text)| text))
            }
        }
    }
}

/// How each case reads for a person, by its word.
pub(super) const WORDS: [(&str, &str); 34] = [
    ("all-well", "all is well: phone and cluster agree"),
    ("both-regenerated", "CallManager.pem and TVS.pem were regenerated at the same time"),
    ("callmanager-regenerated", "CallManager.pem was regenerated"),
    (
        "central-tftp",
        "the server offers the lists of a cluster that this phone does not belong to, as a central \
         TFTP server does; they cannot verify the files of the phone's own cluster",
    ),
    (
        "configuration-missing",
        "no list is at fault, but the server has no configuration that this phone may use",
    ),
    (
        "configuration-not-fetched",
        "no list is at fault, but the phone could not fetch its configuration",
    ),
    (
        "configuration-unreadable",
        "no list is at fault, but the configuration on the server cannot be read; the phone keeps \
         the last good one",
    ),
    (
        "configuration-without-tvs",
        "the configuration on the server names no TVS server, although the lists have records for \
         TVS",
    ),
    ("ctl-behind", "the server's CTL does not match the signer of its other files"),
    (
        "encrypted-for-another",
        "the configuration is encrypted for a key that this phone does not have",
    ),
    ("first-contact", "the phone has no trust list yet, but the server has one"),
    ("list-damaged", "the server's list is damaged"),
    (
        "list-not-fetched",
        "a TFTP server answers, but the phone could not fetch a trust list, so that not everything \
         could be compared",
    ),
    (
        "lsc-expired",
        "no list is at fault, but the phone's LSC has expired: servers that ask for it refuse the phone",
    ),
    (
        "lsc-of-old-cluster",
        "no list is at fault, but the phone still has the LSC of another cluster: no CAPF of the \
         lists in force has issued it, and the call manager refuses registration over TLS with it",
    ),
    (
        "moved",
        "the server's lists have nothing in common with the phone's: it is another cluster, or one \
         whose servers were all renamed while no TVS answers",
    ),
    ("new-ctl", "the server has a new CTL"),
    ("newer-list", "the server has another list with the same certificates, not an older one"),
    ("no-lists", "neither the phone nor the server has a trust list"),
    ("older-list", "the server's list is older than the phone's, as after a restore from a backup"),
    (
        "rebuilt",
        "every certificate has changed: the cluster was rebuilt without the backup of \
         CallManager.pem, or all certificates were regenerated",
    ),
    ("recovery-regenerated", "ITLRecovery was regenerated, or an eToken was replaced"),
    (
        "restored-without-key",
        "the signer of the server's list is not on that list: the server was restored from a \
         backup without CallManager.pem (CSCtn50405)",
    ),
    (
        "rollback-active",
        "the cluster is prepared for rollback: the phone's ITL has empty entries, so that neither \
         files nor HTTPS servers are checked against it",
    ),
    ("rollback-ended", "the rollback is over: the server has full lists again"),
    (
        "rollback-prepared",
        "the cluster is prepared for rollback: the server's ITL has empty entries, and once it is \
         installed the phone checks nothing against it",
    ),
    (
        "rollback-too-late",
        "the cluster was prepared for rollback when the phone no longer trusted its key",
    ),
    ("store-locked", "the phone's store is damaged: the lists that it trusted cannot be read"),
    ("store-missing", "the phone's state folder does not exist"),
    (
        "store-unusable",
        "the phone's state folder cannot be used: another process is using it, or it is not a \
         folder",
    ),
    (
        "tvs-impostor",
        "a TVS server presents the issuer and serial number of a certificate on the phone's lists \
         with another key: no call manager does that; someone else answers in its place",
    ),
    ("tvs-regenerated", "TVS.pem was regenerated"),
    ("tvs-unreachable", "no list is at fault, but none of the TVS servers could be asked"),
    ("unreachable", "no TFTP server answers so that the phone can use it"),
];
