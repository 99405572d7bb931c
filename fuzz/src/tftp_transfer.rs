//! Whatever a server sends and whenever: the machine answers each event at most once, keeps to
//! the limit, never moves its own deadline past the end of patience, and ends.

use std::time::Duration;

use secd::proto::tftp::{Dally, Datagram, Ending, ReadRequest, Tid, Timing, To, Transfer};
use secd::wire::tftp::{LONGEST_REQUEST, TftpOptions};

pub(crate) fn one(input: &[u8]) {
    let Some((terms, mut events)) = input.split_first_chunk::<4>() else { return };
    let request = request(*terms);
    let mut transfer = Transfer::new(&request, Duration::ZERO).expect("the name is fit");
    assert_eq!(transfer.start().to, To::Request);
    let mut now = Duration::ZERO;
    while let Some((event, rest)) = Event::read(events) {
        events = rest;
        now += event.pause;
        let asked = transfer.tid();
        let answer = match event.what {
            What::Datagram(from, bytes) => transfer.on_datagram(from, bytes, now),
            What::Refusal => {
                transfer.on_refusal(now);
                None
            }
            What::Timer => transfer.on_timer(now),
        };
        answer.iter().for_each(fits);
        // A request without options, after a refusal of those, is answered from a port of its own.
        let again = answer.is_some_and(|answer| answer.to == To::Request);
        let learnt = transfer.tid();
        assert!(asked.is_none() || learnt == asked || (again && learnt.is_none()), "learnt once");
        assert!(transfer.received() <= request.limit);
        assert!(transfer.deadline() <= request.timing.deadline);
        if let Some(ending) = transfer.ending() {
            return ended(ending, &request, events);
        }
    }
    // A server that falls silent is given up after a known number of repetitions.
    for _ in 0..=request.timing.requests.max(request.timing.tries) {
        now = now.max(transfer.deadline());
        transfer.on_timer(now).iter().for_each(fits);
        if let Some(ending) = transfer.ending() {
            return ended(ending, &request, &[]);
        }
    }
    panic!("no end in sight");
}

fn request(terms: [u8; 4]) -> ReadRequest<'static> {
    let [limit, blksize, window, flags] = terms;
    let mut options = TftpOptions::default();
    if flags & 1 != 0 {
        options = options.with_blksize(8 + u16::from(blksize)).expect("in range");
    }
    if flags & 2 != 0 {
        options = options.with_windowsize(1 + u16::from(window)).expect("in range");
    }
    if flags & 4 != 0 {
        options = options.with_tsize();
    }
    if flags & 8 != 0 {
        options = options.with_timeout(1 + (window & 0x7f)).expect("in range");
    }
    ReadRequest { name: "file", limit: 16 * usize::from(limit), options, timing: Timing::default() }
}

fn fits(datagram: &Datagram<'_>) {
    assert!((4..=LONGEST_REQUEST).contains(&datagram.bytes.len()));
}

fn ended(ending: Ending, request: &ReadRequest<'_>, events: &[u8]) {
    match ending {
        Ok((received, dally)) => {
            assert!(received.bytes.len() <= request.limit);
            dallies(dally, events);
        }
        Err(failure) => assert!(!failure.to_string().is_empty()),
    }
}

fn dallies(mut dally: Dally, mut events: &[u8]) {
    let mut answers = 0;
    while let Some((event, rest)) = Event::read(events) {
        events = rest;
        if let What::Datagram(from, bytes) = event.what {
            answers += u32::from(dally.on_datagram(from, bytes).is_some());
        }
    }
    assert!(answers <= Timing::default().tries);
}

/// Something that happens to a transfer, after a pause.
struct Event<'a> {
    pause: Duration,
    what: What<'a>,
}

enum What<'a> {
    Datagram(Tid, &'a [u8]),
    Refusal,
    Timer,
}

impl<'a> Event<'a> {
    /// One byte says what and after which pause; a datagram has its length in the next.
    fn read(input: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = input.split_first()?;
        let pause = match head >> 4 {
            0..8 => Duration::ZERO,
            steps => Duration::from_millis(300) * u32::from(steps - 7).pow(2),
        };
        let (what, rest) = match head & 0x0f {
            0 => (What::Refusal, rest),
            1 => (What::Timer, rest),
            port => {
                let (length, rest) = rest.split_first()?;
                let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
                let stranger = u16::from(port == 2);
                (What::Datagram(Tid(4000 + stranger), bytes), rest)
            }
        };
        Some((Self { pause, what }, rest))
    }
}
