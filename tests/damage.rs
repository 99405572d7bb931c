//! A phone whose own folders fail it: full, read-only, missing, damaged, taken.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(clippy::disallowed_methods, reason = "damage is written in place")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use secd_lab::cluster::{Cluster, Files, Rollback, Security, Service, Setup, Signer};
use secd_lab::tftp::Server;
use support::agent::{Agent, run_after};
use support::log::{Line, alarms, messages, shown};
use support::phone::{DEVICE, Phone, store};

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Setup::default());
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    cluster
}

/// The files of the cluster after a change to both lists.
fn changed(cluster: &mut Cluster) -> Files {
    cluster.regenerate(0, Service::Tvs);
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    cluster.files()
}

fn patient(server: &Server) -> Phone {
    Phone::with(&[&server.address().to_string()], "timeout_s = 1\nretries = 0", "")
}

#[track_caller]
fn expect_line(lines: &[Line], level: &str, parts: &[&str]) {
    let found = lines
        .iter()
        .filter(|line| line.level == level && parts.iter().all(|part| line.text.contains(part)));
    assert_eq!(found.count(), 1, "one {level} line with {parts:?} of\n{}", shown(lines));
}

/// Nothing is asked, nothing is trusted, and both are said.
#[track_caller]
fn expect_locked(lines: &[Line], server: &Server, why: &[&str]) {
    expect_line(lines, "ERR", why);
    expect_line(lines, "ERR", &["LOCKED: nothing is trusted"]);
    expect_line(lines, "ERR", &["locked, no server is asked"]);
    assert_eq!(messages(lines), ["Trust List update failed"], "{}", shown(lines));
    assert_eq!(alarms(lines), ["7 (TL_FAILED)"], "{}", shown(lines));
    assert_eq!(server.names(), [""; 0], "{}", shown(lines));
}

/// A folder as a process in another mount namespace sees it.
fn seen_by(agent: &Agent, folder: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{}", agent.pid(), folder.display()))
}

#[test]
fn a_full_disk_keeps_what_is_installed_until_there_is_room() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = patient(&server);
    let state = phone.state().display().to_string();
    let mount = format!("mount -t tmpfs -o size=128k,mode=0700 tmpfs '{state}'");
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &mount));
    assert_eq!(alarms(&agent.pass()), ["4 (TL_INITIAL_SUCCESS)"]);
    let seen = seen_by(&agent, phone.state());
    let before = store(&seen);
    let filler = seen.join("filler");
    assert!(fs::write(&filler, vec![0; 1 << 20]).is_err(), "the disk is full");
    server.serve(changed(&mut cluster));
    let lines = agent.pass_again();
    for name in [format!("CTL{DEVICE}.tlv"), format!("ITL{DEVICE}.tlv")] {
        let why = [&name, "not installed", state.as_str(), "no space left on device"];
        expect_line(&lines, "ERR", &why);
    }
    assert_eq!(messages(&lines), ["Trust List update failed"], "{}", shown(&lines));
    assert_eq!(alarms(&lines), ["7 (TL_FAILED)"], "{}", shown(&lines));
    fs::remove_file(filler).unwrap();
    assert_eq!(store(&seen), before);
    let lines = agent.pass_again();
    assert_eq!(alarms(&lines), ["1 (TL_SUCCESS)"], "{}", shown(&lines));
}

#[test]
fn a_configuration_that_finds_no_room_is_told_and_fetched_again() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let retry = "[retry]\nfirst_s = 1\n";
    let phone = Phone::with(&[&server.address().to_string()], "timeout_s = 1", retry);
    let state = phone.state().display().to_string();
    let mount = format!("mount -t tmpfs -o size=128k,mode=0700 tmpfs '{state}'");
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &mount));
    agent.pass();
    let filler = seen_by(&agent, phone.state()).join("filler");
    assert!(fs::write(&filler, vec![0; 1 << 20]).is_err(), "the disk is full");
    "<!-- news -->".clone_into(&mut cluster.config_extra);
    server.serve(cluster.files());
    let lines = agent.pass_again();
    let name = format!("{DEVICE}.cnf.xml not kept");
    expect_line(&lines, "ERR", &[&name, &state, "no space left on device"]);
    assert_eq!(messages(&lines), ["CFG TFTP Size Error"], "{}", shown(&lines));
    fs::remove_file(filler).unwrap();
    // Nobody asks it to.
    while !messages(&agent.pass()).contains(&format!("{DEVICE}.cnf.xml").as_str()) {}
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()));
}

#[test]
fn a_full_disk_leaves_a_new_phone_without_a_list() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    let state = phone.state().display().to_string();
    let fill = format!(
        "mount -t tmpfs -o size=4k,mode=0700 tmpfs '{state}'; \
         head -c 4096 /dev/zero > '{state}/filler'"
    );
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &fill));
    let lines = agent.pass();
    expect_line(&lines, "ERR", &["CTL", "not installed", &state, "no space left on device"]);
    let expected = ["Trust List update failed", "No Trust List installed"];
    assert_eq!(messages(&lines)[..2], expected, "{}", shown(&lines));
    assert_eq!(alarms(&lines), ["7 (TL_FAILED)"]);
    let left = store(&seen_by(&agent, phone.state()));
    assert_eq!(left.keys().collect::<Vec<_>>(), ["filler"]);
}

#[test]
fn a_read_only_state_folder_is_told_and_the_old_lists_stay_in_force() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = patient(&server);
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert!(agent.end().success());
    let before = phone.store();
    server.serve(changed(&mut cluster));
    let state = phone.state().display().to_string();
    let mount = format!("mount --bind '{state}' '{state}'; mount -o remount,bind,ro '{state}'");
    let lines = Agent::spawn(run_after(&phone, &["--mount"], &mount)).pass();
    for name in [format!("CTL{DEVICE}.tlv"), format!("ITL{DEVICE}.tlv")] {
        expect_line(&lines, "ERR", &[&name, "not installed", &state, "read-only file system"]);
    }
    assert_eq!(messages(&lines), ["Trust List update failed"], "{}", shown(&lines));
    assert_eq!(alarms(&lines), ["7 (TL_FAILED)"]);
    assert_eq!(phone.store(), before);
    expect_line(&lines, "NOT", &["refresh: done, state S3"]);
}

#[test]
fn a_missing_state_folder_locks_the_agent_until_it_is_there() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    let state = phone.state().display().to_string();
    fs::remove_dir(phone.state()).unwrap();
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    expect_locked(&lines, &server, &[&state, "missing"]);
    expect_locked(&agent.pass_again(), &server, &[&state, "missing"]);
    fs::create_dir(phone.state()).unwrap();
    assert_eq!(alarms(&agent.pass_again()), ["4 (TL_INITIAL_SUCCESS)"]);
}

#[test]
fn a_file_in_place_of_the_state_folder_locks_the_agent() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    fs::remove_dir(phone.state()).unwrap();
    fs::write(phone.state(), b"").unwrap();
    let state = phone.state().display().to_string();
    expect_locked(&Agent::start(&phone).pass(), &server, &[&state, "not a folder"]);
}

#[test]
fn a_ram_folder_that_cannot_be_made_is_told_and_the_lists_are_installed() {
    let cluster = cluster();
    let files = cluster.files();
    let server = Server::start(files.clone());
    let phone = patient(&server);
    fs::write(phone.ram(), b"a file").unwrap();
    let ram = phone.ram().display().to_string();
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    expect_line(&lines, "ERR", &[&ram, "cannot be written"]);
    assert_eq!(alarms(&lines), ["4 (TL_INITIAL_SUCCESS)"], "{}", shown(&lines));
    assert!(phone.holds("itl", &files[&format!("ITL{DEVICE}.tlv")]));
    fs::remove_file(phone.ram()).unwrap();
    agent.pass_again();
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()), "made when it can be");
}

/// A phone with a current and a previous list of each kind, at rest.
fn twice_installed(cluster: &mut Cluster, server: &Server) -> Phone {
    let phone = patient(server);
    let mut agent = Agent::start(&phone);
    agent.pass();
    server.serve(changed(cluster));
    assert_eq!(alarms(&agent.pass_again()), ["1 (TL_SUCCESS)"]);
    assert!(agent.end().success());
    server.forget_requests();
    phone
}

/// Turns one bit of a file of the store.
fn damage(phone: &Phone, file: &str) {
    let path = phone.state().join(file);
    let mut octets = fs::read(&path).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    // Not into the file: the previous entry may be the same one by another name.
    fs::remove_file(&path).unwrap();
    fs::write(&path, octets).unwrap();
}

#[test]
fn a_damaged_list_falls_back_to_the_one_before_and_is_made_good() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    damage(&phone, "itl");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let path = phone.state().join("itl").display().to_string();
    expect_line(&lines, "WRN", &[&path, "wrong sha256 at offset ", "the ITL before it"]);
    assert_eq!(messages(&lines), ["Trust List updated"], "{}", shown(&lines));
    assert_eq!(alarms(&lines), ["1 (TL_SUCCESS)"]);
    let list = &cluster.files()[&format!("ITL{DEVICE}.tlv")];
    assert!(phone.holds("itl", list), "the list of the server replaces the damaged one");
    assert_eq!(alarms(&agent.pass_again()), [""; 0]);
}

#[test]
fn a_damaged_list_falls_back_to_the_one_before_without_a_server_too() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    damage(&phone, "ctl");
    phone.configure(&[], "", "");
    let lines = Agent::start(&phone).pass();
    expect_line(&lines, "WRN", &["ctl", "wrong sha256 at offset ", "the CTL before it"]);
    expect_line(&lines, "ERR", &["no server reached for the CTL, state S3 stays"]);
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()), "of the last start");
}

#[test]
fn damage_does_not_bring_a_blank_list_back() {
    let mut cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = patient(&server);
    let mut agent = Agent::start(&phone);
    agent.pass();
    for rollback in [Rollback::On, Rollback::Off] {
        cluster.set_rollback(rollback);
        server.serve(cluster.files());
        assert_eq!(alarms(&agent.pass_again()), ["1 (TL_SUCCESS)"]);
    }
    assert!(agent.end().success());
    server.forget_requests();
    damage(&phone, "itl");
    let lines = Agent::start(&phone).pass();
    expect_locked(&lines, &server, &["wrong sha256", "the ITL before it enforces less"]);
}

#[test]
fn two_damaged_lists_lock_the_agent() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    for kind in ["ctl", "itl"] {
        let phone = twice_installed(&mut cluster, &server);
        damage(&phone, kind);
        damage(&phone, &format!("{kind}.previous"));
        let before = phone.store();
        let mut agent = Agent::start(&phone);
        let path = phone.state().join(kind).display().to_string();
        for lines in [agent.pass(), agent.pass_again()] {
            expect_locked(&lines, &server, &[&format!("{path}:"), "wrong sha256 at offset "]);
            let previous = format!("{path}.previous:");
            expect_line(&lines, "ERR", &[&previous, "wrong sha256 at offset "]);
        }
        assert_eq!(phone.store(), before, "nothing is installed");
        assert!(agent.end().success());
    }
}

#[test]
fn a_list_that_was_deleted_is_not_taken_for_a_new_phone() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    fs::remove_file(phone.state().join("itl")).unwrap();
    fs::remove_file(phone.state().join("itl.previous")).unwrap();
    let path = phone.state().join("itl").display().to_string();
    expect_locked(&Agent::start(&phone).pass(), &server, &[&path, "missing"]);
}

#[test]
fn a_damaged_configuration_is_fetched_again() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    damage(&phone, "configuration");
    let _ = fs::remove_file(phone.state().join("configuration.previous"));
    let lines = Agent::start(&phone).pass();
    let path = phone.state().join("configuration").display().to_string();
    expect_line(&lines, "WRN", &[&path, "wrong sha256 at offset "]);
    assert_eq!(alarms(&lines), [""; 0], "{}", shown(&lines));
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()));
}

#[test]
fn a_second_agent_on_the_same_store_is_refused() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    let mut first = Agent::start(&phone);
    first.pass();
    server.forget_requests();
    let before = phone.store();
    let state = phone.state().display().to_string();
    let mut second = Agent::start(&phone);
    expect_locked(&second.pass(), &server, &[&state, "in use by another process"]);
    assert_eq!(phone.store(), before);
    assert!(first.end().success());
    assert_eq!(alarms(&second.pass_again()), [""; 0], "it takes over when the first has gone");
    assert_eq!(server.names().len(), 3);
}
