//! A change of trust ends what the old trust vouched for.
#![expect(clippy::disallowed_methods, reason = "a test waits in real time")]
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::process::{Child, Command, Output, Stdio};

use secd_lab::cluster::Service;
use secd_lab::tvs::{Conduct, Faults, entries};
use support::PATIENCE;
use support::agent::{Agent, secd};
use support::log::Line;
use support::office::Office;
use support::phone::Phone;

/// A phone of an office, and the certificate of its directories in a file.
struct Scene {
    office: Office,
    phone: Phone,
    agent: Agent,
    certificate: String,
}

impl Scene {
    fn new() -> Self {
        let office = Office::open();
        let phone = office.phone("");
        let mut agent = Agent::start(&phone);
        agent.pass();
        let certificate = phone.folder().join("directory.pem");
        support::write(&certificate, office.certificate().as_bytes());
        let certificate = certificate.display().to_string();
        Self { office, phone, agent, certificate }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = secd();
        command.args(arguments).arg("--socket").arg(self.phone.socket());
        command
    }

    fn judged(&self) -> Output {
        self.command(&["check-cert", &self.certificate]).output().unwrap()
    }

    #[track_caller]
    fn expect_trusted(&self, by: &str) {
        let output = self.judged();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(&format!("trusted\t{by}\n")), "{text}");
    }

    /// The administrator withdraws the certificate of the directories.
    fn withdraw(&self) {
        let mut known = entries(&self.office.cluster.store());
        known.retain(|entry| entry.certificate.der != self.office.tomcat.certificate.der);
        self.office.tvs.store(known);
    }

    /// A new ITL, with the same TVS.
    fn renew_itl(&mut self) {
        self.office.cluster.regenerate(0, Service::CallManager);
        self.office.tvs.store(entries(&self.office.cluster.store()));
        self.office.tftp.serve(self.office.cluster.files());
    }

    /// Asks about the certificate while TVS keeps its answer back; returns once TVS has the
    /// question.
    fn ask_and_wait(&self) -> Child {
        self.office.tvs.set_faults(Faults { conduct: Conduct::Withhold, ..Faults::default() });
        let before = self.office.questions();
        let mut ask = self.command(&["check-cert", &self.certificate]);
        let child = ask.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = std::time::Instant::now();
        while self.office.questions() == before {
            assert!(begun.elapsed() < PATIENCE, "TVS is asked");
            std::thread::yield_now();
        }
        child
    }

    fn release(&self) {
        self.office.tvs.set_faults(Faults::default());
    }

    fn wrote(&self, text: &str) -> bool {
        let is_it = |line: &Line| line.text.starts_with(text);
        self.agent.log.find(0, PATIENCE, is_it).is_some()
    }
}

#[test]
fn a_withdrawn_certificate_is_asked_about_again_after_any_new_list() {
    let mut scene = Scene::new();
    scene.expect_trusted("tvs");
    scene.expect_trusted("cache");
    scene.renew_itl();
    scene.withdraw();
    scene.expect_trusted("cache");
    scene.agent.pass_again();
    assert!(scene.wrote("tvsReqFlushTvsCertCache"));
    assert!(scene.wrote("tvsFlushCertCache: Completed"));
    let output = scene.judged();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn erasing_a_list_empties_the_cache() {
    let mut scene = Scene::new();
    scene.expect_trusted("tvs");
    assert!(scene.command(&["erase", "itl", "--yes"]).output().unwrap().status.success());
    scene.agent.pass();
    scene.withdraw();
    assert_eq!(scene.judged().status.code(), Some(1));
}

/// The answer was right when it was asked for. By the time it comes the phone trusts nobody, and so
/// neither this TVS.
#[test]
fn an_answer_to_a_question_from_before_an_erase_does_not_count() {
    let scene = Scene::new();
    let asking = scene.ask_and_wait();
    scene.office.tftp.set_faults(secd_lab::tftp::Faults { silent: true, ..Default::default() });
    assert!(scene.command(&["erase", "itl", "--yes"]).output().unwrap().status.success());
    scene.release();
    let output = asking.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let outdated = "Authenticate Certificate: the trust lists changed before the answer";
    assert!(scene.wrote(&format!("processTvsSrvrResponse: {outdated}")));
    let cached = scene.command(&["cache"]).output().unwrap();
    assert_eq!(String::from_utf8(cached.stdout).unwrap(), "", "nor is it kept");
}

/// Under the new list the question is asked again, and what TVS says then counts.
#[test]
fn a_question_from_before_an_install_is_decided_anew() {
    let mut scene = Scene::new();
    scene.renew_itl();
    let asking = scene.ask_and_wait();
    let lines = scene.agent.pass_again();
    assert!(lines.iter().any(|line| line.text == "updateFromFile: ITL file updated"));
    scene.withdraw();
    scene.release();
    let output = asking.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "it is withdrawn by now: {output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the service does not know the certificate"), "{text}");
}

#[test]
fn an_answer_from_under_a_list_that_stood_in_does_not_outlive_it() {
    let mut scene = Scene::new();
    scene.renew_itl();
    scene.agent.pass_again();
    scene.agent.kill();
    let file = scene.phone.state().join("itl");
    let whole = std::fs::read(&file).unwrap();
    support::write(&file, b"unreadable for a moment");
    let faults = secd_lab::tftp::Faults { silent: true, ..secd_lab::tftp::Faults::default() };
    scene.office.tftp.set_faults(faults);
    scene.agent = Agent::start(&scene.phone);
    scene.agent.pass();
    scene.expect_trusted("tvs");
    scene.expect_trusted("cache");
    support::write(&file, &whole);
    scene.agent.pass_again();
    scene.expect_trusted("tvs");
}
