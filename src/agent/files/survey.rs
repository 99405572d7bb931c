//! What the ways to each server lead to, for a person who asks which one the phone takes.

use super::asked::{NumberedTransfer, OtherWays};
use super::errand::FileErrand;
use super::{Files, http};
use crate::boot::{Sort, Wanted};
use crate::diagnose::{WayFound, WaySeen};
use crate::io::settings::{ProvisioningSettings, Settings};
use crate::trust::Anchors;
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

impl Files {
    /// The ways to each server after a pass, in the order in which it went on by them; none of a server
    /// that was not asked.
    ///
    /// A way that the pass had no need of is tried now, for a file that came by another.
    pub(in crate::agent) async fn survey(&self, mut errand: FileErrand<'_>) -> Vec<Vec<WayFound>> {
        let Settings { tftp, provisioning, .. } = errand.settings;
        let mut found = Vec::new();
        for server in &tftp.servers {
            // What is tried below settles nothing: the pass is over.
            let settled = errand.walk.ways.settled(server);
            self.look(&mut errand, server).await;
            let mut ways = ways(&errand, server, provisioning);
            let is_later = |way| way != FileWay::Https && settled.is_some_and(|by| by != way);
            ways.sort_by_key(|found| is_later(found.way));
            found.push(ways);
        }
        found
    }

    async fn look(&self, errand: &mut FileErrand<'_>, server: &ServerAddress) {
        let Settings { tftp, provisioning, .. } = errand.settings;
        let seen = |errand: &FileErrand<'_>, way| errand.walk.ways.seen(server, way).cloned();
        let sent = provisioning.ways.iter().find_map(|way| match seen(errand, *way) {
            Some(WaySeen::Sent(name)) if *way != FileWay::Https => Some(name),
            _ => None,
        });
        let Some(name) = sent else { return };
        let Ok(addresses) = errand.walk.names.resolve(server).await else { return };
        for way in [FileWay::Http, FileWay::Tftp] {
            // One that has another file may have this one, too.
            let is_open = matches!(seen(errand, way), None | Some(WaySeen::Lacked(_)));
            if !provisioning.ways.contains(&way) || !is_open {
                continue;
            }
            let wanted = Wanted { name: &name, limit: tftp.config_limit, sort: Sort::File };
            let (number, before) = (self.next_number(), OtherWays::Answered);
            let transfer = NumberedTransfer { number, wanted: &wanted, before };
            drop(self.try_way(way, errand, server, (transfer, &addresses)).await);
        }
    }
}

fn ways(
    errand: &FileErrand<'_>,
    server: &ServerAddress,
    provisioning: &ProvisioningSettings,
) -> Vec<WayFound> {
    let seen = |way| errand.walk.ways.seen(server, way).cloned();
    if provisioning.ways.iter().all(|way| seen(*way).is_none()) {
        return Vec::new();
    }
    let found = |way: &FileWay| {
        let port = http::port(*way, provisioning).unwrap_or(server.port);
        let seen = seen(*way).unwrap_or_else(|| {
            WaySeen::NotTried(match way {
                FileWay::Https => why_not_https(&errand.court.anchors()),
                _ => "no file has come from the server",
            })
        });
        WayFound { way: *way, port, seen }
    };
    provisioning.ways.iter().map(found).collect()
}

fn why_not_https(anchors: &Anchors) -> &'static str {
    if anchors.announces_https() {
        "no configuration was asked for"
    } else if anchors.demand_signed_files() {
        "the ITL does not announce it"
    } else {
        "no list is in force to judge its server by"
    }
}
