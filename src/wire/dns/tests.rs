use super::settings::{ResolverSettings, listed, reserved};
use super::*;
use alloc::string::ToString;
use alloc::vec;

fn question(kind: AddressKind) -> AddressQuestion {
    AddressQuestion { id: 0x1234, name: DomainName::parse("cm1.Lab.test").unwrap(), kind }
}

/// An answer with one question and these records.
fn answer(kind: AddressKind, flags: u16, records: &[&[u8]]) -> Vec<u8> {
    let mut message = question(kind).emit();
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
    records.iter().for_each(|record| message.extend_from_slice(record));
    message
}

/// A record of the name that was asked for.
fn record(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    [&[0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, length], value].concat()
}

// An answer, recursion desired and available, no error.
const GOOD: u16 = 0x8180;

#[test]
fn a_question_is_sent_in_lower_case() {
    let expected = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03cm1\x03lab\x04test\0\0\x1c\0\x01";
    assert_eq!(question(AddressKind::Aaaa).emit(), expected);
}

#[test]
fn addresses_of_the_kind_that_was_asked_for_are_found() {
    let (four, six) = (record(1, &[192, 0, 2, 1]), record(28, &[0x20; 16]));
    let both: [&[u8]; 2] = [&four, &six];
    let found = question(AddressKind::A).answer(&answer(AddressKind::A, GOOD, &both));
    assert_eq!(found, Ok(DnsAnswer::Addresses(vec![[192, 0, 2, 1].into()])));
    let found = question(AddressKind::Aaaa).answer(&answer(AddressKind::Aaaa, GOOD, &both));
    assert_eq!(found, Ok(DnsAnswer::Addresses(vec![[0x20_u8; 16].into()])));
}

#[test]
fn aliases_lead_to_addresses_in_any_order() {
    let alias = record(5, b"\x03www\xc0\x10");
    let target = b"\x03WWW\xc0\x10\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";
    for records in [[&alias[..], &target[..]], [&target[..], &alias[..]]] {
        let found = question(AddressKind::A).answer(&answer(AddressKind::A, GOOD, &records));
        assert_eq!(found, Ok(DnsAnswer::Addresses(vec![[192, 0, 2, 7].into()])));
    }
    // An address of a name that no alias leads to.
    let found = question(AddressKind::A).answer(&answer(AddressKind::A, GOOD, &[target]));
    assert_eq!(found, Ok(DnsAnswer::NoAddress));
}

#[test]
fn aliases_in_a_circle_lead_nowhere() {
    let itself = record(5, b"\xc0\x0c");
    let found = question(AddressKind::A).answer(&answer(AddressKind::A, GOOD, &[&itself]));
    assert_eq!(found, Ok(DnsAnswer::NoAddress));
}

#[test]
fn the_flags_say_what_an_empty_answer_means() {
    for (flags, expected) in [
        (GOOD, DnsAnswer::NoAddress),
        // Authoritative, without recursion.
        (0x8400, DnsAnswer::NoAddress),
        (0x8183, DnsAnswer::NoSuchName),
        (0x8182, DnsAnswer::Failed(Code(2))),
        (0x8105, DnsAnswer::Failed(Code(5))),
        (0x8100, DnsAnswer::Failed(Code(0))),
        (0x8380, DnsAnswer::Truncated),
    ] {
        assert_eq!(
            question(AddressKind::A).answer(&answer(AddressKind::A, flags, &[])),
            Ok(expected)
        );
    }
}

#[test]
fn an_answer_to_something_else_comes_from_a_stranger() {
    let good = answer(AddressKind::A, GOOD, &[&record(1, &[192, 0, 2, 1])]);
    assert!(question(AddressKind::A).answer(&good).is_ok());
    // The number, that it is an answer, the operation, how many questions, the name, the kind, the
    // class.
    for at in [0, 1, 2, 5, 13, 27, 29] {
        let mut other = good.clone();
        other[at] ^= if at == 2 { 0x88 } else { 0x04 };
        let answer = question(AddressKind::A).answer(&other);
        assert_eq!(answer, Err(NotAnAnswer::Stranger), "byte {at}");
    }
    for length in 0..30 {
        assert_eq!(question(AddressKind::A).answer(&good[..length]), Err(NotAnAnswer::Stranger));
    }
}

#[test]
fn what_is_cut_or_points_forward_is_malformed() {
    let good = answer(AddressKind::A, GOOD, &[&record(1, &[192, 0, 2, 1])]);
    for length in 30..good.len() {
        let cut = question(AddressKind::A).answer(&good[..length]);
        assert_eq!(cut, Err(NotAnAnswer::Malformed), "{length}");
    }
    // To itself, behind itself, a length of no kind, an address of another size.
    let itself = b"\xc0\x1e\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";
    let forward = b"\xc0\x20\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";
    let odd = b"\x80\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";
    for record in [&itself[..], forward, odd, &record(1, &[1, 2, 3]), &record(28, &[1; 15])] {
        let read = question(AddressKind::A).answer(&answer(AddressKind::A, GOOD, &[record]));
        assert_eq!(read, Err(NotAnAnswer::Malformed), "{record:?}");
    }
}

#[test]
fn a_chain_of_pointers_has_an_end() {
    let mut message = question(AddressKind::A).emit();
    message[2..4].copy_from_slice(&GOOD.to_be_bytes());
    message[6..8].copy_from_slice(&[0, 2]);
    // A record of another kind whose value is one pointer after another.
    // Behind the owner's pointer, type, class, TTL and length, which take 12 bytes.
    let start = u8::try_from(message.len()).unwrap() + 12;
    message.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 2, 88]);
    for at in 0..300_u16 {
        let before = if at == 0 { 12 } else { u16::from(start) + 2 * (at - 1) };
        message.extend_from_slice(&(0xc000 | before).to_be_bytes());
    }
    let last = (0xc000 | (u16::from(start) + 2 * 299)).to_be_bytes();
    message.extend_from_slice(&last);
    message.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    assert_eq!(question(AddressKind::A).answer(&message), Err(NotAnAnswer::Malformed));
}

#[test]
fn a_name_has_labels_of_63_bytes_and_255_in_all() {
    let label = "a".repeat(63);
    assert!(DomainName::parse(&label).is_some());
    assert!(DomainName::parse(&(label.clone() + "a")).is_none());
    let long = [label.as_str(); 3].join(".");
    assert_eq!(
        DomainName::parse(&(long.clone() + "." + &"b".repeat(61))).unwrap().bytes().len(),
        255
    );
    assert!(DomainName::parse(&(long + "." + &"b".repeat(62))).is_none());
    assert!(DomainName::parse("a..b").is_none());
    assert!(DomainName::parse("").is_none());
    assert_eq!(DomainName::parse("a.b."), DomainName::parse("A.B"));
}

#[test]
fn servers_and_options_are_read_and_the_rest_is_not() {
    let settings = ResolverSettings::parse(
        "# a comment\nnameserver 192.0.2.1\nnameserver nonsense\nnameserver fe80::1%eth0\n\
         nameserver [127.0.0.1]:5353\nnameserver 192.0.2.4\n; another\n\
         search lab.test example.test\noptions rotate timeout:3 attempts:9 ndots:2 edns0\n",
    );
    let servers: Vec<_> = settings.servers.iter().map(|it| (it.ip.to_string(), it.port)).collect();
    let expected = [("192.0.2.1", 53), ("fe80::1", 53), ("127.0.0.1", 5353)];
    assert_eq!(servers, expected.map(|(ip, port)| (ip.to_string(), port)));
    assert_eq!(settings.servers[1].zone.as_deref(), Some("eth0"));
    assert_eq!((settings.timeout, settings.attempts), (3, 5));
    let names = |name| settings.candidates(name).len();
    assert_eq!((names("cm1"), names("cm1."), names("a.b.c")), (3, 1, 3));
    assert_eq!(settings.candidates("cm1")[0], DomainName::parse("cm1.lab.test").unwrap());
    assert_eq!(settings.candidates("a.b.c")[0], DomainName::parse("a.b.c").unwrap());
}

#[test]
fn without_a_server_this_host_is_asked() {
    let settings = ResolverSettings::parse("options timeout:0\n");
    assert_eq!(settings.servers[0].ip.to_string(), "127.0.0.1");
    assert_eq!((settings.timeout, settings.attempts), (1, 2));
    assert_eq!(settings.candidates("cm1").len(), 1);
}

#[test]
fn a_host_may_have_several_addresses_and_names() {
    let hosts = "127.0.0.1 localhost # cm1\n192.0.2.1\tcm1.lab.test CM1\n2001:db8::1 cm1\nx cm1\n";
    let found = |name| listed(hosts, name).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(found("cm1"), ["192.0.2.1", "2001:db8::1"]);
    assert_eq!(found("cm1.lab.test."), ["192.0.2.1"]);
    assert!(found("cm").is_empty());
}

#[test]
fn no_server_is_asked_about_reserved_names() {
    assert_eq!(reserved("localhost").unwrap().len(), 2);
    assert_eq!(reserved("nowhere.INVALID."), Some(vec![]));
    assert_eq!(reserved("cm1.lab.test"), None);
}
