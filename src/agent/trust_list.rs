//! One trust list: fetched, judged, put in force.

use log::{debug, error, info, warn};

use crate::agent::ask::Unanswered;
use crate::agent::fetch::{Limit, Wanted};
use crate::agent::report::{Message, Step};
use crate::agent::{Agent, SECD};
use crate::io::tftp::Failure;
use crate::trust::signature::sha256;
use crate::trust::tvs as answers;
use crate::trust::update::{self, Accepted, Offer};
use crate::trust::{Decision, ListKind, Provenance, Reason, TrustList, Verified};

impl Agent {
    /// Brings the list of a kind up to date. What is in force stays so, whatever fails.
    ///
    /// # Errors
    /// The failure of the network, when no server could be reached: the pass ends there.
    pub(super) async fn refresh_list(&self, kind: ListKind) -> Result<Step, Failure> {
        let configuration = self.settings();
        let device = &configuration.device.name;
        let own = format!("{}{device}.tlv", kind.word());
        for name in [own.as_str(), kind.generic_name()] {
            match self.fetch_list(name).await {
                Ok(octets) if octets.is_empty() => {
                    warn!(target: SECD, "tlRequestFile: {name} is empty: taken as not found");
                }
                Ok(octets) => return Ok(self.judge_list(kind, name, &octets).await),
                Err(Failure::NotFound { .. }) => {}
                Err(failure) => return self.list_not_fetched(name, failure),
            }
        }
        info!(target: SECD, "tlRequestFile: no {} on the server", kind.word());
        if kind == ListKind::Ctl {
            self.tell(Message::CtlNotFound);
        }
        Ok(Step::Kept)
    }

    async fn fetch_list(&self, name: &str) -> Result<Vec<u8>, Failure> {
        info!(target: SECD, "tlRequestFile: Request {name}");
        let limit = self.settings().tftp.list_limit;
        self.fetch(&Wanted { name, limit, said: Limit::Silent }).await
    }

    fn list_not_fetched(&self, name: &str, failure: Failure) -> Result<Step, Failure> {
        error!(target: SECD, "EROR:tlRequestFile: {name}: {failure}");
        self.tell_failure(&failure);
        if is_unreachable(&failure) { Err(failure) } else { Ok(Step::Failed) }
    }

    /// Judges what came, and installs it if it is believed and new.
    async fn judge_list(&self, kind: ListKind, name: &str, octets: &[u8]) -> Step {
        let same = self
            .anchors()
            .records(kind)
            .is_some_and(|installed| installed.sha256 == sha256(octets));
        let offer = Offer { name, octets };
        let configuration = self.settings();
        let policy = &configuration.policy;
        let decision = update::list(&self.anchors(), kind, offer, policy);
        let judged = match decision {
            _ if self.installed.borrow().is_locked() => Err(Reason::Locked),
            Decision::Trust(accepted) => Ok(accepted),
            Decision::Refuse(reason) => Err(reason),
            // What is in force need not be vouched for again.
            Decision::Ask(query) if same => Err(query.otherwise),
            Decision::Ask(query) => match self.ask_signer(&query).await {
                Ok(vouched) => update::list_vouched(&self.anchors(), kind, offer, policy, &vouched),
                Err(unanswered) => {
                    unvouched(name, &unanswered);
                    Err(query.otherwise)
                }
            },
        };
        match judged {
            Ok(accepted) => self.install_list(&accepted, name, octets, same),
            Err(_) if same => {
                debug!(target: SECD, "updateFromFile: {name} is the installed list");
                Step::Kept
            }
            Err(reason) => refused(name, &reason),
        }
    }

    fn install_list(
        &self,
        accepted: &Accepted<Verified<TrustList>>,
        name: &str,
        octets: &[u8],
        same: bool,
    ) -> Step {
        let list = accepted.value.value();
        let header = octets.len() - list.body_length;
        info!(target: SECD, "validate_file_envelope: File sign verify SUCCESS; header length <{header}>");
        if same {
            debug!(target: SECD, "updateFromFile: {name} is the installed list");
            return Step::Kept;
        }
        for warning in &accepted.warnings {
            warn!(target: SECD, "validate_file_envelope: {name}: {warning}");
        }
        if accepted.value.provenance() == Provenance::FirstUse {
            warn!(target: SECD, "updateFromFile: {name} believed on FIRST USE, signed by {}", list.signer);
        }
        // Borrowed for this statement only: what follows looks at what is installed.
        let put = self.installed.borrow_mut().install(accepted.value.clone(), name, octets);
        match put {
            Ok(()) => {
                info!(target: SECD, "updateFromFile: {} file updated", list.kind.word());
                self.forget_unlisted();
                Step::Installed
            }
            Err(failure) => {
                error!(target: SECD, "EROR:updateFromFile: {name} not installed: {failure}");
                Step::Broken
            }
        }
    }

    /// Forgets what was vouched for by a TVS server that no list knows any more.
    fn forget_unlisted(&self) {
        let anchors = self.anchors_snapshot();
        let gone = self.cache.borrow_mut().retain_by_tvs(|tvs| answers::is_listed(&anchors, tvs));
        if gone > 0 {
            info!(target: SECD, "TVS cache: {gone} answers forgotten with the server that gave them");
        }
    }

    /// Tells the person at the phone why a transfer failed.
    pub(super) fn tell_failure(&self, failure: &Failure) {
        use crate::wire::tftp::ErrorCode;
        match failure {
            Failure::TimedOut { .. } | Failure::Unreachable { .. } | Failure::NoServer => {
                self.tell(Message::TftpTimeout);
            }
            Failure::ServerError { code: ErrorCode::AccessViolation, .. } => {
                self.tell(Message::TftpAccessError);
            }
            _ => self.tell(Message::TftpError),
        }
    }
}

/// Why nobody vouched for the signer of a file.
pub(super) fn unvouched(name: &str, unanswered: &Unanswered) {
    error!(target: SECD, "EROR:processTvsClntReq: signer of {name} not vouched for: {unanswered}");
}

fn refused(name: &str, reason: &Reason) -> Step {
    error!(target: SECD, "EROR:validate_file_envelope: File sign verify FAILED, {name}: {reason}");
    Step::Failed
}

/// Whether nobody could be reached at all.
pub(super) const fn is_unreachable(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Io { .. }
            | Failure::NoServer
            | Failure::TimedOut { .. }
            | Failure::Unreachable { .. }
    )
}
