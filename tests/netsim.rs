//! The TFTP machine against a simulated server over a simulated network: loss, repetition,
//! reordering and strangers, with fixed seeds and in virtual time.
//!
//! What must hold everywhere: the file is right or the failure is clear, and the number of packets
//! is bounded.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::collections::VecDeque;
use std::time::Duration;

use secd::proto::tftp::{ReadRequest, Tid, Timing, To, Transfer, TransferFailure};
use secd::wire::tftp::TftpOptions;

#[path = "netsim/network.rs"]
mod network;
#[path = "netsim/server.rs"]
mod server;

use network::{Network, Random, Weather};
use server::{Manner, Server, Terms};

const SERVER: Tid = Tid(4000);
const STRANGER: Tid = Tid(4001);

/// One transfer: what is asked, what the server makes of it, and the weather.
struct Scene {
    size: usize,
    asked: TftpOptions,
    terms: Terms,
    weather: Weather,
    seed: u64,
}

/// What became of it.
struct Report {
    outcome: Result<Vec<u8>, TransferFailure>,
    sent_by_client: usize,
    sent_by_server: usize,
    elapsed: Duration,
}

impl Report {
    fn is_right(&self, scene: &Scene) -> bool {
        match &self.outcome {
            Ok(bytes) => {
                assert!(*bytes == file(scene.size), "wrong bytes, seed {}", scene.seed);
                true
            }
            Err(TransferFailure::TimedOut { .. }) => false,
            Err(other) => panic!("{other}, seed {}", scene.seed),
        }
    }
}

fn patient() -> Timing {
    Timing {
        timeout: Duration::from_millis(500),
        longest: Duration::from_secs(2),
        tries: 10,
        deadline: Duration::from_secs(100_000),
        ..Timing::default()
    }
}

/// No byte pattern repeats from block to block, whatever the block size.
fn file(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn play(scene: &Scene) -> Report {
    let request =
        ReadRequest { name: "file", limit: scene.size, options: scene.asked, timing: patient() };
    let mut transfer = Transfer::new(&request, Duration::ZERO).unwrap();
    let mut random = Random::new(scene.seed);
    let mut server = Server::new(file(scene.size), scene.terms);
    let mut to_server = Network::new(scene.weather);
    let mut to_client = Network::new(scene.weather);
    let (mut sent_by_client, mut sent_by_server) = (1, 0);
    to_server.send(SERVER, transfer.start().bytes.to_vec(), Duration::ZERO, &mut random);
    loop {
        let next = [to_server.next(), to_client.next(), server.deadline()];
        let now = next.into_iter().flatten().chain([transfer.deadline()]).min().unwrap();
        let mut answers = VecDeque::new();
        while let Some((_, bytes)) = to_server.take(now) {
            answers.extend(server.on_datagram(&bytes, now));
        }
        answers.extend(server.on_timer(now));
        sent_by_server += answers.len();
        for bytes in answers {
            let noise = random.chance(scene.weather.strangers).then(|| random.noise(&bytes));
            to_client.send(SERVER, bytes, now, &mut random);
            if let Some(noise) = noise {
                to_client.send(STRANGER, noise, now, &mut random);
            }
        }
        while let Some((from, bytes)) = to_client.take(now) {
            // A stranger that answers first is the transfer's server; keep it out until then.
            if from == STRANGER && transfer.tid().is_none() {
                continue;
            }
            if let Some(reply) = transfer.on_datagram(from, &bytes, now) {
                if reply.to == To::Tid(STRANGER) {
                    assert_eq!(reply.bytes[..4], [0, 5, 0, 5]);
                    continue;
                }
                sent_by_client += 1;
                to_server.send(SERVER, reply.bytes.to_vec(), now, &mut random);
            }
            if let Some(ending) = transfer.ending() {
                let outcome = ending.map(|(received, _)| received.bytes);
                return Report { outcome, sent_by_client, sent_by_server, elapsed: now };
            }
        }
        if let Some(again) = transfer.on_timer(now) {
            sent_by_client += 1;
            to_server.send(SERVER, again.bytes.to_vec(), now, &mut random);
        }
        if let Some(ending) = transfer.ending() {
            let outcome = ending.map(|(received, _)| received.bytes);
            return Report { outcome, sent_by_client, sent_by_server, elapsed: now };
        }
    }
}

fn options(blksize: u16, window: u16) -> TftpOptions {
    let options = match blksize {
        512 => TftpOptions::default(),
        other => TftpOptions::default().with_blksize(other).unwrap(),
    };
    match window {
        1 => options,
        other => options.with_windowsize(other).unwrap(),
    }
}

fn terms(asked: TftpOptions) -> Terms {
    Terms { granted: asked, manner: Manner::Proper, wraps_to: 0 }
}

/// Blocks of the file and everything that may be said about each: in lock-step and without loss one
/// packet a block; a loss costs a repetition from either side.
fn bound(scene: &Scene, blocks: usize) -> usize {
    match scene.weather.loss {
        0 => blocks + 20,
        loss => 2 * blocks * 100 / (100 - usize::from(loss)) + 40,
    }
}

fn sweep(weather: impl Fn(u8) -> Weather) {
    for loss in [0, 1, 5, 10, 20, 30, 40] {
        let mut complete = 0;
        for (blksize, window) in
            [(512, 1), (8, 1), (1428, 1), (512, 2), (64, 4), (1428, 8), (32, 16)]
        {
            for seed in 0..12 {
                let asked = options(blksize, window);
                let size = usize::from(blksize) * 90 + 5 * usize::try_from(seed % 2).unwrap();
                let weather = weather(loss);
                let scene = Scene { size, asked, terms: terms(asked), weather, seed };
                let report = play(&scene);
                complete += usize::from(report.is_right(&scene));
                let sent = report.sent_by_client;
                assert!(sent <= bound(&scene, 91), "{sent} sent, loss {loss}, window {window}");
            }
        }
        assert!(loss > 20 || complete == 84, "loss {loss}: {complete} of 84 complete");
        assert!(complete > 50, "loss {loss}: {complete} of 84 complete");
    }
}

#[test]
fn files_survive_loss() {
    sweep(|loss| Weather { loss, ..Weather::FAIR });
}

#[test]
fn files_survive_loss_and_repetition() {
    sweep(|loss| Weather { loss, repetition: 20, ..Weather::FAIR });
}

#[test]
fn files_survive_loss_and_reordering() {
    sweep(|loss| Weather { loss, reordering: 20, ..Weather::FAIR });
}

#[test]
fn files_survive_strangers_and_all_the_rest() {
    sweep(|loss| Weather { loss, repetition: 20, reordering: 20, strangers: 30 });
}

#[test]
fn every_window_arrives_whole() {
    for window in 1..=16 {
        for seed in 0..10 {
            let asked = options(16, window);
            let weather = Weather { loss: 5, repetition: 5, reordering: 5, strangers: 5 };
            let scene = Scene { size: 3000, asked, terms: terms(asked), weather, seed };
            assert!(play(&scene).is_right(&scene), "window {window}");
        }
    }
}

#[test]
fn fair_weather_costs_one_ack_a_window() {
    for window in [1, 4, 16] {
        let asked = options(64, window);
        let weather = Weather::FAIR;
        let scene = Scene { size: 64 * 160, asked, terms: terms(asked), weather, seed: 1 };
        let report = play(&scene);
        assert!(report.is_right(&scene));
        // RRQ, ACK 0, the windows, and the empty block at the end.
        assert_eq!(report.sent_by_client, 3 + 160 / usize::from(window));
        assert!(report.elapsed < Duration::from_secs(1), "no timer was needed");
    }
}

#[test]
fn a_server_with_the_apprentices_bug_causes_no_storm() {
    for seed in 0..20 {
        let asked = options(512, 1);
        let terms = Terms { manner: Manner::Apprentice, ..terms(asked) };
        let weather = Weather { repetition: 10, reordering: 10, ..Weather::FAIR };
        let scene = Scene { size: 512 * 1000, asked, terms, weather, seed };
        let report = play(&scene);
        assert!(report.is_right(&scene));
        assert!(report.sent_by_client < 1200, "{} sent", report.sent_by_client);
        assert!(report.sent_by_server < 1500, "{} sent", report.sent_by_server);
    }
}

#[test]
fn a_server_that_grants_less_is_followed() {
    for (blksize, window) in [(8, 1), (100, 3), (512, 1), (1000, 15)] {
        let asked = options(1428, 16);
        let granted = Terms { granted: options(blksize, window), ..terms(asked) };
        let weather = Weather { loss: 5, ..Weather::FAIR };
        let scene = Scene { size: 5000, asked, terms: granted, weather, seed: 3 };
        assert!(play(&scene).is_right(&scene));
    }
}

#[test]
fn a_server_that_ignores_options_is_followed() {
    let asked = options(1428, 16);
    let ignored = Terms { manner: Manner::Plain, ..terms(options(512, 1)) };
    let weather = Weather { loss: 10, ..Weather::FAIR };
    let scene = Scene { size: 50_000, asked, terms: ignored, weather, seed: 4 };
    assert!(play(&scene).is_right(&scene));
}

/// Past 65535 blocks, and past twice as many.
fn wrap(window: u16, wraps_to: u16, weather: Weather, blocks: usize) {
    let asked = options(8, window);
    let terms = Terms { wraps_to, ..terms(asked) };
    let scene = Scene { size: blocks * 8 + 3, asked, terms, weather, seed: 5 };
    assert!(play(&scene).is_right(&scene), "window {window}, wrap to {wraps_to}");
}

#[test]
fn block_numbers_come_round_to_0_and_to_1() {
    for wraps_to in [0, 1] {
        for window in [1, 2, 7, 16] {
            wrap(window, wraps_to, Weather::FAIR, 65_600);
        }
        wrap(16, wraps_to, Weather::FAIR, 131_200);
    }
}

#[test]
fn block_numbers_come_round_in_bad_weather() {
    let weather = Weather { loss: 1, repetition: 2, reordering: 2, strangers: 0 };
    for wraps_to in [0, 1] {
        for window in [1, 2, 16] {
            wrap(window, wraps_to, weather, 65_600);
        }
    }
}

#[test]
fn in_a_storm_no_byte_is_wrong_after_the_wrap() {
    let weather = Weather { loss: 20, repetition: 10, reordering: 10, strangers: 0 };
    for seed in 0..4 {
        for (window, wraps_to) in [(8, 0), (8, 1)] {
            let asked = options(8, window);
            let terms = Terms { wraps_to, ..terms(asked) };
            let scene = Scene { size: 8 * 65_550 + 1, asked, terms, weather, seed };
            let _ = play(&scene).is_right(&scene);
        }
    }
}
