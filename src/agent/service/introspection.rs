//! What every Varlink service reports about itself.

use crate::agent::service::calls::OneReply;
use crate::agent::service::office::Service;
use crate::face::Error;
use crate::face::methods::{Description, GetInfo, GetInterfaceDescription, INTERFACES, Info};
use crate::io::ipc::Client;

impl OneReply<GetInfo> for Service {
    async fn answer(&self, _: GetInfo, _: &Client) -> Result<Info, Error> {
        Ok(Info {
            vendor: "secd".to_owned(),
            product: "secd".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            url: MANUAL.to_owned(),
            interfaces: INTERFACES.map(str::to_owned).to_vec(),
        })
    }
}

impl OneReply<GetInterfaceDescription> for Service {
    async fn answer(
        &self,
        wanted: GetInterfaceDescription,
        _: &Client,
    ) -> Result<Description, Error> {
        let description = match wanted.interface.as_str() {
            "phone.secd" => OURS,
            "org.varlink.service" => VARLINK,
            _ => return Err(Error::InterfaceNotFound { interface: wanted.interface }),
        };
        Ok(Description { description: description.to_owned() })
    }
}

/// Where to read more. There is no page on the web; the manual comes with the program, and `man:` is
/// how units of systemd refer to theirs (uri(7), systemd.unit(5)).
const MANUAL: &str = "man:secd(8)";

/// Our interface, in Varlink's own notation; tests compare it with [`crate::face`].
const OURS: &str = include_str!("../secd.varlink");

/// The interface that every Varlink service has.
const VARLINK: &str = include_str!("org.varlink.service.varlink");
