//! Messages for a log server, and how such a server is named.
//!
//! # Source
//! RFC 5424 (the message), RFC 6587 §3.4.1 (the frame over TCP: bytes are counted).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

use crate::wire::address::{NoAddress, ServerAddress};

/// A log server: how it is reached, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogServer {
    /// What carries the messages.
    pub transport: LogTransport,
    /// The host and port where it listens.
    pub address: ServerAddress,
}

/// What carries messages to a log server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogTransport {
    /// A connection, each message behind its length.
    Tcp,
    /// A datagram a message.
    Udp,
}

/// Why a text names no log server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoLogServer {
    /// What follows the scheme is no address.
    Address(NoAddress),
    /// It does not begin with a scheme that there is.
    Scheme,
}

impl LogServer {
    /// Reads `udp://HOST[:PORT]` or `tcp://HOST[:PORT]`.
    ///
    /// # Errors
    /// [`NoLogServer`].
    pub fn parse(text: &str) -> Result<Self, NoLogServer> {
        let (scheme, address) = text.split_once("://").ok_or(NoLogServer::Scheme)?;
        let transport = match scheme {
            "tcp" => LogTransport::Tcp,
            "udp" => LogTransport::Udp,
            _ => return Err(NoLogServer::Scheme),
        };
        let address = ServerAddress::parse(address, PORT).map_err(NoLogServer::Address)?;
        Ok(Self { transport, address })
    }

    /// Reads what a phone's configuration names: `HOST[:PORT]`, perhaps with options behind `@@`,
    /// which are for the phone's other processes.
    ///
    /// # Errors
    /// [`NoAddress`].
    ///
    /// # Source
    /// Inferred, from the help of the call managers' field "Log Server"; UDP is what phones use.
    pub fn of_configuration(text: &str) -> Result<Self, NoAddress> {
        let address = text.split_once("@@").map_or(text, |(address, _)| address);
        let address = ServerAddress::parse(address.trim(), PORT)?;
        Ok(Self { transport: LogTransport::Udp, address })
    }
}

impl fmt::Display for LogServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport, self.address)
    }
}

impl fmt::Display for LogTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl fmt::Display for NoLogServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(why) => why.fmt(f),
            Self::Scheme => f.write_str("neither udp:// nor tcp://"),
        }
    }
}

/// A message.
///
/// # Layout
/// `<PRI>1 TIME HOST APP PROCID MSGID [ID NAME="VALUE" …] TEXT`, in which `-` is nothing.
#[derive(Clone, Copy, Debug)]
pub struct SyslogMessage<'a> {
    /// 0 to 7, from the gravest.
    pub severity: u8,
    /// RFC 3339, if the clock was set.
    pub time: Option<&'a str>,
    /// Who sends it: the phone, by its name.
    pub host: &'a str,
    /// The number of the sending process.
    pub process: u32,
    /// What it is about, in one word.
    pub event: Option<&'a str>,
    /// Names and values for programs, element by element.
    pub elements: &'a [(&'a str, &'a [(&'a str, &'a str)])],
    /// What a person is to read.
    pub text: &'a str,
}

impl SyslogMessage<'_> {
    /// The message, without a frame.
    #[must_use]
    pub fn emit(&self) -> String {
        let priority = FACILITY * 8 + self.severity.min(7);
        let (time, process) = (self.time.unwrap_or("-"), self.process);
        let (host, event) = (word(self.host, MAX_HOST), word(self.event.unwrap_or("-"), MAX_ID));
        let mut message = format!("<{priority}>1 {time} {host} secd {process} {event} ");
        let before = message.len();
        for (name, parameters) in self.elements.iter().filter(|(_, values)| !values.is_empty()) {
            element(&mut message, name, parameters);
        }
        if message.len() == before {
            message.push('-');
        }
        message.push(' ');
        message.push_str(self.text);
        message
    }
}

/// The message in the frame that it has on a connection.
#[must_use]
pub fn counted(message: &str) -> String {
    format!("{} {message}", message.len())
}

fn element(message: &mut String, name: &str, parameters: &[(&str, &str)]) {
    let _fits = write!(message, "[{}", word(name, MAX_ELEMENT));
    for (name, value) in parameters {
        let _fits = write!(message, " {}=\"", word(name, MAX_ID));
        for character in value.chars() {
            if matches!(character, '"' | '\\' | ']') {
                message.push('\\');
            }
            message.push(character);
        }
        message.push('"');
    }
    message.push(']');
}

/// A text as one word: characters that would end it are left out.
fn word(text: &str, most: usize) -> String {
    let fits = |c: &char| c.is_ascii_graphic() && !matches!(c, '=' | '"' | ']');
    let word: String = text.chars().filter(fits).take(most).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

/// Facility 3, system daemons (RFC 5424 table 1).
const FACILITY: u8 = 3;

/// Characters of HOSTNAME, of MSGID and a parameter's name, and of an element's (RFC 5424 §6).
const MAX_HOST: usize = 255;
const MAX_ID: usize = 32;
const MAX_ELEMENT: usize = 32;

/// The port of syslog over UDP (RFC 5426). There is none for TCP: receivers use the same
/// (RFC 6587 §3.3).
const PORT: u16 = 514;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_message_is_that_of_the_rfc() {
        let message = SyslogMessage {
            severity: 3,
            time: Some("2026-11-24T16:00:00.017670Z"),
            host: "SEP001122334455",
            process: 42,
            event: Some("ListRefused"),
            elements: &[
                ("secd@32473", &[("sequence", "12")]),
                ("facts@32473", &[("why", "a \"b\" ]\\ ä")]),
                ("none@32473", &[]),
            ],
            text: "SECD: EROR:x",
        };
        let expected = "<27>1 2026-11-24T16:00:00.017670Z SEP001122334455 secd 42 ListRefused \
                        [secd@32473 sequence=\"12\"][facts@32473 why=\"a \\\"b\\\" \\]\\\\ ä\"] \
                        SECD: EROR:x";
        assert_eq!(message.emit(), expected);
        let bare = SyslogMessage { time: None, event: None, elements: &[], ..message };
        assert_eq!(bare.emit(), "<27>1 - SEP001122334455 secd 42 - - SECD: EROR:x");
        assert_eq!(counted("ä"), "2 ä");
    }

    #[test]
    fn no_word_can_end_early_or_run_on() {
        assert_eq!(word("a b]=\"c", 9), "abc");
        assert_eq!(word(&"a".repeat(99), MAX_ID).len(), MAX_ID);
        assert_eq!(word("ä ", 9), "-");
    }

    #[test]
    fn a_server_has_a_scheme_and_an_address() {
        for (text, expected) in [
            ("udp://192.0.2.1", "udp://192.0.2.1:514"),
            ("tcp://log.example:1514", "tcp://log.example:1514"),
            ("tcp://[::1]:601", "tcp://[::1]:601"),
        ] {
            assert_eq!(LogServer::parse(text).unwrap().to_string(), expected);
        }
        for text in ["192.0.2.1", "tls://a", "://a", ""] {
            assert_eq!(LogServer::parse(text), Err(NoLogServer::Scheme), "{text}");
        }
        assert_eq!(LogServer::parse("udp://a b"), Err(NoLogServer::Address(NoAddress::Host)));
    }

    #[test]
    fn a_configuration_names_an_address_and_perhaps_options() {
        for (text, expected) in [
            ("192.0.2.1", "udp://192.0.2.1:514"),
            ("192.0.2.1:5514@@base=7;pfs=0", "udp://192.0.2.1:5514"),
        ] {
            assert_eq!(LogServer::of_configuration(text).unwrap().to_string(), expected);
        }
        assert_eq!(LogServer::of_configuration("a:b"), Err(NoAddress::Port));
    }
}
