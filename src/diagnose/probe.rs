//! The report of a probe: one test case a check, and what they come to.

use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnose::Diagnosis;
use crate::trust::anchors::State;
use crate::trust::certificate::Certificate;
use crate::trust::weakness::Weakness;

mod certificates;

pub use certificates::ProbedCertificate;

/// What a phone made of the servers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProbeReport {
    /// The name of the phone that was booted.
    pub device: String,
    /// The TFTP servers that it was to ask, in that order.
    pub servers: Vec<String>,
    /// Every check, in the order in which it was made.
    pub cases: Vec<TestCase>,
    /// What the doctor makes of it; nothing if no server was reached.
    pub diagnosed: Option<Diagnosis>,
    /// The trust state that the phone ended in.
    pub state: State,
    /// How long the probe took, in milliseconds.
    pub millis: u64,
}

/// What a probe comes to as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProbeVerdict {
    /// A phone refuses something.
    Refuses,
    /// A phone takes everything.
    Takes,
    /// Nothing is refused, but a server could not be reached.
    Unreachable,
}

impl ProbeReport {
    /// The verdict: a refusal outweighs a server that could not be reached.
    #[must_use]
    pub fn verdict(&self) -> ProbeVerdict {
        if self.count(TestStatus::Fail) > 0 {
            ProbeVerdict::Refuses
        } else if self.count(TestStatus::Unreachable) > 0 {
            ProbeVerdict::Unreachable
        } else {
            ProbeVerdict::Takes
        }
    }

    /// How many cases have this status.
    #[must_use]
    pub fn count(&self, status: TestStatus) -> usize {
        self.cases.iter().filter(|case| case.status == status).count()
    }

    /// The same with every warning as a failure, so that its readers see what failed.
    #[must_use]
    pub fn strict(mut self) -> Self {
        for case in &mut self.cases {
            if case.status == TestStatus::Warn {
                case.status = TestStatus::Fail;
            }
        }
        self
    }
}

/// How one check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TestStatus {
    /// A phone refuses it, or cannot work with it.
    Fail,
    /// A phone takes it.
    Pass,
    /// There was nothing to check.
    Skip,
    /// The server was not reached.
    Unreachable,
    /// A phone takes it, and it is weak or odd.
    Warn,
}

impl TestStatus {
    /// One word, for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Unreachable => "unreachable",
            Self::Warn => "warn",
        }
    }
}

/// One check, with what a phone does and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TestCase {
    /// What it belongs to, such as `boot 1` or `tvs`.
    pub group: String,
    /// What was checked. Names of cases are the same in each run against the same servers.
    pub name: String,
    /// Whether a phone takes it.
    pub status: TestStatus,
    /// The kind of fault in one word, empty where there is none.
    pub class: &'static str,
    /// What a phone does.
    pub does: String,
    /// Why it does so.
    pub why: String,
    /// What its console log says about it, graver lines only.
    pub lines: Vec<String>,
}

impl TestCase {
    /// A case without a reason yet.
    #[must_use]
    pub fn new(group: &str, name: impl Into<String>, status: TestStatus) -> Self {
        Self {
            group: group.into(),
            name: name.into(),
            status,
            class: "",
            does: String::new(),
            why: String::new(),
            lines: Vec::new(),
        }
    }

    /// The same with what a phone does.
    #[must_use]
    pub fn does(mut self, does: impl Into<String>) -> Self {
        self.does = does.into();
        self
    }

    /// The same with the reason, and its class.
    #[must_use]
    pub fn because(mut self, class: &'static str, why: impl Into<String>) -> Self {
        self.class = class;
        self.why = why.into();
        self
    }

    /// The same with lines of the console log.
    #[must_use]
    pub fn with_lines(mut self, lines: Vec<String>) -> Self {
        self.lines = lines;
        self
    }

    /// The same with something odd that a phone takes all the same: a pass becomes a warning.
    #[must_use]
    pub fn odd(mut self, class: &'static str, what: &str) -> Self {
        if self.status == TestStatus::Pass {
            self.status = TestStatus::Warn;
            self.class = class;
        }
        if !self.why.is_empty() {
            self.why.push_str("; ");
        }
        self.why.push_str(what);
        self
    }
}
