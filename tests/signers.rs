//! The table of signers (domain facts 2.2), cell by cell: in every trust state, who may sign what.
//!
//! Each list of the table has certificates of its own, so that a signer found in the wrong list is
//! seen.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use secd::trust::certificate::Certificate;
use secd::trust::decide::{Anyone, Signing, signer};
use secd::trust::signature::Unverified;
use secd::trust::{Acceptance, Anchors, Decision, ListKind, Policy, Reason, State, stored};
use secd::wire::{Envelope, FileKind};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::digest::Digest;
use secd_lab::keys::{Kind as KeyKind, Pool};
use secd_lab::list::{Kind as LabKind, List, Material, Record, Role};
use secd_lab::names::{Layout, Name};
use secd_lab::sign::{Style, signed};

/// One certificate for each role of one list.
struct Cast {
    sast: Identity,
    ccm_tftp: Identity,
    tftp: Identity,
    ccm: Identity,
    tvs: Identity,
}

impl Cast {
    fn new(pool: &Pool, list: &str) -> Self {
        let named = |role: &str| identity(pool, &format!("{role} of the {list}"));
        Self {
            sast: named("SAST"),
            ccm_tftp: named("CCM+TFTP"),
            tftp: named("TFTP"),
            ccm: named("CCM"),
            tvs: named("TVS"),
        }
    }

    fn records(&self, functions: Material) -> Vec<Record> {
        let function =
            |role, identity: &Identity| Record::new(role, &identity.certificate).with(functions);
        vec![
            Record::new(Role::SAST, &self.sast.certificate),
            function(Role::CCM_TFTP, &self.ccm_tftp),
            function(Role::TFTP, &self.tftp),
            function(Role::TVS, &self.tvs),
            Record::new(Role::CCM, &self.ccm.certificate),
        ]
    }
}

fn identity(pool: &Pool, name: &str) -> Identity {
    Profile::new(Name::common(name), pool.serial()).self_signed(pool.take(KeyKind::Rsa2048))
}

struct Table {
    ctl: Cast,
    itl: Cast,
    stranger: Identity,
}

impl Table {
    fn new() -> Self {
        let pool = Pool::new();
        let (ctl, itl) = (Cast::new(&pool, "CTL"), Cast::new(&pool, "ITL"));
        Self { ctl, itl, stranger: identity(&pool, "stranger") }
    }

    /// The lists that put a phone into a state.
    fn lists(&self, state: State) -> Anchors {
        let full = |cast: &Cast| cast.records(Material::Certificate);
        let blank = |cast: &Cast| {
            let mut records = cast.records(Material::Nothing);
            records.retain(|record| record.role != Role::CCM);
            records
        };
        let sast_only = |cast: &Cast| vec![Record::new(Role::SAST, &cast.sast.certificate)];
        let (ctl, itl) = match state {
            State::None => (None, None),
            State::Itl => (None, Some(full(&self.itl))),
            State::ItlWithoutFiles => (None, Some(sast_only(&self.itl))),
            State::Ctl => (Some(full(&self.ctl)), None),
            State::Both => (Some(full(&self.ctl)), Some(full(&self.itl))),
            State::Blank => (None, Some(blank(&self.itl))),
            State::CtlAndBlank => (Some(full(&self.ctl)), Some(blank(&self.itl))),
            State::CtlWithoutFiles => (Some(sast_only(&self.ctl)), None),
        };
        self.installed(ctl, itl)
    }

    fn installed(&self, ctl: Option<Vec<Record>>, itl: Option<Vec<Record>>) -> Anchors {
        let mut anchors = Anchors::default();
        for (kind, lab, records) in
            [(ListKind::Ctl, LabKind::Ctl, ctl), (ListKind::Itl, LabKind::Itl, itl)]
        {
            let Some(records) = records else { continue };
            let mut list = List::new(lab, Layout::CallManager, 1);
            list.records = records;
            let bytes = list.sign(&self.stranger);
            anchors.install(stored::list(kind, &bytes, Acceptance::FirstUse).unwrap());
        }
        anchors
    }

    /// Every signer there is, by the letters of the expectations below.
    fn signers(&self) -> [(&'static str, &Identity); 11] {
        [
            ("cS", &self.ctl.sast),
            ("cX", &self.ctl.ccm_tftp),
            ("cT", &self.ctl.tftp),
            ("cC", &self.ctl.ccm),
            ("cV", &self.ctl.tvs),
            ("iS", &self.itl.sast),
            ("iX", &self.itl.ccm_tftp),
            ("iT", &self.itl.tftp),
            ("iC", &self.itl.ccm),
            ("iV", &self.itl.tvs),
            ("??", &self.stranger),
        ]
    }

    /// Who is trusted, and what happens with everybody else.
    fn seen(&self, anchors: &Anchors, wanted: Signed) -> String {
        let (mut trusted, mut others) = (Vec::new(), Vec::new());
        for (letters, identity) in self.signers() {
            match decision(anchors, wanted, identity) {
                "listed" => trusted.push(letters),
                other => others.push(other),
            }
        }
        others.dedup();
        format!("{} else {}", trusted.join(" "), others.join("/")).trim_start().to_owned()
    }
}

/// What a signer is wanted for.
#[derive(Clone, Copy, Debug)]
enum Signed {
    File,
    List(ListKind),
}

fn decision(anchors: &Anchors, wanted: Signed, identity: &Identity) -> &'static str {
    let style = Style { layout: Layout::CallManager, digest: Digest::Sha1, timestamp: 1 };
    let file = signed(style, identity, "x.sgn", b"");
    let file = Envelope::parse(&file, FileKind::Signed).unwrap();
    let policy = Policy::default();
    let unverified = Unverified::new(&file, &policy);
    let signed_by = |by: &Certificate<'_>| unverified.verify(by);
    match wanted {
        Signed::File => word(signer::file(anchors, &file.signer, &signed_by), |Anyone| "anyone"),
        Signed::List(kind) => {
            word(signer::list(anchors, kind, &file.signer, &signed_by), |_| "first use")
        }
    }
}

fn word<Free>(
    decision: Decision<Signing<'_, Free>>,
    free: impl FnOnce(Free) -> &'static str,
) -> &'static str {
    match decision {
        Decision::Ask(query) => {
            assert!(matches!(query.otherwise, Reason::WrongSigner | Reason::WrongRole { .. }));
            "ask"
        }
        Decision::Refuse(_) => "refuse",
        Decision::Trust(Signing::Free(allowed)) => free(allowed),
        Decision::Trust(Signing::Listed(..) | Signing::Vouched(_)) => "listed",
    }
}

const CTL: Signed = Signed::List(ListKind::Ctl);
const ITL: Signed = Signed::List(ListKind::Itl);

/// S: SAST, X: CCM+TFTP, T: TFTP; c: of the CTL, i: of the ITL.
const ROWS: [(State, &str, &str, &str); 8] = [
    (State::None, "else first use", "else first use", "else anyone"),
    (State::Itl, "iS else ask", "iS iX else ask", "iX iT else ask"),
    (State::ItlWithoutFiles, "iS else refuse", "iS else refuse", "else anyone"),
    (State::Ctl, "cS else refuse", "cS cX else refuse", "cX cT else refuse"),
    (State::Both, "cS iS else ask", "cS cX iS iX else ask", "cX cT iX iT else ask"),
    (State::Blank, "else first use", "else first use", "else anyone"),
    (State::CtlAndBlank, "cS else refuse", "cS cX else refuse", "cX cT else refuse"),
    (State::CtlWithoutFiles, "cS else refuse", "cS else refuse", "else anyone"),
];

#[test]
fn every_state_has_the_signers_of_the_table() {
    let table = Table::new();
    for (state, ctl, itl, file) in ROWS {
        let anchors = table.lists(state);
        assert_eq!(anchors.state(), state);
        for (wanted, expected) in [(CTL, ctl), (ITL, itl), (Signed::File, file)] {
            assert_eq!(table.seen(&anchors, wanted), expected, "{state}, {wanted:?}");
        }
        assert_eq!(anchors.demand_signed_files(), !file.contains("anyone"), "{state}");
    }
}

#[test]
fn a_ctl_that_names_no_file_server_leaves_a_full_itl_in_charge() {
    let table = Table::new();
    let ctl = vec![Record::new(Role::SAST, &table.ctl.sast.certificate)];
    let anchors = table.installed(Some(ctl), Some(table.itl.records(Material::Certificate)));
    assert_eq!(anchors.state(), State::CtlWithoutFiles);
    assert_eq!(table.seen(&anchors, CTL), "cS iS else ask");
    assert_eq!(table.seen(&anchors, ITL), "iS iX else ask");
    assert_eq!(table.seen(&anchors, Signed::File), "iX iT else ask");
    assert!(anchors.demand_signed_files());
}

#[test]
fn a_hand_built_list_with_a_tvs_record_may_ask_about_a_ctl_only() {
    let table = Table::new();
    let itl = vec![
        Record::new(Role::SAST, &table.itl.sast.certificate),
        Record::new(Role::TVS, &table.itl.tvs.certificate).with(Material::Hash),
    ];
    let anchors = table.installed(None, Some(itl));
    assert_eq!(anchors.state(), State::ItlWithoutFiles);
    assert_eq!(table.seen(&anchors, CTL), "iS else ask");
    assert_eq!(table.seen(&anchors, ITL), "iS else refuse");
}

#[test]
fn a_record_with_a_hash_demands_signed_files_and_verifies_none() {
    let table = Table::new();
    let itl = vec![
        Record::new(Role::SAST, &table.itl.sast.certificate),
        Record::new(Role::CCM_TFTP, &table.itl.ccm_tftp.certificate).with(Material::Hash),
    ];
    let anchors = table.installed(None, Some(itl));
    assert_eq!(anchors.state(), State::Itl);
    assert!(anchors.demand_signed_files());
    assert_eq!(table.seen(&anchors, Signed::File), "else ask");
}

#[test]
fn a_list_without_any_key_is_blank_and_one_without_file_servers_is_not() {
    let table = Table::new();
    let nothing =
        vec![Record::new(Role::SAST, &table.itl.sast.certificate).with(Material::Nothing)];
    assert_eq!(table.installed(None, Some(nothing)).state(), State::Blank);
    let ccm = vec![
        Record::new(Role::SAST, &table.itl.sast.certificate),
        Record::new(Role::CCM, &table.itl.ccm.certificate),
        Record::new(Role::APP_SERVER, &table.itl.tvs.certificate),
    ];
    assert_eq!(table.installed(None, Some(ccm)).state(), State::ItlWithoutFiles);
}
