//! What a request to the servers goes by: the pass, the settings, and who judges.

use std::sync::Arc;

use super::walk::ServerWalk;
use crate::agent::peers;
use crate::agent::tvs::{Around, TvsService};
use crate::boot::Wanted;
use crate::io::settings::Settings;
use crate::trust::peer::ShownChain;
use crate::trust::{Anchors, Cache, Distrust, Grant};
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

/// What a request to the servers goes by.
pub(in crate::agent) struct FileErrand<'a> {
    /// What the pass has learned of the servers so far.
    pub(in crate::agent) walk: &'a mut ServerWalk,
    pub(in crate::agent) settings: &'a Settings,
    /// Who judges a server that is asked by HTTPS.
    pub(in crate::agent) court: Court<'a>,
}

impl FileErrand<'_> {
    /// The ways by which a server is asked for a file, in their order.
    pub(super) fn ways(&self, server: &ServerAddress, wanted: &Wanted<'_>) -> Vec<FileWay> {
        let mut ways = self.walk.ways_left(server, &self.settings.provisioning.ways);
        if !self.is_for_https(wanted) {
            ways.retain(|way| *way != FileWay::Https);
        }
        ways
    }

    /// Whether a file is asked for by HTTPS: the phone's own configuration, whatever its form, where
    /// the lists announce that (domain facts 1.6).
    fn is_for_https(&self, wanted: &Wanted<'_>) -> bool {
        let own = format!("{}.cnf.xml", self.settings.device.name);
        let rest = wanted.name.strip_prefix(&own);
        rest.is_some_and(|rest| matches!(rest, "" | ".sgn" | ".enc.sgn"))
            && self.court.anchors().announces_https()
    }
}

/// Who judges a server of files: the lists in force, or those of a trial.
pub(in crate::agent) struct Court<'a> {
    pub(in crate::agent) tvs: &'a TvsService,
    pub(in crate::agent) around: Around<'a>,
    pub(in crate::agent) trial: Option<OnTrial<'a>>,
}

/// The lists and answers of a pass on trial.
pub(in crate::agent) struct OnTrial<'a> {
    pub(in crate::agent) anchors: &'a Arc<Anchors>,
    pub(in crate::agent) cache: &'a mut Cache,
}

impl Court<'_> {
    /// The lists that it judges by.
    pub(super) fn anchors(&self) -> Arc<Anchors> {
        match &self.trial {
            None => self.around.installed.anchors(),
            Some(trial) => trial.anchors.clone(),
        }
    }

    pub(super) async fn judge(
        &mut self,
        shown: ShownChain<'_>,
        called: &str,
    ) -> Result<Grant, Distrust> {
        match &mut self.trial {
            None => peers::judge(self.tvs, self.around, shown, called).await.verdict,
            Some(OnTrial { anchors, cache }) => {
                peers::judge_on_trial(self.tvs, self.around, anchors, cache, shown).await
            }
        }
    }
}
