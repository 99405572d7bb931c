//! The agent's service for the phone's other processes: Varlink calls on the local socket.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use log::{debug, warn};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::agent::{Agent, SECD};
use crate::io::console::{Console, escape};
use crate::io::ipc::{self, Client, Gone, Listener, NotOpen};
use crate::io::users::Groups;
use crate::wire::varlink::{Call, Reply};

mod access;
mod admin;
mod apps;
mod doctor;
mod errors;
mod journal;
mod screen;

use access::Right;
use errors::Fault;
use screen::Confirmations;

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

/// What the service needs besides the agent.
pub struct Service {
    agent: Rc<Agent>,
    console: Console,
    confirmations: RefCell<Confirmations>,
    /// The files that may be fetched for clients at once.
    files: Semaphore,
    calls: Cell<u64>,
    refused: Cell<u64>,
}

/// What comes of a call that needs one reply.
type Answer = Result<Value, Fault>;

impl Service {
    /// A service of `agent` that shows the lines of `console`.
    #[must_use]
    pub fn new(agent: Rc<Agent>, console: Console) -> Rc<Self> {
        Rc::new(Self {
            agent,
            console,
            confirmations: RefCell::default(),
            files: Semaphore::new(FILES),
            calls: Cell::new(0),
            refused: Cell::new(0),
        })
    }

    /// Serves clients for ever. Must run inside a `LocalSet`.
    pub async fn serve(self: Rc<Self>, listener: &Listener) {
        let settings = self.agent.settings().socket.clone();
        let limits = ipc::Limits {
            connections: settings.connections,
            per_user: settings.per_user,
            idle: settings.idle,
        };
        ipc::accept(listener, limits, |client| {
            let service = self.clone();
            tokio::task::spawn_local(async move { service.client(client).await });
        })
        .await;
    }

    /// Serves one client until it goes.
    async fn client(&self, mut client: Client) {
        let peer = client.peer;
        let groups = Groups::of(peer.uid, peer.gid);
        loop {
            let call = match client.call().await {
                Ok(call) => call,
                Err(gone) => return self.gone(client, gone).await,
            };
            match self.turn(client, &call, &groups).await {
                Ok(again) => client = again,
                Err(gone) => {
                    debug!(target: SECD, "ipc: client of uid {}: {gone}", peer.uid);
                    return;
                }
            }
        }
    }

    async fn gone(&self, mut client: Client, gone: Gone) {
        if let Gone::NotACall(_) = gone {
            let _too_late = client.reply(&Fault::not_a_call().reply()).await;
        }
        if !matches!(gone, Gone::Closed) {
            debug!(target: SECD, "ipc: client of uid {}: {gone}", client.peer.uid);
        }
    }

    /// Serves one call, and gives the client back unless its connection has become something else.
    async fn turn(&self, mut client: Client, call: &Call, groups: &Groups) -> Result<Client, Gone> {
        self.calls.set(self.calls.get() + 1);
        let outcome = match self.allowed(call, &client, groups) {
            Err(fault) => Err(fault),
            // Boxed: a client that is silent is not to take up the room of the largest method.
            Ok(Method::Connect) => return Box::pin(self.connect(client, call)).await,
            Ok(Method::FollowLog) => Box::pin(self.follow_log(&mut client, call)).await?,
            Ok(Method::Refresh) => Box::pin(self.refresh(&mut client, call)).await?,
            Ok(method) => self.answer(method, call, &client).await,
        };
        if !call.oneway {
            let reply = outcome.map_or_else(Fault::reply, Reply::of);
            client.reply(&reply).await?;
        }
        Ok(client)
    }

    /// The method of a call, if the client may call it.
    fn allowed(&self, call: &Call, client: &Client, groups: &Groups) -> Result<Method, Fault> {
        let method = Method::of(call)?;
        let Some(right) = method.right() else { return Ok(method) };
        if access::may(&self.agent.settings().access, client.peer, groups, right) {
            return Ok(method);
        }
        self.refused.set(self.refused.get() + 1);
        let ipc::Peer { uid, gid, pid } = client.peer;
        let pid = pid.unwrap_or_default();
        warn!(target: SECD, "ipc: {} refused to uid {uid}, gid {gid}, pid {pid}: lacks the right {right}", escape(&call.method));
        Err(Fault::not_allowed(right))
    }

    /// Answers the calls that need one reply and leave the connection as it is.
    async fn answer(&self, method: Method, call: &Call, client: &Client) -> Answer {
        match method {
            Method::GetInfo => Ok(info()),
            Method::GetInterfaceDescription => describe(call),
            Method::GetTrust => none(call).map(|()| self.trust()),
            Method::Erase => self.erase(call, client.peer),
            Method::GetFile => Box::pin(self.get_file(call, client.descriptor())).await,
            Method::IsSecure => self.is_secure(call),
            Method::Judge => Box::pin(self.judge(call)).await,
            Method::GetStatus => none(call).map(|()| self.status()),
            Method::Reload => none(call).and_then(|()| self.reload()),
            Method::Diagnose => Box::pin(self.diagnose(call)).await,
            Method::GetCache => none(call).map(|()| self.cache()),
            Method::FlushCache => none(call).map(|()| self.flush_cache()),
            Method::GetLog => self.get_log(call),
            Method::AppendLog => append_log(call),
            Method::SetLogLevel => self.set_log_level(call),
            Method::Connect | Method::FollowLog | Method::Refresh => Ok(json!({})),
        }
    }
}

use journal::append_log;

/// The methods, ours and those of every Varlink service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    AppendLog,
    Connect,
    Diagnose,
    Erase,
    FlushCache,
    FollowLog,
    GetCache,
    GetFile,
    GetInfo,
    GetInterfaceDescription,
    GetLog,
    GetStatus,
    GetTrust,
    IsSecure,
    Judge,
    Refresh,
    Reload,
    SetLogLevel,
}

impl Method {
    fn of(call: &Call) -> Result<Self, Fault> {
        let (interface, method) = call.split();
        let found = match (interface, method) {
            ("org.varlink.service", "GetInfo") => Self::GetInfo,
            ("org.varlink.service", "GetInterfaceDescription") => Self::GetInterfaceDescription,
            (INTERFACE, "AppendLog") => Self::AppendLog,
            (INTERFACE, "Connect") => Self::Connect,
            (INTERFACE, "Diagnose") => Self::Diagnose,
            (INTERFACE, "Erase") => Self::Erase,
            (INTERFACE, "FlushCache") => Self::FlushCache,
            (INTERFACE, "FollowLog") => Self::FollowLog,
            (INTERFACE, "GetCache") => Self::GetCache,
            (INTERFACE, "GetFile") => Self::GetFile,
            (INTERFACE, "GetLog") => Self::GetLog,
            (INTERFACE, "GetStatus") => Self::GetStatus,
            (INTERFACE, "GetTrust") => Self::GetTrust,
            (INTERFACE, "IsSecure") => Self::IsSecure,
            (INTERFACE, "Judge") => Self::Judge,
            (INTERFACE, "Refresh") => Self::Refresh,
            (INTERFACE, "Reload") => Self::Reload,
            (INTERFACE, "SetLogLevel") => Self::SetLogLevel,
            (INTERFACE | "org.varlink.service", _) => return Err(Fault::method_not_found(method)),
            _ => return Err(Fault::interface_not_found(interface)),
        };
        Ok(found)
    }

    /// The right that a method needs; introspection needs none.
    const fn right(self) -> Option<Right> {
        match self {
            Self::GetInfo | Self::GetInterfaceDescription => None,
            Self::AppendLog => Some(Right::Any),
            Self::Connect | Self::Judge => Some(Right::Connect),
            Self::Erase => Some(Right::Erase),
            Self::GetFile | Self::IsSecure => Some(Right::Fetch),
            Self::FlushCache | Self::Refresh | Self::Reload | Self::SetLogLevel => {
                Some(Right::Configure)
            }
            Self::Diagnose
            | Self::FollowLog
            | Self::GetCache
            | Self::GetLog
            | Self::GetStatus
            | Self::GetTrust => Some(Right::Read),
        }
    }
}

/// The parameters of a call, as the method wants them.
fn parameters<T: DeserializeOwned>(call: &Call) -> Result<T, Fault> {
    let given = call.parameters.clone().unwrap_or_default();
    read(&given).map_err(|error| Fault::invalid_parameter(&culprit::<T>(&given, &error)))
}

fn read<T: DeserializeOwned>(given: &Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(given.clone())).map_err(|error| error.to_string())
}

/// The parameter that an error of the reader is about. A missing or unknown one stands in it,
/// between backquotes; one of the wrong type is the one without which there is another error.
fn culprit<T: DeserializeOwned>(given: &Map<String, Value>, error: &str) -> String {
    if error.starts_with("missing field") || error.starts_with("unknown field") {
        return error.split('`').nth(1).unwrap_or_default().to_owned();
    }
    let without = |name: &str| {
        let mut others = given.clone();
        others.remove(name);
        read::<T>(&others).err()
    };
    given.keys().find(|name| without(name).as_deref() != Some(error)).cloned().unwrap_or_default()
}

/// For methods that take none.
fn none(call: &Call) -> Result<(), Fault> {
    let unexpected = call.parameters.as_ref().and_then(|given: &Map<_, _>| given.keys().next());
    unexpected.map_or(Ok(()), |name| Err(Fault::invalid_parameter(name)))
}

fn info() -> Value {
    json!({
        "vendor": "secd",
        "product": "secd",
        "version": env!("CARGO_PKG_VERSION"),
        "url": "",
        "interfaces": ["org.varlink.service", INTERFACE],
    })
}

fn describe(call: &Call) -> Answer {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        interface: String,
    }
    let wanted: Wanted = parameters(call)?;
    match wanted.interface.as_str() {
        INTERFACE => Ok(json!({ "description": DESCRIPTION })),
        "org.varlink.service" => Ok(json!({ "description": VARLINK })),
        other => Err(Fault::interface_not_found(other)),
    }
}

/// Files that are fetched for clients at once: each is up to 550 kB, some times over; inferred.
const FILES: usize = 2;

/// Our interface.
const INTERFACE: &str = "phone.secd";

/// What it has, in Varlink's own language.
const DESCRIPTION: &str = include_str!("secd.varlink");

/// What every Varlink service has.
const VARLINK: &str = "\
# What every Varlink service has.
interface org.varlink.service

method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)

error MethodNotFound (method: string)

error MethodNotImplemented (method: string)

error InvalidParameter (parameter: string)

error PermissionDenied ()

error ExpectedMore ()
";
