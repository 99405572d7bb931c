//! The pages that administrators' scripts fetch from real phones, under the same names.
//!
//! Each is a function of facts: what `GetStatus` and `GetTrust` show, with the labels and members
//! that scripts look for. What the agent does not know is there and empty, never invented.
//!
//! # Source
//! The names: the table of device information URLs in "Cisco Unified IP Phone Services Application
//! Development Notes", and the links on the pages of a CP-8845. What is looked for on the pages:
//! the public scripts that docs/web.md lists.

mod device;
mod facts;
mod network;
mod status;
mod table;
#[cfg(test)]
mod tests;

use crate::agent::web::journal;
use crate::agent::web::reply::{HTML, TEXT, WebReply};
use crate::agent::web::site::Site;
use crate::wire::http::RequestHead;
use facts::PhoneFacts;
use table::PageTable;

/// A page of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PhonePage {
    /// A link to the console log, for people and for `wget -r`.
    ConsoleLogs,
    /// What the phone is: name, MAC address, model.
    Device(PhoneForm),
    /// The console log as a file.
    LogFile,
    /// Its servers, and what it trusts.
    Network(PhoneForm),
    /// Its network port: labels without values.
    Port(PhoneForm),
    /// The Status Messages screen.
    StatusMessages(PhoneForm),
}

/// The two forms of a page: scripts read either.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PhoneForm {
    /// A table of labels and values, for people and for scripts that search it.
    Html,
    /// A document of members.
    Xml,
}

impl PhonePage {
    /// The page that is asked for, if it is one of these.
    pub(super) fn of(asked: &RequestHead<'_>) -> Option<Self> {
        match asked.path {
            "/CGI/Java/Serviceability" => return Self::of_adapter(asked),
            LOG_FILE => return Some(Self::LogFile),
            _ => {}
        }
        let name = asked.path.strip_prefix('/')?;
        let (name, form) = match name.strip_suffix('X') {
            Some(name) => (name, PhoneForm::Xml),
            None => (name, PhoneForm::Html),
        };
        match name {
            "DeviceInformation" => Some(Self::Device(form)),
            // Which number behind it means what differs by model; here it is always the messages.
            "DeviceLog" => Some(Self::StatusMessages(form)),
            "NetworkConfiguration" => Some(Self::Network(form)),
            "PortInformation" => Some(Self::Port(form)),
            _ => None,
        }
    }

    /// The page of `adapter=NAME`, or its XML with `adapterX=NAME`.
    fn of_adapter(asked: &RequestHead<'_>) -> Option<Self> {
        let html = asked.parameter("adapter").map(|name| (name, PhoneForm::Html));
        let xml = || asked.parameter("adapterX").map(|name| (name, PhoneForm::Xml));
        match html.or_else(xml)? {
            ("device.settings.status.messages", form) => Some(Self::StatusMessages(form)),
            ("device.statistics.configuration", form) => Some(Self::Network(form)),
            ("device.statistics.consolelog", PhoneForm::Html) => Some(Self::ConsoleLogs),
            ("device.statistics.device", form) => Some(Self::Device(form)),
            ("device.statistics.port.network", form) => Some(Self::Port(form)),
            _ => None,
        }
    }

    /// Whether it is about the console log, and closed where the log is.
    pub(super) const fn is_of_log(self) -> bool {
        matches!(self, Self::ConsoleLogs | Self::LogFile)
    }

    /// The page as it is at this moment.
    pub(super) fn reply(self, site: &Site) -> WebReply {
        if self == Self::LogFile {
            return journal::page(site);
        }
        let (media, page) = self.emit(&PhoneFacts::of(site));
        WebReply::of(media, page)
    }

    fn emit(self, facts: &PhoneFacts) -> (&'static str, String) {
        let (table, form) = match self {
            Self::ConsoleLogs => (log_files(), PhoneForm::Html),
            Self::Device(form) => (device::table(facts), form),
            // Without a table: it is lines.
            Self::LogFile => return (TEXT, String::new()),
            Self::Network(form) => (network::table(facts), form),
            Self::Port(form) => (network::port(), form),
            Self::StatusMessages(form) => (status::table(&facts.trust.messages), form),
        };
        match form {
            PhoneForm::Html => (HTML, table.html(facts)),
            PhoneForm::Xml => ("text/xml; charset=utf-8", table.xml(facts)),
        }
    }
}

/// Real phones have several files, of earlier starts too; the agent has the lines in its memory.
fn log_files() -> PageTable {
    let mut table = PageTable::new("Console logs", "<ConsoleLogs>\n", "</ConsoleLogs>\n");
    table.link("messages", LOG_LINK);
    table
}

const LOG_FILE: &str = "/FS/messages";
const LOG_LINK: &str = "<A HREF=\"/FS/messages\">";
