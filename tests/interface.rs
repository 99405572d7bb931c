//! `secd.varlink` and `face` describe the same interface: compared both ways, fact by fact.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use secd::face::methods::{self, INTERFACES};
use secd::face::shape::{Declared, ShapeMember, Types};
use secd::face::{Error, method::Mode};

#[path = "interface/text.rs"]
mod text;

use text::{Facts, read};

const OURS: &str = include_str!("../src/agent/secd.varlink");
const STANDARD: &str = include_str!("../src/agent/service/org.varlink.service.varlink");

/// What the types of the program say of an interface.
fn described(interface: &str) -> Facts {
    let mut facts = Facts::from([format!("interface {interface}")]);
    let mut types = Types::new();
    for method in methods::declared(&mut types).iter().filter(|it| it.interface == interface) {
        let name = format!("method {}", method.name);
        members(&mut facts, &name, "parameter", &method.parameters);
        members(&mut facts, &name, "reply", &method.reply);
        facts.extend(method.right.map(|right| format!("{name}, right {right}")));
        facts.extend(match method.mode {
            Mode::More => Some(format!("{name}, with `more`")),
            Mode::Once => None,
            Mode::Upgrade => Some(format!("{name}, with `upgrade`")),
        });
    }
    for (of, name, members_of) in Error::declared(&mut types) {
        if of == interface {
            members(&mut facts, &format!("error {name}"), "fact", &members_of);
        }
    }
    // The standard interface has no types of its own.
    if interface == "phone.secd" {
        for (name, declared) in types {
            let name = format!("type {name}");
            match declared {
                Declared::Record(of) => members(&mut facts, &name, "member", &of),
                Declared::Words(words) => {
                    facts.extend(words.iter().map(|word| format!("{name}, word {word}")));
                    facts.insert(name);
                }
            }
        }
    }
    facts
}

fn members(facts: &mut Facts, owner: &str, what: &str, members: &[ShapeMember]) {
    facts.insert(owner.to_owned());
    facts.extend(members.iter().map(|(name, shape)| format!("{owner}, {what} {name}: {shape}")));
}

/// What one of the two says and the other does not.
fn differences(interface: &str, text: &str) -> Vec<String> {
    let (face, varlink) = (described(interface), read(text));
    let only = |side: &str, fact: &String| format!("only {side}: {fact}");
    let ours = face.difference(&varlink).map(|fact| only("face", fact));
    ours.chain(varlink.difference(&face).map(|fact| only("varlink", fact))).collect()
}

#[test]
fn both_descriptions_of_an_interface_say_the_same() {
    assert_eq!(INTERFACES, ["org.varlink.service", "phone.secd"]);
    assert_eq!(differences("org.varlink.service", STANDARD), [""; 0]);
    assert_eq!(differences("phone.secd", OURS), [""; 0]);
}

#[test]
fn there_is_something_to_compare() {
    let facts = described("phone.secd");
    let count = |prefix: &str| facts.iter().filter(|fact| fact.starts_with(prefix)).count();
    let with_right = facts.iter().filter(|fact| fact.contains(", right ")).count();
    let methods = methods::declared(&mut Types::new());
    assert_eq!(with_right, methods.iter().filter(|it| it.interface == "phone.secd").count());
    assert!(count("method ") > 90 && count("type ") > 90 && count("error ") > 40, "{facts:#?}");
    for fact in [
        "method GetFile, parameter limit: ?int",
        "method Refresh, with `more`",
        "method Connect, with `upgrade`",
        "type List, member records: []Record",
        "type Level, word warning",
        "error NotAllowed, fact right: Right",
        "error Busy",
    ] {
        assert!(facts.contains(fact), "{fact} in {facts:#?}");
    }
}

#[test]
fn a_difference_in_either_direction_is_found() {
    for (from, to, found) in [
        ("  locked: bool,\n", "", "only face: method GetStatus, reply locked: bool"),
        ("limit: ?int", "limit: int", "only varlink: method GetFile, parameter limit: int"),
        ("blank: bool,", "blank: ?bool,", "only face: type List, member blank: bool"),
        ("uptime: int", "uptime: string", "only varlink: method GetStatus, reply uptime: string"),
        ("error Busy ()", "", "only face: error Busy"),
        ("error Busy ()", "error Busy ()\nerror Tired ()", "only varlink: error Tired"),
        ("(path: string, detail: ?string)", "(path: string)", "only face: error NotWritten, fact"),
        ("Right: erase", "Right: read", "only varlink: method Erase, right read"),
        ("Forgets them. Right: configure.", "", "only face: method FlushCache, right configure"),
        ("with `upgrade`.", "politely.", "only face: method Connect, with `upgrade`"),
        ("method Reload() -> ()", "", "only face: method Reload"),
        (", notice,", ",", "only face: type Level, word notice"),
        ("type Alarm (", "type Alert (", "only varlink: type Alert"),
        ("records: []Record", "records: Record", "only varlink: type List, member records: Record"),
    ] {
        assert!(OURS.contains(from), "{from}");
        let differences = differences("phone.secd", &OURS.replace(from, to));
        let is_it = |it: &String| it.starts_with(found);
        assert!(differences.iter().any(is_it), "{from} -> {to}: {differences:#?}");
    }
}
