use proptest::prelude::{any, proptest};

use super::{
    BlockNumber, ErrorCode, MalformedPacket, OptionName, Packet, Rrq, TftpOptions, UnfitName,
};

fn emitted(packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    packet.emit(&mut out);
    out
}

fn request(name: &str, options: TftpOptions) -> Vec<u8> {
    let mut out = Vec::new();
    Rrq::new(name).unwrap().emit(&options, &mut out);
    out
}

#[test]
fn a_plain_request_has_the_length_of_the_captured_one() {
    let bytes = request("CTLSEP00260BD6FA21.tlv", TftpOptions::default());
    assert_eq!(bytes, b"\0\x01CTLSEP00260BD6FA21.tlv\0octet\0");
    // Headers of Ethernet, IPv4 and UDP.
    assert_eq!(14 + 20 + 8 + bytes.len(), 73);
}

#[test]
fn options_follow_the_mode() {
    let options = TftpOptions::default().with_tsize().with_blksize(1428).unwrap();
    let options = options.with_windowsize(16).unwrap().with_timeout(3).unwrap();
    assert_eq!(
        request("a", options),
        b"\0\x01a\0octet\0blksize\x001428\0timeout\x003\0tsize\x000\0windowsize\x0016\0"
    );
}

#[test]
fn the_longest_request_fits_512_bytes() {
    let options = TftpOptions::default().with_tsize().with_blksize(65_464).unwrap();
    let options = options.with_windowsize(32_767).unwrap().with_timeout(255).unwrap();
    assert!(request(&"n".repeat(super::LONGEST_NAME), options).len() <= super::LONGEST_REQUEST);
}

#[test]
fn a_name_that_would_break_the_request_is_unfit() {
    assert_eq!(Rrq::new("a\0octet"), Err(UnfitName::Character { offset: 1 }));
    assert_eq!(Rrq::new("é"), Err(UnfitName::Character { offset: 0 }));
    assert_eq!(Rrq::new(""), Err(UnfitName::Length { found: 0 }));
    assert_eq!(Rrq::new(&"n".repeat(451)), Err(UnfitName::Length { found: 451 }));
}

#[test]
fn data_may_be_empty() {
    let packet = Packet::Data { block: BlockNumber(0x102), bytes: b"" };
    assert_eq!(Packet::parse(b"\0\x03\x01\x02"), Ok(packet));
}

#[test]
fn an_error_message_ends_at_its_zero_or_at_the_end() {
    let packet = Packet::Error { code: ErrorCode::NotFound, message: b"no" };
    assert_eq!(Packet::parse(b"\0\x05\0\x01no\0rest"), Ok(packet));
    assert_eq!(Packet::parse(b"\0\x05\0\x01no"), Ok(packet));
}

#[test]
fn an_unheard_of_error_code_is_kept() {
    let packet = Packet::Error { code: ErrorCode::Unknown(99), message: b"" };
    assert_eq!(Packet::parse(b"\0\x05\0\x63\0"), Ok(packet));
}

#[test]
fn option_names_are_not_case_sensitive() {
    let options = TftpOptions::default().with_blksize(1024).unwrap();
    assert_eq!(Packet::parse(b"\0\x06BlkSize\x001024\0"), Ok(Packet::Oack(options)));
}

#[test]
fn short_packets_are_truncated() {
    let truncated = |offset, found| Err(MalformedPacket::Truncated { offset, expected: 2, found });
    assert_eq!(Packet::parse(b""), truncated(0, 0));
    assert_eq!(Packet::parse(b"\0"), truncated(0, 1));
    assert_eq!(Packet::parse(b"\0\x03\0"), truncated(2, 1));
    assert_eq!(Packet::parse(b"\0\x05"), truncated(2, 0));
}

#[test]
fn requests_are_not_for_a_reader() {
    let found = Err(MalformedPacket::Opcode { offset: 0, found: 1 });
    assert_eq!(Packet::parse(b"\0\x01a\0octet\0"), found);
}

#[test]
fn a_bad_option_is_named_with_its_offset() {
    let option = OptionName::Blksize;
    let cases: [(&[u8], MalformedPacket); 9] = [
        (b"\0\x06blksize", MalformedPacket::Unterminated { offset: 2 }),
        (b"\0\x06blksize\0", MalformedPacket::Unterminated { offset: 10 }),
        (b"\0\x06blksize\x00512", MalformedPacket::Unterminated { offset: 10 }),
        (b"\0\x06blksize\x007\0", MalformedPacket::OptionValue { offset: 10, option }),
        (b"\0\x06blksize\x0070000\0", MalformedPacket::OptionValue { offset: 10, option }),
        (b"\0\x06blksize\0+512\0", MalformedPacket::OptionValue { offset: 10, option }),
        (b"\0\x06blksize\0\0", MalformedPacket::OptionValue { offset: 10, option }),
        (
            b"\0\x06blksize\x008\0blksize\x008\0",
            MalformedPacket::OptionRepeated { offset: 12, option },
        ),
        (b"\0\x06multicast\0\0", MalformedPacket::OptionUnknown { offset: 2 }),
    ];
    for (bytes, malformed) in cases {
        assert_eq!(Packet::parse(bytes), Err(malformed), "{bytes:?}");
        assert_eq!(malformed.code(), ErrorCode::OptionRefused);
    }
}

#[test]
fn zeros_behind_the_options_and_blanks_around_a_value_are_passed_over() {
    let options = TftpOptions::default().with_blksize(1428).unwrap();
    for oack in [
        b"\0\x06blksize\x001428\0\0\0\0\0".as_slice(),
        b"\0\x06blksize\0 1428\0",
        b"\0\x06blksize\x001428 \0",
    ] {
        assert_eq!(Packet::parse(oack), Ok(Packet::Oack(options)), "{oack:?}");
    }
    let inside = MalformedPacket::OptionUnknown { offset: 15 };
    assert_eq!(Packet::parse(b"\0\x06blksize\x001428\0\0tsize\x005\0"), Err(inside));
}

#[test]
fn a_size_past_64_bits_is_out_of_range() {
    let malformed = MalformedPacket::OptionValue { offset: 8, option: OptionName::Tsize };
    assert_eq!(Packet::parse(b"\0\x06tsize\x0018446744073709551616\0"), Err(malformed));
}

#[test]
fn every_error_code_survives_the_wire() {
    for code in 0..=u16::MAX {
        assert_eq!(ErrorCode::from(code).code(), code);
    }
}

proptest! {
    #[test]
    fn what_is_parsed_and_emitted_parses_the_same(bytes in any::<Vec<u8>>(), opcode in 0_u8..8) {
        let datagram = [&[0, opcode], bytes.as_slice()].concat();
        if let Ok(packet) = Packet::parse(&datagram) {
            assert_eq!(Packet::parse(&emitted(&packet)), Ok(packet));
        }
    }
}
