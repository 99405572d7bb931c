//! Files that applications ask for: what they replace, how much room they take, and how another
//! user gets to read them.
//!
//! Needs root, as the agent does: only root becomes another user.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::encrypt::Cipher;
use secd_lab::tftp::Server;
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::phone::{DEVICE, Phone, SAME_USER};
use support::socket::{Client, call};

const OWN: &str = "SEP001122334455.cnf.xml";

/// The user that may fetch.
const ACCESS: &str = "[access]\nfetch = [\"user:50002\"]\n";
const USER: u32 = 50_002;

fn phone_of(server: &Server, sections: &str) -> Phone {
    let server = server.address().to_string();
    let phone =
        Phone::with(&[&server], "timeout_s = 1\nretries = 1\n", &format!("{SAME_USER}{sections}"));
    fs::set_permissions(phone.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    phone
}

fn booted(phone: &Phone) -> Agent {
    let mut agent = Agent::start(phone);
    agent.pass();
    agent
}

#[track_caller]
fn get(phone: &Phone, name: &str) -> Result<Value, (String, Value)> {
    call(&phone.socket(), "GetFile", json!({ "name": name }))
}

fn with(cluster: &Cluster, files: &[(&str, Vec<u8>)]) -> Files {
    let mut all = cluster.files();
    for (name, payload) in files {
        let name = format!("{name}.sgn");
        all.insert(name.clone(), cluster.signed(&name, payload));
    }
    all
}

/// The names in the ram folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn sha256(bytes: &[u8]) -> String {
    let mut python = Command::new("sha256sum");
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn the_phones_own_configuration_is_not_replaced_by_what_announces_it() {
    let mut cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.encrypted_files(Cipher::Aes128));
    let phone = phone_of(&server, "");
    let [pem, der] = ["device.key", "device.der"].map(|name| phone.folder().join(name));
    support::write(&pem, cluster.device.key.pem().as_bytes());
    support::write(&der, &cluster.device.certificate.der);
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let lines = format!("certificate = {der:?}\nkey = {pem:?}\n\n[tftp]");
    support::write(&phone.configuration(), text.replace("\n[tftp]", &lines).as_bytes());
    let agent = booted(&phone);
    let whole = cluster.config().xml().into_bytes();
    assert_eq!(phone.found().as_ref(), Some(&whole));

    let told = get(&phone, OWN).unwrap();
    assert_eq!(phone.found().as_ref(), Some(&whole), "the short one is in place");
    assert_eq!(told["length"], whole.len());
    assert_eq!(told["verified"], true);

    // What is new is kept over a restart, too.
    cluster.config_extra = "<changed/>".to_owned();
    server.serve(cluster.encrypted_files(Cipher::Aes128));
    let changed = cluster.config().xml().into_bytes();
    assert_eq!(get(&phone, OWN).unwrap()["length"], changed.len());
    assert_eq!(phone.found().as_ref(), Some(&changed));
    assert!(phone.holds("configuration", &changed), "{:?}", phone.store().keys());

    // For another phone, or without the one that is announced: what is in place stays.
    let mut files = cluster.encrypted_files(Cipher::Aes128);
    files.remove(&format!("{OWN}.enc.sgn"));
    server.serve(files);
    assert!(get(&phone, OWN).is_err());
    assert_eq!(phone.found().as_ref(), Some(&changed));
    drop(agent);
}

#[test]
fn a_configuration_that_is_asked_for_is_kept_as_in_a_pass() {
    let mut cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = phone_of(&server, "");
    let mut agent = booted(&phone);
    cluster.config_extra = "<changed/>".to_owned();
    server.serve(cluster.files());
    get(&phone, OWN).unwrap();
    let changed = cluster.config().xml().into_bytes();
    assert_eq!(phone.found().as_ref(), Some(&changed));
    agent.kill();
    fs::remove_dir_all(phone.ram()).unwrap();
    server.serve(Files::new());
    let _agent = booted(&phone);
    assert_eq!(phone.found(), Some(changed), "the restart brings an older one back");
}

#[test]
fn the_folder_has_a_quota_and_the_configuration_stays() {
    let cluster = Cluster::new(Setup::default());
    let large = vec![b'x'; 300_000];
    let names_of = ["a.xml", "b/b.xml", "c.xml", "d.xml", "e.xml"];
    let files: Vec<_> = names_of.iter().map(|name| (*name, large.clone())).collect();
    let server = Server::start(with(&cluster, &files));
    let phone = phone_of(&server, "[ram]\nbytes = 1048576\nfiles = 8\n");
    let agent = booted(&phone);
    for name in names_of {
        get(&phone, name).unwrap();
    }
    let found = names(&phone.ram());
    assert_eq!(found, [OWN, "c.xml", "d.xml", "e.xml"]);
    let told: Vec<_> =
        agent.logged(&phone, 0).into_iter().filter(|line| line.text.starts_with("ram: ")).collect();
    assert_eq!(told.len(), 2, "each file that goes is named");
    assert!(told[1].text.starts_with("ram: b/b.xml removed to make room, 300000 bytes"));
}

#[test]
fn many_small_files_do_not_fill_the_folder() {
    let cluster = Cluster::new(Setup::default());
    let names_of: Vec<String> = (0..9).map(|number| format!("{number}.xml")).collect();
    let files: Vec<_> = names_of.iter().map(|name| (name.as_str(), b"x".to_vec())).collect();
    let server = Server::start(with(&cluster, &files));
    let phone = phone_of(&server, "[ram]\nfiles = 4\n");
    let _agent = booted(&phone);
    for name in &names_of {
        get(&phone, name).unwrap();
    }
    assert_eq!(names(&phone.ram()), ["6.xml", "7.xml", "8.xml", OWN]);
}

#[test]
fn unfinished_files_are_removed_at_the_start() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = phone_of(&server, "");
    fs::create_dir_all(phone.ram().join("a")).unwrap();
    support::write(&phone.ram().join(".secd-x.tmp"), b"half");
    support::write(&phone.ram().join("a/.secd-y.tmp"), b"half");
    let agent = booted(&phone);
    assert_eq!(names(&phone.ram()), [OWN, "a"]);
    assert_eq!(names(&phone.ram().join("a")), [""; 0]);
    let line = "ram: 2 unfinished files from an earlier run removed";
    assert!(agent.logged(&phone, 0).iter().any(|told| told.text == line));
}

#[test]
fn no_folder_takes_the_place_of_the_configuration() {
    let cluster = Cluster::new(Setup::default());
    let name = format!("{OWN}/a.xml");
    let mut files = with(&cluster, &[(&name, b"x".to_vec())]);
    files.remove(&format!("{OWN}.sgn"));
    files.remove("XMLDefault.cnf.xml.sgn");
    let server = Server::start(files);
    let phone = phone_of(&server, "");
    let mut agent = booted(&phone);
    let (error, _) = get(&phone, &name).unwrap_err();
    assert_eq!(error, "phone.secd.BadName");
    server.serve(cluster.files());
    agent.pass_again();
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()));
}

/// What the script tells of a file, at once and when `meanwhile` is done.
fn handed_over(
    phone: &Phone,
    user: u32,
    wanted: &str,
    meanwhile: impl FnOnce(),
) -> (Value, Option<Value>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket/descriptor.py");
    let (user, socket) = (user.to_string(), phone.socket());
    let mut child = Command::new("python3")
        .arg(script)
        .arg(socket)
        .args([&user, &user, "a.xml", wanted])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    meanwhile();
    // It may have ended.
    let _ = child.stdin.take().unwrap().write_all(b"\n");
    let second = lines.next().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    assert!(child.wait().unwrap().success());
    (first, second)
}

#[test]
fn another_user_reads_what_it_may_fetch_and_nothing_but_that() {
    let cluster = Cluster::new(Setup::default());
    let payload: Vec<u8> = (0..=255).cycle().take(400_000).collect();
    let server = Server::start(with(&cluster, &[("a.xml", payload.clone())]));
    let phone = phone_of(&server, ACCESS);
    let _agent = booted(&phone);
    let content = json!({ "length": payload.len(), "sha256": sha256(&payload) });
    let (told, later) = handed_over(&phone, USER, "true", || {
        // Another one takes its place, and whoever holds the first one goes on reading it.
        server.serve(with(&cluster, &[("a.xml", b"another".to_vec())]));
        get(&phone, "a.xml").unwrap();
        assert_eq!(fs::read(phone.ram().join("a.xml")).unwrap(), b"another");
    });
    let expected = json!({
        "error": null, "files": 1, "place": 0, "length": payload.len(), "content": content,
        "offset": 0, "access": true, "write": "EBADF", "truncate": "EINVAL", "reopen": "EACCES",
        "mode": "EPERM", "path": "EACCES",
    });
    assert_eq!(told, expected);
    assert_eq!(later, Some(content));
}

#[test]
fn a_descriptor_is_for_who_asks_for_it_and_may_fetch() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(with(&cluster, &[("a.xml", b"x".to_vec())]));
    let phone = phone_of(&server, ACCESS);
    let _agent = booted(&phone);
    for wanted in ["false", "null"] {
        let (told, _) = handed_over(&phone, USER, wanted, || {});
        let expected = json!({ "error": null, "files": 0, "place": null, "length": 1 });
        assert_eq!(told, expected);
    }
    let (told, _) = handed_over(&phone, 50_003, "true", || {});
    assert_eq!((&told["error"], &told["files"]), (&json!("phone.secd.NotAllowed"), &json!(0)));
}

#[test]
fn one_connection_does_not_use_up_the_descriptors() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(with(&cluster, &[("a.xml", b"x".to_vec())]));
    let phone = phone_of(&server, "");
    let agent = booted(&phone);
    // The files of the ram folder that the agent has open.
    let open = || {
        let entries = fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap();
        let targets = entries.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        targets.filter(|target| target.starts_with(phone.ram())).count()
    };
    let wanted = json!({ "name": "a.xml", "descriptor": true });
    let mut client = Client::connect(&phone.socket());
    for _ in 0..16 {
        assert_eq!(client.call("GetFile", wanted.clone()).unwrap()["descriptor"], 0);
    }
    let (error, _) = client.call("GetFile", wanted.clone()).unwrap_err();
    assert_eq!(error, "phone.secd.TooManyDescriptors");
    assert!(client.call("GetFile", json!({ "name": "a.xml" })).is_ok());
    assert_eq!(open(), 0, "the agent keeps what it has handed over");
    assert!(call(&phone.socket(), "GetFile", wanted).is_ok());
}

#[test]
fn a_descriptor_goes_with_its_own_reply_or_with_none() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(with(&cluster, &[("a.xml", b"x".to_vec())]));
    let phone = phone_of(&server, ACCESS);
    let _agent = booted(&phone);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket/oneway.py");
    let output = Command::new("python3").arg(script).arg(phone.socket()).output().unwrap();
    let told: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(told, json!(0), "{output:?}");
}

/// A copy of the program that any user can start.
fn program(phone: &Phone) -> PathBuf {
    let program = phone.folder().join("secd");
    fs::copy(secd().get_program(), &program).unwrap();
    program
}

fn get_as(phone: &Phone, program: &Path, user: u32, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.uid(user).gid(user).current_dir("/").arg("get").args(arguments);
    command.arg("--socket").arg(phone.socket()).output().unwrap()
}

#[test]
fn the_command_copies_a_file_for_another_user() {
    let cluster = Cluster::new(Setup::default());
    let payload: Vec<u8> = (0..=255).cycle().take(400_000).collect();
    let server = Server::start(with(&cluster, &[("a.xml", payload.clone())]));
    let phone = phone_of(&server, ACCESS);
    let _agent = booted(&phone);
    let program = program(&phone);
    let output = get_as(&phone, &program, USER, &["a.xml", "--out", "-"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{:?}", output.stderr);
    assert_eq!(output.stdout, payload);

    let folder = phone.folder().join("theirs");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(USER), Some(USER)).unwrap();
    let copy = folder.join("copy");
    let output = get_as(&phone, &program, USER, &["a.xml", "--out", copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read(&copy).unwrap(), payload);
    assert!(String::from_utf8(output.stdout).unwrap().contains("verified\tyes\n"));

    // The configuration as well, and nothing of what may not be fetched.
    let output = get_as(&phone, &program, USER, &[OWN, "--out", "-"]);
    assert_eq!(output.stdout, cluster.config().xml().into_bytes());
    let output = get_as(&phone, &program, 50_003, &["a.xml", "--out", "-"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert_eq!(format!("{DEVICE}.cnf.xml"), OWN);
}

#[test]
fn a_default_configuration_under_way_does_not_replace_the_own_one() {
    use secd_lab::tftp::Faults;
    use std::time::Duration;
    let cluster = Cluster::new(Setup::default());
    let mut unknown = cluster.files();
    unknown.remove(&format!("{OWN}.sgn"));
    let server = Server::start(unknown);
    let phone = phone_of(&server, "");
    let mut agent = booted(&phone);
    assert_eq!(
        call(&phone.socket(), "GetStatus", json!({})).unwrap()["configuration"],
        "XMLDefault.cnf.xml"
    );
    server.serve(cluster.files());
    server.set_faults(Faults { drip: Some(Duration::from_millis(700)), ..Faults::default() });
    server.forget_requests();
    let socket = phone.socket();
    let asking = std::thread::spawn(move || {
        call(&socket, "GetFile", json!({ "name": "XMLDefault.cnf.xml" }))
    });
    while server.names().is_empty() {
        std::thread::yield_now();
    }
    server.set_faults(Faults::default());
    agent.pass_again();
    let between = call(&phone.socket(), "GetStatus", json!({})).unwrap()["configuration"].clone();
    let asked = asking.join().unwrap();
    let after = call(&phone.socket(), "GetStatus", json!({})).unwrap()["configuration"].clone();
    assert_eq!((between.as_str(), after.as_str()), (Some(OWN), Some(OWN)), "{asked:?}");
}
