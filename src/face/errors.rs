//! The errors of the interface, each with its facts.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::record::{Members, put};
use crate::face::rights::Right;
use crate::face::shape::{Shape, ShapeMember, Types, Unfit};
use crate::wire::varlink::Reply;

/// Declares the errors, by interface, with a table that both writes and reads them.
macro_rules! errors {
    ($($interface:literal { $(
        $(#[$about:meta])* $name:ident $({ $($(#[$what:meta])* $fact:ident: $shape:ty,)* })?;
    )* })*) => {
        /// Why a call is not answered.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum Error { $($(
            $(#[$about])* $name $({ $($(#[$what])* $fact: $shape,)* })?,
        )*)* }

        impl Error {
            /// Its name, without the interface.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $($(Self::$name $({ $($fact: _,)* })? => stringify!($name),)*)* }
            }

            const fn full_name(&self) -> &'static str {
                match self { $($(
                    Self::$name $({ $($fact: _,)* })? =>
                        concat!($interface, ".", stringify!($name)),
                )*)* }
            }

            /// Its facts as an object.
            #[must_use]
            pub fn into_facts(self) -> Map<String, Value> {
                let mut _facts = Map::new();
                match self { $($(Self::$name $({ $($fact,)* })? => {
                    $($(put(&mut _facts, stringify!($fact), $fact);)*)?
                })*)* }
                _facts
            }

            fn take(name: &str, _facts: &mut Members) -> Option<Self> {
                $($(if name == concat!($interface, ".", stringify!($name)) {
                    return Some(Self::$name $({
                        $($fact: _facts.take(stringify!($fact)),)*
                    })?);
                })*)*
                None
            }

            /// Every error for the interface's language: interface, name, facts; and the
            /// declarations that the facts refer to.
            #[must_use]
            pub fn declared(_types: &mut Types) -> Vec<(&'static str, &'static str, Vec<ShapeMember>)> {
                $($($($(<$shape as Shape>::declare(_types);)*)?)*)*
                alloc::vec![$($((
                    $interface,
                    stringify!($name),
                    alloc::vec![$($((stringify!($fact), <$shape as Shape>::varlink()),)*)?],
                ),)*)*]
            }
        }
    };
}

errors! {
    "org.varlink.service" {
        /// The method must be called with `more`.
        ExpectedMore;
        /// There is no such interface.
        InterfaceNotFound {
            /// Its name.
            interface: String,
        };
        /// A parameter is missing, wrong, or not known.
        InvalidParameter {
            /// Its name.
            parameter: String,
        };
        /// There is no such method.
        MethodNotFound {
            /// Its name, without the interface.
            method: String,
        };
        /// The method is declared only.
        MethodNotImplemented {
            /// Its name, without the interface.
            method: String,
        };
        /// What other services answer instead of [`Error::NotAllowed`].
        PermissionDenied;
    }
    "phone.secd" {
        /// The certificate is not one in PEM or DER.
        BadCertificate;
        /// secd.toml has faults; nothing was changed.
        BadConfiguration {
            /// Each in words.
            faults: Vec<String>,
        };
        /// The name cannot be asked for.
        BadName {
            /// The name.
            name: String,
            /// What is wrong with it.
            detail: String,
        };
        /// The signature does not match, or is weaker than policy allows.
        BadSignature {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// Another diagnosis is being made.
        Busy;
        /// The server has no such file.
        FileNotFound {
            /// Its name.
            name: String,
        };
        /// The file has more bytes than allowed.
        FileTooLarge {
            /// Its name.
            name: String,
            /// How many bytes are allowed.
            limit: usize,
        };
        /// There is no TLS with this server.
        HandshakeFailed {
            /// Why.
            detail: String,
        };
        /// The host cannot be reached.
        HostUnreachable {
            /// Why.
            detail: String,
        };
        /// Nothing can be trusted: what was trusted cannot be read.
        Locked;
        /// The file is not what it should be.
        Malformed {
            /// The class of the reason.
            reason: String,
            /// The reason in words, with offset and field.
            detail: String,
        };
        /// The caller lacks a right.
        NotAllowed {
            /// Which.
            right: Right,
        };
        /// The content could not be decrypted.
        NotDecrypted {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// The server's certificate is not trusted.
        NotTrusted {
            /// Why.
            detail: String,
        };
        /// A file of the phone could not be written, or erased.
        NotWritten {
            /// Which.
            path: String,
            /// Why, where it is known.
            detail: Option<String>,
        };
        /// Signed, and refused by policy all the same.
        RefusedByPolicy {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// No server gave the file.
        ServerUnreachable {
            /// Why.
            detail: String,
        };
        /// The signer may not sign this, or nobody knows it.
        SignerNotTrusted {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// As many connections as may be are open.
        TooManyConnections;
        /// As many descriptors went over this connection as may.
        TooManyDescriptors;
        /// The confirmation is not the one that was issued, or too old.
        WrongConfirmation;
    }
}

impl Error {
    /// A parameter is missing, wrong, or not known.
    #[must_use]
    pub fn invalid_parameter(parameter: &str) -> Self {
        Self::InvalidParameter { parameter: parameter.into() }
    }

    /// The reply that says it.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        Reply::error(self.full_name(), Value::Object(self.into_facts()))
    }

    /// The error of that name, interface included; nothing if this program does not know it, or not
    /// with these facts.
    #[must_use]
    pub fn read(name: &str, facts: &Value) -> Option<Self> {
        let mut facts = Members::new(facts.as_object().cloned().unwrap_or_default());
        let error = Self::take(name, &mut facts)?;
        facts.end().is_ok().then_some(error)
    }
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        Self::InvalidParameter { parameter: unfit.member }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read() {
        let large = Error::FileTooLarge { name: "a".into(), limit: 5 };
        let reply = large.clone().into_reply();
        assert_eq!(reply.error.as_deref(), Some("phone.secd.FileTooLarge"));
        let facts = reply.parameters.unwrap();
        assert_eq!(facts, json!({ "name": "a", "limit": 5 }));
        assert_eq!(Error::read("phone.secd.FileTooLarge", &facts), Some(large));
        assert_eq!(Error::read("phone.secd.Busy", &Value::Null), Some(Error::Busy));
    }

    #[test]
    fn another_name_or_other_facts_are_no_error_that_is_known() {
        for (name, facts) in [
            ("phone.secd.Nothing", json!({})),
            ("phone.other.Busy", json!({})),
            ("Busy", json!({})),
            ("phone.secd.NotAllowed", json!({ "right": "everything" })),
            ("phone.secd.NotAllowed", json!({})),
        ] {
            assert_eq!(Error::read(name, &facts), None, "{name} {facts}");
        }
    }
}
