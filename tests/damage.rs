//! A phone whose own folders fail it: full, read-only, missing, damaged, taken.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(clippy::disallowed_methods, reason = "damage is written in place")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use secd_lab::cluster::{Cluster, Files, Rollback, Security, Service, Setup, Signer};
use secd_lab::digest::Digest;
use secd_lab::tftp::Server;
use support::PATIENCE;
use support::agent::{Agent, run_after, secd};
use support::log::{Line, alarms, messages, shown};
use support::named::root;
use support::phone::{DEVICE, Phone, SAME_USER, store};

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
    Phone::with(&[&server.address().to_string()], "timeout_s = 1\nretries = 0", SAME_USER)
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
    expect_line(lines, "ERR", &["the store is LOCKED, no server is contacted"]);
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
    let phone = Phone::with(
        &[&server.address().to_string()],
        "timeout_s = 1",
        &format!("{SAME_USER}{retry}"),
    );
    let state = phone.state().display().to_string();
    let mount = format!("mount -t tmpfs -o size=128k,mode=0700 tmpfs '{state}'");
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &mount));
    agent.pass();
    let filler = seen_by(&agent, phone.state()).join("filler");
    assert!(fs::write(&filler, vec![0; 1 << 20]).is_err(), "the disk is full");
    "<!-- news -->".clone_into(&mut cluster.config_extra);
    server.serve(cluster.files());
    let lines = agent.pass_again();
    let name = format!("{DEVICE}.cnf.xml not saved");
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
    // Not of the same user: in the sandbox a new folder is seen below one of the agent's own.
    let phone = Phone::with(&[&server.address().to_string()], "timeout_s = 1\nretries = 0", "");
    let owner = fs::metadata(phone.state()).unwrap();
    let state = phone.state().display().to_string();
    fs::remove_dir(phone.state()).unwrap();
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let why = [state.as_str(), "does not exist: create it, mode 0700, owner secd"];
    expect_locked(&lines, &server, &why);
    expect_locked(&agent.pass_again(), &server, &why);
    let doctor = asked(&phone, &["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout);
    for part in
        ["the state folder does not exist; create it", "(store-missing)", "(provide-folder)"]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
    let erase = asked(&phone, &["erase", "all", "--yes"]);
    let told = String::from_utf8_lossy(&erase.stderr);
    assert_eq!(erase.status.code(), Some(66), "{told}");
    assert_eq!(told, format!("secd: not written: {}; nothing was erased\n", why.join(": ")));
    assert!(!agent.log.from(0).iter().any(|line| line.text.contains("rasing")), "nor is it logged");
    fs::create_dir(phone.state()).unwrap();
    chown(phone.state(), Some(owner.uid()), Some(owner.gid())).unwrap();
    assert_eq!(alarms(&agent.pass_again()), ["4 (TL_INITIAL_SUCCESS)"]);
}

/// What a command says to the agent of a phone.
fn asked(phone: &Phone, command: &[&str]) -> Output {
    let mut asked = secd();
    asked.args(command).arg("--socket").arg(phone.socket());
    asked.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_folder_mounted_over_the_store_is_not_erased_in_its_place() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let aside = phone.folder().join("aside");
    fs::rename(phone.state(), &aside).unwrap();
    fs::create_dir(phone.state()).unwrap();
    let erase = asked(&phone, &["erase", "all", "--yes"]);
    let told = String::from_utf8_lossy(&erase.stderr);
    assert_eq!(erase.status.code(), Some(66), "{told}");
    assert!(told.contains("replaced while in use"), "{told}");
    assert!(aside.join("itl").exists(), "and it is not erased there either");
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
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // Not into the file: the previous entry may be the same one by another name.
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
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
    expect_line(
        &lines,
        "WRN",
        &[&path, "SHA-256 does not match at offset ", "using the previous ITL"],
    );
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
    phone.configure(&[], "", SAME_USER);
    let lines = Agent::start(&phone).pass();
    expect_line(
        &lines,
        "WRN",
        &["ctl", "SHA-256 does not match at offset ", "using the previous CTL"],
    );
    expect_line(&lines, "ERR", &["ended early, no CTL from any server: ", "; state S3 stays"]);
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
    expect_locked(&lines, &server, &["SHA-256 does not match", "the previous ITL enforces less"]);
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
            expect_locked(
                &lines,
                &server,
                &[&format!("{path}:"), "SHA-256 does not match at offset "],
            );
            let previous = format!("{path}.previous:");
            expect_line(&lines, "ERR", &[&previous, "SHA-256 does not match at offset "]);
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

/// Removes every trace of these slots.
fn lose(phone: &Phone, slots: &[&str]) {
    for slot in slots {
        for end in ["", ".previous", ".present"] {
            let _ = fs::remove_file(phone.state().join(format!("{slot}{end}")));
        }
    }
}

#[test]
fn a_list_that_is_lost_with_its_marker_locks_and_is_not_done_without() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    lose(&phone, &["ctl"]);
    let mut agent = Agent::start(&phone);
    let path = phone.state().join("ctl").display().to_string();
    expect_locked(&agent.pass(), &server, &[&path, "missing"]);
    assert!(asked(&phone, &["erase", "all", "--yes"]).status.success());
    assert_eq!(alarms(&agent.pass()), ["4 (TL_INITIAL_SUCCESS)"], "it was erased by a person");
}

#[test]
fn a_signed_configuration_beside_an_empty_store_is_not_a_new_phone() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let lists = ["ctl", "itl"];
    let why = "the configuration was accepted under trust lists, but they are missing";

    let phone = twice_installed(&mut cluster, &server);
    lose(&phone, &lists);
    // Its own marker knows them by name.
    expect_locked(&Agent::start(&phone).pass(), &server, &["ctl", "missing"]);
    fs::remove_file(phone.state().join("configuration.present")).unwrap();
    let mut agent = Agent::start(&phone);
    expect_locked(&agent.pass(), &server, &[why]);
    expect_locked(&agent.pass_again(), &server, &[why]);
    assert!(asked(&phone, &["erase", "all", "--yes"]).status.success());
    assert_eq!(alarms(&agent.pass()), ["4 (TL_INITIAL_SUCCESS)"]);

    let phone = patient(&server);
    phone.put_store(&root().join("tests/store/0.1.0"));
    lose(&phone, &lists);
    server.forget_requests();
    expect_locked(&Agent::start(&phone).pass(), &server, &[why]);
}

#[test]
fn lists_that_were_erased_are_not_missed() {
    let cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = patient(&server);
    let mut agent = Agent::start(&phone);
    agent.pass();
    server.serve(Files::new());
    assert!(asked(&phone, &["erase", "all", "--yes"]).status.success());
    let lines = agent.pass();
    expect_line(&lines, "NOT", &["refresh: done, state S0"]);
    assert!(agent.end().success());
    let mut agent = Agent::start(&phone);
    expect_line(&agent.pass(), "NOT", &["refresh: done, state S0"]);
    server.serve(cluster.files());
    assert_eq!(alarms(&agent.pass_again()), ["4 (TL_INITIAL_SUCCESS)"]);
}

#[test]
fn a_list_in_the_place_of_another_locks() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phones = [twice_installed(&mut cluster, &server), patient(&server)];
    phones[1].put_store(&root().join("tests/store/0.1.0"));
    for phone in phones {
        server.forget_requests();
        lose(&phone, &["itl"]);
        fs::copy(phone.state().join("ctl"), phone.state().join("itl")).unwrap();
        let path = phone.state().join("itl").display().to_string();
        let why = [&path, "an entry of slot ctl at offset "];
        expect_locked(&Agent::start(&phone).pass(), &server, &why);
    }
}

#[test]
fn a_store_of_the_version_before_is_read_and_goes_on() {
    let phone = Phone::with(&[], "", SAME_USER);
    phone.put_store(&root().join("tests/store/0.1.0"));
    let before = phone.store();
    for _ in 0..2 {
        let mut agent = Agent::start(&phone);
        let lines = agent.pass();
        expect_line(&lines, "NOT", &["store: ", "state S3"]);
        expect_line(
            &lines,
            "NOT",
            &["store: SEP001122334455.cnf.xml restored from the last start"],
        );
        let of_store = |line: &&Line| line.level == "WRN" && !line.text.starts_with("sandbox: ");
        assert_eq!(lines.iter().find(of_store), None, "{}", shown(&lines));
        assert!(agent.end().success());
    }
    let kept = &before["configuration"].bytes;
    assert!(phone.found().is_some_and(|found| kept.ends_with(&found)));
    for (name, file) in phone.store() {
        if !name.ends_with(".present") {
            assert_eq!(Some(&file), before.get(&name), "{name} is as it was");
        }
    }
    damage(&phone, "itl");
    let lines = Agent::start(&phone).pass();
    expect_line(&lines, "WRN", &["itl: ", "using the previous ITL"]);
    expect_line(&lines, "ERR", &["ended early, no CTL from any server: ", "; state S3 stays"]);
}

#[test]
fn a_configuration_that_could_not_be_read_at_the_start_is_read_again() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    let [stored, previous, aside] =
        ["configuration", "configuration.previous", "aside"].map(|name| phone.state().join(name));
    let _ = fs::remove_file(&previous);
    fs::rename(&stored, &aside).unwrap();
    fs::create_dir(&stored).unwrap();
    fs::remove_dir_all(phone.ram()).unwrap();
    phone.configure(&[], "", SAME_USER);
    let mut agent = Agent::start(&phone);
    expect_line(&agent.pass(), "WRN", &["configuration: not a regular file"]);
    expect_line(&agent.pass_again(), "WRN", &["configuration: not a regular file"]);
    assert_eq!(phone.found(), None);
    fs::remove_dir(&stored).unwrap();
    fs::rename(&aside, &stored).unwrap();
    let place = "store: SEP001122334455.cnf.xml restored from the last start";
    expect_line(&agent.pass_again(), "NOT", &[place]);
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()));
}

#[test]
fn a_list_that_could_not_be_read_at_the_start_is_read_again() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    let [stored, aside] = ["itl", "aside"].map(|name| phone.state().join(name));
    fs::rename(&stored, &aside).unwrap();
    fs::create_dir(&stored).unwrap();
    phone.configure(&[], "", SAME_USER);
    let mut agent = Agent::start(&phone);
    expect_line(&agent.pass(), "WRN", &["itl: not a regular file", "using the previous ITL"]);
    fs::remove_dir(&stored).unwrap();
    fs::rename(&aside, &stored).unwrap();
    agent.pass_again();
    let trust = asked(&phone, &["trust", "--json"]);
    let list = &cluster.files()[&format!("ITL{DEVICE}.tlv")];
    let sha1: String = Digest::Sha1.of(list).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(String::from_utf8_lossy(&trust.stdout).contains(&sha1), "{trust:?}");
}

/// Waits until the agent has found that it has no socket.
#[track_caller]
fn expect_unserved(agent: &Agent) {
    let unserved =
        |line: &Line| line.text.ends_with("no client is served until the socket can be opened");
    assert!(agent.log.find(0, PATIENCE, unserved).is_some(), "{}", shown(&agent.log.from(0)));
}

/// Waits until the agent has a socket, and asks it something.
#[track_caller]
fn expect_served(phone: &Phone, agent: &Agent) {
    let open = |line: &Line| line.text == "ipc: the socket is open now";
    assert!(agent.log.find(0, PATIENCE, open).is_some(), "{}", shown(&agent.log.from(0)));
    assert!(asked(phone, &["status"]).status.success());
}

#[test]
fn a_socket_that_could_not_be_opened_is_opened_later() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    fs::write(phone.socket(), b"in the way").unwrap();
    let mut agent = Agent::start(&phone);
    expect_unserved(&agent);
    let lines = agent.pass();
    assert_eq!(alarms(&lines), ["4 (TL_INITIAL_SUCCESS)"], "it boots all the same");
    fs::remove_file(phone.socket()).unwrap();
    expect_served(&phone, &agent);
    assert!(agent.end().success());
    assert!(!phone.socket().exists());
}

#[test]
fn the_socket_of_a_second_agent_is_open_when_the_first_has_ended() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    let mut first = Agent::start(&phone);
    first.pass();
    let second = Agent::start(&phone);
    expect_unserved(&second);
    assert!(first.end().success());
    expect_served(&phone, &second);
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
    expect_line(&lines, "WRN", &[&path, "SHA-256 does not match at offset "]);
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
    let lines = second.pass();
    expect_line(&lines, "ERR", &[&state, "in use by another process"]);
    expect_line(&lines, "ERR", &["waiting until the other process ends"]);
    // Nothing is wrong with the lists: nobody is to repair or erase anything.
    assert_eq!((messages(&lines).len(), alarms(&lines).len()), (0, 0), "{}", shown(&lines));
    assert!(lines.iter().all(|line| !line.text.contains("until the store is repaired")));
    assert_eq!(server.names(), [""; 0], "{}", shown(&lines));
    assert_eq!(phone.store(), before);
    assert!(first.end().success());
    assert_eq!(alarms(&second.pass_again()), [""; 0], "it takes over when the first has gone");
    assert_eq!(server.names().len(), 3);
}

#[test]
fn a_full_disk_does_not_keep_a_person_from_erasing() {
    let server = Server::start(cluster().files());
    let phone = patient(&server);
    let state = phone.state().display().to_string();
    let mount = format!("mount -t tmpfs -o size=128k,mode=0700 tmpfs '{state}'");
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &mount));
    agent.pass();
    let seen = seen_by(&agent, phone.state());
    let filler = seen.join("filler");
    assert!(fs::write(&filler, vec![0; 1 << 20]).is_err(), "the disk is full");
    let erased = asked(&phone, &["erase", "all", "--yes"]);
    assert!(erased.status.success(), "{erased:?}\n{:?}", fs::read_dir(&seen).unwrap().count());
}

#[test]
fn a_store_of_which_both_lists_are_lost_is_not_sound() {
    let mut cluster = cluster();
    let server = Server::start(cluster.files());
    let phone = twice_installed(&mut cluster, &server);
    damage(&phone, "itl");
    phone.configure(&[], "", SAME_USER);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let one = asked(&phone, &["doctor"]);
    damage(&phone, "itl.previous");
    agent.pass_again();
    let two = asked(&phone, &["doctor"]);
    let store = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter(|line| line.contains("store")).collect::<Vec<_>>().join("\n")
    };
    assert!(store(&one).contains("[NO]"), "{}", store(&one));
    assert!(store(&two).contains("[NO]"), "{}", store(&two));
}
