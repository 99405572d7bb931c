//! The sections about what the phone trusts, and what it is known by.

use crate::agent::web::frame::{self, BadgeTone, fact, moment};
use crate::agent::web::markup::Markup;
use crate::face::methods::{Identity, Trust};
use crate::face::records::{List, OwnCertificate, Record};
use crate::face::terms::{Acceptance, CertificateKind, ListKind};

/// The installed lists, as the phone's Trust List screen shows them.
pub(super) fn section(page: &mut Markup, trust: &Trust) {
    page.tag("<section id=\"trust\"><h2>Trust lists</h2>");
    if let Some(pin) = &trust.pin {
        page.tag("<p>The next first use waits for the signer of SHA-256 <code>").text(pin);
        page.tag("</code>.</p>");
    }
    if trust.locked {
        page.tag("<p>The lists that were trusted cannot be read.</p>");
    } else if trust.lists.is_empty() {
        page.tag("<p>None is installed.</p>");
    }
    trust.lists.iter().for_each(|list| one_list(page, list));
    page.tag("</section>");
}

fn one_list(page: &mut Markup, list: &List) {
    page.tag(match list.kind {
        ListKind::Ctl => "<h3>CTL ",
        ListKind::Itl => "<h3>ITL ",
    });
    if list.blank {
        frame::badge(page, BadgeTone::Bad, &"blank");
    }
    if list.acceptance == Acceptance::FirstUse {
        frame::badge(page, BadgeTone::Odd, &"first use");
    }
    page.tag("</h3><dl>");
    fact(page, "Signer", &list.signer);
    fact(page, "Signed", &moment(list.timestamp.into()));
    let stored = if list.stored { ", read from the store at the start" } else { "" };
    fact(page, "Trusted", &format!("{}{stored}", list.acceptance.in_words()));
    fact(page, "Length", &format!("{} bytes, {} records", list.length, list.records.len()));
    page.tag("<div><dt>MD5</dt><dd><code>").text(&list.md5).tag("</code></dd></div>");
    page.tag("<div><dt>SHA-1</dt><dd><code>").text(&list.sha1).tag("</code></dd></div></dl>");
    page.tag(
        "<div class=\"scroll\"><table><thead><tr><th>Record<th>Role<th>Serial<th>Subject<th>Issuer\
         <th>SHA-1 of the certificate<tbody>",
    );
    for (index, record) in list.records.iter().enumerate() {
        one_record(page, index + 1, record);
    }
    page.tag("</table></div>");
}

fn one_record(page: &mut Markup, number: usize, record: &Record) {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    // Where there is no room for columns, each cell has its name.
    page.tag("<tr><td data-name=\"Record\">").text(&number).tag("<th>").text(&record.role);
    page.tag("<td data-name=\"Serial\"><code>").text(&shown(&record.serial));
    page.tag("</code><td data-name=\"Subject\">").text(&shown(&record.subject));
    page.tag("<td data-name=\"Issuer\">").text(&shown(&record.issuer));
    page.tag("<td data-name=\"SHA-1\"><code>").text(&shown(&record.cert_sha1)).tag("</code>");
}

/// The phone's own certificates.
pub(super) fn own(page: &mut Markup, identity: &Identity) {
    page.tag("<section id=\"own\"><h2>The phone's own certificates</h2>");
    if identity.certificates.is_empty() {
        page.tag("<p>None.</p>");
    }
    identity.certificates.iter().for_each(|own| one_certificate(page, own));
    page.tag("</section>");
}

fn one_certificate(page: &mut Markup, own: &OwnCertificate) {
    page.tag(match own.kind {
        CertificateKind::Lsc => "<h3>LSC ",
        CertificateKind::Mic => "<h3>MIC ",
    });
    if own.in_use {
        frame::badge(page, BadgeTone::Good, &"in use");
    }
    page.tag("</h3><dl>");
    fact(page, "Subject", &own.subject);
    fact(page, "Issuer", &own.issuer);
    fact(page, "Serial", &own.serial);
    fact(page, "Valid", &format!("{} to {}", moment(own.valid_from), moment(own.valid_until)));
    let decrypts = if own.decrypts { ", decrypts configurations" } else { "" };
    fact(page, "Key", &format!("{}{decrypts}", own.key));
    fact(page, "MD5", &own.md5);
    own.warnings.iter().for_each(|warning| fact(page, "Warning", warning));
    page.tag("</dl>");
}
