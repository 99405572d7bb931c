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
    /// The interface that it is of.
    const INTERFACE: &'static str;

    /// The right that it needs; introspection needs none.
    const RIGHT: Option<Right>;

    /// What comes of its connection.
    const MODE: Mode;

    /// What it answers.
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

    /// A reply after which others follow.
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
            Value::Object(map) => Self::Reply::of_reply(map),
            _ => Self::Reply::of_reply(Map::new()),
        }
    }
}

/// What comes of the connection of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Several replies, to a call with `more`.
    More,
    /// One reply.
    Once,
    /// Another stream after the reply, to a call with `upgrade`.
    Upgrade,
}

/// A method that answers several times when it is called with `more`.
pub trait Streams: Method {}

/// A method after which the connection is another stream.
pub trait Upgrades: Method {}

/// A method for the interface's language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declaration {
    /// The interface that it is of.
    pub interface: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The right that it needs.
    pub right: Option<Right>,
    /// What comes of its connection.
    pub mode: Mode,
    /// Its parameters.
    pub parameters: Vec<ShapeMember>,
    /// The members of its reply.
    pub reply: Vec<ShapeMember>,
}

impl Declaration {
    pub(super) fn of<M: Method>(types: &mut Types) -> Self {
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

/// Who carries a method out: in its turn, with an outcome that the caller knows what to do with.
#[expect(async_fn_in_trait, reason = "one thread: nothing is sent to another")]
pub trait Carry<M, Turn, Outcome> {
    /// Carries the method out.
    async fn carry(&self, wanted: M, turn: Turn) -> Outcome;
}

/// Declares every method: mode, name, right, parameters, reply.
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

            /// Reads its parameters.
            ///
            /// # Errors
            /// [`Unfit`].
            pub fn request(self, parameters: Map<String, Value>) -> Result<MethodCall, Unfit> {
                match self {
                    $($(Self::$name => $name::of_parameters(parameters).map(MethodCall::$name),)*)*
                }
            }
        }

        /// A call whose parameters have been read.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum MethodCall { $($(#[doc = concat!("Of [`", stringify!($name), "`](self::", stringify!($name), ").")] $name($name),)*)* }

        impl MethodCall {
            /// Has it carried out.
            pub async fn carried_out<S, T, O>(self, service: &S, turn: T) -> O
            where
                $($(S: Carry<$name, T, O>,)*)*
            {
                // Boxed: no call is to take up the room of the largest method.
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
            vec![$($(Declaration::of::<$name>(types),)*)*]
        }
    };
}

/// Marks what is not called once.
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
