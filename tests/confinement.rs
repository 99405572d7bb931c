//! The daemon in its sandbox: what it reports of it, when it does not start, and that its table of
//! system calls is what it makes.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

#[path = "confinement/calls.rs"]
mod calls;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use serde_json::{Value, json};
use support::agent::{Agent, run, secd};
use support::office::Office;
use support::phone::Phone;
use support::socket::call;

/// Every layer by its name.
const LAYERS: [&str; 7] =
    ["limits", "user", "capabilities", "dumpable", "no_new_privs", "landlock", "seccomp"];

fn status(phone: &Phone) -> Value {
    call(&phone.socket(), "GetStatus", json!({})).unwrap()
}

/// The names of the layers of that grade.
fn graded(status: &Value, grade: &str) -> Vec<String> {
    let layers = status["layers"].as_array().unwrap();
    let is = |layer: &&Value| layer["grade"] == grade;
    layers.iter().filter(is).map(|layer| layer["name"].as_str().unwrap().to_owned()).collect()
}

fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn every_layer_is_in_force_and_shown() {
    let office = Office::open();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(lines.iter().any(|line| line.text.starts_with("refresh: done")), "{lines:?}");
    let status = status(&phone);
    assert_eq!(status["sandbox"], "enforce");
    assert_eq!(graded(&status, "missing"), Vec::<String>::new());
    let names: Vec<&Value> =
        status["layers"].as_array().unwrap().iter().map(|layer| &layer["name"]).collect();
    assert_eq!(names, LAYERS);
    let shown = secd().args(["status", "--socket"]).arg(phone.socket()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("enforce, every layer is in force"), "{shown}");
    for name in LAYERS {
        assert!(shown.lines().any(|line| line.trim_start().starts_with(name)), "{name}:\n{shown}");
    }
}

#[test]
fn best_effort_starts_without_a_layer_and_warns() {
    if !Uid::effective().is_root() {
        return println!("only root is without a layer");
    }
    let phone = Phone::with(&["127.0.0.1:9"], "", "[sandbox]\nmode = \"best-effort\"\n");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let warned =
        |line: &&support::log::Line| line.text == "sandbox: without user (it runs as root)";
    assert_eq!(lines.iter().filter(warned).count(), 1, "{lines:?}");
    assert_eq!(graded(&status(&phone), "missing"), ["user"]);
}

#[test]
fn enforce_without_a_layer_does_not_start() {
    if !Uid::effective().is_root() {
        return println!("only root is without a layer");
    }
    let phone = Phone::with(&["127.0.0.1:9"], "", "[sandbox]\nmode = \"enforce\"\n");
    let (code, error) = ended(&mut run(&phone));
    assert_eq!(code, Some(78), "{error}");
    assert!(error.contains("not started, the sandbox lacks user (it runs as root)"), "{error}");
    assert!(fs::read_dir(phone.state()).unwrap().next().is_none(), "nothing was installed");
}

#[test]
fn a_user_that_is_not_there_is_not_replaced_by_root() {
    if !Uid::effective().is_root() {
        return println!("only root becomes another user");
    }
    for mode in ["best-effort", "enforce"] {
        let sections = format!("[sandbox]\nmode = \"{mode}\"\nuser = \"no-such-user\"\n");
        let phone = Phone::with(&["127.0.0.1:9"], "", &sections);
        let (code, error) = ended(&mut run(&phone));
        assert_eq!(code, Some(78), "{error}");
        assert!(error.contains("there is no user no-such-user in /etc/passwd"), "{error}");
    }
}

/// As a folder below /run, which is empty after every boot and root's.
#[test]
fn a_folder_for_files_below_one_of_roots_is_made_for_the_user() {
    if !Uid::effective().is_root() {
        return println!("only root becomes another user");
    }
    let office = Office::open();
    let phone = office.phone("[sandbox]\nmode = \"enforce\"\nuser = \"nobody\"\n");
    fs::set_permissions(phone.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    chown(phone.state(), Some(65_534), Some(65_534)).unwrap();
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert!(phone.found().is_some(), "{:?}", agent.log.from(0));
    assert_eq!(fs::metadata(phone.ram()).unwrap().uid(), 65_534);
}

#[test]
fn off_is_off_and_says_so() {
    let phone = Phone::with(&["127.0.0.1:9"], "", "[sandbox]\nmode = \"off\"\n");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(lines.iter().any(|line| line.text == "sandbox: off, as secd.toml says"), "{lines:?}");
    let status = status(&phone);
    assert_eq!(status["sandbox"], "off");
    assert!(graded(&status, "missing").contains(&"seccomp".to_owned()), "{status}");
}

#[test]
fn a_reload_after_an_editor_replaced_the_file_is_not_in_its_way() {
    let office = Office::open();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    agent.pass();
    // As editors do, and the phone's scripts: another file takes the place of the old one.
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let other = phone.folder().join("secd.toml.new");
    let text = text.replace("level = \"info\"", "level = \"debug\"");
    support::write(&other, format!("{text}\n[identity]\nexport = \"/srv/eap\"\n").as_bytes());
    fs::rename(&other, phone.configuration()).unwrap();
    agent.signal(Signal::SIGHUP);
    let lines = agent.pass();
    let has = |text: &str| lines.iter().any(|line| line.text.contains(text));
    assert!(has("secd.toml is now in effect"), "{lines:?}");
    assert!(has("identity.export: /srv/eap is outside the folders"), "{lines:?}");
    assert_eq!(status(&phone)["log_level"], "debug");
}

/// Named from the folder that it is in, and behind a link that then leads elsewhere.
#[test]
fn a_reload_finds_the_file_that_a_link_leads_to_by_then() {
    let office = Office::open();
    let phone = office.phone("");
    let [one, other] = ["one", "other"].map(|name| phone.folder().join(name));
    for folder in [&one, &other] {
        fs::create_dir(folder).unwrap();
        fs::copy(phone.configuration(), folder.join("secd.toml")).unwrap();
    }
    fs::remove_file(phone.configuration()).unwrap();
    symlink(one.join("secd.toml"), phone.configuration()).unwrap();
    let mut command = secd();
    command.args(["run", "--config", "secd.toml"]).current_dir(phone.folder());
    let mut agent = Agent::spawn(command);
    agent.pass();
    fs::remove_file(phone.configuration()).unwrap();
    symlink(other.join("secd.toml"), phone.configuration()).unwrap();
    agent.signal(Signal::SIGHUP);
    let lines = agent.pass();
    assert!(lines.iter().any(|line| line.text.contains("secd.toml is now in effect")), "{lines:?}");
}

#[test]
fn a_store_that_was_put_back_is_found_again() {
    let office = Office::open();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    agent.pass();
    let [away, state] = [phone.folder().join("away"), phone.state().to_path_buf()];
    fs::rename(&state, &away).unwrap();
    let copied = Command::new("cp").args(["-a"]).args([&away, &state]).status().unwrap();
    assert!(copied.success());
    agent.signal(Signal::SIGHUP);
    let lines = agent.pass();
    assert!(lines.iter().any(|line| line.text.starts_with("refresh: done")), "{lines:?}");
}

#[test]
fn a_socket_that_can_be_opened_only_later_is_the_last() {
    let phone = Phone::with(&["127.0.0.1:9"], "", "");
    support::write(&phone.socket(), b"");
    let mut agent = Agent::start(&phone);
    agent.pass();
    fs::remove_file(phone.socket()).unwrap();
    let opened =
        agent.log.find(0, support::PATIENCE, |line| line.text.ends_with("the socket is open now"));
    assert!(opened.is_some(), "{:?}", agent.log.from(0));
    let status = status(&phone);
    let layers = status["layers"].as_array().unwrap();
    let calls = layers.iter().find(|layer| layer["name"] == "seccomp").unwrap();
    assert_eq!(calls["detail"], "2 filters", "listening was allowed until then, and is not now");
}
