//! The server that is wanted, and why there is no connection to it.

use std::fmt;

use crate::io::tls::OtherCertificate;
use crate::trust::{Distrust, Purpose};
use crate::wire::address::ServerAddress;

/// The server that a local process wants a connection to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its host and port, as the process named them.
    pub server: ServerAddress,
    /// What the phone uses it for, which decides the roles that its certificate needs.
    pub purpose: Purpose,
    /// The descriptor of the local client, for the log.
    pub client: i32,
}

/// Why a local process gets no connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotOpened {
    /// The server's certificate is not trusted.
    Distrusted(Distrust),
    /// The TLS handshake failed; why, in words.
    Handshake(String),
    /// The server asks for the phone's certificate, and there is none.
    NoIdentity,
    /// As many connections are open as there may be, in all or for this user.
    NoSlot,
    /// The server presented another certificate than the one that was judged.
    OtherCertificate(OtherCertificate),
    /// The server cannot be reached; why, in words.
    Unreachable(String),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distrusted(distrust) => distrust.fmt(f),
            Self::Handshake(why) | Self::Unreachable(why) => f.write_str(why),
            Self::NoIdentity => f.write_str(NO_IDENTITY),
            Self::NoSlot => f.write_str("too many connections are open"),
            Self::OtherCertificate(_) => {
                f.write_str("the server presented another certificate than the one that was judged")
            }
        }
    }
}

const NO_IDENTITY: &str = "the server asks for the phone's certificate, and the phone has none; enrol \
                           with `secd lsc enrol`, or set device.certificate and device.key in secd.toml";
