//! What is wrong between a phone and its cluster, and the least drastic remedy.
//!
//! The technote's check "does the ITL of the phone match the cluster's", with the flow chart that
//! goes with it, as a function: facts in, diagnosis out. Gathering the facts is not its concern.
//! Examining an offered list does not make it trusted: what it claims serves the explanation alone,
//! and whether it would be accepted was settled by the same rules as in a boot pass.

mod boot;
mod case;
mod changes;
mod checks;
mod classify;
mod conditions;
mod contact;
mod findings;
mod own;
mod probe;
mod remedy;
#[cfg(test)]
mod tests;
pub mod ways;

pub use boot::{Fate, NextBoot};
pub use case::{Case, Cluster};
pub use changes::{Changes, Novelty};
pub use checks::{Check, Mark};
pub use conditions::Conditions;
pub use contact::Contact;
pub use findings::{
    Clock, ConfigurationFound, ContactedServer, Findings, Fingerprint, Integrity, ListFound,
    ListVerdict, MemberFound, Offered, OfferedList, Presented, Reach, ShownCertificate, StoreFound,
};
pub use own::OwnFound;
pub use probe::{ProbeReport, ProbeVerdict, ProbedCertificate, TestCase, TestStatus};
pub use remedy::Remedy;
pub use ways::{WayFound, WaySeen};

/// What is wrong, what happens if nothing is done, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnosis {
    /// Which of the technote's cases the findings are.
    pub case: Case,
    /// What the next boot pass does, if nothing changes before it.
    pub next_boot: NextBoot,
    /// The least drastic remedy that helps in this case.
    pub remedy: Remedy,
    /// Whether the ITL may be deleted at all; `None` if nothing was refused.
    pub conditions: Option<Conditions>,
}

impl Diagnosis {
    /// Draws the conclusion from the findings; the same findings give the same diagnosis.
    #[must_use]
    pub fn of(findings: &Findings) -> Self {
        let case = Case::of(findings);
        let conditions = Conditions::of(findings);
        let remedy = Remedy::of(&case, findings, conditions);
        // Where nothing is refused, there is no reason to consider deleting a list.
        let conditions = findings.refuses().then_some(conditions);
        Self { case, next_boot: NextBoot::of(findings), remedy, conditions }
    }
}
