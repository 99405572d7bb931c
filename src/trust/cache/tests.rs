use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert, prop_assert_eq};

use crate::trust::cache::{Cache, DEFAULT_TTL, MAX_CERTIFICATE, Source};
use crate::trust::query::Asks;
use crate::trust::reason::{Reason, Warning};
use crate::trust::signature::sha256;
use crate::trust::tvs::{self, Endorsed, Vouched};
use crate::trust::{Acceptance, ListKind, Purpose, Query, stored};
use crate::wire::Role;
use crate::wire::tvs::{Response, Status};

const HTTPS: Purpose = Purpose::HttpsService;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn source() -> Source {
    Source { member: Box::from("cucm1") }
}

fn response(roles: &[Role], ttl: Option<u64>) -> Response<'static> {
    Response {
        status: Status::Trusted,
        roles: (!roles.is_empty()).then(|| roles.to_vec()),
        ttl: ttl.map(seconds),
        certificate: None,
        unknown: Vec::new(),
    }
}

/// The answer about a peer's certificate, whose bytes do not matter here.
fn endorsed(certificate: &[u8], ttl: Option<u64>) -> Endorsed {
    tvs::peer(HTTPS, certificate, &response(&[Role::AppServer], ttl)).unwrap().value
}

fn holds(cache: &Cache, certificate: &[u8], now: Duration) -> bool {
    cache.peer(&sha256(certificate), HTTPS, now).is_some()
}

/// A signer and the question that it answers, one for each record of a list.
fn signers() -> Vec<(Vouched, Query)> {
    let bytes = include_bytes!("../../../tests/vectors/trust/itl-2048-sha1.tlv");
    let list = stored::list(ListKind::Itl, bytes, Acceptance::FirstUse).unwrap();
    let anchors = list.value().anchors.iter();
    anchors
        .map(|anchor| {
            let query = Query {
                subject: anchor.subject.as_deref().unwrap().as_bytes().into(),
                issuer: anchor.issuer.as_deref().unwrap().as_bytes().into(),
                serial: Box::from(anchor.serial().unwrap().bytes()),
                roles: &[Role::Sast],
                asks: Asks::Ordinarily,
                otherwise: Reason::WrongSigner,
            };
            let certificate = anchor.certificate.as_deref();
            let answer = Response { certificate, ..response(&[Role::Sast], None) };
            (tvs::signer(&query, &answer).unwrap(), query)
        })
        .collect()
}

#[test]
fn an_answer_holds_until_it_expires() {
    let mut cache = Cache::default();
    let ttl = cache.insert_peer(endorsed(b"a", Some(3600)), source(), seconds(100));
    assert_eq!(ttl, Some(seconds(3600)));
    assert!(holds(&cache, b"a", seconds(3699)));
    assert!(!holds(&cache, b"a", seconds(3700)));
    assert!(!holds(&cache, b"b", seconds(100)));
}

#[test]
fn an_answer_without_time_to_live_holds_a_day() {
    let mut cache = Cache::default();
    let ttl = cache.insert_peer(endorsed(b"a", None), source(), seconds(0));
    assert_eq!(ttl, Some(DEFAULT_TTL));
    assert!(holds(&cache, b"a", seconds(86_399)));
    assert!(!holds(&cache, b"a", seconds(86_400)));
}

#[test]
fn a_longer_time_to_live_is_clamped() {
    let mut cache = Cache::new(4, seconds(60));
    for ttl in [None, Some(61), Some(u64::MAX)] {
        let kept = cache.insert_peer(endorsed(b"a", ttl), source(), seconds(0));
        assert_eq!(kept, Some(seconds(60)));
    }
}

#[test]
fn a_time_to_live_of_nothing_is_not_kept_and_ends_an_earlier_answer() {
    let mut cache = Cache::default();
    cache.insert_peer(endorsed(b"a", None), source(), seconds(0));
    assert_eq!(cache.insert_peer(endorsed(b"a", Some(0)), source(), seconds(1)), None);
    assert!(!holds(&cache, b"a", seconds(1)));
}

#[test]
fn an_answer_serves_only_its_roles() {
    let mut cache = Cache::default();
    cache.insert_peer(endorsed(b"a", None), source(), seconds(0));
    let key = sha256(b"a");
    for purpose in [Purpose::Capf, Purpose::HttpsProvisioning, Purpose::Signalling, Purpose::Tvs] {
        assert_eq!(cache.peer(&key, purpose, seconds(1)), None, "{purpose}");
    }
    let without = tvs::peer(HTTPS, b"b", &response(&[], None)).unwrap().value;
    cache.insert_peer(without, source(), seconds(0));
    let found = cache.peer(&sha256(b"b"), HTTPS, seconds(1)).unwrap();
    assert_eq!(found.warnings, [Warning::NoRoles]);
}

#[test]
fn a_later_answer_replaces_an_earlier_one() {
    let mut cache = Cache::default();
    cache.insert_peer(endorsed(b"a", Some(10)), source(), seconds(0));
    cache.insert_peer(endorsed(b"a", Some(100)), source(), seconds(5));
    let entries: Vec<_> = cache.entries(seconds(5)).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].expires, &entries[0].source), (seconds(105), &source()));
}

#[test]
fn the_next_to_expire_makes_room() {
    let mut cache = Cache::new(2, DEFAULT_TTL);
    cache.insert_peer(endorsed(b"later", Some(90)), source(), seconds(0));
    cache.insert_peer(endorsed(b"sooner", Some(30)), source(), seconds(0));
    cache.insert_peer(endorsed(b"new", Some(10)), source(), seconds(0));
    assert!(holds(&cache, b"later", seconds(1)));
    assert!(holds(&cache, b"new", seconds(1)));
    assert!(!holds(&cache, b"sooner", seconds(1)));
}

#[test]
fn expired_answers_make_room_before_others() {
    let mut cache = Cache::new(2, DEFAULT_TTL);
    cache.insert_peer(endorsed(b"old", Some(10)), source(), seconds(0));
    cache.insert_peer(endorsed(b"good", Some(90)), source(), seconds(0));
    cache.insert_peer(endorsed(b"new", Some(90)), source(), seconds(10));
    assert!(holds(&cache, b"good", seconds(10)) && holds(&cache, b"new", seconds(10)));
}

#[test]
fn a_cache_without_room_keeps_nothing() {
    let mut cache = Cache::new(0, DEFAULT_TTL);
    assert_eq!(cache.insert_peer(endorsed(b"a", None), source(), seconds(0)), None);
    assert_eq!(cache.entries(seconds(0)).count(), 0);
}

#[test]
fn a_signer_is_found_by_what_was_asked() {
    let mut cache = Cache::default();
    for (vouched, _) in signers() {
        cache.insert_signer(vouched, source(), seconds(0));
    }
    for (vouched, query) in signers() {
        let vouched = vouched.kept();
        assert_eq!(cache.signer(&query, seconds(1)), Some(&vouched));
        assert_eq!(cache.signer(&query.clone().afresh(), seconds(1)), None);
        assert_eq!(cache.signer(&query, DEFAULT_TTL), None);
        let renamed = Query { issuer: b"CN=Nobody"[..].into(), ..query.clone() };
        assert_eq!(cache.signer(&renamed, seconds(1)), None);
        let longer = [&[0], &query.serial[..]].concat().into();
        let padded = Query { serial: longer, ..query.clone() };
        assert_eq!(cache.signer(&padded, seconds(1)), Some(&vouched));
        let unfit = Query { roles: &[Role::Tftp], ..query };
        assert_eq!(cache.signer(&unfit, seconds(1)), None);
    }
}

/// The serial number alone finds nothing: names that were not asked for may mean another signer.
#[test]
fn two_signers_of_one_number_are_told_apart_by_the_question() {
    let mut cache = Cache::default();
    let (_, query) = signers().swap_remove(0);
    let other = Query { subject: b"CN=another"[..].into(), ..query.clone() };
    let bytes = include_bytes!("../../../tests/vectors/trust/itl-2048-sha1.tlv");
    let list = stored::list(ListKind::Itl, bytes, Acceptance::FirstUse).unwrap();
    let certificate = list.value().anchors[0].certificate.as_deref();
    let answer = Response { certificate, ..response(&[Role::Sast], None) };
    cache.insert_signer(tvs::signer(&query, &answer).unwrap(), source(), seconds(0));
    assert!(cache.signer(&query, seconds(1)).is_some());
    assert_eq!(cache.signer(&other, seconds(1)), None);
    cache.insert_signer(tvs::signer(&other, &answer).unwrap(), source(), seconds(1));
    assert!(cache.signer(&other, seconds(2)).is_some());
    assert_eq!(cache.signer(&query, seconds(2)), None, "one answer a certificate, the latest");
}

#[test]
fn certificates_are_counted() {
    let mut cache = Cache::default();
    let expected: usize = {
        let signers = signers();
        let unique: alloc::collections::BTreeSet<_> =
            signers.iter().map(|(vouched, _)| vouched.certificate()).collect();
        unique.iter().map(|certificate| certificate.len()).sum()
    };
    for (vouched, _) in signers() {
        assert!(vouched.certificate().len() <= MAX_CERTIFICATE);
        cache.insert_signer(vouched, source(), seconds(0));
    }
    assert_eq!(cache.bytes(), expected);
    cache.clear();
    assert_eq!(cache.bytes(), 0);
    assert!(cache.by_question.is_empty() && cache.by_expiry.is_empty());
}

#[test]
fn clearing_forgets_everything_but_the_limits() {
    let mut cache = Cache::new(1, seconds(60));
    cache.insert_peer(endorsed(b"a", None), source(), seconds(0));
    assert_eq!(cache.clear(), 1);
    assert!(!holds(&cache, b"a", seconds(1)));
    let kept = cache.insert_peer(endorsed(b"b", None), source(), seconds(0));
    assert_eq!(kept, Some(seconds(60)));
}

#[test]
fn entries_are_listed_in_the_order_in_which_they_expire() {
    let mut cache = Cache::default();
    for ttl in [30, 10, 20] {
        cache.insert_peer(endorsed(&[ttl], Some(ttl.into())), source(), seconds(0));
    }
    let expiries: Vec<_> = cache.entries(seconds(10)).map(|entry| entry.expires).collect();
    assert_eq!(expiries, [seconds(20), seconds(30)]);
}

proptest! {
    #[test]
    fn the_indexes_agree_whatever_happens(
        steps in collection::vec((any::<u8>(), 0_u64..50), 0..80),
    ) {
        let mut cache = Cache::new(8, seconds(40));
        let signers = signers();
        for (now, (which, ttl)) in (0..).zip(steps) {
            let now = seconds(now);
            match signers.get(usize::from(which) / 8) {
                Some((vouched, _)) => {
                    cache.insert_signer(vouched.clone(), source(), now);
                }
                None if which == 255 => {
                    cache.clear();
                }
                None => {
                    cache.insert_peer(endorsed(&[which % 16], Some(ttl)), source(), now);
                }
            }
            prop_assert!(cache.entries.len() <= 8);
            prop_assert_eq!(cache.by_expiry.len(), cache.entries.len());
            let bytes: usize = cache.entries.values().map(super::CachedAnswer::bytes).sum();
            prop_assert_eq!(cache.bytes(), bytes);
            let signers = cache.entries.values().filter(|entry| entry.bytes() > 0).count();
            prop_assert_eq!(cache.by_question.len(), signers);
        }
    }
}
