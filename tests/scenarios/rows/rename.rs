//! 9.3: host or domain rename.

use secd_lab::cluster::Rollback;

use super::*;
use crate::row::Step::{Do, Doctor, Press, Reset};
use crate::row::boot;

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "H1",
        start: "S1",
        server: "single node renamed, unprepared; then the lists deleted by hand",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rename(0)),
            Doctor("renamed", "delete-itl"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 refused, 0 refused",
            ),
            Press("refused", "0 refused"),
            Reset,
            Doctor("first-contact", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 3, &[NO_CTL, ITL_INSTALLED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "H2",
        start: "S1",
        server: "single node: rollback, rename, parameter off",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rollback(Rollback::On)),
            Doctor("rollback-prepared", "reset-phone"),
            boot(NO_CTL_PLAIN, "S4 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
            Do(|lab| {
                lab.rename(0);
                lab.rollback(Rollback::Off);
            }),
            Doctor("rollback-ended", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "H3a",
        start: "S3",
        server: "single node renamed, before the CTL client",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.rename(0)),
            Doctor("renamed", "run-ctl-client"),
            boot(
                BOTH_SIGNED,
                "S3 CTL= ITL= CFG=",
                8,
                &[UPDATE_FAILED, VERIFICATION_FAILED],
                "0 refused, 0 refused",
            ),
        ],
    },
    Row {
        id: "H3b",
        start: "S3",
        server: "single node renamed, after the CTL client",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| {
                lab.rename(0);
                lab.run_ctl_client();
            }),
            Doctor("renamed", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "H4",
        start: "S1",
        server: "two nodes, one renamed",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| lab.rename(0)),
            Doctor("renamed", "reset-phone"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "0 refused, 1 query",
            ),
        ],
    },
    Row {
        id: "H5",
        start: "S1",
        server: "two nodes, both renamed together",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| {
                lab.rename(0);
                lab.rename(1);
            }),
            Doctor("renamed", "delete-itl"),
            boot(
                REFUSED_UNHEARD,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 refused, 1 refused, 0 refused, 1 refused",
            ),
        ],
    },
    Row {
        id: "H6",
        start: "S1",
        server: "two nodes, the only one of the phone's group renamed",
        setup: two_nodes,
        steps: &[
            Do(|lab| lab.home.cluster.group = vec![0]),
            S1,
            Do(|lab| lab.rename(0)),
            Doctor("renamed", "delete-itl"),
            boot(
                REFUSED_UNHEARD,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 refused, 0 refused",
            ),
        ],
    },
    Row {
        id: "H7",
        start: "S3",
        server: "two nodes in mixed mode, one renamed",
        setup: two_nodes_with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.rename(0)),
            Doctor("renamed", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL= ITL+ CFG+", 1, &[UPDATED, CONFIGURED], "0 refused, 1 query"),
        ],
    },
    Row {
        id: "H8",
        start: "S3",
        server: "two nodes in mixed mode, all renamed, no TVS, the CTL client run again",
        setup: two_nodes_with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| {
                lab.rename(0);
                lab.rename(1);
                lab.stop_tvs();
                lab.run_ctl_client();
            }),
            Doctor("renamed", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], ""),
        ],
    },
];
