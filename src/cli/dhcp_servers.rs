//! `secd dhcp-servers`: the file servers that an answer of DHCP names, for the hook of a DHCP
//! client.

use serde::Serialize;

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::{complain, print, print_json};
use crate::wire::dhcp::{DhcpAnswer, DhcpServers, Dropped};

/// Prints the servers that can be used; what cannot be is named on standard error.
#[derive(Default)]
pub(super) struct DhcpServersCommand {
    answer: DhcpAnswer,
    json: bool,
}

impl Command for DhcpServersCommand {
    const HELP: &'static str = HELP;

    /// Whoever answers on the network writes what it likes, letters or not.
    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        let field = match option.name {
            "--option-150" => &mut self.answer.option_150,
            "--option-66" => &mut self.answer.option_66,
            "--sname" => &mut self.answer.sname,
            "--siaddr" => &mut self.answer.siaddr,
            _ => return Err(option.unexpected()),
        };
        *field = Some(option.lossy()?);
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let (found, json) = (self.answer.servers(), self.json);
        // An unusable entry is no failure while a server is left: the phone has to boot.
        let exit = if found.servers.is_empty() { Exit::Refused } else { Exit::Done };
        if json {
            return Ok(exit.and(print_json(&ServerFacts::of(&found))));
        }
        for dropped in &found.dropped {
            complain(&dropped.to_string());
        }
        if found.more > 0 {
            complain(&format!("and {} more unusable entries", found.more));
        }
        if found.servers.is_empty() {
            complain("no usable server: pass the options of the DHCP answer as they came");
        }
        let lines = found.servers.iter().map(|server| format!("{server}\n"));
        Ok(exit.and(print(&lines.collect::<String>())))
    }
}

#[derive(Serialize)]
struct ServerFacts {
    servers: Vec<String>,
    dropped: Vec<String>,
    /// How much more cannot be used.
    more: usize,
}

impl ServerFacts {
    fn of(found: &DhcpServers) -> Self {
        Self {
            servers: found.servers.iter().map(ToString::to_string).collect(),
            dropped: found.dropped.iter().map(Dropped::to_string).collect(),
            more: found.more,
        }
    }
}

const HELP: &str = "\
Print the file servers that a DHCP answer names, one a line, in the order in which they are asked:
those of option 150, else of option 66, else of the header. Unusable entries are reported on
standard error. For the hook of a DHCP client; needs no daemon and no configuration.

Usage: secd dhcp-servers [--option-150 V] [--option-66 V] [--sname V] [--siaddr V] [--json]

  --option-150 V   in hexadecimal as received, or dotted
  --option-66 V    a name, an address, a list of them, or a tftp URL
  --sname V        the server's name in the header
  --siaddr V       the next server's address in the header
  --json           print one object

Exit: 0 at least one server, 1 no usable server, 64 usage
";
