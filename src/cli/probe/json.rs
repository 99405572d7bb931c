//! A report as one object.

use serde_json::{Value, json};

use crate::diagnose::{ProbeReport, TestCase, TestStatus};

/// The object, with the exit code that goes with it.
pub(super) fn object(report: &ProbeReport, exit: u8) -> Value {
    let diagnosed = report.diagnosed.as_ref();
    let case = diagnosed.map(|(case, _)| json!({ "word": case.word(), "text": case.to_string() }));
    let remedy =
        diagnosed.map(|(_, remedy)| json!({ "word": remedy.word(), "text": remedy.to_string() }));
    let statuses = [
        TestStatus::Fail,
        TestStatus::Pass,
        TestStatus::Skip,
        TestStatus::Unreachable,
        TestStatus::Warn,
    ];
    let counts = statuses.map(|status| (status.word().to_owned(), json!(report.count(status))));
    json!({
        "device": report.device,
        "servers": report.servers,
        "state": report.state.to_string(),
        "case": case,
        "remedy": remedy,
        "milliseconds": report.millis,
        "exit": exit,
        "counts": Value::Object(counts.into_iter().collect()),
        "cases": report.cases.iter().map(of_case).collect::<Vec<_>>(),
    })
}

fn of_case(case: &TestCase) -> Value {
    json!({
        "group": case.group,
        "name": case.name,
        "status": case.status.word(),
        "class": case.class,
        "does": case.does,
        "why": case.why,
        "log": case.lines,
    })
}
