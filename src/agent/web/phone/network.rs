//! Network setup: the servers and the trust lists; and the port.

use crate::agent::web::phone::device::mac_address;
use crate::agent::web::phone::facts::PhoneFacts;
use crate::agent::web::phone::table::{PageMember, PageTable, member};
use crate::face::records::{List, Server};
use crate::face::terms::ListKind;

/// # Source
/// Labels: the administration guide 88xx, "Network Setup Web Page". Members: what scripts read from
/// `/NetworkConfigurationX`; those of the trust lists, CAPF and TVS are inferred from the labels.
pub(super) fn table(facts: &PhoneFacts) -> PageTable {
    let status = &facts.status;
    let mut table =
        PageTable::new("Network setup", "<NetworkConfiguration>\n", "</NetworkConfiguration>\n");
    table.add(member!("MAC address", "MACAddress"), mac_address(&status.device));
    table.add(member!("Host name", "HostName"), Some(status.device.clone()));
    table.add(member!("IP address", "IPAddress"), facts.address.clone());
    UNKNOWN.into_iter().for_each(|member| table.add(member, None));
    tftp(&mut table, &status.tftp);
    lists(&mut table, &facts.trust.lists);
    // Without a configuration since the start it is not known whether there is one.
    let capf = facts.capf.as_ref().map(|capf| capf.servers.first());
    let capf = capf.and_then(|first| or_none(first.map(|server| server.host.to_string())));
    table.add(member!("CAPF server", "CAPFServer"), capf);
    let first = status.tvs.first().map(|server| host(server, TVS_PORT));
    table.add(TVS, or_none(first));
    // All by the same name, as phones have it.
    for server in status.tvs.iter().skip(1) {
        table.add(TVS, Some(host(server, TVS_PORT)));
    }
    table
}

/// The phone's network port, of which the agent knows nothing.
pub(super) fn port() -> PageTable {
    let mut table =
        PageTable::new("Port information", "<PortInformation>\n", "</PortInformation>\n");
    PORT.into_iter().for_each(|member| table.add(member, None));
    table
}

/// The first two are always there, because scripts ask for both; phones have no more.
fn tftp(table: &mut PageTable, servers: &[Server]) {
    let shown = |number: usize| servers.get(number).map(|server| host(server, TFTP_PORT));
    table.add(member!("TFTP server 1", "TFTPServer1"), shown(0));
    table.add(member!("TFTP server 2", "TFTPServer2"), shown(1));
    for number in 2..servers.len() {
        table.add(member!("TFTP server", "TFTPServer"), shown(number));
    }
}

/// The checksums by which lists are compared with the call manager's: the file by its MD5, its
/// signature by SHA-1.
///
/// # Source
/// Administration guide 88xx: the ITL signature is "the secure hash algorithm (SHA-1) in the CTL
/// and ITL files". MD5 is what the Trust List screen of the technote shows of the file; that the
/// page does too is inferred.
fn lists(table: &mut PageTable, lists: &[List]) {
    let find = |kind| lists.iter().find(|list| list.kind == kind);
    let shown = |digest: Option<&String>| {
        Some(digest.map_or_else(|| "Not installed".to_owned(), |digest| spaced(digest)))
    };
    let (ctl, itl) = (find(ListKind::Ctl), find(ListKind::Itl));
    table.add(member!("CTL file", "CTLFile"), shown(ctl.map(|list| &list.md5)));
    table.add(member!("CTL signature", "CTLSignature"), shown(ctl.map(|list| &list.sha1)));
    table.add(member!("ITL file", "ITLFile"), shown(itl.map(|list| &list.md5)));
    table.add(member!("ITL signature", "ITLSignature"), shown(itl.map(|list| &list.sha1)));
}

/// A digest as phones show it: bytes in upper case, each with a blank behind it.
///
/// # Source
/// A public script compares this row of a CP-8861 with `EE 5C … 93 `, the last blank included.
fn spaced(digest: &str) -> String {
    let mut text = String::with_capacity(digest.len() / 2 * 3);
    for (at, digit) in digest.char_indices() {
        text.push(digit.to_ascii_uppercase());
        if at % 2 == 1 {
            text.push(' ');
        }
    }
    text
}

/// The server's address, without the port that everyone expects there.
fn host(server: &Server, port: &str) -> String {
    server.address.strip_suffix(port).unwrap_or(&server.address).to_owned()
}

/// There is no server of the kind, which is known.
fn or_none(server: Option<String>) -> Option<String> {
    server.or_else(|| Some("None".to_owned()))
}

const TVS: PageMember = member!("TVS", "TVS");

/// What scripts read here, and only the phone's other processes know.
const UNKNOWN: [PageMember; 8] = [
    member!("Domain name", "DomainName"),
    member!("DHCP server", "DHCPServer"),
    member!("Subnet mask", "SubNetMask"),
    member!("Default router", "DefaultRouter1"),
    member!("DNS server 1", "DNSServer1"),
    member!("DNS server 2", "DNSServer2"),
    member!("Alternate TFTP", "AltTFTP"),
    member!("CUCM server1", "CallManager1"),
];

/// What scripts look for on the page of the port.
const PORT: [PageMember; 7] = [
    member!("Port speed", "PortSpeed"),
    member!("CDP Neighbor device ID", "CDPNeighborDeviceId"),
    member!("CDP Neighbor IP address", "CDPNeighborIP"),
    member!("CDP Neighbor port", "CDPNeighborPort"),
    member!("LLDP Neighbor device ID", "LLDPNeighborDeviceId"),
    member!("LLDP Neighbor IP address", "LLDPNeighborIP"),
    member!("LLDP Neighbor port", "LLDPNeighborPort"),
];

const TFTP_PORT: &str = ":69";
const TVS_PORT: &str = ":2445";
