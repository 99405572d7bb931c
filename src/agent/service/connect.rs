//! For applications: TLS connections that are judged before they are opened, and how they ended.

use crate::agent::connections::Target;
use crate::agent::narrate::say;
use crate::agent::service::calls::{CallTurn, OneReply, Over};
use crate::agent::service::office::Service;
use crate::boot::Event;
use crate::face::methods::{Connect, Connected, Connection, GetConnection};
use crate::face::terms::Purpose;
use crate::face::{Carry, Error, Method};
use crate::io::ipc::{Client, Gone};
use crate::io::proxy::Prefixed;
use crate::io::settings::{Host, ServerAddress};

/// Opens a connection; with the reply, the client's connection becomes the plaintext stream.
impl Carry<Connect, CallTurn, Over> for Service {
    async fn carry(&self, wanted: Connect, mut turn: CallTurn) -> Over {
        let target = match target(&wanted, &turn) {
            Ok(target) => target,
            Err(error) => return Ok((turn, error.into_reply())),
        };
        let opened = tokio::select! {
            opened = self.agent.open_for(&target, turn.client.peer.uid) => opened,
            // A client that hangs up while we connect no longer needs the connection.
            () = turn.client.hangs_up() => {
                say(&Event::ConnectionUnwanted { client: target.client });
                return Err(Gone::Closed);
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok((turn, Error::from(&error).into_reply())),
        };
        let connected = Connected { by: opened.by().into(), connection: opened.number() };
        // The last message of the protocol: whatever follows it is the stream.
        turn.client.reply(Connect::last(Ok(connected))).await?;
        let (upgraded, early) = turn.client.upgrade();
        // What the client sent behind its call belongs to the stream already.
        let stream = Prefixed::new(early, upgraded.stream);
        let _logged = opened.relay(stream).await;
        Err(Gone::Closed)
    }
}

/// Answers how a connection of the caller has ended.
impl OneReply<GetConnection> for Service {
    async fn answer(&self, wanted: GetConnection, client: &Client) -> Result<Connection, Error> {
        let end = self.agent.connections.ends.find(client.peer.uid, wanted.connection);
        Ok(Connection {
            whole: end.as_ref().map(|end| end.complete),
            end: end.map(|end| end.words),
        })
    }
}

fn target(wanted: &Connect, CallTurn { client, call }: &CallTurn) -> Result<Target, Error> {
    // Without `upgrade` there would be no stream, and with `oneway` no reply to begin it.
    if !call.upgrade || call.oneway {
        return Err(Error::invalid_parameter("upgrade"));
    }
    if wanted.port == 0 {
        return Err(Error::invalid_parameter("port"));
    }
    let host = Host::parse(&wanted.host).map_err(|_| Error::invalid_parameter("host"))?;
    let server = ServerAddress { host, port: wanted.port };
    let purpose = wanted.purpose.unwrap_or(Purpose::Https).into();
    Ok(Target { server, purpose, client: client.descriptor() })
}
