//! The errors of the interface, each with its facts.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::record::{Members, put};
use crate::face::rights::Right;
use crate::face::shape::{Shape, ShapeMember, Types, Unfit};
use crate::face::terms::ListKind;
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
            /// Its name, without the interface in front.
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

            /// Its facts as an object, by their names.
            #[must_use]
            pub fn into_facts(self) -> Map<String, Value> {
                // The underscore is for errors without facts, which leave the map unused.
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
            /// The name that the call has in front of the method's.
            interface: String,
        };
        /// A parameter is missing, wrong, or unknown.
        InvalidParameter {
            /// The name of the first such parameter, with those around it.
            parameter: String,
        };
        /// There is no such method.
        MethodNotFound {
            /// Its name, without the interface.
            method: String,
        };
        /// The method is declared, but not implemented.
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
            /// One text for each fault, for people.
            faults: Vec<String>,
        };
        /// The name is not a valid file name.
        BadName {
            /// The name as the caller passed it.
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
        /// Another diagnosis is running; try again later.
        Busy;
        /// The server has no such file.
        FileNotFound {
            /// The name under which the file was requested.
            name: String,
        };
        /// The file has more bytes than allowed.
        FileTooLarge {
            /// The name under which the file was requested.
            name: String,
            /// How many bytes are allowed.
            limit: usize,
        };
        /// The TLS handshake with this server failed.
        HandshakeFailed {
            /// The reason in words.
            detail: String,
        };
        /// The host cannot be reached.
        HostUnreachable {
            /// The reason in words.
            detail: String,
        };
        /// Nothing can be trusted: the installed lists cannot be read.
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
            /// The right that the method needs.
            right: Right,
            /// Who has it by the section `[access]`, besides root.
            holders: Option<Vec<String>>,
        };
        /// No list of this kind is installed, or its file cannot be read.
        NoList {
            /// Which of the two.
            kind: ListKind,
            /// The reason in words.
            detail: String,
        };
        /// The phone has no LSC.
        NoLsc;
        // Which step failed is not reported: the phone must not be a padding oracle (domain facts
        // 10, row 18).
        /// The content could not be decrypted.
        NotDecrypted {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// CAPF has issued no certificate, nor done anything else.
        NotEnrolled {
            /// The reason in words.
            detail: String,
        };
        /// The server's certificate is not trusted.
        NotTrusted {
            /// The reason in words.
            detail: String,
        };
        /// A file of the phone could not be written, or erased.
        NotWritten {
            /// The path of the file or its folder.
            path: String,
            /// The reason in words, where it is known.
            detail: Option<String>,
        };
        /// The signature is good, but policy refuses the file.
        RefusedByPolicy {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// No server delivered the file.
        ServerUnreachable {
            /// The reason in words.
            detail: String,
        };
        /// The phone's configuration leaves its user no access to settings: lists are erased only by
        /// a factory reset, which is `Erase` of all of them by root.
        SettingsAccess {
            /// The access that it leaves: `restricted` or `disabled`.
            access: String,
        };
        /// The signer may not sign this, or no one vouches for it.
        SignerNotTrusted {
            /// The class of the reason.
            reason: String,
            /// The reason in words.
            detail: String,
        };
        /// As many connections to servers as are allowed are already open.
        TooManyConnections;
        /// As many descriptors as are allowed have been passed over this connection.
        TooManyDescriptors;
        /// The confirmation is not the one that was issued, or too old.
        WrongConfirmation;
    }
}

impl Error {
    /// A parameter is missing, wrong, or unknown.
    #[must_use]
    pub fn invalid_parameter(parameter: &str) -> Self {
        Self::InvalidParameter { parameter: parameter.into() }
    }

    /// The reply that carries the error to the caller.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        Reply::error(self.full_name(), Value::Object(self.into_facts()))
    }

    /// The error with that name, interface included; nothing if this program does not know it, or
    /// not with these facts.
    #[must_use]
    pub fn read(name: &str, facts: &Value) -> Option<Self> {
        let mut facts = Members::new(facts.as_object().cloned().unwrap_or_default());
        let error = Self::take(name, &mut facts)?;
        // Facts that this program does not know yet are no fault: the service may be newer.
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
