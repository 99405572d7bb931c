use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::{any, proptest};
use proptest::{collection, option, prop_assert_eq};

use crate::wire::malformed::{Fault, Malformed};
use crate::wire::name::{DeviceName, Model};
use crate::wire::tvs::{
    Command, Header, MAX_ROLES, PhoneName, Response, Session, Status, TvsRequest, Unsendable,
};
use crate::wire::{Role, Serial};

/// Query request of an 8861, its first 48 of 153 bytes (domain facts 5.10).
const QUERY: [u8; 48] = [
    0x57, 0x01, 0x03, 0x00, 0x00, 0x00, 0x03, 0xe9, 0x00, 0x8f, 0x01, 0x00, 0x18, 0x01, 0x43, 0x50,
    0x2d, 0x38, 0x38, 0x36, 0x31, 0x2d, 0x53, 0x45, 0x50, 0x42, 0x30, 0x30, 0x30, 0x42, 0x34, 0x42,
    0x41, 0x30, 0x41, 0x45, 0x45, 0x03, 0x00, 0x42, 0x43, 0x4e, 0x3d, 0x75, 0x63, 0x6d, 0x31, 0x31,
];

/// Query response of a call manager, its first 19 of 1480 bytes (domain facts 5.10).
const ANSWER: [u8; 19] = [
    0x57, 0x01, 0x04, 0xf7, 0x00, 0x00, 0x03, 0xe9, 0x05, 0xbe, 0x07, 0x00, 0x01, 0x00, 0x02, 0x05,
    0xab, 0x30, 0x82,
];

fn caller() -> PhoneName {
    let (model, name) = (Model::parse("8861"), DeviceName::parse("SEPB000B4BA0AEE"));
    PhoneName { model: model.unwrap(), name: name.unwrap() }
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag][..], &length, value].concat()
}

#[test]
fn a_query_is_the_captured_one() {
    let subject = String::from("CN=ucm11") + &"x".repeat(57);
    let request = TvsRequest::Query {
        subject: subject.as_bytes(),
        issuer: b"CN=issuer-of-21-bytes",
        serial: Serial::new(&[0x6d; 19]),
    };
    let frame = request.emit(&caller(), Session(1001)).unwrap();
    assert_eq!(frame.len(), 153);
    assert_eq!(frame[..48], QUERY);
    // The subject's NUL, then tag and length of the issuer.
    assert_eq!(frame[105..109], [0, 4, 0, 22]);
    // Behind the issuer's NUL.
    assert_eq!(frame[130..134], [0, 5, 0, 19]);
}

#[test]
fn a_verify_request_carries_the_certificate() {
    let request = TvsRequest::Verify { certificate: &[0x30, 0] };
    let frame = request.emit(&caller(), Session(1002)).unwrap();
    assert_eq!(frame[..10], [0x57, 1, 1, 0, 0, 0, 3, 0xea, 0, 32]);
    assert_eq!(frame[37..], [2, 0, 2, 0x30, 0]);
}

#[test]
fn the_captured_answer_begins_as_it_should() {
    let header = Header::parse(&ANSWER).unwrap();
    let expected = Header { command: Command::QueryResponse, session: Session(1001), length: 1470 };
    assert_eq!(header, expected);
    assert_eq!(header.frame_length(), 1480);
    let fault = Fault::LengthOverrun { expected: 2, found: 1451 };
    let error = Response::parse(&ANSWER[10..]).unwrap_err();
    assert_eq!(error, Malformed::new(14, "certificate", fault));
}

#[test]
fn the_captured_answer_is_accounted_for_to_its_end() {
    let certificate = [0x30; 1451];
    let payload = [
        element(7, &[0]),
        element(2, &certificate),
        element(8, &[0, 3]),
        element(9, &86_400_u32.to_be_bytes()),
    ]
    .concat();
    assert_eq!(payload.len(), 0x05be);
    let response = Response::parse(&payload).unwrap();
    assert_eq!(response.status, Status::Trusted);
    assert_eq!(response.certificate, Some(&certificate[..]));
    assert_eq!(response.roles, Some(vec![Role::Sast, Role::Tftp]));
    assert_eq!(response.ttl, Some(Duration::from_secs(86_400)));
}

#[test]
fn roles_that_are_absent_are_not_roles_that_are_empty() {
    let status = element(7, &[0]);
    assert_eq!(Response::parse(&status).unwrap().roles, None);
    let payload = [status, element(8, &[])].concat();
    assert_eq!(Response::parse(&payload).unwrap().roles, Some(Vec::new()));
}

#[test]
fn an_answer_has_no_more_roles_than_anyone_could_keep() {
    let payload = |count| [element(7, &[0]), element(8, &vec![7; count])].concat();
    let most = Response::parse(&payload(MAX_ROLES)).unwrap().roles.unwrap();
    assert_eq!(most.len(), MAX_ROLES);
    let fault = Fault::TooLong { expected: MAX_ROLES, found: MAX_ROLES + 1 };
    let refused = Response::parse(&payload(MAX_ROLES + 1)).unwrap_err();
    assert_eq!(refused, Malformed::new(14, "roles", fault));
}

#[test]
fn another_protocol_or_version_is_refused() {
    let mut frame = ANSWER;
    frame[0] = 0x16;
    let fault = Fault::Byte { expected: 0x57, found: 0x16 };
    assert_eq!(Header::parse(&frame), Err(Malformed::new(0, "protocol", fault)));
    let mut frame = ANSWER;
    frame[1] = 2;
    let fault = Fault::Version { expected: 1, found: 2 };
    assert_eq!(Header::parse(&frame), Err(Malformed::new(1, "version", fault)));
}

#[test]
fn a_short_header_is_truncated() {
    for length in 0..Header::LENGTH {
        let fault = Header::parse(&ANSWER[..length]).unwrap_err().fault;
        assert!(matches!(fault, Fault::Truncated { .. }), "{length}: {fault}");
    }
}

#[test]
fn a_response_needs_a_status() {
    let fault = Fault::MissingField(7);
    for payload in [Vec::new(), element(8, &[7])] {
        let error = Response::parse(&payload).unwrap_err();
        assert_eq!(error, Malformed::new(10, "status", fault));
    }
}

#[test]
fn no_known_element_occurs_twice() {
    for value in [element(7, &[0]), element(8, &[7]), element(9, &[0; 4]), element(2, &[1])] {
        let payload = [&value[..], &value].concat();
        let error = Response::parse(&payload).unwrap_err();
        assert_eq!(error.fault, Fault::DuplicateTag(value[0]));
        assert_eq!(error.offset, Header::LENGTH + value.len());
    }
}

#[test]
fn elements_of_the_wrong_size_are_refused() {
    for (value, expected) in [(element(7, &[]), 1), (element(7, &[0, 0]), 1), (element(9, &[1]), 4)]
    {
        let found = value.len() - 3;
        let error = Response::parse(&value).unwrap_err();
        assert_eq!(error.fault, Fault::FieldLength { expected, found });
    }
}

#[test]
fn unknown_elements_are_skipped_and_reported() {
    let payload = [element(6, b"?"), element(200, &[]), element(200, &[]), element(7, &[1])];
    let payload = payload.concat();
    let response = Response::parse(&payload).unwrap();
    assert_eq!(response.status, Status::Invalid);
    let tags: Vec<_> = response.unknown.iter().map(|field| (field.tag, field.offset)).collect();
    assert_eq!(tags, [(6, 10), (200, 14), (200, 17)]);
}

#[test]
fn an_unfinished_element_is_refused() {
    let payload = [element(7, &[0]), Vec::from([9])].concat();
    let error = Response::parse(&payload).unwrap_err();
    assert_eq!(error.fault, Fault::Truncated { expected: 2, found: 0 });
    assert_eq!(error.offset, 15);
}

#[test]
fn a_certificate_too_long_for_one_record_is_not_sent() {
    // Header, device name, and tag and length of the certificate.
    let limit = 16_384;
    let room = limit - 10 - 27 - 3;
    let fits = TvsRequest::Verify { certificate: &Vec::from_iter(core::iter::repeat_n(0, room)) }
        .emit(&caller(), Session(1));
    assert_eq!(fits.map(|frame| frame.len()), Ok(limit));
    for more in [room + 1, 70_000] {
        let certificate = Vec::from_iter(core::iter::repeat_n(0, more));
        let error = TvsRequest::Verify { certificate: &certificate }.emit(&caller(), Session(1));
        assert!(matches!(error, Err(Unsendable::TooLong { .. })), "{more}");
    }
}

#[test]
fn a_name_with_a_nul_is_not_sent() {
    let serial = Serial::new(&[1]);
    let request = TvsRequest::Query { subject: b"CN=a", issuer: b"CN=\0", serial };
    let error = request.emit(&caller(), Session(1)).unwrap_err();
    assert_eq!(error, Unsendable::Nul { field: "issuer" });
}

#[test]
fn a_caller_is_named_by_model_and_device() {
    assert_eq!(caller().to_string(), "CP-8861-SEPB000B4BA0AEE");
}

proptest! {
    #[test]
    fn a_header_survives_the_wire(command: u8, session: u32, length: u16) {
        let header = Header { command: Command::from(command), session: Session(session), length };
        prop_assert_eq!(Header::parse(&header.bytes()), Ok(header));
    }

    #[test]
    fn a_response_is_what_its_elements_say(
        status: u8,
        roles in collection::vec(any::<u8>(), 0..9),
        ttl: Option<u32>,
        certificate in option::of(collection::vec(any::<u8>(), 1..99)),
    ) {
        let mut payload = element(7, &[status]);
        payload.extend(element(8, &roles));
        payload.extend(ttl.map(|ttl| element(9, &ttl.to_be_bytes())).unwrap_or_default());
        let der = certificate.as_deref();
        payload.extend(der.map(|der| element(2, der)).unwrap_or_default());
        let response = Response::parse(&payload).unwrap();
        prop_assert_eq!(response.status, Status::from(status));
        let codes: Vec<_> = response.roles.unwrap().iter().map(|role| role.code()).collect();
        prop_assert_eq!(codes, roles.into_iter().map(u16::from).collect::<Vec<_>>());
        prop_assert_eq!(response.ttl, ttl.map(|ttl| Duration::from_secs(ttl.into())));
        prop_assert_eq!(response.certificate, der);
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error(bytes in collection::vec(any::<u8>(), 0..200)) {
        let _ = Header::parse(&bytes);
        if let Err(error) = Response::parse(&bytes) {
            assert!(error.offset >= Header::LENGTH && error.offset <= Header::LENGTH + bytes.len());
        }
    }
}
