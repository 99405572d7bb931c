//! What is the matter between a phone and its cluster, and the least drastic remedy.
//!
//! The technote's check "does the ITL of the phone match the cluster's", with the flow chart that
//! goes with it, as a function: facts in, diagnosis out. Who gathers the facts is not said here.
//! Nothing of an offered list is trusted by being looked at: what it claims serves the explanation
//! only, and whether it would be believed was settled by the same rules as in a boot pass.

mod boot;
mod case;
mod changes;
mod checks;
mod classify;
mod conditions;
mod contact;
mod findings;
mod remedy;
#[cfg(test)]
mod tests;

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
pub use remedy::Remedy;

/// What is the matter, what happens if nothing is done, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnosis {
    /// The technote's case.
    pub case: Case,
    /// What the next boot pass does.
    pub next_boot: NextBoot,
    /// The least drastic remedy.
    pub remedy: Remedy,
    /// Whether the list may be deleted at all; nothing where there is nothing to delete it for.
    pub conditions: Option<Conditions>,
}

impl Diagnosis {
    /// Draws the conclusion.
    #[must_use]
    pub fn of(findings: &Findings) -> Self {
        let case = Case::of(findings);
        let conditions = Conditions::of(findings);
        let remedy = Remedy::of(&case, findings, conditions);
        let conditions = findings.refuses().then_some(conditions);
        Self { case, next_boot: NextBoot::of(findings), remedy, conditions }
    }
}
