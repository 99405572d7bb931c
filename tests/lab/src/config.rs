//! The phone's configuration documents.

mod call_manager;
mod tidy;

use md5::{Digest as _, Md5};

use crate::certificate::Certificate;
use crate::release::Release;

/// One TVS server in the order of the phone's call-manager group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Host name or address.
    pub address: String,
    /// TCP port, 2445 in the field.
    pub port: u16,
}

/// What a configuration says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Whose style it is written in.
    pub release: Release,
    /// TVS servers, the first has priority 0.
    pub tvs: Vec<Member>,
    /// Call managers, the first has priority 0.
    pub call_managers: Vec<String>,
    /// `loadInformation`.
    pub load: String,
    /// What it says about certificates.
    pub enrolment: Enrolment,
    /// More elements below the root, as XML.
    pub extra: String,
}

/// What a configuration says about the phone's certificate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Enrolment {
    /// `capfAuthMode`.
    pub mode: u8,
    /// `capfList`; if there are none, call managers name the publisher with the usual port.
    pub servers: Vec<Member>,
    /// `certHash`: lower-case MD5 of the certificate on record, or empty.
    pub cert_hash: String,
    /// `encrConfig` of the full document; the short one always announces an encrypted one.
    pub encrypted: bool,
}

impl Config {
    /// The full document.
    pub fn xml(&self) -> String {
        match self.release {
            Release::Tidy => tidy::full(self),
            _ => call_manager::full(self),
        }
    }

    /// The document for phones that the call manager does not know (`XMLDefault.cnf.xml`).
    pub fn default_xml(&self) -> String {
        match self.release {
            Release::Tidy => tidy::full(self),
            _ => call_manager::default(self),
        }
    }

    /// The short document that announces an encrypted one.
    pub fn short(&self) -> String {
        match self.release {
            Release::Tidy => tidy::short(self),
            _ => call_manager::short(self),
        }
    }

    /// The short document for the owner of `device`.
    pub fn announcement(&self, device: &Certificate) -> String {
        let cert_hash = format!("{:x}", Md5::digest(&device.der));
        let enrolment = Enrolment { cert_hash, ..self.enrolment.clone() };
        Self { enrolment, ..self.clone() }.short()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

#[cfg(test)]
mod tests {
    use super::{Config, Member};
    use crate::release::Release;

    fn config(release: Release) -> Config {
        let member = |host: &str| Member { address: host.to_owned(), port: 2445 };
        let (tvs, call_managers) = (vec![member("a"), member("b")], vec!["a".to_owned()]);
        Config { release, tvs, call_managers, ..Config::default() }
    }

    #[test]
    fn members_are_numbered_from_zero() {
        let tidy = config(Release::Tidy).xml();
        let member = "<member priority=\"1\"><port>2445</port><address>b</address></member>";
        assert!(tidy.contains(member), "{tidy}");
        let real = config(Release::Cucm12).xml();
        let member = "<member  priority=\"1\">\n<port>2445</port>\n<address>b</address>\n</member>";
        assert!(real.contains(member), "{real}");
    }

    #[test]
    fn call_managers_bind_no_prefix_and_the_default_has_a_root_of_its_own() {
        for release in [Release::Cucm8, Release::Cucm12, Release::Cucm14] {
            let (full, default) = (config(release).xml(), config(release).default_xml());
            assert!(full.contains("<device  xsi:type=\"axl:XIPPhone\""), "{full}");
            assert!(!full.contains("xmlns"), "{full}");
            assert!(default.contains("\n<Default>\n"), "{default}");
        }
        assert!(!config(Release::Tidy).xml().contains("xsi"));
    }

    /// As in the field: until then, a phone that booted from it had no TVS (CSCti64589).
    #[test]
    fn the_default_of_call_manager_8_names_no_tvs() {
        assert!(!config(Release::Cucm8).default_xml().contains("<TVS>"));
        assert!(config(Release::Cucm12).default_xml().contains("<TVS>"));
    }
}
