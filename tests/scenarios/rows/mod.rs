//! The rows, by the groups of domain facts 9, and some of 10.

mod capf;
mod central;
mod first_contact;
mod freshness;
mod hardening;
mod https;
mod moves;
mod provisioning;
mod rebuild;
mod regeneration;
mod rename;
mod rollback;
mod settings;

use secd_lab::cluster::{Setup, Signer};

use crate::lab::Lab;
use crate::row::{Row, Step};

/// The groups in the order of the tables.
pub(crate) fn groups() -> [(&'static str, &'static [Row]); 13] {
    [
        ("9.1 first contact and steady state", first_contact::ROWS),
        ("9.2 certificate regeneration", regeneration::ROWS),
        ("9.3 host or domain rename", rename::ROWS),
        ("9.4 cluster move", moves::ROWS),
        ("9.5 backup and rebuild", rebuild::ROWS),
        ("9.6 centralized TFTP", central::ROWS),
        ("9.7 rollback parameter", rollback::ROWS),
        ("9.8 HTTPS and TVS", https::ROWS),
        ("10 hardening", hardening::ROWS),
        ("freshness", freshness::ROWS),
        ("settings access", settings::ROWS),
        ("CAPF", capf::ROWS),
        ("HTTP and HTTPS provisioning", provisioning::ROWS),
    ]
}

// What is asked for: the CTL under one name or both, then the rest.

/// No CTL on the server; the ITL under the phone's name; a signed configuration.
const NO_CTL_SIGNED: &str = "CTLSEP CTLFile ITLSEP SEP.sgn";
/// The list and the configuration of the first server are refused, and the second has none.
const REFUSED_BY_BOTH: &str = "CTLSEP CTLFile ITLSEP SEP.sgn 2:ITLSEP 2:ITLFile 2:SEP.sgn";
/// The same where no TVS server was heard: no other server is asked for the configuration.
const REFUSED_UNHEARD: &str = "CTLSEP CTLFile ITLSEP SEP.sgn 2:ITLSEP 2:ITLFile";
/// No CTL on the server; the ITL under the phone's name; an unsigned configuration.
const NO_CTL_PLAIN: &str = "CTLSEP CTLFile ITLSEP SEP.xml";
/// Both lists under the phone's name; a signed configuration.
const BOTH_SIGNED: &str = "CTLSEP ITLSEP SEP.sgn";
/// No list at all.
const NOTHING_PLAIN: &str = "CTLSEP CTLFile ITLSEP ITLFile SEP.xml";

// What the phone says.

const NO_CTL: &str = "File Not Found <CTLFile.tlv>";
const NO_LIST: &str = "No Trust List installed";
const ITL_INSTALLED: &str = "ITL installed";
const BOTH_INSTALLED: &str = "CTL and ITL installed";
const UPDATED: &str = "Trust List updated";
const UPDATE_FAILED: &str = "Trust List update failed";
const VERIFICATION_FAILED: &str = "Verification Failed";
const NO_CONFIGURATION: &str = "File not found <Cfg File>";
const CONFIGURED: &str = "SEP001122334455.cnf.xml";

// How clusters begin.

fn one_node() -> Setup {
    Setup::default()
}

fn two_nodes() -> Setup {
    Setup::of(&["a.lab.test", "b.lab.test"])
}

/// Call manager 12: ITLRecovery signs the ITL.
fn with_recovery() -> Setup {
    Setup { recovery: true, ..Setup::default() }
}

fn with_tokens() -> Setup {
    Setup { tokens: 2, ..Setup::default() }
}

fn two_nodes_with_tokens() -> Setup {
    Setup { tokens: 2, ..two_nodes() }
}

fn new_cluster() -> Setup {
    Setup::of(&["new.lab.test"])
}

fn new_cluster_with_recovery() -> Setup {
    Setup { recovery: true, ..new_cluster() }
}

// How phones begin.

const S1: Step = Step::Start("S1");
const S3: Step = Step::Start("S3");
const S4: Step = Step::Start("S4");

/// Mixed mode, by eTokens.
const MIXED: Step = Step::Do(|lab| lab.run_ctl_client());

fn sign_itl_by_callmanager(lab: &mut Lab) {
    lab.sign_itl_by(Signer::CallManager(0));
}

fn sign_itl_by_recovery(lab: &mut Lab) {
    lab.sign_itl_by(Signer::Recovery);
}
