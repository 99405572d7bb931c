//! Configurations as they are found in the field, each with its defects, through a pass: which are
//! read, and what becomes of the phone where one is not.
//!
//! `SHOW=1 cargo test --test pass field -- --nocapture` prints the table.

use secd::boot::{Configured, Event, Form, LastConfiguration, Outcome};
use secd::wire::configuration::{Configuration, Root};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::encrypt::Cipher;

use super::script::Script;
use super::{ENCRYPTED, OWN, SIGNED, phone_with_key};

/// What a form of a configuration comes to.
enum Wanted {
    /// It is in place, with this TVS member.
    Member(&'static str),
    /// It is in place, and names no member that can be asked.
    NoMember,
    /// It counts as not there.
    Absent,
    /// It cannot be read, by this defect.
    Unread(&'static str),
}

use Wanted::{Absent, Member, NoMember, Unread};

/// A form of a configuration.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    wanted: Wanted,
}

const DECLARED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
const HOST: &str = "tvs1.lab.test";

/// A configuration with this TVS member.
fn with(address: &str) -> String {
    format!(
        "<device><TVS><members><member priority=\"0\"><port>2445</port>\
         <address>{address}</address></member></members></TVS></device>"
    )
}

/// With something before its TVS element.
fn before_tvs(more: &str) -> String {
    with(HOST).replace("<TVS>", &format!("{more}<TVS>"))
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|it| u8::try_from(u32::from(it)).expect("Latin-1")).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn case(name: &'static str, bytes: impl Into<Vec<u8>>, wanted: Wanted) -> Case {
    Case { name, bytes: bytes.into(), wanted }
}

/// Files with the field's defects (tests/field/configurations.md).
fn files() -> Vec<Case> {
    let long = "cucm-publisher-dc01.collaboration.emea.example-corporation.test";
    vec![
        case(
            "unbound xsi",
            include_bytes!("../field/f01-unbound-xsi.cnf.xml"),
            Member("127.0.0.9"),
        ),
        case(
            "unbound prefix deep inside",
            include_bytes!("../field/f01-unbound-deep.cnf.xml"),
            Member("127.0.0.9"),
        ),
        case(
            "address of 63 bytes",
            include_bytes!("../field/f10-address-of-63.cnf.xml"),
            Member(long),
        ),
        case(
            "label that ends in a hyphen",
            include_bytes!("../field/f14-label-ends-in-hyphen.cnf.xml"),
            NoMember,
        ),
    ]
}

/// Forms of addresses, priorities and ports.
fn members() -> Vec<Case> {
    let two = with("").replace(
        "</members>",
        "<member priority=\"1\"><port>2445</port><address>10.1.1.1</address></member></members>",
    );
    vec![
        case("host name with an underscore", with("cucm_pub01"), Member("cucm_pub01")),
        case("IPv6 with a zone", with("fe80::21b:54ff:fe00:1%eth0"), NoMember),
        case("IPv6 in brackets", with("[2001:db8::7]"), Member("2001:db8::7")),
        case("priority 5", with(HOST).replace("\"0\"", "\"5\""), Member(HOST)),
        case("no priority", with(HOST).replace(" priority=\"0\"", ""), Member(HOST)),
        case("space around the port", with(HOST).replace("2445", " 2445 "), Member(HOST)),
        case("empty address, then a good one", two, Member("10.1.1.1")),
        case(
            "root with an unbound prefix",
            with(HOST).replacen("<device>", "<device  xsi:type=\"axl:XIPPhone\">", 1),
            Member(HOST),
        ),
        case("TVS somewhere else", format!("<device><x>{}</x></device>", with(HOST)), NoMember),
        case("TVS in a comment", format!("<device><!-- {} --></device>", with(HOST)), NoMember),
        case("two TVS elements", before_tvs("<TVS></TVS>"), NoMember),
    ]
}

/// Forms of the text around them.
fn texts() -> Vec<Case> {
    let plain = with(HOST);
    let umlaut = before_tvs("<label>M\u{fc}ller</label>");
    let wide = format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{plain}");
    vec![
        case("blank before the declaration", format!("\n{DECLARED}{plain}"), Member(HOST)),
        case(
            "comment before the declaration",
            format!("<!-- made by hand -->\n{DECLARED}{plain}"),
            Member(HOST),
        ),
        case("BOM", format!("\u{feff}{DECLARED}{plain}"), Member(HOST)),
        case(
            "Latin-1, declared",
            latin1(&format!("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>{umlaut}")),
            Member(HOST),
        ),
        case("Latin-1, UTF-8 declared", latin1(&format!("{DECLARED}{umlaut}")), Member(HOST)),
        case("UTF-16 with BOM", utf16(&wide), Member(HOST)),
        case("XML 1.1", format!("<?xml version=\"1.1\"?>{plain}"), Member(HOST)),
        case("DOCTYPE, no subset", format!("<!DOCTYPE device>{plain}"), Member(HOST)),
        case("trailing NUL", format!("{plain}\0"), Member(HOST)),
        case("blank lines behind", format!("{plain}\n\n \n"), Member(HOST)),
        case(
            "bare ampersand",
            before_tvs("<servicesURL>http://a/b?x=1&y=2</servicesURL>"),
            Member(HOST),
        ),
        case("control character", before_tvs("<label>\u{1b}</label>"), Member(HOST)),
        case("address as CDATA", with(&format!("<![CDATA[{HOST}]]>")), Member(HOST)),
    ]
}

/// What cannot be the configuration, or cannot be read.
fn unread() -> Vec<Case> {
    let plain = with(HOST);
    let half = &plain[..plain.len() / 2];
    vec![
        case("empty", "", Absent),
        case("blank", " \n\0", Absent),
        case("HTML page", "<!DOCTYPE html><html><body>Not here</body></html>", Unread("html")),
        case("cut", half, Unread("cut short")),
        case("root of the default", "<Default></Default>", Unread("root element")),
        case("two roots", format!("{plain}{plain}"), Unread("outside")),
        case("text before the root", format!("OK {plain}"), Unread("outside")),
        case(
            "DOCTYPE with a subset",
            format!("<!DOCTYPE device [<!ENTITY a \"b\">]>{plain}"),
            Unread("subset"),
        ),
        case("wrong end tag", plain.replace("</members>", "</member>"), Unread("not well-formed")),
        case("encrConfig maybe", before_tvs("<encrConfig>maybe</encrConfig>"), Unread("maybe")),
        case("too deep", format!("<device>{}", "<x>".repeat(1000)), Unread("nested too deeply")),
    ]
}

fn all() -> Vec<Case> {
    [files(), members(), texts(), unread()].into_iter().flatten().collect()
}

/// A phone that has booted, at a server that has this as its signed configuration.
fn offered(bytes: &[u8]) -> Script {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    phone.files.insert(SIGNED.to_owned(), cluster.signed(SIGNED, bytes));
    phone.files.retain(|name, _| !name.starts_with("XMLDefault"));
    phone
}

fn configured(outcome: &Outcome) -> &Configured {
    outcome.configuration.as_ref().expect("it came to that")
}

/// The phone goes on with what it had, and says so.
#[track_caller]
fn expect_kept(phone: &Script, before: &Script, name: &str) {
    assert_eq!(phone.ram, before.ram, "{name}");
    assert_eq!(phone.last, before.last, "{name}");
    assert_eq!(phone.members, before.members, "{name}");
    assert!(!phone.changes.iter().any(|change| change.contains("keep")), "{name}");
}

#[test]
fn every_form_is_read_or_said_to_be_unreadable() {
    for Case { name, bytes, wanted } in all() {
        let read = Configuration::parse(&bytes, Root::Device);
        let hosts = read.as_ref().map(|read| {
            read.tvs.iter().map(|member| member.address.host.to_string()).collect::<Vec<_>>()
        });
        match (&wanted, hosts) {
            (Member(host), Ok(hosts)) => assert_eq!(hosts, [*host], "{name}"),
            (NoMember, Ok(hosts)) => assert_eq!(hosts, [""; 0], "{name}"),
            (Absent, Err(_)) => {}
            (Unread(why), Err(unreadable)) => {
                assert!(unreadable.to_string().contains(why), "{name}: {unreadable}");
            }
            (_, other) => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn every_form_goes_through_a_pass() {
    for Case { name, bytes, wanted } in all() {
        let (mut phone, before) = (offered(&bytes), offered(&bytes));
        let outcome = phone.boot();
        match (&wanted, configured(&outcome)) {
            (Member(host), Configured::Taken { .. }) => {
                assert_eq!(phone.members, [format!("{host}:2445")].map(bracketed), "{name}");
                assert_eq!(phone.ram[OWN], bytes, "{name}");
            }
            (NoMember, Configured::Taken { .. }) => {
                assert_eq!(phone.members, before.members, "{name}: those before stay");
            }
            (Absent, Configured::Absent) => expect_kept(&phone, &before, name),
            (Unread(why), Configured::Unread { why: unreadable, .. }) => {
                expect_kept(&phone, &before, name);
                assert!(unreadable.to_string().contains(why), "{name}: {unreadable}");
                assert_eq!(phone.messages().last().unwrap(), "CFG file error", "{name}");
                assert!(phone.names().contains(&"ConfigurationUnread"), "{name}");
                assert!(!outcome.is_passing(), "{name}: another try ends alike");
            }
            (_, other) => panic!("{name}: {other:?}"),
        }
        show(name, &phone, configured(&outcome));
    }
}

/// An IPv6 address as it is written with a port.
fn bracketed(address: String) -> String {
    match address.strip_suffix(":2445") {
        Some(host) if host.contains(':') => format!("[{host}]:2445"),
        _ => address,
    }
}

/// A row of the table: defect, TVS member, encrypted form, last good one, what is said of it.
fn show(name: &str, phone: &Script, configured: &Configured) {
    if std::env::var_os("SHOW").is_none() {
        return;
    }
    let asked = if phone.asked.iter().any(|it| it == ENCRYPTED) { "asked" } else { "-" };
    let kept = if matches!(configured, Configured::Taken { .. }) { "replaced" } else { "kept" };
    let odd = |event: &Event| match event {
        Event::ConfigurationOdd { what } => Some(format!("warning {what}")),
        Event::ConfigurationUnread { name, why } => Some(format!("{name}: {why}")),
        Event::FileEmpty { .. } | Event::EncryptedAbsent { .. } => Some(event.to_string()),
        _ => None,
    };
    let said: Vec<String> = phone.said.iter().filter_map(odd).collect();
    println!("| {name} | {} | {asked} | {kept} | {} |", phone.members.join(", "), said.join("; "));
}

#[test]
fn an_unsigned_one_that_cannot_be_the_configuration_replaces_nothing() {
    for Case { name, bytes, .. } in unread() {
        let cluster = Cluster::new(Setup::default());
        let mut phone = Script::new([(OWN.to_owned(), cluster.config().xml().into())].into());
        phone.boot();
        let before = (phone.ram.clone(), phone.last.clone());
        phone.files.insert(OWN.to_owned(), bytes);
        let outcome = phone.boot();
        assert!(!matches!(configured(&outcome), Configured::Taken { .. }), "{name}");
        assert_eq!((phone.ram, phone.last), before, "{name}");
    }
}

#[test]
fn an_empty_file_leads_to_the_default_configuration() {
    let cluster = Cluster::new(Setup::default());
    let default = "XMLDefault.cnf.xml.sgn";
    for bytes in [Vec::new(), cluster.signed(SIGNED, b"")] {
        let mut phone = unknown(&cluster);
        phone.files.insert(SIGNED.to_owned(), bytes);
        let outcome = phone.boot();
        assert_eq!(phone.asked[phone.asked.len() - 2..], [SIGNED, default]);
        let taken = |name: &str| name == default;
        assert!(
            matches!(configured(&outcome), Configured::Taken { name, .. } if taken(name)),
            "{outcome:?}"
        );
        assert!(phone.names().contains(&"FileEmpty"));
    }
}

/// It has a root of its own, and names no TVS member in call manager 8: those before stay.
#[test]
fn the_default_configuration_is_read_and_leaves_the_members() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = unknown(&cluster);
    let before = phone.members.clone();
    phone.files.remove(SIGNED);
    let outcome = phone.boot();
    assert!(matches!(configured(&outcome), Configured::Taken { .. }), "{outcome:?}");
    assert_eq!((before.len(), phone.members), (1, before));
}

/// A phone that has had its own configuration, and remembers nothing of it.
fn unknown(cluster: &Cluster) -> Script {
    let mut phone = Script::booted(cluster);
    phone.seen.clear();
    phone
}

/// The phone has its key, and the server has the encrypted form.
fn encrypted() -> (Cluster, Script) {
    let cluster = Cluster::new(Setup::default());
    let mut phone = phone_with_key(&cluster);
    phone.files = cluster.encrypted_files(Cipher::Aes128);
    (cluster, phone)
}

#[test]
fn one_that_is_broken_and_announces_an_encrypted_one_leads_to_it() {
    let (cluster, mut phone) = encrypted();
    let announcement = cluster.config().announcement(&cluster.device.certificate);
    for broken in [
        announcement.replace("</device>", ""),
        announcement.replace("<device", "<!DOCTYPE device [<!ENTITY a 'b'>]><device"),
        "<device><x></y><encrConfig>true</encrConfig></device>".to_owned(),
    ] {
        phone.forget();
        phone.files.insert(SIGNED.to_owned(), cluster.signed(SIGNED, broken.as_bytes()));
        // As if the last one had not been encrypted.
        phone.last = None;
        let outcome = phone.boot();
        assert_eq!(phone.asked[phone.asked.len() - 2..], [SIGNED, ENCRYPTED], "{broken}");
        assert!(
            matches!(configured(&outcome), Configured::Taken { name, .. } if name == ENCRYPTED),
            "{outcome:?}"
        );
    }
    phone.files.remove(ENCRYPTED);
    phone.last = None;
    let outcome = phone.boot();
    assert!(
        matches!(configured(&outcome), Configured::Unread { name, .. } if name == SIGNED),
        "announced, and not there: {outcome:?}"
    );
}

#[test]
fn where_the_last_one_was_encrypted_that_form_is_asked_for_whatever_the_plain_one_is() {
    let (_, mut phone) = encrypted();
    phone.files.insert(SIGNED.to_owned(), b"<html>".to_vec());
    phone.last = Some(LastConfiguration { name: OWN.to_owned(), form: Form::Encrypted });
    let outcome = phone.boot();
    assert!(!phone.asked.iter().any(|name| name == SIGNED), "{:?}", phone.asked);
    assert!(
        matches!(configured(&outcome), Configured::Taken { name, .. } if name == ENCRYPTED),
        "{outcome:?}"
    );
}

#[test]
fn an_encrypted_one_that_cannot_be_read_replaces_nothing() {
    let (cluster, mut phone) = encrypted();
    phone.boot();
    let before = (phone.ram.clone(), phone.last.clone(), phone.members.clone());
    let cut = b"<device  xsi:type=\"axl:XIPPhone\">\n<fullConfig>true</fullConfig>\n";
    let file = cluster.encrypted(ENCRYPTED, cut, Cipher::Aes128);
    phone.files.insert(ENCRYPTED.to_owned(), file);
    let outcome = phone.boot();
    assert!(
        matches!(configured(&outcome), Configured::Unread { name, .. } if name == ENCRYPTED),
        "{outcome:?}"
    );
    assert_eq!((phone.ram, phone.last, phone.members), before);
}
