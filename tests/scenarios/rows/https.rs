//! 9.8: HTTPS and TVS behaviour.

use secd_lab::cluster::Service::{CallManager, Tvs};
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::tvs::{Conduct, Faults};

use super::*;
use crate::lab::put_itl;
use crate::row::Step::{Cached, Do, Log, Press, Wait};
use crate::row::boot;

/// A list that has the directory server as an application server.
fn list_tomcat(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let cluster = &lab.home.cluster;
        let mut list = List::new(Kind::Itl, cluster.setup.layout, cluster.timestamp());
        list.records = cluster.itl_records(0);
        list.records.push(Record::new(Role::APP_SERVER, &lab.tomcat.certificate));
        put_itl(files, &list.sign(&cluster.nodes[0].callmanager));
    });
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "V1",
        start: "S1",
        server: "a directory server that only TVS knows",
        setup: one_node,
        steps: &[
            S1,
            Press("opened by TVS", "0 verify"),
            Log("default time-to-live value: 86400 seconds"),
            Cached(&[86_400]),
        ],
    },
    Row {
        id: "V2",
        start: "S1",
        server: "the same again within the time to live",
        setup: one_node,
        steps: &[
            S1,
            Press("opened by TVS", "0 verify"),
            Wait(86_399),
            Press("opened by cache", ""),
        ],
    },
    Row {
        id: "V3",
        start: "S1",
        server: "the same after the time to live",
        setup: one_node,
        steps: &[
            S1,
            Press("opened by TVS", "0 verify"),
            Wait(86_400),
            Cached(&[]),
            Press("opened by TVS", "0 verify"),
        ],
    },
    Row {
        id: "V4",
        start: "S1",
        server: "TVS answers a time to live of 3600",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.tvs_ttl(3600)),
            Press("opened by TVS", "0 verify"),
            Cached(&[3600]),
            Wait(3599),
            Press("opened by cache", ""),
            Wait(1),
            Press("opened by TVS", "0 verify"),
        ],
    },
    Row {
        id: "V5",
        start: "S1",
        server: "TVS answers status 1",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.tvs(0, Faults { status: Some(1), ..Faults::default() })),
            Press("refused", "0 verify"),
            Cached(&[]),
            Log("processTvsSrvrResponse: Authentication Response received, status : 1"),
        ],
    },
    Row {
        id: "V6",
        start: "S1",
        server: "member 0 refuses connections",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| lab.home.tvs.of_mut(0).close()),
            Press("opened by TVS", "1 verify"),
            Cached(&[86_400]),
        ],
    },
    Row {
        id: "V7",
        start: "S1",
        server: "member 0 shows a certificate that no list has",
        setup: two_nodes,
        steps: &[S1, Do(|lab| lab.strange_tvs(0)), Press("opened by TVS", "0 refused, 1 verify")],
    },
    Row {
        id: "V8",
        start: "S1",
        server: "member 0 refuses connections, member 1 answers garbage",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| {
                lab.home.tvs.of_mut(0).close();
                lab.tvs(1, Faults { conduct: Conduct::Garbage, ..Faults::default() });
            }),
            Press("refused", "1 verify"),
            Cached(&[]),
        ],
    },
    Row {
        id: "V9",
        start: "S1",
        server: "TVS shows issuer and serial number of its record, and another key",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.forged_tvs()),
            Step::Doctor("tvs-impostor", "find-impostor"),
            Press("refused", "0 refused"),
            Log("cert hash and hash in TL DIFFER"),
        ],
    },
    Row {
        id: "V10",
        start: "S1",
        server: "TVS knows the server, but not as an application server",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| lab.tvs(0, Faults { roles: Some(vec![Role::CCM]), ..Faults::default() })),
            Press("refused", "0 verify"),
            Cached(&[]),
        ],
    },
    Row {
        id: "V11",
        start: "S1",
        server: "member 0 answers with another session number",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| lab.tvs(0, Faults { session: Some(7), ..Faults::default() })),
            Press("opened by TVS", "0 verify, 1 verify"),
        ],
    },
    Row {
        id: "V12",
        start: "S1",
        server: "the reserved byte is 0xF7",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.tvs(0, Faults { reserved: 0xF7, ..Faults::default() })),
            Press("opened by TVS", "0 verify"),
        ],
    },
    Row {
        id: "V13",
        start: "S1",
        server: "a directory server that the ITL has as an application server",
        setup: one_node,
        steps: &[
            Do(list_tomcat),
            S1,
            Press("opened by list", ""),
            Log("https_cert_vfy: HTTPS cert in ITL"),
        ],
    },
    Row {
        id: "V14",
        start: "S1",
        server: "a new ITL without the TVS that vouched",
        setup: one_node,
        steps: &[
            S1,
            Press("opened by TVS", "0 verify"),
            Cached(&[86_400]),
            Do(|lab| lab.regenerate(Tvs)),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
            Cached(&[]),
            Press("opened by TVS", "0 verify"),
        ],
    },
    Row {
        id: "V14b",
        start: "S1",
        server: "a new ITL with the TVS that vouched, then a first CTL",
        setup: with_tokens,
        steps: &[
            S1,
            Press("opened by TVS", "0 verify"),
            Do(|lab| lab.regenerate(CallManager)),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
            Log("tvsFlushCertCache: Completed"),
            Cached(&[]),
            Press("opened by TVS", "0 verify"),
            MIXED,
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], "0 query"),
            Cached(&[]),
        ],
    },
    Row {
        id: "V15",
        start: "S4, and S0",
        server: "TVS is up and knows the server",
        setup: one_node,
        steps: &[
            Press("refused", ""),
            S1,
            Do(|lab| lab.rollback(secd_lab::cluster::Rollback::On)),
            S4,
            Press("refused", ""),
            Log("no TVS to ask"),
        ],
    },
];
