//! Someone on the way to a server: passes connections on, until told to do something else.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Course {
    /// It goes on to this server.
    Passed(SocketAddr),
    /// It is closed once the client has sent its hello.
    Closed,
    /// The hello is answered as if its session were known, by someone who has seen the ticket pass
    /// and does not have the secret.
    Resumed,
}

/// The one on the way.
pub(crate) struct Impostor {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    /// The next connections, and then all further ones.
    next: Vec<Course>,
    then: Course,
    /// What clients sent after their hello to somebody who pretended.
    heard: Vec<Vec<u8>>,
}

impl Impostor {
    /// Passes everything on to a server.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let then = Course::Passed(server);
        let shared = Arc::new(Mutex::new(Shared { next: Vec::new(), then, heard: Vec::new() }));
        let theirs = Arc::clone(&shared);
        // Ends with the process: nobody connects after the test.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let theirs = Arc::clone(&theirs);
                thread::spawn(move || serve(&client, &theirs));
            }
        });
        Self { address, shared }
    }

    /// Treats the next connection so, and all after that otherwise.
    pub(crate) fn turn(&self, next: Course, then: Course) {
        let mut shared = self.shared.lock().expect("no one panics");
        (shared.next, shared.then) = (vec![next], then);
    }

    /// What clients sent after their hello, each where it was pretended to.
    pub(crate) fn heard(&self) -> Vec<Vec<u8>> {
        self.shared.lock().expect("no one panics").heard.clone()
    }
}

fn serve(client: &TcpStream, shared: &Mutex<Shared>) {
    let course = {
        let mut shared = shared.lock().expect("no one panics");
        let then = shared.then;
        shared.next.pop().unwrap_or(then)
    };
    // Either end may leave at any time.
    let _ended = match course {
        Course::Passed(server) => pass(client, server),
        Course::Closed => hello(client).map(|_| ()),
        Course::Resumed => pretend(client, shared),
    };
    let _closed = client.shutdown(Shutdown::Both);
}

fn pass(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let _ended = io::copy(&mut from, &mut to);
        let _closed = to.shutdown(Shutdown::Write);
    });
    let (mut client, mut server) = (client, &server);
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)?;
    up.join().map_err(|_| io::Error::other("a copy panicked"))
}

/// The client's first record.
fn hello(mut client: &TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 5];
    client.read_exact(&mut head)?;
    let mut record = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    client.read_exact(&mut record)?;
    Ok(record)
}

/// Goes on as a server that resumes: it repeats the identifier of the hello (RFC 5077 §3.4), and has
/// nothing to encrypt its Finished with.
fn pretend(mut client: &TcpStream, shared: &Mutex<Shared>) -> io::Result<()> {
    let hello = hello(client)?;
    // Type and length of the message, version, random.
    let (length, rest) = hello[4 + 2 + 32..].split_first().expect("a session identifier");
    let session = &rest[..usize::from(*length)];
    let extended_master_secret = [0x00, 0x17, 0x00, 0x00];
    let mut body = [&[0x03, 0x03][..], &[0x5a; 32], &[*length], session].concat();
    // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, no compression.
    body.extend([0xc0, 0x30, 0x00, 0x00, 0x04]);
    body.extend(extended_master_secret);
    let length = u16::try_from(body.len()).expect("a short message").to_be_bytes();
    let message = [&[0x02, 0x00, length[0], length[1]][..], &body].concat();
    for (kind, content) in [(22, message), (20, vec![1]), (22, vec![0x5a; 40])] {
        let length = u16::try_from(content.len()).expect("a short record").to_be_bytes();
        client.write_all(&[&[kind, 3, 3, length[0], length[1]][..], &content].concat())?;
    }
    let mut heard = Vec::new();
    let _ended = client.read_to_end(&mut heard);
    shared.lock().expect("no one panics").heard.push(heard);
    Ok(())
}
