//! A report as one object.

use serde::Serialize;

use crate::diagnose::{Diagnosis, ProbeReport, TestCase, TestStatus};

/// The object, with the exit code that goes with it: what a person would look at first comes first.
#[derive(Serialize)]
pub(super) struct ReportObject<'a> {
    device: &'a str,
    servers: &'a [String],
    exit: u8,
    state: String,
    case: Option<WordedFinding>,
    remedy: Option<WordedFinding>,
    conditions: Vec<ConditionObject>,
    counts: CaseCounts,
    milliseconds: u64,
    cases: Vec<CaseObject<'a>>,
}

impl<'a> ReportObject<'a> {
    pub(super) fn new(report: &'a ProbeReport, exit: u8) -> Self {
        let diagnosed = report.diagnosed.as_ref();
        let conditions = diagnosed.and_then(|it| it.conditions).into_iter();
        Self {
            device: &report.device,
            servers: &report.servers,
            exit,
            state: report.state.to_string(),
            case: diagnosed.map(|Diagnosis { case: it, .. }| WordedFinding {
                word: it.word(),
                text: it.to_string(),
            }),
            remedy: diagnosed.map(|Diagnosis { remedy: it, .. }| WordedFinding {
                word: it.word(),
                text: it.to_string(),
            }),
            conditions: conditions
                .flat_map(|it| it.listed())
                .map(|(text, holds)| ConditionObject { text, holds })
                .collect(),
            counts: CaseCounts {
                fail: report.count(TestStatus::Fail),
                unreachable: report.count(TestStatus::Unreachable),
                warn: report.count(TestStatus::Warn),
                pass: report.count(TestStatus::Pass),
                skip: report.count(TestStatus::Skip),
            },
            milliseconds: report.millis,
            cases: report.cases.iter().map(CaseObject::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct WordedFinding {
    word: &'static str,
    text: String,
}

/// One condition of deleting a list; whether it holds, `null` where the phone cannot find out.
#[derive(Serialize)]
struct ConditionObject {
    text: &'static str,
    holds: Option<bool>,
}

#[derive(Serialize)]
struct CaseCounts {
    fail: usize,
    unreachable: usize,
    warn: usize,
    pass: usize,
    skip: usize,
}

#[derive(Serialize)]
struct CaseObject<'a> {
    group: &'a str,
    name: &'a str,
    status: &'static str,
    class: Option<&'static str>,
    does: Option<&'a str>,
    why: Option<&'a str>,
    log: &'a [String],
}

impl<'a> From<&'a TestCase> for CaseObject<'a> {
    fn from(case: &'a TestCase) -> Self {
        Self {
            group: &case.group,
            name: &case.name,
            status: case.status.word(),
            class: given(case.class),
            does: given(&case.does),
            why: given(&case.why),
            log: &case.lines,
        }
    }
}

/// What is not known is `null`, as everywhere.
fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
