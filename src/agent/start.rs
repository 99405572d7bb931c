//! How the daemon starts.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep;

use crate::agent::capacity::Capacity;
use crate::agent::manager::Manager;
use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::service::Service;
use crate::agent::web;
use crate::boot::Event;
use crate::io::clock::Timeline;
use crate::io::console::Console;
use crate::io::settings::Settings;
use crate::io::{descriptors, files, process, ram};

/// Runs the agent with these settings, which were read from `source`, until a signal ends it, and
/// serves the phone's processes meanwhile. Must run inside a `LocalSet`.
///
/// If the socket cannot be opened, it runs without one and keeps trying: a phone is better off with
/// current lists and no socket than with neither.
///
/// # Errors
/// If the system refuses the signal handlers.
pub async fn run(settings: Settings, source: PathBuf, console: Console) -> std::io::Result<()> {
    let (version, device) = (env!("CARGO_PKG_VERSION"), settings.device.name.clone());
    say(&Event::Started { version, device });
    // None of these is worth not starting for: the log names what is missing.
    if let Err(error) = process::conceal_memory() {
        say(&Event::MemoryNotConcealed { why: files::why(&error) });
    }
    if let Err(error) = descriptors::raise_limit() {
        say(&Event::DescriptorLimitStays { why: files::why(&error) });
    }
    match ram::tidy(&settings.paths.ram) {
        0 => {}
        count => say(&Event::RamTidied { count }),
    }
    Capacity::of(&settings, descriptors::limit()).compare(&settings);
    let agent = Agent::new(settings, Timeline::start()).reading(source);
    let agent = Rc::new(agent.managed_by(Manager::from_environment()));
    agent.set_log_levels();
    // All of them here and now: a sandbox allows no new ones later.
    let listeners = web::open(&agent.settings().web);
    let service = Service::new(agent.clone(), console.clone());
    tokio::select! {
        // In this order, so that the socket is open before the first pass begins, if it can be.
        biased;
        () = serve(&agent, service.clone()) => Ok(()),
        () = web::serve(service, listeners) => Ok(()),
        ended = agent.run() => ended,
        () = agent.manager.feed_watchdog() => Ok(()),
        () = agent.forward(&console) => Ok(()),
    }
}

/// Serves the phone's processes, as soon as there is a socket for them.
async fn serve(agent: &Rc<Agent>, service: Rc<Service>) {
    let (mut pause, mut logged) = (FIRST_PAUSE, None);
    let listener = loop {
        let why = match agent.listen() {
            Ok(listener) => break listener,
            Err(not_open) => not_open.to_string(),
        };
        // Each reason once: the tries go on for as long as it lasts.
        if logged.as_ref() != Some(&why) {
            say(&Event::SocketNotOpen { why: why.clone() });
            agent.manager.deaf(&why);
            logged = Some(why);
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    };
    if logged.is_some() {
        say(&Event::SocketOpen {});
    }
    agent.manager.listening();
    service.serve(&listener).await;
}

/// The pause before a socket that could not be opened is tried again; doubles up to the longest.
/// Inferred: what is in the way is a full /run, or an agent that is about to end.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
