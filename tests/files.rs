//! What `secd show` and `secd verify` print of files and of the installed lists: as the other
//! commands spell it, and as a phone with those lists would judge.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use secd_lab::certificate::{Identity, Profile};
use secd_lab::cluster::{Cluster, Service, Setup};
use secd_lab::keys::{Kind as KeyKind, Pool};
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::names::{Layout, Name};
use secd_lab::tftp::Server;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::{self, Servers};
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::phone::Phone;
use support::socket::call;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[track_caller]
fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A cluster with its servers, and a phone that has booted from them.
struct Scene {
    cluster: Cluster,
    tvs: Servers,
    phone: Phone,
    _tftp: Server,
    _agent: Agent,
}

impl Scene {
    fn new() -> Self {
        Self::of(Cluster::new(Setup::default()))
    }

    /// A phone that has booted from this cluster.
    fn of(mut cluster: Cluster) -> Self {
        let tvs = Servers::start(&mut cluster);
        let tftp = Server::start(cluster.files());
        let phone = Phone::new(&[&tftp.address().to_string()]);
        let mut agent = Agent::start(&phone);
        agent.pass();
        Self { cluster, tvs, phone, _tftp: tftp, _agent: agent }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.phone.folder().join(name)
    }

    /// A file in the phone's folder, where commands run.
    fn file(&self, name: &str, bytes: &[u8]) -> &Self {
        support::write(&self.path(name), bytes);
        self
    }

    fn run(&self, arguments: &[&str]) -> Output {
        secd().current_dir(self.phone.folder()).args(arguments).output().unwrap()
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        self.run(&[arguments, &["--socket", "socket"]].concat())
    }
}

/// What OpenSSL reads of a certificate.
fn openssl(path: &Path, what: &[&str]) -> String {
    let output =
        Command::new("openssl").args(["x509", "-noout", "-in"]).arg(path).args(what).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).trim().to_owned()
}

/// The serial numbers of the page, in the order of its rows.
fn on_the_page(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|row| row.contains("SERIALNUMBER"));
    rows.map(|row| row.split_whitespace().last().unwrap().to_owned()).collect()
}

/// The TVS certificate of the lab has the sign byte in its own number, and the order of its name
/// is not the list's.
#[test]
fn a_serial_number_and_a_name_look_the_same_wherever_they_are_printed() {
    let mut cluster = Cluster::new(Setup::default());
    while cluster.nodes[0].tvs.certificate.serial[0] < 0x80 {
        cluster.regenerate(0, Service::Tvs);
    }
    let scene = Scene::of(cluster);
    let itl = scene.cluster.itl();
    scene.file("ITLFile.tlv", &itl);

    let page = text(&scene.run(&["show", "ITLFile.tlv"]).stdout);
    let shown = object(&scene.run(&["show", "ITLFile.tlv", "--json"]));
    let verified = object(&scene.run(&["verify", "ITLFile.tlv", "--json"]));
    let trust = object(&scene.ask(&["trust", "--json"]));
    let records = shown["records"].as_array().unwrap();
    assert_eq!(&shown["records"], &verified["records"]);
    assert_eq!(&shown["records"], &trust["lists"][0]["records"]);
    assert_eq!(shown["signer"], verified["signer"]);
    assert_eq!(shown["signer"]["name"], trust["lists"][0]["signer"]);

    // The page is the field, the rest the number: the same digits here, where the lab's lists have
    // no zeros in front.
    let serials: Vec<&str> = [&shown["signer"]]
        .into_iter()
        .chain(records)
        .map(|it| it["serial"].as_str().unwrap())
        .collect();
    let pairs = |serial: &str| {
        let pairs = serial.as_bytes().chunks(2).map(text);
        pairs.collect::<Vec<_>>().join(":")
    };
    let expected: Vec<String> = serials.iter().map(|serial| pairs(serial)).collect();
    assert_eq!(on_the_page(&page), expected);
    let rows = text(&scene.ask(&["trust"]).stdout);
    for record in records {
        let [subject, serial] = ["subject", "serial"].map(|key| record[key].as_str().unwrap());
        assert!(rows.contains(&format!("\t{serial}\t{subject}\n")), "{rows}");
        assert!(page.contains(subject), "{page}");
    }

    // The doctor reads them out of the certificate that the server presents.
    let record = records.iter().find(|record| record["role"] == "TVS").unwrap();
    let serial = record["serial"].as_str().unwrap();
    assert!(serial.as_bytes()[0] >= b'8', "{serial}");
    let report = object(&scene.ask(&["doctor", "--json"]));
    let checks = report["checks"].as_array().unwrap().iter();
    let details: Vec<&str> = checks.map(|check| check["detail"].as_str().unwrap()).collect();
    let issuer = record["issuer"].as_str().unwrap();
    let presented = format!("presents serial {serial}, SHA-1 ");
    let found = details.iter().find(|detail| detail.starts_with(&presented));
    let found = found.unwrap_or_else(|| panic!("{presented}: {details:?}"));
    assert!(found.contains(&format!("issuer {issuer}: ")), "{found}, not {issuer}");
}

#[test]
fn the_certificates_of_a_list_are_files_that_other_tools_read() {
    let scene = Scene::new();
    scene.file("ITLFile.tlv", &scene.cluster.itl());
    let shown = object(&scene.run(&["show", "ITLFile.tlv", "--certs", "a/b", "--json"]));
    let records = shown["records"].as_array().unwrap().iter().enumerate();
    let carried: Vec<_> = records.filter(|(_, it)| it["has_certificate"] == true).collect();
    let files = shown["certificate_files"].as_array().unwrap();
    assert!(!files.is_empty() && files.len() == carried.len(), "{shown}");
    for ((place, record), file) in carried.into_iter().zip(files) {
        let [role, serial, sha1] =
            ["role", "serial", "cert_sha1"].map(|key| record[key].as_str().unwrap());
        assert_eq!(*file, format!("a/b/{:02}-{role}-{serial}.pem", place + 1));
        let path = scene.path(file.as_str().unwrap());
        assert_eq!(openssl(&path, &["-serial"]), format!("serial={serial}"));
        let digest = openssl(&path, &["-fingerprint", "-sha1"]).replace(':', "").to_lowercase();
        assert!(digest.ends_with(sha1), "{digest}, not {sha1}");
    }

    // Again it is the same; what is there and is something else stays, and nothing is written.
    let again = scene.run(&["show", "ITLFile.tlv", "--certs", "a/b"]);
    assert_eq!(code(&again), Some(0), "{again:?}");
    let first = files[0].as_str().unwrap();
    assert!(text(&again.stdout).contains(&format!("\nCertificate of record #1: {first}\n")));
    for file in &files[1..] {
        fs::remove_file(scene.path(file.as_str().unwrap())).unwrap();
    }
    support::write(&scene.path(first), b"mine");
    let refused = scene.run(&["show", "ITLFile.tlv", "--certs", "a/b"]);
    assert_eq!((code(&refused), &refused.stdout[..]), (Some(66), &b""[..]), "{refused:?}");
    let why = text(&refused.stderr);
    assert!(
        why.starts_with(&format!("secd: {first}: exists, and is not this certificate")),
        "{why}"
    );
    assert_eq!(fs::read(scene.path(first)).unwrap(), b"mine");
    assert_eq!(fs::read_dir(scene.path("a/b")).unwrap().count(), 1);

    let signed = scene.cluster.signed("x.xml.sgn", b"<x/>");
    let refused = scene.file("x.xml.sgn", &signed).run(&["show", "x.xml.sgn", "--certs", "c"]);
    assert_eq!(code(&refused), Some(64), "{refused:?}");
}

#[test]
fn an_installed_list_is_shown_as_its_file_is() {
    let scene = Scene::new();
    scene.file("ITLFile.tlv", &scene.cluster.itl());
    for more in [&[][..], &["--json"], &["--certs", "certs"]] {
        let installed = scene.ask(&[&["show", "--installed", "itl"], more].concat());
        let file = scene.run(&[&["show", "ITLFile.tlv"], more].concat());
        assert_eq!(code(&installed), Some(0), "{installed:?}");
        assert_eq!(text(&installed.stdout), text(&file.stdout));
    }
    let none = scene.ask(&["show", "--installed", "ctl"]);
    assert_eq!(code(&none), Some(66));
    assert_eq!(text(&none.stderr), "secd: no such list: ctl: none is installed\n");
    for (arguments, why) in [
        (&["show", "ITLFile.tlv", "--installed", "itl"][..], "not both"),
        (&["show", "--installed", "lsc"], "--installed takes ctl or itl, not lsc\n"),
        // The value is missing, and the next option is no list.
        (&["show", "--installed"], "--installed takes ctl or itl, not --socket\n"),
    ] {
        let refused = scene.ask(arguments);
        assert_eq!(code(&refused), Some(64));
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
}

fn identity(name: &str, serial: u8, by: &Identity) -> Identity {
    Profile::new(Name::common(name), vec![serial; 9]).self_signed(by.key.clone())
}

/// A list that no single message could carry.
#[test]
fn a_long_list_comes_in_parts_and_byte_for_byte() {
    let key = Pool::new().take(KeyKind::Rsa2048);
    let server = Profile::new(Name::common("cm1"), vec![1; 9]).self_signed(key);
    let mut list = List::new(Kind::Itl, Layout::CallManager, 1);
    list.records = vec![
        Record::new(Role::SAST, &server.certificate),
        Record::new(Role::CCM_TFTP, &server.certificate),
    ];
    let other =
        |serial| Record::new(Role::APP_SERVER, &identity("app", serial, &server).certificate);
    list.records.extend((2..100).map(other));
    let bytes = list.sign(&server);
    assert!(bytes.len() > 90_000, "{}", bytes.len());
    let tftp = Server::start([("ITLFile.tlv".to_owned(), bytes.clone())].into());
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    support::write(&phone.folder().join("ITLFile.tlv"), &bytes);
    let show = |words: &[&str]| {
        let mut show = secd();
        show.current_dir(phone.folder()).arg("show").args(words).args(["--socket", "socket"]);
        show.output().unwrap()
    };
    let installed = show(&["--installed", "itl"]);
    assert_eq!(code(&installed), Some(0), "{installed:?}");
    assert_eq!(installed.stdout, show(&["ITLFile.tlv"]).stdout);

    let part = |offset: Value| {
        call(&phone.socket(), "GetList", json!({ "kind": "itl", "offset": offset })).unwrap()
    };
    for (offset, empty) in
        [(json!(null), false), (json!(bytes.len()), true), (json!(1_u64 << 60), true)]
    {
        let part = part(offset);
        assert_eq!(part["length"], bytes.len());
        assert_eq!(part["bytes"] == "", empty, "{part}");
    }

    // What the store has under the list's name is not printed as what is in force.
    let path = phone.state().join("itl");
    let mut stored = fs::read(&path).unwrap();
    *stored.last_mut().unwrap() ^= 1;
    support::write(&path, &stored);
    let lost = show(&["--installed", "itl"]);
    assert_eq!(code(&lost), Some(66), "{lost:?}");
    assert!(
        text(&lost.stderr).contains("no such list: itl: the list in force is not in"),
        "{lost:?}"
    );
}

const OWN: &str = "SEP001122334455.cnf.xml.sgn";

/// A configuration whose signer the installed list does not know, and TVS does.
fn regenerated() -> (Scene, String) {
    let mut scene = Scene::new();
    scene.file("itl", &scene.cluster.itl());
    scene.cluster.regenerate(0, Service::CallManager);
    scene.tvs.follow(&scene.cluster);
    let signed = scene.cluster.files()[OWN].clone();
    scene.file(OWN, &signed);
    let node = &scene.cluster.nodes[0];
    let server = format!("{}:{}", node.tvs_address, node.tvs_port);
    (scene, server)
}

#[test]
fn a_signer_that_only_tvs_knows_is_asked_about_where_a_server_is_named() {
    let (scene, server) = regenerated();
    let verify = |more: &[&str]| scene.run(&[&["verify", OWN, "--itl", "itl"], more].concat());

    let unasked = verify(&[]);
    assert_eq!((code(&unasked), &unasked.stdout[..]), (Some(1), &b""[..]));
    let why = format!(
        "secd: {OWN}: refused (wrong-signer): signer unknown, not in CTL or ITL; a phone would ask \
         TVS, as --tvs HOST does\n"
    );
    assert_eq!(text(&unasked.stderr), why);
    assert_eq!(object(&verify(&["--json"]))["tvs"], "not-asked");

    let asked = verify(&["--tvs", &server]);
    assert_eq!((code(&asked), &asked.stderr[..]), (Some(0), &b""[..]), "{asked:?}");
    let page = text(&asked.stdout);
    let expected = format!(
        "{OWN}: verified (tvs)\n  step: CTL and ITL: signer not in CTL or ITL\n  step: TVS: vouches \
         for the certificate as "
    );
    assert!(page.starts_with(&expected), "{page}");
    assert!(page.contains(&format!("\n  signed name: {OWN}\n")), "{page}");
    let facts = object(&verify(&["--tvs", &server, "--json"]));
    assert_eq!((&facts["by"], &facts["tvs"]), (&json!("tvs"), &json!("asked")));
    assert_eq!(facts["steps"].as_array().unwrap().len(), 2);

    // The next server is asked where one fails.
    let second = verify(&["--tvs", "127.0.0.1:1", "--tvs", &server]);
    assert_eq!(code(&second), Some(0), "{second:?}");

    // What TVS vouches for is the signer, and not another name.
    let other = verify(&["--tvs", &server, "--name", "SEPFFFFFFFFFFFF.cnf.xml.sgn"]);
    assert_eq!(code(&other), Some(1), "{other:?}");
    assert!(text(&other.stderr).contains("refused (filename-mismatch)"), "{other:?}");
}

#[test]
fn a_tvs_that_does_not_vouch_does_not_answer_or_is_another_is_said_to() {
    let (scene, server) = regenerated();
    let verify = |server: &str| scene.run(&["verify", OWN, "--itl", "itl", "--tvs", server]);
    let refused = |server: &str, exit, words: &str| {
        let output = verify(server);
        assert_eq!(code(&output), Some(exit), "{output:?}");
        let why = text(&output.stderr);
        let start =
            format!("secd: {OWN}: refused (wrong-signer): signer unknown, not in CTL or ITL; ");
        assert!(why.starts_with(&start) && why.contains(words), "{why}");
        assert!(text(&output.stdout).contains("  step: TVS: "), "{output:?}");
    };
    refused("127.0.0.1:1", 69, "no TVS server answered (no connection");
    // A server that the list does not have is asked nothing, whatever it would vouch for.
    let stranger = scene.cluster.setup.identity("stranger.test");
    let presented = Presented::new(&stranger);
    let other = tvs::Server::start(&presented, Version::Any);
    other.store(tvs::entries(&scene.cluster.store()));
    refused(&other.address().to_string(), 69, "no TVS server answered (");
    assert_eq!(other.questions().len(), 0);
    // The listed one, which does not know the signer.
    let node = &scene.cluster.nodes[0];
    let ignorant = tvs::Server::start(&Presented::new(&node.tvs), Version::Any);
    refused(&ignorant.address().to_string(), 1, "the service does not know the certificate");
    assert_eq!(code(&verify(&server)), Some(0));
    let usage = verify("300.1.1.1");
    assert_eq!(code(&usage), Some(64), "{usage:?}");
}

/// A list may need TVS as well: this one is signed by a call manager that was regenerated.
#[test]
fn a_list_by_a_regenerated_signer_is_verified_by_tvs() {
    let (scene, server) = regenerated();
    scene.file("new.tlv", &scene.cluster.itl());
    let verify =
        |more: &[&str]| scene.run(&[&["verify", "new.tlv", "--itl", "itl"], more].concat());
    let unasked = verify(&[]);
    assert_eq!(code(&unasked), Some(1));
    assert!(text(&unasked.stderr).contains("; a phone would ask TVS"), "{unasked:?}");
    let asked = verify(&["--tvs", &server]);
    assert_eq!(code(&asked), Some(0), "{asked:?}");
    assert!(text(&asked.stdout).starts_with("new.tlv: verified (tvs)\n"), "{asked:?}");
}

/// Whose TVS record is missing cannot ask: a phone would not either.
#[test]
fn without_a_tvs_record_nobody_is_asked() {
    let scene = Scene::new();
    let signed = scene.cluster.signed(OWN, b"<device/>");
    let stranger = scene.cluster.setup.identity("cm9.lab.test");
    let mut list = List::new(Kind::Itl, Layout::CallManager, 1);
    list.records = vec![
        Record::new(Role::SAST, &stranger.certificate),
        Record::new(Role::CCM_TFTP, &stranger.certificate),
    ];
    scene.file(OWN, &signed).file("itl", &list.sign(&stranger));
    let output = scene.run(&["verify", OWN, "--itl", "itl"]);
    assert_eq!(code(&output), Some(1));
    assert!(text(&output.stderr).contains("; no list has a TVS record, "), "{output:?}");
    let asked = scene.run(&["verify", OWN, "--itl", "itl", "--tvs", "127.0.0.1:1"]);
    assert_eq!(code(&asked), Some(1), "{asked:?}");
    assert!(text(&asked.stderr).contains("; there is no TVS to ask"), "{asked:?}");
}

#[test]
fn the_signed_name_is_printed_and_a_file_that_was_renamed_has_a_warning() {
    let scene = Scene::new();
    let (own, other) = (OWN, "SEPAABBCCDDEEFF.cnf.xml.sgn");
    let signed = scene.cluster.files()[own].clone();
    scene.file("itl", &scene.cluster.itl()).file(own, &signed).file(other, &signed);
    let verify = |arguments: &[&str]| scene.run(&[&["verify", "--itl", "itl"], arguments].concat());
    let warning = format!(
        "  warning (file-name): signed as {own}: a phone that asked for {other} refuses it (--name {other})\n"
    );
    for (file, warned) in [(own, false), (other, true)] {
        let output = verify(&[file]);
        assert_eq!(code(&output), Some(0), "{output:?}");
        let page = text(&output.stdout);
        assert!(page.contains(&format!("\n  signed name: {own}\n")), "{page}");
        assert_eq!(page.contains(&warning), warned, "{page}");
        let warnings = object(&verify(&[file, "--json"]))["warnings"].clone();
        assert_eq!(warnings.as_array().unwrap().contains(&json!("file-name")), warned);
    }
    assert_eq!(code(&verify(&[other, "--name", other])), Some(1));
    // A list has the generic name inside, whichever it is served under.
    scene.file("ITLSEP001122334455.tlv", &scene.cluster.itl());
    let list = scene.run(&["verify", "ITLSEP001122334455.tlv"]);
    let page = text(&list.stdout);
    assert!(
        page.contains("\n  signed name: ITLFile.tlv\n") && !page.contains("file-name"),
        "{page}"
    );
}
