//! Server names to addresses: by the file of hosts, else by the name servers.
//!
//! Nothing here blocks or has a thread of its own, and a look-up ends with whoever waits for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

use crate::io::reason::why;
use crate::proto::dns::NotFound;
use crate::wire::address::{Host, ServerAddress};
use crate::wire::dns::settings::{ResolverSettings, listed, reserved};

mod ask;
mod order;
mod unresolved;

pub use unresolved::Unresolved;

/// The addresses of one server, for a program without a runtime of its own.
///
/// # Errors
/// [`Unresolved`].
pub fn blocking(server: &ServerAddress) -> Result<Vec<SocketAddr>, Unresolved> {
    // To start a runtime takes longer than to fetch a small file.
    if let Host::Ip(ip) = server.host {
        return Ok(vec![SocketAddr::new(ip, server.port)]);
    }
    // One thread: a command has one look-up, and nothing may be left running when it ends.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unresolved::Failed(why(&error)))?;
    runtime.block_on(Names::of(&SystemFiles::default()).resolve(server))
}

/// A server's address as the configuration client names it: IPv4 mapped into IPv6 (technote).
#[must_use]
pub fn mapped(server: SocketAddr) -> String {
    match server.ip() {
        IpAddr::V4(ip) => format!("::ffff:{ip}"),
        IpAddr::V6(ip) => ip.to_string(),
    }
}

/// The files of the system that a look-up goes by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SystemFiles {
    /// Addresses and their names.
    pub hosts: PathBuf,
    /// Which name servers there are.
    pub resolv_conf: PathBuf,
}

impl Default for SystemFiles {
    fn default() -> Self {
        Self { hosts: "/etc/hosts".into(), resolv_conf: "/etc/resolv.conf".into() }
    }
}

/// The names that somebody asks for.
#[derive(Clone)]
pub struct Names {
    resolver: Rc<Resolver>,
    /// What was found already, for whoever keeps it.
    kept: Option<Rc<RefCell<BTreeMap<String, Resolved>>>>,
}

/// The outcome of a look-up: at least one address, or why there is none.
type Resolved = Result<Vec<IpAddr>, Unresolved>;

impl Names {
    /// Names as these files have them, each looked up whenever it is asked for.
    #[must_use]
    pub fn of(files: &SystemFiles) -> Self {
        let resolver = Resolver {
            files: files.clone(),
            flights: RefCell::default(),
            places: Semaphore::const_new(PLACES),
        };
        Self { resolver: Rc::new(resolver), kept: None }
    }

    /// The same for one pass: what was found or not stays so, and no crowd is waited for.
    #[must_use]
    pub fn for_a_pass(&self) -> Self {
        Self { resolver: self.resolver.clone(), kept: Some(Rc::default()) }
    }

    /// The addresses of one server, at least one.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub async fn resolve(&self, server: &ServerAddress) -> Result<Vec<SocketAddr>, Unresolved> {
        let ips = match &server.host {
            Host::Ip(ip) => vec![*ip],
            Host::Name(name) => self.find(name).await?,
        };
        Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, server.port)).collect())
    }

    async fn find(&self, name: &str) -> Resolved {
        let Some(kept) = &self.kept else { return self.resolver.in_turn(name).await };
        let known = kept.borrow().get(name).cloned();
        if let Some(found) = known {
            return found;
        }
        // Not in turn: a pass is the phone's own, and no client may hold it up.
        let found = self.resolver.share(name).await;
        kept.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }
}

/// The look-ups of one phone.
struct Resolver {
    files: SystemFiles,
    /// Those that are under way: who asks for the same name waits for the same answer.
    flights: RefCell<BTreeMap<String, Weak<LookUpInFlight>>>,
    /// Those that may be under way for whoever keeps nothing.
    places: Semaphore,
}

type LookUpInFlight = OnceCell<Resolved>;

impl Resolver {
    /// Looks a name up when there is a place for that, or shares in what is under way.
    async fn in_turn(&self, name: &str) -> Resolved {
        // What needs no server waits for no place.
        if self.under_way(name).is_some() || self.at_hand(name).is_some() {
            return self.share(name).await;
        }
        match timeout(PATIENCE, self.places.acquire()).await {
            Ok(_place) => self.share(name).await,
            Err(_) => Err(Unresolved::Crowded),
        }
    }

    /// Looks a name up, or shares in what is under way. If who began it goes, another goes on.
    async fn share(&self, name: &str) -> Resolved {
        let flight = self.under_way(name).unwrap_or_else(|| self.begin(name));
        let found = flight.get_or_init(|| self.look_up(name)).await.clone();
        // Who asks from now on asks anew.
        let mut flights = self.flights.borrow_mut();
        if flights.get(name).is_some_and(|it| std::ptr::eq(it.as_ptr(), Rc::as_ptr(&flight))) {
            flights.remove(name);
        }
        found
    }

    fn under_way(&self, name: &str) -> Option<Rc<LookUpInFlight>> {
        self.flights.borrow().get(name).and_then(Weak::upgrade)
    }

    fn begin(&self, name: &str) -> Rc<LookUpInFlight> {
        let flight = Rc::new(LookUpInFlight::new());
        let mut flights = self.flights.borrow_mut();
        // Of those whose askers have all gone.
        flights.retain(|_, flight| flight.strong_count() > 0);
        flights.insert(name.to_owned(), Rc::downgrade(&flight));
        flight
    }

    /// What is known of a name without asking a server.
    fn at_hand(&self, name: &str) -> Option<Vec<IpAddr>> {
        let listed = || listed(&text(&self.files.hosts), name);
        reserved(name).or_else(|| Some(listed()).filter(|found| !found.is_empty()))
    }

    async fn look_up(&self, name: &str) -> Resolved {
        let found = match self.at_hand(name) {
            Some(found) => found,
            None => {
                let settings = ResolverSettings::parse(&text(&self.files.resolv_conf));
                let asked = timeout(PATIENCE, ask::servers(&settings, name)).await;
                asked.unwrap_or(Err(Unresolved::NotFound(NotFound::Silent)))?
            }
        };
        match found.is_empty() {
            true => Err(Unresolved::NotFound(NotFound::NoSuchName)),
            false => Ok(order::reachable_first(found, ADDRESSES)),
        }
    }
}

/// The text of a file of the system; nothing where there is none.
fn text(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        let _what_was_read_counts = file.take(LONGEST).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The longest that one name is looked for, with all that may be added to it. Inferred: a name
/// server on the phone's own network answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Addresses of one name that are tried: more only make a dead host hold a place for longer.
const ADDRESSES: usize = 4;

/// Names that are looked up for applications at once; inferred, as many as connections by default.
const PLACES: usize = 32;

/// Bytes of a file of the system that are read; inferred, a hundred times what a phone has.
const LONGEST: u64 = 64 << 10;
