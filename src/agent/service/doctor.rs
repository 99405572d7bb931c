//! For the administrator: what is the matter.

use serde_json::{Value, json};

use crate::agent::doctor::{Busy, Report};
use crate::agent::service::errors::Fault;
use crate::agent::service::{Answer, Service, none};
use crate::diagnose::{Check, Conditions};
use crate::wire::varlink::Call;

impl Service {
    pub(super) async fn diagnose(&self, call: &Call) -> Answer {
        none(call)?;
        let made = self.agent.diagnose().await;
        made.map(|report| told(&report)).map_err(|Busy| Fault::new("Busy", json!({})))
    }
}

fn told(report: &Report) -> Value {
    let diagnosis = &report.diagnosis;
    let (case, remedy) = (&diagnosis.case, diagnosis.remedy);
    let checks: Vec<_> = report.findings.checks().iter().map(check).collect();
    json!({
        "checks": checks,
        "case": { "word": case.word(), "text": case.to_string() },
        "next_boot": diagnosis.next_boot.to_string(),
        "remedy": { "word": remedy.word(), "text": remedy.to_string() },
        "conditions": diagnosis.conditions.map(|it| conditions(&it)).unwrap_or_default(),
    })
}

fn check(check: &Check) -> Value {
    json!({ "name": check.name, "mark": check.mark.word(), "detail": check.detail })
}

fn conditions(conditions: &Conditions) -> Vec<Value> {
    let condition = |(text, holds)| json!({ "text": text, "holds": holds });
    conditions.listed().map(condition).to_vec()
}
