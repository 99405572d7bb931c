//! Old lists served again (domain facts 10, rows 2 and 3): an older list may come back, but nothing
//! that weakens the checks may, also not by two steps.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use secd::trust::update::{self, Offer};
use secd::trust::{Acceptance, Anchors, Decision, ListKind, Policy, Reason, stored};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::keys::{Kind as KeyKind, Pool};
use secd_lab::list::{Kind, List, Material, Record, Role};
use secd_lab::names::{Layout, Name};

/// A list of one signer: with its file server, emptied, or without one.
fn list(signer: &Identity, timestamp: u32, functions: Option<Material>) -> Vec<u8> {
    let mut list = List::new(Kind::Itl, Layout::CallManager, timestamp);
    list.records.push(Record::new(Role::SAST, &signer.certificate));
    if let Some(material) = functions {
        list.records.push(Record::new(Role::CCM_TFTP, &signer.certificate).with(material));
    }
    list.sign(signer)
}

const FULL: Option<Material> = Some(Material::Certificate);
const BLANK: Option<Material> = Some(Material::Nothing);

struct Phone {
    signer: Identity,
    anchors: Anchors,
}

impl Phone {
    fn with(timestamp: u32, functions: Option<Material>) -> Self {
        let pool = Pool::new();
        let profile = Profile::new(Name::common("cm1"), pool.serial());
        let signer = profile.self_signed(pool.take(KeyKind::Rsa2048));
        let mut anchors = Anchors::default();
        let bytes = list(&signer, timestamp, functions);
        anchors.install(stored::list(ListKind::Itl, &bytes, Acceptance::FirstUse).unwrap());
        Self { signer, anchors }
    }

    fn offer(&mut self, timestamp: u32, functions: Option<Material>) -> Result<(), Reason> {
        let bytes = list(&self.signer, timestamp, functions);
        let offer = Offer { name: "ITLFile.tlv", bytes: &bytes };
        match update::list(&self.anchors, ListKind::Itl, offer, &Policy::default()) {
            Decision::Trust(accepted) => {
                self.anchors.install(accepted.value);
                Ok(())
            }
            Decision::Refuse(reason) => Err(reason),
            Decision::Ask(doubtful) => Err(doubtful.otherwise()),
        }
    }
}

fn older(installed: u32, offered: u32, blank: bool) -> Result<(), Reason> {
    Err(Reason::Older { installed, offered, blank, weaker: true })
}

#[test]
fn an_older_list_does_not_make_room_for_a_blank_one_between() {
    let mut phone = Phone::with(300, FULL);
    assert_eq!(phone.offer(100, FULL), Ok(()));
    assert_eq!(phone.offer(200, BLANK), older(300, 200, true));
    assert_eq!(phone.offer(300, BLANK), older(300, 300, true));
    assert_eq!(phone.offer(301, BLANK), Ok(()));
}

#[test]
fn an_old_list_without_file_servers_does_not_end_signed_files() {
    let mut phone = Phone::with(300, FULL);
    assert_eq!(phone.offer(200, None), older(300, 200, false));
    assert!(phone.anchors.demand_signed_files());
    assert_eq!(phone.offer(400, None), Ok(()));
    assert_eq!(phone.offer(300, None), Ok(()), "weaker than nothing it is not");
}

#[test]
fn a_first_use_begins_a_new_line_of_timestamps() {
    let mut phone = Phone::with(300, BLANK);
    assert_eq!(phone.offer(100, FULL), Ok(()));
    assert_eq!(phone.offer(200, BLANK), Ok(()), "newer than the list that was believed anew");
}
