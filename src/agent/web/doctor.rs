//! The diagnosis, which contacts servers: asked for by a person, and kept for a moment.

use std::time::Duration;

use crate::agent::doctor::Busy;
use crate::agent::web::frame::{self, BadgeTone};
use crate::agent::web::markup::Markup;
use crate::agent::web::reply::{TEXT, WebReply, WebStatus};
use crate::agent::web::site::Site;
use crate::face::methods::Diagnosis;
use crate::face::terms::Mark;

/// Has the diagnosis made, unless one was made a moment ago, and sends the browser to it.
pub(super) async fn run(site: &Site) -> WebReply {
    if kept(site).is_none() {
        if let Some(rest) = resting(site) {
            let why = format!(
                "the last diagnosis was left before its end: try again in {} s",
                rest.as_secs() + 1
            );
            let resting = WebReply::refusal(WebStatus::BUSY, &why);
            return resting.with_header("Retry-After: 30");
        }
        let left = Left { site, is_complete: false };
        match site.service.diagnosis().await {
            Ok(made) => {
                left.completed();
                let now = site.service.agent.timeline.now();
                site.diagnosis.replace(Some((now, made)));
            }
            Err(Busy) => {
                // Nothing was begun, so nobody was contacted.
                left.completed();
                let why =
                    "a diagnosis is being made, which takes up to two minutes: try again then";
                let busy = WebReply::refusal(WebStatus::CONFLICT, why);
                return busy.with_header("Retry-After: 30");
            }
        }
    }
    // A page that is loaded again must not be an order.
    let there = WebReply::of(TEXT, "the diagnosis is at /doctor\n");
    there.with_status(WebStatus::SEE_OTHER).with_header("Location: /doctor")
}

/// How long no diagnosis is begun, because one was left before its end. Otherwise whoever leaves at
/// once, and comes again, would have the phone contact its servers without end.
fn resting(site: &Site) -> Option<Duration> {
    let since = site.service.agent.timeline.now().saturating_sub(site.left.get()?);
    KEPT.checked_sub(since).filter(|rest| !rest.is_zero())
}

/// Notes when a diagnosis ends without a result: its client has left, or is no longer let in.
struct Left<'a> {
    site: &'a Site,
    is_complete: bool,
}

impl Left<'_> {
    fn completed(mut self) {
        self.is_complete = true;
    }
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        if !self.is_complete {
            self.site.left.set(Some(self.site.service.agent.timeline.now()));
        }
    }
}

/// The diagnosis, as long as it is kept, and the button for another one.
pub(super) fn page(site: &Site) -> WebReply {
    let mut page = frame::begin(site, &site.service.status(), &site.service.trust());
    section(site, &mut page);
    WebReply::page(frame::end(page))
}

/// The section of a page about the diagnosis.
pub(super) fn section(site: &Site, page: &mut Markup) {
    page.tag("<section id=\"doctor\"><h2>Doctor</h2>");
    match kept(site) {
        Some((age, diagnosis)) => shown(page, age, &diagnosis),
        None => {
            page.tag(
                "<p>Finds out what is wrong between this phone and its call manager: fetches every \
                 file, asks every TVS server, and changes nothing. That takes from a second to two \
                 minutes.</p>",
            );
        }
    }
    page.tag(
        "<form method=\"post\" action=\"/doctor\"><button>Run the doctor</button></form></section>",
    );
}

/// The last diagnosis and its age, if it is still worth showing.
fn kept(site: &Site) -> Option<(Duration, Diagnosis)> {
    let kept = site.diagnosis.borrow();
    let (made, diagnosis) = kept.as_ref()?;
    let age = site.service.agent.timeline.now().saturating_sub(*made);
    (age < KEPT).then(|| (age, diagnosis.clone()))
}

fn shown(page: &mut Markup, age: Duration, diagnosis: &Diagnosis) {
    page.tag("<p class=\"quiet\">Made ").text(&frame::ago(age.as_secs())).tag(" ago.</p><dl>");
    frame::fact(page, "Finding", &diagnosis.case.text);
    frame::fact(page, "Remedy", &diagnosis.remedy.text);
    frame::fact(page, "Next boot", &diagnosis.next_boot);
    page.tag("</dl><div class=\"scroll\"><table><thead><tr><th>Check<th>Result<th>Detail<tbody>");
    for check in &diagnosis.checks {
        let (tone, word) = match check.mark {
            Mark::Ok => (BadgeTone::Good, "ok"),
            Mark::NotOk => (BadgeTone::Bad, "not ok"),
            Mark::Unknown => (BadgeTone::Odd, "unknown"),
        };
        page.tag("<tr><th>").text(&check.name).tag("<td>");
        frame::badge(page, tone, &word);
        page.tag("<td>").text(&check.detail);
    }
    page.tag("</table></div>");
    if !diagnosis.conditions.is_empty() {
        page.tag("<h3>Conditions for deleting the ITL</h3><ul>");
        for condition in &diagnosis.conditions {
            let word = match condition.holds {
                Some(true) => "<li>holds: ",
                Some(false) => "<li>does not hold: ",
                None => "<li>cannot be known: ",
            };
            page.tag(word).text(&condition.text);
        }
        page.tag("</ul>");
    }
}

/// How long a diagnosis is shown, and no other one is made by this page; likewise after one that was
/// left before its end.
const KEPT: Duration = Duration::from_secs(30);
