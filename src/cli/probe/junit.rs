//! A report as JUnit XML, which build servers read.
//!
//! # Source
//! The dialect of Ant and Maven, as Jenkins and GitLab document what they read: a failure is what
//! the phone refuses, an error is a server that was not reached, and a warning is on standard
//! output of a case that passed.

use std::fmt::Write;

use crate::diagnose::{Diagnosis, ProbeReport, TestCase, TestStatus};
use crate::io::console::escape;

/// The document, with one suite.
pub(super) fn document(report: &ProbeReport) -> String {
    let (tests, failures) = (report.cases.len(), report.count(TestStatus::Fail));
    let (errors, skipped) = (report.count(TestStatus::Unreachable), report.count(TestStatus::Skip));
    let seconds = format!("{}.{:03}", report.millis / 1000, report.millis % 1000);
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
    let suite = attribute(&format!("secd probe {}", report.device));
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _fits = writeln!(
        text,
        "<testsuites {counts} time=\"{seconds}\">\n<testsuite name=\"{suite}\" {counts} \
         skipped=\"{skipped}\" time=\"{seconds}\">"
    );
    properties(&mut text, report);
    report.cases.iter().for_each(|case| of_case(&mut text, case));
    text + "</testsuite>\n</testsuites>\n"
}

fn properties(text: &mut String, report: &ProbeReport) {
    let mut facts =
        vec![("servers", report.servers.join(" ")), ("state", report.state.to_string())];
    if let Some(Diagnosis { case, remedy, .. }) = &report.diagnosed {
        facts.push(("case", case.word().to_owned()));
        facts.push(("remedy", remedy.word().to_owned()));
    }
    text.push_str("<properties>\n");
    for (name, value) in facts {
        let value = attribute(&value);
        let _fits = writeln!(text, "<property name=\"{name}\" value=\"{value}\"/>");
    }
    text.push_str("</properties>\n");
}

fn of_case(text: &mut String, case: &TestCase) {
    let TestCase { group, name, class, why, .. } = case;
    let (class_name, name) = (attribute(&group.replace(' ', "")), attribute(name));
    let _fits = writeln!(text, "<testcase classname=\"secd.probe.{class_name}\" name=\"{name}\">");
    let element = match case.status {
        TestStatus::Fail => "failure",
        TestStatus::Unreachable => "error",
        TestStatus::Skip => "skipped",
        TestStatus::Pass | TestStatus::Warn => "system-out",
    };
    let body = content(&body(case));
    let (message, class) = (attribute(why), attribute(class));
    let _fits = match case.status {
        TestStatus::Skip => writeln!(text, "<skipped message=\"{message}\"/>"),
        TestStatus::Pass | TestStatus::Warn => writeln!(text, "<{element}>{body}</{element}>"),
        TestStatus::Fail | TestStatus::Unreachable => {
            writeln!(text, "<{element} message=\"{message}\" type=\"{class}\">{body}</{element}>")
        }
    };
    text.push_str("</testcase>\n");
}

/// What the phone does, why, and what its log says.
fn body(case: &TestCase) -> Vec<String> {
    let warning = match case.status {
        TestStatus::Warn => format!("warning ({}): ", case.class),
        _ => String::new(),
    };
    let does = Some(format!("phone: {}", case.does)).filter(|_| !case.does.is_empty());
    let why = Some(format!("{warning}{}", case.why)).filter(|_| !case.why.is_empty());
    does.into_iter().chain(why).chain(case.lines.iter().cloned()).collect()
}

fn content(lines: &[String]) -> String {
    lines.iter().map(|line| attribute(line)).collect::<Vec<_>>().join("\n")
}

/// Any text as the value of an attribute or as content: what a terminal obeys is made visible, and
/// so is what XML has no way to write (XML 1.0 §2.2).
fn attribute(text: &str) -> String {
    let mut written = String::new();
    for character in escape(text).to_string().chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _fits = write!(written, "{}", character.escape_unicode());
            }
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::attribute;

    #[test]
    fn no_text_leaves_its_place_in_the_document() {
        let text = "\"><!--]]>&\u{1b}[2J\n\u{0}\u{ffff}\u{202e}'";
        let written = attribute(text);
        let harmless = "&quot;&gt;&lt;!--]]&gt;&amp;\\u{1b}[2J\\n\\u{0}\\u{ffff}\\u{202e}&apos;";
        assert_eq!(written, harmless);
    }
}
