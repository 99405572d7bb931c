use alloc::vec::Vec;

use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert_eq};

use crate::proto::tvs::{AnswerProgress, Exchange, MemberMisbehaved, Sessions};
use crate::wire::malformed::Fault;
use crate::wire::name::{DeviceName, Model};
use crate::wire::tvs::{Command, PhoneName, Session, Status, TvsRequest};
use crate::wire::{Malformed, Serial};

fn caller() -> PhoneName {
    let (model, name) = (Model::parse("8861"), DeviceName::parse("SEPB000B4BA0AEE"));
    PhoneName { model: model.unwrap(), name: name.unwrap() }
}

fn exchange() -> Exchange {
    let caller = caller();
    let request = TvsRequest::Verify { certificate: &[0x30, 0] };
    Exchange::begin(&request, &caller, Session(1001)).unwrap().0
}

/// "Trusted, for HTTPS services, for an hour", from a server that does not clear its memory.
const ANSWER: [u8; 25] = [
    0x57, 1, 2, 0xf7, 0, 0, 3, 0xe9, 0, 15, // header
    7, 0, 1, 0, 8, 0, 1, 7, 9, 0, 4, 0, 0, 0x0e, 0x10,
];

/// The answer with one byte changed.
fn changed(place: usize, byte: u8) -> [u8; 25] {
    let mut answer = ANSWER;
    answer[place] = byte;
    answer
}

#[test]
fn sessions_count_from_1001_and_start_again() {
    let mut sessions = Sessions::default();
    assert_eq!([sessions.number(), sessions.number()], [Session(1001), Session(1002)]);
    sessions.next = u32::MAX;
    assert_eq!([sessions.number(), sessions.number()], [Session(u32::MAX), Session(1001)]);
}

#[test]
fn an_answer_in_one_piece_is_complete() {
    let mut exchange = exchange();
    assert_eq!(exchange.feed(&ANSWER), Ok(AnswerProgress::Complete));
    assert_eq!(exchange.response().unwrap().status, Status::Trusted);
}

#[test]
fn an_answer_byte_by_byte_shows_what_is_missing() {
    let mut exchange = exchange();
    for (place, byte) in ANSWER.iter().enumerate() {
        let end = if place + 1 < 10 { 10 } else { 25 };
        let expected = match end - (place + 1) {
            0 => AnswerProgress::Complete,
            more => AnswerProgress::NeedMore(more),
        };
        assert_eq!(exchange.feed(&[*byte]), Ok(expected), "{place}");
    }
    assert!(exchange.response().is_ok());
}

#[test]
fn an_early_end_is_reported_with_what_came() {
    let mut exchange = exchange();
    assert_eq!(exchange.closed(), MemberMisbehaved::Closed { expected: 10, found: 0 });
    let _ = exchange.feed(&ANSWER[..9]).unwrap();
    let closed = MemberMisbehaved::Closed { expected: 10, found: 9 };
    assert_eq!(exchange.response(), Err(closed));
    let _ = exchange.feed(&ANSWER[9..24]).unwrap();
    let closed = MemberMisbehaved::Closed { expected: 25, found: 24 };
    assert_eq!((exchange.closed(), exchange.response()), (closed, Err(closed)));
}

#[test]
fn another_protocol_or_version_ends_the_exchange() {
    let faults = [
        (0, 0x16, "protocol", Fault::Byte { expected: 0x57, found: 0x16 }),
        (1, 9, "version", Fault::Version { expected: 1, found: 9 }),
    ];
    for (place, byte, field, fault) in faults {
        let malformed = Malformed::new(place, field, fault);
        assert_eq!(
            exchange().feed(&changed(place, byte)),
            Err(MemberMisbehaved::Malformed(malformed))
        );
    }
}

#[test]
fn another_command_ends_the_exchange() {
    // All but 2, which answers a verify request; only the header has come.
    for code in [0, 1, 3, 4, 77] {
        let error = MemberMisbehaved::Command {
            expected: Command::VerifyResponse,
            found: Command::from(code),
        };
        assert_eq!(exchange().feed(&changed(2, code)[..10]), Err(error));
    }
}

#[test]
fn a_query_awaits_a_query_response() {
    let caller = caller();
    let serial = Serial::new(&[1]);
    let request = TvsRequest::Query { subject: b"CN=a", issuer: b"CN=a", serial };
    let begin = || Exchange::begin(&request, &caller, Session(1001)).unwrap().0;
    assert_eq!(begin().feed(&changed(2, 4)), Ok(AnswerProgress::Complete));
    assert!(matches!(begin().feed(&ANSWER), Err(MemberMisbehaved::Command { .. })));
}

#[test]
fn another_session_ends_the_exchange() {
    let error = MemberMisbehaved::Session { expected: Session(1001), found: Session(1002) };
    assert_eq!(exchange().feed(&changed(7, 0xea)), Err(error));
}

#[test]
fn bytes_after_the_answer_are_a_fault() {
    let mut longer = exchange();
    let answer = [&ANSWER[..], &[0]].concat();
    assert_eq!(longer.feed(&answer), Err(MemberMisbehaved::Trailing { bytes: 1 }));
    let mut later = exchange();
    assert_eq!(later.feed(&ANSWER), Ok(AnswerProgress::Complete));
    assert_eq!(later.feed(&ANSWER), Err(MemberMisbehaved::Trailing { bytes: 25 }));
}

#[test]
fn a_length_that_cuts_an_element_is_a_fault() {
    let mut exchange = exchange();
    assert_eq!(exchange.feed(&changed(9, 14)[..24]), Ok(AnswerProgress::Complete));
    let fault = Fault::LengthOverrun { expected: 3, found: 4 };
    let malformed = Malformed::new(18, "time to live", fault);
    assert_eq!(exchange.response(), Err(MemberMisbehaved::Malformed(malformed)));
}

#[test]
fn an_empty_answer_has_no_status() {
    let mut exchange = exchange();
    assert_eq!(exchange.feed(&changed(9, 0)[..10]), Ok(AnswerProgress::Complete));
    let malformed = Malformed::new(10, "status", Fault::MissingField(7));
    assert_eq!(exchange.response(), Err(MemberMisbehaved::Malformed(malformed)));
}

#[test]
fn a_repeated_element_is_a_fault() {
    let mut exchange = exchange();
    // Tag 8 becomes a second tag 7, of the same size.
    assert_eq!(exchange.feed(&changed(14, 7)), Ok(AnswerProgress::Complete));
    let malformed = Malformed::new(14, "status", Fault::DuplicateTag(7));
    assert_eq!(exchange.response(), Err(MemberMisbehaved::Malformed(malformed)));
}

proptest! {
    #[test]
    fn pieces_do_not_matter(cuts in collection::vec(0_usize..=25, 0..6)) {
        let mut cuts: Vec<_> = cuts.into_iter().chain([0, 25]).collect();
        cuts.sort_unstable();
        let mut exchange = exchange();
        let progress: Vec<_> =
            cuts.windows(2).map(|cut| exchange.feed(&ANSWER[cut[0]..cut[1]]).unwrap()).collect();
        prop_assert_eq!(progress.last(), Some(&AnswerProgress::Complete));
        assert!(exchange.response().is_ok());
    }

    #[test]
    fn any_bytes_are_survived(bytes in collection::vec(any::<u8>(), 0..60)) {
        let mut exchange = exchange();
        let mut answer = ANSWER.to_vec();
        answer.splice(10.., bytes);
        if exchange.feed(&answer).is_ok() {
            let _ = exchange.response();
        }
    }
}
