//! Records: structs whose fields are the members of an object.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::shape::{Shape, ShapeMember, Types, Unfit};

/// A struct with named members: the parameters of a method, a reply, or a part of one.
pub trait ObjectType: Sized {
    /// Its name in the interface's language.
    const NAME: &'static str;

    /// Its members as a JSON object.
    fn into_map(self) -> Map<String, Value>;

    /// Takes its members out of an object, and leaves those that it does not know.
    fn take(members: &mut Members) -> Self;

    /// Its members for the interface's language.
    fn members() -> Vec<ShapeMember>;

    /// Adds the declarations that its members refer to.
    fn declare_members(types: &mut Types);

    /// Reads a reply, which may have members that this program does not know yet.
    ///
    /// # Errors
    /// [`Unfit`]: the member that is wrong, or missing.
    fn from_reply(map: Map<String, Value>) -> Result<Self, Unfit> {
        let mut members = Members::new(map);
        let record = Self::take(&mut members);
        members.end().map(|_| record)
    }

    /// Reads parameters, each of which must be known: what is not understood must not be ignored.
    ///
    /// # Errors
    /// [`Unfit`]: the member that is wrong, missing, or unknown.
    fn from_parameters(map: Map<String, Value>) -> Result<Self, Unfit> {
        let mut members = Members::new(map);
        let record = Self::take(&mut members);
        // Whatever is left was not declared. A misspelt option that was ignored would be worse than
        // an error.
        match members.end()?.into_iter().next() {
            None => Ok(record),
            Some((member, _)) => Err(Unfit { member }),
        }
    }
}

/// The members of an object, as they are taken out of it.
///
/// The first fault is remembered and returned at the end: an early return at each member would make
/// up most of the code of a record.
#[derive(Debug)]
pub struct Members {
    map: Object,
    wrong: Option<Unfit>,
}

impl Members {
    pub(super) const fn new(map: Object) -> Self {
        Self { map, wrong: None }
    }

    /// Takes a member out; a placeholder if it is wrong or missing, which `end` then reports.
    pub(super) fn take<T: Shape>(&mut self, name: &str) -> T {
        let found = match self.map.remove(name) {
            Some(value) => T::from_value(value),
            // Only an optional member may be absent.
            None => T::absent().ok_or_else(Unfit::default),
        };
        found.unwrap_or_else(|unfit| {
            // Only the first fault is reported; the placeholder below lets the others be passed
            // over.
            self.wrong.get_or_insert_with(|| unfit.within(name));
            T::blank()
        })
    }

    /// What is left, if nothing was wrong.
    pub(super) fn end(self) -> Result<Object, Unfit> {
        self.wrong.map_or(Ok(self.map), Err)
    }
}

/// Adds a member to an object.
pub(super) fn put<T: Shape>(map: &mut Object, name: &str, value: T) {
    map.insert(name.into(), value.into_value());
}

/// Members with their values.
pub(super) type Object = Map<String, Value>;

/// Declares a struct, and each of its fields as a member of the same name.
macro_rules! record {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $member:ident: $shape:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name { $($(#[$what])* pub $member: $shape,)* }

        impl $crate::face::record::ObjectType for $name {
            const NAME: &'static str = stringify!($name);

            fn into_map(self) -> $crate::face::record::Object {
                // The underscore is for records without members, which leave the map unused.
                let mut _map = $crate::face::record::Object::new();
                $($crate::face::record::put(&mut _map, stringify!($member), self.$member);)*
                _map
            }

            fn take(_members: &mut $crate::face::record::Members) -> Self {
                Self { $($member: _members.take(stringify!($member)),)* }
            }

            fn members() -> alloc::vec::Vec<$crate::face::shape::ShapeMember> {
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
                serde_json::Value::Object($crate::face::record::ObjectType::into_map(self))
            }

            fn from_value(value: serde_json::Value) -> Result<Self, $crate::face::shape::Unfit> {
                let map = <$crate::face::record::Object as $crate::face::shape::Shape>::from_value(value)?;
                $crate::face::record::ObjectType::from_reply(map)
            }

            fn blank() -> Self {
                Self { $($member: $crate::face::shape::Shape::blank(),)* }
            }

            fn declare(types: &mut $crate::face::shape::Types) {
                let members = <Self as $crate::face::record::ObjectType>::members();
                types.insert(stringify!($name), $crate::face::shape::Declared::Record(members));
                <Self as $crate::face::record::ObjectType>::declare_members(types);
            }
        }
    };
}

pub(super) use record;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro declares for everyone")]
mod tests {
    use super::*;
    use serde_json::json;

    record! {
        /// A record inside another one.
        Inner { number: u8, }
    }

    record! {
        /// A record with another one inside.
        Outer { text: String, maybe: Option<bool>, parts: Vec<Inner>, }
    }

    fn object(value: Value) -> Map<String, Value> {
        Shape::from_value(value).unwrap()
    }

    fn whole() -> Value {
        json!({ "text": "x", "maybe": null, "parts": [{ "number": 1 }] })
    }

    #[test]
    fn what_is_written_is_read() {
        let outer = Outer::from_parameters(object(whole())).unwrap();
        assert_eq!(outer.into_value(), whole());
    }

    #[test]
    fn the_member_that_is_wrong_or_missing_is_named() {
        for (member, value) in [("text", json!(1)), ("maybe", json!(1)), ("parts", json!({}))] {
            let mut wrong = object(whole());
            wrong.insert(member.into(), value);
            assert_eq!(Outer::from_reply(wrong).unwrap_err().member, member);
        }
        let inner = object(json!({ "text": "x", "parts": [{ "number": 256 }] }));
        assert_eq!(Outer::from_reply(inner).unwrap_err().member, "parts.number");
        assert_eq!(Outer::from_reply(Map::new()).unwrap_err().member, "text");
    }

    #[test]
    fn a_member_that_is_not_known_is_refused_in_parameters_and_left_alone_in_replies() {
        let mut more = object(whole());
        more.insert("more".into(), Value::Null);
        assert_eq!(Outer::from_parameters(more.clone()).unwrap_err().member, "more");
        assert!(Outer::from_reply(more).is_ok());
    }
}
