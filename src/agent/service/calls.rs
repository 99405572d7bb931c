//! The calls of clients: read, allowed or not, carried out, answered.

use std::rc::Rc;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::service::access;
use crate::agent::service::office::Service;
use crate::boot::Event;
use crate::face::{Carry, Error, Method, Name, Request, Words};
use crate::io::ipc::{self, Client, Gone, Listener, NotOpen};
use crate::io::users::Groups;
use crate::wire::varlink::{Call, Reply};

impl Agent {
    /// Opens the socket that the configuration names.
    ///
    /// # Errors
    /// [`NotOpen`].
    pub fn listen(&self) -> Result<Listener, NotOpen> {
        let configuration = self.settings();
        Listener::open(&configuration.paths.socket, configuration.socket.mode)
    }
}

/// A call, and the client that waits for what comes of it.
pub(super) struct Turn {
    pub(super) client: Client,
    /// Without its parameters: they have been read.
    pub(super) call: Call,
}

/// The last reply to a call, unless its connection has become something else.
pub(super) type Over = Result<(Turn, Reply), Gone>;

/// A method that needs one reply and leaves the connection as it is.
pub(super) trait Answer<M: Method> {
    async fn answer(&self, wanted: M, client: &Client) -> Result<M::Reply, Error>;
}

impl<M: Method> Carry<M, Turn, Over> for Service
where
    Self: Answer<M>,
{
    async fn carry(&self, wanted: M, turn: Turn) -> Over {
        let outcome = self.answer(wanted, &turn.client).await;
        Ok((turn, M::last(outcome)))
    }
}

impl Service {
    /// Serves clients for ever. Must run inside a `LocalSet`.
    pub async fn serve(self: Rc<Self>, listener: &Listener) {
        let settings = self.agent.settings().socket.clone();
        let limits = ipc::Limits {
            connections: settings.connections,
            per_user: settings.per_user,
            idle: settings.idle,
        };
        let serve = |client| {
            let service = self.clone();
            tokio::task::spawn_local(async move { service.client(client).await });
        };
        ipc::accept(listener, limits, serve, |trouble| say(&told(trouble))).await;
    }

    /// Serves one client until it goes.
    async fn client(&self, mut client: Client) {
        let peer = client.peer;
        let groups = Groups::of(peer);
        if let Some(why) = peer.groups.untold().filter(|_| peer.uid != 0) {
            let why = why.to_string();
            say(&Event::GroupsUntold { uid: peer.uid, gid: peer.gid, why });
        }
        loop {
            let call = match client.call().await {
                Ok(call) => call,
                Err(gone) => return self.gone(client, gone).await,
            };
            match self.turn(client, call, &groups).await {
                Ok(again) => client = again,
                Err(gone) => {
                    say(&Event::ClientGone { uid: peer.uid, why: gone.to_string() });
                    return;
                }
            }
        }
    }

    async fn gone(&self, mut client: Client, gone: Gone) {
        if let Gone::NotACall(_) = gone {
            let not_a_call = Error::invalid_parameter("method");
            let _too_late = client.reply(&not_a_call.into_reply()).await;
        }
        if !matches!(gone, Gone::Closed) {
            say(&Event::ClientGone { uid: client.peer.uid, why: gone.to_string() });
        }
    }

    /// Serves one call, and returns the client.
    async fn turn(&self, client: Client, mut call: Call, groups: &Groups) -> Result<Client, Gone> {
        self.calls.set(self.calls.get() + 1);
        let request = self.request(&mut call, &client, groups);
        let turn = Turn { client, call };
        let (mut turn, reply) = match request {
            Ok(request) => request.carried_out(self, turn).await?,
            Err(error) => (turn, error.into_reply()),
        };
        if !turn.call.oneway {
            turn.client.reply(&reply).await?;
        }
        Ok(turn.client)
    }

    /// What a call asks for, if the client may.
    fn request(&self, call: &mut Call, client: &Client, groups: &Groups) -> Result<Request, Error> {
        let name = Name::of(call)?;
        self.allow(name, call, client, groups)?;
        Ok(name.request(call.parameters.take().unwrap_or_default())?)
    }

    fn allow(
        &self,
        name: Name,
        call: &Call,
        client: &Client,
        groups: &Groups,
    ) -> Result<(), Error> {
        let Some(right) = name.right() else { return Ok(()) };
        if access::may(&self.agent.settings().access, client.peer, groups, right) {
            return Ok(());
        }
        self.refused.set(self.refused.get() + 1);
        let ipc::Peer { uid, gid, pid, .. } = client.peer;
        let pid = pid.unwrap_or_default();
        let method = call.method.clone();
        say(&Event::CallRefused { method, uid, gid, pid, right: right.word() });
        Err(Error::NotAllowed { right })
    }
}

/// What keeps clients out, as a line.
fn told(trouble: ipc::Trouble) -> Event {
    match trouble {
        ipc::Trouble::Accept(error) => Event::AcceptFailed { why: error.to_string() },
        ipc::Trouble::Closed(count) => Event::CrowdClosed { count },
        ipc::Trouble::Crowded(connections) => Event::UserCrowded { connections },
    }
}
