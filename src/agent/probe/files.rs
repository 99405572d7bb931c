//! The files beside those of a boot: the default configuration, the encrypted one, and what the
//! configuration names.

use zeroize::Zeroizing;

use crate::agent::probe::{Probing, judged};
use crate::boot::configuration::DEFAULT;
use crate::boot::{Form, Order, World as _, file};
use crate::diagnose::{TestCase, TestStatus};
use crate::wire::configuration::{Configuration, Root};
use crate::wire::name::FileName;

impl Probing<'_> {
    /// Tries them as an application would ask for them; the phone stays as it is.
    pub(super) async fn try_files(&mut self) {
        self.world.only_look();
        self.try_default().await;
        self.try_encrypted().await;
        for (element, value) in self.named() {
            let name = format!("{element} {value}");
            let case = match FileName::parse(&value) {
                _ if !WHOLE.contains(&element) => not_secds(&name),
                Ok(file) => self.try_file((GROUP, &name), &file, Form::Plain).await.0,
                Err(why) => TestCase::new(GROUP, name, TestStatus::Warn)
                    .does("does not request it")
                    .because("unfit-name", why.to_string()),
            };
            self.cases.push(case);
        }
    }

    async fn try_default(&mut self) {
        let Ok(name) = FileName::parse(DEFAULT) else { return };
        let (case, payload) = self.try_file((GROUP, DEFAULT), &name, Form::Plain).await;
        let case = match payload.map(|payload| Configuration::parse(&payload, Root::Default)) {
            Some(Err(why)) => TestCase::new(GROUP, DEFAULT, TestStatus::Fail)
                .does("keeps the configuration that it has")
                .because("unreadable", why.to_string()),
            // No fault: then a phone that the call manager does not know gets nothing.
            None if case.class == "absent" => TestCase { status: TestStatus::Skip, ..case },
            _ => case,
        };
        self.cases.push(case);
    }

    async fn try_encrypted(&mut self) {
        let settings = self.world.settings();
        let own = format!("{}.cnf.xml", settings.device);
        let name = format!("{own}.enc.sgn");
        let last = self.world.last_configuration();
        let skip = |why: &str| {
            TestCase::new(GROUP, name.as_str(), TestStatus::Skip).because("not-announced", why)
        };
        let in_use = last.is_some_and(|last| last.form == Form::Encrypted && last.name == own);
        let case = match FileName::parse(&own) {
            Ok(own) if in_use => self.try_file((GROUP, &name), &own, Form::Encrypted).await.0,
            _ => skip("no configuration that the phone accepts announces an encrypted one"),
        };
        let case = match self.world.has_only_key() {
            true => case.odd(
                "certhash-not-compared",
                "--key has no certificate, so that its hash could not be compared with certHash",
            ),
            false => case,
        };
        self.cases.push(case);
    }

    async fn try_file(
        &mut self,
        place: (&str, &str),
        name: &FileName,
        form: Form,
    ) -> (TestCase, Option<Zeroizing<Vec<u8>>>) {
        let settings = self.world.settings();
        let order = Order { name, limit: settings.config_limit, requester: "secd", form };
        let taken = file::take(&mut self.world, &settings, &order).await;
        let case = judged::with_log(judged::file(place, &taken), &self.world.take_said());
        (case, taken.ok().map(|obtained| obtained.payload))
    }

    /// What the configuration in use names, by element.
    fn named(&self) -> Vec<(&'static str, String)> {
        let root = match self.world.last_configuration() {
            Some(last) if last.name == DEFAULT => Root::Default,
            _ => Root::Device,
        };
        let payload = self.agent.installed.configuration_payload().unwrap_or_default();
        let read = Configuration::parse(&payload, root).map(|read| read.named);
        read.unwrap_or_default().into_iter().map(|(name, value)| (name, value.into())).collect()
    }
}

/// What secd does not fetch by itself: its names depend on the model, or it is firmware.
fn not_secds(name: &str) -> TestCase {
    let why = match name.starts_with("loadInformation") {
        true => "firmware, which the phone's loader verifies",
        false => "which files belong to it depends on the model",
    };
    TestCase::new(GROUP, name, TestStatus::Skip).because("not-secds", why)
}

const GROUP: &str = "files";

/// The elements whose text is the whole name of a file.
const WHOLE: [&str; 3] = ["dialTemplate", "featurePolicyFile", "softKeyFile"];
