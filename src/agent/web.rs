//! The phone's web page: what a client with the right to read gets on the socket, for a browser and
//! for an administrator's scripts.
//!
//! Nothing here changes anything, and nothing is known here that the socket does not have: the pages
//! are made of the replies of its methods. A path is a row of `routes`; its page is a function of
//! the [`Site`](site::Site) and of the head of the request. All that comes from outside goes into a
//! page through [`Markup`](markup::Markup), which escapes it.

mod doctor;
mod door;
mod frame;
mod front;
mod guard;
mod journal;
mod markup;
mod metrics;
mod phone;
mod reply;
mod routes;
mod site;
mod trust;

pub(super) use door::{open, serve};
