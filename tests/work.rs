//! What a hostile file costs before its signature: what is read, kept and compared has limits, and
//! the time grows with the size and no faster.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::time::Duration;

use secd::io::clock;
use secd::trust::update::{self, Offer};
use secd::trust::{Acceptance, Anchors, ListKind, Policy, Reason, stored};
use secd::wire::envelope::MAX_HEADER;
use secd::wire::list::{MAX_OF_ONE_SERIAL, MAX_RECORDS};
use secd::wire::text::MAX_NAME;
use secd::wire::{Envelope, Fault, FileKind, Malformed, list};
use secd_lab::hostile::{self, Limits, Shape};
use secd_lab::tlv;

#[test]
fn a_list_of_long_names_and_one_serial_number_is_refused_at_its_header() {
    let reported = hostile::reported();
    let found = usize::from(u16::from_be_bytes([reported[8], reported[9]]));
    let fault = Fault::TooLong { expected: MAX_HEADER, found };
    let refused = Reason::Malformed(Malformed::new(5, "header length", fault));
    assert_eq!(offered(&Anchors::default(), &reported), refused);
    let signer = hostile::signer();
    let installed = installed(&Shape::Serials.list(&signer, LIMITS, LARGEST));
    assert_eq!(offered(&installed, &reported), refused);
}

#[test]
fn a_header_may_have_4096_bytes_and_not_one_more() {
    let header = |length: usize| {
        let bare = hostile::sealed(&[1], "CN=a", &[]);
        let mut file = [bare.clone(), vec![PADDING; length - bare.len()]].concat();
        file[8..10].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        Envelope::parse(&file, FileKind::List).map(|file| file.header_length)
    };
    assert_eq!(header(MAX_HEADER), Ok(MAX_HEADER));
    let fault = Fault::TooLong { expected: MAX_HEADER, found: MAX_HEADER + 1 };
    assert_eq!(header(MAX_HEADER + 1), Err(Malformed::new(5, "header length", fault)));
}

#[test]
fn a_name_may_have_1024_bytes_and_not_one_more() {
    let name = |length: usize| "a".repeat(length - 1);
    let header = |length| {
        let file = hostile::sealed(&[1], &name(length), &[]);
        Envelope::parse(&file, FileKind::List).map(|_| ()).map_err(|malformed| malformed.fault)
    };
    assert_eq!(header(MAX_NAME), Ok(()));
    assert_eq!(header(MAX_NAME + 1), Err(TOO_LONG));
    for tag in [2, 3, 5] {
        let record = |length| {
            let fields = [tlv::text(tag, &name(length)), tlv::number(4, 1)].concat();
            let length = u16::try_from(fields.len() + 5).unwrap();
            let body = [tlv::number(1, length), fields].concat();
            list::parse(&body, 0).map(|_| ()).map_err(|malformed| malformed.fault)
        };
        assert_eq!(record(MAX_NAME), Ok(()), "{tag}");
        assert_eq!(record(MAX_NAME + 1), Err(TOO_LONG), "{tag}");
    }
}

#[test]
fn a_list_may_have_64_records_of_one_serial_number_and_not_one_more() {
    let signer = hostile::signer();
    let body = |count: usize| {
        let others = (0..count).map(|count| hostile::other_than(&signer, count, count + 1));
        let records =
            others.map(|other| hostile::record("CN=a", &other, &tlv::element(9, &other.der)));
        let body: Vec<u8> = records.collect::<Vec<_>>().concat();
        list::parse(&body, 0).map(|records| records.len()).map_err(|malformed| malformed.fault)
    };
    assert_eq!(body(MAX_OF_ONE_SERIAL), Ok(MAX_OF_ONE_SERIAL));
    let fault = Fault::TooMany { expected: MAX_OF_ONE_SERIAL };
    assert_eq!(body(MAX_OF_ONE_SERIAL + 1), Err(fault));
}

/// Eight times the size may take eight times the time; this allows for three times that, and for a
/// machine with other things to do.
#[test]
fn the_time_before_the_signature_grows_with_the_size_alone() {
    let signer = hostile::signer();
    let full = installed(&Shape::Serials.list(&signer, LIMITS, LARGEST));
    for shape in Shape::ALL {
        let [small, large] = [LARGEST / 8, LARGEST].map(|size| shape.list(&signer, LIMITS, size));
        for anchors in [&Anchors::default(), &full] {
            let took = |file: &[u8]| (0..5).map(|_| timed(anchors, file)).min().unwrap();
            let (few, many) = (took(&small), took(&large));
            let allowed = 24 * few + Duration::from_millis(50);
            assert!(many < allowed, "{shape:?}: {few:?}, then {many:?}");
        }
    }
}

fn timed(anchors: &Anchors, file: &[u8]) -> Duration {
    let start = clock::monotonic();
    let reason = offered(anchors, file);
    assert!(!matches!(reason, Reason::Malformed(_)), "{reason}");
    start.elapsed()
}

fn offered(anchors: &Anchors, file: &[u8]) -> Reason {
    let offer = Offer { name: "ITLFile.tlv", bytes: file };
    update::list(anchors, ListKind::Itl, offer, &Policy::default()).unasked().unwrap_err()
}

fn installed(file: &[u8]) -> Anchors {
    let mut anchors = Anchors::default();
    anchors.install(stored::list(ListKind::Itl, file, Acceptance::FirstUse).unwrap());
    anchors
}

const TOO_LONG: Fault = Fault::TooLong { expected: MAX_NAME, found: MAX_NAME + 1 };

const LIMITS: Limits = Limits {
    records: MAX_RECORDS,
    of_one_serial: MAX_OF_ONE_SERIAL,
    name: MAX_NAME,
    // That of `trust::name`, which nobody else has to know.
    attributes: 16,
};

/// Bytes of the largest list that is taken.
const LARGEST: usize = 256 << 10;

const PADDING: u8 = 13;
