//! Records: structs whose fields are the members of an object.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::shape::{Member, Shape, Types, Unfit};

/// A struct with named members: the parameters of a method, a reply, or a part of one.
pub trait Record: Sized {
    /// Its name in the interface's language.
    const NAME: &'static str;

    /// Its members as an object.
    fn into_map(self) -> Map<String, Value>;

    /// Takes its members out of an object, and leaves what it does not know.
    ///
    /// # Errors
    /// [`Unfit`]: the member that is wrong, or missing.
    fn take(map: &mut Map<String, Value>) -> Result<Self, Unfit>;

    /// Its members for the interface's language.
    fn members() -> Vec<Member>;

    /// Adds the declarations that its members refer to.
    fn declare_members(types: &mut Types);

    /// Reads a reply, which may have members that this program does not know yet.
    ///
    /// # Errors
    /// [`Unfit`].
    fn of_reply(mut map: Map<String, Value>) -> Result<Self, Unfit> {
        Self::take(&mut map)
    }

    /// Reads parameters, of which each must be known: what is not understood must not be ignored.
    ///
    /// # Errors
    /// [`Unfit`].
    fn of_parameters(mut map: Map<String, Value>) -> Result<Self, Unfit> {
        let record = Self::take(&mut map)?;
        match map.into_iter().next() {
            None => Ok(record),
            Some((member, _)) => Err(Unfit { member }),
        }
    }
}

/// Takes one member out of an object.
pub(super) fn member<T: Shape>(map: &mut Map<String, Value>, name: &str) -> Result<T, Unfit> {
    let found = match map.remove(name) {
        Some(value) => T::of_value(value),
        None => T::absent().ok_or_else(Unfit::default),
    };
    found.map_err(|unfit| unfit.within(name))
}

/// Declares a struct, and each of its fields as a member of the same name.
macro_rules! record {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $member:ident: $shape:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$what])* pub $member: $shape,)* }

        impl $crate::face::record::Record for $name {
            const NAME: &'static str = stringify!($name);

            fn into_map(self) -> $crate::face::record::Object {
                #[allow(unused_mut, reason = "some have no members")]
                let mut map = $crate::face::record::Object::new();
                $(map.insert(
                    stringify!($member).into(),
                    $crate::face::shape::Shape::into_value(self.$member),
                );)*
                map
            }

            fn take(
                _map: &mut $crate::face::record::Object,
            ) -> Result<Self, $crate::face::shape::Unfit> {
                Ok(Self { $($member: $crate::face::record::member(_map, stringify!($member))?,)* })
            }

            fn members() -> alloc::vec::Vec<$crate::face::shape::Member> {
                alloc::vec![$((
                    stringify!($member),
                    <$shape as $crate::face::shape::Shape>::varlink(),
                ),)*]
            }

            fn declare_members(_types: &mut $crate::face::shape::Types) {
                $(<$shape as $crate::face::shape::Shape>::declare(_types);)*
            }
        }

        impl $crate::face::shape::Shape for $name {
            fn varlink() -> alloc::string::String {
                stringify!($name).into()
            }

            fn into_value(self) -> serde_json::Value {
                serde_json::Value::Object($crate::face::record::Record::into_map(self))
            }

            fn of_value(value: serde_json::Value) -> Result<Self, $crate::face::shape::Unfit> {
                let map = <$crate::face::record::Object as $crate::face::shape::Shape>::of_value(value)?;
                $crate::face::record::Record::of_reply(map)
            }

            fn declare(types: &mut $crate::face::shape::Types) {
                let members = <Self as $crate::face::record::Record>::members();
                types.insert(stringify!($name), $crate::face::shape::Declared::Record(members));
                <Self as $crate::face::record::Record>::declare_members(types);
            }
        }
    };
}

pub(super) use record;

/// Members with their values.
pub(super) type Object = Map<String, Value>;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro declares for everyone")]
mod tests {
    use super::*;
    use serde_json::json;

    record! {
        /// A part.
        Inner { number: u8, }
    }

    record! {
        /// A whole.
        Outer { text: String, maybe: Option<bool>, parts: Vec<Inner>, }
    }

    fn object(value: Value) -> Map<String, Value> {
        Shape::of_value(value).unwrap()
    }

    fn whole() -> Value {
        json!({ "text": "x", "maybe": null, "parts": [{ "number": 1 }] })
    }

    #[test]
    fn what_is_written_is_read() {
        let outer = Outer::of_parameters(object(whole())).unwrap();
        assert_eq!(outer.into_value(), whole());
    }

    #[test]
    fn the_member_that_is_wrong_or_missing_is_named() {
        for (member, value) in [("text", json!(1)), ("maybe", json!(1)), ("parts", json!({}))] {
            let mut wrong = object(whole());
            wrong.insert(member.into(), value);
            assert_eq!(Outer::of_reply(wrong).unwrap_err().member, member);
        }
        let inner = object(json!({ "text": "x", "parts": [{ "number": 256 }] }));
        assert_eq!(Outer::of_reply(inner).unwrap_err().member, "parts.number");
        assert_eq!(Outer::of_reply(Map::new()).unwrap_err().member, "text");
    }

    #[test]
    fn a_member_that_is_not_known_is_refused_in_parameters_and_left_alone_in_replies() {
        let mut more = object(whole());
        more.insert("more".into(), Value::Null);
        assert_eq!(Outer::of_parameters(more.clone()).unwrap_err().member, "more");
        assert!(Outer::of_reply(more).is_ok());
    }
}
