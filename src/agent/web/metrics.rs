//! Counters and gauges in the text format of Prometheus.

use std::fmt::{Display, Write};

use crate::agent::web::reply::WebReply;
use crate::agent::web::site::Site;
use crate::face::Words;
use crate::face::methods::{Status, Trust};
use crate::wire::http::RequestHead;

/// `/metrics`.
///
/// # Source
/// Prometheus documentation, "Text-based format", version 0.0.4.
pub(super) fn page(site: &Site, _: &RequestHead<'_>) -> WebReply {
    let (status, trust) = (site.service.status(), site.service.trust());
    let mut metrics = Metrics::default();
    of_agent(&mut metrics, &status);
    of_trust(&mut metrics, &status, &trust);
    counters(&mut metrics, &status);
    of_page(&mut metrics, site);
    WebReply::of("text/plain; version=0.0.4; charset=utf-8", metrics.0)
}

fn of_agent(metrics: &mut Metrics, status: &Status) {
    metrics.family("secd_build_info", MetricKind::Gauge, "The version of the agent, always 1.");
    metrics.labelled("secd_build_info", &[("version", &status.version)], &1);
    metrics.family("secd_device_info", MetricKind::Gauge, "The name of the phone, always 1.");
    metrics.labelled("secd_device_info", &[("device", &status.device)], &1);
    metrics.gauge("secd_uptime_seconds", "Time since the start of the agent.", &status.uptime);
    metrics.gauge("secd_clock_seconds", "The phone's clock, since 1970.", &status.time);
    metrics.gauge("secd_tvs_answers_cached", "Answers of TVS that hold.", &status.cached);
    let text = "Connections to servers that are open for the phone's programs.";
    metrics.gauge("secd_connections_open", text, &status.open_connections);
}

fn of_trust(metrics: &mut Metrics, status: &Status, trust: &Trust) {
    metrics.family(
        "secd_trust_state",
        MetricKind::Gauge,
        "The trust state by its number, always 1.",
    );
    metrics.labelled("secd_trust_state", &[("state", &status.state)], &1);
    let flag = |is: bool| u8::from(is);
    let text = "Whether the installed lists cannot be read, so that nothing is trusted.";
    metrics.gauge("secd_locked", text, &flag(status.locked));
    let text = "Whether configurations must be signed.";
    metrics.gauge("secd_signed_files", text, &flag(trust.signed_files));
    let text = "Whether a boot pass is under way.";
    metrics.gauge("secd_pass_under_way", text, &flag(status.pass_under_way));
    if let Some(last) = &status.last_pass {
        let text = "Whether the last boot pass failed.";
        metrics.gauge("secd_last_pass_failed", text, &flag(last.failed));
        let text = "Time since the end of the last boot pass.";
        metrics.gauge("secd_last_pass_age_seconds", text, &last.age);
    }
    let code = status.alarm.as_ref().map_or(0, |alarm| alarm.code);
    metrics.gauge("secd_alarm_code", "The last trust list update alarm; 0 if none.", &code);
    let text = "When the installed list was signed, since 1970.";
    metrics.family("secd_list_signed_seconds", MetricKind::Gauge, text);
    for list in &trust.lists {
        let labels: [(_, &dyn Display); 1] = [("list", &list.kind.word())];
        metrics.labelled("secd_list_signed_seconds", &labels, &list.timestamp);
    }
    metrics.family("secd_list_records", MetricKind::Gauge, "Records of the installed list.");
    for list in &trust.lists {
        let labels: [(_, &dyn Display); 1] = [("list", &list.kind.word())];
        metrics.labelled("secd_list_records", &labels, &list.records.len());
    }
    let text = "Until when the phone's own certificate is valid, since 1970.";
    metrics.family("secd_certificate_expiry_seconds", MetricKind::Gauge, text);
    for own in &status.identity.certificates {
        let labels: [(_, &dyn Display); 1] = [("kind", &own.kind.word())];
        metrics.labelled("secd_certificate_expiry_seconds", &labels, &own.valid_until);
    }
}

fn counters(metrics: &mut Metrics, status: &Status) {
    let count = &status.counters;
    for (name, text, value) in [
        ("secd_passes_total", "Boot passes that were begun.", count.passes),
        ("secd_transfers_total", "Files that were requested from servers.", count.transfers),
        ("secd_tvs_questions_total", "Questions that were sent to TVS.", count.tvs_questions),
        ("secd_connections_total", "Connections opened for programs.", count.connections),
        (
            "secd_connections_refused_total",
            "Connections that programs requested and did not get.",
            count.refused_connections,
        ),
        (
            "secd_connections_cut_total",
            "Connections that the server's side cut off.",
            count.cut_connections,
        ),
        (
            "secd_connections_legacy_total",
            "Connections in TLS without forward secrecy.",
            count.legacy_connections,
        ),
        ("secd_calls_total", "Calls on the socket.", count.calls),
        ("secd_calls_refused_total", "Calls by users without the right.", count.refused_calls),
    ] {
        metrics.counter(name, text, value);
    }
}

fn of_page(metrics: &mut Metrics, site: &Site) {
    let text = "Requests to the web page that were answered.";
    metrics.counter("secd_web_answered_total", text, site.answered.get());
    let text = "Clients of the web page that were refused or let go.";
    metrics.counter("secd_web_refused_total", text, site.refused.get());
    let text = "Connections to the web page that are open.";
    metrics.gauge("secd_web_connections", text, &site.rooms.taken());
    metrics.gauge("secd_web_logs_followed", "Logs that are being followed.", &site.live.get());
}

/// The text so far.
#[derive(Default)]
struct Metrics(String);

/// What a number does.
#[derive(Clone, Copy)]
enum MetricKind {
    /// It only grows, from the start of the agent on.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Metrics {
    fn family(&mut self, name: &str, kind: MetricKind, text: &str) {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        // Writing into a string does not fail.
        let _ = write!(self.0, "# HELP {name} {text}\n# TYPE {name} {kind}\n");
    }

    fn counter(&mut self, name: &str, text: &str, value: u64) {
        self.family(name, MetricKind::Counter, text);
        self.labelled(name, &[], &value);
    }

    fn gauge(&mut self, name: &str, text: &str, value: &dyn Display) {
        self.family(name, MetricKind::Gauge, text);
        self.labelled(name, &[], value);
    }

    fn labelled(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: &dyn Display) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            self.0.push_str(if place == 0 { "{" } else { "," });
            let text = text.to_string();
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{label}=\"{text}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_ends_where_it_should() {
        let mut metrics = Metrics::default();
        metrics.labelled("a", &[("b", &"x\"} 1\ny\\"), ("c", &"d")], &7);
        assert_eq!(metrics.0, "a{b=\"x\\\"} 1\\ny\\\\\",c=\"d\"} 7\n");
        metrics.counter("n_total", "Text.", 3);
        assert!(metrics.0.ends_with("# HELP n_total Text.\n# TYPE n_total counter\nn_total 3\n"));
    }
}
