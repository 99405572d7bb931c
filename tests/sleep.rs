//! Times to live go on while the phone sleeps.
//!
//! The machine of a test cannot be put to sleep. But Linux gives a process a clock that counts
//! sleep and another offset for it than for the clock that does not (time_namespaces(7)), so that
//! one can see which of the two is read.

use std::env;
use std::process::Command;
use std::time::Duration;

use secd::io::clock;

#[test]
fn what_expires_does_so_by_the_clock_that_goes_on_in_sleep() {
    if env::var_os(ASLEEP).is_some() {
        println!("{MARK}{}", clock::since_start().as_secs());
        return;
    }
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--time", "--boottime", SLEPT, "--fork"])
        .arg(env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", NAME])
        .env(ASLEEP, "1")
        .output();
    let Ok(output) = output else { return println!("skipped: there is no unshare") };
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(read) = text.lines().find_map(|line| line.split_once(MARK)) else {
        let why = String::from_utf8_lossy(&output.stderr);
        return println!("skipped: no clock of its own for a process: {why}");
    };
    let read = Duration::from_secs(read.1.parse().expect("seconds"));
    let slept = Duration::from_secs(SLEPT.parse().expect("seconds"));
    // It was read before this, a little while ago.
    let awake = clock::since_start() + slept;
    assert!(read <= awake && awake < read + slept / 2, "{read:?}, expected nearly {awake:?}");
}

/// Seconds: more than any machine is up that runs tests, times ten.
const SLEPT: &str = "1000000000";
const ASLEEP: &str = "SECD_TEST_ASLEEP";
const MARK: &str = "since the start: ";
const NAME: &str = "what_expires_does_so_by_the_clock_that_goes_on_in_sleep";
