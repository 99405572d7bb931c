//! Messages of TVS and CAPF as they are inside TLS.

use crate::capture::{Capture, MESSAGES};
use crate::tshark::Read;

/// A message, in the form in which Wireshark exports what it has decrypted.
fn exported(protocol: &str, message: &[u8]) -> Vec<u8> {
    // Tag 12: the name of the dissector; tag 0: the end of the tags.
    let length = u16::try_from(protocol.len()).unwrap().to_be_bytes();
    [&[0, 12], &length[..], protocol.as_bytes(), &[0, 0, 0, 0], message].concat()
}

fn read(messages: &[(&str, Vec<u8>)]) -> Read {
    let capture = Capture::default();
    for (protocol, message) in messages {
        capture.raw(exported(protocol, message));
    }
    Read::new(&capture, MESSAGES, "")
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag], &u16::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
}

fn tvs(command: u8, session: u32, elements: &[Vec<u8>]) -> Vec<u8> {
    let payload = elements.concat();
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [0x57, 1, command, 0xF7];
    [&head[..], &session.to_be_bytes(), &length, &payload].concat()
}

fn capf(command: u8, elements: &[Vec<u8>]) -> Vec<u8> {
    let payload = elements.concat();
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0x55, command, 0, 0, 0, 1], &length[..], &payload].concat()
}

/// As in the capture of a phone of 2018: a query, and its answer with a certificate.
fn query() -> [Vec<u8>; 2] {
    let names = [element(3, b"CN=cm2\0"), element(4, b"CN=CA\0"), element(5, &[0x6A, 1])];
    let device = element(1, b"\x01CP-8861-SEP001122334455");
    let answer = [element(7, &[0]), element(8, &[0, 2]), element(9, &86_400_u32.to_be_bytes())];
    let question = tvs(3, 1001, &[&[device], &names[..]].concat());
    [question, tvs(4, 1001, &[&answer[..], &[element(2, &[0x30, 0])]].concat())]
}

#[test]
fn a_question_to_tvs_and_its_answer_are_shown() {
    let read = read(&query().map(|message| ("tvs", message)));
    let fields = ["command", "session", "device", "subject", "issuer", "serial"];
    let fields = fields.map(|field| format!("tvs.{field}"));
    let shown = read.single("tvs.command == 3", &fields.each_ref().map(String::as_str));
    assert_eq!(shown, [["3", "1001", "CP-8861-SEP001122334455", "CN=cm2", "CN=CA", "6a01"]]);
    let fields = ["command", "session", "status", "role", "ttl", "certificate", "malformed"];
    let fields = fields.map(|field| format!("tvs.{field}"));
    let shown = read.single("tvs.command == 4", &fields.each_ref().map(String::as_str));
    assert_eq!(shown, [["4", "1001", "0", "0|2", "86400", "3000", ""]]);
    let text = read.shown();
    for line in [
        "Trust Verification Service: query request, session 1001",
        "Trust Verification Service: query response, session 1001",
        "Status: trusted (0)",
        "Role: CCM+TFTP (2)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

/// An enrolment, message by message.
fn enrolment() -> Vec<Vec<u8>> {
    let wrapped = [&[1, 0, 4, 0, 1][..], &[0x30, 0]].concat();
    vec![
        capf(1, &[element(7, &[3]), element(8, &[0])]),
        capf(2, &[element(1, &[1]), element(11, b"12345\0"), element(13, b"SEP001122334455\0")]),
        capf(3, &[element(17, &[1]), element(18, &[0])]),
        capf(17, &[]),
        capf(4, &[element(9, &[0x30, 0x59])]),
        capf(9, &[element(3, &[1]), element(4, &wrapped)]),
        capf(10, &[element(1, &[1])]),
        capf(15, &[element(1, &[9])]),
    ]
}

#[test]
fn the_messages_of_an_enrolment_are_shown() {
    let messages: Vec<_> = enrolment().into_iter().map(|message| ("capf", message)).collect();
    let read = read(&messages);
    let fields = ["capf.command", "capf.reason", "capf.certificate", "capf.malformed"];
    let shown = read.single("capf", &fields);
    let wanted = [
        ["1", "", "", ""],
        ["2", "1", "", ""],
        ["3", "", "", ""],
        ["17", "", "", ""],
        ["4", "", "", ""],
        ["9", "", "3000", ""],
        ["10", "1", "", ""],
        ["15", "9", "", ""],
    ];
    assert_eq!(shown, wanted);
    let text = read.shown();
    for line in [
        "Command: store certificate request (9)",
        "Authentication string: 12345",
        "Device name: SEP001122334455",
        "Key type: EC (1)",
        "Curve: P-256 (0)",
        "Certificate type: LSC (1)",
        "Reason: unknown device (9)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn no_cut_and_no_change_of_a_message_is_too_much_for_it() {
    let all = query().map(|message| ("tvs", message)).into_iter();
    let all = all.chain(enrolment().into_iter().map(|message| ("capf", message)));
    let mut messages = Vec::new();
    for (protocol, whole) in all {
        messages.extend((0..whole.len()).map(|end| (protocol, whole[..end].to_vec())));
        for (at, bit) in (0..whole.len()).flat_map(|at| [(at, 0xFF), (at, 1)]) {
            let mut changed = whole.clone();
            changed[at] ^= bit;
            messages.push((protocol, changed));
        }
    }
    assert!(messages.len() > 500, "{}", messages.len());
    let text = read(&messages).shown();
    // Of each kind of fault that there is.
    for fault in ["bytes more than there are", "is not known here", "does not end in a NUL"] {
        assert!(text.contains(fault), "{fault}");
    }
}
