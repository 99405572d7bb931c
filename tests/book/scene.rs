//! A copy of this system, on which the commands are run: what they write goes into memory, and is
//! gone with the test. A network of its own has the call manager at 192.0.2.1.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use secd_lab::cluster::{Cluster, Setup};
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs;

use crate::capture::{Capture, IP};
use crate::pages::{Row, Runs, page_of};
use crate::support;
use crate::support::named::root;

/// The folder for the copy, in the environment of the test inside.
pub(crate) const INSIDE: &str = "SECD_BOOK_INSIDE";

const SERVER: &str = "192.0.2.1";

#[track_caller]
fn shell(script: &str, folder: &Path) {
    let output = Command::new("sh").args(["-euc", script, "sh"]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

/// Runs the commands that are to be run here, each with the exit code that it has to have.
///
/// The folder is the outer test's, which removes it: here the devices of this machine are below it.
pub(crate) fn run(rows: &[Row], folder: &Path) {
    shell("ip link set lo up; ip address add 192.0.2.1/32 dev lo", folder);
    shell(COPY, folder);
    let system = folder.join("root");
    let here = system.join(root().strip_prefix("/").unwrap());
    let _tvs = call_manager(&here);
    let program = here.join("target/release/secd");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_secd"), program).unwrap();
    let capture = Capture::default();
    capture.tftp(20_000, "ITLFile.tlv", &fs::read(here.join("tftpboot/ITLFile.tlv")).unwrap(), 512);
    capture.write(&here.join("capture.pcap"), IP);
    support::write(&here.join("commands.sh"), script(rows).as_bytes());
    let mut chroot = Command::new("chroot");
    chroot.arg(&system).arg("bash").arg(root().join("commands.sh")).current_dir("/");
    let output = chroot.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{faults}");
    assert!(text.ends_with("all have been run\n"), "{text}\n{faults}");
    println!("{text}");
}

/// The whole system as it is, and over it a file system in memory that takes what is written.
const COPY: &str = r#"
here="$PWD"
cd "$1"
mount --make-rprivate /
mkdir root layer
mount -t tmpfs tmpfs layer
mkdir layer/up layer/work layer/here layer/here-work
mount -t overlay overlay -o "lowerdir=/,upperdir=layer/up,workdir=layer/work" root
mount --rbind /dev root/dev
mount --rbind /proc root/proc
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
mkdir -p "root$here"
mount -t overlay overlay -o "lowerdir=$here,upperdir=layer/here,workdir=layer/here-work" "root$here"
"#;

/// Serves the files of a cluster, and its TVS; what else the pages ask for is laid beside them.
fn call_manager(here: &Path) -> tvs::Server {
    let mut cluster = Cluster::new(Setup::default());
    let node = &mut cluster.nodes[0];
    let address = format!("{SERVER}:2445").parse().unwrap();
    let tvs = tvs::Server::start_at(address, &Presented::new(&node.tvs), Version::Any).unwrap();
    SERVER.clone_into(&mut node.tvs_address);
    tvs.store(tvs::entries(&cluster.store()));
    let served = here.join("tftpboot");
    fs::create_dir(&served).unwrap();
    for (name, bytes) in cluster.publish() {
        let path = served.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        support::write(&path, &bytes);
    }
    let device = &cluster.device;
    support::write(&here.join("device.key"), device.key.pem().as_bytes());
    let certificate = support::office::pem(&device.certificate.der);
    support::write(&here.join("device.pem"), certificate.as_bytes());
    let mut tftpd = Command::new("in.tftpd");
    // It ends with the processes of this test, of which there will be none.
    tftpd.args(["-l", "-u", "root", "-a", &format!("{SERVER}:69"), "-s"]).arg(served);
    assert!(tftpd.status().unwrap().success());
    tvs
}

/// All commands as one script, which ends at the first that does not do what it should.
fn script(rows: &[Row]) -> String {
    let here = root().display();
    // What runs in the background would keep the output open.
    let end = "trap 'kill $(jobs -p)' EXIT\nset -u\nexport PATH=\"/usr/sbin:/sbin:$PATH\"";
    let mut script = format!("{end}\ncd {here}\n");
    for Row { command, runs } in rows {
        let Runs::Here { folder, code, in_background } = runs else { continue };
        if command.starts_with("secd check-config") {
            // What the page has its reader write before.
            let page = page_of("install.md");
            let lines = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
            write!(script, "cat >/etc/secd.toml <<'END'\n{lines}END\n").unwrap();
        }
        let folder = folder.as_deref().unwrap_or(".");
        writeln!(script, "cat <<'END'\n$ {command}\nEND\ncd {folder}").unwrap();
        if *in_background {
            writeln!(script, "{command} &\n{AWAIT}").unwrap();
        } else {
            writeln!(script, "{command}\ncode=$?\n[ $code = {code} ] || {{").unwrap();
            writeln!(script, "    echo \"exit code $code, expected {code}\"; exit 1; }}").unwrap();
        }
        writeln!(script, "cd {here}").unwrap();
    }
    script + "echo 'all have been run'\n"
}

/// The agent listens once it has its socket; then a pass is under way, and soon over.
const AWAIT: &str = "for _ in $(seq 200); do
    secd status 2>/dev/null | grep -q '^last pass.*succeeded' && break
    sleep 0.05
done";
