//! 9.5: backup and rebuild.

use secd_lab::certificate::Identity;
use secd_lab::sign::{self, Style};

use super::*;
use crate::lab::{PLAIN, SIGNED, put_itl};
use crate::row::Step::{Do, Doctor, Log};
use crate::row::boot;

/// Lists and files are signed with a key that the store has not, the way of CSCtn50405.
fn restore_without_callmanager(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let cluster = &lab.home.cluster;
        let lost: Identity = lab.stranger();
        put_itl(files, &cluster.itl_of(0, &Signer::Identity(Box::new(lost.clone()))));
        let style = Style {
            layout: cluster.setup.layout,
            digest: cluster.setup.digest,
            timestamp: cluster.timestamp(),
        };
        files.insert(SIGNED.to_owned(), sign::signed(style, &lost, SIGNED, &lab.payload()));
        files.insert(PLAIN.to_owned(), lab.payload());
    });
}

/// The list that an older backup has.
fn put_first_itl_back(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let mut older = lab.home.cluster.clone();
        older.set_timestamp(1_600_000_000);
        put_itl(files, &older.itl());
    });
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "D1",
        start: "S1",
        server: "rebuilt and restored with CM1's key",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.home.cluster.set_timestamp(1_800_000_000)),
            Doctor("newer-list", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "D2",
        start: "S1",
        server: "rebuilt, not restored",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.move_to(one_node);
                lab.stop_old_tvs();
            }),
            Doctor("rebuilt", "restore-backup"),
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
        id: "D3",
        start: "S1",
        server: "the backup lacked CallManager.pem: signed by a key that is not listed",
        setup: one_node,
        steps: &[
            S1,
            Do(restore_without_callmanager),
            Doctor("restored-without-key", "regenerate-callmanager"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 query, 0 query",
            ),
        ],
    },
    Row {
        id: "D3b",
        start: "S0",
        server: "the same",
        setup: one_node,
        steps: &[
            Do(restore_without_callmanager),
            Doctor("restored-without-key", "regenerate-callmanager"),
            boot(
                NO_CTL_PLAIN,
                "S0 CTL- ITL- CFG+",
                6,
                &[NO_CTL, UPDATE_FAILED, NO_LIST, CONFIGURED],
                "",
            ),
        ],
    },
    Row {
        id: "D4",
        start: "S1",
        server: "the ITL trusted before, with an older timestamp",
        setup: one_node,
        steps: &[
            S1,
            Do(put_first_itl_back),
            Doctor("older-list", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
            Log(
                "WRN | validate_file_envelope: ITLSEP001122334455.tlv: list of 1600000000 is older",
            ),
        ],
    },
    Row {
        id: "D5",
        start: "S1",
        server: "the first TFTP server restored wrongly, later in error; the second good from then on",
        setup: two_nodes,
        steps: &[
            S1,
            Do(restore_without_callmanager),
            Doctor("restored-without-key", "regenerate-callmanager"),
            boot(
                REFUSED_BY_BOTH,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 query, 0 query",
            ),
            Do(|lab| lab.serve_from_second(1)),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(
                "CTLSEP CTLFile ITLSEP SEP.sgn 2:ITLSEP 2:SEP.sgn",
                "S1 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "0 query, 0 query, 0 query",
            ),
            Do(|lab| lab.break_first()),
            Doctor("all-well", "nothing"),
            boot(
                "CTLSEP CTLFile ITLSEP SEP.sgn 2:CTLSEP 2:CTLFile 2:ITLSEP 2:SEP.sgn",
                "S1 CTL- ITL= CFG+",
                0,
                &[NO_CTL],
                "",
            ),
        ],
    },
];
