//! A report for people.

use std::fmt::Write;

use crate::diagnose::{ProbeReport, ProbeVerdict, Remedy, TestCase, TestStatus};
use crate::io::console::escape;

/// The whole page: groups of cases, then what they come to.
pub(super) fn page(report: &ProbeReport) -> String {
    let mut page = String::new();
    line(&mut page, "", &format!("{} at {}", report.device, report.servers.join(", ")));
    let mut group = "";
    for case in &report.cases {
        if case.group != group {
            group = &case.group;
            page.push('\n');
            line(&mut page, "", group);
        }
        of_case(&mut page, case);
    }
    page.push('\n');
    if let Some((case, remedy)) = &report.diagnosed {
        line(&mut page, "case: ", &format!("{case} ({})", case.word()));
        if *remedy != Remedy::Nothing {
            line(&mut page, "remedy: ", &format!("{remedy} ({})", remedy.word()));
        }
    }
    line(&mut page, "", &summary(report));
    page
}

fn of_case(page: &mut String, case: &TestCase) {
    let does = if case.does.is_empty() { &case.why } else { &case.does };
    line(page, "  ", &format!("{:5} {}: {does}", mark(case.status), case.name));
    if !case.does.is_empty() && !case.why.is_empty() {
        let class = match case.class {
            "" => String::new(),
            class => format!(" ({class})"),
        };
        line(page, "        ", &format!("{}{class}", case.why));
    }
    if matches!(case.status, TestStatus::Fail | TestStatus::Unreachable) {
        for entry in &case.lines {
            line(page, "        | ", entry);
        }
    }
}

/// The verdict in one line.
pub(super) fn summary(report: &ProbeReport) -> String {
    let verdict = match report.verdict() {
        ProbeVerdict::Refuses => "a phone refuses something",
        ProbeVerdict::Takes => "a phone takes everything",
        ProbeVerdict::Unreachable => "a server cannot be reached",
    };
    let counts = [
        (TestStatus::Pass, "passed"),
        (TestStatus::Warn, "with warnings"),
        (TestStatus::Fail, "failed"),
        (TestStatus::Unreachable, "unreachable"),
        (TestStatus::Skip, "skipped"),
    ];
    let counts = counts.into_iter().map(|(status, words)| (report.count(status), words));
    let counts = counts.filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, words)| format!("{count} {words}")).collect();
    format!("{verdict}: {}", counts.join(", "))
}

const fn mark(status: TestStatus) -> &'static str {
    match status {
        TestStatus::Fail => "FAIL",
        TestStatus::Pass => "ok",
        TestStatus::Skip => "skip",
        TestStatus::Unreachable => "GONE",
        TestStatus::Warn => "warn",
    }
}

fn line(page: &mut String, indent: &str, text: &str) {
    let _fits = writeln!(page, "{indent}{}", escape(text));
}
