//! Enrolment with CAPF (CAPF facts, part A). The rows are ours: the tables of domain facts have none
//! for it.

use secd_lab::capf::{Device, KeyKind, Method, Odd, Operation};
use secd_lab::list::Role;

use super::*;
use crate::phone::DEVICE;
use crate::row::Step::{Do, Doctor, Enrol, EnrolBy, HasMic, Log, Probe};
use crate::row::boot;

const RSA: Operation = Operation::Install(KeyKind::Rsa(2048));

/// The short configuration announces an encrypted one, which is for another certificate than the
/// phone's.
const NOT_OURS: Step =
    boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG-", 3, &[NO_CTL, ITL_INSTALLED, VERIFICATION_FAILED], "");
/// The encrypted configuration, for the first time.
const OPENED: Step = boot(
    "CTLSEP CTLFile ITLSEP SEP.sgn SEP.enc.sgn",
    "S1 CTL- ITL= CFG+",
    0,
    &[NO_CTL, CONFIGURED],
    "",
);
/// The encrypted configuration, of which the phone knows already.
const OPENED_AGAIN: Step =
    boot("CTLSEP CTLFile ITLSEP SEP.enc.sgn", "S1 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], "");
/// A new configuration that is not encrypted.
const CONFIGURED_ANEW: Step =
    boot(NO_CTL_SIGNED, "S1 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], "");
const FIRST: Step =
    boot(NO_CTL_SIGNED, "S1 CTL- ITL+ CFG+", 3, &[NO_CTL, ITL_INSTALLED, CONFIGURED], "");
const ALL_WELL: Step = Doctor("all-well", "nothing");

const INSTALLED: Step = Enrol("[LSC Installed] CAPF {installed} TVS {} LSC+");

fn installing(operation: Operation) -> Device {
    Device::new(DEVICE).with(operation)
}

/// The phone may have an LSC by null string.
fn open(lab: &mut Lab) {
    lab.open_capf(installing(RSA));
}

fn with_curves() -> Setup {
    Setup { signer_version: Some([1, 1]), ..Setup::default() }
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "L1",
        start: "S0, no certificate",
        server: "an LSC pending by null string, an encrypted configuration",
        setup: one_node,
        steps: &[
            Do(|lab| lab.open_capf(installing(RSA).encrypted())),
            Probe("fail encrypted-for-another", "encrypted-for-another"),
            NOT_OURS,
            Doctor("encrypted-for-another", "learn-certificate"),
            INSTALLED,
            ALL_WELL,
            OPENED,
            Enrol("[] CAPF {} TVS {} LSC="),
        ],
    },
    Row {
        id: "L2",
        start: "S0, no certificate",
        server: "an LSC pending by authentication string",
        setup: one_node,
        steps: &[
            Do(|lab| lab.open_capf(installing(RSA).by(Method::Password("24680".to_owned())))),
            Probe("warn sha1", "all-well"),
            FIRST,
            Enrol("[] CAPF {} TVS {} LSC-"),
            Log("a certificate is pending until the authentication string is entered"),
            EnrolBy("", "[] CAPF {} TVS {} LSC-"),
            EnrolBy("24680", "[LSC Installed] CAPF {installed} TVS {} LSC+"),
            ALL_WELL,
            CONFIGURED_ANEW,
        ],
    },
    Row {
        id: "L3",
        start: "S1, an LSC",
        server: "another LSC pending by authentication string, and a wrong one is entered",
        setup: one_node,
        steps: &[
            Do(open),
            S1,
            INSTALLED,
            Do(|lab| lab.schedule(RSA, Method::Password("24680".to_owned()))),
            S1,
            EnrolBy("1357", "[LSC Failed] CAPF {refused: WrongString} TVS {} LSC="),
            Log("declined by CAPF: a wrong authentication string"),
            ALL_WELL,
        ],
    },
    Row {
        id: "L4",
        start: "S1, an LSC",
        server: "another LSC pending, proved by the one there is",
        setup: one_node,
        steps: &[
            Do(open),
            S1,
            INSTALLED,
            S1,
            Do(|lab| lab.schedule(RSA, Method::Lsc)),
            S1,
            INSTALLED,
            Log("capf: showing the LSC"),
            ALL_WELL,
            CONFIGURED_ANEW,
        ],
    },
    Row {
        id: "L5",
        start: "S1, a MIC",
        server: "an LSC pending, proved by the MIC",
        setup: one_node,
        steps: &[
            HasMic,
            Do(|lab| {
                let mic = lab.mic();
                lab.open_capf(installing(RSA).by(Method::Mic).mic(&mic));
            }),
            S1,
            INSTALLED,
            Log("capf: showing the MIC"),
            ALL_WELL,
            CONFIGURED_ANEW,
        ],
    },
    Row {
        id: "L6",
        start: "S1, an LSC",
        server: "CAPF asks for the LSC",
        setup: one_node,
        steps: &[
            Do(open),
            S1,
            INSTALLED,
            S1,
            Do(|lab| lab.schedule(Operation::Fetch, Method::NullString)),
            S1,
            Enrol("[] CAPF {fetched} TVS {} LSC="),
            Log("capf: sending the LSC, as requested"),
            ALL_WELL,
        ],
    },
    Row {
        id: "L7",
        start: "S1, LSC and MIC",
        server: "CAPF deletes the LSC, and encrypts for the MIC from then on",
        setup: one_node,
        steps: &[
            HasMic,
            Do(|lab| {
                let mic = lab.mic();
                lab.open_capf(installing(RSA).mic(&mic).encrypted());
            }),
            S1,
            INSTALLED,
            S1,
            Do(|lab| lab.schedule(Operation::Delete, Method::NullString)),
            S1,
            Enrol("[LSC Not Installed] CAPF {deleted} TVS {} LSC-"),
            ALL_WELL,
            OPENED_AGAIN,
            Probe("fail encrypted-for-another", "encrypted-for-another"),
        ],
    },
    Row {
        id: "L8",
        start: "S1, an LSC",
        server: "CAPF issues a certificate for a key that is not the phone's",
        setup: one_node,
        steps: &[
            Do(open),
            S1,
            INSTALLED,
            S1,
            Do(|lab| {
                lab.schedule(RSA, Method::NullString);
                lab.capf().set_odd(Some(Odd::ForeignKey));
            }),
            S1,
            Enrol("[LSC Failed] CAPF {not stored} TVS {} LSC="),
            Log("it is for another key than the one that was made"),
            ALL_WELL,
        ],
    },
    Row {
        id: "L9",
        start: "S1",
        server: "CAPF takes connections and is silent, then answers",
        setup: one_node,
        steps: &[
            Do(|lab| {
                open(lab);
                lab.capf().set_odd(Some(Odd::NoHandshake));
            }),
            S1,
            Enrol("[LSC Failed] CAPF {no byte, no byte, no byte} TVS {} LSC-"),
            ALL_WELL,
            Do(|lab| lab.capf().set_odd(None)),
            S1,
            INSTALLED,
        ],
    },
    Row {
        id: "L10",
        start: "S1",
        server: "CAPF shows a certificate that nobody vouches for",
        setup: one_node,
        steps: &[
            Do(|lab| {
                open(lab);
                lab.strange_capf(&[]);
            }),
            S1,
            Enrol("[LSC Failed] CAPF {no byte} TVS {0 verify} LSC-"),
            Log("the CAPF server is not trusted"),
            EnrolBy("24680", "[LSC Failed] CAPF {no byte} TVS {0 verify} LSC-"),
        ],
    },
    Row {
        id: "L11",
        start: "S1",
        server: "CAPF shows a certificate that no list has, and TVS knows it as CAPF's",
        setup: one_node,
        steps: &[
            Do(|lab| {
                open(lab);
                lab.strange_capf(&[Role::CAPF]);
            }),
            S1,
            Enrol("[LSC Installed] CAPF {installed} TVS {0 verify} LSC+"),
            ALL_WELL,
        ],
    },
    Row {
        id: "L12",
        start: "S1, a MIC",
        server: "an LSC on P-256 pending, the configuration encrypted for the MIC",
        setup: with_curves,
        steps: &[
            HasMic,
            Do(|lab| {
                let mic = lab.mic();
                let kind = Operation::Install(KeyKind::P256);
                lab.open_capf(installing(kind).mic(&mic).encrypted());
            }),
            S1,
            INSTALLED,
            ALL_WELL,
            OPENED_AGAIN,
            Log("decrypted with the key of the MIC"),
        ],
    },
    Row {
        id: "L13",
        start: "S1, an LSC of the old cluster",
        server: "the new signer imported into the old store; the new CAPF knows nothing of the phone",
        setup: one_node,
        steps: &[
            Do(open),
            S1,
            INSTALLED,
            S1,
            Do(|lab| {
                lab.move_to(new_cluster);
                lab.import_into_old(|new| &new.nodes[0].callmanager.certificate);
            }),
            S1,
            Doctor("lsc-of-old-cluster", "renew-lsc"),
            Do(open),
            S1,
            INSTALLED,
            ALL_WELL,
        ],
    },
    Row {
        id: "L14",
        start: "S0, no certificate",
        server: "a configuration encrypted for another certificate; nothing pending, then an LSC",
        setup: one_node,
        steps: &[
            Do(|lab| {
                let lost = lab.stranger().certificate.der;
                lab.open_capf(Device::new(DEVICE).lsc(&lost).encrypted());
            }),
            NOT_OURS,
            Doctor("encrypted-for-another", "learn-certificate"),
            Probe("fail encrypted-for-another", "encrypted-for-another"),
            Enrol("[] CAPF {nothing} TVS {} LSC-"),
            Do(|lab| lab.schedule(RSA, Method::NullString)),
            S1,
            INSTALLED,
            ALL_WELL,
            OPENED,
        ],
    },
    Row {
        id: "L15",
        start: "S1, an LSC",
        server: "CAPF has issued the LSC, and nobody has scheduled another",
        setup: one_node,
        steps: &[
            Do(open),
            S1,
            INSTALLED,
            S1,
            Enrol("[] CAPF {} TVS {} LSC="),
            EnrolBy("", "[LSC Failed] CAPF {refused: AlreadyIssued} TVS {} LSC="),
            ALL_WELL,
        ],
    },
    Row {
        id: "L16",
        start: "S1, an LSC",
        server: "another LSC, for whose key the configuration is encrypted two requests later",
        setup: one_node,
        steps: &[
            // The doctor asks for it once, and the boot pass that he foretells once.
            Do(|lab| lab.open_capf(installing(RSA).encrypted().rebuilt_after(2))),
            S1,
            INSTALLED,
            S1,
            S1,
            Do(|lab| lab.schedule(RSA, Method::NullString)),
            S1,
            INSTALLED,
            ALL_WELL,
            OPENED_AGAIN,
            Log("decrypted with the key of the LSC before the current one"),
            ALL_WELL,
            boot("CTLSEP CTLFile ITLSEP SEP.enc.sgn", "S1 CTL- ITL= CFG+", 0, &[NO_CTL], ""),
            Log("a file was decrypted with the new key, the key before it is deleted"),
        ],
    },
];
