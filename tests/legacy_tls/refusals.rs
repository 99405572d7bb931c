//! What is refused although the settings are on, and with which words.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use secd::agent::NotOpened;
use secd_lab::old_tls::{AES256_SHA, OldServer, TLS10, message, record};
use secd_lab::tls::Version;
use tokio::time::Instant;

use crate::fronts::Jsse;
use crate::peer::Peer;
use crate::phone::OldTls;
use crate::site::{Site, run};
use crate::{hostile, lines};

/// A server that refuses the first handshake for want of a suite, and goes on with what `then` does
/// with each hello.
fn old(
    site: &Site,
    then: impl Fn(&mut OldServer, &mut TcpStream) -> io::Result<()> + Clone + Send + 'static,
) -> SocketAddr {
    let tomcat = site.tomcat.clone();
    hostile::serve(move |_, mut stream| {
        let hello = hostile::record(&mut stream)?;
        let key = tomcat.key.rsa().expect("an RSA key").clone();
        let chain = vec![tomcat.certificate.der.clone()];
        let mut server = OldServer::new(key, chain, TLS10, AES256_SHA);
        if server.take_hello(&hello).is_err() {
            return stream.write_all(&record(21, TLS10, &[2, 40]));
        }
        then(&mut server, &mut stream)?;
        hostile::drained(&mut stream).map(drop)
    })
}

/// Goes through the handshake.
fn shake(server: &mut OldServer, stream: &mut TcpStream) -> io::Result<()> {
    let turn = server.turn();
    stream.write_all(&turn)?;
    let client = [hostile::record(stream)?, hostile::record(stream)?, hostile::record(stream)?];
    server.take_keys(&client.concat()).map_err(|_| io::ErrorKind::InvalidData)?;
    stream.write_all(&server.finish())
}

async fn refused(site: &Site, server: SocketAddr) -> String {
    match site.press(server).await {
        Err(NotOpened::Handshake(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(page) => panic!("{page}"),
    }
}

#[test]
fn handshakes_outside_the_fence_are_refused_with_their_reason() {
    run(async {
        let site = Site::with(Version::Tls10, OldTls::On).await;
        let failed = "the legacy TLS handshake failed,";
        let exchange = old(&site, |server, stream| {
            let turn = [server.hello(), server.certificate(), message(12, &[0; 8])].concat();
            stream.write_all(&record(22, TLS10, &turn))
        });
        let why = format!("{failed} ServerKeyExchange, which RSA key exchange does not have");
        assert_eq!(refused(&site, exchange).await, why);
        let compressing = old(&site, |server, stream| {
            server.after_suite = vec![1];
            let turn = server.turn();
            stream.write_all(&turn)
        });
        let why = format!("{failed} compression method 1 was not offered");
        assert_eq!(refused(&site, compressing).await, why);
        let without_end = old(&site, |server, stream| {
            let hello = server.hello();
            stream.write_all(&record(22, TLS10, &hello))?;
            stream.write_all(&record(22, TLS10, &[11, 1, 0, 1]))
        });
        let why = refused(&site, without_end).await;
        assert!(why.contains("message length") && why.contains("65536"), "{why}");
        let idle = old(&site, |_, stream| {
            let warnings = record(21, TLS10, &[1, 112]);
            assert!(hostile::flood(stream, &warnings) < 16 << 20);
            Ok(())
        });
        let why = format!("{failed} too many records without content");
        assert_eq!(refused(&site, idle).await, why);
    });
}

#[test]
fn a_handshake_that_stands_still_is_ended_in_time() {
    run(async {
        let site = Site::with(Version::Tls10, OldTls::On).await;
        let silent = old(&site, |_, _| Ok(()));
        let dripping = old(&site, |server, stream| {
            let turn = server.turn().into_iter();
            hostile::trickle(stream, turn.cycle())
        });
        for server in [silent, dripping] {
            let start = Instant::now();
            let why = refused(&site, server).await;
            assert!(start.elapsed() < Duration::from_secs(10), "{:?}: {why}", start.elapsed());
        }
    });
}

#[test]
fn open_connections_end_where_records_break_the_rules() {
    run(async {
        let site = Site::with(Version::Tls10, OldTls::On).await;
        let empty = |server: &mut OldServer, count: usize| -> Vec<u8> {
            (0..count).flat_map(|_| server.seal(23, &[])).collect()
        };
        let page = b"HTTP/1.0 200 OK\r\n\r\npage";
        // Empty records before each, as some servers send them, are borne.
        let padding = old(&site, move |server, stream| {
            shake(server, stream)?;
            let before = empty(server, 1000);
            let close = [server.seal(23, page), server.seal(21, &[1, 0])].concat();
            stream.write_all(&[before, close].concat())
        });
        assert!(site.press(padding).await.expect("TVS vouches").ends_with("page"));
        for (what, end) in [
            ("too many records without content", Ending::Idle),
            ("the server asked for a renegotiation", Ending::Renegotiation),
            ("a record was changed on its way", Ending::Changed),
            ("the server closed it without close_notify", Ending::Cut),
        ] {
            let server = old(&site, move |server, stream| {
                shake(server, stream)?;
                stream.write_all(&server.seal(23, page))?;
                let bytes = match end {
                    Ending::Changed => server.seal_padded(23, page, 0, |plain| plain[0] ^= 1),
                    Ending::Cut => return stream.shutdown(std::net::Shutdown::Write),
                    Ending::Idle => empty(server, 1001),
                    Ending::Renegotiation => server.seal(22, &message(0, &[])),
                };
                stream.write_all(&bytes)
            });
            let come = site.press(server).await.expect("TVS vouches");
            assert!(come.ends_with("page"), "{what}: {come}");
            let said = lines();
            let cut = |text: &str| text.contains("cut off, ") && text.contains(what);
            assert!(said.iter().any(|line| line.level == "WRN" && cut(&line.text)), "{said:?}");
        }
    });
}

#[derive(Clone, Copy)]
enum Ending {
    Changed,
    Cut,
    Idle,
    Renegotiation,
}

#[test]
fn sslv3_dhe_and_3des_are_refused_and_named() {
    run(async {
        let site = Site::with(Version::Tls10, OldTls::On).await;
        let ssl = hostile::serve(|_, mut stream| {
            hostile::record(&mut stream)?;
            let head = [22, 3, 0, 0, 42, 2, 0, 0, 38, 3, 0].as_slice();
            stream.write_all(&[head, &[7; 32], &[0, 0, 0x35, 0]].concat())?;
            hostile::drained(&mut stream).map(drop)
        });
        let only = |what| format!("the server offers only {what}, which this phone refuses");
        assert_eq!(refused(&site, ssl).await, only("SSL 3.0"));
        let dhe = Peer::of(&site.tomcat, "-tls1 -cipher DHE-RSA-AES256-SHA:@SECLEVEL=0");
        let what = "TLS 1.0 with finite-field Diffie-Hellman with CBC \
                    (TLS_DHE_RSA_WITH_AES_256_CBC_SHA)";
        assert_eq!(refused(&site, dhe.address).await, only(what));
        let gcm = Peer::of(&site.tomcat, "-tls1_2 -cipher AES128-GCM-SHA256:@SECLEVEL=0");
        let what = "RSA key exchange (TLS_RSA_WITH_AES_128_GCM_SHA256)";
        assert_eq!(refused(&site, gcm.address).await, only(what));
        let triple = Jsse::page(&site.tomcat, ("TLSv1", "SSL_RSA_WITH_3DES_EDE_CBC_SHA"));
        let what = "TLS 1.0 with RSA key exchange with CBC (TLS_RSA_WITH_3DES_EDE_CBC_SHA)";
        // The phone gives a server a second to say more; Java on a busy machine takes longer at first.
        let mut why = String::new();
        for _ in 0..10 {
            why = refused(&site, triple.address).await;
            if why == only(what) {
                break;
            }
        }
        assert_eq!(why, only(what));
    });
}

#[test]
fn a_downgrade_by_someone_on_the_way_is_refused_by_the_server_and_named() {
    run(async {
        let site = Site::with(Version::Any, OldTls::On).await;
        let tomcat = Peer::of(&site.tomcat, "-cipher ALL:@SECLEVEL=0");
        let behind = tomcat.address;
        // The first handshake is answered for the server, the second is passed on.
        let between = hostile::refuse_and(move |stream| {
            let server = TcpStream::connect(behind)?;
            let (mut up, mut to) = (stream.try_clone()?, server.try_clone()?);
            std::thread::spawn(move || io::copy(&mut up, &mut to));
            io::copy(&mut &server, &mut &stream).map(drop)
        });
        let why = refused(&site, between).await;
        assert!(why.contains("someone on the way may be forcing older TLS"), "{why}");
    });
}
