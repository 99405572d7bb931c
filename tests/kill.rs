//! The agent, killed at random moments of an install, leaves the old or the new behind.

mod support;

use std::fs;
use std::thread;
use std::time::Duration;

use secd::io::store::{Loaded, Slot, Store};
use secd::trust::signature::sha256;
use secd_lab::cluster::{Cluster, Files, Security, Service, Setup, Signer};
use secd_lab::tftp::Server;
use support::PATIENCE;
use support::agent::Agent;
use support::log::shown;
use support::phone::{DEVICE, Phone, SAME_USER};

/// Kills in all, on two phones side by side.
const KILLS: usize = 200;
const PHONES: usize = 2;
/// Kills until the phone is exchanged for one that has nothing installed.
const LIFE: usize = 20;
/// In each of so many rounds, one begins with a store as version 0.1.0 leaves it: an upgrade is
/// killed.
const UPGRADE: usize = 3;

/// What is installed, in the order in which a pass installs it.
const ORDER: [Slot; 3] = [Slot::Ctl, Slot::Itl, Slot::Configuration];

/// Two states of one cluster that a phone may be led back and forth between.
fn states() -> [State; 2] {
    let mut cluster = Cluster::new(Setup::default());
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    let first = State::of(&cluster);
    cluster.regenerate(0, Service::Tvs);
    cluster.regenerate(0, Service::Capf);
    "<!-- another -->".clone_into(&mut cluster.config_extra);
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    [first, State::of(&cluster)]
}

struct State {
    files: Files,
    /// What the slots hold, in their order.
    slots: [Vec<u8>; 3],
}

impl State {
    fn of(cluster: &Cluster) -> Self {
        let files = cluster.files();
        let list = |kind: &str| files[&format!("{kind}{DEVICE}.tlv")].clone();
        let slots = [list("CTL"), list("ITL"), cluster.config().xml().into_bytes()];
        Self { files, slots }
    }
}

/// Which state each slot is in; `None`: nothing was ever installed.
type Found = [Option<usize>; 3];

/// Reads the store without the agent. Damage of any kind ends the test.
#[track_caller]
fn found(phone: &Phone, states: &[State; 2]) -> Found {
    put_right(phone, states).0
}

/// The same, and how much a crash had left that was put right on the way.
#[track_caller]
fn put_right(phone: &Phone, states: &[State; 2]) -> (Found, usize) {
    let (store, warnings) = Store::open(phone.state()).expect("a store");
    let mut found = [None; 3];
    for (place, slot) in ORDER.into_iter().enumerate() {
        found[place] = match store.load(slot) {
            Loaded::Absent => None,
            Loaded::Current(entry) => {
                let state = states.iter().position(|state| state.slots[place] == *entry.bytes);
                Some(state.unwrap_or_else(|| panic!("{slot} is neither of the two")))
            }
            other => panic!("{slot}: {other:?}"),
        };
    }
    (found, warnings.len())
}

/// The moments of a whole pass.
struct Window {
    pass: Duration,
    install: Duration,
}

const VERIFIED: &str = "validate_file_envelope: File sign verify SUCCESS";

/// Waits for a line, and says how long after the start it came.
#[track_caller]
fn reached(agent: &Agent, text: &str) -> Duration {
    let line = agent.log.find(0, PATIENCE, |line| line.text.starts_with(text));
    assert!(line.is_some(), "{text}:\n{}", shown(&agent.log.from(0)));
    agent.start.elapsed()
}

impl Window {
    fn measure(phone: &Phone, server: &Server, states: &[State; 2]) -> Self {
        let mut window = Self { pass: Duration::MAX, install: Duration::MAX };
        for state in [0, 1, 0] {
            server.serve(states[state].files.clone());
            let agent = Agent::start(phone);
            let verified = reached(&agent, VERIFIED);
            let done = reached(&agent, "refresh: done");
            window.pass = window.pass.min(done);
            window.install = window.install.min(done.saturating_sub(verified));
        }
        window
    }
}

/// Splitmix64: the spread matters, not the quality.
struct Luck(u64);

impl Luck {
    fn part(&mut self, of: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut next = self.0;
        next = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        next = (next ^ (next >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        of * u32::try_from((next ^ (next >> 31)) >> 40).expect("24 bits") / (1 << 24)
    }
}

/// How often a slot was found in the state that was being installed, and in the one before.
#[derive(Debug, Default)]
struct Count {
    kills: usize,
    old: usize,
    partly: usize,
    new: usize,
    put_right: usize,
}

/// Starts the agent on `state`, and kills it at a random moment: of the whole pass, or of the
/// installs alone.
fn kill(phone: &Phone, round: usize, window: &Window, luck: &mut Luck) {
    let mut agent = Agent::start(phone);
    let moment = if round % 2 == 0 {
        luck.part(window.pass)
    } else {
        reached(&agent, VERIFIED);
        luck.part(window.install)
    };
    pause(moment);
    agent.kill();
}

/// It is no wait for anything: any moment will do.
#[expect(clippy::disallowed_methods, reason = "a random moment, not a wait for something")]
fn pause(moment: Duration) {
    thread::sleep(moment);
}

/// The old or the new, each slot whole, and none new before those that come first in a pass.
#[track_caller]
fn expect_old_or_new(before: Found, after: Found, new: usize) {
    for (before, after) in before.iter().zip(after) {
        assert!(after == *before || after == Some(new), "{before:?} became {after:?}, not {new}");
    }
    let due = before.iter().zip(after).filter(|(before, _)| **before != Some(new));
    let installed: Vec<bool> = due.map(|(_, after)| after == Some(new)).collect();
    assert!(installed.is_sorted_by_key(|installed| !installed), "{before:?} became {after:?}");
}

/// The next start has the same lists in force: what is served is what is installed.
#[track_caller]
fn expect_same_at_next_start(phone: &Phone, server: &Server, states: &[State; 2], found: Found) {
    let (Some(ctl), Some(itl), _) = (found[0], found[1], found[2]) else { return };
    let mut files = states[ctl].files.clone();
    files.retain(|name, _| !name.starts_with("ITL"));
    files.insert(format!("ITL{DEVICE}.tlv"), states[itl].slots[1].clone());
    server.serve(files);
    let mut agent = Agent::start(phone);
    let lines = agent.pass();
    let count = |text: &str| lines.iter().filter(|line| line.text.contains(text)).count();
    assert_eq!(count("is already installed"), 2, "{}", shown(&lines));
    assert_eq!(count("file updated") + count("LOCKED"), 0, "{}", shown(&lines));
}

/// The lists go back and forth, and no TVS is there to confirm the older ones.
fn phone_at(address: &str) -> Phone {
    Phone::with(&[address], "", &format!("{SAME_USER}[policy]\nolder_list = \"accept\"\n"))
}

/// Turns a store into what version 0.1.0 would have left: entries do not say which slot they are
/// for, and markers are empty.
fn age(phone: &Phone) {
    for (name, file) in phone.store() {
        let path = phone.state().join(&name);
        // Not into the file: the previous entry may be the same one by another name.
        fs::remove_file(&path).expect("it is there");
        if name.ends_with(".present") {
            support::write(&path, b"");
        } else {
            support::write(&path, &aged(&file.bytes));
        }
    }
}

fn aged(entry: &[u8]) -> Vec<u8> {
    let end = entry.windows(2).position(|two| two == b"\n\n").expect("a header");
    let (header, bytes) = entry.split_at(end + 2);
    let header = std::str::from_utf8(header).expect("text");
    let known = ["", "name", "accepted", "acceptance", "newest", "form"];
    let old = |line: &&str| {
        let key = line.split(' ').next().unwrap_or_default();
        known.contains(&key) || key.starts_with("tvs-")
    };
    let notes: Vec<&str> = header.lines().skip(3).filter(old).collect();
    let covered = [(notes.join("\n") + "\n").as_bytes(), bytes].concat();
    let digest: String = sha256(&covered).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = format!("secd-store 1\nlength {}\nsha256 {digest}\n", bytes.len());
    [file.as_bytes(), &covered].concat()
}

fn trial(seed: u64) -> Count {
    let states = states();
    let server = Server::start(Files::new());
    let address = server.address().to_string();
    let mut phone = phone_at(&address);
    let window = Window::measure(&phone, &server, &states);
    let (mut luck, mut count) = (Luck(seed), Count::default());
    for round in 0..KILLS / PHONES {
        if round % LIFE == 0 {
            phone = phone_at(&address);
        }
        let before = found(&phone, &states);
        if round % UPGRADE == 0 {
            age(&phone);
        }
        let new = before[0].map_or(0, |state| 1 - state);
        // A pass that was cut short has left the slots in two states: the old ones come along.
        server.serve(states[new].files.clone());
        kill(&phone, round, &window, &mut luck);
        let (after, put_right) = put_right(&phone, &states);
        count.put_right += put_right;
        expect_old_or_new(before, after, new);
        expect_same_at_next_start(&phone, &server, &states, after);
        count.kills += 1;
        match after.iter().filter(|slot| **slot == Some(new)).count() {
            0 => count.old += 1,
            3 => count.new += 1,
            _ => count.partly += 1,
        }
    }
    println!("a pass takes {:?}, its installs {:?}: {count:?}", window.pass, window.install);
    count
}

#[test]
fn an_agent_killed_at_any_moment_leaves_the_old_or_the_new() {
    let trials: Vec<_> = (1..=u64::try_from(PHONES).expect("two"))
        .map(|seed| thread::spawn(move || trial(seed)))
        .collect();
    // All are waited for before one may fail the test, so that no agent is left behind.
    let ended: Vec<_> = trials.into_iter().map(thread::JoinHandle::join).collect();
    let counts: Vec<Count> = ended.into_iter().map(|trial| trial.expect("a trial")).collect();
    assert_eq!(counts.iter().map(|count| count.kills).sum::<usize>(), KILLS);
    let hit = counts.iter().map(|count| count.old + count.partly).sum::<usize>();
    assert!(hit >= KILLS / 10, "the kills come too late to tell anything: {counts:?}");
}
