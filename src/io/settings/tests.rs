use super::fault::{FORMAT, SECTIONS};
use super::*;
use crate::io::files::UnreadableFile;
use crate::trust::policy::{FirstUsePolicy, OlderList};
use crate::wire::address::NoAddress;

const SAMPLE: &str = include_str!("../../../rootfs/etc/secd.toml");
const NAMED: &str = "[device]\nname = \"SEP000000000000\"\n";

fn faults(text: &str) -> Vec<String> {
    match Settings::parse(text, "secd.toml") {
        Err(SettingsFailure::Invalid(faults)) => {
            faults.iter().map(SettingFault::to_string).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The only fault of a file that names the device and then says `text`, from line 3 on.
fn fault(text: &str) -> String {
    let faults = faults(&format!("{NAMED}{text}"));
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

fn configuration(text: &str) -> Settings {
    Settings::parse(&format!("{NAMED}{text}"), "secd.toml").unwrap()
}

/// Keys of the sample, with their section, whether commented out or not.
fn sample_keys() -> Vec<String> {
    let mut section = "";
    let mut keys = Vec::new();
    for line in SAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.push(format!("{section}.{}", key.trim_start_matches(['#', ' '])));
        }
    }
    keys
}

#[test]
fn a_device_name_is_all_that_must_be_given() {
    let configuration = configuration("");
    assert_eq!(configuration.tftp, TftpSettings::default());
    assert_eq!(configuration.device.caller().to_string(), "CP-0000-SEP000000000000");
}

#[test]
fn the_sample_shows_the_defaults() {
    let uncommented: Vec<String> = SAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => key.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let sample = Settings::parse(SAMPLE, "secd.toml").unwrap();
    let uncommented = Settings::parse(&uncommented.join("\n"), "secd.toml").unwrap();
    assert_eq!(sample, configuration(""));
    assert_eq!(uncommented, configuration(""));
}

#[test]
fn the_sample_shows_every_key() {
    let keys = sample_keys();
    for section in SECTIONS {
        let header = if section == "device" { "" } else { NAMED };
        let device = if section == "device" { "name = \"SEP000000000000\"\n" } else { "" };
        let faults = faults(&format!("{header}[{section}]\n{device}nonsense = 1\n"));
        let (_, known) = faults[0].split_once(": unknown key nonsense, expected ").unwrap();
        for key in known.trim_start_matches("one of ").split(", ").flat_map(|key| key.split(" or "))
        {
            assert!(keys.contains(&format!("{section}.{key}")), "{section}.{key}");
        }
    }
}

#[test]
fn values_given_are_taken() {
    let configuration = configuration(
        "model = '7962G'\naddress = '192.0.2.7'\ncertificate = '/c'\nkey = '/k'\n\
         [tftp]\nservers = ['192.0.2.1', '[::1]:6969']\nblksize = 1428\ntimeout_s = 2\n\
         [policy]\nolder_list = 'refuse'\n[console]\nlevel = 'debug'\n\
         [tvs]\nmembers = [{ address = 'b', priority = 2 }, { address = '192.0.2.2', port = 1 }]\n",
    );
    assert_eq!(configuration.device.caller().to_string(), "CP-7962G-SEP000000000000");
    assert_eq!(configuration.device.address, "192.0.2.7".parse().ok());
    let identity = IdentityFiles { certificate: "/c".into(), key: "/k".into() };
    assert_eq!(configuration.device.identity, Some(identity));
    let shown = |address: &ServerAddress| address.to_string();
    let servers: Vec<String> = configuration.tftp.servers.iter().map(shown).collect();
    assert_eq!(servers, ["192.0.2.1:69", "[::1]:6969"]);
    assert_eq!(configuration.tftp.timeout, Duration::from_secs(2));
    assert_eq!(configuration.policy.older_list, OlderList::Refuse);
    assert_eq!(configuration.console.level, LevelFilter::Trace);
    let members = configuration.tvs.members.iter().map(|member| shown(&member.address));
    assert_eq!(members.collect::<Vec<_>>(), ["192.0.2.2:1", "b:2445"]);
}

#[test]
fn an_unknown_key_is_placed_and_the_known_are_named() {
    assert_eq!(
        fault("[retry]\nfirst_s = 1\n  fist_s = 2\n"),
        "secd.toml:5:3: retry.fist_s: unknown key fist_s, expected first_s or max_s, \
         did you mean first_s?"
    );
}

#[test]
fn a_log_server_has_a_transport_and_an_address_or_is_none() {
    assert_eq!(
        fault("[syslog]\nserver = \"192.0.2.1\"\n"),
        "secd.toml:4:10: syslog.server: \"192.0.2.1\": neither udp:// nor tcp://; write \
         udp://HOST[:PORT] or tcp://HOST[:PORT], or \"\" for none"
    );
    assert!(fault("[syslog]\nserver = \"udp://a b\"\n").contains("nor a host name; write udp://"));
}

#[test]
fn the_ways_to_files_have_an_order_and_can_be_switched_off() {
    let ways = |text: &str| configuration(&format!("[provisioning]\n{text}")).provisioning.ways;
    assert_eq!(ways(""), FileWay::ALL);
    assert_eq!(ways("order = ['tftp', 'http']\n"), [FileWay::Tftp, FileWay::Http]);
    assert_eq!(ways("http = 'off'\norder = ['http']\n"), [FileWay::Tftp]);
    let ports = configuration("[provisioning]\nhttp_port = 80\nhttps_port = 443\n").provisioning;
    assert_eq!((ports.http_port, ports.https_port), (80, 443));
    let bad = |order: &str| fault(&format!("[provisioning]\norder = {order}\n"));
    assert_eq!(
        bad("['http', 'ftp']"),
        "secd.toml:4:18: provisioning.order: \"ftp\" is not allowed: write \"https\", \"http\" and \
         \"tftp\" in the order in which they are tried, each at most once, and not \"https\" alone, \
         which trust lists never come by"
    );
    let is_at_the_list = |order, found: &str| {
        bad(order).starts_with(&format!("secd.toml:4:9: provisioning.order: {found:?} is not"))
    };
    assert!(is_at_the_list("['http', 'tftp', 'http']", "http, tftp, http"));
    assert!(is_at_the_list("['https']", "https"));
    assert!(is_at_the_list("[]", ""));
}

#[test]
fn a_file_in_another_format_is_read_no_further() {
    let named = "[device]\nname = \"SEP001122334455\"\n";
    let good = format!("format = {FORMAT}\n{named}");
    assert_eq!(Settings::parse(&good, "secd.toml"), Settings::parse(named, "secd.toml"));
    for (format, what) in [
        ("2", "format 2 is not known to this version, which reads format 1: "),
        ("0", "format 0 is not known"),
        ("-1", "invalid value: integer `-1`, expected a whole number"),
        ("\"1\"", "invalid type: string \"1\", expected a whole number"),
    ] {
        let faults = faults(&format!("format = {format}\n[nonsense]\n"));
        let [only] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(only.starts_with(&format!("secd.toml:1:10: format: {what}")), "{only}");
    }
    assert!(fault("[format]\n").starts_with("secd.toml:3:1: format: invalid type: table"));
}

#[test]
fn an_unknown_section_is_placed() {
    assert_eq!(
        fault("[tfpt]\n"),
        "secd.toml:3:2: tfpt: unknown section, expected one of device, tftp, provisioning, paths, \
         ram, policy, tvs, https, capf, socket, access, console, syslog, web, retry, identity, sandbox, did \
         you mean tftp?"
    );
    let outside = &faults(&format!("blksize = 512\n{NAMED}"))[0];
    let why = "not in a section: move it below its [section]";
    assert_eq!(outside, &format!("secd.toml:1:1: blksize: {why}"));
}

#[test]
fn a_value_of_the_wrong_kind_names_its_key() {
    assert_eq!(
        fault("[tftp]\nblksize = 'big'\n"),
        "secd.toml:4:11: tftp.blksize: invalid type: string \"big\", \
         expected a whole number, 0 or more"
    );
    assert_eq!(
        fault("[console]\nlevel = 'loud'\n"),
        "secd.toml:4:9: console.level: unknown value loud, \
         expected one of error, warning, notice, info, debug"
    );
    assert_eq!(
        fault("[tftp]\nservers = ['a', 1]\n"),
        "secd.toml:4:17: tftp.servers: invalid type: integer `1`, expected text in quotes"
    );
    for (line, why) in [
        ("[console]\nlevel = 1", "type: integer `1`, expected text in quotes"),
        ("[console]\nlevel = [1]", "type: array, expected text in quotes"),
        ("[paths]\nstate = 1979-05-27", "type: datetime, expected text in quotes"),
        ("[tftp]\ntsize = 'yes'", "type: string \"yes\", expected true or false"),
        ("[tftp]\nservers = 'a'", "type: string \"a\", expected an array"),
        ("[tftp]\nretries = true", "type: boolean `true`, expected a whole number, 0 or more"),
        ("[tftp]\nretries = 1.5", "type: number `1.5`, expected a whole number, 0 or more"),
        ("[tftp]\nretries = -1", "value: integer `-1`, expected a whole number, 0 or more"),
        (
            "[tftp]\nretries = 18446744073709551616",
            "value: integer `18446744073709551616`, expected at most 18446744073709551615",
        ),
    ] {
        let fault = fault(line);
        assert!(fault.ends_with(&format!(": invalid {why}")), "{line}: {fault}");
    }
}

#[test]
fn a_section_that_is_none_is_a_fault() {
    let fault = &faults("tftp = 1\n[device]\nname = 'SEP1'\n")[0];
    let why = "expected a section of keys";
    assert_eq!(fault, &format!("secd.toml:1:8: tftp: invalid type: integer, {why}"));
    assert!(faults("tftp = []\n[device]\nname = 'SEP1'\n")[0].ends_with(why));
    let fault = &faults("[device]\nname = 'SEP1'\n[tvs]\nmembers = 1\n")[0];
    assert!(fault.starts_with("secd.toml:4:11: tvs.members: expected an array"), "{fault}");
}

/// Of a table that is none, no key is missing as well.
#[test]
fn a_table_that_is_none_is_one_fault() {
    let fault = fault("[tvs]\nmembers = [{ address = 'a' }, 'b']\n");
    let why = "invalid type: string, expected a section of keys";
    assert_eq!(fault, format!("secd.toml:4:31: tvs.members[1]: {why}"));
    let faults = faults("device = 1\n");
    assert_eq!(
        faults,
        ["secd.toml:1:10: device: invalid type: integer, expected a section of keys"]
    );
}

#[test]
fn every_fault_is_reported_in_the_order_of_the_file() {
    let faults = faults(
        "[tvs]\nmembers = [{ port = 0, x = 1 }]\ncache = 'x'\nnone = 1\n\
         [device]\nname = 'SEP 1'\n\
         [tftp]\nblksize = 4\nservers = ['a b', 'c', 'd:0']\n[extra]\n",
    );
    let keys: Vec<&str> = faults.iter().map(|fault| fault.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        keys,
        [
            "tvs.members[0].address",
            "tvs.members[0].port",
            "tvs.members[0].x",
            "tvs.cache",
            "tvs.none",
            "device.name",
            "tftp.blksize",
            "tftp.servers",
            "tftp.servers",
            "extra",
        ]
    );
}

#[test]
fn a_fault_of_syntax_is_placed() {
    let faults = faults("[device]\nname = \n");
    assert!(faults[0].starts_with("secd.toml:2:8: "), "{faults:?}");
    assert!(!faults[0].contains('\n'));
}

#[test]
fn columns_count_characters() {
    assert_eq!(fault("[paths]\nstate = '/ä' ; x\n").split(": ").next(), Some("secd.toml:4:14"));
}

#[test]
fn a_missing_name_is_a_fault_of_its_section() {
    let missing = "device.name: missing: it has no default and must be set";
    assert_eq!(faults(""), [format!("secd.toml:1:1: {missing}")]);
    assert_eq!(faults("\n[device]\n"), [format!("secd.toml:2:1: {missing}")]);
}

#[test]
fn a_key_that_cannot_be_read_is_not_also_missing() {
    assert_eq!(faults("[device]\nname = 1\n").len(), 1);
    let fault = fault("[[tvs.members]]\naddress = 'a'\n[[tvs.members]]\naddress = 1\n");
    assert!(fault.starts_with("secd.toml:6:11: tvs.members[1].address: invalid type"), "{fault}");
}

#[test]
fn ranges_are_named() {
    assert_eq!(
        fault("[tftp]\nblksize = 4\n"),
        "secd.toml:4:11: tftp.blksize: 4 is out of range: write a number from 8 to 65464"
    );
    assert!(fault("[policy]\nmin_rsa = 512\n").contains("1024 to 4096"));
    assert!(fault("[tftp]\nretries = -1\n").contains("tftp.retries"));
    assert!(fault("[retry]\nfirst_s = 60\nmax_s = 30\n").ends_with("a number from 60 to 86400"));
}

#[test]
fn a_first_use_by_pin_needs_pins() {
    let pin = "AB:".repeat(31) + "ab";
    let pinned = configuration(&format!("[policy]\nfirst_use = 'pin'\npins = ['{pin}']\n"));
    assert_eq!(pinned.policy.first_use, FirstUsePolicy::Pin(vec![[0xab; 32]]));
    assert!(fault("[policy]\nfirst_use = 'pin'\n").contains("\"pin\" requires policy.pins: name"));
    assert!(fault("[policy]\npins = ['abc']\n").contains("write 64 hexadecimal digits"));
}

#[test]
fn what_belongs_together_is_given_together() {
    assert!(fault("key = '/k'\n").contains("device.key: requires device.certificate"));
    assert!(fault("[paths]\nstate = 'here'\n").ends_with("it must start with /"));
    assert!(fault("[paths]\nram = '/var/lib/secd'\n").contains("must not contain paths.ram"));
}

#[test]
fn a_file_that_cannot_be_read_is_told_from_one_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secd.toml");
    let absent = SettingsFailure::Unreadable { path: path.clone(), reason: UnreadableFile::Absent };
    assert_eq!(Settings::load(&path), Err(absent));
    let write = |bytes: &[u8]| {
        let mut file = std::fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        Settings::load(&path)
    };
    assert!(write(NAMED.as_bytes()).is_ok());
    let shown =
        |failure: SettingsFailure| failure.to_string().split_off(path.to_str().unwrap().len());
    assert_eq!(
        shown(write(b"# \xff").unwrap_err()),
        ":1:1: not UTF-8 at byte offset 2: save the file as UTF-8 text"
    );
    let long = vec![b'#'; 65_537];
    let longer = ":1:1: longer than 65536 bytes, the most that is read of a configuration";
    assert_eq!(shown(write(&long).unwrap_err()), longer);
}

#[test]
fn an_address_that_is_none_is_refused_with_its_reason() {
    for (server, why) in [
        ("fe80::1%eth0", NoAddress::Zone),
        ("cucm-", NoAddress::Host),
        ("10.0.0.1:0", NoAddress::Port),
    ] {
        let found = fault(&format!("[tftp]\nservers = [{server:?}]\n"));
        assert!(found.contains(&format!("tftp.servers: {server:?}: {why}")), "{found}");
    }
}

/// What is kept has to be read again.
#[test]
fn no_configuration_is_allowed_that_its_reader_does_not_take() {
    let most = crate::wire::configuration::MAX_BYTES;
    let settings = configuration(&format!("[tftp]\nconfig_limit = {most}\n"));
    assert_eq!(settings.tftp.config_limit, most);
    let more = fault(&format!("[tftp]\nconfig_limit = {}\n", most + 1));
    assert!(more.ends_with(&format!("a number from 1024 to {most}")), "{more}");
}

#[test]
fn the_key_for_a_supplicant_is_not_among_fetched_files_nor_in_the_store() {
    for (export, other) in [
        ("/run/secd/ram/eap", "paths.ram"),
        ("/run/secd", "paths.ram"),
        ("/var/lib/secd/state", "paths.state"),
    ] {
        let text =
            format!("[device]\nname = \"SEP001122334455\"\n[identity]\nexport = \"{export}\"\n");
        let SettingsFailure::Invalid(faults) = Settings::parse(&text, "f").unwrap_err() else {
            panic!("{export}")
        };
        assert_eq!(faults[0].wrong, Wrong::Same { other }, "{export}");
    }
    let text = "[device]\nname = \"SEP001122334455\"\n[identity]\nexport = \"/run/secd/eap\"\n";
    let settings = Settings::parse(text, "f").unwrap();
    assert_eq!(settings.identity.export, Some("/run/secd/eap".into()));
}

#[test]
fn where_the_web_page_listens_and_who_may_open_it_is_read() {
    let off = configuration("").web;
    assert!(off.listen.is_empty() && off.log);
    assert_eq!(off.allow.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.0/8"]);
    let web = configuration(
        "[web]\nlisten = ['0.0.0.0:80', '[::1]:0']\nallow = ['192.0.2.0/24', '::1']\n\
         connections = 4\nlog = false\n",
    )
    .web;
    let listen: Vec<String> = web.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["0.0.0.0:80", "[::1]:0"]);
    let allow: Vec<String> = web.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allow, ["192.0.2.0/24", "::1/128"]);
    assert_eq!((web.connections, web.log), (4, false));
}

#[test]
fn what_is_no_endpoint_or_no_network_is_placed_with_what_to_write() {
    for (text, wrong) in [
        ("listen = ['80']", "web.listen: \"80\" is not a local endpoint: write ADDRESS:PORT, such"),
        ("listen = ['localhost:80']", "web.listen: \"localhost:80\" is not a local endpoint: "),
        ("allow = ['192.0.2.7/24']", "web.allow: \"192.0.2.7/24\" is not a network: write "),
        ("connections = 1", "web.connections: 1 is out of range: write a number from 2 to 256"),
    ] {
        let found = fault(&format!("[web]\n{text}\n"));
        assert!(found.contains(wrong), "{found}");
    }
    let many = format!("[web]\nlisten = [{}]\n", "'[::1]:0', ".repeat(9));
    assert!(fault(&many).contains("web.listen: 9 entries, at most 8 are allowed"));
}
