//! The calls of clients: read, allowed or refused, carried out, answered.

use std::rc::Rc;

use tokio::time::sleep;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::service::access;
use crate::agent::service::office::Service;
use crate::agent::service::tally;
use crate::boot::Event;
use crate::face::{Carry, Error, Method, MethodCall, MethodName, Words};
use crate::io::ipc::{self, AcceptTrouble, Client, ClientCredentials, Gone, Listener, NotOpen};
use crate::io::users::{CurrentAccounts, Groups};
use crate::io::{clock, files};
use crate::wire::varlink::{Call, Reply};

impl Agent {
    /// Opens the socket that secd.toml names.
    ///
    /// # Errors
    /// [`NotOpen`], as when another agent listens there.
    pub fn listen(&self) -> Result<Listener, NotOpen> {
        let configuration = self.settings();
        Listener::open(&configuration.paths.socket, configuration.socket.mode)
    }
}

/// A call, and the client that waits for its outcome.
pub(super) struct CallTurn {
    pub(super) client: Client,
    /// Without its parameters, which have been read already.
    pub(super) call: Call,
}

impl CallTurn {
    /// Whether the caller takes several replies.
    pub(super) const fn takes_more(&self) -> bool {
        self.call.more && !self.call.oneway
    }
}

/// The last reply to a call, unless its connection has become something else.
pub(super) type Over = Result<(CallTurn, Reply), Gone>;

/// A method that needs one reply and leaves the connection as it is.
pub(super) trait OneReply<M: Method> {
    async fn answer(&self, wanted: M, client: &Client) -> Result<M::Reply, Error>;
}

impl<M: Method> Carry<M, CallTurn, Over> for Service
where
    Self: OneReply<M>,
{
    async fn carry(&self, wanted: M, turn: CallTurn) -> Over {
        let outcome = self.answer(wanted, &turn.client).await;
        Ok((turn, M::last(outcome)))
    }
}

impl Service {
    /// Serves clients until it is dropped. Must run inside a `LocalSet`.
    pub async fn serve(self: Rc<Self>, listener: &Listener) {
        let limits = ipc::SocketLimits {
            connections: self.agent.capacity.connections,
            idle: self.agent.settings().socket.idle,
        };
        let accounts = CurrentAccounts::default();
        // Once a connection: the groups are those that the process has when it connects.
        let know = |peer: ClientCredentials| {
            let groups = Groups::of(peer, &accounts.at(clock::wall()));
            (access::standing(&self.agent.settings().access, peer, &groups), groups)
        };
        let serve = |client, groups| {
            let service = self.clone();
            tokio::task::spawn_local(async move { service.client(client, groups).await });
        };
        tokio::select! {
            () = ipc::accept(listener, limits, know, serve, |trouble| self.trouble(trouble)) => {}
            () = self.sum_up() => {}
        }
    }

    /// Serves one client until it leaves or is let go.
    async fn client(&self, mut client: Client, groups: Groups) {
        let peer = client.peer;
        if let Some(why) = peer.groups.untold() {
            let why = why.to_string();
            say(&Event::GroupsUntold { uid: peer.uid, gid: peer.gid, why });
        }
        let uid = peer.uid;
        let mut visit = Visit { groups, refused: 0 };
        loop {
            let call = match client.call().await {
                Ok(call) => call,
                Err(gone) => return self.gone(client, gone).await,
            };
            match self.turn(client, call, &mut visit).await {
                Ok(again) => client = again,
                Err(gone) => return say_gone(uid, &gone),
            }
        }
    }

    async fn gone(&self, mut client: Client, gone: Gone) {
        if let Gone::NotACall(_) = gone {
            let not_a_call = Error::invalid_parameter("method");
            // A hint for whoever writes a client; the connection ends in any case.
            let _too_late = client.reply(not_a_call.into_reply()).await;
        }
        if !matches!(gone, Gone::Closed) {
            say_gone(client.peer.uid, &gone);
        }
    }

    /// Serves one call, and returns the client.
    async fn turn(
        &self,
        client: Client,
        mut call: Call,
        visit: &mut Visit,
    ) -> Result<Client, Gone> {
        self.calls.set(self.calls.get() + 1);
        let request = self.request(&mut call, &client, visit);
        let turn = CallTurn { client, call };
        let (mut turn, reply) = match request {
            Ok(request) => request.carried_out(self, turn).await?,
            Err(error) => (turn, error.into_reply()),
        };
        if !turn.call.oneway {
            turn.client.reply(reply).await?;
        }
        // The upgrade has failed: what follows was meant for a stream, and must not be read as a
        // call (threat model, 34).
        if turn.call.upgrade {
            return Err(Gone::Upgrading);
        }
        if visit.refused >= REFUSALS {
            return Err(Gone::Refused);
        }
        Ok(turn.client)
    }

    /// What a call asks for, if the client may.
    fn request(
        &self,
        call: &mut Call,
        client: &Client,
        visit: &mut Visit,
    ) -> Result<MethodCall, Error> {
        let name = MethodName::of(call)?;
        // Rights first: who may not call learns nothing of the parameters.
        self.allow(name, call, client, visit)?;
        Ok(name.request(call.parameters.take().unwrap_or_default())?)
    }

    fn allow(
        &self,
        name: MethodName,
        call: &Call,
        client: &Client,
        visit: &mut Visit,
    ) -> Result<(), Error> {
        let Some(right) = name.right() else { return Ok(()) };
        let ClientCredentials { uid, gid, pid, .. } = client.peer;
        if access::may(&self.agent.settings().access, client.peer, &visit.groups, right) {
            return Ok(());
        }
        visit.refused += 1;
        self.refused.set(self.refused.get() + 1);
        if self.refusals.is_worth_a_line(uid) {
            let (method, pid) = (call.method.clone(), pid.unwrap_or_default());
            say(&Event::CallRefused { method, uid, gid, pid, right: right.word() });
        }
        // Names of users and groups: whoever may open the socket can read them in /etc as well.
        let holders = access::holders(&self.agent.settings().access, right);
        Err(Error::NotAllowed { right, holders: Some(holders) })
    }

    /// Logs what keeps clients out.
    fn trouble(&self, trouble: AcceptTrouble) {
        match trouble {
            AcceptTrouble::Accept(error) => say(&Event::AcceptFailed { why: files::why(&error) }),
            AcceptTrouble::Crowded { uid, connections } if self.crowds.is_worth_a_line(uid) => {
                say(&Event::UserCrowded { uid, connections });
            }
            // Counted, and logged with the others of that user in a while.
            AcceptTrouble::Crowded { .. } => {}
        }
    }

    /// Logs, from time to time, how much got no line of its own.
    async fn sum_up(&self) {
        loop {
            tokio::select! {
                () = self.refusals.any() => {}
                () = self.crowds.any() => {}
                () = self.lines.any() => {}
            }
            // Only after the first occurrence: an idle agent does not wake up for this.
            sleep(tally::WINDOW).await;
            for (who, count) in self.refusals.sum_up() {
                say(&Event::CallsRefused { who: who.to_string(), count });
            }
            for (who, count) in self.crowds.sum_up() {
                say(&Event::CrowdClosed { who: who.to_string(), count });
            }
            for (who, count) in self.lines.sum_up() {
                say(&Event::LinesLeftOut { who: who.to_string(), count });
            }
        }
    }
}

/// What the agent keeps of a client while it is there.
struct Visit {
    groups: Groups,
    /// How many of its calls were refused for want of a right.
    refused: u32,
}

fn say_gone(uid: u32, gone: &Gone) {
    // A client that is let go for its refusals has its lines already.
    if !matches!(gone, Gone::Refused) {
        say(&Event::ClientGone { uid, why: gone.to_string() });
    }
}

/// Refusals after which a client is let go. Inferred: twice as many as a program gets that tries
/// every method.
const REFUSALS: u32 = 32;
