//! Who may become trusted on a phone without lists, and the way back when what was trusted cannot
//! be read: through the program.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::process::{Command, Output, Stdio};

use secd_lab::cluster::{Cluster, Rollback, Security, Setup, Signer};
use secd_lab::digest::Digest;
use secd_lab::tftp::Server;
use support::agent::{Agent, secd};
use support::log::{Line, alarms, messages, shown};
use support::phone::Phone;

fn pin(signer: &secd_lab::certificate::Identity) -> String {
    Digest::Sha256.of(&signer.certificate.der).iter().map(|it| format!("{it:02x}")).collect()
}

/// The first pass of a phone with this policy.
fn first_pass(cluster: &Cluster, policy: &str) -> (Phone, Vec<Line>) {
    let server = Server::start(cluster.files());
    let policy = format!("[policy]\n{policy}\n");
    let phone = Phone::with(&[&server.address().to_string()], "timeout_s = 1\n", &policy);
    let lines = Agent::start(&phone).pass();
    (phone, lines)
}

#[track_caller]
fn expect_nothing_trusted(phone: &Phone, lines: &[Line], why: &str) {
    assert!(!phone.state().join("itl").exists() && !phone.state().join("ctl").exists());
    assert_eq!(alarms(lines), ["6 (TL_FAILED_NO_TL)"], "{}", shown(lines));
    assert!(messages(lines).contains(&"No Trust List installed"), "{}", shown(lines));
    assert!(lines.iter().any(|line| line.text.ends_with(why)), "{}", shown(lines));
}

#[test]
fn a_phone_that_denies_first_use_trusts_no_first_list() {
    let (phone, lines) = first_pass(&Cluster::new(Setup::default()), "first_use = \"deny\"");
    expect_nothing_trusted(
        &phone,
        &lines,
        "policy does not allow first use (first_use = \"deny\")",
    );
}

#[test]
fn a_pinned_phone_trusts_the_announced_signer_alone() {
    let cluster = Cluster::new(Setup::default());
    let theirs = pin(&cluster.nodes[0].callmanager);
    let policy = |pin: &str| format!("first_use = \"pin\"\npins = [\"{pin}\"]");
    let (phone, lines) = first_pass(&cluster, &policy(&theirs));
    assert_eq!(alarms(&lines), ["3 (ITL_INITIAL_SUCCESS)"], "{}", shown(&lines));
    assert!(phone.holds("itl", &cluster.itl()));
    let others = pin(&cluster.setup.identity("stranger.lab.test"));
    let (phone, lines) = first_pass(&cluster, &policy(&others));
    let why = "the signer of the first list is not pinned; SHA-256 of its certificate: ";
    expect_nothing_trusted(&phone, &lines, &format!("{why}{theirs}"));
}

#[test]
fn a_pinned_token_lets_the_rest_follow() {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    let policy = format!("first_use = \"pin\"\npins = [\"{}\"]", pin(&cluster.tokens[0]));
    let (_phone, lines) = first_pass(&cluster, &policy);
    assert_eq!(alarms(&lines), ["4 (TL_INITIAL_SUCCESS)"], "the CTL vouches: {}", shown(&lines));
}

/// What `secd trust` and `secd status` say of a phone.
fn told(phone: &Phone, command: &str) -> String {
    let mut ask = secd();
    ask.arg(command).arg("--socket").arg(phone.folder().join("socket"));
    String::from_utf8(ask.output().unwrap().stdout).unwrap()
}

#[test]
fn a_person_is_told_what_a_blank_list_protects_and_what_not() {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.set_rollback(Rollback::On);
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    for command in ["trust", "status"] {
        let told = told(&phone, command);
        assert!(told.contains("are NOT protected"), "{told}");
        assert!(told.contains("HTTPS services do not work"), "{told}");
    }
    let trust = told(&phone, "trust");
    assert!(trust.contains("itl\tblank\tyes, empty entries"), "{trust}");
    assert_eq!(trust.matches("\tEMPTY\t").count(), 2, "CCM+TFTP and TVS: {trust}");

    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    server.serve(cluster.files());
    agent.pass_again();
    let trust = told(&phone, "trust");
    assert!(trust.contains("files and lists must be signed by a signer in the CTL"), "{trust}");
    assert!(!trust.contains("NOT protected"), "{trust}");
}

/// A phone whose ITL is damaged beyond repair, its agent, and its server.
fn locked() -> (Phone, Agent, Server, Cluster) {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    agent.kill();
    support::write(&phone.state().join("itl"), b"no list");
    server.forget_requests();
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert_eq!(messages(&lines), ["Trust List update failed"]);
    assert_eq!(alarms(&lines), ["7 (TL_FAILED)"]);
    (phone, agent, server, cluster)
}

fn erase(phone: &Phone, arguments: &[&str]) -> Output {
    let mut erase = secd();
    erase.arg("erase").args(arguments).arg("--socket").arg(phone.folder().join("socket"));
    erase.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn only_erasing_everything_at_the_phone_unlocks_a_damaged_store() {
    let (phone, mut agent, server, cluster) = locked();
    agent.pass_again();
    assert_eq!(server.names(), [""; 0], "no pass asks a server");

    let unasked = erase(&phone, &["all"]);
    assert_eq!(unasked.status.code(), Some(64), "nobody there to confirm");
    let half = erase(&phone, &["itl", "--yes"]);
    assert_eq!(half.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&half.stderr).contains("secd erase all"), "{half:?}");
    assert!(phone.holds("itl", b"no list"), "nothing is erased by halves");

    assert!(erase(&phone, &["all", "--yes"]).status.success());
    let lines = agent.pass();
    assert!(messages(&lines).contains(&"ITL installed"), "{}", shown(&lines));
    assert!(phone.holds("itl", &cluster.itl()));
}

#[test]
fn a_process_without_the_right_to_erase_does_not_unlock() {
    if !nix::unistd::Uid::effective().is_root() {
        return; // Who is not root cannot become somebody else either.
    }
    let (phone, _agent, _server, _cluster) = locked();
    // A stranger may reach the socket, and is not listed in [access].
    let open = Command::new("chmod").args(["o+x"]).arg(phone.folder()).status();
    assert!(open.unwrap().success());
    let mut call = Command::new("setpriv");
    call.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    // Where the stranger may go.
    let program = phone.folder().join("secd");
    std::fs::copy(env!("CARGO_BIN_EXE_secd"), &program).unwrap();
    call.arg(program).args(["erase", "all", "--yes", "--socket"]);
    let output = call.arg(phone.folder().join("socket")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("not allowed"), "{said}");
    assert!(phone.holds("itl", b"no list"));
}

/// The advice to delete an ITL is what an attacker wants who cannot sign: what comes next is held
/// to the signer that a person has compared, over a restart too.
#[test]
fn after_an_erase_with_a_pin_the_first_use_waits_for_that_signer() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let pool = cluster.setup.pool.clone();
    let attacker = Cluster::new(Setup { pool, ..Setup::of(&["attacker.lab.test"]) });
    server.serve(attacker.files());
    let awaited = pin(&cluster.nodes[0].callmanager);
    assert_eq!(erase(&phone, &["itl", "--yes", "--pin", "12"]).status.code(), Some(64));
    assert!(erase(&phone, &["itl", "--yes", "--pin", &awaited]).status.success());
    let theirs = pin(&attacker.nodes[0].callmanager);
    let why = format!("is not pinned; SHA-256 of its certificate: {theirs}");
    let lines = agent.pass();
    assert!(shown(&lines).contains(&why), "{}", shown(&lines));
    assert!(told(&phone, "trust").contains(&format!("first use pinned to\t{awaited}\n")));
    assert!(agent.end().success());

    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(shown(&lines).contains(&why), "{}", shown(&lines));
    let doctor = told(&phone, "doctor");
    assert!(doctor.contains("(refused-by-policy)") && doctor.contains(&theirs), "{doctor}");
    server.serve(cluster.files());
    let lines = agent.pass_again();
    assert!(messages(&lines).contains(&"ITL installed"), "{}", shown(&lines));
    assert!(!told(&phone, "trust").contains("first use pinned to"));
}

/// An erase is an order of now: the pin of an earlier one does not outlive it.
#[test]
fn an_erase_without_a_pin_waits_for_nobody_in_particular() {
    let (phone, mut agent, _server, cluster) = locked();
    let others = pin(&cluster.setup.identity("stranger.lab.test"));
    assert!(erase(&phone, &["all", "--yes", "--pin", &others]).status.success());
    let lines = agent.pass();
    assert!(shown(&lines).contains("is not pinned"), "{}", shown(&lines));
    assert!(erase(&phone, &["all", "--yes"]).status.success());
    let lines = agent.pass();
    assert!(messages(&lines).contains(&"ITL installed"), "{}", shown(&lines));
}

#[test]
fn an_erase_with_a_pin_holds_for_the_pass_under_way() {
    use nix::sys::signal::Signal;
    use secd_lab::tftp::Faults;
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let pool = cluster.setup.pool.clone();
    let attacker = Cluster::new(Setup { pool, ..Setup::of(&["attacker.lab.test"]) });
    server.serve(attacker.files());
    server.forget_requests();
    server.set_faults(Faults { silent: true, ..Faults::default() });
    agent.signal(Signal::SIGHUP);
    while server.names().is_empty() {
        std::thread::yield_now();
    }
    let awaited = pin(&cluster.nodes[0].callmanager);
    assert!(erase(&phone, &["itl", "--yes", "--pin", &awaited]).status.success());
    server.set_faults(Faults::default());
    let lines = agent.pass();
    assert!(!phone.holds("itl", &attacker.itl()), "{}", shown(&lines));
}
