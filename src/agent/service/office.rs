//! What the service has, whoever calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::agent::owners::Agent;
use crate::agent::service::confirmations::Confirmations;
use crate::agent::service::turns::Turns;
use crate::io::console::Console;

/// The service, with what it needs besides the agent.
pub struct Service {
    pub(super) agent: Rc<Agent>,
    pub(super) console: Console,
    pub(super) confirmations: RefCell<Confirmations>,
    /// The files that may be fetched for clients at once.
    pub(super) files: Turns,
    /// The certificates that may be judged for clients at once.
    pub(super) judgements: Turns,
    pub(super) calls: Cell<u64>,
    pub(super) refused: Cell<u64>,
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
        })
    }
}

/// Files that are fetched for clients at once: each is up to 550 kB, some times over; inferred.
const FILES: usize = 2;

/// Of these, for one user: another one always comes next.
const FILES_EACH: usize = 1;

/// Certificates that are judged for clients at once: each may take a descriptor, to TVS; inferred.
const JUDGEMENTS: usize = 16;

/// Of these, for one user; inferred.
const JUDGEMENTS_EACH: usize = 4;
