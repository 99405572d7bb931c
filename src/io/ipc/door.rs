//! The door: who gets a place, and who is turned away.

use std::io;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

use crate::io::ipc::user::Users;
use crate::io::ipc::{Client, ClientCredentials, LOOK_AGAIN, Listener, Pace, peer};
use crate::io::places::{Full, Places, Requester, Shares};
use crate::wire::varlink::Frames;

/// How much of the agent local clients may take up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SocketLimits {
    /// Connections; beyond them, others are refused.
    pub connections: Shares,
    /// Longest pause between two calls.
    pub idle: Duration,
}

/// Accepts clients for ever, and passes each to `serve`, which must not wait for it, with what
/// `know` finds out about it.
///
/// Errors of accepting are waited out. What keeps clients out is passed to `notice`. While not even
/// root would find a place, a crowd waits in the kernel and not in our memory.
pub async fn accept<K>(
    listener: &Listener,
    limits: SocketLimits,
    know: impl Fn(ClientCredentials) -> (Requester, K),
    serve: impl Fn(Client, K),
    notice: impl Fn(AcceptTrouble),
) {
    let places = Places::new(limits.connections);
    let users = Users::default();
    let mut pause = ACCEPT_PAUSE;
    loop {
        while places.are_all_taken() {
            sleep(LOOK_AGAIN).await;
        }
        let stream = match listener.inner.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                notice(AcceptTrouble::Accept(error));
                sleep(pause).await;
                // A shortage may last: it is logged less and less often.
                pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                continue;
            }
        };
        pause = ACCEPT_PAUSE;
        // Those who come and go without end must not keep everything else waiting.
        yield_now().await;
        // Who it is cannot be known: then it has no rights, and no place either.
        let Ok(credentials) = stream.peer_cred() else { continue };
        let mut known = None;
        // Looked at only where it matters: a crowd is turned away by its number alone.
        let standing = || {
            let peer = peer(&stream, credentials);
            let (standing, more) = know(peer);
            known = Some((peer, more));
            standing
        };
        let uid = credentials.uid();
        match (places.take(uid, standing), known) {
            (Ok(place), Some((peer, known))) => {
                let pace = Pace::of(place.standing(), limits.idle);
                let frames = Frames::up_to(pace.message);
                let user = users.of(uid);
                serve(Client::new(stream, (frames, pace, user), peer, place), known);
            }
            (Err(Full { own }), _) => notice(AcceptTrouble::Crowded { uid, connections: own }),
            // A place is only given to who is known.
            (Ok(_), None) => {}
        }
    }
}

/// What keeps clients out.
#[derive(Debug)]
pub enum AcceptTrouble {
    /// No connection can be accepted for a moment.
    Accept(io::Error),
    /// There is no place for a connection: it was closed.
    Crowded {
        /// The user who tried to connect.
        uid: u32,
        /// Connections that this user has.
        connections: usize,
    },
}

/// Pauses after an error of accepting, such as no descriptors left; inferred.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);
