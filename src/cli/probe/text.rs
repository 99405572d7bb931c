//! A report for people.

use crate::cli::doctor::add_conditions;
use crate::cli::shown::{PageForm, Shown, Tone};
use crate::diagnose::{
    Conditions, Diagnosis, ProbeReport, ProbeVerdict, Remedy, TestCase, TestStatus,
};

/// The whole page: groups of cases, then what they come to.
pub(super) fn page(report: &ProbeReport, form: PageForm) -> Shown {
    let mut page = Shown::new(form);
    let title = format!("{} at {}", report.device, report.servers.join(", "));
    page.end_with(Tone::Plain, &title, 0, 2);
    let mut group = "";
    for case in &report.cases {
        if case.group != group {
            group = &case.group;
            page.end();
            page.end_with(Tone::Heading, group, 0, 0);
        }
        add_case(&mut page, case);
    }
    page.end();
    if let Some(Diagnosis { case, remedy, conditions, .. }) = &report.diagnosed {
        add(&mut page, "case: ", &format!("{case} ({})", case.word()));
        if *remedy != Remedy::Nothing {
            add(&mut page, "remedy: ", &format!("{remedy} ({})", remedy.word()));
            if report.cases.iter().any(|case| case.class == "no-members") {
                add(&mut page, "note: ", NO_TVS);
            }
        }
        let conditions = conditions.as_ref().map(Conditions::listed).into_iter().flatten();
        add_conditions(&mut page, conditions);
    }
    page.end_with(verdict_tone(report.verdict()), &summary(report), 0, 2);
    page
}

fn add_case(page: &mut Shown, case: &TestCase) {
    let (mark, tone) = mark(case.status);
    page.put(Tone::Plain, "  ");
    page.put(tone, &format!("{mark:5}"));
    page.put(Tone::Plain, " ");
    let does = if case.does.is_empty() { &case.why } else { &case.does };
    page.end_with(Tone::Plain, &format!("{}: {does}", case.name), WHY.len(), WHY.len());
    if !case.does.is_empty() && !case.why.is_empty() {
        let class = match case.class {
            "" => String::new(),
            class => format!(" ({class})"),
        };
        add(page, WHY, &format!("{}{class}", case.why));
    }
    if matches!(case.status, TestStatus::Fail | TestStatus::Unreachable) {
        for entry in &case.lines {
            add(page, LOGGED, entry);
        }
    }
}

fn add(page: &mut Shown, before: &str, text: &str) {
    page.put(Tone::Plain, before);
    page.end_with(Tone::Plain, text, before.len(), before.len());
}

/// What a reader must know of a conclusion without the word of TVS.
const NO_TVS: &str = "no TVS was asked. The members that a phone's last configuration names may vouch \
                      for a signer; --tvs HOST asks one, as such a phone does";

/// What is before the reason of a case, and before a line of the log about it.
const WHY: &str = "        ";
const LOGGED: &str = "        | ";

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

const fn mark(status: TestStatus) -> (&'static str, Tone) {
    match status {
        TestStatus::Fail => ("FAIL", Tone::Bad),
        TestStatus::Pass => ("ok", Tone::Good),
        TestStatus::Skip => ("skip", Tone::Plain),
        TestStatus::Unreachable => ("GONE", Tone::Bad),
        TestStatus::Warn => ("warn", Tone::Doubtful),
    }
}

const fn verdict_tone(verdict: ProbeVerdict) -> Tone {
    match verdict {
        ProbeVerdict::Refuses | ProbeVerdict::Unreachable => Tone::Bad,
        ProbeVerdict::Takes => Tone::Good,
    }
}
