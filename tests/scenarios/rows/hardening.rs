//! Rows of domain facts 10 that a boot pass shows, by their numbers there.

use secd_lab::cluster::Rollback;
use secd_lab::cluster::Service::CallManager;
use secd_lab::config::Member;
use secd_lab::list::{Kind, List, Role};

use super::*;
use crate::lab::{PLAIN, SIGNED, put_itl};
use crate::row::Step::{Do, Doctor, Log, Press, Restart, Wait};
use crate::row::boot;

/// The server no longer knows the phone, and the default configuration names no TVS.
fn serve_without_tvs(lab: &mut Lab) {
    lab.serve(|lab, files| {
        files.insert(SIGNED.to_owned(), lab.home.cluster.signed(SIGNED, b"<device/>"));
    });
}

/// A call manager that writes the element of TVS in small letters.
fn misspell_tvs(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let xml = lab.home.cluster.config().xml().replace("TVS>", "tvs>");
        files.insert(SIGNED.to_owned(), lab.home.cluster.signed(SIGNED, xml.as_bytes()));
    });
}

/// A list signed again, with the certificates of before, and a configuration that is cut short.
fn serve_newer_list_and_cut_configuration(lab: &mut Lab) {
    let timestamp = lab.home.cluster.timestamp() + 60;
    lab.home.cluster.set_timestamp(timestamp);
    lab.serve(|lab, files| {
        let cut = b"<device><fullConfig>true</fullConfig>";
        files.insert(SIGNED.to_owned(), lab.home.cluster.signed(SIGNED, cut));
    });
}

/// The same list, and a configuration with a bit that is not the signer's.
fn serve_newer_list_and_damaged_configuration(lab: &mut Lab) {
    let timestamp = lab.home.cluster.timestamp() + 60;
    lab.home.cluster.set_timestamp(timestamp);
    lab.serve(|_, files| {
        if let Some(last) = files.get_mut(SIGNED).and_then(|file| file.last_mut()) {
            *last ^= 1;
        }
    });
}

/// A blank list from before the installed one.
fn replay_blank_itl(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let mut earlier = lab.home.cluster.clone();
        earlier.set_rollback(Rollback::On);
        earlier.set_timestamp(1_600_000_000);
        put_itl(files, &earlier.itl());
    });
}

/// A list with a TVS record and without file servers: configurations come unsigned, and one of
/// them names other TVS members.
fn misname_tvs(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let cluster = &lab.home.cluster;
        let signer = &cluster.nodes[0].callmanager;
        let mut list = List::new(Kind::Itl, cluster.setup.layout, cluster.timestamp() + 60);
        list.records = cluster.itl_records(0);
        list.records.retain(|record| [Role::SAST, Role::TVS].contains(&record.role));
        put_itl(files, &list.sign(signer));
        let mut config = cluster.config();
        config.tvs = vec![Member { address: "127.0.0.1".to_owned(), port: 9 }];
        files.insert(PLAIN.to_owned(), config.xml().into_bytes());
    });
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "W2",
        start: "S1",
        server: "an old blank ITL by CM1 is served again",
        setup: one_node,
        steps: &[
            S1,
            Do(replay_blank_itl),
            Doctor("refused-by-policy", "restart-services"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 8, &[NO_CTL, UPDATE_FAILED, CONFIGURED], ""),
            Log("blank list of 1600000000 would weaken the checks, and is not newer"),
        ],
    },
    Row {
        id: "W25",
        start: "S1",
        server: "a configuration without TVS, a restart, then R1",
        setup: one_node,
        steps: &[
            S1,
            Do(serve_without_tvs),
            Doctor("configuration-without-tvs", "make-configuration"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG?", 0, &[NO_CTL, CONFIGURED], ""),
            Restart,
            Do(|lab| lab.regenerate(CallManager)),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG=", 1, &[NO_CTL, UPDATED], "0 query"),
        ],
    },
    Row {
        id: "W25b",
        start: "S1",
        server: "an unsigned configuration names other TVS members",
        setup: one_node,
        steps: &[
            S1,
            Do(misname_tvs),
            Step::Start("S1u"),
            Press("opened by TVS", "0 verify"),
            Wait(86_400),
            Restart,
            Press("opened by TVS", "0 verify"),
        ],
    },
    Row {
        id: "W25c",
        start: "S1",
        server: "a configuration with <tvs> for <TVS>",
        setup: one_node,
        steps: &[
            S1,
            Do(misspell_tvs),
            Doctor("configuration-without-tvs", "make-configuration"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG?", 0, &[NO_CTL, CONFIGURED], ""),
            Log("skipped, the name of the element is TVS, in this case"),
        ],
    },
    Row {
        id: "W25d",
        start: "S1",
        server: "a newer list with the same certificates, and a configuration that is cut short",
        setup: one_node,
        steps: &[
            S1,
            Do(serve_newer_list_and_cut_configuration),
            Doctor("configuration-unreadable", "make-configuration"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG=", 1, &[NO_CTL, UPDATED, "CFG file error"], ""),
        ],
    },
    Row {
        id: "W25e",
        start: "S1",
        server: "a newer list with the same certificates, and a damaged configuration",
        setup: one_node,
        steps: &[
            S1,
            Do(serve_newer_list_and_damaged_configuration),
            Doctor("configuration-refused", "restart-services"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL+ CFG=",
                1,
                &[NO_CTL, UPDATED, VERIFICATION_FAILED],
                "",
            ),
            Log("is signed by CN="),
        ],
    },
];
