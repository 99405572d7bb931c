//! What a released version promised, kept by this one: the interface, the configuration, the store.
//!
//! The files of each release are in `tests/released` and `tests/store`; `docs/releasing.md` has the
//! promises, and what to do before one is broken.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use secd_lab::cluster::{Cluster, Security, Service, Setup, Signer};
use secd_lab::tftp::Server;
use support::agent::{Agent, secd};
use support::log::shown;
use support::named::read;
use support::phone::Phone;

#[path = "interface/text.rs"]
mod text;

use text::Facts;

/// The versions in a folder, the oldest first.
fn versions() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut versions: Vec<_> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    versions.sort_by_key(|(version, _)| numbers(version));
    assert!(!versions.is_empty());
    versions
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap()).collect()
}

/// The number of an interface, as the comment before it says; the first had none.
fn number(text: &str) -> u32 {
    let comment = text.split_once("\ninterface ").unwrap().0;
    comment.split_once("# Version ").map_or(1, |(_, rest)| {
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    })
}

/// What a program that was written for the old interface can no longer rely on.
fn broken(old: &Facts, new: &Facts) -> Vec<String> {
    let gone = old.iter().filter(|fact| {
        // A parameter that may be left out now may be given as before.
        let optional = fact.contains(", parameter ").then(|| fact.replacen(": ", ": ?", 1));
        !new.contains(*fact) && !optional.is_some_and(|optional| new.contains(&optional))
    });
    let gone = gone.map(|fact| format!("gone: {fact}"));
    let wanted = new.difference(old).filter(|fact| {
        let Some((method, parameter)) = fact.split_once(", parameter ") else { return false };
        let name = parameter.split(": ").next().unwrap();
        let before = format!("{method}, parameter {name}: ");
        old.contains(method)
            && !parameter.contains(": ?")
            && !old.iter().any(|fact| fact.starts_with(&before))
    });
    gone.chain(wanted.map(|fact| format!("needed now: {fact}"))).collect()
}

#[test]
fn an_interface_with_the_number_of_a_released_one_keeps_all_of_it() {
    let current = read("src/agent/secd.varlink");
    for (version, folder) in versions() {
        let released = fs::read_to_string(folder.join("secd.varlink")).unwrap();
        let broken = broken(&text::read(&released), &text::read(&current));
        if number(&released) == number(&current) {
            assert!(broken.is_empty(), "{version} had this, raise the number: {broken:#?}");
        } else {
            assert!(!broken.is_empty(), "nothing of {version} is broken: the number may stay");
        }
    }
}

#[test]
fn a_broken_promise_is_found() {
    let current = read("src/agent/secd.varlink");
    let facts = text::read(&current);
    for (from, to, found) in [
        ("method Reload() -> ()", "", "gone: method Reload"),
        ("uptime: int", "uptime: string", "gone: method GetStatus, reply uptime: int"),
        ("limit: ?int", "limit: int", "gone: method GetFile, parameter limit: ?int"),
        (
            "method Reload()",
            "method Reload(now: bool)",
            "needed now: method Reload, parameter now: ",
        ),
        (", notice,", ",", "gone: type Level, word notice"),
        ("Right: erase", "Right: configure", "gone: method Erase, right erase"),
    ] {
        assert!(current.contains(from), "{from}");
        let broken = broken(&facts, &text::read(&current.replace(from, to)));
        assert!(broken.iter().any(|it| it.starts_with(found)), "{from} -> {to}: {broken:#?}");
    }
    for (from, to) in [
        ("method Reload()", "method Reload(gently: ?bool)"),
        ("uptime: int", "uptime: int, mood: string"),
        (", notice,", ", notice, hint,"),
        ("error Busy ()", "error Busy ()\nerror Tired ()"),
        ("method Judge(certificate: string, ", "method Judge(certificate: ?string, "),
    ] {
        assert!(current.contains(from), "{from}");
        let broken = broken(&facts, &text::read(&current.replace(from, to)));
        assert!(broken.is_empty(), "{from} -> {to}: {broken:#?}");
    }
}

/// A sample with every key, whether it was commented out or not; examples stay comments.
fn uncommented(sample: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => format!("{key}\n"),
        _ => format!("{line}\n"),
    };
    sample.lines().map(line).collect()
}

#[test]
fn a_configuration_with_every_key_of_a_released_version_has_no_fault() {
    for (version, folder) in versions() {
        let sample = fs::read_to_string(folder.join("secd.toml")).unwrap();
        for text in [sample.clone(), uncommented(&sample)] {
            let file = tempfile::NamedTempFile::new().unwrap();
            support::write(file.path(), text.as_bytes());
            let mut check = secd();
            check.args(["check-config", "--no-system", "--config"]).arg(file.path());
            let output = check.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{version}: {said}");
        }
    }
}

/// The stores that released versions have written.
fn stores() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store");
    let stores: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!stores.is_empty());
    stores
}

#[test]
fn a_store_of_each_released_version_is_in_force_at_once() {
    for store in stores() {
        let phone = Phone::with(&[], "", "");
        phone.put_store(&store);
        let before = phone.store();
        let mut agent = Agent::start(&phone);
        let lines = agent.pass();
        let has = |text: &str| lines.iter().any(|line| line.text.contains(text));
        assert!(has("store: ") && has("state S3"), "{store:?}: {}", shown(&lines));
        assert!(has("SEP001122334455.cnf.xml restored from the last start"), "{store:?}");
        assert!(!lines.iter().any(|line| line.level == "WRN"), "{store:?}: {}", shown(&lines));
        assert!(agent.end().success());
        for (name, file) in phone.store() {
            if !name.ends_with(".present") {
                assert_eq!(Some(&file), before.get(&name), "{store:?}: {name} is as it was");
            }
        }
    }
}

/// With `STORE=FOLDER`, the store of this version is kept there, for the versions after it.
#[test]
fn a_store_of_this_version_is_like_those_before() {
    let mut cluster = Cluster::new(Setup::default());
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    cluster.regenerate(0, Service::Tvs);
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    server.serve(cluster.files());
    agent.pass_again();
    assert!(agent.end().success());
    let written = phone.store();
    for store in stores() {
        for entry in fs::read_dir(&store).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if name != "README.md" {
                assert!(written.contains_key(&name), "{store:?} has {name}: {:?}", written.keys());
            }
        }
    }
    if let Some(folder) = std::env::var_os("STORE").map(PathBuf::from) {
        fs::create_dir(&folder).unwrap();
        for entry in fs::read_dir(phone.state()).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
}
