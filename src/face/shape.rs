//! How a Rust type appears in Varlink: in the interface's language, and as JSON.
//!
//! Written out instead of derived: what serde generates for the same types is several times the
//! code, in a binary that has to fit into a phone's flash.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

/// A type that can be a parameter, or a member of a reply.
pub trait Shape: Sized {
    /// Its name in the interface's language, for example `?int` or `[]Record`.
    fn varlink() -> String;

    /// The JSON of a value.
    fn into_value(self) -> Value;

    /// Reads the JSON of a value.
    ///
    /// # Errors
    /// [`Unfit`].
    fn from_value(value: Value) -> Result<Self, Unfit>;

    /// Any value: a placeholder for what could not be read, in a record that is then refused.
    #[must_use]
    fn blank() -> Self;

    /// The value of an absent member; nothing if the member must be present.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Adds the declarations that its name refers to.
    fn declare(_types: &mut Types) {}
}

/// A value that does not fit its type.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unfit {
    /// The member in which it is, with those around it; empty for the value itself.
    pub member: String,
}

impl Unfit {
    /// The same, seen from the record around it.
    #[must_use]
    pub(super) fn within(self, member: &str) -> Self {
        if self.member.is_empty() {
            return Self { member: member.to_owned() };
        }
        Self { member: format!("{member}.{}", self.member) }
    }
}

/// The types that an interface declares, by their names.
pub type Types = BTreeMap<&'static str, Declared>;

/// A type that an interface declares by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Declared {
    /// A record of these members.
    Record(Vec<ShapeMember>),
    /// One of these words.
    Words(Vec<&'static str>),
}

/// A member of a record: its name, and the name of its type.
pub type ShapeMember = (&'static str, String);

impl Shape for String {
    fn varlink() -> String {
        "string".to_owned()
    }

    fn into_value(self) -> Value {
        Value::String(self)
    }

    fn from_value(value: Value) -> Result<Self, Unfit> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(Unfit::default()),
        }
    }

    fn blank() -> Self {
        Self::new()
    }
}

impl Shape for bool {
    fn varlink() -> String {
        "bool".to_owned()
    }

    fn into_value(self) -> Value {
        Value::Bool(self)
    }

    fn from_value(value: Value) -> Result<Self, Unfit> {
        value.as_bool().ok_or_else(Unfit::default)
    }

    fn blank() -> Self {
        false
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Shape for $integer {
            fn varlink() -> String {
                "int".to_owned()
            }

            fn into_value(self) -> Value {
                Value::from(self)
            }

            fn from_value(value: Value) -> Result<Self, Unfit> {
                // Out of range is refused, never cut off; `1.0` is no integer here.
                value.as_u64().and_then(|it| it.try_into().ok()).ok_or_else(Unfit::default)
            }

            fn blank() -> Self {
                0
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 usize);

/// What the language calls `object`: any members.
impl Shape for Map<String, Value> {
    fn varlink() -> String {
        "object".to_owned()
    }

    fn into_value(self) -> Value {
        Value::Object(self)
    }

    fn from_value(value: Value) -> Result<Self, Unfit> {
        match value {
            Value::Object(map) => Ok(map),
            _ => Err(Unfit::default()),
        }
    }

    fn blank() -> Self {
        Self::new()
    }
}

/// A member that is null or absent is `None`.
impl<T: Shape> Shape for Option<T> {
    fn varlink() -> String {
        format!("?{}", T::varlink())
    }

    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }

    fn from_value(value: Value) -> Result<Self, Unfit> {
        // Null and absent mean the same, whichever a client's library writes.
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }

    fn blank() -> Self {
        None
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn declare(types: &mut Types) {
        T::declare(types);
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn varlink() -> String {
        format!("[]{}", T::varlink())
    }

    fn into_value(self) -> Value {
        // Loops here and below: collecting in place is half a kilobyte of code a type.
        let mut items = Vec::with_capacity(self.len());
        for item in self {
            items.push(item.into_value());
        }
        Value::Array(items)
    }

    fn from_value(value: Value) -> Result<Self, Unfit> {
        let Value::Array(values) = value else { return Err(Unfit::default()) };
        let mut items = Self::with_capacity(values.len());
        for value in values {
            items.push(T::from_value(value)?);
        }
        Ok(items)
    }

    fn blank() -> Self {
        Self::new()
    }

    fn declare(types: &mut Types) {
        T::declare(types);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn unfit<T: Shape>(value: Value) {
        assert!(T::from_value(value).is_err());
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        assert_eq!(u16::from_value(json!(65_535)), Ok(65_535));
        for value in [json!(65_536), json!(-1), json!(1.5), json!(1.0), json!("1"), json!(null)] {
            unfit::<u16>(value);
        }
        assert_eq!(u64::MAX.into_value(), json!(u64::MAX));
    }

    #[test]
    fn null_is_the_same_as_nothing() {
        assert_eq!(<Option<bool>>::from_value(Value::Null), Ok(None));
        assert_eq!(<Option<bool>>::absent(), Some(None));
        assert_eq!(bool::absent(), None);
        unfit::<bool>(Value::Null);
        unfit::<Option<bool>>(json!(0));
        assert_eq!(None::<bool>.into_value(), Value::Null);
    }

    #[test]
    fn one_unfit_item_makes_an_array_unfit() {
        assert_eq!(<Vec<String>>::from_value(json!(["a"])), Ok(alloc::vec!["a".to_owned()]));
        unfit::<Vec<String>>(json!(["a", 1]));
        unfit::<Vec<String>>(json!({}));
    }

    #[test]
    fn an_object_may_have_any_members() {
        let object = json!({ "a": [1, null] });
        assert_eq!(
            <Map<String, Value>>::from_value(object.clone()).map(Shape::into_value),
            Ok(object)
        );
        unfit::<Map<String, Value>>(json!([]));
    }

    #[test]
    fn names_are_those_of_the_interface_language() {
        let names = [<Option<Vec<u8>>>::varlink(), <Map<String, Value>>::varlink()];
        assert_eq!(names, ["?[]int", "object"]);
    }
}
