//! Old genuine files, and "not found" by anybody: what is confirmed, taken, refused and kept.

use secd::trust::ListKind;
use secd_lab::cluster::Rollback;
use secd_lab::cluster::Service::{CallManager, Tvs};
use secd_lab::list::Role;

use super::*;
use crate::lab::{CTL_OWN, put_itl};
use crate::row::Step::{Do, Doctor, Erase, Log, Restart};
use crate::row::boot;

/// The files of the cluster as it was kept: genuine ones, of before.
fn serve_kept(lab: &mut Lab) {
    lab.serve(|lab, files| *files = lab.kept().files());
}

fn serve_kept_itl(lab: &mut Lab) {
    lab.serve(|lab, files| put_itl(files, &lab.kept().itl()));
}

fn serve_kept_ctl(lab: &mut Lab) {
    lab.serve(|lab, files| {
        let kept = lab.kept().files();
        files.extend(kept.into_iter().filter(|(name, _)| name == CTL_OWN));
    });
}

fn serve_as_made(lab: &mut Lab) {
    lab.serve(|_, _| {});
}

/// The cluster does not know the phone, or somebody says so for it.
fn serve_no_configuration(lab: &mut Lab) {
    lab.serve(|_, files| files.retain(|name, _| !name.starts_with("SEP")));
}

/// An ITL is made at each restart, and is newer than the CTL.
fn restart_tftp(lab: &mut Lab) {
    let later = lab.home.cluster.timestamp() + 1_000;
    lab.home.cluster.set_timestamp(later);
}

/// The CTL client runs between the CTL and the ITL that the phone has.
fn run_ctl_client_between(lab: &mut Lab) {
    let now = lab.home.cluster.timestamp();
    lab.home.cluster.set_timestamp(now - 500);
    lab.run_ctl_client();
    lab.home.cluster.set_timestamp(now);
}

/// CallManager.pem is stolen and regenerated, and the old files are recorded.
fn lose_key(lab: &mut Lab) {
    lab.keep();
    lab.regenerate(CallManager);
}

fn move_to_older_and_import(lab: &mut Lab) {
    lab.move_to_older(new_cluster);
    lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
}

const REFUSED: &str = "S1 CTL- ITL= CFG=";
const IN_VAIN: &[&str] = &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED];

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "F1",
        start: "S1 with ITLRecovery, CallManager.pem stolen and regenerated",
        server: "the thief serves the old ITL, which ITLRecovery signed, and his own configuration",
        setup: with_recovery,
        steps: &[
            S1,
            Do(lose_key),
            S1,
            Do(serve_kept),
            Doctor("refused-by-policy", "change-policy"),
            boot(NO_CTL_SIGNED, REFUSED, 8, IN_VAIN, "0 verify, 0 query"),
            Log("nor confirmed (older_list = \"confirmed\"): the service does not know"),
            Do(serve_as_made),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], ""),
        ],
    },
    Row {
        id: "F2",
        start: "S1 with ITLRecovery, CallManager.pem regenerated",
        server: "the old ITL while TVS is silent",
        setup: with_recovery,
        steps: &[
            S1,
            Do(lose_key),
            S1,
            Do(|lab| {
                serve_kept(lab);
                lab.stop_tvs();
            }),
            Doctor("refused-by-policy", "change-policy"),
            boot(NO_CTL_SIGNED, REFUSED, 8, IN_VAIN, ""),
            Log("nor confirmed (older_list = \"confirmed\"): no TVS server answered"),
        ],
    },
    Row {
        id: "F3",
        start: "S1, CallManager.pem regenerated",
        server: "a restored backup: TVS knows the old CallManager.pem again",
        setup: one_node,
        steps: &[
            S1,
            Do(lose_key),
            S1,
            Do(|lab| {
                serve_kept(lab);
                lab.tvs_knows(|kept| &kept.nodes[0].callmanager, &[Role::SAST, Role::TFTP]);
            }),
            Doctor("callmanager-regenerated", "reset-phone"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL+ CFG?",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "0 query, 0 verify, 0 verify",
            ),
            Log("CCM+TFTP record <"),
        ],
    },
    Row {
        id: "F4",
        start: "S1, TVS.pem regenerated",
        server: "the ITL of before: TVS never vouches for itself",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                lab.keep();
                lab.regenerate(Tvs);
            }),
            S1,
            Do(serve_kept_itl),
            Doctor("refused-by-policy", "change-policy"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 8, &[NO_CTL, UPDATE_FAILED, CONFIGURED], ""),
            Log("TVS never vouches for itself"),
        ],
    },
    Row {
        id: "F5",
        start: "S1",
        server: "two TFTP servers whose ITLs differ in age, in turn",
        setup: two_nodes,
        steps: &[
            S1,
            Do(|lab| {
                lab.turn_back();
                lab.home.cluster.serve_from(1);
            }),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "0 query, 0 verify, 0 verify",
            ),
            Do(|lab| lab.home.cluster.serve_from(0)),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "0 query, 0 verify, 0 verify",
            ),
        ],
    },
    Row {
        id: "F6",
        start: "S3, the CTL then erased at the phone",
        server: "the CTL, older than the ITL",
        setup: with_tokens,
        steps: &[
            MIXED,
            Do(restart_tftp),
            S3,
            Erase(ListKind::Ctl),
            boot(BOTH_SIGNED, "S3 CTL+ ITL= CFG+", 1, &[UPDATED], "0 query, 0 verify, 0 verify"),
        ],
    },
    Row {
        id: "F7",
        start: "S3",
        server: "a CTL that the phone has missed, older than the ITL",
        setup: with_tokens,
        steps: &[
            MIXED,
            Do(restart_tftp),
            S3,
            Do(run_ctl_client_between),
            boot(BOTH_SIGNED, "S3 CTL+ ITL= CFG+", 1, &[UPDATED, CONFIGURED], ""),
        ],
    },
    Row {
        id: "F8",
        start: "S1, the CTL long deleted, CallManager.pem stolen and regenerated",
        server: "the old CTL, which a token signed",
        setup: with_tokens,
        steps: &[
            MIXED,
            Do(|lab| {
                lose_key(lab);
                lab.home.cluster.delete_ctl();
                restart_tftp(lab);
            }),
            S1,
            Do(serve_kept_ctl),
            Doctor("refused-by-policy", "change-policy"),
            boot(
                "CTLSEP ITLSEP SEP.sgn",
                "S1 CTL- ITL= CFG+",
                5,
                &["CTL update failed", CONFIGURED],
                "0 query, 0 verify, 0 verify, 0 verify",
            ),
            Log("its CCM+TFTP record <"),
        ],
    },
    Row {
        id: "F9",
        start: "S1",
        server: "no configuration, by anybody's word; then unknown to a cluster that begins anew",
        setup: one_node,
        steps: &[
            S1,
            Do(serve_no_configuration),
            Doctor("configuration-missing", "make-configuration"),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG=", 0, &[NO_CTL, NO_CONFIGURATION], ""),
            Log("not found, which proves nothing"),
            Restart,
            boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG=", 0, &[NO_CTL, NO_CONFIGURATION], ""),
            Erase(ListKind::Itl),
            boot(
                DEFAULT_SIGNED,
                "S1 CTL- ITL+ CFG=",
                3,
                &[NO_CTL, ITL_INSTALLED, DEFAULT_CONFIGURED],
                "",
            ),
        ],
    },
    Row {
        id: "M2o",
        start: "S1 of the old cluster",
        server: "M2 with older files, by a cluster that does not know the phone",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rollback(Rollback::On)),
            S4,
            Do(|lab| {
                lab.move_to_older(new_cluster);
                serve_no_configuration(lab);
            }),
            boot(
                DEFAULT_SIGNED,
                "S1 CTL- ITL+ CFG=",
                1,
                &[NO_CTL, UPDATED, DEFAULT_CONFIGURED],
                "",
            ),
        ],
    },
    Row {
        id: "M3o",
        start: "S1 of the old cluster",
        server: "M3 with older files",
        setup: one_node,
        steps: &[
            S1,
            Do(move_to_older_and_import),
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
        id: "M3u",
        start: "S1 of the old cluster",
        server: "M3 with older files, by a cluster that does not know the phone",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| {
                move_to_older_and_import(lab);
                serve_no_configuration(lab);
            }),
            boot(
                DEFAULT_SIGNED,
                "S1 CTL- ITL+ CFG=",
                1,
                &[NO_CTL, UPDATED, DEFAULT_CONFIGURED],
                "old 0 query",
            ),
        ],
    },
    Row {
        id: "M4o",
        start: "S3 of the old cluster",
        server: "M4 with older files, and then an ITL of the old cluster",
        setup: with_tokens,
        steps: &[
            MIXED,
            S3,
            Do(|lab| {
                lab.keep();
                lab.move_to_older(new_cluster);
                lab.run_tokenless_ctl();
                lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
            }),
            Doctor("moved", "reset-phone"),
            boot(BOTH_SIGNED, "S3 CTL+ ITL+ CFG+", 1, &[UPDATED, CONFIGURED], "old 0 query"),
        ],
    },
    Row {
        id: "H2o",
        start: "S1",
        server: "H2 with older files, and no configuration for the phone",
        setup: one_node,
        steps: &[
            S1,
            Do(|lab| lab.rollback(Rollback::On)),
            S4,
            Do(|lab| {
                lab.rename(0);
                lab.rollback(Rollback::Off);
                lab.turn_back();
                serve_no_configuration(lab);
            }),
            boot(
                DEFAULT_SIGNED,
                "S1 CTL- ITL+ CFG=",
                1,
                &[NO_CTL, UPDATED, DEFAULT_CONFIGURED],
                "",
            ),
        ],
    },
    Row {
        id: "T4o",
        start: "S4 of a central cluster",
        server: "T4, then the older list of the phone's own cluster",
        setup: one_node,
        steps: &[
            Do(|lab| lab.rollback(Rollback::On)),
            S4,
            Do(|lab| {
                lab.rollback(Rollback::Off);
                lab.turn_back();
            }),
            boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
        ],
    },
];

const DEFAULT_SIGNED: &str = "CTLSEP CTLFile ITLSEP SEP.sgn XMLDefault.sgn";
const DEFAULT_CONFIGURED: &str = "XMLDefault.cnf.xml";
