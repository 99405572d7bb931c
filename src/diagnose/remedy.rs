//! The least drastic remedy for a case.

use core::fmt;

use crate::diagnose::boot::NextBoot;
use crate::diagnose::case::Case;
use crate::diagnose::changes::Novelty;
use crate::diagnose::conditions::Conditions;
use crate::diagnose::findings::{Findings, Reach};
use crate::trust::anchors::State;
use crate::trust::reason::Reason;
use crate::trust::tvs::{Unanswered, Unvouched};

/// What to do. Ordered from the least drastic to the most, not alphabetically: a test compares.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Remedy {
    /// Leave everything as it is.
    Nothing,
    /// Reset the phone, which fetches what is new.
    ResetPhone,
    /// Provide the folder that the phone keeps its lists in.
    ProvideFolder,
    /// Check the network and the servers.
    ReachServers,
    /// Find out who answers in place of a TVS server.
    FindImpostor,
    /// Have the call manager make the phone's configuration.
    MakeConfiguration,
    /// Have the call manager learn the phone's certificate.
    LearnCertificate,
    /// Have a new LSC installed, or delete the one that is there.
    RenewLsc,
    /// Change the phone's policy, if its owner wants that list.
    ChangePolicy,
    /// Restart TVS and TFTP, then reset the phone.
    RestartServices,
    /// Add a second server to the phone's call-manager group.
    AddTvs,
    /// Switch the rollback parameter off.
    EndRollback,
    /// Run the CTL client again.
    RunCtlClient,
    /// Exchange certificates between the clusters.
    ExchangeCertificates,
    /// Have the list signed by ITLRecovery.
    ResetItlRecovery,
    /// Regenerate CallManager.pem on the server that was restored without it.
    RegenerateCallManager,
    /// Restore the key from the backup.
    RestoreBackup,
    /// Prepare the other cluster for rollback.
    RollbackFirst,
    /// Delete the ITL on the phone.
    DeleteItl,
    /// The same where the phone's user has no access to settings: reset the phone as in the factory.
    DeleteItlByReset,
    /// Erase everything that was trusted, at the phone.
    EraseAll,
}

impl Remedy {
    pub(super) fn of(case: &Case, findings: &Findings, conditions: Conditions) -> Self {
        match case {
            Case::AllWell | Case::NoLists => Self::Nothing,
            // Damage never becomes first use by itself: a person at the phone has to decide that.
            Case::StoreLocked => Self::EraseAll,
            Case::StoreMissing | Case::StoreUnusable => Self::ProvideFolder,
            Case::Unreachable => Self::ReachServers,
            Case::TvsImpostor => Self::FindImpostor,
            Case::ConfigurationMissing
            | Case::ConfigurationUnreadable
            | Case::ConfigurationWithoutTvs => Self::MakeConfiguration,
            Case::ConfigurationNotFetched | Case::ListNotFetched => Self::ReachServers,
            Case::EncryptedForAnother => Self::LearnCertificate,
            Case::LscExpired | Case::LscOfOldCluster => Self::RenewLsc,
            // Corrupt lists until a new CallManager.pem is generated (technote, "Backup And
            // Restore").
            Case::RestoredWithoutKey => Self::RegenerateCallManager,
            Case::ConfigurationRefused(_) | Case::ListDamaged | Case::TvsUnreachable => {
                Self::RestartServices
            }
            // No policy may accept an old blank list: it would switch all checks off.
            Case::RefusedByPolicy(Reason::Older { blank: true, .. }) => Self::RestartServices,
            Case::RefusedByPolicy(_) => Self::ChangePolicy,
            Case::RollbackActive => Self::EndRollback,
            Case::CtlBehind => Self::RunCtlClient,
            // The phone's own lists are in order: its cluster is what cannot be reached (row T5).
            Case::CentralTftp if findings.refuses_list() => Self::ReachServers,
            Case::CentralTftp => Self::RollbackFirst,
            // The server still offers the list of before: TFTP does not know of the new TVS.pem.
            Case::TvsRegenerated if findings.itl.news().is_none() => Self::RestartServices,
            // The pass was tried on copies and works: a reset is all that it takes.
            _ if NextBoot::of(findings).succeeds() => Self::ResetPhone,
            Case::Moved => of_move(findings),
            // A silent TVS leaves open whether the old key is lost.
            Case::Rebuilt if findings.reach() == Reach::Unreachable => Self::RestoreBackup,
            // The phone accepts the lists: what it lacks is up to the server's TFTP.
            _ if !findings.refuses_list() => Self::RestartServices,
            _ => of_unknown_signer(findings, conditions),
        }
    }

    /// One word, for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AddTvs => "add-tvs",
            Self::ChangePolicy => "change-policy",
            Self::DeleteItl | Self::DeleteItlByReset => "delete-itl",
            Self::EndRollback => "end-rollback",
            Self::EraseAll => "erase-all",
            Self::ExchangeCertificates => "exchange-certificates",
            Self::FindImpostor => "find-impostor",
            Self::LearnCertificate => "learn-certificate",
            Self::MakeConfiguration => "make-configuration",
            Self::Nothing => "nothing",
            Self::ProvideFolder => "provide-folder",
            Self::ReachServers => "reach-servers",
            Self::RegenerateCallManager => "regenerate-callmanager",
            Self::RenewLsc => "renew-lsc",
            Self::ResetItlRecovery => "reset-itl-recovery",
            Self::ResetPhone => "reset-phone",
            Self::RestartServices => "restart-services",
            Self::RestoreBackup => "restore-backup",
            Self::RollbackFirst => "rollback-first",
            Self::RunCtlClient => "run-ctl-client",
        }
    }
}

/// The remedy for a move: the old cluster can vouch for the new one, as long as its TVS matches; if
/// it does not, the old tokens can sign for the new one.
fn of_move(findings: &Findings) -> Remedy {
    if findings.reach() != Reach::Fits && findings.has_token {
        return Remedy::RunCtlClient;
    }
    Remedy::ExchangeCertificates
}

/// The remedy where the cluster is the phone's own and its new signer is unknown to the phone:
/// whoever can still vouch for that signer, in the technote's order.
fn of_unknown_signer(findings: &Findings, conditions: Conditions) -> Remedy {
    let itl = findings.itl.found();
    let shares_sast = itl.is_some_and(|list| list.changes.shares_sast);
    let tvs_is_new = itl.is_some_and(|list| list.changes.tvs == Novelty::All);
    // TVS knows the signer, but not as one that may sign lists: it has to be in Phone-SAST-trust,
    // and a restart does not put it there.
    let wrong_role = findings.itl.refused().is_some_and(|(_, unanswered)| {
        matches!(
            unanswered,
            Some(Unanswered::Unvouched(Unvouched::EmptyRoles | Unvouched::WrongRoles { .. }))
        )
    });
    match findings.reach() {
        Reach::Fits if wrong_role && shares_sast => Remedy::ResetItlRecovery,
        Reach::Fits if wrong_role => Remedy::ExchangeCertificates,
        // The record matches, so that TVS only has to learn of the new certificate (technote,
        // "Manually Verify that Phone ITL Matches CUCM ITL": then do not delete).
        Reach::Fits => Remedy::RestartServices,
        Reach::Unreachable if !tvs_is_new => Remedy::RestartServices,
        // The configuration arrives, and with it a second server that can be asked.
        Reach::Differs
            if !tvs_is_new
                && findings.configuration.is_taken()
                && findings.tvs_records > findings.members.len() =>
        {
            Remedy::AddTvs
        }
        // In state S6 the cluster has left mixed mode, to which the CTL client belongs.
        _ if findings.has_token && findings.state != State::CtlWithoutFiles => Remedy::RunCtlClient,
        // A key that both lists have can sign once more, and the phone accepts that without TVS
        // (domain facts 2.6).
        _ if shares_sast => Remedy::ResetItlRecovery,
        _ if conditions.hold() && findings.bars_erasing() => Remedy::DeleteItlByReset,
        _ if conditions.hold() => Remedy::DeleteItl,
        _ => Remedy::RestoreBackup,
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = WORDS.iter().find(|(remedy, _)| remedy == self);
        f.write_str(found.map_or(self.word(), |(_, words)| words))
    }
}

/// How each remedy reads for the person who carries it out: what to do, in the imperative.
pub(super) const WORDS: [(Remedy, &str); 21] = [
    (
        Remedy::AddTvs,
        "add a second server to the phone's call-manager group: the phone still knows its TVS, \
         which will vouch for the new signer; then reset the phone twice, once for the \
         configuration that names the server and once for the list",
    ),
    (
        Remedy::ChangePolicy,
        "if this is the list that you want, change the policy in secd.toml, or erase again with \
         another --pin. An attacker's list looks the same from here: first compare its hash above \
         with the call manager's",
    ),
    (
        Remedy::DeleteItl,
        "if a backup of the old CallManager.pem key exists, restore it; support may also have the \
         last trusted list (CSCts01319). Only if all conditions below hold, delete the ITL at the \
         phone: run secd erase itl --pin with the SHA-256 of the signer's certificate, after \
         comparing it with OS Administration; an attacker's list looks the same from here. Next \
         time, set the rollback parameter first, or never change both certificates at once",
    ),
    (
        Remedy::DeleteItlByReset,
        "if a backup of the old CallManager.pem key exists, restore it; support may also have the \
         last trusted list (CSCts01319). Otherwise only a factory reset deletes the ITL: the last \
         trusted configuration restricts or disables the access to this phone's settings, and the \
         phone accepts no other configuration before it accepts the list. Only if all conditions \
         below hold, run secd erase all as root, with --pin and the SHA-256 of the signer's \
         certificate, after comparing it with OS Administration; an attacker's list looks the same \
         from here",
    ),
    (
        Remedy::EndRollback,
        "as soon as the work that needed the rollback parameter is done, switch it off, restart \
         TVS and TFTP, and reset the phones. Until then anyone can configure this phone",
    ),
    (
        Remedy::EraseAll,
        "restore the store from a copy, or erase everything at the phone, where a person confirms \
         it: secd erase all (as root, where the configuration restricts the access to settings). The \
         next lists are then trusted on FIRST USE, if the policy allows it",
    ),
    (
        Remedy::ExchangeCertificates,
        "while the old cluster still runs, export the signer of the new lists (and its \
         ITLRecovery) in a bulk certificate exchange, import it into the old cluster as \
         Phone-SAST-trust, restart TVS there, and reset the phone",
    ),
    (
        Remedy::FindImpostor,
        "before doing anything else, find out who answers at that address: compare the certificate \
         that it presents with the one in OS Administration. Do not erase a list at the phone",
    ),
    (
        Remedy::LearnCertificate,
        "have the call manager learn this phone's certificate: on the phone's page set Certificate \
         Operation to Install/Upgrade (capfAuthMode by null string, or by an authentication string) \
         and reset the phone; with a string, run secd lsc enrol at the phone. Or put the key that \
         the configuration is encrypted for where secd.toml names it ([device] certificate, key)",
    ),
    (
        Remedy::MakeConfiguration,
        "add the phone to the call manager, or restart TFTP so that it builds the phone's signed \
         configuration again",
    ),
    (Remedy::Nothing, "nothing to do"),
    (
        Remedy::ProvideFolder,
        "create the folder that secd.toml names ([paths] state), or mount the file system that it \
         is on: mode 0700, owner secd, used by only one secd; then run secd refresh. Nothing needs \
         to be erased",
    ),
    (
        Remedy::ReachServers,
        "check the network, the TFTP servers (DHCP option 150) and, behind a central TFTP server, \
         the phone's own cluster; there is nothing to do at the phone",
    ),
    (
        Remedy::RegenerateCallManager,
        "regenerate CallManager.pem on the server that was restored without it, restart TVS and \
         TFTP, and reset the phone; or point the phone to a TFTP server that was not restored. TVS \
         will vouch for the new certificate as long as its own is still the old one",
    ),
    (
        Remedy::RenewLsc,
        "have a new LSC installed: on the phone's page at the call manager set Certificate \
         Operation to Install/Upgrade with the authentication mode (capfAuthMode) by null string \
         or by authentication string, since a call manager does not accept an LSC that it does \
         not know; then reset the phone, or run secd lsc enrol at it. Or delete the LSC with secd \
         lsc delete: the phone then falls back to its MIC",
    ),
    (
        Remedy::ResetItlRecovery,
        "have the ITL signed by a key that the phone still knows: run utils itl reset localkey on \
         the publisher, then restart TFTP and reset the phone",
    ),
    (Remedy::ResetPhone, "reset the phone: it will fetch and accept what is new"),
    (Remedy::RestartServices, "restart TVS and TFTP on the servers, then reset the phone"),
    (
        Remedy::RestoreBackup,
        "restore CallManager.pem with its key from the backup (DRS); do not delete the ITL: the \
         conditions for that do not all hold, or cannot all be checked",
    ),
    (
        Remedy::RollbackFirst,
        "either upgrade all clusters behind this TFTP server to a release with ITL, or prepare the \
         one with ITL for rollback and set its secure URLs to HTTP; then reset the phone",
    ),
    (
        Remedy::RunCtlClient,
        "run the CTL client again with one of the tokens that the phone knows, so that it puts the \
         new certificates into the CTL; then reset the phone",
    ),
];
