//! Device information: what the phone is.

use crate::agent::web::phone::facts::PhoneFacts;
use crate::agent::web::phone::status::{clock, date};
use crate::agent::web::phone::table::{PageTable, member};
use crate::face::terms::CertificateKind;

/// # Source
/// Labels: the administration guide 88xx, "Device Information Web Page", as a CP-8845 spells them.
/// Members: `/DeviceInformationX` of a CP-7940.
pub(super) fn table(facts: &PhoneFacts) -> PageTable {
    let status = &facts.status;
    let mut table =
        PageTable::new("Device information", "<DeviceInformation>\n", "</DeviceInformation>\n");
    table.add(member!("MAC address", "MACAddress"), mac_address(&status.device));
    table.add(member!("Host name", "HostName"), Some(status.device.clone()));
    // The number and the firmware are known to the phone's other processes.
    table.add(member!("Phone DN", "phoneDN"), None);
    table.add(member!("App load ID", "appLoadID"), None);
    // By its name, since it is the agent's version and not the firmware's.
    table.add(member!("Version", "versionID"), Some(format!("secd-{}", status.version)));
    table.add(member!("Serial number", "serialNumber"), udi(facts, "SN:"));
    let model = facts.model.as_ref().map(|model| format!("CP-{model}"));
    table.add(member!("Model number", "modelNumber"), model.or_else(|| udi(facts, "PID:")));
    table.add(member!("Time", "time"), Some(clock(status.time)));
    table.add(member!("Time zone", "timezone"), Some("UTC".to_owned()));
    table.add(member!("Date", "date"), Some(date(status.time)));
    table
}

/// The MAC address in the phone's name, if it is a name of that kind.
pub(super) fn mac_address(device: &str) -> Option<String> {
    let mac = device.strip_prefix("SEP")?;
    let is_mac = mac.len() == 12 && mac.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_mac.then(|| mac.to_owned())
}

/// What the subject of the phone's MIC has behind a mark.
///
/// # Source
/// The attribute `serialNumber` in the subject of a MIC: `PID:CP-8841 SN:FCH12345678`.
fn udi(facts: &PhoneFacts, mark: &str) -> Option<String> {
    let certificates = &facts.status.identity.certificates;
    let mic = certificates.iter().find(|own| own.kind == CertificateKind::Mic)?;
    let (_, behind) = mic.subject.split_once(mark)?;
    let ends = |next: char| next.is_whitespace() || matches!(next, ',' | ';' | '+' | '\\');
    behind.split(ends).next().filter(|text| !text.is_empty()).map(str::to_owned)
}
