//! The file servers that an answer of DHCP names, in any of the ways there are.
//!
//! Anyone who answers on the network can write these values: what cannot be used is dropped and
//! named, and never counts as a fault of the phone's own settings.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

use crate::wire::address::{Host, NoAddress, ServerAddress};

/// What an answer has about file servers, as the phone's DHCP client hands it over.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DhcpAnswer {
    /// Option 150: addresses in hexadecimal as they came, or dotted, or text that someone put
    /// there.
    pub option_150: Option<String>,
    /// Option 66: one name or address.
    pub option_66: Option<String>,
    /// The server's name in the header.
    pub sname: Option<String>,
    /// The address of the next server in the header.
    pub siaddr: Option<String>,
}

/// The servers that can be used, and what was dropped.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DhcpServers {
    /// At most [`MAX_SERVERS`], in the order in which they are asked.
    pub servers: Vec<ServerAddress>,
    /// The first values that cannot be used.
    pub dropped: Vec<Dropped>,
    /// How many more there are, which are not named lest they fill the log.
    pub more: usize,
}

/// Something that is no file server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dropped {
    /// The option or header field that it was in.
    pub field: &'static str,
    /// The start of the value, as it came.
    pub text: String,
    /// Why it cannot be used.
    pub why: Unusable,
}

/// Why something is no file server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unusable {
    /// An address that no host has: unspecified, broadcast or multicast.
    NotUnicast,
    /// Neither an address nor a host name, for this reason.
    NotAHost(NoAddress),
    /// A URL of another scheme than `tftp`.
    OtherScheme,
    /// Beyond the [`MAX_SERVERS`] that are asked.
    TooMany,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, text, why } = self;
        // In quotes and escaped: the text is a stranger's, and the line goes to the console.
        write!(f, "{field}: {text:?}: {why}")
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnicast => f.write_str("not a unicast address"),
            Self::NotAHost(why) => why.fmt(f),
            Self::OtherScheme => f.write_str("expected a tftp URL"),
            Self::TooMany => write!(f, "more than {MAX_SERVERS} servers"),
        }
    }
}

impl DhcpAnswer {
    /// The servers of the first field that names any which can be used: option 150, else option
    /// 66, else the header's name, else its address.
    ///
    /// # Source
    /// RFC 5859 for option 150, RFC 2132 §9.4 for option 66, RFC 2131 §2 for the header. That
    /// phones prefer 150 to 66: public deployment guides. Text in option 150: seen in the field.
    #[must_use]
    pub fn servers(&self) -> DhcpServers {
        let mut found = DhcpServers::default();
        let of_text = |text: &Option<String>| text.as_deref().map(items).unwrap_or_default();
        let fields = [
            ("option 150", self.option_150.as_deref().map(of_150).unwrap_or_default()),
            ("option 66", of_text(&self.option_66)),
            ("sname", of_text(&self.sname)),
            ("siaddr", of_text(&self.siaddr)),
        ];
        for (field, items) in fields {
            items.iter().for_each(|item| found.take(field, item));
            // The fields are alternatives and not one list.
            if !found.servers.is_empty() {
                break;
            }
        }
        found
    }
}

impl DhcpServers {
    fn take(&mut self, field: &'static str, text: &str) {
        let why = match server(text) {
            // Asking a server twice costs a boot its time and brings nothing new.
            Ok(server) if self.servers.contains(&server) => return,
            Ok(server) if self.servers.len() < MAX_SERVERS => return self.servers.push(server),
            Ok(_) => Unusable::TooMany,
            Err(why) => why,
        };
        if self.dropped.len() == MAX_DROPPED {
            self.more += 1;
            return;
        }
        let text = text.chars().take(SHOWN).collect();
        self.dropped.push(Dropped { field, text, why });
    }
}

/// The values of option 150: addresses of four bytes each, unless they are a text.
fn of_150(text: &str) -> Vec<String> {
    // A client that does not know the option hands over its bytes in hexadecimal.
    let Some(bytes) = hexadecimal(text) else { return items(text) };
    if let Some(written) = written(&bytes) {
        return written;
    }
    let addresses = bytes.chunks(4).map(|chunk| match <[u8; 4]>::try_from(chunk) {
        Ok(address) => Ipv4Addr::from(address).to_string(),
        // Bytes that fill no address are dropped as what they are, under their digits.
        Err(_) => chunk.iter().map(|byte| alloc::format!("{byte:02x}")).collect(),
    });
    addresses.collect()
}

/// The items of a text if all of them can be used; nothing if the bytes are more likely addresses.
///
/// The bytes of an address may happen to be letters. So letters that are as many as the bytes of
/// one or two addresses count as text only if they spell an address.
fn written(bytes: &[u8]) -> Option<Vec<String>> {
    // Trailing NULs of a text are dropped (RFC 2132 §2).
    let end = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let is_letter = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let text =
        core::str::from_utf8(&bytes[..end]).ok().filter(|_| bytes[..end].iter().all(is_letter))?;
    let short = bytes.len() % 4 == 0 && bytes.len() <= 8;
    let fits = |item: &String| match server(item) {
        Ok(ServerAddress { host: Host::Ip(_), .. }) => true,
        // A name without a dot is too likely to be an accident of bytes.
        Ok(_) => !short && item.contains('.'),
        Err(_) => false,
    };
    Some(items(text)).filter(|items| !items.is_empty() && items.iter().all(fits))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    if digits.is_empty() || digits.len() % 2 != 0 || digits.len() > 2 * LONGEST {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Values between commas, semicolons and blanks.
fn items(text: &str) -> Vec<String> {
    let separator = |c: char| c == ',' || c == ';' || c.is_whitespace();
    let items = text.split(separator).filter(|item| !item.is_empty());
    items.take(LONGEST).map(ToOwned::to_owned).collect()
}

fn server(text: &str) -> Result<ServerAddress, Unusable> {
    let host = match text.split_once("://") {
        None => text,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tftp") => {
            // Its path is dropped: the names of files are the agent's own.
            rest.split('/').next().unwrap_or_default()
        }
        Some(_) => return Err(Unusable::OtherScheme),
    };
    let server = ServerAddress::parse(host, TFTP_PORT).map_err(Unusable::NotAHost)?;
    // 0.0.0.0 in siaddr means none; the others would ask a whole network.
    if server.host.is_not_unicast() { Err(Unusable::NotUnicast) } else { Ok(server) }
}

/// As many as secd.toml may name. Inferred: phones try two; option 150 may list more.
pub const MAX_SERVERS: usize = 8;

/// Values that are named in the log. Inferred: enough to see what is wrong with an answer.
const MAX_DROPPED: usize = 8;

/// The port that takes requests (RFC 1350 §4).
const TFTP_PORT: u16 = 69;

/// Characters that are shown of what was dropped.
const SHOWN: usize = 64;

/// Bytes of an option, and so more than it can have items (RFC 2132 §2).
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(answer: &DhcpAnswer) -> Vec<String> {
        answer.servers().servers.iter().map(ToString::to_string).collect()
    }

    fn option_150(text: &str) -> DhcpAnswer {
        DhcpAnswer { option_150: Some(text.into()), ..DhcpAnswer::default() }
    }

    fn option_66(text: &str) -> DhcpAnswer {
        DhcpAnswer { option_66: Some(text.into()), ..DhcpAnswer::default() }
    }

    fn dropped(answer: &DhcpAnswer) -> Vec<String> {
        answer.servers().dropped.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn option_150_is_addresses_in_hexadecimal_or_dotted() {
        let two = ["192.0.2.5:69", "192.0.2.6:69"];
        assert_eq!(servers(&option_150("c0000205c0000206")), two);
        assert_eq!(servers(&option_150("192.0.2.5 192.0.2.6")), two);
    }

    #[test]
    fn letters_in_option_150_are_the_text_that_they_spell() {
        for (text, expected) in [
            ("192.0.2.5", "192.0.2.5:69"),
            ("10.0.0.1", "10.0.0.1:69"),
            ("cm1.lab.test", "cm1.lab.test:69"),
            ("cm_1.lab.test", "cm_1.lab.test:69"),
        ] {
            let letters: String = text.bytes().map(|byte| alloc::format!("{byte:02x}")).collect();
            assert_eq!(servers(&option_150(&letters)), [expected], "{text}");
        }
        assert_eq!(
            servers(&option_150("61626364")),
            ["97.98.99.100:69"],
            "four letters are four bytes"
        );
    }

    /// Addresses whose bytes happen to be letters, a dot among them.
    #[test]
    fn addresses_in_option_150_are_not_taken_for_text() {
        for (hex, expected) in [
            ("0a642e32", &["10.100.46.50:69"][..]),
            ("0a642e320a642e33", &["10.100.46.50:69", "10.100.46.51:69"]),
            ("0a612e62", &["10.97.46.98:69"]),
            ("612e6263", &["97.46.98.99:69"]),
            ("612e6263612e6264", &["97.46.98.99:69", "97.46.98.100:69"]),
            ("0a612e620a612e630a612e64", &["10.97.46.98:69", "10.97.46.99:69", "10.97.46.100:69"]),
        ] {
            assert_eq!(servers(&option_150(hex)), expected, "{hex}");
        }
    }

    #[test]
    fn only_the_first_of_much_rubbish_is_named() {
        let found = option_66(&"a..b ".repeat(40)).servers();
        assert_eq!((found.dropped.len(), found.more), (MAX_DROPPED, 32));
    }

    #[test]
    fn a_list_and_a_url_are_read() {
        assert_eq!(
            servers(&option_66("a.test, b.test;192.0.2.7")),
            ["a.test:69", "b.test:69", "192.0.2.7:69"]
        );
        assert_eq!(servers(&option_66("tftp://cm1.lab.test:6969/x")), ["cm1.lab.test:6969"]);
    }

    #[test]
    fn what_cannot_be_used_is_dropped_and_named() {
        for (text, why) in [
            ("10.0.0.300", "neither an IP address nor a host name"),
            ("1.2.3.4.5", "neither an IP address nor a host name"),
            ("a..b", "neither an IP address nor a host name"),
            (&"a".repeat(64), "neither an IP address nor a host name"),
            ("0.0.0.0", "not a unicast address"),
            ("255.255.255.255", "not a unicast address"),
            ("224.0.0.1", "not a unicast address"),
            ("http://a.test/", "expected a tftp URL"),
            // A terminal would clear its screen at this.
            ("x\"];\u{1b}[2J", "neither an IP address nor a host name"),
        ] {
            let answer = option_66(&alloc::format!("{text} good.test"));
            assert_eq!(servers(&answer), ["good.test:69"], "{text}");
            let dropped = dropped(&answer);
            assert!(
                dropped[0].starts_with("option 66: ") && dropped[0].ends_with(why),
                "{dropped:?}"
            );
            assert!(dropped.iter().all(|line| !line.contains(char::is_control)), "{dropped:?}");
        }
    }

    #[test]
    fn the_next_field_counts_if_one_names_no_server() {
        let answer = DhcpAnswer {
            option_150: Some("00000000".into()),
            option_66: Some("10.0.0.300".into()),
            sname: Some("boot.test".into()),
            siaddr: Some("192.0.2.9".into()),
        };
        assert_eq!(servers(&answer), ["boot.test:69"]);
        assert_eq!(dropped(&answer).len(), 2);
        let header = DhcpAnswer { siaddr: Some("192.0.2.9".into()), ..DhcpAnswer::default() };
        assert_eq!(servers(&header), ["192.0.2.9:69"]);
        assert_eq!(DhcpAnswer::default().servers(), DhcpServers::default());
    }

    #[test]
    fn so_many_servers_and_no_more() {
        let many = (1..=12).map(|last| alloc::format!("192.0.2.{last} ")).collect::<String>();
        let answer = option_66(&many);
        assert_eq!(servers(&answer).len(), MAX_SERVERS);
        assert_eq!(dropped(&answer).len(), 4);
    }
}
