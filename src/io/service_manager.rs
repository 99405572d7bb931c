//! The service manager that has started the agent, if one listens: notified of its state, and that
//! it is alive.
//!
//! # Source
//! `sd_notify(3)` and `sd_watchdog_enabled(3)`: one datagram a notification, lines of `NAME=VALUE`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process;
use std::time::Duration;

/// The way to the service manager; without one, notifications go nowhere.
#[derive(Debug, Default)]
pub struct ServiceManager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// The one that the environment names; none if it names none.
    ///
    /// # Errors
    /// If it names one that cannot be reached.
    pub fn from_environment() -> io::Result<Self> {
        let Some(address) = env::var_os("NOTIFY_SOCKET") else { return Ok(Self::default()) };
        let [time, pid] = ["WATCHDOG_USEC", "WATCHDOG_PID"].map(env::var_os);
        let watchdog = watchdog(time, pid, process::id());
        Ok(Self { socket: Some(connect(&address)?), watchdog })
    }

    /// How often it must hear that the agent is alive, if it watches over that.
    #[must_use]
    pub const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Sends a notification. Does not wait: where the manager reads nothing, it is lost.
    ///
    /// # Errors
    /// If it could not be sent.
    pub fn notify(&self, notification: &str) -> io::Result<()> {
        match &self.socket {
            Some(socket) => socket.send(notification.as_bytes()).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A path from the root, or an abstract name behind `@`.
fn connect(address: &OsStr) -> io::Result<UnixDatagram> {
    let address = match address.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(Path::new(address))?,
        _ => return Err(io::ErrorKind::Unsupported.into()),
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The time within which the agent must be heard of; none if that is another process's affair.
fn watchdog(time: Option<OsString>, pid: Option<OsString>, own: u32) -> Option<Duration> {
    let number = |text: OsString| text.to_str()?.parse::<u64>().ok();
    // Whoever is started by the watched process inherits its environment.
    if pid.is_some_and(|pid| number(pid) != Some(own.into())) {
        return None;
    }
    time.and_then(number).filter(|time| *time > 0).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<OsString> {
        Some(text.into())
    }

    #[test]
    fn the_watchdog_is_that_of_this_process_alone() {
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(text("1000000"), None, 7), second);
        assert_eq!(watchdog(text("1000000"), text("7"), 7), second);
        for (time, pid) in [
            (None, None),
            (text("0"), None),
            (text("soon"), None),
            (text("1000000"), text("8")),
            (text("1000000"), text("")),
        ] {
            assert_eq!(watchdog(time, pid, 7), None);
        }
    }

    #[test]
    fn an_address_is_a_path_or_an_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let manager = ServiceManager { socket: connect(path.as_os_str()).ok(), watchdog: None };
        manager.notify("READY=1").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(listener.recv(&mut buffer).unwrap(), 7);
        drop(listener);
        assert!(manager.notify("READY=1").is_err());
        for address in ["vsock:2:1234", "notify", "", "/nowhere/at/all"] {
            assert!(connect(OsStr::new(address)).is_err(), "{address}");
        }
    }
}
