//! The access to the phone's settings, on which erasing a list by hand depends (technote, "Manually
//! Delete ITL"). The rows are ours: the tables of domain facts have none for it.

use secd::agent::ErasedBy::{Person, Root};
use secd::trust::ListKind::{self, Itl};
use secd_lab::cluster::Rollback::On;
use secd_lab::cluster::Service::{CallManager, Tvs};

use super::*;
use crate::row::Step::{Do, Doctor, Erase, EraseBarred, FactoryReset, Restart};
use crate::row::boot;

const RESTRICTED: Step = Do(|lab| lab.set_settings_access("2"));
const DISABLED: Step = Do(|lab| lab.set_settings_access("0"));
const ENABLED: Step = Do(|lab| lab.set_settings_access("1"));
const SILENT: Step = Do(|lab| lab.set_settings_access(""));

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "A1",
        start: "S1",
        server: "a configuration with settings access restricted, then both regenerated at once",
        setup: one_node,
        steps: &[
            RESTRICTED,
            S1,
            EraseBarred(&[Itl], Person, "restricted"),
            EraseBarred(&ListKind::ALL, Person, "restricted"),
            EraseBarred(&[Itl], Root, "restricted"),
            Restart,
            EraseBarred(&[Itl], Person, "restricted"),
            Do(|lab| {
                lab.regenerate(CallManager);
                lab.regenerate(Tvs);
            }),
            Doctor("both-regenerated", "delete-itl"),
            boot(
                NO_CTL_SIGNED,
                "S1 CTL- ITL= CFG=",
                8,
                &[NO_CTL, UPDATE_FAILED, VERIFICATION_FAILED],
                "0 refused, 0 refused",
            ),
            FactoryReset,
            S1,
            EraseBarred(&[Itl], Person, "restricted"),
        ],
    },
    Row {
        id: "A2",
        start: "S1",
        server: "a configuration with settings access disabled, then enabled",
        setup: one_node,
        steps: &[
            DISABLED,
            S1,
            EraseBarred(&[Itl], Person, "disabled"),
            ENABLED,
            S1,
            Erase(Itl),
            S1,
        ],
    },
    Row {
        id: "A3",
        start: "S1",
        server: "a configuration that no longer mentions the access",
        setup: one_node,
        steps: &[RESTRICTED, S1, SILENT, S1, Restart, Erase(Itl), S1],
    },
    Row {
        id: "A4",
        start: "S4",
        server: "an unsigned configuration enables what a signed one has restricted",
        setup: one_node,
        steps: &[
            RESTRICTED,
            S1,
            Do(|lab| {
                lab.rollback(On);
                lab.set_settings_access("1");
            }),
            S4,
            EraseBarred(&[Itl], Person, "restricted"),
        ],
    },
    Row {
        id: "A5",
        start: "S4",
        server: "an unsigned configuration disables it",
        setup: one_node,
        steps: &[
            Do(|lab| {
                lab.rollback(On);
                lab.set_settings_access("0");
            }),
            S4,
            Erase(Itl),
        ],
    },
    Row {
        id: "A6",
        start: "S0",
        server: "nothing, after a factory reset of a restricted phone",
        setup: one_node,
        steps: &[RESTRICTED, S1, FactoryReset, Restart, SILENT, S1, Erase(Itl)],
    },
];
