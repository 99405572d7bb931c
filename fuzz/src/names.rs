//! Names of files, phones, hosts and certificates: what is accepted is what it was, stays in its
//! folder, and is equal to what is only written in another way.

use std::path::{Component, Path};

use rustls_pki_types::ServerName;
use secd::trust::name::DistinguishedName;
use secd::wire::address::{Host, ServerAddress};
use secd::wire::dns::DomainName;
use secd::wire::name::{DeviceName, FileName, MAX_COMPONENTS, MAX_LENGTH, Model};

pub(crate) fn one(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    file(text);
    device(text);
    host(text);
    distinguished(text);
}

fn file(text: &str) {
    let name = match FileName::parse(text) {
        Ok(name) => name,
        Err(bad) => return assert!(!bad.to_string().chars().any(char::is_control)),
    };
    assert_eq!(name.as_str(), text);
    assert!(text.len() <= MAX_LENGTH && name.components().count() <= MAX_COMPONENTS);
    // As the system takes it: downwards only, and nothing hidden.
    let path = Path::new(text);
    let mut components = path.components();
    assert!(components.all(|part| matches!(part, Component::Normal(name)
        if !name.as_encoded_bytes().starts_with(b"."))));
    assert_eq!(path.components().count(), name.components().count());
    if let Ok(signed) = name.with_suffix(".sgn") {
        assert_eq!(signed.as_str().strip_suffix(".sgn"), Some(text));
    }
}

fn device(text: &str) {
    if let Some(device) = DeviceName::parse(text) {
        assert_eq!(device.as_str(), text);
        for name in [format!("CTL{text}.tlv"), format!("{text}.cnf.xml.enc.sgn")] {
            assert!(FileName::parse(&name).is_ok(), "{name}");
        }
    }
    if let Some(model) = Model::parse(text) {
        assert!(DeviceName::parse(model.as_str()).is_some());
    }
}

fn host(text: &str) {
    match Host::parse(text) {
        Ok(host) => {
            assert_eq!(Host::parse(&host.to_string()).as_ref(), Ok(&host));
            with_port(&host);
            match &host {
                // What goes into a question of DNS, and is compared with certificates.
                Host::Name(name) => {
                    assert!(DomainName::parse(name).is_some());
                    named_in_certificates(name);
                }
                Host::Ip(ip) => assert_eq!(ServerName::from(*ip).to_str(), ip.to_string()),
            }
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
    if let Ok(address) = ServerAddress::parse(text, 69) {
        assert!(address.port > 0);
        assert_eq!(ServerAddress::parse(&address.to_string(), 1), Ok(address));
    }
}

fn with_port(host: &Host) {
    let address = ServerAddress { host: host.clone(), port: 8443 };
    assert_eq!(ServerAddress::parse(&address.to_string(), 69), Ok(address));
}

/// A name of a host can be in a certificate, but for two kinds that are looked up all the same: with
/// `_`, and with nothing but digits in the last label. For those no path to an authority counts.
fn named_in_certificates(name: &str) {
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_numeric = last.bytes().all(|byte| byte.is_ascii_digit());
    if !is_numeric && !name.contains('_') {
        assert!(matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_))), "{name}");
    }
}

fn distinguished(text: &str) {
    let name = DistinguishedName::from_text(text);
    assert_eq!(name, DistinguishedName::from_text(text));
    match &name {
        DistinguishedName::Text(kept) => assert_eq!(**kept, *text, "only the same is the same"),
        // What is written is a name again, once the separator that it does not use is escaped.
        DistinguishedName::Attributes(written) => {
            let attributes = written.strip_suffix(';').expect("the end of an attribute");
            let again = DistinguishedName::from_text(&attributes.replace(',', "\\,"));
            assert_eq!(again, name);
        }
    }
    // The other order, with the other separator.
    if !text.contains(['\\', '"']) {
        let attributes: Vec<_> = text.split([';', ',']).rev().collect();
        let again = DistinguishedName::from_text(&attributes.join(","));
        let is_split = matches!(name, DistinguishedName::Attributes(_));
        assert!(!is_split || again == name);
    }
}
