//! The manual says what the program does: pages, completions, threat model, and the log explained.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

#[path = "manual/completions.rs"]
mod completions;
mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use secd_lab::cluster::{Cluster, Security, Setup, Signer};
use secd_lab::https;
use secd_lab::list::Role;
use secd_lab::tftp::Server;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::Servers;
use support::PATIENCE;
use support::agent::{Agent, secd};
use support::log::{Line, shown};
use support::named::{is_there, quoted, read, root};
use support::phone::Phone;

fn help(command: &[&str]) -> String {
    let output = secd().args(command).arg("--help").output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that `secd --help` lists.
fn commands() -> BTreeSet<String> {
    let lines = help(&[]);
    let command = |line: &str| {
        let rest = line.strip_prefix("  ")?;
        let word = rest.split_whitespace().next()?;
        (!rest.starts_with(' ')).then(|| word.to_owned())
    };
    lines.lines().filter_map(command).collect()
}

/// The options among the words of a text.
fn options(text: &str) -> BTreeSet<String> {
    let separator = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let is_option = |word: &&str| {
        let name = word.trim_start_matches('-');
        let dashes = word.len() - name.len();
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && (dashes == 2 || (dashes == 1 && name.len() == 1))
    };
    text.split(separator).filter(is_option).map(str::to_owned).collect()
}

/// The options that a command says that it has.
fn options_of(command: &str) -> BTreeSet<String> {
    let mut options = options(&help(&[command]));
    // Of every command, and described once.
    options.extend(COMMON.map(str::to_owned));
    options
}

/// The options of every command that its own help need not name.
const COMMON: [&str; 2] = ["--color", "--help"];

/// A page as text, in which no warning was found.
fn page(name: &str) -> String {
    let path = root().join("docs/man").join(name);
    let mut groff = Command::new("groff");
    groff.args(["-man", "-Tascii", "-ww", "-P-c", "-P-b", "-P-u"]).arg("-rLL=200n").arg(path);
    let output = groff.output().expect("groff is there: scripts/setup names it");
    let warnings = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && warnings.is_empty(), "{name}: {warnings}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_pages_have_every_command_with_its_options_and_are_clean() {
    let (user, daemon) = (page("secd.1"), page("secd.8"));
    for command in commands() {
        let title = format!("   secd {command}");
        let section: String = user
            .lines()
            .skip_while(|line| *line != title && !line.starts_with(&format!("{title} ")))
            .take_while(|line| line.starts_with("   secd ") || !line.starts_with("   s"))
            .scan(0, |titles, line| {
                *titles += i32::from(line.starts_with("   secd "));
                (*titles < 2).then(|| format!("{line}\n"))
            })
            .collect();
        let mut missing = options_of(&command);
        missing.retain(|option| !COMMON.contains(&option.as_str()));
        missing.retain(|option| !options(&section).contains(option));
        assert!(!section.is_empty() && missing.is_empty(), "{command}: {missing:?}\n{section}");
    }
    for option in COMMON {
        assert!(options(&user).contains(option), "{option}");
    }
    for words in ["secd run [--config FILE]", "secd check-config [--config FILE]", "SIGHUP"] {
        assert!(daemon.contains(words), "{words}:\n{daemon}");
    }
}

#[test]
fn the_page_of_the_configuration_has_every_key_with_its_default() {
    let page = page("secd.toml.5");
    let keys = |text: &str| -> BTreeSet<String> {
        let line = |line: &str| {
            let line = line.trim().trim_start_matches('#').trim();
            let (key, value) = line.split_once(" = ")?;
            let is_key =
                key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            (is_key && !key.is_empty()).then(|| format!("{key} = {value}"))
        };
        text.lines().filter_map(line).collect()
    };
    let sample = keys(&read("rootfs/etc/secd.toml"));
    assert!(sample.len() > 30);
    assert_eq!(keys(&page), sample);
}

#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let model = read("docs/threat-model.md");
    let mut named = 0;
    for name in quoted(&model) {
        if let Some(there) = is_there(&name) {
            assert!(there, "{name}");
            named += 1;
        }
    }
    assert!(named > 50, "{named}");
    let numbered = |number: &str| model.contains(&format!("\n| {number} | "));
    let numbers = (1..=25).map(|number| number.to_string()).chain(["2a".to_owned()]);
    for number in numbers {
        assert!(numbered(&number), "row {number}");
    }
}

/// Text in which nothing is left of one run: numbers, and where its folders are.
fn general(text: &str, phone: Option<&Phone>) -> String {
    let mut text = text.to_owned();
    if let Some(phone) = phone {
        text = text.replace(&phone.ram().display().to_string(), "/run/secd/ram");
        text = text.replace(&phone.state().display().to_string(), "/var/lib/secd");
    }
    let mut general = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' if general.ends_with('#') => {}
            '0'..='9' => general.push('#'),
            other => general.push(other),
        }
    }
    general
}

/// Writes a line into the log as the phone's Java process does.
fn append(phone: &Phone, level: &str, text: &str) {
    let parameters = serde_json::json!({ "process": "JVM", "level": level, "text": text });
    let call = serde_json::json!({ "method": "phone.secd.AppendLog", "parameters": parameters });
    let mut stream = UnixStream::connect(phone.folder().join("socket")).unwrap();
    stream.write_all(format!("{call}\0").as_bytes()).unwrap();
    let mut reply = [0; 256];
    let length = stream.read(&mut reply).unwrap();
    assert!(!String::from_utf8_lossy(&reply[..length]).contains("error"));
}

/// The two traces of the technote, by this agent: a boot with both lists installed, and the
/// Directories key. With `SHOW=FILE` the log is written there as it is.
fn traces() -> (Phone, Vec<Line>) {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    let tomcat = cluster.setup.identity("tomcat.lab.test");
    cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    let _tvs = Servers::start(&mut cluster);
    let directory = https::Server::start(&Presented::new(&tomcat), Version::Any);
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    Agent::start(&phone).pass();
    cluster.set_timestamp(1_800_000_000);
    server.serve(cluster.files());
    let mut agent = Agent::start(&phone);
    let mut lines = agent.pass();

    let seen = agent.log.from(0).len();
    let url = format!("https://{}/ccmcip/xmldirectory.jsp", directory.address());
    append(
        &phone,
        "notice",
        &format!("Startup Module Loader|cip.dir.TandunDirectories: ? - Directory url {url}"),
    );
    let mut connect = secd();
    connect.arg("connect").arg(directory.address().to_string());
    connect.arg("--socket").arg(phone.folder().join("socket"));
    connect.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut connect = connect.spawn().unwrap();
    let mut request = connect.stdin.take().unwrap();
    request.write_all(b"GET /ccmcip/xmldirectory.jsp HTTP/1.0\r\n\r\n").unwrap();
    assert!(connect.wait().unwrap().success());
    append(
        &phone,
        "error",
        &format!("Startup Module Loader|cip.http.ae:?  - listener.httpSucceed: {url}"),
    );
    let last = |line: &Line| line.text.contains("listener.httpSucceed");
    assert!(agent.log.find(seen, PATIENCE, last).is_some());
    lines.extend(agent.log.from(seen));
    if let Some(path) = std::env::var_os("SHOW").map(PathBuf::from) {
        let mut log = secd();
        log.arg("log").arg("--socket").arg(phone.folder().join("socket"));
        support::write(&path, &log.output().unwrap().stdout);
    }
    (phone, lines)
}

#[test]
fn the_log_that_is_explained_is_the_log_of_the_agent() {
    let (phone, lines) = traces();
    let text = read("docs/reading-the-log.md");
    let explained: Vec<Line> =
        text.lines().map(Line::parse).filter(|line| !line.process.is_empty()).collect();
    assert!(explained.len() > 40, "{}", explained.len());
    let mut rest = lines.iter();
    for line in &explained {
        let wanted = general(&line.text, None);
        let is_it = |found: &Line| {
            (&found.level, &found.process) == (&line.level, &line.process)
                && general(&found.text, Some(&phone)) == wanted
        };
        assert!(rest.any(is_it), "no line for\n  {line:?}\nin its place in\n{}", shown(&lines));
    }
}
