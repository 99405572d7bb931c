//! How the TFTP servers behave beyond what they send.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::agent::files::Habit;
use crate::agent::probe::Probing;
use crate::diagnose::{Contact, TestCase, TestStatus, ways};
use crate::proto::tftp::Negotiation;
use crate::wire::tftp::ErrorCode;

impl Probing<'_> {
    /// Adds a case for each server that was asked: the ways to its files.
    pub(super) async fn judge_ways(&mut self) {
        let servers = self.agent.settings().tftp.servers.clone();
        for (server, ways) in servers.iter().zip(self.world.survey().await) {
            if ways.len() < 2 {
                continue;
            }
            let shown = ways::shown(&ways);
            let (found, taken) = shown.rsplit_once("; the phone ").unwrap_or((&shown, ""));
            let case = TestCase::new("ways", server.to_string(), TestStatus::Pass);
            let case = case.does(taken).because("", found);
            self.cases.push(match ways::is_distrusted(&ways) {
                true => case.odd("https-distrusted", "the HTTPS server is not trusted for files"),
                false => case,
            });
        }
    }

    /// Adds the cases of every server that was asked.
    pub(super) fn judge_servers(&mut self) {
        for server in self.agent.servers() {
            if server.last == Contact::Never {
                let case = TestCase::new(GROUP, server.address, TestStatus::Skip);
                self.cases.push(case.because("not-asked", "the servers before it answered"));
            }
        }
        let mut of_address: BTreeMap<SocketAddr, Vec<Habit>> = BTreeMap::new();
        for (address, habit) in self.world.habits() {
            of_address.entry(address).or_default().push(habit);
        }
        for (address, habits) in of_address {
            let cases = [options(&habits), errors(&habits), addresses(&habits), protocol(&habits)];
            self.cases.extend(
                cases
                    .into_iter()
                    .map(|case| TestCase { name: format!("{address}: {}", case.name), ..case }),
            );
        }
    }
}

fn options(habits: &[Habit]) -> TestCase {
    let case = |status| TestCase::new(GROUP, "option negotiation", status);
    let seen = |wanted| habits.contains(&Habit::Options(wanted));
    let plain = |why| {
        case(TestStatus::Warn).does("goes on with blocks of 512 bytes").because("options", why)
    };
    if seen(Negotiation::Refused) {
        plain("the server refuses requests with options, or answers them wrongly (RFC 2347)")
    } else if seen(Negotiation::Answered) {
        case(TestStatus::Pass)
            .does("transfers in the blocks that were agreed")
            .because("", "OACK (RFC 2347)")
    } else if seen(Negotiation::Unanswered) {
        plain("the server does not answer requests with options; each costs the phone seconds")
    } else if seen(Negotiation::Ignored) {
        plain("the server ignores options (RFC 1350)")
    } else {
        case(TestStatus::Skip).because("not-seen", "no file was sent")
    }
}

fn errors(habits: &[Habit]) -> TestCase {
    let case = |status| TestCase::new(GROUP, "error for a missing file", status);
    let codes: Vec<ErrorCode> = habits
        .iter()
        .filter_map(|habit| match habit {
            Habit::Absence(code) => Some(*code),
            _ => None,
        })
        .collect();
    let odd = codes.iter().filter(|code| **code != ErrorCode::NotFound).map(ToString::to_string);
    let odd: Vec<String> = odd.collect();
    let does = "asks for the next name";
    if codes.is_empty() {
        case(TestStatus::Skip).because("not-seen", "no file was missing")
    } else if odd.is_empty() {
        case(TestStatus::Pass).does(does).because("", "ERROR 1, file not found (RFC 1350)")
    } else {
        let why = format!("ERROR {} where RFC 1350 has ERROR 1, file not found", odd.join(", "));
        case(TestStatus::Warn).does(does).because("error-number", why)
    }
}

fn addresses(habits: &[Habit]) -> TestCase {
    let case = |status| TestCase::new(GROUP, "source of answers", status);
    let elsewhere = habits.iter().find_map(|habit| match habit {
        Habit::Elsewhere(from) => Some(from),
        _ => None,
    });
    let Some(from) = elsewhere else {
        return case(TestStatus::Pass)
            .does("accepts them")
            .because("", "all come from the address that was asked");
    };
    // Where something else was seen as well, the server itself has answered.
    let only = habits.iter().all(|habit| matches!(habit, Habit::Elsewhere(_)));
    let status = if only { TestStatus::Fail } else { TestStatus::Warn };
    case(status)
        .does("drops them, as if they had not come")
        .because("elsewhere", format!("answers come from {from}, which was not asked"))
}

fn protocol(habits: &[Habit]) -> TestCase {
    let case = |status| TestCase::new(GROUP, "protocol", status);
    let faults: BTreeSet<&str> = habits
        .iter()
        .filter_map(|habit| match habit {
            Habit::Fault(how) => Some(how.as_str()),
            _ => None,
        })
        .collect();
    if habits.iter().all(|habit| matches!(habit, Habit::Elsewhere(_))) {
        return case(TestStatus::Skip).because("not-seen", "no transfer began");
    }
    if faults.is_empty() {
        return case(TestStatus::Pass).because("", "no transfer broke off");
    }
    let shown: Vec<&str> = faults.iter().take(MOST).copied().collect();
    let rest = match faults.len().saturating_sub(MOST) {
        0 => String::new(),
        rest => format!("; and {rest} more"),
    };
    case(TestStatus::Warn)
        .does("abandons the transfer and asks the next server")
        .because("protocol", format!("{}{rest}", shown.join("; ")))
}

const GROUP: &str = "tftp";

/// Faults that are named: a server may word each of its errors anew. Inferred: they are alike.
const MOST: usize = 3;
