//! The start of the daemon.

use std::path::PathBuf;
use std::rc::Rc;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::service::Service;
use crate::boot::Event;
use crate::io::clock::Timeline;
use crate::io::console::Console;
use crate::io::descriptors;
use crate::io::settings::Settings;

/// Runs the agent of these settings, which were read from `source`, until it is told to end, and
/// serves the phone's processes meanwhile. Must run inside a `LocalSet`.
///
/// Without a socket it runs all the same: a phone that trusts nobody for want of a folder helps
/// nobody.
///
/// # Errors
/// If the system refuses the signal handlers.
pub async fn run(settings: Settings, source: PathBuf, console: Console) -> std::io::Result<()> {
    let (version, device) = (env!("CARGO_PKG_VERSION"), settings.device.name.clone());
    say(&Event::Started { version, device });
    if let Err(error) = descriptors::raise_limit() {
        say(&Event::DescriptorLimitStays { why: error.to_string() });
    }
    let agent = Rc::new(Agent::new(settings, Timeline::start()).reading(source));
    let listener = match agent.listen() {
        Ok(listener) => listener,
        Err(not_open) => {
            say(&Event::SocketNotOpen { why: not_open.to_string() });
            return agent.run().await;
        }
    };
    let service = Service::new(agent.clone(), console);
    tokio::select! {
        ended = agent.run() => ended,
        () = service.serve(&listener) => Ok(()),
    }
}
