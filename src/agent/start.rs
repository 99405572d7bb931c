//! How the daemon starts.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep;

use crate::agent::capacity::Capacity;
use crate::agent::confined::{NotConfined, confine, stop_listening};
use crate::agent::manager::Manager;
use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::service::Service;
use crate::agent::web;
use crate::boot::Event;
use crate::io::clock::Timeline;
use crate::io::console::Console;
use crate::io::ipc::{Listener, NotOpen};
use crate::io::settings::Settings;
use crate::io::{descriptors, files, ram};

/// Why the agent did not start, or did not go on.
#[derive(Debug)]
pub enum NotStarted {
    /// A layer of the sandbox is missing, and the settings ask for all of them.
    Open(NotConfined),
    /// The system refuses what the agent needs.
    System(io::Error),
}

/// Runs the agent with these settings, which were read from `source`, until a signal ends it, and
/// serves the phone's processes meanwhile. Must run inside a `LocalSet`, on the only thread.
///
/// If the socket cannot be opened, it runs without one and keeps trying: a phone is better off with
/// current lists and no socket than with neither.
///
/// # Errors
/// [`NotStarted`].
pub async fn run(settings: Settings, source: PathBuf, console: Console) -> Result<(), NotStarted> {
    let (version, device) = (env!("CARGO_PKG_VERSION"), settings.device.name.clone());
    say(&Event::Started { version, device });
    if let Err(error) = descriptors::raise_limit() {
        say(&Event::DescriptorLimitStays { why: files::why(&error) });
    }
    // All of them here and now: the sandbox allows no new ones later, or not at these ports.
    let listeners = web::open(&settings.web);
    let socket = Listener::open(&settings.paths.socket, settings.socket.mode);
    let manager = Manager::from_environment();
    let confined = confine(&settings, &source, &socket).map_err(NotStarted::Open)?;
    match ram::tidy(&settings.paths.ram) {
        0 => {}
        count => say(&Event::RamTidied { count }),
    }
    Capacity::of(&settings, descriptors::limit()).compare(&settings);
    let agent = Agent::new(settings, Timeline::start()).reading(source);
    let agent = Rc::new(agent.managed_by(manager).confined_by(confined));
    agent.set_log_levels();
    let service = Service::new(agent.clone(), console.clone());
    tokio::select! {
        // In this order, so that the socket is served before the first pass begins, if it is open.
        biased;
        () = serve(&agent, socket, service.clone()) => Ok(()),
        () = web::serve(service, listeners) => Ok(()),
        ended = agent.run() => ended.map_err(NotStarted::System),
        () = agent.manager.feed_watchdog() => Ok(()),
        () = agent.forward(&console) => Ok(()),
    }
}

/// Serves the phone's processes, as soon as there is a socket for them.
async fn serve(agent: &Rc<Agent>, first: Result<Listener, NotOpen>, service: Rc<Service>) {
    let listener = match first {
        Ok(listener) => listener,
        Err(not_open) => open_later(agent, not_open).await,
    };
    agent.manager.listening();
    service.serve(&listener).await;
}

/// Tries until the socket is open.
async fn open_later(agent: &Agent, first: NotOpen) -> Listener {
    let (mut pause, mut logged, mut not_open) = (FIRST_PAUSE, None, first);
    let listener = loop {
        let why = not_open.to_string();
        // Each reason once: the tries go on for as long as it lasts.
        if logged.as_ref() != Some(&why) {
            say(&Event::SocketNotOpen { why: why.clone() });
            agent.manager.deaf(&why);
            logged = Some(why);
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
        match agent.listen() {
            Ok(listener) => break listener,
            Err(again) => not_open = again,
        }
    };
    stop_listening(agent.settings().sandbox.mode);
    say(&Event::SocketOpen {});
    listener
}

/// The pause before a socket that could not be opened is tried again; doubles up to the longest.
/// Inferred: what is in the way is a full /run, or an agent that is about to end.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
