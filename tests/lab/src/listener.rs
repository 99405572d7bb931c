//! A TCP listener on loopback with a thread for each connection.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

type Serve = Arc<dyn Fn(TcpStream) + Send + Sync>;

/// A listener; it stops, and cuts its connections, when it is dropped.
pub(crate) struct Listener {
    address: SocketAddr,
    serve: Serve,
    running: Option<Running>,
    open: Arc<Open>,
}

struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Listener {
    /// Listens at an address; a free port if its port is 0.
    pub(crate) fn start(
        address: SocketAddr,
        serve: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let (serve, open): (Serve, _) = (Arc::new(serve), Arc::default());
        let running = Some(run(listener, serve.clone(), Arc::clone(&open)));
        Ok(Self { address, serve, running, open })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on connections are refused, as on a machine that is up without the service.
    pub(crate) fn close(&mut self) {
        let Some(running) = self.running.take() else { return };
        running.stop.store(true, Ordering::SeqCst);
        // Wakes the thread; if nobody listens any more, it has ended already.
        let _ = TcpStream::connect(self.address);
        self.open.cut();
        let ended = running.thread.join();
        assert!(ended.is_ok() || thread::panicking(), "a server panicked");
    }

    /// Listens again on the same port.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        if self.running.is_none() {
            let listener = TcpListener::bind(self.address)?;
            self.running = Some(run(listener, self.serve.clone(), Arc::clone(&self.open)));
        }
        Ok(())
    }

    /// Waits until every connection has ended.
    pub(crate) fn settle(&self) {
        self.open.wait_for_none();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(listener: TcpListener, serve: Serve, open: Arc<Open>) -> Running {
    let stop = Arc::new(AtomicBool::new(false));
    let thread = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut connections = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                connections.retain(|connection: &JoinHandle<()>| !connection.is_finished());
                connections.extend(answer(stream, &serve, &open));
            }
            open.cut();
            for connection in connections {
                connection.join().expect("a connection's thread does not panic");
            }
        }
    });
    Running { stop, thread }
}

fn answer(stream: TcpStream, serve: &Serve, open: &Arc<Open>) -> Option<JoinHandle<()>> {
    stream.set_nodelay(true).ok()?;
    let ticket = open.add(stream.try_clone().ok()?);
    let (serve, open) = (Arc::clone(serve), Arc::clone(open));
    Some(thread::spawn(move || {
        serve(stream);
        open.remove(ticket);
    }))
}

/// The connections that are open.
#[derive(Default)]
struct Open {
    state: Mutex<(u64, Vec<(u64, TcpStream)>)>,
    changed: Condvar,
}

impl Open {
    fn state(&self) -> MutexGuard<'_, (u64, Vec<(u64, TcpStream)>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, stream: TcpStream) -> u64 {
        let mut state = self.state();
        state.0 += 1;
        let ticket = state.0;
        state.1.push((ticket, stream));
        ticket
    }

    fn remove(&self, ticket: u64) {
        self.state().1.retain(|(other, _)| *other != ticket);
        self.changed.notify_all();
    }

    fn cut(&self) {
        for (_, stream) in &self.state().1 {
            // The other side may have gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn wait_for_none(&self) {
        let guard = self.state();
        let waited = self.changed.wait_timeout_while(guard, PATIENCE, |state| !state.1.is_empty());
        let (_guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "a connection stays open");
    }
}

/// Far more than a connection on loopback takes.
const PATIENCE: Duration = Duration::from_secs(20);
