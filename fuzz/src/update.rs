//! Whole files, judged as by a phone without lists, and by one that kept the same file:
//! certificates and keys of the peer's choice are parsed, and nothing is believed that does not
//! parse.

use secd::trust::update::{self, Offer};
use secd::trust::{Acceptance, Anchors, Decision, ListKind, Policy, stored};
use secd::wire::{Envelope, FileKind};

pub(crate) fn one(bytes: &[u8]) {
    let policy = Policy::default();
    let mut anchors = Anchors::default();
    for kind in [ListKind::Ctl, ListKind::Itl] {
        let offer = Offer { name: kind.generic_name(), bytes };
        if let Decision::Trust(accepted) = update::list(&anchors, kind, offer, &policy) {
            assert!(Envelope::parse(bytes, FileKind::List).is_ok());
            assert_eq!(accepted.value.value().kind, kind);
        }
    }
    if let Ok(list) = stored::list(ListKind::Itl, bytes, Acceptance::FirstUse) {
        anchors.install(list);
    }
    for (kind, name) in
        [(FileKind::Signed, "SEP0.cnf.xml.sgn"), (FileKind::Encrypted, "SEP0.enc.sgn")]
    {
        let decision = update::file(&anchors, kind, Offer { name, bytes }, &policy);
        if let Decision::Refuse(reason) = decision {
            assert!(!reason.to_string().is_empty());
        }
    }
    let offer = Offer { name: ListKind::Itl.generic_name(), bytes };
    let _judged_by_itself = update::list(&anchors, ListKind::Itl, offer, &policy);
}
