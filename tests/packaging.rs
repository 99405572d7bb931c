//! What `packaging` has for foreign build systems, as far as it can be checked without them: versions,
//! paths, crates, and the configuration that OpenWrt's script makes. `scripts/test-packaging` has the rest.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(clippy::disallowed_methods, reason = "files of the tests' own")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

mod support;

use support::named::{read, root};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The value after a name at the beginning of a line.
#[track_caller]
fn value(path: &str, name: &str) -> String {
    let text = read(path);
    let mut found = text.lines().filter_map(|line| line.strip_prefix(name));
    let value = found.next().unwrap_or_else(|| panic!("{path} has no {name}")).trim().to_owned();
    assert_eq!(found.next(), None, "{path} has {name} twice");
    value
}

#[test]
fn every_copy_of_the_version_is_that_of_cargo_toml() {
    assert_eq!(value("packaging/buildroot/package/secd/secd.mk", "SECD_VERSION = "), VERSION);
    assert_eq!(value("packaging/openwrt/secd/Makefile", "PKG_VERSION:="), VERSION);
    let recipes = fs::read_dir(root().join("packaging/yocto/recipes-secd/secd")).unwrap();
    let recipes = recipes.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let recipes: Vec<_> = recipes.filter(|name| name.ends_with(".bb")).collect();
    assert_eq!(recipes, [format!("secd_{VERSION}.bb")]);
    for page in ["secd.1", "secd.toml.5", "secd.8"] {
        let title = read(&format!("docs/man/{page}"));
        assert!(title.lines().next().unwrap().contains(&format!("\"secd {VERSION}\"")), "{page}");
    }
}

/// What a text names behind each of these, up to a blank or a quote.
fn behind<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let ends = |c: char| c.is_whitespace() || "\"')".contains(c);
    text.split(prefix).skip(1).map(|rest| rest.split(ends).next().unwrap()).collect()
}

#[test]
fn the_files_that_the_build_systems_install_are_in_the_sources() {
    for (path, prefixes, least) in [
        ("packaging/buildroot/package/secd/secd.mk", ["$(@D)/", "$(SECD_PKGDIR)/"], 3),
        ("packaging/yocto/recipes-secd/secd/secd_VERSION.bb", ["${S}/", "file://LICENSE"], 8),
        ("packaging/openwrt/secd/Makefile", ["./files/", "PKG_LICENSE_FILES:="], 2),
    ] {
        let path = path.replace("VERSION", VERSION);
        let text = read(&path);
        let folder = root().join(&path);
        let folder = folder.parent().unwrap();
        let mut found = 0;
        let named = prefixes.iter().flat_map(|prefix| behind(&text, prefix));
        // Not what cargo makes, the two other licences, or the rest of a checksum.
        for name in named.filter(|name| name.contains('/') || name.starts_with("secd.")) {
            if !name.starts_with("target/") {
                let own = folder.join("files").join(name);
                assert!(root().join(name).exists() || own.exists(), "{path}: {name}");
                found += 1;
            }
        }
        assert!(found >= least, "{path}: only {found}");
    }
    assert!(root().join("packaging/buildroot/package/secd/S60secd").exists());
}

#[test]
fn the_licences_are_those_that_the_recipe_has_sums_of() {
    let recipe = read(&format!("packaging/yocto/recipes-secd/secd/secd_{VERSION}.bb"));
    let sums: BTreeSet<_> = behind(&recipe, "file://LICENSE-");
    assert_eq!(sums.len(), 2, "{sums:?}");
    for sum in sums {
        let (name, sum) = sum.split_once(";md5=").unwrap_or((sum, ""));
        let output = Command::new("md5sum").arg(root().join(format!("LICENSE-{name}"))).output();
        let output = String::from_utf8(output.unwrap().stdout).unwrap();
        assert_eq!(output.split_whitespace().next(), Some(sum), "LICENSE-{name}");
    }
}

#[test]
fn the_recipe_has_every_crate_of_cargo_lock_with_its_sum() {
    let output = Command::new(root().join("scripts/yocto-crates")).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lock = read("Cargo.lock");
    let list = read("packaging/yocto/recipes-secd/secd/secd-crates.inc");
    assert_eq!(list.matches("crate://crates.io/").count(), lock.matches("\nchecksum = ").count());
    for line in lock.lines().filter_map(|line| line.strip_prefix("checksum = ")) {
        assert!(list.contains(&format!("] = {line}")), "{line}");
    }
}

#[test]
fn a_missing_partition_is_no_empty_store() {
    let (mk, recipe) = (
        read("packaging/buildroot/package/secd/secd.mk"),
        read(&format!("packaging/yocto/recipes-secd/secd/secd_{VERSION}.bb")),
    );
    // By default nobody can enter the mount point, and below it is no folder of the store.
    let default = mk.split("\nelse\n").nth(1).unwrap();
    assert!(default.contains("/var/lib/secd d 0000 root root"), "{default}");
    assert!(!default.contains("/var/lib/secd/state"), "{default}");
    assert!(
        read("packaging/buildroot/package/secd/Config.in")
            .contains("default BR2_PACKAGE_SECD_STORE_PARTITION")
    );
    assert!(recipe.contains("\nSECD_STORE ?= \"partition\"\n"));
    // No script that runs at a start makes it.
    for script in ["packaging/buildroot/package/secd/S60secd", "packaging/openwrt/secd/Makefile"] {
        let text = read(script);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        assert!(!lines.clone().any(|line| line.contains("state")), "{script}");
    }
}

/// OpenWrt's script with what `rc.common`, `procd` and `uci` have for it, as far as it is used here.
const RC_COMMON: &str = r#"
config() { config_cb "$1" "$2"; section_name="$2"; }
option() { option_cb "$1" "$2"; [ "$section_name.$1" != main.enabled ] || enabled_value="$2"; }
list() { list_cb "$1" "$2"; }
reset_cb() { config_cb() { :; }; option_cb() { :; }; list_cb() { :; }; }
reset_cb
config_load() { . "$CONFIGURATION"; config_cb; }
config_get_bool() { eval "$1=\${enabled_value:-$4}"; }
logger() { cat >>"$FOLDER_OF_TEST/log"; }
procd_open_instance() { echo open; }
procd_close_instance() { echo close; }
procd_set_param() { echo "param $*"; }
procd_running() { [ -e "$FOLDER_OF_TEST/running" ]; }
procd_send_signal() { echo "signal $*"; }
chown() { :; }
start() { start_service; }
# Without the user, whom only an installed package has.
checker() { "$SECD" check-config --no-system --config "$5"; }
. "$SCRIPT"
PROGRAM=checker FOLDER="$FOLDER_OF_TEST/run" CONFIG="$FOLDER_OF_TEST/secd.toml"
"$@"
"#;

/// Runs a function of the script, in BusyBox's shell, which is OpenWrt's, with this /etc/config/secd.
fn openwrt(folder: &Path, configuration: &str, function: &str) -> Output {
    let (common, file) = (folder.join("rc.common"), folder.join("config"));
    fs::write(&common, RC_COMMON).unwrap();
    fs::write(&file, configuration).unwrap();
    let script = root().join("packaging/openwrt/secd/files/secd.init");
    let mut shell = Command::new("busybox");
    shell.arg("ash").arg(&common).arg(function).env("SCRIPT", script);
    shell.env("SECD", env!("CARGO_BIN_EXE_secd")).env("FOLDER_OF_TEST", folder);
    shell.env("CONFIGURATION", file).output().expect("busybox is there: scripts/setup names it")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An `/etc/config/secd` with these sections behind the one that is shipped.
fn configuration(more: &str) -> String {
    let shipped = read("packaging/openwrt/secd/files/secd.config");
    shipped.replace("enabled '0'", "enabled '1'") + more
}

#[test]
fn sections_options_and_lists_of_openwrt_are_those_of_secd_toml() {
    let folder = tempfile::tempdir().unwrap();
    let more = "config policy\n\toption first_use 'pin'\n\tlist pins 'ab'\n\tlist pins 'cd'\n\
                \toption sha256 'true'\n\toption min_rsa '2048'\n\
                config socket\n\toption mode '600'\n\
                config tvs\n\toption legacy_tls 'false'\n\
                config member\n\toption address '192.0.2.9'\n\toption priority '1'\n\
                config member\n\toption address 'odd\"\\\n\"name'\n";
    let output = openwrt(folder.path(), &configuration(more), "show");
    let expected = "[device]\nname = \"SEP000000000000\"\n[tftp]\nservers = [\"192.0.2.1\", ]\n\
                    [paths]\nstate = \"/etc/secd/state\"\nram = \"/var/run/secd/ram\"\n\
                    socket = \"/var/run/secd/socket\"\n[policy]\nfirst_use = \"pin\"\n\
                    pins = [\"ab\", \"cd\", ]\nsha256 = true\nmin_rsa = 2048\n\
                    [socket]\nmode = \"600\"\n[tvs]\nlegacy_tls = false\n\
                    [[tvs.members]]\naddress = \"192.0.2.9\"\npriority = 1\n\
                    [[tvs.members]]\naddress = \"odd\\\"\\\\\n\\\"name\"\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

/// The sample as OpenWrt has it: every key that is no example, with its default.
fn sample() -> String {
    let mut all = String::new();
    for line in read("rootfs/etc/secd.toml").lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if let Some(name) = line.strip_prefix('[') {
            all += &format!("config {}\n", name.trim_end_matches(']'));
        } else if let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with(' '))
        {
            let Some(list) = value.strip_prefix('[') else {
                all += &format!("\toption {key} '{}'\n", value.trim_matches('"'));
                continue;
            };
            for one in list.trim_end_matches(']').split(", ").filter(|one| !one.is_empty()) {
                all += &format!("\tlist {key} '{}'\n", one.trim_matches('"'));
            }
        }
    }
    all
}

#[test]
fn every_key_of_the_sample_can_be_written_as_an_option() {
    let folder = tempfile::tempdir().unwrap();
    let sample = sample();
    assert!(sample.matches("\toption ").count() > 50, "{sample}");
    let sample = sample.replacen("\toption format '1'\n", "", 1);
    let output = openwrt(folder.path(), &sample, "show");
    let file = folder.path().join("all.toml");
    fs::write(&file, &output.stdout).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_secd"))
        .args(["check-config", "--no-system", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(check.status.success(), "{}\n{}", text(&check.stderr), text(&output.stdout));
}

#[test]
fn openwrts_script_starts_the_agent_with_a_good_configuration_and_with_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let start = |configuration: &str| openwrt(folder.path(), configuration, "start_service");
    let off = start(&read("packaging/openwrt/secd/files/secd.config"));
    assert_eq!((off.status.code(), text(&off.stdout)), (Some(0), String::new()));
    assert!(!folder.path().join("secd.toml").exists());

    let bad = start(&configuration("config nonsense\n\toption key 'value'\n"));
    assert_eq!((bad.status.code(), text(&bad.stdout)), (Some(1), String::new()));
    let log = read(folder.path().join("log").to_str().unwrap());
    assert!(log.contains("unknown section"), "{log}");

    let good = start(&configuration(""));
    let said = text(&good.stdout);
    assert_eq!(good.status.code(), Some(0), "{said}{}", text(&good.stderr));
    assert!(said.starts_with("open\nparam command ") && said.ends_with("close\n"), "{said}");
    assert!(said.contains("param user secd\n"), "{said}");

    // Faults leave what is in force, and no signal is sent.
    fs::write(folder.path().join("running"), "").unwrap();
    let kept = read(folder.path().join("secd.toml").to_str().unwrap());
    let bad = configuration("config tftp\n\toption blksize 'many'\n");
    let bad = openwrt(folder.path(), &bad, "reload_service");
    assert_eq!((bad.status.code(), text(&bad.stdout)), (Some(1), String::new()));
    assert_eq!(read(folder.path().join("secd.toml").to_str().unwrap()), kept);
    let good = openwrt(folder.path(), &configuration(""), "reload_service");
    assert_eq!(text(&good.stdout), "signal secd * HUP\n");
}

#[test]
fn the_store_of_openwrt_is_made_once_by_hand_and_not_in_memory() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let state = folder.path().join("flash/secd/state");
    let configuration =
        |state: &Path| configuration("").replace("/etc/secd/state", state.to_str().unwrap());
    let prepare = |state: &Path| openwrt(folder.path(), &configuration(state), "prepare");
    let first = prepare(&state);
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert!(state.is_dir());
    let again = prepare(&state);
    assert!(
        !again.status.success() && text(&again.stderr).contains("is there, and stays as it is")
    );
    fs::remove_dir(&state).unwrap();
    openwrt(folder.path(), &configuration(&state), "start_service");
    assert!(!state.exists(), "a start makes no store");
    let memory = prepare(Path::new("/dev/shm/secd-test/state"));
    assert!(!memory.status.success() && text(&memory.stderr).contains("would be in memory"));
    assert!(!Path::new("/dev/shm/secd-test").exists());
}
