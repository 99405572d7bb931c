//! Clusters that speak TLS 1.0 to 1.2 with RSA key exchange and AES-CBC: spoken with where the
//! settings allow it, after the current stack, and inside its fence.
#![allow(
    clippy::disallowed_methods,
    reason = "servers of others take fixtures, and are waited for"
)]

#[allow(dead_code, reason = "each test uses its own part")]
#[path = "legacy_tls/fronts.rs"]
mod fronts;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "interop_tls/hostile.rs"]
mod hostile;
#[path = "scenarios/log.rs"]
mod log;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "interop_tls/peer.rs"]
mod peer;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "scenarios/phone.rs"]
mod phone;
#[path = "legacy_tls/refusals.rs"]
mod refusals;
#[path = "legacy_tls/site.rs"]
mod site;
mod support;
#[path = "legacy_tls/table.rs"]
mod table;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use fronts::Jsse;
use peer::Peer;
use phone::OldTls;
use secd::agent::{NotOpened, Target};
use secd::trust::Purpose;
use secd_lab::certificate::{Profile, Usage};
use secd_lab::keys::Kind;
use secd_lab::list::Role;
use secd_lab::names::Name;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs;
use serde_json::json;
use site::{Site, run};
use support::agent::Agent;
use support::golden;
use support::log::Line;
use support::office::Office;
use support::socket::call;

/// What `openssl s_server` is made to speak.
const AES256_SHA: &str = "-tls1 -cipher AES256-SHA:@SECLEVEL=0";
/// The same for Java.
const JAVA: (&str, &str) = ("TLSv1", "TLS_RSA_WITH_AES_256_CBC_SHA");
/// The section of the trace.
const GOLDEN: &str = "https: a certificate that no list knows";
/// What the log says of each connection in old TLS.
const WARNING: &str = "legacy TLS 1.0 AES256-SHA: no forward secrecy, <";

/// An address of loopback on which the port of TVS is free for this process.
fn default_port(part: u8) -> SocketAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    (Ipv4Addr::new(127, 80 + part, high, low.max(1)), 2445).into()
}

/// The lines of this thread, as the trace has them.
fn lines() -> Vec<Line> {
    let line = |line: String| {
        let mut fields = line.splitn(3, " | ").map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Line { process: next(), level: next(), text: next() }
    };
    log::take().into_iter().map(line).collect()
}

/// How often this thread's log warns of old TLS.
fn warnings(lines: &[Line]) -> usize {
    lines.iter().filter(|line| line.level == "WRN" && line.text.starts_with(WARNING)).count()
}

/// The Directories key, twice: TVS is asked once, both servers are of others, and every line of the
/// technote is there in its order.
async fn directories(site: &Site, server: SocketAddr, spoken: &str) {
    let url = format!("https://{server}/ccmcip/xmldirectory.jsp");
    ::log::info!(target: "JVM", "Startup Module Loader|cip.dir.TandunDirectories: ? - Directory url {url}");
    let page = site.press(server).await.expect("the directory server is trusted");
    ::log::error!(target: "JVM", "Startup Module Loader|cip.http.ae:?  - listener.httpSucceed: {url}");
    assert!(page.contains(spoken), "{page}");
    let said = lines();
    golden::expect(&said, GOLDEN, &[("url", url.as_str())]);
    // One for the directory server, one for TVS.
    assert_eq!(warnings(&said), 2);
    assert_eq!(site.tvs.questions().len(), 1);
    site.press(server).await.expect("the answer still holds");
    assert_eq!((warnings(&lines()), site.tvs.questions().len()), (1, 1));
}

#[test]
fn directories_are_shown_with_tvs_and_tomcat_in_tls_1_0_of_openssl() {
    run(async {
        let front = default_port(0);
        let site = Site::behind(front, OldTls::On).await;
        fronts::stunnel(front, site.tvs_identity(), site.tvs.address(), "TLSv1", "AES256-SHA");
        let tomcat = Peer::of(&site.tomcat, AES256_SHA);
        directories(&site, tomcat.address, "Cipher    : AES256-SHA\n").await;
    });
}

#[test]
fn directories_are_shown_with_tvs_and_tomcat_in_tls_1_0_of_java() {
    run(async {
        let front = default_port(1);
        let site = Site::behind(front, OldTls::On).await;
        let behind = site.tvs.address().port().to_string();
        let _front = Jsse::start(front, site.tvs_identity(), JAVA, &behind);
        let tomcat = Jsse::page(&site.tomcat, JAVA);
        directories(&site, tomcat.address, "TLSv1 TLS_RSA_WITH_AES_256_CBC_SHA").await;
    });
}

#[test]
fn where_the_settings_are_off_the_refusal_names_them() {
    run(async {
        let front = default_port(2);
        let site = Site::behind(front, OldTls::Off).await;
        fronts::stunnel(front, site.tvs_identity(), site.tvs.address(), "TLSv1", "AES256-SHA");
        for (spoken, only) in [
            (AES256_SHA, "TLS 1.0"),
            // It prefers what old TLS does not have either.
            ("-tls1 -cipher DHE-RSA-AES256-SHA:AES256-SHA:@SECLEVEL=0 -serverpref", "TLS 1.0"),
            (
                "-tls1_2 -cipher AES128-SHA256:@SECLEVEL=0",
                "RSA key exchange with CBC (TLS_RSA_WITH_AES_128_CBC_SHA256)",
            ),
        ] {
            let tomcat = Peer::of(&site.tomcat, spoken);
            let refused = site.press(tomcat.address).await.expect_err("it is off");
            let why = format!(
                "the server offers only {only}, which this phone refuses (https.legacy_tls allows it)"
            );
            assert_eq!(refused, NotOpened::Handshake(why.clone()), "{spoken}");
            let text = format!("EROR:clpState: SSL_connect:failed, <127.0.0.1>: {why}");
            assert!(lines().iter().any(|line| line.text == text));
        }
        // TVS, for a server that speaks current TLS.
        let tomcat = Peer::of(&site.tomcat, "");
        let refused = site.press(tomcat.address).await.expect_err("TVS is not asked");
        let why =
            "the server offers only TLS 1.0, which this phone refuses (tvs.legacy_tls allows it)";
        assert_eq!(refused.to_string(), format!("no TVS server answered ({why})"));
        let text = format!("EROR:processTvsClntReq: TVS server {front}: {why}");
        assert!(lines().iter().any(|line| line.text == text));
        assert!(site.tvs.questions().is_empty());
    });
}

#[test]
fn a_server_that_speaks_better_is_spoken_with_in_that() {
    run(async {
        let site = Site::with(Version::Any, OldTls::On).await;
        for (also, spoken) in [
            ("-cipher ALL:@SECLEVEL=0", "TLSv1.3"),
            ("-tls1_2 -cipher AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256 -serverpref", "ECDHE"),
        ] {
            let tomcat = Peer::of(&site.tomcat, also);
            let page = site.press(tomcat.address).await.expect("TVS vouches");
            assert!(page.contains(spoken), "{page}");
        }
        let said = lines();
        assert!(!said.iter().any(|line| line.text.contains("legacy")), "{said:?}");
    });
}

#[test]
fn nothing_is_tried_after_a_certificate_was_shown() {
    run(async {
        let site = Site::with(Version::Any, OldTls::On).await;
        // It has old suites too, and refuses a phone without a certificate.
        let tomcat = Peer::of(&site.tomcat, "-tls1_2 -cipher ALL:@SECLEVEL=0 -Verify 1");
        let refused = site.press(tomcat.address).await.expect_err("there is none to show");
        let why = "the server ended the handshake, perhaps because the phone sent no certificate";
        assert_eq!(refused, NotOpened::Handshake(why.to_owned()));
        let said = lines();
        assert!(!said.iter().any(|line| line.text.contains("legacy")), "{said:?}");
    });
}

#[test]
fn a_tvs_server_is_not_spoken_with_in_old_tls_after_its_certificate_either() {
    run(async {
        let front = default_port(3);
        let site = Site::behind(front, OldTls::On).await;
        let stranger = site.cluster.setup.identity("stranger.lab.test");
        let _front = Peer::at(front, &stranger, "-tls1_2 -cipher ALL:@SECLEVEL=0");
        let tomcat = Peer::of(&site.tomcat, "");
        site.press(tomcat.address).await.expect_err("nobody vouches");
        let said = lines();
        assert!(said.iter().any(|line| line.text.contains("TVS cert not in CTL or ITL")));
        assert!(!said.iter().any(|line| line.text.contains("legacy")), "{said:?}");
    });
}

#[test]
fn a_path_to_a_listed_authority_opens_current_tls_and_not_old() {
    run(async {
        let site = Site::with(Version::Any, OldTls::On).await;
        let setup = &site.cluster.setup;
        let authority = Profile::new(Name::common("authority"), setup.pool.serial());
        let authority = Profile { usage: Usage::Authority, ..authority };
        let authority = authority.self_signed(setup.pool.take(Kind::Rsa2048));
        site.list(Role::APP_SERVER, &authority.certificate).await;
        let leaf = Profile::new(Name::common("directory"), setup.pool.serial());
        let leaf = Profile { addresses: vec![Ipv4Addr::LOCALHOST.into()], ..leaf };
        let leaf = leaf.issued_by(&authority, setup.pool.take(Kind::Rsa2048));
        let current = Peer::of(&leaf, "");
        site.press(current.address).await.expect("the authority is listed");
        lines();
        let old = Peer::of(&leaf, AES256_SHA);
        let refused = site.press(old.address).await.expect_err("TVS does not know it");
        assert!(matches!(refused, NotOpened::Distrusted(_)), "{refused}");
        let text = "findCaInTL: ITL: no path to a listed CA is accepted over legacy TLS";
        assert!(lines().iter().any(|line| line.text == text));
        // The very certificate is.
        site.list(Role::APP_SERVER, &leaf.certificate).await;
        site.press(old.address).await.expect("it is listed");
    });
}

#[test]
fn no_other_purpose_is_spoken_for_in_old_tls() {
    run(async {
        let site = Site::with(Version::Any, OldTls::On).await;
        let server = Peer::of(&site.tomcat, AES256_SHA);
        for (purpose, hint) in [
            // CAPF has a setting of its own, which is off.
            (Purpose::Capf, " (capf.legacy_tls allows it)"),
            (Purpose::HttpsProvisioning, ""),
            (Purpose::Signalling, ""),
        ] {
            let target = Target { purpose, ..phone::target(server.address) };
            let refused = site.phone.agent().open(&target).await.err();
            let why = format!("the server offers only TLS 1.0, which this phone refuses{hint}");
            assert_eq!(refused, Some(NotOpened::Handshake(why)), "{purpose}");
        }
    });
}

#[test]
fn no_byte_leaves_before_the_verdict_and_none_for_another_certificate() {
    run(async {
        let site = Site::with(Version::Tls10, OldTls::On).await;
        for faults in [
            tvs::Faults { status: Some(1), ..tvs::Faults::default() },
            tvs::Faults { conduct: tvs::Conduct::Silent, ..tvs::Faults::default() },
        ] {
            site.tvs.set_faults(faults);
            let refused = site.press(site.https.address()).await.expect_err("nobody vouches");
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{refused}");
            let last = site.last();
            assert_eq!(last.received, b"", "{last:?}");
        }
        site.tvs.set_faults(tvs::Faults::default());
        site.press(site.https.address()).await.expect("TVS vouches");
        assert!(site.last().received.starts_with(b"GET /ccmcip/xmldirectory.jsp HTTP/1.1\r\n"));
    });
}

#[test]
fn a_server_without_the_key_of_its_certificate_gets_nothing() {
    run(async {
        let site = Site::with(Version::Tls10, OldTls::On).await;
        let key = site.cluster.setup.pool.take(Kind::Rsa2048);
        let stolen = Presented::new(&site.tomcat).signing_with(&key);
        site.https.present(&stolen, Version::Tls10);
        let refused = site.press(site.https.address()).await.expect_err("the key is another");
        let why = "the legacy TLS handshake failed, the server ended it with bad_record_mac";
        assert_eq!(refused, NotOpened::Handshake(why.to_owned()));
        assert_eq!(site.last().received, b"");
        // The same of TVS: its pin is the certificate, which anyone has seen.
        site.https.present(&Presented::new(&site.tomcat), Version::Tls10);
        site.tvs.present(&Presented::new(site.tvs_identity()).signing_with(&key));
        site.press(site.https.address()).await.expect_err("nobody vouches");
        assert!(site.tvs.questions().is_empty());
    });
}

#[test]
fn status_counts_them_and_the_doctor_names_them() {
    let office = Office::open();
    office.tvs.set_version(Version::Tls10);
    office.https.present(&Presented::new(&office.tomcat), Version::Tls10);
    let phone = office.phone("[tvs]\nlegacy_tls = true\n\n[https]\nlegacy_tls = true\n");
    let mut agent = Agent::start(&phone);
    agent.pass();
    let socket = phone.socket();
    let output = |command: &str, more: &[&str]| {
        let mut secd = support::agent::secd();
        secd.arg(command).args(more).arg("--socket").arg(&socket);
        let output = secd.stdin(Stdio::null()).output().expect("it runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let counted = || call(&socket, "GetStatus", json!({})).expect("a status")["counters"].clone();
    assert_eq!(counted()["legacy_connections"], 0);
    let mut connect = support::agent::secd();
    connect.arg("connect").arg(office.https.address().to_string()).arg("--socket").arg(&socket);
    let connect = connect.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut connect = connect.expect("it runs");
    let mut stdin = connect.stdin.take().expect("a pipe");
    stdin.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it waits for a request");
    assert!(connect.wait().expect("it ends").success());
    // One to the directory server, one to TVS.
    assert_eq!(counted()["legacy_connections"], 2);
    let status = output("status", &[]);
    let counted = status.lines().find(|line| line.contains("legacy TLS connections"));
    assert!(counted.is_some_and(|line| line.trim_end().ends_with('2')), "{status}");
    let doctor = output("doctor", &[]);
    assert!(doctor.contains("legacy TLS 1.0 AES256-SHA: no forward secrecy"), "{doctor}");

    phone.configure(&[&office.tftp.address().to_string()], "", "");
    output("reload", &[]);
    let doctor = output("doctor", &[]);
    assert!(doctor.contains("(tvs.legacy_tls allows it)"), "{doctor}");
}

#[test]
fn the_smallest_key_is_that_of_the_current_stack() {
    let mut office = Office::open();
    let setup = &office.cluster.setup;
    let small = setup.issue(&setup.profile("small.lab.test"), Kind::Rsa1024);
    office.cluster.import(&small.certificate, &[Role::APP_SERVER]);
    office.tvs.store(tvs::entries(&office.cluster.store()));
    for version in [Version::Any, Version::Tls10] {
        office.https.present(&Presented::new(&small), version);
        for (least, is_opened) in [(1024, true), (2048, false)] {
            let policy = format!("[policy]\nmin_rsa = {least}\n\n[https]\nlegacy_tls = true\n");
            let phone = office.phone(&policy);
            let mut agent = Agent::start(&phone);
            agent.pass();
            let mut secd = support::agent::secd();
            secd.arg("connect").arg(office.https.address().to_string());
            secd.arg("--socket").arg(phone.socket()).stdin(Stdio::piped());
            secd.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = secd.spawn().expect("it runs");
            let mut stdin = child.stdin.take().expect("a pipe");
            // The phone may have refused it by now.
            let _gone = stdin.write_all(b"GET / HTTP/1.0\r\n\r\n");
            let output = child.wait_with_output().expect("it ends");
            let why = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), is_opened, "{version:?}, {least}: {why}");
            let small = "the server's key is too small, RSA of 1024 bits";
            assert_eq!(why.contains(small), !is_opened, "{version:?}, {least}: {why}");
        }
    }
}

#[test]
fn check_config_says_what_the_settings_mean() {
    let office = Office::open();
    let all = ["tvs", "https", "capf"].map(|section| format!("[{section}]\nlegacy_tls = true\n"));
    let phone = office.phone(&all.join("\n"));
    let mut secd = support::agent::secd();
    secd.args(["check-config", "--no-system", "--config"]).arg(phone.configuration());
    let output = secd.output().expect("it runs");
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    for (key, gain) in [
        ("tvs", "which certificates"),
        ("https", "passwords and pages"),
        ("capf", "authentication strings"),
    ] {
        let warned =
            |line: &&str| line.contains(&format!("{key}.legacy_tls")) && line.contains(gain);
        assert!(said.lines().any(|line| warned(&line)), "{said}");
    }
}
