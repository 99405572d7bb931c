use super::*;

/// The answer to a question: flags, and records as they are written.
fn answer(question: &AddressQuestion, flags: u16, records: &[&[u8]]) -> Vec<u8> {
    let mut message = question.emit();
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
    records.iter().for_each(|record| message.extend_from_slice(record));
    message
}

fn v4(last: u8) -> Vec<u8> {
    [&b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02"[..], &[last]].concat()
}

fn lookup(servers: usize, attempts: usize) -> Lookup {
    let patience = Patience { servers, attempts, wait: Duration::from_secs(1) };
    Lookup::new(&DomainName::parse("cm1.lab.test").unwrap(), [7, 8], patience)
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

// Flags of an answer with recursion, and the RCODE or TC bit that each adds (RFC 1035 §4.1.1).
const GOOD: u16 = 0x8180;
const ABSENT: u16 = 0x8183;
const FAILED: u16 = 0x8182;
const CUT: u16 = 0x8380;

#[test]
fn both_kinds_are_asked_for_and_both_answers_end_it() {
    let mut lookup = lookup(1, 2);
    assert_eq!(lookup.next(at(0)), Next::Ask(0));
    assert_eq!(
        lookup.open().map(|it| (it.id, it.kind)).collect::<Vec<_>>(),
        [(7, AddressKind::A), (8, AddressKind::Aaaa)]
    );
    assert_eq!(lookup.next(at(1)), Next::Wait(at(1000)));
    let [a, aaaa] = lookup.questions.clone();
    lookup.on_message(0, &answer(&aaaa, GOOD, &[]), at(2));
    lookup.on_message(0, &answer(&a, GOOD, &[&v4(1), &v4(2)]), at(3));
    assert_eq!(lookup.next(at(3)), Next::Over);
    assert_eq!(lookup.found().unwrap().len(), 2);
}

#[test]
fn a_silent_server_is_followed_by_the_next_and_may_still_answer() {
    let mut lookup = lookup(2, 2);
    // Each server has a second before the next one is asked.
    let turns: Vec<_> = (0..4).map(|turn| lookup.next(at(turn * 1000))).collect();
    assert_eq!(turns, [Next::Ask(0), Next::Ask(1), Next::Ask(0), Next::Ask(1)]);
    let [a, aaaa] = lookup.questions.clone();
    lookup.on_message(0, &answer(&a, GOOD, &[&v4(1)]), at(3500));
    lookup.on_message(0, &answer(&aaaa, GOOD, &[]), at(3500));
    assert_eq!(lookup.next(at(3500)), Next::Over);
    assert!(lookup.found().is_ok());
}

#[test]
fn silence_ends_when_all_turns_are_over() {
    let mut lookup = lookup(1, 2);
    assert_eq!([lookup.next(at(0)), lookup.next(at(1000))], [Next::Ask(0); 2]);
    assert_eq!(lookup.next(at(1999)), Next::Wait(at(2000)));
    assert_eq!(lookup.next(at(2000)), Next::Over);
    assert_eq!(lookup.found(), Err(NotFound::Silent));
}

#[test]
fn a_server_that_fails_or_is_not_there_is_not_waited_for() {
    let mut lookup = lookup(3, 1);
    assert_eq!(lookup.next(at(0)), Next::Ask(0));
    let failed = answer(&lookup.questions[0], FAILED, &[]);
    lookup.on_message(0, &failed, at(1));
    assert_eq!(lookup.next(at(1)), Next::Ask(1));
    // A late failure of one that was asked before changes nothing.
    lookup.on_message(0, &failed, at(2));
    assert_eq!(lookup.next(at(2)), Next::Wait(at(1001)));
    lookup.on_refusal(1, at(3));
    assert_eq!(lookup.next(at(3)), Next::Ask(2));
    lookup.on_message(2, &failed, at(4));
    assert_eq!(lookup.next(at(4)), Next::Over);
    assert_eq!(lookup.found(), Err(NotFound::Failed(Code(2))));
}

#[test]
fn addresses_of_ipv4_do_not_wait_long_for_those_of_ipv6() {
    let mut lookup = lookup(2, 2);
    lookup.next(at(0));
    let found = answer(&lookup.questions[0], GOOD, &[&v4(1)]);
    lookup.on_message(0, &found, at(10));
    assert_eq!(lookup.next(at(10)), Next::Wait(at(310)));
    assert_eq!(lookup.next(at(310)), Next::Over);
    assert_eq!(lookup.found().unwrap().len(), 1);
}

#[test]
fn addresses_of_ipv6_wait_for_those_of_ipv4() {
    let mut lookup = lookup(2, 1);
    lookup.next(at(0));
    let six = [&b"\xc0\x0c\0\x1c\0\x01\0\0\0\x3c\0\x10"[..], &[0x20; 16]].concat();
    lookup.on_message(0, &answer(&lookup.questions[1].clone(), GOOD, &[&six]), at(10));
    assert_eq!(lookup.next(at(10)), Next::Wait(at(1000)));
    assert_eq!(lookup.next(at(1000)), Next::Ask(1));
    assert_eq!(lookup.open().count(), 1);
    assert_eq!(lookup.next(at(2000)), Next::Over);
    assert_eq!(lookup.found().unwrap().len(), 1);
}

#[test]
fn a_cut_answer_is_asked_for_over_tcp_and_not_for_ever() {
    let mut lookup = lookup(1, 1);
    lookup.next(at(0));
    let [a, aaaa] = lookup.questions.clone();
    lookup.on_message(0, &answer(&aaaa, GOOD, &[]), at(1));
    lookup.on_message(0, &answer(&a, CUT, &[]), at(1));
    assert_eq!(lookup.next(at(1)), Next::OverTcp(0, 0));
    lookup.on_message(0, &answer(&a, CUT, &[]), at(2));
    assert_eq!(lookup.next(at(2)), Next::OverTcp(0, 0));
    lookup.on_message(0, &answer(&a, CUT, &[]), at(3));
    assert_eq!(lookup.next(at(3)), Next::Over);
    assert_eq!(lookup.found(), Err(NotFound::Unreachable));
}

#[test]
fn a_name_that_one_kind_lacks_exists() {
    for (flags, expected) in [(GOOD, NotFound::NoAddress), (ABSENT, NotFound::NoSuchName)] {
        let mut lookup = lookup(1, 1);
        lookup.next(at(0));
        let [a, aaaa] = lookup.questions.clone();
        lookup.on_message(0, &answer(&a, ABSENT, &[]), at(1));
        lookup.on_message(0, &answer(&aaaa, flags, &[]), at(1));
        assert_eq!(lookup.found(), Err(expected));
    }
}

#[test]
fn answers_to_something_else_are_ignored() {
    let mut lookup = lookup(1, 1);
    lookup.next(at(0));
    let question = lookup.questions[0].clone();
    let other = AddressQuestion { id: 9, ..question.clone() };
    let elsewhere =
        AddressQuestion { name: DomainName::parse("cm2.lab.test").unwrap(), ..question };
    for question in [other, elsewhere] {
        lookup.on_message(0, &answer(&question, GOOD, &[&v4(66)]), at(1));
    }
    assert_eq!(lookup.next(at(1)), Next::Wait(at(1000)));
    assert_eq!(lookup.found(), Err(NotFound::Silent));
}
