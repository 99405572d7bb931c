//! What a phone says and does when a server gives it something else than it should.
//!
//! Each bad file costs one clear line, the status message, the alarm, and nothing else: what is
//! installed stays, byte for byte and inode for inode.

mod support;

use std::collections::BTreeMap;

use secd_lab::cluster::{Cluster, Files, Security, Service, Setup, Signer};
use secd_lab::keys::Pool;
use secd_lab::tftp::{Faults, Server};
use secd_lab::tvs;
use support::agent::Agent;
use support::log::{Line, alarms, messages, shown};
use support::office::Office;
use support::phone::{DEVICE, OnDisk, Phone};

/// A phone, and the cluster that serves it.
struct Bench {
    cluster: Cluster,
    server: Server,
    phone: Phone,
    agent: Agent,
    /// The signed configuration that the phone has.
    configuration: Vec<u8>,
}

impl Bench {
    /// A phone with both lists and a configuration.
    fn secure() -> Self {
        let mut cluster = Cluster::new(Setup::default());
        cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
        let server = Server::start(cluster.files());
        let phone = patient(&server);
        let mut agent = Agent::start(&phone);
        assert_eq!(alarms(&agent.pass()), ["4 (TL_INITIAL_SUCCESS)"]);
        let configuration = cluster.files()[&signed()].clone();
        // What is served from now on is news.
        cluster.regenerate(0, Service::Tvs);
        cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
        Self { cluster, server, phone, agent, configuration }
    }

    fn disk(&self) -> [BTreeMap<String, OnDisk>; 2] {
        [self.phone.store(), support::phone::store(&self.phone.ram())]
    }

    /// A pass over these files, which must change nothing.
    #[track_caller]
    fn pass_in_vain(&mut self, files: Files) -> Vec<Line> {
        let before = self.disk();
        self.server.serve(files);
        self.server.forget_requests();
        let lines = self.agent.pass_again();
        assert_eq!(before, self.disk(), "{}", shown(&lines));
        lines
    }

    /// The files in which nothing is new, but for this one.
    fn unchanged_but(&self, name: &str, bytes: &[u8]) -> Files {
        let mut files = Files::new();
        let stored = |slot: &str| self.phone.store()[slot].bytes.clone();
        files.insert(ctl(), payload(&stored("ctl")));
        files.insert(itl(), payload(&stored("itl")));
        files.insert(signed(), self.configuration.clone());
        files.insert(name.to_owned(), bytes.to_vec());
        files
    }
}

fn patient(server: &Server) -> Phone {
    Phone::with(&[&server.address().to_string()], "timeout_s = 1\nretries = 0", "")
}

/// The bytes of an entry of the store: they follow an empty line.
fn payload(entry: &[u8]) -> Vec<u8> {
    let end = entry.windows(2).position(|pair| pair == b"\n\n").expect("an empty line");
    entry[end + 2..].to_vec()
}

fn ctl() -> String {
    format!("CTL{DEVICE}.tlv")
}

fn itl() -> String {
    format!("ITL{DEVICE}.tlv")
}

fn signed() -> String {
    format!("{DEVICE}.cnf.xml.sgn")
}

/// The one line that says what is wrong: it names the file, and the reason.
#[track_caller]
fn expect_reason(lines: &[Line], file: &str, reason: &str) {
    let alarm = |line: &&Line| !line.text.starts_with("Trust List update alarm");
    let errors: Vec<_> = lines.iter().filter(|line| line.level == "ERR").filter(alarm).collect();
    let named = errors.iter().filter(|line| {
        line.text.contains(file) && line.text.contains(reason) && line.process != "TFTP"
    });
    assert_eq!(named.count(), 1, "{file}: {reason}: one line of\n{}", shown(lines));
}

const MISMATCH: &str = "the signature does not match the file and its signer";

/// Bytes that are no file of the cluster's, with what is said of them.
fn bad(good: &[u8], stranger: &[u8], body: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut flipped = good.to_vec();
    flipped[good.len() - 1] ^= 1;
    let mut resigned = good.to_vec();
    let signature = good.iter().position(|byte| *byte == 12).expect("tag 12");
    resigned[signature + 40] ^= 1;
    vec![
        ("cut in the header", good[..100].to_vec(), "offset "),
        ("cut to a byte", good[..1].to_vec(), "offset "),
        ("no such file at all", b"<html>Not here</html>".to_vec(), "offset 0"),
        ("its body alone", body.to_vec(), "offset "),
        ("signed by a stranger", stranger.to_vec(), "signer not in CTL"),
        ("another signature", resigned, MISMATCH),
        ("a flipped bit", flipped, MISMATCH),
    ]
}

fn stranger(pool: &Pool) -> Cluster {
    let mut stranger =
        Cluster::new(Setup { pool: pool.clone(), ..Setup::of(&["elsewhere.lab.test"]) });
    stranger.update_ctl(&Signer::CallManager(0), Security::Mixed);
    stranger
}

#[test]
fn a_bad_list_changes_nothing_and_is_told() {
    let mut bench = Bench::secure();
    let stranger = stranger(&bench.cluster.setup.pool).files();
    let good = bench.cluster.files();
    for (name, other, message, alarm) in [
        (ctl(), itl(), "CTL update failed", "5 (TL_FAILED_OLD_CTL)"),
        (itl(), ctl(), "Trust List update failed", "8 (TL_FAILED_OLD_ITL)"),
    ] {
        let list = &good[&name];
        let body = &list[usize::from(u16::from_be_bytes([list[8], list[9]]))..];
        let mut cases = bad(list, &stranger[&name], body);
        // No record is read before the signature holds.
        cases.push(("cut in a record", list[..list.len() - 7].to_vec(), MISMATCH));
        cases.push(("doubled", list.repeat(2), MISMATCH));
        cases.push(("the other list", good[&other].clone(), "signed as "));
        for (what, bytes, reason) in cases {
            let lines = bench.pass_in_vain(bench.unchanged_but(&name, &bytes));
            expect_reason(&lines, &name, reason);
            assert_eq!(messages(&lines), [message], "{what}:\n{}", shown(&lines));
            assert_eq!(alarms(&lines), [alarm], "{what}:\n{}", shown(&lines));
        }
        let lines = bench.pass_in_vain(bench.unchanged_but(&name, &vec![0; 300_000]));
        expect_reason(&lines, &name, "exceeds the limit of 262144");
        assert_eq!(messages(&lines), ["TFTP error", message]);
        assert_eq!(alarms(&lines), [alarm]);
    }
}

#[test]
fn two_bad_lists_are_one_alarm() {
    let mut bench = Bench::secure();
    let mut files = bench.unchanged_but(&ctl(), b"x");
    files.insert(itl(), b"x".to_vec());
    let lines = bench.pass_in_vain(files);
    expect_reason(&lines, &ctl(), "offset ");
    expect_reason(&lines, &itl(), "offset ");
    assert_eq!(messages(&lines), ["Trust List update failed"]);
    assert_eq!(alarms(&lines), ["9 (TL_FAILED_OLD_TL)"]);
}

#[test]
fn an_empty_list_is_a_list_that_was_not_found() {
    let mut bench = Bench::secure();
    let mut files = bench.unchanged_but(&ctl(), b"");
    files.insert("CTLFile.tlv".to_owned(), Vec::new());
    files.insert(itl(), Vec::new());
    files.insert("ITLFile.tlv".to_owned(), Vec::new());
    let lines = bench.pass_in_vain(files);
    let empty = lines.iter().filter(|line| line.text.ends_with("is empty: treated as not found"));
    assert_eq!(empty.count(), 4, "{}", shown(&lines));
    assert_eq!(messages(&lines), ["File Not Found <CTLFile.tlv>"]);
    assert_eq!(alarms(&lines), [""; 0]);
    let asked = [ctl(), "CTLFile.tlv".to_owned(), itl(), "ITLFile.tlv".to_owned(), signed()];
    assert_eq!(bench.server.names(), asked, "still only the signed configuration");
}

#[test]
fn a_bad_first_list_leaves_the_phone_without_one() {
    let cluster = Cluster::new(Setup::default());
    let good = cluster.files();
    let server = Server::start(Files::new());
    for (what, bytes, reason) in bad(&good[&itl()], b"x", b"y").into_iter().take(3) {
        let phone = patient(&server);
        server.serve(Files::from([(itl(), bytes)]));
        let lines = Agent::start(&phone).pass();
        expect_reason(&lines, &itl(), reason);
        let expected = [
            "File Not Found <CTLFile.tlv>",
            "Trust List update failed",
            "No Trust List installed",
            "File not found <Cfg File>",
        ];
        assert_eq!(messages(&lines), expected, "{what}:\n{}", shown(&lines));
        assert_eq!(alarms(&lines), ["6 (TL_FAILED_NO_TL)"], "{what}");
        assert_eq!(phone.store(), BTreeMap::new(), "{what}");
    }
}

#[test]
fn an_empty_configuration_is_one_that_was_not_found() {
    let mut bench = Bench::secure();
    let default = "XMLDefault.cnf.xml.sgn".to_owned();
    let mut files = bench.unchanged_but(&signed(), b"");
    files.remove(&default);
    let lines = bench.pass_in_vain(files);
    let empty = format!("{} is empty: treated as not found", signed());
    assert!(lines.iter().any(|line| line.text == empty), "{}", shown(&lines));
    assert_eq!(messages(&lines), ["File not found <Cfg File>"]);
    assert_eq!(bench.server.names(), [ctl(), itl(), signed()], "and no default one");
}

#[test]
fn a_bad_configuration_changes_nothing_and_is_told() {
    let mut bench = Bench::secure();
    let path = format!("{DEVICE}.cnf.xml");
    let stranger = stranger(&bench.cluster.setup.pool);
    let xml = b"<device>news</device>";
    let good = bench.cluster.signed(&signed(), xml);
    let mut cases = bad(&good, &stranger.signed(&signed(), xml), xml);
    let other = format!("{}.cnf.xml.sgn", "SEP00112233445A");
    let named_otherwise = bench.cluster.signed(&other, xml);
    cases.push(("cut", good[..good.len() - 3].to_vec(), MISMATCH));
    cases.push(("doubled", good.repeat(2), MISMATCH));
    cases.push(("named otherwise", named_otherwise, "signed as SEP00112233445A"));
    for (what, bytes, reason) in cases {
        let lines = bench.pass_in_vain(bench.unchanged_but(&signed(), &bytes));
        expect_refused(&lines, &path, reason);
        assert_eq!(messages(&lines), ["Verification Failed"], "{what}:\n{}", shown(&lines));
        assert_eq!(alarms(&lines), [""; 0], "{what}");
        let asked = [ctl(), itl(), signed()];
        assert_eq!(bench.server.names(), asked, "{what}: nothing instead of a refused file");
    }
    let lines = bench.pass_in_vain(bench.unchanged_but(&signed(), &vec![0; 600_000]));
    expect_reason(&lines, &path, "exceeds the limit of 550001");
    assert_eq!(messages(&lines), ["CFG TFTP Size Error"]);
}

/// The technote has a code for a signer that no list knows; that line names the code.
#[track_caller]
fn expect_refused(lines: &[Line], path: &str, reason: &str) {
    expect_reason(lines, path, reason);
    expect_reason(lines, path, "verify FAILED");
}

#[test]
fn a_missing_signed_file_is_never_replaced_by_an_unsigned_one() {
    let mut bench = Bench::secure();
    let mut files = bench.unchanged_but("x", b"");
    files.remove(&signed());
    for name in [format!("{DEVICE}.cnf.xml"), "XMLDefault.cnf.xml".to_owned()] {
        files.insert(name, b"<device>unsigned</device>".to_vec());
    }
    let lines = bench.pass_in_vain(files);
    assert_eq!(bench.server.names(), [ctl(), itl(), signed()], "and no default one");
    assert_eq!(messages(&lines), ["File not found <Cfg File>"]);
    assert_eq!(alarms(&lines), [""; 0]);
    expect_reason(&lines, "no configuration on the server", "the last good one stays in use");
}

#[test]
fn a_silent_server_leaves_everything_as_it_is() {
    let mut bench = Bench::secure();
    bench.server.set_faults(Faults { silent: true, ..Faults::default() });
    let lines = bench.pass_in_vain(bench.cluster.files());
    expect_reason(&lines, &ctl(), "timed out");
    assert_eq!(messages(&lines), ["TFTP timeout", "Trust List update failed"]);
    assert_eq!(alarms(&lines), ["9 (TL_FAILED_OLD_TL)"]);
    assert_eq!(bench.server.names(), [ctl()], "the pass ends with the first file");
    // When it speaks again, all is made up for.
    bench.server.set_faults(Faults::default());
    let lines = bench.agent.pass_again();
    assert_eq!(messages(&lines), ["Trust List updated"], "{}", shown(&lines));
    assert_eq!(alarms(&lines), ["1 (TL_SUCCESS)"]);
}

#[test]
fn a_pass_that_reached_nobody_is_repeated_without_being_asked_for() {
    let server = Server::start(Cluster::new(Setup::default()).files());
    server.set_faults(Faults { silent: true, ..Faults::default() });
    let (tftp, retry) = ("timeout_s = 1\nretries = 0", "[retry]\nfirst_s = 1\n");
    let phone = Phone::with(&[&server.address().to_string()], tftp, retry);
    let mut agent = Agent::start(&phone);
    assert_eq!(alarms(&agent.pass()), ["6 (TL_FAILED_NO_TL)"]);
    server.set_faults(Faults::default());
    let lines = agent.pass();
    assert_eq!(lines[0].text, "refresh: next try in 1 seconds, or on SIGHUP");
    assert_eq!(alarms(&lines), ["3 (ITL_INITIAL_SUCCESS)"], "{}", shown(&lines));
}

#[test]
fn a_pass_that_failed_for_want_of_tvs_is_repeated_without_being_asked_for() {
    let mut office = Office::open();
    let phone = office.phone("[retry]\nfirst_s = 1\n");
    let mut agent = Agent::start(&phone);
    assert_eq!(alarms(&agent.pass()), ["3 (ITL_INITIAL_SUCCESS)"]);
    office.cluster.regenerate(0, Service::CallManager);
    office.tftp.serve(office.cluster.publish());
    office.tvs.close();
    assert_eq!(alarms(&agent.pass_again()), ["8 (TL_FAILED_OLD_ITL)"]);
    office.tvs.store(tvs::entries(&office.cluster.store()));
    office.tvs.reopen().expect("the port is still free");
    let mut lines = agent.pass();
    assert!(lines[0].text.starts_with("refresh: next try in "), "{}", shown(&lines));
    // The first try may have come before TVS did.
    while alarms(&lines) != ["1 (TL_SUCCESS)"] {
        assert_eq!(alarms(&lines), ["8 (TL_FAILED_OLD_ITL)"], "{}", shown(&lines));
        lines = agent.pass();
    }
}

#[test]
fn a_silent_server_leaves_a_new_phone_without_a_list() {
    let server = Server::start(Files::new());
    server.set_faults(Faults { silent: true, ..Faults::default() });
    let phone = patient(&server);
    let lines = Agent::start(&phone).pass();
    expect_reason(&lines, &ctl(), "timed out");
    let expected = ["TFTP timeout", "Trust List update failed", "No Trust List installed"];
    assert_eq!(messages(&lines), expected, "{}", shown(&lines));
    assert_eq!(alarms(&lines), ["6 (TL_FAILED_NO_TL)"]);
    assert_eq!(phone.store(), BTreeMap::new());
}

#[test]
fn a_server_in_trouble_is_told_from_one_that_has_no_file() {
    let mut bench = Bench::secure();
    bench.server.set_faults(Faults { refuse: Some(3), ..Faults::default() });
    let lines = bench.pass_in_vain(bench.cluster.files());
    expect_reason(&lines, &ctl(), "reported error 3");
    expect_reason(&lines, &itl(), "reported error 3");
    let expected = ["TFTP error", "TFTP error", "Trust List update failed", "TFTP error"];
    assert_eq!(messages(&lines), expected);
    assert_eq!(alarms(&lines), ["9 (TL_FAILED_OLD_TL)"]);
}

/// Servers in the field say so that they have no such file; what is installed stays all the same.
#[test]
fn a_server_that_denies_access_to_everything_has_nothing() {
    let mut bench = Bench::secure();
    bench.server.set_faults(Faults { refuse: Some(2), ..Faults::default() });
    let lines = bench.pass_in_vain(bench.cluster.files());
    assert_eq!(messages(&lines), ["File Not Found <CTLFile.tlv>", "File not found <Cfg File>"]);
    assert_eq!(alarms(&lines), [""; 0]);
    let odd = lines.iter().filter(|line| line.text.contains(" (error 2): refused")).count();
    assert_eq!(odd, 5, "two names of each list, and the configuration:\n{}", shown(&lines));
}
