//! Who may call what, user by user and method by method, and what becomes of those who may not.
//!
//! Needs root, as the agent does: only root becomes another user.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use secd::face::Words;
use secd::face::methods::declared;
use secd::face::shape::Types;
use serde_json::{Value, json};
use support::agent::{Agent, run_after};
use support::office::Office;
use support::phone::{Phone, SAME_USER};
use support::socket::{call, full};

const ACCESS: &str = "[access]\nread = [\"group:60001\"]\nconnect = [\"group:60002\"]\n\
    fetch = [\"user:50003\", \"group:60002\"]\nerase = [\"group:60001\"]\nconfigure = [\"user:50004\"]\n";

/// Every method, with the right that it needs.
const METHODS: [(&str, &str); 22] = [
    ("AppendLog", "any"),
    ("Connect", "connect"),
    ("DeleteIdentity", "erase"),
    ("Diagnose", "read"),
    ("Enrol", "erase"),
    ("Erase", "erase"),
    ("FlushCache", "configure"),
    ("FollowLog", "read"),
    ("GetCache", "read"),
    ("GetConnection", "connect"),
    ("GetFile", "fetch"),
    ("GetIdentity", "read"),
    ("GetList", "read"),
    ("GetLog", "read"),
    ("GetStatus", "read"),
    ("GetTrust", "read"),
    ("IsSecure", "fetch"),
    ("Judge", "connect"),
    ("Refresh", "configure"),
    ("Reload", "configure"),
    ("SetLogLevel", "configure"),
    ("Watch", "read"),
];

/// A user, its group, and the rights that the configuration gives it.
const USERS: [(u32, u32, &[&str]); 7] = [
    (0, 0, &["any", "configure", "connect", "erase", "fetch", "read"]),
    (50_001, 60_001, &["any", "erase", "read"]),
    (50_002, 60_002, &["any", "connect", "fetch"]),
    (50_003, 50_003, &["any", "fetch"]),
    (50_004, 50_004, &["any", "configure"]),
    (50_005, 50_005, &[]),
    // The numbers of a group are not those of a user.
    (60_001, 50_003, &[]),
];

/// Refusals of one user that get a line of their own in half a minute; the rest is counted.
const WRITTEN: usize = 16;

#[test]
fn the_table_has_every_method_with_its_right() {
    let declared = declared(&mut Types::new());
    let methods = declared.iter().filter_map(|method| Some((method.name, method.right?.word())));
    assert_eq!(methods.collect::<BTreeMap<_, _>>(), BTreeMap::from(METHODS));
}

fn phone_for_everyone() -> (Office, Phone, Agent) {
    phone_in(Office::open())
}

fn phone_in(office: Office) -> (Office, Phone, Agent) {
    let phone = office.phone(ACCESS);
    fs::set_permissions(phone.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// The errors, and their parameters, that each user gets for its calls.
fn call_as(phone: &Phone, users: &[Value]) -> Vec<Vec<(String, Value)>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket/policy.py");
    let mut python = Command::new("python3");
    python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().unwrap();
    let order = json!({ "socket": phone.socket(), "users": users });
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn each_user_has_the_rights_of_the_configuration_and_no_others() {
    let (_office, phone, agent) = phone_for_everyone();
    // Who may call gets to the parameters, of which none is called so; nothing is done by it.
    let calls: Vec<_> = METHODS
        .iter()
        .map(|(method, _)| json!({ "method": full(method), "parameters": { "zzz": 1 }, "more": true, "upgrade": true }))
        .collect();
    let users: Vec<_> = USERS
        .iter()
        .map(|(uid, gid, _)| json!({ "uid": uid, "gid": gid, "calls": calls }))
        .collect();
    let answers = call_as(&phone, &users);
    let (mut refusals, mut written) = (0, 0);
    for ((uid, _, rights), answers) in USERS.iter().zip(answers) {
        let before = refusals;
        for ((method, right), (error, facts)) in METHODS.iter().zip(answers) {
            if rights.contains(right) {
                assert_eq!(error, "org.varlink.service.InvalidParameter", "{uid} {method} {facts}");
            } else {
                refusals += 1;
                assert_eq!(error, "phone.secd.NotAllowed", "{uid} {method}");
                assert_eq!(facts["right"], *right, "{uid} {method}");
                let holders = facts["holders"].as_array().unwrap();
                assert!(holders.iter().all(Value::is_string), "{uid} {method}: {facts}");
            }
        }
        written += WRITTEN.min(refusals - before);
    }
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    assert_eq!(status["counters"]["refused_calls"], refusals);
    let lines = agent.logged(&phone, 0);
    let logged = lines.iter().filter(|line| line.text.contains(" not allowed for uid ")).count();
    assert_eq!(logged, written);
    assert!(lines.iter().any(|line| {
        line.text.starts_with("ipc: phone.secd.GetTrust not allowed for uid 50005, gid 50005, pid ")
    }));
}

/// The errors that a process gets for GetTrust (read), GetFile (fetch) and Refresh (configure).
fn errors_of(phone: &Phone, uid: u32, gid: u32, groups: &[u32]) -> [bool; 3] {
    let calls = ["GetTrust", "GetFile", "Refresh"]
        .map(|method| json!({ "method": full(method), "parameters": { "zzz": 1 } }));
    let user = json!({ "uid": uid, "gid": gid, "groups": groups, "calls": calls });
    let answers = call_as(phone, &[user]).remove(0);
    answers
        .iter()
        .map(|(error, _)| error != "phone.secd.NotAllowed")
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

#[test]
fn groups_are_those_that_the_process_has() {
    let office = Office::open();
    // By name, as the default configuration has them.
    let phone = office.phone(SAME_USER);
    fs::set_permissions(phone.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let (passwd, group) = (phone.folder().join("passwd"), phone.folder().join("group"));
    support::write(&passwd, b"root:x:0:0::/:\nui:x:50010:50010::/:\n");
    support::write(&group, b"root:x:0:\nphone-ui:x:60010:ui\nphone-apps:x:60011:\n");
    let script = format!(
        "mount --bind {} /etc/passwd; mount --bind {} /etc/group",
        passwd.display(),
        group.display()
    );
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &script));
    agent.pass();
    let (nothing, read, fetch) = ([false; 3], [true, false, false], [false, true, false]);
    // The group file has it, and the process has dropped it.
    assert_eq!(errors_of(&phone, 50_010, 50_010, &[]), nothing);
    assert_eq!(errors_of(&phone, 50_010, 50_010, &[60_010]), read);
    // The group file does not have it, and whoever started the process gave it.
    assert_eq!(errors_of(&phone, 50_010, 50_010, &[7, 60_011]), fetch);
    assert_eq!(errors_of(&phone, 50_012, 50_012, &[60_011]), fetch);
    assert_eq!(errors_of(&phone, 50_012, 60_011, &[]), fetch);
    assert_eq!(errors_of(&phone, 50_012, 50_012, &[60_010, 60_011]), [true, true, false]);
}

#[test]
fn the_groups_of_whoever_got_the_number_of_a_process_are_not_its_own() {
    let (_office, phone, agent) = phone_for_everyone();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket/reused.py");
    let mut python = Command::new("python3");
    python.arg(script).arg(phone.socket()).arg(agent.pid().to_string());
    let output = python.output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    // The same process when it is alive, when it has ended, and when another has its number.
    assert_eq!(told, json!(["", "phone.secd.NotAllowed", "phone.secd.NotAllowed"]), "{output:?}");
}

#[test]
fn introspection_needs_no_right() {
    let (_office, phone, _agent) = phone_for_everyone();
    let calls = json!([
        { "method": "org.varlink.service.GetInfo" },
        { "method": "org.varlink.service.GetInterfaceDescription",
          "parameters": { "interface": "phone.secd" } },
    ]);
    let answers = call_as(&phone, &[json!({ "uid": 50_005, "gid": 50_005, "calls": calls })]);
    assert_eq!((answers[0][0].0.as_str(), answers[0][1].0.as_str()), ("", ""));
    let description = include_str!("../src/agent/secd.varlink");
    assert_eq!(answers[0][1].1["description"], description);
}

#[test]
fn a_confirmation_is_good_for_the_user_who_got_it() {
    let (_office, phone, _agent) = phone_for_everyone();
    let first = call(&phone.socket(), "Erase", json!({ "what": "itl" })).unwrap();
    let parameters = json!({ "what": "itl", "confirmation": first["confirmation"] });
    let erase = json!({ "method": full("Erase"), "parameters": parameters });
    let answers = call_as(&phone, &[json!({ "uid": 50_001, "gid": 60_001, "calls": [erase] })]);
    assert_eq!(answers[0][0].0, "phone.secd.WrongConfirmation");
    assert!(phone.state().join("itl").exists());
}

/// The phone's screen cannot do what its Settings menu may not; root can reset the phone.
#[test]
fn without_access_to_settings_only_root_erases_all_or_enrols() {
    let mut office = Office::open();
    let access = "<vendorConfig><settingsAccess>2</settingsAccess></vendorConfig>\n";
    office.cluster.config_extra = access.to_owned();
    office.tftp.serve(office.cluster.files());
    let (_office, phone, _agent) = phone_in(office);
    let calls: Vec<Value> = ["ctl", "itl", "all"]
        .map(|what| json!({ "method": full("Erase"), "parameters": { "what": what } }))
        .into_iter()
        .chain(
            ["DeleteIdentity", "Enrol"].map(|it| json!({ "method": full(it), "parameters": {} })),
        )
        .collect();
    let user =
        |uid: u32, gid: u32, calls: &[Value]| json!({ "uid": uid, "gid": gid, "calls": calls });
    // Root would be kept waiting: no CAPF server is there.
    let answers = call_as(&phone, &[user(50_001, 60_001, &calls), user(0, 0, &calls[..4])]);
    let errors = |answers: &[(String, Value)]| -> Vec<String> {
        answers.iter().map(|(error, _)| error.clone()).collect()
    };
    let barred = "phone.secd.SettingsAccess";
    assert_eq!(errors(&answers[0]), [barred; 5]);
    assert_eq!(errors(&answers[1]), [barred, barred, "", "phone.secd.NoLsc"]);
    assert!(phone.state().join("itl").exists());
}
