use alloc::vec::Vec;

use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert_eq};

use crate::wire::capf::{
    AskedKey, AuthenticationString, BadString, CapfCommand, CapfHeader, CapfOrder, CapfReason,
    CapfReceived, CapfSession, CertificateType, Curve, Introduction, MAX_PAYLOAD, Ownership,
    PhoneMessage, SudiProof, TooLarge,
};
use crate::wire::envelope::UnknownTag;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::name::DeviceName;

const SESSION: CapfSession = CapfSession(1);

/// Bytes from hexadecimal digits, as CAPF facts A8 writes them.
fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<_> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn device() -> DeviceName {
    DeviceName::parse("SEP001122334455").unwrap()
}

/// A payload of the server, read as that of a command.
fn read(command: CapfCommand, payload: &[u8]) -> Result<CapfOrder<'_>, Malformed> {
    CapfReceived::parse(command, payload).map(|received| received.order)
}

/// The offset and the fault of a payload that is refused.
fn fault(command: CapfCommand, digits: &str) -> (usize, Fault) {
    let malformed = CapfReceived::parse(command, &bytes(digits)).unwrap_err();
    (malformed.offset, malformed.fault)
}

fn emit(message: &PhoneMessage<'_>) -> Vec<u8> {
    message.emit(SESSION).unwrap()
}

fn introduce(string: Option<&AuthenticationString>, ownership: Option<Ownership<'_>>) -> Vec<u8> {
    let device = device();
    emit(&PhoneMessage::Introduced(Introduction { device: &device, string, ownership }))
}

#[test]
fn a_header_is_the_captured_one_both_ways() {
    let header = bytes("5509 00000001 0129");
    let parsed = CapfHeader::parse(&header).unwrap();
    let (command, length) = (CapfCommand::StoreRequest, 0x129);
    assert_eq!(parsed, CapfHeader { command, session: SESSION, length });
    assert_eq!((parsed.bytes().to_vec(), parsed.message_length()), (header, 305));
}

#[test]
fn another_protocol_a_cut_header_and_a_huge_payload_are_refused() {
    let fault = |digits| CapfHeader::parse(&bytes(digits)).unwrap_err();
    let found = |at, field, fault| Malformed::new(at, field, fault);
    let other = Fault::Byte { expected: 0x55, found: 0x57 };
    assert_eq!(fault("57010000 00010000"), found(0, "protocol", other));
    let cut = Fault::Truncated { expected: 4, found: 3 };
    assert_eq!(fault("5501000000"), found(2, "session", cut));
    let huge = Fault::TooLong { expected: MAX_PAYLOAD, found: MAX_PAYLOAD + 1 };
    assert_eq!(fault("5501000000014001"), found(6, "payload length", huge));
    assert!(CapfHeader::parse(&bytes("5501000000014000")).is_ok());
}

#[test]
fn what_servers_send_is_read_as_it_was_captured() {
    let read_as = |digits: &str, expected| {
        let message = bytes(digits);
        let header = CapfHeader::parse(&message).unwrap();
        assert_eq!(header.message_length(), message.len(), "{digits}");
        assert_eq!(read(header.command, &message[CapfHeader::LENGTH..]), Ok(expected), "{digits}");
    };
    let rsa = CapfOrder::MakeKey(AskedKey::Rsa { bits: 2048 });
    // The reference server, then a call manager.
    read_as("5501 00000001 0008 07000103 08000100", CapfOrder::Authenticate);
    read_as("5501 00000001 0004 07000103", CapfOrder::Authenticate);
    read_as("5503 00000001 0009 0a00020800 11000100", rsa);
    read_as("5503 00000001 0005 0a00020800", rsa);
    let curve = CapfOrder::MakeKey(AskedKey::Ec(Curve::P256));
    read_as("5503 00000001 0008 11000101 12000100", curve);
    read_as("550b 00000001 0000", CapfOrder::Fetch);
    read_as("550d 00000001 0000", CapfOrder::Delete);
    for (code, reason) in [
        ("00", CapfReason::Nothing),
        ("01", CapfReason::Done),
        ("07", CapfReason::Declined),
        ("09", CapfReason::UnknownDevice),
    ] {
        read_as(&alloc::format!("550f 00000001 0004 010001{code}"), CapfOrder::End(reason));
    }
    read_as("5510 00000001 0000", CapfOrder::RetryLater);
    read_as("5514 00000001 0000", CapfOrder::Abort);
    read_as("5516 00000001 0000", CapfOrder::Other(CapfCommand::SignRequest));
    read_as("5563 00000001 0000", CapfOrder::Other(CapfCommand::Unknown(99)));
}

#[test]
fn a_certificate_is_taken_out_of_its_wrapper() {
    let payload = bytes("030001 01 040007 01 0004 00 01 3000");
    let CapfOrder::Store(issued) = read(CapfCommand::StoreRequest, &payload).unwrap() else {
        panic!("expected a certificate");
    };
    assert_eq!((issued.kind, issued.der), (CertificateType::Lsc, &[0x30, 0][..]));
    // Without the element that repeats the type, and with another type.
    let payload = bytes("040007 01 0004 00 02 3000");
    let CapfOrder::Store(issued) = read(CapfCommand::StoreRequest, &payload).unwrap() else {
        panic!("expected a certificate");
    };
    assert_eq!(issued.kind, CertificateType::Mic);
}

#[test]
fn a_wrapper_whose_lengths_or_types_do_not_fit_is_refused() {
    let store = |digits: &str| fault(CapfCommand::StoreRequest, digits);
    let byte = |expected, found| Fault::Byte { expected, found };
    assert_eq!(store("040007 02 0004 00 01 3000"), (11, byte(1, 2)));
    assert_eq!(store("040007 01 0004 01 01 3000"), (14, byte(0, 1)));
    for found in [3, 5] {
        let fault = Fault::LengthMismatch { expected: 4, found };
        let digits = alloc::format!("040007 01 00{found:02} 00 01 3000");
        assert_eq!(store(&digits), (12, fault));
    }
    assert_eq!(store("040005 01 0002 00 01"), (8, Fault::ZeroLength));
    assert_eq!(store("040001 01"), (12, Fault::Truncated { expected: 2, found: 0 }));
    // The type is written twice, differently.
    assert_eq!(store("030001 02 040007 01 0004 00 01 3000"), (8, byte(1, 2)));
    assert_eq!(store("030001 01"), (8, Fault::MissingField(4)));
}

#[test]
fn elements_fill_the_payload_and_occur_once_each() {
    let end = |digits| fault(CapfCommand::End, digits);
    assert_eq!(end("01000101 01000101"), (12, Fault::DuplicateTag(1)));
    assert_eq!(end("010002 0101"), (8, Fault::FieldLength { expected: 1, found: 2 }));
    assert_eq!(end("01000201"), (8, Fault::LengthOverrun { expected: 1, found: 2 }));
    assert_eq!(end("01000101 00"), (13, Fault::Truncated { expected: 2, found: 0 }));
    assert_eq!(end(""), (8, Fault::MissingField(1)));
    let key = |digits| fault(CapfCommand::KeyRequest, digits);
    assert_eq!(key("11000101"), (8, Fault::MissingField(18)));
    assert_eq!(key("11000100"), (8, Fault::MissingField(10)));
    assert_eq!(key("0a000108"), (8, Fault::FieldLength { expected: 2, found: 1 }));
}

#[test]
fn elements_of_unknown_tags_are_skipped_and_reported() {
    let payload = bytes("63000201ff 01000107");
    let received = CapfReceived::parse(CapfCommand::End, &payload).unwrap();
    assert_eq!(received.order, CapfOrder::End(CapfReason::Declined));
    assert_eq!(received.unknown, [UnknownTag { tag: 0x63, offset: 8 }]);
}

#[test]
fn a_key_of_an_unknown_type_or_curve_is_read_as_such() {
    let key = |digits| {
        read(CapfCommand::KeyRequest, &bytes(digits)).map(|order| match order {
            CapfOrder::MakeKey(asked) => asked,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(key("11000105"), Ok(AskedKey::Other(5)));
    assert_eq!(key("11000101 12000109"), Ok(AskedKey::Ec(Curve::Unknown(9))));
}

#[test]
fn an_introduction_is_the_captured_one() {
    let without =
        "5502 00000001 001f 01000101 07000103 0b0001 00 0d0010 53455030303131323233333434353500";
    assert_eq!(introduce(None, None), bytes(without));
    let string = AuthenticationString::parse("12345").unwrap();
    let with = "5502 00000001 0024 01000101 07000103 0b0006 313233343500
        0d0010 53455030303131323233333434353500";
    assert_eq!(introduce(Some(&string), None), bytes(with));
}

#[test]
fn an_introduction_with_proofs_has_them_in_the_order_of_the_tags() {
    let sudi = SudiProof { certificate: &[0x30, 1], sha1: &[2], sha512: &[3, 3] };
    let ownership = Ownership {
        kind: CertificateType::Mic,
        certificate: &[0x30, 0],
        sha1: &[4],
        sha512: &[5],
        sudi: Some(sudi),
    };
    let expected =
        "5502 00000001 0045 01000101 040007 01 0004 0002 3000 060001 04 07000103 0b0001 00
        0d0010 53455030303131323233333434353500
        10000e 000002 3001 010001 02 030002 0303 140004 030001 05";
    assert_eq!(introduce(None, Some(ownership)), bytes(expected));
    // A certificate of the size that was captured: 942 bytes, keys of 2048 bits.
    let (certificate, signature) = ([0; 942], [0; 256]);
    let (certificate, signature) = (certificate.as_slice(), signature.as_slice());
    let ownership = Ownership {
        kind: CertificateType::Lsc,
        certificate,
        sha1: signature,
        sha512: signature,
        sudi: Some(SudiProof { certificate, sha1: signature, sha512: signature }),
    };
    assert_eq!(introduce(None, Some(ownership)).len(), 2976);
}

#[test]
fn other_messages_are_the_captured_ones() {
    let key = [0; 294];
    let made = emit(&PhoneMessage::KeyMade(Some(&key)));
    assert_eq!(made[..11], bytes("5504 00000001 0129 090126"));
    assert_eq!(made.len(), 305);
    let lsc = [0; 941];
    let fetched = emit(&PhoneMessage::Fetched(Some(&lsc)));
    assert_eq!(fetched[..20], bytes("550c 00000001 03b9 01000101 0403b2 01 03af 0001"));
    for (message, expected) in [
        (PhoneMessage::InProgress, "5511 00000001 0000"),
        (PhoneMessage::Aborted, "5515 00000001 0000"),
        (PhoneMessage::KeyMade(None), "5504 00000001 0004 01000107"),
        (PhoneMessage::Stored(CapfReason::Done), "550a 00000001 0004 01000101"),
        (PhoneMessage::Stored(CapfReason::Declined), "550a 00000001 0004 01000107"),
        (PhoneMessage::Fetched(None), "550c 00000001 0004 01000107"),
        (PhoneMessage::Deleted(CapfReason::Done), "550e 00000001 0004 01000101"),
        (PhoneMessage::Deleted(CapfReason::Declined), "550e 00000001 0004 01000107"),
    ] {
        assert_eq!(emit(&message), bytes(expected));
    }
}

#[test]
fn what_exceeds_one_record_is_not_sent() {
    let most = MAX_PAYLOAD - CapfHeader::LENGTH - 3;
    let send = |length| PhoneMessage::KeyMade(Some(&alloc::vec![0; length])).emit(SESSION);
    assert_eq!(send(most).unwrap().len(), MAX_PAYLOAD);
    assert_eq!(send(most + 1), Err(TooLarge { found: MAX_PAYLOAD - 7 }));
    assert_eq!(send(70_000), Err(TooLarge { found: 70_000 }));
}

#[test]
fn an_authentication_string_is_four_to_sixteen_digits_and_never_shown() {
    for fits in ["0000", "1234567890123456"] {
        let string = AuthenticationString::parse(fits).unwrap();
        assert!(!alloc::format!("{string:?}").contains(fits));
    }
    for wrong in ["", "123", "12345678901234567", "12a4", "1234 ", "１２３４"] {
        assert_eq!(AuthenticationString::parse(wrong), Err(BadString), "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_payload_is_read_or_refused_at_a_place_within_it(
        command in any::<u8>(),
        payload in collection::vec(any::<u8>(), 0..64),
    ) {
        let end = CapfHeader::LENGTH + payload.len();
        if let Err(malformed) = CapfReceived::parse(CapfCommand::from(command), &payload) {
            proptest::prop_assert!(malformed.offset <= end);
        }
        let header = CapfHeader {
            command: CapfCommand::from(command),
            session: SESSION,
            length: u16::try_from(payload.len()).unwrap(),
        };
        prop_assert_eq!(CapfHeader::parse(&header.bytes()), Ok(header));
    }
}
