//! A TFTP server on loopback, with faults on demand (RFC 1350, 2347, 2348, 2349, 7440).
//!
//! It serves reads of an in-memory table of files; every transfer has a port of its own.

mod faults;
mod link;
mod odd;
mod options;
mod packet;
mod transfer;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use faults::{Faults, OptionPolicy};
pub use odd::Odd;

use link::Link;
use packet::Packet;
use transfer::Transfer;

/// One read request as it came, repetitions included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The requested name.
    pub name: String,
    /// The transfer mode as written.
    pub mode: String,
    /// Options in their order, names as written.
    pub options: Vec<(String, String)>,
    /// Where it came from; a repetition comes from the same port.
    pub peer: SocketAddr,
}

/// Files beyond the table, made when they are asked for.
pub trait FurtherFiles: fmt::Debug + Send + Sync {
    /// The file of this name, if there is one; asked in the transfer's own thread.
    fn file(&self, name: &str) -> Option<Arc<[u8]>>;
}

/// A running server; it stops, and its threads end, when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `files` on a free port of 127.0.0.1.
    pub fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), files).expect("loopback has a free port")
    }

    /// Serves `files` on a free port of `::1`.
    ///
    /// # Errors
    /// The machine may have no IPv6.
    pub fn start_v6(files: BTreeMap<String, Vec<u8>>) -> io::Result<Self> {
        Self::start_on(IpAddr::V6(Ipv6Addr::LOCALHOST), files)
    }

    /// Serves `files` on a free port of the given address.
    ///
    /// # Errors
    /// Whatever binding the socket says.
    pub fn start_on(address: IpAddr, files: BTreeMap<String, Vec<u8>>) -> io::Result<Self> {
        let socket = UdpSocket::bind((address, 0))?;
        socket.set_read_timeout(Some(TICK))?;
        let address = socket.local_addr()?;
        let shared = Arc::new(Shared::default());
        shared.state().serve(files);
        let listener = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&socket, &shared)
        });
        Ok(Self { address, shared, listener: Some(listener) })
    }

    /// Where phones send their requests.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces the files for requests to come; transfers under way keep the old ones.
    pub fn serve(&self, files: BTreeMap<String, Vec<u8>>) {
        self.shared.state().serve(files);
    }

    /// The same, with further files for names that the table lacks.
    pub fn serve_with(&self, files: BTreeMap<String, Vec<u8>>, further: Arc<dyn FurtherFiles>) {
        let mut state = self.shared.state();
        state.serve(files);
        state.further = Some(further);
    }

    /// Replaces the faults for requests to come.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.state().faults = faults;
    }

    /// Every request so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// The names requested so far, without repetitions from the same port.
    pub fn names(&self) -> Vec<String> {
        let mut requests = self.requests();
        requests.dedup_by(|next, last| (&next.name, next.peer) == (&last.name, last.peer));
        requests.into_iter().map(|request| request.name).collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.state().requests.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(listener) = self.listener.take() {
            let ended = listener.join();
            assert!(ended.is_ok() || thread::panicking(), "the TFTP server panicked");
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stop: AtomicBool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while the state is held")
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Arc<[u8]>>,
    further: Option<Arc<dyn FurtherFiles>>,
    faults: Faults,
    requests: Vec<Request>,
    transfers: u64,
}

impl State {
    fn serve(&mut self, files: BTreeMap<String, Vec<u8>>) {
        self.files = files.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        self.further = None;
    }
}

fn listen(socket: &UdpSocket, shared: &Arc<Shared>) {
    let mut bytes = vec![0; LARGEST_REQUEST];
    let mut transfers: Vec<JoinHandle<()>> = Vec::new();
    while !shared.stopped() {
        transfers.retain(|transfer| !transfer.is_finished());
        let Ok((length, peer)) = socket.recv_from(&mut bytes) else { continue };
        match bytes.get(..length).and_then(Packet::parse) {
            Some(Packet::Read { name, mode, options }) => {
                let request = Request { name, mode, options, peer };
                transfers.extend(answer(socket, shared, request));
            }
            _ => {
                let refusal = Packet::error(ILLEGAL_OPERATION, "only read requests are served");
                // A client that is gone needs no refusal.
                let _ = socket.send_to(&refusal.emit(), peer);
            }
        }
    }
    for transfer in transfers {
        transfer.join().expect("a transfer does not panic");
    }
}

/// Records the request and starts its transfer, unless the server is to be silent.
fn answer(socket: &UdpSocket, shared: &Arc<Shared>, request: Request) -> Option<JoinHandle<()>> {
    let (file, further, faults, number) = {
        let mut state = shared.state();
        state.requests.push(request.clone());
        state.transfers += 1;
        let file = state.files.get(&request.name).cloned();
        (file, state.further.clone(), state.faults.clone(), state.transfers)
    };
    let passed_over = faults.options == OptionPolicy::Silent && !request.options.is_empty();
    if faults.silent || passed_over {
        return None;
    }
    let asked = socket.local_addr().ok()?.ip();
    let own = UdpSocket::bind((faults.elsewhere.unwrap_or(asked), 0)).ok()?;
    let link = Link::new(own, request.peer, faults, number).ok()?;
    let shared = Arc::clone(shared);
    Some(thread::spawn(move || {
        let file = file.or_else(|| further?.file(&request.name));
        Transfer::new(link, &shared).run(file.as_deref(), &request.options);
    }))
}

/// How often a waiting thread looks whether it shall stop.
const TICK: Duration = Duration::from_millis(10);
/// A request is one datagram; names and options of any length that UDP carries.
const LARGEST_REQUEST: usize = 65_536;
/// RFC 1350, error code 4.
const ILLEGAL_OPERATION: u16 = 4;
