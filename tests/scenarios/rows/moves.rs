//! 9.4: cluster move.

use secd_lab::cluster::Rollback;
use secd_lab::cluster::Service::Tvs;

use super::*;
use crate::row::Step::{Do, Doctor, Log, Outside, Reset};
use crate::row::boot;

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "M1",
        start: "S1 of the old cluster",
        server: "unprepared: the old TVS does not know the new signer, later it is gone",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.move_to(new_cluster)),
            Doctor("moved", "exchange-certificates"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "old 0 query, old 0 query",
            ),
            Log("errclass 8, errcode 19 (signer not in CTL)"),
            Do(|lab| lab.stop_old_tvs()),
            Doctor("moved", "exchange-certificates"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "",
            ),
        ],
    },
    Row {
        id: "M2",
        start: "S1 of the old cluster",
        server: "rollback on the old cluster, then the new one",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rollback(Rollback::On)),
            S4,
            Do(|lab| lab.move_to(new_cluster)),
            Doctor("rollback-ended", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "M3",
        start: "S1 of the old cluster",
        server: "the new signer imported into the old store",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
            }),
            Doctor("moved", "reset-phone"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "old 0 query",
            ),
        ],
    },
    Row {
        id: "M3b",
        start: "S1 of the old cluster",
        server: "the new ITL signed by ITLRecovery, only CallManager.pem imported",
        setup: one_node,
        // The configuration is signed by CallManager.pem, and TVS vouches for that (2.2).
        steps: &[
            S1,
            Do(|lab| {
                lab.move_to(new_cluster_with_recovery);
                lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
            }),
            Doctor("moved", "exchange-certificates"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG+",
                8,
                &[NO_CTL, UPDATE_FAILED, CONFIGURED],
                "old 0 query, old 0 query",
            ),
        ],
    },
    Row {
        id: "M4",
        start: "S3 of the old cluster",
        server: "secure clusters, the new signer imported",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.run_tokenless_ctl();
                lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
            }),
            Doctor("moved", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], "old 0 query"),
        ],
    },
    Row {
        id: "M5",
        start: "S5 of the old cluster",
        server: "secure clusters, rollback only",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.rollback(Rollback::On)),
            Step::Start("S5"),
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.run_tokenless_ctl();
            }),
            Doctor("moved", "run-ctl-client"),
            boot(BOTH_SIGNED, "S5 CTL= ITL= CFG=", 9, &[UPDATE_FAILED, VERIFICATION_FAILED], ""),
        ],
    },
    Row {
        id: "M6",
        start: "S3 of the old cluster",
        server: "the lists deleted by hand, then the new cluster",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.move_to(new_cluster)),
            Reset,
            Doctor("first-contact", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 3, &[NO_CTL, ITL_INSTALLED, CONFIGURED], ""),
            Do(|lab| lab.run_tokenless_ctl()),
            Reset,
            Doctor("first-contact", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 4, &[BOTH_INSTALLED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "M7",
        start: "S1 of the old cluster",
        server: "the new signer imported, but the old TVS.pem regenerated",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.regenerate(Tvs);
                lab.move_to(new_cluster);
                lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
            }),
            Doctor("moved", "exchange-certificates"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "old 0 refused, old 0 refused",
            ),
        ],
    },
    Row {
        id: "M8",
        start: "S3 of the new cluster",
        server: "the LSC is the old CAPF's",
        setup: one_node,
        steps: &[Outside("the new call manager refuses the registration, which is no agent's")],
    },
];
