//! `secd check-config`: what is allowed in a configuration and surely not meant is named, with its
//! place and what to write instead.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use secd_lab::certificate::{Identity, Profile};
use secd_lab::cluster::Setup;
use secd_lab::keys::Kind;
use serde_json::{Value, json};
use support::agent::secd;
use support::office::pem as pem_of;
use tempfile::TempDir;

/// A phone's configuration, and the folders that it names.
struct Fixture(TempDir);

impl Fixture {
    /// Below the build's own folder: a temporary one may be in memory.
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder"));
        fixture.set_mode("", 0o700);
        fs::create_dir(fixture.path("state")).expect("a folder");
        fixture.set_mode("state", 0o700);
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).expect("its mode");
    }

    /// What is said of a file of this text, with `@` for the folder, and the exit code.
    fn check_text(&self, text: &str, options: &[&str]) -> (i32, Output) {
        let file = self.path("secd.toml");
        let folder = self.0.path().to_str().expect("text");
        support::write(&file, text.replace('@', folder).as_bytes());
        let mut command = secd();
        command.arg("check-config").arg("--config").arg(file).args(options);
        // As who runs the test, whatever users there are.
        let own = Command::new("id").arg("-un").output().expect("id").stdout;
        let own = String::from_utf8(own).expect("text");
        if !options.contains(&"--user") && !own.trim().is_empty() {
            command.args(["--user", own.trim()]);
        }
        let output = command.output().expect("the program starts");
        (output.status.code().expect("it ends by itself"), output)
    }

    /// The warnings about a good file that has these sections instead of its own.
    fn warnings(&self, sections: &str, options: &[&str]) -> Vec<String> {
        let (code, output) = self.check_text(&with(sections), options);
        assert_eq!(code, 0, "{output:?}");
        let file = format!("secd: warning: {}:", self.path("secd.toml").display());
        let text = String::from_utf8(output.stderr).expect("text");
        let place = |line: &str| line.strip_prefix(&file).expect("a warning").to_owned();
        text.lines().map(place).collect()
    }

    /// The only one.
    #[track_caller]
    fn warning(&self, sections: &str, options: &[&str]) -> String {
        let warnings = self.warnings(sections, options);
        assert_eq!(warnings.len(), 1, "{sections}: {warnings:#?}");
        warnings.concat()
    }

    /// What `--json` prints.
    fn json(&self, text: &str) -> Value {
        let output = self.check_text(text, &["--json"]).1;
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        serde_json::from_slice(&output.stdout).expect("an object")
    }
}

/// A configuration as it should be.
const GOOD: [(&str, &str); 3] = [
    ("[device]", "name = \"SEP001122334455\"\n"),
    ("[tftp]", "servers = [\"192.0.2.1\", \"::1\"]\n"),
    ("[paths]", "state = \"@/state\"\nram = \"@/ram\"\nsocket = \"@/socket\"\n"),
];

/// The good configuration; what `sections` begins with a header of comes from there.
fn with(sections: &str) -> String {
    let kept = GOOD.iter().filter(|(header, _)| !sections.contains(header));
    let kept: String = kept.map(|(header, keys)| format!("{header}\n{keys}")).collect();
    // First, so that their lines can be counted.
    format!("{sections}{kept}")
}

#[test]
fn a_configuration_as_it_should_be_is_good() {
    let fixture = Fixture::new();
    let (code, output) = fixture.check_text(&with(""), &["--strict"]);
    assert_eq!((code, &output.stderr[..]), (0, &b""[..]), "{output:?}");
    let file = fixture.path("secd.toml").display().to_string();
    let servers = "192.0.2.1:69, [::1]:69";
    let good = format!("{file}: valid; device SEP001122334455, TFTP servers: {servers}\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), good);
    let facts = json!({
        "file": file, "device": "SEP001122334455", "servers": ["192.0.2.1:69", "[::1]:69"],
        "faults": [], "warnings": [],
    });
    assert_eq!(fixture.json(&with("")), facts);
}

#[test]
fn warnings_are_counted_and_refused_where_strictness_is_asked_for() {
    let fixture = Fixture::new();
    let odd = with("[tftp]\nservers = []\n");
    let (code, output) = fixture.check_text(&odd, &[]);
    assert_eq!(code, 0);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains(": 1 warning; device SEP001122334455, TFTP servers: none"), "{text}");
    let (code, output) = fixture.check_text(&odd, &["--strict"]);
    assert_eq!((code, &output.stdout[..]), (78, &b""[..]));
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.ends_with("secd.toml: 1 warning, refused because of --strict\n"), "{text}");
    let (code, output) = fixture.check_text(&odd, &["--strict", "--json"]);
    assert_eq!((code, &output.stderr[..]), (78, &b""[..]));
    let warning = &fixture.json(&odd)["warnings"][0];
    assert_eq!((&warning["line"], &warning["column"]), (&json!(2), &json!(11)));
    assert_eq!(warning["key"], "tftp.servers");
    assert!(warning["text"].as_str().expect("text").starts_with("no server: "), "{warning}");
}

/// A template: what the phone will have is not on the machine where the image is built.
#[test]
fn the_shipped_file_has_a_placeholder_and_no_other_oddity() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rootfs/etc/secd.toml");
    let shipped = fs::read_to_string(shipped).expect("the shipped file");
    let fixture = Fixture::new();
    let warnings = fixture.json(&shipped)["warnings"].take();
    assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
    assert_eq!(warnings[0]["key"], "device.name");
    let text = warnings[0]["text"].as_str().expect("text");
    assert!(text.starts_with("\"SEP000000000000\" is the placeholder"), "{text}");
    // Completed as the hook does it, it is good.
    let completed = shipped
        .replace("SEP000000000000", "SEP001122334455")
        .replace("#servers = []", "servers = [\"192.0.2.1:69\"]");
    let (code, output) = fixture.check_text(&completed, &["--strict", "--no-system"]);
    assert_eq!(code, 0, "{output:?}");
}

#[test]
fn what_the_file_alone_shows_is_named_with_its_place_and_its_remedy() {
    let fixture = Fixture::new();
    let long = "s".repeat(108);
    for (sections, expected) in [
        ("[device]\nname = 'sep00aabbccddee'\n", "2:8: device.name: \"sep00aabbccddee\" has lower"),
        ("[device]\nname = 'SEP0011223344'\n", "2:8: device.name: \"SEP0011223344\" has 10 digits"),
        ("[device]\nname = 'SEP00112233445X'\n", "2:8: device.name: \"SEP00112233445X\" has 'X'"),
        ("[device]\nname = '001122334455'\n", "write \"SEP001122334455\""),
        ("[tftp]\nservers = []\n", "2:11: tftp.servers: no server: "),
        ("[tftp]\nblksize = 512\n", "1:1: tftp.servers: no server: "),
        (
            "[tftp]\nservers = ['10.0.0.1', '10.0.0.1:69']\n",
            "2:24: tftp.servers: 10.0.0.1:69 is listed twice: remove",
        ),
        ("[tftp]\nservers = ['a', '0.0.0.0']\n", "2:17: tftp.servers: 0.0.0.0:69 is not the"),
        (
            "[tftp]\nservers = ['a']\ntimeout_s = 60\n",
            "3:13: tftp.timeout_s: 60 s to wait, and a file may take 60 s (tftp.deadline_s): ",
        ),
        (
            "[tvs]\nmembers = [{ address = 'a' }, { address = 'a', priority = 1 }]\n",
            "2:11: tvs.members: a:2445 is listed twice",
        ),
        ("[tvs]\nmembers = [{ address = '224.0.0.1' }]\n", "tvs.members: 224.0.0.1:2445 is not"),
        (
            "[policy]\nolder_list = 'accept'\n",
            "2:14: policy.older_list: \"accept\": anyone who recorded an old list",
        ),
        ("[policy]\nolder_file = 'accept'\n", "policy.older_file: \"accept\": anyone"),
        (
            "[policy]\ndefault_configuration = 'always'\n",
            "policy.default_configuration: \"always\": anyone",
        ),
        (
            &format!("[policy]\npins = ['{}']\n", "ab".repeat(32)),
            "2:8: policy.pins: no effect while policy.first_use is not \"pin\"",
        ),
        ("[https]\nidle_s = 60\ntotal_s = 30\n", "2:10: https.idle_s: no effect: a connection"),
        ("[https]\nslots = 8\nslots_per_user = 9\n", "3:18: https.slots_per_user: 9 for one"),
        ("[socket]\nconnections = 64\n", "1:1: socket.per_user: 128 for one user, of 64 in all"),
        ("[socket]\nmode = '644'\n", "2:8: socket.mode: mode 644 lets no other user connect"),
        (
            "[socket]\nmode = '600'\n[access]\nread = ['everyone']\n",
            "2:8: socket.mode: mode 600 lets no other user connect",
        ),
        ("[access]\nerase = ['user:0', 'everyone']\n", "2:20: access.erase: \"everyone\": any"),
        ("[access]\nconfigure = ['everyone']\n", "2:14: access.configure: \"everyone\": any"),
        (
            "[paths]\nstate = '@/state'\nram = '@/ram'\nsocket = '@/ram/socket'\n",
            "4:10: paths.socket: lies inside paths.ram, which no other user may enter",
        ),
        (
            &format!("[paths]\nstate = '@/state'\nram = '@/ram'\nsocket = '/{long}'\n"),
            "4:10: paths.socket: 109 bytes, and the system allows 107 for a socket",
        ),
    ] {
        let warning = fixture.warning(sections, &["--no-system"]);
        assert!(warning.contains(expected), "{sections}: {warning}");
    }
}

/// What looks similar and is in order.
#[test]
fn what_is_ordinary_is_not_warned_of() {
    let fixture = Fixture::new();
    for sections in [
        "[device]\nname = 'ATA00AABBCCDDEE'\n",
        "[tftp]\nservers = ['10.0.0.1', '10.0.0.1:6969']\n",
        "[tftp]\nservers = ['a']\ntimeout_s = 255\nretries = 0\n",
        "[https]\ntotal_s = 30\nslots = 8\n",
        "[policy]\nfirst_use = 'deny'\nolder_list = 'refuse'\nsha1 = false\nmin_rsa = 2048\n",
        "[socket]\nmode = '600'\n[access]\nread = []\n",
        "[socket]\nmode = '660'\n",
        "[access]\nread = ['everyone', 'user:4711', 'group:4711', 'user:root']\n",
        "[console]\nlevel = 'debug'\n",
    ] {
        assert_eq!(fixture.warnings(sections, &[]), [""; 0], "{sections}");
    }
}

#[test]
fn a_folder_of_the_store_that_would_lose_what_is_trusted_is_named() {
    let fixture = Fixture::new();
    let state = fixture.path("state").display().to_string();
    fixture.set_mode("state", 0o755);
    let warning = fixture.warning("", &[]);
    let expected = format!("paths.state: {state} has mode 0755 instead of 0700: chmod 700 {state}");
    assert!(warning.ends_with(&expected), "{warning}");
    fs::remove_dir(&state).expect("an empty folder");
    let warning = fixture.warning("", &[]);
    let expected = format!("6:9: paths.state: {state}: does not exist: create it, mode 0700");
    assert!(warning.starts_with(&expected), "{warning}");
    assert_eq!(fixture.warnings("", &["--no-system"]), [""; 0]);
    support::write(Path::new(&state), b"");
    let warning = fixture.warning("", &[]);
    assert!(warning.contains(": not a folder: create it"), "{warning}");
}

#[test]
fn a_store_in_memory_is_named() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else { return };
    let kind = Command::new("stat").args(["-f", "-c", "%T"]).arg(memory.path()).output();
    if !kind.is_ok_and(|output| output.stdout == b"tmpfs\n") {
        return; // A system without it.
    }
    fs::set_permissions(memory.path(), PermissionsExt::from_mode(0o700)).expect("its mode");
    let folder = memory.path().display();
    let paths = format!("[paths]\nstate = '{folder}'\nram = '@/ram'\nsocket = '@/socket'\n");
    let warning = Fixture::new().warning(&paths, &[]);
    let expected = format!("2:9: paths.state: {folder} is in memory (tmpfs): a restart empties it");
    assert!(warning.starts_with(&expected), "{warning}");
}

#[test]
fn folders_that_the_agents_user_cannot_use_are_named() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("ram")).expect("a folder");
    let nobody = ["--user", "nobody"];
    let folder = fixture.0.path().display().to_string();
    let warnings = fixture.warnings("", &nobody);
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    let owner = format!("paths.state: {folder}/state belongs to user ");
    assert!(warnings[0].contains(&owner), "{warnings:#?}");
    let remedy = format!(" and not to nobody: chown -R nobody {folder}/state");
    assert!(warnings[0].ends_with(&remedy), "{warnings:#?}");
    let barred = |key: &str| format!("{key}: nobody may not enter {folder}: chmod a+x {folder}");
    assert!(warnings[1].ends_with(&barred("paths.ram")), "{warnings:#?}");
    assert!(warnings[2].contains(&format!("paths.socket: nobody may not write to {folder}: ")));
    // As the shipped image has it: whoever has no business there passes through.
    fixture.set_mode("", 0o711);
    let warnings = fixture.warnings("", &nobody);
    assert!(warnings[1].contains(&format!("paths.ram: nobody may not write to {folder}/ram: ")));
    fs::remove_dir(fixture.path("ram")).expect("an empty folder");
    let warnings = fixture.warnings("", &nobody);
    let makeable = format!(
        "paths.ram: {folder}/ram does not exist, and nobody cannot create it in {folder}: create it"
    );
    assert!(warnings[1].contains(&makeable), "{warnings:#?}");
    let (code, output) = fixture.check_text(&with(""), &["--user", "no-such-user"]);
    assert_eq!(code, 64);
    assert_eq!(output.stderr, b"secd: no user no-such-user in /etc/passwd\n");
}

#[test]
fn other_things_in_place_of_folders_and_socket_are_named() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("ram")).expect("a folder");
    fixture.set_mode("ram", 0o777);
    support::write(&fixture.path("socket"), b"");
    let warnings = fixture.warnings("", &[]);
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].contains("ram has mode 0777: others can replace verified files in it"));
    assert!(warnings[1].contains("socket is there and is not a socket: remove it"));
    fs::remove_dir(fixture.path("ram")).expect("an empty folder");
    support::write(&fixture.path("ram"), b"");
    fs::remove_file(fixture.path("socket")).expect("a file");
    let warning = fixture.warning("", &[]);
    assert!(warning.contains("ram is not a folder: remove it"), "{warning}");
    let paths = "[paths]\nstate = '@/state'\nram = '@/r'\nsocket = '@/ram/run/socket'\n";
    let warning = fixture.warning(paths, &[]);
    let expected = "4:10: paths.socket: ";
    assert!(warning.starts_with(expected) && warning.contains("/ram/run does not exist, and "));
}

#[test]
fn unknown_users_and_groups_are_named_where_they_are_written() {
    let fixture = Fixture::new();
    let access = "[access]\nread = ['everyone', 'group:no-such-group']\nfetch = ['user:nope']\n";
    let warnings = fixture.warnings(access, &[]);
    assert_eq!(
        warnings,
        [
            "2:21: access.read: group:no-such-group: there is no group no-such-group in /etc/group: \
             add it, or name another",
            "3:10: access.fetch: user:nope: there is no user nope in /etc/passwd: add it, or name \
             another",
        ]
    );
    assert_eq!(fixture.warnings(access, &["--no-system"]), [""; 0]);
}

fn pem(identity: &Identity) -> Vec<u8> {
    pem_of(&identity.certificate.der).into_bytes()
}

#[test]
fn a_certificate_that_no_server_would_accept_is_named() {
    let fixture = Fixture::new();
    let setup = Setup::default();
    let sections = "[device]\nname = 'SEP001122334455'\ncertificate = '@/c'\nkey = '@/k'\n";
    let put = |certificate: &[u8], key: &[u8]| {
        support::write(&fixture.path("c"), certificate);
        support::write(&fixture.path("k"), key);
        fixture.set_mode("k", 0o600);
    };
    let issue = |profile: &Profile, kind| setup.issue(profile, kind);
    let profile = setup.profile("SEP001122334455");
    let [own, other] = [(); 2].map(|()| issue(&profile, Kind::Rsa2048));
    let own_key = own.key.pem();

    let warnings = fixture.warnings(sections, &[]);
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].starts_with("3:15: device.certificate: "), "{warnings:#?}");
    assert!(warnings[1].contains("/k: no such file: put the file there, or remove"));
    assert_eq!(fixture.warnings(sections, &["--no-system"]), [""; 0]);

    put(&pem(&own), own_key.as_bytes());
    assert_eq!(fixture.warnings(sections, &[]), [""; 0]);
    put(&own.certificate.der, &own.key.pkcs8());
    assert_eq!(fixture.warnings(sections, &[]), [""; 0]);
    fixture.set_mode("k", 0o644);
    let warning = fixture.warning(sections, &[]);
    assert!(warning.contains("/k: mode 0644 leaves the key open to every user: chmod 600 "));

    put(&pem(&other), own_key.as_bytes());
    let warning = fixture.warning(sections, &[]);
    let mismatch = "/c: does not belong to the key in device.key: name the two that were issued";
    assert!(warning.starts_with("3:15: ") && warning.contains(mismatch), "{warning}");

    let expired = issue(&profile.clone().expired(), Kind::Rsa2048);
    put(&pem(&expired), expired.key.pem().as_bytes());
    let warning = fixture.warning(sections, &[]);
    assert!(warning.contains("/c: expired on 2021-01-01T00:00:00Z: have a new one"), "{warning}");

    let future = Profile { not_before: 2_300_000_000, ..profile.clone() };
    let future = issue(&future, Kind::Rsa2048);
    put(&pem(&future), future.key.pem().as_bytes());
    let warning = fixture.warning(sections, &[]);
    assert!(warning.contains("/c: valid from 2042-11-19T"), "{warning}");

    let ec = issue(&profile, Kind::P256);
    put(&pem(&ec), ec.key.pem().as_bytes());
    let warning = fixture.warning(sections, &[]);
    assert!(warning.starts_with("4:7: device.key: "), "{warning}");
    assert!(warning.contains("/k: the key is not RSA: encrypted configurations"), "{warning}");

    put(b"0 no certificate", own_key.as_bytes());
    let warning = fixture.warning(sections, &[]);
    assert!(warning.contains("/c: the certificate is neither PEM nor DER: name the MIC"));
    put(&pem(&own), own_key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY").as_bytes());
    let warning = fixture.warning(sections, &[]);
    assert!(warning.contains("4:7: device.key: ") && warning.contains("without a passphrase"));
}

#[test]
fn warnings_are_beside_faults_and_not_about_what_is_at_fault() {
    let fixture = Fixture::new();
    let text = with("[tftp]\nservers = [1]\n[policy]\nolder_list = 'accept'\n");
    let (code, output) = fixture.check_text(&text, &[]);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!((code, said.lines().count(), &output.stdout[..]), (78, 3, &b""[..]), "{said}");
    let file = fixture.path("secd.toml").display().to_string();
    assert!(
        said.starts_with(&format!("secd: warning: {file}:4:14: policy.older_list: ")),
        "{said}"
    );
    assert!(said.ends_with(&format!("secd: {file}: 1 fault\n")), "{said}");
    let facts = fixture.json(&text);
    assert_eq!((&facts["device"], &facts["servers"]), (&Value::Null, &json!([])));
    let why = "invalid type: integer `1`, expected text in quotes";
    let fault = json!({ "line": 2, "column": 12, "key": "tftp.servers", "text": why });
    assert_eq!(facts["faults"], json!([fault]));
    assert_eq!(facts["warnings"][0]["key"], "policy.older_list");
    assert_eq!(facts["warnings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_file_that_is_no_text_has_its_fault_in_json_too() {
    let fixture = Fixture::new();
    let file = fixture.path("binary");
    support::write(&file, b"\xff");
    let mut command = secd();
    let output = command.args(["check-config", "--json", "--config"]).arg(&file).output();
    let output = output.expect("the program starts");
    assert_eq!(output.status.code(), Some(78));
    let facts: Value = serde_json::from_slice(&output.stdout).expect("an object");
    let text = "not UTF-8 at byte offset 0: save the file as UTF-8 text";
    let fault = json!({ "line": 1, "column": 1, "key": "", "text": text });
    assert_eq!((&facts["faults"], &facts["warnings"]), (&json!([fault]), &json!([])));
}

#[test]
fn what_a_supplicant_would_not_verify_or_find_is_warned_of() {
    let fixture = Fixture::new();
    let warning = |keys: &str| fixture.warning(&format!("[identity]\n{keys}"), &[]);
    let open = warning("export = \"@/eap\"\n");
    assert!(open.contains("accepts any authentication server"), "{open}");
    let alone = warning("radius_ca = \"@/secd.toml\"\n");
    assert!(alone.contains("no effect without identity.export"), "{alone}");
    let missing = warning("export = \"@/eap\"\nradius_ca = \"@/none.pem\"\n");
    assert!(missing.contains("none.pem: no such file"), "{missing}");
}

#[test]
fn a_page_that_nobody_can_open_and_sockets_in_the_way_of_each_other_are_warned_of() {
    let fixture = Fixture::new();
    let warning = |keys: &str| fixture.warning(&format!("[web]\n{keys}\n"), &[]);
    for (keys, wanted) in [
        ("allow = ['10.0.0.0/8']", "web.allow: no effect without web.listen"),
        ("listen = ['127.0.0.1:80']\nallow = []", "web.allow: nobody may open the page"),
        ("listen = ['127.0.0.1:80', '127.0.0.1:80']", "web.listen: only one can listen: 127."),
        ("listen = ['127.0.0.1:80', '[::]:80']\nallow = ['10.0.0.1']", "one can listen: [::]:80 "),
        ("listen = ['0.0.0.0:80', '127.0.0.1:80']\nallow = ['10.0.0.1']", "listen: 0.0.0.0:80 is"),
        ("listen = ['[::ffff:0.0.0.0]:80']", "open the page at 0.0.0.0:80; name"),
    ] {
        let found = warning(keys);
        assert!(found.contains(wanted), "{keys}: {found}");
    }
    for keys in [
        "listen = ['127.0.0.1:80', '127.0.0.1:81', '[::1]:80', '127.0.0.1:0', '127.0.0.1:0']",
        "listen = ['0.0.0.0:80', '[::1]:80']\nallow = ['10.0.0.1']",
        "listen = ['[::ffff:127.0.0.1]:80']",
    ] {
        let found = fixture.warnings(&format!("[web]\n{keys}\n"), &[]);
        assert!(found.is_empty(), "{keys}: {found:?}");
    }
}
