//! Boots from every odd TFTP server of the field, with default settings.

#![expect(clippy::disallowed_methods, reason = "a test measures how long a pass takes")]

mod support;

use std::thread;
use std::time::{Duration, Instant};

use secd_lab::cluster::{Cluster, Files, Security, Setup, Signer};
use secd_lab::tftp::{Odd, Server};
use support::agent::{Agent, secd};
use support::log::{Line, shown};
use support::phone::{DEVICE, Phone};

/// What two passes of a new phone came to.
struct Boot {
    phone: Phone,
    lines: Vec<Line>,
    took: Duration,
    later: Duration,
}

/// A pass of a new phone that has these servers, in this order, and a later one.
fn boot(servers: &[&Server], terms: &str) -> Boot {
    let names: Vec<String> = servers.iter().map(|server| server.address().to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let phone = Phone::with(&names, terms, "");
    let start = Instant::now();
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let took = start.elapsed();
    let start = Instant::now();
    agent.pass_again();
    Boot { phone, lines, took, later: start.elapsed() }
}

impl Boot {
    #[track_caller]
    fn expect_whole(&self, files: &Files, cluster: &Cluster) {
        let log = shown(&self.lines);
        if let Some(ctl) = files.get(&format!("CTL{DEVICE}.tlv")) {
            assert!(self.phone.holds("ctl", ctl), "{log}");
        }
        assert!(self.phone.holds("itl", &cluster.itl()), "{log}");
        assert_eq!(self.phone.found(), Some(cluster.config().xml().into_bytes()), "{log}");
    }

    fn has(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.text.contains(text))
    }
}

fn odd(name: &str, files: &Files) -> Server {
    let server = Server::start(files.clone());
    server.set_faults(Odd::named(name).unwrap_or_else(|| panic!("no {name}")).faults());
    server
}

fn mixed() -> Cluster {
    let mut cluster = Cluster::new(Setup::default());
    cluster.config_extra = format!("<!-- {} -->", "many blocks ".repeat(500));
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    cluster
}

/// Servers that are the only one, and from which a phone boots all the same.
const GOOD_ENOUGH: [&str; 12] = [
    "absent-0",
    "absent-2",
    "oack-blank",
    "oack-more",
    "oack-unknown",
    "oack-zeros",
    "options-error-0",
    "options-error-4",
    "options-error-8",
    "options-ignored",
    "options-silent",
    "tsize-unasked",
];

#[test]
fn a_phone_boots_from_every_server_that_is_merely_odd() {
    let cluster = Cluster::new(Setup::default());
    let mut files = cluster.files();
    // Only the generic list is there: what is missing has to be understood.
    let own = files.remove(&format!("ITL{DEVICE}.tlv")).expect("the lab serves it");
    files.insert("ITLFile.tlv".to_owned(), own);
    for name in GOOD_ENOUGH.into_iter().chain(["tsize-placeholder"]) {
        let server = odd(name, &files);
        for terms in ["", "tsize = true"] {
            let boot = boot(&[&server], terms);
            boot.expect_whole(&files, &cluster);
            assert!(boot.took < Duration::from_secs(8), "{name}: {:?}", boot.took);
        }
    }
}

#[test]
fn every_odd_server_is_tried_here() {
    let bad = ["dead", "elsewhere", "error-3", "huge", "mute", "tsize-placeholder"];
    for odd in Odd::ALL {
        let tried = GOOD_ENOUGH.contains(&odd.name) || bad.contains(&odd.name);
        assert!(tried, "{}", odd.name);
    }
}

#[test]
fn that_a_file_is_missing_is_logged_with_its_odd_number() {
    let cluster = Cluster::new(Setup::default());
    for (name, said) in [("absent-0", " (error 0)"), ("absent-2", " (error 2)")] {
        let boot = boot(&[&odd(name, &cluster.files())], "");
        assert!(boot.has(said), "{}", shown(&boot.lines));
    }
}

/// A server that does without options is found out once, and not at every file.
#[test]
fn silence_about_options_costs_two_waits_a_pass() {
    let cluster = mixed();
    let server = odd("options-silent", &cluster.files());
    let boot = boot(&[&server], "");
    boot.expect_whole(&cluster.files(), &cluster);
    let with_options = server.requests().iter().filter(|asked| !asked.options.is_empty()).count();
    assert_eq!(with_options, 4, "two files of each of two passes");
}

/// One bad server and one good one, with default settings.
#[test]
fn a_bad_first_server_does_not_starve_the_second() {
    let cluster = mixed();
    let files = cluster.files();
    let try_one = &|name: &str| {
        let (bad, good) = (odd(name, &files), Server::start(files.clone()));
        let boot = boot(&[&bad, &good], "");
        boot.expect_whole(&files, &cluster);
        println!("{name}: first pass {:?}, second {:?}", boot.took, boot.later);
        let most = Duration::from_secs(12);
        assert!(boot.took < most && boot.later < most, "{name}: {:?}", (boot.took, boot.later));
    };
    thread::scope(|scope| {
        for name in ["dead", "elsewhere", "error-3", "huge", "mute"] {
            scope.spawn(move || try_one(name));
        }
    });
}

#[test]
fn answers_from_another_address_are_named_in_the_log_and_by_the_doctor() {
    let cluster = Cluster::new(Setup::default());
    let server = odd("elsewhere", &cluster.files());
    let phone = Phone::with(&[&server.address().to_string()], "retries = 0", "");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let said = "answers come from 127.0.0.9, not from 127.0.0.1";
    assert!(lines.iter().any(|line| line.text.ends_with(said)), "{}", shown(&lines));
    let doctor = secd().arg("doctor").arg("--socket").arg(phone.socket()).output();
    let doctor = doctor.expect("the doctor runs");
    let text = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(text.contains(said), "{text}");
    assert!(phone.store().is_empty());
    let address = server.address().to_string();
    let fetched = secd().args(["fetch", "ITLFile.tlv", "--server", &address]).output();
    let complaint = String::from_utf8_lossy(&fetched.expect("it runs").stderr).into_owned();
    assert!(complaint.trim_end().ends_with(said), "{complaint}");
}
