//! `scripts/fleet` with a few phones: they boot, recover, are counted, and leave nothing behind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "a damaged report is written in place")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use secd_lab::cluster::{Cluster, Files, Fleet, Phones, Service, Setup};
use secd_lab::tftp;
use secd_lab::tvs::Servers;

fn script(arguments: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(root.join("scripts/fleet"));
    command.args(arguments).env_remove("JOB_COMPLETION_INDEX");
    command
}

fn fleet(arguments: &[&str]) -> Output {
    script(arguments).output().unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The folder of the programs under test.
fn programs() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_secd-lab")).parent().unwrap();
    assert!(folder.join("secd").exists(), "run this test with --workspace, which builds secd");
    folder.to_owned()
}

/// A run of this many phones, with its report and the folder that it kept.
fn run(folder: &Path, phones: &str, index: &str) -> (Output, PathBuf) {
    let report = folder.join(format!("{index}.json"));
    let (programs, keep) = (programs(), folder.join(index));
    let output = fleet(&[
        phones,
        "--index",
        index,
        "--build",
        programs.to_str().unwrap(),
        "--keep",
        keep.to_str().unwrap(),
        "--json",
        report.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", complaint(&output));
    (output, report)
}

/// The number behind a key of a report.
fn number(report: &str, key: &str) -> u64 {
    let (_, rest) = report.split_once(&format!("\"{key}\":")).unwrap();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
    rest[..end].parse().unwrap()
}

#[test]
fn phones_boot_and_recover_each_from_its_own_address_and_reports_merge() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (output, first) = run(folder, "5", "0");
    let shown = complaint(&output);
    assert!(shown.contains("first boot: 5 of 5 have a verified configuration"), "{shown}");
    assert!(shown.contains("after a regeneration: 5 of 5"), "{shown}");

    let report = fs::read_to_string(&first).unwrap();
    let (boot, recovery) = report.split_once("\"recovery\":").unwrap();
    assert!(boot.contains("\"questions\":0,"), "first use asks nobody: {report}");
    assert!(number(recovery, "questions") >= 5, "each phone asks about the new signer: {report}");
    assert_eq!(number(&report, "lab_questions"), number(recovery, "questions"), "{report}");
    assert!(number(&report, "pss_kb_a_phone") > 100, "{report}");

    for last in 0..5 {
        let log = folder.join(format!("0/SEP02000000000{last}/log"));
        let log = fs::read_to_string(log).unwrap();
        assert!(log.contains(&format!(" bound to <127.1.0.{}:", last + 1)), "{log}");
        assert!(log.contains("run: ended by signal"), "{log}");
    }

    let (_, second) = run(folder, "2", "3");
    let merged = folder.join("merged.json");
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let output = fleet(&["merge", first, second, "--json", merged.to_str().unwrap()]);
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(complaint(&output).contains("after a regeneration: 7 of 7"), "{}", complaint(&output));
    let output = fleet(&["merge", first, merged.to_str().unwrap()]);
    assert!(complaint(&output).contains("the same phones are in two reports"));
    assert!(!output.status.success());
}

#[test]
fn a_cluster_that_does_not_know_the_phones_makes_a_report_of_failures() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let mut cluster = Cluster::new(Setup::default());
    let mut files = cluster.publish();
    files.retain(|name, _| name == "ITLFile.tlv");
    let server = tftp::Server::start(files);
    let output = fleet(&[
        "2",
        "--server",
        &server.address().to_string(),
        "--limit",
        "1",
        "--build",
        programs().to_str().unwrap(),
        "--json",
        report.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    let shown = complaint(&output);
    assert!(shown.contains("first boot: 0 of 2"), "{shown}");
    assert!(shown.contains("50 % never"), "{shown}");
    let mut peers: Vec<_> = server.requests().iter().map(|request| request.peer.ip()).collect();
    peers.sort();
    peers.dedup();
    assert_eq!(
        peers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["127.1.0.1", "127.1.0.2"]
    );
}

/// As on a machine of several, with a cluster that somebody else regenerates.
#[test]
fn phones_recover_when_the_list_of_a_foreign_cluster_changes() {
    let mut cluster = Cluster::new(Setup::default());
    let tvs = Servers::start(&mut cluster);
    let server = tftp::Server::start(Files::new());
    // Machine 1 of 3 phones each: the first three are another machine's.
    let phones = Phones::from("SEP020000000003", 3).unwrap();
    let publish = |cluster: &mut Cluster| {
        tvs.follow(cluster);
        let files = cluster.publish();
        server.serve_with(files.clone(), Arc::new(Fleet::new(cluster, files, phones)));
    };
    publish(&mut cluster);
    let (address, programs) = (server.address().to_string(), programs());
    let mut child = script(&["3", "--server", &address, "--recover", "60", "--build"])
        .arg(programs)
        .env("JOB_COMPLETION_INDEX", "1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line.starts_with("fleet: regenerate now: ")));
    cluster.regenerate(0, Service::CallManager);
    publish(&mut cluster);
    let shown: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "{shown:#?}");
    let recovered = "fleet: after a regeneration: 3 of 3 have a verified configuration";
    assert!(shown.iter().any(|line| line == recovered), "{shown:#?}");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.json");
    fs::write(&damaged, "{\"format\":\"secd-fleet-1\",").unwrap();
    let damaged = damaged.to_str().unwrap();
    for (arguments, code, words) in [
        (&["0"][..], 64, "'0' is not a number from 1 on"),
        (&["1", "--first", "SEP1"], 64, "'SEP1' is not SEP and 12 hexadecimal digits"),
        (&["1", "--recover", "9"], 64, "--recover needs --server"),
        (&["merge", damaged], 1, "the report is cut off or damaged"),
        (&["merge", "/nowhere"], 1, "/nowhere: No such file"),
    ] {
        let output = fleet(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", complaint(&output));
        assert!(complaint(&output).contains(words), "{}", complaint(&output));
    }
}

/// The words of a list in the manifest: what follows `key`, an item a line.
fn items<'a>(manifest: &'a str, key: &str) -> Vec<&'a str> {
    let (_, rest) = manifest.split_once(&format!("{key}:\n")).unwrap();
    let item = |line: &'a str| Some(line.trim().strip_prefix("- ")?.trim_matches('"'));
    rest.lines().map_while(item).collect()
}

/// `docs/fleet.md` says how it is compared with the schema of Kubernetes.
#[test]
fn the_manifest_is_an_indexed_job_of_a_command_that_the_script_takes() {
    let manifest = include_str!("../../../docs/fleet/job.yaml");
    let value = |key: &str| {
        let mut lines = manifest.lines().map(str::trim);
        let value = lines.find_map(|line| line.strip_prefix(&format!("{key}: "))).unwrap();
        value.to_owned()
    };
    assert_eq!([value("apiVersion"), value("kind")], ["batch/v1", "Job"]);
    assert_eq!(value("completionMode"), "Indexed");
    assert_eq!(value("completions"), value("parallelism"), "all machines run at the same time");
    assert!(manifest.lines().all(|line| !line.contains('\t')));

    let arguments = items(manifest, "args");
    assert!(arguments.contains(&"--json=-"), "{arguments:?}");
    // The programs of the image are not here; by then the arguments have been understood.
    let output = fleet(&arguments);
    let shown = complaint(&output);
    assert!(shown.contains("--build /opt/secd/bin: there is no program secd"), "{shown}");
}
