//! 9.6: centralized TFTP. The home cluster's files come by way of the central one's server; the
//! central cluster is the "old" one in these rows.

use secd_lab::cluster::{Files, Rollback};

use super::*;
use crate::lab::{Edit, ITL_OWN, SIGNED};
use crate::row::Step::{Do, Doctor, Log};
use crate::row::boot;

/// The central cluster's default list stands beside the home cluster's files.
const RELAYED: Edit = |lab, files| {
    let central = &lab.other.as_ref().expect("a central cluster").cluster;
    files.insert("ITLFile.tlv".to_owned(), central.itl());
};

/// A home cluster from before there were lists, whose files nobody can sign.
const OLD_HOME: Edit = |lab, files| {
    files.retain(|name, _| name.ends_with(".xml"));
    RELAYED(lab, files);
};

/// The home cluster is down: all there is is the central one's own.
const HOME_DOWN: Edit = |lab, files| {
    let central = &lab.other.as_ref().expect("a central cluster").cluster;
    *files = central.files();
    files.remove(ITL_OWN);
    files.retain(|name, _| !name.starts_with("SEP"));
};

fn without_lists(files: &mut Files) {
    files.retain(|name, _| name.ends_with(".xml"));
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "T1",
        start: "S0, then S1",
        server: "all with lists: the home cluster's are relayed",
        setup: one_node,
        steps: &[
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.serve(RELAYED);
            }),
            Doctor("first-contact", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 3, &[NO_CTL, ITL_INSTALLED, CONFIGURED], ""),
            Doctor("all-well", "nothing"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 0, &[NO_CTL], ""),
        ],
    },
    Row {
        id: "T2",
        start: "S0",
        server: "none with lists",
        setup: one_node,
        steps: &[
            Do(|lab| lab.serve(|_, files| without_lists(files))),
            Doctor("no-lists", "nothing"),
            boot(NOTHING_PLAIN, "S0 CTL- ITL- CFG+", 0, &[NO_CTL, NO_LIST, CONFIGURED], ""),
        ],
    },
    Row {
        id: "T3",
        start: "S0",
        server: "only the central one with lists: its ITL, and nothing that it signed",
        setup: one_node,
        steps: &[
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.serve(OLD_HOME);
            }),
            Doctor("central-tftp", "rollback-first"),
            boot(
                "CTLSEP CTLFile ITLSEP ITLFile SEP.sgn XMLDefault.sgn",
                "S1 CTL- ITL+ CFG-",
                3,
                &[NO_CTL, ITL_INSTALLED, "File not found <Cfg File>"],
                "",
            ),
            Do(|lab| {
                lab.serve(|lab, files| {
                    let signed = files.get(SIGNED).cloned();
                    OLD_HOME(lab, files);
                    files.extend(signed.map(|file| (SIGNED.to_owned(), file)));
                });
            }),
            Doctor("central-tftp", "rollback-first"),
            boot(
                "CTLSEP CTLFile ITLSEP ITLFile SEP.sgn",
                "S1 CTL- ITL= CFG-",
                0,
                &[NO_CTL, VERIFICATION_FAILED],
                "",
            ),
        ],
    },
    Row {
        id: "T4",
        start: "S0, and S1 of the central cluster",
        server: "T3 with the rollback parameter on the central cluster",
        setup: one_node,
        steps: &[
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.serve(OLD_HOME);
            }),
            S1,
            Do(|lab| {
                let central = lab.other.as_mut().expect("a central cluster");
                central.cluster.set_rollback(Rollback::On);
            }),
            Doctor("rollback-prepared", "reset-phone"),
            boot(
                "CTLSEP CTLFile ITLSEP ITLFile SEP.xml",
                "S4 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "",
            ),
            Step::Reset,
            Doctor("rollback-prepared", "reset-phone"),
            boot(
                "CTLSEP CTLFile ITLSEP ITLFile SEP.xml",
                "S4 CTL- ITL+ CFG+",
                3,
                &[NO_CTL, ITL_INSTALLED, CONFIGURED],
                "",
            ),
            Log("UNSIGNED, accepted as is"),
        ],
    },
    Row {
        id: "T5",
        start: "S1 of the home cluster",
        server: "the home cluster is down, the central one offers its own",
        setup: one_node,
        steps: &[
            Do(|lab| lab.move_to(new_cluster)),
            S1,
            Do(|lab| {
                lab.serve(HOME_DOWN);
                lab.stop_tvs();
            }),
            Doctor("central-tftp", "reach-servers"),
            boot(
                "CTLSEP CTLFile ITLSEP ITLFile SEP.sgn",
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, NO_CONFIGURATION],
                "",
            ),
        ],
    },
];
