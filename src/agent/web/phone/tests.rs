use std::fmt::Write;

use super::*;
use crate::face::methods::{Status, Trust};
use crate::face::records::{List, Message, OwnCertificate, Server};
use crate::face::shape::Shape;
use crate::face::terms::{CertificateKind, ListKind};
use crate::wire::address::ServerAddress;
use crate::wire::configuration::CapfFacts;

const DEVICE: &str = "SEP0011215A1AE3";

/// Any value of a record, by its placeholders.
fn blank<T: Shape>() -> T {
    T::blank()
}

fn facts() -> PhoneFacts {
    let status = Status {
        version: "1.2.3".to_owned(),
        device: DEVICE.to_owned(),
        // 2026-11-24T16:00:00Z.
        time: 1_795_536_000,
        tftp: Vec::new(),
        tvs: Vec::new(),
        identity: blank(),
        ..blank()
    };
    let trust = Trust { lists: Vec::new(), messages: Vec::new(), ..blank() };
    let (model, address, capf, hidden) = (None, None, None, String::new());
    PhoneFacts { status, trust, model, address, capf, hidden, shows_log: true }
}

fn server(address: &str) -> Server {
    Server { address: address.to_owned(), ..blank() }
}

fn at(target: &str) -> Option<PhonePage> {
    let head = format!("GET {target} HTTP/1.1\r\n\r\n");
    PhonePage::of(&RequestHead::parse(head.as_bytes()).expect("a request"))
}

fn page(target: &str, facts: &PhoneFacts) -> String {
    at(target).expect("a page").emit(facts).1
}

/// What a script finds that searches for `<TD><B>label</B></TD>` and takes the next such cell.
fn row<'a>(page: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<TD><B>{label}</B></TD>"))?;
    rest.split_once("<TD><B>")?.1.split_once("</B></TD>").map(|(value, _)| value)
}

fn member_of<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(value, _)| value)
}

#[test]
fn every_name_of_the_field_is_a_page() {
    type Kind = fn(PhoneForm) -> PhonePage;
    let kinds: [(&str, &str, Kind); 4] = [
        ("DeviceInformation", "device.statistics.device", PhonePage::Device),
        ("DeviceLog", "device.settings.status.messages", PhonePage::StatusMessages),
        ("NetworkConfiguration", "device.statistics.configuration", PhonePage::Network),
        ("PortInformation", "device.statistics.port.network", PhonePage::Port),
    ];
    for (name, adapter, kind) in kinds {
        let (html, xml) = (Some(kind(PhoneForm::Html)), Some(kind(PhoneForm::Xml)));
        assert_eq!((at(&format!("/{name}")), at(&format!("/{name}X?1"))), (html, xml));
        let path = "/CGI/Java/Serviceability";
        assert_eq!(at(&format!("{path}?adapter={adapter}&Number=0")), html);
        assert_eq!(at(&format!("{path}?adapterX={adapter}")), xml);
    }
    let log = at("/CGI/Java/Serviceability?adapter=device.statistics.consolelog");
    assert_eq!(log, Some(PhonePage::ConsoleLogs));
    assert_eq!(at("/FS/messages"), Some(PhonePage::LogFile));
    assert!(PhonePage::ConsoleLogs.is_of_log() && PhonePage::LogFile.is_of_log());
}

#[test]
fn nothing_else_is_a_page() {
    for target in [
        "/",
        "/X",
        "/DeviceInformationXX",
        "/deviceinformation",
        "/DeviceInformation/",
        "//DeviceInformation",
        "/FS/messages.0",
        "/FS/../FS/messages",
        "/CGI/Execute",
        "/CGI/Java/Serviceability",
        "/CGI/Java/Serviceability?adapter=",
        "/CGI/Java/Serviceability?adapter=device.statistics.coredumps",
        "/CGI/Java/Serviceability?adapterX=device.statistics.consolelog",
        "/CGI/Java/Serviceability?Adapter=device.statistics.device",
    ] {
        assert_eq!(at(target), None, "{target}");
    }
}

#[test]
fn device_information_has_its_members_and_those_without_a_value_are_empty() {
    let found = page("/DeviceInformationX", &facts());
    assert!(found.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeviceInformation>\n"));
    for (name, value) in [
        ("HostName", DEVICE),
        ("MACAddress", "0011215A1AE3"),
        ("phoneDN", ""),
        ("appLoadID", ""),
        ("versionID", "secd-1.2.3"),
        ("serialNumber", ""),
        ("modelNumber", ""),
    ] {
        assert_eq!(member_of(&found, name), Some(value), "{name} in {found}");
    }
}

#[test]
fn the_cell_behind_a_label_is_its_value_also_if_that_is_unknown() {
    let found = page("/DeviceInformation", &facts());
    for (label, value) in [
        ("Host name", DEVICE),
        ("Phone DN", "&#160;"),
        ("Version", "secd-1.2.3"),
        ("Time", "4:00:00pm"),
        ("Date", "11/24/26"),
    ] {
        assert_eq!(row(&found, label), Some(value), "{label} in {found}");
    }
}

#[test]
fn model_and_serial_number_are_those_of_the_mic_unless_settings_name_the_model() {
    let mut facts = facts();
    let subject = "CN=CP-8841-SEP0011215A1AE3;serialNumber=PID:CP-8841 SN:FCH12345678;O=Cisco";
    let own = |kind| OwnCertificate { kind, subject: subject.to_owned(), ..blank() };
    facts.status.identity.certificates = vec![own(CertificateKind::Lsc)];
    let found = page("/DeviceInformationX", &facts);
    assert_eq!(member_of(&found, "serialNumber"), Some(""), "an LSC has no such subject");
    facts.status.identity.certificates = vec![own(CertificateKind::Mic)];
    let found = page("/DeviceInformationX", &facts);
    assert_eq!(member_of(&found, "serialNumber"), Some("FCH12345678"));
    assert_eq!(member_of(&found, "modelNumber"), Some("CP-8841"));
    facts.model = Some("8861".to_owned());
    assert_eq!(member_of(&page("/DeviceInformationX", &facts), "modelNumber"), Some("CP-8861"));
}

#[test]
fn a_name_of_another_kind_has_no_mac_address() {
    let mut facts = facts();
    for device in ["SEPQEMU", "SEP00112233445G", "ATA001122334455", "SEP0011223344556"] {
        facts.status.device = device.to_owned();
        assert_eq!(member_of(&page("/DeviceInformationX", &facts), "MACAddress"), Some(""));
    }
}

#[test]
fn network_setup_has_lists_and_servers() {
    let mut facts = facts();
    facts.status.tftp = vec![server("10.0.0.1:69"), server("cucm2:6969"), server("[fd00::3]:69")];
    facts.status.tvs = vec![server("10.0.0.1:2445"), server("10.0.0.2:2446")];
    let servers = vec![ServerAddress::parse("10.0.0.4", 3804).expect("an address")];
    facts.capf = Some(CapfFacts { servers, ..CapfFacts::default() });
    let (md5, sha1) = ("b61910bb01d8d3a1c1b36526cc9f2ddc".to_owned(), "ee5c62e0".to_owned());
    facts.trust.lists = vec![List { kind: ListKind::Itl, md5, sha1, ..blank() }];
    let found = page("/NetworkConfiguration", &facts);
    for (label, value) in [
        ("CTL file", "Not installed"),
        ("CTL signature", "Not installed"),
        ("ITL file", "B6 19 10 BB 01 D8 D3 A1 C1 B3 65 26 CC 9F 2D DC "),
        ("ITL signature", "EE 5C 62 E0 "),
        ("CAPF server", "10.0.0.4"),
        ("TVS", "10.0.0.1"),
        ("TFTP server 1", "10.0.0.1"),
        ("TFTP server 2", "cucm2:6969"),
        ("TFTP server", "[fd00::3]"),
        ("Subnet mask", "&#160;"),
    ] {
        assert_eq!(row(&found, label), Some(value), "{label} in {found}");
    }
    assert!(found.contains("<TD><B>10.0.0.2:2446</B></TD>"), "{found}");
    let found = page("/NetworkConfigurationX", &facts);
    assert_eq!(member_of(&found, "TFTPServer2"), Some("cucm2:6969"));
    assert_eq!(member_of(&found, "ITLSignature"), Some("EE 5C 62 E0 "));
    assert_eq!(member_of(&found, "SubNetMask"), Some(""));
}

#[test]
fn without_servers_the_page_says_so() {
    let mut facts = facts();
    let found = page("/NetworkConfiguration", &facts);
    assert_eq!(row(&found, "TVS"), Some("None"));
    assert_eq!(row(&found, "CAPF server"), Some("&#160;"), "nothing is known yet");
    facts.capf = Some(CapfFacts::default());
    let found = page("/NetworkConfiguration", &facts);
    assert_eq!(row(&found, "CAPF server"), Some("None"));
    assert_eq!(row(&found, "TFTP server 1"), Some("&#160;"));
}

#[test]
fn status_lines_have_time_and_date_in_brackets() {
    let mut facts = facts();
    for (time, text) in [
        (0, "Midnight"),
        (1_795_521_600, "Noon"),
        (1_795_536_061, "<b>&"),
        (1_795_492_859, "Morning"),
    ] {
        facts.trust.messages.push(Message { time, text: text.to_owned() });
    }
    let mut expected = String::new();
    for line in [
        "[12:00:00am 01/01/70] Midnight",
        "[12:00:00pm 11/24/26] Noon",
        "[04:01:01pm 11/24/26] &lt;b&gt;&amp;",
        "[04:00:59am 11/24/26] Morning",
    ] {
        writeln!(expected, "<TR><TD><B>{line}</B></TD></TR>").expect("room");
    }
    let found = page("/DeviceLog?2", &facts);
    assert!(found.contains(&format!("<TABLE>\n{expected}</TABLE>")), "{found}");
    let found = page("/DeviceLogX", &facts);
    assert_eq!(member_of(&found, "status"), Some("[12:00:00am 01/01/70] Midnight"));
}

#[test]
fn the_log_file_is_linked_to_and_its_page_only_where_it_is_served() {
    let mut facts = facts();
    let found = page("/CGI/Java/Serviceability?adapter=device.statistics.consolelog", &facts);
    assert!(found.contains("<TR><TD><A HREF=\"/FS/messages\">messages</A></TD></TR>"), "{found}");
    assert!(page("/DeviceInformation", &facts).contains("adapter=device.statistics.consolelog"));
    facts.shows_log = false;
    assert!(!page("/DeviceInformation", &facts).contains("consolelog"));
}

#[test]
fn what_others_have_named_is_text_on_every_page() {
    let mut facts = facts();
    let hostile = "</B><script>alert(1)</script>]]>\u{0}".to_owned();
    facts.status.device.clone_from(&hostile);
    facts.model = Some(hostile.clone());
    facts.trust.messages.push(Message { time: 0, text: hostile });
    for target in ["/DeviceInformation", "/NetworkConfigurationX", "/DeviceLogX", "/DeviceLog"] {
        let found = page(target, &facts);
        assert!(!found.contains("<script") && !found.contains("]]>"), "{found}");
        assert!(!found.contains('\u{0}') && found.contains("&lt;script&gt;"), "{found}");
    }
}

/// The labels of a page's rows: every other bold text.
fn labels(page: &str) -> Vec<&str> {
    let bold = page.split("<TD><B>").skip(1).filter_map(|rest| rest.split_once("</B>"));
    bold.map(|(text, _)| text).step_by(2).collect()
}

/// The members of a document, without the one around them.
fn members(page: &str) -> Vec<&str> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("  <"));
    lines.filter_map(|rest| rest.split(['>', '/']).next()).collect()
}

#[test]
fn the_paper_for_scripts_has_every_name_label_and_member() {
    let paper = include_str!("../../../../docs/web.md");
    let rows: Vec<Vec<&str>> = paper
        .lines()
        .map(|line| line.split(" | ").flat_map(|it| it.split(", ")).collect())
        .collect();
    let has = |cell: &str| rows.iter().flatten().any(|it| it.trim_matches(['|', ' ']) == cell);
    let mut seen = 0;
    for name in ["DeviceInformation", "NetworkConfiguration", "PortInformation"] {
        let (html, xml) =
            (page(&format!("/{name}"), &facts()), page(&format!("/{name}X"), &facts()));
        assert!(has(&format!("`/{name}`")) && has(&format!("`/{name}X`")), "{name}");
        let (labels, members) = (labels(&html), members(&xml));
        assert_eq!(labels.len(), members.len(), "{html}{xml}");
        for (label, member) in labels.into_iter().zip(members) {
            assert!(has(label), "{name}: docs/web.md has no label {label}");
            assert!(has(&format!("`{member}`")), "{name}: docs/web.md has no member {member}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} rows");
}
