//! The certificates that a probe came across: how strong they are, and how long they are valid.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Certificate, TestCase, TestStatus, Weakness};

/// A certificate, and where it was found.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ProbedCertificate {
    /// The list or the server that it came with.
    pub holder: String,
    /// All of it, in DER.
    pub der: Vec<u8>,
}

impl ProbedCertificate {
    /// Three cases for each holder: keys, signatures and validity. None of them is a refusal, since
    /// phones trust what is listed whatever its dates.
    #[must_use]
    pub fn cases(found: &[Self], now: Option<u64>) -> Vec<TestCase> {
        let mut holders: Vec<&str> = found.iter().map(|it| it.holder.as_str()).collect();
        holders.dedup();
        holders.iter().flat_map(|holder| of_holder(found, holder, now)).collect()
    }
}

fn of_holder(found: &[ProbedCertificate], holder: &str, now: Option<u64>) -> Vec<TestCase> {
    // A list has a certificate once for each of its roles.
    let ders: BTreeSet<&[u8]> =
        found.iter().filter(|it| it.holder == holder).map(|it| it.der.as_slice()).collect();
    let mut weak: Vec<(String, Weakness)> = Vec::new();
    for certificate in ders.iter().filter_map(|der| Certificate::parse(der).ok()) {
        let weaknesses = Weakness::of(&certificate, now);
        weak.extend(weaknesses.into_iter().map(|weakness| (certificate.subject(), weakness)));
    }
    let of = |title, class, good, is_it: fn(&Weakness) -> bool| {
        let faults = weak.iter().filter(|(_, weakness)| is_it(weakness));
        let faults: Vec<_> = faults.map(|(who, what)| format!("{who}: {what}")).collect();
        case(&format!("{holder}: {title}"), class, good, &faults)
    };
    let keys = of("RSA keys", "small-key", "2048 bits or more, or elliptic curves", |it| {
        matches!(it, Weakness::SmallKey(_))
    });
    let signatures =
        of("certificate signatures", "sha1", "none with SHA-1", |it| matches!(it, Weakness::Sha1));
    let validity = match now {
        Some(_) => of("validity", "expiry", "30 days or more", |it| {
            !matches!(it, Weakness::SmallKey(_) | Weakness::Sha1)
        }),
        None => {
            let name = format!("{holder}: validity");
            let why = "the clock of this machine is not set";
            TestCase::new(GROUP, name, TestStatus::Skip).because("clock-unset", why)
        }
    };
    [keys, signatures, validity].into()
}

fn case(name: &str, class: &'static str, good: &str, faults: &[String]) -> TestCase {
    if faults.is_empty() {
        return TestCase::new(GROUP, name, TestStatus::Pass).because("", good);
    }
    let shown = faults.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = faults.len().saturating_sub(MOST);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    TestCase::new(GROUP, name, TestStatus::Warn)
        .does("accepts them anyway: what a list contains is compared byte by byte")
        .because(class, shown + &more)
}

const GROUP: &str = "certificates";

/// Certificates that are named in one case. Inferred: enough to see which they are.
const MOST: usize = 8;
