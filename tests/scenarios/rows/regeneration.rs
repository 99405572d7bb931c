//! 9.2: certificate regeneration.

use secd_lab::cluster::Service::{CallManager, Tvs};
use secd_lab::list::Role;
use secd_lab::tvs::Faults;

use super::*;
use crate::row::Step::{Again, Do, Doctor, Log, Press};
use crate::row::boot;

/// A list and a configuration by someone whom TVS of node 0 cannot vouch for, its own certificate
/// being new as well.
const LOCKED: Step = boot(
    NO_CTL_SIGNED,
    "S1 CTL- ITL= CFG=",
    8,
    &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
    "0 refused, 0 refused",
);

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "R1",
        start: "S1",
        server: "CallManager.pem regenerated, TVS and TFTP restarted",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.regenerate(CallManager)),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
            Log("processTvsSrvrResponse: Query Response received, status : 0"),
            Step::Cached(&[]),
        ],
    },
    Row {
        id: "R2",
        start: "S1",
        server: "TVS.pem regenerated",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.regenerate(Tvs)),
            Doctor("tvs-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "R2b",
        start: "S1",
        server: "TVS.pem regenerated, the phone not reset",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.regenerate(Tvs)),
            Doctor("tvs-regenerated", "reset-phone"),
            Press("refused", "0 refused"),
            Log("EROR:tvs_cert_vfy: TVS cert not in CTL or ITL"),
        ],
    },
    Row {
        id: "R3",
        start: "S1",
        server: "both regenerated at once, single node",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.regenerate(Tvs);
            }),
            Doctor("both-regenerated", "delete-itl"),
            LOCKED,
            Log("errclass 8, errcode 19 (signer not in CTL)"),
        ],
    },
    Row {
        id: "R4",
        start: "S1",
        server: "both regenerated on node A, node B untouched",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.regenerate(Tvs);
            }),
            Doctor("both-regenerated", "reset-phone"),
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
        id: "R5",
        start: "S1",
        server: "CallManager.pem, phones reset, then TVS.pem",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.regenerate(CallManager)),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
            Do(|lab| lab.regenerate(Tvs)),
            Doctor("tvs-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "R6",
        start: "S1",
        server: "CallManager.pem regenerated, TVS unreachable, later reachable",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.stop_tvs();
            }),
            Doctor("callmanager-regenerated", "restart-services"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "",
            ),
            Log("no TVS server answered (no connection to 127.0.0.1:"),
            Again(true),
            Do(|lab| lab.start_tvs()),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
            Again(false),
        ],
    },
    Row {
        id: "R7",
        start: "S1 with ITLRecovery",
        server: "both regenerated, then the ITL signed by ITLRecovery",
        setup: with_recovery,
        steps: &[
            Do(sign_itl_by_callmanager),
            S1,
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.regenerate(Tvs);
            }),
            Doctor("both-regenerated", "reset-itl-recovery"),
            LOCKED,
            Do(sign_itl_by_recovery),
            Doctor("both-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "R8",
        start: "S1 with ITLRecovery",
        server: "CallManager.pem regenerated, release 12",
        setup: with_recovery,
        steps: &[
            S1,
            Do(|lab| lab.regenerate(CallManager)),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "R9",
        start: "S1 with ITLRecovery",
        server: "ITLRecovery regenerated by the documented procedure",
        setup: with_recovery,
        steps: &[
            S1,
            Do(|lab| {
                lab.home.cluster.regenerate_recovery();
                sign_itl_by_callmanager(lab);
            }),
            Doctor("recovery-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
            Do(sign_itl_by_recovery),
            Doctor("newer-list", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "R10",
        start: "S1 with ITLRecovery",
        server: "ITLRecovery regenerated without it: not in the store, then not as SAST, then so",
        setup: with_recovery,
        steps: &[
            S1,
            Do(|lab| {
                lab.home.cluster.regenerate_recovery();
                lab.tvs(0, Faults { status: Some(1), ..Faults::default() });
            }),
            Doctor("recovery-regenerated", "restart-services"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG+",
                8,
                &[NO_CTL, UPDATE_FAILED, CONFIGURED],
                "0 query",
            ),
            Do(|lab| {
                lab.tvs(0, Faults { roles: Some(vec![Role::CCM_TFTP]), ..Faults::default() });
            }),
            Doctor("recovery-regenerated", "reset-itl-recovery"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG+",
                8,
                &[NO_CTL, UPDATE_FAILED, CONFIGURED],
                "0 query",
            ),
            Log("the service knows the certificate, but only as CCM+TFTP"),
            Do(|lab| lab.tvs(0, Faults::default())),
            Doctor("recovery-regenerated", "reset-phone"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
        ],
    },
    Row {
        id: "R11",
        start: "S1",
        server: "CallManager.pem regenerated, TFTP and TVS not restarted",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.do_not_restart();
                lab.regenerate(CallManager);
            }),
            Doctor("all-well", "nothing"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 0, &[NO_CTL], ""),
        ],
    },
    Row {
        id: "R12",
        start: "S1",
        server: "CallManager.pem regenerated, TVS does not know it, then is down, then knows it",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.tvs(0, Faults { status: Some(1), ..Faults::default() });
            }),
            Doctor("callmanager-regenerated", "restart-services"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 query, 0 query",
            ),
            Again(false),
            Do(|lab| lab.stop_tvs()),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "",
            ),
            Again(true),
            Do(|lab| {
                lab.tvs(0, Faults::default());
                lab.start_tvs();
            }),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
            Again(false),
        ],
    },
    Row {
        id: "R13",
        start: "S1 with ITLRecovery",
        server: "ITLRecovery regenerated without it: the list alone waits for TVS, which is down",
        setup: with_recovery,
        steps: &[
            S1,
            Do(|lab| {
                lab.home.cluster.regenerate_recovery();
                lab.stop_tvs();
            }),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 8, &[NO_CTL, UPDATE_FAILED, CONFIGURED], ""),
            Again(true),
            Do(|lab| lab.start_tvs()),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], "0 query"),
            Again(false),
        ],
    },
];
