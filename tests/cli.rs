//! The command line, as a shell sees it: exit codes, standard output, one line of error.

mod support;

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::tftp::{Faults, Server};
use serde_json::Value;
use support::agent::secd;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn manifest() -> Value {
    let text = fs::read(vectors().join("manifest.json")).expect("the manifest");
    serde_json::from_slice(&text).expect("the manifest is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is text in {value}"))
}

/// Runs the program in the folder of the vectors.
fn run(arguments: &[&str]) -> Output {
    secd().current_dir(vectors()).args(arguments).output().expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The one line of an error, without the program's name.
#[track_caller]
fn complaint(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    // With --json one object follows, where standard output is for data.
    let (line, rest) = text.split_once('\n').expect("a line");
    if !rest.is_empty() {
        let object: Value = serde_json::from_str(rest).expect("an object and nothing else");
        assert_eq!(line, format!("secd: {}", object["detail"].as_str().expect("a detail")));
    }
    line.strip_prefix("secd: ").expect("the program's name").to_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// `secd verify --json`, as a phone in the vector's state.
fn verify(vector: &Value) -> Output {
    let file = text(vector, "file");
    let mut arguments = vec!["verify", file, "--json", "--name", text(vector, "requested_name")];
    if let Some(list) = vector["trust"]["file"].as_str() {
        arguments.extend(["--itl", list]);
    }
    if text(vector, "kind") == "enc" {
        arguments.extend(["--key", vector["decrypt_key"].as_str().unwrap_or("keys/device.key")]);
    }
    run(&arguments)
}

#[test]
fn every_vector_gets_its_verdict_and_exit_code() {
    let manifest = manifest();
    let vectors = manifest["vectors"].as_array().expect("vectors");
    assert_eq!(vectors.len(), 58);
    for vector in vectors {
        let file = text(vector, "file");
        let output = verify(vector);
        let told = json(&output);
        if text(vector, "expected") == "accept" {
            assert_eq!((code(&output), text(&told, "verdict")), (0, "verified"), "{file}");
            assert_eq!(output.stderr, b"", "{file}");
            expect_facts(vector, &told);
            continue;
        }
        let class = text(&told, "reason");
        assert_eq!(text(&told, "verdict"), "refused", "{file}");
        // 65: it is no such file; 1: it is, and is not believed.
        let malformed = [65, 1].iter().position(|exit| *exit == code(&output));
        assert!(malformed.is_some(), "{file}: exit {}", code(&output));
        assert!(classes(vector).contains(&class), "{file}: {class}");
        let complaint = complaint(&output);
        assert!(complaint.starts_with(&format!("{file}: refused ({class}): ")), "{complaint}");
        assert_eq!(complaint, format!("{file}: refused ({class}): {}", text(&told, "detail")));
    }
}

fn classes(vector: &Value) -> Vec<&str> {
    let also = vector["reason_also"].as_array().into_iter().flatten();
    let mut classes: Vec<_> = vector["reason"].as_str().into_iter().collect();
    classes.extend(also.filter_map(Value::as_str));
    // Faults of decryption are not told apart, on purpose: see trust::decrypt.
    if ["bad-ciphertext", "plaintext-digest-mismatch"].iter().any(|fault| classes.contains(fault)) {
        classes.push("decrypt-failed");
    }
    classes
}

/// What is printed of a good file is what the manifest has of it.
#[track_caller]
fn expect_facts(vector: &Value, told: &Value) {
    let file = text(vector, "file");
    assert_eq!(told["kind"], vector["kind"], "{file}");
    let by = if vector["trust"]["file"].is_string() { "itl" } else { "first-use" };
    assert_eq!(told["by"], by, "{file}");
    let warned = told["warnings"].as_array().expect("warnings").iter();
    let unknown = warned.filter(|warning| **warning == "unknown-tag").count();
    assert_eq!(unknown, usize::from(vector["warning"].is_string()), "{file}");
    let header = &vector["header"];
    if header.is_object() {
        for (ours, theirs) in [
            ("/version", "version"),
            ("/signer_version", "signer_version"),
            ("/header_length", "header_length"),
            ("/signer/name", "signer_name"),
            ("/signer/issuer", "issuer_name"),
            ("/digest", "digest"),
            ("/filename", "filename"),
            ("/timestamp", "timestamp"),
        ] {
            assert_eq!(told.pointer(ours), Some(&header[theirs]), "{file}: {ours}");
        }
        assert_eq!(text(&told["signer"], "serial").to_lowercase(), text(header, "serial"));
    }
    if vector["payload"].is_object() {
        assert_eq!(told["payload"]["length"], vector["payload"]["length"], "{file}");
        assert_eq!(told["payload"]["sha256"], vector["payload"]["sha256"], "{file}");
    }
    if let Some(records) = vector["records"].as_array() {
        let told = told["records"].as_array().expect("records");
        assert_eq!(told.len(), records.len(), "{file}");
        records.iter().zip(told).for_each(|(record, told)| expect_record(record, told));
    }
}

#[track_caller]
fn expect_record(record: &Value, told: &Value) {
    assert_eq!(told["role_code"], record["role"], "{record}");
    assert_eq!(told["has_certificate"], record["certificate_present"], "{record}");
    for key in ["subject", "issuer", "cert_sha1"] {
        assert_eq!(told[key], record[key], "{key} of {record}");
    }
    let serial = told["serial"].as_str().map(str::to_lowercase);
    assert_eq!(serial.as_deref(), record["serial"].as_str(), "{record}");
}

#[test]
fn the_payload_of_an_encrypted_file_is_written_where_it_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plain.xml");
    let mut arguments = vec!["verify", "good/certutils-enc.enc.sgn"];
    arguments.extend(["--itl", "trust/itl-2048-sha1.tlv", "--key", "keys/device.key"]);
    arguments.extend(["--out", path.to_str().expect("text")]);
    let output = run(&arguments);
    assert_eq!(code(&output), 0, "{output:?}");
    let plain = fs::read(vectors().join("plain/certutils-enc.xml")).expect("the plain text");
    assert_eq!(fs::read(path).expect("the payload"), plain);
}

#[test]
fn the_technotes_arithmetic_is_on_the_page() {
    let output = run(&["show", "good/cucm8-like.tlv"]);
    assert_eq!((code(&output), output.stderr.as_slice()), (0, &b""[..]));
    let page = out(&output);
    let value = |row: &str| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        fields.last().and_then(|value| value.parse::<usize>().ok())
    };
    let rows = |name: &str| -> Vec<usize> {
        page.lines().filter(|row| row.contains(name)).filter_map(value).collect()
    };
    assert!(page.lines().any(|row| row == "HeaderLength:  296 (BYTES)"), "{page}");
    assert_eq!(rows("RECORDLENGTH"), [1972, 1972, 743, 455], "{page}");
    let size = fs::metadata(vectors().join("good/cucm8-like.tlv")).expect("a file").len();
    assert_eq!((size, 296 + 1972 + 1972 + 743 + 455), (5438, 5438));
    assert!(page.contains("The ITL file was verified successfully"), "{page}");
    assert_eq!(page.matches("This etoken was used to sign the ITL file").count(), 1, "{page}");
    let told = json(&run(&["show", "good/cucm8-like.tlv", "--json"]));
    assert_eq!(told["header_length"], 296);
    assert_eq!(told["records"].as_array().map(Vec::len), Some(4));
}

#[test]
fn the_exit_code_says_whose_fault_it_is() {
    for (exit, arguments, reason) in [
        (64, &[][..], "no command"),
        (64, &["dance"], "unknown command dance"),
        (64, &["show"], "show needs a FILE"),
        (64, &["show", "--dance"], "--dance"),
        (64, &["show", "good/itl-small.tlv", "good/itl-small.tlv"], "only one file"),
        (64, &["fetch", "a"], "fetch needs a --server"),
        (64, &["fetch", "", "--server", "127.0.0.1"], ""),
        (64, &["fetch", "a", "--server", "300.1.1.1"], "300.1.1.1 is not a valid address"),
        (64, &["fetch", "a", "--server", "127.0.0.1", "--blksize", "7"], "7"),
        (65, &["show", "bad/empty.tlv"], "bad/empty.tlv: offset 0"),
        (65, &["show", "bad/cut-in-header.tlv"], "bad/cut-in-header.tlv: offset "),
        (65, &["verify", "bad/empty.tlv"], "bad/empty.tlv: refused (empty): offset 0"),
        (65, &["verify", "good/itl-small.tlv", "--itl", "keys/device.key"], "keys/device.key: "),
        (65, &["verify", "good/itl-small.tlv", "--key", "README.md"], "README.md: expected an RSA"),
        (66, &["show", "nothing"], "nothing: no such file or directory"),
        (66, &["verify", "nothing"], "nothing: no such file or directory"),
        (66, &["show", "good"], "good: is a directory"),
        (66, &["check-config", "--config", "nothing"], "nothing: no such file"),
        (66, &["run", "--config", "nothing"], "nothing: no such file"),
        (1, &["verify", "bad/signed-by-other-key.tlv"], "refused (signature-mismatch)"),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), exit, "{arguments:?}: {output:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains(reason), "{arguments:?}: {complaint}");
    }
}

#[test]
fn help_is_for_everybody_and_no_error() {
    for arguments in [&["--help"][..], &["help"], &["--version"]] {
        assert_eq!(code(&run(arguments)), 0, "{arguments:?}");
    }
    for command in ["run", "check-config", "show", "verify", "fetch"] {
        let output = run(&[command, "--help"]);
        assert_eq!(code(&output), 0, "{command}");
        assert!(out(&output).contains(&format!("Usage: secd {command}")), "{command}");
        let all = out(&run(&["help"]));
        assert!(all.lines().any(|line| line.trim_start().starts_with(command)), "{command}");
    }
}

/// A configuration file of this text.
fn configuration(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secd.toml");
    support::write(&path, text.as_bytes());
    let path = path.to_str().expect("text").to_owned();
    (folder, path)
}

#[test]
fn every_fault_of_a_configuration_is_told_with_line_and_column() {
    let text = "[device]\nname = \"SEP001122334455\"\ncolour = \"grey\"\n\n\
                [tftp]\n  blksize = 7\nserver = \"192.0.2.1\"\n\n[dance]\n";
    let (_folder, path) = configuration(text);
    for command in ["check-config", "run"] {
        let output = run(&[command, "--config", &path]);
        assert_eq!(code(&output), 78, "{output:?}");
        let told = String::from_utf8(output.stderr).expect("text");
        for place in
            ["3:1: device.colour: ", "6:13: tftp.blksize: 7 ", "7:1: tftp.server: ", "9:2: "]
        {
            assert!(told.contains(&format!("secd: {path}:{place}")), "{place} in\n{told}");
        }
        assert!(told.ends_with(&format!("secd: {path}: 4 faults\n")), "{told}");
        assert_eq!(told.lines().count(), 5, "{told}");
    }
}

fn lab() -> (Server, Vec<u8>) {
    let itl = Cluster::new(Setup::default()).itl();
    let large = b"0123456789abcdef".repeat(30_000);
    let files = [("ITLFile.tlv", itl.clone()), ("large", large)];
    let files: Files = files.map(|(name, bytes)| (name.to_owned(), bytes)).into();
    (Server::start(files), itl)
}

#[test]
fn a_fetched_file_is_printed_or_written_or_described() {
    let (server, itl) = lab();
    let address = server.address().to_string();
    let output = run(&["fetch", "ITLFile.tlv", "--server", &address]);
    assert_eq!((code(&output), &output.stdout), (0, &itl));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("itl");
    let to = path.to_str().expect("text");
    let output = run(&["fetch", "ITLFile.tlv", "--server", &address, "--out", to, "--window", "4"]);
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(out(&output), format!("ITLFile.tlv: {} bytes from {address}\n", itl.len()));
    assert_eq!(fs::read(path).expect("the file"), itl);
    let told = json(&run(&["fetch", "ITLFile.tlv", "--server", &address, "--json"]));
    assert_eq!(told["name"], "ITLFile.tlv");
    assert_eq!(told["server"], address.as_str());
    assert_eq!(told["length"], itl.len());
    assert_eq!(text(&told, "sha256").len(), 64);
}

/// `/dev/full` refuses every byte, as a full disk does.
#[test]
fn standard_output_that_takes_nothing_has_an_exit_code() {
    let list = "trust/itl-2048-sha1.tlv";
    let full = "secd: standard output: no space left on device\n";
    for (arguments, exit) in [
        (&["--help"][..], 66),
        (&["show", list], 66),
        (&["show", list, "--json"], 66),
        (&["verify", list, "--json"], 66),
        // What was found weighs more.
        (&["dhcp-servers", "--option-150", "0.0.0.0", "--json"], 1),
    ] {
        let out = fs::File::options().write(true).open("/dev/full").expect("a device");
        let mut command = secd();
        let command = command.current_dir(vectors()).args(arguments).stdout(out);
        let output = command.output().expect("the program starts");
        assert_eq!(code(&output), exit, "{arguments:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), full, "{arguments:?}");
        // A reader that has gone is no fault.
        let (reader, writer) = UnixStream::pair().expect("two ends");
        drop(reader);
        let command = command.stdout(OwnedFd::from(writer));
        let output = command.output().expect("the program starts");
        assert_eq!(code(&output), if exit == 66 { 0 } else { exit }, "{arguments:?}: {output:?}");
        assert_eq!(output.stderr, b"", "{arguments:?}");
    }
}

/// Runs the program with this on its standard input.
fn run_with(input: &Path, arguments: &[&str]) -> Output {
    let input = fs::File::open(input).expect("a file");
    secd().current_dir(vectors()).args(arguments).stdin(input).output().expect("the program starts")
}

#[test]
fn a_configuration_is_checked_from_standard_input() {
    let check = |text: &[u8]| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("input");
        support::write(&path, text);
        let output = run_with(&path, &["check-config", "--no-system", "--config", "-"]);
        (code(&output), [&output.stdout[..], &output.stderr].concat())
    };
    let good = b"[device]\nname = \"SEP001122334455\"\n[tftp]\nservers = [\"192.0.2.1\"]\n";
    for (text, exit, words) in [
        (
            &good[..],
            0,
            "standard input: valid; device SEP001122334455, TFTP servers: 192.0.2.1:69\n",
        ),
        (b"[device]\nname = 1\n", 78, "secd: standard input:2:8: device.name: "),
        (b"[device]\n\xff", 78, "secd: standard input:1:1: not UTF-8 at byte offset 9"),
        (&[b'#'; 65_537], 78, "secd: standard input:1:1: longer than 65536 bytes"),
    ] {
        let (code, output) = check(text);
        let output = String::from_utf8(output).expect("text");
        assert_eq!((code, output.contains(words)), (exit, true), "{output}");
    }
}

#[test]
fn a_dash_is_standard_input_or_output() {
    let list = vectors().join("trust/itl-2048-sha1.tlv");
    let named = run(&["show", "trust/itl-2048-sha1.tlv"]);
    let piped = run_with(&list, &["show", "-"]);
    assert_eq!((code(&piped), &piped.stdout), (0, &named.stdout));
    let verified = run_with(&list, &["verify", "-"]);
    assert!(out(&verified).starts_with("standard input: verified (first-use)\n"), "{verified:?}");
    let broken = run_with(&vectors().join("bad/cut-in-header.tlv"), &["show", "-"]);
    assert_eq!(code(&broken), 65);
    assert!(complaint(&broken).starts_with("standard input: offset "), "{broken:?}");

    let enc = ["verify", "good/certutils-enc.enc.sgn", "--key", "keys/device.key", "--itl", "-"];
    let payload = run_with(&list, &[&enc[..], &["--out", "-"]].concat());
    let plain = fs::read(vectors().join("plain/certutils-enc.xml")).expect("the plain text");
    assert_eq!((code(&payload), &payload.stdout), (0, &plain), "{payload:?}");
    // What the report would warn of is not lost with it.
    let warnings = String::from_utf8(payload.stderr).expect("text");
    assert!(
        warnings.starts_with("secd: good/certutils-enc.enc.sgn: warning (sha1): "),
        "{warnings}"
    );
    assert!(warnings.contains(": warning (file-name): "), "{warnings}");

    let (server, itl) = lab();
    let address = server.address().to_string();
    let fetched = run(&["fetch", "ITLFile.tlv", "--server", &address, "--out", "-"]);
    assert_eq!((code(&fetched), &fetched.stdout), (0, &itl));
    assert!(!vectors().join("-").exists());
    for (arguments, why) in [
        (&["verify", "-", "--itl", "-"][..], "standard input (-) can be only one of the files"),
        (&[&enc[..6], &["--out", "-", "--json"]].concat(), "--json and --out - both write"),
        (
            &["fetch", "a", "--server", &address, "--out", "-", "--json"],
            "--json and --out - both write",
        ),
        (&["get", "a", "--out", "-", "--json"], "--json and --out - both write"),
        (
            &["probe", "--device", "SEP001122334455", "--server", &address, "--key", "-"],
            "--key takes a file, not standard input",
        ),
    ] {
        let output = run_with(&list, arguments);
        assert_eq!(code(&output), 64, "{output:?}");
        assert!(complaint(&output).starts_with(why), "{output:?}");
    }
}

#[test]
fn a_terminal_gets_no_bytes_of_a_file_and_is_no_file() {
    let (server, _) = lab();
    let address = server.address().to_string();
    let on_a_terminal = |arguments: &str| {
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_secd"));
        let mut script = Command::new("script");
        let script = script.current_dir(vectors()).args(["-qec", &line, "/dev/null"]);
        let output = script.output().expect("script of util-linux");
        (code(&output), out(&output).trim_end().to_owned())
    };
    let refusal = "secd: standard output is a terminal, which cannot show a file's bytes: redirect \
                   it, or name a file with --out";
    for arguments in [
        format!("fetch ITLFile.tlv --server {address}"),
        format!("fetch ITLFile.tlv --server {address} --out -"),
        "get a --out -".to_owned(),
        "verify good/itl-small.tlv --out -".to_owned(),
    ] {
        assert_eq!(on_a_terminal(&arguments), (64, refusal.to_owned()), "{arguments}");
    }
    let refusal = "secd: standard input is a terminal: redirect a file into it, or name one";
    for arguments in ["show -", "verify -", "check-cert -"] {
        assert_eq!(on_a_terminal(arguments), (64, refusal.to_owned()), "{arguments}");
    }
    assert_eq!(on_a_terminal(&format!("fetch ITLFile.tlv --server {address} --json")).0, 0);
}

#[test]
fn a_file_that_cannot_be_fetched_has_its_exit_code() {
    let (server, _) = lab();
    let address = server.address().to_string();
    let fetch = |more: &[&str]| run(&[&["fetch", "--server", &address], more].concat());
    let output = fetch(&["absent"]);
    assert_eq!(code(&output), 1);
    assert!(complaint(&output).starts_with("absent: file not found on TFTP server "));
    let output = fetch(&["ITLFile.tlv", "--max", "1000"]);
    assert_eq!(code(&output), 65);
    assert!(complaint(&output).contains("exceeds the limit of 1000 bytes"), "{output:?}");
    let output = fetch(&["ITLFile.tlv", "--out", "/nowhere/itl"]);
    assert_eq!(code(&output), 66);
    assert_eq!(complaint(&output), "/nowhere/itl: no such file or directory");
    server.set_faults(Faults { refuse: Some(3), ..Faults::default() });
    let output = fetch(&["ITLFile.tlv"]);
    assert_eq!(code(&output), 69);
    assert!(complaint(&output).contains("reported error 3"), "{output:?}");
    let unused = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    unused.connect("127.0.0.1:9").expect("no other than port 9 is heard");
    let unused = unused.local_addr().expect("an address").to_string();
    let output = run(&["fetch", "a", "--server", &unused]);
    assert_eq!((code(&output), complaint(&output).ends_with("unreachable")), (69, true));
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let (server, _) = lab();
    let address = server.address().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large").to_str().expect("text").to_owned();
    let program = env!("CARGO_BIN_EXE_secd");
    let line = format!("{program} fetch large --server {address} --out {path}");
    let output = Command::new("script").args(["-qec", &line, "/dev/null"]).output();
    let shown = out(&output.expect("script of util-linux"));
    assert!(shown.starts_with('\r') && shown.contains(" of 480000 bytes\r"), "{shown:?}");
    assert!(shown.contains("large: 480000 bytes from "), "{shown:?}");
    let output = run(&["fetch", "large", "--server", &address, "--out", &path]);
    assert_eq!((code(&output), output.stderr.as_slice()), (0, &b""[..]));
}

#[test]
fn a_part_of_signed_firmware_is_shown_and_its_signer_unknown() {
    let file = "../field/f12-no-timestamp.zz.sgn";
    let output = run(&["show", file]);
    assert_eq!((code(&output), output.stderr.as_slice()), (0, &b""[..]));
    let page = out(&output);
    assert!(page.contains("Version:       1.1\n") && page.contains("FILENAME"), "{page}");
    assert!(!page.contains("TIMESTAMP") && !page.contains("last modified"), "{page}");
    for installed in [&[][..], &["--itl", "trust/itl-2048-sha1.tlv"]] {
        let output = run(&[&["verify", file], installed].concat());
        assert_eq!(code(&output), 1);
        let refused = format!("{file}: refused (wrong-signer): signer unknown");
        assert!(complaint(&output).starts_with(&refused), "{output:?}");
    }
    assert_eq!(json(&run(&["show", file, "--json"]))["timestamp"], Value::Null);
}

#[test]
fn what_is_neither_list_nor_signed_file_is_called_what_it_looks_like() {
    let folder = tempfile::tempdir().expect("a folder");
    let neither = |bytes: &[u8]| {
        let path = folder.path().join("file.tlv");
        support::write(&path, bytes);
        let path = path.to_str().expect("text");
        ["show", "verify"].map(|command| {
            let output = run(&[command, path]);
            assert_eq!(code(&output), 65, "{output:?}");
            let told = complaint(&output);
            let (_, told) = told.split_once("neither ").unwrap_or_else(|| panic!("{told}"));
            told.to_owned()
        })
    };
    let pem = fs::read(vectors().join("certs/sast.pem")).expect("a certificate");
    let key = fs::read(vectors().join("keys/device.key")).expect("a key");
    for (bytes, looks) in [
        (&b"<?xml version=\"1.0\"?><device/>"[..], " (looks like XML)"),
        (b"\xef\xbb\xbf\n<device/>", " (looks like XML)"),
        (b"\xff\xfe<\0d\0/\0>\0", " (looks like XML)"),
        (b"<!DOCTYPE html><p>Not here", " (looks like an HTML page)"),
        (&pem, " (looks like a certificate in PEM)"),
        (&key, " (looks like a private key in PEM)"),
        (b"\x1f\x8b\x08", " (looks like a gzip archive)"),
        (b"nothing of the kind\n", " (looks like text)"),
        (b"\0\x01\xfe", ""),
    ] {
        let expected = format!("a trust list nor a signed file{looks}");
        assert_eq!(neither(bytes), [expected.clone(), expected]);
    }
}

/// A name that clears the screen, reorders text, breaks the line, and is no UTF-8 in the end.
const HOSTILE: &[u8] =
    b"a\x1b[2J\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8b\x7f\r\nsecd: good\xff";

/// What a terminal shows of an output: text, line breaks and tabs, and nothing that it obeys.
#[track_caller]
fn expect_harmless(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(text).unwrap_or_else(|_| panic!("no text: {output:?}"));
        let is_harmful = |c: char| {
            c.is_control() && !"\n\t".contains(c)
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(is_harmful), "{output:?}");
        assert!(!text.contains("\nsecd: good"), "a line is forged: {output:?}");
    }
}

#[test]
fn no_name_and_no_argument_reaches_a_terminal_as_it_is() {
    use std::os::unix::ffi::OsStrExt;
    let hostile = std::ffi::OsStr::from_bytes(HOSTILE);
    let option = [&b"--"[..], HOSTILE].concat();
    let option = std::ffi::OsStr::from_bytes(&option);
    // `HOSTILE` stands for the name, `--HOSTILE` for an option of that name.
    for line in [
        "HOSTILE",
        "--HOSTILE",
        "show HOSTILE",
        "show --HOSTILE",
        "verify HOSTILE",
        "verify good/itl-2048-sha1.tlv --itl HOSTILE",
        "fetch a --server HOSTILE",
        "fetch a --server=HOSTILE",
        "fetch HOSTILE --server [::1]:1",
        "fetch a --max HOSTILE",
        "check-config --config HOSTILE",
        "check-config --config=HOSTILE --json",
        "run --config HOSTILE",
        "dhcp-servers --option-66 HOSTILE",
        "dhcp-servers --option-66 HOSTILE --json",
        "status --socket HOSTILE",
        "status --json=HOSTILE",
        "trust --socket HOSTILE --json",
        "check-cert HOSTILE",
        "connect HOSTILE",
        "connect a --purpose HOSTILE",
        "log --level HOSTILE",
        "log -n HOSTILE",
        "get a --socket HOSTILE",
        "get HOSTILE",
        "get a --max HOSTILE",
        "erase HOSTILE",
        "doctor HOSTILE",
        "refresh --socket HOSTILE",
        "reload HOSTILE",
        "cache --HOSTILE",
    ] {
        let mut command = secd();
        command.current_dir(vectors());
        for word in line.split(' ') {
            match word.split_once("HOSTILE") {
                None => command.arg(word),
                Some(("", "")) => command.arg(hostile),
                Some(("--", "")) => command.arg(option),
                Some((before, after)) => command.arg(std::ffi::OsStr::from_bytes(
                    &[before.as_bytes(), HOSTILE, after.as_bytes()].concat(),
                )),
            };
        }
        let output = command.output().expect("the program starts");
        assert_ne!(code(&output), 0, "{line}");
        expect_harmless(&output);
    }
}

#[test]
fn no_file_reaches_a_terminal_as_it_is() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(std::ffi::OsStr::from_bytes(HOSTILE));
    let list = fs::read(vectors().join("good/itl-2048-sha1.tlv")).expect("a list");
    for (arguments, bytes) in [
        (&["show"][..], &list[..]),
        (&["show", "--json"], &list),
        (&["verify"], &list),
        (&["verify", "--json"], &list),
        (&["show"], &hostile_list(&list)),
        (&["show", "--json"], &hostile_list(&list)),
        (&["verify"], &hostile_list(&list)),
        (&["verify", "--json"], &hostile_list(&list)),
        (&["check-config", "--config"], b"[device]\nname = \"SEP001122334455\"\n"),
        (&["check-config", "--json", "--config"], b"[device]\nname = \"SEP001122334455\"\n"),
        (
            &["check-config", "--config"],
            b"[device]\nname = \"\xc2\x9b\xe2\x80\xae\"\n\"\\u009b\\n\" = 1\n",
        ),
    ] {
        support::write(&path, bytes);
        let output = secd().args(arguments).arg(&path).output().expect("the program starts");
        expect_harmless(&output);
        let said = [&output.stdout[..], &output.stderr].concat();
        assert!(!said.is_empty(), "{arguments:?}");
    }
}

/// The list with controls in place of the letters of its signer's and its subjects' names.
fn hostile_list(list: &[u8]) -> Vec<u8> {
    let mut list = list.to_vec();
    let places: Vec<_> = list.windows(3).enumerate().filter(|(_, it)| *it == b"CN=").collect();
    let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        list[at + 3..at + 7].copy_from_slice(b"\xc2\x9b\x1bc");
    }
    list
}
