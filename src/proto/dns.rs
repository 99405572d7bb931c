//! The look-up of one name, as a machine: which server to ask when, and what the answers amount to.
//!
//! Both kinds of address are asked for at once. Servers are asked in their order, the next one when
//! one fails or does not answer in time; the first answer counts, however late it comes.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use crate::wire::dns::{AddressKind, AddressQuestion, Code, DnsAnswer, DomainName, NotAnAnswer};

#[cfg(test)]
mod tests;

/// How many servers are asked, how often, and how long each may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// How many there are, at least one.
    pub servers: usize,
    /// How often each is asked.
    pub attempts: usize,
    /// How long each has until the next is asked.
    pub wait: Duration,
}

/// What the shell does next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Send what is not answered yet ([`Lookup::open`]) to this server.
    Ask(usize),
    /// Ask this server over TCP, and that question.
    OverTcp(usize, usize),
    /// Nothing more: see [`Lookup::found`].
    Over,
    /// Wait for an answer until this time.
    Wait(Duration),
}

/// Why there are no addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotFound {
    /// The servers failed; the last of them with this code.
    Failed(Code),
    /// The name exists, and has no address.
    NoAddress,
    /// The name does not exist.
    NoSuchName,
    /// No server answered in any of its turns.
    Silent,
    /// No server can be reached, or what it answers cannot be read.
    Unreachable,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(code) => write!(f, "the name server failed: {code}"),
            Self::NoAddress => f.write_str("no address"),
            Self::NoSuchName => f.write_str("no such name"),
            Self::Silent => f.write_str("no name server answered in time"),
            Self::Unreachable => f.write_str("no name server can be reached"),
        }
    }
}

/// One look-up: the shell asks [`Lookup::next`] what to do, and feeds in what comes.
#[derive(Debug)]
pub struct Lookup {
    questions: [AddressQuestion; 2],
    answers: [Option<DnsAnswer>; 2],
    patience: Patience,
    /// Turns that have begun, and turns in all.
    turns: (usize, usize),
    /// When the next turn begins.
    due: Duration,
    over_tcp: Option<(usize, usize)>,
    /// Answers that may still be asked for over TCP.
    tcp_left: usize,
    /// The last failure of a server, reported if no answer follows.
    trouble: Option<NotFound>,
}

impl Lookup {
    /// A look-up that begins at once; the identifiers must be random.
    #[must_use]
    pub fn new(name: &DomainName, ids: [u16; 2], patience: Patience) -> Self {
        let question = |id, kind| AddressQuestion { id, name: name.clone(), kind };
        Self {
            questions: [question(ids[0], AddressKind::A), question(ids[1], AddressKind::Aaaa)],
            answers: [None, None],
            patience,
            turns: (0, patience.servers.saturating_mul(patience.attempts)),
            due: Duration::ZERO,
            over_tcp: None,
            // One for each question: a server that cuts its answers over TCP as well is broken.
            tcp_left: 2,
            trouble: None,
        }
    }

    /// What to do now; to be asked again after every message, refusal and wait.
    pub fn next(&mut self, now: Duration) -> Next {
        if self.answers.iter().all(Option::is_some) {
            return Next::Over;
        }
        // At once, and without a turn of its own: the server has answered, and has more to say.
        if let Some((server, question)) = self.over_tcp.take() {
            return Next::OverTcp(server, question);
        }
        let (begun, all) = self.turns;
        match now >= self.due {
            false => Next::Wait(self.due),
            true if begun >= all => Next::Over,
            true => {
                self.turns.0 += 1;
                self.due = now.saturating_add(self.patience.wait);
                // Round by round: every server is asked once before one is asked again.
                Next::Ask(begun % self.patience.servers.max(1))
            }
        }
    }

    /// One of the questions.
    #[must_use]
    pub fn question(&self, which: usize) -> Option<&AddressQuestion> {
        self.questions.get(which)
    }

    /// The questions that have no answer yet.
    pub fn open(&self) -> impl Iterator<Item = &AddressQuestion> {
        let answered = self.answers.iter();
        self.questions.iter().zip(answered).filter(|(_, it)| it.is_none()).map(|(it, _)| it)
    }

    /// Takes in a message of a server, which may be anyone's.
    pub fn on_message(&mut self, server: usize, message: &[u8], now: Duration) {
        for which in 0..self.questions.len() {
            match self.questions[which].answer(message) {
                // Perhaps forged: nothing that it contains may end the wait for the real answer.
                Err(NotAnAnswer::Stranger) => {}
                Err(NotAnAnswer::Malformed) => self.fail(server, NotFound::Unreachable, now),
                Ok(DnsAnswer::Failed(code)) => self.fail(server, NotFound::Failed(code), now),
                Ok(DnsAnswer::Truncated) if self.tcp_left > 0 => {
                    self.tcp_left -= 1;
                    self.over_tcp = Some((server, which));
                }
                Ok(DnsAnswer::Truncated) => self.fail(server, NotFound::Unreachable, now),
                Ok(answer) => self.settle(which, answer, now),
            }
        }
    }

    /// Reports that a server cannot be reached.
    pub fn on_refusal(&mut self, server: usize, now: Duration) {
        self.fail(server, NotFound::Unreachable, now);
    }

    /// Ends the wait for a server that fails, if it is the one being waited for.
    fn fail(&mut self, server: usize, trouble: NotFound, now: Duration) {
        self.trouble = Some(trouble);
        let asked = self.turns.0.checked_sub(1).map(|turn| turn % self.patience.servers.max(1));
        if asked == Some(server) {
            self.due = now;
        }
    }

    fn settle(&mut self, which: usize, answer: DnsAnswer, now: Duration) {
        let kind = self.questions[which].kind;
        if kind == AddressKind::A && matches!(answer, DnsAnswer::Addresses(_)) {
            // Some servers never answer for the kind that they do not know, which is IPv6.
            self.turns.1 = self.turns.0;
            self.due = self.due.min(now.saturating_add(GRACE));
        }
        // The first answer stays: a later one is a repetition, or comes from someone else.
        self.answers[which].get_or_insert(answer);
    }

    /// The addresses found, IPv4 before IPv6.
    ///
    /// # Errors
    /// [`NotFound`].
    pub fn found(self) -> Result<Vec<IpAddr>, NotFound> {
        let [first, second] = self.answers;
        // "No address" of either kind proves that the name exists.
        let is_known = [&first, &second].iter().any(|it| matches!(it, Some(DnsAnswer::NoAddress)));
        let is_answered = first.is_some() && second.is_some();
        let of = |answer| match answer {
            Some(DnsAnswer::Addresses(found)) => found,
            _ => Vec::new(),
        };
        let found = [of(first), of(second)].concat();
        match (found.is_empty(), is_answered) {
            (false, _) => Ok(found),
            (true, true) if is_known => Err(NotFound::NoAddress),
            (true, true) => Err(NotFound::NoSuchName),
            (true, false) => Err(self.trouble.unwrap_or(NotFound::Silent)),
        }
    }
}

/// How long to wait for IPv6 addresses once those of IPv4 are here. Inferred: both answers of a
/// server come within milliseconds of each other, if they come at all.
const GRACE: Duration = Duration::from_millis(300);
