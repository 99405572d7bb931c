//! The service, and what it keeps across calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::agent::owners::Agent;
use crate::agent::service::confirmations::Confirmations;
use crate::agent::service::tally::Tally;
use crate::agent::service::turns::Turns;
use crate::io::console::Console;

/// The service, with what it needs besides the agent.
pub struct Service {
    pub(in crate::agent) agent: Rc<Agent>,
    pub(in crate::agent) console: Console,
    pub(super) confirmations: RefCell<Confirmations>,
    /// The files that may be fetched for clients at once.
    pub(super) files: Turns,
    /// The certificates that may be judged for clients at once.
    pub(super) judgements: Turns,
    pub(super) calls: Cell<u64>,
    pub(super) refused: Cell<u64>,
    /// Refused calls, of which so many are logged.
    pub(super) refusals: Tally,
    /// Connections closed for want of a place, of which so many are logged.
    pub(super) crowds: Tally,
    /// Lines logged for clients, by order or as a consequence of a question.
    pub(super) lines: Tally,
}

impl Service {
    /// A service of `agent` that shows the lines of `console`.
    #[must_use]
    pub fn new(agent: Rc<Agent>, console: Console) -> Rc<Self> {
        Rc::new(Self {
            agent,
            console,
            confirmations: RefCell::default(),
            files: Turns::new(FILES, FILES_EACH),
            judgements: Turns::new(JUDGEMENTS, JUDGEMENTS_EACH),
            calls: Cell::new(0),
            refused: Cell::new(0),
            refusals: Tally::writing(REFUSALS),
            crowds: Tally::writing(CROWDS),
            lines: Tally::writing(LINES),
        })
    }
}

/// Files that are fetched for clients at once. Inferred: each takes several times its size in
/// memory, up to 550 kB.
const FILES: usize = 2;

/// Of these, for one user: so there is always a place for the next one.
const FILES_EACH: usize = 1;

/// Certificates that are judged for clients at once: each may take a descriptor, to TVS; inferred.
const JUDGEMENTS: usize = 16;

/// Of these, for one user; inferred.
const JUDGEMENTS_EACH: usize = 4;

/// Refusals of a user that get a line each, in half a minute. Inferred: enough to log every one of
/// a program that tries all methods.
const REFUSALS: u32 = 16;

/// Closed connections of a user that get a line each, in half a minute.
const CROWDS: u32 = 1;

/// Lines of a user that are logged, in half a minute. Inferred: several times as many as all
/// programs of a phone write while it boots.
const LINES: u32 = 2000;
