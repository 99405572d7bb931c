//! Values that are of no effect, or contradict each other, or open what the default keeps shut.

use core::fmt::Display;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;

use super::advisor::Advisor;
use super::device;
use crate::io::settings::{Access, Network, Principal, SandboxMode, ServerAddress};
use crate::trust::policy::FirstUsePolicy;

impl Advisor<'_> {
    pub(super) fn sections(&mut self) {
        self.servers();
        self.times();
        self.paths();
        self.policy();
        self.legacy_tls();
        self.shares();
        self.rights();
        self.exported();
        self.web();
        self.sandbox();
    }

    fn sandbox(&mut self) {
        if self.settings.sandbox.mode == SandboxMode::Off {
            let text = "\"off\": whoever takes over the agent may do whatever its user may; write \
                        \"best-effort\", which holds what the system allows";
            self.warn("sandbox.mode", text);
            if self.has("sandbox.user") {
                let text = "no effect with sandbox.mode = \"off\": root stays root";
                self.warn("sandbox.user", text);
            }
        }
    }

    fn exported(&mut self) {
        let identity = &self.settings.identity;
        match (&identity.export, &identity.radius_ca) {
            (Some(_), None) => {
                let text = "without identity.radius_ca the supplicant accepts any authentication \
                            server; name the certificate of its authority there";
                self.warn("identity.export", text);
            }
            (None, Some(_)) => {
                let text = "no effect without identity.export: nothing is written for a supplicant";
                self.warn("identity.radius_ca", text);
            }
            _ => {}
        }
    }

    fn web(&mut self) {
        let web = &self.settings.web;
        if web.listen.is_empty() && self.has("web.allow") {
            self.warn("web.allow", "no effect without web.listen: there is no page");
        }
        for (index, address) in web.listen.iter().enumerate() {
            let others = web.listen.iter().enumerate().filter(|(other, _)| *other != index);
            let mut in_its_way = others.filter(|(other, it)| {
                covers(**it, *address) && (*other < index || !covers(*address, **it))
            });
            if let Some((_, other)) = in_its_way.next() {
                let text = format!(
                    "only one can listen: {other} is at {address} as well; take one of them out"
                );
                self.warn_entry("web.listen", index, text);
            }
        }
        if web.allow.is_empty() && !web.listen.is_empty() {
            let text = "nobody may open the page; name the networks of those who may";
            return self.warn("web.allow", text);
        }
        let Some(reached) = web.listen.iter().find(|address| !address.ip().is_loopback()) else {
            return;
        };
        if let Some(index) = web.allow.iter().position(Network::is_everything) {
            let text = format!(
                "every host that reaches {reached} reads the phone's status and log; name the \
                 networks of those who may"
            );
            self.warn_entry("web.allow", index, text);
        } else if web.allow.iter().all(Network::is_loopback) {
            let text = format!(
                "no host but this phone itself may open the page at {reached}; name the networks of \
                 those who may"
            );
            self.warn("web.allow", text);
        }
    }

    fn servers(&mut self) {
        let settings = self.settings;
        let servers = &settings.tftp.servers;
        // The hook that completes a template writes the servers too.
        if servers.is_empty() && !device::is_placeholder(settings) {
            let none = "no server: nothing is fetched, and what is installed stays in force; list \
                        the call manager's TFTP servers, or have a DHCP hook write them";
            self.warn("tftp.servers", none);
        }
        for (index, server) in servers.iter().enumerate() {
            let earlier = servers.get(..index).unwrap_or_default();
            if let Some(text) = of_server(server, earlier.contains(server)) {
                self.warn_entry("tftp.servers", index, text);
            }
        }
        // By priority and not in the order of the file: only the array has a place.
        let members: Vec<_> = settings.tvs.members.iter().map(|member| &member.address).collect();
        for (index, member) in members.iter().enumerate() {
            let earlier = members.get(..index).unwrap_or_default();
            if let Some(text) = of_server(member, earlier.contains(member)) {
                self.warn("tvs.members", text);
            }
        }
    }

    fn times(&mut self) {
        let (tftp, https) = (&self.settings.tftp, &self.settings.https);
        if tftp.timeout >= tftp.deadline && tftp.retries > 0 {
            let (timeout, deadline) = (tftp.timeout.as_secs(), tftp.deadline.as_secs());
            let text = format!(
                "{timeout} s to wait, and a file may take {deadline} s (tftp.deadline_s): nothing \
                 is ever sent again; write fewer seconds here, or more there"
            );
            self.warn("tftp.timeout_s", text);
        }
        if https.idle > https.total && self.has("https.idle_s") {
            let (idle, total) = (https.idle.as_secs(), https.total.as_secs());
            let text = format!(
                "no effect: a connection ends after {total} s in all (https.total_s), before it \
                 can be idle for {idle} s; write fewer seconds here, or more there"
            );
            self.warn("https.idle_s", text);
        }
    }

    fn paths(&mut self) {
        let paths = &self.settings.paths;
        let length = paths.socket.as_os_str().as_bytes().len();
        if length > LONGEST_SOCKET {
            let text = format!(
                "{length} bytes, and the system allows {LONGEST_SOCKET} for a socket: choose a \
                 shorter path"
            );
            self.warn("paths.socket", text);
        }
        let private = [("paths.state", &paths.state), ("paths.ram", &paths.ram)];
        for (key, _) in private.iter().filter(|(_, folder)| paths.socket.starts_with(folder)) {
            let text = format!(
                "lies inside {key}, which no other user may enter: clients could not connect; \
                 choose another folder"
            );
            self.warn("paths.socket", text);
        }
    }

    fn policy(&mut self) {
        let policy = &self.settings.policy;
        let is_pinned = matches!(policy.first_use, FirstUsePolicy::Pin(_));
        if !is_pinned && self.has("policy.pins[0]") {
            let text = "no effect while policy.first_use is not \"pin\": write first_use = \"pin\", \
                        or remove them";
            self.warn("policy.pins", text);
        }
        for (key, gain) in policy.openings() {
            self.warn(key, gain);
        }
    }

    fn legacy_tls(&mut self) {
        let (tvs, https, capf) = (&self.settings.tvs, &self.settings.https, &self.settings.capf);
        for (key, is_on, gain) in [
            ("tvs.legacy_tls", tvs.legacy_tls, "which certificates the phone asks about"),
            ("https.legacy_tls", https.legacy_tls, "passwords and pages"),
            ("capf.legacy_tls", capf.legacy_tls, "authentication strings"),
        ] {
            if is_on {
                let text = format!(
                    "true: servers without TLS 1.2 or forward secrecy are spoken with in TLS 1.0 to \
                     1.2, RSA key exchange and AES-CBC; who records that and gets the server's key \
                     later reads {gain}; needed for call managers 8.0 to 11.5 alone, else remove it"
                );
                self.warn(key, text);
            }
        }
    }

    /// One user who may take all the places there are leaves none for the phone's other processes.
    fn shares(&mut self) {
        let (socket, https) = (&self.settings.socket, &self.settings.https);
        for (all_key, all, own_key, own) in [
            ("socket.connections", socket.connections, "socket.per_user", socket.per_user),
            ("https.slots", https.slots, "https.slots_per_user", https.slots_per_user),
        ] {
            if own > all {
                let half = all.div_ceil(2);
                let text = format!(
                    "{own} for one user, of {all} in all ({all_key}): one user could take all of \
                     them; write {half} or less"
                );
                self.warn(own_key, text);
            }
        }
    }

    fn rights(&mut self) {
        let (access, mode) = (&self.settings.access, self.settings.socket.mode);
        let is_for_others =
            RIGHTS.iter().any(|(key, right)| self.has(key) && !right(access).is_empty());
        // Connecting takes the right to write (unix(7)); whoever set the right to read meant it.
        if mode & 0o022 == 0 && (mode & 0o044 != 0 || is_for_others) {
            let text = format!(
                "mode {mode:03o} lets no other user connect, whatever [access] grants: connecting \
                 takes the right to write, write \"666\" or \"660\""
            );
            self.warn("socket.mode", text);
        }
        for (key, right) in RIGHTS.iter().filter(|(key, _)| GRAVE.contains(key)) {
            if let Some(index) = right(access).iter().position(|it| *it == Principal::Everyone) {
                let text = "\"everyone\": any process of the phone can erase trust lists or change \
                            how the agent runs; name a user or a group";
                self.warn_entry(key, index, text);
            }
        }
    }
}

/// Whether a socket at the first address takes in the second one (ip(7), ipv6(7)).
fn covers(socket: SocketAddr, address: SocketAddr) -> bool {
    let (own, other) = (socket.ip(), address.ip());
    // The wildcard of IPv6 is for both families.
    let is_of_family = own.is_ipv6() || other.is_ipv4();
    // The system chooses a port of its own for each.
    let is_same_port = socket.port() == address.port() && socket.port() != 0;
    is_same_port && (own == other || own.is_unspecified() && is_of_family)
}

fn of_server(server: &ServerAddress, is_repeated: bool) -> Option<String> {
    let text = |what: &dyn Display| Some(format!("{server} {what}"));
    if server.host.is_not_unicast() {
        return text(&"is not the address of one server: write the server's own");
    }
    if is_repeated { text(&"is listed twice: remove one of them") } else { None }
}

/// The holders of one right.
type Right = fn(&Access) -> &Vec<Principal>;

/// The rights by their keys.
pub(super) const RIGHTS: [(&str, Right); 5] = [
    ("access.read", |access| &access.read),
    ("access.connect", |access| &access.connect),
    ("access.fetch", |access| &access.fetch),
    ("access.erase", |access| &access.erase),
    ("access.configure", |access| &access.configure),
];

/// Those that change what the phone trusts.
const GRAVE: [&str; 2] = ["access.configure", "access.erase"];

/// Bytes of a socket's path, without the NUL behind it (unix(7)).
const LONGEST_SOCKET: usize = 107;
