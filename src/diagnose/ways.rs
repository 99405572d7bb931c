//! The ways to a server's files, and the one that the phone takes.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::wire::way::FileWay;

/// What a way to a server's files came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WaySeen {
    /// The server's certificate is not trusted for files; why, in words.
    Distrusted(String),
    /// Another failure, in words.
    Failed(String),
    /// The server answered that it does not have the file of this name.
    Lacked(String),
    /// There was no TLS with it; why, in words.
    NoTls(String),
    /// It was not tried; why.
    NotTried(&'static str),
    /// Nothing listens at its port, or there is no way there.
    Refused,
    /// The server sent the file of this name.
    Sent(String),
    /// Nothing was answered in time.
    Silent,
}

impl WaySeen {
    /// Whether the way is of no use for the rest of a pass.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Distrusted(_) | Self::NoTls(_) | Self::Refused | Self::Silent)
    }
}

/// In words that follow the name of the way.
impl fmt::Display for WaySeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distrusted(why) => write!(f, "certificate not trusted, {why}"),
            Self::Failed(why) => f.write_str(why),
            Self::Lacked(name) => write!(f, "has no {name}"),
            Self::NoTls(why) => write!(f, "TLS handshake failed, {why}"),
            Self::NotTried(why) => write!(f, "not tried, {why}"),
            Self::Refused => f.write_str("port closed"),
            Self::Sent(name) => write!(f, "sent {name}"),
            Self::Silent => f.write_str("no answer"),
        }
    }
}

/// One way to the files of a server, with its port and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WayFound {
    /// How the file would come.
    pub way: FileWay,
    /// The port of the server that it leads to.
    pub port: u16,
    /// What it came to.
    pub seen: WaySeen,
}

/// The ways to a server, each with what it came to, and the one that the phone takes.
#[must_use]
pub fn shown(ways: &[WayFound]) -> String {
    let found = ways.iter().map(|found| match found.way {
        // The address of the server has its port.
        FileWay::Tftp => format!("{}: {}", found.way, found.seen),
        way => format!("{way} {}: {}", found.port, found.seen),
    });
    let found: Vec<String> = found.collect();
    format!("{}; the phone takes {}", found.join("; "), taken(ways))
}

/// The way that the phone takes, in words.
fn taken(ways: &[WayFound]) -> String {
    let mut serving = ways.iter().filter(|found| matches!(found.seen, WaySeen::Sent(_)));
    match (serving.next(), serving.next()) {
        (None, _) => "none".to_string(),
        (Some(WayFound { way: FileWay::Https, .. }), Some(rest)) => {
            format!("HTTPS for its configuration, {} for the rest", rest.way)
        }
        (Some(WayFound { way: FileWay::Https, .. }), None) => {
            "HTTPS for its configuration".to_string()
        }
        (Some(first), _) => first.way.to_string(),
    }
}

/// Whether the way that is meant for the configuration leads to a server that is not trusted, or that
/// cannot be judged.
#[must_use]
pub fn is_distrusted(ways: &[WayFound]) -> bool {
    ways.iter().any(|found| matches!(found.seen, WaySeen::Distrusted(_) | WaySeen::NoTls(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(way: FileWay, seen: WaySeen) -> WayFound {
        let port = if way == FileWay::Https { 6971 } else { 6970 };
        WayFound { way, port, seen }
    }

    #[test]
    fn the_way_that_the_phone_takes_is_the_first_that_serves() {
        let sent = || WaySeen::Sent("a".to_string());
        let unannounced = WaySeen::NotTried("the ITL does not announce it");
        assert_eq!(
            shown(&[
                found(FileWay::Https, unannounced),
                found(FileWay::Http, WaySeen::Refused),
                found(FileWay::Tftp, sent()),
            ]),
            "HTTPS 6971: not tried, the ITL does not announce it; HTTP 6970: port closed; \
             TFTP: sent a; the phone takes TFTP"
        );
        let all = [
            found(FileWay::Https, sent()),
            found(FileWay::Http, sent()),
            found(FileWay::Tftp, sent()),
        ];
        assert!(shown(&all).ends_with("takes HTTPS for its configuration, HTTP for the rest"));
        assert!(shown(&all[1..]).ends_with("; the phone takes HTTP"));
        let bad = [found(FileWay::Https, WaySeen::Distrusted("no".to_string())), all[2].clone()];
        assert!(is_distrusted(&bad) && !is_distrusted(&all));
        assert!(shown(&bad).ends_with("; the phone takes TFTP"));
        let bad = [found(FileWay::Https, WaySeen::NoTls("no".to_string())), all[2].clone()];
        assert!(is_distrusted(&bad) && shown(&bad).contains("6971: TLS handshake failed, no;"));
    }
}
