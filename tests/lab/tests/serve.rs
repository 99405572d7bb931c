//! The lab by hand, as a shell script would use it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn lab(arguments: &[&str], folder: &Path, stdin: Stdio) -> Child {
    Command::new(env!("CARGO_BIN_EXE_secd-lab"))
        .args(arguments)
        .current_dir(folder)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn itl(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("served/ITLFile.tlv")).unwrap()
}

#[test]
fn commands_are_obeyed_until_the_input_ends() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = ["serve", "served", "--port-file", "port"];
    let mut child = lab(&arguments, folder, Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(output.next().unwrap(), "serving new files: 7 of them");
    let said = output.next().unwrap();
    let first = itl(folder);
    let port = fs::read_to_string(folder.join("port")).unwrap();
    assert_eq!(said, format!("serving served on 127.0.0.1:{}", port.trim_end()));
    let summary = fs::read_to_string(folder.join("served/lab.env")).unwrap();
    assert!(summary.contains(&format!("TFTP_ADDR=127.0.0.1:{port}DEVICE=SEP001122334455\n")));
    for name in ["TVS_ADDR=127.0.0.1:", "TVS_ADDRS=\"127.0.0.1:", "HTTPS_ADDR=127.0.0.1:"] {
        assert!(summary.lines().any(|line| line.starts_with(name)), "{summary}");
    }

    input.write_all(b"regenerate callmanager\n").unwrap();
    assert_eq!(output.next().unwrap(), "regenerated callmanager of cm1.lab.test");
    assert_eq!(output.next().unwrap(), "serving new files: 7 of them");
    assert_ne!(itl(folder), first);
    input.write_all(b"restore\nnonsense\n").unwrap();
    assert_eq!(output.next().unwrap(), "serving older files: 7 of them");
    assert_eq!(itl(folder), first);
    assert_eq!(output.next().unwrap(), "refused: no such command: nonsense");
    input.write_all(b"tvs off\ntvs on\nquestions\n").unwrap();
    let said: Vec<String> = output.by_ref().take(3).collect();
    assert_eq!(said, ["TVS is off", "TVS is on", "questions: 0"]);
    drop(input);
    assert_eq!(output.next().unwrap(), "ended");
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_files_are_served_by_http_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut child = lab(&["serve", "served", "--http"], folder, Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(output.by_ref().take(2).count(), 2);
    let summary = fs::read_to_string(folder.join("served/lab.env")).unwrap();
    let address = |name: &str| {
        let line = summary.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {summary}")).to_owned()
    };
    let (http, https) = (address("HTTP_ADDR="), address("FILES_HTTPS_ADDR="));
    let get = || {
        let mut stream = TcpStream::connect(&http).unwrap();
        stream.write_all(b"GET /ITLFile.tlv HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    };
    assert!(get().ends_with(&itl(folder)));
    assert!(TcpStream::connect(https).is_ok());
    input.write_all(b"http odd error\nhttp odd nonsense\nhttp odd none\nrequests\n").unwrap();
    assert_eq!(output.next().unwrap(), "HTTP is odd error");
    assert!(output.next().unwrap().starts_with("refused: no odd HTTP server is named nonsense"));
    assert_eq!(output.next().unwrap(), "HTTP is odd none");
    assert_eq!(output.next().unwrap(), "requested by HTTP ITLFile.tlv");
    // A new list, here as well.
    input.write_all(b"regenerate tvs\n").unwrap();
    assert!(output.any(|line| line.starts_with("serving new files")));
    drop(input);
    assert_eq!(output.next().unwrap(), "ended");
    assert!(child.wait().unwrap().success());
}

#[test]
fn without_input_it_runs_until_the_control_file_says_quit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = ["serve", "served", "--control", "control"];
    let mut child = lab(&arguments, folder, Stdio::null());
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(output.by_ref().any(|line| line.starts_with("serving served on")));
    let mut control = fs::File::create(folder.join("control")).unwrap();
    control.write_all(b"rename cm1.lab.test other\nquit\n").unwrap();
    let said: Vec<String> = output.collect();
    assert_eq!(said, ["renamed cm1.lab.test to other", "serving new files: 7 of them", "ended"]);
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_serves_many_phones_on_an_address_of_choice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = ["serve", "served", "--bind", "127.0.0.9", "--phones", "1000"];
    let mut child = lab(&arguments, folder, Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(output.by_ref().any(|line| line.starts_with("serving served on 127.0.0.9:")));
    let summary = fs::read_to_string(folder.join("served/lab.env")).unwrap();
    assert!(summary.contains("TVS_ADDR=127.0.0.9:"), "{summary}");
    input.write_all(b"regenerate callmanager\nrestore\n").unwrap();
    drop(input);
    let said: Vec<String> = output.skip(2).collect();
    assert_eq!(said, ["refused: with --phones there is no going back to older files", "ended"]);
    assert!(child.wait().unwrap().success());
}

#[test]
fn make_writes_one_set_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let output = lab(&["make", "out", "--payload", "1000"], folder.path(), Stdio::null())
        .wait_with_output()
        .unwrap();
    assert!(output.status.success());
    for name in [
        "CTLFile.tlv",
        "ITLFile.tlv",
        "SEP001122334455.cnf.xml.enc.sgn",
        "device.key",
        "payload-sha1.xml.sgn",
        "payload-sha512.xml.sgn",
    ] {
        assert!(folder.path().join("out").join(name).exists(), "{name}");
    }
}

#[test]
fn capf_takes_an_administrators_commands() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = ["serve", "served", "--enrol", "string:12345", "--capf-odd", "retry"];
    let mut child = lab(&arguments, folder, Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(output.by_ref().any(|line| line.starts_with("serving served on")));
    let summary = fs::read_to_string(folder.join("served/lab.env")).unwrap();
    assert!(summary.contains("\nCAPF_ADDR=127.0.0.1:"), "{summary}");
    let commands = "capf install p384\ncapf method mic\ncapf odd none\ncapf odd split\n\
        capf sessions\ncapf odd nonsense\nrestore\n";
    input.write_all(commands.as_bytes()).unwrap();
    drop(input);
    let said: Vec<String> = output.collect();
    let expected = [
        "scheduled: install p384",
        "the phone authenticates by mic",
        "CAPF is as it should be",
        "CAPF is odd: split",
        "sessions: 0",
        "refused: no odd CAPF server is named nonsense; --help has all names",
        "refused: with CAPF there is no going back to older files",
        "ended",
    ];
    assert_eq!(said, expected);
    assert!(child.wait().unwrap().success());
}

#[test]
fn capf_keeps_the_phones_configurations_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = ["serve", "served", "--enrol", "null", "--announce", "10.0.2.100"];
    let mut child = lab(&arguments, folder, Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(output.by_ref().any(|line| line.starts_with("serving served on")));
    let name = |end: &str| folder.join(format!("served/SEP001122334455.cnf.xml{end}"));
    let configuration = || {
        let bytes = fs::read(name(".sgn")).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let first = configuration();
    assert!(first.contains("<capfAuthMode>2</capfAuthMode>"), "{first}");
    let announced = "<phonePort>3804</phonePort>\n<processNodeName>10.0.2.100</processNodeName>";
    assert!(first.contains(announced), "{first}");
    // There is no certificate that it could be for.
    assert!(!name(".enc.sgn").exists());
    input.write_all(b"capf method string:12345\n").unwrap();
    assert_eq!(output.next().unwrap(), "the phone authenticates by string:12345");
    let second = configuration();
    assert!(second.contains("<capfAuthMode>1</capfAuthMode>"), "{second}");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn capf_is_refused_what_it_cannot_serve() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["--enrol", "string:1"], ["--capf-key", "p1"], ["--capf-odd", "nonsense"]] {
        let arguments = [&["serve", "served"][..], &arguments].concat();
        let output = lab(&arguments, folder.path(), Stdio::null()).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
    }
    let arguments = ["serve", "served", "--capf", "--phones", "10"];
    let output = lab(&arguments, folder.path(), Stdio::null()).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
