//! 9.7: the rollback parameter.

use secd_lab::cluster::Rollback::{Off, On};
use secd_lab::cluster::Service::{CallManager, Tvs};
use secd_lab::sign::{self, Style};

use super::*;
use crate::lab::{PLAIN, SIGNED};
use crate::row::Step::{Do, Doctor, Log, Press};
use crate::row::boot;

/// Under the plain name, an envelope by somebody whom nobody knows.
fn serve_foreign_signed(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let setup = &lab.home.cluster.setup;
        let (layout, digest) = (setup.layout, setup.digest);
        let style = Style { layout, digest, timestamp: lab.home.cluster.timestamp() };
        let file = sign::signed(style, &lab.stranger(), SIGNED, &lab.payload());
        files.insert(PLAIN.to_owned(), file);
    });
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "P1",
        start: "S1",
        server: "a blank ITL by CM1",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rollback(On)),
            Doctor("rollback-prepared", "reset-phone"),
            boot(NO_CTL_PLAIN, "S4 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "P2",
        start: "S4",
        server: "a plain configuration, then one signed by a stranger",
        setup: one_node,
        steps: &[
            Do(|lab| lab.rollback(On)),
            S4,
            Do(|_| {}),
            Doctor("rollback-active", "end-rollback"),
            boot(NO_CTL_PLAIN, "S4 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], ""),
            Do(serve_foreign_signed),
            Doctor("rollback-active", "end-rollback"),
            boot(NO_CTL_PLAIN, "S4 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], ""),
            Log("WRN | verifyFile: NOT VERIFIED, accepted from anyone"),
        ],
    },
    Row {
        id: "P3",
        start: "S4",
        server: "the parameter off",
        setup: one_node,
        steps: &[
            Do(|lab| lab.rollback(On)),
            S4,
            Do(|lab| lab.rollback(Off)),
            Doctor("rollback-ended", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
            Log("trusted on FIRST USE"),
        ],
    },
    Row {
        id: "P4",
        start: "S4",
        server: "CTL and ITL of another cluster",
        setup: one_node,
        steps: &[
            Do(|lab| lab.rollback(On)),
            S4,
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.run_tokenless_ctl();
            }),
            Doctor("rollback-ended", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "P5",
        start: "S1, locked as in R3",
        server: "a blank ITL by CM2",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.regenerate(Tvs);
            }),
            S1,
            Do(|lab| lab.rollback(On)),
            Doctor("rollback-too-late", "delete-itl"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 refused, 0 refused",
            ),
        ],
    },
    Row {
        id: "P6",
        start: "S3",
        server: "a blank ITL by CM1",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.rollback(On)),
            Doctor("rollback-prepared", "reset-phone"),
            boot(BOTH_SIGNED, "S5 CTL= ITL+ CFG+", 1, &[UPDATED, CONFIGURED], ""),
            Log("verifyFile: verify SUCCESS"),
        ],
    },
    Row {
        id: "P7",
        start: "S4",
        server: "an HTTPS URL",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rollback(On)),
            S4,
            Doctor("rollback-active", "end-rollback"),
            Press("refused", ""),
        ],
    },
];
