//! The parameters and the reply of every method: what is accepted is the same after it was sent, a
//! parameter that is not known is never ignored, and a fault names its member.

use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use arbitrary::{Result, Unstructured};
use secd::face::method::Declaration;
use secd::face::methods::declared;
use secd::face::shape::{Declared, ShapeMember, Types};
use secd::face::{Carry, Error, Method, MethodName, ObjectType, Unfit};
use secd::wire::varlink::{Call, Reply};
use serde_json::{Map, Value};

/// One byte chooses the method, one whether the rest is JSON or chooses values of the right types.
pub(crate) fn one(input: &[u8]) {
    let Some(([method, form], rest)) = input.split_first_chunk::<2>() else { return };
    let (methods, _) = &*INTERFACE;
    let declaration = &methods[usize::from(*method) % methods.len()];
    let (parameters, reply) = if form & 1 == 0 {
        let mut input = Unstructured::new(rest);
        let mut drawn = |members| object(&mut input, members, 0).unwrap_or_default();
        (drawn(&declaration.parameters), Value::Object(drawn(&declaration.reply)))
    } else {
        let Ok(call) = Call::parse(rest) else { return };
        let parameters = call.parameters.unwrap_or_default();
        (parameters.clone(), Value::Object(parameters))
    };
    let method = format!("{}.{}", declaration.interface, declaration.name);
    let call = Call { method, parameters: Some(parameters.clone()), ..Call::default() };
    let name = MethodName::of(&call).expect("a method that is declared");
    match name.request(parameters.clone()) {
        Ok(_) => accepted(name, parameters, reply),
        // Which member it is may be said with an empty name, if there is one.
        Err(unfit) => {
            assert!(!unfit.member.is_empty() || parameters.contains_key(""), "which member");
            refused(unfit);
        }
    }
}

static INTERFACE: LazyLock<(Vec<Declaration>, Types)> = LazyLock::new(|| {
    let mut types = Types::new();
    (declared(&mut types), types)
});

fn accepted(name: MethodName, parameters: Map<String, Value>, reply: Value) {
    let call = name.request(parameters.clone()).expect("it was accepted");
    let sent = at_once(call.clone().carried_out(&Echo, reply));
    assert_eq!(MethodName::of(&sent), Ok(name));
    let message = sent.emit();
    let come = Call::parse(&message[..message.len() - 1]).expect("a call of our own");
    assert_eq!(name.request(come.parameters.unwrap_or_default()), Ok(call));
    let mut more = parameters;
    more.insert(UNKNOWN.to_owned(), Value::Null);
    assert_eq!(name.request(more), Err(Unfit { member: UNKNOWN.to_owned() }));
}

fn refused(unfit: Unfit) {
    let error = Error::from(unfit);
    let message = error.clone().into_reply().emit();
    let come = Reply::parse(&message[..message.len() - 1]).expect("a reply of our own");
    let read = Error::read(&come.error.expect("an error"), &come.parameters.unwrap_or_default());
    assert_eq!(read, Some(error));
}

/// Carries every method out by sending it on, and reads the reply as a client would.
struct Echo;

impl<M: Method> Carry<M, Value, Call> for Echo {
    async fn carry(&self, wanted: M, reply: Value) -> Call {
        replied::<M>(&reply);
        wanted.into_call()
    }
}

fn replied<M: Method>(reply: &Value) {
    let read = match M::read(reply.clone()) {
        Ok(read) => read,
        Err(unfit) => return assert!(!unfit.member.is_empty()),
    };
    let message = M::last(Ok(read)).emit();
    let come = Reply::parse(&message[..message.len() - 1]).expect("a reply of our own");
    let sent = come.parameters.unwrap_or_default();
    // A client that is older than the service passes over what it does not know.
    let mut newer = sent.clone();
    newer.as_object_mut().expect("an object").insert(UNKNOWN.to_owned(), Value::Bool(true));
    for come in [sent.clone(), newer] {
        let again = M::read(come).expect("a reply that was read before").into_map();
        assert_eq!(Value::Object(again), sent);
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn object(
    input: &mut Unstructured<'_>,
    members: &[ShapeMember],
    depth: usize,
) -> Result<Map<String, Value>> {
    let mut object = Map::new();
    for (name, kind) in members {
        if !input.ratio(1, 16)? {
            object.insert((*name).to_owned(), value(input, kind, depth)?);
        }
    }
    if input.ratio(1, 16)? {
        object.insert(input.arbitrary()?, odd(input)?);
    }
    Ok(object)
}

/// A value of a type of the interface's language; sometimes another one.
fn value(input: &mut Unstructured<'_>, kind: &str, depth: usize) -> Result<Value> {
    if depth > DEEPEST || input.ratio(1, 32)? {
        return odd(input);
    }
    if let Some(kind) = kind.strip_prefix('?') {
        return if input.ratio(1, 3)? { Ok(Value::Null) } else { value(input, kind, depth) };
    }
    if let Some(kind) = kind.strip_prefix("[]") {
        let count = input.int_in_range(0..=3)?;
        return (0..count).map(|_| value(input, kind, depth + 1)).collect();
    }
    Ok(match kind {
        "bool" => input.arbitrary::<bool>()?.into(),
        "int" => match input.int_in_range(0..=3)? {
            0 => input.arbitrary::<u8>()?.into(),
            1 => input.arbitrary::<u16>()?.into(),
            _ => input.arbitrary::<u64>()?.into(),
        },
        "string" => input.arbitrary::<String>()?.into(),
        "object" => Value::Object([(input.arbitrary()?, odd(input)?)].into_iter().collect()),
        name => match INTERFACE.1.get(name) {
            Some(Declared::Record(members)) => object(input, members, depth + 1)?.into(),
            Some(Declared::Words(words)) => (*input.choose(words)?).into(),
            None => panic!("{name}: no such type"),
        },
    })
}

/// What is of the wrong type nearly everywhere, or out of range.
fn odd(input: &mut Unstructured<'_>) -> Result<Value> {
    let odd = [
        Value::Null,
        Value::from(-1),
        Value::from(0.5),
        Value::from(u64::MAX),
        Value::from(""),
        Value::Array(vec![Value::Null]),
        Value::Object(Map::new()),
        Value::Bool(false),
    ];
    Ok(input.choose(&odd)?.clone())
}

/// A member that no method has, and no reply.
const UNKNOWN: &str = "no-such-member";

/// Records within records, and lists within lists, that are drawn.
const DEEPEST: usize = 4;
