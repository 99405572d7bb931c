//! Transcripts: what comes in at which second, and what goes out.

use std::time::Duration;

use super::{
    Agreed, Dally, Datagram, Ending, Negotiation, ReadRequest, Received, ServerMessage,
    ServerMisbehaved, TftpOptions, Tid, Timing, To, Transfer, TransferFailure, WaitingFor,
};
use crate::wire::tftp::{BlockNumber, ErrorCode, MalformedPacket, OptionName, Packet};

const SERVER: Tid = Tid(4000);
const STRANGER: Tid = Tid(4001);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn transfer(options: TftpOptions) -> Transfer {
    limited(options, 100_000)
}

fn limited(options: TftpOptions, limit: usize) -> Transfer {
    let timing = Timing::default();
    let request = ReadRequest { name: "ITLFile.tlv", limit, options, timing };
    Transfer::new(&request, Duration::ZERO).unwrap()
}

fn blksize(bytes: u16) -> TftpOptions {
    TftpOptions::default().with_blksize(bytes).unwrap()
}

fn window(blocks: u16) -> TftpOptions {
    blksize(8).with_windowsize(blocks).unwrap()
}

fn emitted(packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    packet.emit(&mut out);
    out
}

fn data(block: u16, bytes: &[u8]) -> Vec<u8> {
    emitted(&Packet::Data { block: BlockNumber(block), bytes })
}

fn oack(options: TftpOptions) -> Vec<u8> {
    emitted(&Packet::Oack(options))
}

fn error(code: ErrorCode, message: &[u8]) -> Vec<u8> {
    emitted(&Packet::Error { code, message })
}

/// What goes out, as opcode and number, when `bytes` come from the server.
fn reply(transfer: &mut Transfer, bytes: &[u8], seconds: u64) -> Option<(u16, u16)> {
    transfer.on_datagram(SERVER, bytes, at(seconds)).map(|sent| {
        assert_eq!(sent.to, To::Tid(SERVER));
        numbers(&sent)
    })
}

fn numbers(datagram: &Datagram<'_>) -> (u16, u16) {
    let bytes = datagram.bytes;
    (u16::from_be_bytes([bytes[0], bytes[1]]), u16::from_be_bytes([bytes[2], bytes[3]]))
}

fn ack(block: u16) -> Option<(u16, u16)> {
    Some((4, block))
}

fn error_sent(code: u16) -> Option<(u16, u16)> {
    Some((5, code))
}

fn received(ending: Option<Ending>) -> (Received, Dally) {
    ending.expect("ended").expect("file")
}

fn failure(mut transfer: Transfer) -> TransferFailure {
    transfer.ending().expect("ended").expect_err("failure")
}

#[test]
fn a_plain_file_is_read_in_lock_step() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(transfer.start().bytes, b"\0\x01ITLFile.tlv\0octet\0");
    assert_eq!(reply(&mut transfer, &data(1, &[7; 512]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, b"end"), 0), ack(2));
    let (received, _) = received(transfer.ending());
    assert_eq!(received.bytes, [&[7; 512], b"end".as_slice()].concat());
    assert_eq!(received.agreed.negotiation, Negotiation::NotAsked);
}

#[test]
fn an_empty_file_is_a_file() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, b""), 0), ack(1));
    assert_eq!(received(transfer.ending()).0.bytes, b"");
}

#[test]
fn a_file_of_whole_blocks_ends_with_an_empty_one() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[7; 512]), 0), ack(1));
    assert_eq!(transfer.ending(), None);
    assert_eq!(reply(&mut transfer, &data(2, b""), 0), ack(2));
    assert_eq!(received(transfer.ending()).0.bytes, [7; 512]);
}

#[test]
fn options_granted_are_in_force() {
    let mut transfer = transfer(blksize(1024).with_tsize());
    let granted = Packet::parse(b"\0\x06tsize\x001025\0blksize\x001024\0").unwrap();
    assert_eq!(reply(&mut transfer, &emitted(&granted), 0), ack(0));
    assert_eq!(transfer.announced(), Some(1025));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 1024]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, &[2]), 0), ack(2));
    let (received, _) = received(transfer.ending());
    assert_eq!(received.bytes.len(), 1025);
    assert_eq!(received.agreed.negotiation, Negotiation::Answered);
}

#[test]
fn a_smaller_block_size_and_a_subset_are_accepted() {
    let mut transfer = transfer(blksize(1024).with_windowsize(4).unwrap());
    assert_eq!(reply(&mut transfer, &oack(blksize(16)), 0), ack(0));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 16]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, &[2]), 0), ack(2));
    assert_eq!(received(transfer.ending()).0.agreed.options, blksize(16));
}

#[test]
fn a_server_that_ignores_options_sends_plain_blocks() {
    let mut transfer = transfer(window(4));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, b""), 0), ack(2));
    let agreed = Agreed { options: TftpOptions::default(), negotiation: Negotiation::Ignored };
    assert_eq!(received(transfer.ending()).0.agreed, agreed);
}

#[test]
fn more_than_asked_is_answered_by_a_plain_request() {
    let timeout = |seconds| TftpOptions::default().with_timeout(seconds).unwrap();
    for (asked, granted) in [
        (blksize(512), blksize(513)),
        (window(4), window(5)),
        (blksize(512), window(1)),
        (timeout(3), timeout(2)),
    ] {
        let mut transfer = transfer(asked);
        expect_plain_request(&mut transfer, &oack(granted));
        // The OACK, come again, gets an ERROR that ends it.
        assert_eq!(reply(&mut transfer, &oack(granted), 0), error_sent(8));
        assert_eq!(transfer.ending(), None);
        expect_plain_file(transfer);
    }
}

#[test]
fn more_than_nothing_is_refused() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &oack(blksize(512)), 0), error_sent(8));
    assert_eq!(failure(transfer), ServerMisbehaved::OptionNotAsked(OptionName::Blksize).into());
}

#[test]
fn a_size_that_was_not_requested_is_accepted() {
    for asked in [TftpOptions::default(), blksize(512)] {
        let mut transfer = transfer(asked);
        assert_eq!(reply(&mut transfer, &oack(asked.with_tsize()), 0), ack(0));
        assert_eq!(reply(&mut transfer, &data(1, b"x"), 0), ack(1));
        assert_eq!(received(transfer.ending()).0.bytes, b"x");
    }
}

#[test]
fn a_size_of_0_or_1_is_a_placeholder() {
    for size in ["0", "1"] {
        let mut transfer = transfer(TftpOptions::default().with_tsize());
        let oack = [b"\0\x06tsize\0", size.as_bytes(), b"\0"].concat();
        assert_eq!(reply(&mut transfer, &oack, 0), ack(0));
        assert_eq!(reply(&mut transfer, &data(1, b"abc"), 0), ack(1));
        assert_eq!(received(transfer.ending()).0.bytes, b"abc");
    }
}

#[test]
fn an_oack_that_cannot_be_read_is_answered_by_a_plain_request() {
    for broken in [b"\0\x06multicast\0\0".as_slice(), b"\0\x06blksize", b"\0\x06blksize\0x\0"] {
        let mut transfer = transfer(blksize(512));
        expect_plain_request(&mut transfer, broken);
        expect_plain_file(transfer);
    }
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, b"\0\x06multicast\0\0", 0), error_sent(8));
    let malformed = MalformedPacket::OptionUnknown { offset: 2 };
    assert_eq!(failure(transfer), ServerMisbehaved::Malformed(malformed).into());
}

/// That a plain request follows at once.
#[track_caller]
fn expect_plain_request(transfer: &mut Transfer, refusal: &[u8]) {
    let again = transfer.on_datagram(SERVER, refusal, at(0)).expect("another request");
    assert_eq!(again.to, To::Request);
    assert_eq!(again.bytes, b"\0\x01ITLFile.tlv\0octet\0");
}

#[track_caller]
fn expect_plain_file(mut transfer: Transfer) {
    assert!(transfer.on_datagram(STRANGER, &data(1, b"x"), at(0)).is_some());
    assert_eq!(transfer.negotiation(), Some(Negotiation::Refused));
    assert_eq!(received(transfer.ending()).0.agreed.negotiation, Negotiation::Refused);
}

#[test]
fn refused_options_are_asked_without_once() {
    for code in [ErrorCode::Undefined, ErrorCode::IllegalOperation, ErrorCode::OptionRefused] {
        let mut transfer = transfer(blksize(1024));
        let refusal = error(code, b"no options");
        expect_plain_request(&mut transfer, &refusal);
        assert_eq!(transfer.negotiation(), None, "a plain request has had no answer yet");
        // The refusal, come twice, is not the answer to the second request.
        assert_eq!(transfer.on_datagram(SERVER, &refusal, at(0)), None);
        assert_eq!(transfer.ending(), None);
        expect_plain_file(transfer);
    }
}

#[test]
fn only_the_answer_to_the_plain_request_counts() {
    for (code, is_absent) in [(0, true), (1, true), (2, true), (3, false), (4, false), (8, false)] {
        let mut transfer = transfer(blksize(1024));
        expect_plain_request(&mut transfer, &error(ErrorCode::Undefined, b"no such file"));
        let answer = error(ErrorCode::from(code), b"no");
        assert_eq!(transfer.on_datagram(STRANGER, &answer, at(0)), None);
        let failure = failure(transfer);
        assert_eq!(matches!(failure, TransferFailure::NotFound { .. }), is_absent, "{failure}");
    }
}

#[test]
fn a_server_with_one_port_may_say_the_same_to_both_requests() {
    let mut transfer = transfer(blksize(1024));
    let refusal = error(ErrorCode::Undefined, b"no such file");
    expect_plain_request(&mut transfer, &refusal);
    assert_eq!(transfer.on_datagram(SERVER, &refusal, at(0)), None);
    assert_eq!(transfer.ending(), None);
    assert!(transfer.on_timer(at(1)).is_some());
    assert_eq!(transfer.on_datagram(SERVER, &refusal, at(1)), None);
    let code = ErrorCode::Undefined;
    let message = ServerMessage::new(b"no such file");
    assert_eq!(failure(transfer), TransferFailure::NotFound { code, message });
}

#[test]
fn an_error_after_the_oack_is_a_refusal_as_well() {
    let mut transfer = transfer(blksize(1024));
    assert_eq!(reply(&mut transfer, &oack(blksize(1024)), 0), ack(0));
    expect_plain_request(&mut transfer, &error(ErrorCode::Undefined, b""));
    expect_plain_file(transfer);
}

#[test]
fn every_second_request_into_silence_is_a_plain_one() {
    let mut transfer = transfer(blksize(1024));
    let with_options = transfer.start().bytes.to_vec();
    let plain = b"\0\x01ITLFile.tlv\0octet\0".as_slice();
    for (seconds, expected) in [(1, plain), (2, &with_options), (3, plain), (4, &with_options)] {
        assert_eq!(transfer.on_timer(at(seconds)).unwrap().bytes, expected);
    }
    assert_eq!(transfer.negotiation(), None);
    assert_eq!(reply(&mut transfer, &data(1, b"x"), 4), ack(1));
    assert_eq!(transfer.negotiation(), Some(Negotiation::Unanswered));
}

#[test]
fn an_oack_after_silence_is_still_followed() {
    let mut transfer = transfer(blksize(1024));
    assert!(transfer.on_timer(at(1)).is_some());
    assert_eq!(reply(&mut transfer, &oack(blksize(1024)), 1), ack(0));
    assert_eq!(transfer.negotiation(), Some(Negotiation::Answered));
}

#[test]
fn a_refusal_without_options_is_an_error() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &error(ErrorCode::OptionRefused, b""), 0), None);
    let message = ServerMessage::new(b"");
    let code = ErrorCode::OptionRefused;
    assert_eq!(failure(transfer), TransferFailure::ServerError { code, message });
}

#[test]
fn not_found_is_an_outcome_of_its_own() {
    for (code, said) in [
        (ErrorCode::NotFound, "file not found: no\\x1b[m"),
        (ErrorCode::AccessViolation, "file not found, as error 2: no\\x1b[m"),
        (ErrorCode::Undefined, "file not found, as error 0: no\\x1b[m"),
    ] {
        let mut transfer = transfer(TftpOptions::default());
        assert_eq!(reply(&mut transfer, &error(code, b"no\x1b[m"), 0), None);
        let failure = failure(transfer);
        assert_eq!(
            failure,
            TransferFailure::NotFound { code, message: ServerMessage::new(b"no\x1b[m") }
        );
        assert_eq!(failure.to_string(), said);
    }
}

#[test]
fn another_error_is_no_statement_about_the_file() {
    for code in [3, 4, 5, 6, 7, 8, 99].map(ErrorCode::from) {
        let mut transfer = transfer(TftpOptions::default());
        assert_eq!(reply(&mut transfer, &error(code, b""), 0), None);
        let message = ServerMessage::new(b"");
        assert_eq!(failure(transfer), TransferFailure::ServerError { code, message });
    }
}

#[test]
fn an_error_amid_the_file_is_a_failure_whatever_its_number() {
    for (code, said) in [(0, "server error 0: disk"), (1, "server error 1: disk")] {
        let mut transfer = transfer(TftpOptions::default());
        assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
        assert_eq!(reply(&mut transfer, &error(ErrorCode::from(code), b"disk"), 0), None);
        assert_eq!(failure(transfer).to_string(), said);
    }
}

#[test]
fn a_stranger_gets_an_error_and_disturbs_nothing() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    for bytes in [data(2, b"bad"), oack(blksize(8)), b"\0".to_vec()] {
        let sent = transfer.on_datagram(STRANGER, &bytes, at(0)).unwrap();
        assert_eq!((sent.to, numbers(&sent)), (To::Tid(STRANGER), (5, 5)));
    }
    // Two programs that answer each other's errors would never stop.
    let silenced = error(ErrorCode::NotFound, b"");
    assert_eq!(transfer.on_datagram(STRANGER, &silenced, at(0)), None);
    assert_eq!(transfer.ending(), None);
    assert_eq!(reply(&mut transfer, &data(2, b"good"), 0), ack(2));
    assert!(received(transfer.ending()).0.bytes.ends_with(b"good"));
}

#[test]
fn what_cannot_be_a_first_answer_is_passed_over() {
    let mut transfer = transfer(TftpOptions::default());
    for bytes in [data(2, b"x"), b"\0\x04\0\x01".to_vec(), b"\0\x01".to_vec(), Vec::new()] {
        assert_eq!(reply(&mut transfer, &bytes, 0), None);
    }
    assert_eq!(transfer.ending(), None);
    assert_eq!(transfer.tid(), None);
}

/// What is said at the end of a transfer that was given up.
fn last_words(mut transfer: Transfer) -> String {
    while transfer.ending.is_none() {
        let due = transfer.deadline();
        transfer.on_timer(due);
    }
    failure(transfer).to_string()
}

#[test]
fn a_server_that_answers_wrongly_is_not_called_silent() {
    for (bytes, came) in [
        (data(2, b"x"), "block 2 before block 1"),
        (b"\0\x04\0\x01".to_vec(), "an ACK"),
        (b"\0\x01".to_vec(), "a malformed packet (opcode 1 at offset 0, expected 3 to 6)"),
        (Vec::new(), "a malformed packet (0 bytes at offset 0, expected 2)"),
    ] {
        let mut transfer = transfer(TftpOptions::default());
        assert_eq!(reply(&mut transfer, &bytes, 0), None);
        assert_eq!(last_words(transfer), format!("timed out, its only answer is {came}"));
    }
    assert_eq!(last_words(transfer(TftpOptions::default())), "timed out, no answer");
    let mut refusing = transfer(blksize(1024));
    let refusal = error(ErrorCode::OptionRefused, b"");
    assert!(refusing.on_datagram(SERVER, &refusal, at(0)).is_some());
    let words = "timed out, it refused a request with options and did not answer one without";
    assert_eq!(last_words(refusing), words);
}

#[test]
fn a_server_that_repeats_a_block_is_not_called_silent() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(last_words(transfer), "timed out, the block after block 1 did not come");
}

#[test]
fn a_server_that_falls_silent_before_the_deadline_is_not_called_slow() {
    let timing = Timing { deadline: at(3), ..Timing::default() };
    let options = TftpOptions::default();
    let request = ReadRequest { name: "a", limit: 1000, options, timing };
    let mut transfer = Transfer::new(&request, Duration::ZERO).unwrap();
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(last_words(transfer), "timed out, the block after block 1 did not come");
}

#[test]
fn a_request_is_repeated_each_second_and_given_up_after_nine() {
    let mut transfer = transfer(TftpOptions::default());
    let first = transfer.start().bytes.to_vec();
    for due in 1..9 {
        assert_eq!(transfer.deadline(), at(due));
        assert_eq!(transfer.on_timer(at(due - 1)), None);
        let again = transfer.on_timer(at(due)).unwrap();
        assert_eq!((again.to, again.bytes), (To::Request, first.as_slice()));
    }
    assert_eq!(transfer.deadline(), at(9));
    assert_eq!(transfer.on_timer(at(9)), None);
    assert_eq!(failure(transfer), TransferFailure::TimedOut { waiting: WaitingFor::Answer });
}

#[test]
fn a_lost_block_is_asked_for_again_by_its_predecessor() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    let mut sent = Vec::new();
    let last = loop {
        let due = transfer.deadline();
        match transfer.on_timer(due).map(|sent| numbers(&sent)) {
            again if again == ack(1) => sent.push(due.as_millis()),
            last => break (due.as_millis(), last),
        }
    };
    // 0.3 s, doubled each time, and 2 s at most.
    assert_eq!(sent, [300, 900, 2100, 4100, 6100]);
    assert_eq!(last, (8100, error_sent(0)));
    let waiting = WaitingFor::Block(BlockNumber(1));
    assert_eq!(failure(transfer), TransferFailure::TimedOut { waiting });
}

#[test]
fn a_dripping_server_meets_the_deadline() {
    let mut transfer = transfer(TftpOptions::default());
    for block in 1..30 {
        let seconds = u64::from(block) * 2;
        assert_eq!(reply(&mut transfer, &data(block, &[1; 512]), seconds), ack(block));
        assert_eq!(transfer.on_timer(at(seconds)), None);
    }
    assert_eq!(transfer.deadline(), at(60));
    assert_eq!(transfer.on_timer(at(60)).map(|sent| numbers(&sent)), error_sent(0));
    assert_eq!(failure(transfer), TransferFailure::TimedOut { waiting: WaitingFor::End });
}

#[test]
fn repeated_blocks_get_one_ack_a_repetition() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 1), ack(1));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 1), None);
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 2), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, &[2; 512]), 2), ack(2));
    assert_eq!(reply(&mut transfer, &data(2, &[2; 512]), 2), None);
    assert_eq!(reply(&mut transfer, &data(2, &[2; 512]), 3), ack(2));
    assert_eq!(transfer.received(), 1024);
}

#[test]
fn repetitions_do_not_put_the_timer_off() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    let due = transfer.deadline();
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(transfer.deadline(), due);
}

#[test]
fn a_repeated_oack_is_acknowledged_again() {
    let mut transfer = transfer(blksize(8));
    assert_eq!(reply(&mut transfer, &oack(blksize(8)), 0), ack(0));
    assert_eq!(reply(&mut transfer, &oack(blksize(8)), 1), ack(0));
    assert_eq!(reply(&mut transfer, &oack(blksize(8)), 1), None);
    assert_eq!(reply(&mut transfer, &data(1, &[1; 8]), 2), ack(1));
    // After a block it can only be late.
    assert_eq!(reply(&mut transfer, &oack(blksize(8)), 9), None);
}

#[test]
fn a_window_is_acknowledged_at_its_end() {
    let mut transfer = transfer(window(3));
    assert_eq!(reply(&mut transfer, &oack(window(3)), 0), ack(0));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 8]), 0), None);
    assert_eq!(reply(&mut transfer, &data(2, &[2; 8]), 0), None);
    assert_eq!(reply(&mut transfer, &data(3, &[3; 8]), 0), ack(3));
    assert_eq!(reply(&mut transfer, &data(4, &[4; 7]), 0), ack(4));
    assert_eq!(received(transfer.ending()).0.bytes.len(), 31);
}

#[test]
fn a_gap_is_acknowledged_once_and_the_window_begins_after_it() {
    let mut transfer = transfer(window(4));
    assert_eq!(reply(&mut transfer, &oack(window(4)), 0), ack(0));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 8]), 0), None);
    assert_eq!(reply(&mut transfer, &data(3, &[3; 8]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(4, &[4; 8]), 0), None);
    // The server has gone back: block 2 opens a window of four, which 5 closes.
    for block in 2..5 {
        assert_eq!(reply(&mut transfer, &data(block, &[2; 8]), 0), None);
    }
    assert_eq!(reply(&mut transfer, &data(5, &[2; 8]), 0), ack(5));
    assert_eq!(transfer.received(), 40);
}

#[test]
fn a_repetition_amid_a_window_is_not_acknowledged() {
    let mut transfer = transfer(window(4));
    assert_eq!(reply(&mut transfer, &oack(window(4)), 0), ack(0));
    assert_eq!(reply(&mut transfer, &data(1, &[1; 8]), 0), None);
    assert_eq!(reply(&mut transfer, &data(1, &[1; 8]), 9), None);
}

#[test]
fn a_file_may_have_exactly_the_limit() {
    let mut transfer = limited(TftpOptions::default(), 515);
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, b"end"), 0), ack(2));
    assert!(transfer.ending().unwrap().is_ok());
}

#[test]
fn a_file_that_outgrows_the_limit_is_too_large() {
    let mut transfer = limited(TftpOptions::default(), 514);
    assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
    assert_eq!(reply(&mut transfer, &data(2, b"end"), 0), error_sent(3));
    assert_eq!(failure(transfer), TransferFailure::TooLarge { limit: 514, announced: None });
}

#[test]
fn a_size_announced_beyond_the_limit_is_too_large_at_once() {
    for (announced, bytes) in [(515, "515"), (u64::MAX, "18446744073709551615")] {
        let mut transfer = limited(TftpOptions::default().with_tsize(), 514);
        let oack = [b"\0\x06tsize\0", bytes.as_bytes(), b"\0"].concat();
        assert_eq!(reply(&mut transfer, &oack, 0), error_sent(3));
        let announced = Some(announced);
        assert_eq!(failure(transfer), TransferFailure::TooLarge { limit: 514, announced });
    }
}

#[test]
fn a_size_that_lies_fails_either_way() {
    for (last, received) in [(b"ab".as_slice(), 514), (b"abcd", 516)] {
        let mut transfer = transfer(TftpOptions::default().with_tsize());
        assert_eq!(reply(&mut transfer, b"\0\x06tsize\x00515\0", 0), ack(0));
        assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
        assert_eq!(reply(&mut transfer, &data(2, last), 0), error_sent(0));
        let differs = ServerMisbehaved::SizeDiffers { announced: 515, received };
        assert_eq!(failure(transfer), differs.into());
    }
}

#[test]
fn a_block_longer_than_agreed_is_misbehaviour() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, &[1; 513]), 0), error_sent(4));
    let block = BlockNumber(1);
    assert_eq!(failure(transfer), ServerMisbehaved::BlockTooLong { block, blksize: 512 }.into());
}

#[test]
fn nonsense_from_the_server_ends_the_transfer() {
    for (bytes, how) in [
        (b"\0\x04\0\x01".as_slice(), ServerMisbehaved::UnexpectedAck),
        (b"\0\x09", ServerMisbehaved::Malformed(MalformedPacket::Opcode { offset: 0, found: 9 })),
    ] {
        let mut transfer = transfer(TftpOptions::default());
        assert_eq!(reply(&mut transfer, &data(1, &[1; 512]), 0), ack(1));
        assert_eq!(reply(&mut transfer, bytes, 0), error_sent(4));
        assert_eq!(failure(transfer), how.into());
    }
}

#[test]
fn a_refused_port_is_tried_twice_more() {
    let mut transfer = transfer(TftpOptions::default());
    let pause = Timing::default().refusal_pause;
    let mut now = Duration::ZERO;
    for _ in 0..2 {
        transfer.on_refusal(now);
        now += pause;
        assert_eq!(transfer.deadline(), now);
        assert_eq!(transfer.on_timer(now).map(|sent| sent.to), Some(To::Request));
    }
    transfer.on_refusal(now);
    assert_eq!(failure(transfer), TransferFailure::Unreachable);
}

#[test]
fn a_refused_port_is_unreachable_though_no_try_is_left() {
    let timing = Timing { requests: 1, ..Timing::default() };
    let request = ReadRequest { name: "a", limit: 1, options: TftpOptions::default(), timing };
    let mut transfer = Transfer::new(&request, Duration::ZERO).unwrap();
    transfer.on_refusal(Duration::ZERO);
    assert_eq!(transfer.on_timer(timing.refusal_pause), None);
    assert_eq!(failure(transfer), TransferFailure::Unreachable);
}

#[test]
fn the_last_block_is_acknowledged_again_after_the_end() {
    let mut transfer = transfer(TftpOptions::default());
    assert_eq!(reply(&mut transfer, &data(1, b"x"), 0), ack(1));
    let (_, mut dally) = received(transfer.ending());
    assert_eq!(dally.deadline(), Some(at(5)));
    assert_eq!(dally.on_datagram(STRANGER, &data(1, b"x")), None);
    assert_eq!(dally.on_datagram(SERVER, &data(2, b"x")), None);
    for _ in 0..Timing::default().tries {
        let again = dally.on_datagram(SERVER, &data(1, b"x")).map(|sent| numbers(&sent));
        assert_eq!(again, ack(1));
    }
    assert_eq!(dally.on_datagram(SERVER, &data(1, b"x")), None);
    assert_eq!(dally.deadline(), None);
}

#[test]
fn one_byte_more_than_a_block_is_taken_from_the_socket() {
    assert_eq!(transfer(blksize(8)).longest_datagram(), 517);
    assert_eq!(transfer(blksize(1428)).longest_datagram(), 1433);
}
