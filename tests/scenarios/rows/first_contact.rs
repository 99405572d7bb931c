//! 9.1: first contact and steady state.

use secd_lab::certificate::Identity;
use secd_lab::cluster::{Service, Signer};
use secd_lab::keys::Kind;

use super::*;
use crate::lab::{PLAIN, SIGNED, hand_built, put_itl};
use crate::row::Step::{Do, Doctor, Log, Restart};
use crate::row::boot;

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B1",
        start: "S0",
        server: "no lists, a plain configuration",
        setup: one_node,
        steps: &[
            Do(|lab| lab.serve(|_, files| files.retain(|name, _| name.ends_with(".xml")))),
            Doctor("no-lists", "nothing"),
            boot(NOTHING_PLAIN, "S0 CTL- ITL- CFG+", 0, &[NO_CTL, NO_LIST, CONFIGURED], ""),
        ],
    },
    Row {
        id: "B2",
        start: "S0",
        server: "ITL(CM1)",
        setup: one_node,
        steps: &[
            Doctor("first-contact", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 3, &[NO_CTL, ITL_INSTALLED, CONFIGURED], ""),
            Log("trusted on FIRST USE"),
        ],
    },
    Row {
        id: "B3",
        start: "S0",
        server: "CTL(tok) and ITL(CM1)",
        setup: with_tokens,
        steps: &[
            MIXED,
            Doctor("first-contact", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 4, &[BOTH_INSTALLED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "B4",
        start: "S0",
        server: "CTL(tok), and an ITL by a signer that is not in it",
        setup: with_tokens,
        steps: &[
            MIXED,
            Do(|lab| lab.regenerate(Service::CallManager)),
            Doctor("ctl-behind", "run-ctl-client"),
            boot(BOTH_SIGNED, "S2 CTL+ ITL- CFG-", 6, &[UPDATE_FAILED, VERIFICATION_FAILED], ""),
            Log("ITLSEP001122334455.tlv: signer not in CTL or ITL"),
        ],
    },
    Row {
        id: "B5",
        start: "S1",
        server: "the same files",
        setup: one_node,
        steps: &[
            S1,
            Restart,
            Doctor("all-well", "nothing"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 0, &[NO_CTL], ""),
        ],
    },
    Row {
        id: "B6",
        start: "S0",
        server: "an ITL that its own SAST key did not sign",
        setup: one_node,
        steps: &[
            Do(|lab| {
                let certificate = lab.home.cluster.nodes[0].callmanager.certificate.clone();
                let key = lab.home.cluster.setup.pool.take(Kind::Rsa2048);
                lab.sign_itl_by(Signer::Identity(Box::new(Identity { certificate, key })));
            }),
            Doctor("list-damaged", "restart-services"),
            boot(
                NO_CTL_PLAIN,
                "S0 CTL- ITL- CFG+",
                6,
                &[NO_CTL, UPDATE_FAILED, NO_LIST, CONFIGURED],
                "",
            ),
            Log("the signature does not match the file and its signer"),
        ],
    },
    Row {
        id: "B7",
        start: "S1",
        server: "a CTL without tokens, by CM1",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.run_tokenless_ctl()),
            Doctor("new-ctl", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "B8",
        start: "S1",
        server: "a CTL by a token that TVS knows",
        setup: with_tokens,
        steps: &[
            S1,
            MIXED,
            Doctor("new-ctl", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], "0 query"),
        ],
    },
    Row {
        id: "B9",
        start: "S3",
        server: "a CTL with blank CCM+TFTP records, by tok",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.move_to_non_secure()),
            Doctor("new-ctl", "reset-phone"),
            boot(BOTH_SIGNED, "S6 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "B10",
        start: "S3",
        server: "the CTL deleted",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| lab.home.cluster.delete_ctl()),
            Doctor("all-well", "nothing"),
            boot(NO_CTL_SIGNED, "S3 CTL= ITL= CFG+", 0, &[NO_CTL, CONFIGURED], ""),
        ],
    },
    Row {
        id: "B11",
        start: "S1",
        server: "a configuration by CM1, its body changed afterwards",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.serve(|_, files| {
                    let last = files.get_mut(SIGNED).and_then(|file| file.last_mut());
                    *last.expect("a configuration") ^= 1;
                });
            }),
            Doctor("configuration-refused", "restart-services"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG=", 0, &[NO_CTL, VERIFICATION_FAILED], ""),
            Log("ERR | EROR:verifyFile: verify FAILED, <"),
        ],
    },
    Row {
        id: "B12",
        start: "S1",
        server: "the configuration of another phone",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.serve(|lab, files| {
                    let name = "SEP665544332211.cnf.xml.sgn";
                    let other = lab.home.cluster.signed(name, &lab.payload());
                    files.insert(SIGNED.to_owned(), other);
                });
            }),
            Doctor("configuration-refused", "restart-services"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG=", 0, &[NO_CTL, VERIFICATION_FAILED], ""),
            Log("signed as SEP665544332211.cnf.xml.sgn"),
        ],
    },
    Row {
        id: "B13",
        start: "S1u",
        server: "a list built by hand, then one by an unknown signer",
        setup: one_node,
        steps: &[
            Do(|lab| {
                lab.serve(|lab, files| {
                    put_itl(files, &hand_built(lab, &lab.home.cluster.nodes[0].callmanager));
                });
            }),
            Step::Start("S1u"),
            Do(|lab| {
                lab.serve(|lab, files| {
                    put_itl(files, &hand_built(lab, &lab.stranger()));
                    files.insert(PLAIN.to_owned(), lab.payload());
                });
            }),
            Doctor("rebuilt", "restore-backup"),
            boot(NO_CTL_PLAIN, "S1u CTL- ITL= CFG+", 8, &[NO_CTL, UPDATE_FAILED, CONFIGURED], ""),
        ],
    },
];
