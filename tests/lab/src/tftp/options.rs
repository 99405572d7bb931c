//! Negotiation of options.

use std::time::Duration;

use super::faults::{Faults, OptionPolicy};

/// What a transfer goes by, and what the OACK says.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Terms {
    pub(super) blksize: usize,
    pub(super) window: u64,
    pub(super) patience: Duration,
    pub(super) answered: Vec<(String, String)>,
}

impl Terms {
    pub(super) fn negotiate(asked: &[(String, String)], length: usize, faults: &Faults) -> Self {
        let patience = faults.patience;
        let mut terms = Self { blksize: 512, window: 1, patience, answered: Vec::new() };
        if faults.options == OptionPolicy::Ignore {
            return terms;
        }
        for (name, value) in asked {
            if let Some(answer) = terms.accept(&name.to_ascii_lowercase(), value, length, faults) {
                terms.answered.push((name.clone(), answer));
            }
        }
        if !asked.is_empty() {
            let is_new =
                |(name, _): &&(String, String)| asked.iter().all(|(asked, _)| asked != name);
            terms.answered.extend(faults.unasked.iter().filter(is_new).cloned());
        }
        terms
    }

    /// The answer to one option; `None` for an unknown name or a value out of range.
    fn accept(
        &mut self,
        name: &str,
        value: &str,
        length: usize,
        faults: &Faults,
    ) -> Option<String> {
        let value: u64 = value.parse().ok()?;
        match name {
            "blksize" if (8..=65_464).contains(&value) => {
                let blksize = faults.blksize.map_or(value, u64::from);
                self.blksize = usize::try_from(blksize).ok()?;
                Some(format!("{}{blksize}", " ".repeat(faults.blanks)))
            }
            "timeout" if (1..=255).contains(&value) => {
                self.patience = Duration::from_secs(value);
                Some(value.to_string())
            }
            "tsize" => Some(faults.tsize.map_or(length.to_string(), |lie| lie.to_string())),
            "windowsize" if (1..=65_535).contains(&value) => {
                self.window = value;
                Some(value.to_string())
            }
            _ => None,
        }
    }
}
