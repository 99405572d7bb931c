//! The other end of the socket, for commands: it blocks, but never longer than it was asked to.

use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::descriptor;
use crate::face::{Error, Method, Streams, Unfit, Upgrades};
use crate::io::reason::why;
use crate::wire::varlink::{Call, Frames, MAX_MESSAGE, Reply};

/// A connection to the daemon.
#[derive(Debug)]
pub struct DaemonConnection {
    stream: UnixStream,
    frames: Frames,
    /// The last one that has come with a reply.
    descriptor: Option<OwnedFd>,
    path: PathBuf,
}

impl DaemonConnection {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`CallFailure::Absent`].
    pub fn connect(path: &Path) -> Result<Self, CallFailure> {
        let path = path.to_path_buf();
        match UnixStream::connect(&path) {
            Ok(stream) => {
                let frames = Frames::up_to(MAX_REPLY);
                Ok(Self { stream, frames, descriptor: None, path })
            }
            Err(source) => Err(CallFailure::Absent { path, source }),
        }
    }

    /// Calls a method that answers once, and waits for that, but not for ever.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub fn call<M: Method>(
        &mut self,
        method: M,
        patience: Duration,
    ) -> Result<M::Reply, CallFailure> {
        read::<M>(self.exchange(&method.into_call(), patience)?)
    }

    /// The same of a method whose reply may hand a descriptor over.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub fn call_for_descriptor<M: Method>(
        &mut self,
        method: M,
        patience: Duration,
    ) -> Result<(M::Reply, Option<OwnedFd>), CallFailure> {
        self.descriptor = None;
        let reply = self.call(method, patience)?;
        Ok((reply, self.descriptor.take()))
    }

    /// Calls a method that answers several times, with any time between the replies.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub fn more<M: Streams>(mut self, method: M) -> Result<Replies<M>, CallFailure> {
        self.wait_at_most(None)?;
        // No limit: lines of a log come when there is something to log.
        self.send(&Call { more: true, ..method.into_call() })?;
        Ok(Replies { caller: self, over: false, method: PhantomData })
    }

    /// Calls a method after which the connection is something else: its reply, the stream, and what
    /// has come of it.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub fn upgrade<M: Upgrades>(
        mut self,
        method: M,
        patience: Duration,
    ) -> Result<(M::Reply, UnixStream, Vec<u8>), CallFailure> {
        let call = Call { upgrade: true, ..method.into_call() };
        let parameters = self.exchange(&call, patience)?;
        self.wait_at_most(None)?;
        Ok((read::<M>(parameters)?, self.stream, self.frames.rest()))
    }

    fn exchange(&mut self, call: &Call, patience: Duration) -> Result<Value, CallFailure> {
        self.wait_at_most(Some(patience))?;
        self.send(call)?;
        self.reply().map(|(parameters, _)| parameters)
    }

    fn wait_at_most(&self, patience: Option<Duration>) -> Result<(), CallFailure> {
        self.stream.set_read_timeout(patience).map_err(|source| self.broken(source))
    }

    fn send(&mut self, call: &Call) -> Result<(), CallFailure> {
        let message = call.emit();
        // The daemon would close the connection without a reason.
        if message.len() > MAX_MESSAGE {
            return Err(CallFailure::TooLong);
        }
        self.stream.write_all(&message).map_err(|source| self.broken(source))
    }

    /// The next reply, and whether another follows.
    fn reply(&mut self) -> Result<(Value, bool), CallFailure> {
        let mut buffer = [0; 16 << 10];
        loop {
            let message = self.frames.message().map_err(|_| CallFailure::NotAReply)?;
            if let Some(message) = message {
                return answered(&message);
            }
            match self.receive(&mut buffer) {
                Ok(0) => return Err(self.broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(length) => self.frames.feed(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.broken(source)),
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (length, descriptor) = descriptor::receive(&self.stream, buffer)?;
        // It comes with the first bytes of a reply; the rest may come without one.
        self.descriptor = descriptor.or(self.descriptor.take());
        Ok(length)
    }

    fn broken(&self, source: io::Error) -> CallFailure {
        let path = self.path.clone();
        match source.kind() {
            // How a read timeout ends (`SO_RCVTIMEO`, socket(7)).
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CallFailure::Silent { path },
            io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::UnexpectedEof => CallFailure::Closed { path },
            _ => CallFailure::Broken { path, source },
        }
    }
}

/// The parameters of a reply, and whether another follows.
fn answered(message: &[u8]) -> Result<(Value, bool), CallFailure> {
    let reply = Reply::parse(message).map_err(|_| CallFailure::NotAReply)?;
    let parameters = reply.parameters.unwrap_or_default();
    match reply.error {
        None => Ok((parameters, reply.continues)),
        Some(name) => Err(match Error::read(&name, &parameters) {
            Some(error) => CallFailure::Refused(error),
            None => CallFailure::Unknown(UnknownError { name, parameters }),
        }),
    }
}

fn read<M: Method>(parameters: Value) -> Result<M::Reply, CallFailure> {
    M::read(parameters).map_err(|Unfit { member }| CallFailure::Unfit { member })
}

/// The replies of a method that answers several times.
#[derive(Debug)]
pub struct Replies<M> {
    caller: DaemonConnection,
    over: bool,
    method: PhantomData<M>,
}

impl<M: Method> Iterator for Replies<M> {
    type Item = Result<M::Reply, CallFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let reply = self.caller.reply();
        self.over = !matches!(reply, Ok((_, true)));
        Some(reply.and_then(|(parameters, _)| read::<M>(parameters)))
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub enum CallFailure {
    /// The socket cannot be connected to: mostly, no daemon runs.
    Absent {
        /// The socket that was tried.
        path: PathBuf,
        /// The reason that the system reported.
        source: io::Error,
    },
    /// The system reported an error of the connection.
    Broken {
        /// The socket that was connected to.
        path: PathBuf,
        /// The reason that the system reported.
        source: io::Error,
    },
    /// The daemon closed the connection: it ends, or has too many.
    Closed {
        /// The socket that was connected to.
        path: PathBuf,
    },
    /// What came is no reply.
    NotAReply,
    /// The method answers with an error.
    Refused(Error),
    /// No reply in time.
    Silent {
        /// The socket that was connected to.
        path: PathBuf,
    },
    /// The call does not fit into a message.
    TooLong,
    /// The reply lacks a member, or has another one there than this program knows.
    Unfit {
        /// The name of the member.
        member: String,
    },
    /// The method answers with an error that this program does not know: the daemon is newer.
    Unknown(UnknownError),
}

/// An error that this program does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownError {
    /// Its interface and name, with a dot between them.
    pub name: String,
    /// What came with it, as it came.
    pub parameters: Value,
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { path, source } => {
                let hint = match source.kind() {
                    io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                        "; is the daemon running? --socket names another one"
                    }
                    // The door itself is closed: [access] has not been looked at.
                    io::ErrorKind::PermissionDenied => {
                        "; `[socket] mode` of secd.toml decides who may connect, run the command \
                         as root or as the daemon's user"
                    }
                    _ => "",
                };
                write!(f, "{}: cannot connect, {}{hint}", path.display(), why(source))
            }
            Self::Broken { path, source } => write!(f, "{}: {}", path.display(), why(source)),
            Self::Closed { path } => {
                write!(f, "{}: the daemon closed the connection", path.display())
            }
            Self::NotAReply => f.write_str("the daemon's reply is malformed"),
            Self::Refused(error) => f.write_str(error.name()),
            Self::Silent { path } => write!(f, "{}: no reply in time", path.display()),
            Self::TooLong => f.write_str("the request exceeds 64 KiB"),
            Self::Unfit { member } => {
                write!(f, "the daemon's reply has no valid {member}, is it another version?")
            }
            Self::Unknown(refusal) => f.write_str(&refusal.name),
        }
    }
}

impl std::error::Error for CallFailure {}

/// 4 MiB: twice what the largest cache takes. Inferred.
const MAX_REPLY: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::methods::GetFile;
    use serde_json::json;

    #[test]
    fn an_error_is_known_or_kept_as_it_came() {
        let known = answered(b"{\"error\":\"phone.secd.Busy\"}");
        assert!(matches!(known, Err(CallFailure::Refused(Error::Busy))));
        let newer = br#"{"error":"phone.secd.Tired","parameters":{"since":5}}"#;
        let Err(CallFailure::Unknown(refusal)) = answered(newer) else { panic!("it is not known") };
        assert_eq!(refusal.name, "phone.secd.Tired");
        assert_eq!(refusal.parameters, json!({ "since": 5 }));
    }

    #[test]
    fn a_reply_may_have_more_members_than_are_known_but_not_fewer() {
        let file = json!({ "path": "/a", "length": 1, "verified": true, "owner": 0 });
        assert_eq!(read::<GetFile>(file).unwrap().path, "/a");
        let read = read::<GetFile>(json!({ "path": "/a", "length": -1 }));
        assert!(matches!(read, Err(CallFailure::Unfit { member }) if member == "length"));
    }
}
