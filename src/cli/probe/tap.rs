//! A report in the Test Anything Protocol, version 14.

use std::fmt::Write;

use crate::cli::probe::text::summary;
use crate::diagnose::{Diagnosis, ProbeReport, TestCase, TestStatus};
use crate::io::console::{escape, escape_json};

/// The stream: a plan, a line a case with its reason below, and the verdict as a comment.
pub(super) fn stream(report: &ProbeReport) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", report.cases.len());
    for (case, number) in report.cases.iter().zip(1..) {
        of_case(&mut text, number, case);
    }
    if let Some(Diagnosis { case, remedy, .. }) = &report.diagnosed {
        let _fits = writeln!(text, "# case {}, remedy {}", case.word(), remedy.word());
    }
    let _fits = writeln!(text, "# {}", escape(&summary(report)));
    text
}

fn of_case(text: &mut String, number: usize, case: &TestCase) {
    let result = match case.status {
        TestStatus::Fail | TestStatus::Unreachable => "not ok",
        TestStatus::Pass | TestStatus::Skip | TestStatus::Warn => "ok",
    };
    let name = description(&format!("{}: {}", case.group, case.name));
    let skip = match case.status {
        TestStatus::Skip => format!(" # SKIP {}", description(&case.why)),
        _ => String::new(),
    };
    let _fits = writeln!(text, "{result} {number} - {name}{skip}");
    if matches!(case.status, TestStatus::Pass | TestStatus::Skip) {
        return;
    }
    text.push_str("  ---\n");
    let facts = [
        ("status", case.status.word()),
        ("class", case.class),
        ("does", case.does.as_str()),
        ("why", case.why.as_str()),
    ];
    for (name, value) in facts {
        let _fits = writeln!(text, "  {name}: {}", quoted(value));
    }
    let lines = case.lines.iter().map(|line| quoted(line)).collect::<Vec<_>>().join(", ");
    let _fits = writeln!(text, "  log: [{lines}]\n  ...");
}

/// A text without what would be a directive: `#` begins one.
fn description(text: &str) -> String {
    escape(text).to_string().replace('\\', "\\\\").replace('#', "\\#")
}

/// A text in quotes; what JSON writes so, YAML reads (YAML 1.2 §1.3).
fn quoted(text: &str) -> String {
    escape_json(&serde_json::Value::from(text).to_string()).to_string()
}
