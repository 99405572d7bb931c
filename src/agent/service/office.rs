//! What the service has, whoever calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Semaphore;

use crate::agent::owners::Agent;
use crate::agent::service::confirmations::Confirmations;
use crate::io::console::Console;

/// The service, with what it needs besides the agent.
pub struct Service {
    pub(super) agent: Rc<Agent>,
    pub(super) console: Console,
    pub(super) confirmations: RefCell<Confirmations>,
    /// The files that may be fetched for clients at once.
    pub(super) files: Semaphore,
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
            files: Semaphore::new(FILES),
            calls: Cell::new(0),
            refused: Cell::new(0),
        })
    }
}

/// Files that are fetched for clients at once: each is up to 550 kB, some times over; inferred.
const FILES: usize = 2;
