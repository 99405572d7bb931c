//! What a method is, and how the table of them is declared.

use alloc::format;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::errors::Error;
use crate::face::record::ObjectType;
use crate::face::rights::Right;
use crate::face::shape::{ShapeMember, Types, Unfit};
use crate::wire::varlink::{Call, Reply};

/// A method; the type is that of its parameters.
pub trait Method: ObjectType {
    /// The interface that declares it.
    const INTERFACE: &'static str;

    /// The right that it needs; introspection needs none.
    const RIGHT: Option<Right>;

    /// What becomes of its connection.
    const MODE: Mode;

    /// The type of its reply, without errors.
    type Reply: ObjectType;

    /// The call with these parameters, for a client.
    fn into_call(self) -> Call {
        Call {
            method: format!("{}.{}", Self::INTERFACE, Self::NAME),
            parameters: Some(self.into_map()),
            ..Call::default()
        }
    }

    /// The reply that ends it.
    #[must_use]
    fn last(outcome: Result<Self::Reply, Error>) -> Reply {
        match outcome {
            Ok(reply) => Reply::of(Value::Object(reply.into_map())),
            Err(error) => error.into_reply(),
        }
    }

    /// A reply that others follow.
    #[must_use]
    fn part(reply: Self::Reply) -> Reply
    where
        Self: Streams,
    {
        Reply { continues: true, ..Self::last(Ok(reply)) }
    }

    /// Reads a reply, for a client.
    ///
    /// # Errors
    /// [`Unfit`].
    fn read(parameters: Value) -> Result<Self::Reply, Unfit> {
        match parameters {
            Value::Object(map) => Self::Reply::from_reply(map),
            // Varlink lets a service leave out parameters that are empty.
            _ => Self::Reply::from_reply(Map::new()),
        }
    }
}

/// What becomes of the connection of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Several replies, to a call with `more`.
    More,
    /// One reply, to an ordinary call.
    Once,
    /// Another stream after the reply, to a call with `upgrade`.
    Upgrade,
}

/// A method that answers several times when it is called with `more`.
pub trait Streams: Method {}

/// A method after which the connection becomes another stream.
pub trait Upgrades: Method {}

/// A method for the interface's language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declaration {
    /// The interface that declares it.
    pub interface: &'static str,
    /// Its name, without the interface in front.
    pub name: &'static str,
    /// The right that it needs.
    pub right: Option<Right>,
    /// What becomes of its connection.
    pub mode: Mode,
    /// The names and types of its parameters.
    pub parameters: Vec<ShapeMember>,
    /// The members of its reply.
    pub reply: Vec<ShapeMember>,
}

impl Declaration {
    pub(super) fn from_method<M: Method>(types: &mut Types) -> Self {
        // Not the record itself: parameters and replies have no name in the interface's language.
        M::declare_members(types);
        M::Reply::declare_members(types);
        Self {
            interface: M::INTERFACE,
            name: M::NAME,
            right: M::RIGHT,
            mode: M::MODE,
            parameters: M::members(),
            reply: M::Reply::members(),
        }
    }
}

/// Carries a method out. What a turn and an outcome are is up to the service.
#[expect(async_fn_in_trait, reason = "one thread: nothing is sent to another")]
pub trait Carry<M, Turn, Outcome> {
    /// Carries the method out.
    async fn carry(&self, wanted: M, turn: Turn) -> Outcome;
}

/// Declares every method, one after the other: mode, name, right, parameters, reply.
macro_rules! methods {
    ($(interface $interface:literal { $(
        $(#[$about:meta])*
        $mode:ident $name:ident($($right:ident)?) { $($parameters:tt)* }
        -> $(#[$what:meta])* $reply:ident { $($members:tt)* }
    )* })*) => {
        $($(
            record! { $(#[$about])* $name { $($parameters)* } }
            record! { $(#[$what])* $reply { $($members)* } }

            impl Method for $name {
                const INTERFACE: &'static str = $interface;
                // The first element: the right if one is written, otherwise none.
                const RIGHT: Option<Right> = [$(Some(Right::$right),)? None][0];
                const MODE: Mode = Mode::$mode;
                type Reply = $reply;
            }

            $crate::face::method::mode! { $mode $name }
        )*)*

        /// The names of the methods.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum MethodName { $($(#[doc = concat!("Of [`", stringify!($name), "`](self::", stringify!($name), ").")] $name,)*)* }

        impl MethodName {
            /// The method that a call is for.
            ///
            /// # Errors
            /// [`Error::InterfaceNotFound`], [`Error::MethodNotFound`].
            pub fn of(call: &Call) -> Result<Self, Error> {
                let (interface, method) = call.split();
                $($(if (interface, method) == ($interface, stringify!($name)) {
                    return Ok(Self::$name);
                })*)*
                // Which of the two names is wrong tells the caller whether the service is older or
                // another one.
                if INTERFACES.contains(&interface) {
                    return Err(Error::MethodNotFound { method: method.into() });
                }
                Err(Error::InterfaceNotFound { interface: interface.into() })
            }

            /// The right that it needs.
            #[must_use]
            pub const fn right(self) -> Option<Right> {
                match self { $($(Self::$name => <$name as Method>::RIGHT,)*)* }
            }

            /// Reads its parameters, all of which must be known.
            ///
            /// # Errors
            /// [`Unfit`].
            pub fn request(self, parameters: Map<String, Value>) -> Result<MethodCall, Unfit> {
                match self {
                    $($(Self::$name => $name::from_parameters(parameters).map(MethodCall::$name),)*)*
                }
            }
        }

        /// A call whose parameters have been read.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum MethodCall { $($(#[doc = concat!("Of [`", stringify!($name), "`](self::", stringify!($name), ").")] $name($name),)*)* }

        impl MethodCall {
            /// Hands it to the service, which carries it out.
            pub async fn carried_out<S, T, O>(self, service: &S, turn: T) -> O
            where
                $($(S: Carry<$name, T, O>,)*)*
            {
                // Boxed: otherwise every call would take up as much memory as the largest method.
                match self {
                    $($(Self::$name(it) => Box::pin(service.carry(it, turn)).await,)*)*
                }
            }
        }

        /// The interfaces that have methods.
        pub const INTERFACES: [&str; [$($interface),*].len()] = [$($interface),*];

        /// Every method for the interface's language, and the declarations that they refer to.
        #[must_use]
        pub fn declared(types: &mut Types) -> Vec<Declaration> {
            vec![$($(Declaration::from_method::<$name>(types),)*)*]
        }
    };
}

/// Marks the methods that do more than reply once.
macro_rules! mode {
    (Once $name:ident) => {};
    (More $name:ident) => {
        impl $crate::face::method::Streams for $name {}
    };
    (Upgrade $name:ident) => {
        impl $crate::face::method::Upgrades for $name {}
    };
}

pub(super) use {methods, mode};
