//! Replies as objects whose members are in the order of their declaration, which is by meaning: a
//! map of JSON would have them by the alphabet.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::face::ObjectType;
use crate::face::shape::{Declared, ShapeMember, Types};

/// A reply, with what is known of the types in it.
pub(super) struct Ordered {
    map: Map<String, Value>,
    members: Vec<ShapeMember>,
    types: Types,
}

impl Ordered {
    pub(super) fn of<R: ObjectType>(reply: R) -> Self {
        let mut types = Types::new();
        R::declare_members(&mut types);
        Self { map: reply.into_map(), members: R::members(), types }
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(&self.map, &self.members, &self.types, serializer)
    }
}

/// A value inside a reply.
struct Part<'a> {
    value: &'a Value,
    /// Its type in the interface's language.
    shape: &'a str,
    types: &'a Types,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, shape, types } = *self;
        match value {
            Value::Array(items) => {
                serializer.collect_seq(items.iter().map(|value| Part { value, shape, types }))
            }
            Value::Object(map) => match types.get(shape.trim_start_matches(['?', '[', ']'])) {
                Some(Declared::Record(members)) => object(map, members, types, serializer),
                _ => value.serialize(serializer),
            },
            _ => value.serialize(serializer),
        }
    }
}

fn object<S: Serializer>(
    map: &Map<String, Value>,
    members: &[ShapeMember],
    types: &Types,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().filter_map(|(name, shape)| {
        map.get(*name).map(|value| (name, Part { value, shape, types }))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::methods::Lines;
    use crate::face::records::Line;
    use crate::face::terms::Level;

    #[test]
    fn members_are_in_the_order_of_their_declaration() {
        let facts = serde_json::json!({ "b": 1, "a": [{ "d": 1, "c": 2 }] });
        let line = Line {
            sequence: 1,
            level: Level::Error,
            time: "t".into(),
            event: None,
            facts: facts.as_object().cloned(),
            text: "x".into(),
        };
        let text = serde_json::to_string(&Ordered::of(Lines { lines: vec![line] })).unwrap();
        let expected = r#"{"lines":[{"sequence":1,"level":"error","time":"t","event":null,"facts":{"a":[{"c":2,"d":1}],"b":1},"text":"x"}]}"#;
        assert_eq!(text, expected);
    }
}
