//! Boot passes over a bad network: what is installed is right, or nothing is and the log says why.

mod support;

use std::thread;
use std::time::Duration;

use secd_lab::cluster::{Cluster, Files, Security, Setup, Signer};
use secd_lab::tftp::{Faults, OptionPolicy, Server};
use support::agent::Agent;
use support::log::{Line, alarms, messages, shown};
use support::phone::{DEVICE, Phone};

/// What a phone may be told to ask for.
const TERMS: [&str; 3] = ["blksize = 512\n", "", "blksize = 1024\nwindowsize = 8\ntsize = true\n"];

/// A cluster with a configuration of many blocks, and its files.
fn files() -> (Files, Vec<u8>) {
    let mut cluster = Cluster::new(Setup::default());
    cluster.config_extra = format!("<!-- {} -->", "many blocks ".repeat(150));
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    (cluster.files(), cluster.config().xml().into_bytes())
}

/// A server that repeats itself soon, so that a test need not last; it gives up after 2.5 s.
fn hasty(seed: u64) -> Faults {
    Faults { seed, patience: Duration::from_millis(250), ..Faults::default() }
}

/// A server that is waited for in vain, or that has closed its port meanwhile.
const GONE: [&str; 3] = ["timed out, ", "unreachable", "broke off after "];

/// What one pass came to.
struct Outcome {
    lines: Vec<Line>,
    phone: Phone,
}

/// One pass of a new phone through these faults.
fn boot(files: &Files, faults: Faults, terms: &str) -> Outcome {
    let server = Server::start(files.clone());
    server.set_faults(faults);
    let tftp = format!("timeout_s = 1\nretries = 4\ndeadline_s = 6\n{terms}");
    let phone = Phone::with(&[&server.address().to_string()], &tftp, "");
    let lines = Agent::start(&phone).pass();
    Outcome { lines, phone }
}

impl Outcome {
    /// Whether all is installed, and byte for byte what was served.
    fn is_whole(&self, files: &Files, xml: &[u8]) -> bool {
        self.phone.holds("ctl", &files[&format!("CTL{DEVICE}.tlv")])
            && self.phone.holds("itl", &files[&format!("ITL{DEVICE}.tlv")])
            && self.phone.found().as_deref() == Some(xml)
    }

    /// Nothing that was served differently is anywhere.
    #[track_caller]
    fn expect_nothing_else(&self, files: &Files, xml: &[u8]) {
        for (slot, name) in [("ctl", "CTL"), ("itl", "ITL")] {
            let there = self.phone.state().join(slot).exists();
            let right = self.phone.holds(slot, &files[&format!("{name}{DEVICE}.tlv")]);
            assert!(!there || right, "{slot}:\n{}", shown(&self.lines));
        }
        assert!(self.phone.found().is_none_or(|found| found == xml), "{}", shown(&self.lines));
    }

    /// The fault is in the log, with the server's name and what it did.
    #[track_caller]
    fn expect_error(&self, what: &[&str]) {
        let ours = |line: &&Line| line.level == "ERR" && line.process != "TFTP";
        let told = |line: &Line| what.iter().any(|what| line.text.contains(what));
        assert!(self.lines.iter().filter(ours).any(told), "{what:?}:\n{}", shown(&self.lines));
    }
}

/// Boots through the same kind of weather on all terms, side by side.
fn boot_on_all_terms(seeds: u64, faults: fn(u64) -> Faults) -> Vec<(Outcome, bool)> {
    let (files, xml) = files();
    let boots: Vec<_> = (0..seeds)
        .flat_map(|seed| TERMS.map(|terms| (seed * 1_000, terms)))
        .map(|(seed, terms)| {
            let (files, xml) = (files.clone(), xml.clone());
            thread::spawn(move || {
                let outcome = boot(&files, faults(seed), terms);
                outcome.expect_nothing_else(&files, &xml);
                let whole = outcome.is_whole(&files, &xml);
                (outcome, whole)
            })
        })
        .collect();
    // All are waited for before one may fail the test, so that no agent is left behind.
    let ended: Vec<_> = boots.into_iter().map(thread::JoinHandle::join).collect();
    ended.into_iter().map(|boot| boot.expect("a boot")).collect()
}

#[track_caller]
fn expect_all_whole(outcomes: &[(Outcome, bool)]) {
    for (outcome, whole) in outcomes {
        assert!(whole, "{}", shown(&outcome.lines));
    }
}

#[test]
fn with_a_third_of_the_packets_lost_the_files_are_right_or_the_error_is_clear() {
    let outcomes = boot_on_all_terms(4, |seed| Faults { loss: 30, ..hasty(seed) });
    let whole = outcomes.iter().filter(|(_, whole)| *whole).count();
    println!("{whole} of {} boots are whole", outcomes.len());
    for (outcome, _) in outcomes.iter().filter(|(_, whole)| !whole) {
        outcome.expect_error(&GONE);
    }
    assert!(whole * 3 > outcomes.len(), "{whole} of {} boots succeed", outcomes.len());
}

/// With default settings, a server that repeats itself each second, and 40 % lost either way.
#[test]
fn with_forty_percent_lost_nineteen_of_twenty_boots_succeed() {
    let (files, xml) = files();
    let boots: Vec<_> = (0..20)
        .map(|seed| {
            let (files, xml) = (files.clone(), xml.clone());
            thread::spawn(move || {
                let patience = Duration::from_secs(1);
                let server = Server::start(files.clone());
                server.set_faults(Faults { seed: seed * 1_000, loss: 40, patience, ..hasty(0) });
                let phone = Phone::with(&[&server.address().to_string()], "", "");
                let lines = Agent::start(&phone).pass_within(Duration::from_secs(180));
                let outcome = Outcome { lines, phone };
                outcome.expect_nothing_else(&files, &xml);
                let silent = outcome.lines.iter().any(|line| line.text.contains("no answer"));
                (outcome.is_whole(&files, &xml), silent)
            })
        })
        .collect();
    let ended: Vec<_> = boots.into_iter().map(thread::JoinHandle::join).collect();
    let ended: Vec<_> = ended.into_iter().map(|boot| boot.expect("a boot")).collect();
    let whole = ended.iter().filter(|(whole, _)| *whole).count();
    println!("{whole} of 20 boots are whole");
    assert!(whole >= 19, "{whole} of 20 boots succeed");
    assert!(!ended.iter().any(|(_, silent)| *silent), "a live server is not taken for dead");
}

#[test]
fn packets_that_come_twice_do_no_harm() {
    expect_all_whole(&boot_on_all_terms(1, |seed| Faults { duplication: 100, ..hasty(seed) }));
}

#[test]
fn packets_out_of_order_do_no_harm() {
    expect_all_whole(&boot_on_all_terms(2, |seed| Faults { reordering: 30, ..hasty(seed) }));
}

/// Who answers a request first is taken for the server: a forged first answer costs the transfer.
/// Later ones cost nothing, and neither ever costs more.
#[test]
fn packets_of_strangers_do_no_harm() {
    let outcomes = boot_on_all_terms(4, |seed| Faults { foreign: 15, ..hasty(seed) });
    for (outcome, _) in outcomes.iter().filter(|(_, whole)| !whole) {
        outcome.expect_error(&[GONE[0], GONE[1], GONE[2], "forged", "misbehaved", "verify FAILED"]);
    }
    let count = |text: &str| {
        let lines = outcomes.iter().flat_map(|(outcome, _)| &outcome.lines);
        lines.filter(|line| line.process == "TFTP" && line.text.contains(text)).count()
    };
    let (asked, finished) = (count("]:Requesting "), count("]:Finished "));
    println!("{finished} of {asked} transfers are whole");
    assert!(finished * 2 > asked, "{finished} of {asked} transfers succeed");
}

#[test]
fn everything_at_once_does_no_harm() {
    let outcomes = boot_on_all_terms(2, |seed| Faults {
        loss: 10,
        duplication: 30,
        reordering: 30,
        foreign: 5,
        ..hasty(seed)
    });
    for (outcome, _) in outcomes.iter().filter(|(_, whole)| !whole) {
        outcome.expect_error(&[GONE[0], GONE[1], GONE[2], "forged", "misbehaved", "verify FAILED"]);
    }
}

#[test]
fn a_server_that_knows_no_options_is_good_enough() {
    let old = |seed| Faults { options: OptionPolicy::Ignore, ..hasty(seed) };
    expect_all_whole(&boot_on_all_terms(1, old));
}

#[test]
fn a_server_that_falls_silent_leaves_nothing_half_done() {
    let (files, xml) = files();
    let server = Server::start(files.clone());
    server.set_faults(Faults { close_after: Some(3), ..hasty(0) });
    let tftp = "timeout_s = 1\nretries = 0";
    let phone = Phone::with(&[&server.address().to_string()], tftp, "");
    let lines = Agent::start(&phone).pass();
    let outcome = Outcome { lines, phone };
    outcome.expect_error(&["timed out, the block after block 3 did not come"]);
    outcome.expect_nothing_else(&files, &xml);
    assert!(outcome.phone.store().is_empty());
    assert_eq!(alarms(&outcome.lines), ["6 (TL_FAILED_NO_TL)"]);
}

#[test]
fn a_server_that_drips_is_given_up() {
    let (files, _) = files();
    let server = Server::start(files);
    server.set_faults(Faults { drip: Some(Duration::from_millis(300)), ..hasty(0) });
    let tftp = "timeout_s = 1\ndeadline_s = 1";
    let phone = Phone::with(&[&server.address().to_string()], tftp, "");
    let lines = Agent::start(&phone).pass();
    let outcome = Outcome { lines, phone };
    outcome.expect_error(&["timed out, "]);
    assert_eq!(messages(&outcome.lines)[0], "TFTP timeout");
    assert!(outcome.phone.store().is_empty());
}

#[test]
fn a_size_that_is_a_lie_is_found_out() {
    let (files, xml) = files();
    let huge = boot(&files, Faults { tsize: Some(10_000_000), ..hasty(0) }, TERMS[2]);
    huge.expect_error(&["file of 10000000 bytes"]);
    assert!(huge.phone.store().is_empty());
    let outcome = boot(&files, Faults { tsize: Some(100_000), ..hasty(0) }, TERMS[2]);
    outcome.expect_nothing_else(&files, &xml);
    outcome.expect_error(&["misbehaved, file of 100000 bytes announced"]);
    assert!(outcome.phone.store().is_empty());
}

#[test]
fn a_size_of_0_or_1_is_no_lie_but_a_placeholder() {
    let (files, xml) = files();
    for placeholder in [0, 1] {
        let outcome = boot(&files, Faults { tsize: Some(placeholder), ..hasty(0) }, TERMS[2]);
        assert!(outcome.is_whole(&files, &xml), "{}", shown(&outcome.lines));
    }
}
