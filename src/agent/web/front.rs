//! The status page, and the same facts for programs.

use log::Level;

use crate::agent::web::frame::{self, BadgeTone, ago, fact, moment};
use crate::agent::web::markup::{Markup, hide};
use crate::agent::web::reply::{JSON, WebReply};
use crate::agent::web::site::Site;
use crate::agent::web::{doctor, journal, trust};
use crate::face::ObjectType as _;
use crate::face::methods::Status;
use crate::face::records::{Message, Server};
use crate::face::terms::configuration_vouched_by;
use crate::wire::http::RequestHead;

/// `/`: everything that a person wants to know of the phone.
pub(super) fn page(site: &Site, _: &RequestHead<'_>) -> WebReply {
    let (status, trust) = (site.service.status(), site.service.trust());
    let mut page = frame::begin(site, &status, &trust);
    state(&mut page, &status);
    trust::section(&mut page, &trust);
    trust::own(&mut page, &status.identity);
    doctor::section(site, &mut page);
    messages(&mut page, &trust.messages);
    if site.shows_log() {
        console(site, &mut page);
    }
    WebReply::page(frame::end(page))
}

/// `/status.json`: the reply of the method `GetStatus`.
pub(super) fn json(site: &Site, _: &RequestHead<'_>) -> WebReply {
    let status = serde_json::Value::Object(site.service.status().into_map());
    let mut text = format!("{status:#}\n");
    hide(&mut text, &site.hidden());
    WebReply::of(JSON, text)
}

fn state(page: &mut Markup, status: &Status) {
    page.tag("<section id=\"state\"><h2>State</h2><dl>");
    match &status.last_pass {
        _ if status.pass_under_way => fact(page, "Boot pass", &"under way"),
        None => fact(page, "Boot pass", &"none yet"),
        Some(last) => {
            let age = ago(last.age);
            match &last.reason {
                Some(reason) => fact(page, "Boot pass", &format!("failed {age} ago: {reason}")),
                None => fact(page, "Boot pass", &format!("successful {age} ago")),
            }
        }
    }
    if let Some(seconds) = status.next_try {
        fact(page, "Next pass", &format!("in {}", ago(seconds)));
    }
    configuration(page, status);
    if let Some(alarm) = &status.alarm {
        let text = format!("{} ({}), {}", alarm.name, alarm.code, moment(alarm.time));
        fact(page, "Last alarm", &text);
    }
    if let Some(access) = &status.settings_access {
        fact(page, "Settings access", access);
    }
    fact(page, "Phone's clock", &moment(status.time));
    fact(page, "Agent", &format!("secd {}, up for {}", status.version, ago(status.uptime)));
    page.tag("</dl>");
    servers(page, status);
    page.tag("</section>");
}

fn configuration(page: &mut Markup, status: &Status) {
    match &status.configuration {
        None => fact(page, "Configuration", &"none"),
        Some(name) => {
            let by = status.configuration_by.as_deref().map(configuration_vouched_by);
            let by =
                by.map_or("accepted from anyone".to_owned(), |by| format!("vouched for by {by}"));
            fact(page, "Configuration", &format!("{name}, {by}"));
        }
    }
    if let Some(fault) = &status.configuration_fault {
        fact(page, "Not in use", fault);
    }
}

fn servers(page: &mut Markup, status: &Status) {
    if status.tftp.is_empty() && status.tvs.is_empty() {
        return;
    }
    page.tag(
        "<div class=\"scroll\"><table><thead><tr><th>Server<th>For<th>Last contact<th>When<tbody>",
    );
    for (servers, what) in [(&status.tftp, "files"), (&status.tvs, "TVS")] {
        servers.iter().for_each(|server| one_server(page, server, what));
    }
    page.tag("</table></div>");
}

fn one_server(page: &mut Markup, server: &Server, what: &'static str) {
    page.tag("<tr><th>").text(&server.address).tag("<td>").tag(what).tag("<td>");
    page.text(&server.last.as_deref().unwrap_or("none yet")).tag("<td>");
    if let Some(age) = server.age {
        page.text(&ago(age)).tag(" ago");
    }
}

fn messages(page: &mut Markup, messages: &[Message]) {
    page.tag("<section id=\"messages\"><h2>Status messages</h2>");
    if messages.is_empty() {
        page.tag("<p class=\"quiet\">None since the start.</p></section>");
        return;
    }
    page.tag("<div class=\"scroll\"><table><tbody>");
    for message in messages.iter().rev() {
        page.tag("<tr><td class=\"when\">").text(&moment(message.time)).tag("<td>");
        page.text(&message.text);
    }
    page.tag("</table></div></section>");
}

/// The lines so far, which a script continues.
fn console(site: &Site, page: &mut Markup) {
    let lines = journal::lines(site);
    page.tag("<section id=\"console\"><h2>Console log ");
    frame::badge(page, BadgeTone::Odd, &"not live");
    page.tag("</h2><pre id=\"log\" tabindex=\"0\" data-last=\"");
    page.text(&lines.last().map_or(String::new(), |line| journal::place(site, line))).tag("\">");
    for line in &lines {
        page.tag(match line.level() {
            Level::Error => "<span class=\"ERR\">",
            Level::Warn => "<span class=\"WRN\">",
            Level::Info => "<span class=\"NOT\">",
            Level::Debug | Level::Trace => "<span class=\"INF\">",
        });
        page.text(&line.text()).tag("</span>\n");
    }
    page.tag("</pre></section>");
}
