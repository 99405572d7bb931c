//! Whether a properly signed list is too old.

use crate::trust::accepted::Accepted;
use crate::trust::anchors::Anchors;
use crate::trust::confirm::{self, Doubtful, Proofs};
use crate::trust::decide::Decision;
use crate::trust::list::{ListKind, TrustList};
use crate::trust::policy::{OlderList, Policy};
use crate::trust::query::Query;
use crate::trust::reason::{Reason, Warning};
use crate::trust::tvs::{Vouched, VouchedAt};
use crate::trust::verified::Verified;

/// What decides whether a list is too old.
pub(in crate::trust) struct Freshness<'a> {
    pub(in crate::trust) anchors: &'a Anchors,
    pub(in crate::trust) policy: &'a Policy,
    pub(in crate::trust) proofs: &'a Proofs,
}

type ListedCertificates = Decision<Accepted<Verified<TrustList>>, Doubtful>;

impl Freshness<'_> {
    /// Judges the age of a list.
    ///
    /// An older list may have been restored from a backup, or replayed (design, policies; domain
    /// facts 10, rows 2 and 3). One that would weaken the checks, because it is blank or because
    /// files would no longer have to be signed, must be newer than any seen, whatever the policy.
    /// Another cluster's list begins a line: the service has to vouch for its signer now. `again`
    /// is the question about that signer, if there was one.
    pub(in crate::trust) fn judge(
        &self,
        accepted: Accepted<Verified<TrustList>>,
        again: Option<Query>,
    ) -> ListedCertificates {
        let by = accepted.value.provenance();
        let begins = self.anchors.begins_line(&accepted.value);
        // A cached answer may date from before a theft, and a new line forgets all timestamps.
        if let Some(again) = again.filter(|_| begins && !self.is_vouched_for_now()) {
            return Decision::Ask(Doubtful::Signer(again));
        }
        let list = accepted.value.value();
        let weaker = self.is_weaker(list);
        let newest = self.anchors.newest(list.kind, by);
        // The first of its kind has no predecessor, but a replayed blank ITL must not end the
        // checks.
        let newest = newest.or_else(|| self.anchors.newest_of_other(list.kind).filter(|_| weaker));
        let Some(installed) = newest else { return Decision::Trust(accepted) };
        let (offered, blank) = (list.timestamp, list.is_blank());
        // Equal is the same list re-signed, or one of the same second: harmless unless it weakens
        // the checks.
        if offered > installed || (offered == installed && !weaker) {
            return Decision::Trust(accepted);
        }
        let older = Reason::Older { installed, offered, blank, weaker };
        match self.policy.older_list {
            // Whatever the policy says: this replay would end all checks (domain facts 10, row 2).
            _ if weaker => Decision::Refuse(older),
            // Two clusters' clocks are not comparable, and TVS has just vouched for the signer.
            _ if begins => warned(accepted, installed),
            OlderList::Accept => warned(accepted, installed),
            OlderList::Refuse => Decision::Refuse(older),
            OlderList::Confirmed => self.confirmed(accepted, installed),
        }
    }

    /// Whether the phone would check less with a list than without it. A blank CTL on a phone
    /// without a CTL does not: it leaves the ITL in force.
    fn is_weaker(&self, list: &TrustList) -> bool {
        match self.anchors.records(list.kind) {
            Some(before) => list.is_blank() || (before.serves_files() && !list.serves_files()),
            None => list.is_blank() && list.kind == ListKind::Itl,
        }
    }

    fn is_vouched_for_now(&self) -> bool {
        self.proofs.signer.as_ref().map(Vouched::vouched_at) == Some(VouchedAt::Now)
    }

    /// Accepts an older list once every record that the installed lists lack is confirmed; until
    /// then, asks about the next one.
    fn confirmed(
        &self,
        accepted: Accepted<Verified<TrustList>>,
        installed: u32,
    ) -> ListedCertificates {
        let list = accepted.value.value();
        match confirm::doubtful(self.anchors, list, installed, &self.proofs.records) {
            Ok(None) => warned(accepted, installed),
            Ok(Some(record)) => Decision::Ask(Doubtful::Record(record.into())),
            Err(reason) => Decision::Refuse(reason),
        }
    }
}

fn warned(mut accepted: Accepted<Verified<TrustList>>, installed: u32) -> ListedCertificates {
    let offered = accepted.value.value().timestamp;
    accepted.warnings.push(Warning::Older { installed, offered });
    Decision::Trust(accepted)
}
