//! Names that no call manager has for a phone.

use super::advisor::Advisor;
use crate::io::settings::Settings;
use crate::wire::name::DeviceName;

impl Advisor<'_> {
    pub(super) fn device(&mut self) {
        let Some(doubt) = doubtful_name(&self.settings.device.name) else { return };
        let rest = match is_placeholder(self.settings) {
            true => "; folders, files and users are not looked at before that",
            false => "",
        };
        self.warn("device.name", format!("{doubt}{rest}"));
    }
}

/// Whether the file is the shipped one, which a hook or the integrator completes.
pub(super) fn is_placeholder(settings: &Settings) -> bool {
    settings.device.name.as_str() == PLACEHOLDER
}

/// Why no call manager has files for a phone of that name, and which name to write instead; nothing
/// for a name that it may have.
#[must_use]
pub fn doubtful_name(name: &DeviceName) -> Option<String> {
    of_name(name.as_str())
}

fn of_name(name: &str) -> Option<String> {
    if name == PLACEHOLDER {
        let instead = format!("write {WRITE}, as the DHCP hook of the shipped image does");
        return Some(format!("{name:?} is the placeholder of the shipped file: {instead}"));
    }
    let upper = name.to_ascii_uppercase();
    if is_mac(&upper) {
        return Some(format!("{name:?} is a MAC address alone: write \"SEP{upper}\""));
    }
    if FREE.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let Some(digits) = FIXED.iter().find_map(|prefix| upper.strip_prefix(prefix)) else {
        return Some(format!("{name:?} is not the name of a phone: write {WRITE}"));
    };
    if let Some(other) = digits.chars().find(|digit| !digit.is_ascii_hexdigit()) {
        return Some(format!("{name:?} has {other:?} among the hexadecimal digits: write {WRITE}"));
    }
    if !is_mac(digits) {
        let found = digits.len();
        return Some(format!("{name:?} has {found} digits instead of {MAC_DIGITS}: write {WRITE}"));
    }
    let why = "servers have the phone's files under upper-case names only";
    (name != upper).then(|| format!("{name:?} has lower-case letters: write {upper:?}, {why}"))
}

fn is_mac(text: &str) -> bool {
    text.len() == MAC_DIGITS && text.chars().all(|digit| digit.is_ascii_hexdigit())
}

/// The name in `rootfs/etc/secd.toml`, where something has to be.
const PLACEHOLDER: &str = "SEP000000000000";

/// Names that end in a MAC address: phones and adapters (domain facts 1.1).
const FIXED: [&str; 2] = ["SEP", "ATA"];

/// Names that are chosen: soft clients on a computer, an iPhone, an Android phone and a tablet.
/// Reference: call manager, device types of Jabber.
const FREE: [&str; 4] = ["CSF", "TCT", "BOT", "TAB"];

const MAC_DIGITS: usize = 12;

const WRITE: &str = "SEP and the 12 hexadecimal digits of the MAC address in upper case, \
                     such as \"SEP001122334455\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_call_manager_uses_is_not_odd() {
        for name in ["SEP00AABBCCDDEE", "ATA001122334455", "CSFALICE", "TCTBOB", "BOT.x", "TAB1"] {
            assert_eq!(of_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_other_name_has_its_own_remedy() {
        for (name, words) in [
            ("SEP000000000000", "\"SEP000000000000\" is the placeholder of the shipped file: "),
            ("sep00aabbccddee", "has lower-case letters: write \"SEP00AABBCCDDEE\""),
            ("SEP00aaBBCCDDEE", "has lower-case letters: write \"SEP00AABBCCDDEE\""),
            ("SEP00112233445", "has 11 digits instead of 12: write SEP and the 12"),
            ("SEP0011223344556", "has 13 digits instead of 12"),
            ("SEP", "has 0 digits instead of 12"),
            ("SEP00112233445G", "has 'G' among the hexadecimal digits"),
            ("SEP00-11-22-33-44-55", "has '-' among the hexadecimal digits"),
            ("00aabbccddee", "is a MAC address alone: write \"SEP00AABBCCDDEE\""),
            ("SPE001122334455", "is not the name of a phone: write SEP and the 12"),
        ] {
            let text = of_name(name).unwrap_or_default();
            assert!(text.contains(words), "{name}: {text}");
        }
    }
}
