//! A page as a table of labels and values, in HTML and in XML.

use crate::agent::web::markup::Markup;
use crate::agent::web::phone::facts::PhoneFacts;

/// A page: its title, the tags of its root in XML, and its rows.
pub(super) struct PageTable {
    title: &'static str,
    root: &'static str,
    end: &'static str,
    rows: Vec<PageRow>,
}

/// A row of a page.
enum PageRow {
    /// A label that is a link, by its tag.
    Link(&'static str, &'static str),
    /// A text without a label; in XML, a member between these tags.
    Message(&'static str, &'static str, String),
    /// A label and its value, which may be empty; in XML, a member between these tags.
    Value(&'static str, &'static str, &'static str, String),
}

impl PageTable {
    pub(super) const fn new(title: &'static str, root: &'static str, end: &'static str) -> Self {
        Self { title, root, end, rows: Vec::new() }
    }

    /// Adds a link by its tag.
    pub(super) fn link(&mut self, label: &'static str, tag: &'static str) {
        self.rows.push(PageRow::Link(label, tag));
    }

    /// Adds a text without a label.
    pub(super) fn message(&mut self, (begin, end): (&'static str, &'static str), text: String) {
        self.rows.push(PageRow::Message(begin, end, text));
    }

    /// Adds a label with its value, if that is known.
    pub(super) fn add(&mut self, (label, begin, end): PageMember, value: Option<String>) {
        self.rows.push(PageRow::Value(label, begin, end, value.unwrap_or_default()));
    }

    /// The page in HTML.
    ///
    /// # Source
    /// The pages of a CP-8845: a row is one line, and its tags are in upper case, for which public
    /// scripts search; so is the first word of the title.
    pub(super) fn html(&self, facts: &PhoneFacts) -> String {
        let device = &facts.status.device;
        let mut page = Markup::hiding(&facts.hidden);
        page.tag(HEAD).text(device).tag(": ").tag(self.title).tag("</TITLE>\n</HEAD>\n<BODY>\n");
        page.tag("<H1>").tag(self.title).tag("</H1>\n<P>").text(device).tag("</P>\n<P>");
        page.tag(LINKS).tag(if facts.shows_log { LOG } else { "" }).tag("</P>\n<TABLE>\n");
        self.rows.iter().for_each(|row| row.html(&mut page));
        page.tag("</TABLE>\n</BODY>\n</HTML>\n");
        page.into_text()
    }

    /// The page in XML: a root with a member for each row.
    pub(super) fn xml(&self, facts: &PhoneFacts) -> String {
        let mut page = Markup::hiding(&facts.hidden);
        page.tag("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").tag(self.root);
        for row in &self.rows {
            if let PageRow::Message(begin, end, text) | PageRow::Value(_, begin, end, text) = row {
                page.tag(begin).text(text).tag(end).tag("\n");
            }
        }
        page.tag(self.end);
        page.into_text()
    }
}

impl PageRow {
    fn html(&self, page: &mut Markup) {
        page.tag("<TR><TD>");
        match self {
            Self::Link(label, tag) => page.tag(tag).tag(label).tag("</A>"),
            Self::Message(_, _, text) => page.tag("<B>").text(text).tag("</B>"),
            Self::Value(label, _, _, value) => {
                page.tag("<B>").tag(label).tag("</B></TD><td width=20></TD><TD><B>");
                // Not nothing: scripts that join the texts of a page would take the next label for
                // the value; a no-break space they strip like any other.
                match value.as_str() {
                    "" => page.tag("&#160;</B>"),
                    value => page.text(&value).tag("</B>"),
                }
            }
        };
        page.tag("</TD></TR>\n");
    }
}

/// The label of a row, and the two tags of its member in XML.
pub(super) type PageMember = (&'static str, &'static str, &'static str);

/// The row of a label whose member has that name.
macro_rules! member {
    ($label:literal, $member:literal) => {
        ($label, concat!("  <", $member, ">"), concat!("</", $member, ">"))
    };
}
pub(super) use member;

/// Without a style sheet: the browser has colors for a light and for a dark page.
const HEAD: &str = "<!DOCTYPE html>
<HTML lang=\"en\">
<HEAD>
<META http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">
<META name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<META name=\"color-scheme\" content=\"light dark\">
<TITLE>Cisco-compatible page of ";

/// From each page to the others; not to the overview, so that `wget -r` fetches these alone.
const LINKS: &str = "\
<A HREF=\"/CGI/Java/Serviceability?adapter=device.statistics.device\">Device information</A> | \
<A HREF=\"/CGI/Java/Serviceability?adapter=device.statistics.configuration\">Network setup</A> | \
<A HREF=\"/CGI/Java/Serviceability?adapter=device.statistics.port.network\">Network</A> | \
<A HREF=\"/CGI/Java/Serviceability?adapter=device.settings.status.messages\">Status messages</A>";

const LOG: &str = " | \
<A HREF=\"/CGI/Java/Serviceability?adapter=device.statistics.consolelog\">Console logs</A>";
